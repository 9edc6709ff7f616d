"""The list of cases: looked at, narrowed, worked on by the dozen, and kept up to date while one looks."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.values import read_key
from portal.kernel.web import see_other, whole_number
from procurement.inbox.forms import FilterForm, QueueForm
from procurement.inbox.messages import Seen
from procurement.inbox.presenters.pages import presence_text
from procurement.inbox.presenters.rows import row_of
from procurement.inbox.queries.cases import (
    changed_since,
    filter_choices,
    find_case,
    others_looking,
    queues_for,
    visible_cases,
    with_papers,
)
from procurement.inbox.queries.people import workers
from procurement.inbox.services.acting import Verdict, act_on_cases
from procurement.inbox.services.ruling import drop_queue, save_queue
from procurement.inbox.services.working import (
    Outcome,
    assign_cases,
    look_at,
    settle_cases,
    snooze_cases,
)
from procurement.inbox.states import CaseKind
from procurement.inbox.views.common import (
    DUE_WORDS,
    address,
    cases_wanted,
    list_context,
    said_of,
    since_of,
    views_context,
    wanted_of,
)
from suppliers.roles import Permission

TEMPLATE = "procurement/inbox/inbox.html"
MOST_CHANGED = 50
# What moved just before a page asked may have been committed just after: it is asked for once more.
COMMITTED_WITHIN = timedelta(seconds=5)


@door(Permission.CASE_VIEW)
def inbox(request: DoorRequest) -> HttpResponse:
    """What needs a person, in the order of what it will cost."""
    return show_list(request)


def show_list(
    request: DoorRequest,
    *,
    failed: list[Outcome] | None = None,
    problem: str = "",
    picked: frozenset[Any] = frozenset(),
    status: int = 200,
) -> HttpResponse:
    """The list, with what could not be done on some of it."""
    context = list_context(request)
    reason = request.POST.get("reason", "")
    context |= {"failed": failed or [], "problem": problem, "picked": picked, "reason_typed": reason}
    if context["may_work"]:
        context["people"] = list(workers())
    return render(request, TEMPLATE, context, status=status)


# --- many at once -------------------------------------------------------------------------------------------


@door(Permission.CASE_WORK, methods=["POST"])
def inbox_bulk(request: DoorRequest) -> HttpResponse:
    """The same done to all cases that are ticked; what could not be done says why, each for itself."""
    picks = [seen for text in request.POST.getlist("pick") if (seen := _pick(text))]
    verb = request.POST.get("do", "")
    try:
        outcomes = _do(request, verb, picks)
    except Invalid as refusal:
        picked = frozenset(seen.case for seen in picks)
        return show_list(request, problem=refusal.message, picked=picked, status=refusal.status)
    failed = [one for one in outcomes if one.refusal]
    if done := len(outcomes) - len(failed):
        messages.success(request, said_of(verb, done))
    if failed:
        return show_list(
            request,
            failed=failed,
            picked=frozenset(one.case for one in failed),
            status=200 if done else 409,
        )
    response = HttpResponseRedirect(address(request))
    response.status_code = 303
    return response


def _do(request: DoorRequest, verb: str, picks: list[Seen]) -> list[Outcome]:
    reason = request.POST.get("reason", "")
    who: dict[str, Any] = {"actor": request.actor, "at": request.at}
    if verb in ("accept", "decline"):
        return act_on_cases(picks, Verdict(verb, note=reason), **who)
    if verb == "assign":
        return assign_cases(picks, whole_number(request.POST.get("owner")), **who)
    if verb == "snooze":
        try:
            until = date.fromisoformat(request.POST.get("until", ""))
        except ValueError as error:
            raise Invalid(_("Say until which day they are to sleep.")) from error
        return snooze_cases(picks, until, reason, **who)
    if verb == "settle":
        return settle_cases(picks, reason, **who)
    raise Invalid(_("Press one of the buttons: accept, decline, give, snooze or close."))


def _pick(text: str) -> Seen | None:
    key, _dot, version = text.partition(".")
    found, seen = read_key(key), whole_number(version)
    return Seen(found, seen) if found and seen is not None else None


# --- while one looks ----------------------------------------------------------------------------------------


@door(Permission.CASE_VIEW, methods=["POST"])
def inbox_poll(request: DoorRequest) -> HttpResponse:
    """What has changed since the page asked last: rows in their place, closed ones greyed, how many are new above.

    Nothing is put between rows or taken away: what the cursor stands on stays where it is. Asking says that the case
    beside the list is still on the screen.
    """
    since = since_of(request.POST.get("since", ""), request.at) - COMMITTED_WITHIN
    loaded = since_of(request.POST.get("loaded", ""), request.at)
    wanted = wanted_of(request)
    moved = with_papers(changed_since(visible_cases(request.actor), since)).order_by("-updated_at", "-id")
    key = read_key(request.POST.get("case", ""))
    rows = [
        (row, address(request, "inbox-case", row.case.key))
        for case in moved[:MOST_CHANGED]
        for row in [row_of(case, request.at, is_current=case.key == key)]
    ]
    fresh = cases_wanted(request, wanted).filter(
        Q(opened_at__gt=loaded) | Q(last_recurred_at__gt=loaded), updated_at__gt=loaded
    )
    context = views_context(request, wanted) | {
        "moved": rows,
        "news": fresh.count(),
        "loaded": loaded.isoformat(),
        "since": request.at.isoformat(),
    }
    if key:
        context |= _beside(request, key)
    return render(request, "procurement/inbox/poll.html", context)


def _beside(request: DoorRequest, key: Any) -> dict[str, Any]:
    """The case beside the list: who else looks at it, and whether it is still what the page shows."""
    case = find_case(key, actor=request.actor)
    look_at(case, actor=request.actor, at=request.at)
    version = whole_number(request.POST.get("version")) or 0
    return {
        "case": case,
        "version": version,
        "presence": presence_text(others_looking(case, request.actor, request.at)),
        "is_stale": case.version != version,
        "case_url": address(request, "inbox-case", case.key),
    }


# --- narrowing ----------------------------------------------------------------------------------------------


@door(Permission.CASE_VIEW)
def inbox_filter(request: DoorRequest) -> HttpResponse:
    """What the list can be narrowed by; and the queues that are kept."""
    wanted = wanted_of(request)
    form = FilterForm(initial=request.GET.dict() | {"view": wanted.view})
    choices = filter_choices(request.actor, wanted.view)
    for name, options in choices.items():
        words = [(value, CaseKind(value).label) for value, _label in options] if name == "kind" else options
        form.fields[name].choices = [("", _("any")), *words]  # type: ignore[attr-defined]  # a choice field
    form.fields["due"].choices = [("", _("any")), *DUE_WORDS.items()]  # type: ignore[attr-defined]  # a choice field
    narrow = getattr(request, "htmx", False)
    context = {
        "form": form,
        "queues": queues_for(request.actor),
        "dialog": narrow,
        "back": address(request),
        "may_work": request.actor.may(Permission.CASE_WORK),
    }
    template = "procurement/inbox/filter.html"
    return render(request, f"{template}#filter" if narrow else template, context)


@door(Permission.CASE_WORK, methods=["GET", "POST"])
def inbox_queue(request: DoorRequest) -> HttpResponse:
    """Keep the filters of the list under a name, for oneself or the team."""
    query = request.GET.copy()
    query.pop("cursor", None)
    form = QueueForm(request.POST if request.method == "POST" else None, initial={"query": query.urlencode()})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            save_queue(data["name"], data["query"], team=data["team"], actor=request.actor, at=request.at)
        except Refusal as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("The queue “%(name)s” is kept.") % {"name": data["name"]})
            response = HttpResponseRedirect(f"{reverse('inbox')}?{data['query']}")
            response.status_code = 303
            return response
    context = {
        "title": _("Keep this queue"),
        "text": _("Its filters are kept under a name, beside Mine and Team."),
        "action": reverse("inbox-queue"),
        "verb": _("Keep"),
        "keep": _("Cancel"),
        "back": address(request),
        "form": form,
    }
    template = "layouts/confirm.html#confirm" if request.htmx else "layouts/confirm.html"
    return render(request, template, context, status=422 if form.errors else 200)


@door(Permission.CASE_WORK, methods=["POST"])
def inbox_queue_drop(request: DoorRequest, key: Any) -> HttpResponse:
    """Forget a queue."""
    drop_queue(key, actor=request.actor, at=request.at)
    messages.success(request, _("The queue is forgotten."))
    return see_other("inbox")
