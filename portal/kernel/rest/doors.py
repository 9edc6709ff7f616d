"""The door of a program: who may come in, one transaction, one scope, one effect however often it is sent."""

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db.models import QuerySet
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer, ValidationError
from rest_framework.utils.urls import replace_query_param
from rest_framework.viewsets import ViewSet

from portal.kernel.access import Access
from portal.kernel.actors import Actor
from portal.kernel.idempotency.services import fingerprints_of, recall, remember
from portal.kernel.rest.fields import Query
from portal.kernel.rest.manners import actor_of_request
from portal.kernel.rest.problems import Malformed, PreconditionFailed, PreconditionRequired
from portal.kernel.scope import acting
from portal.kernel.web import paginate, whole_number

KEY_OF_REQUEST = re.compile(r"[\x21-\x7e]{1,200}")
KEPT_HEADERS = ("Location", "ETag")
SAFE = ("GET", "HEAD", "OPTIONS")

Action = Callable[..., Response]


class ProgramRequest(Request):
    """A request that has come through a door: who asks, and when."""

    actor: Actor
    at: datetime


def program_door(
    *permissions: str,
    fresh: bool = False,
    for_money: bool = False,
    before: Callable[[Any], None] | None = None,
) -> Callable[[Action], Action]:
    """Declare and guard one method of an address: the permissions of which one suffices.

    It runs in one transaction under the caller's scope, with `request.at` as its time. A POST that carries an
    Idempotency-Key happens once: sent again, it is answered with the first answer. A refusal changed nothing
    and is not kept. With `fresh` a token is refused: only somebody signed in, who has shown a second factor a moment
    ago, may do it. `before` is work that takes long and needs no database: no transaction waits for it.
    """
    fresh = fresh or for_money

    def guard(action: Action) -> Action:
        @functools.wraps(action)
        def guarded(self: Any, request: Any, *args: Any, **kwargs: Any) -> Response:
            request.at = timezone.now()
            if fresh:
                import_string(settings.FRESH_FACTOR)(request, for_money=for_money)
            if before:
                before(request)
            with acting(request.actor):
                if request.method == "POST" and "Idempotency-Key" in request.headers:
                    return _once(action, self, request, *args, **kwargs)
                return action(self, request, *args, **kwargs)

        guarded.permissions = frozenset(permissions)  # type: ignore[attr-defined]  # read by the viewset and the matrix
        guarded.fresh = fresh  # type: ignore[attr-defined]  # read by the matrix
        return guarded

    return guard


def _once(action: Action, door: Any, request: Any, *args: Any, **kwargs: Any) -> Response:
    key = request.headers["Idempotency-Key"].strip('"')
    if not KEY_OF_REQUEST.fullmatch(key):
        raise Malformed(_("An idempotency key has 1 to 200 visible ASCII characters, such as a UUID."))
    told = [request.method, request.get_full_path(), request.headers.get("If-Match", "")]
    fingerprints = fingerprints_of("\n".join(told).encode() + b"\n" + request.body)
    seen = recall(key, fingerprints, actor=request.actor)
    if seen:
        headers = {**seen.answer["headers"], "Idempotent-Replayed": "true"}
        return Response(json.loads(seen.answer["body"]), status=seen.status, headers=headers)
    response = action(door, request, *args, **kwargs)
    answer = {
        # As text: the database would put the names of an object into an order of its own.
        "body": JSONRenderer().render(response.data).decode(),
        "headers": {name: response[name] for name in KEPT_HEADERS if name in response},
    }
    remember(key, fingerprints[0], response.status_code, answer, actor=request.actor, at=request.at)
    return response


class Doors(ViewSet):
    """The addresses of one kind of paper. Each action is a `program_door`; nothing else is let in."""

    @classmethod
    def permissions_of(cls, action: str) -> frozenset[str]:
        """The permissions an action's door declares."""
        permissions: frozenset[str] = getattr(cls, action).permissions
        return permissions

    @classmethod
    def as_view(cls, actions: Mapping[str, str], **initkwargs: Any) -> Any:  # type: ignore[override]  # actions are owed here
        """The view, with what it declares for the persona matrix."""
        view = super().as_view(dict(actions), **initkwargs)
        by_method = {method.upper(): cls.permissions_of(action) for method, action in actions.items()}
        if "GET" in by_method:
            by_method["HEAD"] = by_method["GET"]
        needed = frozenset().union(*by_method.values())
        fresh = frozenset(method.upper() for method, action in actions.items() if getattr(cls, action).fresh)
        access = Access(needed, tuple(by_method), by_method=by_method, fresh=bool(fresh), fresh_for=fresh)
        view.access = access  # type: ignore[attr-defined]  # read by the persona matrix
        return view

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Read the body before anything can stream it past the limit of its size; then let in or not."""
        if request.method not in SAFE:
            if (whole_number(request.META.get("CONTENT_LENGTH")) or 0) > settings.API_MAX_BYTES:
                raise RequestDataTooBig
            request._request.body  # noqa: B018 -- raises RequestDataTooBig
        try:
            super().initial(request, *args, **kwargs)
        except (AuthenticationFailed, NotAuthenticated):
            self.check_throttles(request)  # who guesses is counted too, by address
            raise
        request.actor = actor_of_request(request)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """What one caller was told is nobody else's to be served."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Vary"] = "Accept, Accept-Language, Authorization, Cookie"
        return response


def read(shape: type[Serializer], data: Any) -> dict[str, Any]:
    """What was sent, in its shape. Raises a 400 that names every field at fault."""
    reader = shape(data=data)
    reader.is_valid(raise_exception=True)
    return dict(reader.validated_data)


def read_query(shape: type[Query], request: Any) -> dict[str, Any]:
    """The filters of a list. One said twice is refused: nobody knows which was meant."""
    twice = [name for name, values in request.query_params.lists() if len(values) > 1]
    if twice:
        raise ValidationError({name: [_("Say this once.")] for name in twice}, code="repeated")
    return read(shape, request.query_params.dict())


def wanted_of(asked: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """What of a query filters, by the lookup of each of its fields that was sent."""
    return {lookup: asked[name] for name, lookup in fields.items() if name in asked}


def address(route: str, doors: type[Doors], name: str, **verbs: str) -> URLPattern:
    """An address and what happens there, by method: `address("merges", Merges, "api-merge-list", get="browse")`."""
    made: URLPattern = path(route, doors.as_view(verbs), name=name)
    return made


def answer_page(
    request: Any,
    queryset: QuerySet[Any],
    asked: Mapping[str, Any],
    *,
    order: Sequence[str],
    told: Callable[[Sequence[Any]], Any],
) -> Response:
    """One page of a list by keyset; `told` turns its rows into JSON. A cursor of another list is refused."""
    page = paginate(queryset, asked.get("cursor", ""), order=order, size=asked["limit"], strict=True)
    neighbours = {"next": _at(request, page.next), "previous": _at(request, page.previous)}
    return Response({"results": told(page.rows), **neighbours})


def _at(request: Any, cursor: str) -> str | None:
    return replace_query_param(request.build_absolute_uri(), "cursor", cursor) if cursor else None


def etag(version: int) -> str:
    """The entity tag of a paper: its version."""
    return f'"{version}"'


def is_known(request: Any, version: int) -> bool:
    """Whether If-None-Match says that the caller has this version already."""
    tags = request.headers.get("If-None-Match", "")
    return tags.strip() == "*" or etag(version) in _tags(tags)


def version_answered(request: Any, present: int, told: int | None) -> int:
    """Which version the caller has seen: If-Match (strict, 412 on any other than the present) or its body."""
    header = request.headers.get("If-Match", "").strip()
    if header and header != "*":  # `*` says nothing about what was seen
        if etag(present) not in (one.strip() for one in header.split(",")):
            raise PreconditionFailed(
                _("It is at version %(version)d now. Read it again.") % {"version": present},
                details={"version": present},
            )
        return present if told is None else told
    if told is None:
        raise PreconditionRequired(
            _("Send the version that you have seen: as `version`, or its ETag as If-Match."),
            details={"version": present},
        )
    return told


def _tags(header: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}
