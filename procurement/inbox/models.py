"""Cases, what people write on them, who they belong to, and how they are ranked. No supplier has a way to any of it."""

import uuid
from typing import Any

from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from procurement.inbox.states import LIVE, CaseKind, CaseState, Cause, FormulaState, OwnedBy, TaskState

IS_LIVE = Q(state__in=["open", "snoozed"])
IS_OPEN = Q(state="open")


def _person(**more: Any) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey("suppliers.User", on_delete=models.PROTECT, related_name="+", **more)


class ExceptionCase(models.Model):
    """Something that needs a person: of what kind, about what, whose, how pressing, and what became of it.

    It is derived from how things stand and closes by itself when its cause is gone. `cause` and `subject` name what it
    is about: there is one live case of them. `facts` are what is known of it, `signature` the part of them that makes
    it recur when it changes. `owner` is whose it is, `holder` who has it now: the owner, or who stands in.

    `score` (0 to 100) ranks it, `parts` say how it came about, `inputs` from what; it counts for the day `scored_on`.
    `runs_out` says that stock runs out before the goods come.
    `due_at` is when a person should have acted, `clock` the key of the clock that runs on it, if one does. `settled`
    says that a person closed it: it comes back only when its signature changes; `kept_open` that a person opened it
    again: it waits for a person to close it. `reviewed_at` is when it was last held against how things stand.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    kind = models.CharField(max_length=30, choices=CaseKind.choices)
    cause = models.CharField(max_length=20, choices=Cause.choices)
    subject = models.CharField(max_length=120)
    subject_stream = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=CaseState.choices, default=CaseState.OPEN)
    version = models.PositiveIntegerField(default=1)

    company = models.ForeignKey(
        "procurement.Company", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    supplier = models.ForeignKey(
        "suppliers.Supplier", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    order = models.ForeignKey(
        "procurement.PurchaseOrder", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    line = models.ForeignKey(
        "procurement.PurchaseOrderLine", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    schedule_key = models.PositiveIntegerField(null=True)
    change = models.ForeignKey(
        "procurement.OrderChange", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    command = models.ForeignKey(
        "procurement.ErpCommand", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    drift = models.ForeignKey(
        "procurement.Drift", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    site = models.ForeignKey(
        "procurement.Site", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    item_number = models.CharField(max_length=60, blank=True)
    item_group = models.CharField(max_length=60, blank=True)

    facts = models.JSONField(default=dict)
    signature = models.CharField(max_length=32)
    occurrences = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    last_recurred_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_because = models.CharField(max_length=20, blank=True)
    closed_by = models.CharField(max_length=200, blank=True)
    closed_note = models.TextField(blank=True)
    settled = models.BooleanField(default=False)
    kept_open = models.BooleanField(default=False)
    snoozed_until = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField()

    owner = _person(null=True)
    holder = _person(null=True, db_index=False)
    owned_by = models.CharField(max_length=10, choices=OwnedBy.choices, blank=True, default=OwnedBy.NOBODY)
    due_at = models.DateTimeField(null=True)
    clock = models.UUIDField(null=True)

    score = models.PositiveSmallIntegerField(default=0)
    parts = models.JSONField(default=list)
    inputs = models.JSONField(default=dict)
    scored_on = models.DateField(null=True)
    runs_out = models.BooleanField(default=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cause", "subject"], condition=IS_LIVE, name="case_one_live_per_cause"
            ),
            models.CheckConstraint(condition=Q(kind__in=CaseKind.values), name="case_kind_known"),
            models.CheckConstraint(condition=Q(cause__in=Cause.values), name="case_cause_known"),
            models.CheckConstraint(condition=Q(state__in=CaseState.values), name="case_state_known"),
            models.CheckConstraint(
                condition=Q(state="resolved", closed_at__isnull=False) & ~Q(closed_because="")
                | ~Q(state="resolved") & Q(closed_at__isnull=True, closed_because=""),
                name="case_resolved_when_and_why",
            ),
            models.CheckConstraint(
                condition=Q(state="snoozed", snoozed_until__isnull=False)
                | ~Q(state="snoozed") & Q(snoozed_until__isnull=True),
                name="case_snoozed_until",
            ),
            models.CheckConstraint(condition=Q(score__lte=100), name="case_score_to_a_hundred"),
            models.CheckConstraint(condition=Q(occurrences__gte=1), name="case_occurs_once"),
        ]
        indexes = [
            models.Index(fields=["-score", "id"], condition=IS_OPEN, name="case_ranked"),
            models.Index(fields=["holder", "-score", "id"], condition=IS_OPEN, name="case_of_holder"),
            models.Index(fields=["kind", "-score", "id"], condition=IS_OPEN, name="case_of_kind"),
            models.Index(fields=["supplier", "-score", "id"], condition=IS_OPEN, name="case_of_supplier"),
            models.Index(
                fields=["-score", "id"], condition=Q(state="open", runs_out=True), name="case_runs_out"
            ),
            models.Index(
                fields=["snoozed_until", "id"], condition=Q(state="snoozed"), name="case_sleeps_until"
            ),
            models.Index(fields=["order", "id"], condition=IS_LIVE, name="case_live_of_order"),
            models.Index(fields=["line", "id"], condition=IS_LIVE, name="case_live_of_line"),
            models.Index(fields=["reviewed_at", "id"], condition=IS_LIVE, name="case_to_review"),
            models.Index(fields=["scored_on", "id"], condition=IS_LIVE, name="case_to_score"),
            models.Index(fields=["cause", "subject", "-id"], name="case_of_subject"),
            models.Index(fields=["-updated_at", "-id"], name="case_moved"),
            models.Index(
                fields=["-closed_at", "-id"], condition=Q(state="resolved"), name="case_closed_last"
            ),
            models.Index(
                fields=["id"], condition=Q(state="open", clock__isnull=True), name="case_without_clock"
            ),
            models.Index(
                fields=["id"], condition=Q(state="resolved", clock__isnull=False), name="case_over_with_clock"
            ),
        ]

    def __str__(self) -> str:
        return f"case {self.pk} ({self.kind})"

    @property
    def stream(self) -> str:
        """Its own: nothing of it belongs in the order's story, which a supplier reads."""
        return f"case:{self.key}"

    @property
    def number(self) -> int:
        """What people call it by."""
        return int(self.pk)

    @property
    def is_live(self) -> bool:
        """Whether anybody still has to do something about it."""
        return self.state in LIVE


class CaseNote(models.Model):
    """What somebody of the buying side wrote on a case. No channel ever shows it to a supplier."""

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(ExceptionCase, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField()
    mentions = models.JSONField(default=list)
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=200)
    written_by_user_id = models.BigIntegerField(null=True)

    supplier_id = None  # no supplier has a way to it

    class Meta:
        indexes = [models.Index(fields=["case", "written_at", "id"], name="case_note_of_case")]

    def __str__(self) -> str:
        return f"note on case {self.case_id}"


class CaseTask(models.Model):
    """A question to somebody outside purchasing: a colleague, or somebody who has a mail address and no account."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    case = models.ForeignKey(ExceptionCase, on_delete=models.CASCADE, related_name="tasks")
    state = models.CharField(max_length=10, choices=TaskState.choices, default=TaskState.ASKED)
    version = models.PositiveIntegerField(default=1)
    asked_of = _person(null=True)
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=10, blank=True)
    question = models.TextField()
    due_on = models.DateField(null=True)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    asked_by_user_id = models.BigIntegerField(null=True)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=200, blank=True)

    supplier_id = None  # no supplier has a way to it

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=TaskState.values), name="case_task_state_known"),
            models.CheckConstraint(
                condition=Q(asked_of__isnull=False, email="") | Q(asked_of__isnull=True) & ~Q(email=""),
                name="case_task_for_one",
            ),
            models.CheckConstraint(
                condition=Q(state="answered", answered_at__isnull=False) & ~Q(answer="")
                | ~Q(state="answered") & Q(answered_at__isnull=True),
                name="case_task_answered_when",
            ),
        ]
        indexes = [
            models.Index(fields=["case", "id"], name="case_task_of_case"),
            models.Index(fields=["asked_of", "id"], condition=Q(state="asked"), name="case_task_waits"),
        ]

    def __str__(self) -> str:
        return f"task on case {self.case_id}"

    @property
    def stream(self) -> str:
        """Its case's own."""
        return self.case.stream


class CaseLook(models.Model):
    """Somebody has a case on the screen: since when, and when that was last so."""

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(ExceptionCase, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey("suppliers.User", on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()
    last_seen = models.DateTimeField()

    supplier_id = None  # no supplier has a way to it

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="case_look_once")]
        indexes = [models.Index(fields=["last_seen"], name="case_look_old")]

    def __str__(self) -> str:
        return f"{self.user_id} looks at case {self.case_id}"


class CaseQueue(models.Model):
    """A list of cases as somebody likes to see it: a name for its filters. Without a person it is the team's."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    user = models.ForeignKey("suppliers.User", on_delete=models.CASCADE, null=True, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField()

    supplier_id = None  # no supplier has a way to it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"], condition=Q(user__isnull=False), name="case_queue_name_once"
            ),
            models.UniqueConstraint(
                fields=["name"], condition=Q(user__isnull=True), name="case_queue_team_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AssignmentRule(models.Model):
    """Whose cases are of a supplier, an item group, a site. What is left empty is everybody's; the narrowest wins."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, null=True, related_name="+")
    item_group = models.CharField(max_length=60, blank=True)
    site = models.ForeignKey("procurement.Site", on_delete=models.PROTECT, null=True, related_name="+")
    owner = _person()
    written_by = models.CharField(max_length=200)
    written_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "item_group", "site"],
                nulls_distinct=False,
                name="assignment_rule_once",
            ),
            models.CheckConstraint(
                condition=Q(supplier__isnull=False) | ~Q(item_group="") | Q(site__isnull=False),
                name="assignment_rule_says_what_for",
            ),
        ]

    def __str__(self) -> str:
        return f"assignment rule {self.pk}"


class PriorityFormula(models.Model):
    """How cases are ranked: named parts, each an expression, summed, times the urgency, and capped.

    `authors` are the people who wrote anything of it: none of them may approve it. `rates` are what one unit of a
    currency is worth in the company's own.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=FormulaState.choices, default=FormulaState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    parts = models.JSONField()
    urgency = models.CharField(max_length=500)
    rates = models.JSONField(default=dict)
    authors = models.JSONField(default=list)
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
                condition=Q(state__in=FormulaState.values), name="priority_formula_state_known"
            ),
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="active"), name="priority_formula_one_active"
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(approved_at__isnull=False) & ~Q(approved_by=""),
                name="priority_formula_active_is_approved",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def stream(self) -> str:
        return f"formula:{self.key}"


class InboxPlace(models.Model):
    """How far something that goes round and round has come: the id it looked at last."""

    name = models.CharField(max_length=30, primary_key=True)
    after = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField()

    supplier_id = None  # no supplier has a way to it

    def __str__(self) -> str:
        return f"{self.name} after {self.after}"
