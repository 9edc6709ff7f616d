"""What a mail says of an invoice, of its approval, and of a statement of account."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import day_text, money_text
from procurement.notifications.messages import Item, Quote, Row
from procurement.notifications.models import Notice
from procurement.notifications.policies import APPROVAL_ASKED
from procurement.notifications.presenters.seen import LONGEST_QUOTE, Seen
from procurement.orders.models import PurchaseOrder
from procurement.payables.presenters.by_link import short_lines, summary_of
from procurement.payables.presenters.sentences import held_text
from procurement.payables.queries.by_link import InShort


def told_invoice(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """What became of an invoice, for its supplier: why, and whether something is to be done."""
    facts = event.facts
    if event.kind.startswith("statement."):
        return _statement(item, event)
    item.number = str(facts.get("number", ""))
    item.facts = money_text(Decimal(str(facts.get("total", 0))), str(facts.get("currency", "")))
    item.signs_in = True
    # One invoice is told of once: of several things that befell it, a question is what is to be done.
    if item.button != _("Answer the question"):
        item.url = f"{settings.PUBLIC_URL}{reverse('invoice', args=[facts['invoice']])}"
        item.button = _("Open the invoice")
    if event.kind in ("invoice.held", "invoice.reopened", "invoice.booking_cancelled"):
        item.sentences.append(held_text(facts.get("held_for") or {}))
        if facts.get("acts") == "supplier":
            item.sentences.append(_("Correct it under its own number, or answer on its page."))
    elif event.kind in ("invoice.disputed", "invoice.question_asked", "invoice.rejected"):
        if reason := str(facts.get("question") or facts.get("reason") or ""):
            item.quotes.append(Quote(event.actor_label, reason[:LONGEST_QUOTE]))
        if event.kind != "invoice.rejected":
            item.url = f"{settings.PUBLIC_URL}{reverse('invoice-questions', args=[facts['invoice']])}"
            item.button = _("Answer the question")
        elif facts.get("same_as"):
            same = _("It is the same as invoice %(other)s: there is nothing to do.")
            item.sentences.append(same % {"other": facts["same_as"]})
        else:
            item.sentences.append(_("Correct it and send it again under its own number."))
    elif event.kind == "invoice.approved":
        for note in facts.get("less", ()):
            off = money_text(Decimal(str(note["total"])), str(note["currency"]))
            item.sentences.append(
                _("Credit note %(number)s, written for you, takes off %(amount)s.")
                % {"number": note["number"], "amount": off}
            )
            item.quotes.append(Quote(event.actor_label, str(note["reason"])[:LONGEST_QUOTE]))
    elif event.kind == "invoice.paid" and facts.get("paid_on"):
        item.sentences.append(
            _("Paid on %(day)s.") % {"day": day_text(date.fromisoformat(str(facts["paid_on"])))}
        )
        if facts.get("reference"):
            item.sentences.append(_("Reference: %(reference)s.") % {"reference": facts["reference"]})
    elif event.kind == "invoice.early_lapsed":
        item.sentences.append(
            _("It was to be paid on %(day)s for %(less)s less. All of it is due on %(due)s again.")
            % _early_values(facts)
        )
    texts = {
        "invoice.held": _("Invoice %(number)s is held"),
        "invoice.disputed": _("A question about invoice %(number)s"),
        "invoice.question_asked": _("A question about invoice %(number)s"),
        "invoice.rejected": _("Invoice %(number)s is rejected"),
        "invoice.approved": _("Invoice %(number)s is approved"),
        "invoice.reopened": _("The approval of invoice %(number)s is taken back"),
        "invoice.booking_cancelled": _("Invoice %(number)s is held again"),
        "invoice.paid": _("Invoice %(number)s is paid"),
        "invoice.early_lapsed": _("Invoice %(number)s was not paid early as agreed"),
    }
    return texts[event.kind] % {"number": item.number}


def _early_values(facts: Mapping[str, Any]) -> dict[str, str]:
    """The days and figures of a fact about an early payment, as a sentence says them."""
    currency = str(facts["currency"])
    return {
        "day": day_text(date.fromisoformat(str(facts["pay_on"]))),
        "due": day_text(date.fromisoformat(str(facts["due_on"]))),
        "less": money_text(Decimal(str(facts["discount"])), currency),
        "pays": money_text(Decimal(str(facts["to_pay"])), currency),
    }


def asked_invoice(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """An approval or a question that waits for the reader, or the answer to one."""
    facts = event.facts
    if event.kind.startswith("statement."):
        return _statement(item, event)
    item.number = str(facts.get("number", ""))
    case = seen.to_approve.get(str(facts.get("approval"))) if event.kind in APPROVAL_ASKED else None
    if case is not None:
        _to_approve(item, case)
    if item.url == settings.PUBLIC_URL:
        item.url = f"{settings.PUBLIC_URL}{reverse('payables-case', args=[facts['invoice']])}"
    item.button = item.button or _("Look at the invoice")
    words = facts.get("answer") or facts.get("question") or facts.get("reason") or ""
    if words:
        item.quotes.append(Quote(str(facts.get("by") or event.actor_label), str(words)[:LONGEST_QUOTE]))
    if event.kind == "invoice.approval_refused":
        refused = _(
            "It was meant for %(name)s, and the approval is asked still. Call it off and ask again, or see that "
            "somebody answers on the page."
        )
        item.sentences.append(refused % {"name": facts.get("to", "")})
    if event.kind in _EARLY_SENTENCES:
        item.sentences.append(str(_EARLY_SENTENCES[event.kind]) % _early_values(facts))
    values = {"number": item.number, "name": event.actor_label, "supplier": facts.get("supplier", "")}
    texts = {
        "invoice.approval_asked": _("Your approval is asked: invoice %(number)s of %(supplier)s"),
        "invoice.approval_reached": _("Your approval is asked: invoice %(number)s of %(supplier)s"),
        "invoice.approval_declined": _("%(name)s declined to approve invoice %(number)s"),
        "invoice.approval_refused": _(
            "The mail about the approval of invoice %(number)s went to the wrong person"
        ),
        "invoice.colleague_asked": _("%(name)s asks about invoice %(number)s"),
        "invoice.colleague_answered": _("%(name)s answered about invoice %(number)s"),
        "invoice.question_answered": _("%(name)s answered about invoice %(number)s"),
        "invoice.early_agreed": _("%(supplier)s agrees to be paid early: invoice %(number)s"),
        "invoice.early_withdrawn": _("%(supplier)s takes early payment back: invoice %(number)s"),
        "invoice.early_missed": _("Not paid by the agreed day: invoice %(number)s of %(supplier)s"),
    }
    if case is not None:
        values["amount"] = money_text(case.shown.total, case.shown.currency)
        return _("Your approval is asked: %(amount)s of %(supplier)s, invoice %(number)s") % values
    return texts[event.kind] % values


def _to_approve(item: Item, case: InShort) -> None:
    """What somebody wants to know who is asked to approve an invoice, and how it is done."""
    item.sentences.append(summary_of(case))
    if why := held_text(case.invoice.held_for):
        item.sentences.append(_("Why it was held: %(why)s") % {"why": why})
    item.heads = (_("Came, agreed"), _("Claimed"))
    item.rows += [Row(row.head, row.detail, row.came, row.claimed) for row in short_lines(case)]
    if item.url == settings.PUBLIC_URL:
        item.button = _("Sign in and decide")
        item.sentences.append(_("An invoice like this one is approved after signing in."))
    else:
        item.button = _("Approve or decline")
        item.sentences.append(
            _("Its page opens without signing in: approve or decline there. Opening it decides nothing.")
        )


def _statement(item: Item, event: AuditEvent) -> str:
    """A statement of account that differs, a question about a row of one, its answer, or that it is agreed."""
    facts = event.facts
    item.number = str(facts.get("number") or facts.get("stated_on") or "")
    item.url = f"{settings.PUBLIC_URL}{reverse('statement', args=[facts['statement_key']])}"
    item.signs_in = True
    item.button = _("Look and answer") if event.kind == "statement.asked" else _("Open the statement")
    if words := str(facts.get("question") or facts.get("answer") or facts.get("reason") or ""):
        item.quotes.append(Quote(event.actor_label, words[:LONGEST_QUOTE]))
    if event.kind == "statement.compared":
        rows = int(facts.get("differing") or 0)
        text = ngettext("One row does not agree.", "%(n)d rows do not agree.", rows)
        item.sentences.append(text % {"n": rows})
        item.facts = money_text(Decimal(str(facts.get("gap", 0))), str(facts.get("currency", "")))
    day = day_text(date.fromisoformat(str(facts["stated_on"])))
    values = {"name": event.actor_label, "supplier": facts.get("supplier", ""), "day": day}
    texts = {
        "statement.compared": _("The statement of %(supplier)s of %(day)s differs from our books"),
        "statement.asked": _("A question about your statement of %(day)s"),
        "statement.answered": _("%(name)s answered about the statement of %(day)s"),
        "statement.settled": _("The balance of your statement of %(day)s is agreed"),
    }
    return texts[event.kind] % values


_EARLY_SENTENCES = {
    "invoice.early_agreed": gettext_lazy("Pay it on %(day)s: %(pays)s, that is %(less)s less."),
    "invoice.early_withdrawn": gettext_lazy("It is paid in full on %(due)s again."),
    "invoice.early_missed": gettext_lazy(
        "It was to be paid on %(day)s for %(less)s less. All of it is due on %(due)s again."
    ),
}
