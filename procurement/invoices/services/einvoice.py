"""What becomes of an uploaded electronic invoice: which order lines it is about, what it says here, what is asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.scope import acting, requires_scope
from procurement.catalogue.models import Company, Unit
from procurement.einvoices.codec import from_plain
from procurement.einvoices.terms import EInvoice
from procurement.findings.policies import Finding
from procurement.invoices.messages import WholeInvoice
from procurement.invoices.models import Invoice, InvoicingProfile, UploadedInvoices
from procurement.invoices.policies.checks import check_invoice
from procurement.invoices.policies.linking import Candidate, Linked, link, orders_named
from procurement.invoices.policies.numbers import number_key
from procurement.invoices.policies.placing import LeftOver, Placed, place, unit_here
from procurement.invoices.queries import (
    checked,
    find_invoice,
    invoiceable_lines,
    invoiced_companies,
    visible_invoices,
    written,
)
from procurement.invoices.services.holding import touch
from procurement.invoices.services.whole import write_whole
from procurement.invoices.states import LIVE, InvoiceKind
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.queries import visible_lines
from suppliers.banking.queries import OFFICE
from suppliers.banking.services import account_named

MOST_CANDIDATES = 2_000
ZERO = Decimal(0)
COMPANY = "company"  # the answer that says whom the invoice is for


@dataclass(slots=True)
class EPlan:
    """What becomes of an electronic invoice: whom it is for, its lines, and what stands in the way."""

    invoice: EInvoice
    linked: Sequence[Linked]
    placed: Placed
    companies: Sequence[Company] = ()
    company: Company | None = None
    supplier: str = ""
    problems: list[str] = field(default_factory=list)
    findings: Sequence[Finding] = ()

    @property
    def asks(self) -> bool:
        """Whether somebody has to answer first."""
        return self.company is None or any(one.is_open for one in self.linked)

    @property
    def whole(self) -> WholeInvoice | None:
        """The invoice as it would be written, where everything is answered."""
        if self.company is None or self.asks or not self.placed.lines:
            return None
        return WholeInvoice(
            company=self.company.code,
            header=self.placed.header,
            lines=self.placed.lines,
            charges=self.placed.charges,
            tax_words=self.placed.tax_words,
            kind=self.placed.kind,
            currency=self.placed.currency,
        )


@requires_scope
def plan_einvoice(upload: UploadedInvoices, *, actor: Actor, at: datetime, write: bool = True) -> EPlan:
    """What becomes of a file now. With `write` it is written and taken back, so that its own rules speak."""
    invoice = from_plain(EInvoice, upload.told["invoice"])
    lines = _lines_near(invoice, actor)
    companies = invoiced_companies(actor)
    company = _company(invoice, companies, lines, upload.answers.get(COMPANY, ""))
    if company is not None:
        lines = [one for one in lines if one.order.company_id == company.pk]
    linked = link(invoice, [_candidate(one) for one in lines], upload.answers)
    plan = EPlan(invoice, linked, place(invoice, linked, _units()), companies, company)
    plan.supplier = next((one.order.supplier.name for one in lines), "")
    if not plan.placed.lines:
        plan.problems.append(_("None of its lines can be taken over."))
    if write and plan.whole is not None and not plan.problems:
        _try(plan, actor=actor, at=at)
    return plan


def _lines_near(invoice: EInvoice, actor: Actor) -> list[PurchaseOrderLine]:
    """The order lines that may be meant: those of the orders it names, else all of which something is open."""
    named = orders_named(invoice)
    theirs = ("order__company", "order__supplier")
    if named:
        found = visible_lines(actor).filter(order__number__in=named).select_related(*theirs)
        if lines := list(found.order_by("order__number", "number", "id")[:MOST_CANDIDATES]):
            return lines
    still = invoiceable_lines(actor)
    if invoice.currency:
        still = still.filter(order__currency=invoice.currency)
    return list(still.order_by("-order__ordered_on", "number", "id")[:MOST_CANDIDATES])


def _candidate(line: PurchaseOrderLine) -> Candidate:
    left = max(line.quantity, line.received_quantity) - max(line.claimed_quantity, line.invoiced_quantity)
    return Candidate(
        name=f"{line.order.key}|{line.key}",
        order=line.order.number,
        company=line.order.company.code,
        key=line.key,
        number=line.number,
        item=line.item_number,
        part=line.supplier_part_number,
        gtin=line.gtin,
        description=line.description,
        unit=line.unit,
        price=line.price,
        price_per=line.price_per,
        open=max(ZERO, left),
    )


def _company(
    invoice: EInvoice, companies: Sequence[Company], lines: Sequence[PurchaseOrderLine], answer: str
) -> Company | None:
    """Whom it is for: as was answered, by the orders it names, by the buyer's tax number or name; else asked."""
    known = {one.code: one for one in companies}
    if answer in known:
        return known[answer]
    if len(companies) == 1:
        return companies[0]
    named = set(orders_named(invoice))
    by_order = {one.order.company_id: one.order.company for one in lines if one.order.number in named}
    if len(by_order) == 1:
        return next(iter(by_order.values()))
    buyer = invoice.buyer
    if buyer is None:
        return None
    ids = {one.pk for one in companies}
    profiles = InvoicingProfile.objects.filter(company__in=ids).select_related("company")
    wanted = number_key(buyer.vat_id or "")
    same = [one.company for one in profiles if wanted and number_key(one.company_tax_id) == wanted]
    if not same:
        name = (buyer.name or "").strip().casefold()
        same = [one for one in companies if one.name.casefold() == name]
    return same[0] if len(same) == 1 else None


def _units() -> dict[str, str]:
    """From UN/ECE codes to ours. A code that several units of ours have leads nowhere."""
    found: dict[str, str] = {}
    twice = set()
    for code, rec20 in Unit.objects.exclude(rec20="").order_by("code").values_list("code", "rec20"):
        twice |= {rec20} & set(found)
        found[rec20] = code
    return {rec20: code for rec20, code in found.items() if rec20 not in twice}


def _try(plan: EPlan, *, actor: Actor, at: datetime) -> None:
    """Write it and take that back, to hear what its own rules say."""
    try:
        with transaction.atomic():
            draft = write_einvoice(plan, actor=actor, at=at)
            plan.findings = check_invoice(checked(written(find_invoice(draft.key, actor=actor)), at=at))
            transaction.set_rollback(True)
    except Refusal as refusal:
        plan.problems += _sentences(refusal)


def write_einvoice(plan: EPlan, *, actor: Actor, at: datetime) -> Invoice:
    """Write a draft of what was planned. Raises what `write_whole` does."""
    if plan.whole is None:
        raise Invalid(_("Answer first what is asked about this invoice."))
    about = _about(plan, actor)
    whole = plan.whole
    if about is not None:
        whole = WholeInvoice(**{**_shallow(whole), "corrects": about.key})
    draft = write_whole(whole, actor=actor, at=at)
    asked = [one.account for one in plan.invoice.payments if one.account]
    with acting(OFFICE):
        shown, recognised = account_named(draft.supplier_id, asked)
    if (shown, recognised) != (draft.asked_account, draft.asked_trace):
        touch(draft, {"asked_account": shown, "asked_trace": recognised}, actor=actor, at=at)
    return draft


def _shallow(whole: WholeInvoice) -> dict[str, Any]:
    return {name: getattr(whole, name) for name in WholeInvoice.__slots__}


def _about(plan: EPlan, actor: Actor) -> Invoice | None:
    """The live invoice that a credit or debit note is about, where it came this way."""
    key = number_key(plan.placed.header.corrects_number)
    if plan.placed.kind == InvoiceKind.INVOICE or not key or plan.company is None:
        return None
    found: Invoice | None = (
        visible_invoices(actor)
        .filter(company=plan.company, kind=InvoiceKind.INVOICE, number_key=key, state__in=LIVE)
        .order_by("-sent_at", "-id")
        .first()
    )
    return found


def _sentences(refusal: Refusal) -> list[str]:
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    return [one.message for one in problems] or [refusal.message]


# --- what is told -------------------------------------------------------------------------------------------


def eplan_told(plan: EPlan) -> dict[str, Any]:
    """A plan as it is kept for its page."""
    invoice, totals, units = plan.invoice, plan.invoice.totals, _units()
    return {
        "number": invoice.number or "",
        "kind": plan.placed.kind,
        "day": invoice.issued_on.isoformat() if invoice.issued_on else "",
        "currency": invoice.currency or "",
        "total": f"{totals.gross:f}" if totals and totals.gross is not None else "",
        "company": plan.company.code if plan.company else "",
        "company_name": plan.company.name if plan.company else "",
        "companies": [[one.code, one.name] for one in plan.companies],
        "supplier": plan.supplier,
        "asks": plan.asks,
        "lines": [_line_told(one, units) for one in plan.linked],
        "left": _all_told(plan.placed.left),
        "stops": _all_told(plan.placed.stops),
        "problems": list(plan.problems),
        "findings": [
            {"grade": int(one.grade), "message": one.message, "line": one.line} for one in plan.findings
        ],
        "is_ready": plan.whole is not None and not plan.problems,
    }


def _all_told(left: Iterable[LeftOver]) -> list[dict[str, Any]]:
    return [asdict(one) for one in left]


def _line_told(one: Linked, units: Mapping[str, str]) -> dict[str, Any]:
    line = one.line
    return {
        "position": one.position,
        "identifier": line.identifier or "",
        "name": line.name or line.description or "",
        "item": line.seller_item or line.buyer_item or "",
        "order": line.order or "",
        "order_line": line.order_line or "",
        "quantity": f"{line.quantity:f}" if line.quantity is not None else "",
        "unit": unit_here(line.unit or "", one.found.unit if one.found else "", units),
        "price": f"{line.price:f}" if line.price is not None else "",
        "price_per": f"{line.price_quantity:f}" if line.price_quantity else "1",
        "amount": f"{line.amount:f}" if line.amount is not None else "",
        "how": one.how,
        "question": one.question,
        "found": _choice_told(one.found) if one.found else None,
        "choices": [_choice_told(each) for each in one.choices],
    }


def _choice_told(one: Candidate) -> Mapping[str, Any]:
    return {
        "name": one.name,
        "order": one.order,
        "number": one.number,
        "item": one.item,
        "part": one.part,
        "description": one.description,
        "unit": one.unit,
        "open": f"{one.open:f}",
        "price": f"{one.price:f}",
        "price_per": f"{one.price_per:f}",
    }
