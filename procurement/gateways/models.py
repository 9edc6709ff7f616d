"""Gateways with their secrets, the messages that came as they came, and the events in them."""

import uuid

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from procurement.gateways.states import EventKind, EventState, GatewayKind, MessageState, Way


class Gateway(models.Model):
    """One connection of an outside system. `key` is in its address, and no secret.

    It is heard on consignments of `company` and of `supplier` alone, where they are set: all others are as if they were
    not there. Switched off (`active`), nothing of it is taken. A supplier's people see none of them.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    kind = models.CharField(max_length=10, choices=GatewayKind.choices)
    name = models.CharField(max_length=100)
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, null=True, related_name="+")
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, null=True, related_name="+")
    active = models.BooleanField(default=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=GatewayKind.values), name="gateway_kind_known"),
            models.UniqueConstraint(fields=["name"], name="gateway_name_once"),
        ]

    def __str__(self) -> str:
        return f"gateway {self.name}"

    @property
    def stream(self) -> str:
        return f"gateway:{self.key}"


class GatewaySecret(models.Model):
    """A secret that a gateway signs with. Only its `seed` is stored: see Note [Derived secrets] in policies.

    `place` is 1 or 2: two are live at once while the other side changes from one to the other. `last_used_at` is right
    to the hour.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT, related_name="secrets")
    seed = models.UUIDField(default=uuid.uuid4)
    place = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)
    last_used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "place"],
                condition=Q(ended_at__isnull=True),
                name="gateway_secret_two_at_most",
            ),
            models.CheckConstraint(condition=Q(place__in=[1, 2]), name="gateway_secret_place_known"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by="")
                | (Q(ended_at__isnull=False) & ~Q(ended_by="")),
                name="gateway_secret_ended_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"secret {self.place} of gateway {self.gateway_id}"


class GatewayMessage(models.Model):
    """One message or file as it came. `message_id` is the sender's name for it, once per gateway; of a file it is its
    fingerprint.

    One that was `refused` as a whole holds no id, so that it can be mended and sent again under it. The bytes are kept
    for GATEWAY_RAW_KEPT_FOR; then they are forgotten (`forgotten_at`), and events stay.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT, related_name="messages")
    way = models.CharField(max_length=10, choices=Way.choices)
    message_id = models.CharField(max_length=120, blank=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    raw = models.BinaryField()
    file_name = models.CharField(max_length=200, blank=True)
    brought_by = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=MessageState.choices)
    problems = models.JSONField(default=list)
    dealt_at = models.DateTimeField(null=True)
    forgotten_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "message_id"], condition=~Q(message_id=""), name="gateway_message_once"
            ),
            models.UniqueConstraint(
                fields=["gateway", "sha256"], condition=Q(message_id=""), name="gateway_refused_message_once"
            ),
            models.CheckConstraint(
                condition=Q(state="refused", message_id="") | (~Q(state="refused") & ~Q(message_id="")),
                name="gateway_message_refused_has_no_id",
            ),
            models.CheckConstraint(
                condition=Q(state__in=MessageState.values), name="gateway_message_state_known"
            ),
            models.CheckConstraint(condition=Q(way__in=Way.values), name="gateway_message_way_known"),
        ]
        indexes = [
            models.Index(fields=["gateway", "-received_at", "-id"], name="gateway_message_newest"),
            models.Index(
                fields=["received_at"], condition=Q(forgotten_at__isnull=True), name="gateway_message_kept"
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.message_id or self.key} of gateway {self.gateway_id}"


class GatewayEvent(models.Model):
    """One event of a message, and what became of it.

    `said` is what it says, as JSON; `own_key` names it (`policies.key_of`), `names` are what its consignment is known
    by. `supplier` and `notice` are set once it is placed. `why` is a code of `states.Why`; `problems` name fields and
    rules; `candidates` are the ship notices between which nobody could choose. `version` counts what people do with it.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT, related_name="+")
    message = models.ForeignKey(GatewayMessage, on_delete=models.PROTECT, related_name="events")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=EventKind.choices)
    own_key = models.CharField(max_length=80, blank=True)
    said = models.JSONField(default=dict)
    names = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=EventState.choices, default=EventState.RECEIVED)
    version = models.PositiveIntegerField(default=1)
    why = models.CharField(max_length=20, blank=True)
    problems = models.JSONField(default=list)
    candidates = models.JSONField(default=list)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, null=True, related_name="+")
    notice = models.ForeignKey(
        "procurement.ShipNotice", on_delete=models.PROTECT, null=True, related_name="+"
    )
    received_at = models.DateTimeField()
    dealt_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "position"], name="gateway_event_position_once"),
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="gateway_event_kind_known"),
            models.CheckConstraint(
                condition=Q(state__in=EventState.values), name="gateway_event_state_known"
            ),
            models.CheckConstraint(
                condition=Q(notice__isnull=True) | Q(supplier__isnull=False),
                name="gateway_event_notice_has_supplier",
            ),
            models.CheckConstraint(
                condition=~Q(state="dismissed") | ~Q(reason=""), name="gateway_event_dismissed_for_a_reason"
            ),
        ]
        indexes = [
            models.Index(
                fields=["-received_at", "-id"],
                condition=Q(state__in=["unplaced", "refused"]),
                name="gateway_event_waits",
            ),
            models.Index(fields=["-received_at", "-id"], name="gateway_event_newest"),
            GinIndex(fields=["names"], condition=Q(state="unplaced"), name="gateway_event_names"),
            models.Index(
                fields=["gateway", "own_key"], condition=Q(state="taken"), name="gateway_event_taken"
            ),
        ]

    def __str__(self) -> str:
        return f"event {self.position} of message {self.message_id}"
