"""The verbs of company data."""

from suppliers.details.services.changing import change_detail, tell_both
from suppliers.details.services.classifying import (
    classify_suppliers,
    retire_category,
    write_category,
    write_detail_rule,
)
from suppliers.details.services.deciding import (
    approve_detail_change,
    refuse_detail_change,
    withdraw_detail_change,
)

__all__ = [
    "approve_detail_change",
    "change_detail",
    "classify_suppliers",
    "refuse_detail_change",
    "retire_category",
    "tell_both",
    "withdraw_detail_change",
    "write_category",
    "write_detail_rule",
]
