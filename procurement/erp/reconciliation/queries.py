"""Reading comparisons, drift and dry runs."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from procurement.catalogue.models import Company
from procurement.erp.ports import Feed
from procurement.erp.queries import lock_orders
from procurement.erp.reconciliation.models import Drift, ReconciliationRun, Rehearsal
from procurement.erp.reconciliation.states import LIVE, UNRESOLVED, DriftState
from procurement.erp.states import RunState


@dataclass(frozen=True, slots=True)
class UnresolvedDrift:
    """How much drift nobody has put right or decided to leave: for whoever watches and warns."""

    count: int
    since: datetime | None


def unresolved_drift() -> UnresolvedDrift:
    """How many drifts are unresolved at this moment, and when the oldest of them was found. What is being repaired
    counts until it is seen to be right; what is ignored with a reason does not."""
    found = Drift.objects.filter(state__in=UNRESOLVED).aggregate(count=Count("id"), since=Min("found_at"))
    return UnresolvedDrift(found["count"], found["since"])


def last_ended_comparison() -> ReconciliationRun | None:
    """The newest comparison that is over, however it ended."""
    return ReconciliationRun.objects.filter(finished_at__isnull=False).order_by("-finished_at", "-id").first()


def visible_drift(actor: Actor) -> QuerySet[Drift]:
    """The drift this actor may see."""
    return Drift.objects.visible_to(actor).select_related("supplier", "order")


def find_drift(key: uuid.UUID, *, actor: Actor) -> Drift:
    """One drift. Raises `NotFound` for what is not there or not yours."""
    drift: Drift | None = visible_drift(actor).filter(key=key).first()
    if drift is None:
        raise NotFound(_("There is no such drift."))
    return drift


def lock_drift(drift: Drift) -> Drift:
    """A drift as it stands now, held with its order: as everybody locks, the order first."""
    lock_orders([drift.order_id] if drift.order_id else [])
    held: Drift = Drift.objects.select_for_update(of=("self",)).get(pk=drift.pk)
    return held


def hold_orders_of(drifts: Iterable[Drift]) -> None:
    """Hold the orders of many drifts at once, in the order in which everybody locks; one drift after another would
    hold them in the order in which they were found."""
    lock_orders(drift.order_id for drift in drifts if drift.order_id)


def live_drift(feed: Feed, records: Collection[tuple[str, ...]]) -> dict[tuple[str, ...], list[Drift]]:
    """The drift of these records that has not ended, by record; held."""
    wanted = set(records)
    found: dict[tuple[str, ...], list[Drift]] = {}
    rows = Drift.objects.filter(feed=feed, state__in=LIVE, number__in={record[-1] for record in wanted})
    for drift in rows.order_by("id").select_for_update(of=("self",)):
        if drift.record in wanted:
            found.setdefault(drift.record, []).append(drift)
    return found


def not_seen_in(feed: Feed, run: ReconciliationRun) -> QuerySet[Drift]:
    """Drift of a feed that a comparison did not meet again."""
    return Drift.objects.filter(feed=feed, state__in=LIVE).exclude(seen_in=run).order_by("id")


def drift_counts(actor: Actor) -> dict[tuple[str, str], int]:
    """How many drifts there are, by kind and state."""
    rows = visible_drift(actor).order_by().values("kind", "state").annotate(count=Count("id"))
    return {(row["kind"], row["state"]): row["count"] for row in rows}


def drift_of_kind(actor: Actor, kind: str) -> QuerySet[Drift]:
    """The open drift of one kind, oldest first."""
    return visible_drift(actor).filter(kind=kind, state=DriftState.OPEN).order_by("id")


def asked_repairs(feed: Feed, limit: int) -> list[Drift]:
    """What a person has chosen a repair for and nobody has carried out yet."""
    return list(Drift.objects.filter(feed=feed, state=DriftState.ASKED).order_by("id")[:limit])


def asked_count() -> int:
    """How many repairs were chosen and are not carried out yet."""
    return Drift.objects.filter(state=DriftState.ASKED).count()


def sent_again() -> list[Drift]:
    """Drift whose promise is on its way to the ERP once more."""
    return list(Drift.objects.filter(state=DriftState.UNDER_WAY).order_by("id")[:500])


def running_comparison() -> ReconciliationRun | None:
    """The comparison that is going on, if one is."""
    return ReconciliationRun.objects.filter(state=RunState.RUNNING).first()


def newest_comparisons(limit: int = 12) -> list[ReconciliationRun]:
    """The newest comparisons."""
    return list(ReconciliationRun.objects.order_by("-started_at", "-id")[:limit])


def find_comparison(key: uuid.UUID) -> ReconciliationRun:
    """One comparison."""
    run = ReconciliationRun.objects.filter(key=key).first()
    if run is None:
        raise NotFound(_("There is no such comparison."))
    return run


def last_began_at() -> datetime | None:
    """When the newest comparison began."""
    newest = ReconciliationRun.objects.order_by("-started_at").values_list("started_at", flat=True)
    return newest.first()


def zone_of_the_company() -> str:
    """Whose night it is: the first company's zone."""
    found: str | None = Company.objects.order_by("id").values_list("time_zone", flat=True).first()
    return found or "UTC"


def running_rehearsal() -> Rehearsal | None:
    """The dry run that is going on, if one is."""
    return Rehearsal.objects.filter(state=RunState.RUNNING).first()


def newest_rehearsals(limit: int = 6) -> list[Rehearsal]:
    """The newest dry runs."""
    return list(Rehearsal.objects.order_by("-started_at", "-id")[:limit])


def asked_or_sent() -> bool:
    """Whether any repair waits for a worker."""
    return Drift.objects.filter(state__in=[DriftState.ASKED, DriftState.UNDER_WAY]).exists()
