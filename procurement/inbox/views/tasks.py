"""Questions to people outside purchasing: their own page, with or without an account."""

import uuid
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door, drop_nul, public
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.scope import acting
from portal.kernel.web import see_other
from procurement.inbox.forms import AnswerForm
from procurement.inbox.models import CaseTask
from procurement.inbox.queries.cases import find_task, tasks_for
from procurement.inbox.services.review import INBOX
from procurement.inbox.services.tasking import (
    answer_task,
    asked_person,
    is_over,
    key_in,
    may_answer,
    token_of,
    withdraw_task,
)
from procurement.inbox.states import TaskState
from suppliers.roles import Permission


@door(Permission.CASE_VIEW)
def task_list(request: DoorRequest) -> HttpResponse:
    """What the reader was asked and has not answered."""
    return render(request, "procurement/inbox/tasks.html", {"tasks": tasks_for(request.actor.user_id)})


@door(Permission.CASE_VIEW, methods=["GET", "POST"])
def task(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One question, and its answer."""
    found = find_task(key)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            answer_task(key, form.cleaned_data["answer"], actor=request.actor, at=request.at)
        except Refusal as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("Answered. Thank you."))
            return see_other("inbox-task", key)
    context = _context(found, form) | {"may_answer": may_answer(found, request.actor), "sealed": ""}
    if found.email and found.state == TaskState.ASKED and request.actor.may(Permission.CASE_WORK):
        url = reverse("asked", kwargs={"token": token_of(found)})
        context["sealed"] = f"{settings.PUBLIC_URL}{url}"
    return render(request, "procurement/inbox/task.html", context, status=422 if form.errors else 200)


@door(Permission.CASE_WORK, methods=["POST"])
def task_withdraw(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Take a question back."""
    found = withdraw_task(key, actor=request.actor, at=request.at)
    messages.success(request, _("The question is taken back."))
    return see_other("inbox-case", found.case.key)


@public
def asked(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a question for who has no account: opening shows, only pressing answers."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    drop_nul(request)
    show = partial(_show_asked, request, reverse("asked", kwargs={"token": token}))
    try:
        key = key_in(token)
        with acting(INBOX):
            found = find_task(key)
    except NotFound as refusal:
        return show(None, AnswerForm(), gone=refusal.message, status=404)
    with translation.override(found.language or get_language() or "en"):
        if found.state == TaskState.WITHDRAWN:
            return show(None, AnswerForm(), gone=is_over(found), status=410)
        return _asked(request, found, show)


def _asked(request: HttpRequest, found: CaseTask, show: Callable[..., HttpResponse]) -> HttpResponse:
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        person = asked_person(found)
        try:
            with acting(person):
                found = answer_task(found.key, form.cleaned_data["answer"], actor=person, at=timezone.now())
        except Refusal as refusal:
            form.add_refusal(refusal)
    return show(found, form, status=422 if form.errors else 200)


def _show_asked(
    request: HttpRequest,
    url: str,
    found: CaseTask | None,
    form: AnswerForm,
    *,
    gone: str = "",
    status: int = 200,
) -> HttpResponse:
    context = (_context(found, form) if found else {}) | {"gone": gone, "action": url}
    # What a colleague answered instead is said among colleagues.
    context["answer"] = found.answer if found and found.answered_by == asked_person(found).label else ""
    response = render(request, "procurement/inbox/asked.html", context, status=status)
    # Not `no-referrer`: then a browser names no origin with a press, and the press is refused as a forgery.
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "no-store"
    return response


def _context(found: CaseTask, form: AnswerForm) -> dict[str, object]:
    is_open = found.state == TaskState.ASKED
    over = "" if is_open else is_over(found)
    return {"task": found, "form": form, "is_open": is_open, "over": over, "answer": found.answer}
