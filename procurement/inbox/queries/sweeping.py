"""What comes by time alone: orders that need a person since a moment ago, though no fact has told so."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Concat

from procurement.erp.models import EarlyPaymentWrite, ErpCommand, InvoiceWrite, NoticeWrite, ReceiptWrite
from procurement.erp.states import CommandState, TellingState
from procurement.inbox.models import ExceptionCase
from procurement.inbox.queries.findings import UNKNOWN_FOR
from procurement.inbox.queries.invoicing import INVOICE_STREAM, QUESTION
from procurement.inbox.queries.reach import at_the_dock, of_known_stock, today_by_company
from procurement.inbox.states import LIVE, CaseKind, Cause
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.states import Agreement, OrderState, Turn
from procurement.payables.models import InvoiceQuestion
from procurement.payables.states import QuestionState
from procurement.receipts.queries import is_settled_on_a_sheet
from procurement.shipments.models import ShipNoticeLine
from procurement.shipments.states import NoticeState
from procurement.supply.queries import exposures_of_lines

# Each live case is held against how things stand at least so often, in case a fact was never heard of.
REVIEW_EVERY = timedelta(hours=12)


def orders_due(at: datetime, most: int) -> list[int]:
    """Orders on which something came by time alone and no case says so, at most so many."""
    found: set[int] = set()
    notices = _lost_tellings(NoticeWrite, "told:", "consignment", at)
    counts = _lost_tellings(ReceiptWrite, "booked:", "count", at)
    invoices = _lost_tellings(InvoiceWrite, "invoiced:", "document", at)
    early = _lost_tellings(EarlyPaymentWrite, "early:", "document", at)
    lost = (_lost_in_the_erp(at), notices, counts, invoices, early)
    for rows in (_unanswered(at), _overdue(at), _counted_short(at), *lost):
        if len(found) < most:
            found.update(rows[: most - len(found)])
    return sorted(found)


def _known(cause: Cause) -> QuerySet[ExceptionCase]:
    return ExceptionCase.objects.filter(cause=cause)


def _unanswered(at: datetime) -> QuerySet[Any, int]:
    cases = _known(Cause.ACKNOWLEDGMENT).filter(order=OuterRef("pk"))
    seen_to = Q(state__in=LIVE) | Q(settled=True, due_at=OuterRef("acknowledge_by_at"))
    orders = PurchaseOrder.objects.filter(
        state=OrderState.ISSUED, lines_for_supplier__gt=0, acknowledge_by_at__lte=at
    )
    return orders.exclude(Exists(cases.filter(seen_to))).order_by("id").values_list("pk", flat=True)


def _overdue(at: datetime) -> QuerySet[Any, int]:
    overdue = _known(Cause.SHIPMENT).filter(
        kind=CaseKind.SHIPMENT_OVERDUE
    )  # it may have been likely late before
    cases = overdue.filter(line=OuterRef("pk")).annotate(day=KT("facts__promised_on"))
    day = Cast(OuterRef("next_delivery_on"), CharField())
    today = today_by_company(at)
    past = Q(pk__in=[])
    for company, date_there in today.items():
        past |= Q(order__company=company, next_delivery_on__lt=date_there)
    lines = PurchaseOrderLine.objects.filter(
        past,
        # Implied by the above, but an index can start from it.
        next_delivery_on__lt=max(today.values(), default=at.date()),
        cancelled=False,
        closed=False,
        received_quantity__lt=F("quantity"),
        turn=Turn.NOBODY,
        agreement=Agreement.AGREED,
        order__state=OrderState.ISSUED,
    )
    unseen = lines.exclude(at_the_dock()).exclude(
        Exists(cases.filter(Q(state__in=LIVE) | Q(settled=True, day=day)))
    )
    return unseen.order_by("order_id").values_list("order_id", flat=True)


def _counted_short(at: datetime) -> QuerySet[Any, int]:
    """Notices that were counted in part and whose day is past: what is not counted by now is missing."""
    cases = _known(Cause.COUNT).filter(line=OuterRef("line")).annotate(told=KT("facts__notice"))
    cases = cases.filter(told=Cast(OuterRef("notice__key"), CharField()))
    past = Q(pk__in=[])
    for company, date_there in today_by_company(at).items():
        past |= Q(notice__company=company, notice__expected_on__lt=date_there)
    short = ShipNoticeLine.objects.filter(
        past, notice__state=NoticeState.PARTLY_RECEIVED, received_quantity__lt=F("quantity")
    ).exclude(order__state=OrderState.CANCELLED)
    unseen = short.exclude(Exists(cases.filter(Q(state__in=LIVE) | Q(settled=True))))
    unseen = unseen.exclude(is_settled_on_a_sheet())
    return unseen.order_by("order_id").values_list("order_id", flat=True)


def _lost_in_the_erp(at: datetime) -> QuerySet[Any, int]:
    cases = _known(Cause.ERP).filter(command=OuterRef("pk")).annotate(said=KT("facts__state"))
    # Who settled a conflict has said nothing of the same write being lost afterwards.
    cases = cases.filter(Q(state__in=LIVE) | Q(settled=True, said=OuterRef("state")))
    lost = Q(state=CommandState.UNKNOWN, queued_at__lte=at - UNKNOWN_FOR)
    too_long = at - timedelta(seconds=settings.ERP_READ_BACK_WITHIN)
    unseen = Q(state=CommandState.SENT, sent_at__lt=too_long)
    commands = ErpCommand.objects.filter(lost | unseen).exclude(Exists(cases))
    return commands.order_by("order_id").values_list("order_id", flat=True)


def _lost_tellings(
    told: type[NoticeWrite] | type[ReceiptWrite] | type[InvoiceWrite] | type[EarlyPaymentWrite],
    prefix: str,
    of: str,
    at: datetime,
) -> QuerySet[Any, int]:
    """Ship notices, counts, or invoices, of which nobody knows for too long whether the ERP was told."""
    cases = _known(Cause.ERP).filter(subject=Concat(Value(prefix), Cast(OuterRef(of), CharField())))
    writes = told.objects.filter(
        state=TellingState.UNKNOWN, queued_at__lte=at - UNKNOWN_FOR, order__isnull=False
    )
    unseen = writes.exclude(Exists(cases.filter(Q(state__in=LIVE) | Q(settled=True))))
    return unseen.order_by("order_id").values_list("order_id", flat=True)


def answers_missed(at: datetime, most: int) -> list[str]:
    """The streams of invoices about which an answer is overdue and no case says so, at most so many."""
    subject = Concat(Value(QUESTION), Cast(OuterRef("key"), CharField()))
    cases = _known(Cause.QUESTION).filter(Q(state__in=LIVE) | Q(settled=True), subject=subject)
    missed = InvoiceQuestion.objects.filter(state=QuestionState.ASKED, due_at__lte=at)
    found = missed.exclude(Exists(cases)).order_by("due_at", "id").values_list("invoice__document", flat=True)
    return sorted({f"{INVOICE_STREAM}{document}" for document in found[:most]})


def to_review(at: datetime, most: int) -> tuple[list[int], list[str]]:
    """The live cases that were looked at longest ago: their orders, and the streams of those of no order."""
    old = ExceptionCase.objects.filter(state__in=LIVE, reviewed_at__lt=at - REVIEW_EVERY)
    rows = old.order_by("reviewed_at", "id").values_list("order_id", "subject_stream")[:most]
    orders = {order for order, _stream in rows if order}
    return sorted(orders), sorted({stream for order, stream in rows if not order and stream})


def next_exposed(after: int, at: datetime, most: int) -> tuple[list[int], int]:
    """Of the next so many agreed lines of known stock, in the order of their ids, the orders of those whose stock runs
    out before they come and that no case speaks of; and the last line looked at, 0 once all have been."""
    open_lines = PurchaseOrderLine.objects.filter(
        turn=Turn.NOBODY,
        agreement=Agreement.AGREED,
        cancelled=False,
        closed=False,
        received_quantity__lt=F("quantity"),
        order__state=OrderState.ISSUED,
        pk__gt=after,
    )
    lines = list(of_known_stock(open_lines).order_by("pk").values_list("pk", flat=True)[:most])
    of_lines = ExceptionCase.objects.filter(line__in=lines)
    busy = set(of_lines.filter(state__in=LIVE).values_list("line_id", flat=True))
    # What a person has seen to is this stock-out with this arrival, and nothing else that was on the line before.
    settled = of_lines.filter(cause=Cause.SUPPLY, settled=True)
    seen_to = set(settled.values_list("line_id", "facts__promised_on"))
    exposed = [
        pk
        for pk, one in exposures_of_lines(lines, at=at).items()
        if one.on_hand is not None
        and one.runs_out_before
        and pk not in busy
        and (pk, one.arrives_on.isoformat() if one.arrives_on else None) not in seen_to
    ]
    orders = PurchaseOrderLine.objects.filter(pk__in=exposed).values_list("order_id", flat=True)
    return sorted(set(orders)), lines[-1] if len(lines) == most else 0
