"""What providers have told by themselves: people, groups, who is in which; and the secrets by which they are known."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from suppliers.people.models import Invitation
from suppliers.sso.models import IdentityProvider


class ScimSecret(models.Model):
    """By what a provider's server shows who it is: shown once, stored as a digest. Several work at one time, so that a
    new one is in use before the old one is revoked.
    """

    id = models.BigAutoField(primary_key=True)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.PROTECT, related_name="scim_secrets")
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by="")
                | (Q(revoked_at__isnull=False) & ~Q(revoked_by="")),
                name="scim_secret_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"qscim_{self.prefix}_…"


class ScimPerson(models.Model):
    """A person as a provider tells it. What it opens and closes here is for the services to say.

    `address` is the one that counts of what it told: of a domain the provider speaks for. `user` is whose account it
    is, once there is one; `invitation` what was sent because of it. `closed_at` is when its word closed the account:
    as long as `User.let_go_at` is the same, nobody else has. `role` is what that person did at the supplier before.
    `has_groups`: the provider has put the person into a group with a role, and its groups decide from then on.
    `gone_at`: deleted there; the row stays, so that nobody comes in again by signing in.
    """

    supplier_id = None  # of a provider, which may be ours

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.PROTECT, related_name="told_people")
    version = models.PositiveIntegerField(default=1)
    user_name = models.CharField(max_length=254)
    external_id = models.CharField(max_length=254, blank=True)
    names = models.JSONField(default=dict)
    mail = models.CharField(max_length=254, blank=True)
    address = models.CharField(max_length=254)
    domain = models.CharField(max_length=253)
    active = models.BooleanField(default=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="+", null=True)
    role = models.CharField(max_length=30, blank=True)
    has_groups = models.BooleanField(default=False)
    told_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("provider", Lower("user_name"), name="scim_person_once"),
            models.UniqueConstraint(
                fields=["provider", "user"],
                condition=Q(user__isnull=False),
                name="scim_person_of_one_account",
            ),
            models.CheckConstraint(condition=~Q(user_name=""), name="scim_person_named"),
            models.CheckConstraint(
                condition=Q(gone_at__isnull=True) | Q(active=False), name="scim_person_gone_is_not_active"
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "external_id"], name="scim_person_external"),
            models.Index(fields=["provider", "address"], name="scim_person_address"),
        ]

    def __str__(self) -> str:
        return f"{self.user_name} of {self.provider_id}"

    @property
    def stream(self) -> str:
        return f"scim-person:{self.key}"


class ScimGroup(models.Model):
    """A group as a provider tells it: by its name or its external id it stands among the pairs of group and role."""

    supplier_id = None  # only our own provider's groups give roles

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.PROTECT, related_name="told_groups")
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=254)
    external_id = models.CharField(max_length=254, blank=True)
    told_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    members: "models.ManyToManyField[ScimPerson, ScimMember]" = models.ManyToManyField(
        ScimPerson, through="ScimMember", related_name="groups"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "name"], name="scim_group_once"),
            models.CheckConstraint(condition=~Q(name=""), name="scim_group_named"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.provider_id}"

    @property
    def stream(self) -> str:
        return f"scim-group:{self.key}"


class ScimMember(models.Model):
    """Somebody is in a group."""

    id = models.BigAutoField(primary_key=True)
    group = models.ForeignKey(ScimGroup, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(ScimPerson, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "person"], name="scim_member_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.group_id}"
