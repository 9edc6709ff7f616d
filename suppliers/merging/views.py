"""Merging as pages: candidates, two records side by side, and the word of a second person. For the buying side."""

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.web import paginate, see_other, whole_number
from suppliers.merging.forms import MergeForm, MergeWhyForm
from suppliers.merging.models import SupplierMerge
from suppliers.merging.policies import UNDO_WITHIN, may_undo
from suppliers.merging.presenters import candidate_rows, carried_text, coming_over
from suppliers.merging.queries import (
    candidates,
    find_merge,
    find_record,
    merges,
    merges_by_state,
    numbered,
    side_of,
)
from suppliers.merging.services import (
    approve_merge,
    ask_merge,
    keep_apart,
    refuse_merge,
    undo_merge,
    withdraw_merge,
)
from suppliers.merging.states import MERGE_LIFECYCLE, MergeState
from suppliers.models import Supplier
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission

MANAGE, APPROVE = Permission.SUPPLIER_MANAGE, Permission.DETAIL_APPROVE
PAGE = "suppliers/merging/"
FOUND = "found"


@door(MANAGE, APPROVE)
def merge_list(request: DoorRequest) -> HttpResponse:
    """Which records may be one company and why; what waits for a second person; what was decided."""
    state = request.GET.get("state", "")
    state = state if state in MergeState.values else FOUND
    one, other = (request.GET.get(name, "").strip()[:40] for name in ("one", "other"))
    pair = numbered(one, other, actor=request.actor) if one and other else None
    if pair is not None and request.actor.may(MANAGE):
        return see_other("merge-new", pair[0].key, pair[1].key)
    counts = merges_by_state(request.actor)
    found = merges(request.actor).filter(state=state)
    page = paginate(found, request.GET.get("cursor", ""), order=("-id",), size=50)
    context: dict[str, Any] = {
        "page": page,
        "is_found": state == FOUND,
        "candidates": candidate_rows(candidates()) if state == FOUND else [],
        "may_manage": request.actor.may(MANAGE),
        "one": one,
        "other": other,
        "problem": _("Give the numbers of two suppliers.") if one or other else "",
        "views": [
            {
                "url": f"?state={word}" if word != FOUND else "?",
                "label": label,
                "count": counts.get(word, 0) if word == MergeState.ASKED else "",
                "hot": True,
                "current": word == state,
            }
            for word, label in ((FOUND, _("May be the same")), *MergeState.choices)
        ],
    }
    return render(request, PAGE + "list.html", context)


@door(MANAGE, methods=["GET", "POST"])
def merge_new(request: DoorRequest, key: uuid.UUID, other: uuid.UUID) -> HttpResponse:
    """Two records side by side: merge them, or say that they are two companies."""
    one, two = find_record(key, actor=request.actor), find_record(other, actor=request.actor)
    if one.pk == two.pk:
        raise Http404
    if request.method != "POST":
        return _show_new(request, one, two, MergeForm(records=(one, two), initial={"kept": str(one.key)}))
    form = MergeForm(request.POST, records=(one, two))
    if not form.is_valid():
        return _show_new(request, one, two, form, status=422)
    is_apart = request.POST.get("verb") == "apart"
    try:
        with transaction.atomic():
            (keep_apart if is_apart else ask_merge)(form.command(), actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show_new(request, one, two, form, status=422)
    said = _("Noted: two companies.") if is_apart else _("Asked. A second person decides on it.")
    messages.success(request, said)
    return see_other("merge-list")


def _show_new(
    request: DoorRequest, one: Supplier, two: Supplier, form: MergeForm, status: int = 200
) -> HttpResponse:
    sides = side_of(one), side_of(two)
    context = {
        "one": one,
        "two": two,
        "form": form,
        "ways": [
            {"kept": kept.supplier, "rows": coming_over(duplicate, kept)}
            for kept, duplicate in (sides, sides[::-1])
        ],
    }
    return render(request, PAGE + "new.html", context, status=status)


@door(MANAGE, APPROVE)
def merge_page(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One merge: what comes over, who asked, and the ways on."""
    return _show(request, find_merge(key, actor=request.actor))


def _show(
    request: DoorRequest,
    row: SupplierMerge,
    *,
    form: MergeWhyForm | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    actor = request.actor
    is_open = row.state == MergeState.ASKED
    verbs = MERGE_LIFECYCLE.verbs_for(actor, row.state)
    is_mine = actor.user_id is not None and actor.user_id == row.asked_by_user_id
    if is_mine:
        verbs = [verb for verb in verbs if verb not in ("approve", "refuse")]
    if row.state == MergeState.MERGED and row.decided_at and not may_undo(row.decided_at, request.at):
        verbs = []
    words = {
        "approve": _("Merge them"),
        "refuse": _("Two companies"),
        "withdraw": _("Withdraw"),
        "undo": _("Take apart"),
    }
    context = {
        "row": row,
        "rows": coming_over(side_of(row.supplier), side_of(row.kept)) if is_open else [],
        "carried": carried_text(row) if row.carried else "",
        "verbs": [{"verb": verb, "word": words[verb]} for verb in verbs],
        "is_mine": is_mine and is_open,
        "days": UNDO_WITHIN.days,
        "form": form or MergeWhyForm(),
        "refusal": refusal,
        "problems": refusal.problems if isinstance(refusal, Invalid) else (),
    }
    return render(request, PAGE + "merge.html", context, status=status)


@door(MANAGE, APPROVE, methods=["POST"])
def merge_decide(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Merge, refuse, withdraw, or take apart again."""
    row, form = find_merge(key, actor=request.actor), MergeWhyForm(request.POST)
    verb, seen = request.POST.get("verb", ""), whole_number(request.POST.get("version"))
    if verb in ("approve", "undo"):  # people act for another supplier by it, or do so no more
        require_own_factor(request)
    ways = {"refuse": refuse_merge, "withdraw": withdraw_merge, "undo": undo_merge}
    if not form.is_valid() or verb not in ("approve", *ways):
        return _show(request, row, form=form, status=422)
    told: dict[str, Any] = {"actor": request.actor, "at": request.at}
    try:
        with transaction.atomic():
            if verb == "approve":
                approve_merge(key, seen, **told)
            else:
                ways[verb](key, seen, form.cleaned_data["why"], **told)
    except Invalid as refusal:
        if all(problem.field == "why" for problem in refusal.problems):
            form.add_problems(refusal)
            return _show(request, row, form=form, status=422)
        return _show(request, row, form=form, refusal=refusal, status=422)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _show(request, find_merge(key, actor=request.actor), refusal=refusal, status=refusal.status)
    messages.success(request, _("Done."))
    return see_other("merge", key)
