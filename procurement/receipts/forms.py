"""The fields of a receiving sheet: what is typed at the dock, and what it means. Rules are the services'."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from portal.kernel.web import whole_number
from procurement.acknowledgments.forms import kept_text, one_line_end, plain_amount, plain_day
from procurement.receipts.messages import CountRow, NewPhoto, Typed
from procurement.receipts.policies import LARGEST_UPLOAD, MOST_PHOTOS_AT_ONCE, MOST_ROWS, ZERO
from procurement.receipts.services import clean_photo

GOOD = re.compile(r"good\.(\d{1,18})\.(\d{1,18})", re.ASCII)

Fields = MultiValueDict[str, str]


def amount_of(
    name: str, text: str, language: str, problems: list[Problem], empty: Decimal | None = ZERO
) -> Decimal | None:
    """A figure as its reader types it; `empty` where nothing is there or it cannot be read, which is told."""
    kept = kept_text("quantity", text, language)
    if not kept:
        return empty
    amount = plain_amount(kept)
    if amount is None:
        message = _("“%(text)s” is no number. Write it like 1,200 or 12.50.") % {"text": text[:40]}
        problems.append(Problem(name, message, text[:40], "invalid"))
        return empty
    return amount


def day_of(name: str, text: str, language: str, problems: list[Problem]) -> date | None:
    """A day as its reader types it, or none."""
    kept = kept_text("delivery_on", text, language)
    if not kept:
        return None
    day = plain_day(kept)
    if day is None:
        message = _("“%(text)s” is no day. Write it like 2026-04-01.") % {"text": text[:40]}
        problems.append(Problem(name, message, text[:40], "invalid"))
    return day


@dataclass(frozen=True, slots=True)
class ReadCounts:
    """What stands in the fields of a sheet: what can be read, every field as typed, and what cannot be read."""

    typed: tuple[Typed, ...]
    texts: Mapping[str, str]
    problems: tuple[Problem, ...] = ()


def read_counts(data: Fields, language: str) -> ReadCounts:
    """The counts of a sheet out of its form. `was.…` beside each field says what the page had shown."""
    typed, problems, texts = list[Typed](), list[Problem](), dict[str, str]()
    for name in list(data)[: 2 * MOST_ROWS + 100]:
        found = GOOD.fullmatch(name)
        if not found:
            continue
        texts[name] = str(data[name])
        was = plain_amount(data.get(f"was.{found[1]}.{found[2]}", "0")) or ZERO
        seen = len(problems)
        amount = amount_of(name, texts[name], language, problems)
        if amount is not None and len(problems) == seen:
            typed.append(Typed(int(found[1]), int(found[2]) or None, amount, was))
    return ReadCounts(tuple(typed), texts, tuple(problems))


ROW = ("quantity", "damaged", "wrong", "lot", "expires_on", "serials", "note")


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One row out of its form: the command, every field as typed, and what cannot be read."""

    command: CountRow
    typed: Mapping[str, str]
    problems: tuple[Problem, ...] = ()


def read_row(data: Fields, line: int, row: int | None, language: str) -> ReadRow:
    """All that is said of one row of a line."""
    typed = {name: one_line_end(data.get(name, "")).strip() for name in ROW}
    problems: list[Problem] = []
    command = CountRow(
        line,
        row,
        amount_of("quantity", typed["quantity"], language, problems) or ZERO,
        amount_of("damaged", typed["damaged"], language, problems) or ZERO,
        wrong=typed["wrong"],
        lot=typed["lot"],
        expires_on=day_of("expires_on", typed["expires_on"], language, problems),
        serials=tuple(part.strip() for part in re.split(r"[\n,;]", typed["serials"]) if part.strip()),
        note=typed["note"],
        was=(
            plain_amount(data.get("was_quantity", "0")) or ZERO,
            plain_amount(data.get("was_damaged", "0")) or ZERO,
        ),
    )
    return ReadRow(command, typed, tuple(problems))


def read_rests(data: Fields) -> dict[int, str]:
    """What is said of the rest of each line, by the sheet line's id."""
    found = {}
    for name in data:
        line = whole_number(name.removeprefix("rest.")) if name.startswith("rest.") else None
        if line is not None and data[name]:
            found[line] = str(data[name])[:20]
    return found


# --- pictures -----------------------------------------------------------------------------------------------


def clean_photos(request: HttpRequest) -> None:
    """Make the pictures of a form ready to be kept, before the door opens its transaction; they wait on the request.

    Raises `Invalid` for what is no picture. One more than is taken is read, so that the service can say so.
    """
    uploads: Iterable[UploadedFile] = request.FILES.getlist("photos")[: MOST_PHOTOS_AT_ONCE + 1]
    request.photos = [  # type: ignore[attr-defined]  # read by `photos_of`
        NewPhoto(clean_photo(upload.read(LARGEST_UPLOAD + 1), upload.name or ""), upload.name or "")
        for upload in uploads
    ]


def photos_of(
    request: HttpRequest, *, line: int | None = None, wrong_item: int | None = None
) -> tuple[NewPhoto, ...]:
    """The pictures of a form, and what they show."""
    found: list[NewPhoto] = getattr(request, "photos", [])
    return tuple(NewPhoto(one.content, one.name, line, wrong_item) for one in found)
