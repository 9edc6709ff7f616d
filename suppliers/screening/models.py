"""Lists as they were loaded, the parties of those in force, whom was screened against what, and hits.

All of it is the buying side's own: a supplier's scope has no right on any of these tables.
"""

import uuid

from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from suppliers.models.supplier import Supplier
from suppliers.screening.messages import Listed
from suppliers.screening.states import HitState, ListSource


class SanctionsList(models.Model):
    """A list that was loaded; the newest of a source is in force. The parties of the others are gone."""

    supplier_id = None  # no supplier has a way to it

    id = models.BigAutoField(primary_key=True)
    source = models.CharField(max_length=10, choices=ListSource.choices)
    sha256 = models.CharField(max_length=64)
    parties = models.PositiveIntegerField()
    loaded_at = models.DateTimeField()
    loaded_by = models.CharField(max_length=200)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=Q(replaced_at__isnull=True), name="sanctions_list_in_force"
            ),
            models.CheckConstraint(
                condition=Q(source__in=ListSource.values), name="sanctions_list_source_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}, {self.parties} parties"

    @property
    def stream(self) -> str:
        return f"sanctions_list:{self.source}"


class ListedParty(models.Model):
    """A party of a list in force; `names` begins with the main one."""

    supplier_id = None  # no supplier has a way to it

    id = models.BigAutoField(primary_key=True)
    of_list = models.ForeignKey(SanctionsList, on_delete=models.CASCADE, related_name="listed")
    ref = models.CharField(max_length=40)
    names = models.JSONField(default=list)
    about = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of_list", "ref"], name="listed_party_once")]

    def __str__(self) -> str:
        return self.ref

    def as_listed(self) -> Listed:
        """As the policies read it."""
        return Listed(self.ref, tuple(self.names), self.about)


class ScreenedSupplier(models.Model):
    """Against what a supplier was screened last, and under which names: a fingerprint of both."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.OneToOneField(Supplier, on_delete=models.PROTECT, related_name="+")
    fingerprint = models.CharField(max_length=64)
    screened_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.supplier_id} at {self.screened_at}"


class ScreeningHit(models.Model):
    """A supplier is called like a listed party. `seen` is a fingerprint of the names that a decision was about."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=10, choices=ListSource.choices)
    ref = models.CharField(max_length=40)
    listed_name = models.CharField(max_length=350)
    about = models.CharField(max_length=200, blank=True)
    score = models.PositiveSmallIntegerField()
    seen = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=HitState.choices, default=HitState.OPEN)
    version = models.PositiveIntegerField(default=1)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supplier", "source", "ref"], name="screening_hit_once"),
            models.CheckConstraint(condition=Q(state__in=HitState.values), name="screening_hit_state_known"),
            models.CheckConstraint(
                condition=Q(state="open")
                | Q(state="lapsed")
                | (Q(decided_at__isnull=False) & ~Q(decided_by="") & ~Q(reason="")),
                name="screening_hit_decided_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["state", "-score", "id"], name="screening_hit_by_state")]

    def __str__(self) -> str:
        return f"{self.supplier_id} like {self.listed_name} ({self.state})"

    @property
    def stream(self) -> str:
        return f"screening:{self.key}"
