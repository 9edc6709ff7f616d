"""Approved invoices as the ERP is told of them, without the desk on which somebody approved them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import enqueue
from portal.kernel.scope import acting
from procurement.invoices.models import Invoice, InvoiceCharge, InvoiceFile, InvoiceLine, InvoiceTax
from procurement.invoices.policies.numbers import number_key
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from tests.builders.world import MONDAY
from tests.people import FEED

PDF = b"%PDF-1.7\nthe supplier's own"


def an_approved_invoice(
    order: PurchaseOrder,
    quantities: Mapping[str, int | str],
    *,
    number: str = "R-2041",
    price: str = "18.40",
    rate: str = "19",
    freight: str = "",
    picture: bool = False,
    **changed: Any,
) -> Invoice:
    """So much of some lines (by key) at one price, with one tax, approved."""
    with acting(FEED):
        lines = {line.key: line for line in PurchaseOrderLine.objects.filter(order=order)}
        amounts = {key: Decimal(some) * Decimal(price) for key, some in quantities.items()}
        net = sum(amounts.values(), Decimal(0))
        charge = Decimal(freight or 0)
        tax = ((net + charge) * Decimal(rate) / 100).quantize(Decimal("0.01"))
        values: dict[str, Any] = {
            "supplier_id": order.supplier_id,
            "company_id": order.company_id,
            "state": "approved",
            "number": number,
            "number_key": number_key(number),
            "invoiced_on": date(2026, 3, 2),
            "due_on": date(2026, 4, 1),
            "currency": order.currency,
            "line_total": net,
            "charge_total": charge,
            "tax_total": tax,
            "total": net + charge + tax,
            "drafted_at": MONDAY,
            "updated_at": MONDAY,
            "state_at": MONDAY,
            "sent_at": MONDAY,
            "written_by": "Asha",
            "approved_at": MONDAY,
            "approved_by": "policy",
        }
        invoice = Invoice.objects.create(**{**values, **changed})
        common = {"supplier_id": order.supplier_id, "invoice": invoice, "category": "S", "tax_rate": rate}
        for position, (key, some) in enumerate(quantities.items(), 1):
            InvoiceLine.objects.create(
                **common,
                position=position,
                order=order,
                line=lines[key],
                quantity=Decimal(some),
                unit=lines[key].unit,
                unit_price=Decimal(price),
                amount=amounts[key],
            )
        if charge:
            InvoiceCharge.objects.create(**common, code="FC", reason="Freight", amount=charge)
        InvoiceTax.objects.create(**common, base=net + charge, amount=tax)
        if picture:
            InvoiceFile.objects.create(
                supplier_id=order.supplier_id,
                invoice=invoice,
                kind="picture",
                name=f"{number}.pdf",
                content_type="application/pdf",
                size=len(PDF),
                sha256="0" * 64,
                content=PDF,
                added_at=MONDAY,
                added_by="Asha",
            )
    return invoice


def tell(invoice: Invoice, kind: str = "invoice.approved") -> OutboxMessage:
    """The message that the invoice's lifecycle puts into the outbox when it is approved, reopened or voided."""
    with acting(FEED):
        stream = f"invoice:{invoice.document}"
        enqueue("erp", stream, kind, {}, actor=FEED, at=MONDAY, supplier_id=invoice.supplier_id)
        message: OutboxMessage = OutboxMessage.objects.filter(topic="erp", stream=stream).latest("id")
    return message
