"""What found no consignment gets to one: when its ship notice is sent, by hand, or by dealing with it anew."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, Problem, Refusal, StaleDocument
from portal.kernel.scope import acting, require_no_transaction, requires_scope
from procurement.gateways.messages import DismissEvent, PlaceEvent, ReadMessage, problem_to_json
from procurement.gateways.models import GatewayEvent, GatewayMessage
from procurement.gateways.queries import GATEKEEPER, find_event, find_message, notices_in_reach, waiting_for
from procurement.gateways.services.administering import require_is_on, require_may_manage
from procurement.gateways.services.dealing import deal_with_event, tell, write_outcome
from procurement.gateways.services.keeping import MOST_PROBLEMS, promise_to_deal
from procurement.gateways.states import AGAIN, WAITS, EventKind, EventState, MessageState, Why
from procurement.shipments.models import ShipNotice
from procurement.shipments.queries import find_notice

HEARS = frozenset({"shipment.sent"})
LONGEST_REASON = 500


class OutOfReach(Refusal):
    """The gateway may not speak of this consignment."""

    code = "out_of_reach"


def place_waiting(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: what waited for a ship notice with these numbers is told to it, now that it was sent."""
    require_no_transaction()
    streams = {uuid.UUID(event.stream.removeprefix("shipment:")) for event in events}
    with acting(GATEKEEPER):
        notices = ShipNotice.objects.filter(consignment__in=streams).order_by("pk")
        waiting = [pk for notice in notices for pk in waiting_for(notice)]
    taken = sum(deal_with_event(pk, at=at) == EventState.TAKEN for pk in dict.fromkeys(waiting))
    return f"placed {taken}" if taken else "nothing waited"


def _hold(key: uuid.UUID, version: int, actor: Actor) -> GatewayEvent:
    require_may_manage(actor)
    seen = find_event(key, actor=actor)
    held = GatewayEvent.objects.select_for_update(of=("self",)).defer("message__raw")
    event: GatewayEvent = held.select_related("gateway", "message").get(pk=seen.pk)
    if event.version != version or event.state not in WAITS:
        raise StaleDocument(_("Something became of this event meanwhile. Look at how it stands now."))
    return event


@requires_scope
def place_event(command: PlaceEvent, *, actor: Actor, at: datetime) -> GatewayEvent:
    """Say which ship notice an event is about: it is told as its sender's word, and who placed it stays noted.

    Raises `OutOfReach` for a consignment that the gateway may not speak of, `Invalid` for a word that breaks a rule,
    and `Refusal` where nothing more happens to the consignment.
    """
    event = _hold(command.event, command.version, actor)
    notice = find_notice(command.notice, actor=actor)
    if event.kind != EventKind.MILESTONE or event.why == Why.NOT_READ or not event.said.get("kind"):
        raise Refusal(
            _("This event cannot be read, so it cannot be placed. Ask its sender to send it again.")
        )
    if not notices_in_reach(event.gateway, at).filter(pk=notice.pk).exists():
        message = _("Gateway %(gateway)s may not speak of ship notice %(number)s, or its way ended long ago.")
        raise OutOfReach(message % {"gateway": event.gateway.name, "number": notice.number})
    outcome = tell(event, notice, at)
    if outcome is None or outcome.state == EventState.SET_ASIDE:
        message = _("Ship notice %(number)s is %(state)s: nothing more happens to it on its way.")
        values = {"number": notice.number, "state": notice.get_state_display().lower()}
        raise Refusal(message % values)
    if outcome.state == EventState.REFUSED:
        raise Invalid(outcome.problems[0].message, outcome.problems)
    decided = {"decided_at": at, "decided_by": actor.label, "version": F("version") + 1}
    write_outcome(event, outcome, at=at, **decided)
    facts = {"event": str(event.key), "notice": str(notice.key), "number": notice.number}
    record(
        "gateway.event_placed",
        event.gateway.stream,
        actor=actor,
        at=at,
        supplier_id=None,
        facts=facts,
        internal=True,
    )
    event.refresh_from_db()
    return event


@requires_scope
def dismiss_event(command: DismissEvent, *, actor: Actor, at: datetime) -> GatewayEvent:
    """Say that nothing is to be done with an event, and why."""
    event = _hold(command.event, command.version, actor)
    reason = " ".join(command.reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        message = _("Say in at most %(most)d characters why nothing is to be done with it.")
        message = message % {"most": LONGEST_REASON}
        raise Invalid(message, [Problem("reason", message, reason[:40], "required")])
    GatewayEvent.objects.filter(pk=event.pk).update(
        state=EventState.DISMISSED,
        reason=reason,
        decided_at=at,
        decided_by=actor.label,
        version=F("version") + 1,
    )
    record(
        "gateway.event_dismissed",
        event.gateway.stream,
        actor=actor,
        at=at,
        supplier_id=None,
        facts={"event": str(event.key), "reason": reason},
        internal=True,
    )
    event.refresh_from_db()
    return event


@requires_scope
def replay_message(key: uuid.UUID, read: ReadMessage, *, actor: Actor, at: datetime) -> GatewayMessage:
    """Deal anew with the events of a message that were refused or not placed, as they are read now.

    What was taken, set aside or dismissed stays. It is done in a moment, by a worker. Raises `Refusal` where the bytes
    are forgotten or cannot be read, and `SwitchedOff`.
    """
    require_may_manage(actor)
    seen = find_message(key, actor=actor)
    held = GatewayMessage.objects.select_for_update(of=("self",)).select_related("gateway").defer("raw")
    message: GatewayMessage = held.get(pk=seen.pk)
    require_is_on(message.gateway)
    if message.forgotten_at is not None:
        raise Refusal(_("Of this message only its events were kept. Ask its sender to send it again."))
    if message.state == MessageState.REFUSED or read.problems:
        raise Refusal(
            _("This message cannot be read. Ask its sender to mend it and send it again under its id.")
        )
    theirs = GatewayEvent.objects.filter(message=message, state__in=AGAIN).order_by("pk")
    waiting = {one.position: one for one in theirs.select_for_update()}
    moved = []
    for position, event in enumerate(read.events):
        row = waiting.get(position)
        if row is None:
            continue
        row.said, row.names, row.own_key = dict(event.said), list(event.names), event.key
        row.state = EventState.REFUSED if event.problems else EventState.RECEIVED
        row.why = Why.NOT_READ if event.problems else ""
        row.problems = [problem_to_json(one) for one in event.problems[:MOST_PROBLEMS]]
        row.candidates, row.dealt_at, row.version = [], at if event.problems else None, row.version + 1
        moved.append(row)
    fields = ["said", "names", "own_key", "state", "why", "problems", "candidates", "dealt_at", "version"]
    GatewayEvent.objects.bulk_update(moved, fields)
    if any(row.state == EventState.RECEIVED for row in moved):
        GatewayMessage.objects.filter(pk=message.pk).update(state=MessageState.RECEIVED, dealt_at=None)
        promise_to_deal(message, at=at)
    record(
        "gateway.message_replayed",
        message.gateway.stream,
        actor=actor,
        at=at,
        supplier_id=None,
        facts={"message": str(message.key), "id": message.message_id, "events": len(moved)},
        internal=True,
    )
    return message
