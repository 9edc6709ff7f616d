"""Companies, sites, units and items of the buying group, what each supplier calls an item, and what is there of it."""

from typing import Any

from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet

QUANTITY: dict[str, Any] = {"max_digits": 18, "decimal_places": 6}


class Company(models.Model):
    """A company of the buying group; orders carry it."""

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=2)
    time_zone = models.CharField(max_length=60, default="UTC")

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Site(models.Model):
    """A place that receives goods."""

    id = models.BigAutoField(primary_key=True)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="sites")
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    street = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, blank=True)
    time_zone = models.CharField(max_length=60, blank=True)
    gln = models.CharField(max_length=13, blank=True)

    def __str__(self) -> str:
        return self.name


class Unit(models.Model):
    """A unit of measure and the decimals a quantity in it may have; `rec20` is its UN/ECE Recommendation 20 code."""

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    decimals = models.PositiveSmallIntegerField(default=0)
    rec20 = models.CharField(max_length=3, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(decimals__lte=6), name="unit_decimals_at_most_six")]

    def __str__(self) -> str:
        return self.code


class Item(models.Model):
    """Something the buying group buys."""

    id = models.BigAutoField(primary_key=True)
    number = models.CharField(max_length=60, unique=True)
    description = models.CharField(max_length=300)
    unit = models.CharField(max_length=20)
    gtin = models.CharField(max_length=14, blank=True)
    group = models.CharField(max_length=60, blank=True)

    def __str__(self) -> str:
        return self.number


class SupplierItem(models.Model):
    """What one supplier calls an item, its smallest quantity, its pack and its lead time in calendar days."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="items")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="suppliers")
    supplier_part_number = models.CharField(max_length=60, blank=True)
    minimum_quantity = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    pack_quantity = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    lead_time_days = models.PositiveSmallIntegerField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["supplier", "item"], name="supplier_item_once")]

    def __str__(self) -> str:
        return f"{self.item_id} of {self.supplier_id}"


class StockPosition(models.Model):
    """What the ERP says lies at one site of one item, and what leaves it from day to day. No supplier ever sees it.

    All quantities are in `unit`, the ERP's stock unit. `on_hand` is what may be used, below zero where the ERP has
    booked out more than it knew of. `safety_stock` is what should always be left; `daily_demand` is what is expected
    to leave on each calendar day besides the customer orders that are told one by one (`CustomerDemand`). Where the
    ERP does not say, they are not set: nobody knows, which is not the same as none. `as_of` is the moment (UTC) of
    which the ERP tells.
    """

    id = models.BigAutoField(primary_key=True)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="positions")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="positions", db_index=False)
    unit = models.CharField(max_length=20)
    on_hand = models.DecimalField(**QUANTITY)
    safety_stock = models.DecimalField(**QUANTITY, null=True)
    daily_demand = models.DecimalField(**QUANTITY, null=True)
    as_of = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "site"], name="stock_position_once"),
            models.CheckConstraint(condition=Q(safety_stock__gte=0), name="stock_safety_not_negative"),
            models.CheckConstraint(condition=Q(daily_demand__gte=0), name="stock_demand_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.on_hand} of {self.item_id} at {self.site_id}"


class CustomerDemand(models.Model):
    """What is still to be delivered on one line of a customer's order, as the ERP has it. No supplier ever sees it.

    `key` is the ERP's own key of the line (or of one delivery of it). `customer` is the customer's name, `reference`
    the number of the order as people call it. `quantity` is what is still open, in `unit`; `needed_on` is the day on
    which it is to leave the site, in the site's calendar. `as_of` is the moment (UTC) of which the ERP tells.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=80, unique=True)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="demands", db_index=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="demands", db_index=False)
    customer = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=80, blank=True)
    quantity = models.DecimalField(**QUANTITY)
    unit = models.CharField(max_length=20)
    needed_on = models.DateField()
    as_of = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="customer_demand_positive"),
        ]
        indexes = [models.Index(fields=["item", "site", "needed_on"], name="customer_demand_by_day")]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.item_id} for {self.customer or self.reference}"


class SupplyTold(models.Model):
    """Up to which moment the ERP has told all of its stock, or all open customer orders.

    Both are told whole. What was told of an earlier moment and not again is gone, and nothing of an earlier moment
    counts any more, in whatever order the tellings arrive. The row is locked while one of them is taken in.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=20, unique=True)
    whole_as_of = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["stock", "customer_demand"]), name="supply_told_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} as of {self.whole_as_of}"
