"""How SCIM is read (RFC 7643, RFC 7644), with the dialects of Entra ID and Okta. No database here.

Note [Dialects]: Entra ID writes verbs with a capital, `active` as the text "False", dotted names inside a value without
a path, and takes members out by `remove` with a value; Okta replaces without a path and says the id of the group again.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from portal.kernel.errors import Refusal
from suppliers.scim.messages import Change, TellGroup, TellPerson, Wanted

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"

MOST_AT_ONCE = 100  # people or groups on one page of a list
MOST_CHANGES = 1_000  # in one PATCH
MOST_MEMBERS = 20_000  # of one group
MOST_PEOPLE = 50_000  # of our own provider, those it deleted included
MOST_PEOPLE_OF_SUPPLIER = 2_000
MOST_GROUPS = 2_000
LONGEST = 254
LONGEST_FILTER = 600
VERBS = ("add", "replace", "remove")
NAMES = {
    "displayname": "displayName",
    "name.formatted": "formatted",
    "name.givenname": "givenName",
    "name.familyname": "familyName",
}
OF_PEOPLE = {"username", "externalid", "emails.value", "id"}
OF_GROUPS = {"displayname", "externalid", "id"}
UNTOUCHED = ("id", "meta", "schemas", "groups")

_WORD = r'[A-Za-z0-9:._\-\[\]"]+'
_FILTER = re.compile(rf'({_WORD}(?: {_WORD})*) +eq +("(?:[^"\\]|\\.)*")', re.IGNORECASE)
_PICKED = re.compile(r'\[\s*([a-z]+)\s+eq\s+("(?:[^"\\]|\\.)*"|true|false)\s*\]', re.IGNORECASE)
_PATH = re.compile(r"[a-z][a-z0-9_$-]*(\.[a-z][a-z0-9_$-]*)?", re.IGNORECASE)
_SCHEMA = re.compile(r"urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):", re.IGNORECASE)


class ScimRefusal(Refusal):
    """What was asked for cannot be done: a sentence, and SCIM's word for it (RFC 7644, 3.12)."""

    code: ClassVar[str] = "scim"

    def __init__(self, message: str, *, status: int, scim_type: str = "") -> None:
        super().__init__(message)
        self.answer = status
        self.scim_type = scim_type


def wrong(scim_type: str, message: str) -> ScimRefusal:
    """A 400, with SCIM's word for what is wrong."""
    return ScimRefusal(message, status=400, scim_type=scim_type)


def full(most: int) -> ScimRefusal:
    """A 403: no more of these is kept."""
    return ScimRefusal(
        _("At most %(most)d of these are kept here for one provider.") % {"most": most}, status=403
    )


def taken(message: str) -> ScimRefusal:
    """A 409: this is there already."""
    return ScimRefusal(message, status=409, scim_type="uniqueness")


# --- JSON, lists and filters --------------------------------------------------------------------------------


def read_object(body: bytes) -> dict[str, Any]:
    """The one object of a body. Raises `ScimRefusal`: invalidSyntax."""
    unread = _("The body is one JSON object in UTF-8 (RFC 8259).")
    try:
        said = json.loads(body.decode(), parse_constant=_no_constant)
        told = json.dumps(said, ensure_ascii=False).encode()
    except RecursionError as error:
        raise wrong("invalidSyntax", _("This is nested too deeply.")) from error
    except (UnicodeError, ValueError) as error:  # not JSON, or half of a character (a lone surrogate)
        raise wrong("invalidSyntax", unread) from error
    if not isinstance(said, dict):
        raise wrong("invalidSyntax", unread)
    if b"\\u0000" in told:
        raise wrong("invalidValue", _("A text holds a NUL character, which no name and no address has."))
    return said


def _no_constant(word: str) -> None:
    raise ValueError(word)


def read_wanted(query: Mapping[str, str], known: Iterable[str]) -> Wanted:
    """Which part of which list is asked for. Raises `ScimRefusal`: invalidFilter, invalidValue."""
    start = _number(query.get("startIndex", ""), "startIndex", 1)
    count = _number(query.get("count", ""), "count", MOST_AT_ONCE)
    attribute, value = _filter(query.get("filter", ""), known)
    return Wanted(attribute, value, max(start, 1), min(max(count, 0), MOST_AT_ONCE))


def _number(said: str, name: str, otherwise: int) -> int:
    if not said:
        return otherwise
    if not re.fullmatch(r"-?[0-9]{1,9}", said, re.ASCII):
        raise wrong("invalidValue", _("%(name)s is a whole number.") % {"name": name})
    return int(said)


def _filter(said: str, known: Iterable[str]) -> tuple[str, str]:
    if not said:
        return "", ""
    form = _FILTER.fullmatch(said.strip()) if len(said) <= LONGEST_FILTER else None
    attribute = _plain(form[1]) if form else ""
    if form is None or attribute not in known:
        names = ", ".join(sorted(known))
        message = _("Filters here are of one kind: %(names)s eq “…”. Others are not answered.")
        raise wrong("invalidFilter", message % {"names": names})
    return attribute, _in_quotes(form[2], "invalidFilter")


def _in_quotes(said: str, scim_type: str) -> str:
    try:
        value = json.loads(said)
        value.encode()
    except ValueError as error:
        raise wrong(scim_type, _("The value of a filter stands in quotation marks, as in JSON.")) from error
    if "\0" in value:
        raise wrong(scim_type, _("A text holds a NUL character, which no name and no address has."))
    return str(value)


def _plain(path: str) -> str:
    """An attribute without its schema and without what picks one of several: emails[type eq "work"].value."""
    return _PICKED.sub("", _SCHEMA.sub("", path.strip())).lower()


# --- One person ---------------------------------------------------------------------------------------------


def read_person(said: Mapping[str, Any]) -> TellPerson:
    """A whole person, as POST and PUT say it. What is not kept here is passed over. Raises `ScimRefusal`."""
    told = TellPerson(user_name="")
    for path, value in _flat(said):
        told = _with(told, path, value)
    return _checked(told)


def change_person(told: TellPerson, changes: Sequence[Change]) -> TellPerson:
    """A person with some things changed. Raises `ScimRefusal`."""
    for change in changes:
        if change.verb == "remove":
            told = _without(told, change.path)
        elif change.path and not isinstance(change.value, dict):
            told = _with(told, change.path, change.value)
        else:
            for path, value in _flat(change.value, change.path):
                told = _with(told, path, value)
    return _checked(told)


def _flat(said: Any, under: str = "") -> Iterable[tuple[str, Any]]:
    """An object as pairs of path and value: name.givenName, whether it is said in one piece or in two."""
    for name, value in said.items():
        path = _plain(f"{under}.{name}" if under else name)
        if path == "name" and isinstance(value, dict):
            yield from _flat(value, "name")
        elif path not in UNTOUCHED:
            yield path, value


def _with(told: TellPerson, path: str, value: Any) -> TellPerson:
    if path == "username":
        return replace(told, user_name=_text(value, path))
    if path == "externalid":
        return replace(told, external_id=_text(value, path))
    if path == "active":
        return replace(told, active=_truth(value))
    if path in NAMES:
        return replace(told, names={**told.names, NAMES[path]: _text(value, path)})
    if path in ("emails", "emails.value"):
        return replace(told, mails=_mails(value))
    return told


def _without(told: TellPerson, path: str) -> TellPerson:
    if path in ("username", "active", ""):
        raise wrong(
            "mutability",
            _("userName and active are never without a value: replace it, or delete the user.")
            if path
            else _("Say in path what is to be removed."),
        )
    if path == "externalid":
        return replace(told, external_id="")
    if path == "name":
        shown = told.names.get("displayName", "")
        return replace(told, names={"displayName": shown} if shown else {})
    if path in NAMES:
        return replace(told, names={name: one for name, one in told.names.items() if name != NAMES[path]})
    return replace(told, mails=()) if path in ("emails", "emails.value") else told


def _checked(told: TellPerson) -> TellPerson:
    if not told.user_name:
        raise wrong("invalidValue", _("userName is missing: by it you find the person again."))
    return told


def _text(value: Any, path: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST:
        message = _("%(path)s is a text of at most %(most)d characters.")
        raise wrong("invalidValue", message % {"path": path, "most": LONGEST})
    return value.strip()


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise wrong("invalidValue", _("active is true or false."))


def _mails(value: Any) -> tuple[str, ...]:
    """Addresses, the primary one first, then the one of work."""
    if value is None or isinstance(value, str):
        said = _text(value, "emails").lower()
        return (said,) if said else ()
    rows = value if isinstance(value, list) else [value]
    if len(rows) > 20 or not all(isinstance(row, dict) for row in rows):
        raise wrong("invalidValue", _("emails is a list of at most 20 objects, each with a value."))
    rows.sort(key=lambda row: (not _is_primary(row), str(row.get("type", "")).lower() != "work"))
    found = [_text(row.get("value"), "emails.value").lower() for row in rows]
    return tuple(dict.fromkeys(one for one in found if one))


def _is_primary(row: Mapping[str, Any]) -> bool:
    return str(row.get("primary", "")).lower() == "true"


def called(told: TellPerson) -> str:
    """The name of a person: what is shown, or what there is of it; empty where nothing was said."""
    names = told.names
    both = " ".join(part for part in (names.get("givenName"), names.get("familyName")) if part)
    return names.get("displayName") or names.get("formatted") or both


# --- One group ----------------------------------------------------------------------------------------------


def read_group(said: Mapping[str, Any]) -> TellGroup:
    """A whole group, as POST and PUT say it. Raises `ScimRefusal`."""
    fields = {_plain(name): value for name, value in said.items()}
    name = _text(fields.get("displayname"), "displayName")
    if not name:
        raise wrong("invalidValue", _("displayName is missing: by it the group is known here."))
    return TellGroup(name, _text(fields.get("externalid"), "externalId"), _members(fields.get("members")))


def change_group(told: TellGroup, changes: Sequence[Change]) -> TellGroup:
    """A group with some things changed. Raises `ScimRefusal`."""
    for change in changes:
        if change.verb == "remove":
            told = _group_without(told, change)
        else:
            pairs = [(change.path, change.value)] if change.path else list(_flat(change.value))
            for path, value in pairs:
                told = _group_with(told, path, value, is_added=change.verb == "add")
    if not told.name:
        raise wrong("invalidValue", _("displayName is missing: by it the group is known here."))
    return told


def _group_with(told: TellGroup, path: str, value: Any, *, is_added: bool) -> TellGroup:
    if path == "displayname":
        return replace(told, name=_text(value, "displayName"))
    if path == "externalid":
        return replace(told, external_id=_text(value, "externalId"))
    if path == "members":
        new = _members(value)
        return replace(told, members=_few(dict.fromkeys((*told.members, *new)) if is_added else new))
    return told


def _group_without(told: TellGroup, change: Change) -> TellGroup:
    if change.path == "externalid":
        return replace(told, external_id="")
    if change.path == "members":
        gone = {change.chosen} if change.chosen else set(_members(change.value))
        kept = [one for one in told.members if gone and one not in gone]  # none named: all of them
        return replace(told, members=tuple(kept))
    if change.path == "displayname":
        raise wrong("mutability", _("A group has a name: replace it, or delete the group."))
    if not change.path:
        raise wrong("noTarget", _("Say in path what is to be removed."))
    return told


def _members(value: Any) -> tuple[str, ...]:
    rows = [] if value is None else value if isinstance(value, list) else [value]
    said = [row.get("value") if isinstance(row, dict) else None for row in rows]
    found = [one.strip().lower() for one in said if isinstance(one, str)]
    if len(found) != len(said):
        raise wrong("invalidValue", _("members is a list of objects, each with the id of a user as value."))
    return _few(dict.fromkeys(found))


def _few(members: Iterable[str]) -> tuple[str, ...]:
    few = tuple(members)
    if len(few) > MOST_MEMBERS:
        message = _("A group has at most %(most)d members here.")
        raise wrong("tooMany", message % {"most": MOST_MEMBERS})
    return few


# --- PATCH --------------------------------------------------------------------------------------------------


def read_changes(said: Mapping[str, Any]) -> list[Change]:
    """The operations of a PATCH. Raises `ScimRefusal`: invalidSyntax, invalidPath, mutability."""
    rows = next((value for name, value in said.items() if name.lower() == "operations"), None)
    if not isinstance(rows, list) or not rows or len(rows) > MOST_CHANGES:
        message = _("A PATCH has a list of 1 to %(most)d Operations, each with op, path and value.")
        raise wrong("invalidSyntax", message % {"most": MOST_CHANGES})
    return [_change(row) for row in rows]


def _change(row: Any) -> Change:
    fields = {name.lower(): value for name, value in row.items()} if isinstance(row, dict) else {}
    verb = str(fields.get("op", "")).lower()
    if verb not in VERBS:
        raise wrong("invalidSyntax", _("op is add, replace or remove."))
    said = fields.get("path")
    value = fields.get("value")
    if said is not None and not isinstance(said, str):
        raise wrong("invalidPath", _("path is the name of an attribute."))
    if not said:
        if verb != "remove" and not isinstance(value, dict):
            raise wrong(
                "invalidValue", _("Without a path the value is an object that names what it changes.")
            )
        return Change(verb, "", value)
    path = _plain(said)
    if len(said) > LONGEST_FILTER or not (path.startswith("urn:") or _PATH.fullmatch(path)):
        raise wrong("invalidPath", _("“%(path)s” is no path of an attribute.") % {"path": said[:60]})
    if path.partition(".")[0] in UNTOUCHED:
        raise wrong("mutability", _("%(path)s is ours to say.") % {"path": said[:60]})
    picked = _PICKED.search(said)
    chosen = ""
    if picked and path == "members":
        if picked[1].lower() != "value" or not picked[2].startswith('"'):
            raise wrong("invalidFilter", _("A member is picked by its value: members[value eq “…”]."))
        chosen = _in_quotes(picked[2], "invalidFilter").lower()
    return Change(verb, path, value, chosen)
