"""What is claimed of order lines, notices and counts, and what was given back.

Note [What is claimed]: of an order line is claimed what live invoices say of it, less what credit notes give back. What
only corrects a price moves money and no quantity. What the ERP has booked of it without any invoice of ours (on paper,
by an earlier system) is claimed as well: `booked_elsewhere`. A credit note counts with the invoice that it corrects,
even for one that was sent before it; and only as long as some version of that one claims: what nobody claims any more
is not given back, and makes no room for others (`with_what_they_correct`).
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.db.models import Case, DecimalField, Exists, F, OuterRef, Q, QuerySet, Sum, Value, When

from portal.kernel.actors import Actor
from portal.kernel.values import minor_units
from procurement.bills.models import Bill, BillLine
from procurement.bills.states import BillKind, PaymentState
from procurement.invoices.messages import Claimed
from procurement.invoices.models import Invoice, InvoiceLine
from procurement.invoices.policies.numbers import number_key
from procurement.invoices.states import LIVE, InvoiceKind

ZERO = Decimal(0)
_SIGN = Case(
    When(invoice__kind=InvoiceKind.CREDIT_NOTE, then=Value(Decimal(-1))),
    default=Value(Decimal(1)),
    output_field=DecimalField(max_digits=2, decimal_places=0),
)
_NUMBER: DecimalField = DecimalField(max_digits=30, decimal_places=6)
_QUANTITY = Sum(F("quantity") * _SIGN, filter=Q(price_only=False), output_field=_NUMBER)
_AMOUNT = Sum(F("amount") * _SIGN, output_field=_NUMBER)


def with_what_they_correct(rows: QuerySet) -> QuerySet:
    """Of these lines or charges those that count: of a credit note about one of our invoices only while a version of
    that invoice is live. See Note [What is claimed].
    """
    lives = Invoice.objects.filter(document=OuterRef("invoice__corrects__document"), state__in=LIVE)
    gives_back = Q(invoice__kind=InvoiceKind.CREDIT_NOTE, invoice__corrects__isnull=False)
    return rows.filter(~gives_back | Exists(lives))


def _added(lines: QuerySet[InvoiceLine], name: str = "line_id") -> dict[int, Claimed]:
    lines = with_what_they_correct(lines)
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
    invoices that were sent earlier (for a draft: of all), less credits about them. What credit notes about itself give
    back was claimed by itself, and by none before. See Note [What is claimed]. Up to four queries.
    """
    ids = list(invoice.lines.filter(line__isnull=False).values_list("line_id", flat=True).distinct())
    lines = InvoiceLine.objects.visible_to(actor).filter(line__in=ids, invoice__state__in=LIVE)
    lines = lines.exclude(invoice__document=invoice.document).exclude(
        invoice__kind=InvoiceKind.CREDIT_NOTE, invoice__corrects__document=invoice.document
    )
    if invoice.sent_at is not None:
        earlier = Q(invoice__sent_at__lt=invoice.sent_at) | Q(
            invoice__sent_at=invoice.sent_at, invoice__pk__lt=invoice.pk
        )
        of_earlier = Q(invoice__kind=InvoiceKind.CREDIT_NOTE, invoice__corrects__sent_at__lt=invoice.sent_at)
        lines = lines.filter(earlier | of_earlier)
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
    rows = lines.order_by().values_list(*(f"invoice__{name}" for name in names), "line_id")
    for supplier, company, kind, currency, key, line, quantity, amount in rows.annotate(
        all_quantity=Sum("quantity"), all_amount=Sum("amount")
    ):
        is_credit = kind == InvoiceKind.CREDIT_NOTE
        left = found.setdefault((supplier, company, is_credit, currency, key, line), [ZERO, ZERO])
        left[0] += quantity
        left[1] += amount
    return found


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
