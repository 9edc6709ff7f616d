"""A change request, its rounds, and the reasons that a company gives and takes."""

import uuid

from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from procurement.changes.states import OPEN, ChangeState, Side

MOVING = Q(state__in=["proposed", "countered", "accepted"])


class OrderChange(models.Model):
    """One side's wish to alter what was agreed on one line, until it is answered and the ERP has taken it.

    `was` is what was agreed when it was opened, `kinds` what the wish on the table would alter, `turn` the side that
    owes a word, by `expires_at`. `command` is the key by which the ERP's command is known, once there is one. Its
    wishes are its rounds: `round` is the number of the one on the table.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey("procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="changes")
    line = models.ForeignKey(
        "procurement.PurchaseOrderLine", on_delete=models.PROTECT, related_name="changes"
    )
    state = models.CharField(max_length=10, choices=ChangeState.choices, default=ChangeState.PROPOSED)
    version = models.PositiveIntegerField(default=1)
    opened_by = models.CharField(max_length=10, choices=Side.choices)
    turn = models.CharField(max_length=10, choices=Side.choices, blank=True)
    round = models.PositiveIntegerField(default=1)
    kinds = models.JSONField(default=list)
    revision = models.PositiveIntegerField()
    was = models.JSONField()
    opened_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=200, blank=True)
    answer_reason = models.CharField(max_length=30, blank=True)
    answer_note = models.TextField(blank=True)
    command = models.UUIDField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="change_wall"),
            models.UniqueConstraint(
                fields=["line"], condition=Q(state__in=list(OPEN)), name="change_open_once_per_line"
            ),
            models.CheckConstraint(condition=Q(state__in=ChangeState.values), name="change_state_known"),
            models.CheckConstraint(condition=Q(opened_by__in=Side.values), name="change_side_known"),
            models.CheckConstraint(
                condition=Q(state__in=list(OPEN), turn__in=Side.values, expires_at__isnull=False)
                | (~Q(state__in=list(OPEN)) & Q(turn="", expires_at__isnull=True)),
                name="change_open_waits_for_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(answer_reason="") | ~Q(answer_note=""),
                name="change_decline_has_a_reason",
            ),
            models.CheckConstraint(condition=Q(round__gte=1), name="change_round_from_one"),
        ]
        indexes = [
            models.Index(fields=["supplier", "-updated_at", "-id"], name="change_of_supplier"),
            models.Index(fields=["-updated_at", "-id"], name="change_newest"),
            models.Index(fields=["updated_at", "id"], name="change_moved"),
            models.Index(
                fields=["turn", "expires_at", "id"], condition=Q(state__in=list(OPEN)), name="change_waits"
            ),
            models.Index(fields=["order", "id"], condition=MOVING, name="change_moving_of_order"),
            models.Index(fields=["command"], condition=Q(state="accepted"), name="change_waits_for_erp"),
        ]

    def __str__(self) -> str:
        return f"change request {self.key} on line {self.line_id}"

    @property
    def stream(self) -> str:
        """The order's own: what happens to a request is part of the order's story."""
        return self.order.stream

    @property
    def is_open(self) -> bool:
        """Whether somebody still owes a word on it."""
        return self.state in OPEN


class ChangeRound(models.Model):
    """One wish within a request, as its author last put it. The one before stays as it was."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    change = models.ForeignKey(OrderChange, on_delete=models.PROTECT, related_name="rounds")
    number = models.PositiveIntegerField()
    side = models.CharField(max_length=10, choices=Side.choices)
    terms = models.JSONField()
    reason = models.CharField(max_length=30, blank=True)
    note = models.TextField(blank=True)
    written_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    written_by = models.CharField(max_length=200)
    written_by_user_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=20)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["change", "number"], name="change_round_once"),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="change_round_side_known"),
        ]

    def __str__(self) -> str:
        return f"round {self.number} of change request {self.change_id}"


class ChangeReason(models.Model):
    """What a company says on a reason: its own words for a starter code, a code of its own, or one it does not use."""

    id = models.BigAutoField(primary_key=True)
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=30)
    label = models.CharField(max_length=100)
    active = models.BooleanField(default=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="change_reason_once")]

    def __str__(self) -> str:
        return self.label
