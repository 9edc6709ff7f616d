"""From a session to an actor, and to the reader's language and time zone."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

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
            actor_of(user, acting_for=request.session.get(SESSION_KEY)) or NOBODY
        )
        with timezone.override(ZoneInfo(user.time_zone)), translation.override(user.language):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", user.language)
            return response
