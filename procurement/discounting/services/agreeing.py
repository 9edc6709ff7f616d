"""A supplier agrees to be paid early, and takes it back.

Note [One of two]: everything here holds the invoice first. So of two who agree at one moment the second finds it
agreed; and who agrees, or takes back, while the ERP's booking comes in goes before it or after it, and is refused after
it.

Note [The last euro]: a budget for a week is spent by invoices of many suppliers, under one policy after another. Who
agrees under one that has a budget holds the company's budgets after the invoice, and looks again at what is offered
then: so of two for whom what is left is enough for one alone, the second is told that the offer has moved.

Note [Written for the company]: what follows from a supplier's word (the day on which is paid, what the ERP is told) is
written under the company's scope, taken for just that: a supplier's scope has no right to say when it is paid, nor
for how much. The fact names the person.
"""

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, NotAllowed, StaleDocument
from portal.kernel.outbox.services import enqueue
from portal.kernel.scope import acting, requires_scope
from procurement.discounting.messages import AgreeEarly, early_to_json
from procurement.discounting.models import EarlyPayment
from procurement.discounting.queries import RULES, Offered, hold_budget, lock_early, offered_for, standing_for
from procurement.discounting.states import EARLY_LIFECYCLE, EarlyState
from procurement.invoices.models import Invoice
from procurement.invoices.queries import lock_invoice
from procurement.invoices.services import said_of
from procurement.invoices.services.early import plan_as_due, plan_early
from procurement.invoices.states import InvoiceState
from procurement.orders.policies import plain
from suppliers.roles import Permission
from suppliers.services import require_business

AGREED = "invoice.early_agreed"


def _require(actor: Actor) -> None:
    if not actor.is_supplier or not actor.may(Permission.INVOICE_WRITE):
        raise NotAllowed(
            _("Only who writes the supplier’s invoices says whether one is paid early for less.")
        )


def told_of(early: EarlyPayment) -> dict[str, str]:
    """What every fact about an early payment says of it, besides what it says of the invoice."""
    return {
        "pay_on": early.pay_on.isoformat(),
        "due_on": early.base_on.isoformat(),
        "discount": plain(early.discount),
        "to_pay": plain(early.to_pay),
    }


@requires_scope
def agree_early(command: AgreeEarly, *, actor: Actor, at: datetime) -> EarlyPayment:
    """Have an invoice paid on the chosen day for less, exactly as it was shown. The ERP is told.

    Raises `IllegalTransition` where nothing is offered for it (any more), and `StaleDocument` where another figure is
    offered for that day by now; `BusinessEnded` where the supplier has left.
    """
    _require(actor)
    invoice = lock_invoice(command.invoice, actor=actor)
    require_business(invoice.supplier_id, actor=actor)
    offered = _offered_at_last(invoice, at)
    if offered is None:
        raise IllegalTransition(_why_not(invoice), details={"state": invoice.state})
    offer = offered.on(command.pay_on)
    if offer is None or offer.discount != command.discount:
        message = _(
            "What is offered has moved since you opened the page. Look at the days and figures of now."
        )
        raise StaleDocument(message, details={"version": invoice.version})
    with acting(RULES):
        invoice = plan_early(invoice.key, pay_on=offer.pay_on, less=offer.discount, actor=actor, at=at)
        early = EarlyPayment.objects.create(
            supplier_id=invoice.supplier_id,
            invoice=invoice,
            policy_id=offered.policy_id,
            base_on=offered.planned_on,
            pay_on=offer.pay_on,
            days=offer.days,
            currency=invoice.currency,
            total=invoice.total,
            discount=offer.discount,
            yearly_percent=offered.rule.yearly_percent,
            day_count=offered.rule.day_count,
            agreed_at=at,
            agreed_by=actor.label,
            agreed_by_user_id=actor.user_id,
        )
        facts = said_of(invoice) | told_of(early) | {"supplier": invoice.supplier.name}
        record(AGREED, early.stream, actor=actor, at=at, supplier_id=early.supplier_id, facts=facts)
        enqueue(
            "erp",
            early.stream,
            AGREED,
            early_to_json(early),
            actor=actor,
            at=at,
            supplier_id=early.supplier_id,
        )
    return early


def _offered_at_last(invoice: Invoice, at: datetime) -> Offered | None:
    """What is offered for an invoice that is held; where its policy has a budget, with nobody else spending of it. See
    Note [The last euro].
    """
    offered = offered_for([invoice], at).get(invoice.pk)
    if offered is None or offered.rule.weekly_budget is None:
        return offered
    with acting(RULES):
        hold_budget(invoice.company_id)
    return offered_for([invoice], at).get(invoice.pk)


def _why_not(invoice: Invoice) -> str:
    if invoice.early_discount is not None:
        return _("It is agreed already that this invoice is paid early.")
    if invoice.state in (InvoiceState.SCHEDULED, InvoiceState.PAID):
        return _("This invoice is scheduled or paid already: nothing is offered for it any more.")
    return _("Nothing is offered for paying this invoice early, or not any more.")


@requires_scope
def take_early_back(key: uuid.UUID, *, actor: Actor, at: datetime) -> EarlyPayment:
    """Take back that an invoice (by its key) is paid early: it is paid in full again, on the day on which it was due.

    Raises `IllegalTransition` where nothing is agreed, and once the ERP has booked it for payment.
    """
    invoice = lock_invoice(key, actor=actor)
    early = standing_for(invoice, actor=actor)
    if early is None:
        message = _("It is not agreed that this invoice is paid early.")
        raise IllegalTransition(message, details={"state": invoice.state})
    _require(actor)
    if invoice.state != InvoiceState.APPROVED or early.state != EarlyState.AGREED:
        message = _("The customer has scheduled this payment already. It cannot be taken back any more.")
        raise IllegalTransition(message, details={"state": invoice.state})
    with acting(RULES):
        early = lock_early(early.pk)
        early.invoice = plan_as_due(invoice.key, pay_on=early.base_on, actor=actor, at=at)
        EARLY_LIFECYCLE.move(
            early,
            "take_back",
            actor=actor,
            at=at,
            facts=said_of(invoice) | told_of(early) | {"supplier": invoice.supplier.name},
            payload=early_to_json(early, ended=True),
            fields={"ended_at": at, "ended_by": actor.label},
        )
    return early
