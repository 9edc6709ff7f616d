"""Whether a mail would come through at all: asked on a floor below before it writes to many (`MAIL_CLOSED`)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from procurement.links.messages import Person
from procurement.notifications.models import NoticeMail
from procurement.notifications.policies import cadence_of
from procurement.notifications.queries import choices_of
from procurement.notifications.states import ALWAYS, Audience, Cadence, MailState

# A mailbox that was full, or a server that was down, is tried again after that; so is a name that was written wrongly.
BOUNCE_COUNTS_FOR = timedelta(days=30)
BOUNCED, STOPPED = "bounced", "stopped"


def closed(readers: Iterable[tuple[str, int | None]], kind: str, at: datetime) -> dict[str, str]:
    """Of these addresses, each with its user where it has one, those that a notice of this kind would not reach: the
    last mail there came back, or its reader does not want such notices. Two queries however many there are.
    """
    people = [Person(address, user_id=user_id) for address, user_id in readers]
    found = {} if kind in ALWAYS else _stopped(people, kind)
    ended = NoticeMail.objects.filter(
        address__in={one.address for one in people},
        state__in=[MailState.SENT, MailState.FAILED],
        created_at__gt=at - BOUNCE_COUNTS_FOR,
    )
    last = ended.order_by("address", "-created_at", "-id").distinct("address")
    found |= dict.fromkeys(
        (address for address, state in last.values_list("address", "state") if state == MailState.FAILED),
        BOUNCED,
    )
    return found


def _stopped(people: Iterable[Person], kind: str) -> dict[str, str]:
    chosen = choices_of(people)
    return {
        address: STOPPED
        for address, said in chosen.items()
        if cadence_of(kind, Audience.SUPPLIER, said) == Cadence.NEVER
    }
