"""What a supplier is called, taxed, found and reached by; and every change of it, with the old beside the new.

Note [Written for the company]: a supplier's scope may read these tables and no more. Its people ask through services,
which check and then write under the company's scope, taken for just that; the fact names the person.

Note [Never edited in place]: numbers, addresses, and a contact's name, mail and telephone are ended and begun anew. So
it can be told since when a telephone number was known, and whose it was: a call-back about a bank account goes to one
that is older than the request.
"""

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from portal.kernel.actors import Actor, Side
from portal.kernel.scope import ScopedQuerySet
from suppliers.details.states import AddressKind, ChangeState, ContactRole, IdentifierKind, Part, Way
from suppliers.models.supplier import Supplier

IN_FORCE = Q(ended_at__isnull=True)


class SupplierCategory(models.Model):
    """What our buyers call a group of suppliers; documents and questions follow it. A retired one takes nobody in."""

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    retired_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class SupplierInCategory(models.Model):
    """A supplier belongs to a category."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="in_categories")
    category = models.ForeignKey(SupplierCategory, on_delete=models.PROTECT, related_name="+")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supplier", "category"], name="supplier_category_once"),
        ]

    def __str__(self) -> str:
        return f"{self.supplier_id} in {self.category_id}"


class CompanyNames(models.Model):
    """What a supplier calls itself; `Supplier.name` stays what the ERP calls it. There once something is set."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.OneToOneField(Supplier, on_delete=models.PROTECT, related_name="names")
    legal_name = models.CharField(max_length=200, blank=True)
    legal_form = models.CharField(max_length=60, blank=True)
    trading_name = models.CharField(max_length=200, blank=True)
    website = models.CharField(max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.legal_name or self.trading_name


class Identifier(models.Model):
    """A number under which the world knows a supplier, in the form of `policies.identifiers`.

    `country` is empty where all the world has the same numbers. `checked` says that a check digit stood up for it.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="identifiers")
    kind = models.CharField(max_length=12, choices=IdentifierKind.choices)
    country = models.CharField(max_length=2, blank=True)
    value = models.CharField(max_length=60)
    checked = models.BooleanField(default=False)
    since_at = models.DateTimeField()
    begun_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "kind", "country"], condition=IN_FORCE, name="identifier_one_in_force"
            ),
            models.CheckConstraint(condition=Q(kind__in=IdentifierKind.values), name="identifier_kind_known"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by="") | Q(ended_at__isnull=False) & ~Q(ended_by=""),
                name="identifier_ended_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["value", "kind"], condition=IN_FORCE, name="identifier_by_value")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class Address(models.Model):
    """An address of a supplier as `policies.addresses` keeps it. One of each kind is in force."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="addresses")
    kind = models.CharField(max_length=12, choices=AddressKind.choices)
    name = models.CharField(max_length=200, blank=True)
    line1 = models.CharField(max_length=200)
    line2 = models.CharField(max_length=200, blank=True)
    district = models.CharField(max_length=100, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    region = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2)
    since_at = models.DateTimeField()
    begun_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "kind"], condition=IN_FORCE, name="address_one_in_force"
            ),
            models.CheckConstraint(condition=Q(kind__in=AddressKind.values), name="address_kind_known"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by="") | Q(ended_at__isnull=False) & ~Q(ended_by=""),
                name="address_ended_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line1}, {self.city}"


class Contact(models.Model):
    """Somebody, or a desk, that can be reached at a supplier; not an account. See Note [Never edited in place].

    `key` stays the same from row to row of one contact; `since_at` is since when this name, this mail address and this
    telephone number (`policies.phones`) belong together.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=150)
    roles = ArrayField(models.CharField(max_length=12, choices=ContactRole.choices))
    email = models.EmailField(blank=True)
    telephone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=10, default="en")
    since_at = models.DateTimeField()
    begun_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=IN_FORCE, name="contact_one_in_force"),
            models.CheckConstraint(
                condition=Q(roles__contained_by=ContactRole.values) & Q(roles__len__gt=0),
                name="contact_roles_known",
            ),
            models.CheckConstraint(condition=~Q(email="") | ~Q(telephone=""), name="contact_can_be_reached"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by="") | Q(ended_at__isnull=False) & ~Q(ended_by=""),
                name="contact_ended_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["supplier", "since_at"], name="contact_of_supplier")]

    def __str__(self) -> str:
        return self.name


class ChangeRequest(models.Model):
    """A change of one part of a supplier's company data: what stood, what shall stand, who asked and who decided.

    Every change has one. `old` and `new` are by field, as the part is kept; an empty `new` ends what stands, an empty
    `old` is where nothing stood. What comes into force at once is decided by the rule and begins so.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=12, choices=Part.choices)
    subject = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=ChangeState.choices, default=ChangeState.WAITING)
    version = models.PositiveIntegerField(default=1)
    old = models.JSONField(default=dict)
    new = models.JSONField(default=dict)
    reason = models.CharField(max_length=500, blank=True)
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=200)
    requested_by_user_id = models.BigIntegerField(null=True)
    requested_side = models.CharField(max_length=20)
    channel = models.CharField(max_length=20)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_by_user_id = models.BigIntegerField(null=True)
    decided_reason = models.CharField(max_length=500, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "part", "subject"],
                condition=Q(state="waiting"),
                name="change_request_one_waits",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ChangeState.values), name="change_request_state_known"
            ),
            models.CheckConstraint(condition=Q(part__in=Part.values), name="change_request_part_known"),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at__isnull=True)
                | (~Q(state="waiting") & Q(decided_at__isnull=False) & ~Q(decided_by="")),
                name="change_request_decided_by_somebody",
            ),
            # Nobody approves what they asked for themselves.
            models.CheckConstraint(
                condition=~Q(state="in_force")
                | Q(decided_by_user_id__isnull=True)
                | Q(requested_by_user_id__isnull=True)
                | ~Q(decided_by_user_id=models.F("requested_by_user_id")),
                name="change_request_two_people",
            ),
        ]
        indexes = [
            models.Index(
                fields=["requested_at", "id"], condition=Q(state="waiting"), name="change_request_waiting"
            ),
            models.Index(fields=["supplier", "-requested_at"], name="change_request_of_supplier"),
        ]

    def __str__(self) -> str:
        return f"{self.part} of {self.supplier_id} ({self.state})"

    @property
    def stream(self) -> str:
        """The supplier's own: it is part of its story."""
        return self.supplier.stream

    def words_for(self, actor: Actor | None) -> tuple[str, str]:
        """Why it was asked for, and why it was decided so, as this reader may know it: what our people write to each
        other about a change of their own is not its supplier's to read."""
        is_among_us = self.requested_side != Side.SUPPLIER
        if is_among_us and (actor is None or actor.is_supplier):
            return "", ""
        return self.reason, self.decided_reason

    @property
    def fields(self) -> dict[str, tuple[Any, Any]]:
        """What it changes: by field, what stood and what shall stand."""
        names = [*self.new, *(name for name in self.old if name not in self.new)]
        pairs = {name: (self.old.get(name), self.new.get(name)) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


class DetailRule(models.Model):
    """How changes of a part come into force, where our administrator wants it otherwise than is usual.

    That they come into force at once is asked for by one of ours (`asked_…`) and said by another: `write_detail_rule`.
    """

    id = models.BigAutoField(primary_key=True)
    part = models.CharField(max_length=12, choices=Part.choices, unique=True)
    way = models.CharField(max_length=10, choices=Way.choices)
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=200)
    written_by_user_id = models.BigIntegerField(null=True)
    asked_at = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=200, blank=True)
    asked_by_user_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(way="at_once")
                | Q(written_by_user_id__isnull=True)
                | Q(asked_by_user_id__isnull=True)
                | ~Q(written_by_user_id=models.F("asked_by_user_id")),
                name="detail_rule_two_people",
            ),
            models.CheckConstraint(condition=Q(part__in=Part.values), name="detail_rule_part_known"),
            models.CheckConstraint(condition=Q(way__in=Way.values), name="detail_rule_way_known"),
        ]

    def __str__(self) -> str:
        return f"{self.part}: {self.way}"

    @property
    def is_asked(self) -> bool:
        """Whether somebody asks that changes come into force at once, and nobody has said so yet."""
        return self.way == Way.APPROVE and self.asked_at is not None
