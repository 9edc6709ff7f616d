"""The gateway of one carrier, and what it has told this morning; also of a number that nobody knows."""

import json
from datetime import datetime, timedelta
from typing import Any

from portal.kernel.scope import acting
from procurement.demo.loading import SET_UP
from procurement.demo.people import INES
from procurement.gateways.messages import Arrived, WriteGateway
from procurement.gateways.models import GatewayEvent
from procurement.gateways.queries import GATEKEEPER
from procurement.gateways.services import deal_with_event, keep_message, make_gateway
from procurement.gateways.states import EventState, GatewayKind, Way
from procurement.gateways.ways.arriving import read_for
from procurement.shipments.models import ShipNotice
from procurement.shipments.states import MilestoneKind, NoticeState
from suppliers.models import User
from suppliers.queries import actor_of

CARRIER = "Rheintal Spedition"
ROAD = "The road at the pass is closed; the truck goes round."


def carry_some(*, at: datetime) -> int:
    """Let the carrier tell what happened to what it carries; returns how many events were taken."""
    with acting(SET_UP):
        user = User.objects.filter(email=INES.email).first()
        ines = actor_of(user) if user else None
    if ines is None:
        return 0
    with acting(ines):
        command = WriteGateway(GatewayKind.CARRIER, CARRIER)
        gateway, _secret = make_gateway(command, actor=ines, at=at - timedelta(days=20))
    told_at = at - timedelta(minutes=40)
    message = {"id": f"RS-{told_at:%Y%m%d%H%M}", "events": _events(told_at)}
    raw = json.dumps(message).encode()
    read = read_for(gateway, raw, Way.WEBHOOK)
    with acting(GATEKEEPER):
        kept = keep_message(gateway, read, Arrived(Way.WEBHOOK, raw), at=told_at)
        waiting = GatewayEvent.objects.filter(message=kept.message, state=EventState.RECEIVED)
        ids = list(waiting.order_by("position").values_list("pk", flat=True))
    return sum(deal_with_event(pk, at=told_at) == EventState.TAKEN for pk in ids)


def _events(at: datetime) -> list[dict[str, Any]]:
    with acting(SET_UP):
        on_the_way = ShipNotice.objects.filter(carrier=CARRIER, state=NoticeState.IN_TRANSIT)
        notices = list(on_the_way.order_by("sent_at", "id"))
    events = []
    for notice in notices:
        said = {"consignment": {"tracking_number": notice.tracking_numbers[0]}}
        events.append(_word(MilestoneKind.EXCEPTION, at - timedelta(minutes=60)) | said | {"note": ROAD})
        if notice.expected_on:
            estimated = {"estimated_on": notice.expected_on.isoformat()}
            events.append(_word(MilestoneKind.ESTIMATED, at - timedelta(minutes=50)) | said | estimated)
    strange = {"consignment": {"tracking_number": "RS0000417"}, "place": "Basel"}
    return [*events, _word(MilestoneKind.DEPARTED, at - timedelta(minutes=20)) | strange]


def _word(kind: str, happened_at: datetime) -> dict[str, Any]:
    return {"kind": str(kind), "happened_at": happened_at.isoformat(timespec="seconds")}
