"""Whether a claim is one that was sent before: by its number, as numbers are compared; by its file; by its amount.

The same number is refused: a supplier gives a number once. The same file, and the same amount within the window on the
same order lines, are suspected and asked: a supplier that delivers the same every week is no cheat.
"""

from collections.abc import Iterable
from fractions import Fraction

from procurement.matching.engine.checks import Acts, Check, CheckKind, Input, Result
from procurement.matching.engine.papers import Claim, Earlier, Limits


def check_duplicate(claim: Claim, earlier: Iterable[Earlier], limits: Limits) -> Check:
    """The first word on whether this was sent before: one check, the gravest finding first."""
    others = sorted(
        (one for one in earlier if one.key != claim.key and one.kind is claim.kind),
        key=lambda one: (one.invoiced_on, one.key),
    )
    for one in others:
        if claim.number_key and one.number_key == claim.number_key:
            same = one.number == claim.number
            message = "duplicate.number" if same else "duplicate.number_alike"
            return _found(claim, one, message, acts=Acts.SUPPLIER, refuses=True)
    for one in others:
        if claim.files & one.files:
            return _found(claim, one, "duplicate.file")
    for one in others:
        if _is_same_amount(claim, one, limits.duplicate_days):
            return _found(claim, one, "duplicate.amount", limit=Fraction(limits.duplicate_days or 0))
    return Check(CheckKind.DUPLICATE, Result.PASSED, "duplicate.none", {"number": claim.number})


def _is_same_amount(claim: Claim, one: Earlier, days: int | None) -> bool:
    mine = claim.order_lines
    return (
        days is not None
        and (one.total, one.currency) == (claim.totals.total, claim.currency)
        and abs((one.invoiced_on - claim.invoiced_on).days) <= days
        and (bool(mine & one.order_lines) or not (mine or one.order_lines))
    )


def _found(
    claim: Claim,
    one: Earlier,
    message: str,
    *,
    acts: Acts = Acts.PAYABLES,
    refuses: bool = False,
    limit: Fraction | None = None,
) -> Check:
    inputs: dict[str, Input] = {
        "number": claim.number,
        "day": claim.invoiced_on,
        "other": one.number,
        "other_key": one.key,
        "other_day": one.invoiced_on,
        "total": Fraction(claim.totals.total),
        "currency": claim.currency,
    }
    return Check(CheckKind.DUPLICATE, Result.FAILED, message, inputs, limit=limit, acts=acts, refuses=refuses)
