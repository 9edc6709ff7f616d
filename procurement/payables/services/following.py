"""What the desk does when an invoice goes another way: nobody is asked about it any more."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting, require_no_transaction
from procurement.payables.services.approvals import DESK, lapse_approvals
from procurement.payables.services.asking import drop_questions

HEARS = frozenset(
    {
        "invoice.approved",
        "invoice.rejected",
        "invoice.withdrawn",
        "invoice.replaced",
        "invoice.voided",
        "invoice.scheduled",
        "invoice.paid",
    }
)


def follow_invoices(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: nobody is asked about invoices that are settled or gone. Told twice it changes nothing."""
    require_no_transaction()
    prefix = "invoice:"
    documents = {UUID(one.stream[len(prefix) :]) for one in events if one.stream.startswith(prefix)}
    with acting(DESK):
        lapsed = lapse_approvals(documents, actor=DESK, at=at)
        dropped = drop_questions(documents, actor=DESK, at=at)
    return f"lapsed {lapsed}, dropped {dropped}" if lapsed or dropped else "unchanged"
