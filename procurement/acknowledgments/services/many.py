"""Answering many orders in one go: each on its own, so that a stale one never sinks the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from portal.kernel.actors import Actor
from portal.kernel.errors import Refusal
from portal.kernel.scope import requires_scope
from procurement.acknowledgments.messages import AcknowledgeOrder
from procurement.acknowledgments.services.acknowledge import Acknowledged, acknowledge_order
from procurement.orders.queries import visible_orders


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one order's answer: taken, or why not."""

    command: AcknowledgeOrder
    done: Acknowledged | None = None
    refusal: Refusal | None = None


@requires_scope
def acknowledge_orders(commands: Sequence[AcknowledgeOrder], *, actor: Actor, at: datetime) -> list[Answered]:
    """Send each answer by itself, all its orders held by id as everybody does; tells what came of each."""
    orders = visible_orders(actor).filter(key__in={command.order for command in commands}).order_by("id")
    list(orders.select_for_update(of=("self",)).values_list("pk", flat=True))
    answered: list[Answered] = []
    for command in commands:
        try:
            with transaction.atomic():
                done = acknowledge_order(command, actor=actor, at=at)
            answered.append(Answered(command, done))
        except Refusal as refusal:
            answered.append(Answered(command, refusal=refusal))
    return answered
