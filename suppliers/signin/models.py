"""Who needs a second factor, on which devices people sign in, and who took factors away or acted for whom."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from suppliers.models.supplier import Supplier
from suppliers.signin.states import EndedHow, ResetState


class FactorRule(models.Model):
    """Whether people in this role need a second factor, and within how many days. A role without a row has the
    default of `policies.DEMANDED`.
    """

    id = models.BigAutoField(primary_key=True)
    side = models.CharField(max_length=20)
    role = models.CharField(max_length=30)
    demanded = models.BooleanField()
    grace_days = models.PositiveSmallIntegerField(default=14)
    since_at = models.DateTimeField()
    set_by = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["side", "role"], name="factor_rule_once"),
            models.CheckConstraint(
                condition=Q(side="company") | Q(side="supplier"), name="factor_rule_side_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.role}"


class FactorConfirmation(models.Model):
    """An account's address has confirmed that its first factor was set up by its owner."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    confirmed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} {self.confirmed_at:%Y-%m-%d %H:%M}"


class Device(models.Model):
    """A browser in which somebody signed in: known by a secret in its cookie, of which only the digest is here.

    Until `trusted_until` it is spared the second step at sign-in, as long as neither the password nor a factor changes:
    `fingerprint` stands for both as they were.
    """

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="devices")
    digest = models.CharField(max_length=64)
    program = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)
    country = models.CharField(max_length=2, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    trusted_until = models.DateTimeField(null=True)
    fingerprint = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "digest"], name="device_once"),
            models.CheckConstraint(
                condition=Q(trusted_until__isnull=True) | ~Q(fingerprint=""),
                name="device_trusted_for_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.program}"


class SignIn(models.Model):
    """One time somebody signed in: when, from where, how. Kept for `SIGN_INS_KEPT_FOR`, then forgotten."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_ins")
    at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)
    country = models.CharField(max_length=2, blank=True)
    program = models.CharField(max_length=200, blank=True)
    way = models.CharField(max_length=60, blank=True)
    is_new_device = models.BooleanField(default=False)
    is_new_country = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["user", "-at"], name="sign_in_of_whom")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.at:%Y-%m-%d %H:%M}"


class FactorReset(models.Model):
    """An administrator takes away the factors of somebody who has lost them all. It waits, and can be stopped.

    `supplier` is set where an administrator of that supplier asked.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+", null=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="factor_resets")
    state = models.CharField(max_length=10, choices=ResetState.choices, default=ResetState.WAITING)
    version = models.PositiveIntegerField(default=1)
    reason = models.CharField(max_length=500)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    asked_by_user_id = models.BigIntegerField()
    takes_effect_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ResetState.values), name="factor_reset_state_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="factor_reset_has_a_reason"),
            models.CheckConstraint(
                condition=~Q(user_id=models.F("asked_by_user_id")), name="factor_reset_not_oneself"
            ),
            models.CheckConstraint(
                condition=Q(takes_effect_at__gt=models.F("asked_at")), name="factor_reset_waits"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", ended_at__isnull=True)
                | (~Q(state="waiting") & Q(ended_at__isnull=False)),
                name="factor_reset_ended",
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(state="waiting"), name="factor_reset_one_waits"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.state}"

    @property
    def stream(self) -> str:
        return f"person:{self.user_id}"


class Impersonation(models.Model):
    """One of our administrators acts in the place of a supplier's person, for a reason and for a short time."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_how = models.CharField(max_length=10, choices=EndedHow.choices, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="impersonation_has_a_reason"),
            models.CheckConstraint(condition=~Q(person=models.F("by")), name="impersonation_of_another"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("started_at")), name="impersonation_ends"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_how="")
                | (Q(ended_at__isnull=False) & ~Q(ended_how="")),
                name="impersonation_ended_somehow",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.by_id} for {self.person_id}"
