"""What one review looks at: some orders, held, and some streams, with what all kinds read of them read once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from procurement.catalogue.models import Company, StockPosition
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.queries import live_promises_by_line, schedules_by_line
from procurement.orders.states import Agreement, OrderState, Turn


def of_known_stock(lines: QuerySet[PurchaseOrderLine]) -> QuerySet[PurchaseOrderLine]:
    """Of these lines, those of an item whose stock is known at the place they go to."""
    stock = StockPosition.objects.filter(
        item__number=OuterRef("item_number"), site=Coalesce(OuterRef("ship_to"), OuterRef("order__ship_to"))
    )
    return lines.filter(Exists(stock))


def today_by_company(at: datetime) -> dict[int, date]:
    """The date where each company is, by its id."""
    return {one.pk: at.astimezone(ZoneInfo(one.time_zone)).date() for one in Company.objects.all()}


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
        return self._with_orders(self._lines().filter(turn=Turn.BUYER))

    @cached_property
    def schedules(self) -> Mapping[int, Sequence[ScheduleLine]]:
        """What is asked on the lines that are answered or overdue, by line."""
        return schedules_by_line(line.pk for line in (*self.answered, *self.past))

    @cached_property
    def promises(self) -> Mapping[int, Sequence[Promise]]:
        """What is promised on the lines that are answered or overdue, by line."""
        return live_promises_by_line(line.pk for line in (*self.answered, *self.past))

    @cached_property
    def past(self) -> Sequence[PurchaseOrderLine]:
        """The agreed lines of which something should have come by now, as their companies count days."""
        by_day: dict[date, list[int]] = {}
        for pk in self.live:
            by_day.setdefault(self.today(self.orders[pk]), []).append(pk)
        late = Q(pk__in=[])
        for day, orders in by_day.items():
            late |= Q(order__in=orders, next_delivery_on__lt=day)
        return self._with_orders(
            self._lines().filter(
                late, turn=Turn.NOBODY, agreement=Agreement.AGREED, received_quantity__lt=F("quantity")
            )
        )

    @cached_property
    def settled(self) -> Sequence[PurchaseOrderLine]:
        """The agreed lines of which something is to come to a place whose stock we know."""
        lines = self._lines().filter(
            turn=Turn.NOBODY, agreement=Agreement.AGREED, received_quantity__lt=F("quantity")
        )
        return self._with_orders(of_known_stock(lines))

    @cached_property
    def over(self) -> Sequence[PurchaseOrderLine]:
        """The lines of which more came than is asked for."""
        lines = PurchaseOrderLine.objects.filter(order__in=self.live, received_quantity__gt=F("quantity"))
        return self._with_orders(lines.order_by("order_id", "number"))

    def _lines(self) -> QuerySet[PurchaseOrderLine]:
        found: QuerySet[PurchaseOrderLine] = PurchaseOrderLine.objects.filter(
            order__in=self.live, cancelled=False, closed=False
        )
        return found.order_by("order_id", "number")

    def _with_orders(self, lines: Iterable[PurchaseOrderLine]) -> list[PurchaseOrderLine]:
        found = list(lines)
        for line in found:
            line.order = self.orders[line.order_id]
        return found
