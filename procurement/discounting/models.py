"""On which terms a company pays early, and each early payment that a supplier has agreed to."""

import uuid
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from portal.kernel.scope import ScopedQuerySet
from procurement.discounting.messages import early_to_json
from procurement.discounting.policies import DAY_COUNTS, DiscountRule, Written
from procurement.discounting.states import STANDING, DiscountPolicyState, EarlyState
from suppliers.states import Segment

AMOUNT: dict[str, Any] = {"max_digits": 20, "decimal_places": 4}
RATE: dict[str, Any] = {"max_digits": 8, "decimal_places": 4}
ZERO = Decimal(0)


class DiscountPolicy(models.Model):
    """On which terms a company pays invoices in one currency early: dated, and for whom. Without one nothing is
    offered.

    Rates are in percent, `least_amount` and `weekly_budget` are in the currency; see `messages.WriteDiscountPolicy`. A
    supplier is named by its number in the ERP. Both days of validity are included. Once approved it is never edited,
    and what suppliers have agreed to under it stays when it is retired.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    state = models.CharField(
        max_length=10, choices=DiscountPolicyState.choices, default=DiscountPolicyState.DRAFT
    )
    version = models.PositiveIntegerField(default=1)
    currency = models.CharField(max_length=3)
    segment = models.CharField(max_length=20, blank=True, choices=Segment.choices)
    supplier_number = models.CharField(max_length=40, blank=True)
    yearly_percent = models.DecimalField(**RATE)
    day_count = models.PositiveSmallIntegerField(default=360)
    least_percent = models.DecimalField(**RATE, default=ZERO)
    most_percent = models.DecimalField(**RATE)
    pay_days = models.PositiveSmallIntegerField(default=2)
    least_amount = models.DecimalField(**AMOUNT, default=ZERO)
    weekly_budget = models.DecimalField(**AMOUNT, null=True)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    note = models.TextField(blank=True)
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=200)
    author_id = models.BigIntegerField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=200, blank=True)
    retired_at = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=200, blank=True)

    supplier_id = None  # no supplier has a way to it

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=DiscountPolicyState.values), name="discount_policy_state_known"
            ),
            models.CheckConstraint(
                condition=Q(day_count__in=DAY_COUNTS), name="discount_policy_day_count_known"
            ),
            models.CheckConstraint(
                condition=Q(yearly_percent__gt=ZERO, most_percent__gt=ZERO, most_percent__lt=100)
                & Q(least_percent__gte=ZERO, least_percent__lte=F("most_percent")),
                name="discount_policy_rates_in_order",
            ),
            models.CheckConstraint(
                condition=Q(weekly_budget__isnull=True) | Q(weekly_budget__gt=ZERO),
                name="discount_policy_budget_is_something",
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | (Q(approved_at__isnull=False) & ~Q(approved_by="")),
                name="discount_policy_active_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_to__isnull=True)
                | Q(valid_from__lte=F("valid_to")),
                name="discount_policy_ends_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(fields=["company"], condition=Q(state="active"), name="discount_policy_active"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def stream(self) -> str:
        return f"discounting:{self.key}"

    def as_rule(self) -> DiscountRule:
        """What it grants, as the engine reads it."""
        return DiscountRule(
            self.yearly_percent,
            self.most_percent,
            self.least_percent,
            self.day_count,
            self.pay_days,
            self.least_amount,
            self.weekly_budget,
        )

    def as_written(self) -> Written:
        """For whom it grants it, as the engine reads it."""
        return Written(
            str(self.key),
            self.as_rule(),
            self.currency,
            self.segment,
            self.supplier_number,
            self.valid_from,
            self.valid_to,
            self.approved_at.isoformat() if self.approved_at else "",
        )

    def speaks_of(self, *, segment: str, number: str) -> bool:
        """Whether it speaks of a supplier of this segment and number, whatever the day."""
        return self.segment in ("", segment) and self.supplier_number in ("", number)


class EarlyPayment(models.Model):
    """A supplier has agreed that its invoice is paid on `pay_on`, that is `days` before `base_on`, for `discount` less.

    All figures are kept as they were agreed, with the rate and the day count they came from, in the invoice's currency.
    Of each invoice one stands at a time. It is told to the ERP, and is earned once the ERP has paid by that day.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(
        "procurement.Invoice", on_delete=models.PROTECT, related_name="early_payments"
    )
    policy = models.ForeignKey(DiscountPolicy, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=EarlyState.choices, default=EarlyState.AGREED)
    version = models.PositiveIntegerField(default=1)
    base_on = models.DateField()
    pay_on = models.DateField()
    days = models.PositiveSmallIntegerField()
    currency = models.CharField(max_length=3)
    total = models.DecimalField(**AMOUNT)
    discount = models.DecimalField(**AMOUNT)
    yearly_percent = models.DecimalField(**RATE)
    day_count = models.PositiveSmallIntegerField()
    agreed_at = models.DateTimeField()
    agreed_by = models.CharField(max_length=200)
    agreed_by_user_id = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)
    paid_on = models.DateField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="early_payment_wall"),
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(state__in=list(STANDING)), name="early_payment_one_stands"
            ),
            models.CheckConstraint(
                condition=Q(state__in=EarlyState.values), name="early_payment_state_known"
            ),
            models.CheckConstraint(
                condition=Q(discount__gt=ZERO, discount__lt=F("total"), pay_on__lt=F("base_on")),
                name="early_payment_is_less_and_sooner",
            ),
            models.CheckConstraint(
                condition=Q(state__in=list(STANDING), ended_at__isnull=True)
                | (~Q(state__in=list(STANDING)) & Q(ended_at__isnull=False)),
                name="early_payment_ended_when",
            ),
        ]
        indexes = [
            models.Index(fields=["-agreed_at", "-id"], name="early_payment_newest"),
            models.Index(fields=["supplier", "-agreed_at"], name="early_payment_of_supplier"),
            models.Index(fields=["pay_on"], condition=Q(state="agreed"), name="early_payment_by_day"),
            models.Index(
                fields=["policy", "pay_on"],
                condition=Q(state__in=list(STANDING)),
                name="early_payment_of_policy",
            ),
        ]

    def __str__(self) -> str:
        return f"early payment of invoice {self.invoice_id} ({self.state})"

    @property
    def stream(self) -> str:
        """The invoice's own: what happens here is part of its story."""
        return f"invoice:{self.invoice.document}"

    @property
    def to_pay(self) -> Decimal:
        return self.total - self.discount

    @property
    def payload(self) -> dict[str, Any]:
        """What the ERP is told when it is agreed."""
        return early_to_json(self)
