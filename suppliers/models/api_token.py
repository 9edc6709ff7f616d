"""A program's key to the API: shown once, stored hashed."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from suppliers.models.supplier import Supplier
from suppliers.roles import TokenScope


class ApiToken(models.Model):
    """A token of one supplier, or of the buying side's integration (no supplier).

    One with a `user` is that person's own: what its program does, he or she does. It ends by itself (`expires_at`).
    One of a supplier goes on without who made it (`created_by_user_id`), but proposes no bank details any more.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="api_tokens", null=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_tokens", null=True
    )
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    scope = models.CharField(max_length=20, choices=TokenScope.choices)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    created_by_user_id = models.BigIntegerField(null=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=TokenScope.values), name="api_token_scope_known"),
            models.CheckConstraint(
                condition=(Q(user__isnull=True) & ~Q(scope="desk"))
                | Q(user__isnull=False, supplier__isnull=True, scope="desk", expires_at__isnull=False),
                name="api_token_of_a_person",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by="")
                | (Q(revoked_at__isnull=False) & ~Q(revoked_by="")),
                name="api_token_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
