"""Who hears of which facts: the whole choreography between the floors, in one table."""

from collections.abc import Mapping

from portal.kernel.outbox.reactions import Reaction

REACTIONS: Mapping[str, Reaction] = {}
