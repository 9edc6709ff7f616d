"""Cases get their score: when they are opened or change, when a day begins, and when another formula counts."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from portal.kernel.scope import requires_scope
from procurement.inbox.messages import in_batches
from procurement.inbox.models import ExceptionCase
from procurement.inbox.policies.scoring import Formula, Score
from procurement.inbox.queries.formulas import formula_that_counts
from procurement.inbox.queries.weighing import inputs_of, kept_inputs, read_inputs, weigh
from procurement.inbox.states import LIVE, Cause

RANKED = ["score", "parts", "inputs", "scored_on", "runs_out"]
MOST_AT_ONCE = 2_000


def rank(cases: Sequence[ExceptionCase], at: datetime, formula: Formula | None = None) -> None:
    """Give these cases their scores as things stand; whoever calls saves them."""
    formula = formula or formula_that_counts()
    weighing = weigh(cases, at)
    for case in cases:
        inputs = inputs_of(case, weighing, formula.rates)
        _take(case, formula.score(inputs))
        case.inputs = kept_inputs(inputs)
        case.scored_on = weighing.today(case)
        case.runs_out = case.cause == Cause.SUPPLY or inputs["stock_out_days"] > 0


def _take(case: ExceptionCase, score: Score) -> None:
    case.score = score.score
    case.parts = [{"name": one.name, "points": one.points} for one in score.parts]


@requires_scope
def rank_again(at: datetime, *, most: int = MOST_AT_ONCE) -> int:
    """Rank the live cases whose score is of another day: days pass for each of them. Returns how many there were.

    What somebody else holds at the moment is ranked the next time.
    """
    due = ExceptionCase.objects.filter(state__in=LIVE, scored_on__lt=at.date()).order_by("scored_on", "id")
    cases = list(due.select_for_update(of=("self",), skip_locked=True)[:most])
    if cases:
        rank(cases, at)
        ExceptionCase.objects.bulk_update(cases, RANKED)
    return len(cases)


@requires_scope
def rank_all_by(formula: Formula, *, at: datetime) -> int:
    """Rank every live case by another formula, from the figures it was ranked by last: it counts from now on."""
    ids = list(ExceptionCase.objects.filter(state__in=LIVE).order_by("id").values_list("pk", flat=True))
    for part in in_batches(ids, MOST_AT_ONCE):
        cases = list(ExceptionCase.objects.filter(pk__in=part).order_by("id").select_for_update(of=("self",)))
        for case in cases:
            _take(case, formula.score(read_inputs(case.inputs)))
            case.updated_at = at
        ExceptionCase.objects.bulk_update(cases, ["score", "parts", "updated_at"])
    return len(ids)


def scores_by(formula: Formula) -> Iterator[tuple[int, int, int]]:
    """Every live case with its score now and what it would be by this formula: (id, now, then). Nothing is written."""
    rows = ExceptionCase.objects.filter(state__in=LIVE).values_list("pk", "score", "inputs")
    for pk, score, inputs in rows.iterator(chunk_size=MOST_AT_ONCE):
        yield pk, score, formula.score(read_inputs(inputs)).score
