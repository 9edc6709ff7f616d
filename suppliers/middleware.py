"""From a session to an actor, and to the reader's language and time zone."""

import time
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from portal.kernel.actors import NOBODY
from suppliers.queries import SESSION_KEY, actor_of


class ActorMiddleware:
    """Set `request.actor`, and speak to signed-in people in their language and time zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        request.actor = NOBODY  # type: ignore[attr-defined]  # read by every door
        if not user.is_authenticated:
            return self.get_response(request)
        request.actor = (  # type: ignore[attr-defined]  # read by every door
            None if user.asleep_at else actor_of(user, acting_for=request.session.get(SESSION_KEY))
        ) or NOBODY
        with timezone.override(ZoneInfo(user.time_zone)), translation.override(user.language):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", user.language)
            return response


class SessionSeenMiddleware:
    """Note where and when a session was last used, for the list in which people end their sessions.

    Once in a while, and at once where the address or the browser is another: a page that is only read writes nothing.
    """

    EVERY = timedelta(minutes=5)
    KEY = "seen"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = request.session
        if session.session_key and request.user.is_authenticated:
            where = [get_adapter().get_client_ip(request), request.headers.get("User-Agent", "")[:200]]
            now = int(time.time())
            at, *seen = session.get(self.KEY) or [0]
            if seen != where or not 0 <= now - at < self.EVERY.total_seconds():
                UserSession.objects.create_from_request(request)
                session[self.KEY] = [now, *where]
        return self.get_response(request)
