"""Reading invoices."""

from django.db.models import Prefetch, QuerySet

from portal.kernel.actors import Actor
from procurement.invoices.models import Invoice, InvoiceLine
from procurement.orders.models import PurchaseOrder


def visible_invoices(actor: Actor) -> QuerySet[Invoice]:
    """The invoices this actor may see: a supplier its own."""
    return Invoice.objects.visible_to(actor)


def visible_invoice_lines(actor: Actor) -> QuerySet[InvoiceLine]:
    """What those invoices bill."""
    return InvoiceLine.objects.visible_to(actor)


def invoices_of(order: PurchaseOrder, *, actor: Actor) -> list[Invoice]:
    """The invoices that bill anything of an order, the newest first, each with what it bills of it (`billed`): two
    queries."""
    billed = (
        visible_invoice_lines(actor).filter(line__order=order).select_related("line").order_by("line__number")
    )
    found = visible_invoices(actor).filter(pk__in=billed.order_by().values("invoice_id"))
    lines = Prefetch("lines", billed, to_attr="billed")
    return list(found.prefetch_related(lines).order_by("-invoiced_on", "-id"))
