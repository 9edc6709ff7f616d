"""Ship notices, counts and invoices that the ERP is told of, as pages: how each stands, what is told, the ways out."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.web import paginate, panel_or_page, see_other
from procurement.erp.advice import advice_of_telling
from procurement.erp.models import EarlyPaymentWrite, InvoiceWrite
from procurement.erp.presenters_telling import (
    reason_of,
    story_of_telling,
    telling_row,
    told_head,
    told_lines,
)
from procurement.erp.states import TOLD_TO_A_PERSON, TellingState
from procurement.erp.telling import (
    KINDS_OF,
    OF_INVOICES,
    call_it_keyed,
    find_visible_telling,
    next_try_of,
    notice_behind,
    tell_again,
    tries_of_telling,
    visible_tellings,
)
from suppliers.roles import Permission

LOOKS = (Permission.ERP_VIEW, Permission.ORDER_DECIDE, Permission.INVOICE_SETTLE)
DECIDES = (Permission.ERP_MANAGE, Permission.ORDER_DECIDE, Permission.INVOICE_SETTLE)


@door(*LOOKS)
def telling_list(request: DoorRequest) -> HttpResponse:
    """Every ship notice, count or invoice that the ERP was told of, newest first; and those that need a person."""
    asked = request.GET.get("what", "")
    what = asked if asked in KINDS_OF else "notices"
    only_waiting = request.GET.get("view") == "waiting"
    found = visible_tellings(what, request.actor)
    if only_waiting:
        found = found.filter(state__in=TOLD_TO_A_PERSON)
    page = paginate(found, request.GET.get("cursor", ""), order=["-id"])
    tabs = [
        {"url": f"?what={name}{view}", "label": label, "current": (name, bool(view)) == (what, only_waiting)}
        for name, view, label in (
            ("notices", "", _("Ship notices")),
            ("counts", "", _("Counted goods")),
            ("invoices", "", _("Invoices")),
            ("early", "", _("Early payments")),
            ("notices", "&view=waiting", _("Stuck ship notices")),
            ("counts", "&view=waiting", _("Stuck counts")),
            ("invoices", "&view=waiting", _("Stuck invoices")),
            ("early", "&view=waiting", _("Stuck early payments")),
        )
    ]
    # Where nobody was ever paid early, nothing speaks of it.
    if what != "early" and not visible_tellings("early", request.actor).exists():
        tabs = [tab for tab in tabs if not str(tab["url"]).startswith("?what=early")]
    context = {
        "page": page,
        "rows": [telling_row(one) for one in page.rows],
        "views": tabs,
        "what": what,
        "may_see_monitor": request.actor.may(Permission.ERP_VIEW),
    }
    return panel_or_page(request, "procurement/erp/telling_list.html", "tellings", context)


@door(*LOOKS)
def telling(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One of them: what the ERP is told, how it stands, who must act, and every attempt."""
    found = find_visible_telling(key, actor=request.actor)
    waits = found.state in TOLD_TO_A_PERSON
    context: dict[str, Any] = {
        "write": found,
        "is_invoice": isinstance(found, InvoiceWrite),
        "is_early": isinstance(found, EarlyPaymentWrite),
        "row": telling_row(found),
        "notice": notice_behind(found, actor=request.actor),
        "head": told_head(found),
        "lines": told_lines(found),
        "reason": reason_of(found),
        "advice": advice_of_telling(
            found.state, found.fault, found.reason, is_invoice=isinstance(found, OF_INVOICES)
        ),
        "next_try": next_try_of(found)
        if found.state in (TellingState.QUEUED, TellingState.UNKNOWN)
        else None,
        "story": story_of_telling(found, tries_of_telling(found)),
        "may_act": waits and any(request.actor.may(permission) for permission in DECIDES),
        "may_see_monitor": request.actor.may(Permission.ERP_VIEW),
    }
    return render(request, "procurement/erp/telling.html", context)


@door(*DECIDES, methods=["POST"])
def telling_again(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Tell the ERP again: after something was put right there."""
    found = find_visible_telling(key, actor=request.actor)
    tell_again(found, actor=request.actor, at=request.at)
    messages.success(request, _("The ERP is told again now."))
    return see_other("integration-telling", found.key)


@door(*DECIDES, methods=["POST"])
def telling_keyed(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Say that it stands in the ERP: keyed in there, or put right by hand."""
    found = find_visible_telling(key, actor=request.actor)
    call_it_keyed(found, actor=request.actor, at=request.at)
    messages.success(request, _("Noted: it stands in the ERP."))
    return see_other("integration-telling", found.key)
