"""The verbs of early payment: a policy written and let act; an offer agreed to, taken back, lapsed, earned."""

from procurement.discounting.services.agreeing import agree_early, take_early_back
from procurement.discounting.services.following import HEARS, follow_payments, honour_lapsed, lapse_early
from procurement.discounting.services.policies import (
    OwnPolicy,
    approve_discount_policy,
    retire_discount_policy,
    write_discount_policy,
)

__all__ = [
    "HEARS",
    "OwnPolicy",
    "agree_early",
    "approve_discount_policy",
    "follow_payments",
    "honour_lapsed",
    "lapse_early",
    "retire_discount_policy",
    "take_early_back",
    "write_discount_policy",
]
