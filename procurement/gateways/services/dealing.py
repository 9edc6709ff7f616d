"""Each event of a message is dealt with by itself, in a transaction of its own.

Note [One by one]: an event moves the orders of its consignment, which are held meanwhile. Two messages with the same
consignments in another order would wait for each other for ever if they dealt with all their events in one transaction.
So each event is held, looked at, done and let go. A process that ends in between leaves the others as they are; the
promise in the outbox (`keep_message`) brings the next one to them.

Note [A second look]: a notice may be sent in the moment in which its event finds nothing. The reaction to the sending
sees only events that are committed; so whoever has just left an event unplaced looks once more. One of the two sees
the other.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import IllegalTransition, Invalid, Problem, Refusal
from portal.kernel.scope import acting, require_no_transaction, requires_scope
from procurement.gateways.messages import problem_to_json
from procurement.gateways.models import GatewayEvent, GatewayMessage
from procurement.gateways.policies import count_in, milestone_in, source_of
from procurement.gateways.queries import (
    GATEKEEPER,
    actor_of,
    candidates_of,
    counter_of,
    find_consignment,
    taken_before,
)
from procurement.gateways.states import AGAIN, EventKind, EventState, MessageState, Why
from procurement.receipts.services import post_count
from procurement.shipments.models import ShipNotice
from procurement.shipments.services import tell_milestone

ROUNDS = 3  # a notice may be corrected while its event is on the way to it


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an event."""

    state: str
    why: str = ""
    notice: ShipNotice | None = None
    problems: Sequence[Problem] = ()
    candidates: Sequence[Mapping[str, str]] = ()


Handler = Callable[[GatewayEvent, datetime], Outcome]


# --- milestones ---------------------------------------------------------------------------------------------


def take_milestone(event: GatewayEvent, at: datetime) -> Outcome:
    """Tell a consignment what happened to it. The same word again, in whatever message, changes nothing."""
    if not event.said.get("kind"):
        return Outcome(EventState.SET_ASIDE, Why.NO_MILESTONE)
    for _round in range(ROUNDS):
        found, notices = find_consignment(event.gateway, event.names, event.said, at)
        if found.why:
            return Outcome(EventState.UNPLACED, found.why, candidates=candidates_of(notices))
        outcome = tell(event, notices[0], at)
        if outcome is not None:
            return outcome
    return Outcome(EventState.UNPLACED, Why.UNKNOWN)


def tell(event: GatewayEvent, notice: ShipNotice, at: datetime) -> Outcome | None:
    """Tell one ship notice; None where it was replaced by its correction in this moment."""
    speaker: Actor = actor_of(event.gateway, notice.supplier_id, event.message.way)
    command = milestone_in(event.said, notice.key, source_of(event.gateway.key, event.own_key))
    try:
        with acting(speaker):
            tell_milestone(command, actor=speaker, at=at)
    except IllegalTransition as refusal:
        if refusal.details.get("state") == "replaced":
            return None
        return Outcome(EventState.SET_ASIDE, Why.OVER, notice)
    except Refusal as refusal:
        return Outcome(EventState.REFUSED, Why.BREAKS_RULE, notice, _problems_of(refusal))
    return Outcome(EventState.TAKEN, notice=notice)


def _problems_of(refusal: Refusal) -> Sequence[Problem]:
    found = refusal.problems if isinstance(refusal, Invalid) else ()
    return found or [Problem("", refusal.message, "", refusal.code)]


# --- counts -------------------------------------------------------------------------------------------------


def take_count(event: GatewayEvent, at: datetime) -> Outcome:
    """Post a finished count. A gateway that speaks of one supplier or company counts nothing of another."""
    gateway = event.gateway
    whole = count_in(event.said, source_of(gateway.key, event.own_key))
    narrow = {
        "supplier": (gateway.supplier.number if gateway.supplier else whole.supplier, whole.supplier),
        "company": (gateway.company.code if gateway.company else whole.company, whole.company),
    }
    message = _("This gateway speaks of %(only)s alone.")
    foreign = [
        Problem(name, message % {"only": only}, told, "out_of_reach")
        for name, (only, told) in narrow.items()
        if told != only
    ]
    if foreign:
        return Outcome(EventState.REFUSED, Why.BREAKS_RULE, problems=foreign)
    speaker = counter_of(gateway, event.message.way)
    try:
        with acting(speaker):
            post_count(whole, actor=speaker, at=at)
    except Refusal as refusal:
        return Outcome(EventState.REFUSED, Why.BREAKS_RULE, problems=_problems_of(refusal))
    return Outcome(EventState.TAKEN)


# Who takes which kind of event.
HANDLERS: dict[str, Handler] = {EventKind.MILESTONE: take_milestone, EventKind.COUNT: take_count}


# --- one event, one message ---------------------------------------------------------------------------------


def told_before(event: GatewayEvent) -> Outcome | None:
    """What becomes of an event that was taken already, in whatever message; None of one that is new."""
    before = taken_before(event)
    if before is None:
        return None
    if before.said != event.said:
        message = _("Event “%(id)s” was told before with other content. Give each event an id of its own.")
        problem = Problem("id", message % {"id": event.own_key}, event.own_key, "event_id_reused")
        return Outcome(EventState.REFUSED, Why.BREAKS_RULE, problems=[problem])
    return Outcome(EventState.TAKEN, notice=before.notice)


@requires_scope
def write_outcome(event: GatewayEvent, outcome: Outcome, *, at: datetime, **more: Any) -> None:
    """Note what became of an event, which is held."""
    values: dict[str, Any] = {
        "state": outcome.state,
        "why": outcome.why,
        "problems": [problem_to_json(one) for one in outcome.problems],
        "candidates": [dict(one) for one in outcome.candidates],
        "notice": outcome.notice,
        "supplier_id": outcome.notice.supplier_id if outcome.notice else None,
        "dealt_at": at,
        **more,
    }
    GatewayEvent.objects.filter(pk=event.pk).update(**values)
    for name, value in values.items():
        setattr(event, name, value)


def deal_with_event(event_id: int, *, at: datetime) -> str:
    """Deal with one event that waits, in a transaction of its own; returns its state. Two at once do it once."""
    with acting(GATEKEEPER):
        held = GatewayEvent.objects.select_for_update(of=("self",)).defer("message__raw")
        event = held.select_related("gateway__supplier", "gateway__company", "message").get(pk=event_id)
        if event.state not in (EventState.RECEIVED, EventState.UNPLACED):
            return str(event.state)
        write_outcome(event, told_before(event) or HANDLERS[event.kind](event, at), at=at)
        return str(event.state)


def deal_with_message(key: uuid.UUID, *, at: datetime) -> str:
    """Deal with all events of a message that were not dealt with yet. See Note [One by one].

    One on which the program breaks holds up no other: it stays, and its error is raised when the others are done.
    """
    require_no_transaction()
    with acting(GATEKEEPER):
        message = GatewayMessage.objects.defer("raw").get(key=key)
        waiting = GatewayEvent.objects.filter(message=message, state=EventState.RECEIVED)
        ids = list(waiting.order_by("position").values_list("pk", flat=True))
    broken: Exception | None = None
    for event_id in ids:
        try:
            if deal_with_event(event_id, at=at) == EventState.UNPLACED:
                deal_with_event(event_id, at=at)  # Note [A second look]
        except Exception as error:
            broken = broken or error
    if broken is not None:
        raise broken
    with acting(GATEKEEPER):
        open_ones = GatewayEvent.objects.filter(message=message, state=EventState.RECEIVED)
        done = GatewayMessage.objects.filter(pk=message.pk, state=MessageState.RECEIVED)
        if not open_ones.exists():
            done.update(state=MessageState.DONE, dealt_at=at)
    return f"dealt with {len(ids)}" if ids else "was dealt with"


def is_open(event: GatewayEvent) -> bool:
    """Whether something can still become of an event."""
    return event.state in AGAIN
