"""The doors of the connection: look again, pause, resume, have a feed read again, and what failed by its reason."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.audit.queries import timeline_of
from portal.kernel.templatetags.portal_ui import figure
from portal.kernel.web import paginate, panel_or_page, see_other
from procurement.erp.alerts.services import open_alerts
from procurement.erp.connection import (
    ask_to_look,
    pause_connection,
    resume_connection,
    take_note_of_change,
    the_connection,
)
from procurement.erp.failures import Kind, failure_groups, find_group, retry_group, rows_of
from procurement.erp.forms import ReadAgainForm, ReasonForm
from procurement.erp.ports import Feed
from procurement.erp.presenters import command_row, feed_word
from procurement.erp.presenters_connection import (
    alert_row,
    change_rows,
    facts_of,
    group_row,
    standing_of,
    story_of_connection,
)
from procurement.erp.queries import feeds_read
from procurement.erp.replay import read_again
from procurement.erp.states import CONNECTION_LIFECYCLE
from procurement.erp.tasks import hint_to_look
from procurement.erp.windows import since_of, window_of, windows
from suppliers.roles import Permission


@door(Permission.ERP_VIEW)
def connection(request: DoorRequest) -> HttpResponse:
    """The record of the connection: who is there, what they can do, how the door stands, and its story."""
    found = the_connection()
    context = {
        "connection": found,
        "standing": standing_of(found, request.at),
        "facts": facts_of(found),
        "modules": sorted(found.found.get("facts", {}).items()),
        "warnings": found.found.get("warnings", []),
        "changes": change_rows(found),
        "alerts": [alert_row(alert) for alert in open_alerts()],
        "story": story_of_connection(timeline_of(found.stream, actor=request.actor, limit=30)),
        "feeds": [(feed_word(cursor.feed), cursor) for cursor in feeds_read()],
        "may": CONNECTION_LIFECYCLE.verbs_for(request.actor, found.state),
        "may_manage": request.actor.may(Permission.ERP_MANAGE),
    }
    return render(request, "procurement/erp/connection.html", context)


@door(Permission.ERP_MANAGE, methods=["POST"])
def connection_look(request: DoorRequest) -> HttpResponse:
    """Have the ERP looked at now, by a worker: a page does not wait for an ERP."""
    ask_to_look(actor=request.actor, at=request.at)
    transaction.on_commit(hint_to_look)
    messages.success(request, _("The ERP is being looked at. Open this page again in a moment."))
    return see_other("integration-connection")


@door(Permission.ERP_MANAGE, methods=["GET", "POST"])
def connection_pause(request: DoorRequest) -> HttpResponse:
    """Hold everything back, with a reason."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        pause_connection(form.cleaned_data["reason"], actor=request.actor, at=request.at)
        messages.success(request, _("Paused. What is agreed meanwhile waits, and nothing is lost."))
        return see_other("integration-connection")
    text = _(
        "Nothing is read from the ERP and nothing is written to it until somebody resumes. Suppliers and buyers go on; "
        "what they agree waits in order. A write that is under way at this moment comes to its end."
    )
    title, verb = _("Pause the connection?"), _("Pause")
    return _ask(request, form, title, text, verb, "integration-connection-pause")


@door(Permission.ERP_MANAGE, methods=["GET", "POST"])
def connection_resume(request: DoorRequest) -> HttpResponse:
    """Let everything go again, with a word on why."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        resume_connection(form.cleaned_data["reason"], actor=request.actor, at=request.at)
        messages.success(request, _("Resumed. What waited goes now, the oldest first."))
        return see_other("integration-connection")
    text = _(
        "What waited goes to the ERP in the order in which it was agreed, and everything is read from where it stopped."
    )
    title, verb = _("Resume the connection?"), _("Resume")
    return _ask(request, form, title, text, verb, "integration-connection-resume")


@door(Permission.ERP_MANAGE, methods=["POST"])
def connection_noted(request: DoorRequest) -> HttpResponse:
    """Somebody has seen what is new in the ERP."""
    take_note_of_change(actor=request.actor, at=request.at)
    return see_other("integration-connection")


@door(Permission.ERP_MANAGE, methods=["GET", "POST"])
def feed_read_again(request: DoorRequest) -> HttpResponse:
    """Have a feed read again from a moment on."""
    choices = [(cursor.feed, feed_word(cursor.feed)) for cursor in feeds_read()]
    form = ReadAgainForm(
        choices, request.POST or None, initial={"feed": request.GET.get("feed", Feed.ORDERS)}
    )
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        read_again(Feed(told["feed"]), told["since"], told["reason"], actor=request.actor, at=request.at)
        messages.success(request, _("It is read again with the next reading."))
        return see_other("integration-connection")
    text = _(
        "What the ERP told since then is taken in once more. Records that stand here as they stand there are not "
        "touched; nobody is asked or told again because of them."
    )
    title, verb = _("Read again from a moment on"), _("Read again")
    return _ask(request, form, title, text, verb, "integration-read-again")


def _ask(request: DoorRequest, form: Any, title: str, text: str, verb: str, door_name: str) -> HttpResponse:
    context = {
        "title": title,
        "text": text,
        "action": reverse(door_name),
        "verb": verb,
        "back": reverse("integration-connection"),
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return panel_or_page(request, "layouts/confirm.html", "confirm", context, status)


# --- what failed, by its reason


@door(Permission.ERP_VIEW)
def failures(request: DoorRequest) -> HttpResponse:
    """Everything that failed, grouped by its reason, the most frequent first."""
    window = window_of(request)
    groups = failure_groups(request.actor, at=request.at, since=since_of(window, request.at))
    context = {"groups": [group_row(group) for group in groups], "windows": windows(window), "window": window}
    return panel_or_page(request, "procurement/erp/failures.html", "groups", context)


@door(Permission.ERP_VIEW)
def failure_group(request: DoorRequest, kind: str, mark: str) -> HttpResponse:
    """What is in one group, and one press to try all of it again where that is sane."""
    window = window_of(request)
    since = since_of(window, request.at)
    group = find_group(kind, mark, request.actor, at=request.at, since=since)
    context: dict[str, Any] = {
        "row": group_row(group) if group else None,
        "window": window,
        "may_manage": request.actor.may(Permission.ERP_MANAGE),
    }
    if group is not None:
        found = rows_of(group, request.actor, at=request.at, since=since).order_by()
        page = paginate(found, request.GET.get("cursor", ""), order=["id"])
        rows = [command_row(one) for one in page.rows] if group.kind is Kind.COMMANDS else page.rows
        context |= {"page": page, "rows": rows}
    return panel_or_page(request, "procurement/erp/failure_group.html", "rows", context)


@door(Permission.ERP_MANAGE, methods=["POST"])
def failure_group_retry(request: DoorRequest, kind: str, mark: str) -> HttpResponse:
    """Try everything of a group again."""
    since = since_of(window_of(request), request.at)
    group = find_group(kind, mark, request.actor, at=request.at, since=since)
    if group is None:
        messages.info(request, _("Nothing of it was left."))
        return see_other("integration-failures")
    done = retry_group(group, actor=request.actor, at=request.at, since=since)
    again = ngettext("%(count)s is on its way again.", "%(count)s are on their way again.", done.again)
    words = [again % {"count": figure(done.again)}]
    if done.settled:
        text = ngettext(
            "%(count)s had nothing left to write.", "%(count)s had nothing left to write.", done.settled
        )
        words.append(text % {"count": figure(done.settled)})
    if done.left:
        text = ngettext("%(count)s is left for later.", "%(count)s are left for later.", done.left)
        words.append(text % {"count": figure(done.left)})
    messages.success(request, " ".join(words))
    return see_other("integration-failures")
