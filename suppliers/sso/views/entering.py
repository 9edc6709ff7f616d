"""How somebody comes in: the button, the way to the provider, and what comes back from there.

Note [Leaving]: a form that is answered by a redirect to another host would have to be named in the portal's content
policy, with every host that the provider sends people on to (CSP, form-action). So the button is answered by a page
that leads on by itself and says where to; and no session begins by merely opening an address (ASVS 5.0, 7.6.2).
"""

import functools
import json
import uuid
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import requests
from allauth.account.views import LoginView
from allauth.core.internal import httpkit, ratelimit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.saml import views as saml
from allauth.socialaccount.providers.saml.utils import build_auth
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from lxml.etree import LxmlError
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from portal.cookies import own_name
from portal.kernel.access import drop_nul, public
from portal.kernel.sealing import Unreadable
from portal.kernel.values import read_key
from portal.kernel.web import see_other
from suppliers.sso.adapters import CLASSES, app_of, refused
from suppliers.sso.forms import WayForm
from suppliers.sso.middleware import COOKIE
from suppliers.sso.models import IdentityProvider
from suppliers.sso.oidc import NotBelieved, OidcAdapter
from suppliers.sso.queries import buttons, provider_at_the_door
from suppliers.sso.saml import put_aside, reason_of
from suppliers.sso.services import ask_for_way
from suppliers.sso.states import ProviderKind, ProviderState, Why

MOST_BYTES = 128 * 1024  # of a SAML response: with two hundred groups it has 40 KB

View = Callable[..., HttpResponse]


def _rates() -> dict[str, str]:
    """How often who has not signed in may do what: an answer of SAML takes two pages of ours."""
    begun: int = settings.SIGN_INS_A_MINUTE
    return {
        "start": f"{begun}/m/ip",
        "return": f"{2 * begun}/m/ip",
        "way": "10/m/ip",
        "letter": "3/10m/key",
    }


def _seldom(action: str) -> Callable[[View], View]:
    """Whoever has not signed in asks so many times a minute."""

    def guard(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            limited = ratelimit.consume_or_429(
                request, app="sso", action=action, config=_rates(), limit_get=action == "return"
            )
            return cast("HttpResponse", limited) if limited else view(request, *args, **kwargs)

        return guarded

    return guard


# --- To the provider ----------------------------------------------------------------------------------------


class SignIn(LoginView):
    """Sign-in by password, with a button for each provider of ours, and for the one this browser came in by."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What allauth shows, and the buttons."""
        shown: dict[str, Any] = super().get_context_data(**kwargs)
        return shown | {
            "providers": buttons(_remembered(self.request)),
            "may_register": settings.SELF_REGISTRATION,
            "next": _next_in(
                self.request, self.request.GET if self.request.method == "GET" else self.request.POST
            ),
        }


sign_in = public(SignIn.as_view())


def _remembered(request: HttpRequest) -> uuid.UUID | None:
    return read_key(request.COOKIES.get(own_name(COOKIE), ""))


def _next_in(request: HttpRequest, said: Any) -> str:
    wanted = said.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else ""


@public
@_seldom("start")
def start(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The page with one button that leads to a provider: what a company links to. Pressed, it leads there."""
    drop_nul(request)
    provider = provider_at_the_door(key)
    if provider is None:
        raise Http404
    wanted = _next_in(request, request.POST if request.method == "POST" else request.GET)
    if request.user.is_authenticated:
        return HttpResponseRedirect(wanted or "/")
    if provider.state != ProviderState.ON:
        return refused(request, provider, Why.OFF)
    if request.method == "POST":
        return leave(request, provider, next_url=wanted)
    context = {"provider": provider, "next": wanted, "only": "only" in request.GET}
    return render(request, "suppliers/sso/start.html", context)


def _as_public(request: HttpRequest) -> None:
    """The portal has one name, and SAML writes it down: whatever host a request claims to be for."""
    request.META["HTTP_HOST"] = urlsplit(settings.PUBLIC_URL).netloc


def leave(
    request: HttpRequest,
    provider: IdentityProvider,
    *,
    next_url: str = "",
    data: dict[str, Any] | None = None,
) -> HttpResponse:
    """Lead somebody to a provider. See Note [Leaving]."""
    _as_public(request)
    try:
        way = CLASSES[provider.kind](request, app=app_of(provider))
        answer: HttpResponse = way.redirect(request, AuthProcess.LOGIN, next_url or None, data)
    except NotBelieved as error:
        return refused(request, provider, error.why)
    except requests.RequestException:
        return refused(request, provider, Why.UNREACHABLE)
    except (OneLogin_Saml2_Error, Unreadable):
        return refused(request, provider, Why.PROVIDER)
    if not isinstance(answer, HttpResponseRedirect):
        return answer
    response = render(request, "suppliers/sso/leave.html", {"provider": provider, "url": answer.url})
    response["Cache-Control"] = "no-store, private"
    return response


@public
@_seldom("way")
def way(request: HttpRequest) -> HttpResponse:
    """By which page does my company sign in? The same answer for every address; the way itself is mailed."""
    drop_nul(request)
    form = WayForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["email"].strip().lower()
        # Nobody's mailbox is filled by whoever types its address, from however many places.
        limited = ratelimit.consume_or_429(request, app="sso", action="letter", config=_rates(), key=address)
        if limited:
            return cast("HttpResponse", limited)
        ask_for_way(address, at=timezone.now())
        messages.success(
            request, _("If your company signs in here, a mail that leads there is on its way to you.")
        )
        return see_other("account_login")
    status = 422 if request.method == "POST" else 200
    return render(request, "suppliers/sso/way.html", {"form": form}, status=status)


# --- And back -----------------------------------------------------------------------------------------------


@public
@_seldom("return")
def oidc_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Somebody is back from a provider of OpenID Connect, with a code."""
    provider = _of_slug(provider_id, ProviderKind.OIDC)
    try:
        view = OAuth2CallbackView.adapter_view(OidcAdapter(request, provider_id))
        return cast("HttpResponse", view(request))
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except (
        NotBelieved
    ) as error:  # what it says of itself is looked at once more, before allauth is on its guard
        return refused(request, provider, error.why)
    except requests.RequestException:
        return refused(request, provider, Why.UNREACHABLE)
    except Unreadable:
        return refused(request, provider, Why.PROVIDER)


def saml_acs(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Somebody is back from a provider of SAML, with a form of its own. Our session’s cookie does not come along with
    such a form: what it holds is put aside for a few minutes, and looked at on the next page. What the provider has not
    signed, for us and now, is put aside for nobody: it would fill the table of sessions.
    """
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES or len(request.body) > MOST_BYTES:
        return refused(request, None, Why.UNREADABLE)
    provider = _of_slug(organization_slug, ProviderKind.SAML)
    _as_public(request)
    kept = _bare(request)
    try:
        way = CLASSES[provider.kind](request, app=app_of(provider))
        auth = build_auth(httpkit.deserialize_request(kept, HttpRequest()), way)
        auth.process_response()
    except (OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError, LxmlError, ValueError):
        return refused(request, provider, Why.UNREADABLE)
    if auth.get_errors():
        return refused(request, provider, reason_of(str(auth.get_last_error_reason() or "")))
    return put_aside(request, kept, reverse("saml_finish_acs", args=[organization_slug]))


def _bare(request: HttpRequest) -> str:
    """Of such a form what the next page looks at, as allauth reads it there: no headers, and no field but the one."""
    names = ("HTTP_HOST", "PATH_INFO", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT")
    return json.dumps(
        {
            "path": request.path,
            "path_info": request.path_info,
            "META": {name: request.META[name] for name in names if name in request.META},
            "GET": "",
            "POST": urlencode({"SAMLResponse": request.POST.get("SAMLResponse", "")}),
            "method": "POST",
            "scheme": request.scheme,
        }
    )


saml_acs = public(_seldom("return")(saml_acs))
saml_acs.csrf_exempt = True  # type: ignore[attr-defined]  # the form is the provider's; a signature and a state stand for it


@public
@_seldom("return")
def saml_finish(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """What the provider’s form held is looked at, in the session that began it."""
    provider = _of_slug(organization_slug, ProviderKind.SAML)
    try:
        return cast("HttpResponse", saml.finish_acs(request, organization_slug=organization_slug))
    except NotBelieved as error:
        return refused(request, provider, error.why)
    except PermissionDenied:
        return refused(request, provider, Why.STATE)
    except (OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError, LxmlError, ValueError):
        return refused(request, provider, Why.UNREADABLE)


@public
def saml_metadata(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """What a SAML provider wants to know of this portal. No secret, and no way to sign out: there is none."""
    provider = _of_slug(organization_slug, ProviderKind.SAML)
    _as_public(request)
    config = saml.build_saml_config(request, app_of(provider).settings, organization_slug)
    del config["sp"]["singleLogoutService"]
    told = OneLogin_Saml2_Settings(settings=config, sp_validation_only=True)
    return HttpResponse(told.get_sp_metadata(), content_type="application/samlmetadata+xml")


@public
def saml_sls(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Signing out at a provider signs nobody out here (docs/sso.md); the name is asked for by allauth."""
    raise Http404


def _of_slug(slug: str, kind: str) -> IdentityProvider:
    try:
        provider = provider_at_the_door(uuid.UUID(hex=slug))
    except ValueError:
        provider = None
    if provider is None or provider.kind != kind:
        raise Http404
    return provider
