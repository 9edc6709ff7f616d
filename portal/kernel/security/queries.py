"""Reading security events, and which of them are too many."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, QuerySet

from portal.kernel.actors import Actor
from portal.kernel.security.catalogue import CATALOGUE, Kind, Per
from portal.kernel.security.models import SecurityEvent

COLUMNS = {Per.PERSON: "user_id", Per.ADDRESS: "address", Per.ACCOUNT: "account"}


def security_events(actor: Actor, *, kind: str = "", user_id: int | None = None) -> QuerySet[SecurityEvent]:
    """What was noted, for the buying side alone: a supplier's people see none of it."""
    found = SecurityEvent.objects.none() if actor.is_supplier else SecurityEvent.objects.all()
    if kind:
        found = found.filter(kind=kind)
    return found.filter(user_id=user_id) if user_id is not None else found


@dataclass(frozen=True, slots=True)
class TooMany:
    """One kind of event that happened more often than its alarm allows, and from or for whom."""

    kind: Kind
    who: str
    count: int
    last_at: datetime


def alarms(at: datetime) -> Iterator[TooMany]:
    """What is beyond its alarm at this moment, most often first."""
    for kind in CATALOGUE.values():
        if kind.alarm is None:
            continue
        rows = SecurityEvent.objects.filter(kind=kind.code, at__gt=at - kind.alarm.within, at__lte=at)
        if column := COLUMNS.get(kind.alarm.per):
            found = rows.exclude(**{column: ""} if column != "user_id" else {column: None}).values(column)
            counted = found.annotate(count=Count("id"), last_at=Max("at"))
            for row in counted.filter(count__gte=kind.alarm.count).order_by("-count", column)[:20]:
                yield TooMany(kind, str(row[column]), row["count"], row["last_at"])
        else:
            row = rows.aggregate(count=Count("id"), last_at=Max("at"))
            if row["count"] >= kind.alarm.count:
                yield TooMany(kind, "", row["count"], row["last_at"])
