"""The door of a signed link: nobody signs in, one person acts for one supplier on one document, and no session is made.

Note [Scanners]: mail scanners and previews open every link in a mail. A GET therefore shows and does nothing else; what
does something is a POST with the page's own token against forgery.

Note [Referrer]: the address holds the token, so it must not travel on. The policy is `strict-origin`: a page that one
goes to from here learns the portal's name and nothing of the path. `no-referrer` would say less still, but browsers
then send `Origin: null` with a form, which the check against forgery refuses as somebody else's.
"""

import functools
from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils import timezone, translation

from portal.kernel.access import Access, DoorRequest, drop_nul
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.scope import acting
from procurement.links.models import SignedLink
from procurement.links.queries import actor_of_link, find_link, standing
from procurement.links.states import LinkStanding

CLOSED = "procurement/workbench/link_closed.html"


class LinkRequest(DoorRequest):
    """A request as a view behind a link's door gets it. Only a name for the type checker."""

    link: SignedLink
    token: str


View = Callable[..., HttpResponse]


def link_door(
    *,
    methods: Iterable[str] = ("GET",),
    refused: Callable[[LinkRequest, Refusal], HttpResponse] | None = None,
) -> Callable[[View], View]:
    """Declare and guard a page behind a signed link.

    A link that is unknown, revoked or run out, or whose person has left, gets one and the same page, which offers a new
    link. `refused` draws the document again with the sentence of a refusal, after everything was rolled back.
    """
    allowed = tuple(methods) + (("HEAD",) if "GET" in methods else ())

    def guard(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, token: str, **kwargs: object) -> HttpResponse:
            if request.method not in allowed:
                return HttpResponseNotAllowed(allowed)
            at = timezone.now()
            link = find_link(token)
            actor = actor_of_link(link) if link else None
            if (
                link is None
                or actor is None
                or standing(link, at) in (LinkStanding.EXPIRED, LinkStanding.REVOKED)
            ):
                return hidden(render(request, CLOSED, {"token": token}, status=410))
            request.actor, request.link, request.at = actor, link, at  # type: ignore[attr-defined]  # the door brings them
            request.token = token  # type: ignore[attr-defined]  # for the page's own addresses
            drop_nul(request)
            with translation.override(spoken(link.language)), timezone.override(ZoneInfo(link.time_zone)):
                try:
                    with acting(actor):
                        response = view(request, **kwargs)
                except NotFound as refusal:
                    raise Http404(refusal.message) from refusal
                except Refusal as refusal:
                    if refused is None:
                        raise
                    with acting(actor):
                        response = refused(request, refusal)  # type: ignore[arg-type]  # it is one by now
                response.headers["Content-Language"] = translation.get_language() or "en"
            return hidden(response)

        # Who holds the link may come in, nobody by sign-in: links have a test of their own beside the persona matrix.
        guarded.access = Access(frozenset(), allowed, public=True)  # type: ignore[attr-defined]  # read by the persona matrix
        return guarded

    return guard


def spoken(language: str) -> str:
    """A language we speak: a supplier's own, if that is one."""
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def hidden(response: HttpResponse) -> HttpResponse:
    """Keep a page whose address is a secret out of search engines, caches and others' logs. See Note [Referrer]."""
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers["Cache-Control"] = "no-store, private"
    return response
