"""Whether a file that somebody uploads is what it says, before any of it is read.

Note [Zip]: a workbook is a zip of XML. A small one can unfold to gigabytes, carry macros, or be another thing
altogether. Sizes and kinds are looked at in the directory of the zip, and Python reads no more of an entry than
is declared there; how XML is read tells Note [Unfolding].
"""

import zipfile
import zlib
from typing import IO

from django.utils.translation import gettext as _

from portal.kernel.errors import Invalid, Problem

LARGEST_FILE = 5 * 1024 * 1024
LARGEST_UNPACKED = 60 * 1024 * 1024
HIGHEST_RATIO = 150
MOST_ENTRIES = 200
PACKED_AS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
CSV, XLSX = "csv", "xlsx"

ZIP = b"PK\x03\x04"
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
CONTENT_TYPES = "[Content_Types].xml"


def kind_of(file: IO[bytes], size: int) -> str:
    """`xlsx` or `csv`; anything else is refused with the way out."""
    if size == 0:
        raise refused(_("This file is empty. Save it in your spreadsheet program and upload it again."))
    if size > LARGEST_FILE:
        message = _(
            "This file has %(size)s MB; at most %(most)s MB can be read. Split it into several files."
        )
        raise refused(message % {"size": size // 1024 // 1024 + 1, "most": LARGEST_FILE // 1024 // 1024})
    file.seek(0)
    content = file.read()
    file.seek(0)
    start = content[:2048]
    if start.startswith(ZIP):
        _look_inside(file)
        file.seek(0)
        return XLSX
    if start.startswith(OLD_OFFICE):
        raise refused(
            _(
                "This is an old or a password-protected Excel file. Save it as “Excel workbook (.xlsx)”, "
                "without a password."
            )
        )
    if b"\0" in content or start.startswith((b"%PDF", b"{\\rtf", b"<")):
        raise refused(_("This is neither an Excel workbook (.xlsx) nor a CSV file. Save it as one of them."))
    return CSV


def refused(message: str) -> Invalid:
    """A file that is not read at all, and why."""
    return Invalid(message, [Problem("file", message)])


def _look_inside(file: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(file) as package:
            entries = package.infolist()
            if any(entry.compress_type not in PACKED_AS for entry in entries):
                raise zipfile.BadZipFile("no spreadsheet program packs a part like this")
            _check_sizes(entries)
            names = {entry.filename.lower() for entry in entries}
            types = package.read(CONTENT_TYPES).decode() if CONTENT_TYPES.lower() in names else ""
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        ValueError,
        OSError,
        NotImplementedError,
        RuntimeError,
        EOFError,
    ) as error:
        raise refused(_("This file is damaged. Save it again in your spreadsheet program.")) from error
    if any("vbaproject" in name for name in names) or "macroEnabled" in types:
        raise refused(
            _("This workbook holds macros, which are never run here. Save it as .xlsx without them.")
        )
    if WORKBOOK not in types:
        raise refused(_("This is not an Excel workbook (.xlsx). Upload the sheet you downloaded."))


def _check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    # Each by itself: next to half a megabyte of noise, which packs as it is, no whole is dense.
    too_dense = any(
        entry.file_size > 1024 * 1024 and entry.file_size > entry.compress_size * HIGHEST_RATIO
        for entry in entries
    )
    if len(entries) > MOST_ENTRIES or unpacked > LARGEST_UNPACKED or too_dense:
        raise refused(
            _(
                "This workbook unfolds to far more than its size says, so it is not opened. "
                "Copy what you typed into a fresh sheet."
            )
        )
