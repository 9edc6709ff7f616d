"""Comparisons of both sides, what exists in the ERP as one of them saw it, drift, and dry runs."""

import uuid

from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from procurement.erp.ports import Feed
from procurement.erp.reconciliation.states import LIVE, DriftKind, DriftState, Phase, Repair
from procurement.erp.states import RunState

FEEDS = [(feed.value, feed.value) for feed in Feed]


def _finished_when(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(state=RunState.RUNNING, finished_at__isnull=True)
        | (~Q(state=RunState.RUNNING) & Q(finished_at__isnull=False)),
        name=name,
    )


class ReconciliationRun(models.Model):
    """One comparison of both sides. `counts` are figures by feed (`running.Figures`).

    `feed`, `phase` and `after` say how far it has come, `looked_at` when the feeds were last read through: a worker
    that dies is followed by one that goes on there. `tries` counts how often it could not go on.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.RUNNING)
    asked_by = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    feed = models.CharField(max_length=30, choices=FEEDS, blank=True)
    phase = models.CharField(max_length=10, choices=Phase.choices, default=Phase.LISTING)
    after = models.BigIntegerField(default=0)
    looked_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="reconciliation_state_known"),
            _finished_when("reconciliation_finished_when"),
            # One at a time, whoever asks.
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=RunState.RUNNING), name="reconciliation_one_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["-started_at", "-id"], name="reconciliation_newest")]

    def __str__(self) -> str:
        return f"comparison of {self.started_at:%Y-%m-%d %H:%M} ({self.state})"


class SweptRecord(models.Model):
    """One record as a comparison saw it: `listed` by the ERP, and `suspect` if it has to be looked at again.

    Kept as long as the comparison goes on. `digest` is what its paper said at the first look, empty where there was
    none.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(ReconciliationRun, on_delete=models.CASCADE, related_name="+")
    feed = models.CharField(max_length=30, choices=FEEDS)
    owner = models.CharField(max_length=60, blank=True)
    number = models.CharField(max_length=60)
    content_hash = models.CharField(max_length=64, blank=True)
    stamp = models.DateTimeField(null=True)
    listed = models.BooleanField(default=True)
    suspect = models.BooleanField(default=False)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "feed", "owner", "number"], name="swept_record_once")
        ]
        indexes = [
            models.Index(fields=["run", "feed", "id"], condition=Q(suspect=True), name="swept_record_suspect")
        ]

    def __str__(self) -> str:
        return f"{self.feed} {self.owner} {self.number}"


class Drift(models.Model):
    """One record on which both sides do not agree. `owner` and `number` are its key (`ports.key_of`).

    `differences` are as `policies.Difference` says them, `fingerprint` what they come to: what is ignored is ignored
    until that changes. `reason` is a person's, or says why a repair did not work. `sent_by` is the message with which
    the promise was sent again.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    version = models.PositiveIntegerField(default=1)
    feed = models.CharField(max_length=30, choices=FEEDS)
    owner = models.CharField(max_length=60, blank=True)
    number = models.CharField(max_length=60)
    kind = models.CharField(max_length=20, choices=DriftKind.choices)
    state = models.CharField(max_length=10, choices=DriftState.choices, default=DriftState.OPEN)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, null=True, related_name="+")
    order = models.ForeignKey(
        "procurement.PurchaseOrder", on_delete=models.PROTECT, null=True, related_name="+"
    )
    command = models.ForeignKey(
        "procurement.ErpCommand", on_delete=models.PROTECT, null=True, related_name="+"
    )
    differences = models.JSONField(default=list)
    fingerprint = models.CharField(max_length=64)
    run = models.ForeignKey(ReconciliationRun, on_delete=models.PROTECT, related_name="drifts")
    seen_in = models.ForeignKey(ReconciliationRun, on_delete=models.PROTECT, related_name="+")
    found_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    repair = models.CharField(max_length=20, choices=Repair.choices, blank=True)
    repair_by = models.CharField(max_length=200, blank=True)
    repair_user_id = models.BigIntegerField(null=True)
    sent_by = models.UUIDField(null=True)
    reason = models.TextField(blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=DriftKind.values), name="drift_kind_known"),
            models.CheckConstraint(condition=Q(state__in=DriftState.values), name="drift_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=sorted(LIVE), closed_at__isnull=True)
                | (~Q(state__in=sorted(LIVE)) & Q(closed_at__isnull=False)),
                name="drift_closed_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=DriftState.IGNORED) | ~Q(reason=""), name="drift_ignored_with_reason"
            ),
            models.UniqueConstraint(
                fields=["feed", "owner", "number", "kind"],
                condition=Q(state__in=sorted(LIVE)),
                name="drift_once_alive",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "kind", "id"], name="drift_by_state"),
            models.Index(fields=["order"], name="drift_of_order"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.feed} {self.owner} {self.number} ({self.state})"

    @property
    def record(self) -> tuple[str, ...]:
        """The key of its record, as a connector takes it."""
        return (self.owner, self.number) if self.owner else (self.number,)

    @property
    def stream(self) -> str:
        """Its own; what comes of it is told in the order's story as well."""
        return f"drift:{self.key}"


class Rehearsal(models.Model):
    """One dry run of a first sync: what it would do, by feed (`rehearsing.FeedReport`). Nothing else is kept of it."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.RUNNING)
    asked_by = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    report = models.JSONField(default=list)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="rehearsal_state_known"),
            _finished_when("rehearsal_finished_when"),
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=RunState.RUNNING), name="rehearsal_one_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["-started_at", "-id"], name="rehearsal_newest")]

    def __str__(self) -> str:
        return f"dry run of {self.started_at:%Y-%m-%d %H:%M} ({self.state})"
