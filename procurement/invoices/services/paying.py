"""To which of its supplier's accounts an invoice asks to be paid: one that is on record, and no other; and that none is
approved while nobody knows whose account it would go to.
"""

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import IllegalTransition, Invalid, Problem
from portal.kernel.scope import requires_scope
from procurement.invoices.models import Invoice
from procurement.invoices.services.holding import hold_draft, require_may, touch
from procurement.invoices.states import InvoiceKind
from suppliers.banking.queries import open_freeze, payable_accounts
from suppliers.banking.services import Frozen
from suppliers.banking.states import AccountState
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


@requires_scope
def require_payable(invoice: Invoice) -> None:
    """Raise `Frozen` while the supplier's bank details are frozen, and `IllegalTransition` where the account that the
    invoice asks for is not in force. What gives back is paid to nobody, so it goes on. Under the company's scope.
    """
    if invoice.kind == InvoiceKind.CREDIT_NOTE:
        return
    if open_freeze(invoice.supplier_id):
        raise Frozen(
            _(
                "Bank details of this supplier are frozen: somebody says that a change was not theirs. "
                "Nothing is approved until two people have looked, under Bank details."
            )
        )
    account = invoice.pay_to
    if account is not None and account.state != AccountState.IN_FORCE:
        message = _(
            "It asks to be paid to %(account)s, an account that is not in force. Send it back to be corrected."
        )
        raise IllegalTransition(message % {"account": account.masked})
