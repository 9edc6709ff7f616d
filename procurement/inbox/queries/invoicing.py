"""What of invoices needs a person of ours: not matched, suspected twice, without an order, disputed; a credit due.

Note [Our turn]: an invoice is a case as long as our side is to act on it. While its supplier is asked, or while it
waits for goods, nobody here has to. What passed every check and only wants an approval is no exception either: it
stands on the desk of accounts payable alone.

Note [Whose question]: an answer that is overdue is a case of whoever can move it. Where the supplier is silent that is
who asked; where a colleague is, the order's buyer, or who counted its goods at the dock last; where nobody can be named
so, all of that role.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.db.models import OuterRef, Subquery

from portal.kernel.audit.models import AuditEvent
from procurement.inbox.messages import Finding, as_facts
from procurement.inbox.queries.reach import Reach
from procurement.inbox.queries.saying import finding_of_order, order_facts
from procurement.inbox.states import CaseKind, Cause
from procurement.invoices.models import Invoice, InvoiceLine
from procurement.invoices.states import LIVE, Acts, InvoiceKind, InvoiceState
from procurement.matching.models import MatchCheck
from procurement.orders.models import PurchaseOrder
from procurement.payables.models import InvoiceQuestion
from procurement.payables.states import Asked, QuestionState
from procurement.receipts.models import DifferenceWord, SheetLine
from procurement.receipts.states import SheetState, Word
from suppliers.models import User
from suppliers.roles import CompanyRole

OURS = (Acts.PAYABLES, Acts.BUYER, Acts.RECEIVER)
# It passed and wants an approval; it waits for goods. See Note [Our turn].
NO_CASE = ("match.approval.person", "match.quantity.waits")
INVOICE_STREAM = "invoice:"
QUESTION = "question:"
MOST_PEOPLE = 20

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


# --- what nobody answered -----------------------------------------------------------------------------------


def missed_answers(reach: Reach) -> Iterator[Finding]:
    """Questions about invoices whose answer is overdue. See Note [Whose question]."""
    documents = [one.removeprefix(INVOICE_STREAM) for one in reach.streams if one.startswith(INVOICE_STREAM)]
    if not documents:
        return
    questions = list(
        InvoiceQuestion.objects.filter(
            invoice__document__in=documents, state=QuestionState.ASKED, due_at__lte=reach.at
        )
        .select_related("invoice")
        .order_by("id")
    )
    if not questions:
        return
    orders = _first_orders({one.invoice_id for one in questions})
    whose = _Whose(questions, orders.values())
    for one in questions:
        order = orders.get(one.invoice_id)
        invoice = one.invoice
        facts = {
            "invoice": str(invoice.key),
            "number": invoice.number,
            "order": order.number if order else "",
            "currency": invoice.currency,
            "value": invoice.total,
            "asked_on": invoice.due_on,
            "asked_of": one.asked_of,
            "question": one.question[:500],
            "by": one.asked_by,
            "people": whose.people(one, order),
            "since": one.due_at,
        }
        yield Finding(
            CaseKind.ANSWER_MISSED,
            Cause.QUESTION,
            f"{QUESTION}{one.key}",
            as_facts(facts),
            moves=[str(one.key)],
            stream=invoice.stream,
            company=invoice.company_id,
            supplier=invoice.supplier_id,
        )


def _first_orders(invoice_ids: Iterable[int]) -> dict[int, PurchaseOrder]:
    """The order that each of these invoices claims first, by the invoice's id. One query."""
    lines = InvoiceLine.objects.filter(invoice__in=list(invoice_ids), order__isnull=False)
    rows = lines.select_related("order").order_by("invoice_id", "position").distinct("invoice_id")
    return {one.invoice_id: one.order for one in rows if one.order is not None}


class _Whose:
    """Whose the questions are: two queries for our people, and two for who counted."""

    def __init__(self, questions: Sequence[InvoiceQuestion], orders: Iterable[PurchaseOrder]) -> None:
        people = User.objects.filter(is_active=True).exclude(company_role="").order_by("pk")
        self.roles: dict[int, str] = {}
        self.addresses: dict[str, int] = {}
        for pk, role, email in people.values_list("pk", "company_role", "email"):
            self.roles[pk] = role
            self.addresses[email.lower()] = pk
        asks = any(one.asked_of == Asked.RECEIVER for one in questions)
        self.counters = _last_counters(orders) if asks else {}

    def people(self, one: InvoiceQuestion, order: PurchaseOrder | None) -> list[int]:
        """Those of our side whose a question is; see Note [Whose question]."""
        if one.asked_of == Asked.SUPPLIER:
            return self._one(one.asked_by_user_id, CompanyRole.ACCOUNTS_PAYABLE)
        if one.asked_of == Asked.BUYER:
            buyer = self.addresses.get(order.buyer_email.lower()) if order else None
            return self._one(buyer, CompanyRole.BUYER)
        return self._one(self.counters.get(order.pk) if order else None, CompanyRole.RECEIVING)

    def _one(self, named: int | None, role: str) -> list[int]:
        if named is not None and named in self.roles:
            return [named]
        return [pk for pk, theirs in self.roles.items() if theirs == role][:MOST_PEOPLE]


def _last_counters(orders: Iterable[PurchaseOrder]) -> dict[int, int]:
    """Who posted the last count of something of each of these orders, by the order's id. Two queries."""
    streams: dict[str, set[int]] = {}
    lines = SheetLine.objects.filter(
        order__in=[one.pk for one in orders], sheet__state=SheetState.POSTED
    ).select_related("sheet")
    for line in lines:
        streams.setdefault(line.sheet.stream, set()).add(line.order_id)
    found: dict[int, int] = {}
    posted = AuditEvent.objects.filter(
        stream__in=list(streams), kind="count.posted", actor_user_id__isnull=False
    )
    for stream, user in posted.order_by("id").values_list("stream", "actor_user_id"):
        found |= dict.fromkeys(streams[stream], user)
    return found


INVOICING_LOOKS: Sequence[Callable[[Reach], Iterable[Finding]]] = (
    invoices_apart,
    missed_answers,
    credits_due,
)
