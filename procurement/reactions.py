"""Who hears of which facts: the whole choreography between the floors, in one table."""

from collections.abc import Mapping

from portal.kernel.outbox.reactions import Reaction
from procurement.mailroom.services import HEARD as MAILROOM_HEARS
from procurement.mailroom.services import hear as mailroom_hear
from procurement.notifications.policies import HEARD
from procurement.notifications.services import hear, hear_of_bounces

REACTIONS: Mapping[str, Reaction] = {
    "mailroom": Reaction(MAILROOM_HEARS, mailroom_hear),
    "notices": Reaction(frozenset(HEARD), hear),
    "bounces": Reaction(frozenset({"mail.bounced"}), hear_of_bounces),
}
