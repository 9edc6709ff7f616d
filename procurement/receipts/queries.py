"""Reading receipts, and what was counted at the dock."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, When
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from procurement.catalogue.models import Company, Site
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import visible_lines
from procurement.orders.states import OrderState
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
from procurement.receipts.policies import (
    ZERO,
    Awaited,
    BookedGoods,
    Booking,
    CountedGoods,
    Tally,
    counted,
    rejected_in,
)
from procurement.receipts.states import ANSWERS, SETTLEMENTS, TOLD, Rest, SheetState, Word
from procurement.shipments.models import Package, PackedQuantity, ShipNotice, ShipNoticeLine
from procurement.shipments.policies import number_key
from procurement.shipments.queries import live_lines_of, visible_notices
from procurement.shipments.states import LIVE, ON_THE_WAY, NoticeState
from suppliers.models import Supplier


def visible_receipts(actor: Actor) -> QuerySet[Receipt]:
    """The receipts this actor may see, of orders that are here."""
    return Receipt.objects.visible_to(actor).filter(line__isnull=False)


def receipts_by_line(order: PurchaseOrder, *, actor: Actor) -> dict[int, list[Receipt]]:
    """Every receipt of an order, by line, the newest first: one query."""
    found: dict[int, list[Receipt]] = defaultdict(list)
    rows: Iterable[Receipt] = visible_receipts(actor).filter(line__order=order)
    for receipt in rows.order_by("line_id", "-received_on", "-id"):  # type: ignore[attr-defined]  # a queryset
        found[receipt.line_id or 0].append(receipt)
    return found


def counted_by_notice_line(order_ids: Iterable[int]) -> dict[int, Decimal]:
    """What has come with each line of the live notices of these orders, by its id. A fixed number of queries; see
    Note [Which notice] in the policies.
    """
    by_line: dict[int, list[ShipNoticeLine]] = defaultdict(list)
    for one in live_lines_of(order_ids):
        by_line[one.line_id].append(one)
    bookings: dict[int, list[Booking]] = defaultdict(list)
    units = {line_id: found[0].line.unit for line_id, found in by_line.items()}
    booked = Receipt.objects.filter(line__in=by_line, reversed=False).order_by("id")
    for line_id, quantity, unit, reference, told_at in booked.values_list(
        "line_id", "quantity", "unit", "reference", "told_at"
    ):
        if unit == units[line_id]:  # in another unit it says nothing that could be added up
            bookings[line_id].append(Booking(quantity, number_key(reference), told_at))
    telling = _companies_that_book(by_line.values())
    found: dict[int, Decimal] = {}
    for line_id, theirs in by_line.items():
        line = theirs[0].line
        found |= counted(
            [_awaited(one) for one in theirs],
            bookings[line_id],
            received=line.received_quantity,
            is_whole=line.received_quantity >= line.quantity,
            tells_bookings=line.order.company_id in telling,
        )
    return found


def _awaited(one: ShipNoticeLine) -> Awaited:
    notice = one.notice
    is_over = notice.state == NoticeState.CLOSED  # nothing more comes with it
    quantity = one.received_quantity if is_over else one.quantity
    return Awaited(one.pk, notice.number_key, quantity, notice.sent_at or notice.updated_at, one.came_before)


def _companies_that_book(lines: Iterable[Sequence[ShipNoticeLine]]) -> set[int]:
    companies = {one.line.order.company_id for theirs in lines for one in theirs}
    booking = Company.objects.filter(Exists(Receipt.objects.filter(company=OuterRef("pk"))), pk__in=companies)
    return set(booking.values_list("pk", flat=True))


# --- sheets -------------------------------------------------------------------------------------------------


def visible_sheets(actor: Actor) -> QuerySet[ReceivingSheet]:
    """The receiving sheets this actor may see: a supplier those of its goods that are facts, never a count in
    progress.
    """
    sheets = ReceivingSheet.objects.visible_to(actor)
    if actor.is_supplier:
        sheets = sheets.filter(state__in=TOLD)
    return sheets.select_related("company", "supplier", "site", "notice")


def told_sheets(sheets: QuerySet[ReceivingSheet]) -> QuerySet[ReceivingSheet]:
    """Of these sheets, those that are facts."""
    return sheets.filter(state__in=TOLD)


def find_sheet(key: uuid.UUID, *, actor: Actor) -> ReceivingSheet:
    """One sheet. Raises `NotFound` for what is not there or not yours."""
    found: ReceivingSheet | None = visible_sheets(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such receiving sheet."))
    return found


def hold_sheet(key: uuid.UUID, *, actor: Actor) -> ReceivingSheet:
    """One sheet, held until the transaction ends: scans of one sheet come one after the other."""
    found: ReceivingSheet | None = (
        visible_sheets(actor).filter(key=key).select_for_update(of=("self",)).first()
    )
    if found is None:
        raise NotFound(_("There is no such receiving sheet."))
    return found


def site_day(sheet: ReceivingSheet, at: datetime) -> date:
    """The date where the goods are counted."""
    zone = (sheet.site.time_zone if sheet.site else "") or sheet.company.time_zone
    return at.astimezone(ZoneInfo(zone)).date()


def live_notice_of(consignment: uuid.UUID) -> ShipNotice | None:
    """The version of a consignment that counts now; none where it was taken back."""
    live = ShipNotice.objects.filter(consignment=consignment, state__in=LIVE)
    found: ShipNotice | None = live.select_related("ship_to").first()
    return found


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


Said = dict[tuple[str, int], DifferenceWord]


def words_on(sheet: ReceivingSheet) -> tuple[Said, Said]:
    """The newest answer and the settlement of each difference of a sheet. One query."""
    answers: Said = {}
    settlements: Said = {}
    for word in sheet.words.order_by("id"):
        subject = ("line", word.sheet_line_id) if word.sheet_line_id else ("wrong", word.wrong_item_id or 0)
        (answers if word.word in ANSWERS else settlements)[subject] = word
    return answers, settlements


def sheets_of_notice(notice: ShipNotice, *, actor: Actor) -> list[ReceivingSheet]:
    """The sheets of a consignment that count, or counted, the newest first; none that was thrown away."""
    found = visible_sheets(actor).filter(consignment=notice.consignment)
    return list(found.exclude(state=SheetState.DISCARDED).order_by("-begun_at", "-id")[:50])


def unanswered_sheets(actor: Actor) -> QuerySet[ReceivingSheet]:
    """The posted sheets of which something is damaged, missing or on no line, and nobody has said a word of it yet.
    What is only more than was announced is not among them: it is told on the sheet.
    """
    damaged = CountedRow.objects.filter(sheet_line=OuterRef("pk"), damaged__gt=ZERO)
    lines = SheetLine.objects.filter(
        Q(rest=Rest.SHORT) | Exists(damaged),
        ~Exists(DifferenceWord.objects.filter(sheet_line=OuterRef("pk"))),
        sheet=OuterRef("pk"),
    )
    wrong = WrongItem.objects.filter(
        ~Exists(DifferenceWord.objects.filter(wrong_item=OuterRef("pk"))), sheet=OuterRef("pk")
    )
    posted = visible_sheets(actor).filter(Exists(lines) | Exists(wrong), state=SheetState.POSTED)
    return posted.order_by("posted_at", "id")


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


def words_said(keys: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Of each of these sheets, by key: its state, and of how many of its differences somebody has said a word. For the
    buying side and the program itself: it reads what it is given. One query.
    """
    found = ReceivingSheet.objects.filter(key__in=set(keys)).annotate(
        lines_spoken=Count("words__sheet_line", distinct=True),
        items_spoken=Count("words__wrong_item", distinct=True),
    )
    rows = found.values_list("key", "state", "lines_spoken", "items_spoken")
    return {str(key): (state, lines + items) for key, state, lines, items in rows}


def orders_of_sheets(keys: Iterable[str]) -> dict[str, list[PurchaseOrder]]:
    """The orders of which something is on each of these sheets, by the sheet's key. Two queries."""
    rows = SheetLine.objects.filter(sheet__key__in=set(keys)).order_by("order_id")
    pairs = list(rows.values_list("sheet__key", "order_id").distinct())
    orders = PurchaseOrder.objects.select_related("supplier", "company").in_bulk(
        {order for _key, order in pairs}
    )
    found: dict[str, list[PurchaseOrder]] = defaultdict(list)
    for key, order in pairs:
        found[str(key)].append(orders[order])
    return dict(found)


@dataclass(frozen=True, slots=True)
class Marks:
    """What a list says of a sheet: whether something of it is damaged, missing or on no line, and how many lines."""

    damaged: bool = False
    missing: bool = False
    wrong: bool = False
    lines: int = 0


def marks_of(sheets: Iterable[ReceivingSheet]) -> dict[int, Marks]:
    """What a list says of each of these sheets, by id: one query."""
    ids = [sheet.pk for sheet in sheets]
    lines = SheetLine.objects.filter(sheet=OuterRef("pk"))
    rows = CountedRow.objects.filter(sheet_line__sheet=OuterRef("pk"), damaged__gt=ZERO)
    count = lines.order_by().values("sheet").annotate(count=Count("pk")).values("count")
    found = ReceivingSheet.objects.filter(pk__in=ids).annotate(
        is_damaged=Exists(rows),
        is_missing=Exists(lines.filter(rest=Rest.SHORT)),
        is_wrong=Exists(WrongItem.objects.filter(sheet=OuterRef("pk"))),
        line_count=Subquery(count),
    )
    told = found.values_list("pk", "is_damaged", "is_missing", "is_wrong", "line_count")
    return {pk: Marks(damaged, missing, wrong, lines or 0) for pk, damaged, missing, wrong, lines in told}


# --- what can be counted ------------------------------------------------------------------------------------


def awaited_notices(actor: Actor) -> QuerySet[ShipNotice]:
    """The notices whose goods can be counted: on their way, or there and not counted whole."""
    return visible_notices(actor).filter(state__in=ON_THE_WAY)


def due_notices(notices: QuerySet[ShipNotice], *, on: date) -> QuerySet[ShipNotice]:
    """Of these notices, those whose goods are at the dock, or should be by this day; none of which the last count says
    that nothing more comes.
    """
    here = [NoticeState.ARRIVED, NoticeState.PARTLY_RECEIVED]
    posted = ReceivingSheet.objects.filter(
        consignment=OuterRef("consignment"), state=SheetState.POSTED
    ).order_by("-posted_at", "-id")
    counting = ReceivingSheet.objects.filter(consignment=OuterRef("consignment"), state=SheetState.COUNTING)
    follows = SheetLine.objects.filter(sheet=OuterRef("last_count"), rest=Rest.FOLLOWS)
    due = notices.filter(Q(state__in=here) | Q(expected_on__lte=on))
    return due.annotate(last_count=Subquery(posted.values("pk")[:1])).filter(
        Q(last_count=None) | Exists(follows) | Exists(counting)
    )


def suppliers_with_open_lines(actor: Actor) -> list[tuple[str, str]]:
    """The suppliers of whom goods may come, by name, each with its number."""
    open_lines = visible_lines(actor).filter(
        supplier=OuterRef("pk"), order__state=OrderState.ISSUED, cancelled=False, closed=False
    )
    found = Supplier.objects.filter(Exists(open_lines)).order_by("name", "id")
    return list(found.values_list("number", "name")[:2000])


def companies_here() -> list[tuple[str, str]]:
    """The companies of the group, by name, each with its code."""
    return list(Company.objects.order_by("name", "id").values_list("code", "name"))


def sites_here() -> list[tuple[str, str]]:
    """The places that goods go to, by name, each with its code."""
    return list(Site.objects.order_by("name", "id").values_list("code", "name")[:200])


def countable_lines(sheet: ReceivingSheet, *, actor: Actor) -> QuerySet[PurchaseOrderLine]:
    """The order lines of the sheet's supplier for which goods may come unannounced: those with something to come first,
    the one that is expected first before the others. More may come even of a line that is here in full.
    """
    lines = visible_lines(actor).filter(
        supplier=sheet.supplier_id,
        order__company=sheet.company_id,
        order__state=OrderState.ISSUED,
        cancelled=False,
        closed=False,
    )
    is_whole = Case(When(received_quantity__gte=F("quantity"), then=True), default=False)
    return lines.select_related("order").order_by(is_whole, "expected_on", "order_id", "number")


def supplier_numbered(number: str) -> Supplier | None:
    """The supplier of this number."""
    return Supplier.objects.filter(number=number).first()


def company_coded(code: str) -> Company | None:
    """The company of this code; where there is only one, no code will do."""
    if code:
        return Company.objects.filter(code=code).first()
    found = list(Company.objects.order_by("id")[:2])
    return found[0] if len(found) == 1 else None


def site_coded(company: Company, code: str) -> Site | None:
    """The site of this code in a company."""
    return Site.objects.filter(company=company, code=code).first()


def order_lines_named(
    company: int, supplier: int, names: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], PurchaseOrderLine]:
    """The lines of a supplier's orders, by order number and the ERP's key of the line. One query."""
    wanted = set(names)
    found = PurchaseOrderLine.objects.filter(
        supplier=supplier,
        order__company=company,
        order__number__in={order for order, _key in wanted},
        key__in={key for _order, key in wanted},
    ).select_related("order")
    named = {(line.order.number, line.key): line for line in found}
    return {name: line for name, line in named.items() if name in wanted}


@dataclass(frozen=True, slots=True)
class Carton:
    """A package of a notice as the dock ticks it off: by its number, with what lies in it and how deep it stands."""

    package: Package
    number: str
    contents: Sequence[PackedQuantity]
    inner: Sequence[str]


def cartons_of(notice: ShipNotice | None) -> dict[str, Carton]:
    """The packages of a notice by number (one without a number by its place, #7), the outer ones before those in them:
    two queries.
    """
    if notice is None:
        return {}
    packages = list(notice.packages.order_by("position", "id"))
    inside: dict[int, list[PackedQuantity]] = defaultdict(list)
    packed = PackedQuantity.objects.filter(package__in=[one.pk for one in packages]).order_by("id")
    for content in packed.select_related("notice_line"):
        inside[content.package_id or 0].append(content)
    numbers = {one.pk: one.sscc or one.carton_number or f"#{one.position}" for one in packages}
    children: dict[int, list[int]] = defaultdict(list)
    for one in packages:
        if one.parent_id:
            children[one.parent_id].append(one.pk)

    def below(pk: int) -> list[str]:
        return [number for child in children[pk] for number in (numbers[child], *below(child))]

    return {numbers[one.pk]: Carton(one, numbers[one.pk], inside[one.pk], below(one.pk)) for one in packages}


def seen_before(sheet: ReceivingSheet, numbers: Iterable[str]) -> dict[str, PackageSeen]:
    """Of these packages, those that a posted sheet of the consignment has seen, by number. One query."""
    if sheet.consignment is None:
        return {}
    found = PackageSeen.objects.filter(
        number__in=list(numbers), sheet__consignment=sheet.consignment, sheet__state=SheetState.POSTED
    ).exclude(sheet=sheet)
    return {one.number: one for one in found}


def find_photo(key: uuid.UUID, *, actor: Actor) -> SheetPhoto:
    """One picture with its bytes. Raises `NotFound` for what is not there, not yours, or on a count in progress."""
    photos = SheetPhoto.objects.visible_to(actor)
    if actor.is_supplier:
        photos = photos.filter(sheet__state__in=TOLD)
    found: SheetPhoto | None = photos.filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such picture."))
    return found


# --- differences --------------------------------------------------------------------------------------------


def differing_lines(order_ids: Iterable[int]) -> list[CountedLine]:
    """The lines of posted sheets that are of these orders, with their figures and what was said of each, first posted
    first: for cases. Three queries, however many.
    """
    rows = Prefetch("rows", queryset=CountedRow.objects.order_by("id"), to_attr="told_rows")
    words = Prefetch("words", queryset=DifferenceWord.objects.order_by("id"), to_attr="told_words")
    lines = SheetLine.objects.filter(order__in=list(order_ids), sheet__state=SheetState.POSTED)
    found = []
    for one in (
        lines.select_related("sheet__notice", "line")
        .prefetch_related(rows, words)
        .order_by("sheet__posted_at", "sheet_id", "position")
    ):
        tally = Tally(
            one.announced,
            one.counted_before,
            sum((row.quantity for row in one.told_rows), start=ZERO),
            sum((row.damaged for row in one.told_rows), start=ZERO),
        )
        answer, settlement = _last_words(one.told_words)
        found.append(CountedLine(one, one.told_rows, tally, answer=answer, settlement=settlement))
    return found


def wrong_items_of(order_ids: Iterable[int]) -> list[tuple[CountedWrong, int]]:
    """The wrong items on posted sheets whose first line is of these orders, each with that order's id. Two queries."""
    first = SheetLine.objects.filter(sheet=OuterRef("sheet")).order_by("position", "id").values("order")[:1]
    words = Prefetch("words", queryset=DifferenceWord.objects.order_by("id"), to_attr="told_words")
    items = WrongItem.objects.filter(sheet__state=SheetState.POSTED).annotate(first_order=first)
    items = items.filter(first_order__in=list(order_ids)).select_related("sheet__notice")
    return [
        (CountedWrong(one, *_last_words(one.told_words)), one.first_order)
        for one in items.prefetch_related(words).order_by("id")
    ]


def _last_words(
    words: Iterable[DifferenceWord],
) -> tuple[DifferenceWord | None, DifferenceWord | None]:
    said = list(words)
    answers = [one for one in said if one.word in ANSWERS]
    settlements = [one for one in said if one.word in SETTLEMENTS]
    return (answers[-1] if answers else None), (settlements[-1] if settlements else None)


def orders_on_sheets(consignments: Iterable[uuid.UUID], keys: Iterable[uuid.UUID]) -> set[int]:
    """The orders, by id, with lines on the sheets of these consignments, or on these sheets. One query."""
    lines = SheetLine.objects.filter(
        Q(sheet__consignment__in=list(consignments)) | Q(sheet__key__in=list(keys))
    )
    return set(lines.values_list("order_id", flat=True))


def is_settled_on_a_sheet() -> Exists:
    """Of rows of notice lines: whether the buyer has settled what came of the line with the consignment."""
    settled = DifferenceWord.objects.filter(
        Q(word__in=SETTLEMENTS),
        sheet_line__line=OuterRef("line"),
        sheet__consignment=OuterRef("notice__consignment"),
        sheet__state=SheetState.POSTED,
    )
    return Exists(settled)
