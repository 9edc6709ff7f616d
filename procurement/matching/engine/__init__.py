"""The engine: a claim held against its grounds within limits. Pure: no table, no framework, no clock.

`match` says what comes of a claim, with every check in the order of domain.md §10. `papers` are what it is told,
`checks` what it says.
"""

from procurement.matching.engine.checks import Acts, Check, CheckKind, Matched, Outcome, Result
from procurement.matching.engine.match import match
from procurement.matching.engine.papers import (
    Claim,
    ClaimedCharge,
    ClaimedLine,
    ClaimedTax,
    Earlier,
    Grounds,
    Kind,
    Limits,
    LineGround,
    OrderGround,
    Totals,
    Way,
)

__all__ = [
    "Acts",
    "Check",
    "CheckKind",
    "Claim",
    "ClaimedCharge",
    "ClaimedLine",
    "ClaimedTax",
    "Earlier",
    "Grounds",
    "Kind",
    "Limits",
    "LineGround",
    "Matched",
    "OrderGround",
    "Outcome",
    "Result",
    "Totals",
    "Way",
    "match",
]
