"""The door of a link to an order: one person acts for one supplier on one document. See portal/kernel/link_door.py."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.kernel.access import DoorRequest
from portal.kernel.errors import Refusal
from portal.kernel.link_door import View, WayIn, sealed_door
from procurement.links.models import SignedLink
from procurement.links.queries import actor_of_link, find_link, standing
from procurement.links.states import LinkStanding

CLOSED = "procurement/workbench/link_closed.html"


class LinkRequest(DoorRequest):
    """A request as a view behind a link's door gets it. Only a name for the type checker."""

    link: SignedLink
    token: str


def _find(token: str, at: datetime) -> WayIn | None:
    link = find_link(token)
    actor = actor_of_link(link) if link else None
    if link is None or actor is None or standing(link, at) in (LinkStanding.EXPIRED, LinkStanding.REVOKED):
        return None
    return WayIn(link, actor, link.language, link.time_zone)


def _closed(request: HttpRequest, token: str) -> HttpResponse:
    return render(request, CLOSED, {"token": token}, status=410)


def link_door(
    *,
    methods: Iterable[str] = ("GET",),
    refused: Callable[[LinkRequest, Refusal], HttpResponse] | None = None,
) -> Callable[[View], View]:
    """Declare and guard a page behind a signed link.

    A link that is unknown, revoked or run out, or whose person has left, gets one and the same page, which offers a new
    link. `refused` draws the document again with the sentence of a refusal, after everything was rolled back.
    """
    return sealed_door(_find, _closed, methods=methods, refused=refused)
