"""Invoices and credit notes of suppliers, and which lines of which orders they bill."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from portal.kernel.scope import ScopedQuerySet
from procurement.bills.states import BillKind, PaymentState

QUANTITY: dict[str, Any] = {"max_digits": 18, "decimal_places": 6}
AMOUNT: dict[str, Any] = {"max_digits": 20, "decimal_places": 6}


class Bill(models.Model):
    """An invoice or a credit note as the ERP holds it. The ERP owns it; nobody here changes it.

    How much of an order's line has been invoiced in all is the order's own to say (`invoiced_quantity` of its paper);
    an invoice tells by which claim, and how far that is paid. A credit note's amounts are what it gives back.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=80)
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, related_name="+")
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=15, choices=BillKind.choices, default=BillKind.INVOICE)
    number = models.CharField(max_length=80, blank=True)
    reference = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=15, choices=PaymentState.choices)
    invoiced_on = models.DateField()
    due_on = models.DateField(null=True)
    paid_on = models.DateField(null=True)
    currency = models.CharField(max_length=3)
    total = models.DecimalField(**AMOUNT)
    open_amount = models.DecimalField(**AMOUNT)
    content_hash = models.CharField(max_length=64)
    erp_stamp = models.DateTimeField(null=True)
    told_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "key"], name="bill_key_once"),
            models.UniqueConstraint(fields=["id", "supplier"], name="bill_wall"),
            models.CheckConstraint(condition=Q(kind__in=BillKind.values), name="bill_kind_known"),
            models.CheckConstraint(condition=Q(state__in=PaymentState.values), name="bill_state_known"),
            models.CheckConstraint(
                condition=Q(open_amount__gte=Decimal(0), open_amount__lte=F("total")),
                name="bill_open_within_total",
            ),
        ]
        indexes = [
            models.Index(fields=["supplier", "updated_at", "id"], name="bill_of_supplier_moved"),
            models.Index(fields=["updated_at", "id"], name="bill_moved"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference or self.number or self.key} ({self.state})"

    @property
    def name(self) -> str:
        """What people call it: by the supplier's number, which both sides know."""
        return self.reference or self.number or self.key


class BillLine(models.Model):
    """What an invoice bills of one line of an order.

    `order_number` and `line_key` are the ERP's words; `line` is there once that order is, and if it is an order to the
    supplier who bills it.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    bill = models.ForeignKey(Bill, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(
        "procurement.PurchaseOrderLine", on_delete=models.PROTECT, null=True, related_name="bill_lines"
    )
    order_number = models.CharField(max_length=60)
    line_key = models.CharField(max_length=60)
    quantity = models.DecimalField(**QUANTITY)
    amount = models.DecimalField(**AMOUNT)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["order_number"], condition=Q(line__isnull=True), name="bill_line_waits_for_order"
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.line_key} of order {self.order_number} on bill {self.bill_id}"
