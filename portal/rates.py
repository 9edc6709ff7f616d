"""How many pages somebody may ask for in a minute, and how often write: by person, and by address for strangers.

Note [Rates]: nobody who works meets these; a script that copies the portal page by page, or fills it, does. By person,
because an office of thirty comes from one address. Programs have rates of their own, or signatures, at their own doors
(`API_RATE`, docs/sso.md, docs/gateways.md), and so have sign-in and what else costs more than a page.

It stands where the view is known and nothing of it has run: who asks has been found out by then for every page anyway,
so it costs one journey to the cache and no query.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from allauth.core.internal.ratelimit import truncate_ip
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string

from portal.kernel.counting import NobodyCounts, tally
from portal.kernel.security.requests import address_of
from suppliers.signin.middleware import OWN_ACCOUNT
from suppliers.signin.step_up import kept_fields

logger = logging.getLogger(__name__)

WINDOW = 60  # seconds
READS = ("GET", "HEAD", "OPTIONS")
# Asked by machines every few seconds, by design.
WATCHED = ("health-", "metrics")
# No mark of our pages is asked of it, as of a program's door, but it is one of people and has no rate of its own.
PEOPLES_TOO = frozenset({"notices-stop"})
# What comes back to be sent once more; longer forms are not worth what it costs to refuse them.
MOST_KEPT = 256 * 1024
# What does not come back into a page: a form that asks for one of these is filled in anew, and so is one's own account.
SECRETS = re.compile(r"password|secret|credential", re.IGNORECASE)
# The question for a factor is asked anew without the answer, and leads to where it was to lead.
STEP_UP = "factor-to"


class PageRateMiddleware:
    """Turns away who asks for too much in a minute. Stands behind `ActorMiddleware`: see Note [Rates]."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Count this request, and answer in the view's place where it is one too many."""
        asks = who_asks(request)
        if not asks or has_rate_of_its_own(request, view):
            return None
        reads = request.method in READS
        most: int = settings.PAGES_A_MINUTE if reads else settings.WRITES_A_MINUTE
        try:
            count, left = tally(f"page-rate:{'reads' if reads else 'writes'}:{asks}", WINDOW)
        except NobodyCounts as problem:
            # Where nobody can count, nobody is sent away, as in the API.
            logger.warning("no cache to count pages in", extra={"problem": str(problem)})
            return None
        if count <= most:
            return None
        # One security event for each person and minute: see `kind_of_event` in portal.middleware.
        request.was_noted = count > most + 1  # type: ignore[attr-defined]  # read there
        return turned_away(request, left)


def who_asks(request: HttpRequest) -> str:
    """The person who signed in, also in another's place; else the network asked from; "" where nobody knows it."""
    if request.user.is_authenticated:
        return f"person:{request.user.pk}"
    address = address_of(request)
    return f"address:{truncate_ip(address)}" if address else ""


def has_rate_of_its_own(request: HttpRequest, view: Any) -> bool:
    """Whether this door is one of machines: of the watchers, or one that asks for no mark of our own pages."""
    name = (request.resolver_match and request.resolver_match.view_name) or ""
    return name.startswith(WATCHED) or (getattr(view, "csrf_exempt", False) and name not in PEOPLES_TOO)


def turned_away(request: HttpRequest, left: int) -> HttpResponse:
    """The answer to one too many: a page with a way out, or for htmx the status that its shell has a sentence for."""
    if getattr(request, "htmx", False):
        response = HttpResponse(status=429)
    else:
        context = {"left": left, "again": request.get_full_path(), **what_was_sent(request)}
        response = HttpResponse(render_to_string("429.html", context), status=429)
    response["Retry-After"] = str(left)
    return response


def what_was_sent(request: HttpRequest) -> dict[str, Any]:
    """A form comes back, to be sent once more, so that nothing typed is lost. Not where it holds a secret."""
    if request.method in READS:
        return {"sent": False}
    name = (request.resolver_match and request.resolver_match.view_name) or ""
    typed = kept_fields(request.POST)
    is_long = sum(len(text) for _name, text in typed) > MOST_KEPT
    if is_long or name.startswith(OWN_ACCOUNT) or any(SECRETS.search(field) for field, _text in typed):
        return {"sent": True}
    if to := request.POST.get(STEP_UP):
        typed.append((STEP_UP, to))
    return {
        "sent": True,
        "comes_back": True,
        "kept": typed,
        "files": [file.name for _name, files in request.FILES.lists() for file in files],
        "csrf_token": get_token(request),
    }
