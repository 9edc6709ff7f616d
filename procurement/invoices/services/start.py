"""A draft is begun: from what was ordered, has left, has come or was counted, or from an invoice that it is about.

Note [What a draft begins with]: of each line what nobody has claimed yet. Of an order that is what was received, where
the company pays for what it received and something has come; else what has left; else what was ordered. Of a ship
notice it is what it says, of receipts and counts what came. Whoever begins it may say another quantity; it is only what
stands in the fields at first.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import IllegalTransition, Invalid, Problem
from portal.kernel.scope import requires_scope
from procurement.catalogue.models import Company
from procurement.invoices.messages import InvoiceHeader, LineChoice, LineEntry, SaveDraft
from procurement.invoices.models import Invoice
from procurement.invoices.policies.checks import MOST_LINES
from procurement.invoices.policies.sums import TaxKey
from procurement.invoices.policies.terms import read_terms
from procurement.invoices.queries import (
    agreed_prices,
    claimed_by_line,
    claimed_by_notice_line,
    credited_by_sheet_line,
    currencies_of,
    find_invoice,
    invoiced_companies,
    last_taxes,
    left_to_claim,
    preset_tax,
    profile_of,
    taxes_of,
)
from procurement.invoices.services.draft import charges_in, entries_of, header_of, save_draft
from procurement.invoices.services.holding import require_may
from procurement.invoices.states import LIVE, InvoiceKind, InvoiceState
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import lock_orders, visible_lines
from procurement.orders.states import OrderState
from procurement.receipts.models import ReceivingSheet
from procurement.receipts.queries import counted_sheet, find_sheet, visible_receipts
from procurement.receipts.states import SheetState
from procurement.shipments.queries import visible_notices
from procurement.shipments.states import LIVE as NOTICE_LIVE
from suppliers.models import Supplier
from suppliers.roles import Permission

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Start:
    """So much of an order line, and from which line of a ship notice or a count it comes."""

    line: PurchaseOrderLine
    quantity: Decimal
    notice_line: int | None = None
    sheet_line: int | None = None


# --- from orders --------------------------------------------------------------------------------------------


@requires_scope
def start_from_orders(
    orders: Sequence[uuid.UUID] = (),
    choices: Sequence[LineChoice] = (),
    *,
    actor: Actor,
    at: datetime,
) -> list[Invoice]:
    """Begin invoices for whole orders, or for some of their lines: one draft for each company and currency, so that
    several orders go into one. See Note [What a draft begins with].

    Raises `Invalid` for lines that are not there or not yours, and where nothing is left to claim.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    lines = visible_lines(actor).select_related("order__company", "order__supplier")
    wanted = {(one.order, one.line_key): one.quantity for one in choices}
    if wanted:
        found = lines.filter(
            order__key__in={order for order, _key in wanted}, key__in={key for _order, key in wanted}
        )
        chosen = [one for one in _ordered(found) if (one.order.key, one.key) in wanted]
        missing = set(wanted) - {(one.order.key, one.key) for one in chosen}
        if missing:
            key = sorted(key for _order, key in missing)[0]
            message = _("There is no line %(line)s of yours in that order. Take it out of your choice.")
            raise _refused("lines", message % {"line": key}, "unknown")
    else:
        chosen = _ordered(lines.filter(order__key__in=orders, cancelled=False))
    chosen = [one for one in chosen if one.order.state != OrderState.CANCELLED]
    left = left_to_claim(chosen)
    starts = []
    for line in chosen:
        asked = wanted.get((line.order.key, line.key))
        quantity = left[line.pk] if asked is None else asked
        if quantity > ZERO:
            starts.append(_Start(line, quantity))
    return _begin_all(starts, actor=actor, at=at)


def _ordered(lines: Iterable[PurchaseOrderLine]) -> list[PurchaseOrderLine]:
    return sorted(lines, key=lambda one: (one.order.ordered_on, one.order_id, one.number, one.pk))


# --- from what has left or come -----------------------------------------------------------------------------


@requires_scope
def start_from_notices(keys: Sequence[uuid.UUID], *, actor: Actor, at: datetime) -> list[Invoice]:
    """Begin invoices for what ship notices say has left, less what was claimed of them: one draft for each company and
    currency.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    notices = visible_notices(actor).filter(key__in=keys, state__in=NOTICE_LIVE)
    found = [
        one
        for notice in notices.order_by("sent_at", "id")
        for one in notice.lines.filter(quantity__gt=0)
        .select_related("line__order__company", "line__order__supplier")
        .order_by("position")
    ]
    claimed = claimed_by_notice_line(one.pk for one in found)
    starts = [
        _Start(one.line, one.quantity - (claimed[one.pk].quantity if one.pk in claimed else ZERO), one.pk)
        for one in found
    ]
    return _begin_all([one for one in starts if one.quantity > ZERO], actor=actor, at=at)


@requires_scope
def start_from_receipts(ids: Sequence[int], *, actor: Actor, at: datetime) -> list[Invoice]:
    """Begin invoices for goods that the ERP has booked in (receipts by id), as far as they are not claimed yet."""
    require_may(actor, Permission.INVOICE_WRITE)
    receipts = visible_receipts(actor).filter(pk__in=ids, line__isnull=False, reversed=False)
    came: dict[int, Decimal] = defaultdict(Decimal)
    lines: dict[int, PurchaseOrderLine] = {}
    for receipt in receipts.select_related("line__order__company", "line__order__supplier").order_by("id"):
        if receipt.line is not None and receipt.unit == receipt.line.unit:
            lines[receipt.line.pk] = receipt.line
            came[receipt.line.pk] += receipt.quantity
    return _begin_all(_as_far_as_left(lines, came), actor=actor, at=at)


@requires_scope
def start_from_counts(keys: Sequence[uuid.UUID], *, actor: Actor, at: datetime) -> list[Invoice]:
    """Begin invoices for what was counted good at the dock (posted sheets by key), as far as it is not claimed yet."""
    require_may(actor, Permission.INVOICE_WRITE)
    came: dict[int, Decimal] = defaultdict(Decimal)
    lines: dict[int, PurchaseOrderLine] = {}
    for key in keys:
        counted = counted_sheet(_posted(key, actor))
        for one in counted.lines:
            lines[one.one.line_id] = one.one.line
            came[one.one.line_id] += one.tally.good
    return _begin_all(_as_far_as_left(lines, came), actor=actor, at=at)


def _as_far_as_left(lines: Mapping[int, PurchaseOrderLine], came: Mapping[int, Decimal]) -> list[_Start]:
    claimed = claimed_by_line(lines)
    starts = []
    for pk, line in lines.items():
        here = max(line.received_quantity, came[pk])
        left = min(came[pk], here - claimed[pk].quantity)
        if left > ZERO:
            starts.append(_Start(line, left))
    return starts


# --- without an order ---------------------------------------------------------------------------------------


@requires_scope
def start_without_order(
    company: str, currency: str = "", *, supplier: Supplier | None = None, actor: Actor, at: datetime
) -> Invoice:
    """Begin an empty invoice to a company, for what was not ordered. Raises `Invalid` where the company takes none, and
    for a currency in which they have no business.

    Accounts payable names the `supplier` in whose name it writes.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    known = {one.code: one for one in invoiced_companies(actor)}
    if company not in known:
        raise _refused("company", _("Choose a company that you have had orders of."), "unknown")
    buyer = known[company]
    if not profile_of(buyer).allow_without_order:
        message = _("%(company)s takes no invoice without an order. Begin with the order that it claims.")
        raise _refused("company", message % {"company": buyer.name}, "without_order")
    seller = supplier or _only_supplier(actor)
    said = currency.upper() or seller.currency or buyer.currency
    if said not in (known_ones := currencies_of(seller, buyer)):
        raise _refused("currency", other_currency_message(known_ones), "other_currency")
    return _begin(seller, buyer, said, (), actor=actor, at=at)


def other_currency_message(known: Sequence[str]) -> str:
    """The refusal of a currency in which the supplier has no business with the company."""
    message = _("What was not ordered is invoiced in a currency of your orders. Choose one of: %(known)s.")
    return message % {"known": ", ".join(known)}


def _only_supplier(actor: Actor) -> Supplier:
    theirs = Supplier.objects.visible_to(actor).filter(pk__in=actor.supplier_ids)
    found: list[Supplier] = list(theirs[:2])
    if len(found) != 1:
        raise _refused("supplier", _("Say for which supplier you write."), "unknown")
    return found[0]


# --- about an invoice ---------------------------------------------------------------------------------------


@requires_scope
def start_credit_note(key: uuid.UUID, *, actor: Actor, at: datetime) -> Invoice:
    """Begin a credit note that gives back all that is left of an invoice: its lines, less what was given back before.

    Raises `IllegalTransition` for one that claims nothing, or nothing any more.
    """
    return _start_note(key, InvoiceKind.CREDIT_NOTE, actor=actor, at=at)


@requires_scope
def start_debit_note(key: uuid.UUID, *, actor: Actor, at: datetime) -> Invoice:
    """Begin a debit note about an invoice: what is claimed besides, of prices or charges that were too low. Its lines
    are those of the invoice, with a price of zero to begin with; quantities stay claimed once.
    """
    return _start_note(key, InvoiceKind.DEBIT_NOTE, actor=actor, at=at)


def _start_note(key: uuid.UUID, kind: str, *, actor: Actor, at: datetime) -> Invoice:
    require_may(actor, Permission.INVOICE_WRITE)
    about = find_invoice(key, actor=actor)
    if about.state not in LIVE or about.is_credit:
        message = _("This paper claims nothing (any more): there is nothing to give back or to add.")
        raise IllegalTransition(message, details={"state": about.state})
    entries = entries_of(about)
    if kind == InvoiceKind.CREDIT_NOTE:
        entries = _less_given_back(about, entries)
        if not entries and not about.charge_total:
            raise IllegalTransition(
                _("All of this invoice was given back already."), details={"state": about.state}
            )
    else:
        entries = tuple(
            replace(one, unit_price=ZERO, price_only=True, charges=(), notice_line=None, sheet_line=None)
            for one in entries
        )
    is_whole = kind == InvoiceKind.CREDIT_NOTE and entries == entries_of(about)
    note = Invoice(kind=kind, corrects=about)
    header = InvoiceHeader(
        buyer_reference=about.buyer_reference,
        supplier_tax_id=about.supplier_tax_id,
        company_tax_id=about.company_tax_id,
    )
    return _begin(
        about.supplier,
        about.company,
        about.currency,
        entries,
        header=header,
        note=note,
        copied=about if is_whole else None,
        actor=actor,
        at=at,
    )


def _less_given_back(about: Invoice, entries: Sequence[LineEntry]) -> tuple[LineEntry, ...]:
    """The lines of an invoice, less what credit notes about it gave back of each order line."""
    given: dict[tuple[uuid.UUID | None, str], Decimal] = defaultdict(Decimal)
    notes = Invoice.objects.filter(
        corrects__document=about.document, kind=InvoiceKind.CREDIT_NOTE, state__in=LIVE
    )
    for note in notes:
        for one in entries_of(note):
            if not one.price_only:
                given[one.order, one.line_key] += one.quantity
    left = []
    for one in entries:
        back = min(one.quantity, given[one.order, one.line_key]) if one.order else ZERO
        given[one.order, one.line_key] -= back
        if one.quantity > back:
            left.append(replace(one, quantity=one.quantity - back))
    return tuple(left)


@requires_scope
def start_credit_for_count(key: uuid.UUID, *, actor: Actor, at: datetime) -> Invoice:
    """Begin a credit note for what a count at the dock found damaged or missing, at the prices that were claimed.

    It is about the invoice of these lines where there is one. Raises `IllegalTransition` where nothing was found wrong,
    where all of it was given back, or where none of it was claimed.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    sheet = _posted(key, actor)
    counted = counted_sheet(sheet)
    wrong = {
        one.one.pk: one.tally.damaged + (one.tally.missing if one.is_missing else ZERO)
        for one in counted.lines
    }
    given = credited_by_sheet_line(wrong)
    lines = {one.one.line_id: one.one for one in counted.lines}
    claimed = claimed_by_line(lines)
    starts = []
    for line_id, one in lines.items():
        back = min(wrong[one.pk] - given.get(one.pk, ZERO), claimed[line_id].quantity)
        if back > ZERO:
            starts.append(_Start(one.line, back, sheet_line=one.pk))
    if not starts:
        message = _("Nothing is to be given back for this count: nothing wrong in it is claimed (any more).")
        raise IllegalTransition(message, details={"sheet": str(sheet.key)})
    about = _invoice_of([one.line.pk for one in starts], actor)
    entries = _as_claimed(starts, about)
    reason = _("Damaged or missing on arrival: %(reference)s.") % {"reference": sheet.reference}
    note = Invoice(kind=InvoiceKind.CREDIT_NOTE, corrects=about, sheet=sheet, reason=reason)
    header = InvoiceHeader(reason=reason)
    if about is not None:
        header = replace(header, supplier_tax_id=about.supplier_tax_id, company_tax_id=about.company_tax_id)
    order = starts[0].line.order
    return _begin(
        sheet.supplier, sheet.company, order.currency, entries, header=header, note=note, actor=actor, at=at
    )


def _invoice_of(line_ids: Sequence[int], actor: Actor) -> Invoice | None:
    """The last live invoice that claims any of these lines."""
    found: Invoice | None = (
        Invoice.objects.visible_to(actor)
        .filter(lines__line__in=line_ids, kind=InvoiceKind.INVOICE, state__in=LIVE)
        .order_by("-sent_at", "-id")
        .first()
    )
    return found


def _as_claimed(starts: Sequence[_Start], about: Invoice | None) -> tuple[LineEntry, ...]:
    """Lines at the price and tax at which an invoice claimed them; at those of the order where it does not."""
    claimed = {}
    if about is not None:
        claimed = {(one.order, one.line_key): one for one in entries_of(about) if one.order}
    tax = _tax_for(starts[0].line.order)
    prices = agreed_prices(one.line.pk for one in starts)
    entries = []
    for start in starts:
        name = (start.line.order.key, start.line.key)
        fresh = _entry(start, prices, tax)
        if name in claimed:
            same = claimed[name]
            fresh = replace(
                fresh,
                unit_price=same.unit_price,
                price_quantity=same.price_quantity,
                category=same.category,
                tax_rate=same.tax_rate,
                jurisdiction=same.jurisdiction,
            )
        entries.append(fresh)
    return tuple(entries)


def _posted(key: uuid.UUID, actor: Actor) -> ReceivingSheet:
    sheet = find_sheet(key, actor=actor)
    if sheet.state != SheetState.POSTED:
        message = _("This count is %(state)s: it says nothing of what came.")
        raise IllegalTransition(
            message % {"state": sheet.get_state_display().lower()}, details={"state": sheet.state}
        )
    return sheet


# --- writing it ---------------------------------------------------------------------------------------------


def _begin_all(starts: Sequence[_Start], *, actor: Actor, at: datetime) -> list[Invoice]:
    """One draft for each supplier, company and currency."""
    if not starts:
        message = _("Nothing is left to invoice of what you chose: all of it was claimed already.")
        raise _refused("lines", message, "nothing_left")
    lock_orders(one.line.order_id for one in starts)  # all of them at once: Note [Orders first]
    groups: dict[tuple[int, int, str], list[_Start]] = defaultdict(list)
    for one in starts:
        order = one.line.order
        groups[order.supplier_id, order.company_id, order.currency].append(one)
    made = []
    for theirs in groups.values():
        if len(theirs) > MOST_LINES:
            message = _("An invoice has at most %(most)d lines. Choose fewer at once.")
            raise _refused("lines", message % {"most": MOST_LINES}, "too_many")
        order = theirs[0].line.order
        tax = _tax_for(order)
        prices = agreed_prices(one.line.pk for one in theirs)
        entries = tuple(_entry(one, prices, tax) for one in theirs)
        made.append(
            _begin(
                order.supplier,
                order.company,
                order.currency,
                entries,
                orders=list({one.line.order_id: one.line.order for one in theirs}.values()),
                actor=actor,
                at=at,
            )
        )
    return made


def _tax_for(order: PurchaseOrder) -> TaxKey | None:
    """The tax that a new line for an order begins with: see `preset_tax`."""
    return preset_tax(last_taxes(order.supplier_id, order.company), taxes_of(order.company))


def _entry(start: _Start, prices: Mapping[int, tuple[Decimal, Decimal]], tax: TaxKey | None) -> LineEntry:
    line = start.line
    price, per = prices.get(line.pk, (line.price, line.price_per))
    return LineEntry(
        quantity=start.quantity,
        unit_price=price,
        order=line.order.key,
        line_key=line.key,
        notice_line=start.notice_line,
        sheet_line=start.sheet_line,
        description=line.description,
        supplier_item=line.supplier_part_number,
        unit=line.unit,
        price_quantity=per,
        category=tax.category if tax else "",
        tax_rate=tax.rate if tax else ZERO,
        jurisdiction=tax.jurisdiction if tax else "",
    )


def _begin(
    supplier: Supplier,
    company: Company,
    currency: str,
    entries: Sequence[LineEntry],
    *,
    orders: Sequence[PurchaseOrder] = (),
    header: InvoiceHeader | None = None,
    note: Invoice | None = None,
    copied: Invoice | None = None,
    actor: Actor,
    at: datetime,
) -> Invoice:
    """Write a draft with its head and lines. `note` carries what is said once (kind, what it corrects); `copied` is the
    invoice whose document-level charges go along.
    """
    invoice = note or Invoice()
    invoice.supplier, invoice.company, invoice.currency = supplier, company, currency
    invoice.on_behalf = not actor.is_supplier
    invoice.drafted_at = invoice.updated_at = invoice.state_at = at
    invoice.written_by = actor.label
    invoice.save(force_insert=True)
    profile = profile_of(company)
    today: date = at.astimezone(ZoneInfo(supplier.time_zone)).date()
    said = header or InvoiceHeader()
    if orders:
        terms = read_terms(orders[0].payment_terms)
        if all(one.payment_terms == orders[0].payment_terms for one in orders):
            said = replace(
                said,
                payment_days=terms.days,
                discount_percent=terms.percent,
                discount_days=terms.discount_days,
            )
    said = replace(
        said,
        invoiced_on=today,
        company_tax_id=said.company_tax_id or profile.company_tax_id,
        supplier_tax_id=said.supplier_tax_id or _last_tax_id(supplier, company),
        reason=said.reason or invoice.reason,
    )
    command = SaveDraft(
        invoice.key, invoice.version, said, tuple(entries), charges_in(copied) if copied else None
    )
    return save_draft(command, actor=actor, at=at)


def _last_tax_id(supplier: Supplier, company: Company) -> str:
    """The supplier's tax number as it stood on its last invoice to the company."""
    earlier = Invoice.objects.filter(supplier=supplier, company=company, sent_at__isnull=False)
    found: str | None = (
        earlier.exclude(supplier_tax_id="")
        .order_by("-sent_at")
        .values_list("supplier_tax_id", flat=True)
        .first()
    )
    return found or ""


def _refused(field: str, message: str, code: str) -> Invalid:
    return Invalid(message, [Problem(field, message, "", code)])


# --- again --------------------------------------------------------------------------------------------------


@requires_scope
def repeat_invoice(key: uuid.UUID, *, actor: Actor, at: datetime) -> Invoice:
    """Begin an invoice like an earlier one that claims nothing any more (withdrawn, rejected), as a new document."""
    require_may(actor, Permission.INVOICE_WRITE)
    earlier = find_invoice(key, actor=actor)
    if earlier.state not in (InvoiceState.WITHDRAWN, InvoiceState.REJECTED, InvoiceState.VOIDED):
        message = _("This invoice is %(state)s. Correct it, or begin another one from its order.")
        raise IllegalTransition(
            message % {"state": earlier.get_state_display().lower()}, details={"state": earlier.state}
        )
    copy = Invoice(kind=earlier.kind, corrects=earlier.corrects, sheet=earlier.sheet, reason=earlier.reason)
    header = replace(header_of(earlier), number="", typed_total=None, due_on=None)
    return _begin(
        earlier.supplier,
        earlier.company,
        earlier.currency,
        entries_of(earlier),
        header=header,
        note=copy,
        copied=earlier,
        actor=actor,
        at=at,
    )
