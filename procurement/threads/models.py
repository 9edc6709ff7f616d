"""Messages about an order, internal notes, and attached files."""

import uuid

from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from procurement.threads.policies import LARGEST_FILE


class Message(models.Model):
    """Something said about an order. An internal one never reaches a supplier, by any channel (row level security)."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey("procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="messages")
    body = models.TextField()
    internal = models.BooleanField(default=False)
    sent_at = models.DateTimeField()
    author = models.CharField(max_length=200)
    author_side = models.CharField(max_length=20)
    author_user_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=20)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["order", "sent_at", "id"], name="message_of_order")]
        constraints = [models.UniqueConstraint(fields=["id", "supplier"], name="message_wall")]

    def __str__(self) -> str:
        return f"message {self.pk} on order {self.order_id}"


class Attachment(models.Model):
    """A file on an order, kept in the database so that both walls and one backup cover it."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(
        "procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="attachments"
    )
    message = models.ForeignKey(Message, on_delete=models.PROTECT, null=True, related_name="attachments")
    internal = models.BooleanField(default=False)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=200)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(size__gt=0, size__lte=LARGEST_FILE), name="attachment_size_within_limit"
            ),
        ]
        indexes = [models.Index(fields=["order", "added_at"], name="attachment_of_order")]

    def __str__(self) -> str:
        return self.name
