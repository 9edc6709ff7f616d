"""Why an invoice is held, in a sentence, and how it stands: on its page, in lists, on the page of an order."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _

from procurement.invoices.models import Invoice
from procurement.invoices.presenters import approved_text, headline, story, turn_word
from procurement.invoices.queries import story_of
from procurement.invoices.states import OPEN, Acts
from procurement.matching.engine.parties import ONBOARDING_OPEN
from procurement.matching.queries.waiting import BY_MATCH
from procurement.payables.presenters.sentences import held_text, waits_text
from procurement.payables.queries.approvals import asked_now
from suppliers.onboarding.presenters import names_of as steps_text

register = template.Library()


@register.simple_tag
def held_reason(invoice: Invoice) -> str:
    """The sentence for which an invoice is held; "" where it is not."""
    return reason_of(invoice.held_for, invoice.acts) if invoice.held_at else ""


@register.simple_tag(takes_context=True)
def onboarding_asked(context: Any, invoice: Invoice) -> str:
    """The steps of its onboarding that a supplier finishes before this invoice goes on; "" where none holds it."""
    if (
        not context["request"].actor.is_supplier
        or invoice.held_for.get("key") != f"{BY_MATCH}{ONBOARDING_OPEN}"
        or invoice.acts == Acts.PAYABLES
    ):
        return ""
    return steps_text(str(invoice.held_for.get("params", {}).get("steps", "")).split())


@register.simple_tag(takes_context=True)
def approvals_awaited(context: Any, invoices: Iterable[Invoice]) -> dict[int, str]:
    """By whom approval is waited for, by invoice; nothing for a supplier. One query however many."""
    actor = context["request"].actor
    if actor.is_supplier:
        return {}
    asked = asked_now([one.pk for one in invoices if one.state in OPEN], actor=actor)
    return {pk: waits_text(rows) for pk, rows in asked.items()}


@register.simple_tag(takes_context=True)
def approval_awaited(context: Any, invoice: Invoice) -> str:
    """The same of one invoice."""
    return approvals_awaited(context, [invoice]).get(invoice.pk, "")


@register.simple_tag(takes_context=True)
def whose_turn(context: Any, invoice: Invoice, awaited: Mapping[int, str] | None = None) -> str:
    """Who acts while it is held, as the reader calls them. `awaited` is what `approvals_awaited` found."""
    if turn := (awaited or {}).get(invoice.pk):
        return turn
    return turn_word(invoice, is_supplier=context["request"].actor.is_supplier)


@register.filter
def approved(invoice: Invoice) -> str:
    """Who approved an invoice, or by which rule it was, as a sentence."""
    return approved_text(invoice)


@register.inclusion_tag("components/ball.html", takes_context=True)
def invoice_ball(context: Any, invoice: Invoice) -> dict[str, Any]:
    """The headline sentence of an invoice."""
    is_supplier = context["request"].actor.is_supplier
    turn = approval_awaited(context, invoice)
    one = headline(invoice, is_supplier=is_supplier, why=held_reason(invoice), turn=turn)
    return {
        "tone": one.tone,
        "glyph": one.glyph,
        "turn": one.turn,
        "yours": one.yours,
        "sentence": one.sentence,
    }


@register.inclusion_tag("components/timeline.html", takes_context=True)
def invoice_story(context: Any, invoice: Invoice) -> dict[str, Any]:
    """What happened to a document, all its versions together. One query."""
    actor = context["request"].actor
    events = story_of(invoice, actor=actor)
    return {"entries": story(events, actor.user_id, why=_why)}


def _why(facts: Mapping[str, Any]) -> str:
    return reason_of(facts["held_for"], facts.get("acts", "")) if facts.get("held_for") else ""


def reason_of(held_for: Mapping[str, Any], acts: str) -> str:
    """A reason as it is kept, in the reader's language; where it has no words, whose turn it is."""
    if told := held_text(held_for):
        return told
    words = {
        Acts.SUPPLIER: _("It waits for the supplier."),
        Acts.BUYER: _("It waits for the buyer."),
        Acts.RECEIVER: _("It waits for receiving."),
        Acts.PAYABLES: _("It waits for accounts payable."),
        Acts.NOBODY: _("It waits, and goes on by itself."),
    }
    return words[Acts(acts)] if acts else ""
