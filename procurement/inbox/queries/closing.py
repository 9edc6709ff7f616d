"""Why a cause is gone: read off how things stand now, for many cases at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from procurement.changes.models import OrderChange
from procurement.changes.states import ChangeState
from procurement.erp.models import ErpCommand
from procurement.erp.reconciliation.models import Drift
from procurement.erp.reconciliation.states import DriftState
from procurement.erp.states import CommandState
from procurement.inbox.models import ExceptionCase
from procurement.inbox.queries.banking import why_no_bank_change
from procurement.inbox.queries.documents import why_not_late
from procurement.inbox.queries.invoicing import QUESTION
from procurement.inbox.queries.reach import Reach, at_the_dock
from procurement.inbox.states import CaseKind, Cause
from procurement.inbox.states import CloseReason as Why
from procurement.invoices.models import Invoice
from procurement.invoices.states import InvoiceState
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.states import Agreement, OrderState, Turn
from procurement.payables.models import InvoiceQuestion
from procurement.payables.states import QuestionState
from procurement.receipts.models import DifferenceWord, ReceivingSheet
from procurement.receipts.states import SETTLEMENTS, SheetState

_CHANGES: Mapping[str, Why] = {
    ChangeState.ACCEPTED: Why.ACCEPTED,
    ChangeState.DONE: Why.ACCEPTED,
    ChangeState.KEPT: Why.ACCEPTED,
    ChangeState.DECLINED: Why.DECLINED,
    ChangeState.WITHDRAWN: Why.WITHDRAWN,
    ChangeState.EXPIRED: Why.EXPIRED,
    ChangeState.SUPERSEDED: Why.OVERTAKEN,
    ChangeState.PROPOSED: Why.COUNTERED,
    ChangeState.COUNTERED: Why.COUNTERED,
}
_COMMANDS: Mapping[str, Why] = {
    CommandState.CONFIRMED: Why.IN_ERP,
    CommandState.SUPERSEDED: Why.OVERTAKEN,
    CommandState.GIVEN_UP: Why.GIVEN_UP,
    CommandState.YIELDED: Why.GIVEN_UP,
    CommandState.QUEUED: Why.TAKEN_UP,
    CommandState.SENT: Why.TAKEN_UP,
}
_DRIFTS: Mapping[str, Why] = {
    DriftState.REPAIRED: Why.REPAIRED,
    DriftState.GONE: Why.REPAIRED,
    DriftState.ASKED: Why.TAKEN_UP,
    DriftState.UNDER_WAY: Why.TAKEN_UP,
    DriftState.IGNORED: Why.SETTLED,
}


def why_gone(cases: Sequence[ExceptionCase], reach: Reach) -> dict[int, Why]:
    """Why the cause of each of these cases is gone, by case id: nine queries at most."""
    lines = {line.pk: line for line in _rows(PurchaseOrderLine, (case.line_id for case in cases))}
    changes = {change.pk: change for change in _rows(OrderChange, (case.change_id for case in cases))}
    commands = {command.pk: command for command in _rows(ErpCommand, (case.command_id for case in cases))}
    drifts = {drift.pk: drift for drift in _rows(Drift, (case.drift_id for case in cases))}
    late = [case.line_id for case in cases if case.cause == Cause.SHIPMENT]
    here = PurchaseOrderLine.objects.filter(at_the_dock(), pk__in=late) if late else ()
    at_dock = {line.pk for line in here}
    on_sheets = _settled_or_reversed(cases)
    invoices = _invoice_states(cases)
    told = _answered(cases)
    documents, banks = why_not_late(cases), why_no_bank_change(cases)
    found: dict[int, Why] = {}
    for case in cases:
        order = reach.orders.get(case.order_id or 0)
        if case.cause == Cause.CHANGE:
            found[case.pk] = _CHANGES.get(changes[case.change_id].state, Why.GONE)
        elif case.cause == Cause.ERP and case.command_id is None:
            found[case.pk] = Why.IN_ERP  # a ship notice: told, or overtaken by a later one
        elif case.cause == Cause.ERP:
            found[case.pk] = _COMMANDS.get(commands[case.command_id].state, Why.GONE)
        elif case.cause == Cause.DRIFT:
            found[case.pk] = _DRIFTS.get(drifts[case.drift_id].state, Why.GONE)
        elif case.cause in (Cause.COUNT, Cause.REJECTED):
            found[case.pk] = on_sheets.get(case.pk, Why.COUNTED)
        elif case.cause == Cause.INVOICE:
            found[case.pk] = _INVOICES.get(invoices.get(case.subject, ""), Why.SUPPLIER_ACTS)
        elif case.cause == Cause.QUESTION:
            found[case.pk] = Why.TOLD if case.subject in told else Why.NOT_ASKED
        elif case.cause == Cause.DOCUMENT:
            found[case.pk] = documents[case.pk]
        elif case.cause == Cause.BANK:
            found[case.pk] = banks[case.pk]
        elif case.cause == Cause.CREDIT:
            found[case.pk] = Why.CREDITED
        elif case.cause == Cause.UNANNOUNCED:
            found[case.pk] = Why.ANNOUNCED
        elif order is not None and order.state != OrderState.ISSUED:
            found[case.pk] = Why.ORDER_OVER
        elif case.cause == Cause.ACKNOWLEDGMENT and order is not None:
            found[case.pk] = _of_order(order)
        elif case.line_id:
            found[case.pk] = _of_line(case, lines[case.line_id], at_dock)
        else:
            found[case.pk] = Why.GONE
    return found


def _settled_or_reversed(cases: Sequence[ExceptionCase]) -> dict[int, Why]:
    """Of the cases that a receiving sheet told of, whether it was taken back or the buyer has settled what differed."""
    keys = {case.pk: UUID(case.facts["sheet"]) for case in cases if case.facts.get("sheet")}
    if not keys:
        return {}
    states = dict(ReceivingSheet.objects.filter(key__in=keys.values()).values_list("key", "state"))
    words = DifferenceWord.objects.filter(sheet__key__in=keys.values(), word__in=SETTLEMENTS)
    settled = set(words.values_list("sheet__key", "sheet_line__line"))
    found = {}
    for case in cases:
        key = keys.get(case.pk)
        if key is None:
            continue
        if states.get(key) == SheetState.REVERSED:
            found[case.pk] = Why.COUNT_REVERSED
        elif (key, case.line_id) in settled:
            found[case.pk] = Why.DIFFERENCE
    return found


_INVOICES: Mapping[str, Why] = {
    InvoiceState.APPROVED: Why.APPROVED,
    InvoiceState.SCHEDULED: Why.APPROVED,
    InvoiceState.PAID: Why.APPROVED,
    InvoiceState.REJECTED: Why.REJECTED,
    InvoiceState.WITHDRAWN: Why.WITHDRAWN,
    InvoiceState.VOIDED: Why.GONE,
    InvoiceState.SENT: Why.GONE,
}


def _invoice_states(cases: Sequence[ExceptionCase]) -> dict[str, str]:
    """How the invoices of these cases stand now, by their stream: the newest version of each. One query."""
    prefix = "invoice:"
    documents = [UUID(case.subject[len(prefix) :]) for case in cases if case.cause == Cause.INVOICE]
    if not documents:
        return {}
    sent = Invoice.objects.filter(document__in=documents, sent_at__isnull=False).order_by("issue")
    return {f"{prefix}{document}": state for document, state in sent.values_list("document", "state")}


def _answered(cases: Sequence[ExceptionCase]) -> set[str]:
    """The subjects of those of these cases whose question about an invoice was answered. One query."""
    keys = [case.subject.removeprefix(QUESTION) for case in cases if case.cause == Cause.QUESTION]
    if not keys:
        return set()
    answered = InvoiceQuestion.objects.filter(key__in=keys, state=QuestionState.ANSWERED)
    return {f"{QUESTION}{key}" for key in answered.values_list("key", flat=True)}


def _rows(model: Any, ids: Iterable[int | None]) -> Iterable[Any]:
    wanted = {pk for pk in ids if pk}
    return model.objects.filter(pk__in=wanted) if wanted else ()


def _of_order(order: PurchaseOrder) -> Why:
    return Why.MORE_TIME if order.lines_for_supplier else Why.ANSWERED


def _of_line(case: ExceptionCase, line: PurchaseOrderLine, at_dock: Collection[int]) -> Why:
    if line.cancelled or line.closed:
        return Why.LINE_OVER
    if case.cause == Cause.SHIPMENT:
        if _came(case, line) or line.pk in at_dock:
            return Why.ARRIVED
        return Why.IN_TIME if case.kind == CaseKind.LIKELY_LATE else Why.NEW_DAY
    if case.cause == Cause.SUPPLY:
        if line.received_quantity >= line.quantity:
            return Why.ARRIVED
        return Why.MERGED if line.turn == Turn.BUYER else Why.COVERED
    if case.cause != Cause.ANSWER:
        return Why.GONE
    if line.received_quantity >= line.quantity:
        return Why.ARRIVED
    if line.agreement == Agreement.AGREED:
        return Why.ACCEPTED
    if line.agreement == Agreement.REFUSED and line.turn == Turn.NOBODY:
        return Why.REFUSAL_TAKEN
    if line.agreement == Agreement.DISPUTED:
        return Why.DECLINED
    revised = line.asked_revision > int(case.facts.get("revision", 0))
    return Why.REVISED if revised else Why.WITHDRAWN


def _came(case: ExceptionCase, line: PurchaseOrderLine) -> bool:
    return line.received_quantity > Decimal(case.facts.get("received", 0))
