"""What was asked under a key, and how it was answered."""

from django.db import models

from portal.kernel.scope import ScopedQuerySet


class SeenRequest(models.Model):
    """One request under a caller's key (draft-ietf-httpapi-idempotency-key-header)."""

    id = models.BigAutoField(primary_key=True)
    caller = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    supplier_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="request_seen_once")]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"
