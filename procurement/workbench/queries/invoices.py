"""What of an order is claimed, for the order's page on both sides."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from portal.kernel.actors import Actor
from procurement.invoices.models import Invoice, InvoiceLine
from procurement.invoices.queries import invoices_of_order
from procurement.invoices.states import LIVE
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.states import OrderState
from suppliers.roles import Permission

MOST_SHOWN = 12
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Claim:
    """An invoice with what it claims of the order."""

    invoice: Invoice
    lines: Sequence[InvoiceLine]

    @property
    def amount(self) -> Decimal:
        """What it claims of this order, without taxes."""
        return sum((one.amount for one in self.lines), start=ZERO)

    @property
    def counts(self) -> bool:
        return self.invoice.state in LIVE

    @property
    def shown(self) -> Sequence[InvoiceLine]:
        return self.lines[:MOST_SHOWN]

    @property
    def hidden(self) -> int:
        return max(0, len(self.lines) - MOST_SHOWN)


@dataclass(frozen=True, slots=True)
class ClaimedLine:
    """How much of an order line is claimed or booked."""

    line: PurchaseOrderLine

    @property
    def invoiced(self) -> Decimal:
        return max(self.line.claimed_quantity, self.line.invoiced_quantity)

    @property
    def left(self) -> Decimal:
        """What nobody has claimed yet."""
        if self.line.cancelled:
            return ZERO
        whole = self.line.received_quantity
        if not self.line.closed:
            whole = max(self.line.quantity, whole)
        return max(ZERO, whole - self.invoiced)


@dataclass(frozen=True, slots=True)
class Invoiced:
    """How far an order is invoiced: its claims, line by line what is claimed, and whether the reader may claim more."""

    claims: Sequence[Claim]
    lines: Sequence[ClaimedLine]
    hidden: int
    begun: int
    total: int
    may_invoice: bool


def invoiced_on(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine], *, actor: Actor) -> Invoiced:
    """The invoices of an order with their lines in it, newest first, drafts last: two queries."""
    may_see = actor.may(Permission.INVOICE_VIEW)
    invoices = invoices_of_order(order, actor=actor) if may_see else []
    inside: dict[int, list[InvoiceLine]] = defaultdict(list)
    if may_see:
        found = InvoiceLine.objects.filter(invoice__in=invoices, order=order).select_related("line")
        for one in found.order_by("position"):
            inside[one.invoice_id].append(one)
    claimed = [ClaimedLine(line) for line in lines]
    begun = [one for one in claimed if one.invoiced]
    may_invoice = actor.may(Permission.INVOICE_WRITE) and order.state != OrderState.CANCELLED
    return Invoiced(
        claims=[
            Claim(invoice, inside[invoice.pk]) for invoice in sorted(invoices, key=lambda one: one.is_draft)
        ],
        lines=begun[:MOST_SHOWN],
        hidden=max(0, len(begun) - MOST_SHOWN),
        begun=len(begun),
        total=sum(not line.cancelled for line in lines),
        may_invoice=may_invoice and any(one.left for one in claimed),
    )
