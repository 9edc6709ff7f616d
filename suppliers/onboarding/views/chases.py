"""Many at once: who is marked, who of them would be written to, and what came of it."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, NotFound, Problem
from portal.kernel.values import read_key
from portal.kernel.web import see_other
from suppliers.onboarding.filters import list_search, search_of
from suppliers.onboarding.forms import ChaseForm
from suppliers.onboarding.messages import MarkSuppliers
from suppliers.onboarding.models import OnboardingChase
from suppliers.onboarding.policies import MOST_TARGETS
from suppliers.onboarding.presenters import ChaseRow, chase_row, not_written
from suppliers.onboarding.queries import find_chase, funnel, runs
from suppliers.onboarding.services import look_at_chase, mark_suppliers, send_chase
from suppliers.onboarding.states import TO_ACT, ChaseKind
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission

MOST_SHOWN = 200


@door(Permission.SUPPLIER_MANAGE, methods=["POST"])
def onboarding_mark(request: DoorRequest) -> HttpResponse:
    """Keep whom one has ticked, or all that match and have something to do; nobody is mailed yet."""
    what = request.POST.get("what", "")
    if what not in ChaseKind.values:
        message = _("Choose what is to be done.")
        raise Invalid(message, [Problem("what", message, what[:20], "unknown")])
    if request.POST.get("every"):
        how_far = funnel(request.actor, request.at)
        rows = runs(request.actor).filter(state__in=TO_ACT)
        found = list_search(rows, search_of(request.POST), how_far, request.at)
        keys = tuple(found.order_by("invited_at", "id").values_list("key", flat=True)[:MOST_TARGETS])
    else:
        keys = tuple(_key(one) for one in request.POST.getlist("pick"))
    chase = mark_suppliers(MarkSuppliers(keys, what), actor=request.actor, at=request.at)
    return see_other("onboarding-chase", chase.key)


def _key(text: str) -> uuid.UUID:
    key = read_key(text)
    if key is None:
        raise NotFound(_("There is no such onboarding."))
    return key


@door(Permission.SUPPLIER_MANAGE, methods=["GET", "POST"])
def onboarding_chase(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Who of those marked would be written to, and why each other not; posted, they are, once; then what came of it."""
    chase = find_chase(key)
    if chase.sent_at is None:
        require_own_factor(request)
    if request.method != "POST":
        return _show_chase(request, chase, ChaseForm())
    form = ChaseForm(request.POST)
    if chase.sent_at is None and not form.is_valid():
        return _show_chase(request, chase, form, status=422)
    said = form.cleaned_data["words"] if form.is_valid() else ""
    send_chase(key, said, actor=request.actor, at=request.at)
    return see_other("onboarding-chase", key)


def _show_chase(
    request: DoorRequest, chase: OnboardingChase, form: ChaseForm, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {"chase": chase, "form": form}
    if chase.sent_at is None:
        found = look_at_chase(chase, actor=request.actor, at=request.at)
        going = [chase_row(one.run, one.to, one.steps) for one in found if not one.why]
        left = [(ChaseRow(one.run), one.why) for one in found if one.why]
    else:
        rows = runs(request.actor).filter(pk__in=chase.told).order_by("supplier__name", "id")
        told = [(ChaseRow(row), chase.told[str(row.pk)]) for row in rows]
        going = [row for row, why in told if not why]
        left = [one for one in told if one[1]]
    context |= {
        "going": going[:MOST_SHOWN],
        "more": max(len(going) - MOST_SHOWN, 0),
        "count": len(going),
        "left": not_written(left, MOST_SHOWN),
        "left_count": len(left),
    }
    template = "suppliers/onboarding/chase.html"
    if request.htmx:
        template += "#told"
    return render(request, template, context, status=status)
