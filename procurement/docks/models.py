"""How a dock works, and who has which time there."""

import uuid

from django.db import models
from django.db.models import F, Q

from portal.kernel.scope import ScopedQuerySet
from procurement.docks.policies import MOST_DOORS
from procurement.docks.states import HOLDING, OPEN, AppointmentState


class DockPlan(models.Model):
    """How the dock of one site works, as somebody there wrote it down. A site without one works as `queries.rhythm_of`
    says.

    `hours` is a week as `procurement.clocks.models` keeps it, in the site's own time; nothing: the opening hours of the
    site. Public holidays and days closed besides are those of the site either way.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    site = models.OneToOneField("procurement.Site", on_delete=models.PROTECT, related_name="dock_plan")
    version = models.PositiveIntegerField(default=1)
    doors = models.PositiveSmallIntegerField()
    hours = models.JSONField(null=True)
    slot_minutes = models.PositiveSmallIntegerField()
    pallets_per_hour = models.PositiveSmallIntegerField()
    ask_hours = models.PositiveSmallIntegerField()
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=200)

    objects = models.Manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(doors__gte=1, doors__lte=MOST_DOORS), name="dock_plan_has_doors"
            ),
            models.CheckConstraint(
                condition=Q(slot_minutes__gte=5, pallets_per_hour__gte=1), name="dock_plan_moves"
            ),
        ]

    def __str__(self) -> str:
        return f"dock plan of {self.site_id}"

    @property
    def stream(self) -> str:
        return f"dock:{self.key}"


class Appointment(models.Model):
    """A time at a dock for one consignment, whichever version of its ship notice counts.

    `starts_at` and `ends_at` are moments (UTC). `door` is there once the dock has proposed or confirmed the time: from
    then on nobody else has that door then (the constraint `appointment_door_once` of the database). `note` is what came
    with the wish, `reason` why it was moved, refused or given up.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(
        "procurement.Site", on_delete=models.PROTECT, related_name="appointments", db_index=False
    )
    consignment = models.UUIDField()
    state = models.CharField(max_length=10, choices=AppointmentState.choices, default=AppointmentState.ASKED)
    version = models.PositiveIntegerField(default=1)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    door = models.PositiveSmallIntegerField(null=True)
    note = models.CharField(max_length=500, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    written_by = models.CharField(max_length=200)
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=AppointmentState.values), name="appointment_state_known"
            ),
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")), name="appointment_begins_before_it_ends"
            ),
            models.UniqueConstraint(
                fields=["consignment"], condition=Q(state__in=list(OPEN)), name="appointment_one_open"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=list(HOLDING)) | Q(door__isnull=False),
                name="appointment_holds_a_door",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["refused", "cancelled"]) | ~Q(reason=""),
                name="appointment_ends_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["site", "starts_at"], condition=Q(state__in=list(OPEN)), name="appointment_of_site"
            ),
            models.Index(fields=["consignment", "-id"], name="appointment_of_consignment"),
            models.Index(fields=["updated_at", "id"], name="appointment_moved"),
        ]

    def __str__(self) -> str:
        return f"time of {self.consignment} ({self.state})"

    @property
    def stream(self) -> str:
        """It is part of the story of the shipment."""
        return f"shipment:{self.consignment}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN
