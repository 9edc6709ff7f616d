"""What a merge gives nobody, and for how long it can be taken apart. No database here."""

from collections.abc import Collection
from datetime import datetime, timedelta

from suppliers.roles import BANK_MATTERS, SUPPLIER_ROLES, Permission, SupplierRole

UNDO_WITHIN = timedelta(days=30)
LONGEST_REASON = 500
MOST_CANDIDATES = 200
# More records than these with one mail address, or one name, are no duplicates of each other.
MOST_ALIKE = 10
_KEEPS = frozenset({*BANK_MATTERS, Permission.PEOPLE_MANAGE})


def role_carried(role: str) -> str:
    """What somebody of one record does at the other. A merge gives nobody a say over bank details or people there: who
    has it in the one answers orders in the other, or reads, until an administrator says more."""
    may = SUPPLIER_ROLES[role]
    if not may & _KEEPS:
        return role
    return SupplierRole.ORDERS if Permission.ORDER_ACKNOWLEDGE in may else SupplierRole.READ_ONLY


def may_undo(merged_at: datetime, at: datetime) -> bool:
    """Whether a merge can still be taken apart."""
    return at <= merged_at + UNDO_WITHIN


def weight_of(why: Collection[str], order: Collection[str]) -> int:
    """How much speaks for it that two records are one company: what tells most counts most."""
    places = {word: len(order) - place for place, word in enumerate(order)}
    return sum(places.get(word, 0) for word in why)
