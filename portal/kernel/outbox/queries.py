"""How the outbox stands."""

from datetime import datetime, timedelta

from django.db.models import Count, Min

from portal.kernel.outbox.models import MessageState, OutboxMessage


def oldest_waiting_age(at: datetime) -> timedelta:
    """How long the oldest message that is due has been waiting; zero when none is."""
    oldest = OutboxMessage.objects.filter(state=MessageState.WAITING, due_at__lte=at).aggregate(
        oldest=Min("due_at")
    )["oldest"]
    return at - oldest if oldest else timedelta(0)


def depth_by_topic() -> list[dict[str, object]]:
    """How many messages stand in each state, by topic, with the oldest of each."""
    return list(
        OutboxMessage.objects.values("topic", "state")
        .annotate(count=Count("id"), oldest=Min("created_at"))
        .order_by("topic", "state")
    )
