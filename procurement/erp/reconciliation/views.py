"""The integration owner's pages on whether both sides say the same, and what a first sync would do."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.audit.queries import timeline_of
from portal.kernel.errors import NotFound
from portal.kernel.web import paginate, panel_or_page, see_other
from procurement.erp.reconciliation.forms import IgnoreForm
from procurement.erp.reconciliation.presenters import (
    choices_for,
    compared_values,
    drift_row,
    explain,
    kind_rows,
    may_of,
    rehearsal_rows,
    repair_says,
    run_row,
    story_of,
)
from procurement.erp.reconciliation.queries import (
    drift_counts,
    drift_of_kind,
    find_comparison,
    find_drift,
    newest_comparisons,
    newest_rehearsals,
    unresolved_drift,
    visible_drift,
)
from procurement.erp.reconciliation.services import (
    ask_comparison,
    ask_rehearsal,
    ask_repair,
    ask_repairs,
    ignore_drift,
    reopen_drift,
)
from procurement.erp.reconciliation.states import UNRESOLVED, DriftKind, DriftState, Repair
from procurement.erp.reconciliation.tasks import soon
from suppliers.roles import Permission


@door(Permission.ERP_VIEW)
def comparison(request: DoorRequest) -> HttpResponse:
    """Do both sides say the same: the last comparisons, and what is not the same."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in DriftKind.values else ""
    state = request.GET.get("state", "")
    state = state if state in DriftState.values else ""
    found = visible_drift(request.actor).filter(state__in=[state] if state else UNRESOLVED)
    if kind:
        found = found.filter(kind=kind)
    page = paginate(found, request.GET.get("cursor", ""), order=["-id"])
    counts = drift_counts(request.actor)
    runs = [run_row(run) for run in newest_comparisons()]
    context = {
        "unresolved": unresolved_drift(),
        "runs": runs,
        "newest": runs[0] if runs else None,
        "running": bool(runs) and runs[0].run.state == "running",
        "kinds": kind_rows(counts),
        "kind": str(DriftKind(kind).label) if kind else "",
        "rows": [drift_row(one) for one in page.rows],
        "page": page,
        "views": _views(state, kind),
        "may_manage": request.actor.may(Permission.ERP_MANAGE),
    }
    return panel_or_page(request, "procurement/erp/comparison.html", "drift", context)


def _views(state: str, kind: str) -> list[dict[str, Any]]:
    more = f"&kind={kind}" if kind else ""
    tabs = [{"url": f"?state={more}#drift", "label": _("Unresolved"), "current": not state}]
    for one in (DriftState.IGNORED, DriftState.REPAIRED, DriftState.GONE):
        tabs.append({"url": f"?state={one}{more}#drift", "label": one.label, "current": one == state})
    return tabs


@door(Permission.ERP_MANAGE, methods=["POST"])
def comparison_now(request: DoorRequest) -> HttpResponse:
    """Compare both sides without waiting for the night."""
    ask_comparison(actor=request.actor, at=request.at)
    soon("erp.compare")
    messages.success(request, _("Both sides are being compared. What is found shows up here."))
    return see_other("integration-comparison")


@door(Permission.ERP_VIEW)
def comparison_run(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One comparison, feed by feed."""
    return render(request, "procurement/erp/comparison_run.html", {"row": run_row(find_comparison(key))})


@door(Permission.ERP_VIEW)
def drift(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One drift: what either side says, what can be done, and what was."""
    found = find_drift(key, actor=request.actor)
    context = {
        "drift": found,
        "row": drift_row(found),
        "explained": explain(found.kind),
        "values": compared_values(found),
        "left_out": max(len(found.differences) - 200, 0),
        "choices": choices_for(found.kind, found.feed),
        "may": may_of(found, manages=request.actor.may(Permission.ERP_MANAGE)),
        "story": story_of(timeline_of(found.stream, actor=request.actor)),
    }
    return render(request, "procurement/erp/drift.html", context)


@door(Permission.ERP_MANAGE, methods=["POST"])
def drift_repair(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Choose how a drift is put right."""
    found = find_drift(key, actor=request.actor)
    ask_repair(found, request.POST.get("repair", ""), actor=request.actor, at=request.at)
    soon("erp.repair_drift")
    messages.success(request, _("The ERP is asked once more, and then it is put right."))
    return see_other("integration-drift", found.key)


@door(Permission.ERP_MANAGE, methods=["GET", "POST"])
def drift_ignore(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Let both sides differ, with a reason, until either says something else."""
    found = find_drift(key, actor=request.actor)
    form = IgnoreForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        ignore_drift(found, form.cleaned_data["reason"], actor=request.actor, at=request.at)
        messages.success(request, _("Ignored, until either side says something else."))
        return see_other("integration-drift", found.key)
    context = {
        "title": _("Let both sides differ?"),
        "text": _("Nothing is changed on either side. When either says something else, it is open again."),
        "action": reverse("integration-drift-ignore", args=[found.key]),
        "verb": _("Ignore"),
        "back": reverse("integration-drift", args=[found.key]),
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return panel_or_page(request, "layouts/confirm.html", "confirm", context, status)


@door(Permission.ERP_MANAGE, methods=["POST"])
def drift_reopen(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Do not ignore it after all."""
    found = find_drift(key, actor=request.actor)
    reopen_drift(found, actor=request.actor, at=request.at)
    messages.success(request, _("Open again."))
    return see_other("integration-drift", found.key)


@door(Permission.ERP_MANAGE, methods=["GET", "POST"])
def repair_all(request: DoorRequest, kind: str, repair: str) -> HttpResponse:
    """Put all open drift of a kind right in one way."""
    if kind not in DriftKind.values or repair not in Repair.values:
        raise NotFound(_("There is no such repair."))
    if request.method == "POST":
        count = ask_repairs(kind, repair, actor=request.actor, at=request.at)
        soon("erp.repair_drift")
        said = ngettext("%(n)d is being put right.", "%(n)d are being put right.", count) % {"n": count}
        messages.success(request, said)
        return see_other("integration-comparison")
    count = drift_of_kind(request.actor, kind).count()
    many = ngettext("%(n)d record.", "%(n)d records.", count) % {"n": count}
    context = {
        "title": f"{DriftKind(kind).label}: {Repair(repair).label}",
        "text": f"{many} {repair_says(repair)}",
        "action": reverse("integration-drift-repair-all", args=[kind, repair]),
        "verb": _("Repair all"),
        "danger": repair in (Repair.CANCEL, Repair.BLOCK),
        "back": reverse("integration-comparison"),
    }
    return panel_or_page(request, "layouts/confirm.html", "confirm", context)


@door(Permission.ERP_VIEW)
def rehearsal(request: DoorRequest) -> HttpResponse:
    """What a first sync would do, before it does it."""
    made = newest_rehearsals()
    newest = made[0] if made else None
    context = {
        "newest": newest,
        "running": newest is not None and newest.state == "running",
        "reports": rehearsal_rows(newest) if newest else [],
        "may_manage": request.actor.may(Permission.ERP_MANAGE),
    }
    return panel_or_page(request, "procurement/erp/rehearsal.html", "report", context)


@door(Permission.ERP_MANAGE, methods=["POST"])
def rehearsal_now(request: DoorRequest) -> HttpResponse:
    """Have a dry run made."""
    ask_rehearsal(actor=request.actor, at=request.at)
    soon("erp.rehearse")
    messages.success(request, _("The dry run has begun. Nothing is stored and nothing is moved."))
    return see_other("integration-rehearsal")
