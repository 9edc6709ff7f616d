"""An invoice that was sent is corrected: by its next version, under its own number."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import IllegalTransition
from portal.kernel.scope import requires_scope
from procurement.invoices.messages import InvoiceNamed, SaveDraft, TaxWord
from procurement.invoices.models import Invoice
from procurement.invoices.services.draft import charges_in, entries_of, header_of, save_draft
from procurement.invoices.services.holding import hold_with_orders, require_as_seen, require_may
from procurement.invoices.services.withdraw import require_may_take_back
from procurement.invoices.states import REVISABLE, InvoiceState
from suppliers.banking.models import BankAccount
from suppliers.banking.states import AccountState
from suppliers.roles import Permission


@requires_scope
def revise_invoice(named: InvoiceNamed, *, actor: Actor, at: datetime) -> Invoice:
    """Begin the next version of an invoice that was rejected, held, disputed or is still being matched: a draft with
    all that it said, under its number. A correction that was begun already is opened again.

    Raises `IllegalTransition` for one that is settled (write a credit or a debit note) or claims nothing any more,
    and as `whose_to_take_back` says.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    before, _orders = hold_with_orders(named.invoice, actor=actor)
    require_may_take_back(before, actor)
    begun: Invoice | None = (
        Invoice.objects.filter(replaces=before, state=InvoiceState.DRAFT)
        .select_related("company", "supplier")
        .first()
    )
    if begun is not None and begun.on_behalf is not actor.is_supplier:
        return begun
    if before.state not in REVISABLE or begun is not None:
        message = _("This invoice is %(state)s. It is put right by a credit or a debit note.")
        if begun is not None:
            message = _("The other side is correcting this invoice. Ask %(name)s.") % {
                "name": begun.written_by
            }
        else:
            message %= {"state": before.get_state_display().lower()}
        raise IllegalTransition(message, details={"state": before.state})
    require_as_seen(before, named.version)
    draft = _next_version(before, actor=actor, at=at)
    words = tuple(
        TaxWord(one.category, one.exemption_reason, one.tax_rate, one.jurisdiction)
        for one in before.taxes.exclude(exemption_reason="")
    )
    command = SaveDraft(
        draft.key, draft.version, header_of(before), entries_of(before), charges_in(before), words
    )
    return save_draft(command, actor=actor, at=at)


def _next_version(before: Invoice, *, actor: Actor, at: datetime) -> Invoice:
    """An empty draft of the next version. A draft of the other side may be there already: a supplier cannot see it."""
    try:
        with transaction.atomic():
            draft: Invoice = Invoice.objects.create(
                supplier=before.supplier,
                company=before.company,
                kind=before.kind,
                document=before.document,
                issue=before.issue + 1,
                replaces=before,
                corrects=before.corrects,
                sheet=before.sheet,
                pay_to=_still_paid_to(before),
                # Until another electronic invoice says otherwise: a correction by hand does not unsay it.
                asked_account=before.asked_account,
                asked_trace=before.asked_trace,
                currency=before.currency,
                on_behalf=not actor.is_supplier,
                drafted_at=at,
                updated_at=at,
                state_at=at,
                written_by=actor.label,
            )
    except IntegrityError as error:
        if "invoice_issue_once" not in str(error):
            raise
        message = _("The other side is correcting this invoice. Ask %(name)s.")
        message %= {"name": before.company.name}
        raise IllegalTransition(message, details={"state": before.state}) from error
    return draft


def _still_paid_to(before: Invoice) -> BankAccount | None:
    """The account that was chosen, while it is in force."""
    account: BankAccount | None = before.pay_to
    return account if account is not None and account.state == AccountState.IN_FORCE else None
