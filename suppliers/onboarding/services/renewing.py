"""Terms that were written anew: everybody who goes by them is asked for its word on the version of today."""

from datetime import datetime

from django.db.models import Q

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.scope import acting, requires_scope
from suppliers.onboarding.models import OnboardingRun, Terms
from suppliers.onboarding.policies import REMINDED_ONCE_IN
from suppliers.onboarding.queries import (
    DESK,
    PAST_STEPS,
    asked_for_terms,
    excluded_among,
    find_terms,
    with_people,
)
from suppliers.onboarding.services.guards import require_administrator
from suppliers.states import SupplierState


@requires_scope
def ask_for_terms(code: str, *, actor: Actor, at: datetime) -> int:
    """Mail once more whoever has not accepted terms in the version in force; returns how many suppliers were asked.

    Who was mailed within a day is passed over: pressed twice, nobody is mailed twice. Raises `NotFound`.
    """
    require_administrator(actor)
    rested = Q(reminded_at=None) | Q(reminded_at__lte=at - REMINDED_ONCE_IN)
    return ask_all(find_terms(code), rested, actor=actor, at=at)


def ask_all(terms: Terms, which: Q, *, actor: Actor, at: datetime) -> int:
    """Ask those who owe their word on terms, of which nothing else reminds them. A fixed number of queries.

    Who is under way and accepts these terms for the first time is reminded of all its steps as ever; who is blocked or
    excluded, and for whom nobody acts any more, is not asked.
    """
    owed = asked_for_terms(terms, actor=actor).filter(which, accepted_at=None)
    owed = owed.filter(Q(state__in=PAST_STEPS) | Q(accepted_number__isnull=False))
    owed = owed.exclude(supplier__state=SupplierState.BLOCKED)
    held = owed.select_for_update(of=("self",), no_key=True).order_by("supplier_id")
    rows = list(held)
    ids = [one.supplier_id for one in rows]
    with acting(DESK):
        excluded = excluded_among(ids, at.date())
    here = with_people(ids)
    asked = [one for one in rows if one.supplier_id in here and one.supplier_id not in excluded]
    for one in asked:
        one.reminded_at = at
    OnboardingRun.objects.bulk_update(asked, ["reminded_at"], batch_size=1000)
    facts = [
        Fact(
            "onboarding.terms_asked",
            one.stream,
            one.supplier_id,
            {
                "supplier": one.supplier.name,
                "terms": terms.code,
                "number": terms.number,
                "title": terms.title,
                "again": one.accepted_number is not None,
            },
        )
        for one in asked
    ]
    record_all(facts, actor=actor, at=at)
    return len(asked)
