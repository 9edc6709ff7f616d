"""Which files people may give us, and how each shows by its bytes that it is what its name says. No database here.

A name is only a claim. The first bytes decide, and both must agree: a program renamed to invoice.pdf is refused, and so
is an archive, in which anything can hide. Every door that takes a file which somebody can fetch again asks here, and
nowhere else.

Note [Polyglots]: one file can be a fine PDF to one program and an archive, or a web page, to another. So a PDF begins
with its first byte, nothing that is taken as a page or a picture ends as an archive does, and none says in its first
bytes what a browser would take for a page. What is served is never guessed at either (`as_download`).
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

LARGEST_FILE = 10 * 1024 * 1024
LONGEST_NAME = 120
LARGEST_UNPACKED = 300 * 1024 * 1024  # of an Office file, as its own directory tells it
TAKEN = "PDF, PNG, JPG, XLSX, DOCX, CSV, TXT"
PAGES = ("pdf", "png", "jpg", "jpeg")  # what shows a paper as it is, and nothing that runs

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


# The policy of a file that somebody gave us: whatever is in it, nothing runs, and no page holds it in a frame.
NOTHING_RUNS = "default-src 'none'; frame-ancestors 'none'; sandbox"


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that is taken: what it is served as, and how its bytes show it."""

    content_type: str
    is_it: Callable[[bytes], bool]


def _begins(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(marks) and not is_two_things(content)


# What a browser that guesses takes for a page (WHATWG MIME Sniffing, section 7.1), where it stands in the first bytes.
_A_PAGE = re.compile(rb"<(!doctype\s+html|html|head|body|script|iframe|svg|\?php)[\s>/]", re.IGNORECASE)


def is_two_things(content: bytes) -> bool:
    """Whether a page or a picture is something else besides. See Note [Polyglots]."""
    return bool(_A_PAGE.search(content[:1024])) or zipfile.is_zipfile(io.BytesIO(content))


def _office(folder: str) -> Callable[[bytes], bool]:
    """An Office file is an archive with known parts; one that carries macros is refused."""

    def is_it(content: bytes) -> bool:
        if not content.startswith(b"PK\x03\x04"):
            return False
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names = archive.namelist()
                unpacked = sum(one.file_size for one in archive.infolist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return False
        has_macros = any(name.lower().endswith("vbaproject.bin") for name in names)
        return (
            "[Content_Types].xml" in names
            and any(name.startswith(folder) for name in names)
            and not has_macros
            and unpacked <= LARGEST_UNPACKED
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


def problem_with(name: str, content: bytes, *, kinds: Collection[str] = (), taken: str = TAKEN) -> str:
    """Why a file is not taken, with the way out; an empty text for one that is. `kinds` are the endings that are taken
    here, all of them where none is named, and `taken` says them."""
    values = {"name": name, "limit": LARGEST_FILE // (1024 * 1024), "taken": taken}
    if not content:
        return _("%(name)s is empty. Choose the file again.") % values
    if len(content) > LARGEST_FILE:
        return _("%(name)s is larger than %(limit)d MB. Send a smaller one, or a link to it.") % values
    if extension_of(name) not in (kinds or KINDS):
        return _("%(name)s is not of a kind that is taken here: %(taken)s.") % values
    if content_type_of(name, content) is None:
        message = _("%(name)s is not what its ending says, or carries macros. Save it again as %(taken)s.")
        return message % values
    return ""


def as_download(content: bytes, name: str, content_type: str) -> HttpResponse:
    """A file to be saved, never to be shown inside our pages: whatever it holds, it is not guessed at, and could run
    nothing."""
    return _harmless(content, content_type, content_disposition_header(as_attachment=True, filename=name))


def as_picture(content: bytes, content_type: str) -> HttpResponse:
    """A picture that one of our pages shows. It could run nothing either."""
    return _harmless(content, content_type, "inline")


def _harmless(content: bytes, content_type: str, disposition: str | None) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = disposition or "attachment"
    response["Content-Security-Policy"] = NOTHING_RUNS
    response["X-Content-Type-Options"] = "nosniff"
    return response
