"""What a supplier did: answers given in time, and deliveries as promised. Each figure is defined in docs/measures.md.

A delivery is one schedule line. What was received of its line fills the earliest deliveries first, booking by
booking; it arrived on the day of the booking that made it whole. Where the ERP counts more received than its bookings
tell, the day is not known, and the delivery counts nowhere.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from portal.kernel.scope import requires_scope
from procurement.acknowledgments.models import OrderAcknowledgment

PERIOD = timedelta(days=365)
MOST_LINES = 500


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivery that is due or was there before: what was said and what came.

    `first_agreed_on` and `last_agreed_on` are the first and the newest day that both sides agreed to; not set where
    it was never agreed. `arrived_on` is the day on which the last of it came; not set where something is still
    missing. `in_time` is how much of it was there by the end of the day first agreed (asked, where none was agreed).
    """

    order_number: str
    order_key: str
    line_number: int
    quantity: Decimal
    unit: str
    unit_decimals: int
    asked_on: date
    first_agreed_on: date | None
    last_agreed_on: date | None
    arrived_on: date | None
    in_time: Decimal

    @property
    def due_on(self) -> date:
        """The day it is measured against: the first agreed, else the one asked for."""
        return self.first_agreed_on or self.asked_on

    @property
    def is_kept(self) -> bool:
        """Whether all of it was there on the day it is measured against."""
        return self.arrived_on is not None and self.arrived_on <= self.due_on

    @property
    def is_as_asked(self) -> bool:
        return self.arrived_on is not None and self.arrived_on <= self.asked_on

    @property
    def share_in_time(self) -> Decimal:
        """How much of it was there by the end of the day it is measured against: 0 to 1."""
        return self.in_time / self.quantity

    @property
    def was_moved(self) -> bool:
        """Whether both sides agreed to another day after the first."""
        return (
            None not in (self.first_agreed_on, self.last_agreed_on)
            and self.last_agreed_on != self.first_agreed_on
        )

    @property
    def kept_the_last(self) -> bool:
        """Whether all of it was there on the day that both sides agreed to last."""
        if self.arrived_on is None or self.last_agreed_on is None:
            return False
        return self.arrived_on <= self.last_agreed_on

    @property
    def days_late(self) -> int:
        return max(0, (self.arrived_on - self.due_on).days) if self.arrived_on else 0


@dataclass(frozen=True, slots=True)
class Answered:
    """How many answers were given while one was owed, and how many of them before the deadline."""

    given: int
    in_time: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that was given while one was owed, and when it was owed."""

    order_number: str
    order_key: str
    sent_at: datetime
    due_at: datetime

    @property
    def is_in_time(self) -> bool:
        return self.sent_at <= self.due_at


def _answers(supplier_id: int, at: datetime, period: timedelta = PERIOD) -> QuerySet[OrderAcknowledgment]:
    """Withdrawn ones count: they were given. What a buyer gave for the supplier does not."""
    return OrderAcknowledgment.objects.filter(
        supplier_id=supplier_id,
        sent_at__gt=at - period,
        sent_at__lte=at,
        due_at__isnull=False,
        on_behalf=False,
    )


@requires_scope
def answered(supplier_id: int, *, at: datetime, period: timedelta = PERIOD) -> Answered:
    """The answers a supplier gave in the last twelve months, or another period: one query."""
    found = _answers(supplier_id, at, period).aggregate(
        given=Count("pk"), in_time=Count("pk", filter=Q(sent_at__lte=F("due_at")))
    )
    return Answered(**found)


@requires_scope
def answers_of(supplier_id: int, *, at: datetime, most: int = MOST_LINES) -> list[Answer]:
    """The newest of those answers, newest first: one query."""
    rows = _answers(supplier_id, at).order_by("-sent_at", "-id")
    names = ("order__number", "order__key", "sent_at", "due_at")
    return [
        Answer(number, str(key), sent_at, due_at)
        for number, key, sent_at, due_at in rows.values_list(*names)[:most]
        if due_at is not None
    ]


@requires_scope
def deliveries_of(supplier_id: int, *, today: date) -> list[Delivered]:
    """What a supplier was to deliver in the last twelve months, newest first, of its newest 500 lines: one query."""
    return _ask(
        _OF_SUPPLIER, {"supplier": supplier_id, "today": today, "since": today - PERIOD, "most": MOST_LINES}
    )


@requires_scope
def deliveries_of_item(supplier_id: int, item_number: str, *, today: date, most: int = 12) -> list[Delivered]:
    """The last deliveries of one item by a supplier, newest first: one query."""
    wanted = {"supplier": supplier_id, "item": item_number, "today": today, "most": most * 3}
    return _ask(_OF_ITEM, wanted)[:most]


def _ask(statement: str, wanted: dict[str, Any]) -> list[Delivered]:
    with connection.cursor() as cursor:
        cursor.execute(statement, wanted)
        return [Delivered(*row) for row in cursor.fetchall()]


_LINES_OF_SUPPLIER = """
    SELECT id FROM procurement_purchaseorderline
    WHERE supplier_id = %(supplier)s AND delivery_on <= %(today)s AND delivery_on > %(since)s AND NOT cancelled
    ORDER BY delivery_on DESC, id DESC LIMIT %(most)s
"""
_LINES_OF_ITEM = """
    SELECT id FROM procurement_purchaseorderline
    WHERE item_number = %(item)s AND supplier_id = %(supplier)s AND delivery_on <= %(today)s AND NOT cancelled
    ORDER BY delivery_on DESC, id DESC LIMIT %(most)s
"""

_DELIVERIES = """
asked AS (
    SELECT schedule.line_id, schedule.key, schedule.quantity, schedule.delivery_on, schedule.first_agreed_on,
           coalesce(sum(schedule.quantity) OVER (
               PARTITION BY schedule.line_id ORDER BY schedule.delivery_on, schedule.key
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
           ), 0) AS before
    FROM procurement_scheduleline schedule JOIN chosen ON chosen.id = schedule.line_id
),
booked AS (
    SELECT receipt.line_id, receipt.received_on,
           sum(receipt.quantity) OVER (
               PARTITION BY receipt.line_id ORDER BY receipt.received_on, receipt.id ROWS UNBOUNDED PRECEDING
           ) AS so_far
    FROM procurement_receipt receipt JOIN chosen ON chosen.id = receipt.line_id
    WHERE NOT receipt.reversed
),
agreed AS (
    SELECT promise.line_id, promise.schedule_key, max(promise.delivery_on) AS delivery_on
    FROM procurement_promise promise JOIN chosen ON chosen.id = promise.line_id
    WHERE promise.state = 'agreed' AND promise.kind <> 'refuse'
    GROUP BY promise.line_id, promise.schedule_key
),
came AS (
    SELECT asked.line_id, asked.key,
           (SELECT min(booked.received_on) FROM booked
            WHERE booked.line_id = asked.line_id AND booked.so_far >= asked.before + asked.quantity) AS arrived_on,
           (SELECT max(booked.so_far) FROM booked WHERE booked.line_id = asked.line_id
            AND booked.received_on <= coalesce(asked.first_agreed_on, asked.delivery_on)) AS by_then
    FROM asked
)
SELECT purchase.number, purchase.key::text, line.number, asked.quantity, line.unit, line.unit_decimals,
       asked.delivery_on, asked.first_agreed_on, agreed.delivery_on, came.arrived_on,
       greatest(0, least(asked.quantity, coalesce(came.by_then, 0) - asked.before))
FROM asked
JOIN procurement_purchaseorderline line ON line.id = asked.line_id
JOIN procurement_purchaseorder purchase ON purchase.id = line.order_id
JOIN came ON came.line_id = asked.line_id AND came.key = asked.key
LEFT JOIN agreed ON agreed.line_id = asked.line_id AND agreed.schedule_key = asked.key
WHERE purchase.state <> 'cancelled'
  AND (came.arrived_on IS NOT NULL
       OR (line.received_quantity < asked.before + asked.quantity
           AND coalesce(asked.first_agreed_on, asked.delivery_on) < %(today)s))
ORDER BY coalesce(asked.first_agreed_on, asked.delivery_on) DESC, line.id DESC, asked.key DESC
"""

_OF_SUPPLIER = f"WITH chosen AS ({_LINES_OF_SUPPLIER}), {_DELIVERIES}"
_OF_ITEM = f"WITH chosen AS ({_LINES_OF_ITEM}), {_DELIVERIES}"
