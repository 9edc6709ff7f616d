"""One table of facts. No foreign keys: the log neither blocks nor follows a deletion."""

from django.db import models

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
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.stream} {self.at:%Y-%m-%d %H:%M}"
