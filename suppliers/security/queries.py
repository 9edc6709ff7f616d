"""Who is behind the numbers of security events, and how the chain of the trail stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from portal.kernel.audit.models import AuditSeal
from portal.kernel.security.models import SecurityEvent
from suppliers.models import User


def names_of(events: Iterable[SecurityEvent]) -> dict[int, str]:
    """The people these events are about, by number: one query however many."""
    numbers = {event.user_id for event in events if event.user_id is not None}
    return dict(User.objects.filter(pk__in=numbers).values_list("pk", "name"))


def person_of(number: int) -> User | None:
    """A person by number."""
    return User.objects.filter(pk=number).first()


def person_at(email: str) -> User | None:
    """A person by the whole address."""
    return User.objects.filter(email__iexact=email).first() if email else None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the trail is sealed, and the head to note elsewhere."""

    sealed: int
    head: str
    sealed_at: datetime | None


def standing_of_trail() -> Standing:
    """The newest seal of the audit trail."""
    last = AuditSeal.objects.order_by("-last_position").first()
    if last is None:
        return Standing(0, "", None)
    return Standing(last.last_position, bytes(last.head).hex(), last.sealed_at)
