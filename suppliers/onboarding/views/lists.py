"""Who stands where: the funnel, and who is stuck at which step."""

from django.http import HttpResponse
from django.shortcuts import render

from portal.kernel.access import DoorRequest, door
from portal.kernel.web import paginate
from suppliers.onboarding.filters import list_figures, list_filters, list_search, search_of
from suppliers.onboarding.policies import MOST_TARGETS
from suppliers.onboarding.presenters import run_rows
from suppliers.onboarding.queries import funnel, quiet_since, runs, sheets_of
from suppliers.onboarding.states import TO_ACT
from suppliers.roles import Permission


@door(Permission.SUPPLIER_VIEW)
def onboarding_list(request: DoorRequest) -> HttpResponse:
    """The funnel, and who is stuck at which step."""
    asked = search_of(request.GET)
    how_far = funnel(request.actor, request.at)
    found = list_search(runs(request.actor), asked, how_far, request.at)
    page = paginate(found, request.GET.get("cursor", ""), order=("invited_at", "id"), size=50)
    may = request.actor.may(Permission.SUPPLIER_MANAGE)
    context = {
        "page": page,
        "rows": run_rows(
            list(page.rows), sheets_of(page.rows, request.at), quiet_since(page.rows), request.at
        ),
        "figures": list_figures(how_far, asked),
        "steps": list_figures(how_far, asked, of_steps=True),
        **list_filters(request.GET, asked),
        "is_all": asked.is_all,
        "may": may,
        "every": found.filter(state__in=TO_ACT).count() if may else 0,
        "most": MOST_TARGETS,
    }
    return render(request, "suppliers/onboarding/list.html", context)
