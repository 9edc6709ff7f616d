"""The page behind a signed link: an order is read, answered, talked about and forwarded without an account."""

import uuid

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, public
from portal.kernel.audit.queries import timeline_of
from portal.kernel.errors import Invalid, NotAllowed, NotFound, Refusal
from portal.kernel.link_door import hidden, spoken
from portal.kernel.scope import acting
from portal.kernel.web import whole_number
from procurement.acknowledgments.services import Acknowledged
from procurement.changes.forms import read_wish_form
from procurement.changes.messages import AnswerChange, ReviseChange
from procurement.changes.queries import find_change
from procurement.changes.services import accept_change, counter_change, decline_change
from procurement.links.queries import actor_of_link, find_link
from procurement.links.services import (
    ask_again,
    forward_link,
    hold_link,
    open_beside,
    refuse_link,
    see_link,
    spend_link,
)
from procurement.links.states import Purpose
from procurement.notifications.services import see_order
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import lock_order
from procurement.threads.messages import NewMessage
from procurement.threads.queries import thread_of
from procurement.threads.services import send_message
from procurement.workbench.presenters import entry_of
from procurement.workbench.queries.grid import reasons
from procurement.workbench.queries.link import ANSWER, link_page, must_sign_in, order_of
from procurement.workbench.queries.mail import drafts_shown
from procurement.workbench.views.link_door import CLOSED, LinkRequest, link_door
from procurement.workbench.views.sending import send_answer
from procurement.workbench.views.typed import LINE_ACTS, act_on_line, keep_typing

TEMPLATE = "procurement/workbench/link.html"
SHOWN_EVENTS = 12
ANSWERS = {"accept": accept_change, "decline": decline_change}


def _done_texts() -> dict[str, str]:
    """What the page says after a press: named in the address, since there is no session to keep it in."""
    return {
        "answered": _("Your answer is sent. Thank you; nothing more is to do here."),
        "kept": _("Kept as a draft. Nothing is sent yet."),
        "accept": _("Agreed; the buyer’s system is told."),
        "decline": _("Declined; the buyer reads why."),
        "counter": _("Your counter-proposal is on the table."),
        "said": _("Your message is in the order’s thread; the buyer is told."),
        "asked": _("Your change request is on the table; the buyer is told."),
        "replied": _("Your answer to the change request is sent; the buyer is told."),
        "discarded": _("Discarded. What was written stays in the thread."),
        "forwarded": _("Forwarded. Your colleague gets a mail with a link of their own."),
    }


def _show(
    request: LinkRequest,
    order: PurchaseOrder | None = None,
    *,
    problems: list[dict[str, str]] | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    page = link_page(request.link, actor=request.actor, at=request.at)
    events = timeline_of(page.order.stream, actor=request.actor, limit=SHOWN_EVENTS)
    if isinstance(refusal, Invalid) and refusal.problems and not problems:
        problems = [{"id": one.field, "message": one.message} for one in refusal.problems]
        refusal = None
    context = {
        "page": page,
        "grid": page.grid,
        "order": page.order,
        "link": request.link,
        "token": request.token,
        "problems": problems,
        "refusal": refusal,
        "done": _done_texts().get(request.GET.get("done", ""), "") if status == 200 else "",
        "line_reasons": reasons(),
        "thread": thread_of(page.order, request.actor),
        "mail_drafts": drafts_shown(page.order, actor=request.actor),
        "timeline": [entry_of(event) for event in events],
        "body": request.POST.get("body", ""),
        "address": request.POST.get("address", ""),
    }
    return render(request, TEMPLATE, context, status=status)


def refused_page(request: LinkRequest, refusal: Refusal) -> HttpResponse:
    """The document as it stands now, with the sentence that says why the press did nothing."""
    return _show(request, refusal=refusal, status=refusal.status)


def to_page(request: LinkRequest, done: str = "", anchor: str = "") -> HttpResponse:
    address = reverse("link", args=[request.token]) + (f"?done={done}" if done else "") + anchor
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def held_order_of(request: LinkRequest) -> PurchaseOrder:
    """The order of a link, held before anything holds the link, as an answer does.

    Whatever refers to the order waits for its holder, at the latest when it is committed; with the link in its hand it
    would keep that holder waiting too.
    """
    return lock_order(order_of(request.link, request.actor).key, actor=request.actor)


def require_no_sign_in(order: PurchaseOrder) -> None:
    """Raise where the company wants people to sign in before they act. See LINK_SIGN_IN_SEGMENTS."""
    if must_sign_in(order):
        raise NotAllowed(_("For this order one signs in before answering. Sign in below, and answer there."))


@link_door()
def link(request: LinkRequest) -> HttpResponse:
    """Show the order. Nothing is done by that, whoever or whatever opens it."""
    return _show(request)


@link_door(methods=["POST"])
def link_seen(request: LinkRequest) -> HttpResponse:
    """The page was touched by a person: posted once by its script when a pointer or a key moves on it."""
    order = held_order_of(request)
    see_link(request.link, actor=request.actor, at=request.at)
    see_order(order, actor=request.actor, at=request.at)
    return HttpResponse(status=204)


@link_door(methods=["POST"], refused=refused_page)
def link_answer(request: LinkRequest) -> HttpResponse:
    """Keep what is typed, do what a button of a line says, or send the answer: what was typed, the rest as asked."""
    order = held_order_of(request)
    require_no_sign_in(order)
    held = hold_link(request.link, ANSWER, at=request.at)
    typing = keep_typing(request, order)
    if "send" not in request.POST:
        for act in LINE_ACTS:
            if act in request.POST:
                line_id = act_on_line(request, order, typing, act, request.POST[act])
                return to_page(request, "kept", f"#line-{line_id}" if line_id else "")
        if getattr(request, "htmx", False):
            page = link_page(request.link, actor=request.actor, at=request.at)
            return render(request, f"{TEMPLATE}#verdicts", {"page": page, "grid": page.grid})
        return to_page(request, "kept", "#lines")

    def sent(_request: DoorRequest, order: PurchaseOrder, _done: Acknowledged) -> HttpResponse:
        spend_link(held, ANSWER, at=request.at)
        see_order(order, actor=request.actor, at=request.at)
        return to_page(request, "answered")

    return send_answer(request, order, typing, show=_show, sent=sent)


@link_door(methods=["POST"], refused=refused_page)
def link_change(request: LinkRequest, key: uuid.UUID) -> HttpResponse:
    """Yes, no, or something else, to a change that is asked for on this order. Each is answered once with a link."""
    order = order_of(request.link, request.actor)
    require_no_sign_in(order)
    found = find_change(key, actor=request.actor)
    if found.order_id != order.pk:
        raise NotFound(_("There is no such change request."))
    lock_order(order.key, actor=request.actor)
    held = hold_link(request.link, str(key), at=request.at)
    verb = request.POST.get("verb", "")
    version = whole_number(request.POST.get("version")) or 0
    with transaction.atomic():
        if verb == "counter":
            sent = read_wish_form(request.POST, get_language() or "en")
            if sent.problems:
                raise Invalid(sent.problems[0].message, sent.problems)
            wish = ReviseChange(key, version, sent.wish, sent.typed.reason, sent.typed.note)
            counter_change(wish, actor=request.actor, at=request.at)
        elif verb in ANSWERS:
            note = request.POST.get("note", "").replace("\r\n", "\n")
            word = AnswerChange(key, version, request.POST.get("reason", ""), note)
            ANSWERS[verb](word, actor=request.actor, at=request.at)
        else:
            raise Invalid(_("Press one of the buttons: accept, decline or counter."))
    spend_link(held, str(key), at=request.at)
    return to_page(request, verb)


@link_door(methods=["POST"], refused=refused_page)
def link_message(request: LinkRequest) -> HttpResponse:
    """Say something to the buyer about the order."""
    order = order_of(request.link, request.actor)
    require_no_sign_in(order)
    send_message(NewMessage(order.key, request.POST.get("body", "")), actor=request.actor, at=request.at)
    return to_page(request, "said", "#thread")


@link_door(methods=["POST"], refused=refused_page)
def link_forward(request: LinkRequest) -> HttpResponse:
    """Give a colleague a link of their own to this order."""
    held_order_of(request)
    forward_link(
        request.link,
        request.POST.get("address", ""),
        request.POST.get("name", ""),
        actor=request.actor,
        at=request.at,
    )
    return to_page(request, "forwarded")


@link_door(methods=["POST"], refused=refused_page)
def link_open(request: LinkRequest, key: uuid.UUID) -> HttpResponse:
    """Go on to another order of the same supplier, by a link of its own."""
    order = lock_order(key, actor=request.actor)
    made = open_beside(request.link, order, Purpose.ANSWER, actor=request.actor, at=request.at)
    response = HttpResponseRedirect(reverse("link", args=[made.token]))
    response.status_code = 303
    return response


@link_door(methods=["POST"], refused=refused_page)
def link_refuse(request: LinkRequest) -> HttpResponse:
    """“This is not for me”: the link ends, and the buyer reads that it went to the wrong person."""
    refuse_link(request.link, actor=request.actor, at=request.at)
    return render(request, CLOSED, {"token": "", "refused": True})


@public
def link_renew(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for a new link at the address the old one was sent to. The answer is the same whether there is one."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    found = find_link(token)
    actor = actor_of_link(found) if found else None
    if found is not None and actor is not None:
        with acting(actor):
            ask_again(found, actor=actor, at=timezone.now())
    with translation.override(spoken(found.language) if found else get_language() or "en"):
        return hidden(render(request, CLOSED, {"token": "", "asked": True}))
