"""Receipts as the ERP tells them, and what of them was counted here."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet

from portal.kernel.actors import Actor
from procurement.catalogue.models import Company
from procurement.orders.models import PurchaseOrder
from procurement.receipts.models import Receipt
from procurement.receipts.policies import Awaited, Booking, counted
from procurement.shipments.models import ShipNoticeLine
from procurement.shipments.policies import number_key
from procurement.shipments.queries import live_lines_of
from procurement.shipments.states import NoticeState


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
