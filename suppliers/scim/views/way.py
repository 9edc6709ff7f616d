"""The way in for a provider's server: who it is, how much it may ask, one transaction, and answers in SCIM's shape."""

import functools
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework.throttling import SimpleRateThrottle

from portal.kernel.access import public
from portal.kernel.errors import Invalid, NotFound, Refusal
from portal.kernel.rest.manners import PerCaller
from portal.kernel.scope import acting
from portal.kernel.security.requests import about
from portal.kernel.security.services import note
from portal.kernel.web import whole_number
from suppliers.scim.models import ScimGroup, ScimPerson
from suppliers.scim.policies import ScimRefusal, read_object
from suppliers.scim.presenters import address_of, error_told, version_of
from suppliers.scim.services import provider_of_secret
from suppliers.scim.services.people import changed_meanwhile
from suppliers.scim.services.settling import actor_of_provider
from suppliers.signin.queries import DOORKEEPER
from suppliers.sso.models import IdentityProvider

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/scim+json"
READ = (MEDIA_TYPE, "application/json", "")
WITH_BODY = ("POST", "PUT", "PATCH")


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of a provider's server: whose it is, when, and what it says."""

    provider: IdentityProvider
    at: datetime
    query: Mapping[str, str]
    if_match: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)

    def require_seen(self, row: ScimPerson | ScimGroup) -> None:
        """Go on only where If-Match, if it says anything, names what there is. Raises `ScimRefusal`: 412."""
        tags = {tag.strip() for tag in self.if_match.split(",")}
        if self.if_match and not tags & {"*", version_of(row), version_of(row).removeprefix("W/")}:
            raise changed_meanwhile()


class PerProvider(PerCaller):
    """So many calls a minute for each provider; who shows no secret that counts is counted by address."""

    def __init__(self, provider: IdentityProvider | None) -> None:
        super().__init__()
        self.provider = provider

    def get_cache_key(self, request: Any, view: Any) -> str:
        """By what calls are counted."""
        if self.provider is None:
            return f"scim-rate:address:{self.get_ident(request)}"
        return f"scim-rate:provider:{self.provider.pk}"


Answer = Callable[..., HttpResponse]


def scim_door(**answers: Answer) -> Callable[..., HttpResponse]:
    """An address of SCIM: by its method, what answers. Each answer is one transaction, and a refusal changes nothing.

    A secret that does not count is answered alike whatever the reason; what is another provider's is not there.
    """

    @public
    @csrf_exempt
    @functools.wraps(next(iter(answers.values())))
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            return _answer(request, answers, kwargs)
        except ScimRefusal as refusal:
            return refuse(refusal.answer, refusal.message, refusal.scim_type)
        except NotFound as refusal:
            return refuse(404, refusal.message)
        except Invalid as refusal:
            return refuse(400, refusal.message, "invalidValue")
        except Refusal as refusal:
            logger.info("refused", extra={"code": refusal.code})
            return refuse(refusal.status, refusal.message)

    return guarded


def _answer(request: HttpRequest, answers: Mapping[str, Answer], kwargs: Mapping[str, Any]) -> HttpResponse:
    at = timezone.now()
    provider = _caller(request, at)
    rate: SimpleRateThrottle = PerProvider(provider)
    if not rate.allow_request(request, None):  # type: ignore[arg-type]  # it asks where from, and nothing else
        slow = refuse(429, _("Too many calls in a minute. Go on after what Retry-After says."))
        slow["Retry-After"] = str(max(1, round(rate.wait() or 1)))
        return slow
    if provider is None:
        note("token.refused", **about(request))
        closed = refuse(401, _("This secret is unknown or revoked, or its provider is not in use."))
        closed["WWW-Authenticate"] = 'Bearer realm="Quayside"'
        return closed
    request.actor = actor_of_provider(provider)  # type: ignore[attr-defined]  # for the log line of the request
    answer = answers.get("get" if request.method == "HEAD" else (request.method or "").lower())
    if answer is None:
        wrong = refuse(405, _("This address does not know the method %(name)s.") % {"name": request.method})
        wrong["Allow"] = ", ".join(sorted(one.upper() for one in answers))
        return wrong
    said = _body(request) if request.method in WITH_BODY else {}
    asked = Asked(provider, at, request.GET.dict(), request.headers.get("If-Match", ""), said)
    with acting(DOORKEEPER):
        return answer(asked, **kwargs)


def _caller(request: HttpRequest, at: datetime) -> IdentityProvider | None:
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    with acting(DOORKEEPER):
        return provider_of_secret(secret.strip() if scheme.lower() == "bearer" else "", at=at)


def _body(request: HttpRequest) -> dict[str, Any]:
    if request.content_type not in READ:
        raise ScimRefusal(_("Send application/scim+json, or application/json."), status=415)
    length = whole_number(request.META.get("CONTENT_LENGTH")) or 0
    if length > settings.API_MAX_BYTES:
        most = settings.API_MAX_BYTES // 1024
        raise ScimRefusal(
            _("A body has at most %(most)d KB.") % {"most": most}, status=413, scim_type="tooMany"
        )
    return read_object(request.read(length))


def tell(told: Any, status: int = 200, row: ScimPerson | ScimGroup | None = None) -> HttpResponse:
    """An answer, with its entity tag, and its address where it is new."""
    answer = JsonResponse(told, status=status, content_type=MEDIA_TYPE)
    if row is not None:
        answer["ETag"] = version_of(row)
        if status == 201:
            answer["Location"] = address_of(row)
    return answer


def refuse(status: int, detail: str, scim_type: str = "") -> HttpResponse:
    """A refusal in SCIM's shape."""
    return tell(error_told(status, detail, scim_type), status)
