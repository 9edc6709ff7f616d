"""The rules of second factors, as plain functions: who needs one, until when, and what counts as fresh."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.kernel.actors import Side
from suppliers.roles import BANK_MATTERS, CompanyRole, Permission

GRACE_DAYS = 14
LONGEST_GRACE = 90

# Where nothing else was set: whoever moves money, keys, rules or people needs a second factor.
DEMANDED = frozenset(
    {
        (Side.COMPANY, CompanyRole.ADMINISTRATOR),
        (Side.COMPANY, CompanyRole.MANAGER),
        (Side.COMPANY, CompanyRole.ACCOUNTS_PAYABLE),
        (Side.COMPANY, CompanyRole.INTEGRATION_OWNER),
    }
)

# What may be done in a supplier's person's place: the daily work and nothing else. A permission that is not named here
# is taken away, one that is added later too: bank details, people, approvals, tokens, set-up.
ORDINARY = frozenset(
    {
        Permission.ORDER_VIEW,
        Permission.ORDER_EXPORT,
        Permission.ORDER_ACKNOWLEDGE,
        Permission.CHANGE_NEGOTIATE,
        Permission.SHIPMENT_WRITE,
        Permission.INVOICE_VIEW,
        Permission.INVOICE_WRITE,
        Permission.THREAD_WRITE,
    }
)


# Whoever may do one of these is asked sooner whether it is still they: it moves money, or says who may.
MOVES_MONEY = BANK_MATTERS | {
    Permission.INVOICE_APPROVE,
    Permission.INVOICE_SETTLE,
    Permission.FACTOR_RESET,
    Permission.STAFF_MANAGE,
    Permission.SIGN_IN_SETUP,
}


@dataclass(frozen=True, slots=True)
class Demand:
    """What is demanded of one role."""

    side: str
    role: str
    demanded: bool
    grace_days: int = GRACE_DAYS
    since_at: datetime | None = None


def default_demand(side: str, role: str) -> Demand:
    """What is demanded of a role that nobody has set a rule for."""
    return Demand(side, role, (side, role) in DEMANDED)


def due_at(demand: Demand, joined_at: datetime) -> datetime | None:
    """Until when somebody in this role must have set up a second factor; None where none is demanded.

    The days of grace begin when the rule does, or when the person comes, whichever is later.
    """
    if not demand.demanded:
        return None
    begins = max(joined_at, demand.since_at) if demand.since_at else joined_at
    return begins + timedelta(days=demand.grace_days)


def is_settled(since_at: datetime, confirmed_at: datetime | None, *, at: datetime, waits: timedelta) -> bool:
    """Whether an account's factors may move money: they are old enough, or its address has confirmed them since.

    `since_at` is when the oldest of its present factors was set up.
    """
    return at - since_at >= waits or (confirmed_at is not None and confirmed_at >= since_at)


def was_just_shown(shown_at: float, *, at: datetime, within: timedelta) -> bool:
    """Whether a factor was shown a moment ago; one from the future was not."""
    return 0 <= at.timestamp() - shown_at <= within.total_seconds()


def way_of(records: Iterable[Mapping[str, object]]) -> str:
    """How somebody signed in, in one word for the log: `password`, `password+totp`, `passkey`."""
    words = []
    for record in records:
        if record.get("reauthenticated"):
            continue
        if record.get("method") == "mfa":
            passkey = record.get("type") == "webauthn"
            words.append("passkey" if passkey else str(record.get("type", "")))
        else:
            method = str(record.get("method", ""))
            words.append("sso" if method == "socialaccount" else method)
    return "+".join(dict.fromkeys(words))[:60]


def is_new_country(country: str, seen: Sequence[str]) -> bool:
    """Whether somebody signs in from a country as never before. The first one known is nobody's news."""
    return bool(country) and any(seen) and country not in seen
