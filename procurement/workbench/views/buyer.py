"""The buyer's order page: both sides' figures, and the verdict on a piece, a line or the whole answer."""

import json
import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.audit.queries import timeline_of
from portal.kernel.errors import Invalid, Refusal, StaleDocument
from portal.kernel.web import whole_number
from procurement.acknowledgments.messages import ACCEPT, DECLINE, DecideAnswer
from procurement.acknowledgments.services import decide_answer
from procurement.catalogue.queries import known_items
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import find_order, lines_of
from procurement.orders.services import Settled
from procurement.threads.queries import thread_of
from procurement.workbench.presenters import CHANNEL_WORDS, Entry, entry_of, lines_text
from procurement.workbench.queries.buyer_order import BuyerOrder, buyer_order, changes_of, revisions_of
from procurement.workbench.queries.changes import changes_on, words_owed
from procurement.workbench.queries.clock import answer_clock
from procurement.workbench.queries.compare import Compared
from procurement.workbench.queries.happened import happened
from procurement.workbench.queries.mail import drafts_shown
from procurement.workbench.queries.shipments import shipments_on
from procurement.workbench.views.kept import Typed, key_hints, read_typed
from suppliers.roles import Permission

TEMPLATE = "procurement/workbench/order_buyer.html"


# --- showing ------------------------------------------------------------------------------------------------


def show_order(
    request: DoorRequest,
    order: PurchaseOrder,
    *,
    typed: Typed | None = None,
    open_line: int | None = None,
    refusal: Refusal | None = None,
    say: str = "",
    status: int = 200,
) -> HttpResponse:
    """The order as the buying side reads it. `refusal` says why the verdict was not taken; `typed` comes back."""
    query = request.GET
    may_decide = request.actor.may(Permission.ORDER_DECIDE)
    may_see_erp = may_decide or request.actor.may(Permission.ERP_VIEW)
    page = buyer_order(
        order,
        actor=request.actor,
        at=request.at,
        show=query.get("show", ""),
        after=whole_number(query.get("after")),
        open_line=open_line if open_line is not None else whole_number(query.get("open")),
        may_decide=may_decide,
    )
    typed = typed or read_typed(query)
    may_see_items = request.actor.may(Permission.SUPPLIER_VIEW)
    context: dict[str, Any] = {
        "page": page,
        "order": order,
        "rows": _rows(page, typed, may_decide=may_decide),
        "typed": typed,
        "refusal": refusal,
        "may_decide": may_decide and bool(page.waiting),
        "may_answer_for": request.actor.may(Permission.ORDER_ANSWER_FOR) and bool(order.lines_for_supplier),
        "may_see_erp": may_see_erp,
        "items": known_items(row.line.item_number for row in page.rows) if may_see_items else frozenset(),
        "segments": _segments(page),
        "mail": order.supplier.email.partition("@"),
        "decide_url": _address(order, page.show, name="answer-decide"),
    }
    if "after" in query and getattr(request, "htmx", False):
        return render(request, f"{TEMPLATE}#more", context)
    events = timeline_of(order.stream, actor=request.actor, limit=40)
    context["answers"] = [
        {"paper": paper, "through": CHANNEL_WORDS.get(paper.channel, "")} for paper in page.answers
    ]
    context["timeline"] = _waits(page, may_decide=may_decide) + [
        entry_of(event, reader_id=request.actor.user_id, side=request.actor.side, linked=may_see_erp)
        for event in events
    ]
    context["happened"] = happened(
        order,
        page.lines,
        actor=request.actor,
        today=timezone.localdate(request.at),
        show_all=query.get("received") == "all",
    )
    today = timezone.localdate(request.at)
    context["shipped"] = shipments_on(order, page.lines, actor=request.actor, today=today)
    context["answer_clock"] = answer_clock(order, actor=request.actor, at=request.at)
    context["thread"] = thread_of(order, request.actor)
    context["changes"] = changes_on(order, actor=request.actor)
    context["mail_drafts"] = drafts_shown(order, actor=request.actor)
    context["may_negotiate"] = request.actor.may(Permission.CHANGE_NEGOTIATE)
    context["words_owed"] = words_owed(context["changes"], request.actor)
    response = render(request, TEMPLATE, context, status=status)
    if say:
        response["HX-Trigger"] = json.dumps({"toast": say})
    return response


def _rows(page: BuyerOrder, typed: Typed, *, may_decide: bool) -> list[dict[str, Any]]:
    numbers = [one.line.number for one in page.rows]
    opened = numbers.index(page.open_line) if page.open_line in numbers else None
    keys = _keys(page.rows, opened) if may_decide else [""] * len(numbers)
    return [
        {
            "one": one,
            "is_open": place == opened,
            "reason": typed.reasons.get(one.line.pk, ""),
            "key": key,
            "url": _address(page.order, page.show, open=one.line.number),
            "close_url": _address(page.order, page.show),
        }
        for place, (one, key) in enumerate(zip(page.rows, keys, strict=True))
    ]


def _keys(rows: tuple[Compared, ...], opened: int | None) -> list[str]:
    """J and K lead from one waiting line to the next."""
    waiting = [place for place, one in enumerate(rows) if one.waits]
    keys = [""] * len(rows)
    if opened is not None and opened not in waiting:
        return keys
    place = waiting.index(opened) if opened is not None else None
    for where, key in zip(waiting, key_hints(len(waiting), place), strict=True):
        keys[where] = key
    return keys


def _waits(page: BuyerOrder, *, may_decide: bool) -> list[Entry]:
    """What stands above the timeline: the ball, where the reader holds it."""
    if not (page.waiting and may_decide):
        return []
    count = len(page.waiting)
    text = ngettext("One line waits for you", "%(n)d lines wait for you", count) % {"n": count}
    return [Entry("wait", "wait", text, note=lines_text(line.number for line in page.waiting), now=True)]


def _segments(page: BuyerOrder) -> list[dict[str, Any]]:
    labels = {"needs": _("Needs you"), "changed": _("Changed"), "all": _("All")}
    if page.revision and page.revision.number > 1:
        labels["changed"] = _("Changed in revision %(number)d") % {"number": page.revision.number}
    return [
        {
            "url": _address(page.order, name) + "#lines",
            "label": f"{label} ({page.counts[name]})",
            "current": page.show == name,
        }
        for name, label in labels.items()
        if page.counts[name] or page.show == name
    ]


def _address(order: PurchaseOrder, show: str, name: str = "order", **more: Any) -> str:
    return reverse(name, args=[order.key]) + "?" + urlencode({"show": show, **more})


# --- deciding -----------------------------------------------------------------------------------------------


@door(Permission.ORDER_DECIDE, methods=["POST"])
def answer_decide(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The buyer's word on a piece, a line, or everything that waits on one order."""
    order = find_order(key, actor=request.actor)
    typed = read_typed(request.POST)
    open_line = whole_number(request.POST.get("open"))
    command, line = _read(request.POST, order, typed)
    try:
        with transaction.atomic():
            settled = decide_answer(command, actor=request.actor, at=request.at)
    except (Invalid, StaleDocument) as refusal:
        fresh = find_order(key, actor=request.actor)
        opened = line or open_line
        return show_order(
            request, fresh, typed=typed, open_line=opened, refusal=refusal, status=refusal.status
        )
    order = find_order(key, actor=request.actor)
    say = " ".join(filter(None, (_said(command.verdict, settled), _left_out(request.POST, order, settled))))
    waiting = [one for one in lines_of(order) if one.turn == "buyer"]
    following = _following([one.number for one in waiting], line) if line else None
    if getattr(request, "htmx", False):
        left = typed.without(
            frozenset(typed.reasons) - {one.pk for one in waiting}, keep_reason=bool(waiting)
        )
        return show_order(request, order, typed=left, open_line=following, say=say)
    messages.success(request, say)
    query = {"show": request.GET.get("show", "")} | ({"open": following} if following else {})
    anchor = f"#line-{following}" if following else "#lines"
    response = HttpResponseRedirect(f"{reverse('order', args=[order.key])}?{urlencode(query)}{anchor}")
    response.status_code = 303
    return response


def _read(posted: QueryDict, order: PurchaseOrder, typed: Typed) -> tuple[DecideAnswer, int | None]:
    """Which button was pressed, and the number of the line it stands in."""
    verdict = next((name for name in (ACCEPT, DECLINE) if name in posted), "")
    what, _colon, which = posted.get(verdict, "").partition(":")
    lines = {line.pk: line for line in lines_of(order)}
    number = whole_number(which.partition(".")[0])
    line = lines.get(number) if number is not None else None
    piece = whole_number(which.partition(".")[2]) if what == "piece" else None
    is_whole = what == "all"
    return (
        DecideAnswer(
            order=order.key,
            version=whole_number(posted.get("version")) or 0,
            # A button that names no line of this order decides nothing.
            verdict=verdict if is_whole or line else "",
            pieces=frozenset({piece} if piece is not None else ()),
            lines=frozenset({line.key} if line else ()),
            reason=typed.reason if is_whole else typed.reasons.get(line.pk if line else 0, ""),
        ),
        line.number if line and not is_whole else None,
    )


def _following(waiting: list[int], line: int) -> int | None:
    """The line to look at next: this one while a piece of it waits, else the next one, else the first."""
    if line in waiting:
        return line
    return next((number for number in waiting if number > line), waiting[0] if waiting else None)


def _said(verdict: str, settled: Settled) -> str:
    if verdict == DECLINE:
        values = {"lines": lines_text(settled.disputed)}
        return _("Declined: %(lines)s. The supplier answers again.") % values
    done = (*settled.agreed, *settled.refused)
    if not done:
        return _("Piece accepted. The ERP is told once the whole line is settled.")
    return _("Accepted: %(lines)s. The ERP is told.") % {"lines": lines_text(sorted(done))}


def _left_out(posted: QueryDict, order: PurchaseOrder, settled: Settled) -> str:
    """What the page offered for a verdict on the whole answer, and what did not wait for one any more."""
    if posted.get(ACCEPT, posted.get(DECLINE)) != "all":
        return ""
    offered = {whole_number(text) for text in posted.get("offered", "").split(".")}
    decided = {*settled.agreed, *settled.refused, *settled.disputed, *settled.waiting}
    numbers = [one.number for one in lines_of(order) if one.pk in offered and one.number not in decided]
    if not numbers:
        return ""
    text = ngettext(
        "%(lines)s did not wait for you any more and stays as it is.",
        "%(lines)s did not wait for you any more and stay as they are.",
        len(numbers),
    )
    return text % {"lines": lines_text(numbers).capitalize()}


# --- revisions ----------------------------------------------------------------------------------------------


@door(Permission.ORDER_VIEW)
def order_revisions(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Every revision of an order as the ERP sent it, and what each one moved."""
    order = find_order(key, actor=request.actor)
    revisions = [
        {"revision": revision, "changes": changes_of(revision.changes)}
        for revision in revisions_of(order, request.actor)
    ]
    context = {"order": order, "revisions": revisions}
    return render(request, "procurement/workbench/order_revisions.html", context)
