"""Reading commands, and how an order's lines stand in the ERP."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from portal.kernel.outbox.models import UNDONE, DeliveryAttempt, MessageState, OutboxMessage
from procurement.erp.cases import Case, CaseLine, current_from_json
from procurement.erp.models import ErpCommand, FeedCursor, FeedProblem, FeedRun
from procurement.erp.policies import HeldLine, by_day, held_by_answer
from procurement.erp.ports import Feed
from procurement.erp.states import CONFIRMABLE, IN_FLIGHT, STUCK, CommandState, RunState
from procurement.orders.messages import CommandLine, PromiseCommand, command_from_json
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.queries import lines_of, live_promises_by_line, schedules_by_line
from procurement.orders.services import promise_command
from procurement.orders.states import OrderState, PromiseState, Turn
from suppliers.models import User
from suppliers.roles import COMPANY_ROLES, Permission

TOPIC = "erp"
TOPICS = (TOPIC, "alerts")


@dataclass(frozen=True, slots=True)
class LineErpState:
    """How what was agreed on a line stands in the ERP: "waiting for ERP", "in ERP since 14:02, seen 14:03".

    `origin` names the command, once there is one; `sent_at` is when it was written, `seen_at` when it was seen there.
    """

    state: str
    since: datetime
    reason: str = ""
    origin: str = ""
    sent_at: datetime | None = None
    seen_at: datetime | None = None

    @property
    def label(self) -> str:
        """The state in the reader's language."""
        return str(CommandState(self.state).label)


def erp_state_of_lines(order: PurchaseOrder) -> dict[str, LineErpState]:
    """The newest command of each line, by the ERP's line key; lines that no command was about are not in it.

    Two queries: commands that were taken up, and messages that still wait in the outbox.
    """
    states: dict[str, LineErpState] = {}
    taken_up = set()
    for command in ErpCommand.objects.filter(order=order).order_by("id"):
        taken_up.add(command.key)
        since = command.confirmed_at or command.sent_at or command.queued_at
        for line in command.payload["lines"]:
            states[line["key"]] = LineErpState(
                command.state,
                since,
                command.reason,
                str(command.origin),
                command.sent_at,
                command.confirmed_at,
            )
    waiting = OutboxMessage.objects.filter(topic=TOPIC, stream=order.stream, state__in=UNDONE)
    for message in waiting.exclude(key__in=taken_up).order_by("id"):
        for line in message.payload.get("lines", ()):
            states[line["key"]] = LineErpState(CommandState.QUEUED, message.created_at, message.last_error)
    return states


def command_of(command: ErpCommand) -> PromiseCommand:
    """The command as a connector takes it."""
    return command_from_json(command.payload, key=str(command.key))


def lock_orders(order_ids: Iterable[int]) -> None:
    """Hold the orders of commands until the door's transaction ends, in the order in which everybody locks.

    Note [One document]: whoever moves a command holds its order first: the worker, the feeds, a person on the
    monitor. Otherwise one command could decide to wait for another while that one, unseen, was ending.
    """
    wanted = PurchaseOrder.objects.filter(pk__in=set(order_ids)).order_by("id")
    list(wanted.select_for_update(of=("self",)).values_list("pk", flat=True))


def lock_command(origin: uuid.UUID) -> ErpCommand:
    """One command as it stands now, held together with its order. See Note [One document]."""
    command = ErpCommand.objects.get(origin=origin)
    lock_orders([command.order_id])
    held: ErpCommand = (
        ErpCommand.objects.select_related("order").select_for_update(of=("self",)).get(pk=command.pk)
    )
    return held


def other_in_flight(command: ErpCommand) -> ErpCommand | None:
    """Any other command on the same order that is not through yet."""
    others = ErpCommand.objects.filter(order_id=command.order_id, state__in=IN_FLIGHT)
    return others.exclude(pk=command.pk).order_by("id").first()


def _waits_to_be_taken_up(command: ErpCommand) -> bool:
    """Whether something agreed later on the same order has not become a command yet: while the connection is paused,
    for hours. It goes out whatever is decided here."""
    waiting = OutboxMessage.objects.filter(topic=TOPIC, stream=command.stream, state__in=UNDONE)
    others = waiting.exclude(key=command.origin)
    return any(message.payload.get("origin") != str(command.origin) for message in others)


def left_waiting() -> QuerySet[ErpCommand]:
    """Commands that wait behind one that has ended: nobody told them, and nobody will."""
    waiting = ErpCommand.objects.filter(state=CommandState.QUEUED, behind__isnull=False)
    return waiting.exclude(behind__state__in=IN_FLIGHT).order_by("order_id", "id")


def is_being_written(company: str, number: str, *, since: datetime) -> bool:
    """Whether a call that writes to this order is under way, or ended since: the ERP may have told half of it. The
    order is held, so that none begins meanwhile."""
    order = PurchaseOrder.objects.filter(company__code=company, number=number).first()
    if order is None:
        return False
    lock_orders([order.pk])
    under_way = Q(state__in=IN_FLIGHT, calling_since__isnull=False)
    ended = Q(confirmed_at__gte=since) | Q(sent_at__gte=since)
    return ErpCommand.objects.filter(under_way | ended, order=order).exists()


def older_in_flight(command: ErpCommand) -> ErpCommand | None:
    """A command on the same order that is not through yet: one at a time per ERP document, in order."""
    return (
        ErpCommand.objects.filter(order_id=command.order_id, id__lt=command.pk, state__in=IN_FLIGHT)
        .order_by("-id")
        .first()
    )


def confirmable_commands(orders: Iterable[tuple[str, str]]) -> QuerySet[ErpCommand]:
    """Commands on these orders (company code, number) that a reading may confirm or contradict, oldest
    first."""
    wanted = set(orders)
    found = ErpCommand.objects.filter(
        state__in=CONFIRMABLE, order__number__in={number for _, number in wanted}
    )
    return found.select_related("order", "order__company").order_by("id").select_for_update(of=("self",))


def held_by_mirror(order: PurchaseOrder) -> dict[str, HeldLine]:
    """The lines of an order as the ERP last told."""
    deliveries: dict[int, list[tuple[Any, Any]]] = {}
    for schedule in ScheduleLine.objects.filter(line__order=order):
        deliveries.setdefault(schedule.line_id, []).append((schedule.delivery_on, schedule.quantity))
    cancelled, closed = order.state == OrderState.CANCELLED, order.state == OrderState.CLOSED
    return {
        line.key: HeldLine(
            key=line.key,
            item_number=line.item_number,
            quantity=line.quantity,
            price=line.price,
            price_per=line.price_per,
            deliveries=by_day(deliveries.get(line.pk) or [(line.delivery_on, line.quantity)]),
            gone=line.cancelled or cancelled,
            closed=line.closed or closed,
            ship_to=place.code if (place := line.ship_to or line.order.ship_to) else "",
        )
        for line in PurchaseOrderLine.objects.filter(order=order).select_related("ship_to", "order__ship_to")
    }


def case_of(command: ErpCommand) -> Case:
    """A command as a person decides on it: what it wants, what the ERP was last known to hold, where lines stand."""
    order = command.order
    read = held_by_mirror(order)
    now = _known_now(command, read)
    paper = command_of(command)
    wanted = {line.key for line in paper.lines}
    lines = {line.key: line for line in lines_of(order) if line.key in wanted}
    pks = [line.pk for line in lines.values()]
    promises = live_promises_by_line(pks)
    agreed = promise_command(order, list(lines.values()), promises, schedules_by_line(pks))
    pieces = {line.key: set(line.pieces) for line in agreed.lines}

    def one(wish: CommandLine) -> CaseLine:
        line = lines.get(wish.key)
        live = promises[line.pk] if line else []
        return CaseLine(
            wish,
            now.get(wish.key),
            read.get(wish.key),
            is_agreed=bool(live)
            and all(promise.state == PromiseState.AGREED for promise in live)
            and pieces[wish.key] == set(wish.pieces),
            is_with_buyer=line is not None and line.turn == Turn.BUYER,
            takes_promises=line is not None and order.state == OrderState.ISSUED and line.is_open,
        )

    return Case(
        command.state,
        [one(wish) for wish in paper.lines],
        busy=command.state in STUCK
        and (other_in_flight(command) is not None or _waits_to_be_taken_up(command)),
    )


def _known_now(command: ErpCommand, read: Mapping[str, HeldLine]) -> dict[str, HeldLine]:
    """The newest that is known of the ERP: what it answered or was seen to hold since, else what the order says."""
    since = command.current_at or command.queued_at
    if not command.current or command.order.revised_at > since:
        return dict(read)
    said = [current_from_json(line) for line in command.current]
    return dict(read) | {line.key: held_by_answer(line, read.get(line.key)) for line in said}


def known_since(command: ErpCommand) -> datetime:
    """Since when the middle column is known to be so."""
    order: PurchaseOrder = command.order
    if command.current and command.current_at and command.current_at >= order.revised_at:
        return command.current_at
    return order.revised_at


def keyer_of(order: PurchaseOrder) -> User | None:
    """Who keys in what no machine may: the order's buyer, where that is somebody who signs in here and decides."""
    if not order.buyer_email:
        return None
    people = User.objects.filter(email__iexact=order.buyer_email, company_role__in=deciding_roles())
    return people.filter(is_active=True).first()


def deciding_roles() -> list[str]:
    """The roles that decide on what the ERP is to hold."""
    wanted = {Permission.ORDER_DECIDE, Permission.ERP_MANAGE}
    return sorted(role for role, permissions in COMPANY_ROLES.items() if wanted & permissions)


def people_who_key() -> QuerySet[User]:
    """Everybody to whom a task can be given."""
    return User.objects.filter(company_role__in=deciding_roles(), is_active=True).order_by("name", "id")


def tasks_to_key(actor: Actor) -> QuerySet[ErpCommand]:
    """What a person has to key into the ERP, oldest first."""
    found = visible_commands(actor).filter(state=CommandState.TO_KEY)
    return found.select_related("assigned_to").order_by("queued_at", "id")


def stuck_counts(actor: Actor) -> dict[str, int]:
    """How many commands wait for a person, by state: to be decided, or to be keyed in."""
    rows = (
        visible_commands(actor).filter(state__in=STUCK).order_by().values("state").annotate(count=Count("id"))
    )
    return {row["state"]: row["count"] for row in rows}


def next_try_at(command: ErpCommand) -> datetime | None:
    """When the ERP is called, or searched, next for a command that is on its way."""
    waiting = _messages_of(command).filter(state=MessageState.WAITING)
    found: datetime | None = waiting.aggregate(next=Min("due_at"))["next"]
    return found


def visible_commands(actor: Actor) -> QuerySet[ErpCommand]:
    """The commands this actor may see."""
    return ErpCommand.objects.visible_to(actor).select_related("order", "supplier")


def find_command(origin: uuid.UUID, *, actor: Actor) -> ErpCommand:
    """One command by the message that asked for it: that never changes, while the ERP's key may."""
    command = visible_commands(actor).filter(origin=origin).first()
    if command is None:
        raise NotFound(_("There is no such command."))
    return command


def command_counts(actor: Actor, since: datetime) -> dict[str, int]:
    """How many commands stand in each state: what was queued or confirmed since, and whatever is older and not
    through yet."""
    wanted = Q(queued_at__gte=since) | Q(confirmed_at__gte=since) | Q(state__in=CONFIRMABLE)
    rows = visible_commands(actor).filter(wanted).order_by().values("state").annotate(count=Count("id"))
    return {row["state"]: row["count"] for row in rows}


def commands_needing_a_person(actor: Actor, at: datetime) -> QuerySet[ErpCommand]:
    """Conflicts, refusals, unknown outcomes, and what was sent and not seen in the ERP for too long; oldest first."""
    states = [*STUCK, CommandState.UNKNOWN]
    overdue = Q(state=CommandState.SENT, sent_at__lt=at - timedelta(seconds=settings.ERP_READ_BACK_WITHIN))
    found = visible_commands(actor).select_related("assigned_to")
    return found.filter(Q(state__in=states) | overdue).order_by("queued_at", "id")


def oldest_open_command(actor: Actor) -> ErpCommand | None:
    """The command that has waited longest for its read-back."""
    return visible_commands(actor).filter(state__in=IN_FLIGHT).order_by("queued_at").first()


def tries_of(command: ErpCommand) -> list[DeliveryAttempt]:
    """Every attempt to bring a command to the ERP."""
    messages = _messages_of(command)
    return list(DeliveryAttempt.objects.filter(message__in=messages).order_by("-started_at")[:50])


def _messages_of(command: ErpCommand) -> QuerySet[OutboxMessage]:
    found: QuerySet[OutboxMessage] = OutboxMessage.objects.filter(
        Q(key=command.origin) | Q(kind="erp.command_released", payload__origin=str(command.origin)),
        topic=TOPIC,
        stream=command.stream,
    )
    return found


def find_message(key: uuid.UUID, *, actor: Actor) -> OutboxMessage:
    """One message to the ERP, or one alert about it."""
    message: OutboxMessage | None = (
        OutboxMessage.objects.visible_to(actor).filter(topic__in=TOPICS, key=key).first()
    )
    if message is None:
        raise NotFound(_("There is no such message."))
    return message


def find_run(key: uuid.UUID) -> FeedRun:
    """One reading."""
    run = FeedRun.objects.filter(key=key).first()
    if run is None:
        raise NotFound(_("There is no such reading."))
    return run


def last_read_at() -> datetime | None:
    """When a feed last brought something."""
    found: datetime | None = FeedCursor.objects.aggregate(last=Max("moved_at"))["last"]
    return found


def feeds_read() -> list[FeedCursor]:
    """The feeds that were ever read, in the order in which they are."""
    order = [feed.value for feed in Feed]
    return sorted(FeedCursor.objects.all(), key=lambda cursor: order.index(cursor.feed))


def failing_runs() -> list[FeedRun]:
    """The newest reading of each feed that does not get through at the moment."""
    failing = FeedCursor.objects.filter(failures__gt=0).values_list("feed", flat=True)
    newest = FeedRun.objects.filter(feed__in=failing, state=RunState.FAILED).order_by(
        "feed", "-started_at", "-id"
    )
    return list(newest.distinct("feed"))


def feed_sums(since: datetime) -> tuple[dict[str, int], dict[str, int]]:
    """What the feeds brought since: all together, and the records that changed by feed."""
    rows = (
        FeedRun.objects.filter(started_at__gte=since)
        .values("feed")
        .annotate(seen=Sum("papers"), changed=Sum("taken"), bad=Sum("refused"))
    )
    found = list(rows)
    sums = {
        "papers": sum(row["seen"] for row in found),
        "taken": sum(row["changed"] for row in found),
        "refused": sum(row["bad"] for row in found),
    }
    by_feed = {
        feed.value: row["changed"] for feed in Feed for row in found if row["feed"] == feed and row["changed"]
    }
    return sums, by_feed


def recent_runs(limit: int = 30) -> QuerySet[FeedRun]:
    """The newest readings."""
    return FeedRun.objects.order_by("-started_at", "-id")[:limit]


def problems_of(run: FeedRun) -> QuerySet[FeedProblem]:
    """What a reading found wrong, in the order of the file."""
    return FeedProblem.objects.filter(run=run).order_by("id")


def things_needing_a_person(actor: Actor, at: datetime) -> int:
    """How much of the integration waits for a person: commands, parked messages, and feeds that do not get through."""
    feeds = FeedCursor.objects.filter(failures__gt=0)
    return commands_needing_a_person(actor, at).count() + parked_messages().count() + feeds.count()


def parked_messages() -> QuerySet[OutboxMessage]:
    """Messages to the ERP, and alerts about it, that nobody tries any more until a person has looked."""
    return OutboxMessage.objects.filter(topic__in=TOPICS, state="parked").order_by("id")


# --- what waits, by state and age
# ------------------------------------------------------------------------------

AGES = (timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1), timedelta(days=1))


@dataclass(frozen=True, slots=True)
class QueueRow:
    """How many of one state wait, by how long they have: up to each of `AGES`, and longer."""

    state: str
    counts: tuple[int, ...]
    oldest: datetime

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts)


def queue_by_age(actor: Actor, at: datetime) -> list[QueueRow]:
    """What is on its way to the ERP or stuck there: messages nobody took up yet, and commands by their state."""
    messages = OutboxMessage.objects.visible_to(actor).filter(topic=TOPIC, state__in=UNDONE)
    commands = visible_commands(actor).filter(state__in=CONFIRMABLE)
    return [
        *_by_age(messages.values("state"), "created_at", at),
        *_by_age(commands.exclude(state=CommandState.QUEUED).values("state"), "queued_at", at),
    ]


def _by_age(rows: QuerySet[Any, Any], moment: str, at: datetime) -> list[QueueRow]:
    limits = [at - age for age in AGES]
    bounds = zip([None, *limits], [*limits, None], strict=True)
    counts = {}
    for number, (younger, older) in enumerate(bounds):
        within = Q()
        if younger is not None:
            within &= Q(**{f"{moment}__lte": younger})
        if older is not None:
            within &= Q(**{f"{moment}__gt": older})
        counts[f"age_{number}"] = Count("pk", filter=within)
    found = rows.order_by("state").annotate(oldest=Min(moment), **counts)
    return [QueueRow(row["state"], tuple(row[name] for name in counts), row["oldest"]) for row in found]
