"""An invoice in one piece, as programs and files tell it: written by the same verbs as on the page."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import IllegalTransition, Invalid, Problem
from portal.kernel.scope import requires_scope
from procurement.catalogue.models import Company
from procurement.invoices.messages import (
    InvoiceNamed,
    LineEntry,
    SaveDraft,
    WholeInvoice,
    WholeLine,
)
from procurement.invoices.models import Invoice
from procurement.invoices.policies.checks import MOST_LINES
from procurement.invoices.queries import (
    currencies_of,
    find_invoice,
    invoiced_companies,
    last_taxes,
    order_ids_of,
    preset_tax,
    profile_of,
    rejected_namesake,
    taxes_of,
)
from procurement.invoices.services.draft import save_draft
from procurement.invoices.services.holding import require_may
from procurement.invoices.services.revise import revise_invoice
from procurement.invoices.services.send import Sent, send_invoice
from procurement.invoices.services.start import other_currency_message
from procurement.invoices.states import InvoiceKind
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.queries import lock_orders, visible_lines
from suppliers.models import Supplier
from suppliers.roles import Permission

ZERO = Decimal(0)
Name = tuple[str, str]


@requires_scope
def write_whole(whole: WholeInvoice, *, actor: Actor, at: datetime) -> Invoice:
    """Write an invoice as a whole, as a draft. One whose number was rejected before is written as the next version of
    that one.

    Order lines are named as their ERP does; what a line leaves out (unit, price unit, description) is that of its order
    line, its tax that of `preset_tax`. Raises `Invalid` with every problem found; nothing is kept then.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    company = _company(whole, actor)
    lines = _lines(whole, company, actor)
    seller = _seller(whole.supplier, lines, actor)
    currency = _currency(whole, lines, seller, company)
    about = _about(whole, seller, actor)
    rejected = rejected_namesake(seller.pk, company.pk, whole.kind, whole.header.number)
    entries = _entries(whole, seller, company, lines)
    if rejected is not None and rejected.currency == currency:
        # Note [Orders first]: those of both versions.
        lock_orders({*order_ids_of([rejected.pk]), *(one.order_id for one in lines.values())})
        draft = revise_invoice(InvoiceNamed(rejected.key, rejected.version), actor=actor, at=at)
    else:
        draft = Invoice.objects.create(
            supplier=seller,
            company=company,
            kind=whole.kind,
            corrects=about,
            currency=currency,
            on_behalf=not actor.is_supplier,
            drafted_at=at,
            updated_at=at,
            state_at=at,
            written_by=actor.label,
        )
    profile = profile_of(company)
    header = replace(whole.header, company_tax_id=whole.header.company_tax_id or profile.company_tax_id)
    command = SaveDraft(draft.key, draft.version, header, entries, whole.charges, whole.tax_words)
    return save_draft(command, actor=actor, at=at)


@requires_scope
def send_whole(whole: WholeInvoice, *, actor: Actor, at: datetime) -> Sent:
    """Write an invoice as a whole and send it, or neither."""
    invoice = write_whole(whole, actor=actor, at=at)
    return send_invoice(InvoiceNamed(invoice.key, invoice.version), actor=actor, at=at)


@requires_scope
def revise_whole(named: InvoiceNamed, whole: WholeInvoice, *, actor: Actor, at: datetime) -> Sent:
    """Put another invoice in the place of one that was sent: its next version says all that is said here, and is sent.
    Raises what `revise_invoice` and `send_invoice` do.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    before = find_invoice(named.invoice, actor=actor)
    lines = _lines(whole, before.company, actor)
    # Note [Orders first]: those of both versions.
    lock_orders({*order_ids_of([before.pk]), *(one.order_id for one in lines.values())})
    draft = revise_invoice(named, actor=actor, at=at)
    entries = _entries(whole, before.supplier, before.company, lines)
    header = replace(whole.header, number=whole.header.number or before.number)
    command = SaveDraft(draft.key, draft.version, header, entries, whole.charges, whole.tax_words)
    draft = save_draft(command, actor=actor, at=at)
    return send_invoice(InvoiceNamed(draft.key, draft.version), actor=actor, at=at)


def _refused(field: str, message: str, value: str = "", code: str = "invalid") -> Invalid:
    return Invalid(message, [Problem(field, message, value, code)])


def _company(whole: WholeInvoice, actor: Actor) -> Company:
    known = {one.code: one for one in invoiced_companies(actor)}
    if whole.company not in known:
        message = _("You have had no order of a company “%(code)s”. Yours are of: %(known)s.")
        values = {"code": whole.company, "known": ", ".join(sorted(known)) or "-"}
        raise _refused("company", message % values, whole.company, "unknown")
    if whole.kind not in InvoiceKind.values:
        message = _("“%(value)s” is none of these kinds: %(known)s.")
        values = {"value": whole.kind, "known": ", ".join(InvoiceKind.values)}
        raise _refused("kind", message % values, whole.kind, "unknown")
    if len(whole.lines) > MOST_LINES:
        message = _("An invoice has at most %(most)d lines. Send the others with another one.")
        raise _refused("lines", message % {"most": MOST_LINES}, str(len(whole.lines)), "too_many")
    return known[whole.company]


def _lines(whole: WholeInvoice, company: Company, actor: Actor) -> Mapping[Name, PurchaseOrderLine]:
    """The order lines by the names that their ERP gave them. Raises `Invalid` for those that are not there."""
    wanted = {(one.order, one.line_key) for one in whole.lines if one.order}
    if not wanted:
        return {}
    found = visible_lines(actor).filter(
        order__company=company,
        order__number__in={order for order, _key in wanted},
        key__in={key for _order, key in wanted},
    )
    lines = {(one.order.number, one.key): one for one in found.select_related("order", "order__supplier")}
    problems = [
        Problem(
            "lines",
            _("There is no order %(order)s with a line %(line)s of yours.") % {"order": order, "line": key},
            f"{order}/{key}",
            "unknown",
            key,
        )
        for order, key in sorted(wanted - set(lines))
    ]
    if problems:
        raise Invalid(problems[0].message, problems)
    return lines


def _seller(number: str, lines: Mapping[Name, PurchaseOrderLine], actor: Actor) -> Supplier:
    theirs = {one.order.supplier_id: one.order.supplier for one in lines.values()}
    if number:
        named = Supplier.objects.visible_to(actor).filter(number=number).first()
        if named is None:
            message = _("There is no supplier %(number)s here.") % {"number": number}
            raise _refused("supplier", message, number, "unknown")
        theirs[named.pk] = named
    if not theirs and actor.is_supplier:
        theirs = {one.pk: one for one in Supplier.objects.visible_to(actor).filter(pk__in=actor.supplier_ids)}
    if len(theirs) != 1:
        message = _("An invoice is of one supplier. Say whose it is, or send one for each.")
        raise _refused("supplier", message, "", "many" if theirs else "unknown")
    return next(iter(theirs.values()))


def _currency(
    whole: WholeInvoice, lines: Mapping[Name, PurchaseOrderLine], seller: Supplier, company: Company
) -> str:
    theirs = {one.order.currency for one in lines.values()}
    said = whole.currency or (next(iter(theirs)) if theirs else seller.currency or company.currency)
    if theirs - {said}:
        message = _("Its orders are in %(theirs)s, the invoice in %(ours)s. Send one for each currency.")
        values = {"theirs": ", ".join(sorted(theirs)), "ours": said}
        raise _refused("currency", message % values, said, "other_currency")
    if len(said) != 3 or not said.isalpha():
        raise _refused("currency", _("A currency has three letters (ISO 4217)."), said, "unknown")
    said = said.upper()
    if not theirs and said not in (known := currencies_of(seller, company)):
        raise _refused("currency", other_currency_message(known), said, "other_currency")
    return said


def _about(whole: WholeInvoice, seller: Supplier, actor: Actor) -> Invoice | None:
    if whole.corrects is None or whole.kind == InvoiceKind.INVOICE:
        return None
    about = find_invoice(whole.corrects, actor=actor)
    if about.supplier_id != seller.pk or about.is_credit:
        message = _("A note is about an invoice of the same supplier.")
        raise IllegalTransition(message, details={"invoice": str(about.key)})
    return about


def _entries(
    whole: WholeInvoice, seller: Supplier, company: Company, lines: Mapping[Name, PurchaseOrderLine]
) -> tuple[LineEntry, ...]:
    tax = preset_tax(last_taxes(seller.pk, company), taxes_of(company))

    def entry(one: WholeLine) -> LineEntry:
        line = lines.get((one.order, one.line_key)) if one.order else None
        category, rate, place = one.category, one.tax_rate, one.jurisdiction
        if not category and rate is None and tax is not None:
            category, rate, place = tax.category, tax.rate, tax.jurisdiction
        return LineEntry(
            quantity=one.quantity,
            unit_price=one.unit_price,
            order=line.order.key if line else None,
            line_key=line.key if line else "",
            description=one.description,
            supplier_item=one.supplier_item,
            unit=one.unit,
            price_quantity=one.price_quantity or (line.price_per if line else Decimal(1)),
            price_only=one.price_only,
            category=category,
            tax_rate=rate if rate is not None else ZERO,
            jurisdiction=place,
            charges=one.charges,
        )

    return tuple(entry(one) for one in whole.lines)
