"""How a company matches, and every match there was, with all its checks."""

import uuid

from django.db import models
from django.db.models import F, Q

from portal.kernel.scope import ScopedQuerySet
from procurement.matching.engine import Acts, CheckKind, Outcome, Result, Way
from procurement.matching.engine.ways import STANDARD_DAYS, MatchRule
from procurement.matching.states import MatchPolicyState, Trigger
from procurement.tolerances.messages import Level, Scope


def _choices(words: type) -> list[tuple[str, str]]:
    return [(one.value, one.value) for one in words]  # type: ignore[attr-defined]  # words of an enum


class MatchPolicy(models.Model):
    """How claims on a company are matched, and whether what passes needs nobody: dated, and for whom.

    Suppliers, items and orders are named by their numbers in the ERP. `duplicate_days` is the window in which the same
    amount again is suspected; null: it is not. Both days of validity are included. Once approved it is never edited.
    With `waits_for_onboarding` what claims is held while paying waits for its supplier's onboarding.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=MatchPolicyState.choices, default=MatchPolicyState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    level = models.CharField(max_length=20, choices=_choices(Level), default=Level.GLOBAL.value)
    segment = models.CharField(max_length=20, blank=True)
    supplier_number = models.CharField(max_length=40, blank=True)
    item_group = models.CharField(max_length=60, blank=True)
    item_number = models.CharField(max_length=60, blank=True)
    order_number = models.CharField(max_length=60, blank=True)
    line_number = models.CharField(max_length=10, blank=True)
    way = models.CharField(max_length=10, choices=_choices(Way), default=Way.THREE_WAY.value)
    approves_alone = models.BooleanField(default=False)
    duplicate_days = models.PositiveSmallIntegerField(null=True, default=STANDARD_DAYS)
    waits_for_onboarding = models.BooleanField(default=True, db_default=True)
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
                condition=Q(state__in=MatchPolicyState.values), name="match_policy_state_known"
            ),
            models.CheckConstraint(
                condition=Q(way__in=[one.value for one in Way]), name="match_policy_way_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | (Q(approved_at__isnull=False) & ~Q(approved_by="")),
                name="match_policy_active_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_to__isnull=True)
                | Q(valid_from__lte=F("valid_to")),
                name="match_policy_ends_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(fields=["company"], condition=Q(state="active"), name="match_policy_active"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def stream(self) -> str:
        return f"matching:{self.key}"

    @property
    def scope(self) -> Scope:
        """For whom it is written."""
        return Scope(
            Level(self.level),
            segment=self.segment,
            supplier=self.supplier_number,
            item_group=self.item_group,
            item=self.item_number,
            order=self.order_number,
            line=self.line_number,
        )

    def as_rule(self) -> MatchRule:
        """The policy as the engine reads it."""
        return MatchRule(
            key=str(self.key),
            name=self.name,
            way=Way(self.way),
            approves_alone=self.approves_alone,
            duplicate_days=self.duplicate_days,
            scope=self.scope,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            waits_for_onboarding=self.waits_for_onboarding,
        )


class Match(models.Model):
    """One time that an invoice was held against its orders and receipts; kept for ever, nothing of it is rewritten.

    `checks` are all of them in their order (`engine.checks.check_to_json`). Of the matches of an invoice one
    `is_current`. `tolerances` and `policy` are the names of the rules that counted; `approves_alone` says that they
    needed nobody.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey(
        "suppliers.Supplier", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    invoice = models.ForeignKey(
        "procurement.Invoice", on_delete=models.PROTECT, related_name="matches", db_index=False
    )
    made_at = models.DateTimeField()
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    outcome = models.CharField(max_length=20, choices=_choices(Outcome))
    is_current = models.BooleanField(default=True)
    tolerances = models.CharField(max_length=100, blank=True)
    policy = models.CharField(max_length=100, blank=True)
    approves_alone = models.BooleanField(default=False)
    checks = models.JSONField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="match_wall"),
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(is_current=True), name="match_one_is_current"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=[one.value for one in Outcome]), name="match_outcome_known"
            ),
        ]
        indexes = [
            models.Index(fields=["invoice", "-id"], name="match_of_invoice"),
            models.Index(fields=["supplier", "-id"], name="match_of_supplier"),
            models.Index(fields=["made_at"], name="match_by_day"),
        ]

    def __str__(self) -> str:
        return f"match of invoice {self.invoice_id}: {self.outcome}"


class MatchCheck(models.Model):
    """A check of a match that did not pass: what the invoice is held for, or waits for.

    The same check stands in its place among all in `Match.checks`; this row is there to be found: by the order line it
    waits for, by whose turn it is, by the invoice it seems to repeat (`other`).
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey(
        "suppliers.Supplier", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="apart")
    kind = models.CharField(max_length=15, choices=_choices(CheckKind))
    result = models.CharField(max_length=15, choices=_choices(Result))
    message = models.CharField(max_length=60)
    acts = models.CharField(max_length=10, choices=_choices(Acts))
    position = models.PositiveIntegerField(default=0)
    line = models.ForeignKey(
        "procurement.PurchaseOrderLine",
        on_delete=models.PROTECT,
        null=True,
        related_name="match_checks",
        db_index=False,
    )
    other = models.UUIDField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(result__in=["failed", "waits"]), name="match_check_is_apart"),
        ]
        indexes = [
            models.Index(fields=["line"], condition=Q(line__isnull=False), name="match_check_of_line"),
            models.Index(fields=["other"], condition=Q(other__isnull=False), name="match_check_of_other"),
            models.Index(fields=["supplier", "id"], name="match_check_of_supplier"),
        ]

    def __str__(self) -> str:
        return f"{self.message} in match {self.match_id}"
