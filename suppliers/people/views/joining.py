"""The page behind the link of an invitation. Nobody is signed in yet; opening it does nothing."""

from datetime import datetime

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest
from portal.kernel.actors import Actor, Channel
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.link_door import WayIn, sealed_door
from portal.kernel.web import see_other
from suppliers.models import Invitation
from suppliers.people.forms import JoinForm
from suppliers.people.queries import has_account, invitation_of
from suppliers.people.services import accept_as_new, accept_invitation
from suppliers.people.states import InvitationState
from suppliers.queries import SESSION_KEY

PAGE, CLOSED = "suppliers/people/join.html", "suppliers/people/closed.html"


class JoinRequest(DoorRequest):
    """A request as the view behind an invitation's link gets it. Only a name for the type checker."""

    link: Invitation
    token: str


def _find(token: str, at: datetime) -> WayIn | None:
    invitation = invitation_of(token)
    if invitation is None or invitation.state != InvitationState.SENT or at >= invitation.expires_at:
        return None
    actor = Actor.system(invitation.name or invitation.address, Channel.LINK)
    return WayIn(invitation, actor, invitation.language, invitation.time_zone)


def _closed(request: HttpRequest, token: str) -> HttpResponse:
    context = {
        "title": _("This invitation is not valid any more"),
        "text": _(
            "It was accepted, taken back, or has run out. If you accepted it, sign in. If not, ask who invited you to "
            "send it again."
        ),
        "sign_in": True,
    }
    return render(request, CLOSED, context, status=410)


def _refused(request: JoinRequest, refusal: Refusal) -> HttpResponse:
    return _show(request, JoinForm(invitation=request.link), refusal=refusal, status=refusal.status)


@sealed_door(_find, _closed, methods=["GET", "POST"], refused=_refused)
def join(request: JoinRequest) -> HttpResponse:
    """Accept an invitation: with a new account of the invited address, or signed in with the one there is."""
    if request.method != "POST":
        return _show(request, JoinForm(invitation=request.link))
    if request.user.is_authenticated:
        accept_invitation(request.link, request.user, actor=request.actor, at=request.at)
        if request.link.supplier_id:
            request.session[SESSION_KEY] = request.link.supplier_id
        messages.success(request, _("You act for %(name)s now.") % {"name": _whom(request.link)})
        return see_other("home")
    form = JoinForm(request.POST, invitation=request.link)
    if not form.is_valid():
        return _show(request, form, status=422)
    try:
        user = accept_as_new(request.link, form.new_person(), actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show(request, form, status=422)
    response: HttpResponse = perform_password_login(
        request, {"email": user.email}, Login(user=user, email=user.email, redirect_url=reverse("home"))
    )
    response.status_code = 303
    return response


def _whom(invitation: Invitation) -> str:
    return invitation.supplier.name if invitation.supplier else _("the buying side")


def _show(
    request: JoinRequest, form: JoinForm, *, refusal: Refusal | None = None, status: int = 200
) -> HttpResponse:
    invitation, user = request.link, request.user
    is_known = not user.is_authenticated and has_account(invitation.address)
    context = {
        "invitation": invitation,
        "form": form,
        "token": request.token,
        "refusal": refusal,
        "mine": user.is_authenticated and user.email.lower() == invitation.address.lower(),
        "other": user.is_authenticated and user.email.lower() != invitation.address.lower(),
        "known": is_known,
        "sealed": True,
    }
    return render(request, PAGE, context, status=status)
