"""How sign-in through a provider differs from allauth's: providers are rows of ours, nobody signs up, and who comes in
is for `services.admit` to say. allauth looks an identity up, and signs in; what it would join by itself, it does not.
"""

import uuid
from typing import Any

import requests
from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from portal.kernel.correlation import current as current_correlation
from portal.kernel.outside import Outside
from portal.kernel.scope import acting
from portal.kernel.security.requests import about
from portal.kernel.security.services import note
from portal.kernel.web import see_other
from suppliers.queries import actor_of
from suppliers.roles import Permission
from suppliers.signin.middleware import FACTOR_ELSEWHERE
from suppliers.signin.queries import DOORKEEPER
from suppliers.sso.messages import Identity
from suppliers.sso.middleware import CAME_BY
from suppliers.sso.models import IdentityProvider
from suppliers.sso.oidc import NotBelieved, OidcProvider, outside
from suppliers.sso.policies import domain_of, role_of, shows_factor
from suppliers.sso.queries import provider_at_the_door
from suppliers.sso.saml import SamlProvider, reason_of
from suppliers.sso.sealing import secret_of
from suppliers.sso.services import NotAdmitted, admit, as_pem, note_tried
from suppliers.sso.states import WAYS_OUT, ProviderKind, Why

TRIED = "sso tried"  # in the session of the administrator who tried a provider: what it said
TRY = "try"  # what an exchange is for, where it is not for signing in

CLASSES: dict[str, Any] = {ProviderKind.OIDC: OidcProvider, ProviderKind.SAML: SamlProvider}


def know_providers() -> None:
    """Tell allauth of our two kinds, in place of its own."""
    for one in CLASSES.values():
        registry.register(one)


class SsoAdapter(DefaultSocialAccountAdapter):
    """Between allauth and our rows."""

    def list_apps(
        self, request: HttpRequest | None, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The one row that an address names by its key, whatever its state: those who ask look at it."""
        for said in (client_id, provider):
            try:
                key = uuid.UUID(hex=said or "")
            except ValueError:
                continue
            found = provider_at_the_door(key)
            if found is None or (client_id is None and provider != found.key.hex):
                return []
            return [app_of(found)]
        return []

    def get_requests_session(self) -> Outside:
        """Providers are asked over https, and nothing inside is."""
        return outside()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nobody signs up: `admit` makes an account where that is wanted, or says why not."""
        return False

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        """`admit` alone joins an identity with an account."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """What came back is genuine. Who is it, and do they come in?"""
        said: Identity = sociallogin.said
        sociallogin.token = (
            None  # nothing is asked with it any more: it must not wait in a session for our step
        )
        provider = provider_at_the_door(uuid.UUID(hex=sociallogin.account.provider))
        if provider is None:
            raise ImmediateHttpResponse(refused(request, None, Why.OFF))
        asked = sociallogin.state.get("nonce")
        if asked is not None and not constant_time_compare(str(sociallogin.nonce or ""), asked):
            raise ImmediateHttpResponse(refused(request, provider, Why.REPLAY))
        if (sociallogin.state.get("data") or {}).get(TRY) is not None:
            raise ImmediateHttpResponse(_tried(request, provider, said))
        try:
            with acting(DOORKEEPER):
                account = admit(provider, said, at=timezone.now())
        except NotAdmitted as refusal:
            raise ImmediateHttpResponse(refused(request, provider, refusal.why)) from refusal
        sociallogin.account, sociallogin.user = account, account.user
        sociallogin.state["process"] = AuthProcess.LOGIN
        if request.user.is_authenticated:  # as somebody else, in this browser: allauth would do it later
            get_adapter(request).logout(request)
        # In the session at once: a second step of ours may come in between.
        request.session[CAME_BY] = {"key": str(provider.key), "supplier": provider.supplier_id}
        shown = shows_factor(said.words, provider.factor_words)
        request.session[FACTOR_ELSEWHERE] = account.user_id if shown else None

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Something went wrong before anybody was known: a sentence, and an event."""
        why = _why(error, exception, extra_context or {})
        found = provider_at_the_door(uuid.UUID(hex=provider.app.provider_id))
        raise ImmediateHttpResponse(refused(request, found, why))


def _why(error: Any, exception: Exception | None, told: dict[str, Any]) -> Why:
    if error == AuthError.CANCELLED:
        return Why.CANCELLED
    if isinstance(exception, NotBelieved):
        return exception.why
    if isinstance(exception, requests.RequestException):
        return Why.UNREACHABLE
    if "saml_errors" in told:
        return reason_of(str(told.get("saml_last_error_reason") or ""))
    if exception is not None or "state" in told:
        return Why.PROVIDER
    return Why.STATE


def app_of(provider: IdentityProvider) -> SocialApp:
    """A row, as allauth wants to see it. It is in no table, and neither is its secret in clear."""
    key = provider.key.hex
    if provider.kind == ProviderKind.SAML:
        told: dict[str, Any] = {
            "idp": {
                "entity_id": provider.issuer,
                "sso_url": provider.sign_in_url,
                "x509cert": as_pem(provider.certificate),
            },
            "advanced": {
                "want_assertion_signed": True,
                "want_attribute_statement": False,
                "reject_idp_initiated_sso": True,
                "allow_single_label_domains": True,
            },
            "groups_claim": provider.groups_claim,
        }
        return SocialApp(
            provider=SamlProvider.id, provider_id=key, name=provider.name, client_id=key, settings=told
        )
    return SocialApp(
        provider=OidcProvider.id,
        provider_id=key,
        name=provider.name,
        client_id=provider.client_id,
        secret=secret_of(provider),
        settings={
            "server_url": provider.issuer,
            "issuer": provider.issuer,
            "groups_claim": provider.groups_claim,
            "scopes": provider.scopes,
        },
    )


def _tried(request: HttpRequest, provider: IdentityProvider, said: Identity) -> HttpResponse:
    """An administrator is back from trying it: what came is shown to that administrator, and nobody is signed in."""
    user: Any = request.user
    actor = actor_of(user) if user.is_authenticated else None
    if actor is None or not actor.may(Permission.SIGN_IN_SETUP):
        return refused(request, provider, Why.STATE)
    with acting(actor):
        note_tried(provider, actor=actor, at=timezone.now())
        domains = list(provider.domains.values_list("domain", flat=True))
    request.session[TRIED] = {
        "key": str(provider.key),
        "subject": said.subject[:100],
        "address": said.address[:100],
        "is_verified": said.is_verified or provider.proves_addresses,
        "is_of_domain": domain_of(said.address) in domains,
        "groups": list(said.groups[:30]),
        "role": role_of(said.groups, provider.groups),
        "words": list(said.words[:10]),
        "shows_factor": shows_factor(said.words, provider.factor_words),
    }
    return see_other("identity-provider", key=provider.key)


def refused(request: HttpRequest, provider: IdentityProvider | None, why: Why) -> HttpResponse:
    """Somebody does not come in: the sentence, what can be done, and where to begin anew."""
    note(
        "sso.refused",
        **about(request),
        why=why.value,
        provider=str(provider.key) if provider else "",
    )
    actor = request.actor  # type: ignore[attr-defined]  # set by ActorMiddleware
    context = {
        "provider": provider,
        "is_trying": provider is not None and actor.may(Permission.SIGN_IN_SETUP),
        "sentence": why.label,
        "way_out": WAYS_OUT.get(why, ""),
        "number": current_correlation() or "–",
        "again": reverse("sso-start", kwargs={"key": provider.key})
        if provider and provider.state == "on"
        else "",
    }
    return render(request, "suppliers/sso/refused.html", context, status=403)
