"""What of invoices needs a person of ours: not matched, suspected twice, without an order, disputed; a credit due.

Note [Our turn]: an invoice is a case as long as our side is to act on it. While its supplier is asked, or while it
waits for goods, nobody here has to. What passed every check and only wants an approval is no exception either: it
stands on the desk of accounts payable alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.db.models import OuterRef, Subquery

from procurement.inbox.messages import Finding, as_facts
from procurement.inbox.queries.reach import Reach
from procurement.inbox.queries.saying import finding_of_order, order_facts
from procurement.inbox.states import CaseKind, Cause
from procurement.invoices.models import Invoice, InvoiceLine
from procurement.invoices.states import LIVE, Acts, InvoiceKind, InvoiceState
from procurement.matching.models import MatchCheck
from procurement.receipts.models import DifferenceWord
from procurement.receipts.states import SheetState, Word

OURS = (Acts.PAYABLES, Acts.BUYER, Acts.RECEIVER)
# It passed and wants an approval; it waits for goods. See Note [Our turn].
NO_CASE = ("match.approval.person", "match.quantity.waits")
INVOICE_STREAM = "invoice:"

_KINDS = {
    "duplicate": CaseKind.DUPLICATE_SUSPECTED,
    "mapping": CaseKind.INVOICE_WITHOUT_ORDER,
}


def invoices_apart(reach: Reach) -> Iterator[Finding]:
    """Invoices that our side is to act on. See Note [Our turn]."""
    documents = [one.removeprefix(INVOICE_STREAM) for one in reach.streams if one.startswith(INVOICE_STREAM)]
    if not documents:
        return
    first = InvoiceLine.objects.filter(invoice=OuterRef("pk"), order__isnull=False).order_by("position")
    found = (
        Invoice.objects.filter(
            document__in=documents, state__in=[InvoiceState.HELD, InvoiceState.DISPUTED], acts__in=OURS
        )
        .annotate(
            order_number=Subquery(first.values("order__number")[:1]),
            buyer=Subquery(first.values("order__buyer_email")[:1]),
        )
        .order_by("id")
    )
    invoices = [one for one in found if one.held_for.get("key") not in NO_CASE]
    checks: dict[int, MatchCheck] = {}
    rows = MatchCheck.objects.filter(match__invoice__in=[one.pk for one in invoices], match__is_current=True)
    for check in rows.select_related("match").defer("match__checks").order_by("id"):
        checks.setdefault(check.match.invoice_id, check)
    for one in invoices:
        yield _apart(one, checks.get(one.pk))


def _apart(invoice: Any, check: MatchCheck | None) -> Finding:
    kind = CaseKind.MATCH_FAILED
    if invoice.state == InvoiceState.DISPUTED:
        kind = CaseKind.INVOICE_DISPUTED
    elif check is not None:
        kind = _KINDS.get(check.kind, CaseKind.MATCH_FAILED)
    facts = {
        "invoice": str(invoice.key),
        "number": invoice.number,
        "order": invoice.order_number or "",
        "buyer": invoice.buyer or "",
        "currency": invoice.currency,
        "value": invoice.total,
        "asked_on": invoice.due_on,
        "check": check.kind if check else "",
        "held_for": invoice.held_for,
        "acts": invoice.acts,
        "since": invoice.held_at,
    }
    return Finding(
        kind,
        Cause.INVOICE,
        invoice.stream,
        as_facts(facts),
        moves=[str(invoice.key), invoice.held_for, invoice.acts],
        stream=invoice.stream,
        company=invoice.company_id,
        supplier=invoice.supplier_id,
    )


def credits_due(reach: Reach) -> Iterator[Finding]:
    """Counts that were settled with "credit expected", and no credit note has come for them."""
    if not reach.shipped_orders:
        return
    noted = Invoice.objects.filter(
        sheet__isnull=False, kind=InvoiceKind.CREDIT_NOTE, state__in=LIVE
    ).values_list("sheet_id", flat=True)
    words = (
        DifferenceWord.objects.filter(
            word=Word.CREDIT,
            sheet_line__order__in=reach.shipped_orders,
            sheet__state=SheetState.POSTED,
        )
        .exclude(sheet__in=noted)
        .select_related("sheet", "sheet_line__line")
        .order_by("sheet_id", "sheet_line__order_id", "id")
    )
    seen: set[tuple[int, int]] = set()
    for word in words:
        order = reach.orders[word.sheet_line.order_id]
        if (word.sheet_id, order.pk) in seen:
            continue
        seen.add((word.sheet_id, order.pk))
        facts = {
            **order_facts(order),
            "number": word.sheet.reference,
            "sheet": str(word.sheet.key),
            "line": word.sheet_line.line.number,
            "by": word.said_by,
            "since": word.said_at,
        }
        yield finding_of_order(
            CaseKind.CREDIT_EXPECTED,
            Cause.CREDIT,
            order,
            facts,
            moves=[str(word.sheet.key)],
            subject=f"credit:{word.sheet.key}:{order.pk}",
        )


INVOICING_LOOKS: Sequence[Callable[[Reach], Iterable[Finding]]] = (invoices_apart, credits_due)
