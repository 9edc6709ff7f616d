"""Cases come to their owners: by rule, else to the order's buyer; and to whoever stands in while those are away."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet

from portal.kernel.scope import requires_scope
from procurement.catalogue.models import Company
from procurement.inbox.messages import in_batches
from procurement.inbox.models import ExceptionCase
from procurement.inbox.queries.people import holders_today, owning, worker_ids
from procurement.inbox.states import BY_PERSON, LIVE, OwnedBy

OWNED = ["owner", "holder", "owned_by"]
MOST_AT_ONCE = 2_000


def today_of_group(at: datetime) -> date:
    """The date where the buying group's first company is: people are away by its days."""
    company = Company.objects.order_by("id").first()
    return at.astimezone(ZoneInfo(company.time_zone if company else "UTC")).date()


def give_to_owners(cases: Sequence[ExceptionCase], at: datetime) -> None:
    """Give cases that nobody has taken to those whose they are; whoever calls saves them."""
    if not cases:
        return
    whose = owning(cases, today_of_group(at))
    for case in cases:
        case.owner_id, case.owned_by = whose.owner(case)
        case.holder_id = whose.holder(case.owner_id)


@requires_scope
def give_again(at: datetime) -> int:
    """Give every live case that no person has given to anybody to those whose it is by the rules now."""
    return _give_to_owners(ExceptionCase.objects.exclude(owned_by__in=BY_PERSON), at)


def _give_to_owners(wanted: QuerySet[ExceptionCase], at: datetime) -> int:
    ids = wanted.filter(state__in=LIVE).order_by("id").values_list("pk", flat=True)
    moved = 0
    for part in in_batches(list(ids), MOST_AT_ONCE):
        cases = list(ExceptionCase.objects.filter(pk__in=part).order_by("id").select_for_update(of=("self",)))
        before = {case.pk: (case.owner_id, case.holder_id, case.owned_by) for case in cases}
        give_to_owners(cases, at)
        changed = [
            case for case in cases if before[case.pk] != (case.owner_id, case.holder_id, case.owned_by)
        ]
        for case in changed:
            case.updated_at = at
            case.version += 1
        ExceptionCase.objects.bulk_update(changed, [*OWNED, "updated_at", "version"])
        moved += len(changed)
    return moved


@requires_scope
def change_hands(at: datetime) -> int:
    """Give live cases to those who stand in today, and back to their owners who are here again.

    The cases of who works on cases no more go to those whose they are by the rules. What somebody holds at the moment
    changes hands the next time.
    """
    away = holders_today(today_of_group(at))
    live = ExceptionCase.objects.filter(state__in=LIVE, owner__isnull=False)
    moved = _give_to_owners(live.exclude(owner__in=worker_ids()), at)
    for owner, holder in sorted(away.items()):
        mine = live.filter(owner=owner).exclude(holder=holder).exclude(owned_by=OwnedBy.TAKEN)
        moved += _hand(mine, at, holder=holder)
    here = live.exclude(owner__in=list(away))
    moved += _hand(here.exclude(holder=F("owner")), at, holder=F("owner"))
    # Who is away the next time hands on what was kept this time.
    _hand(here.filter(owned_by=OwnedBy.TAKEN), at, owned_by=OwnedBy.PERSON)
    return moved


def _hand(cases: QuerySet[ExceptionCase], at: datetime, **to: Any) -> int:
    """Change these cases, in the order in which everybody locks them, but for those that somebody holds."""
    found = cases.order_by("id").select_for_update(of=("self",), skip_locked=True)
    held = list(found.values_list("pk", flat=True))
    return ExceptionCase.objects.filter(pk__in=held).update(**to, updated_at=at) if held else 0


def holder_of(owner: int | None, at: datetime) -> int | None:
    """Who has the cases of a person now."""
    return holders_today(today_of_group(at)).get(owner, owner) if owner is not None else None
