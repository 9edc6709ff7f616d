"""What is due when, for both sides."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal.kernel.access import DoorRequest, door
from portal.kernel.values import Unreadable, read_date
from portal.kernel.web import paginate
from procurement.payables.policies import week_of
from procurement.payables.presenters.rows import due_rows
from procurement.payables.queries.forecast import due_by_day, due_in, forecast
from suppliers.roles import Permission

DUE = "procurement/payables/due.html"


@door(Permission.INVOICE_VIEW)
def payables_due(request: DoorRequest) -> HttpResponse:
    """What is due by week and currency, and the papers of one week."""
    actor, today = request.actor, timezone.localdate(request.at)
    try:
        week = week_of(read_date(request.GET.get("week", "")))
    except Unreadable:
        week = None
    context: dict[str, Any] = {"weeks": due_rows(forecast(actor, today)), "week": week, "today": today}
    if week is not None:
        found = due_in(actor, week, today)
        context["days"] = due_by_day(actor, week, today)
        context["page"] = paginate(
            found, request.GET.get("cursor", ""), order=("counts_on", "id"), size=50, narrow=True
        )
    return render(request, DUE, context)
