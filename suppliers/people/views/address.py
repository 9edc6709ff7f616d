"""One's own mail address: asked for on a page, confirmed at the new address, stopped or agreed to at the old."""

from datetime import datetime
from functools import partial

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.actors import Actor, Channel
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.link_door import WayIn, sealed_door
from portal.kernel.web import see_other
from suppliers.models import AddressChange
from suppliers.people.forms import AddressForm
from suppliers.people.policies import NEW_ADDRESS, OLD_ADDRESS
from suppliers.people.presenters import due_of
from suppliers.people.queries import change_of, open_change
from suppliers.people.services import (
    agree_address,
    ask_address_change,
    confirm_address,
    stop_address,
    withdraw_address,
)
from suppliers.people.states import AddressState
from suppliers.people.ways import require_own_factor

CLOSED, SAID = "suppliers/people/closed.html", "suppliers/people/said.html"
OPEN = (AddressState.ASKED, AddressState.CONFIRMED)


class ChangeRequest(DoorRequest):
    """A request as a view behind a change's link gets it. Only a name for the type checker."""

    link: AddressChange
    token: str


# --- a page of one's own -------------------------------------------------------------------------------------


@door(methods=["GET", "POST"], personal=True)
def address_change(request: DoorRequest) -> HttpResponse:
    """Ask for another mail address: with the password, a second factor if there is one, and a mail to both."""
    if request.method != "POST":
        return _own(request, AddressForm(user=request.user))
    require_own_factor(request)
    form = AddressForm(request.POST, user=request.user)
    if not form.is_valid():
        return _own(request, form, status=422)
    try:
        asked = ask_address_change(
            request.user, form.cleaned_data["address"], actor=request.actor, at=request.at
        )
    except Invalid as refusal:
        form.add_problems(refusal)
        return _own(request, form, status=422)
    said = _("We have written to %(new)s. Open the link in that mail.") % {"new": asked.new_address}
    messages.success(request, said)
    return see_other("address-change")


def _own(request: DoorRequest, form: AddressForm, status: int = 200) -> HttpResponse:
    change = open_change(request.user.pk)
    context = {
        "form": form,
        "change": change,
        "due": due_of(change) if change else None,
        "has_password": request.user.has_usable_password(),
    }
    return render(request, "suppliers/people/address.html", context, status=status)


@door(methods=["POST"], personal=True)
def address_withdraw(request: DoorRequest) -> HttpResponse:
    """Take back what one asked for."""
    withdraw_address(request.user, actor=request.actor, at=request.at)
    messages.success(request, _("Your mail address stays as it is."))
    return see_other("address-change")


# --- behind the links ----------------------------------------------------------------------------------------


def _find(seal: bytes, token: str, at: datetime) -> WayIn | None:
    change = change_of(token, seal)
    if change is None or change.state not in OPEN:
        return None
    user = change.user
    actor = Actor.system(user.name, Channel.LINK)
    return WayIn(change, actor, user.language, user.time_zone)


def _closed(request: HttpRequest, token: str) -> HttpResponse:
    context = {
        "title": _("This link does not work any more"),
        "text": _("The change was made, stopped, withdrawn, or has run out."),
        "sign_in": True,
    }
    return render(request, CLOSED, context, status=410)


def _over(request: ChangeRequest, refusal: Refusal) -> HttpResponse:
    context = {"title": refusal.message, "text": "", "sign_in": True}
    return render(request, CLOSED, context, status=refusal.status)


@sealed_door(partial(_find, NEW_ADDRESS), _closed, methods=["GET", "POST"], refused=_over)
def address_new(request: ChangeRequest) -> HttpResponse:
    """Whoever reads the new address says that it is theirs."""
    if request.method != "POST":
        return render(request, SAID, {"change": request.link, "token": request.token, "at_new": True})
    change = confirm_address(request.link, actor=request.actor, at=request.at)
    return _done(request, change)


@sealed_door(partial(_find, OLD_ADDRESS), _closed, methods=["GET", "POST"], refused=_over)
def address_old(request: ChangeRequest) -> HttpResponse:
    """Whoever reads the old address stops it, or agrees."""
    if request.method != "POST":
        return render(request, SAID, {"change": request.link, "token": request.token, "at_new": False})
    if request.POST.get("word") == "stop":
        stop_address(request.link, actor=request.actor, at=request.at)
        context = {
            "title": _("Stopped. Nothing has changed"),
            "text": _(
                "Every session of your account has ended, and no change of address can be asked for during the next "
                "days. Somebody knew your password: set a new one now."
            ),
            "reset": True,
        }
        return render(request, CLOSED, context)
    if request.POST.get("word") != "agree":
        return render(request, SAID, {"change": request.link, "token": request.token, "at_new": False})
    return _done(request, agree_address(request.link, actor=request.actor, at=request.at))


def _done(request: ChangeRequest, change: AddressChange) -> HttpResponse:
    if change.state == AddressState.CHANGED:
        if request.user.is_authenticated and request.user.pk == change.user_id:
            update_session_auth_hash(request, change.user)  # this session goes on, all others have ended
        text = _("You sign in with %(address)s from now on.") % {"address": change.new_address}
        context = {"title": _("Your mail address is changed"), "text": text, "sign_in": True}
        return render(request, CLOSED, context)
    context = {"change": change, "due": due_of(change), "waits": True}
    return render(request, SAID, context)
