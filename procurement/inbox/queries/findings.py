"""What needs a person now: each kind asks the same question of any number of orders, in as many queries as for one.

Note [Level]: a kind never remembers. It says what is so; `services.review` makes the cases agree with that. Nothing in
a finding's `moves` changes by time passing alone, or each day would bring its case back.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Q

from portal.kernel.audit.models import AuditEvent
from procurement.changes.messages import Terms, terms_from_json
from procurement.changes.models import OrderChange
from procurement.changes.queries import current_round, with_rounds
from procurement.changes.states import OPEN as CHANGE_OPEN
from procurement.changes.states import Side
from procurement.erp.models import EarlyPaymentWrite, ErpCommand, InvoiceWrite, NoticeWrite, ReceiptWrite
from procurement.erp.reconciliation.models import Drift
from procurement.erp.reconciliation.states import DriftState
from procurement.erp.services import ECHO_DIFFERS
from procurement.erp.states import STUCK, TOLD_TO_A_PERSON, CommandState, TellingState
from procurement.inbox.messages import Finding, as_facts
from procurement.inbox.policies.kinds import GRAVEST_FIRST
from procurement.inbox.queries.banking import bank_changes, bank_freezes
from procurement.inbox.queries.documents import documents_late
from procurement.inbox.queries.invoicing import INVOICING_LOOKS
from procurement.inbox.queries.reach import Reach
from procurement.inbox.queries.saying import finding_of_line, finding_of_order, line_facts, order_facts
from procurement.inbox.queries.shipping import SHIPPING_LOOKS, late_on_the_way, notices_on
from procurement.inbox.states import CaseKind, Cause
from procurement.orders.models import Promise, PurchaseOrderLine, ScheduleLine
from procurement.orders.states import PromiseKind, PromiseState
from procurement.supply.queries import exposures_of_lines

# So long a search may take before an unknown outcome is a person's: most are found by the next one.
UNKNOWN_FOR = timedelta(minutes=15)


def find(reach: Reach) -> dict[tuple[str, str], Finding]:
    """Everything within reach that needs a person, by cause and subject."""
    found: dict[tuple[str, str], Finding] = {}
    for look in LOOKS:
        for finding in look(reach):
            found[finding.key] = finding
    return found


# --- an answer that waits for the buyer ---------------------------------------------------------------------


def answers(reach: Reach) -> Iterator[Finding]:
    """A line answered otherwise than asked: one case, called by the gravest difference."""
    for line in reach.answered:
        promises = reach.promises.get(line.pk, ())
        if promises:
            yield _answer(line, reach.schedules.get(line.pk, ()), promises)


def _answer(
    line: PurchaseOrderLine, schedules: Sequence[ScheduleLine], promises: Sequence[Promise]
) -> Finding:
    differences = _differences(line, schedules, promises)
    kinds = [kind for kind in GRAVEST_FIRST if kind in differences] or [CaseKind.OUTSIDE_TOLERANCE]
    asked_on = max((one.delivery_on for one in schedules), default=line.delivery_on)
    coming = [one for one in promises if one.kind != PromiseKind.REFUSE]
    days = [one.delivery_on for one in coming if one.delivery_on]
    pieces = [_piece(one) for one in promises]
    facts = {
        **line_facts(line),
        "asked": {
            "quantity": line.quantity,
            "price": line.price,
            "price_per": line.price_per,
            "deliveries": [[one.quantity, one.delivery_on] for one in schedules],
        },
        "asked_on": asked_on,
        "pieces": pieces,
        "promised_on": max(days, default=None),
        "late_quantity": _late(schedules, coming, asked_on),
        "short": _short(line, promises),
        "extra": _extra(line, coming),
        "reason": next((one.reason for one in promises if one.reason), ""),
        "note": next((one.note for one in promises if one.note), ""),
        "also": [str(kind) for kind in kinds[1:]],
        "revision": max(one.revision for one in promises),
        "since": min(one.promised_at for one in promises),
    }
    origins = sorted({str(one.origin) for one in promises})
    return finding_of_line(
        kinds[0], Cause.ANSWER, line, facts, moves=[origins, pieces, line.quantity, line.price, asked_on]
    )


def _differences(
    line: PurchaseOrderLine, schedules: Sequence[ScheduleLine], promises: Sequence[Promise]
) -> set[CaseKind]:
    found: set[CaseKind] = set()
    coming = [one for one in promises if one.kind != PromiseKind.REFUSE]
    if not coming:
        return {CaseKind.LINE_REFUSED}
    if any(one.kind == PromiseKind.SUBSTITUTE for one in coming):
        found.add(CaseKind.SUBSTITUTE_OFFERED)
    if _short(line, promises) > 0:
        found.add(CaseKind.SHORTAGE)
    if any(one.price * line.price_per != line.price * one.price_per for one in coming):
        found.add(CaseKind.PRICE_DIFFERS)
    asked = {one.key: one for one in schedules}
    for one in coming:
        schedule = asked.get(one.schedule_key)
        if one.delivery_on and schedule and one.delivery_on > schedule.delivery_on:
            found.add(CaseKind.PROMISE_LATE)
            first = schedule.first_agreed_on
            if first and first > schedule.delivery_on and one.delivery_on > first:
                found.add(CaseKind.SLIPPED_AGAIN)
    if len(coming) > len(schedules):
        found.add(CaseKind.SPLIT_OFFERED)
    return found


def _late(schedules: Sequence[ScheduleLine], coming: Sequence[Promise], asked_on: date) -> Decimal:
    asked = {one.key: one.delivery_on for one in schedules}
    late = (
        one.quantity
        for one in coming
        if one.delivery_on is None or one.delivery_on > asked.get(one.schedule_key, asked_on)
    )
    return sum(late, start=Decimal(0))


def _short(line: PurchaseOrderLine, promises: Sequence[Promise]) -> Decimal:
    """How much of it is refused, or promised for no day."""
    sure = sum(
        (one.quantity for one in promises if one.kind != PromiseKind.REFUSE and one.delivery_on), Decimal(0)
    )
    return max(Decimal(0), line.quantity - sure)


def _extra(line: PurchaseOrderLine, coming: Sequence[Promise]) -> Decimal:
    """How much more the promised pieces cost than they would as asked, in the order's currency."""
    asked = line.price / line.price_per
    return sum(((one.price / one.price_per - asked) * one.quantity for one in coming), Decimal(0))


def _piece(one: Promise) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "quantity": one.quantity,
        "delivery_on": one.delivery_on,
        "price": one.price,
        "price_per": one.price_per,
        "item_number": one.item_number if one.kind == PromiseKind.SUBSTITUTE else "",
        "agreed": one.state == PromiseState.AGREED,
    }


# --- time that is up ----------------------------------------------------------------------------------------


def overdue_answers(reach: Reach) -> Iterator[Finding]:
    """An order whose supplier should have answered by now."""
    for pk in reach.live:
        order = reach.orders[pk]
        due = order.acknowledge_by_at
        if order.lines_for_supplier and due and due <= reach.at:
            facts = {
                **order_facts(order),
                "due_at": due,
                "lines": order.lines_for_supplier,
                "asked_on": order.next_delivery_on,
            }
            yield finding_of_order(
                CaseKind.ACKNOWLEDGMENT_OVERDUE, Cause.ACKNOWLEDGMENT, order, facts, moves=[due], due_at=due
            )


def overdue_goods(reach: Reach) -> Iterator[Finding]:
    """An agreed delivery whose day is past, and which has not come."""
    for line in reach.past:
        facts = {
            **line_facts(line),
            "promised_on": line.next_delivery_on,
            "asked_on": line.delivery_on,
            "received": line.received_quantity,
            "missing": _overdue(line, reach),
            "notices": notices_on(line, reach),
        }
        yield finding_of_line(
            CaseKind.SHIPMENT_OVERDUE, Cause.SHIPMENT, line, facts, moves=[line.next_delivery_on]
        )


def _overdue(line: PurchaseOrderLine, reach: Reach) -> Decimal:
    """How much of a line should be here by now and is not: deliveries of later days are not missing."""
    agreed = [
        (one.quantity, one.delivery_on)
        for one in reach.promises.get(line.pk, ())
        if one.state == PromiseState.AGREED and one.kind != PromiseKind.REFUSE and one.delivery_on
    ]
    asked = [(one.quantity, one.delivery_on) for one in reach.schedules.get(line.pk, ())]
    today = reach.today(line.order)
    due = sum((quantity for quantity, day in agreed or asked if day < today), Decimal(0))
    missing = min(line.open_quantity, due - line.received_quantity)
    return missing if missing > 0 else line.open_quantity


def stock_outs(reach: Reach) -> Iterator[Finding]:
    """Stock that runs out before an agreed delivery comes. What waits for a person anyhow weighs it in its score."""
    busy = {line.pk for line in reach.past} | late_on_the_way(reach).keys()
    lines = {line.pk: line for line in reach.settled if line.pk not in busy}
    if not lines:
        return
    asked = OrderChange.objects.filter(line__in=lines, state__in=CHANGE_OPEN).values_list(
        "line_id", flat=True
    )
    for pk in asked:
        lines.pop(pk, None)
    for pk, exposure in exposures_of_lines(lines, at=reach.at).items():
        if not exposure.runs_out_before or exposure.on_hand is None:
            continue
        line = lines[pk]
        facts = {
            **line_facts(line),
            "asked_on": line.delivery_on,
            "promised_on": exposure.arrives_on,
            "stock_out_on": exposure.stock_out_on,
            "short": exposure.short or Decimal(0),
            "orders_waiting": exposure.orders_waiting,
            "stock_unit": exposure.unit,
        }
        yield finding_of_line(CaseKind.STOCK_OUT, Cause.SUPPLY, line, facts, moves=[exposure.arrives_on])


# --- change requests ----------------------------------------------------------------------------------------


def change_requests(reach: Reach) -> Iterator[Finding]:
    """A supplier's wish on an agreed line that waits for the buyer's word."""
    changes = OrderChange.objects.filter(order__in=reach.live, state__in=CHANGE_OPEN, turn=Side.BUYER)
    found = list(with_rounds(changes.select_related("line").order_by("order_id", "id")))
    if not found:
        return
    slipped = _slipped({change.line_id for change in found})
    for change in found:
        change.line.order = reach.orders[change.order_id]
        spoken = current_round(change)
        was, wanted = terms_from_json(change.was), terms_from_json(spoken.terms)
        facts = {
            **line_facts(change.line),
            "was": change.was,
            "wanted": spoken.terms,
            "kinds": change.kinds,
            "round": change.round,
            "by": spoken.written_by,
            "reason": spoken.reason,
            "note": spoken.note,
            "asked_on": change.line.delivery_on,
            "agreed_on": _last_day(was),
            "promised_on": _last_day(wanted),
            "short": max(Decimal(0), was.quantity - wanted.quantity),
            "extra": _dearer(was, wanted),
            "since": spoken.edited_at or spoken.written_at,
        }
        later = _is_later(was, wanted)
        kind = CaseKind.CHANGE_WAITS
        if change.round > 1:
            kind = CaseKind.COUNTER_OFFER
        elif later and change.line_id in slipped:
            kind = CaseKind.SLIPPED_AGAIN
        yield finding_of_line(
            kind,
            Cause.CHANGE,
            change.line,
            facts,
            moves=[change.round, spoken.terms],
            subject=f"change:{change.key}",
            change=change.pk,
            due_at=change.expires_at,
        )


def _slipped(lines: Iterable[int]) -> set[int]:
    """Of these lines, those that are agreed for a later day than was agreed at first."""
    rows = ScheduleLine.objects.filter(line__in=list(lines), first_agreed_on__isnull=False)
    days: dict[int, date] = {}
    expected: dict[int, date] = {}
    for line, first, agreed in rows.values_list("line_id", "first_agreed_on", "line__expected_on"):
        days[line] = max(first, days.get(line, first))
        expected[line] = agreed
    return {line for line, first in days.items() if expected[line] > first}


def _last_day(terms: Terms) -> date | None:
    return max((one.delivery_on for one in terms.pieces if one.delivery_on), default=None)


def _is_later(was: Terms, wanted: Terms) -> bool:
    before, after = _last_day(was), _last_day(wanted)
    return before is not None and after is not None and after > before


def _dearer(was: Terms, wanted: Terms) -> Decimal:
    def cost(terms: Terms) -> Decimal:
        return sum((one.quantity * one.price / one.price_per for one in terms.pieces), Decimal(0))

    return cost(wanted) - cost(was) if wanted.quantity == was.quantity else Decimal(0)


# --- the ERP ------------------------------------------------------------------------------------------------

_ERP_KINDS: Mapping[str, CaseKind] = {
    CommandState.CONFLICT: CaseKind.ERP_CONFLICT,
    CommandState.NEEDS_PERSON: CaseKind.ERP_FAILED,
    CommandState.TO_KEY: CaseKind.ERP_TO_KEY,
    CommandState.UNKNOWN: CaseKind.ERP_UNKNOWN,
    CommandState.SENT: CaseKind.ERP_UNKNOWN,
}


def erp_writes(reach: Reach) -> Iterator[Finding]:
    """A promise that the ERP refuses, contradicts, does not show, or that a person has to key in."""
    too_long = reach.at - timedelta(seconds=settings.ERP_READ_BACK_WITHIN)
    stuck = Q(state__in=sorted(STUCK))
    lost = Q(state=CommandState.UNKNOWN, queued_at__lte=reach.at - UNKNOWN_FOR)
    unseen = Q(state=CommandState.SENT, sent_at__lt=too_long)
    commands = ErpCommand.objects.filter(stuck | lost | unseen, order__in=reach.orders)
    for command in commands.order_by("order_id", "id"):
        order = reach.orders[command.order_id]
        kind = _ERP_KINDS[command.state]
        if command.state == CommandState.CONFLICT and command.reason == ECHO_DIFFERS:
            kind = CaseKind.ERP_ECHO
        facts = {
            **order_facts(order),
            "lines": [line["number"] for line in command.payload.get("lines", ())],
            "reason": command.reason,
            "fault": command.fault,
            "state": command.state,
            "command": str(command.origin),
            "since": command.queued_at,
            "asked_on": order.next_delivery_on,
        }
        yield finding_of_order(
            kind,
            Cause.ERP,
            order,
            facts,
            moves=[command.state, command.reason],
            subject=f"command:{command.origin}",
            command=command.pk,
        )


_TELLING_KINDS: Mapping[str, CaseKind] = {
    TellingState.NEEDS_PERSON: CaseKind.ERP_FAILED,
    TellingState.TO_KEY: CaseKind.ERP_TO_KEY,
    TellingState.UNKNOWN: CaseKind.ERP_UNKNOWN,
}


def tellings(reach: Reach) -> Iterator[Finding]:
    """A ship notice, count, invoice or early payment that the ERP refuses, of which nobody knows, or that a person has
    to key in."""
    lost = Q(state=TellingState.UNKNOWN, queued_at__lte=reach.at - UNKNOWN_FOR)
    stuck = Q(state__in=sorted(TOLD_TO_A_PERSON))
    for notice in NoticeWrite.objects.filter(lost | stuck, order__in=reach.orders).order_by("id"):
        about = {"number": notice.payload["number"], "withdrawn": notice.withdrawn}
        yield _of_telling(reach, notice, about, f"told:{notice.consignment}")
    for count in ReceiptWrite.objects.filter(lost | stuck, order__in=reach.orders).order_by("id"):
        about = {"number": count.payload["reference"], "reversed": count.reversed}
        yield _of_telling(reach, count, about, f"booked:{count.count}")
    for invoice in InvoiceWrite.objects.filter(lost | stuck, order__in=reach.orders).order_by("id"):
        about = {"number": invoice.payload["number"], "voided": invoice.voided}
        yield _of_telling(reach, invoice, about, f"invoiced:{invoice.document}")
    for early in EarlyPaymentWrite.objects.filter(lost | stuck, order__in=reach.orders).order_by("id"):
        about = {"number": early.payload["number"], "early": early.payload["pay_on"], "ended": early.ended}
        yield _of_telling(reach, early, about, f"early:{early.document}")


def _of_telling(
    reach: Reach,
    write: NoticeWrite | ReceiptWrite | InvoiceWrite | EarlyPaymentWrite,
    about: Mapping[str, Any],
    subject: str,
) -> Finding:
    assert write.order_id is not None  # it was looked for by its order
    order = reach.orders[write.order_id]
    facts = {
        **order_facts(order),
        **about,
        "telling": str(write.key),
        "lines": [line["number"] for line in write.payload.get("lines", ()) if line["number"]],
        "reason": write.reason,
        "fault": write.fault,
        "state": write.state,
        "since": write.queued_at,
        "asked_on": order.next_delivery_on,
    }
    moves = [str(write.key), write.state, write.reason]
    return finding_of_order(
        _TELLING_KINDS[write.state], Cause.ERP, order, facts, moves=moves, subject=subject
    )


def drifts(reach: Reach) -> Iterator[Finding]:
    """A record on which portal and ERP do not agree, and that nobody has repaired or set aside."""
    mine = Q(order__in=reach.orders) | Q(order__isnull=True, key__in=_keys(reach.streams, "drift"))
    for drift in Drift.objects.filter(mine, state=DriftState.OPEN).order_by("order_id", "id"):
        order = reach.orders[drift.order_id] if drift.order_id else None
        facts: dict[str, Any] = {
            "drift": str(drift.key),
            "drift_kind": drift.kind,
            "record": f"{drift.owner} {drift.number}".strip(),
            "differences": drift.differences[:20],
            "since": drift.found_at,
        }
        moves = [drift.fingerprint]
        if order is not None:
            facts |= order_facts(order) | {"asked_on": order.next_delivery_on}
            yield finding_of_order(
                CaseKind.DRIFT, Cause.DRIFT, order, facts, moves=moves, subject=drift.stream, drift=drift.pk
            )
        else:
            yield Finding(
                CaseKind.DRIFT,
                Cause.DRIFT,
                drift.stream,
                as_facts(facts),
                moves,
                stream=drift.stream,
                supplier=drift.supplier_id,
                drift=drift.pk,
            )


def _keys(streams: Iterable[str], noun: str) -> list[uuid.UUID]:
    """The keys of the papers of one kind among these streams."""
    return [key for stream in streams if (key := key_in(stream, noun))]


def key_in(stream: str, noun: str) -> uuid.UUID | None:
    """The key of the paper that a stream is of, if it is one of this kind."""
    found, _colon, text = stream.partition(":")
    try:
        return uuid.UUID(text) if found == noun else None
    except ValueError:
        return None


# --- what only facts tell -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """A kind that rests on facts alone: it holds while the newest fact of its stream is one that opens it."""

    kind: CaseKind
    cause: Cause
    opens: frozenset[str]
    closes: frozenset[str]


TOLD = (
    Told(
        CaseKind.NOTICE_FAILED,
        Cause.NOTICE,
        frozenset({"notice.failed", "notice.unreachable"}),
        frozenset({"notice.sent", "order.acknowledged"}),
    ),
    Told(
        CaseKind.ORDER_UNSEEN,
        Cause.UNSEEN,
        frozenset({"order.unseen"}),
        frozenset({"order.seen", "order.acknowledged"}),
    ),
    Told(
        CaseKind.MAIL_UNKNOWN,
        Cause.MAIL,
        frozenset({"mail.sender_unknown", "mail.unplaced"}),
        frozenset({"mail.placed", "mail.threaded", "mail.drafted", "mail.dismissed", "mail.ignored"}),
    ),
    Told(
        CaseKind.MAIL_DRAFT,
        Cause.DRAFT,
        frozenset({"mail.draft_offered"}),
        frozenset(
            {
                "mail.draft_confirmed",
                "mail.draft_corrected",
                "mail.draft_discarded",
                "mail.draft_superseded",
            }
        ),
    ),
)
TOLD_FACTS = frozenset().union(*(one.opens | one.closes for one in TOLD))


def told(reach: Reach) -> Iterator[Finding]:
    """What the notices and the mailroom have told of and nobody has put right: one query for all of it."""
    streams = [*reach.streams, *reach.order_streams]
    newest: dict[tuple[Cause, str], AuditEvent] = {}
    events = AuditEvent.objects.filter(stream__in=streams, kind__in=sorted(TOLD_FACTS))
    for event in events.order_by("at", "id"):
        for one in TOLD:
            if event.kind in one.opens | one.closes:
                newest[one.cause, event.stream] = event
    for (cause, stream), event in newest.items():
        one = next(row for row in TOLD if row.cause == cause)
        order = reach.order_streams.get(stream)
        if event.kind not in one.opens or (order is not None and order.pk not in reach.live):
            continue
        if stream.startswith("case:"):
            continue  # what is mailed about a case is told on that case, and makes no other
        facts: dict[str, Any] = {"fact": event.kind, "told": event.facts, "since": event.at}
        moves = [event.pk]
        if order is not None:
            facts |= order_facts(order) | {"asked_on": order.next_delivery_on}
            yield finding_of_order(one.kind, cause, order, facts, moves=moves)
        else:
            yield Finding(
                one.kind,
                cause,
                stream,
                as_facts(facts),
                moves,
                stream=stream,
                supplier=event.supplier_id,
            )


LOOKS: Sequence[Callable[[Reach], Iterable[Finding]]] = (
    answers,
    overdue_answers,
    overdue_goods,
    *SHIPPING_LOOKS,
    *INVOICING_LOOKS,
    stock_outs,
    change_requests,
    erp_writes,
    tellings,
    drifts,
    documents_late,
    bank_changes,
    bank_freezes,
    told,
)
