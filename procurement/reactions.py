"""Who hears of which facts: the whole choreography between the floors, in one table."""

from collections.abc import Mapping

from portal.kernel.outbox.reactions import Reaction
from procurement.changes import tasks as changes

REACTIONS: Mapping[str, Reaction] = {
    "changes.overtake": Reaction(frozenset({"order.asked_again"}), changes.overtake),
}
