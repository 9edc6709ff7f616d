"""Early payment beside an invoice: on its page, and in the list of what is due when. Nothing where nothing is
offered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import template

from procurement.discounting.presenters import OfferRow, early_text, offer_rows, offer_text
from procurement.discounting.queries import is_in_use, offered_for, standing_for
from procurement.discounting.states import EarlyState
from procurement.invoices.models import Invoice
from procurement.invoices.states import InvoiceState
from suppliers.roles import Permission

register = template.Library()


@dataclass(frozen=True, slots=True)
class Panel:
    """What an invoice's page says of early payment: what was agreed, or the days to choose from."""

    invoice: Invoice
    told: str = ""
    rows: Sequence[OfferRow] = ()
    may_agree: bool = False
    may_take_back: bool = False


@register.inclusion_tag("procurement/discounting/panel.html", takes_context=True)
def early_payment(context: Any, invoice: Invoice) -> dict[str, Any]:
    """The panel of an invoice. One query where nothing is agreed and nobody offers anything; none for one that is not
    approved."""
    request = context["request"]
    found = _panel(invoice, request)
    return {"early": found, "csrf_token": context.get("csrf_token")}


def _panel(invoice: Invoice, request: Any) -> Panel | None:
    actor = request.actor
    may = actor.is_supplier and actor.may(Permission.INVOICE_WRITE)
    if invoice.early_discount is not None:
        early = standing_for(invoice, actor=actor)
        if early is None:
            return None
        back = may and early.state == EarlyState.AGREED and invoice.state == InvoiceState.APPROVED
        return Panel(invoice, early_text(early, can_be_taken_back=back), may_take_back=back)
    if not actor.is_supplier:
        return None
    offered = offered_for([invoice], request.at).get(invoice.pk)
    return Panel(invoice, rows=offer_rows(offered), may_agree=may) if offered else None


@register.simple_tag(takes_context=True)
def early_offers(context: Any, invoices: Sequence[Invoice]) -> Mapping[int, str]:
    """What is offered for the soonest day, in words, by invoice; for their supplier alone."""
    request = context["request"]
    if not request.actor.is_supplier:
        return {}
    offered = offered_for(invoices, request.at)
    return {pk: offer_text(one.best, one.invoice.currency) for pk, one in offered.items()}


@register.filter
def of_invoice(offers: Mapping[int, str], invoice: Invoice) -> str:
    """What is offered for one of them; empty where nothing is."""
    return offers.get(invoice.pk, "")


@register.inclusion_tag("procurement/discounting/link.html", takes_context=True)
def early_list_link(context: Any) -> dict[str, Any]:
    """The way to the early payments, for the buying side, once a policy acts or something was agreed; and for who may
    switch it on. Up to two queries."""
    actor = context["request"].actor
    return {"shown": actor.is_company and (actor.may(Permission.INVOICE_SETUP) or is_in_use(actor))}
