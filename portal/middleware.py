"""Around every request: one story, one log line, one measurement; packed, with headers Django has no setting for."""

from __future__ import annotations

import gzip
import io
import logging
import secrets
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from portal import measures
from portal.kernel import correlation

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


class SecurityHeadersMiddleware:
    """No camera, microphone or place for our pages; and what a signed-in person saw stays in no cache."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response


class CompressMiddleware:
    """Pages in a tenth of their bytes, for whoever is far away. Files are packed already; programs get theirs plain.

    A name of random length in the header of what is packed hides how long it is (the BREACH attack measures that).
    """

    WORTH_IT = 1_000
    LEVEL = 3  # a third of the time of the usual 6, for a few percent more bytes
    LONGEST_NAME = 100

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html") and not response.streaming
        if not is_page or response.has_header("Content-Encoding") or len(response.content) < self.WORTH_IT:
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response.content = self.packed(response.content)
            response.headers["Content-Encoding"] = "gzip"
            response.headers["Content-Length"] = str(len(response.content))
        return response

    def packed(self, content: bytes) -> bytes:
        into = io.BytesIO()
        name = "a" * secrets.randbelow(self.LONGEST_NAME)
        with gzip.GzipFile(name, "wb", self.LEVEL, into, mtime=0) as file:
            file.write(content)
        return into.getvalue()


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
