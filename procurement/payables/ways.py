"""What a door asks of who approves a large invoice: a second factor that was shown a moment ago."""

from typing import Any

from procurement.invoices.models import Invoice
from procurement.payables.queries.by_link import wants_fresh_factor
from suppliers.signin.step_up import require_fresh_factor


def require_factor_to_approve(request: Any, invoice: Invoice) -> None:
    """Go on only for somebody who has shown a second factor a moment ago, where the invoice is above the limit.

    Raises `FreshFactorNeeded`: a page's door answers with the question, an API's with 403, so that a program approves
    none of these. Off where APPROVE_FACTOR_ABOVE names no amount. ASVS 5.0, 7.5.3.
    """
    if wants_fresh_factor(invoice):
        require_fresh_factor(request)
