"""What was counted on sheets: beside what was announced, what was booked, and what was sent back."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import F, Sum

from procurement.orders.models import PurchaseOrderLine
from procurement.receipts.models import (
    CountedRow,
    DifferenceWord,
    PackageSeen,
    Receipt,
    ReceivingSheet,
    SheetLine,
    SheetPhoto,
    WrongItem,
)
from procurement.receipts.policies import ZERO, BookedGoods, CountedGoods, Tally, rejected_in
from procurement.receipts.queries.sheets import words_on
from procurement.receipts.states import SETTLEMENTS, SheetState, Word
from procurement.shipments.models import ShipNotice, ShipNoticeLine
from procurement.shipments.policies import number_key


def announced_by_line(notice: ShipNotice | None) -> dict[int, Decimal]:
    """What a notice says of each order line, by the line's id. One query."""
    if notice is None:
        return {}
    lines = ShipNoticeLine.objects.filter(notice=notice, quantity__gt=ZERO)
    return dict(lines.values_list("line_id", "quantity"))


def counted_on_sheets(consignment: uuid.UUID | None, *, besides: int | None = None) -> dict[int, Decimal]:
    """What posted sheets of a consignment have of each order line, damaged or not, by the line's id. One query."""
    if consignment is None:
        return {}
    rows = CountedRow.objects.filter(
        sheet_line__sheet__consignment=consignment, sheet_line__sheet__state=SheetState.POSTED
    ).exclude(sheet_line__sheet=besides)
    sums = rows.order_by().values_list("sheet_line__line_id").annotate(sum=Sum(F("quantity") + F("damaged")))
    return dict(sums)


def counted_before(sheet: ReceivingSheet) -> dict[int, Decimal]:
    """What of each line is here already, by the line's id: as other sheets of the consignment have it, or as the ERP
    has booked it without any. Two queries.
    """
    found = counted_on_sheets(sheet.consignment, besides=sheet.pk)
    if sheet.notice_id is not None:
        booked = ShipNoticeLine.objects.filter(notice=sheet.notice_id, received_quantity__gt=ZERO)
        for line_id, received in booked.values_list("line_id", "received_quantity"):
            found[line_id] = max(received, found.get(line_id, ZERO))
    return found


def rows_of(lines: Iterable[SheetLine]) -> dict[int, list[CountedRow]]:
    """The rows of these lines, by the sheet line's id. One query."""
    found: dict[int, list[CountedRow]] = defaultdict(list)
    for row in CountedRow.objects.filter(sheet_line__in=[one.pk for one in lines]).order_by("id"):
        found[row.sheet_line_id].append(row)
    return found


def lines_on(sheet: ReceivingSheet) -> list[SheetLine]:
    """The lines of a sheet in their order, each with its order line and order. One query."""
    return list(sheet.lines.select_related("line__order").order_by("position", "id"))


@dataclass(frozen=True, slots=True)
class CountedLine:
    """A line of a sheet with its rows and figures; `booked` is what the ERP has booked of the line with the sheet's
    reference; `answer` and `settlement` are what both sides have said of it.
    """

    one: SheetLine
    rows: Sequence[CountedRow]
    tally: Tally
    booked: Decimal = ZERO
    answer: DifferenceWord | None = None
    settlement: DifferenceWord | None = None

    @property
    def is_missing(self) -> bool:
        """Whether it was said that what is not here will not come."""
        return self.one.rest == "short" and self.tally.missing > ZERO

    @property
    def has_difference(self) -> bool:
        """Whether there is something that the supplier may answer: damaged, missing, or more than announced."""
        return bool(self.tally.damaged or self.is_missing or self.tally.over)


@dataclass(frozen=True, slots=True)
class CountedWrong:
    """A wrong item with what both sides have said of it."""

    one: WrongItem
    answer: DifferenceWord | None = None
    settlement: DifferenceWord | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """A sheet as a whole, read once."""

    sheet: ReceivingSheet
    lines: Sequence[CountedLine]
    seen: Mapping[str, PackageSeen] = field(default_factory=dict)
    wrong: Sequence[CountedWrong] = ()
    photos: Sequence[SheetPhoto] = ()

    @property
    def differences(self) -> list[CountedLine]:
        return [one for one in self.lines if one.has_difference]


def difference_count(found: Counted) -> int:
    """Of how many things on a sheet the supplier may say a word: lines that differ, and wrong items."""
    return len(found.differences) + len(found.wrong)


def counted_sheet(sheet: ReceivingSheet) -> Counted:
    """A sheet with its lines, rows, packages, wrong items, pictures and words: a fixed number of queries."""
    lines = lines_on(sheet)
    rows = rows_of(lines)
    if sheet.is_counting:
        announced = announced_by_line(sheet.notice)
        before = counted_before(sheet)
    else:
        announced = {one.line_id: one.announced for one in lines if one.announced is not None}
        before = {one.line_id: one.counted_before for one in lines}
    booked = booked_by_line(sheet, lines)
    answers, settlements = words_on(sheet)
    return Counted(
        sheet,
        [
            CountedLine(
                one,
                rows[one.pk],
                Tally(
                    announced.get(one.line_id),
                    before.get(one.line_id, ZERO),
                    sum((row.quantity for row in rows[one.pk]), start=ZERO),
                    sum((row.damaged for row in rows[one.pk]), start=ZERO),
                ),
                booked.get(one.line_id, ZERO),
                answers.get(("line", one.pk)),
                settlements.get(("line", one.pk)),
            )
            for one in lines
        ],
        {seen.number: seen for seen in sheet.packages.order_by("id")},
        [
            CountedWrong(one, answers.get(("wrong", one.pk)), settlements.get(("wrong", one.pk)))
            for one in sheet.wrong_items.order_by("id")
        ],
        list(sheet.photos.defer("content").order_by("id")),
    )


def booked_by_line(sheet: ReceivingSheet, lines: Iterable[SheetLine]) -> dict[int, Decimal]:
    """What the ERP has booked of these lines with the sheet's reference, by the order line's id. One query."""
    wanted = number_key(sheet.reference)
    units = {one.line_id: one.line.unit for one in lines}
    found: dict[int, Decimal] = defaultdict(Decimal)
    receipts = Receipt.objects.filter(line__in=units, reversed=False).exclude(reference="")
    for line_id, quantity, unit, reference in receipts.values_list(
        "line_id", "quantity", "unit", "reference"
    ):
        if number_key(reference) == wanted and unit == units[line_id]:
            found[line_id] += quantity
    return found


def rejected_by_line(lines: Mapping[int, PurchaseOrderLine]) -> dict[int, Decimal]:
    """How much of what the ERP has received of these order lines was not accepted at the dock, by the line's id; see
    `policies.rejected_in`. For the buying side and the program itself. One query where nothing was damaged, else five.
    """
    damaged = CountedRow.objects.filter(
        sheet_line__line__in=list(lines), sheet_line__sheet__state=SheetState.POSTED, damaged__gt=ZERO
    )
    wanted = set(damaged.order_by().values_list("sheet_line__line_id", flat=True).distinct())
    if not wanted:
        return {}
    counts = _counted_goods(wanted)
    bookings: dict[int, list[BookedGoods]] = defaultdict(list)
    receipts = Receipt.objects.filter(line__in=wanted, reversed=False)
    for line, unit, reference, day, quantity in receipts.values_list(
        "line_id", "unit", "reference", "received_on", "quantity"
    ):
        if unit == lines[line].unit:  # in another unit it says nothing that could be added up
            bookings[line].append(BookedGoods(number_key(reference), day, quantity))
    return {
        line: rejected_in(lines[line].received_quantity, found, bookings[line])
        for line, found in counts.items()
    }


def _counted_goods(line_ids: Collection[int]) -> dict[int, list[CountedGoods]]:
    """What posted sheets have of these order lines, by the line's id."""
    on_sheets = SheetLine.objects.filter(line__in=line_ids, sheet__state=SheetState.POSTED)
    found = list(
        on_sheets.select_related("sheet__notice")
        .annotate(good=Sum("rows__quantity"), damaged=Sum("rows__damaged"))
        .order_by("id")
    )
    words = DifferenceWord.objects.filter(sheet_line__in=found, word__in=SETTLEMENTS).order_by("id")
    settled = dict(words.values_list("sheet_line_id", "word"))  # the last one counts
    before = {
        (notice, line): came
        for notice, line, came in ShipNoticeLine.objects.filter(
            notice__in={one.sheet.notice_id for one in found if one.sheet.notice_id}, line__in=line_ids
        ).values_list("notice_id", "line_id", "came_before")
    }
    counts: dict[int, list[CountedGoods]] = defaultdict(list)
    for one in found:
        good, damaged = one.good or ZERO, one.damaged or ZERO
        if settled.get(one.pk) == Word.ACCEPTED:
            good, damaged = good + damaged, ZERO
        assert one.sheet.received_on is not None  # it was posted
        counts[one.line_id].append(
            CountedGoods(
                number_key(one.sheet.reference),
                one.sheet.received_on,
                good,
                damaged,
                before.get((one.sheet.notice_id or 0, one.line_id), ZERO),
            )
        )
    return counts
