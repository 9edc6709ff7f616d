"""What has arrived, booking by booking."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet

QUANTITY: dict[str, Any] = {"max_digits": 18, "decimal_places": 6}


class Receipt(models.Model):
    """Goods that arrived on a line, as the ERP booked them. The ERP owns it; nobody here changes it.

    How much of a line has been received in all is the order's own to say (`received_quantity` of its paper): a receipt
    tells when and with which delivery note it came. `order_number` and `line_key` are the ERP's words; `line` is there
    once that order is, and with it the supplier. A booking that was taken back stays, as `reversed`.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=80)
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, related_name="+")
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, null=True, related_name="+")
    line = models.ForeignKey(
        "procurement.PurchaseOrderLine", on_delete=models.PROTECT, null=True, related_name="receipts"
    )
    order_number = models.CharField(max_length=60)
    line_key = models.CharField(max_length=60)
    quantity = models.DecimalField(**QUANTITY)
    unit = models.CharField(max_length=20)
    unit_decimals = models.PositiveSmallIntegerField(default=0)
    received_on = models.DateField()
    reference = models.CharField(max_length=200, blank=True)
    reversed = models.BooleanField(default=False)
    content_hash = models.CharField(max_length=64)
    erp_stamp = models.DateTimeField(null=True)
    told_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "key"], name="receipt_key_once"),
            models.CheckConstraint(condition=Q(quantity__gt=Decimal(0)), name="receipt_quantity_positive"),
            models.CheckConstraint(
                condition=Q(line__isnull=True, supplier__isnull=True)
                | Q(line__isnull=False, supplier__isnull=False),
                name="receipt_supplier_with_line",
            ),
        ]
        indexes = [
            models.Index(
                fields=["order_number"], condition=Q(line__isnull=True), name="receipt_waits_for_order"
            ),
            models.Index(fields=["supplier", "updated_at", "id"], name="receipt_of_supplier_moved"),
            models.Index(fields=["updated_at", "id"], name="receipt_moved"),
        ]

    def __str__(self) -> str:
        return f"receipt {self.key} of order {self.order_number}"
