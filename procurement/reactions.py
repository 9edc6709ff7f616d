"""Who hears of which facts: the whole choreography between the floors, in one table."""

from collections.abc import Mapping

from portal.kernel.outbox.reactions import Reaction
from procurement.inbox.services.review import HEARS as INBOX_HEARS
from procurement.inbox.services.review import react as review_inbox

REACTIONS: Mapping[str, Reaction] = {
    "inbox": Reaction(INBOX_HEARS, review_inbox),
}
