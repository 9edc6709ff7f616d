"""The page behind the link in an approver's mail: the case in short, and two buttons. Nobody signs in."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.link_door import View, WayIn, sealed_door
from procurement.payables.messages import SayByLink, Shown
from procurement.payables.models import ApprovalLink
from procurement.payables.presenters.by_link import approve_page, over_text
from procurement.payables.queries.by_link import (
    actor_of_approval_link,
    approval_of,
    find_approval_link,
    in_short,
    is_asked_of,
    must_sign_in,
    opens,
)
from procurement.payables.services.approvals import APPROVABLE
from procurement.payables.services.by_link import refuse_approval_link, say_by_link
from procurement.payables.states import ApprovalState

PAGE, CLOSED = "procurement/payables/approve.html", "procurement/payables/approve_closed.html"


class ApproveRequest(DoorRequest):
    """A request as a view behind an approval's link gets it. Only a name for the type checker."""

    link: ApprovalLink
    token: str


def _find(token: str, at: datetime) -> WayIn | None:
    link = find_approval_link(token)
    actor = actor_of_approval_link(link) if link else None
    if link is None or actor is None or not opens(link, at):
        return None
    return WayIn(link, actor, link.user.language, link.user.time_zone)


def _closed(request: HttpRequest, token: str) -> HttpResponse:
    return render(request, CLOSED, {"dead": True}, status=410)


def approve_door(
    *,
    methods: Iterable[str] = ("GET",),
    refused: Callable[[ApproveRequest, Refusal], HttpResponse] | None = None,
) -> Callable[[View], View]:
    """Declare and guard a page behind an approval's link. See `portal.kernel.link_door`."""
    return sealed_door(_find, _closed, methods=methods, refused=refused)


def _show(request: ApproveRequest, *, refusal: Refusal | None = None, status: int = 200) -> HttpResponse:
    approval = approval_of(request.link)
    invoice = approval.invoice
    about = {"invoice": invoice, "token": request.token}
    if approval.state != ApprovalState.ASKED or invoice.state not in APPROVABLE:
        return render(request, CLOSED, {**about, "over": over_text(approval, request.actor)}, status=status)
    if must_sign_in(invoice):
        return render(request, CLOSED, {**about, "sign_in": True}, status=status)
    if not is_asked_of(approval, request.actor, request.at):
        text = _("This approval is asked of somebody else now.")
        return render(request, CLOSED, {**about, "over": text}, status=status)
    before = Shown.from_json(request.link.shown)
    case = in_short([invoice])[invoice.pk]
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    context = {
        **about,
        **approve_page(approval, case, before, actor=request.actor),
        "link": request.link,
        "reason": request.POST.get("reason", ""),
        "problems": [{"id": one.field, "message": one.message} for one in problems],
        "bad": {one.field for one in problems},
        "refusal": None if problems else refusal,
    }
    return render(request, PAGE, context, status=status)


def _again(request: ApproveRequest, refusal: Refusal) -> HttpResponse:
    """The case as it stands now, with the sentence that says why the press did nothing."""
    return _show(request, refusal=refusal, status=422 if isinstance(refusal, Invalid) else refusal.status)


@approve_door()
def approve(request: ApproveRequest) -> HttpResponse:
    """Show the case. Nothing is decided by that, whoever or whatever opens it."""
    return _show(request)


@approve_door(methods=["POST"], refused=_again)
def approve_say(request: ApproveRequest) -> HttpResponse:
    """Approve it, or decline it with the reason."""
    command = SayByLink(
        request.POST.get("word", ""),
        request.POST.get("mark", ""),
        request.POST.get("reason", "").replace("\r\n", "\n"),
    )
    answered = say_by_link(request.link, command, actor=request.actor, at=request.at)
    if answered.state == ApprovalState.LAPSED:
        text = _(
            "The invoice or the rules changed since: others are to be asked. Accounts payable asks anew."
        )
        return render(request, CLOSED, {"invoice": answered.invoice, "over": text})
    response = HttpResponseRedirect(reverse("approve", args=[request.token]))
    response.status_code = 303
    return response


@approve_door(methods=["POST"])
def approve_refuse(request: ApproveRequest) -> HttpResponse:
    """“That is not me”: the link ends."""
    refuse_approval_link(request.link, actor=request.actor, at=request.at)
    return render(request, CLOSED, {"refused": True})
