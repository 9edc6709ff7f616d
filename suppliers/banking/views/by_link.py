"""Behind the link of a notice: 'this was not me'."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.kernel.access import DoorRequest
from portal.kernel.actors import Actor, Channel
from portal.kernel.link_door import WayIn, sealed_door
from portal.kernel.scope import acting
from suppliers.banking.models import BankNotice
from suppliers.banking.queries import OFFICE, has_objected, notice_of, open_freeze
from suppliers.banking.services import freeze_by_link, link_is_good


class NoticeRequest(DoorRequest):
    """What comes through the link of a notice."""

    link: BankNotice
    token: str


def _pressed(token: str, at: datetime) -> WayIn | None:
    with acting(OFFICE):
        notice = notice_of(token)
    if notice is None or not link_is_good(notice, at):
        return None
    who = Actor.system(notice.name or notice.address, Channel.LINK)
    return WayIn(notice, who, notice.language, notice.supplier.time_zone)


def _closed(request: HttpRequest, token: str) -> HttpResponse:
    return render(request, "suppliers/banking/not_me.html", {"notice": None}, status=404)


@sealed_door(_pressed, _closed, methods=["GET", "POST"])
def bank_not_me(request: NoticeRequest) -> HttpResponse:
    """Behind the link of a notice: one button, and everything stands still. Nobody signs in. GET shows alone, since
    scanners of mail open every link."""
    notice = request.link
    if request.method == "POST":
        freeze_by_link(notice, at=request.at)
    freeze = open_freeze(notice.supplier_id)
    # Somebody else may have stopped it: this one says so too, and again where it is to go on.
    stands = freeze is not None and freeze.thaw_asked_at is None and has_objected(freeze, notice.mark)
    context = {"notice": notice, "token": request.token, "is_frozen": stands}
    return render(request, "suppliers/banking/not_me.html", context)
