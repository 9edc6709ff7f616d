"""Which files may hang on an order: few kinds, and each must be what its name says. No database here.

A name is only a claim. The first bytes decide, and both must agree: a program renamed to invoice.pdf is refused, and so
is an archive, in which anything can hide.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

LARGEST_FILE = 10 * 1024 * 1024
MOST_FILES = 5
MOST_FILES_OF_ORDER = 200
KEPT_FOR_COMPANY = 50  # a supplier who fills up an order must not keep its buyer from adding a file
MOST_FILES_OF_DAY = 300
MOST_BYTES_OF_DAY = 500 * 1024 * 1024
LONGEST_NAME = 120
LONGEST_BODY = 10_000
TAKEN = "PDF, PNG, JPG, XLSX, DOCX, CSV, TXT"

# What a text file never begins with, whatever it is called.
_BINARY = (
    b"%PDF-",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"PK\x03\x04",
    b"MZ",
    b"\x7fELF",
    b"\xd0\xcf\x11\xe0",
    b"GIF8",
    b"{\\rtf",
)


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that is taken: what it is served as, and how its bytes show it."""

    content_type: str
    is_it: Callable[[bytes], bool]


def _begins(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(marks)


def _office(folder: str) -> Callable[[bytes], bool]:
    """An Office file is an archive with known parts; one that carries macros is refused."""

    def is_it(content: bytes) -> bool:
        if not content.startswith(b"PK\x03\x04"):
            return False
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return False
        has_macros = any(name.lower().endswith("vbaproject.bin") for name in names)
        return (
            "[Content_Types].xml" in names
            and any(name.startswith(folder) for name in names)
            and not has_macros
        )

    return is_it


def _is_text(content: bytes) -> bool:
    if content.startswith(_BINARY):
        return False
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # what Excel calls "Unicode text"
        return True
    return not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", content)


KINDS: dict[str, FileKind] = {
    "pdf": FileKind("application/pdf", _begins(b"%PDF-")),
    "png": FileKind("image/png", _begins(b"\x89PNG\r\n\x1a\n")),
    "jpg": FileKind("image/jpeg", _begins(b"\xff\xd8\xff")),
    "jpeg": FileKind("image/jpeg", _begins(b"\xff\xd8\xff")),
    "xlsx": FileKind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _office("xl/")),
    "docx": FileKind(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document", _office("word/")
    ),
    "csv": FileKind("text/csv", _is_text),
    "txt": FileKind("text/plain", _is_text),
}


def content_type_of(name: str, content: bytes) -> str | None:
    """What a file is served as; None for one whose bytes are not what its name says."""
    kind = KINDS.get(extension_of(name))
    return kind.content_type if kind and kind.is_it(content) else None


def extension_of(name: str) -> str:
    """The end of a file's name, in small letters: pdf."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def safe_name(name: str) -> str:
    """The name without folders, control characters and what shells and file systems trip over; its ending stays.

    Characters that turn the direction of writing go too: with one, a name can look like another one.
    """
    bare = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(
        char for char in bare if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    )
    kept = re.sub(r'[<>:"|?*;%`$]', "_", kept)
    kept = re.sub(r"\s+", " ", kept).strip(" .")
    stem, dot, extension = kept.rpartition(".")
    if not dot:
        stem, extension = kept, ""
    stem = stem[: LONGEST_NAME - len(extension) - 1].rstrip(" .") or "file"
    return f"{stem}.{extension}" if extension else stem


def problem_with(name: str, content: bytes) -> str:
    """Why a file is not taken, with the way out; an empty text for one that is."""
    values = {"name": name, "limit": LARGEST_FILE // (1024 * 1024), "taken": TAKEN}
    if not content:
        return _("%(name)s is empty. Choose the file again.") % values
    if len(content) > LARGEST_FILE:
        return _("%(name)s is larger than %(limit)d MB. Send a smaller one, or a link to it.") % values
    if extension_of(name) not in KINDS:
        return _("%(name)s is not of a kind that is taken here: %(taken)s.") % values
    if content_type_of(name, content) is None:
        message = _("%(name)s is not what its ending says, or carries macros. Save it again as %(taken)s.")
        return message % values
    return ""


@dataclass(frozen=True, slots=True)
class Stored:
    """How many files there are already, and how large they are together."""

    files: int = 0
    size: int = 0


def problem_with_room(sizes: Sequence[int], *, on_order: int, of_day: Stored, is_supplier: bool) -> str:
    """Why there is no room for more files, with the way out; an empty text where there is.

    `on_order` counts the files of the order; `of_day` is what was added to all orders of this supplier within a day.
    The buying side is not held to the day: what a supplier adds must not silence its buyer.
    """
    room = MOST_FILES_OF_ORDER + (0 if is_supplier else KEPT_FOR_COMPANY)
    if on_order + len(sizes) > room:
        return _("An order has room for %(most)d files. Send a link to what does not fit.") % {"most": room}
    if not is_supplier:
        return ""
    if of_day.files + len(sizes) > MOST_FILES_OF_DAY:
        message = _("At most %(most)d files can be added within 24 hours. Add the others tomorrow.")
        return message % {"most": MOST_FILES_OF_DAY}
    if of_day.size + sum(sizes) > MOST_BYTES_OF_DAY:
        message = _("At most %(most)d MB of files can be added within 24 hours. Add the others tomorrow.")
        return message % {"most": MOST_BYTES_OF_DAY // (1024 * 1024)}
    return ""
