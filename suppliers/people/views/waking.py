"""An account that was not used for long: told so at sign-in, and woken by the link in a mail."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, public
from portal.kernel.actors import Actor, Channel
from portal.kernel.errors import Refusal
from portal.kernel.link_door import WayIn, sealed_door
from portal.kernel.web import see_other
from suppliers.models import User
from suppliers.people.queries import sleeper_of
from suppliers.people.services import wake_person

CLOSED = "suppliers/people/closed.html"


class WakeRequest(DoorRequest):
    """A request as the view behind a waking link gets it. Only a name for the type checker."""

    link: User
    token: str


@public
def asleep(request: HttpRequest) -> HttpResponse:
    """Said after the right password: the account is asleep, and a mail is on its way."""
    context = {
        "title": _("Your account is asleep"),
        "text": _(
            "It was not used for a long time. We have sent a mail to its address: open the link in it within ten "
            "minutes, then sign in as before. Nothing was lost. If the mail comes too late, sign in again: we send "
            "another."
        ),
        "sign_in": False,
    }
    return render(request, CLOSED, context)


def _find(token: str, at: datetime) -> WayIn | None:
    user = sleeper_of(token)
    if user is None:
        return None
    return WayIn(user, Actor.system(user.name, Channel.LINK), user.language, user.time_zone)


def _closed(request: HttpRequest, token: str) -> HttpResponse:
    context = {
        "title": _("This link does not work any more"),
        "text": _(
            "Your account is awake again, or the link is too old. Sign in. If it is still asleep, we send another mail."
        ),
        "sign_in": True,
    }
    return render(request, CLOSED, context, status=410)


def _refused(request: WakeRequest, refusal: Refusal) -> HttpResponse:
    return _closed(request, request.token)


@sealed_door(_find, _closed, methods=["GET", "POST"], refused=_refused)
def wake(request: WakeRequest) -> HttpResponse:
    """Wake the account; password and second step are asked for after it, as ever."""
    if request.method != "POST":
        return render(request, "suppliers/people/wake.html", {"person": request.link, "token": request.token})
    wake_person(request.link, actor=request.actor, at=request.at)
    messages.success(request, _("Your account is awake. Sign in."))
    return see_other("account_login")
