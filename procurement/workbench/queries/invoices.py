"""What of an order is claimed, for the order's page on both sides; and which invoices wait for their supplier."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, Value, When, Window
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.templatetags.portal_ui import money_text
from procurement.invoices.models import Invoice, InvoiceLine
from procurement.invoices.presenters import asks_supplier, title_of
from procurement.invoices.queries import for_supplier, invoices_of_order, visible_invoices
from procurement.invoices.states import LIVE, InvoiceState
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.states import OrderState
from procurement.payables.presenters.sentences import held_text
from suppliers.roles import Permission

MOST_AT_HOME = 10
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


@dataclass(frozen=True, slots=True)
class InvoiceAtHome:
    """An invoice that waits for its supplier: which, why, and the page where it goes on."""

    tone: str
    glyph: str
    title: str
    text: str
    url: str
    action: str


def invoices_at_home(actor: Actor) -> tuple[list[InvoiceAtHome], int]:
    """The invoices at which this supplier is to act, drafts last, at most ten, and how many there are in all: one
    query. None for who may neither write nor answer.
    """
    may_write = actor.may(Permission.INVOICE_WRITE)
    if not (actor.may(Permission.INVOICE_VIEW) and (may_write or actor.may(Permission.ORDER_ACKNOWLEDGE))):
        return [], 0
    found = visible_invoices(actor).filter(for_supplier(may_write=may_write))
    last = Case(When(state=InvoiceState.DRAFT, then=Value(1)), default=Value(0))
    counted = found.annotate(last=last, in_all=Window(Count("pk")))
    shown: list[Any] = list(counted.order_by("last", "state_at", "id")[:MOST_AT_HOME])
    return [_at_home(one) for one in shown], shown[0].in_all if shown else 0


def _at_home(one: Invoice) -> InvoiceAtHome:
    title, url = title_of(one), reverse("invoice", args=[one.key])
    if one.state == InvoiceState.DRAFT:
        text = f"{_('Nothing is sent yet.')} {money_text(one.total, one.currency)}"
        return InvoiceAtHome("quiet", "none", title, text, url, _("Go on"))
    if one.state == InvoiceState.REJECTED:
        text = _("Sent back: “%(why)s”. Correct it and send it again under the same number.")
        return InvoiceAtHome("stop", "stop", title, text % {"why": one.rejected_reason}, url, _("Correct"))
    if asks_supplier(one):
        questions = reverse("invoice-questions", args=[one.key])
        return InvoiceAtHome("talk", "talk", title, held_text(one.held_for), questions, _("Answer"))
    return InvoiceAtHome("wait", "alert", title, held_text(one.held_for), url, _("Look"))
