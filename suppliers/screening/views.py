"""Screening as pages, for our supplier administrator: which lists are loaded, who is like whom, and the decision."""

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Duplicate, Invalid, Problem, Refusal
from portal.kernel.templatetags.portal_ui import figure
from portal.kernel.web import paginate, see_other, whole_number
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission
from suppliers.screening.files.reading import read_list
from suppliers.screening.forms import HitForm, ListForm
from suppliers.screening.messages import Listed
from suppliers.screening.models import ScreeningHit
from suppliers.screening.queries import (
    find_hit,
    hits,
    hits_by_state,
    holders_of,
    lists_in_force,
    names_of,
)
from suppliers.screening.services import confirm_hit, dismiss_hit, load_list
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


class LoadRequest(DoorRequest):
    """A request with the form that was posted to it, and the list that is read in its files."""

    form: ListForm
    raw: bytes
    parties: list[Listed]


def read_posted_list(request: LoadRequest) -> None:
    """Read a posted list while no transaction is open: a large one takes seconds."""
    require_own_factor(request)  # with a shorter list, open hits go by themselves
    posted = request.method == "POST"
    request.form = form = ListForm(request.POST, request.FILES) if posted else ListForm()
    if not posted or not form.is_valid():
        return
    content = form.cleaned_data["file"].read()
    aliases = form.cleaned_data["aliases"].read() if form.cleaned_data["aliases"] else b""
    request.raw = content + aliases
    try:
        request.parties = read_list(form.cleaned_data["source"], content, aliases)
    except Invalid as refusal:
        form.add_problems(refusal)


@door(P.SUPPLIER_MANAGE, methods=["GET", "POST"], before=read_posted_list)
def screening_load(request: LoadRequest) -> HttpResponse:
    """Put a list in force in place of the one before of its source. The portal fetches none by itself."""
    form = request.form
    if form.is_valid():
        try:
            with transaction.atomic():
                made = load_list(
                    form.cleaned_data["source"],
                    request.parties,
                    request.raw,
                    may_be_shorter=form.cleaned_data["shorter"],
                    actor=request.actor,
                    at=request.at,
                )
        except Invalid as refusal:
            form.add_problems(refusal)
        except Duplicate as refusal:
            form.add_error("file", refusal.message)
        else:
            said = ngettext(
                "One party is loaded. Suppliers are screened against it within a quarter of an hour.",
                "%(n)s parties are loaded. Suppliers are screened against them within a quarter of an hour.",
                made.parties,
            )
            messages.success(request, said % {"n": figure(made.parties)})
            return see_other("screening-list")
    status = 422 if form.is_bound else 200
    return render(request, "suppliers/screening/load.html", {"form": form}, status=status)


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
    comes_of_it = {
        "dismiss": _("Nothing changes for the supplier. You are asked again when a name changes."),
        "confirm": _("The supplier is blocked, and no bank details of it come into force."),
    }
    if hit.state == HitState.CONFIRMED:
        comes_of_it["dismiss"] = _("The supplier is blocked no more, unless the ERP says so.")
    verbs = [verb for verb in HIT_LIFECYCLE.verbs_for(request.actor, hit.state) if verb in words]
    context = {
        "hit": hit,
        "names": [one for one in names_of([hit.supplier])[hit.supplier_id] if one != hit.supplier.name],
        "holders": holders_of([hit.supplier])[hit.supplier_id],
        "verbs": [{"verb": verb, "word": words[verb], "says": comes_of_it[verb]} for verb in verbs],
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
