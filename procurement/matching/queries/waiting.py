"""Which invoices are to be looked at again: exactly those that something which moved can let go on, or stop.

An invoice that a person holds, that is disputed, or that is settled, is never looked at again by itself.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.kernel.actors import Actor
from procurement.invoices.models import Invoice, InvoiceLine
from procurement.invoices.states import InvoiceState
from procurement.matching.engine import CheckKind, Result
from procurement.matching.engine.parties import ONBOARDING_OPEN
from procurement.matching.models import MatchCheck

MATCHER = Actor.system("Matching")
BY_MATCH = "match."  # how the key of a reason begins for which the match holds an invoice
OURS = Q(state=InvoiceState.SENT) | Q(state=InvoiceState.HELD, held_for__key__startswith=BY_MATCH)
# What other claims can undo: quantities, amounts and charges count over all of them, and a number is free again.
BY_CLAIMS = (
    CheckKind.QUANTITY,
    CheckKind.CUMULATIVE,
    CheckKind.CHARGE,
    CheckKind.ORDER_AMOUNT,
    CheckKind.PRICE,
)


def _apart() -> QuerySet[MatchCheck]:
    return MatchCheck.objects.filter(match__is_current=True)


def waiting_for_receipt(line_ids: Iterable[int]) -> list[int]:
    """The invoices, by id, that wait for goods on these order lines, or claim more of them than was accepted. One
    query.
    """
    too_many = Q(kind=CheckKind.QUANTITY, result=Result.FAILED)
    rows = _apart().filter(Q(result=Result.WAITS) | too_many, line__in=set(line_ids))
    return _ours(rows)


def touched_by_orders(order_ids: Iterable[int]) -> list[int]:
    """The invoices, by id, that the match holds for whatever reason, or has not seen yet, and that claim of these
    orders: what they ask for is something else now. One query.
    """
    inside = InvoiceLine.objects.filter(order__in=set(order_ids)).values("invoice")
    return list(Invoice.objects.filter(OURS, pk__in=inside).order_by("id").values_list("pk", flat=True))


def touched_by_claims(invoice_keys: Iterable[UUID]) -> list[int]:
    """The invoices, by id, that are held for what these invoices claim as well, or because they seem to repeat them."""
    keys = set(invoice_keys)
    mine = InvoiceLine.objects.filter(invoice__key__in=keys)
    rows = _apart().filter(
        Q(kind__in=BY_CLAIMS, line__in=mine.filter(line__isnull=False).values("line"))
        | Q(
            kind__in=(CheckKind.CHARGE, CheckKind.ORDER_AMOUNT),
            line__isnull=True,
            match__invoice__lines__order__in=mine.filter(order__isnull=False).values("order"),
        )
        | Q(kind=CheckKind.DUPLICATE, other__in=keys)
    )
    return _ours(rows.exclude(match__invoice__key__in=keys))


def held_by_match(company_ids: Iterable[int]) -> list[int]:
    """The invoices to these companies, by id, that the match holds for whatever reason. One query."""
    found = Invoice.objects.filter(OURS, state=InvoiceState.HELD, company__in=set(company_ids))
    return list(found.order_by("id").values_list("pk", flat=True))


def held_of_suppliers(supplier_ids: Iterable[int]) -> list[int]:
    """The invoices of these suppliers, by id, that the match holds for whatever reason. One query."""
    found = Invoice.objects.filter(OURS, state=InvoiceState.HELD, supplier__in=set(supplier_ids))
    return list(found.order_by("id").values_list("pk", flat=True))


def held_for_onboarding(supplier_ids: Iterable[int] | None) -> list[int]:
    """The invoices of these suppliers, or of all, by id, that wait for their supplier's onboarding. One query."""
    rows = _apart().filter(message=ONBOARDING_OPEN)
    return _ours(rows if supplier_ids is None else rows.filter(supplier__in=set(supplier_ids)))


def _ours(rows: QuerySet[MatchCheck]) -> list[int]:
    found = Invoice.objects.filter(OURS, pk__in=rows.order_by().values("match__invoice"))
    return list(found.order_by("id").values_list("pk", flat=True))
