"""What the clock brings: cases that come by time alone, sleepers that wake, scores of another day, people away."""

from collections.abc import Callable
from datetime import datetime, timedelta

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.scope import acting, requires_scope
from procurement.inbox.messages import in_batches
from procurement.inbox.models import CaseLook, ExceptionCase, InboxPlace
from procurement.inbox.queries.banking import bank_unheard
from procurement.inbox.queries.documents import documents_unheard
from procurement.inbox.queries.sweeping import answers_missed, next_exposed, orders_due, to_review
from procurement.inbox.services.owning import change_hands
from procurement.inbox.services.ranking import rank_again
from procurement.inbox.services.review import INBOX, MOST_AT_ONCE, review_cases
from procurement.inbox.states import CASE_LIFECYCLE, CaseState

MOST_ROUNDS = 20
LINES_AT_ONCE = 3_000
FORGET_LOOKS_AFTER = timedelta(hours=1)


def sweep(at: datetime) -> dict[str, int]:
    """One round of the clock, each step in transactions of its own. Several workers may sweep at once."""
    return {
        "awake": _each(lambda: wake_cases(actor=INBOX, at=at)),
        "due": _each(lambda: _review_due(at)),
        "exposed": _once(lambda: _review_exposed(at)),
        "reviewed": _once(lambda: _review_old(at)),
        "handed": _once(lambda: change_hands(at)),
        "ranked": _each(lambda: rank_again(at)),
        "forgotten": _once(
            lambda: CaseLook.objects.filter(last_seen__lt=at - FORGET_LOOKS_AFTER).delete()[0]
        ),
    }


def _each(step: Callable[[], int]) -> int:
    """Do it until nothing is left to do, or it is the next round's turn."""
    done = 0
    for _round in range(MOST_ROUNDS):
        count = _once(step)
        done += count
        if not count:
            break
    return done


def _once(step: Callable[[], int]) -> int:
    with acting(INBOX):
        return step()


@requires_scope
def wake_cases(*, actor: Actor, at: datetime) -> int:
    """Open the cases whose day has come; what somebody holds is woken the next time."""
    due = ExceptionCase.objects.filter(state=CaseState.SNOOZED, snoozed_until__lte=at)
    cases = list(
        due.order_by("snoozed_until", "id").select_for_update(of=("self",), skip_locked=True)[:MOST_AT_ONCE]
    )
    for case in cases:
        case.state = CASE_LIFECYCLE.target("wake", case.state)
        case.snoozed_until = None
        case.version += 1
        case.updated_at = at
    ExceptionCase.objects.bulk_update(cases, ["state", "snoozed_until", "version", "updated_at"])
    facts = [
        Fact("case.awakened", case.stream, case.supplier_id, {"number": case.pk}, internal=True)
        for case in cases
    ]
    if facts:
        record_all(facts, actor=actor, at=at)
    return len(cases)


def _review_due(at: datetime) -> int:
    orders = orders_due(at, MOST_AT_ONCE)
    streams = [
        *answers_missed(at, MOST_AT_ONCE),
        *documents_unheard(at, MOST_AT_ONCE),
        *bank_unheard(MOST_AT_ONCE),
    ]
    if not orders and not streams:
        return 0
    done = review_cases(orders, streams, actor=INBOX, at=at)
    return done.opened + done.recurred


def _review_exposed(at: datetime) -> int:
    """Look at the next lines whose stock is known: stock and demand move without a fact on any order."""
    place, _made = InboxPlace.objects.get_or_create(name="exposed", defaults={"moved_at": at})
    held = InboxPlace.objects.select_for_update(skip_locked=True).filter(pk=place.pk).first()
    if held is None:
        return 0  # another worker is at it
    orders, held.after = next_exposed(held.after, at, LINES_AT_ONCE)
    held.moved_at = at
    held.save(update_fields=["after", "moved_at"])
    for part in in_batches(orders, MOST_AT_ONCE):
        review_cases(part, actor=INBOX, at=at)
    return len(orders)


def _review_old(at: datetime) -> int:
    orders, streams = to_review(at, MOST_AT_ONCE)
    if orders:
        review_cases(orders, actor=INBOX, at=at)
    if streams:
        review_cases((), streams, actor=INBOX, at=at)
    return len(orders) + len(streams)
