"""Messages and every attempt to deliver them."""

import uuid

from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet


class MessageState(models.TextChoices):
    """Where a message stands. Waiting, leased and parked messages hold back younger ones of their stream."""

    WAITING = "waiting", "Waiting"
    LEASED = "leased", "Leased"
    DELIVERED = "delivered", "Delivered"
    PARKED = "parked", "Parked"
    SKIPPED = "skipped", "Skipped"


UNDONE = (MessageState.WAITING, MessageState.LEASED, MessageState.PARKED)


class OutboxMessage(models.Model):
    """One promise to tell somebody. `stream` is one document: what must stay in order.

    `attempts` counts every try there ever was. `failures` counts those that did not get through, in a row, and says
    how long to wait; `faults` those of them that nobody foresaw (an exception, a worker that died), and says when to
    park. A replay begins both anew.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    topic = models.CharField(max_length=40)
    stream = models.CharField(max_length=120)
    kind = models.CharField(max_length=60)
    payload = models.JSONField()
    supplier_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=MessageState.choices, default=MessageState.WAITING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    faults = models.PositiveIntegerField(default=0)
    leased_by = models.IntegerField(null=True)
    leased_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=60, blank=True)
    last_error = models.TextField(blank=True)
    actor_label = models.CharField(max_length=200)
    actor_user_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=20)
    correlation_id = models.CharField(max_length=64, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["topic", "stream", "id"], condition=Q(state__in=UNDONE), name="outbox_undone"
            ),
            models.Index(fields=["due_at", "id"], condition=Q(state=MessageState.WAITING), name="outbox_due"),
            models.Index(fields=["stream", "-id"], name="outbox_stream"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=MessageState.values), name="outbox_state_known"),
            models.CheckConstraint(
                condition=Q(state=MessageState.LEASED, leased_by__isnull=False)
                | (~Q(state=MessageState.LEASED) & Q(leased_by__isnull=True)),
                name="outbox_leased_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state=MessageState.DELIVERED, delivered_at__isnull=False)
                | (~Q(state=MessageState.DELIVERED) & Q(delivered_at__isnull=True)),
                name="outbox_delivered_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.kind} {self.stream} ({self.state})"


class DeliveryAttempt(models.Model):
    """One try at one message, kept for ever."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(OutboxMessage, on_delete=models.PROTECT, related_name="tries")
    supplier_id = models.BigIntegerField(null=True)
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    outcome = models.CharField(max_length=60)
    error = models.TextField(blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "number"], name="attempt_counted_once")]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.message_id}: {self.outcome}"
