"""Lists of sanctioned parties as CSV: OFAC's SDN.CSV with ALT.CSV, the EU's consolidated list, and one of our own.

OFAC's files have no row of names: number, name, type, program …; in ALT.CSV number, number of the alias, type, alias.
`-0-` is their word for nothing. The EU's has names, separated by semicolons, and a row for each alias of an entity.
Our own has `ref`, `name` and, if one likes, `aliases` separated by `|`.
"""

import csv
import io
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from portal.kernel.errors import Invalid, Problem
from suppliers.screening.messages import Listed
from suppliers.screening.states import ListSource

NOTHING = "-0-"
EU_REF, EU_NAME, EU_ABOUT = "Entity_LogicalId", "NameAlias_WholeName", "Entity_Regulation_Programme"
OFAC_COLUMNS, ALIAS_COLUMNS = 4, 4
LONGEST = 350


def read_list(source: str, content: bytes, aliases: bytes = b"") -> list[Listed]:
    """The parties of a list. Raises `Invalid` where the file is none of that source, or names nobody."""
    readers = {ListSource.OFAC: _ofac, ListSource.EU: _eu, ListSource.OWN: _own}
    try:
        found = readers[ListSource(source)](_text(content), _text(aliases))
    except csv.Error as error:
        raise _refused(_("This is no CSV file that can be read.")) from error
    if not found:
        raise _refused(_("This file names nobody."))
    return found


def _text(content: bytes) -> str:
    if b"\0" in content:
        raise _refused(_("This is no CSV file that can be read."))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _ofac(text: str, aliases: str) -> list[Listed]:
    also: dict[str, list[str]] = {}
    for row in csv.reader(io.StringIO(aliases)):
        if len(row) >= ALIAS_COLUMNS:
            also.setdefault(row[0].strip(), []).append(row[3].strip())
    found = []
    for row in csv.reader(io.StringIO(text)):
        if len(row) < OFAC_COLUMNS:
            continue  # the last row is a single control character
        ref = row[0].strip()
        if not ref.isdecimal():
            raise _refused(_("In OFAC’s SDN.CSV each row begins with a number."))
        names = _names([row[1], *also.get(ref, [])])
        if names:
            found.append(Listed(ref, names, "" if row[3].strip() == NOTHING else row[3].strip()))
    return found


def _eu(text: str, _aliases: str) -> list[Listed]:
    rows = csv.DictReader(io.StringIO(text), delimiter=";")
    if not {EU_REF, EU_NAME} <= set(rows.fieldnames or ()):
        said = {"names": f"{EU_REF}, {EU_NAME}"}
        raise _refused(_("These columns are missing: %(names)s.") % said)
    names: dict[str, list[str]] = {}
    about: dict[str, str] = {}
    for row in rows:
        ref = (row[EU_REF] or "").strip()
        if ref:
            names.setdefault(ref, []).append(row[EU_NAME] or "")
            about[ref] = about.get(ref) or (row.get(EU_ABOUT) or "").strip()
    return [Listed(ref, one, about[ref]) for ref, every in names.items() if (one := _names(every))]


def _own(text: str, _aliases: str) -> list[Listed]:
    first = text.split("\n", 1)[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=max(";,\t", key=first.count))
    if not {"ref", "name"} <= set(rows.fieldnames or ()):
        raise _refused(_("These columns are missing: %(names)s.") % {"names": "ref, name"})
    return [
        Listed(_cell(row, "ref"), names, _cell(row, "about"))
        for row in rows
        if _cell(row, "ref") and (names := _names([_cell(row, "name"), *_cell(row, "aliases").split("|")]))
    ]


def _cell(row: Mapping[str, str | None], name: str) -> str:
    return (row.get(name) or "").strip()


def _names(every: Iterable[str]) -> tuple[str, ...]:
    said = (" ".join(one.split())[:LONGEST] for one in every)
    return tuple(dict.fromkeys(one for one in said if one and one != NOTHING))


def _refused(message: str) -> Invalid:
    return Invalid(message, [Problem("file", message, "", "not_read")])
