"""Where outside systems call: a signed message in, what became of each of its events out (docs/gateways.md)."""

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from portal.kernel.access import public
from portal.kernel.errors import Problem, Refusal
from portal.kernel.rest.problems import MEDIA_TYPE, problem_document
from portal.kernel.scope import acting
from portal.kernel.signing import SIGNATURE, TIMESTAMP, is_young, signed_with
from portal.kernel.web import whole_number
from procurement.gateways.messages import Arrived
from procurement.gateways.presenters import answer_of
from procurement.gateways.queries import GATEKEEPER, events_of, find_message, secrets_in_words
from procurement.gateways.states import MessageState, Way
from procurement.gateways.ways.arriving import known_gateway, take_in


@public
@csrf_exempt
def gateway_in(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Take in one signed message: see Note [Signed calls] in portal/kernel/signing.py.

    Nothing of an unsigned one is kept. 202 says what became of each event, the same for the same message; 409 that its
    id was used for another one; 422 that it cannot be read as a whole.
    """
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    length = whole_number(request.META.get("CONTENT_LENGTH")) or 0
    if not length:
        return _refused(
            400, "malformed", _("The message is the body, and its length stands in Content-Length.")
        )
    if length > settings.GATEWAY_MAX_BYTES:
        most = settings.GATEWAY_MAX_BYTES // 1024
        return _refused(
            413, "too_large", _("A message has at most %(most)d KB. Send several.") % {"most": most}
        )
    known = known_gateway(key)
    if known is None:
        return _refused(404, "not_found", _("There is no such gateway."))
    gateway, secrets = known
    at = timezone.now()
    body = request.read(length)
    timestamp, signature = request.headers.get(TIMESTAMP, ""), request.headers.get(SIGNATURE, "")
    words = [(word, secret) for secret in secrets for word in secrets_in_words(secret)]
    place = signed_with(body, timestamp, signature, [word for word, _secret in words])
    if place is None:
        return _refused(
            401, "unsigned", _("The signature is not right. It is over the time stamp, a dot and the body.")
        )
    if not is_young(timestamp, at):
        return _refused(
            401, "stale_timestamp", _("The time stamp is more than five minutes away from our clock.")
        )
    if not gateway.active:
        return _refused(403, "not_allowed", _("This gateway is switched off. Nothing of it is taken."))
    try:
        kept = take_in(gateway, Arrived(Way.WEBHOOK, body), at=at, secret=words[place][1])
    except Refusal as refusal:
        return _refused(refusal.status, refusal.code, refusal.message, refusal.details)
    with acting(GATEKEEPER):
        message = find_message(kept.message.key, actor=GATEKEEPER)
        if message.state == MessageState.REFUSED:
            problems = [Problem(**one) for one in message.problems]
            told = problem_document(422, "invalid_request", problems[0].message, problems)
            return JsonResponse(told, status=422, content_type=MEDIA_TYPE)
        return JsonResponse(answer_of(message, events_of(message)), status=202)


def _refused(status: int, code: str, detail: str, details: object = None) -> HttpResponse:
    told = problem_document(status, code, detail, details=details if isinstance(details, dict) else None)
    return JsonResponse(told, status=status, content_type=MEDIA_TYPE)
