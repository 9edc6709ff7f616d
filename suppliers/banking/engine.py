"""Whether what was typed can be an account at all. Pure; there is no way to keep one that is not.

An IBAN by ISO 13616 (length and structure of its country's registry entry, check digits by ISO 7064 mod 97-10), a BIC
by ISO 9362 of the account's own country. Countries without IBANs by what their banks print: `LOCAL`. Names of banks
come from the registry that schwifty brings along.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from schwifty import BIC, IBAN
from schwifty.exceptions import (
    InvalidChecksumDigits,
    InvalidCountryCode,
    InvalidLength,
    SchwiftyException,
)
from schwifty.registry import get_iban_spec
from stdnum.ar import cbu
from stdnum.exceptions import ValidationError
from stdnum.nz import bankaccount as nz_account
from stdnum.us import rtn

from portal.kernel.errors import Problem
from suppliers.banking.messages import AccountTyped
from suppliers.banking.states import NumberForm

LONGEST_HOLDER = 140  # ISO 20022: Max140Text
SHOWN = 4
_SEPARATORS = re.compile(r"[\s\-‐-―./]")
# A bank in one of these belongs to the other's payments: the French overseas departments have BICs of their own.
_SISTERS = {
    "FR": {"GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "NC", "PF", "WF", "TF"},
    "GB": {"GG", "JE", "IM"},
}


@dataclass(frozen=True, slots=True)
class Account:
    """An account that can be one. `number` and `routing` are for sealing alone; `shown` is all anybody sees.

    `digits_fit` says whether the national check digits within an IBAN do. Banks have methods that no registry knows, so
    digits that do not are a risk to look at and no reason to refuse.
    """

    form: str
    currency: str
    country: str
    holder: str
    bic: str
    bank_name: str
    number: str = field(repr=False)
    routing: str = field(default="", repr=False)
    digits_fit: bool = True

    @property
    def shown(self) -> str:
        """The last characters of its number."""
        return self.number[-SHOWN:]

    @property
    def identity(self) -> str:
        """What two writings of one account have in common."""
        return f"{self.country}:{self.routing}:{self.number}" if self.routing else self.number


@dataclass(frozen=True, slots=True)
class LocalForm:
    """How accounts of a country without IBANs are written: the code of the bank, and the number."""

    routing: str
    routing_name: object  # lazy: in the reader's language
    number: str
    check_routing: Callable[[str], bool] = lambda _routing: True
    check_number: Callable[[str], bool] = lambda _number: True


def _is_valid(validate: Callable[[str], str]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            validate(text)
        except ValidationError:
            return False
        return True

    return check


def _is_clabe(number: str) -> bool:
    """Mexico: weights 3, 7, 1 and a check digit (Banco de México, CLABE)."""
    total = sum((int(one) * weight) % 10 for one, weight in zip(number[:17], (3, 7, 1) * 6, strict=False))
    return (10 - total % 10) % 10 == int(number[17])


_NONE = r""
LOCAL: dict[str, LocalForm] = {
    "US": LocalForm(r"\d{9}", lazy("ABA routing number"), r"\d{4,17}", _is_valid(rtn.validate)),
    "CA": LocalForm(r"0?\d{8}", lazy("transit and institution number"), r"\d{7,12}"),
    "AU": LocalForm(r"\d{6}", "BSB", r"\d{5,10}"),
    "NZ": LocalForm(_NONE, "", r"\d{15,16}", check_number=_is_valid(nz_account.validate)),
    "IN": LocalForm(r"[A-Z]{4}0[A-Z0-9]{6}", "IFSC", r"\d{9,18}"),
    "MX": LocalForm(_NONE, "", r"\d{18}", check_number=_is_clabe),
    "AR": LocalForm(_NONE, "", r"\d{22}", check_number=_is_valid(cbu.validate)),
    "CN": LocalForm(r"\d{12}", "CNAPS", r"\d{8,32}"),
    "JP": LocalForm(r"\d{7}", lazy("bank and branch code"), r"\d{6,8}"),
    "HK": LocalForm(r"\d{3}(\d{3})?", lazy("bank and branch code"), r"\d{6,12}"),
    "SG": LocalForm(r"\d{4}(\d{3})?", lazy("bank and branch code"), r"\d{6,14}"),
    "KR": LocalForm(r"\d{3}", lazy("bank code"), r"\d{10,16}"),
    "TW": LocalForm(r"\d{7}", lazy("bank and branch code"), r"\d{10,16}"),
    "TH": LocalForm(r"\d{3}(\d{4})?", lazy("bank code"), r"\d{10,15}"),
    "VN": LocalForm(_NONE, "", r"[A-Z0-9]{6,20}"),
    "MY": LocalForm(_NONE, "", r"\d{6,17}"),
    "ID": LocalForm(r"\d{3}(\d{4})?", lazy("bank code"), r"\d{8,16}"),
    "PH": LocalForm(_NONE, "", r"\d{8,16}"),
    "ZA": LocalForm(r"\d{6}", lazy("branch code"), r"\d{7,13}"),
}
# Where the national form has no check digit of its own, the BIC is compulsory: one more thing that must fit.
_ANYWHERE = LocalForm(_NONE, "", r"[A-Z0-9]{4,34}")
_NEEDS_NO_BIC = frozenset({"US", "CA", "AU", "NZ", "IN", "MX", "AR"})


def has_iban(country: str) -> bool:
    """Whether accounts of a country are written as IBANs."""
    try:
        get_iban_spec(country)
    except InvalidCountryCode:
        return False
    return True


def bare(text: str) -> str:
    """Without what people put between groups, in capitals; digits of other scripts and widths become plain ones."""
    plain = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", plain))


def read_account(typed: AccountTyped) -> tuple[Account | None, list[Problem]]:
    """The account that was typed, or every reason why it cannot be one."""
    problems = list(_around(typed))
    country = typed.country.strip().upper()
    number, routing, bic = bare(typed.number), bare(typed.routing), bare(typed.bic)
    if not number:
        problems.append(Problem("number", _("Type the IBAN, or the number of the account."), "", "required"))
        return None, problems
    if not number.isascii():
        message = _("An account number has plain letters and digits alone.")
        problems.append(Problem("number", message, "", "not_plain"))
        return None, problems
    if re.fullmatch(r"[A-Z]{2}", country):
        with_iban = has_iban(country)
        found = (
            _iban_problems(number, routing, country)
            if with_iban
            else _local_problems(number, routing, bic, country)
        )
        problems += found
        problems += _bic_problems(bic, country)
        if not problems:
            return _account(typed, country, number, routing, bic, with_iban), []
    return None, problems


def _around(typed: AccountTyped) -> Iterator[Problem]:
    holder = " ".join(typed.holder.split())
    if not holder or len(holder) > LONGEST_HOLDER:
        message = _("Type the holder of the account as the bank has it, in at most %(most)d characters.")
        yield Problem(
            "holder",
            message % {"most": LONGEST_HOLDER},
            holder[:100],
            "required" if not holder else "too_long",
        )
    if not re.fullmatch(r"[A-Z]{3}", typed.currency.strip().upper()):
        message = _("A currency has three letters (ISO 4217), such as EUR.")
        yield Problem("currency", message, typed.currency[:10], "unknown")
    if not re.fullmatch(r"[A-Z]{2}", typed.country.strip().upper()):
        message = _("Choose the country in which the bank keeps the account.")
        yield Problem("country", message, typed.country[:10], "unknown")


def _iban_problems(number: str, routing: str, country: str) -> Iterator[Problem]:
    # What was typed is never said back: refusals go to logs and answers of programs.
    if not re.match(r"[A-Z]{2}\d{2}", number):
        message = _("Accounts in this country have an IBAN: it begins with %(country)s and two digits.")
        yield Problem("number", message % {"country": country}, "", "not_an_iban")
        return
    if number[:2] != country:
        message = _("This IBAN is of %(found)s, the country chosen is %(country)s. Check both.")
        yield Problem(
            "number", message % {"found": number[:2], "country": country}, number[:2], "other_country"
        )
        return
    try:
        IBAN(number)
    except InvalidLength:
        yield Problem(
            "number", _("This IBAN has too few or too many characters for its country."), "", "length"
        )
    except InvalidChecksumDigits:
        message = _("The check digits of this IBAN do not fit: a digit is wrong, or two have changed places.")
        yield Problem("number", message, "", "check_digits")
    except SchwiftyException:
        message = _(
            "This IBAN is not built as those of its country are. Copy it from a statement of the bank."
        )
        yield Problem("number", message, "", "structure")
    if routing:
        message = _("An IBAN names the bank itself: leave the code of the bank empty.")
        yield Problem("routing", message, "", "not_wanted")


def _local_problems(number: str, routing: str, bic: str, country: str) -> Iterator[Problem]:
    form = LOCAL.get(country, _ANYWHERE)
    if re.match(r"[A-Z]{2}\d{2}[A-Z0-9]{8,}", number) and has_iban(number[:2]):
        message = _(
            "This looks like an IBAN of %(found)s. Choose the country in which the bank keeps the account."
        )
        yield Problem("country", message % {"found": number[:2]}, country, "other_country")
        return
    if not re.fullmatch(form.number, number) or len(set(number)) == 1 or not form.check_number(number):
        message = _("This is no account number of %(country)s: check its length and every digit.")
        yield Problem("number", message % {"country": country}, "", "structure")
    if form.routing and (not re.fullmatch(form.routing, routing) or not form.check_routing(routing)):
        message = _("The %(name)s is missing, or one of its digits is wrong.")
        yield Problem(
            "routing", message % {"name": form.routing_name}, "", "check_digits" if routing else "required"
        )
    if not form.routing and routing:
        yield Problem(
            "routing", _("Accounts in this country have no such code: leave it empty."), "", "not_wanted"
        )
    if not bic and country not in _NEEDS_NO_BIC:
        yield Problem("bic", _("Type the BIC of the bank: payments to this country need it."), "", "required")


def _bic_problems(bic: str, country: str) -> Iterator[Problem]:
    if not bic:
        return
    try:
        read = BIC(bic)
    except SchwiftyException:
        message = _("A BIC has 8 or 11 characters: four letters for the bank, the country, and the place.")
        yield Problem("bic", message, bic[:11], "structure")
        return
    if read.country_code != country and read.country_code not in _SISTERS.get(country, ()):
        message = _("This BIC is of a bank in %(found)s, the account is in %(country)s. Check both.")
        yield Problem("bic", message % {"found": read.country_code, "country": country}, bic, "other_country")


def _account(
    typed: AccountTyped, country: str, number: str, routing: str, bic: str, with_iban: bool
) -> Account:
    found_bic, name = bic, ""
    if with_iban:
        iban = IBAN(number)
        name = str(iban.bank_name or "")
        found_bic = bic or (str(iban.bic) if iban.bic else "")
    if not name and found_bic:
        names = BIC(found_bic).bank_names
        name = str(names[0]) if names else ""
    return Account(
        NumberForm.IBAN if with_iban else NumberForm.LOCAL,
        typed.currency.strip().upper(),
        country,
        " ".join(typed.holder.split()),
        found_bic,
        name[:140],
        number,
        routing,
        not with_iban or _digits_fit(number),
    )


def _digits_fit(number: str) -> bool:
    try:
        IBAN(number, validate_bban=True)
    except SchwiftyException:
        return False
    return True


_STOP_WORDS = frozenset(
    {
        "gmbh",
        "ag",
        "kg",
        "ltd",
        "limited",
        "inc",
        "llc",
        "llp",
        "corp",
        "co",
        "company",
        "sa",
        "sas",
        "sarl",
        "srl",
    }
    | {"spa", "bv", "nv", "ab", "oy", "as", "aps", "pvt", "private", "plc", "und", "and", "the"}
)


def names_differ(holder: str, *names: str) -> bool:
    """Whether the holder of an account shares no word with any name of its supplier."""
    theirs = _words_of(holder)
    return not any(theirs & _words_of(name) for name in names)


def _words_of(name: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    words = set(re.findall(r"\w+", plain))
    return {one for one in words if len(one) > 2 and one not in _STOP_WORDS} or words
