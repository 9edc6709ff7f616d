"""What is due when: what was claimed and not paid yet, by week and currency, with the discounts still to be had.

Note [Where a credit stands]: an approved credit note takes off what is due, whatever its own day: on the day that the
ERP has planned, else on the day of the invoice that it corrects, else of what that supplier claims of that company in
that currency first. Where none of these is open, it stands on its own day, below zero. One that is not approved takes
nothing off: nobody has said yet that it does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    Count,
    DateField,
    DecimalField,
    ExpressionWrapper,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Greatest, TruncWeek

from portal.kernel.actors import Actor
from procurement.invoices.models import Invoice
from procurement.invoices.queries import visible_invoices
from procurement.invoices.states import LIVE, InvoiceKind, InvoiceState
from procurement.payables.policies import week_of

WEEKS = 12
ZERO = Decimal(0)
UNPAID = tuple(one for one in LIVE if one != InvoiceState.PAID)
GOING = (InvoiceState.APPROVED, InvoiceState.SCHEDULED)
CREDIT = Q(kind=InvoiceKind.CREDIT_NOTE)
_OWN_DAY = ("pay_on", "due_on", "invoiced_on")
_MONEY: DecimalField = DecimalField(max_digits=24, decimal_places=4)


@dataclass(frozen=True, slots=True)
class Due:
    """What is due in one week and currency: all, less the credits that stand against it; what of it is approved, what
    can still be taken off, how many papers.

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
    credits: Decimal = ZERO

    @property
    def claimed(self) -> Decimal:
        """What is claimed before credits come off."""
        return self.amount + self.credits


@dataclass(frozen=True, slots=True)
class DueDay:
    """What is due on one day, in one currency: what is claimed, and what credits take off it."""

    day: date
    currency: str
    claimed: Decimal
    credits: Decimal

    @property
    def amount(self) -> Decimal:
        """What is left to be paid."""
        return self.claimed - self.credits


def _unpaid(actor: Actor) -> QuerySet[Any]:
    """What was claimed and is not paid, and the credits that are approved, each with the day on which it counts
    (`counts_on`; see Note [Where a credit stands]) and with what it comes to (`off`: it takes off).
    """
    open_ones = Invoice.objects.filter(~CREDIT, state__in=UNPAID).annotate(own_day=Coalesce(*_OWN_DAY))
    corrected = open_ones.filter(document=OuterRef("corrects__document")).order_by("-issue")
    same = {name: OuterRef(name) for name in ("supplier", "company", "currency")}
    first = open_ones.filter(**same).order_by("own_day")
    scheduled = Case(When(state=InvoiceState.SCHEDULED, then=F("pay_on")), output_field=DateField())
    of_credit = Coalesce(
        scheduled,
        Subquery(corrected.values("own_day")[:1]),
        Subquery(first.values("own_day")[:1]),
        "due_on",
        "invoiced_on",
    )
    unpaid = visible_invoices(actor).filter(state__in=UNPAID).exclude(CREDIT & ~Q(state__in=GOING))
    found: QuerySet[Any] = unpaid.annotate(
        counts_on=Case(When(CREDIT, then=of_credit), default=Coalesce(*_OWN_DAY), output_field=DateField()),
        off=Case(When(CREDIT, then=F("total")), default=Value(ZERO), output_field=_MONEY),
        # What was agreed to be taken off for paying early is not due any more.
        due=Case(
            When(CREDIT, then=Value(ZERO)),
            default=F("total") - Coalesce("early_discount", Value(ZERO)),
            output_field=_MONEY,
        ),
    )
    return found


def forecast(actor: Actor, today: date) -> Sequence[Due]:
    """What is due by week and currency, the earliest first: live and unpaid, as far as this actor sees. One query.

    A week is named by its Monday; all that is due before this one stands in one row. Where the ERP has planned a day,
    that day counts. Beside what was agreed for paying early the discount of the terms is no more to be had: the two
    never add up.
    """
    this_week = week_of(today)
    before = this_week - timedelta(days=7)
    runs_out = ExpressionWrapper(F("invoiced_on") + F("discount_days"), output_field=DateField())
    saves = Q(kind=InvoiceKind.INVOICE, discount_percent__gt=0, discount_days__isnull=False)
    saves &= Q(early_discount=None, runs_out__gte=today)
    rows = (
        _unpaid(actor)
        .annotate(
            week=Greatest(Cast(TruncWeek("counts_on"), DateField()), Value(before, output_field=DateField())),
            runs_out=runs_out,
        )
        .order_by()
        .values("week", "currency")
        .annotate(
            claimed=Sum("due"),
            credits=Sum("off"),
            approved=Sum(F("due") - F("off"), filter=Q(state__in=GOING)),
            saved=Sum("discount_amount", filter=saves),
            papers=Count("pk"),
            first=Min("runs_out", filter=saves),
            last=Max("runs_out", filter=saves),
        )
        .order_by("week", "currency")
    )
    return [
        Due(
            row["week"],
            row["currency"],
            row["claimed"] - row["credits"],
            row["approved"] or ZERO,
            row["saved"] or ZERO,
            row["papers"],
            row["week"] < this_week,
            row["first"],
            row["last"],
            row["credits"],
        )
        for row in rows
    ]


def due_in(actor: Actor, week: date, today: date) -> QuerySet[Any]:
    """The papers behind one week of the forecast, those due first first."""
    found = _unpaid(actor)
    if week < week_of(today):
        found = found.filter(counts_on__lt=week_of(today))
    else:
        found = found.filter(counts_on__gte=week, counts_on__lt=week + timedelta(days=7))
    return found.order_by("counts_on", "id")


def due_by_day(actor: Actor, week: date, today: date) -> list[DueDay]:
    """The same week day by day: one query."""
    rows = due_in(actor, week, today).order_by().values("counts_on", "currency")
    rows = rows.annotate(claimed=Sum("due"), credits=Sum("off")).order_by("counts_on", "currency")
    return [DueDay(row["counts_on"], row["currency"], row["claimed"], row["credits"]) for row in rows]
