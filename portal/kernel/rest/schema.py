"""The OpenAPI description, read off the doors: shapes, headers and every refusal a caller may meet."""

from typing import Any, Literal

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from portal.kernel.rest.doors import SAFE
from portal.kernel.rest.fields import Shape
from portal.kernel.rest.problems import MEDIA_TYPE, ProblemDetails

PREFIX = "/api/v1/"
ALWAYS = ("400", "401", "403", "404", "406", "429")
WHEN_WRITING = ("409", "412", "413", "415", "422", "428")

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description=(
        "A key of your own for this request, such as a UUID. Sent again with the same key it happens once "
        "and is answered with the first answer."
    ),
)
REPLAYED = OpenApiParameter(
    "Idempotent-Replayed",
    {"type": "string", "enum": ["true"]},
    OpenApiParameter.HEADER,
    response=["200", "201"],
    description="Present when this is the first answer once more.",
)
# What every address that writes takes along, and answers with.
WRITES = [IDEMPOTENCY_KEY, REPLAYED]
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag of what you write about, as you have seen it. On any other version the answer is 412.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="An ETag you have already. The answer is 304 when nothing changed.",
)


def etag_of(what: str, *statuses: str) -> OpenApiParameter:
    """The ETag header of an answer."""
    told = f"The version of the {what}."
    return OpenApiParameter(
        "ETag", OpenApiTypes.STR, OpenApiParameter.HEADER, response=list(statuses), description=told
    )


class DoorSchema(AutoSchema):
    """Describes a `program_door`: what it answers, and the problems every door may answer with."""

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in ALWAYS if self.method in SAFE else ALWAYS + WHEN_WRITING:
            body = self._get_response_for_code(  # type: ignore[no-untyped-call]  # has no types there
                ProblemDetails, status, [MEDIA_TYPE], direction
            )
            bodies.setdefault(status, body)
        return dict(sorted(bodies.items()))


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its own registration
    """How a token is sent."""

    target_class = "suppliers.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "An access token of the portal."}


class PersonScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its own registration
    """How a browser says who is signed in."""

    target_class = "suppliers.authentication.PersonAuthentication"
    name = "session"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


def only_our_addresses(endpoints: list[Any]) -> list[Any]:
    """Describe what is below /api/v1/ and nothing else."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(PREFIX)]


def say_what_is_refused(result: dict[str, Any], generator: Any, **kwargs: Any) -> dict[str, Any]:
    """Objects that are read take no fields beyond those named (see `Shape`)."""
    strict = {name for shape in _subclasses(Shape) for name in (shape.__name__, f"{shape.__name__}Request")}
    for name, schema in result.get("components", {}).get("schemas", {}).items():
        if name in strict:
            schema["additionalProperties"] = False
        for field in schema.get("properties", {}).values():
            field.pop("x-spec-enum-id", None)
    return result


def _subclasses(shape: type) -> set[type]:
    direct: set[type] = set(shape.__subclasses__())
    return direct | {below for one in direct for below in _subclasses(one)}
