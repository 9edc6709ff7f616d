"""Why an invoice is held, in a sentence, and how it stands: on its page, in lists, on the page of an order."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _

from procurement.invoices.models import Invoice
from procurement.invoices.presenters import headline, turn_word
from procurement.invoices.states import Acts

register = template.Library()


@register.simple_tag
def held_reason(invoice: Invoice) -> str:
    """The sentence for which an invoice is held; "" where it is not."""
    return reason_of(invoice.held_for) if invoice.held_at else ""


@register.simple_tag(takes_context=True)
def whose_turn(context: Any, invoice: Invoice) -> str:
    """Who acts while it is held, as the reader calls them."""
    return turn_word(invoice, is_supplier=context["request"].actor.is_supplier)


@register.inclusion_tag("components/ball.html", takes_context=True)
def invoice_ball(context: Any, invoice: Invoice) -> dict[str, Any]:
    """The headline sentence of an invoice."""
    is_supplier = context["request"].actor.is_supplier
    one = headline(invoice, is_supplier=is_supplier, why=held_reason(invoice))
    return {
        "tone": one.tone,
        "glyph": one.glyph,
        "turn": one.turn,
        "yours": one.yours,
        "sentence": one.sentence,
    }


def reason_of(held_for: Mapping[str, Any]) -> str:
    """A reason as it is kept, in the reader's language."""
    if not held_for:
        return ""
    words = {
        Acts.SUPPLIER: _("It waits for the supplier."),
        Acts.BUYER: _("It waits for the buyer."),
        Acts.RECEIVER: _("It waits for receiving."),
        Acts.PAYABLES: _("It waits for accounts payable."),
    }
    return str(held_for.get("text") or words.get(Acts(held_for.get("acts", Acts.PAYABLES)), ""))
