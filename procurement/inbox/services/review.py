"""Cases are made to agree with how things stand: opened, brought back, closed. Nobody pushes one.

Note [One at a time]: a review holds its orders, in the order in which everybody locks them, before it looks. So two
reviews of one order at once look one after the other, and the second finds what the first has made. What belongs to no
order is reviewed by one at a time altogether: it is little. An invoice is held as an order is, after the orders.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.bulk import create_rows
from portal.kernel.scope import acting, require_no_transaction, requires_scope
from procurement.erp.models import InvoiceWrite, ReceiptWrite
from procurement.erp.reconciliation.models import Drift
from procurement.inbox.messages import Finding, in_batches
from procurement.inbox.models import ExceptionCase
from procurement.inbox.queries.closing import why_gone
from procurement.inbox.queries.findings import TOLD_FACTS, find, key_in
from procurement.inbox.queries.invoicing import INVOICE_STREAM
from procurement.inbox.queries.people import groups_of
from procurement.inbox.queries.reach import Reach
from procurement.inbox.services.owning import give_to_owners
from procurement.inbox.services.ranking import rank
from procurement.inbox.states import CASE_LIFECYCLE, LIVE, CaseState, CloseReason
from procurement.invoices.models import Invoice
from procurement.orders.models import PurchaseOrder
from procurement.receipts.queries import orders_on_sheets
from procurement.shipments.models import ShipNoticeLine

INBOX = Actor.system("Inbox")
MOST_AT_ONCE = 500
# A cause that comes back within this time brings its case back; later it is another case.
COMES_BACK_WITHIN = timedelta(days=30)
_OF_ORDERS = ("order:", "drift:", "shipment:", "count:")
_OF_NO_ORDER = 0x6361736573  # of the advisory lock: see Note [One at a time]

# The facts after which something may need a person, or does not any more.
HEARS = TOLD_FACTS | {
    "order.received",
    "order.revised",
    "order.acknowledged",
    "order.agreed_by_rule",
    "order.answer_withdrawn",
    "order.answer_accepted",
    "order.answer_declined",
    "order.asked_again",
    "order.cancelled",
    "order.closed",
    "order.reopened",
    "order.goods_received",
    "order.receipts_booked",
    "clock.due_moved",
    "shipment.sent",
    "shipment.replaced",
    "shipment.cancelled",
    "shipment.departed",
    "shipment.arrived",
    "shipment.milestone_told",
    "shipment.partly_received",
    "shipment.received",
    "shipment.receipt_reversed",
    "shipment.counted_anew",
    "shipment.closed",
    "count.posted",
    "count.reversed",
    "count.difference_answered",
    "count.difference_settled",
    "shipment.erp_notified",
    "shipment.erp_confirmed",
    "shipment.erp_refused",
    "shipment.erp_task_opened",
    "shipment.erp_unanswered",
    "shipment.erp_keyed",
    "shipment.erp_superseded",
    "receipt.erp_notified",
    "receipt.erp_confirmed",
    "receipt.erp_refused",
    "receipt.erp_task_opened",
    "receipt.erp_unanswered",
    "receipt.erp_keyed",
    "receipt.erp_superseded",
    "invoice.erp_notified",
    "invoice.erp_confirmed",
    "invoice.erp_refused",
    "invoice.erp_task_opened",
    "invoice.erp_unanswered",
    "invoice.erp_keyed",
    "invoice.erp_superseded",
    "early_payment.erp_notified",
    "early_payment.erp_confirmed",
    "early_payment.erp_refused",
    "early_payment.erp_task_opened",
    "early_payment.erp_unanswered",
    "early_payment.erp_keyed",
    "early_payment.erp_superseded",
    "change.proposed",
    "change.edited",
    "change.countered",
    "change.accepted",
    "change.declined",
    "change.withdrawn",
    "change.expired",
    "change.superseded",
    "change.confirmed",
    "change.retained",
    "erp.command_sent",
    "erp.command_confirmed",
    "erp.command_conflicted",
    "erp.command_refused",
    "erp.command_handed_over",
    "erp.command_unknown",
    "erp.command_retried",
    "erp.command_superseded",
    "erp.command_asked_again",
    "erp.command_yielded",
    "erp.command_given_up",
    "order.invoice_sent",
    "order.invoice_ended",
    "document.missed",
    "document.supplied",
    "document.accepted",
    "document.refused",
    "document.infected",
    "document.unjudged",
    "document.excused",
    "bank.change_proposed",
    "bank.change_requested",
    "bank.change_wait_started",
    "bank.change_reopened",
    "bank.change_refused",
    "bank.change_withdrawn",
    "bank.change_stopped",
    "bank.change_thawed",
    "bank.change_applied",
    "bank.change_entered",
    "bank.frozen",
    "bank.thawed",
    "invoice.held",
    "invoice.released",
    "invoice.disputed",
    "invoice.question_asked",
    "invoice.question_answered",
    "invoice.colleague_asked",
    "invoice.colleague_answered",
    "invoice.question_dropped",
    "invoice.approved",
    "invoice.reopened",
    "invoice.booking_cancelled",
    "invoice.rejected",
    "invoice.withdrawn",
    "invoice.replaced",
    "invoice.voided",
    "drift.found",
    "drift.closed_unaided",
    "drift.ignored",
    "drift.reopened",
    "drift.repaired",
    "drift.repair_asked",
    "drift.promise_resumed",
    "drift.handed_back_unrepaired",
}

_SAVED = [
    "kind",
    "state",
    "version",
    "subject_stream",
    "company",
    "supplier",
    "order",
    "line",
    "schedule_key",
    "change",
    "command",
    "drift",
    "site",
    "item_number",
    "item_group",
    "facts",
    "signature",
    "occurrences",
    "last_recurred_at",
    "updated_at",
    "closed_at",
    "closed_because",
    "closed_by",
    "closed_note",
    "settled",
    "kept_open",
    "snoozed_until",
    "reviewed_at",
    "owner",
    "holder",
    "owned_by",
    "due_at",
    "score",
    "parts",
    "inputs",
    "scored_on",
    "runs_out",
]


@dataclass
class Reviewed:
    """What a review came to."""

    opened: int = 0
    recurred: int = 0
    closed: int = 0

    def __str__(self) -> str:
        return f"opened {self.opened}, recurred {self.recurred}, closed {self.closed}"

    def add(self, other: "Reviewed") -> None:
        """Count another one in."""
        self.opened += other.opened
        self.recurred += other.recurred
        self.closed += other.closed


@dataclass
class _Work:
    """What a review has to write."""

    at: datetime
    made: list[ExceptionCase] = field(default_factory=list)
    changed: dict[int, ExceptionCase] = field(default_factory=dict)
    fresh: list[ExceptionCase] = field(default_factory=list)
    told: list[tuple[str, ExceptionCase, dict[str, Any]]] = field(default_factory=list)


def react(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction to facts: review what they are about."""
    require_no_transaction()
    with acting(INBOX):
        orders, streams = about(events)
    done = Reviewed()
    for part in in_batches(sorted(orders), MOST_AT_ONCE):
        with acting(INBOX):
            done.add(review_cases(part, actor=INBOX, at=at))
    if streams:
        with acting(INBOX):
            done.add(review_cases((), streams, actor=INBOX, at=at))
    return str(done)


def about(events: Sequence[AuditEvent]) -> tuple[set[int], set[str]]:
    """The orders that these facts are about, and the streams that belong to no order."""
    streams = {event.stream for event in events}
    keys = {key for stream in streams if (key := key_in(stream, "order"))}
    drifts = {key for stream in streams if (key := key_in(stream, "drift"))}
    orders = set(PurchaseOrder.objects.filter(key__in=keys).values_list("pk", flat=True))
    shipments = {key for stream in streams if (key := key_in(stream, "shipment"))}
    if shipments:
        noticed = ShipNoticeLine.objects.filter(notice__consignment__in=shipments)
        orders |= set(noticed.values_list("order_id", flat=True))
    counts = {key for stream in streams if (key := key_in(stream, "count"))}
    if shipments or counts:
        orders |= orders_on_sheets(shipments, counts)
    if counts:
        booked = ReceiptWrite.objects.filter(count__in=counts)
        orders |= set(booked.values_list("order_id", flat=True))
    if documents := {key for stream in streams if (key := key_in(stream, "invoice"))}:
        told = InvoiceWrite.objects.filter(document__in=documents).values_list("order_ids", flat=True)
        orders |= {order for some in told for order in some}
    rest = {stream for stream in streams if not stream.startswith(_OF_ORDERS)}
    for key, order_id in Drift.objects.filter(key__in=drifts).values_list("key", "order_id"):
        if order_id is None:
            rest.add(f"drift:{key}")
        else:
            orders.add(order_id)
    return orders, rest


@requires_scope
def review_cases(
    order_ids: Iterable[int], streams: Iterable[str] = (), *, actor: Actor, at: datetime
) -> Reviewed:
    """Make the cases of these orders (and of these streams of no order) agree with how things stand.

    Opens what is missing, brings back what changed or came back, closes what is gone and says why. As many queries for
    five hundred orders as for one. See Note [One at a time].
    """
    reach = _hold(order_ids, frozenset(streams), at)
    findings = find(reach)
    live = _live(reach)
    work = _Work(at)
    gone: list[ExceptionCase] = []
    for key, case in live.items():
        case.reviewed_at = at
        work.changed[case.pk] = case
        if finding := findings.pop(key, None):
            _hold_against(case, finding, work)
        elif not case.kept_open:
            gone.append(case)
    closed_before = _closed_before(findings)
    for key, finding in findings.items():
        _begin(finding, closed_before.get(key), work)
    _close(gone, reach, work)
    return _write(work, actor)


def _hold(order_ids: Iterable[int], streams: frozenset[str], at: datetime) -> Reach:
    orders = PurchaseOrder.objects.filter(pk__in=list(order_ids)).select_related("company", "supplier")
    held = list(orders.order_by("id").select_for_update(of=("self",)))
    papers = [UUID(one.removeprefix(INVOICE_STREAM)) for one in streams if one.startswith(INVOICE_STREAM)]
    if papers:
        invoices = Invoice.objects.filter(document__in=papers).order_by("id")
        list(invoices.select_for_update(of=("self",)).values_list("pk", flat=True))
    if len(papers) < len(streams):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_OF_NO_ORDER])
    return Reach({order.pk: order for order in held}, streams, at)


def _live(reach: Reach) -> dict[tuple[str, str], ExceptionCase]:
    mine = Q(order__in=reach.orders) | Q(order__isnull=True, subject_stream__in=reach.streams)
    cases = ExceptionCase.objects.filter(mine, state__in=LIVE).order_by("id")
    return {(case.cause, case.subject): case for case in cases.select_for_update(of=("self",))}


def _closed_before(findings: Mapping[tuple[str, str], Finding]) -> dict[tuple[str, str], ExceptionCase]:
    """The last case of each of these causes and subjects, closed since; held."""
    if not findings:
        return {}
    causes, subjects = {cause for cause, _subject in findings}, {subject for _cause, subject in findings}
    closed = ExceptionCase.objects.filter(
        cause__in=causes, subject__in=subjects, state=CaseState.RESOLVED
    ).order_by("cause", "subject", "-id")
    last = closed.distinct("cause", "subject").values("pk")
    held = ExceptionCase.objects.filter(pk__in=list(last.values_list("pk", flat=True)))
    found = held.order_by("id").select_for_update(of=("self",))
    return {(case.cause, case.subject): case for case in found}


# --- one case -----------------------------------------------------------------------------------------------


def _hold_against(case: ExceptionCase, finding: Finding, work: _Work) -> None:
    """A live case whose cause is still there: it comes back if something moved that a person should hear of."""
    if case.signature != finding.signature:
        _recur(case, finding, work)
    elif case.facts != finding.facts or case.due_at != _due(case, finding):
        _take_over(case, finding)
        case.version += 1
        case.updated_at = work.at
        work.fresh.append(case)


def _begin(finding: Finding, before: ExceptionCase | None, work: _Work) -> None:
    """A cause without a live case: the one it had comes back, or another one is opened."""
    if before is not None and before.settled and before.signature == finding.signature:
        return  # a person has said that this is seen to
    if before is not None and before.closed_at and work.at - before.closed_at <= COMES_BACK_WITHIN:
        _recur(before, finding, work)
        return
    case = ExceptionCase(
        cause=finding.cause,
        subject=finding.subject,
        opened_at=work.at,
        updated_at=work.at,
        reviewed_at=work.at,
    )
    _take_over(case, finding)
    work.made.append(case)
    work.fresh.append(case)
    work.told.append(("case.opened", case, {}))


def _recur(case: ExceptionCase, finding: Finding, work: _Work) -> None:
    source, before = case.state, case.kind
    case.state = CASE_LIFECYCLE.target("recur", case.state)
    _take_over(case, finding)
    case.version += 1
    case.occurrences += 1
    case.last_recurred_at = case.updated_at = case.reviewed_at = work.at
    case.closed_at, case.closed_because, case.closed_by, case.closed_note = None, "", "", ""
    case.settled, case.snoozed_until = False, None
    work.changed[case.pk] = case
    work.fresh.append(case)
    facts = {"from": source, "before": before} if before != case.kind else {"from": source}
    work.told.append(("case.recurred", case, facts))


def _due(case: ExceptionCase, finding: Finding) -> datetime | None:
    """By when a person should have acted: as the paper itself says, else as the case's clock said."""
    return finding.due_at or (case.due_at if case.clock else None)


def _take_over(case: ExceptionCase, finding: Finding) -> None:
    case.kind = finding.kind
    case.subject_stream = finding.stream
    case.company_id, case.supplier_id = finding.company, finding.supplier
    case.order_id, case.line_id = finding.order, finding.line
    case.schedule_key = finding.schedule_key
    case.change_id, case.command_id, case.drift_id = finding.change, finding.command, finding.drift
    case.site_id, case.item_number = finding.site, finding.item_number
    case.facts, case.signature = dict(finding.facts), finding.signature
    case.due_at = _due(case, finding)


def _close(gone: Sequence[ExceptionCase], reach: Reach, work: _Work) -> None:
    for case, why in zip(gone, _reasons(gone, reach), strict=True):
        source = case.state
        case.state = CASE_LIFECYCLE.target("close", case.state)
        case.version += 1
        case.closed_at = case.updated_at = work.at
        case.closed_because, case.snoozed_until = why, None
        work.told.append(("case.closed", case, {"from": source, "because": str(why)}))


def _reasons(gone: Sequence[ExceptionCase], reach: Reach) -> list[CloseReason]:
    if not gone:
        return []
    why = why_gone(gone, reach)
    return [why[case.pk] for case in gone]


# --- all of them --------------------------------------------------------------------------------------------


def _write(work: _Work, actor: Actor) -> Reviewed:
    if work.fresh:
        groups = groups_of(case.item_number for case in work.fresh)
        for case in work.fresh:
            case.item_group = groups.get(case.item_number, "")
        give_to_owners([case for case in work.fresh if case.owner_id is None], work.at)
        rank(work.fresh, work.at)
    create_rows(ExceptionCase, work.made)
    ExceptionCase.objects.bulk_update(work.changed.values(), _SAVED)
    facts = [
        Fact(kind, case.stream, case.supplier_id, facts | _said(case), internal=True)
        for kind, case, facts in work.told
    ]
    if facts:
        record_all(facts, actor=actor, at=work.at)
    kinds = [kind for kind, _case, _facts in work.told]
    return Reviewed(kinds.count("case.opened"), kinds.count("case.recurred"), kinds.count("case.closed"))


def _said(case: ExceptionCase) -> dict[str, Any]:
    """What every fact about a case says of it."""
    return {
        "number": case.pk,
        "kind": case.kind,
        "score": case.score,
        "order": case.facts.get("order", ""),
        "holder": case.holder_id,
    }
