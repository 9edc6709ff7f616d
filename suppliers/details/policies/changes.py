"""Which changes wait for a second pair of eyes, and what each part of the company data must be.

Note [Who owns what]: the number, the name, the currency and whether a supplier is blocked are the ERP's. Legal name,
trading name, website, numbers, addresses and contacts are the portal's: no feed brings them. Country, language, time
zone, mail address and segment are the ERP's until somebody sets them here; from then on what the ERP says is kept
beside them, is shown where it differs, and overwrites nothing.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from suppliers.details.messages import kind_of
from suppliers.details.policies.addresses import FIELDS as ADDRESS_FIELDS
from suppliers.details.policies.addresses import read_address
from suppliers.details.policies.countries import is_country
from suppliers.details.policies.identifiers import BadIdentifier, read_identifier
from suppliers.details.policies.phones import BadPhone, read_phone
from suppliers.details.states import TAXES, ContactRole, Part, Way
from suppliers.states import TradeChannel

# What a fraudster would change first, and what a tax office or a bank asks about; and how orders reach a supplier,
# since our rules follow from it.
USUAL_WAY: Mapping[str, Way] = {
    Part.LEGAL: Way.APPROVE,
    Part.TAX_ID: Way.APPROVE,
    Part.REMIT_TO: Way.APPROVE,
    Part.CHANNEL: Way.APPROVE,
    Part.NAMES: Way.AT_ONCE,
    Part.NUMBER: Way.AT_ONCE,
    Part.REGISTERED: Way.AT_ONCE,
    Part.CONTACT: Way.AT_ONCE,
    Part.PREFERENCES: Way.AT_ONCE,
}
ADDRESSES = (Part.REGISTERED, Part.REMIT_TO)
NUMBERS = (Part.TAX_ID, Part.NUMBER)
MAY_END = frozenset({*ADDRESSES, *NUMBERS, Part.CONTACT})
# Where a fraud begins that ends in a redirected payment: who one is, where papers about money go, and who is called and
# mailed. A session alone is not enough for it (docs/sign-in.md).
WITH_FACTOR = frozenset({Part.LEGAL, Part.TAX_ID, Part.REMIT_TO, Part.CONTACT, Part.PREFERENCES})
LONGEST_NAME = 200
LONGEST_REASON = 500

FIELDS: Mapping[str, tuple[str, ...]] = {
    Part.LEGAL: ("legal_name", "legal_form", "country"),
    Part.NAMES: ("trading_name", "website"),
    Part.TAX_ID: ("kind", "country", "value", "checked"),
    Part.NUMBER: ("kind", "country", "value", "checked"),
    Part.REGISTERED: (*ADDRESS_FIELDS, "country"),
    Part.REMIT_TO: (*ADDRESS_FIELDS, "country"),
    Part.CONTACT: ("name", "roles", "email", "telephone", "language"),
    Part.PREFERENCES: ("language", "time_zone", "email"),
    Part.CHANNEL: ("channel",),
}


def way_of(part: str, written: Mapping[str, str]) -> Way:
    """How a change of a part comes into force: as our administrator wrote it, else as is usual."""
    return Way(written[part]) if part in written else USUAL_WAY[part]


def part_of_number(kind: str) -> Part:
    """To which part a number belongs."""
    return Part.TAX_ID if kind in TAXES else Part.NUMBER


def read_part(
    part: str, values: Mapping[str, Any], *, subject: str = "", country: str = ""
) -> tuple[dict[str, Any], list[Problem]]:
    """A part of the company data as it is kept, and all that is wrong with it. `country` is the supplier's."""
    if part in NUMBERS:
        return _number(part, values, subject)
    if part in ADDRESSES:
        return read_address(_text(values, "country").upper(), values)
    readers = {
        Part.LEGAL: _legal,
        Part.NAMES: _names,
        Part.PREFERENCES: _preferences,
        Part.CHANNEL: _channel,
    }
    if part == Part.CONTACT:
        return _contact(values, country)
    return readers[Part(part)](values)


def _text(values: Mapping[str, Any], name: str) -> str:
    return " ".join(str(values.get(name) or "").split())


def _number(part: str, values: Mapping[str, Any], subject: str) -> tuple[dict[str, Any], list[Problem]]:
    kind, country = kind_of(subject) if subject else (_text(values, "kind"), _text(values, "country").upper())
    try:
        read = read_identifier(kind, country, _text(values, "value"))
    except BadIdentifier as bad:
        return {}, [bad.problem]
    if part_of_number(read.kind) != part:
        return {}, [Problem("kind", _("This kind of number is changed elsewhere."), kind, "unknown")]
    return {"kind": read.kind, "country": read.country, "value": read.value, "checked": read.checked}, []


def _legal(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    kept = {name: _text(values, name) for name in FIELDS[Part.LEGAL]}
    kept["country"] = kept["country"].upper()
    problems = []
    if not kept["legal_name"]:
        message = _("Type the name as the register of companies has it.")
        problems.append(Problem("legal_name", message, "", "required"))
    if not is_country(kept["country"]):
        problems.append(
            Problem("country", _("Choose the country of the registered seat."), kept["country"][:10])
        )
    return kept, [*problems, *_too_long(kept, {"legal_name": LONGEST_NAME, "legal_form": 60})]


def _names(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    kept = {name: _text(values, name) for name in FIELDS[Part.NAMES]}
    problems = _too_long(kept, {"trading_name": LONGEST_NAME, "website": 200})
    site = kept["website"]
    if site:
        kept["website"] = site = site if "://" in site else f"https://{site}"
        if not _is_website(site):
            message = _("“%(value)s” is no address of a website. Write it like https://www.example.com.")
            problems.append(Problem("website", message % {"value": site[:80]}, site[:80]))
    return kept, problems


def _is_website(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return False
    plain = parts.scheme in ("http", "https") and "@" not in parts.netloc and " " not in text
    return plain and "." in host.strip(".")


def _preferences(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    kept = {name: _text(values, name) for name in FIELDS[Part.PREFERENCES]}
    problems = [*_language(kept["language"]), *_mail(kept, needed=False)]
    if not _is_zone(kept["time_zone"]):
        message = _("Choose a time zone of the list, such as Europe/Berlin.")
        problems.append(Problem("time_zone", message, kept["time_zone"][:60]))
    return kept, problems


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _language(code: str) -> list[Problem]:
    if code in dict(settings.LANGUAGES) or code in LANG_INFO:  # the ERP knows more than we have translated
        return []
    return [Problem("language", _("Choose a language of the list."), code[:10], "unknown")]


def _mail(kept: dict[str, Any], *, needed: bool) -> list[Problem]:
    kept["email"] = kept["email"].lower()
    if not kept["email"]:
        return [Problem("email", _("Type a mail address."), "", "required")] if needed else []
    try:
        validate_email(kept["email"])
    except ValidationError:
        message = _("“%(value)s” is no mail address. Write it like name@example.com.")
        return [Problem("email", message % {"value": kept["email"][:80]}, kept["email"][:80])]
    return _too_long(kept, {"email": 254})


def _channel(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    wanted = _text(values, "channel")
    if wanted in TradeChannel.values:
        return {"channel": wanted}, []
    return {}, [Problem("channel", _("Choose a way of the list."), wanted[:20], "unknown")]


def _contact(values: Mapping[str, Any], country: str) -> tuple[dict[str, Any], list[Problem]]:
    said = values.get("roles") or ()
    roles = [one for one in ContactRole.values if one in said]
    kept: dict[str, Any] = {name: _text(values, name) for name in FIELDS[Part.CONTACT]} | {"roles": roles}
    problems = [*_too_long(kept, {"name": 150}), *_language(kept["language"])]
    if not kept["name"]:
        problems.append(Problem("name", _("Type the name of the person, or of the desk."), "", "required"))
    if isinstance(said, str) or not roles or len(roles) != len(set(said)):
        message = _("Choose at least one matter of the list for which this contact is there.")
        problems.append(Problem("roles", message, "", "required"))
    problems += _mail(kept, needed=False)
    try:
        kept["telephone"] = read_phone(kept["telephone"], country)
    except BadPhone as bad:
        problems.append(bad.problem)
    if not kept["email"] and not kept["telephone"]:
        message = _(
            "Type a mail address or a telephone number: a contact that cannot be reached helps nobody."
        )
        problems.append(Problem("email", message, "", "required"))
    return kept, problems


def _too_long(kept: Mapping[str, Any], limits: Mapping[str, int]) -> list[Problem]:
    message = _("At most %(most)d characters.")
    return [
        Problem(name, message % {"most": most}, str(kept[name])[:40])
        for name, most in limits.items()
        if len(kept[name]) > most
    ]
