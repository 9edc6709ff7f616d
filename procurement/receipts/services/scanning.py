"""Scan to receive: a package counts with all in it, an item counts one. Each scan is a transaction of its own.

What cannot be counted is no error: whoever scans reads yes or no and goes on with the next one.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.actors import Actor
from portal.kernel.scope import requires_scope
from procurement.orders.policies import plain
from procurement.receipts.models import CountedRow, PackageSeen, ReceivingSheet, SheetLine
from procurement.receipts.policies import MOST_ROWS, ZERO, Code, Names, is_called, quantity_problem, read_code
from procurement.receipts.queries import (
    Carton,
    announced_by_line,
    cartons_of,
    countable_lines,
    counted_before,
    lines_on,
    rows_of,
    seen_before,
    site_day,
)
from procurement.receipts.services.sheets import add_lines, hold_counting, touch
from procurement.shipments.models import PackedQuantity

ONE = Decimal(1)
LONGEST_LOT = 20
MOST_MARKS = 1000  # twice what a page sends at once


@dataclass(frozen=True, slots=True)
class Scanned:
    """What came of a scan: whether it counted, what it was, and one sentence. `line` is the sheet line's id, `added`
    how much was counted by it, `here` how much of the line is counted now; `package` the number of a package.
    """

    is_good: bool
    what: str
    text: str
    line: int | None = None
    added: Decimal = ZERO
    here: Decimal = ZERO
    announced: Decimal | None = None
    unit: str = ""
    package: str = ""


@requires_scope
def scan(key: uuid.UUID, scanned: str, *, mark: str = "", actor: Actor, at: datetime) -> Scanned:
    """Count what was scanned: a package by its SSCC or our number, an item by any of its numbers or a GS1 symbol.

    `mark` is the page's own name for this scan: sent again, because the answer was lost on its way, it counts once.
    Raises `IllegalTransition` where the sheet is posted or thrown away, `NotAllowed`, `NotFound`.
    """
    sheet = hold_counting(key, actor=actor)
    if mark and mark in sheet.marks:
        return Scanned(True, "kept", _("This scan was counted already; only the answer was lost on its way."))
    if mark:
        sheet.marks = [*sheet.marks, mark][-MOST_MARKS:]
        sheet.save(update_fields=["marks"])
    code = read_code(scanned, today=site_day(sheet, at))
    if not code.text:
        return Scanned(False, "nothing", _("Nothing was scanned. Scan again."))
    cartons = cartons_of(sheet.notice)
    carton = _carton(code, cartons)
    if carton is not None:
        return _see(sheet, carton, cartons, actor=actor, at=at)
    if code.sscc:
        message = _("Package %(number)s is not in this shipment. Set it aside and look at its label.")
        return Scanned(False, "unknown", message % {"number": code.sscc}, package=code.sscc)
    return _count_item(sheet, code, actor=actor, at=at)


def _carton(code: Code, cartons: dict[str, Carton]) -> Carton | None:
    bare = code.text.replace(" ", "")
    for name in (code.sscc, bare, bare.upper()):
        if name and not name.startswith("#") and name in cartons:
            return cartons[name]
    return None


# --- packages -----------------------------------------------------------------------------------------------


@requires_scope
def see_package(key: uuid.UUID, number: str, *, actor: Actor, at: datetime) -> Scanned:
    """Tick a package off by hand, by its number or its place (#7)."""
    sheet = hold_counting(key, actor=actor)
    cartons = cartons_of(sheet.notice)
    if number not in cartons:
        message = _("Package %(number)s is not in this shipment. Set it aside and look at its label.")
        return Scanned(False, "unknown", message % {"number": number[:30]}, package=number[:30])
    return _see(sheet, cartons[number], cartons, actor=actor, at=at)


def _see(
    sheet: ReceivingSheet, carton: Carton, cartons: dict[str, Carton], *, actor: Actor, at: datetime
) -> Scanned:
    """Count a package and all that stands on it or lies in it and was not seen yet."""
    numbers = [carton.number, *carton.inner]
    here = {one.number: one for one in sheet.packages.filter(number__in=numbers)}
    known = {**seen_before(sheet, numbers), **here}
    fresh = [cartons[number] for number in numbers if number not in known]
    if not fresh:
        seen = known[carton.number]
        message = _("Package %(number)s was counted already, by %(name)s. It counts once.")
        text = message % {"number": carton.number, "name": seen.seen_by}
        return Scanned(False, "again", text, package=carton.number)
    lines = {one.line_id: one for one in lines_on(sheet)}
    added: dict[tuple[int, str], Decimal] = {}
    for one in fresh:
        brought = []
        for content in one.contents:
            line = lines.get(content.notice_line.line_id)
            if line is None:
                continue
            name = (line.pk, content.lot)
            added[name] = added.get(name, ZERO) + content.quantity
            brought.append([line.pk, content.lot, plain(content.quantity), content.serials])
            _count(line, content.lot, content.quantity, actor=actor, at=at, like=content)
        PackageSeen.objects.create(
            supplier_id=sheet.supplier_id,
            sheet=sheet,
            number=one.number,
            contents=brought,
            seen_at=at,
            seen_by=actor.label,
        )
    touch(sheet, actor=actor, at=at)
    inside = ngettext("with %(n)d package in it", "with %(n)d packages in it", len(fresh) - 1)
    text = _("Package %(number)s is here.") % {"number": carton.number}
    if len(fresh) > 1:
        values = {"number": carton.number, "inside": inside % {"n": len(fresh) - 1}}
        text = _("Package %(number)s is here, %(inside)s.") % values
    touched = {pk for pk, _lot in added}
    if len(touched) == 1:
        line = next(one for one in lines.values() if one.pk in touched)
        total = sum(added.values(), start=ZERO)
        return _told(sheet, line, "package", text, total, package=carton.number)
    return Scanned(True, "package", text, package=carton.number)


@requires_scope
def unsee_package(key: uuid.UUID, number: str, *, actor: Actor, at: datetime) -> ReceivingSheet:
    """Take the tick off a package again, and what it brought off the count, as far as it is still there."""
    sheet = hold_counting(key, actor=actor)
    seen = sheet.packages.filter(number=number).first()
    if seen is None:
        return sheet
    rows = {(row.sheet_line_id, row.lot): row for row in _rows_on(sheet)}
    for line_id, lot, quantity, serials in seen.contents:
        row = rows.get((line_id, lot))
        if row is not None:
            row.quantity = max(ZERO, row.quantity - Decimal(quantity))
            row.serials = [one for one in row.serials if one not in serials]
            row.counted_at, row.counted_by = at, actor.label
            row.save(update_fields=["quantity", "serials", "counted_at", "counted_by"])
    seen.delete()
    touch(sheet, actor=actor, at=at)
    return sheet


def _rows_on(sheet: ReceivingSheet) -> Iterable[CountedRow]:
    return CountedRow.objects.filter(sheet_line__sheet=sheet)


# --- items --------------------------------------------------------------------------------------------------


def _count_item(sheet: ReceivingSheet, code: Code, *, actor: Actor, at: datetime) -> Scanned:
    line = _line_called(sheet, code)
    if line is None and sheet.notice_id is None:
        line = _open_line_called(sheet, code, actor=actor)
    if line is None:
        shown = code.gtin.lstrip("0") or code.text
        message = _("%(code)s is not on this sheet. Set it aside, or note it as a wrong item.")
        return Scanned(False, "unknown", message % {"code": shown[:60]})
    quantity = code.count or ONE
    unit, decimals = line.line.unit, line.line.unit_decimals
    if problem := quantity_problem("scan", quantity, unit=unit, decimals=decimals):
        return Scanned(False, "unknown", problem.message, line.pk)
    rows = rows_of([line])[line.pk]
    if code.serial and any(code.serial in row.serials for row in rows):
        message = _("Serial number %(serial)s was counted already. It counts once.")
        return Scanned(False, "again", message % {"serial": code.serial}, line.pk)
    if len(rows) >= MOST_ROWS:
        return Scanned(False, "unknown", _("This line has more lots than a sheet has room for."), line.pk)
    lot = code.lot[:LONGEST_LOT] or _only_lot(rows)
    row = _count(line, lot, quantity, actor=actor, at=at)
    if code.serial:
        row.serials = [*row.serials, code.serial]
    if code.expires_on and row.expires_on is None:
        row.expires_on = code.expires_on
    row.save(update_fields=["serials", "expires_on"])
    touch(sheet, actor=actor, at=at)
    values = {"item": line.line.item_number, "quantity": plain(quantity), "unit": unit}
    text = _("%(item)s: %(quantity)s %(unit)s more.") % values
    return _told(sheet, line, "item", text, quantity)


def _line_called(sheet: ReceivingSheet, code: Code) -> SheetLine | None:
    """The line of the sheet that a code names: the first of which something is still to come, else the last."""
    found = [one for one in lines_on(sheet) if is_called(_names(one), code)]
    if len(found) < 2:
        return found[0] if found else None
    announced, before, rows = announced_by_line(sheet.notice), counted_before(sheet), rows_of(found)
    for one in found:
        wanted = announced.get(one.line_id, one.line.quantity - one.line.received_quantity)
        here = sum((row.quantity + row.damaged for row in rows[one.pk]), before.get(one.line_id, ZERO))
        if here < wanted:
            return one
    return found[-1]


def _open_line_called(sheet: ReceivingSheet, code: Code, *, actor: Actor) -> SheetLine | None:
    """The first open order line of the supplier that a code names, now on the sheet."""
    for line in countable_lines(sheet, actor=actor)[:2000]:
        if is_called(Names(line.item_number, line.supplier_part_number, line.gtin), code):
            (made,) = add_lines(sheet, [(line.order_id, line.pk)])
            made.line = line
            return made
    return None


def _names(one: SheetLine) -> Names:
    return Names(one.line.item_number, one.line.supplier_part_number, one.line.gtin)


def _only_lot(rows: Sequence[CountedRow]) -> str:
    """The lot of an item that tells none: the only one there is, else it is not known."""
    lots = {row.lot for row in rows}
    return lots.pop() if len(lots) == 1 else ""


def _count(
    line: SheetLine,
    lot: str,
    quantity: Decimal,
    *,
    actor: Actor,
    at: datetime,
    like: PackedQuantity | None = None,
) -> CountedRow:
    """So much more of a lot is good. `like` is what the notice packed, whose expiry and serials go along."""
    row = CountedRow.objects.filter(sheet_line=line, lot=lot).first()
    if row is None:
        row = CountedRow(supplier_id=line.supplier_id, sheet_line=line, lot=lot)
    row.quantity += quantity
    row.counted_at, row.counted_by = at, actor.label
    if like is not None:
        row.expires_on = row.expires_on or like.expires_on
        row.serials = [*row.serials, *like.serials]
    row.save()
    return row


def _told(
    sheet: ReceivingSheet, line: SheetLine, what: str, text: str, added: Decimal, *, package: str = ""
) -> Scanned:
    """A scan that counted, with how much of its line is here now."""
    rows = rows_of([line])[line.pk]
    here = sum((row.quantity + row.damaged for row in rows), counted_before(sheet).get(line.line_id, ZERO))
    announced = announced_by_line(sheet.notice).get(line.line_id)
    if announced is not None and here > announced:
        over = plain(here - announced)
        more = _("That is %(over)s %(unit)s more than announced.") % {"over": over, "unit": line.line.unit}
        text = f"{text} {more}"
    return Scanned(True, what, text, line.pk, added, here, announced, line.line.unit, package)


@requires_scope
def take_back(key: uuid.UUID, line_id: int, quantity: Decimal, *, actor: Actor, at: datetime) -> Scanned:
    """Take the last scan of an item off the count again."""
    sheet = hold_counting(key, actor=actor)
    line = next((one for one in lines_on(sheet) if one.pk == line_id), None)
    left = quantity
    for row in sorted(rows_of([line])[line.pk] if line else (), key=lambda one: one.counted_at, reverse=True):
        taken = min(row.quantity, left)
        if taken > ZERO:
            row.quantity -= taken
            row.serials = row.serials[:-1] if taken == ONE else row.serials
            row.counted_at, row.counted_by = at, actor.label
            row.save(update_fields=["quantity", "serials", "counted_at", "counted_by"])
            left -= taken
    touch(sheet, actor=actor, at=at)
    return Scanned(True, "back", _("Taken off the count again."), line.pk if line else None)
