"""An approved invoice is planned to be paid early, for less, and as it was due again.

Who agreed to it, and to what, is the floor above's to know (`discounting`); here stands what follows from it: the day
that counts everywhere, and by how much short the invoice is paid in full.
"""

import uuid
from datetime import date, datetime
from decimal import Decimal

from django.db.models import F
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import IllegalTransition
from portal.kernel.scope import requires_scope
from procurement.invoices.models import Invoice
from procurement.invoices.queries import lock_invoice
from procurement.invoices.services.holding import require_may
from procurement.invoices.states import InvoiceState
from suppliers.roles import Permission


@requires_scope
def plan_early(
    key: uuid.UUID, *, pay_on: date, less: Decimal, booked: bool = False, actor: Actor, at: datetime
) -> Invoice:
    """Have an approved invoice paid on that day for so much less. Raises `IllegalTransition` where it is not approved,
    booked for payment already (unless that is right, `booked`), or planned so already; `less` lies between nothing and
    the total.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    invoice = lock_invoice(key, actor=actor)
    if invoice.state != InvoiceState.APPROVED and not (booked and invoice.state == InvoiceState.SCHEDULED):
        message = _(
            "This invoice is %(state)s. Only one that is approved and not scheduled can be paid early."
        )
        raise IllegalTransition(
            message % {"state": invoice.get_state_display().lower()}, details={"state": invoice.state}
        )
    if invoice.early_discount is not None:
        message = _("It is agreed already that this invoice is paid early.")
        raise IllegalTransition(message, details={"state": invoice.state})
    if not 0 < less < invoice.total:
        raise ValueError(f"a discount lies between nothing and all: {less}")
    _plan(invoice, pay_on, less, at=at)
    return invoice


@requires_scope
def plan_as_due(key: uuid.UUID, *, pay_on: date, actor: Actor, at: datetime) -> Invoice:
    """Have an invoice paid in full again, on the day on which it was planned before: the ERP's own day may be the one
    that was agreed, which it was told of. Not planned early, nothing happens; paid, its days stay."""
    require_may(actor, Permission.INVOICE_WRITE)
    invoice = lock_invoice(key, actor=actor)
    if invoice.early_discount is None:
        return invoice
    _plan(invoice, invoice.pay_on if invoice.state == InvoiceState.PAID else pay_on, None, at=at)
    return invoice


def _plan(invoice: Invoice, pay_on: date | None, less: Decimal | None, *, at: datetime) -> None:
    Invoice.objects.filter(pk=invoice.pk).update(
        pay_on=pay_on, early_discount=less, updated_at=at, version=F("version") + 1
    )
    invoice.pay_on, invoice.early_discount, invoice.updated_at = pay_on, less, at
    invoice.version += 1
