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


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one order's answer: taken, or why not."""

    command: AcknowledgeOrder
    done: Acknowledged | None = None
    refusal: Refusal | None = None


@requires_scope
def acknowledge_orders(commands: Sequence[AcknowledgeOrder], *, actor: Actor, at: datetime) -> list[Answered]:
    """Send each answer by itself, locking in one order; tells what came of each, in the order given."""
    answered: dict[int, Answered] = {}
    for position, command in sorted(enumerate(commands), key=lambda pair: str(pair[1].order)):
        try:
            with transaction.atomic():
                done = acknowledge_order(command, actor=actor, at=at)
            answered[position] = Answered(command, done)
        except Refusal as refusal:
            answered[position] = Answered(command, refusal=refusal)
    return [answered[position] for position in range(len(commands))]
