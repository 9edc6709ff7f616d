"""Reading invoices, what is claimed of order lines, and what is open to be claimed.

Note [What is claimed]: of an order line is claimed what live invoices say of it, less what credit notes give back. What
only corrects a price moves money and no quantity. What the ERP has booked of it without any invoice of ours (on paper,
by an earlier system) is claimed as well: `booked_elsewhere`. A credit note counts with the invoice that it corrects,
even for one that was sent before it.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.queries import timeline_of
from portal.kernel.errors import NotFound
from portal.kernel.values import minor_units
from procurement.bills.models import Bill, BillLine
from procurement.bills.states import BillKind, PaymentState
from procurement.catalogue.models import Company
from procurement.invoices.messages import Claimed
from procurement.invoices.models import (
    Invoice,
    InvoiceCharge,
    InvoiceFile,
    InvoiceLine,
    InvoiceTax,
    InvoiceTaxChoice,
    InvoicingProfile,
    UploadedInvoices,
)
from procurement.invoices.policies.checks import CheckedExtra, CheckedInvoice, CheckedLine, Finding
from procurement.invoices.policies.numbers import number_key
from procurement.invoices.policies.picture import Data, hold_against, picture_findings
from procurement.invoices.policies.sums import TaxKey, percent_of
from procurement.invoices.policies.terms import due_day, read_terms
from procurement.invoices.states import LIVE, Acts, InvoiceKind, InvoiceState
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import visible_lines
from procurement.orders.states import OrderState, PromiseKind, PromiseState
from suppliers.models import Supplier

ZERO = Decimal(0)

# --- invoices -----------------------------------------------------------------------------------------------


def visible_invoices(actor: Actor) -> QuerySet[Invoice]:
    """The invoices this actor may see: all that were sent, and the drafts of its own side."""
    theirs = Q(state__in=[InvoiceState.DRAFT, InvoiceState.DISCARDED], on_behalf=actor.is_supplier)
    return Invoice.objects.visible_to(actor).exclude(theirs).select_related("company", "supplier")


def for_supplier(*, may_write: bool = True) -> Q:
    """The invoices at which the supplier is to act: drafts, what was sent back, what waits for its word. Who may not
    write invoices has its word to say, and no more.
    """
    said = Q(state__in=[InvoiceState.HELD, InvoiceState.DISPUTED], acts=Acts.SUPPLIER)
    return said | Q(state__in=[InvoiceState.DRAFT, InvoiceState.REJECTED]) if may_write else said


def with_lines(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """The same with all that they say: `told_lines` (each with order line and order, its charges under
    `told_charges`), `told_charges` of the whole, `told_taxes`, `told_files`: five more queries.
    """
    own = Prefetch("charges", InvoiceCharge.objects.order_by("position", "id"), to_attr="told_charges")
    lines = InvoiceLine.objects.select_related("line", "order").prefetch_related(own).order_by("position")
    whole = InvoiceCharge.objects.filter(of_line=None).order_by("position", "id")
    files = InvoiceFile.objects.defer("content").order_by("added_at", "id")
    return invoices.select_related("corrects", "replaces", "bill").prefetch_related(
        Prefetch("lines", lines, to_attr="told_lines"),
        Prefetch("charges", whole, to_attr="told_charges"),
        Prefetch("taxes", InvoiceTax.objects.order_by("category", "tax_rate", "id"), to_attr="told_taxes"),
        Prefetch("files", files, to_attr="told_files"),
    )


def find_invoice(key: uuid.UUID, *, actor: Actor) -> Invoice:
    """One invoice. Raises `NotFound` for what is not there or not yours."""
    found: Invoice | None = visible_invoices(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such invoice."))
    return found


def lock_invoice(key: uuid.UUID, *, actor: Actor) -> Invoice:
    """One invoice, held until the transaction ends. Where its orders are to move, they are held before it."""
    found: Invoice | None = visible_invoices(actor).filter(key=key).select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound(_("There is no such invoice."))
    return found


def find_file(key: uuid.UUID, *, actor: Actor) -> InvoiceFile:
    """One file of an invoice that this actor may see, with its content."""
    found: InvoiceFile | None = (
        InvoiceFile.objects.visible_to(actor)
        .filter(key=key, invoice__in=visible_invoices(actor).order_by())
        .select_related("invoice")
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such file."))
    return found


def order_ids_of(invoice_ids: Iterable[int]) -> list[int]:
    """The orders whose lines are claimed in these invoices."""
    lines = InvoiceLine.objects.filter(invoice__in=list(invoice_ids), order__isnull=False)
    return sorted(set(lines.values_list("order_id", flat=True)))


def versions_of(invoice: Invoice, *, actor: Actor) -> list[Invoice]:
    """All versions of a document that were ever sent, the newest first."""
    found = visible_invoices(actor).filter(document=invoice.document)
    return list(found.exclude(state__in=[InvoiceState.DRAFT, InvoiceState.DISCARDED]).order_by("-issue"))


def notes_about(invoice: Invoice, *, actor: Actor) -> list[Invoice]:
    """The credit and debit notes about an invoice, whichever version of it they name; the newest first."""
    found = visible_invoices(actor).filter(corrects__document=invoice.document)
    gone = [InvoiceState.DISCARDED, InvoiceState.REPLACED]
    return list(found.exclude(state__in=gone).order_by("-drafted_at", "-id")[:50])


def invoices_of_order(order: PurchaseOrder, *, actor: Actor) -> list[Invoice]:
    """The invoices that claim something of an order, the newest first; those that were replaced stay away."""
    inside = InvoiceLine.objects.filter(order=order).values("invoice")
    gone = [InvoiceState.REPLACED, InvoiceState.DISCARDED]
    found = visible_invoices(actor).filter(pk__in=inside).exclude(state__in=gone)
    return list(found.order_by("-drafted_at", "-id")[:50])


def with_order_numbered(invoices: QuerySet[Invoice], number: str) -> QuerySet[Invoice]:
    """Those of them that claim something of the order of this number."""
    return invoices.filter(pk__in=InvoiceLine.objects.filter(order__number=number).values("invoice"))


def matching_invoices(invoices: QuerySet[Invoice], text: str) -> QuerySet[Invoice]:
    """Of these invoices, those in which somebody finds a text: a number, an order, a supplier."""
    of_order = InvoiceLine.objects.filter(order__number__icontains=text).values("invoice")
    found = Q(number__icontains=text) | Q(supplier__name__icontains=text) | Q(buyer_reference__icontains=text)
    if key := number_key(text):
        found |= Q(number_key=key)
    return invoices.filter(found | Q(pk__in=of_order))


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list says of an invoice: its orders by number, each with its key, and how many lines it has."""

    orders: Mapping[str, uuid.UUID]
    lines: int


def summaries(invoices: Sequence[Invoice]) -> dict[int, Summary]:
    """What a list says of each of these invoices, by id: two queries."""
    ids = [invoice.pk for invoice in invoices]
    orders: dict[int, dict[str, uuid.UUID]] = {pk: {} for pk in ids}
    told = InvoiceLine.objects.filter(invoice__in=ids, order__isnull=False).order_by("order__number")
    for pk, key, number in told.values_list("invoice_id", "order__key", "order__number").distinct():
        orders[pk][number] = key
    lines = InvoiceLine.objects.filter(invoice__in=ids).order_by().values_list("invoice_id")
    counted = dict(lines.annotate(count=Count("pk")))
    return {pk: Summary(orders[pk], counted.get(pk, 0)) for pk in ids}


def story_of(invoice: Invoice, *, actor: Actor, limit: int = 100) -> QuerySet[AuditEvent]:
    """What happened to a document, all its versions together, the newest first."""
    return timeline_of(invoice.stream, actor=actor, limit=limit)


# --- numbers ------------------------------------------------------------------------------------------------


def namesake_of(invoice: Invoice, number: str) -> Invoice | None:
    """The live document of this supplier and company that has the number already, written like this or nearly. Invoices
    and debit notes share their numbers, as they do in the ERP's books; credit notes have their own.
    """
    key = number_key(number)
    if not key:
        return None
    kinds = [InvoiceKind.INVOICE, InvoiceKind.DEBIT_NOTE]
    found: Invoice | None = (
        Invoice.objects.filter(
            supplier=invoice.supplier_id,
            company=invoice.company_id,
            kind__in=[InvoiceKind.CREDIT_NOTE] if invoice.is_credit else kinds,
            number_key=key,
            state__in=LIVE,
        )
        .exclude(document=invoice.document)
        .first()
    )
    return found


def rejected_namesake(supplier_id: int, company_id: int, kind: str, number: str) -> Invoice | None:
    """The last document of this number that was rejected and not sent anew: who sends it again corrects that one."""
    rejected = Invoice.objects.filter(
        supplier=supplier_id,
        company=company_id,
        kind=kind,
        number_key=number_key(number),
        state=InvoiceState.REJECTED,
    )
    found: Invoice | None = rejected.order_by("-sent_at", "-id").first()
    return found


# --- terms --------------------------------------------------------------------------------------------------


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


# --- uploaded files -----------------------------------------------------------------------------------------


def find_upload(key: object, *, actor: Actor, hold: bool = False) -> UploadedInvoices:
    """One uploaded file of invoices, held for whoever is about to make drafts of it. Raises `NotFound`."""
    uploads = UploadedInvoices.objects.visible_to(actor).filter(key=key)
    upload: UploadedInvoices | None = (uploads.select_for_update() if hold else uploads).first()
    if upload is None:
        raise NotFound(_("There is no such file."))
    return upload


def recent_uploads(*, actor: Actor, count: int = 5) -> list[UploadedInvoices]:
    """The files this person uploaded last, without what is in them."""
    mine = UploadedInvoices.objects.visible_to(actor).filter(created_by_user_id=actor.user_id)
    inside = ("content", "table", "rows", "told", "plan", "result")
    return list(mine.defer(*inside).order_by("-created_at", "-id")[:count])


def same_uploads(digest: str, *, actor: Actor) -> list[UploadedInvoices]:
    """The same file, as this side has uploaded it before; the newest first. What is in them is left where it is."""
    found = UploadedInvoices.objects.visible_to(actor).filter(digest=digest)
    if actor.is_company:
        found = found.filter(supplier=None)
    return list(found.defer("content", "table", "rows", "told", "plan").order_by("-created_at", "-id")[:20])


def still_stand(keys: Iterable[str], *, actor: Actor) -> bool:
    """Whether any of these invoices is still there: drafted, or sent and not taken back."""
    gone = [InvoiceState.DISCARDED, InvoiceState.WITHDRAWN, InvoiceState.REJECTED, InvoiceState.VOIDED]
    return visible_invoices(actor).filter(key__in=list(keys)).exclude(state__in=gone).exists()


# --- what is claimed ----------------------------------------------------------------------------------------

_SIGN = Case(
    When(invoice__kind=InvoiceKind.CREDIT_NOTE, then=Value(Decimal(-1))),
    default=Value(Decimal(1)),
    output_field=DecimalField(max_digits=2, decimal_places=0),
)
_NUMBER: DecimalField = DecimalField(max_digits=30, decimal_places=6)
_QUANTITY = Sum(F("quantity") * _SIGN, filter=Q(price_only=False), output_field=_NUMBER)
_AMOUNT = Sum(Coalesce(F("approved_amount"), F("amount")) * _SIGN, output_field=_NUMBER)


def _added(lines: QuerySet[InvoiceLine], name: str = "line_id") -> dict[int, Claimed]:
    rows = lines.order_by().values_list(name).annotate(quantity=_QUANTITY, amount=_AMOUNT)
    return {pk: Claimed(quantity or ZERO, amount or ZERO) for pk, quantity, amount in rows}


def claimed_by_line(
    line_ids: Iterable[int], *, besides: uuid.UUID | None = None, elsewhere: bool = True
) -> dict[int, Claimed]:
    """What is claimed of these order lines in all, by line id; one document can be left out. Amounts are net, in the
    order's currency. See Note [What is claimed]; without `elsewhere` it is what our invoices claim. Up to three
    queries.
    """
    ids = list(line_ids)
    lines = InvoiceLine.objects.filter(line__in=ids, invoice__state__in=LIVE)
    if besides is not None:
        # What corrects the document that is left out has nothing to give back without it.
        lines = lines.exclude(invoice__document=besides).exclude(
            invoice__kind=InvoiceKind.CREDIT_NOTE, invoice__corrects__document=besides
        )
    return _together(ids, _added(lines), booked_elsewhere(ids) if elsewhere else {})


def claimed_before(invoice: Invoice, *, actor: Actor) -> dict[int, Claimed]:
    """What was claimed of each order line of an invoice before it, by line id: quantity and net amount of live
    invoices that were sent earlier (for a draft: of all), less credits. Its own credit notes count as well, so that
    what they give back is no longer claimed. See Note [What is claimed]. Up to four queries.
    """
    ids = list(invoice.lines.filter(line__isnull=False).values_list("line_id", flat=True).distinct())
    lines = InvoiceLine.objects.visible_to(actor).filter(line__in=ids, invoice__state__in=LIVE)
    lines = lines.exclude(invoice__document=invoice.document)
    if invoice.sent_at is not None:
        earlier = Q(invoice__sent_at__lt=invoice.sent_at) | Q(
            invoice__sent_at=invoice.sent_at, invoice__pk__lt=invoice.pk
        )
        of_earlier = Q(invoice__corrects__sent_at__lt=invoice.sent_at) | Q(
            invoice__corrects__document=invoice.document
        )
        lines = lines.filter(earlier | Q(invoice__kind=InvoiceKind.CREDIT_NOTE) & of_earlier)
    return _together(ids, _added(lines), booked_elsewhere(ids))


def _together(
    ids: Iterable[int], ours: Mapping[int, Claimed], others: Mapping[int, Claimed]
) -> dict[int, Claimed]:
    none = Claimed()
    return {
        pk: Claimed(
            ours.get(pk, none).quantity + others.get(pk, none).quantity,
            ours.get(pk, none).amount + others.get(pk, none).amount,
        )
        for pk in ids
    }


def booked_elsewhere(line_ids: Iterable[int]) -> dict[int, Claimed]:
    """What the ERP has booked of these order lines that no invoice of ours claims, by line id: up to three queries.

    A bill is ours while a live invoice points to it. Before one does, a bill of the same supplier, company, kind,
    currency and number as a live one is ours as far as that one claims: what it bills besides is booked elsewhere.
    """
    ids = list(line_ids)
    joined = Invoice.objects.filter(bill=OuterRef("bill"), state__in=LIVE)
    told = BillLine.objects.filter(~Exists(joined), line__in=ids).exclude(bill__state=PaymentState.CANCELLED)
    rows = list(told.select_related("bill").order_by("bill", "id"))
    if not rows:
        return {}
    ours = _namesakes_of([one.bill for one in rows])
    found: dict[int, Claimed] = defaultdict(Claimed)
    for one in rows:
        quantity, amount = one.quantity, one.amount
        left = ours.get((*_space_of(one.bill), one.line_id or 0))
        if left is not None:
            quantity, amount = max(ZERO, quantity - left[0]), max(ZERO, amount - left[1])
            left[0], left[1] = max(ZERO, left[0] - one.quantity), max(ZERO, left[1] - one.amount)
            if amount < Decimal(1).scaleb(-minor_units(one.bill.currency)):
                amount = ZERO  # rounded otherwise there
        if quantity or amount:
            sign = -1 if one.bill.kind == BillKind.CREDIT_NOTE else 1
            before = found[one.line_id or 0]
            found[one.line_id or 0] = Claimed(
                before.quantity + sign * quantity, before.amount + sign * amount
            )
    return dict(found)


def _space_of(bill: Bill) -> tuple[int, int, bool, str, str]:
    """Within which a number is one: supplier, company, kind (a debit note is an invoice to the ERP), currency."""
    is_credit = bill.kind == BillKind.CREDIT_NOTE
    return bill.supplier_id, bill.company_id, is_credit, bill.currency, number_key(bill.reference)


def _namesakes_of(bills: Sequence[Bill]) -> dict[tuple[int, int, bool, str, str, int], list[Decimal]]:
    """What live invoices with the numbers of these bills, that no bill stands for yet, claim: quantity and amount, also
    of prices alone, by `_space_of` and order line."""
    keys = {number_key(one.reference) for one in bills} - {""}
    if not keys:
        return {}
    lines = InvoiceLine.objects.filter(
        Q(invoice__bill=None) | Q(invoice__bill__state=PaymentState.CANCELLED),
        line__isnull=False,
        invoice__state__in=LIVE,
        invoice__number_key__in=keys,
        invoice__supplier__in={one.supplier_id for one in bills},
    )
    names = ("supplier_id", "company_id", "kind", "currency", "number_key")
    found: dict[tuple[int, int, bool, str, str, int], list[Decimal]] = {}
    taken = Coalesce(F("approved_amount"), F("amount"))
    rows = lines.order_by().values_list(*(f"invoice__{name}" for name in names), "line_id")
    for supplier, company, kind, currency, key, line, quantity, amount in rows.annotate(
        all_quantity=Sum("quantity"), all_amount=Sum(taken)
    ):
        is_credit = kind == InvoiceKind.CREDIT_NOTE
        left = found.setdefault((supplier, company, is_credit, currency, key, line), [ZERO, ZERO])
        left[0] += quantity
        left[1] += amount
    return found


def total_taken(invoice: Invoice) -> Decimal:
    """What an invoice comes to as far as it was taken: its total, or where lines were cut, what is left of them with
    its taxes worked out anew (EN 16931 BR-CO-14, BR-CO-15). Up to two queries.
    """
    lines = list(invoice.lines.all())
    if all(one.approved_amount is None or one.approved_amount == one.amount for one in lines):
        return invoice.total
    bases: dict[TaxKey, Decimal] = defaultdict(Decimal)
    for line in lines:
        bases[tax_key(line)] += line.amount if line.approved_amount is None else line.approved_amount
    for one in invoice.charges.filter(of_line=None):
        bases[tax_key(one)] += -one.amount if one.is_allowance else one.amount
    taxes = [percent_of(base, key.rate, invoice.currency) for key, base in bases.items()]
    return sum(bases.values(), ZERO) + sum(taxes, ZERO)


def claimed_by_notice_line(ids: Iterable[int]) -> dict[int, Claimed]:
    """What live invoices claim of these lines of ship notices, by their id. One query."""
    lines = InvoiceLine.objects.filter(notice_line__in=list(ids), invoice__state__in=LIVE)
    return _added(lines, "notice_line_id")


def credited_by_sheet_line(ids: Iterable[int]) -> dict[int, Decimal]:
    """How much of these lines of counts live credit notes give back already, by their id. One query."""
    lines = InvoiceLine.objects.filter(
        sheet_line__in=list(ids), invoice__state__in=LIVE, invoice__kind=InvoiceKind.CREDIT_NOTE
    )
    return dict(lines.order_by().values_list("sheet_line_id").annotate(count=Sum("quantity")))


def returned_of(invoice: Invoice, *, besides: uuid.UUID | None = None) -> Decimal:
    """How much live credit notes about an invoice give back, with taxes. One query."""
    notes = Invoice.objects.filter(
        corrects__document=invoice.document, kind=InvoiceKind.CREDIT_NOTE, state__in=LIVE
    )
    if besides is not None:
        notes = notes.exclude(document=besides)
    total: Decimal = notes.aggregate(total=Sum("total"))["total"] or ZERO
    return total


def invoiceable_lines(actor: Actor) -> QuerySet[PurchaseOrderLine]:
    """The order lines of which something is left to be claimed, as far as this actor may see, each with what is `left`
    of what was ordered (of what was received, once it is closed). One query.
    """
    basis = Case(
        When(closed=True, then=F("received_quantity")),
        default=Greatest(F("quantity"), F("received_quantity")),
    )
    left = basis - Greatest(F("claimed_quantity"), F("invoiced_quantity"))
    lines = visible_lines(actor).filter(cancelled=False).exclude(order__state=OrderState.CANCELLED)
    return (
        lines.annotate(left=left)
        .filter(left__gt=0)
        .select_related("order__company", "order__supplier", "order")
    )


def left_to_claim(lines: Sequence[PurchaseOrderLine], *, alone: bool = False) -> dict[int, Decimal]:
    """What a draft begins with of each order line, by id, where nobody says how much: see Note [What a draft begins
    with] in `services.start`. The lines of an order go together; `alone`: each for itself. Three queries at most, and
    one for each company.
    """
    claimed = claimed_by_line(line.pk for line in lines)
    profiles = {company.pk: profile_of(company) for company in {line.order.company for line in lines}}
    groups: dict[int, list[PurchaseOrderLine]] = defaultdict(list)
    for line in lines:
        groups[line.pk if alone else line.order_id].append(line)
    found: dict[int, Decimal] = {}
    for theirs in groups.values():
        ordered = {line.pk: _ordered_of(line) - claimed[line.pk].quantity for line in theirs}
        shipped = {
            line.pk: max(line.shipped_quantity, line.received_quantity) - claimed[line.pk].quantity
            for line in theirs
        }
        received = {line.pk: line.received_quantity - claimed[line.pk].quantity for line in theirs}
        ways = [shipped, ordered]
        if profiles[theirs[0].order.company_id].claims_received:
            ways.insert(0, received)
        chosen = next((way for way in ways if any(left > ZERO for left in way.values())), ordered)
        found |= {pk: max(ZERO, left) for pk, left in chosen.items()}
    return found


def _ordered_of(line: PurchaseOrderLine) -> Decimal:
    return line.received_quantity if line.closed else max(line.quantity, line.received_quantity)


def agreed_prices(line_ids: Iterable[int]) -> dict[int, tuple[Decimal, Decimal]]:
    """The price that was agreed on each line and for how many units, by line id; the highest, where its deliveries have
    several. Lines on which nothing is agreed are left out. One query.
    """
    agreed = Promise.objects.filter(line__in=list(line_ids), state=PromiseState.AGREED)
    found: dict[int, tuple[Decimal, Decimal]] = {}
    for line_id, price, per in agreed.exclude(kind=PromiseKind.REFUSE).values_list(
        "line_id", "price", "price_per"
    ):
        before = found.get(line_id)
        if before is None or price * before[1] > before[0] * per:
            found[line_id] = (price, per)
    return found


# --- how companies take invoices ----------------------------------------------------------------------------


def profile_of(company: Company) -> InvoicingProfile:
    """How a company takes invoices; one that never said so takes them for orders alone, and pays what it received."""
    found: InvoicingProfile | None = InvoicingProfile.objects.filter(company=company).first()
    return found or InvoicingProfile(
        company=company,
        version=0,
        name=company.name,
        country=company.country,
        einvoice_formats=["ubl", "cii", "facturx"],
    )


def taxes_of(company: Company) -> list[InvoiceTaxChoice]:
    """The taxes that may stand on an invoice to a company, in its order. None: any may."""
    return list(InvoiceTaxChoice.objects.filter(company=company).order_by("position", "id"))


def last_taxes(supplier_id: int, company: Company, *, besides: uuid.UUID | None = None) -> list[TaxKey]:
    """How the newest live invoice of a supplier to a company is taxed, what bears most first; one document can be left
    out. One query.
    """
    newest = Invoice.objects.filter(
        supplier=supplier_id, company=company, kind=InvoiceKind.INVOICE, state__in=LIVE
    )
    if besides is not None:
        newest = newest.exclude(document=besides)
    taxes = InvoiceTax.objects.filter(invoice=newest.order_by("-sent_at", "-pk").values("pk")[:1])
    return [tax_key(one) for one in taxes.order_by("-base", "id")]


def preset_tax(last: Sequence[TaxKey], offered: Sequence[InvoiceTaxChoice]) -> TaxKey | None:
    """The tax that a new line begins with: what the supplier sent last (see `last_taxes`) as far as the company takes
    it still, else the usual one of the company, or its only one.
    """
    known = [TaxKey(one.category, one.rate, one.jurisdiction) for one in offered]
    before = next((one for one in last if not known or one in known), None)
    if before is not None:
        return before
    usual = next((key for key, one in zip(known, offered, strict=True) if one.is_usual), None)
    return usual or (known[0] if len(known) == 1 else None)


def invoiced_companies(actor: Actor) -> list[Company]:
    """The companies that ordered something of who acts: those it can send invoices to."""
    theirs = PurchaseOrder.objects.visible_to(actor).order_by().values("company")
    return list(Company.objects.filter(pk__in=theirs).order_by("name", "id"))


# --- for the checks -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Written:
    """An invoice as it stands, with all that its checks need: read once, used by the page, the API and the sender."""

    invoice: Invoice
    lines: Sequence[InvoiceLine]
    charges: Sequence[InvoiceCharge]
    taxes: Sequence[InvoiceTax]
    profile: InvoicingProfile
    offered: Sequence[InvoiceTaxChoice] = ()
    claimed: Mapping[int, Claimed] = field(default_factory=dict)
    last_taxes: Sequence[TaxKey] = ()

    def charges_of(self, line: InvoiceLine) -> list[InvoiceCharge]:
        """The charges and allowances of one line."""
        return [one for one in self.charges if one.of_line_id == line.pk]

    @property
    def document_charges(self) -> list[InvoiceCharge]:
        """The charges and allowances of the whole."""
        return [one for one in self.charges if one.of_line_id is None]


def written(invoice: Invoice) -> Written:
    """An invoice with its lines, charges and taxes, and what of its order lines is claimed without it. A fixed number
    of queries.
    """
    lines = list(invoice.lines.select_related("line", "order").order_by("position", "id"))
    charges = list(invoice.charges.order_by("position", "id"))
    taxes = list(invoice.taxes.order_by("category", "tax_rate", "id"))
    ids = {one.line_id for one in lines if one.line_id}
    claimed = claimed_by_line(ids, besides=invoice.document)
    return Written(
        invoice,
        lines,
        charges,
        taxes,
        profile_of(invoice.company),
        taxes_of(invoice.company),
        claimed,
        last_taxes(invoice.supplier_id, invoice.company, besides=invoice.document),
    )


def checked(draft: Written, *, at: datetime) -> CheckedInvoice:
    """An invoice as its checks see it. Four more queries at most."""
    invoice = draft.invoice
    prices = agreed_prices({one.line_id for one in draft.lines if one.line_id})
    namesake = namesake_of(invoice, invoice.number)
    together: dict[int | None, Decimal] = defaultdict(Decimal)  # lines of one order line count together
    for one in draft.lines:
        if not one.price_only:
            together[one.line_id] += one.quantity
    terms = [read_terms(text).days for text in {one.order.payment_terms for one in draft.lines if one.order}]
    return CheckedInvoice(
        today=at.astimezone(ZoneInfo(invoice.supplier.time_zone)).date(),
        kind=invoice.kind,
        currency=invoice.currency,
        total=invoice.total,
        number=invoice.number,
        invoiced_on=invoice.invoiced_on,
        supplied_on=invoice.supplied_on,
        due_on=invoice.due_on,
        payment_days=invoice.payment_days,
        discount_percent=invoice.discount_percent,
        discount_days=invoice.discount_days,
        typed_total=invoice.typed_total,
        reason=invoice.reason,
        corrects=invoice.corrects.number if invoice.corrects else invoice.corrects_number,
        supplier_tax_id=invoice.supplier_tax_id,
        company_tax_id=invoice.company_tax_id,
        lines=[_checked_line(one, draft, prices, together) for one in draft.lines],
        extras=[
            CheckedExtra(one.amount, tax_key(one), one.is_allowance, one.code, one.reason)
            for one in draft.document_charges
        ],
        reasons={tax_key(one): one.exemption_reason for one in draft.taxes},
        offered=[TaxKey(one.category, one.rate, one.jurisdiction) for one in draft.offered],
        last_taxes=draft.last_taxes,
        taken_by=str(_called(namesake)) if namesake else "",
        allow_without_order=draft.profile.allow_without_order,
        credit_left=_credit_left(invoice),
        pictures=pictures_say(invoice, draft.lines),
        order_days=min((days for days in terms if days is not None), default=None),
    )


def tax_key(one: InvoiceLine | InvoiceCharge | InvoiceTax) -> TaxKey:
    """With what it is taxed alike."""
    return TaxKey(one.category, one.tax_rate, one.jurisdiction)


def _called(invoice: Invoice) -> str:
    values = {"kind": invoice.get_kind_display(), "number": invoice.number}
    if invoice.invoiced_on is None:
        return f"{values['kind']} {values['number']}"
    return _("%(kind)s %(number)s of %(day)s") % {**values, "day": invoice.invoiced_on.isoformat()}


def pictures_say(invoice: Invoice, lines: Iterable[InvoiceLine]) -> list[Finding]:
    """What the pictures of an invoice do not say as its data do. One query."""
    data = data_of(invoice, lines)
    readings = invoice.files.exclude(reading={}).order_by("added_at", "id").values_list("reading", flat=True)
    return [
        said
        for reading in readings
        for said in picture_findings(reading, hold_against(reading, data), invoice.currency)
    ]


def data_of(invoice: Invoice, lines: Iterable[InvoiceLine]) -> Data:
    """What the picture of an invoice should say, as its data do."""
    return Data(
        number=invoice.number,
        day=invoice.invoiced_on,
        total=invoice.total,
        currency=invoice.currency,
        tax_id=invoice.supplier_tax_id,
        orders=sorted({one.order.number for one in lines if one.order}),
    )


def _credit_left(invoice: Invoice) -> Decimal | None:
    if not invoice.is_credit or invoice.corrects is None or invoice.corrects.currency != invoice.currency:
        return None
    return invoice.corrects.total - returned_of(invoice.corrects, besides=invoice.document)


def _checked_line(
    one: InvoiceLine,
    draft: Written,
    prices: Mapping[int, tuple[Decimal, Decimal]],
    together: Mapping[int | None, Decimal],
) -> CheckedLine:
    line, order = one.line, one.order
    bare: dict[str, Any] = {
        "position": one.position,
        "quantity": one.quantity,
        "unit": one.unit,
        "unit_price": one.unit_price,
        "price_quantity": one.price_quantity,
        "amount": one.amount,
        "tax": tax_key(one),
        "description": one.description,
        "price_only": one.price_only,
    }
    if line is None or order is None:
        return CheckedLine(**bare)
    claimed = draft.claimed[line.pk].quantity
    mine = together[line.pk]
    price, per = prices.get(line.pk, (line.price, line.price_per))
    here = line.received_quantity
    to_come = max(ZERO, claimed + mine - here) if draft.profile.claims_received else ZERO
    return CheckedLine(
        **bare,
        order=order.number,
        number=line.number,
        decimals=line.unit_decimals,
        order_unit=line.unit,
        open=max(line.quantity, here) - claimed,
        to_come=min(mine, to_come),
        price=price,
        price_per=per,
        returnable=claimed,
        trouble=_trouble(line, order),
    )


def _trouble(line: PurchaseOrderLine, order: PurchaseOrder) -> str:
    values = {"order": order.number, "line": line.number}
    if order.state == OrderState.CANCELLED:
        return _("Order %(order)s was cancelled: it will be held.") % values
    if line.cancelled:
        return _("Order %(order)s line %(line)s was cancelled: it will be held.") % values
    return ""
