"""What the ERP knows when the demo begins: commands long confirmed, a few that are not, and its books.

Note [The past]: the commands of the past did not really travel while the demo was loaded. For those that are
long done the rows are written as the outbox and the ERP connection leave them: message delivered with its
attempt, command confirmed, both facts in the log at their time. What still moves (in conflict, refused) goes
through the services like any other, and the newest few are left for the worker to deliver.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from portal.kernel.actors import Actor, Channel
from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.models import DeliveryAttempt, MessageState, OutboxMessage
from portal.kernel.outbox.services import MAX_FAULTS
from portal.kernel.scope import requires_scope
from procurement.demo.company import DemoCompany
from procurement.demo.story import Answered, Booked, OrderStory, Sent
from procurement.erp.models import ErpCommand, FeedProblem, FeedRun
from procurement.erp.policies import differing_lines, held_by_paper
from procurement.erp.ports import Feed
from procurement.erp.pretend import PretendErp
from procurement.erp.problems import Problem
from procurement.erp.queries import TOPIC, command_of
from procurement.erp.services import begin_call, record_conflict, record_refusal, take_up_command
from procurement.erp.states import CommandState, RunState
from procurement.orders.messages import OrderPaper
from procurement.orders.models import PurchaseOrder

CONNECTION = Actor.system("ERP connection", Channel.ERP)
UNDER_WAY = timedelta(seconds=40)
STILL_WAITING = 3
# The ERP has come to want something else since the promise: one that still waited would meet a conflict.
CROSSING = frozenset({"stale", "crossed"})
RUNS_OF_THE_LAST = timedelta(days=4)

LOCKED = "The order is open in another session (user JHARRIS). Close it there and send this again."
UNREACHABLE = f"Gave up after {MAX_FAULTS} attempts. OSError: [Errno 28] No space left on device"


@requires_scope
def tell_past_commands(company: DemoCompany) -> None:
    """Bring every promise agreed so far to where it stands in the ERP; the newest few still wait."""
    orders = {order.stream: order for order in PurchaseOrder.objects.all()}
    stories = {story.number: story for story in company.orders}
    waiting = OutboxMessage.objects.filter(
        topic=TOPIC, state=MessageState.WAITING, stream__startswith="order:"
    )
    messages = list(waiting.order_by("id"))
    special = {"crossed": _contradict, "locked_in_erp": _refuse, "not_getting_through": _park}
    newest = {message.stream: message for message in messages}
    ordinary: list[OutboxMessage] = []
    for message in messages:
        story = stories[orders[message.stream].number]
        if story.plot in special and message is newest[message.stream]:
            special[story.plot](message, story)
        else:
            ordinary.append(message)
    wait = [
        message
        for message in ordinary
        if message is newest[message.stream] and stories[orders[message.stream].number].plot not in CROSSING
    ][-STILL_WAITING:]
    _confirm([message for message in ordinary if message not in wait], orders, stories)


def _confirm(
    messages: Sequence[OutboxMessage], orders: dict[str, PurchaseOrder], stories: dict[str, OrderStory]
) -> None:
    commands: list[ErpCommand] = []
    facts: list[AuditEvent] = []
    for message in messages:
        order = orders[message.stream]
        sent_at = message.created_at + UNDER_WAY
        confirmed_at = _echoed_at(stories[order.number], message) or sent_at
        command = ErpCommand(
            key=message.key,
            origin=message.key,
            supplier_id=order.supplier_id,
            order=order,
            state=CommandState.CONFIRMED,
            version=3,
            payload=message.payload,
            attempts=1,
            queued_at=message.created_at,
            sent_at=sent_at,
            confirmed_at=confirmed_at,
        )
        commands.append(command)
        facts.append(_fact("erp.command_sent", command, CommandState.QUEUED, CommandState.SENT, sent_at))
        facts.append(
            _fact("erp.command_confirmed", command, CommandState.SENT, CommandState.CONFIRMED, confirmed_at)
        )
    ErpCommand.objects.bulk_create(commands, batch_size=1000)
    AuditEvent.objects.bulk_create(facts, batch_size=1000)
    deliver_past(messages, CommandState.SENT)


def _echoed_at(story: OrderStory, message: OutboxMessage) -> datetime | None:
    """When the ERP came back with it. Nothing has to come back where everything was agreed as asked."""
    as_asked = all(
        piece["kind"] == "accept"
        and (piece["delivery_on"], piece["price"]) == (line["base_delivery_on"], line["base_price"])
        for line in message.payload["lines"]
        for piece in line["pieces"]
    )
    later = [event.at for event in story.events if isinstance(event, Sent) and event.at > message.created_at]
    return None if as_asked or not later else later[0]


def _fact(kind: str, command: ErpCommand, source: str, target: str, at: datetime) -> AuditEvent:
    return AuditEvent(
        kind=kind,
        stream=command.stream,
        supplier_id=command.supplier_id,
        facts={
            "from": source,
            "to": target,
            "command": str(command.key),
            "origin": str(command.origin),
            "lines": [line["number"] for line in command.payload["lines"]][:50],
        },
        at=at,
        internal=kind != "erp.command_confirmed",
        actor_label=CONNECTION.label,
        actor_side=CONNECTION.side,
        channel=CONNECTION.channel,
    )


def deliver_past(messages: Iterable[OutboxMessage], outcome: str) -> None:
    """Mark messages as the outbox leaves those that a handler took at the first attempt."""
    delivered = list(messages)
    for message in delivered:
        message.state, message.outcome = MessageState.DELIVERED, outcome
        message.attempts, message.delivered_at = 1, message.created_at + UNDER_WAY
    OutboxMessage.objects.bulk_update(
        delivered, ["state", "outcome", "attempts", "delivered_at"], batch_size=1000
    )
    DeliveryAttempt.objects.bulk_create(
        [_attempt(message, 1, message.created_at + UNDER_WAY, outcome) for message in delivered],
        batch_size=1000,
    )


def _attempt(
    message: OutboxMessage, number: int, finished_at: datetime, outcome: str, error: str = ""
) -> DeliveryAttempt:
    return DeliveryAttempt(
        message=message,
        supplier_id=message.supplier_id,
        number=number,
        started_at=finished_at - timedelta(seconds=1),
        finished_at=finished_at,
        outcome=outcome,
        error=error,
    )


def _contradict(message: OutboxMessage, story: OrderStory) -> None:
    command = take_up_command(message)
    begin_call(command, at=message.created_at + UNDER_WAY)
    current = differing_lines(command_of(command), held_by_paper(story.paper))
    reason = "The order was changed in the ERP after the promise was agreed."
    record_conflict(command, reason, current, actor=CONNECTION, at=message.created_at + UNDER_WAY)
    deliver_past([message], CommandState.CONFLICT)


def _refuse(message: OutboxMessage, story: OrderStory) -> None:
    command = take_up_command(message)
    begin_call(command, at=message.created_at + UNDER_WAY)
    record_refusal(command, LOCKED, actor=CONNECTION, at=message.created_at + UNDER_WAY)
    deliver_past([message], CommandState.NEEDS_PERSON)


def _park(message: OutboxMessage, story: OrderStory) -> None:
    """A message that never got through and waits for somebody to free some disk."""
    tries = [
        _attempt(message, number, message.created_at + timedelta(seconds=2**number), "retry", UNREACHABLE)
        for number in range(1, MAX_FAULTS)
    ]
    last_at = message.created_at + timedelta(seconds=2**MAX_FAULTS)
    DeliveryAttempt.objects.bulk_create(
        [*tries, _attempt(message, MAX_FAULTS, last_at, "parked", UNREACHABLE)]
    )
    message.state, message.outcome, message.last_error = MessageState.PARKED, "parked", UNREACHABLE
    message.attempts = message.failures = message.faults = MAX_FAULTS
    message.save(update_fields=["state", "outcome", "last_error", "attempts"])


@requires_scope
def tell_past_runs(company: DemoCompany) -> None:
    """The readings of the last days, one of them with rows that somebody has to look at."""
    papers: dict[datetime, int] = defaultdict(int)
    for event in company.events():
        if isinstance(event, Sent):
            papers[event.at] += 1
    newest = sorted(papers)[-1:]
    recent = [at for at in sorted(papers) if newest[0] - at < RUNS_OF_THE_LAST] if newest else []
    runs = FeedRun.objects.bulk_create([_run(at, papers[at]) for at in recent])
    if runs:
        troubled = runs[len(runs) // 2]
        found = [
            Problem(
                "placeholder_date", troubled.sources[0], 7, "delivery_on", "00.00.0000", "NMUK / 4500029914"
            ),
            Problem("decimal_comma", troubled.sources[0], 12, "price", "12,75", "NMDE / 4510011986"),
        ]
        FeedProblem.objects.bulk_create(
            FeedProblem(
                run=troubled,
                rule=one.rule,
                severity=one.severity.value,
                source=one.source,
                row=one.row,
                record=one.record,
                column=one.column,
                value=one.value,
            )
            for one in found
        )
        troubled.papers, troubled.refused = troubled.papers + len(found), len(found)
        troubled.save(update_fields=["papers", "refused"])


def _run(at: datetime, papers: int) -> FeedRun:
    return FeedRun(
        feed=Feed.ORDERS.value,
        state=RunState.DONE,
        started_at=at,
        finished_at=at + timedelta(seconds=1 + papers // 40),
        sources=[f"erp-{at:%Y%m%dT%H%M%S}.orders.csv"],
        papers=papers,
        taken=papers,
    )


def keep_books(company: DemoCompany, root: Path) -> int:
    """Give the pretend ERP its open orders as they stand, with what was booked on them; says how many orders."""
    books = [_in_the_books(story) for story in company.orders if story.paper.status == "open"]
    erp = PretendErp(root)
    erp.put_orders(books)
    open_orders = {order.number for order in books}
    booked = [event for event in company.events() if isinstance(event, Booked) and event.order in open_orders]
    erp.put_receipts(paper for event in booked for paper in event.receipts)
    erp.put_supply(company.warehouse.stock, company.warehouse.demand)
    erp.put_invoices(paper for event in booked for paper in event.invoices)  # the newest of each stays
    return len(books)


def _in_the_books(story: OrderStory) -> OrderPaper:
    """The order as the ERP holds it, with the number under which its supplier answered."""
    references = [event.reference for event in story.events if isinstance(event, Answered)]
    if not references or story.plot in {"locked_in_erp", "not_getting_through"}:
        return story.paper
    return replace(story.paper, extra={"x_supplier_reference": references[-1]})
