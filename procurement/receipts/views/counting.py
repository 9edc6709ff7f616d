"""Counting: one page, made for a hand scanner or a phone, with a field that is always ready for the next scan.

The page is one form. Each scan and each button sends all of it: what was typed is kept first, then the scan counts or
the button does its work. Without a script the page comes anew; with one only the count does.
"""

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, NotFound, Problem, Refusal
from portal.kernel.values import read_key
from portal.kernel.web import paginate, see_other, whole_number
from procurement.acknowledgments.forms import plain_amount, shown_day
from procurement.orders.policies import plain
from procurement.receipts.forms import amount_of, clean_photos, photos_of, read_counts, read_row
from procurement.receipts.messages import NewWrongItem
from procurement.receipts.models import CountedRow, ReceivingSheet
from procurement.receipts.presenters import lines_of, summary_of, ticks_of
from procurement.receipts.queries import (
    cartons_of,
    countable_lines,
    counted_sheet,
    find_sheet,
    seen_before,
)
from procurement.receipts.services import (
    Scanned,
    add_line,
    add_photos,
    drop_photo,
    drop_row,
    drop_wrong_item,
    note_wrong_item,
    save_counts,
    scan,
    see_package,
    take_back,
    unsee_package,
    write_row,
)
from procurement.shipments.queries import matching_lines
from suppliers.roles import Permission

COUNT, LINE, LINES, WRONG = (
    f"procurement/receipts/{name}.html" for name in ("count", "line", "lines", "wrong")
)
LAST = "last-scan"  # in the session: without a script the page comes anew, and says what the last scan did
PAGE_SIZE = 50
MOST_MISSED = 20
MOST_SCANS = 500  # that a scanner has typed while the network was away
# What receiving.js puts before a scan, so that one that is sent again counts once.
MARKED = re.compile(r"([0-9a-z]{6,20}-[0-9a-z]{6,20})\t(.*)", re.ASCII)


def show_count(
    request: DoorRequest,
    sheet: ReceivingSheet,
    *,
    last: dict[str, Any] | None = None,
    problems: Sequence[Problem] = (),
    texts: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """A sheet that is being counted, for who counts."""
    found = counted_sheet(sheet)
    cartons = cartons_of(sheet.notice)
    ticks = ticks_of(found, cartons, seen_before(sheet, cartons))
    if last is None:
        kept = request.session.pop(LAST, None)
        last = kept if kept and kept.get("sheet") == str(sheet.key) else None
    context = {
        "sheet": sheet,
        "lines": lines_of(found, texts=texts, bad=[one.field for one in problems]),
        "ticks": ticks,
        "wrong": found.wrong,
        "photos": [one for one in found.photos if not one.sheet_line_id and not one.wrong_item_id],
        "summary": summary_of(found, ticks),
        "last": last,
        "problems": [{"id": one.field.replace(".", "-"), "message": one.message} for one in problems],
    }
    return render(request, f"{COUNT}#parts" if request.htmx else COUNT, context, status=status)


@door(Permission.GOODS_RECEIVE, methods=["POST"])
def receiving_count(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Keep what was typed, then do what was scanned or pressed."""
    read = read_counts(request.POST, get_language() or "en")
    _sheet, refused = save_counts(key, read.typed, actor=request.actor, at=request.at)
    problems = [*read.problems, *refused]
    said, missed = _do(request, key)
    last = None
    if said is not None:
        last = {**asdict(said), "sheet": str(key)}
        last = json.loads(json.dumps(last, default=lambda value: plain(Decimal(value))))
    if request.POST.get("check") and not problems:
        return _go_to(request, reverse("receiving-post", args=[key]))
    sheet = find_sheet(key, actor=request.actor)
    if problems:
        return show_count(
            request,
            sheet,
            last={**(last or {}), "missed": missed},
            problems=problems,
            texts=dict(read.texts),
            status=422,
        )
    if request.htmx:
        response = show_count(request, sheet, last={**(last or {}), "missed": missed})
        if said is not None:
            response["HX-Trigger"] = json.dumps({"announce": said.text})
        return response
    if last or missed:
        request.session[LAST] = {"sheet": str(key), **(last or {}), "missed": missed}
    return see_other("receiving-sheet", key)


def _go_to(request: DoorRequest, address: str) -> HttpResponse:
    """Another page, whole: a script would put it into this one."""
    if request.htmx:
        response = HttpResponse(status=204)
        response["HX-Redirect"] = address
        return response
    response = HttpResponse(status=303)
    response["Location"] = address
    return response


def _do(request: DoorRequest, key: uuid.UUID) -> tuple[Scanned | None, list[str]]:
    """What was scanned is counted, then what the button says is done; returns what the last of it came to, and which
    scans before it were not counted: who scans fast has not seen the no. They stay until somebody has seen them.
    """
    who: dict[str, Any] = {"actor": request.actor, "at": request.at}
    pressed, said = request.POST, None
    missed = [] if pressed.get("seen") else [text[:300] for text in pressed.getlist("missed")]
    for text in [*pressed.get("scans", "").splitlines()[:MOST_SCANS], pressed.get("scan", "")]:
        if text.strip():
            if said is not None and is_missed(said):
                missed.append(said.text)
            said = _scan(key, text, who)
    if number := pressed.get("see"):
        said = see_package(key, number, **who)
    elif number := pressed.get("unsee"):
        unsee_package(key, number, **who)
    elif back := pressed.get("back"):
        line, _colon, amount = back.partition(":")
        said = take_back(key, whole_number(line) or 0, plain_amount(amount) or Decimal(0), **who)
    elif row := whole_number(pressed.get("drop_row")):
        drop_row(key, row, **who)
    elif item := whole_number(pressed.get("drop_wrong")):
        drop_wrong_item(key, item, **who)
    elif photo := read_key(pressed.get("drop_photo", "")):
        drop_photo(key, photo, **who)
    return said, missed[-MOST_MISSED:]


def is_missed(said: Scanned) -> bool:
    """Whether a scan counted nothing. A package that was counted before is no such thing."""
    return not said.is_good and said.what != "again"


def _scan(key: uuid.UUID, text: str, who: dict[str, Any]) -> Scanned:
    marked = MARKED.fullmatch(text)
    mark, code = marked.groups() if marked else ("", text)
    return scan(key, code[:200], mark=mark, **who)


# --- one line -----------------------------------------------------------------------------------------------


@door(Permission.GOODS_RECEIVE, methods=["GET", "POST"], before=clean_photos)
def receiving_line(request: DoorRequest, key: uuid.UUID, line: int) -> HttpResponse:
    """All there is to say of one line, lot by lot: what is damaged and why, lot, expiry, serials, pictures."""
    sheet = find_sheet(key, actor=request.actor)
    found = next((one for one in counted_sheet(sheet).lines if one.one.pk == line), None)
    if found is None:
        raise NotFound(_("There is no such line on this sheet."))
    if not sheet.is_counting:
        return see_other("receiving-sheet", key)
    wanted = request.POST.get("row", request.GET.get("row", ""))
    rows = {row.pk: row for row in found.rows}
    row = rows.get(whole_number(wanted) or 0)
    if row is None and wanted != "new" and found.rows:
        row = found.rows[0]
    typed, problems, refusal = _row_texts(row), list[Problem](), None
    if request.method == "POST":
        read = read_row(request.POST, line, row.pk if row else None, get_language() or "en")
        typed, problems = dict(read.typed), list(read.problems)
        if not problems:
            try:
                with transaction.atomic():
                    write_row(key, read.command, actor=request.actor, at=request.at)
                    if photos := photos_of(request, line=line):
                        add_photos(key, photos, actor=request.actor, at=request.at)
            except Invalid as told:
                problems = list(told.problems)
            except Refusal as told:
                refusal = told
            else:
                return see_other("receiving-sheet", key)
    context = {
        "sheet": sheet,
        "found": found,
        "line": found.one.line,
        "row": row,
        "is_new": row is None,
        "typed": typed,
        "bad": {one.field for one in problems},
        "problems": [{"id": one.field, "message": one.message} for one in problems],
        "refusal": refusal,
        "was_quantity": plain(row.quantity) if row else "0",
        "was_damaged": plain(row.damaged) if row else "0",
        "photos": [one for one in counted_sheet(sheet).photos if one.sheet_line_id == line],
    }
    status = refusal.status if refusal else 422 if problems else 200
    return render(request, LINE, context, status=status)


def _row_texts(row: CountedRow | None) -> dict[str, str]:
    if row is None:
        return {}
    return {
        "quantity": plain(row.quantity) if row.quantity else "",
        "damaged": plain(row.damaged) if row.damaged else "",
        "wrong": row.wrong,
        "lot": row.lot,
        "expires_on": shown_day(row.expires_on) if row.expires_on else "",
        "serials": "\n".join(row.serials),
        "note": row.note,
    }


@door(Permission.GOODS_RECEIVE, methods=["GET", "POST"])
def receiving_lines(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Other open lines of the supplier, for goods that came without being announced."""
    sheet = find_sheet(key, actor=request.actor)
    if request.method == "POST":
        line = whole_number(request.POST.get("line")) or 0
        made = add_line(key, line, actor=request.actor, at=request.at)
        return see_other("receiving-line", key, made.pk)
    if not sheet.is_counting:
        return see_other("receiving-sheet", key)
    q = request.GET.get("q", "").strip()[:100]
    lines = countable_lines(sheet, actor=request.actor).exclude(
        pk__in=sheet.lines.values_list("line_id", flat=True)
    )
    # More of a line that is here in full is found by its number: it is no open line.
    lines = matching_lines(lines, q) if q else lines.filter(received_quantity__lt=F("quantity"))
    order = ("expected_on", "order_id", "number", "id")
    page = paginate(lines, request.GET.get("cursor", ""), order=order, size=PAGE_SIZE)
    return render(request, LINES, {"sheet": sheet, "page": page, "q": q})


# --- what belongs to no line --------------------------------------------------------------------------------


@door(Permission.GOODS_RECEIVE, methods=["GET", "POST"], before=clean_photos)
def receiving_wrong(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Note something that came and belongs to no line, with a picture of it."""
    sheet = find_sheet(key, actor=request.actor)
    if not sheet.is_counting:
        return see_other("receiving-sheet", key)
    problems: list[Problem] = []
    if request.method == "POST":
        text = request.POST.get("quantity", "")
        quantity = amount_of("quantity", text, get_language() or "en", problems, empty=None)
        if not problems:
            try:
                with transaction.atomic():
                    new = NewWrongItem(request.POST.get("text", ""), quantity)
                    item = note_wrong_item(key, new, actor=request.actor, at=request.at)
                    if photos := photos_of(request, wrong_item=item.pk):
                        add_photos(key, photos, actor=request.actor, at=request.at)
            except Invalid as told:
                problems = list(told.problems)
            else:
                return see_other("receiving-sheet", key)
    context = {
        "sheet": sheet,
        "typed": request.POST or {"text": request.GET.get("text", "")[:300]},
        "bad": {one.field for one in problems},
        "problems": [{"id": one.field, "message": one.message} for one in problems],
    }
    return render(request, WRONG, context, status=422 if problems else 200)
