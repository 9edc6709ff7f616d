"""The documents of one mail, each with its sentence, rows, quotes and button."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from django.conf import settings

from portal.kernel.audit.models import AuditEvent
from procurement.notifications.accounts import about_account
from procurement.notifications.messages import Item
from procurement.notifications.models import Notice
from procurement.notifications.presenters.cases import asked_question, mentioned
from procurement.notifications.presenters.company import told_detail, told_document, told_onboarding
from procurement.notifications.presenters.docks import differing_count, told_dock_time
from procurement.notifications.presenters.invoicing import asked_invoice, told_invoice
from procurement.notifications.presenters.orders import (
    agreed_by_rule,
    answered_change,
    around_order,
    asked_change,
    decided_answer,
    new_order,
    reminded,
    revised_order,
    told_link,
    told_message,
)
from procurement.notifications.presenters.seen import NEW, REVISED, Seen
from procurement.notifications.states import NoticeKind
from procurement.orders.models import PurchaseOrder

MOST_ROWS = 12

Writer = Callable[[Item, Notice, AuditEvent, PurchaseOrder | None, Seen], str]


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
        around_order(item, order, notices[0].audience)
    item.more_rows = max(0, len(item.rows) - MOST_ROWS)
    item.rows = item.rows[:MOST_ROWS]
    return item


_WRITERS: Mapping[str, Writer] = {
    NoticeKind.ORDER_NEW: new_order,
    NoticeKind.ORDER_REVISED: revised_order,
    NoticeKind.ANSWER_DECIDED: decided_answer,
    NoticeKind.CHANGE_ASKED: asked_change,
    NoticeKind.CHANGE_ANSWERED: answered_change,
    NoticeKind.MESSAGE: told_message,
    NoticeKind.REMINDER: reminded,
    NoticeKind.RULE_AGREED: agreed_by_rule,
    NoticeKind.MENTION: mentioned,
    NoticeKind.LINK: told_link,
    NoticeKind.QUESTION: asked_question,
    NoticeKind.DOCK_TIME: told_dock_time,
    NoticeKind.COUNT_DIFFERS: differing_count,
    NoticeKind.INVOICE_TOLD: told_invoice,
    NoticeKind.INVOICE_ASKED: asked_invoice,
    NoticeKind.ACCOUNT: about_account,
    NoticeKind.DETAIL: told_detail,
    NoticeKind.DOCUMENT: told_document,
    NoticeKind.ONBOARDING: told_onboarding,
}


def streams_of(items: Iterable[Item]) -> list[str]:
    """The documents of a mail, for its thread."""
    return [item.stream for item in items]
