"""The reasons of a company: words of its own, codes of its own, and which it does not use."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.web import see_other
from procurement.changes.messages import EditReason
from procurement.changes.queries import reasons_by_company
from procurement.changes.services import save_reason
from suppliers.roles import Permission

TEMPLATE = "procurement/changes/reasons.html"


@door(Permission.REASON_MANAGE, methods=["GET", "POST"])
def change_reasons(request: DoorRequest) -> HttpResponse:
    """Look at the list, word a reason anew, add one, take one off."""
    if request.method == "GET":
        return _show(request)
    sent = {name: request.POST.get(name, "").strip() for name in ("company", "code", "label")}
    command = EditReason(**sent, active=request.POST.get("active") == "1")
    if sent["company"] not in reasons_by_company(request.actor):
        message = _("Choose one of the companies.")
        return _show(request, problems=[{"id": "company", "message": message}], typed=sent, status=422)
    try:
        save_reason(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        told = [{"id": one.field, "message": one.message} for one in refusal.problems]
        return _show(request, problems=told, typed=sent, status=refusal.status)
    messages.success(request, _("The list is saved."))
    response = see_other("change-reasons")
    response["Location"] = f"{reverse('change-reasons')}#{sent['company']}-{sent['code']}"
    return response


def _show(
    request: DoorRequest,
    *,
    problems: list[dict[str, str]] | None = None,
    typed: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    companies = reasons_by_company(request.actor)
    context = {"companies": list(companies.items()), "problems": problems, "typed": typed or {}}
    return render(request, TEMPLATE, context, status=status)
