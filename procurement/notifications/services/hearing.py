"""The reactions: what notices hear of (procurement/reactions.py)."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.outbox.reactions import TOPIC
from portal.kernel.scope import acting, requires_scope
from procurement.notifications.policies import ABOUT_ACCOUNTS
from procurement.notifications.services.gathering import POSTMAN, gather
from procurement.notifications.services.mailing import note_bounce


def hear(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: make the notices of these facts that are not there yet."""
    # An invitation, or a word on somebody's own account, is no notice that one could do without.
    news = events if settings.NOTICES else [one for one in events if one.kind in ABOUT_ACCOUNTS]
    if not news:
        return "switched off"
    with acting(POSTMAN):
        return f"gathered {gather(news, at=at)}"


def hear_of_bounces(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction to mails that came back (`mail.bounced`): whose notices they were is noted on their orders.

    Such a report is a mail, and anybody can write one: it counts if it names a Message-ID of ours, which only those
    know who handled that mail.
    """
    from_ours = 0
    with acting(POSTMAN):
        for event in events:
            for failure in event.facts.get("failures") or [event.facts]:
                reason = " ".join(filter(None, (failure.get("status"), failure.get("diagnosis"))))
                from_ours += note_bounce(
                    message=str(failure.get("message_id", "")),
                    reason=reason or "came back",
                    at=at,
                )
    return f"noted {from_ours}"


@requires_scope
def forget_the_past() -> int:
    """What has happened until now is news to nobody: it is promised to no reader any more. Says how many facts.

    For whoever loads a past on purpose (the demo). The first load of an ERP needs it not: see Note [News].
    """
    waiting = OutboxMessage.objects.filter(topic=TOPIC, kind="notices", state=MessageState.WAITING)
    return waiting.update(state=MessageState.SKIPPED, outcome="the past")
