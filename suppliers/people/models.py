"""Invitations, and changes of mail addresses: what was asked, by whom, and what became of it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.kernel.link_keys import seal_key
from portal.kernel.scope import ScopedQuerySet
from suppliers.people.policies import INVITATION, NEW_ADDRESS, OLD_ADDRESS
from suppliers.people.states import AddressState, InvitationState
from suppliers.roles import CompanyRole, SupplierRole


class Invitation(models.Model):
    """Somebody is asked to act for a supplier, or (no supplier) on the buying side, at one mail address.

    Its address holds `key`, sealed (see Note [Sealed keys] in portal/kernel/link_keys.py): whoever reads that mailbox
    may accept it, once. It makes an account of that very address and never hands over another.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey(
        "suppliers.Supplier", on_delete=models.PROTECT, related_name="invitations", null=True
    )
    address = models.EmailField()
    name = models.CharField(max_length=150, blank=True)
    role = models.CharField(max_length=30)
    language = models.CharField(max_length=10, default="en")
    time_zone = models.CharField(max_length=60, default="UTC")
    words = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=InvitationState.choices, default=InvitationState.SENT)
    version = models.PositiveIntegerField(default=1)
    invited_at = models.DateTimeField()
    invited_by = models.CharField(max_length=200)
    invited_by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "address"],
                condition=Q(state="sent", supplier__isnull=False),
                name="invitation_open_once_per_supplier",
            ),
            models.UniqueConstraint(
                fields=["address"],
                condition=Q(state="sent", supplier__isnull=True),
                name="invitation_open_once_on_our_side",
            ),
            models.UniqueConstraint(fields=["id", "supplier"], name="invitation_wall"),
            models.CheckConstraint(
                condition=Q(state__in=InvitationState.values), name="invitation_state_known"
            ),
            models.CheckConstraint(
                condition=Q(supplier__isnull=False, role__in=SupplierRole.values)
                | Q(supplier__isnull=True, role__in=CompanyRole.values),
                name="invitation_role_known",
            ),
            models.CheckConstraint(
                condition=Q(state="accepted", accepted_by__isnull=False)
                | (~Q(state="accepted") & Q(accepted_by__isnull=True)),
                name="invitation_accepted_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["supplier", "-id"], name="invitation_of_supplier"),
            models.Index(fields=["address"], name="invitation_address"),
            models.Index(fields=["expires_at"], condition=Q(state="sent"), name="invitation_runs_out"),
        ]

    def __str__(self) -> str:
        return f"invitation of {self.address} ({self.state})"

    @property
    def stream(self) -> str:
        return f"invitation:{self.key}"

    @property
    def role_label(self) -> str:
        """What the invited is to do, in the reader's language."""
        return str((SupplierRole if self.supplier_id else CompanyRole)(self.role).label)

    @property
    def token(self) -> str:
        """What its address holds. Never to be logged."""
        return seal_key(self.key, settings.SECRET_KEY, seal=INVITATION)


class AddressChange(models.Model):
    """A person wants to sign in, and be written to, at another address. Both addresses have a say.

    `agreed_at`: the old address has said yes, and nobody need wait for it. `told_at`: its mail has left; until then the
    day it has to object has not begun.
    """

    supplier_id = None  # of a person, who may act for several suppliers or for none

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="address_changes"
    )
    old_address = models.EmailField()
    new_address = models.EmailField()
    state = models.CharField(max_length=10, choices=AddressState.choices, default=AddressState.ASKED)
    version = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    agreed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(state="asked") | Q(state="confirmed"),
                name="address_change_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=AddressState.values), name="address_change_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="changed") | Q(confirmed_at__isnull=False),
                name="address_changed_when_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.old_address} becomes {self.new_address} ({self.state})"

    @property
    def stream(self) -> str:
        return f"person:{self.user_id}"

    @property
    def token_at_new(self) -> str:
        """What the address in the mail to the new mailbox holds: it confirms. Never to be logged."""
        return seal_key(self.key, settings.SECRET_KEY, seal=NEW_ADDRESS)

    @property
    def token_at_old(self) -> str:
        """What the address in the mail to the old mailbox holds: it stops, or agrees. Never to be logged."""
        return seal_key(self.key, settings.SECRET_KEY, seal=OLD_ADDRESS)
