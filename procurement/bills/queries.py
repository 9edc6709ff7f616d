"""Reading invoices."""

from django.db.models import Prefetch, QuerySet

from portal.kernel.actors import Actor
from procurement.bills.models import Bill, BillLine
from procurement.orders.models import PurchaseOrder


def visible_bills(actor: Actor) -> QuerySet[Bill]:
    """The invoices this actor may see: a supplier its own."""
    return Bill.objects.visible_to(actor)


def visible_bill_lines(actor: Actor) -> QuerySet[BillLine]:
    """What those invoices bill."""
    return BillLine.objects.visible_to(actor)


def bills_of(order: PurchaseOrder, *, actor: Actor) -> list[Bill]:
    """The invoices that bill anything of an order, the newest first, each with what it bills of it (`billed`): two
    queries."""
    billed = (
        visible_bill_lines(actor).filter(line__order=order).select_related("line").order_by("line__number")
    )
    found = visible_bills(actor).filter(pk__in=billed.order_by().values("bill_id"))
    lines = Prefetch("lines", billed, to_attr="billed")
    return list(found.prefetch_related(lines).order_by("-invoiced_on", "-id"))
