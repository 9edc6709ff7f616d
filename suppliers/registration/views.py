"""Registration as pages. Those for everybody are not there where it is switched off, and say nothing of who is here."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door, public
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.link_door import WayIn, sealed_door
from portal.kernel.scope import acting
from portal.kernel.web import paginate, see_other, whole_number
from suppliers.people.ways import require_own_factor
from suppliers.registration.forms import (
    AddressForm,
    ApproveForm,
    AskBackForm,
    CompanyForm,
    RefuseRequestForm,
)
from suppliers.registration.models import SupplierRequest
from suppliers.registration.policies import mailbox_of
from suppliers.registration.queries import GATE, asked_before, find_request, request_of, requests, similar
from suppliers.registration.services import (
    approve_request,
    ask_back_request,
    ask_to_register,
    refuse_request,
    send_request,
)
from suppliers.registration.states import RequestState
from suppliers.roles import Permission

P = Permission
PAGE, CLOSED = "suppliers/registration/", "suppliers/people/closed.html"


class CompanyRequest(DoorRequest):
    """A request as the view behind the mailed link gets it. Only a name for the type checker."""

    link: SupplierRequest
    token: str


# --- for everybody -------------------------------------------------------------------------------------------


def _require_on() -> None:
    if not settings.SELF_REGISTRATION:
        raise Http404


@public
def register(request: HttpRequest) -> HttpResponse:
    """Ask for the mail with which a request begins."""
    _require_on()
    form = AddressForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["address"].lower()
        mailbox = mailbox_of(address)
        limited = ratelimit.consume_or_429(request, app="allauth.account", action="register", key=mailbox)
        if limited:
            return cast("HttpResponse", limited)
        with acting(GATE):
            ask_to_register(address, get_language() or settings.LANGUAGE_CODE, at=timezone.now())
        return see_other("register-sent")
    status = 422 if request.method == "POST" else 200
    return render(request, PAGE + "register.html", {"form": form}, status=status)


@public
def register_sent(request: HttpRequest) -> HttpResponse:
    """Said whatever was typed."""
    _require_on()
    text = _(
        "If a request can be made from this address, a mail with a link is on its way. It opens for three days."
    )
    return render(request, CLOSED, {"title": _("Look into your mailbox"), "text": text})


def _find(token: str, at: datetime) -> WayIn | None:
    asked = request_of(token, at) if settings.SELF_REGISTRATION else None
    return WayIn(asked, GATE, asked.language, settings.TIME_ZONE) if asked else None


def _closed(request: HttpRequest, token: str) -> HttpResponse:
    text = _("The request was sent already, or the link is too old.")
    context = {"title": _("This link does not work any more"), "text": text}
    return render(request, CLOSED, context, status=410)


def _refused(request: CompanyRequest, refusal: Refusal) -> HttpResponse:
    return _closed(request, request.token)


@sealed_door(_find, _closed, methods=["GET", "POST"], refused=_refused)
def register_company(request: CompanyRequest) -> HttpResponse:
    """Say which company it is. The mail address is checked by being here."""
    form = CompanyForm(
        request.POST if request.method == "POST" else None, initial=CompanyForm.initial_of(request.link)
    )
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                send_request(request.link, form.command(), actor=request.actor, at=request.at)
        except Invalid as refusal:
            form.add_problems(refusal)
        else:
            text = _("Somebody looks at it, and a mail tells you what becomes of it.")
            return render(request, CLOSED, {"title": _("Thank you"), "text": text})
    status = 422 if request.method == "POST" else 200
    context = {
        "form": form,
        "token": request.token,
        "address": request.link.address,
        "asked_back": request.link.reason,
        "sealed": True,
    }
    return render(request, PAGE + "company.html", context, status=status)


# --- ours ----------------------------------------------------------------------------------------------------


@door(P.SUPPLIER_MANAGE)
def request_list(request: DoorRequest) -> HttpResponse:
    """Requests to be decided, the oldest first; or those that were."""
    state = request.GET.get("state", "")
    state = state if state in RequestState.values else RequestState.RECEIVED
    page = paginate(
        requests().filter(state=state), request.GET.get("cursor", ""), order=("asked_at", "id"), size=50
    )
    context = {
        "page": page,
        "is_on": settings.SELF_REGISTRATION,
        "views": [
            {
                "url": f"?state={word}",
                "label": _("Waits for the company") if word == RequestState.ASKED else label,
                "current": word == state,
            }
            for word, label in RequestState.choices
        ],
    }
    return render(request, PAGE + "list.html", context)


@door(P.SUPPLIER_MANAGE)
def request_page(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One request, with the suppliers that may be the same company."""
    return _show(request, find_request(key))


def _show(
    request: DoorRequest,
    asked: SupplierRequest,
    *,
    approve: ApproveForm | None = None,
    refuse: RefuseRequestForm | None = None,
    back: AskBackForm | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "asked": asked,
        "similar": similar(asked, actor=request.actor),
        "before": asked_before(asked),
        "is_open": asked.state == RequestState.RECEIVED,
        "approve": approve or ApproveForm(),
        "refuse": refuse or RefuseRequestForm(auto_id="no_%s"),
        "back": back or AskBackForm(auto_id="back_%s"),
        "is_back": asked.state == RequestState.ASKED,
        "refusal": refusal,
    }
    return render(request, PAGE + "request.html", context, status=status)


@door(P.SUPPLIER_MANAGE, methods=["POST"])
def request_approve(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The company is a supplier of ours, and is invited."""
    require_own_factor(request)
    asked, form = find_request(key), ApproveForm(request.POST)
    seen = whole_number(request.POST.get("version"))
    if not form.is_valid():
        return _show(request, asked, approve=form, status=422)
    try:
        with transaction.atomic():
            said = form.cleaned_data
            words = {name: said[name] for name in ("is_asked", "is_other")}
            approve_request(key, seen, said["number"], **words, actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show(request, asked, approve=form, status=422)
    except Refusal as refusal:
        return _again(request, key, refusal)
    messages.success(request, _("%(name)s is invited.") % {"name": asked.company})
    return see_other("registration-list")


@door(P.SUPPLIER_MANAGE, methods=["POST"])
def request_ask_back(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Something is missing or not clear: the company is asked by mail."""
    form = AskBackForm(request.POST, auto_id="back_%s")
    done = _("The company is asked. Its answer comes back here.")
    return _say(request, key, form, "back", ask_back_request, done)


@door(P.SUPPLIER_MANAGE, methods=["POST"])
def request_refuse(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """No business with this company."""
    form = RefuseRequestForm(request.POST, auto_id="no_%s")
    return _say(request, key, form, "refuse", refuse_request, _("Refused. The company is told why."))


def _say(
    request: DoorRequest,
    key: uuid.UUID,
    form: AskBackForm | RefuseRequestForm,
    place: str,
    verb: Callable[..., object],
    done: str,
) -> HttpResponse:
    """Tell the company something with a reason that it reads; what cannot be sent is shown in its `place`."""
    asked, seen = find_request(key), whole_number(request.POST.get("version"))
    shown: dict[str, Any] = {place: form}
    if not form.is_valid():
        return _show(request, asked, **shown, status=422)
    try:
        with transaction.atomic():
            verb(key, seen, form.cleaned_data["reason"], actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show(request, asked, **shown, status=422)
    except Refusal as refusal:
        return _again(request, key, refusal)
    messages.success(request, done)
    return see_other("registration-list")


def _again(request: DoorRequest, key: uuid.UUID, refusal: Refusal) -> HttpResponse:
    if refusal.status in (403, 404):
        raise refusal
    return _show(request, find_request(key), refusal=refusal, status=refusal.status)
