"""What one review looks at: some orders, held, and some streams, with what all kinds read of them read once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from procurement.catalogue.models import Company, StockPosition
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.queries import live_promises_by_line, schedules_by_line
from procurement.orders.states import Agreement, OrderState, Turn
from procurement.receipts.queries import CountedLine, counted_by_notice_line, differing_lines
from procurement.shipments.models import ShipNoticeLine
from procurement.shipments.queries import live_lines_of
from procurement.shipments.states import ON_THE_WAY, NoticeState

# What has arrived and is not counted yet, or not wholly.
AT_THE_DOCK = (NoticeState.ARRIVED, NoticeState.PARTLY_RECEIVED)


def of_known_stock(lines: QuerySet[PurchaseOrderLine]) -> QuerySet[PurchaseOrderLine]:
    """Of these lines, those of an item whose stock is known at the place they go to."""
    stock = StockPosition.objects.filter(
        item__number=OuterRef("item_number"), site=Coalesce(OuterRef("ship_to"), OuterRef("order__ship_to"))
    )
    return lines.filter(Exists(stock))


def today_by_company(at: datetime) -> dict[int, date]:
    """The date where each company is, by its id."""
    return {one.pk: at.astimezone(ZoneInfo(one.time_zone)).date() for one in Company.objects.all()}


def at_the_dock() -> Exists:
    """Whether what is to come next of a line has arrived, and only waits to be counted: nobody needs to look for it."""
    notices = ShipNoticeLine.objects.filter(
        line=OuterRef("pk"),
        notice__state__in=AT_THE_DOCK,
        notice__expected_on=OuterRef("next_delivery_on"),
        quantity__gt=F("received_quantity"),
    )
    return Exists(notices)


@dataclass
class Reach:
    """Orders by id, each with company and supplier; `streams` are those of papers that belong to no order."""

    orders: Mapping[int, PurchaseOrder]
    streams: frozenset[str]
    at: datetime

    def today(self, order: PurchaseOrder) -> date:
        """The date where the order's company is: days of delivery are its days."""
        return self.at.astimezone(ZoneInfo(order.company.time_zone)).date()

    @cached_property
    def live(self) -> list[int]:
        """The orders on which anything can still happen."""
        return [pk for pk, order in self.orders.items() if order.state == OrderState.ISSUED]

    @cached_property
    def order_streams(self) -> Mapping[str, PurchaseOrder]:
        """Each order by its stream."""
        return {order.stream: order for order in self.orders.values()}

    @cached_property
    def answered(self) -> Sequence[PurchaseOrderLine]:
        """The lines on which the buyer holds the ball."""
        return self.with_orders(self._lines().filter(turn=Turn.BUYER))

    @cached_property
    def schedules(self) -> Mapping[int, Sequence[ScheduleLine]]:
        """What is asked on the lines that are answered or overdue, by line."""
        return schedules_by_line(line.pk for line in (*self.answered, *self.past))

    @cached_property
    def promises(self) -> Mapping[int, Sequence[Promise]]:
        """What is promised on the lines that are answered or overdue, by line."""
        return live_promises_by_line(line.pk for line in (*self.answered, *self.past))

    @cached_property
    def shipped_orders(self) -> list[int]:
        """The orders whose shipments matter still: also those that are over since all of it came."""
        return [pk for pk, order in self.orders.items() if order.state != OrderState.CANCELLED]

    @cached_property
    def noticed(self) -> Sequence[ShipNoticeLine]:
        """The lines of live ship notices that are of these orders."""
        found = live_lines_of(self.shipped_orders) if self.shipped_orders else []
        for one in found:
            one.line.order = self.orders[one.order_id]
        return found

    @cached_property
    def on_the_way(self) -> Mapping[int, Sequence[ShipNoticeLine]]:
        """By line, in which notices something of it is on its way."""
        found: dict[int, list[ShipNoticeLine]] = defaultdict(list)
        for one in self.noticed:
            if one.notice.state in ON_THE_WAY and one.quantity > one.received_quantity:
                found[one.line_id].append(one)
        return found

    @cached_property
    def counted(self) -> Mapping[int, Decimal]:
        """What has come with each line of a notice, by its id."""
        return counted_by_notice_line(self.shipped_orders) if self.noticed else {}

    @cached_property
    def on_sheets(self) -> Sequence[CountedLine]:
        """What posted receiving sheets say of the lines of these orders, first posted first."""
        found = differing_lines(self.shipped_orders) if self.shipped_orders else []
        for one in found:
            one.one.line.order = self.orders[one.one.order_id]
        return found

    @cached_property
    def coming(self) -> Sequence[PurchaseOrderLine]:
        """The agreed lines of which something is on its way."""
        lines = self._lines().filter(
            turn=Turn.NOBODY, agreement=Agreement.AGREED, received_quantity__lt=F("quantity")
        )
        return self.with_orders(lines.exclude(on_the_way=[]))

    @cached_property
    def agreed(self) -> Mapping[int, Sequence[Promise]]:
        """What is agreed on the lines of which something is on its way, by line."""
        return live_promises_by_line(line.pk for line in self.coming) if self.coming else {}

    @cached_property
    def past(self) -> Sequence[PurchaseOrderLine]:
        """The agreed lines of which something should have come by now, as their companies count days."""
        by_day: dict[date, list[int]] = {}
        for pk in self.live:
            by_day.setdefault(self.today(self.orders[pk]), []).append(pk)
        late = Q(pk__in=[])
        for day, orders in by_day.items():
            late |= Q(order__in=orders, next_delivery_on__lt=day)
        lines = self._lines().filter(
            late, turn=Turn.NOBODY, agreement=Agreement.AGREED, received_quantity__lt=F("quantity")
        )
        return self.with_orders(lines.exclude(at_the_dock()))

    @cached_property
    def settled(self) -> Sequence[PurchaseOrderLine]:
        """The agreed lines of which something is to come to a place whose stock we know."""
        lines = self._lines().filter(
            turn=Turn.NOBODY, agreement=Agreement.AGREED, received_quantity__lt=F("quantity")
        )
        return self.with_orders(of_known_stock(lines))

    @cached_property
    def over(self) -> Sequence[PurchaseOrderLine]:
        """The lines of which more came, or has left, than is asked for."""
        more = Q(received_quantity__gt=F("quantity"))
        more |= Q(shipped_quantity__gt=F("quantity"), cancelled=False, closed=False)
        lines = PurchaseOrderLine.objects.filter(more, order__in=self.live)
        return self.with_orders(lines.order_by("order_id", "number"))

    def _lines(self) -> QuerySet[PurchaseOrderLine]:
        found: QuerySet[PurchaseOrderLine] = PurchaseOrderLine.objects.filter(
            order__in=self.live, cancelled=False, closed=False
        )
        return found.order_by("order_id", "number")

    def with_orders(self, lines: Iterable[PurchaseOrderLine]) -> list[PurchaseOrderLine]:
        """These lines, each with its order as it is held."""
        found = list(lines)
        for line in found:
            line.order = self.orders[line.order_id]
        return found
