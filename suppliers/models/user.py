"""People: one sign-in each, on the buying side or for one or several suppliers."""

from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models, transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from portal.kernel.scope import ScopedQuerySet
from suppliers.models.supplier import Supplier
from suppliers.roles import CompanyRole, SupplierRole

_SESSION_SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"


class UserManager(BaseUserManager["User"]):
    """Makes people."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        with transaction.atomic(using=self._db):
            user.save(using=self._db)
            self.prove_addresses([user])
        return user

    def prove_addresses(self, users: Iterable["User"]) -> None:
        """Somebody is invited at an address that is known to be theirs: no other may take its place unproven."""
        proven = [EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users]
        EmailAddress.objects.using(self._db).bulk_create(proven, ignore_conflicts=True)


class Theme(models.TextChoices):
    """Day, night, or as the machine says."""

    SYSTEM = "system", "System"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class User(AbstractBaseUser):
    """A person. `company_role` is set for the buying side; a supplier's people have memberships instead.

    `approver_since_at` is since when, without a break, they have had a role that approves bank details. A trigger keeps
    it (suppliers/migrations/0013), whatever gives or takes such a role. `let_go_at` is when the account was last
    closed, or last lost what it did for a supplier.
    """

    id = models.BigAutoField(primary_key=True)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150)
    company_role = models.CharField(max_length=30, choices=CompanyRole.choices, blank=True)
    language = models.CharField(max_length=10, default="en")
    time_zone = models.CharField(max_length=60, default="UTC")
    theme = models.CharField(max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    shortcuts = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)
    # Unused for long: nobody signs in until a mailed link has woken it (suppliers/people).
    asleep_at = models.DateTimeField(null=True)
    woken_at = models.DateTimeField(null=True)
    let_go_at = models.DateTimeField(null=True)
    # One more ends every session there is, wherever it is kept.
    session_round = models.PositiveIntegerField(default=0)
    approver_since_at = models.DateTimeField(null=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(company_role__in=["", *CompanyRole.values]), name="user_role_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # Django's own is of the password alone; a session also ends with its round.
        said = f"{self.password}:{self.session_round}" if self.session_round else self.password
        return salted_hmac(_SESSION_SALT, said, secret=secret, algorithm="sha256").hexdigest()


class Membership(models.Model):
    """A person acts for a supplier, in a role.

    `role_since_at` is since when in this one. A trigger keeps it (suppliers/migrations/0028), whatever gives the role.
    """

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=30, choices=SupplierRole.choices)
    role_since_at = models.DateTimeField(null=True, editable=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "supplier"], name="membership_once"),
            models.CheckConstraint(condition=Q(role__in=SupplierRole.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} for {self.supplier_id} ({self.role})"
