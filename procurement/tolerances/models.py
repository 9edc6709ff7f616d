"""Policies, their rules, the switch of each company, and what the rules decided."""

import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q

from portal.kernel.scope import ScopedQuerySet
from procurement.tolerances.messages import (
    Direction,
    DocumentKind,
    Inside,
    Joined,
    Level,
    Limit,
    Measure,
    Outside,
    Rule,
    Scope,
)
from procurement.tolerances.states import JudgedOutcome, PolicyState, SwitchState

LIMIT: dict[str, Any] = {"max_digits": 18, "decimal_places": 6}


def _choices(words: Any) -> list[tuple[str, str]]:
    return [(one.value, one.value) for one in words]


class TolerancePolicy(models.Model):
    """A set of rules of one company, with a name that both sides read beside what it decided.

    `authors` are the people who wrote anything of it: none of them may approve it. `replaces` is the policy that it
    was copied from, and takes the place of once it is approved.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=PolicyState.choices, default=PolicyState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    authors = models.JSONField(default=list)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    last_number = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=200, blank=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=200, blank=True)
    retired_at = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=200, blank=True)

    supplier_id = None  # no supplier has a way to it

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=PolicyState.values), name="tolerance_policy_state_known"
            ),
            models.UniqueConstraint(
                fields=["company"], condition=Q(state="active"), name="tolerance_policy_one_active"
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | (Q(approved_at__isnull=False) & ~Q(approved_by="")),
                name="tolerance_policy_active_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(state="retired", retired_at__isnull=False)
                | (~Q(state="retired") & Q(retired_at__isnull=True)),
                name="tolerance_policy_retired_at",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def stream(self) -> str:
        return f"tolerances:{self.key}"


class ToleranceRule(models.Model):
    """One rule of a policy. It is changed in drafts alone; `number` is given once within its policy.

    Suppliers, items and orders are named by their numbers in the ERP. A limit that is null is not set; zero is a limit.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    policy = models.ForeignKey(TolerancePolicy, on_delete=models.CASCADE, related_name="rules")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=_choices(DocumentKind))
    measure = models.CharField(max_length=20, choices=_choices(Measure))
    direction = models.CharField(max_length=10, choices=_choices(Direction))
    absolute = models.DecimalField(**LIMIT, null=True)
    percent = models.DecimalField(**LIMIT, null=True)
    joined = models.CharField(max_length=5, choices=_choices(Joined), default=Joined.AND.value)
    unit = models.CharField(max_length=20, blank=True)
    code = models.CharField(max_length=40, blank=True)
    level = models.CharField(max_length=20, choices=_choices(Level), default=Level.GLOBAL.value)
    segment = models.CharField(max_length=20, blank=True)
    supplier_number = models.CharField(max_length=40, blank=True)
    item_group = models.CharField(max_length=60, blank=True)
    item_number = models.CharField(max_length=60, blank=True)
    order_number = models.CharField(max_length=60, blank=True)
    line_number = models.CharField(max_length=10, blank=True)
    inside = models.CharField(max_length=10, choices=_choices(Inside), default=Inside.ACCEPT.value)
    outside = models.CharField(max_length=10, choices=_choices(Outside), default=Outside.ASK.value)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    note = models.TextField(blank=True)
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="tolerance_rule_number_once"),
            models.CheckConstraint(
                condition=Q(absolute__isnull=True) | Q(absolute__gte=0),
                name="tolerance_rule_absolute_not_below",
            ),
            models.CheckConstraint(
                condition=Q(percent__isnull=True) | Q(percent__gte=0), name="tolerance_rule_percent_not_below"
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_to__isnull=True)
                | Q(valid_from__lte=F("valid_to")),
                name="tolerance_rule_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"rule {self.number} of {self.policy_id}"

    def as_rule(self) -> Rule:
        """The rule as the engine reads it."""
        return Rule(
            key=str(self.key),
            number=self.number,
            kind=DocumentKind(self.kind),
            measure=Measure(self.measure),
            direction=Direction(self.direction),
            limit=Limit(self.absolute, self.percent, Joined(self.joined)),
            scope=Scope(
                Level(self.level),
                segment=self.segment,
                supplier=self.supplier_number,
                item_group=self.item_group,
                item=self.item_number,
                order=self.order_number,
                line=self.line_number,
            ),
            inside=Inside(self.inside),
            outside=Outside(self.outside),
            unit=self.unit,
            code=self.code,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            author=self.written_by,
        )


class ToleranceSwitch(models.Model):
    """Whether the rules of one company act by themselves: one switch stops them all at once.

    A company without a row has never stopped anything.
    """

    id = models.BigAutoField(primary_key=True)
    company = models.OneToOneField("procurement.Company", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=5, choices=SwitchState.choices, default=SwitchState.ON)
    version = models.PositiveIntegerField(default=1)
    moved_at = models.DateTimeField(null=True)
    moved_by = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)

    supplier_id = None  # no supplier has a way to it

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=SwitchState.values), name="tolerance_switch_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"switch of company {self.company_id}"

    @property
    def stream(self) -> str:
        return f"tolerances:company:{self.company_id}"


class ToleranceDecision(models.Model):
    """What a policy said of one line that was promised otherwise than asked: every figure, rule and limit, for ever.

    The paper and its line are named, not pointed to: they stand above, and a decision outlives what it was about.
    `checks` are `messages.check_to_json`. `notify` until somebody on the buying side has seen it. Reopening is a fact
    beside the decision; it changes nothing in it.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, related_name="+")
    policy = models.ForeignKey(TolerancePolicy, on_delete=models.PROTECT, related_name="+")
    policy_name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, choices=_choices(DocumentKind))
    origin = models.UUIDField()
    order_key = models.UUIDField()
    order_number = models.CharField(max_length=60)
    line_key = models.CharField(max_length=60)
    line_number = models.PositiveIntegerField()
    item_number = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    unit = models.CharField(max_length=20)
    outcome = models.CharField(max_length=10, choices=JudgedOutcome.choices)
    checks = models.JSONField()
    notify = models.BooleanField(default=False)
    decided_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    seen_by = models.CharField(max_length=200, blank=True)
    reopened_at = models.DateTimeField(null=True)
    reopened_by = models.CharField(max_length=200, blank=True)
    reopen_reason = models.TextField(blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["origin", "line_key"], name="tolerance_decision_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=JudgedOutcome.values), name="tolerance_decision_outcome_known"
            ),
            models.CheckConstraint(
                condition=Q(reopened_at__isnull=True, reopened_by="", reopen_reason="")
                | (Q(reopened_at__isnull=False) & ~Q(reopened_by="") & ~Q(reopen_reason="")),
                name="tolerance_decision_reopened_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["-decided_at", "-id"], name="tolerance_decision_newest"),
            models.Index(fields=["supplier", "-decided_at", "-id"], name="tolerance_decision_of_supplier"),
            models.Index(fields=["order_key", "line_key", "-id"], name="tolerance_decision_of_line"),
            models.Index(
                fields=["-decided_at", "-id"],
                condition=Q(notify=True, seen_at__isnull=True),
                name="tolerance_decision_unseen",
            ),
            models.Index(
                fields=["-decided_at", "-id"], condition=Q(outcome="asked"), name="tolerance_decision_asked"
            ),
            models.Index(
                fields=["-decided_at", "-id"],
                condition=Q(reopened_at__isnull=False),
                name="tolerance_decision_reopened",
            ),
        ]

    def __str__(self) -> str:
        return f"decision on line {self.line_number} of order {self.order_number}"
