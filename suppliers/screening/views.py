"""Screening as pages, for our supplier administrator: which lists are loaded, who is like whom, and the decision."""

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Problem, Refusal
from portal.kernel.web import paginate, see_other, whole_number
from suppliers.roles import Permission
from suppliers.screening.forms import HitForm
from suppliers.screening.models import ScreeningHit
from suppliers.screening.queries import (
    find_hit,
    hits,
    hits_by_state,
    holders_of,
    lists_in_force,
    names_of,
)
from suppliers.screening.services import confirm_hit, dismiss_hit
from suppliers.screening.states import HIT_LIFECYCLE, HitState

P = Permission
VERBS = {"dismiss": dismiss_hit, "confirm": confirm_hit}


@door(P.SUPPLIER_MANAGE)
def screening_list(request: DoorRequest) -> HttpResponse:
    """The hits, the likest first; and which lists are loaded, or that none is."""
    state = request.GET.get("state", "")
    state = state if state in HitState.values else HitState.OPEN
    counts = hits_by_state(request.actor)
    found = hits(request.actor).filter(state=state)
    page = paginate(found, request.GET.get("cursor", ""), order=("-score", "id"), size=50)
    context = {
        "page": page,
        "lists": lists_in_force(),
        "figures": [
            {
                "label": label,
                "value": counts.get(word, 0),
                "url": f"?state={word}",
                "current": word == state,
                "tone": "wait" if word == HitState.OPEN and counts.get(word) else "",
            }
            for word, label in HitState.choices
        ],
    }
    return render(request, "suppliers/screening/list.html", context)


@door(P.SUPPLIER_MANAGE)
def screening_hit(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One hit: the two names, what the list says, what was decided and why."""
    return _show(request, find_hit(key, actor=request.actor))


def _show(
    request: DoorRequest,
    hit: ScreeningHit,
    *,
    form: HitForm | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    words = {"dismiss": _("It is somebody else"), "confirm": _("It is the listed one: block")}
    verbs = [verb for verb in HIT_LIFECYCLE.verbs_for(request.actor, hit.state) if verb in words]
    context = {
        "hit": hit,
        "names": [one for one in names_of([hit.supplier])[hit.supplier_id] if one != hit.supplier.name],
        "holders": holders_of([hit.supplier])[hit.supplier_id],
        "verbs": [{"verb": verb, "word": words[verb]} for verb in verbs],
        "form": form or HitForm(),
        "refusal": refusal,
    }
    return render(request, "suppliers/screening/hit.html", context, status=status)


@door(P.SUPPLIER_MANAGE, methods=["POST"])
def screening_decide(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """It is somebody else, or it is the listed one."""
    hit, form = find_hit(key, actor=request.actor), HitForm(request.POST)
    verb, seen = request.POST.get("verb", ""), whole_number(request.POST.get("version"))
    if verb not in VERBS:
        message = _("Choose what is to be done.")
        raise Invalid(message, [Problem("verb", message, verb[:20], "unknown")])
    if not form.is_valid():
        return _show(request, hit, form=form, status=422)
    reason = form.cleaned_data["reason"].replace("\r\n", "\n")
    try:
        with transaction.atomic():
            VERBS[verb](key, seen, reason, actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show(request, hit, form=form, status=422)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        fresh = find_hit(key, actor=request.actor)
        return _show(request, fresh, form=form, refusal=refusal, status=refusal.status)
    messages.success(request, _("Done."))
    return see_other("screening-list")
