"""Who approves what, which approvals were asked for and given, and what was asked about an invoice."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.kernel.scope import ScopedQuerySet
from procurement.invoices.models import AMOUNT
from procurement.links.policies import APPROVAL, seal_key
from procurement.payables.messages import Limit, Rule
from procurement.payables.policies import MOST_STEPS
from procurement.payables.states import ApprovalState, Asked, QuestionState, Why, Word


def _person(**more: Any) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey("suppliers.User", on_delete=models.PROTECT, related_name="+", **more)


_ONE_APPROVER = Q(person__isnull=True) & ~Q(role="") | Q(person__isnull=False, role="")


class ApprovalRule(models.Model):
    """Who approves what: of whom the approval of `step` is asked where an invoice is as the rule says.

    `amount_from` is included, `amount_below` not, both in `currency`. What is left empty is everything. It holds from
    `valid_from` to `valid_to`, both included; one that held is ended and never rewritten.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    step = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=20, blank=True)
    person = _person(null=True)
    currency = models.CharField(max_length=3, blank=True)
    amount_from = models.DecimalField(**AMOUNT, null=True)
    amount_below = models.DecimalField(**AMOUNT, null=True)
    company = models.ForeignKey(
        "procurement.Company", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    supplier = models.ForeignKey(
        "suppliers.Supplier", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    item_group = models.CharField(max_length=60, blank=True)
    why = models.CharField(max_length=20, choices=Why.choices, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    written_by = models.CharField(max_length=200)
    written_at = models.DateTimeField()
    ended_by = models.CharField(max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_ONE_APPROVER, name="approval_rule_asks_one"),
            models.CheckConstraint(
                condition=Q(step__gte=1, step__lte=MOST_STEPS), name="approval_rule_step_known"
            ),
            models.CheckConstraint(
                condition=Q(amount_from__isnull=True, amount_below__isnull=True) | ~Q(currency=""),
                name="approval_rule_amount_has_a_currency",
            ),
            models.CheckConstraint(condition=Q(why__in=["", *Why.values]), name="approval_rule_why_known"),
        ]
        indexes = [models.Index(fields=["valid_from", "step"], name="approval_rule_from")]

    def __str__(self) -> str:
        return f"approval rule {self.pk}, step {self.step}"

    @property
    def stream(self) -> str:
        return f"approval-rule:{self.key}"

    def as_value(self) -> Rule:
        """The rule as it is compared."""
        return Rule(
            str(self.key),
            self.step,
            self.role,
            self.person_id,
            self.currency,
            self.amount_from,
            self.amount_below,
            self.company_id,
            self.supplier_id,
            self.item_group,
            self.why,
            self.valid_from,
            self.valid_to,
        )


class ApprovalLimit(models.Model):
    """Up to which amount, included, a person or everybody of a role accepts an invoice alone, in one currency."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    role = models.CharField(max_length=20, blank=True)
    person = _person(null=True)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(**AMOUNT)
    written_by = models.CharField(max_length=200)
    written_at = models.DateTimeField()

    supplier_id = None  # no supplier has a way to it

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_ONE_APPROVER, name="approval_limit_of_one"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="approval_limit_not_negative"),
            models.UniqueConstraint(
                fields=["role", "person", "currency"], nulls_distinct=False, name="approval_limit_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    @property
    def stream(self) -> str:
        return f"approval-limit:{self.key}"

    def as_value(self) -> Limit:
        """The limit as it is compared."""
        return Limit(self.currency, self.amount, self.role, self.person_id)


class Approval(models.Model):
    """One approval that was asked for: of whom, in which step, why, and what the answer was.

    `round` counts how often approval of this invoice was asked for. `for_person` is the one for whom a stand-in
    answered.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey("procurement.Invoice", on_delete=models.PROTECT, related_name="approvals")
    state = models.CharField(max_length=10, choices=ApprovalState.choices, default=ApprovalState.WAITING)
    version = models.PositiveIntegerField(default=1)
    round = models.PositiveSmallIntegerField(default=1)
    step = models.PositiveSmallIntegerField()
    rule = models.ForeignKey(
        ApprovalRule, on_delete=models.PROTECT, null=True, related_name="approvals", db_index=False
    )
    role = models.CharField(max_length=20, blank=True)
    person = _person(null=True, db_index=False)
    reason = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    asked_by_user_id = models.BigIntegerField(null=True)
    reached_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=200, blank=True)
    answered_by_user_id = models.BigIntegerField(null=True)
    for_person = _person(null=True, db_index=False)
    answer = models.TextField(blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="approval_wall"),
            models.UniqueConstraint(
                fields=["invoice", "round", "step", "role", "person"],
                nulls_distinct=False,
                name="approval_asked_once",
            ),
            models.CheckConstraint(condition=Q(state__in=ApprovalState.values), name="approval_state_known"),
            models.CheckConstraint(condition=_ONE_APPROVER, name="approval_of_one"),
            models.CheckConstraint(
                condition=~Q(state__in=["granted", "declined"])
                | Q(answered_at__isnull=False) & ~Q(answered_by=""),
                name="approval_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(answer=""), name="approval_declined_for_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(answered_by_user_id__isnull=True) | ~Q(answered_by_user_id=F("asked_by_user_id")),
                name="approval_by_another_than_who_asked",
            ),
        ]
        indexes = [
            models.Index(fields=["invoice", "id"], name="approval_of_invoice"),
            models.Index(fields=["role", "reached_at"], condition=Q(state="asked"), name="approval_of_role"),
            models.Index(
                fields=["person", "reached_at"], condition=Q(state="asked"), name="approval_of_person"
            ),
        ]

    def __str__(self) -> str:
        return f"approval {self.pk} of invoice {self.invoice_id}, step {self.step}"

    @property
    def stream(self) -> str:
        """It is part of the story of its invoice."""
        return self.invoice.stream


class ApprovalLink(models.Model):
    """A way to answer one approval without signing in: mailed to one person of the buying side, good for one answer.

    Its address holds `key`, sealed (see Note [Sealed keys] in links/policies). `origin` is the mail it was made for:
    sent once more, that mail has the same link. `shown` is what the mail said of the invoice (`messages.Shown`), so
    that the page can say what has changed since. It opens as long as its approval is asked: that it was answered or is
    not needed any more is told by the approval alone.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="links", db_index=False)
    user = _person(db_index=False)
    origin = models.UUIDField()
    shown = models.JSONField(default=dict)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_for = models.CharField(max_length=10, blank=True)
    refused_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="approval_link_wall"),
            models.UniqueConstraint(
                fields=["approval", "user", "origin"], name="approval_link_once_per_mail"
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True, used_for="")
                | Q(used_at__isnull=False, used_for__in=Word.values),
                name="approval_link_used_for_a_word",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(refused_at__isnull=True),
                name="approval_link_used_or_refused",
            ),
        ]

    def __str__(self) -> str:
        return f"link to approval {self.approval_id} for user {self.user_id}"

    @property
    def token(self) -> str:
        """What its address holds. Never to be logged."""
        return seal_key(self.key, settings.SECRET_KEY, seal=APPROVAL)


class InvoiceQuestion(models.Model):
    """What accounts payable asks about an invoice, and the answer. What is asked of a colleague reaches no supplier.

    `due_at` is when an answer is due, in the working time of who is asked. Where the invoice claims an order, both
    are said in that order's thread too.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey("procurement.Invoice", on_delete=models.PROTECT, related_name="questions")
    state = models.CharField(max_length=10, choices=QuestionState.choices, default=QuestionState.ASKED)
    version = models.PositiveIntegerField(default=1)
    asked_of = models.CharField(max_length=10, choices=Asked.choices)
    question = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    asked_by_user_id = models.BigIntegerField(null=True)
    due_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=200, blank=True)
    answered_by_user_id = models.BigIntegerField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="invoice_question_wall"),
            models.UniqueConstraint(
                fields=["invoice", "asked_of"],
                condition=Q(state="asked"),
                name="invoice_question_one_open_of_each",
            ),
            models.CheckConstraint(
                condition=Q(state__in=QuestionState.values), name="invoice_question_state_known"
            ),
            models.CheckConstraint(
                condition=Q(asked_of__in=Asked.values), name="invoice_question_of_somebody"
            ),
            models.CheckConstraint(
                condition=~Q(state="answered") | Q(answered_at__isnull=False) & ~Q(answer=""),
                name="invoice_question_answered_when",
            ),
        ]
        indexes = [
            models.Index(fields=["invoice", "id"], name="invoice_question_of"),
            models.Index(fields=["due_at", "id"], condition=Q(state="asked"), name="invoice_question_due"),
        ]

    def __str__(self) -> str:
        return f"question {self.pk} about invoice {self.invoice_id}"

    @property
    def stream(self) -> str:
        """It is part of the story of its invoice."""
        return self.invoice.stream
