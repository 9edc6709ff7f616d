"""Cases come to their owners: by rule, else to the order's buyer; and to whoever stands in while those are away."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import F

from portal.kernel.scope import requires_scope
from procurement.catalogue.models import Company
from procurement.inbox.messages import in_batches
from procurement.inbox.models import ExceptionCase
from procurement.inbox.queries.people import holders_today, owning
from procurement.inbox.states import LIVE, OwnedBy

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
    ids = ExceptionCase.objects.filter(state__in=LIVE).exclude(owned_by=OwnedBy.PERSON)
    moved = 0
    for part in in_batches(list(ids.order_by("id").values_list("pk", flat=True)), MOST_AT_ONCE):
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
    """Give live cases to those who stand in today, and back to their owners who are here again."""
    away = holders_today(today_of_group(at))
    live = ExceptionCase.objects.filter(state__in=LIVE, owner__isnull=False)
    moved = 0
    for owner, holder in sorted(away.items()):
        mine = live.filter(owner=owner).exclude(holder=holder)
        moved += mine.update(holder=holder, updated_at=at)
    back = live.exclude(owner__in=list(away)).exclude(holder=F("owner"))
    for owner in set(back.values_list("owner_id", flat=True)):
        moved += back.filter(owner=owner).update(holder=owner, updated_at=at)
    return moved


def holder_of(owner: int | None, at: datetime) -> int | None:
    """Who has the cases of a person now."""
    return holders_today(today_of_group(at)).get(owner, owner) if owner is not None else None
