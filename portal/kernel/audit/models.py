"""The table of facts, and the chain that shows whether anybody has rewritten it.

No foreign keys: the log neither blocks nor follows a deletion.
"""

from django.db import models
from django.db.models.fields.json import KeyTransform

from portal.kernel.scope import ScopedQuerySet


class AuditEvent(models.Model):
    """One fact. `stream` is the document it belongs to; `internal` facts never reach a supplier."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=60)
    stream = models.CharField(max_length=120)
    at = models.DateTimeField()
    supplier_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=200)
    actor_side = models.CharField(max_length=20)
    actor_user_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=20)
    correlation_id = models.CharField(max_length=64, blank=True)
    internal = models.BooleanField(default=False)
    facts = models.JSONField(default=dict)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["stream", "-at", "-id"], name="audit_stream"),
            models.Index(fields=["supplier_id", "-at"], name="audit_supplier"),
            models.Index(
                fields=["actor_user_id", "supplier_id"],
                condition=models.Q(actor_user_id__isnull=False),
                name="audit_person",
            ),
            # What the page of the trail is narrowed by, in the order in which it is read.
            models.Index(fields=["-at", "-id"], name="audit_newest"),
            models.Index(fields=["kind", "-at", "-id"], name="audit_kind"),
            models.Index(fields=["channel", "-at", "-id"], name="audit_channel"),
            models.Index(
                fields=["actor_user_id", "-at", "-id"],
                condition=models.Q(actor_user_id__isnull=False),
                name="audit_person_newest",
            ),
            models.Index(
                KeyTransform("impersonated_by", "facts"),
                condition=models.Q(facts__has_key="impersonated_by"),
                name="audit_stand_in",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.stream} {self.at:%Y-%m-%d %H:%M}"


class AuditLink(models.Model):
    """One event's place in the chain. See Note [Chain] in `chain.py`."""

    position = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(unique=True)
    label_nonce = models.BinaryField(null=True)
    label_hash = models.BinaryField()
    hash = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.position}: event {self.event_id}"


class AuditSeal(models.Model):
    """One batch of links: its last hash, signed with a key that is not in the database."""

    id = models.BigAutoField(primary_key=True)
    first_position = models.BigIntegerField(unique=True)
    last_position = models.BigIntegerField(unique=True)
    head = models.BinaryField()
    signature = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()
    # The highest event number seen, the transactions that might still bring a lower one, and up to which number nobody
    # need look any more: see Note [Late].
    top_event_id = models.BigIntegerField()
    settled_after = models.DecimalField(max_digits=20, decimal_places=0)
    settled_below = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_position__gte=models.F("first_position")),
                name="audit_seal_has_links",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_position}–{self.last_position}"
