"""Cases get their score: when they are opened or change, when a day begins, and when another formula counts."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from django.db.models import Q

from portal.kernel.scope import requires_scope
from procurement.inbox.messages import in_batches
from procurement.inbox.models import ExceptionCase
from procurement.inbox.policies.scoring import Formula, Score
from procurement.inbox.queries.formulas import formula_that_counts
from procurement.inbox.queries.reach import today_by_company
from procurement.inbox.queries.weighing import amounts_in, inputs_of, kept_inputs, read_inputs, weigh
from procurement.inbox.states import LIVE, Cause

RANKED = ["score", "parts", "inputs", "scored_on", "runs_out"]
MOST_AT_ONCE = 2_000


def rank(cases: Sequence[ExceptionCase], at: datetime, formula: Formula | None = None) -> None:
    """Give these cases their scores as things stand; whoever calls saves them."""
    formula = formula or formula_that_counts()
    weighing = weigh(cases, at)
    for case in cases:
        inputs = inputs_of(case, weighing, formula)
        _take(case, formula.score(inputs))
        case.inputs = kept_inputs(inputs)
        case.scored_on = weighing.today(case)
        case.runs_out = case.cause == Cause.SUPPLY or inputs["stock_out_days"] > 0


def _take(case: ExceptionCase, score: Score) -> None:
    case.score = score.score
    case.parts = [{"name": one.name, "points": one.points} for one in score.parts]


@requires_scope
def rank_again(at: datetime, *, most: int = MOST_AT_ONCE) -> int:
    """Rank the live cases whose score is of a day that is over where their company is. Returns how many there were.

    What somebody else holds at the moment is ranked the next time.
    """
    days = today_by_company(at)
    past = Q(company__isnull=True, scored_on__lt=at.astimezone(UTC).date())
    for company, day in days.items():
        past |= Q(company=company, scored_on__lt=day)
    # The second condition is implied by the first, but an index can start from it.
    latest = max([*days.values(), at.astimezone(UTC).date()])
    due = ExceptionCase.objects.filter(past, state__in=LIVE, scored_on__lt=latest).order_by("scored_on", "id")
    cases = list(due.select_for_update(of=("self",), skip_locked=True)[:most])
    if cases:
        rank(cases, at)
        ExceptionCase.objects.bulk_update(cases, RANKED)
    return len(cases)


@requires_scope
def rank_all_by(formula: Formula, *, at: datetime) -> int:
    """Rank every live case by another formula and its rates, from the figures it was ranked by last."""
    ids = list(ExceptionCase.objects.filter(state__in=LIVE).order_by("id").values_list("pk", flat=True))
    for part in in_batches(ids, MOST_AT_ONCE):
        found = ExceptionCase.objects.filter(pk__in=part).select_related("company").order_by("id")
        cases = list(found.select_for_update(of=("self",)))
        for case in cases:
            facts, ours = case.facts, case.company.currency if case.company else ""
            amounts = amounts_in(ours, facts.get("currency"), facts.get("value"), facts.get("extra"), formula)
            inputs = read_inputs(case.inputs) | amounts
            _take(case, formula.score(inputs))
            case.inputs = kept_inputs(inputs)
            case.updated_at = at
        ExceptionCase.objects.bulk_update(cases, ["score", "parts", "inputs", "updated_at"])
    return len(ids)


def scores_by(formula: Formula) -> Iterator[tuple[int, int, int]]:
    """Every live case with its score now and what it would be by this formula: (id, now, then). Nothing is written."""
    amounts = ("company__currency", "facts__currency", "facts__value", "facts__extra")
    rows = ExceptionCase.objects.filter(state__in=LIVE).values_list("pk", "score", "inputs", *amounts)
    for pk, score, inputs, company, currency, value, extra in rows.iterator(chunk_size=MOST_AT_ONCE):
        figures = read_inputs(inputs) | amounts_in(company or "", currency, value, extra, formula)
        yield pk, score, formula.score(figures).score
