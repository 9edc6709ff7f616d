"""An invoice side by side with what was ordered, what came, and what was claimed of it before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q

from portal.kernel.actors import Actor
from procurement.invoices.messages import Claimed
from procurement.invoices.models import Invoice, InvoiceCharge, InvoiceFile, InvoiceLine, InvoiceTax
from procurement.invoices.queries import claimed_before, visible_invoices
from procurement.invoices.states import LIVE
from procurement.matching.engine.checks import Check, CheckKind, Result
from procurement.matching.models import Match
from procurement.matching.queries.kept import checks_of, current_match
from procurement.orders.models import PurchaseOrder
from procurement.payables.queries.given import given_back, given_by_line, notes_counted
from procurement.receipts.models import Receipt
from procurement.shipments.queries import counted_by_line

ZERO = Decimal(0)
MOST_EARLIER = 50
MOST_RECEIPTS = 100


@dataclass(frozen=True, slots=True)
class SideBySide:
    """One line of an invoice, and what stands against it. `unbooked` is what was counted of its goods at a dock and is
    not booked by the ERP: nothing is paid for that yet. `given` and `given_net` are the units and the money that credit
    notes about this very invoice take off it.
    """

    line: InvoiceLine
    before: Claimed
    receipts: Sequence[Receipt]
    checks: Sequence[Check] = ()
    unbooked: Decimal = ZERO
    given: Decimal = ZERO
    given_net: Decimal = ZERO

    @property
    def paid(self) -> Decimal:
        """How many of its units are to be paid."""
        return self.line.quantity - self.given

    @property
    def paid_net(self) -> Decimal:
        """How much of its amount is to be paid."""
        return self.line.amount - self.given_net


@dataclass(frozen=True, slots=True)
class CaseFile:
    """All that is looked at to decide on an invoice. A fixed number of queries."""

    invoice: Invoice
    lines: Sequence[SideBySide]
    charges: Sequence[InvoiceCharge]
    taxes: Sequence[InvoiceTax]
    files: Sequence[InvoiceFile]
    earlier: Sequence[Invoice]
    issues: Sequence[Invoice]
    notes: Sequence[Invoice] = ()
    match: Match | None = None
    checks: Sequence[Check] = ()
    whole: Sequence[Check] = field(default=())

    @property
    def to_pay(self) -> Decimal:
        """What is left to be paid of it, less what credit notes about it take off."""
        return self.invoice.to_pay - sum((one.total for one in self.notes), ZERO)


def case_file(invoice: Invoice, *, actor: Actor) -> CaseFile:
    """Read what stands against an invoice: its lines, receipts, earlier invoices and the match that counts."""
    lines = list(
        invoice.lines.select_related("line__order", "order", "notice_line__notice").order_by("position", "id")
    )
    ids = {one.line_id for one in lines if one.line_id}
    before = claimed_before(invoice, actor=actor)
    receipts: dict[int, list[Receipt]] = {}
    for receipt in (
        Receipt.objects.visible_to(actor)
        .filter(line__in=ids)
        .order_by("received_on", "id")[: MOST_RECEIPTS * max(1, len(ids))]
    ):
        if receipt.line_id is not None:
            receipts.setdefault(receipt.line_id, []).append(receipt)
    counted = counted_by_line(ids)
    match = current_match(invoice, actor=actor)
    checks = checks_of(match) if match else []
    by_position: Mapping[int, list[Check]] = _by_position(checks)
    notes = list(notes_counted(invoice).order_by("sent_at", "id"))
    given = given_by_line(lines, given_back(invoice)) if notes else [(ZERO, ZERO)] * len(lines)
    return CaseFile(
        invoice=invoice,
        lines=[
            SideBySide(
                one,
                before.get(one.line_id or 0, Claimed()),
                receipts.get(one.line_id or 0, [])[:MOST_RECEIPTS],
                by_position.get(one.position, ()),
                _unbooked(one, counted),
                *back,
            )
            for one, back in zip(lines, given, strict=True)
        ],
        charges=list(invoice.charges.order_by("position", "id")),
        taxes=list(invoice.taxes.order_by("category", "tax_rate", "id")),
        files=list(invoice.files.defer("content").order_by("added_at", "id")),
        earlier=_earlier(invoice, ids, actor),
        issues=list(
            visible_invoices(actor)
            .filter(document=invoice.document)
            .exclude(pk=invoice.pk)
            .order_by("-issue")[:MOST_EARLIER]
        ),
        notes=notes,
        match=match,
        checks=checks,
        whole=by_position.get(0, ()),
    )


def _unbooked(one: InvoiceLine, counted: Mapping[int, Decimal]) -> Decimal:
    if one.line is None:
        return ZERO
    return max(ZERO, counted.get(one.line.pk, ZERO) - one.line.received_quantity)


def _by_position(checks: Sequence[Check]) -> dict[int, list[Check]]:
    found: dict[int, list[Check]] = {}
    for check in checks:
        found.setdefault(check.position, []).append(check)
    return found


def _earlier(invoice: Invoice, line_ids: set[int], actor: Actor) -> list[Invoice]:
    """Other live invoices and credits of the same order lines, and what corrects this one; the newest first."""
    others = visible_invoices(actor).filter(state__in=LIVE).exclude(document=invoice.document)
    same = InvoiceLine.objects.filter(line__in=line_ids).values("invoice")
    found = others.filter(Q(pk__in=same) | Q(corrects__document=invoice.document))
    return list(found.order_by("-sent_at", "-id")[:MOST_EARLIER])


def suspected_as(invoice: Invoice, *, actor: Actor) -> str:
    """The number of the invoice that the match suspects this one to be the same as; "" where it suspects none."""
    match = current_match(invoice, actor=actor)
    return same_in(checks_of(match)) if match else ""


def same_in(checks: Sequence[Check]) -> str:
    """The same of the checks of a match."""
    failed = (one for one in checks if one.kind is CheckKind.DUPLICATE and one.result is Result.FAILED)
    return next((str(one.inputs["other"]) for one in failed if one.inputs.get("other")), "")


def order_of(invoice: Invoice) -> PurchaseOrder | None:
    """The order that an invoice claims first; None for one without."""
    line = invoice.lines.filter(order__isnull=False).select_related("order").order_by("position").first()
    return line.order if line else None
