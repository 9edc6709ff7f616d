"""What credit notes about an invoice give back, of the whole and line by line."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from procurement.invoices.models import Invoice, InvoiceLine
from procurement.invoices.states import OPEN, SETTLED, InvoiceKind

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Given:
    """What credit notes about an invoice give back: units by the order line's id and the unit, and net amounts by that
    id (None: of what was not ordered here).
    """

    units: Mapping[tuple[int, str], Decimal]
    amounts: Mapping[int | None, Decimal]


def notes_counted(invoice: Invoice) -> QuerySet[Invoice]:
    """The credit notes about an invoice that will have given back once it is approved: those that are settled, and
    those of ours, which are approved with it.
    """
    about = Invoice.objects.filter(corrects__document=invoice.document, kind=InvoiceKind.CREDIT_NOTE)
    ours = Q(state__in=OPEN, on_behalf=True, corrects=invoice)
    found: QuerySet[Invoice] = about.filter(Q(state__in=SETTLED) | ours)
    return found


def given_back(invoice: Invoice) -> Given:
    """What credit notes about it give back of each order line: one query."""
    rows = InvoiceLine.objects.filter(invoice__in=notes_counted(invoice))
    units: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    amounts: dict[int | None, Decimal] = defaultdict(Decimal)
    for line, unit, quantity, amount, price_only in rows.values_list(
        "line_id", "unit", "quantity", "amount", "price_only"
    ):
        amounts[line] += amount
        if line is not None and not price_only:
            units[line, unit] += quantity
    return Given(units, amounts)


def given_in_all(invoice: Invoice) -> Decimal:
    """How much credit notes about it give back, with taxes: one query."""
    total: Decimal | None = notes_counted(invoice).aggregate(sum=Sum("total"))["sum"]
    return total or ZERO


def given_by_line(lines: Iterable[InvoiceLine], back: Given) -> list[tuple[Decimal, Decimal]]:
    """Of each line of the invoice, in its order, the units and the net amount that were given back. What was claimed of
    one order line in several lines is given back of the first of them first.
    """
    units, amounts = dict(back.units), dict(back.amounts)
    found = []
    for one in lines:
        given = given_net = ZERO
        if one.line_id is not None:
            given_net = min(one.amount, amounts.get(one.line_id, ZERO))
            amounts[one.line_id] = amounts.get(one.line_id, ZERO) - given_net
            if not one.price_only:
                key = (one.line_id, one.unit)
                given = min(one.quantity, units.get(key, ZERO))
                units[key] = units.get(key, ZERO) - given
        found.append((given, given_net))
    return found
