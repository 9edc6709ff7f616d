"""The page on which a draft's account is chosen, among those that are on record."""

import uuid

from django.http import HttpResponse
from django.shortcuts import render

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.web import see_other, whole_number
from procurement.invoices.queries import find_invoice
from procurement.invoices.services import choose_account
from suppliers.banking.queries import payable_accounts
from suppliers.roles import Permission


@door(Permission.INVOICE_WRITE, methods=["GET", "POST"])
def invoice_account(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """To which of the accounts on record an invoice asks to be paid; no account is ever typed here."""
    invoice = find_invoice(key, actor=request.actor)
    offered = payable_accounts(invoice.supplier_id, invoice.currency, actor=request.actor)
    refusal = None
    if request.method == "POST":
        version = whole_number(request.POST.get("version", "")) or 0
        try:
            choose_account(
                invoice, version, _key(request.POST.get("account", "")), actor=request.actor, at=request.at
            )
        except Invalid as error:
            refusal = error
        else:
            return see_other("invoice", key)
    context = {"invoice": invoice, "accounts": offered, "refusal": refusal}
    return render(request, "procurement/invoices/account.html", context, status=422 if refusal else 200)


def _key(text: str) -> uuid.UUID | None:
    """The account chosen; none for the usual one, and one that is nobody's for anything else."""
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return uuid.UUID(int=0)
