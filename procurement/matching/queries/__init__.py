"""Reading matches, the rules by which they are made, and all that a claim is held against."""

from procurement.matching.queries.figures import MatchFigures, first_matches, match_figures
from procurement.matching.queries.gathered import Gathering
from procurement.matching.queries.gathering import gather, paying_waits_of
from procurement.matching.queries.kept import (
    checks_of,
    current_match,
    current_matches,
    find_match,
    matches_of,
    visible_matches,
)
from procurement.matching.queries.rules import (
    find_match_policy,
    lock_match_policy,
    match_policies,
    under_rules,
    ways_of,
)
from procurement.matching.queries.trying import InvoicesTried, TriedInvoice, try_on_invoices
from procurement.matching.queries.waiting import (
    MATCHER,
    held_by_match,
    held_for_onboarding,
    held_of_suppliers,
    touched_by_claims,
    touched_by_orders,
    waiting_for_receipt,
)

__all__ = [
    "MATCHER",
    "Gathering",
    "InvoicesTried",
    "MatchFigures",
    "TriedInvoice",
    "checks_of",
    "current_match",
    "current_matches",
    "find_match",
    "find_match_policy",
    "first_matches",
    "gather",
    "held_by_match",
    "held_for_onboarding",
    "held_of_suppliers",
    "lock_match_policy",
    "match_figures",
    "match_policies",
    "matches_of",
    "paying_waits_of",
    "touched_by_claims",
    "touched_by_orders",
    "try_on_invoices",
    "under_rules",
    "visible_matches",
    "waiting_for_receipt",
    "ways_of",
]
