"""What waits for accounts payable, what waits for approval, and what rules approved."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.web import paginate
from procurement.invoices.states import OPEN, InvoiceState
from procurement.payables.presenters.rows import approval_rows, approved_rows, rows_of
from procurement.payables.queries.approvals import waiting_for_me
from procurement.payables.queries.desk import (
    ALL,
    NEWEST,
    OURS,
    RANKED,
    VIEWS,
    approved_by_rule,
    counts,
    desk,
    narrowed,
    policies_named,
    suppliers_on_the_desk,
)
from procurement.payables.states import Why
from suppliers.roles import Permission

QUEUE, APPROVALS, APPROVED = (
    f"procurement/payables/{name}.html" for name in ("queue", "approvals", "approved")
)
PAGE_SIZE = 50


@door(Permission.SUPPLIER_VIEW)
def payables(request: DoorRequest) -> HttpResponse:
    """The desk: invoices that need a person, those first that cost most to leave."""
    actor, today = request.actor, timezone.localdate(request.at)
    asked = {name: request.GET.get(name, "")[:60] for name in ("view", "state", "why", "supplier", "q")}
    view = asked["view"] if asked["view"] in VIEWS else OURS
    state = asked["state"] if asked["state"] in OPEN else ""
    why = asked["why"] if asked["why"] in Why.values else ""
    supplier, q = asked["supplier"], asked["q"].strip()
    found = narrowed(desk(actor, today), view, state=state, why=why, supplier=supplier, q=q)
    page = paginate(found, request.GET.get("cursor", ""), order=RANKED, size=PAGE_SIZE, narrow=True)
    suppliers = suppliers_on_the_desk(actor)
    kept = {"view": view, "state": state, "why": why, "supplier": supplier, "q": q}
    labels: dict[str, dict[str, Any]] = {
        "state": {str(one): InvoiceState(one).label for one in OPEN},
        "why": dict(Why.choices),
        "supplier": dict(suppliers),
    }
    names = {"state": _("State"), "why": _("Why"), "supplier": _("Supplier")}
    context = {
        "page": page,
        "rows": rows_of(page.rows, today, request.at),
        "views": _views(view, counts(actor)),
        "q": q,
        "filters": [
            {
                "label": names[name],
                "options": [
                    {"label": label, "url": _address(kept, **{name: value}), "current": kept[name] == value}
                    for value, label in labels[name].items()
                ],
            }
            for name in ("state", "why", "supplier")
            if labels[name]
        ],
        "active": [
            {
                "label": names[name],
                "text": labels[name].get(kept[name], kept[name]),
                "remove_url": _address(kept, **{name: ""}),
            }
            for name in ("state", "why", "supplier")
            if kept[name]
        ],
        "clear_url": f"?view={view}",
        "view": view,
    }
    return render(request, QUEUE, context)


def _address(kept: dict[str, str], **changed: str) -> str:
    return "?" + urlencode({name: value for name, value in {**kept, **changed}.items() if value})


def _views(view: str, count: Any) -> list[dict[str, Any]]:
    words = {
        OURS: _("Needs us"),
        "approval": _("Waits for approval"),
        "supplier": _("The supplier acts"),
        "inside": _("Buyer or receiving acts"),
        "waits": _("Goes on by itself"),
        ALL: _("All open"),
    }
    return [
        {
            "url": f"?view={name}",
            "label": label,
            "count": count[name],
            "hot": name == OURS,
            "current": name == view,
        }
        for name, label in words.items()
    ]


@door(Permission.INVOICE_APPROVE)
def payables_approvals(request: DoorRequest) -> HttpResponse:
    """The approvals that wait for the reader, or for whom he or she stands in."""
    found = waiting_for_me(request.actor, request.at)
    page = paginate(found, request.GET.get("cursor", ""), order=("reached_at", "id"), size=PAGE_SIZE)
    today = timezone.localdate(request.at)
    return render(request, APPROVALS, {"page": page, "rows": approval_rows(page.rows, today)})


@door(Permission.SUPPLIER_VIEW)
def payables_approved(request: DoorRequest) -> HttpResponse:
    """What rules approved without a person, the newest first; opened again as long as the ERP has not booked it."""
    actor = request.actor
    names = policies_named(actor)
    rule = request.GET.get("rule", "")
    rule = rule if rule in names else ""
    found = approved_by_rule(actor, rule=rule)
    page = paginate(found, request.GET.get("cursor", ""), order=NEWEST, size=PAGE_SIZE, narrow=True)
    bare = reverse("payables-approved")
    context = {
        "page": page,
        "rows": approved_rows(page.rows, actor),
        "filters": [
            {
                "label": _("Rule"),
                "options": [
                    {"label": name, "url": "?" + urlencode({"rule": name}), "current": name == rule}
                    for name in names
                ],
            }
        ]
        if names
        else [],
        "active": [{"label": _("Rule"), "text": rule, "remove_url": bare}] if rule else [],
        "may_settle": actor.may(Permission.INVOICE_SETTLE),
    }
    return render(request, APPROVED, context)
