"""What a mail says of an order: new, revised, decided, asked otherwise, reminded of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as dateformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import day_text, figure, moment_text, money_text
from procurement.changes.messages import terms_from_json
from procurement.changes.models import OrderChange
from procurement.changes.presenters import differences, kinds_text, why_text
from procurement.notifications.messages import Item, Quote, Row
from procurement.notifications.models import Notice
from procurement.notifications.presenters.cases import _page_of
from procurement.notifications.presenters.seen import LONGEST_QUOTE, Seen
from procurement.notifications.states import Audience
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.presenters import field_word, lines_text, shown_value
from procurement.tolerances.presenters.sentences import said_by


def new_order(item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen) -> str:
    """A new order, line by line."""
    assert order is not None  # its notice is about one
    item.button = _("Look and confirm")
    for line in seen.lines.get(order.pk, ()):
        item.rows.append(
            Row(f"{line.number} · {line.item_number}", line.description, "", _asked(line, order))
        )
    return _("New order %(number)s") % {"number": order.number}


def _asked(line: PurchaseOrderLine, order: PurchaseOrder) -> str:
    price = f"{figure(line.price, 2)} {order.currency}"
    if line.price_per != 1:
        price += f" / {figure(line.price_per)}"
    return f"{figure(line.quantity)} {line.unit} · {day_text(line.delivery_on)} · {price}"


def revised_order(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """What a revision moved, from what to what."""
    assert order is not None
    number = {"number": order.number}
    if event.kind == "order.cancelled":
        item.sentences.append(_("Nothing of it is to be delivered any more. You need not answer."))
        return _("Order %(number)s is cancelled") % number
    if event.kind == "order.asked_again":
        lines = {"lines": lines_text(event.facts.get("lines") or ())}
        item.sentences.append(_("What was agreed stands no longer: %(lines)s. Please answer anew.") % lines)
        if words := str(event.facts.get("words") or ""):
            item.quotes.append(Quote(event.actor_label, words[:LONGEST_QUOTE]))
        return _("Order %(number)s is asked again") % number
    by_number = {str(line.number): line for line in seen.lines.get(order.pk, ())}
    changes = [one for one in event.facts.get("changes") or () if one.get("line")]
    told = [one for one in changes if one["did"] in ("reopened", "added", "cancelled")]
    touched = {one["line"] for one in told}
    rest = max(0, order.line_count - len(touched))
    sentence = ngettext(
        "Revision %(revision)d touches one line.",
        "Revision %(revision)d touches %(n)d lines.",
        len(touched),
    ) % {"revision": event.facts.get("revision") or order.revision, "n": len(touched)}
    if rest:
        stays = ngettext(
            "The other one stays as it was, nothing to do for it.",
            "The other %(n)d stay as they were, nothing to do for them.",
            rest,
        )
        sentence = f"{sentence} {stays % {'n': rest}}"
    item.sentences.append(sentence)
    item.rows += [_moved(one, by_number.get(one["line"])) for one in told]
    return _("Order %(number)s changed") % number


def _moved(change: Mapping[str, Any], line: PurchaseOrderLine | None) -> Row:
    name = str(change["field"])
    head = f"{change['line']} · {line.item_number}" if line else str(change["line"])
    if change["did"] == "cancelled":
        return Row(head, line.description if line else "", str(change["old"]), _("cancelled"))
    if change["did"] == "added" and line is not None:
        return Row(
            head, line.description, "", f"{figure(line.quantity)} {line.unit} · {day_text(line.delivery_on)}"
        )
    detail = ", ".join(filter(None, (field_word(name), line.description if line else "")))
    return Row(head, detail, *(shown_value(name, str(change[which])) or "–" for which in ("old", "new")))


def decided_answer(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """What a buyer decided on an answer."""
    assert order is not None
    values = {"number": order.number, "buyer": event.actor_label}
    if event.kind == "order.answer_accepted":
        settled = [*(event.facts.get("agreed") or ()), *(event.facts.get("refused") or ())]
        if settled:
            item.sentences.append(_("Accepted as you answered: %(lines)s.") % {"lines": lines_text(settled)})
        return _("%(buyer)s accepted your answer to order %(number)s") % values
    disputed = event.facts.get("disputed") or ()
    item.sentences.append(
        _("Not accepted: %(lines)s. Please answer these anew.") % {"lines": lines_text(disputed)}
    )
    if reason := str(event.facts.get("reason") or ""):
        item.quotes.append(Quote(event.actor_label, reason[:LONGEST_QUOTE]))
    return _("%(buyer)s did not accept your answer to order %(number)s") % values


def asked_change(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """That a change is asked for, of what into what."""
    assert order is not None
    change = seen.changes.get(str(event.facts.get("change")))
    _change_rows(item, event, change, order)
    if change is not None and change.expires_at and change.is_open:
        _due(item, change.expires_at)
    item.button = _("Look and answer")
    values = {"number": order.number, "name": event.actor_label, "what": kinds_text(event.facts["kinds"])}
    if event.kind == "change.countered":
        return _("%(name)s answers with another wish on order %(number)s: %(what)s") % values
    return _("%(name)s asks for a change of order %(number)s: %(what)s") % values


def answered_change(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """What the other side said to a change."""
    assert order is not None
    _change_rows(item, event, seen.changes.get(str(event.facts.get("change"))), order)
    values = {"number": order.number, "name": said_by(event.actor_label)}
    texts = {
        "change.accepted": _("%(name)s agreed to the change of order %(number)s"),
        "change.declined": _("%(name)s declined the change of order %(number)s"),
        "change.withdrawn": _("%(name)s took the wish on order %(number)s back"),
    }
    if event.kind != "change.accepted":
        item.sentences.append(_("What was agreed stands."))
    return texts[event.kind] % values


def _change_rows(item: Item, event: AuditEvent, change: OrderChange | None, order: PurchaseOrder) -> None:
    line = change.line if change else None
    head = lines_text(event.facts["lines"])
    if line is not None:
        head = f"{line.number} · {line.item_number}"
    if "old" in event.facts:
        old, new = terms_from_json(event.facts["old"]), terms_from_json(event.facts["new"])
        unit = str(event.facts.get("unit", ""))
        for one in differences(old, new, unit=unit, currency=order.currency):
            item.rows.append(Row(head, one.word, one.old, one.new))
    else:
        item.sentences.append(f"{head}: {kinds_text(event.facts['kinds'])}.")
    if why := why_text(event.facts):
        item.quotes.append(Quote(event.actor_label, why[:LONGEST_QUOTE]))


def told_message(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """What somebody wrote on an order."""
    assert order is not None
    said = seen.messages.get(int(event.facts.get("message") or 0))
    if said is not None and said.body:
        item.quotes.append(Quote(said.author, said.body[:LONGEST_QUOTE]))
    elif said is not None:
        item.sentences.append(_("A file came without words."))
    item.button = item.button or _("Read and reply")
    return _("%(name)s wrote about order %(number)s") % {"name": event.actor_label, "number": order.number}


def reminded(item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen) -> str:
    """That an answer is still owed."""
    label = str(event.facts.get("label") or "")
    number = order.number if order else label
    is_overdue = bool(event.facts.get("overdue"))
    due = event.facts.get("due_at")
    if due:
        _due(item, datetime.fromisoformat(str(due)))
    if event.kind == "order.unread":
        item.button = _("Look and answer")
        item.sentences.append(
            _(
                "Your programs read our orders; nobody has opened or answered this one. See whether they have it."
            )
        )
        return _("Order %(number)s has not been read") % {"number": number}
    if notice.audience == Audience.SUPPLIER:
        item.button = _("Look and answer")
        if is_overdue:
            item.sentences.append(_("The answer was due by %(moment)s.") % {"moment": item.deadline_text})
        return _("Reminder: order %(number)s waits for your answer") % {"number": number}
    supplier = order.supplier.name if order else ""
    if event.facts.get("whose") == "supplier":
        if is_overdue:
            item.sentences.append(_("The answer was due by %(moment)s.") % {"moment": item.deadline_text})
        values = {"supplier": supplier, "number": number}
        return _("%(supplier)s has not answered order %(number)s") % values
    if order is None and (path := _page_of(event.stream)):
        item.url = f"{settings.PUBLIC_URL}{path}"
        item.button = _("Open the case")
    if is_overdue:
        item.sentences.append(_("It was due by %(moment)s.") % {"moment": item.deadline_text})
    return _("Still to do: %(what)s") % {"what": label or number}


def agreed_by_rule(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """That a rule agreed to an answer, for who wants to know."""
    assert order is not None
    facts = event.facts
    values = {"lines": lines_text(facts.get("lines") or ()), "policy": facts.get("policy", "")}
    item.sentences.append(_("Agreed by rule: %(lines)s (%(policy)s).") % values)
    item.button = _("See what the rule did")
    item.url = f"{settings.PUBLIC_URL}{reverse('rule-decisions')}?{urlencode({'order': order.number})}"
    return _("A rule agreed to an answer on order %(number)s") % {"number": order.number}


def told_link(item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen) -> str:
    """A link to an order: forwarded, or asked for anew."""
    assert order is not None
    values = {"number": order.number, "name": event.actor_label, "company": order.company.name}
    if event.kind == "link.forwarded":
        item.sentences.append(_("It opens without an account, and for this order alone."))
        return _("%(name)s forwards order %(number)s of %(company)s to you") % values
    item.sentences.append(_("You asked for it a moment ago. The one before does not open any more."))
    return _("Your new link to order %(number)s") % values


def around_order(item: Item, order: PurchaseOrder, audience: str) -> None:
    """What one wants to know of the order whatever happened on it, and by when an answer is owed."""
    count = ngettext("one line", "%(n)d lines", order.line_count) % {"n": order.line_count}
    facts = [count, money_text(order.total_amount, order.currency)]
    if order.ship_to:
        facts.append(_("ship to %(place)s") % {"place": order.ship_to.name})
    if order.incoterm:
        facts.append(f"{order.incoterm} {order.incoterm_place}".strip())
    item.facts = " · ".join(facts)
    item.buyer = order.buyer_name
    waits = audience == Audience.SUPPLIER and order.lines_for_supplier > 0
    if waits and order.acknowledge_by_at and item.deadline is None:
        _due(item, order.acknowledge_by_at)
    if waits and item.button != _("Look and confirm"):
        item.button = _("Look and answer")
    item.button = item.button or _("Open the order")


def _due(item: Item, moment: datetime) -> None:
    here = timezone.localtime(moment)
    item.deadline = moment
    item.deadline_text = f"{dateformat(here, 'D')} {moment_text(moment)}"
