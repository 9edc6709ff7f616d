"""When invoices are to be paid, and in which currencies."""

from collections.abc import Sequence
from datetime import date

from procurement.catalogue.models import Company
from procurement.invoices.models import Invoice, InvoiceLine
from procurement.invoices.policies.terms import due_day, read_terms
from procurement.invoices.states import InvoiceKind
from procurement.orders.models import PurchaseOrder
from suppliers.models import Supplier


def pay_days(invoices: Sequence[Invoice]) -> dict[int, date | None]:
    """On which day each of these invoices is to be paid, by id: when it says that it is due, and no sooner than its
    order's term of payment allows (of several, the shortest). One query.
    """
    ids = [one.pk for one in invoices if one.kind == InvoiceKind.INVOICE]
    named = InvoiceLine.objects.filter(invoice__in=ids, order__isnull=False).order_by().distinct()
    agreed: dict[int, int] = {}
    for pk, text in named.values_list("invoice_id", "order__payment_terms"):
        days = read_terms(text).days
        if days is not None:
            agreed[pk] = min(days, agreed.get(pk, days))
    found: dict[int, date | None] = {}
    for one in invoices:
        found[one.pk] = one.due_on
        if one.pk in agreed and one.invoiced_on is not None:
            earliest = due_day(one.invoiced_on, agreed[one.pk])
            found[one.pk] = max(one.due_on or earliest, earliest)
    return found


def currencies_of(supplier: Supplier, company: Company) -> list[str]:
    """In which currencies a supplier may invoice a company what was not ordered: those of its orders, the supplier's
    own as the ERP knows it, and the company's. One query.
    """
    orders = PurchaseOrder.objects.filter(supplier=supplier, company=company).order_by()
    theirs = set(orders.values_list("currency", flat=True).distinct())
    return sorted((theirs | {supplier.currency, company.currency}) - {""})
