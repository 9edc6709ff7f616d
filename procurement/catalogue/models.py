"""Companies, sites, units and items of the buying group, and what each supplier calls an item."""

from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet


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
