"""What a tolerance policy would have done with past invoices, beside what became of them. Nothing is kept.

Each is held against its orders and receipts as they stand now, and against the claims that counted before it: what only
waited for goods then has passed since. Rules count as if they had always been valid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.kernel.actors import Actor
from procurement.invoices.models import Invoice
from procurement.invoices.queries import visible_invoices
from procurement.invoices.states import LIVE, InvoiceState
from procurement.matching.engine import Matched, Outcome, match
from procurement.matching.queries.gathering import gather
from procurement.tolerances.messages import DocumentKind
from procurement.tolerances.models import TolerancePolicy
from procurement.tolerances.queries import LivePolicy, book_of

MOST_TRIED = 500


@dataclass(frozen=True, slots=True)
class TriedInvoice:
    """An invoice, what these rules say of it, and where it stands by now."""

    invoice: Invoice
    matched: Matched

    @property
    def passes(self) -> bool:
        return self.matched.outcome is Outcome.PASSED


@dataclass(frozen=True, slots=True)
class InvoicesTried:
    """The newest invoices of the days, each tried; `left_out` where there were more."""

    rows: Sequence[TriedInvoice]
    left_out: bool

    @property
    def passed(self) -> int:
        return sum(row.passes for row in self.rows)

    @property
    def passed_rejected(self) -> int:
        """Those that would pass and that people sent back."""
        return sum(row.passes and row.invoice.state == InvoiceState.REJECTED for row in self.rows)


def try_on_invoices(
    policy: TolerancePolicy, *, days: int, actor: Actor, at: datetime
) -> InvoicesTried | None:
    """Hold a policy against the invoices that were sent in the last `days`; None where it says nothing of invoices. A
    fixed number of queries.
    """
    book = book_of(policy, DocumentKind.INVOICE, ever=True)
    if not book.rules:
        return None
    found = visible_invoices(actor).filter(
        company=policy.company_id,
        sent_at__gte=at - timedelta(days=days),
        state__in=[*LIVE, InvoiceState.REJECTED],
    )
    newest = list(found.select_related("corrects", "pay_to").order_by("-sent_at", "-id")[: MOST_TRIED + 1])
    invoices = newest[:MOST_TRIED]
    gathering = gather(invoices, at=at, tried=LivePolicy(policy.pk, policy.name, book))
    rows = [
        TriedInvoice(one, match(gathering.claim(one), gathering.grounds(one), gathering.limits(one)))
        for one in invoices
    ]
    return InvoicesTried(rows, len(newest) > MOST_TRIED)
