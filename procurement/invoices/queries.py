"""Reading invoices, what is claimed of order lines, and what is open to be claimed."""

import uuid

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from procurement.invoices.models import Invoice
from procurement.invoices.states import InvoiceState


def visible_invoices(actor: Actor) -> QuerySet[Invoice]:
    """The invoices this actor may see: all that were sent, and the drafts of its own side."""
    theirs = Q(state__in=[InvoiceState.DRAFT, InvoiceState.DISCARDED], on_behalf=actor.is_supplier)
    return Invoice.objects.visible_to(actor).exclude(theirs).select_related("company", "supplier")


def find_invoice(key: uuid.UUID, *, actor: Actor) -> Invoice:
    """One invoice. Raises `NotFound` for what is not there or not yours."""
    found: Invoice | None = visible_invoices(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such invoice."))
    return found


def hold_invoice_row(key: uuid.UUID, *, actor: Actor) -> Invoice:
    """One invoice, held until the transaction ends. Where its orders are to move, they are held before it."""
    found: Invoice | None = visible_invoices(actor).filter(key=key).select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound(_("There is no such invoice."))
    return found
