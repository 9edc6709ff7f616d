"""The verbs of matching: holding invoices against their orders and receipts, trying it on a draft, looking again, and
writing the policies by which it is done.
"""

from procurement.matching.services.making import dry_match, match_invoice, match_invoices, rematch_waiting
from procurement.matching.services.policies import (
    approve_match_policy,
    retire_match_policy,
    write_match_policy,
)
from procurement.matching.services.reacting import (
    HEARS_BANKS,
    HEARS_CLAIMS,
    HEARS_ONBOARDING,
    HEARS_ORDERS,
    HEARS_RULES,
    HEARS_SENT,
    match_sent,
    rematch_claims,
    rematch_held,
    rematch_onboarding,
    rematch_orders,
    rematch_suppliers,
)

__all__ = [
    "HEARS_BANKS",
    "HEARS_CLAIMS",
    "HEARS_ONBOARDING",
    "HEARS_ORDERS",
    "HEARS_RULES",
    "HEARS_SENT",
    "approve_match_policy",
    "dry_match",
    "match_invoice",
    "match_invoices",
    "match_sent",
    "rematch_claims",
    "rematch_held",
    "rematch_onboarding",
    "rematch_orders",
    "rematch_suppliers",
    "rematch_waiting",
    "retire_match_policy",
    "write_match_policy",
]
