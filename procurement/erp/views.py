"""The integration owner's pages: did everything reach the ERP, what did not, and what to do about it."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.outbox.services import replay_message
from portal.kernel.templatetags.portal_ui import distance_text, figure
from portal.kernel.web import paginate, panel_or_page, see_other
from procurement.erp.alerts.services import open_alerts
from procurement.erp.connection import the_connection
from procurement.erp.failures import failure_groups
from procurement.erp.forms import SkipForm
from procurement.erp.models import ErpConnection
from procurement.erp.presenters import (
    command_row,
    reads_lane,
    run_row,
    writes_lane,
)
from procurement.erp.presenters_connection import (
    age_labels,
    alert_row,
    group_row,
    standing_of,
    waiting_row,
)
from procurement.erp.queries import (
    command_counts,
    commands_needing_a_person,
    failing_runs,
    feed_sums,
    find_message,
    find_run,
    last_read_at,
    oldest_open_command,
    parked_messages,
    problems_of,
    queue_by_age,
    recent_runs,
    things_needing_a_person,
    visible_commands,
)
from procurement.erp.services import give_up_message
from procurement.erp.states import TO_DECIDE, CommandState
from procurement.erp.telling import stuck_tellings
from procurement.erp.windows import since_of, window_of, windows
from suppliers.roles import Permission

SHOWN = 20
RUNS_SHOWN = 12
GROUPS_SHOWN = 8


@door(Permission.ERP_VIEW)
def monitor(request: DoorRequest) -> HttpResponse:
    """One look in the morning: is everything through, and if not, what is waiting for whom."""
    window = window_of(request)
    since = since_of(window, request.at)
    needing = [command_row(one) for one in commands_needing_a_person(request.actor, request.at)[:SHOWN]]
    counts = command_counts(request.actor, since)
    stuck = stuck_tellings(request.actor)
    waiting = things_needing_a_person(request.actor, request.at) + sum(stuck.values())
    parked = list(parked_messages()[:SHOWN])
    failing = [run_row(run) for run in failing_runs()]
    oldest = oldest_open_command(request.actor)
    read_at = last_read_at()
    connection = the_connection()
    sums, by_feed = feed_sums(since)
    context = {
        "headline": _headline(counts, waiting),
        "stuck": stuck,
        "connector": _connector_word(),
        "read_at": read_at,
        "reads": reads_lane(sums, by_feed, _lag(read_at, request.at)),
        "writes": writes_lane(counts, _oldest(oldest.queued_at if oldest else None, request.at)),
        "needing": needing,
        "parked": parked,
        "failing": [] if connection.circuit.is_open else failing,  # said once, for all of them
        "states": _states(counts),
        "runs": [run_row(run) for run in recent_runs(RUNS_SHOWN)],
        "windows": windows(window),
        "may_manage": request.actor.may(Permission.ERP_MANAGE),
        **_watched(request, connection, since),
    }
    return panel_or_page(request, "procurement/erp/monitor.html", "monitor", context)


def _watched(request: DoorRequest, connection: ErpConnection, since: datetime) -> dict[str, Any]:
    """The connection, what passed a limit, what failed by its reason, and what waits by its age."""
    groups = failure_groups(request.actor, at=request.at, since=since)
    return {
        "connection": connection,
        "standing": standing_of(connection, request.at),
        "alerts": [alert_row(alert) for alert in open_alerts()],
        "groups": [group_row(group) for group in groups[:GROUPS_SHOWN]],
        "window": window_of(request),
        "more_groups": max(len(groups) - GROUPS_SHOWN, 0),
        "ages": age_labels(),
        "queue": [waiting_row(row) for row in queue_by_age(request.actor, request.at)],
    }


def _headline(counts: dict[str, int], waiting: int) -> dict[str, Any]:
    total, confirmed = sum(counts.values()), counts.get(CommandState.CONFIRMED, 0)
    if waiting:
        need = ngettext("%(count)s thing needs you", "%(count)s things need you", waiting) % {
            "count": figure(waiting)
        }
        return {
            "yours": True,
            "tone": "wait",
            "glyph": "wait",
            "confirmed": confirmed,
            "total": total,
            "need": need,
        }
    on_the_way = counts.get(CommandState.QUEUED, 0) + counts.get(CommandState.SENT, 0)
    tone, glyph = ("move", "half") if on_the_way else ("done", "full")
    return {"yours": False, "tone": tone, "glyph": glyph, "confirmed": confirmed, "total": total, "need": ""}


def _connector_word() -> str:
    return {"files": _("Drop folder"), "tryton": "Tryton"}.get(settings.ERP_CONNECTOR, settings.ERP_CONNECTOR)


def _lag(read_at: datetime | None, now: datetime) -> str:
    return _("last %(distance)s") % {"distance": distance_text(read_at, now)} if read_at else ""


def _oldest(queued_at: datetime | None, now: datetime) -> str:
    return _("oldest %(distance)s") % {"distance": distance_text(queued_at, now)} if queued_at else ""


def _states(counts: dict[str, int]) -> list[dict[str, Any]]:
    return [{"state": state, "count": counts.get(state, 0)} for state in CommandState]


@door(Permission.ERP_VIEW, Permission.ORDER_DECIDE)
def command_list(request: DoorRequest) -> HttpResponse:
    """Every command, newest first, by state; and those on which somebody has to decide."""
    state = request.GET.get("state", "")
    state = state if state in (*CommandState.values, "decide") else ""
    found = visible_commands(request.actor)
    if state:
        found = found.filter(state__in=TO_DECIDE if state == "decide" else [state])
    page = paginate(found, request.GET.get("cursor", ""), order=["-id"])
    tabs = [
        {"url": "?", "label": _("All"), "current": not state},
        {"url": "?state=decide", "label": _("To decide"), "current": state == "decide"},
    ] + [
        {"url": f"?state={one}", "label": one.label, "current": one == state}
        for one in CommandState
        if one not in TO_DECIDE or one == state
    ]
    context = {
        "page": page,
        "rows": [command_row(one) for one in page.rows],
        "views": tabs,
        "state": state,
        "may_see_monitor": request.actor.may(Permission.ERP_VIEW),
    }
    return panel_or_page(request, "procurement/erp/command_list.html", "commands", context)


@door(Permission.ERP_VIEW)
def run(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One reading: what it took, and each record it could not take whole, with the way out."""
    found = find_run(key)
    page = paginate(problems_of(found), request.GET.get("cursor", ""), order=["id"], size=100)
    context = {"row": run_row(found), "page": page}
    return panel_or_page(request, "procurement/erp/run.html", "problems", context)


@door(Permission.ERP_MANAGE, methods=["POST"])
def message_replay(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Try a parked message again."""
    replay_message(find_message(key, actor=request.actor), actor=request.actor, at=request.at)
    messages.success(request, _("The message will be tried again now."))
    return see_other("integration")


@door(Permission.ERP_MANAGE, methods=["GET", "POST"])
def message_skip(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Give up on a parked message, with a reason, so that what waits behind it may go."""
    found = find_message(key, actor=request.actor)
    form = SkipForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        give_up_message(found, form.cleaned_data["reason"], actor=request.actor, at=request.at)
        messages.success(request, _("Given up. What waited behind it goes on."))
        return see_other("integration")
    address = reverse("integration")
    return _ask_why(request, form, _("Give up on this message?"), "integration-message-skip", key, address)


def _ask_why(
    request: DoorRequest, form: SkipForm, title: str, door_name: str, key: uuid.UUID, back: str
) -> HttpResponse:
    context = {
        "title": title,
        "text": _(
            "The ERP will not be told. What waits behind it goes on. Your reason stays in the order’s story."
        ),
        "action": reverse(door_name, args=[key]),
        "verb": _("Give up"),
        "danger": True,
        "back": back,
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return panel_or_page(request, "layouts/confirm.html", "confirm", context, status)
