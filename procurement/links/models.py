"""Signed links and reply addresses: to whom each was given, for what, and what became of it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from procurement.links.messages import Person
from procurement.links.policies import seal_key
from procurement.links.states import Purpose


class SignedLink(models.Model):
    """A way in to one document for one person, without an account.

    Its address holds `key`, sealed (see Note [Sealed keys] in policies). `stream` is the document; `subject` narrows it
    further where needed (a delegated task). `origin` is the mail it was made for: asked for again, that mail gets the
    same link. `acted_on` lists what was written through it: each thing once. `made_from` is the link it was forwarded
    from, or from whose page it was opened.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(
        "procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="links", null=True
    )
    stream = models.CharField(max_length=120)
    subject = models.CharField(max_length=120, blank=True)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    address = models.EmailField()
    name = models.CharField(max_length=150, blank=True)
    language = models.CharField(max_length=10, default="en")
    time_zone = models.CharField(max_length=60, default="UTC")
    origin = models.UUIDField(null=True)
    made_from = models.ForeignKey("self", on_delete=models.PROTECT, related_name="made", null=True)
    forwarded = models.BooleanField(default=False)
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=200)
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    acted_on = models.JSONField(default=list)
    renewals = models.JSONField(default=list)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="link_wall"),
            models.UniqueConstraint(
                fields=["origin", "stream", "purpose", "subject"],
                condition=Q(origin__isnull=False),
                name="link_once_per_mail",
            ),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="link_purpose_known"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by="")
                | (Q(revoked_at__isnull=False) & ~Q(revoked_by="")),
                name="link_revoked_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(forwarded=False) | Q(made_from__isnull=False), name="link_forwarded_from_one"
            ),
        ]
        indexes = [
            models.Index(fields=["stream", "-issued_at"], name="link_of_stream"),
            models.Index(fields=["made_from"], name="link_made_from", condition=Q(made_from__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"link to {self.stream} for {self.address} ({self.purpose})"

    @property
    def person(self) -> Person:
        """To whom it was given."""
        return Person(self.address, self.name, self.user_id, self.language, self.time_zone)

    @property
    def token(self) -> str:
        """What its address holds. Never to be logged."""
        return seal_key(self.key, settings.SECRET_KEY)


class ReplyAddress(models.Model):
    """An address for one person's mail about one document: what comes there is said by them, about it."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(
        "procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="+", null=True
    )
    stream = models.CharField(max_length=120)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    address = models.EmailField()
    name = models.CharField(max_length=150, blank=True)
    language = models.CharField(max_length=10, default="en")
    time_zone = models.CharField(max_length=60, default="UTC")
    made_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stream", "supplier", "address"], name="reply_address_once_per_person"
            ),
        ]

    def __str__(self) -> str:
        return f"reply address of {self.address} on {self.stream}"

    @property
    def person(self) -> Person:
        """Who was written to."""
        return Person(self.address, self.name, self.user_id, self.language, self.time_zone)
