"""To which of its supplier's accounts an invoice asks to be paid: one that is on record, and no other."""

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, Problem
from portal.kernel.scope import requires_scope
from procurement.invoices.models import Invoice
from procurement.invoices.services.holding import hold_draft, require_may, touch
from suppliers.banking.queries import payable_accounts
from suppliers.roles import Permission


@requires_scope
def choose_account(
    invoice: Invoice, version: int, account: uuid.UUID | None, *, actor: Actor, at: datetime
) -> Invoice:
    """Choose the account of a draft, among those in force; without one it is paid as the supplier always is.

    What was typed on a paper is no choice: money goes to an account that went through all steps (docs/banking.md).
    Raises `Invalid` for any other, and `StaleDocument` where somebody else saved the draft meanwhile.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    held = hold_draft(invoice.key, version, actor=actor)
    found = None
    if account is not None:
        offered = payable_accounts(held.supplier_id, held.currency, actor=actor)
        found = next((one for one in offered if one.key == account), None)
        if found is None:
            message = _("Choose one of the accounts that are on record and in force.")
            raise Invalid(message, [Problem("account", message, "", "unknown")])
    touch(held, {"pay_to": found}, actor=actor, at=at)
    return held
