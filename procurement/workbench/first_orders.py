"""A first order invites its supplier, where the company that ordered wants it (suppliers/onboarding)."""

from collections.abc import Sequence
from datetime import datetime

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.workbench.queries.inviting import ordering_companies
from suppliers.onboarding.queries import DESK
from suppliers.onboarding.services import invite_by_first_order

HEARS = frozenset({"order.received"})


def invite_by_orders(events: Sequence[AuditEvent], at: datetime) -> str:
    """Invite whoever has an order and was never invited. Told twice, nobody is invited twice."""
    with acting(DESK):
        invited = invite_by_first_order(ordering_companies(events), at=at)
    return f"{invited} invited"
