"""Refusals as RFC 9457 problem details: a sentence for people, a code for programs, every field at fault."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from portal.kernel.errors import Invalid, Problem, Refusal

MEDIA_TYPE = "application/problem+json"
LONGEST_VALUE = 200
MOST_PROBLEMS = 200

# Every code a program may meet, with its title; the page for people lists them under these names.
TITLES = {
    "malformed": _("The request cannot be read"),
    "invalid_request": _("The request does not have the right shape"),
    "invalid": _("What was sent breaks a rule"),
    "not_authenticated": _("Who is asking?"),
    "invalid_token": _("This token is not valid"),
    "not_allowed": _("You may not do this"),
    "fresh_factor_needed": _("This takes a person with a second factor"),
    "second_factor_required": _("Set up a second factor first"),
    "plain_http": _("Only https is spoken here"),
    "not_found": _("There is no such thing"),
    "method_not_allowed": _("This address does not take this method"),
    "not_acceptable": _("Only JSON is spoken here"),
    "unsupported_media_type": _("Only JSON is read here"),
    "too_large": _("The request is too large"),
    "too_many_requests": _("Too many requests"),
    "refused": _("This cannot be done"),
    "illegal_transition": _("This cannot be done in this state"),
    "stale": _("It changed meanwhile"),
    "duplicate": _("This is here already"),
    "precondition_failed": _("It is not at this version any more"),
    "precondition_required": _("Say which version you answer"),
    "idempotency_key_reused": _("This idempotency key was used for another request"),
    "server_error": _("Something broke on our side"),
}

CODES_OF_ERRORS: dict[type[Exception], str] = {
    exceptions.ParseError: "malformed",
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.AuthenticationFailed: "invalid_token",
    exceptions.PermissionDenied: "not_allowed",
    exceptions.NotFound: "not_found",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.Throttled: "too_many_requests",
}


class PreconditionFailed(Refusal):
    """If-Match names a version that is not the present one."""

    code = "precondition_failed"
    status = 412


class PreconditionRequired(Refusal):
    """The caller must say which version it has seen."""

    code = "precondition_required"
    status = 428


class Malformed(Refusal):
    """A header or a cursor that cannot be read."""

    code = "malformed"
    status = 400


class ProblemPart(serializers.Serializer):
    """One thing wrong with what was sent."""

    field = serializers.CharField(help_text="The field; places in lists are numbers: `lines.0.line`.")
    line = serializers.CharField(help_text="The order line it is about, or empty.")
    code = serializers.CharField()
    value = serializers.CharField(help_text="What was sent, shortened.")
    message = serializers.CharField(help_text="What is wrong and the way out, in the caller's language.")


class ProblemDetails(serializers.Serializer):
    """Why a request was refused (RFC 9457). Nothing was changed."""

    type = serializers.URLField(help_text="A page that explains this kind of problem.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="For programs: the kind of problem, as in `type`.")
    detail = serializers.CharField(help_text="For people: what happened this time.")
    problems = ProblemPart(many=True, help_text=f"The first {MOST_PROBLEMS} things wrong.")
    more_problems = serializers.IntegerField(
        required=False, help_text="How many more things are wrong than `problems` tells."
    )
    details = serializers.DictField(
        required=False, help_text="What else is known, such as the present version of a stale order."
    )


def answer_with_problem(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER: what we know becomes a problem, anything else stays a fault of ours."""
    if isinstance(error, Refusal):
        parts = error.problems if isinstance(error, Invalid) else ()
        return problem(error.status, error.code, error.message, parts, details=error.details)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return problem(413, "too_large", str(_("The request is larger than this portal reads at once.")))
    if isinstance(error, exceptions.ValidationError):
        found = _parts(error.get_full_details(), context["request"])
        parts = tuple(islice(found, MOST_PROBLEMS))
        more = sum(1 for _one in found)
        return problem(400, "invalid_request", parts[0].message if parts else "", parts, more=more)
    if not isinstance(error, exceptions.APIException):
        return None
    response = problem(error.status_code, CODES_OF_ERRORS.get(type(error), "refused"), str(error.detail))
    if header := getattr(error, "auth_header", None):
        is_bad = isinstance(error, exceptions.AuthenticationFailed)
        response["WWW-Authenticate"] = f'{header}, error="invalid_token"' if is_bad else header
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(max(1, round(wait)))
    return response


def problem(
    status: int,
    code: str,
    detail: str,
    parts: Sequence[Problem] = (),
    *,
    more: int = 0,
    details: Mapping[str, Any] | None = None,
) -> Response:
    """A problem document as an answer."""
    document = problem_document(status, code, detail, parts, more=more, details=details)
    return Response(document, status=status, content_type=MEDIA_TYPE)


def problem_document(
    status: int,
    code: str,
    detail: str,
    parts: Sequence[Problem] = (),
    *,
    more: int = 0,
    details: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A problem document, for answers that are made without Django REST framework too.

    It names so many parts and says how many it leaves out: an answer must not outgrow what was sent.
    """
    more += len(parts[MOST_PROBLEMS:])
    document: dict[str, Any] = {
        "type": f"{settings.PUBLIC_URL}/api/v1/docs#problem-{code}",
        "title": str(TITLES.get(code, TITLES["refused"])),
        "status": status,
        "code": code,
        "detail": detail,
        "problems": [
            {
                "field": _clean(part.field),
                "line": _clean(part.line),
                "code": part.code,
                "value": _clean(part.value),
                "message": part.message,
            }
            for part in parts[:MOST_PROBLEMS]
        ],
    }
    if more:
        document["more_problems"] = more
    return {**document, "details": dict(details)} if details else document


def _clean(text: str) -> str:
    # Half a surrogate pair can be sent in JSON but not written back in UTF-8.
    return text.encode("utf-8", "replace").decode()[:LONGEST_VALUE]


def _parts(found: Any, request: Any, way: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Flatten the errors of nested shapes: one problem each, with the way to its field."""
    if isinstance(found, Mapping) and isinstance(found.get("code"), str) and "message" in found:
        field = ".".join(way)
        yield Problem(field, str(found["message"]), _value_at(request, way), str(found["code"]))
    elif isinstance(found, Mapping):
        for name, inner in found.items():
            yield from _parts(inner, request, way if name == "non_field_errors" else (*way, str(name)))
    elif isinstance(found, list):
        # Either the errors of one field, or one entry (perhaps empty) for each row of a list.
        rows = any(not inner or "message" not in inner for inner in found)
        for position, inner in enumerate(found):
            yield from _parts(inner, request, (*way, str(position)) if rows else way)


def _value_at(request: Any, way: Sequence[str]) -> str:
    value: Any = request.query_params if request.method in ("GET", "HEAD") else request.data
    for step in way:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return ""
    return "" if isinstance(value, (Mapping, list)) else str(value)
