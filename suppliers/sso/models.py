"""Providers of identities, the mail domains that are theirs, and who keeps a password beside one.

Who is joined with which identity is a row of allauth's (`SocialAccount`): the provider's key, and its word for the
person, which never changes. No claims are kept.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from suppliers.models.supplier import Supplier
from suppliers.sso.states import ProviderKind, ProviderState


class IdentityProvider(models.Model):
    """Where people of our company, or of one supplier, sign in.

    `issuer`: the issuer of OpenID Connect, or the entity id of SAML. `secret` is sealed. `groups`: pairs of group and
    role, the first that fits counts. `factor_words`: what the provider says where a second factor was shown; empty, and
    ours is asked for. `only_way`: whose address is of its domains has no other way in.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey(
        Supplier, on_delete=models.PROTECT, related_name="identity_providers", null=True
    )
    kind = models.CharField(max_length=10, choices=ProviderKind.choices)
    state = models.CharField(max_length=10, choices=ProviderState.choices, default=ProviderState.WRITTEN)
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=40)
    issuer = models.CharField(max_length=500)
    client_id = models.CharField(max_length=200, blank=True)
    secret = models.TextField(blank=True)
    sign_in_url = models.CharField(max_length=500, blank=True)
    certificate = models.TextField(blank=True)
    scopes = models.CharField(max_length=200, blank=True)
    groups_claim = models.CharField(max_length=200, blank=True)
    groups = models.JSONField(default=list)
    factor_words = models.CharField(max_length=500, blank=True)
    proves_addresses = models.BooleanField(default=False)
    makes_people = models.BooleanField(default=False)
    only_way = models.BooleanField(default=False)
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=200)
    tried_at = models.DateTimeField(null=True)
    tried_by = models.CharField(max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="oidc") | Q(kind="saml"), name="identity_provider_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state="written") | Q(state="on") | Q(state="off"),
                name="identity_provider_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="on") | Q(tried_at__isnull=False), name="identity_provider_tried_first"
            ),
            # A supplier's provider says nothing of who works for us.
            models.CheckConstraint(
                condition=Q(supplier__isnull=True) | Q(groups=[], makes_people=False),
                name="identity_provider_gives_no_role",
            ),
        ]
        indexes = [models.Index(fields=["state", "name"], name="identity_provider_in_use")]

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"

    @property
    def stream(self) -> str:
        return f"identity-provider:{self.key}"


class ProviderDomain(models.Model):
    """A mail domain that one provider speaks for, and no other."""

    id = models.BigAutoField(primary_key=True)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="domains")
    domain = models.CharField(max_length=253, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(domain=""), name="provider_domain_named"),
        ]

    def __str__(self) -> str:
        return self.domain


class PasswordKeeper(models.Model):
    """An administrator of ours who keeps the password where everybody else comes in by the provider only."""

    id = models.BigAutoField(primary_key=True)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="keepers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "user"], name="password_keeper_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} beside {self.provider_id}"
