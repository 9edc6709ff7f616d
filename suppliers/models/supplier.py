"""A supplier, and the places it ships from."""

import uuid

from django.db import models
from django.db.models import F, Q

from portal.kernel.scope import ScopedQuerySet
from suppliers.states import Segment, SupplierState, TradeChannel


class Supplier(models.Model):
    """A trading partner. `number` is its number in the ERP's vendor file, `name` its name there.

    `erp_says` holds what the ERP last told of those fields that somebody has set here: they are the portal's since, and
    no feed overwrites them. See suppliers/details, Note [Who owns what].

    `leaving_on` is the last day of the business, once its end was begun, `left_at` when it was ended: since then nobody
    acts for the supplier (suppliers/offboarding). `merged_into` is the record of the same company that is kept
    (suppliers/merging). All three are the portal's alone, whatever the ERP says of it.

    A prospect is being won: the ERP knows nothing of it yet, and its number is one of ours (suppliers/onboarding).
    """

    supplier_path = "id"

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    number = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    country = models.CharField(max_length=2, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    language = models.CharField(max_length=10, default="en")
    time_zone = models.CharField(max_length=60, default="UTC")
    segment = models.CharField(max_length=20, choices=Segment.choices, default=Segment.LONG_TAIL)
    channel = models.CharField(max_length=10, choices=TradeChannel.choices, default=TradeChannel.PORTAL)
    email = models.EmailField(blank=True)
    erp_says = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=SupplierState.choices, default=SupplierState.ACTIVE)
    version = models.PositiveIntegerField(default=1)
    leaving_on = models.DateField(null=True)
    left_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, related_name="+", null=True)
    is_prospect = models.BooleanField(default=False, db_default=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=SupplierState.values), name="supplier_state_known"),
            models.CheckConstraint(condition=Q(segment__in=Segment.values), name="supplier_segment_known"),
            models.CheckConstraint(
                condition=Q(channel__in=TradeChannel.values), name="supplier_channel_known"
            ),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(leaving_on__isnull=False), name="supplier_left_on_a_day"
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="supplier_merged_into_another",
            ),
        ]
        indexes = [
            models.Index(fields=["name", "id"], name="supplier_by_name"),
            # Besides, by any part of name and number: trigram indexes on upper(…), as `icontains` compares (0010).
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"

    @property
    def supplier_id(self) -> int:
        return self.id

    @property
    def stream(self) -> str:
        return f"supplier:{self.key}"

    @property
    def only_reads(self) -> bool:
        """Whether its people and programs may do nothing but read: blocked by the ERP, or the business has ended."""
        return self.state == SupplierState.BLOCKED or self.left_at is not None

    def told_by_erp(self, name: str) -> str:
        """What the ERP last told of a field, whoever owns it now."""
        told: str = self.erp_says.get(name, getattr(self, name))
        return told


class SupplierSite(models.Model):
    """A place a supplier ships from, with the calendar days the goods travel."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="sites")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    street = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, blank=True)
    transit_days = models.PositiveSmallIntegerField(default=0)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supplier", "code"], name="supplier_site_code"),
            models.UniqueConstraint(fields=["id", "supplier"], name="supplier_site_wall"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}"
