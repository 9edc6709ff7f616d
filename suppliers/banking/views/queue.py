"""What waits for us; a supplier's people see their own bank details in its place."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.web import paginate
from suppliers.banking.presenters import change_rows
from suppliers.banking.queries import changes, own_supplier, progress_of, waiting_changes
from suppliers.banking.states import OPEN, ChangeState
from suppliers.banking.views.supplier import show_supplier
from suppliers.roles import Permission

VIEWS: dict[str, tuple[str, ...] | None] = {
    "": None,
    "under-way": tuple(OPEN),
    "frozen": (ChangeState.FROZEN,),
    "in-force": (ChangeState.IN_FORCE,),
    "ended": (ChangeState.REFUSED, ChangeState.WITHDRAWN),
}


@door(Permission.BANK_VIEW)
def bank(request: DoorRequest) -> HttpResponse:
    """A supplier's own bank details; on our side the changes that wait for somebody."""
    if request.actor.is_supplier:
        return show_supplier(request, own_supplier(request.actor))
    view = request.GET.get("view", "")
    view = view if view in VIEWS else ""
    wanted = VIEWS[view]
    found = changes(request.actor).filter(state__in=wanted) if wanted else waiting_changes(request.actor)
    page = paginate(found, request.GET.get("cursor", ""), order=("-id",), size=50)
    words = {
        "": _("Waits for us"),
        "under-way": _("Still open"),
        "frozen": _("Frozen"),
        "in-force": _("In force"),
        "ended": _("Refused, withdrawn"),
    }
    context = {
        "page": page,
        "rows": change_rows(page.rows, progress_of(page.rows)),
        "may_compare": request.actor.may(Permission.BANK_CALL),
        "views": [
            {"url": f"?view={name}" if name else "?", "label": label, "current": name == view}
            for name, label in words.items()
        ],
    }
    return render(request, "suppliers/banking/queue.html", context)
