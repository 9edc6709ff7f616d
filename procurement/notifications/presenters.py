"""A mail in its reader's words: what happened, from what to what, what is asked, by when.

Note [Reader's scope]: everything a mail says is read under its reader's own scope, in which row level security shows a
supplier no internal fact, no internal note and nothing of another supplier. A fact that cannot be seen there says
nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.dateformat import format as dateformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import day_text, figure, moment_text, money_text, quantity_text
from procurement.changes.messages import terms_from_json
from procurement.changes.models import OrderChange
from procurement.changes.presenters import differences, kinds_text, why_text
from procurement.changes.queries import visible_changes
from procurement.links.queries import ASKED_FOR
from procurement.notifications.accounts import about_account
from procurement.notifications.messages import Item, Quote, Row, Written
from procurement.notifications.models import Notice
from procurement.notifications.policies import APPROVAL_ASKED
from procurement.notifications.states import Audience, Cadence, NoticeKind
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.presenters import field_word, lines_text, shown_value
from procurement.orders.queries import visible_lines, visible_orders
from procurement.payables.presenters.by_link import short_lines, summary_of
from procurement.payables.presenters.sentences import held_text
from procurement.payables.queries.by_link import InShort, approvals_asked, in_short
from procurement.receipts.policies import Tally
from procurement.receipts.presenters import difference_text
from procurement.receipts.states import Word
from procurement.threads.models import Message
from procurement.tolerances.presenters.sentences import said_by
from suppliers.details.states import Part, Way
from suppliers.documents.presenters import kind_name
from suppliers.onboarding.presenters import names_of as steps_text

MOST_ROWS = 12
MOST_LISTED = 50
LONGEST_QUOTE = 2_000

NEW, REVISED, DECIDED = NoticeKind.ORDER_NEW, NoticeKind.ORDER_REVISED, NoticeKind.ANSWER_DECIDED


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader may see of what some notices are about."""

    orders: Mapping[int, PurchaseOrder]
    events: Mapping[int, AuditEvent]
    lines: Mapping[int, Sequence[PurchaseOrderLine]]
    messages: Mapping[int, Message]
    changes: Mapping[str, OrderChange]
    to_approve: Mapping[str, InShort] = field(default_factory=dict)


def seen_by(actor: Actor, notices: Sequence[Notice]) -> Seen:
    """Read what these notices are about as their reader may see it. See Note [Reader's scope]."""
    events = AuditEvent.objects.visible_to(actor).filter(pk__in=[one.event_id for one in notices])
    if actor.is_supplier:
        events = events.filter(internal=False)
    by_id = {event.pk: event for event in events}
    ids = {one.order_id for one in notices if one.order_id}
    orders = visible_orders(actor).filter(pk__in=ids).select_related("company", "supplier", "ship_to")
    lines: dict[int, list[PurchaseOrderLine]] = defaultdict(list)
    for line in visible_lines(actor).filter(order__in=ids).order_by("order_id", "number"):
        lines[line.order_id].append(line)
    said = [event.facts["message"] for event in by_id.values() if "message" in event.facts]
    messages = Message.objects.visible_to(actor).filter(pk__in=said)
    if actor.is_supplier:
        messages = messages.filter(internal=False)
    asked = [event.facts["change"] for event in by_id.values() if "change" in event.facts]
    changes = visible_changes(actor).filter(key__in=asked)
    to_approve: dict[str, InShort] = {}
    keys = [str(one.facts.get("approval")) for one in by_id.values() if one.kind in APPROVAL_ASKED]
    if keys and actor.is_company:
        approvals = approvals_asked(keys)
        told = in_short([one.invoice for one in approvals.values()])
        to_approve = {key: told[one.invoice_id] for key, one in approvals.items()}
    return Seen(
        {order.pk: order for order in orders},
        by_id,
        lines,
        {message.pk: message for message in messages},
        {str(change.key): change for change in changes},
        to_approve,
    )


# --- one document in a mail ----------------------------------------------------------------------------------


def items_of(notices: Sequence[Notice], seen: Seen, urls: Mapping[str, str]) -> list[Item]:
    """The documents of a mail, most urgent first; `urls` are the ways to them by stream."""
    streams: dict[tuple[str, str], list[Notice]] = {}
    for one in notices:
        if one.event_id in seen.events and (one.order_id is None or one.order_id in seen.orders):
            sheet = str(
                seen.events[one.event_id].facts.get("sheet", "")
            )  # of a shipment there may be several
            streams.setdefault((one.stream, sheet), []).append(one)
    items = [_item(stream, ones, seen, urls) for (stream, _sheet), ones in streams.items()]
    return sorted(items, key=lambda item: (item.deadline is None, item.deadline, item.number))


def _item(stream: str, notices: Sequence[Notice], seen: Seen, urls: Mapping[str, str]) -> Item:
    order = seen.orders.get(notices[0].order_id or 0)
    item = Item(stream, order.number if order else "", urls.get(stream, settings.PUBLIC_URL), "")
    for one in notices:
        event = seen.events[one.event_id]
        heading = _WRITERS[one.kind](item, one, event, order, seen)
        if not item.heading or one.kind in (NEW, REVISED, NoticeKind.CHANGE_ASKED):
            item.heading = heading
    if order is not None:
        _around(item, order, notices[0].audience)
    item.more_rows = max(0, len(item.rows) - MOST_ROWS)
    item.rows = item.rows[:MOST_ROWS]
    return item


def _around(item: Item, order: PurchaseOrder, audience: str) -> None:
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


Writer = Callable[[Item, Notice, AuditEvent, PurchaseOrder | None, Seen], str]


def _new(item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen) -> str:
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


def _revised(item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen) -> str:
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


def _decided(item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen) -> str:
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


def _change_asked(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
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


def _change_answered(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
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


def _message(item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen) -> str:
    assert order is not None
    said = seen.messages.get(int(event.facts.get("message") or 0))
    if said is not None and said.body:
        item.quotes.append(Quote(said.author, said.body[:LONGEST_QUOTE]))
    elif said is not None:
        item.sentences.append(_("A file came without words."))
    item.button = item.button or _("Read and reply")
    return _("%(name)s wrote about order %(number)s") % {"name": event.actor_label, "number": order.number}


def _reminder(item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen) -> str:
    label = str(event.facts.get("label") or "")
    number = order.number if order else label
    is_overdue = bool(event.facts.get("overdue"))
    due = event.facts.get("due_at")
    if due:
        _due(item, datetime.fromisoformat(str(due)))
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


def _rule_agreed(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    assert order is not None
    facts = event.facts
    values = {"lines": lines_text(facts.get("lines") or ()), "policy": facts.get("policy", "")}
    item.sentences.append(_("Agreed by rule: %(lines)s (%(policy)s).") % values)
    item.button = _("See what the rule did")
    item.url = f"{settings.PUBLIC_URL}{reverse('rule-decisions')}?{urlencode({'order': order.number})}"
    return _("A rule agreed to an answer on order %(number)s") % {"number": order.number}


def _mention(item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen) -> str:
    if words := str(event.facts.get("words") or ""):
        item.quotes.append(Quote(event.actor_label, words[:LONGEST_QUOTE]))
    if (path := _page_of(event.stream)) and order is None:
        item.url = f"{settings.PUBLIC_URL}{path}"
    item.button = _("Open the case")
    values = {"name": event.actor_label, "number": event.facts.get("number", "")}
    if values["number"]:
        return _("%(name)s named you on case %(number)s") % values
    return _("%(name)s named you") % values


def _question(item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen) -> str:
    """A question, and nothing else of the case: whom it is put to may be anybody."""
    facts = event.facts
    name = str(facts.get("by") or event.actor_label)
    item.quotes.append(Quote(name, str(facts.get("question") or "")[:LONGEST_QUOTE]))
    if due := str(facts.get("due_on") or ""):
        item.sentences.append(
            _("An answer is needed by %(day)s.") % {"day": day_text(date.fromisoformat(due))}
        )
    item.button = _("Answer the question")
    if notice.audience == Audience.OUTSIDE:
        until = {"day": day_text(timezone.localdate() + ASKED_FOR)}
        item.sentences.append(_("The button opens this question and nothing else, until %(day)s.") % until)
    else:
        item.url = f"{settings.PUBLIC_URL}{reverse('inbox-task', args=[facts['task']])}"
    if event.kind == "case.task_reminded":
        return _("Reminder: %(name)s waits for your answer") % {"name": name}
    return _("%(name)s asks you something") % {"name": name}


def _page_of(stream: str) -> str:
    """The page of a document that is told of by name alone: a case is of a floor above."""
    kind, _colon, key = stream.partition(":")
    try:
        return reverse({"case": "inbox-case"}.get(kind, kind), args=[key])
    except NoReverseMatch:
        return ""


def _link(item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen) -> str:
    assert order is not None
    values = {"number": order.number, "name": event.actor_label, "company": order.company.name}
    if event.kind == "link.forwarded":
        item.sentences.append(_("It opens without an account, and for this order alone."))
        return _("%(name)s forwards order %(number)s of %(company)s to you") % values
    item.sentences.append(_("You asked for it a moment ago. The one before does not open any more."))
    return _("Your new link to order %(number)s") % values


def _dock_time(item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen) -> str:
    """A time at a dock, as the clock there shows it, with its zone."""
    facts = event.facts
    zone = str(facts["zone"])
    start = datetime.fromisoformat(str(facts["starts_at"])).astimezone(ZoneInfo(zone))
    when = f"{dateformat(start, 'D')} {day_text(start.date())}, {start:%H:%M} ({zone})"
    item.number = str(facts["number"])
    item.rows.append(Row(str(facts["site"]), _("Time at the dock"), "", when))
    if facts.get("door") and event.kind in ("shipment.time_confirmed", "shipment.time_accepted"):
        item.rows.append(Row(str(facts["site"]), _("Door"), "", str(facts["door"])))
    if words := str(facts.get("why") or facts.get("note") or ""):
        item.quotes.append(Quote(event.actor_label, words[:LONGEST_QUOTE]))
    item.url = f"{settings.PUBLIC_URL}{reverse('shipment', args=[facts['notice']])}"
    item.signs_in = True
    asks = event.kind in ("shipment.time_asked", "shipment.time_proposed")
    item.button = _("Look and answer") if asks else _("Open the ship notice")
    values = {"name": said_by(event.actor_label), "number": item.number}
    texts = {
        "shipment.time_asked": _("%(name)s asks for a time at the dock for %(number)s"),
        "shipment.time_proposed": _("%(name)s proposes a time at the dock for %(number)s"),
        "shipment.time_confirmed": _("The time at the dock for %(number)s is confirmed"),
        "shipment.time_accepted": _("%(name)s takes the time at the dock for %(number)s"),
        "shipment.time_refused": _("The time at the dock for %(number)s is refused"),
        "shipment.time_cancelled": _("%(name)s gives up the time at the dock for %(number)s"),
        "shipment.time_recalled": _("The dock takes back its time for %(number)s"),
        "shipment.time_missed": _("Nothing came at the time for %(number)s"),
    }
    return texts[event.kind] % values


def _count_differs(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """What was counted otherwise than announced, line by line; or what somebody said of it."""
    facts = event.facts
    item.number = str(facts.get("number") or "")
    item.url = f"{settings.PUBLIC_URL}{reverse('receiving-sheet', args=[facts['sheet']])}"
    item.signs_in = True
    values = {"name": event.actor_label, "number": item.number}
    if event.kind == "count.posted":
        return _counted(item, facts) % values
    if event.kind == "count.reversed":
        item.rows.clear()
        item.heads = None
        item.sentences[:] = [_("Nothing of it is asked any more. The goods are counted anew.")]
        item.quotes.append(Quote(event.actor_label, str(facts.get("why") or "")[:LONGEST_QUOTE]))
        item.button = _("Open the count")
        return _("%(name)s takes back the count of %(number)s") % values
    about = str(facts.get("item") or "")
    if "line" in facts:
        about = _("Order %(order)s line %(line)s") % {"order": facts["order"], "line": facts["line"]}
    item.sentences.append(f"{about}: {Word(facts['word']).label}.")
    if why := str(facts.get("why") or ""):
        item.quotes.append(Quote(f"{event.actor_label} ({about})", why[:LONGEST_QUOTE]))
    if event.kind == "count.difference_settled":
        item.button = item.button or _("Open the count")
        return _("%(name)s settles what came otherwise with %(number)s") % values
    item.button = _("Look and settle")
    return _("%(name)s answers the count of %(number)s") % values


def _counted(item: Item, facts: Mapping[str, Any]) -> str:
    """The rows of a posted count that differs, what is asked, and how its heading goes."""
    item.heads = (_("Announced"), _("Counted"))
    for line in facts["lines"]:
        if not line.get("differs"):
            continue
        announced = None if line["announced"] is None else Decimal(line["announced"])
        tally = Tally(announced, *(Decimal(line[name]) for name in ("before", "good", "damaged")))
        unit = str(line["unit"])
        what = ". ".join(filter(None, (difference_text(tally, line["rest"], unit), str(line["why"]))))
        head = _("Order %(order)s line %(line)s: %(item)s") % {
            name: line[name] for name in ("order", "line", "item")
        }
        was = "" if announced is None else quantity_text(announced, unit)
        item.rows.append(Row(head, what, was, quantity_text(tally.before + tally.counted, unit)))
    for wrong in facts["wrong"]:
        item.rows.append(
            Row(_("On no line: %(item)s") % {"item": wrong}, _("came and was not ordered"), "–", "–")
        )
    item.sentences.append(
        _(
            "Please say whether you agree. If you dispute it, say why; you can add pictures. The buyer settles it then."
        )
    )
    item.button = _("Look and answer")
    if facts.get("notice"):
        return _("%(number)s was counted otherwise than announced")
    return _("Not all that came with %(number)s is right")


def _invoice_told(
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


def _invoice_asked(
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


def _detail(item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen) -> str:
    """A change of company data: it waits for the reader, or came into force, or was refused. What it says is on its
    page, for who is signed in."""
    facts = event.facts
    item.number = str(facts.get("supplier", ""))
    if key := facts.get("detail"):
        item.url = f"{settings.PUBLIC_URL}{reverse('detail-change', args=[key])}"
    item.signs_in = True
    item.button = _("Look at the change")
    if event.kind.startswith("detail_rule."):
        item.url, item.button = f"{settings.PUBLIC_URL}{reverse('detail-rules')}", _("Which changes wait")
    if words := str(facts.get("reason") or ""):
        item.quotes.append(Quote(event.actor_label, words[:LONGEST_QUOTE]))
    if event.kind == "supplier.change_requested":
        item.sentences.append(_("Until somebody has decided, what stood stands."))
    values = {
        "name": event.actor_label,
        "supplier": facts.get("supplier", ""),
        "part": dict(Part.choices).get(facts.get("part"), ""),
    }
    texts = {
        "supplier.change_requested": _("Company data of %(supplier)s waits for you: %(part)s"),
        "supplier.detail_changed": _("%(name)s changed company data: %(part)s"),
        "supplier.change_approved": _("Approved, and in force now: %(part)s"),
        "supplier.change_refused": _("Not taken over: %(part)s"),
        "detail_rule.loosening_asked": _("%(name)s asks that changes come into force at once: %(part)s"),
        "detail_rule.changed": _("Changes wait for approval from now on: %(part)s"),
    }
    if event.kind == "detail_rule.changed" and facts.get("to") == Way.AT_ONCE:
        return _("Changes come into force at once from now on: %(part)s") % values
    return texts[event.kind] % values


# What is for our administrator, and its page.
OURS = {"onboarding.submitted": "onboarding-run", "registration.received": "registration"}


def _onboarding(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """What is asked of a supplier to get started, and what became of it; for us, that one is handed in."""
    facts = event.facts
    supplier = str(facts.get("supplier", ""))
    item.number = supplier
    item.signs_in = True
    key = event.stream.partition(":")[2]
    is_ours = event.kind in OURS
    path = reverse(OURS[event.kind], args=[key]) if is_ours else reverse("getting-started")
    item.url = f"{settings.PUBLIC_URL}{path}"
    item.button = _("Look at it") if is_ours else _("Getting started")
    if words := str(facts.get("reason") or ""):
        item.quotes.append(Quote(event.actor_label, words[:LONGEST_QUOTE]))
    values = {"supplier": supplier, "who": event.actor_label, "steps": steps_text(facts.get("steps") or ())}
    if event.kind == "onboarding.reminded":
        item.sentences.append(_("Open still: %(steps)s. Orders go on meanwhile.") % values)
    if event.kind == "onboarding.invited":
        item.sentences.append(_("Each step says what it is for. Orders go on meanwhile."))
    texts = {
        "onboarding.invited": _("We ask you for a few things about %(supplier)s"),
        "onboarding.reminded": _("A few steps are open still for %(supplier)s"),
        "onboarding.submitted": _("%(supplier)s has handed in its onboarding"),
        "registration.received": _("%(supplier)s asks to become a supplier"),
        "onboarding.handed_back": _("Something is to be done again for %(supplier)s"),
        "onboarding.approved": _("Thank you: everything is there for %(supplier)s"),
        "onboarding.refused": _("The onboarding of %(supplier)s was refused"),
    }
    return texts[event.kind] % values


def _document(item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen) -> str:
    """A document that is asked for, or what became of one; for a reviewer, that one waits."""
    facts = event.facts
    name = kind_name(str(facts["kind"]), str(facts["kind_name"]))
    item.number = name
    item.signs_in = True
    version = facts.get("version")
    path = reverse("document-version", args=[version]) if version else reverse("document-list")
    item.url = f"{settings.PUBLIC_URL}{path}"
    item.button = _("Look at the document") if version else _("Supply it")
    until = day_text(date.fromisoformat(str(facts["until"]))) if facts.get("until") else ""
    values = {"name": name, "who": event.actor_label, "day": until}
    if event.kind == "document.admitted":
        return _("%(who)s gave a document to review: %(name)s") % values
    if event.kind == "document.accepted":
        item.sentences.append(_("It is valid until %(day)s.") % values if until else _("It has no end."))
        return _("Accepted: %(name)s") % values
    if event.kind in ("document.refused", "document.infected", "document.unjudged"):
        if reason := str(facts.get("reason") or ""):
            item.quotes.append(Quote(event.actor_label, reason[:LONGEST_QUOTE]))
        if found := str(facts.get("found") or ""):
            text = _("The file carries malware (%(what)s). Look after the machine it comes from.")
            item.sentences.append(text % {"what": found})
        if event.kind == "document.unjudged":
            item.sentences.append(_("The virus scanner could not look into the file. Save it anew."))
        item.sentences.append(_("Please supply another one. What was accepted before stays in force."))
        return _("Not accepted: %(name)s") % values
    due = {"day": day_text(date.fromisoformat(str(facts["due_on"])))}
    if not facts.get("compulsory"):
        item.sentences.append(_("It is not compulsory: it helps us if you have one."))
    elif facts.get("has_ended"):
        item.sentences.append(_("The one that we have ended on %(day)s.") % values)
    elif until:
        item.sentences.append(_("The one that we have is valid until %(day)s.") % values)
    else:
        item.sentences.append(_("Please supply it by %(day)s.") % due)
    item.sentences.append(_("Orders go on meanwhile. A picture taken with a phone will do."))
    if event.kind == "document.missed":
        return _("Overdue: %(name)s") % values
    if event.kind == "document.reminded":
        return _("Reminder: %(name)s is asked of you") % values
    return _("A document is asked of you: %(name)s") % values


_EARLY_SENTENCES = {
    "invoice.early_agreed": gettext_lazy("Pay it on %(day)s: %(pays)s, that is %(less)s less."),
    "invoice.early_withdrawn": gettext_lazy("It is paid in full on %(due)s again."),
    "invoice.early_missed": gettext_lazy(
        "It was to be paid on %(day)s for %(less)s less. All of it is due on %(due)s again."
    ),
}


_WRITERS: Mapping[str, Writer] = {
    NoticeKind.ORDER_NEW: _new,
    NoticeKind.ORDER_REVISED: _revised,
    NoticeKind.ANSWER_DECIDED: _decided,
    NoticeKind.CHANGE_ASKED: _change_asked,
    NoticeKind.CHANGE_ANSWERED: _change_answered,
    NoticeKind.MESSAGE: _message,
    NoticeKind.REMINDER: _reminder,
    NoticeKind.RULE_AGREED: _rule_agreed,
    NoticeKind.MENTION: _mention,
    NoticeKind.LINK: _link,
    NoticeKind.QUESTION: _question,
    NoticeKind.DOCK_TIME: _dock_time,
    NoticeKind.COUNT_DIFFERS: _count_differs,
    NoticeKind.INVOICE_TOLD: _invoice_told,
    NoticeKind.INVOICE_ASKED: _invoice_asked,
    NoticeKind.ACCOUNT: about_account,
    NoticeKind.DETAIL: _detail,
    NoticeKind.DOCUMENT: _document,
    NoticeKind.ONBOARDING: _onboarding,
}


# --- the whole mail ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is around the words of a mail: to whom, why they get it, and the ways out."""

    name: str
    address: str
    company: str
    audience: str
    cadence: str
    may_reply: bool
    stop_url: str = ""
    kinds: Sequence[str] = ()


def written(items: Sequence[Item], envelope: Envelope) -> Written:
    """A mail of one document, or of several, as text and as HTML. Its reader's language and zone are active."""
    single = items[0] if len(items) == 1 else None
    if single is None:
        for item in items:
            item.sentences = [*_beside(item), *item.sentences]
    context = {
        "items": items[:MOST_LISTED],
        "more_items": max(0, len(items) - MOST_LISTED),
        "single": single,
        "first": items[0],
        "heading": _heading(items, envelope),
        "preheader": " ".join([*items[0].sentences, *(quote.words[:120] for quote in items[0].quotes)])[:200],
        "envelope": envelope,
        "is_supplier": envelope.audience == Audience.SUPPLIER,
        "no_account": envelope.audience != Audience.COMPANY and not items[0].signs_in,
        "why": _why(envelope),
    }
    subject = " ".join(_subject(items, envelope).split())
    text = render_to_string("mail/notice.txt", context).strip() + "\n"
    return Written(subject, text, render_to_string("mail/notice.html", context))


def _beside(item: Item) -> list[str]:
    """The two figures of each row in a sentence, where a mail of several documents has no room for a table."""
    if item.heads is None:
        return []
    was, now = item.heads
    said = []
    for row in item.rows:
        figures = f"{was}: {row.old} · {now}: {row.new}" if row.old else f"{now}: {row.new}"
        said.append(f"{row.head}, {row.detail}. {figures}" if row.detail else f"{row.head}. {figures}")
    return said


def _heading(items: Sequence[Item], envelope: Envelope) -> str:
    if len(items) == 1:
        return _with_deadline(items[0], envelope)
    waiting = sum(item.deadline is not None for item in items)
    if envelope.cadence == Cadence.AT_ONCE and waiting == len(items):
        return ngettext("%(n)d order waits for you", "%(n)d orders wait for you", waiting) % {"n": waiting}
    if all(item.stream.startswith("document:") for item in items):
        return ngettext("News of %(n)d document", "News of %(n)d documents", len(items)) % {"n": len(items)}
    if not all(item.stream.startswith("order:") for item in items):
        return _("News of %(n)d orders and shipments") % {"n": len(items)}
    return ngettext("News of %(n)d order", "News of %(n)d orders", len(items)) % {"n": len(items)}


def _with_deadline(item: Item, envelope: Envelope) -> str:
    if item.deadline is None or envelope.audience != Audience.SUPPLIER:
        return f"{item.heading}."
    return _("%(heading)s. Please answer by %(moment)s.") % {
        "heading": item.heading,
        "moment": item.deadline_text,
    }


def _subject(items: Sequence[Item], envelope: Envelope) -> str:
    text = _heading(items, envelope).rstrip(".")
    return f"{envelope.company}: {text}" if envelope.company and len(items) > 1 else text


def _why(envelope: Envelope) -> str:
    """Why somebody gets this: how often they want it."""
    how = {
        Cadence.AT_ONCE: _("Sent to %(address)s at once."),
        Cadence.DAILY: _("Sent to %(address)s once a day."),
        Cadence.WEEKLY: _("Sent to %(address)s once a week."),
    }
    text = how.get(Cadence(envelope.cadence), _("Sent to %(address)s."))
    return text % {"address": envelope.address}


def streams_of(items: Iterable[Item]) -> list[str]:
    """The documents of a mail, for its thread."""
    return [item.stream for item in items]
