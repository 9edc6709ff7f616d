"""The API's own doors: its description for machines and for people, and answers of last resort."""

from __future__ import annotations

import functools
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from portal.api.reference import operations_of, shapes_of
from portal.kernel.access import door, public
from portal.kernel.rest.doors import Doors, ProgramRequest, program_door
from portal.kernel.rest.problems import MEDIA_TYPE, TITLES, problem_document


@functools.cache
def described() -> dict[str, Any]:
    """The OpenAPI description. It is the same for everybody, so it is made once."""
    with translation.override("en"):
        schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema


class Description(Doors):
    """How this API is to be used, for machines."""

    @extend_schema(exclude=True)
    @program_door()
    def read(self, request: ProgramRequest) -> Response:
        """The OpenAPI 3.1 description, for everybody with a token or a sign-in."""
        return Response(described())


@door()
def reference(request: HttpRequest) -> HttpResponse:
    """How this API is to be used, for people: every address, every field, every refusal."""
    schema = described()
    context = {
        "base": f"{settings.PUBLIC_URL}/api/v1",
        "rate": settings.API_RATE,
        "largest": settings.API_MAX_BYTES,
        "groups": operations_of(schema),
        "shapes": shapes_of(schema),
        "problems": TITLES.items(),
    }
    return render(request, "portal/api/reference.html", context)


@csrf_exempt
def no_such_address(request: HttpRequest, rest: str = "") -> HttpResponse:
    """A program that asks for an address we do not have is told so in its own language."""
    return _problem(404, "not_found", _("There is nothing at this address."))


no_such_address.access = public(no_such_address).access  # type: ignore[attr-defined]  # csrf_exempt wraps


def server_error(request: HttpRequest) -> HttpResponse:
    """Something of ours broke: programs get a problem, people a page. Neither is told more."""
    if request.path.startswith("/api/"):
        return _problem(500, "server_error", _("This is our fault and has been noted. Nothing was changed."))
    return defaults.server_error(request)


def _problem(status: int, code: str, detail: str) -> JsonResponse:
    return JsonResponse(problem_document(status, code, detail), status=status, content_type=MEDIA_TYPE)
