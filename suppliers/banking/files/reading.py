"""A sheet (CSV) of accounts, as a vendor file is exported: one row each."""

import csv
import io

from django.utils.translation import gettext as _

from portal.kernel.errors import Invalid, Problem
from suppliers.banking.messages import AccountTyped
from suppliers.banking.services import AccountTold

COLUMNS = ("supplier", "country", "number", "routing", "bic", "holder", "currency", "reason")
NEEDED = frozenset({"supplier", "country", "number", "holder", "currency"})
LARGEST_SHEET = 1024 * 1024
MOST_ROWS = 2000


def read_sheet(content: bytes) -> list[AccountTold]:
    """The accounts of a sheet. Raises `Invalid` for a file that is none, or has too many rows; what a row says wrong is
    said of the row by `hear_of_accounts`.
    """
    if len(content) > LARGEST_SHEET:
        raise _not_read(_("This file is larger than 1 MB. Send a part of it."))
    try:
        text = content.decode("utf-8-sig")
        dialect = csv.Sniffer().sniff(text[:2000], delimiters=",;\t")
        rows = list(csv.DictReader(io.StringIO(text), dialect=dialect))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _not_read(
            _("Send a CSV file in UTF-8, with the names of the columns in its first row.")
        ) from error
    names = {(name or "").strip().lower() for name in (rows[0] if rows else {})}
    if not names >= NEEDED:
        message = _("These columns are missing: %(names)s.")
        raise _not_read(message % {"names": ", ".join(sorted(NEEDED - names))})
    if len(rows) > MOST_ROWS:
        raise _not_read(_("At most %(most)d rows at a time.") % {"most": MOST_ROWS})
    return [
        _told({(key or "").strip().lower(): str(value or "") for key, value in row.items()}) for row in rows
    ]


def _told(row: dict[str, str]) -> AccountTold:
    said = {name: row.get(name, "").strip() for name in COLUMNS}
    typed = AccountTyped(
        said["currency"], said["country"], said["holder"], said["number"], said["routing"], said["bic"]
    )
    return AccountTold(said["supplier"], typed, said["reason"])


def _not_read(message: str) -> Invalid:
    return Invalid(message, [Problem("sheet", message, "", "not_read")])
