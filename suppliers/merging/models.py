"""Merges: which record was joined to which, by whom, and what came over. The buying side's own."""

import uuid

from django.db import models
from django.db.models import F, Q

from portal.kernel.scope import ScopedQuerySet
from suppliers.merging.states import MergeState
from suppliers.models.supplier import Supplier


class SupplierMerge(models.Model):
    """`supplier`, the duplicate, is the same company as `kept`.

    `carried` is what came over, so that it can be taken back: `members` as supplier, person, membership and role, keys
    of `contacts`, numbers of `identifiers`, and what stood of the kept record `before` and `after` it was written over;
    and names of the `tokens` that ended, which nothing brings back.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    kept = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=MergeState.choices, default=MergeState.ASKED)
    version = models.PositiveIntegerField(default=1)
    reason = models.CharField(max_length=500)
    preferences = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    asked_by_user_id = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_by_user_id = models.BigIntegerField(null=True)
    carried = models.JSONField(default=dict)
    over_at = models.DateTimeField(null=True)
    over_by = models.CharField(max_length=200, blank=True)
    why = models.CharField(max_length=500, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier"],
                condition=Q(state="asked") | Q(state="merged"),
                name="supplier_merge_one_stands",
            ),
            models.CheckConstraint(
                condition=Q(state__in=MergeState.values), name="supplier_merge_state_known"
            ),
            models.CheckConstraint(condition=~Q(supplier=F("kept")), name="supplier_merge_of_two"),
            models.CheckConstraint(condition=~Q(reason=""), name="supplier_merge_says_why"),
            models.CheckConstraint(
                condition=~(Q(state="merged") | Q(state="undone"))
                | Q(decided_at__isnull=False) & ~Q(decided_by_user_id=F("asked_by_user_id")),
                name="supplier_merge_by_two_people",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="supplier_merge_by_state"),
            models.Index(fields=["kept", "state"], name="supplier_merge_of_kept"),
        ]

    def __str__(self) -> str:
        return f"{self.supplier_id} is {self.kept_id} ({self.state})"

    @property
    def stream(self) -> str:
        """Its facts stand in the trail of the record that is kept."""
        return self.kept.stream
