"""The API's roof: which address leads where, the description of it all, and answers of last resort."""

from __future__ import annotations

import functools
import logging
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import translation
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from portal.kernel.access import public
from portal.kernel.rest.doors import Doors, ProgramRequest, program_door
from portal.kernel.rest.problems import MEDIA_TYPE, problem_document
from procurement.acknowledgments import api as acknowledgments
from procurement.orders import api as orders

log = logging.getLogger(__name__)


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


urlpatterns = [
    *orders.urlpatterns,
    *acknowledgments.urlpatterns,
    path("schema", Description.as_view({"get": "read"}), name="api-schema"),
    path("<path:rest>", no_such_address, name="api-unknown"),
]
