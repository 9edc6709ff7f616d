"""Which invoices somebody may see: found, held, told with their lines, and those about an order or a number."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.queries import timeline_of
from portal.kernel.errors import NotFound
from procurement.invoices.models import Invoice, InvoiceCharge, InvoiceFile, InvoiceLine, InvoiceTax
from procurement.invoices.policies.numbers import number_key
from procurement.invoices.states import LIVE, REJECTED_SAME, Acts, InvoiceKind, InvoiceState
from procurement.orders.models import PurchaseOrder


def visible_invoices(actor: Actor) -> QuerySet[Invoice]:
    """The invoices this actor may see: all that were sent, and the drafts of its own side."""
    theirs = Q(state__in=[InvoiceState.DRAFT, InvoiceState.DISCARDED], on_behalf=actor.is_supplier)
    return Invoice.objects.visible_to(actor).exclude(theirs).select_related("company", "supplier")


def for_supplier(*, may_write: bool = True) -> Q:
    """The invoices at which the supplier is to act: drafts, what was sent back, what waits for its word. Who may not
    write invoices has its word to say, and no more. What was sent back as the same as another asks for nothing.
    """
    said = Q(state__in=[InvoiceState.HELD, InvoiceState.DISPUTED], acts=Acts.SUPPLIER)
    back = Q(state=InvoiceState.REJECTED) & ~Q(held_for__contains={"key": REJECTED_SAME})
    return said | Q(state=InvoiceState.DRAFT) | back if may_write else said


def with_lines(invoices: QuerySet[Invoice], *, with_readings: bool = True) -> QuerySet[Invoice]:
    """The same with all that they say: `told_lines` (each with order line and order, its charges under
    `told_charges`), `told_charges` of the whole, `told_taxes`, `told_files`: five more queries. A list
    goes without the readings of the files: each may be a book.
    """
    own = Prefetch("charges", InvoiceCharge.objects.order_by("position", "id"), to_attr="told_charges")
    lines = InvoiceLine.objects.select_related("line", "order").prefetch_related(own).order_by("position")
    whole = InvoiceCharge.objects.filter(of_line=None).order_by("position", "id")
    left = ["content"] if with_readings else ["content", "reading"]
    files = InvoiceFile.objects.defer(*left).order_by("added_at", "id")
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
