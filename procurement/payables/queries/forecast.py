"""What is due when: what was claimed and not paid yet, by week and currency, with the discounts still to be had."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from portal.kernel.actors import Actor
from procurement.invoices.models import Invoice
from procurement.invoices.queries import visible_invoices
from procurement.invoices.states import LIVE, InvoiceState
from procurement.payables.policies import week_of

WEEKS = 12
ZERO = Decimal(0)

# A week is named by its Monday; all that is due before this one stands in one row. Where the ERP has planned a day,
# that day counts. Credits count with the invoices they take from. What was agreed to be taken off for paying early is
# not due any more, and the discount of the terms is then no more to be had: the two never add up.
_BY_WEEK = """
WITH told AS (
    SELECT i.currency, i.state,
           CASE WHEN i.kind = 'credit_note' THEN -i.total ELSE i.total - coalesce(i.early_discount, 0) END AS amount,
           greatest(date_trunc('week', coalesce(i.pay_on, i.due_on, i.invoiced_on)::timestamp)::date, %(before)s::date)
               AS week,
           CASE WHEN i.kind = 'invoice' AND i.discount_percent > 0 AND i.discount_days IS NOT NULL
                     AND i.early_discount IS NULL AND i.invoiced_on + i.discount_days >= %(today)s
                THEN i.invoiced_on + i.discount_days END AS until,
           i.discount_amount AS saved
    FROM procurement_invoice i
    WHERE i.state = ANY (%(states)s) AND (%(all)s OR i.supplier_id = ANY (%(suppliers)s))
)
SELECT week, currency, sum(amount), sum(amount) FILTER (WHERE state IN ('approved', 'scheduled')),
       sum(saved) FILTER (WHERE until IS NOT NULL), count(*), min(until), max(until)
FROM told GROUP BY week, currency ORDER BY week, currency
"""


@dataclass(frozen=True, slots=True)
class Due:
    """What is due in one week and currency: all, what of it is approved, what can still be taken off, how many papers.

    `is_past` says that its day is over; `saved_from` and `saved_to` are the first and the last day on which some of
    the discount runs out.
    """

    week: date
    currency: str
    amount: Decimal
    approved: Decimal
    discount: Decimal
    count: int
    is_past: bool = False
    saved_from: date | None = None
    saved_to: date | None = None


def forecast(actor: Actor, today: date) -> Sequence[Due]:
    """What is due by week and currency, the earliest first: live and unpaid, as far as this actor sees. One query."""
    this_week = week_of(today)
    before = this_week - timedelta(days=7)
    asked: dict[str, Any] = {
        "today": today,
        "before": before,
        "states": [str(one) for one in LIVE if one != InvoiceState.PAID],
        "all": not actor.is_supplier,
        "suppliers": list(actor.supplier_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(_BY_WEEK, asked)
        rows = cursor.fetchall()
    return [
        Due(week, currency, amount, approved or ZERO, saved or ZERO, count, week < this_week, first, last)
        for week, currency, amount, approved, saved, count, first, last in rows
    ]


def due_in(actor: Actor, week: date, today: date) -> QuerySet[Any]:
    """The papers behind one week of the forecast, those due first first."""
    found: QuerySet[Invoice] = visible_invoices(actor).filter(state__in=LIVE).exclude(state=InvoiceState.PAID)
    found = found.annotate(counts_on=Coalesce("pay_on", "due_on", "invoiced_on"))  # as in `_BY_WEEK`
    if week < week_of(today):
        found = found.filter(counts_on__lt=week_of(today))
    else:
        found = found.filter(counts_on__gte=week, counts_on__lt=week + timedelta(days=7))
    return found.order_by("counts_on", "id")
