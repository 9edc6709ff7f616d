"""A message is kept as it came, once, before anything is done with it.

Note [Once]: a sender that had no answer sends again, a folder is read anew after a crash, two processes take one file.
It is one message by its id within its gateway; whoever comes second waits for the first and gets its row. Other
content under the same id is refused: one of the two would be lost, and nobody could say which.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from portal.kernel.errors import Refusal
from portal.kernel.outbox.services import enqueue
from portal.kernel.scope import requires_scope
from procurement.gateways.messages import Arrived, ReadMessage, problem_to_json, storable
from procurement.gateways.models import Gateway, GatewayEvent, GatewayMessage, GatewaySecret
from procurement.gateways.queries import GATEKEEPER
from procurement.gateways.states import EventState, MessageState, Why

TOPIC = "gateways"
DEAL = "gateway.deal"
MOST_PROBLEMS = 100
USE_NOTED_EVERY = timedelta(hours=1)


class MessageIdReused(Refusal):
    """The same message id came with other content."""

    code = "message_id_reused"


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that is kept, and whether it is here for the first time."""

    message: GatewayMessage
    is_new: bool


@requires_scope
def keep_message(gateway: Gateway, read: ReadMessage, arrived: Arrived, *, at: datetime) -> Kept:
    """Keep a message with its events, and promise that they will be dealt with. See Note [Once].

    One that cannot be read as a whole is kept as refused, and its id stays free. Raises `MessageIdReused`.
    """
    digest = hashlib.sha256(arrived.raw).hexdigest()
    is_refused = bool(read.problems)
    row = GatewayMessage(
        gateway=gateway,
        way=arrived.way,
        message_id="" if is_refused else read.id,
        sha256=digest,
        size=len(arrived.raw),
        raw=arrived.raw,
        file_name=storable(arrived.file_name)[:200],
        brought_by=arrived.brought_by[:200],
        received_at=at,
        state=MessageState.REFUSED if is_refused else MessageState.RECEIVED,
        problems=[problem_to_json(one) for one in read.problems[:MOST_PROBLEMS]],
        dealt_at=at if is_refused else None,
    )
    GatewayMessage.objects.bulk_create([row], ignore_conflicts=True)
    same = {"sha256": digest, "message_id": ""} if is_refused else {"message_id": read.id}
    stored: GatewayMessage = GatewayMessage.objects.defer("raw").get(gateway=gateway, **same)
    if stored.key != row.key:
        if stored.sha256 != digest:
            message = _(
                "Message “%(id)s” is here already with other content. Give each message an id of its own."
            )
            raise MessageIdReused(message % {"id": read.id}, details={"id": read.id})
        return Kept(stored, False)
    if is_refused:
        return Kept(stored, True)
    GatewayEvent.objects.bulk_create(
        [
            GatewayEvent(
                gateway=gateway,
                message=stored,
                position=position,
                kind=event.kind,
                own_key=event.key,
                said=dict(event.said),
                names=list(event.names),
                received_at=at,
                state=EventState.REFUSED if event.problems else EventState.RECEIVED,
                why=Why.NOT_READ if event.problems else "",
                problems=[problem_to_json(one) for one in event.problems[:MOST_PROBLEMS]],
                dealt_at=at if event.problems else None,
            )
            for position, event in enumerate(read.events)
        ],
        batch_size=1000,
    )
    promise_to_deal(stored, at=at)
    return Kept(stored, True)


def promise_to_deal(message: GatewayMessage, *, at: datetime) -> None:
    """Promise, in this transaction, that a message will be dealt with even if this process ends now."""
    stream = f"gateway-message:{message.key}"
    enqueue(TOPIC, stream, DEAL, {"message": str(message.key)}, actor=GATEKEEPER, at=at, supplier_id=None)


@requires_scope
def note_use(secret: GatewaySecret, *, at: datetime) -> None:
    """That a secret is in use, right to the hour: a row that every call wrote would hold up all calls."""
    if secret.last_used_at is None or secret.last_used_at <= at - USE_NOTED_EVERY:
        GatewaySecret.objects.filter(pk=secret.pk).update(last_used_at=at)
