"""One claim through all checks, in the order of domain.md §10; what comes of it is read off their results."""

from procurement.matching.engine.checks import Check, CheckKind, Matched, Result
from procurement.matching.engine.duplicates import check_duplicate
from procurement.matching.engine.lines import (
    check_amounts,
    check_cumulative,
    check_prices,
    check_quantities,
    map_lines,
)
from procurement.matching.engine.papers import Claim, Grounds, Limits
from procurement.matching.engine.parties import check_onboarding, check_parties
from procurement.matching.engine.sums import UNLISTED, check_charges, check_orders, check_taxes, check_totals


def match(claim: Claim, grounds: Grounds, limits: Limits) -> Matched:
    """Hold a claim against its grounds. Never raises: what cannot be compared is said so by its check.

    The same claim, grounds and limits always say the same, in whatever order their lines and rules come.
    """
    mapping, mapped = map_lines(claim, grounds)
    checks: list[Check] = [
        check_duplicate(claim, grounds.earlier, limits),
        *check_parties(claim, grounds),
        *mapping,
        *check_quantities(claim, mapped, limits),
        *check_prices(claim, mapped, limits),
        *check_amounts(claim),
        *check_cumulative(claim, mapped, limits),
        *check_charges(claim, grounds, limits),
        *check_taxes(claim, grounds, limits),
        *check_totals(claim),
        *check_orders(claim, mapped, grounds, limits),
        *check_onboarding(claim, grounds, limits),
    ]
    alone = limits.approves_alone and not any(one.message == UNLISTED for one in checks)
    stops = any(one.result in (Result.FAILED, Result.WAITS) for one in checks)
    if not stops:
        checks.append(_approval(limits, alone=alone))
    return Matched(tuple(checks), alone, limits.approver)


def _approval(limits: Limits, *, alone: bool) -> Check:
    if alone:
        inputs = {"approver": limits.approver}
        return Check(CheckKind.APPROVAL, Result.PASSED, "approval.alone", inputs)
    return Check(CheckKind.APPROVAL, Result.NOT_CHECKED, "approval.person")
