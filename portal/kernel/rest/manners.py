"""How every request of a program is read, counted and let in (named in REST_FRAMEWORK)."""

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from redis.exceptions import RedisError
from rest_framework.exceptions import MethodNotAllowed, ParseError
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.throttling import SimpleRateThrottle

from portal.kernel.actors import Actor

logger = logging.getLogger(__name__)


def actor_of_request(request: Any) -> Actor | None:
    """Who asks, as the authentication found out: None for nobody."""
    return request.auth if isinstance(request.auth, Actor) else None


class JsonReader(JSONParser):
    """JSON as RFC 8259 has it: in UTF-8 whatever is claimed, and without towers of brackets."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return super().parse(stream, media_type, {**(parser_context or {}), "encoding": "utf-8"})
        except RecursionError as error:
            raise ParseError(_("This is nested too deeply.")) from error


class MayEnter(BasePermission):
    """Whether the caller has one of the permissions that the door of this method declares."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if view.action is None or view.action == "metadata":
            raise MethodNotAllowed(request.method)
        actor = actor_of_request(request)
        if actor is None or actor.is_anonymous:
            return False
        needed = view.permissions_of(view.action)
        return not needed or any(actor.may(permission) for permission in needed)


class PerCaller(SimpleRateThrottle):
    """So many requests a minute for each token, or for each person; strangers are counted by address."""

    scope = "caller"

    def allow_request(self, request: Any, view: Any) -> bool:
        """Whether the caller has asked less than that. Where nobody can count, nobody is sent away: an answer that is
        owed today weighs more than a rate."""
        try:
            return bool(super().allow_request(request, view))
        except RedisError as problem:
            logger.warning("no cache to count API requests in", extra={"problem": str(problem)})
            return True

    def get_rate(self) -> str:
        return str(settings.API_RATE)

    def get_cache_key(self, request: Any, view: Any) -> str:
        actor = actor_of_request(request)
        if actor is None:
            return f"api-rate:address:{self.get_ident(request)}"
        return f"api-rate:token:{actor.token_id}" if actor.token_id else f"api-rate:user:{actor.user_id}"
