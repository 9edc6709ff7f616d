"""The doors of a draft: the panel's buttons on an order's page."""

import uuid
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.web import back_or, see_other, whole_number
from procurement.changes.services import Proposed
from procurement.mailroom.messages import DecideDraft
from procurement.mailroom.queries import find_draft
from procurement.mailroom.services import confirm_draft, correct_draft, discard_draft
from suppliers.roles import Permission

MAY_ANSWER = (Permission.ORDER_ACKNOWLEDGE, Permission.ORDER_ANSWER_FOR)


def _command(request: DoorRequest, key: uuid.UUID) -> DecideDraft:
    version = whole_number(request.POST.get("version")) or 0
    return DecideDraft(key, version, request.POST.get("reason", ""))


def _back(request: DoorRequest, order: uuid.UUID) -> HttpResponse:
    response = HttpResponseRedirect(back_or(request, reverse("order", args=[order])))
    response.status_code = 303
    return response


@door(*MAY_ANSWER, methods=["POST"])
def draft_confirm(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Take a draft as the supplier's word."""
    done = confirm_draft(_command(request, key), actor=request.actor, at=request.at)
    if done.answer:
        settled = done.answer.settled
        count = len(settled.as_asked) + len(settled.by_rule)
        waiting = len(settled.waiting) + len(settled.refused)
        parts = []
        if count:
            parts.append(ngettext("one line agreed", "%(n)d lines agreed", count) % {"n": count})
        if waiting:
            text = ngettext("one line waits for the buyer", "%(n)d lines wait for the buyer", waiting)
            parts.append(text % {"n": waiting})
        messages.success(request, _("Taken as the answer: %(parts)s.") % {"parts": ", ".join(parts)})
    elif done.answered:
        messages.success(request, _("The change request is answered by the words of the mail."))
    else:
        _say_proposed(request, done.changes)
    return _back(request, done.draft.order.key)


def _say_proposed(request: DoorRequest, proposed: Sequence[Proposed]) -> None:
    count = sum(one.change is not None for one in proposed)
    text = ngettext("One change is asked for.", "%(n)d changes are asked for.", count)
    messages.success(request, text % {"n": count})
    for one in proposed:
        if one.refusal:
            messages.warning(request, one.refusal.message)


@door(*MAY_ANSWER, methods=["POST"])
def draft_correct(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Open a draft in the answer grid, to be corrected there and sent."""
    draft = correct_draft(_command(request, key), actor=request.actor, at=request.at)
    messages.success(request, _("The draft stands in the fields. Correct what is wrong, then send."))
    return see_other("order" if request.actor.is_supplier else "order-answer", key=draft.order.key)


@door(*MAY_ANSWER, methods=["POST"])
def draft_discard(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Throw a draft away, saying why."""
    draft = discard_draft(_command(request, key), actor=request.actor, at=request.at)
    messages.success(request, _("The draft is discarded. What was written stays in the thread."))
    return _back(request, draft.order.key)


@door(*MAY_ANSWER)
def draft_sheet(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Lead from a draft that is an answer sheet to the look at what it would do."""
    draft = find_draft(key, actor=request.actor)
    if upload := draft.came.get("upload"):
        return see_other("answer-preview", key=upload)
    return see_other("order", key=draft.order.key)
