"""Around every request: one story, one log line, one measurement; packed, with headers Django has no setting for; and
what of it is a security event."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.translation import gettext as _
from django.views.csrf import csrf_failure

from portal import measures
from portal.kernel import correlation
from portal.kernel.rest.problems import MEDIA_TYPE, problem_document
from portal.kernel.security.requests import about
from portal.kernel.security.services import account_of, collecting, note

HEADER = "X-Request-ID"
QUIET = ("health-", "metrics")

log = logging.getLogger("portal.requests")

GetResponse = Callable[[HttpRequest], HttpResponse]


class CorrelationMiddleware:
    """Takes over the caller's X-Request-ID or begins a story; answers with it and logs one line."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        with correlation.bind(request.headers.get(HEADER)) as story:
            response = self.get_response(request)
            response[HEADER] = story
            seconds = time.monotonic() - began
            route = name_of_route(request)
            measures.note_request(request.method or "", route, response.status_code, seconds)
            if not route.startswith(QUIET):
                log.info(
                    "request",
                    extra={
                        "method": request.method,
                        "path": path_for_logs(request),
                        "route": route,
                        "status": response.status_code,
                        "ms": round(seconds * 1000),
                        **who(request),
                    },
                )
            return response


# What programs ask, and post to: a redirection would hide that they are set up with http://.
OF_PROGRAMS = ("/api/", "/scim/")


class PlainHttpMiddleware:
    """Refuses calls of programs that came over plain http, where pages are led to https: the token of the call has been
    on the wire in the clear, and whoever set the program up must hear of it. ASVS 5.0, 4.1.2.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (
            not settings.SECURE_SSL_REDIRECT
            or request.is_secure()
            or not request.path.startswith(OF_PROGRAMS)
        ):
            return self.get_response(request)
        detail = str(
            _(
                "Use https://. A token that was sent over http:// may have been read: end it, and make a new one."
            )
        )
        document = problem_document(403, "plain_http", detail)
        return JsonResponse(document, status=403, content_type=MEDIA_TYPE)


class SecurityEventsMiddleware:
    """Notes what a request and its answer show of attacks, and writes what was noted on the way."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with collecting():
            response = self.get_response(request)
            if kind := kind_of_event(request, response):
                note(kind, **about(request), method=request.method or "", status=response.status_code)
            elif is_asking_for_a_new_password(request):
                asked = account_of(request.POST.get("email", ""))
                note("password.reset_asked", **(about(request) | {"account": asked}))
            return response


def kind_of_event(request: HttpRequest, response: HttpResponse) -> str:
    """What of the catalogue an answer shows, if anything. Strangers' 403 and 404 are a scanner's daily bread."""
    status = response.status_code
    if status == 429:
        return "" if getattr(request, "was_noted", False) else "request.throttled"
    if status == 400 and request.resolver_match is None:
        return "request.refused"
    actor = getattr(request, "actor", None)
    if actor is None or actor.is_anonymous or getattr(request, "was_forged", False):
        return ""
    if status in (403, 404):
        return "access.denied" if status == 403 else "access.probed"
    if status in (400, 405, 413, 415, 422):
        return "input.refused"
    if status == 409 and not getattr(request, "was_asked_for_a_factor", False):
        return "rule.refused"
    is_file = response.headers.get("Content-Disposition", "").startswith("attachment")
    return "data.downloaded" if status == 200 and is_file else ""


def is_asking_for_a_new_password(request: HttpRequest) -> bool:
    match = request.resolver_match
    return request.method == "POST" and match is not None and match.url_name == "account_reset_password"


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What a form gets that came without the mark of our pages: Django's refusal, and a security event."""
    request.was_forged = True  # type: ignore[attr-defined]  # it is noted here, and not again as a 403
    note("request.forged", **about(request), reason=reason)
    return csrf_failure(request, reason=reason)


class SecurityHeadersMiddleware:
    """No camera, microphone or place for our pages; and what a signed-in person saw stays in no cache.

    A page on which one scans asks for the camera itself (`kernel.web.with_camera`).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        # No page of ours shows anything of another origin, so none need let one in (SharedArrayBuffer, Spectre).
        response.headers.setdefault("Cross-Origin-Embedder-Policy", "require-corp")
        response.headers.setdefault("X-Permitted-Cross-Domain-Policies", "none")
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response


class CompressMiddleware(GZipMiddleware):
    """Pages in a tenth of their bytes, for whoever is far away. Files are packed already; programs get theirs plain.

    Django's own, which hides the length (the BREACH attack measures it), for what is worth packing.
    """

    KINDS = ("text/html",)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Pack pages, and nothing that is streamed."""
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if response.streaming or kind not in self.KINDS:
            return response
        return super().process_response(request, response)


def name_of_route(request: HttpRequest) -> str:
    """The name of the address, for counting; never the address itself, of which there are too many."""
    match = request.resolver_match
    return (match.view_name or match.route) if match else "unknown"


def path_for_logs(request: HttpRequest) -> str:
    """The path without its query; where a path carries a one-time secret, only its pattern."""
    match = request.resolver_match
    if match and (match.route.startswith("accounts/") or "token" in match.kwargs):
        return "/" + match.route
    return request.path


def who(request: HttpRequest) -> dict[str, object]:
    """Who acted, as far as a door has already found out: logging asks the database nothing."""
    actor = getattr(request, "actor", None)
    if actor is None or actor.is_anonymous:
        return {}
    facts = {
        "actor": actor.user_id,
        "side": str(actor.side),
        "channel": str(actor.channel),
        "token_id": actor.token_id,
    }
    return {name: value for name, value in facts.items() if value is not None}
