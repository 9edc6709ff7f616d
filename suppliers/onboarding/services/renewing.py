"""Terms that were written anew, or asked for besides: everybody whom they are for is asked for its word on the version
of today, also who is long done."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.scope import acting, requires_scope
from suppliers.onboarding.models import OnboardingRun, OnboardingTemplate, Terms
from suppliers.onboarding.policies import REMINDED_ONCE_IN
from suppliers.onboarding.queries import (
    DESK,
    PAST_STEPS,
    asked_for_terms,
    asks_for,
    excluded_among,
    find_terms,
    templates_of,
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

    Who is under way and accepts these terms for the first time is reminded of all its steps as ever, unless they do not
    count yet and so are none of those; who is blocked or excluded, and for whom nobody acts any more, is not asked.
    """
    owed = asked_for_terms(terms, actor=actor).filter(which, accepted_at=None)
    comes_later = terms.from_on is not None and terms.from_on > at.date()
    if not comes_later:
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
                **({"from": terms.from_on.isoformat()} if terms.from_on and comes_later else {}),
            },
        )
        for one in asked
    ]
    record_all(facts, actor=actor, at=at)
    return len(asked)


def ask_done(
    template: OnboardingTemplate, done: Sequence[OnboardingRun], *, actor: Actor, at: datetime
) -> int:
    """Ask suppliers whose steps are behind them, and whose onboardings are held, for the terms of a template; returns
    how many are asked for terms that nobody had asked them for. Mails go by `ask_all`, once for each such terms.

    A fixed number of queries for each of the terms, however many suppliers there are.
    """
    wanted = asks_for(template)
    if not wanted or not done:
        return 0
    by = templates_of(done)
    new: dict[str, list[int]] = defaultdict(list)
    reached = []
    for run in done:
        before = [asks_for(by[pk]) for pk in (run.template_id, run.terms_by_id) if pk]
        if lacking := wanted.difference(*before):
            run.terms_by = template
            reached.append(run)
            for code in lacking:
                new[code].append(run.pk)
    OnboardingRun.objects.bulk_update(reached, ["terms_by"], batch_size=1000)
    for code in sorted(new):
        ask_all(find_terms(code), Q(pk__in=new[code]), actor=actor, at=at)
    return len(reached)
