"""A figure held against the company's tolerances, as a check.

Note [In the payer's favour]: figures are signed so that a deviation above zero is worse for the one who pays: more
claimed, or less given back. What lies the other way passes unless a rule speaks of it. What no rule speaks of and is
worse goes to a person (Note [Nobody said so] in the tolerances); only amounts that follow from quantity and price are
then left alone.
"""

from collections.abc import Mapping
from fractions import Fraction

from procurement.matching.engine.checks import Acts, Check, CheckKind, Input, Result
from procurement.matching.engine.papers import Limits
from procurement.tolerances.messages import Check as Judged
from procurement.tolerances.messages import Measure, Measured, Outcome, Subject
from procurement.tolerances.messages import Result as Found

RESULTS = {
    Found.SAME: Result.PASSED,
    Found.INSIDE: Result.PASSED,
    Found.UNCHECKED: Result.NOT_CHECKED,
    Found.OUTSIDE: Result.FAILED,
}


def judge(
    limits: Limits,
    subject: Subject,
    measure: Measure,
    *,
    expected: Fraction,
    actual: Fraction,
    code: str = "",
    one_sided: bool = False,
) -> tuple[Result, Judged | None]:
    """What the rules say of a figure, and what was said; with `one_sided` what favours the payer is not looked at."""
    if actual == expected or (one_sided and actual < expected):
        return Result.PASSED, None
    said = limits.book.check(subject, Measured(measure, expected, actual, code=code))
    if said.result is not Found.UNRULED:
        return RESULTS[said.result], said
    if actual < expected:
        return Result.PASSED, None
    return (Result.NOT_CHECKED if said.outcome is Outcome.SAME else Result.FAILED), None


def check_of(
    kind: CheckKind,
    found: tuple[Result, Judged | None],
    *,
    passed: str,
    failed: str,
    inputs: Mapping[str, Input],
    acts: Acts,
    position: int = 0,
    order_line: int | None = None,
) -> Check:
    """The check that a word of the rules makes."""
    result, said = found
    failing = result is Result.FAILED
    return Check(
        kind=kind,
        result=result,
        message=failed if failing else passed,
        inputs=inputs,
        position=position,
        order_line=order_line,
        limit=said.limit if said else None,
        rule=said.rule if said else None,
        acts=acts if failing else Acts.NOBODY,
        refuses=failing and said is not None and said.outcome is Outcome.REFUSE,
        notify=said is not None and said.outcome is Outcome.NOTIFY,
    )
