"""Offboardings: of each supplier the one that stands, and those before it. The buying side's own."""

import uuid

from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from suppliers.models.supplier import Supplier
from suppliers.offboarding.states import OffboardingState


class Offboarding(models.Model):
    """The business with a supplier ends on `last_on`. `reason` is ours alone, `words` are for the supplier's people.

    `left` is what was open still when it ended, as kind, count and reason each; `stopped` how much ended with it, by
    kind; `why` why it was called off, or taken up again.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="offboardings")
    state = models.CharField(max_length=10, choices=OffboardingState.choices, default=OffboardingState.BEGUN)
    version = models.PositiveIntegerField(default=1)
    reason = models.CharField(max_length=500)
    words = models.CharField(max_length=500, blank=True)
    last_on = models.DateField()
    begun_at = models.DateTimeField()
    begun_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)
    left = models.JSONField(default=list)
    stopped = models.JSONField(default=dict)
    over_at = models.DateTimeField(null=True)
    over_by = models.CharField(max_length=200, blank=True)
    why = models.CharField(max_length=500, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier"],
                condition=Q(state="begun") | Q(state="ended"),
                name="offboarding_one_stands",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OffboardingState.values), name="offboarding_state_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="offboarding_says_why"),
            models.CheckConstraint(
                condition=~(Q(state="ended") | Q(state="reopened")) | Q(ended_at__isnull=False),
                name="offboarding_ended_when",
            ),
            models.CheckConstraint(
                condition=~(Q(state="called_off") | Q(state="reopened")) | ~Q(why=""),
                name="offboarding_over_why",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "last_on", "id"], name="offboarding_by_state"),
            models.Index(fields=["supplier", "-id"], name="offboarding_of_supplier"),
        ]

    def __str__(self) -> str:
        return f"offboarding of {self.supplier_id} ({self.state})"

    @property
    def stream(self) -> str:
        """Its facts belong to the supplier's own trail."""
        return self.supplier.stream
