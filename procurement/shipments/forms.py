"""The fields of a ship notice and its packages: what is typed in, and what it means.

Note [What I touched]: the editor sends all its fields each time, and beside them what they said when they were last
brought here (`was`). So when a colleague has changed the notice meanwhile, a field that I left alone takes the
colleague's word, one that I touched keeps mine, and one that both touched is told.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from procurement.acknowledgments.forms import (
    kept_text,
    one_line_end,
    plain_amount,
    plain_day,
    shown_text,
)
from procurement.labels.elements import BadElement, read_elements
from procurement.orders.policies import plain
from procurement.shipments.messages import LineEntry, NoticeHeader, PackedContent, SaveNotice
from procurement.shipments.models import ShipNotice, ShipNoticeLine
from procurement.shipments.policies import MOST_LINES, MOST_PACKAGES, ZERO
from procurement.shipments.queries import Written

DAYS = ("ship_on", "delivery_on")
WORDS = ("number", "ship_from", "carrier", "service", "bill_of_lading", "freight_terms", "seal", "note")
HEADER = (*WORDS, *DAYS, "tracking_numbers", "pieces", "gross_kg")
LINE = ("quantity", "remainder", "follows_on")
LONGEST = 4000
MOST_WAS = 200_000
MOST_PLACES = 2 * MOST_PACKAGES  # positions, of which some are gone

# An SSCC or a GTIN behind its application identifier, alone or with more behind it.
GS1 = re.compile(r"(00[0-9]{18}|0[12][0-9]{14})")

Typed = Mapping[str, str]


# --- what is kept, as text ----------------------------------------------------------------------------------


def header_texts(notice: ShipNotice) -> dict[str, str]:
    """The head of a notice as its fields hold it."""
    return {
        **{name: str(getattr(notice, name)) for name in WORDS if name != "ship_from"},
        **{name: _iso(getattr(notice, name)) for name in DAYS},
        "ship_from": notice.ship_from.code if notice.ship_from else "",
        "tracking_numbers": "\n".join(notice.tracking_numbers),
        "pieces": str(notice.pieces or ""),
        "gross_kg": "" if notice.gross_kg is None else plain(notice.gross_kg),
    }


def line_texts(one: ShipNoticeLine) -> dict[str, str]:
    """A line of a notice as its fields hold it."""
    return {
        f"quantity.{one.pk}": plain(one.quantity),
        f"remainder.{one.pk}": one.remainder,
        f"follows_on.{one.pk}": _iso(one.follows_on),
    }


def texts_of(draft: Written) -> dict[str, str]:
    """All that the fields of the editor hold, by their names."""
    found = header_texts(draft.notice)
    for one in draft.lines:
        found |= line_texts(one)
    return found


def shown(name: str, text: str) -> str:
    """A kept text as the reader of this page writes it."""
    kind = _kind(name)
    return shown_text(kind, text) if kind else text


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _kind(name: str) -> str:
    """As what a field is read: a figure, a day, or words."""
    stem = name.partition(".")[0]
    if stem in ("quantity", "gross_kg"):
        return "quantity"
    return "delivery_on" if stem in (*DAYS, "follows_on") else ""


# --- the editor ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadNotice:
    """What the editor's form says: the command, every field as typed, what of it cannot be read, and what it said
    before anybody typed. A field that cannot be read stays as it was kept.
    """

    command: SaveNotice
    typed: Typed
    problems: tuple[Problem, ...] = ()
    was: Typed = field(default_factory=dict)


def read_notice_form(
    data: MultiValueDict[str, str], draft: Written, version: int, language: str
) -> ReadNotice:
    """A draft out of its form; what the form does not bring stays as it is."""
    typed = {
        name: _typed(name, str(data[name]), language) if name in data else text
        for name, text in texts_of(draft).items()
    }
    problems: list[Problem] = []
    kept = header_texts(draft.notice)
    said: dict[str, Any] = {name: typed[name].strip() for name in WORDS}
    said |= {name: _day(name, typed[name], kept[name], problems) for name in DAYS}
    header = NoticeHeader(
        **said,
        tracking_numbers=_tracking(typed["tracking_numbers"]),
        pieces=_pieces(typed["pieces"], kept["pieces"], problems),
        gross_kg=_amount("gross_kg", typed["gross_kg"], draft.notice.gross_kg, problems),
    )
    lines = tuple(_line(one, typed, problems) for one in draft.lines)
    command = SaveNotice(draft.notice.key, version, header, lines)
    return ReadNotice(command, typed, tuple(problems), _was(data.get("was", "")))


def merged(sent: ReadNotice, now: Typed) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """What the fields hold after a colleague's change, and which of mine the colleague has changed too: see Note
    [What I touched].
    """
    mine = dict(now)
    both = []
    for name, text in sent.typed.items():
        was = sent.was.get(name)
        if name not in now or was is None or text == was or text == now[name]:
            continue
        mine[name] = text
        if now[name] != was:
            both.append((name, now[name]))
    return mine, both


def _typed(name: str, text: str, language: str) -> str:
    kind = _kind(name)
    if kind:
        return kept_text(kind, text, language)
    return one_line_end(text)[:LONGEST].strip()


def _was(text: str) -> dict[str, str]:
    try:
        found = json.loads(text[:MOST_WAS]) if text else {}
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _tracking(text: str) -> tuple[str, ...]:
    """One number to a line, or several with commas between them; told twice it is there once."""
    return tuple(dict.fromkeys(part.strip() for part in re.split(r"[\n,;]", text) if part.strip()))


def _line(one: ShipNoticeLine, typed: Typed, problems: list[Problem]) -> LineEntry:
    name = f"quantity.{one.pk}"
    quantity = ZERO if not typed[name] else _amount(name, typed[name], one.quantity, problems)
    follows = f"follows_on.{one.pk}"
    return LineEntry(
        one.pk,
        one.quantity if quantity is None else quantity,
        typed[f"remainder.{one.pk}"],
        _day(follows, typed[follows], _iso(one.follows_on), problems),
    )


def _amount(name: str, text: str, kept: Decimal | None, problems: list[Problem]) -> Decimal | None:
    if not text:
        return None
    amount = plain_amount(text)
    if amount is None:
        message = _("“%(text)s” is no number. Write it like 1,200 or 12.50.") % {"text": text[:40]}
        problems.append(Problem(name, message, text[:40], "invalid"))
        return kept
    return amount


def _pieces(text: str, kept: str, problems: list[Problem]) -> int | None:
    if text and not re.fullmatch(r"[0-9]{1,9}", text):
        message = _("“%(text)s” is no number of pieces. Write digits only.") % {"text": text[:40]}
        problems.append(Problem("pieces", message, text[:40], "invalid"))
        text = kept
    return int(text) if text else None


def _day(name: str, text: str, kept: str, problems: list[Problem]) -> date | None:
    if not text:
        return None
    day = plain_day(text)
    if day is None:
        message = _("“%(text)s” is no day. Write it like 2026-04-01.") % {"text": text[:40]}
        problems.append(Problem(name, message, text[:40], "invalid"))
        return plain_day(kept)
    return day


# --- one package --------------------------------------------------------------------------------------------

CONTENT = ("line", "quantity", "lot", "serials", "expires_on", "origin", "dangerous_goods")
MEASURES = ("gross_kg", "length_cm", "width_cm", "height_cm")
SPARE_ROWS = 1
MOST_CONTENTS = MOST_LINES  # as many as a program may put into one package


@dataclass(frozen=True, slots=True)
class ReadPackage:
    """What the form of a package says: its measures, what lies in it, what was typed, and what cannot be read."""

    measures: Mapping[str, Decimal | None]
    tracking_number: str
    contents: tuple[PackedContent, ...]
    typed: Typed
    problems: tuple[Problem, ...] = ()


def read_package_form(data: MultiValueDict[str, str], language: str) -> ReadPackage:
    """A package out of its form. A row without a quantity is none."""
    problems: list[Problem] = []
    typed = {name: kept_text("quantity", data.get(name, ""), language) for name in MEASURES}
    typed["tracking_number"] = data.get("tracking_number", "").strip()
    measures = {name: _amount(name, typed[name], None, problems) for name in MEASURES}
    contents = []
    for row in range(MOST_CONTENTS + SPARE_ROWS):
        if f"quantity.{row}" not in data:
            break
        content = _content(data, row, typed, language, problems)
        if content is not None:
            contents.append(content)
    return ReadPackage(measures, typed["tracking_number"], tuple(contents), typed, tuple(problems))


def _content(
    data: MultiValueDict[str, str], row: int, typed: dict[str, str], language: str, problems: list[Problem]
) -> PackedContent | None:
    for name in CONTENT:
        text = data.get(f"{name}.{row}", "")
        kind = {"quantity": "quantity", "expires_on": "delivery_on"}.get(name)
        typed[f"{name}.{row}"] = kept_text(kind, text, language) if kind else one_line_end(text).strip()
    if not typed[f"quantity.{row}"]:
        return None
    quantity = _amount(f"quantity.{row}", typed[f"quantity.{row}"], ZERO, problems)
    expires = f"expires_on.{row}"
    position = typed[f"line.{row}"]
    return PackedContent(
        position=int(position) if re.fullmatch(r"[0-9]{1,6}", position) else 0,
        quantity=quantity or ZERO,
        lot=typed[f"lot.{row}"],
        serials=serials_of(typed[f"serials.{row}"]),
        expires_on=_day(expires, typed[expires], "", problems),
        origin=typed[f"origin.{row}"],
        dangerous_goods=typed[f"dangerous_goods.{row}"],
    )


def serials_of(text: str) -> tuple[str, ...]:
    """Serial numbers, one to a line as a scanner types them, or with commas between them."""
    return tuple(part.strip() for part in re.split(r"[\n,;]", text) if part.strip())


# --- packing in one line ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PackWish:
    """ "40 cartons of 12": so many (none: as many as the rest needs), of which kind, with how much in each."""

    count: int | None
    kind: str
    each: Decimal
    lot: str = ""
    onto: int | None = None


def read_pack(data: MultiValueDict[str, str], position: str, language: str) -> tuple[PackWish, list[Problem]]:
    """How a line is to be packed, out of its row."""
    problems: list[Problem] = []
    each_name, count_name = f"each.{position}", f"count.{position}"
    text = kept_text("quantity", data.get(each_name, ""), language)
    each = _amount(each_name, text, None, problems)
    if not text:
        message = _("Say how much goes into one package.")
        problems.append(Problem(each_name, message, "", "required"))
    count_text = data.get(count_name, "").strip()
    if count_text and not re.fullmatch(r"[0-9]{1,6}", count_text):
        message = _("“%(text)s” is no number of packages. Write digits only.") % {"text": count_text[:40]}
        problems.append(Problem(count_name, message, count_text[:40], "invalid"))
        count_text = ""
    wish = PackWish(
        int(count_text) if count_text else None,
        data.get(f"kind.{position}", "carton"),
        each or ZERO,
        data.get(f"lot.{position}", "").strip(),
        place_of(data.get("onto", "")),
    )
    return wish, problems


def place_of(text: str) -> int | None:
    """A package named by its position; None for none."""
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else None


def places_of(texts: list[str]) -> list[int]:
    """Packages that are ticked: "7" or "7-46" each. However often one is named, it is there once."""
    found: dict[int, None] = {}
    for text in texts[:MOST_PACKAGES]:
        first, _dash, last = text.partition("-")
        start, end = place_of(first), place_of(last or first)
        if start is not None and end is not None and start <= end < start + MOST_PLACES:
            found |= dict.fromkeys(range(start, end + 1))
        if len(found) > MOST_PLACES:
            break
    return list(found)


# --- what happened on the way -------------------------------------------------------------------------------


def read_moment(day: str, clock: str, zone: str, language: str) -> tuple[datetime | None, list[Problem]]:
    """A moment out of a day and an hour as they are where the writer is."""
    problems: list[Problem] = []
    text = kept_text("delivery_on", day, language)
    found = _day("day", text, "", problems)
    if not text:
        problems.append(Problem("day", _("Say on which day it happened."), "", "required"))
    try:
        hour = time.fromisoformat(clock.strip()) if clock.strip() else time(12)
    except ValueError:
        message = _("“%(text)s” is no time of day. Write it like 14:30.") % {"text": clock[:20]}
        problems.append(Problem("clock", message, clock[:20], "invalid"))
        return None, problems
    return (datetime.combine(found, hour, ZoneInfo(zone)) if found else None), problems


def read_optional_day(name: str, text: str, language: str) -> tuple[date | None, list[Problem]]:
    """A day that may be missing."""
    problems: list[Problem] = []
    return _day(name, kept_text("delivery_on", text, language), "", problems), problems


def read_scan(text: str) -> str:
    """What a scanner typed, without the signs of the symbol around it: "]C100…", "(00)…".

    Of a GS1 symbol it is the number of the package, else that of the item: its SSCC or GTIN.
    """
    scanned = re.sub(r"^\][A-Za-z][0-9]", "", text.strip().strip("\x1d"))
    bare = scanned.replace(" ", "")
    if bare.startswith("(00)"):
        return bare[4:]
    if re.fullmatch(r"00[0-9]{18}", bare):
        return bare[2:]
    if GS1.match(bare):
        try:
            said = {element.ai: element.data for element in read_elements(bare)}
        except BadElement:
            return scanned[:100]
        return next((said[ai] for ai in ("00", "01", "02") if ai in said), scanned[:100])
    return scanned[:100]
