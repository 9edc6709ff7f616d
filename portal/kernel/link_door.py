"""The door of a sealed link: nobody signs in, one person acts by what stands in the address, and no session is made.

Note [Scanners]: mail scanners and previews open every link in a mail. A GET therefore shows and does nothing else; what
does something is a POST with the page's own token against forgery.

Note [Referrer]: the address holds the token, so it must not travel on. The policy is `strict-origin`: a page that one
goes to from here learns the portal's name and nothing of the path. `no-referrer` would say less still, but browsers
then send `Origin: null` with a form, which the check against forgery refuses as somebody else's.
"""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone, translation

from portal.kernel.access import Access, drop_nul
from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.scope import acting

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class WayIn:
    """What a token opens now: the link, who acts through it, and how that person reads."""

    link: Any
    actor: Actor
    language: str
    time_zone: str


def sealed_door(
    find: Callable[[str, datetime], WayIn | None],
    closed: Callable[[HttpRequest, str], HttpResponse],
    *,
    methods: Iterable[str] = ("GET",),
    refused: Callable[[Any, Refusal], HttpResponse] | None = None,
) -> Callable[[View], View]:
    """Declare and guard a page behind a sealed link.

    `find` says what a token opens, before any scope; what opens nothing, for whatever reason, gets the one page of
    `closed`. `refused` draws the page again with the sentence of a refusal, after everything was rolled back.
    """
    allowed = tuple(methods) + (("HEAD",) if "GET" in methods else ())

    def guard(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, token: str, **kwargs: object) -> HttpResponse:
            if request.method not in allowed:
                return HttpResponseNotAllowed(allowed)
            at = timezone.now()
            way = find(token, at)
            if way is None:
                return hidden(closed(request, token))
            request.actor, request.link, request.at = way.actor, way.link, at  # type: ignore[attr-defined]  # the door brings them
            request.token = token  # type: ignore[attr-defined]  # for the page's own addresses
            drop_nul(request)
            with translation.override(spoken(way.language)), timezone.override(ZoneInfo(way.time_zone)):
                try:
                    with acting(way.actor):
                        response = view(request, **kwargs)
                except NotFound as refusal:
                    raise Http404(refusal.message) from refusal
                except Refusal as refusal:
                    if refused is None:
                        raise
                    with acting(way.actor):
                        response = refused(request, refusal)
                response.headers["Content-Language"] = translation.get_language() or "en"
            return hidden(response)

        # Who holds the link may come in, nobody by sign-in: links have a test of their own beside the persona matrix.
        guarded.access = Access(frozenset(), allowed, public=True)  # type: ignore[attr-defined]  # read by the persona matrix
        return guarded

    return guard


def spoken(language: str) -> str:
    """A language we speak: the reader's own, if that is one."""
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def hidden(response: HttpResponse) -> HttpResponse:
    """Keep a page whose address is a secret out of search engines, caches and others' logs. See Note [Referrer]."""
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers["Cache-Control"] = "no-store, private"
    return response
