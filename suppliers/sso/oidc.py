"""OpenID Connect as allauth speaks it, made stricter where it trusts more than it must.

The provider's own discovery document must be of the very issuer that was written down (Discovery 4.3), everything in it
https; the ID token's signature is looked at although it came over TLS, with algorithms of public keys only (RFC 8725,
3.1); issuer, audience, authorised party, times and nonce are held against what was asked (Core 3.1.3.7). PKCE always.
"""

import json
from typing import Any
from urllib.parse import urlsplit

import jwt
import requests
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import get_random_string

from portal.kernel.outside import Outside, fault_in
from suppliers.sso.policies import completed, identity_of
from suppliers.sso.saying import login_of
from suppliers.sso.states import Why

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY = 60  # seconds by which two clocks may differ
KNOWN_FOR = 600  # seconds for which what a provider says of itself is remembered
AWAY_FOR = 20  # seconds for which nobody waits for a provider that did not answer somebody else
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
MORE_ENDPOINTS = ("userinfo_endpoint",)


class NotBelieved(OAuth2Error):
    """What came back from a provider is not taken, and why."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


def outside() -> Outside:
    """How providers are asked."""
    return Outside(inside=tuple(settings.SSO_INSIDE_HOSTS), plain=not settings.PRODUCTION, ca=settings.SSO_CA)


class OidcClient(OAuth2Client):
    """How somebody is sent to a provider, and a code is made a token."""

    def get_redirect_url(self, authorization_url: str, scope: Any, extra_params: dict[str, Any]) -> str:
        """An endpoint may have a query already, a policy or tenant say, which stays (RFC 6749, 3.1)."""
        address, _mark, own = authorization_url.partition("?")
        asked: str = super().get_redirect_url(address, scope, extra_params)
        return f"{address}?{own}&{asked[len(address) + 1 :]}" if own else asked


class OidcAdapter(OpenIDConnectOAuth2Adapter):
    """One exchange with one provider."""

    client_class = OidcClient

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says of itself, of this very issuer."""
        app = self.get_provider().app
        issuer = str(app.settings["issuer"])
        known = cache.get(place := f"sso:{app.provider_id}:{issuer}"[:200])
        if known is None:
            if cache.get(f"{place}:away"):
                raise NotBelieved(Why.UNREACHABLE)
            try:
                known = self._discovered(issuer)
            except requests.RequestException:
                cache.set(f"{place}:away", True, AWAY_FOR)
                raise
            cache.set(place, known, KNOWN_FOR)
        return dict(known)

    def _discovered(self, issuer: str) -> dict[str, Any]:
        with outside() as session:
            answer = session.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            answer.raise_for_status()
            found = answer.json()
        if not isinstance(found, dict) or found.get("issuer") != issuer:
            raise NotBelieved(Why.ISSUER)
        for name in (*ENDPOINTS, *(one for one in MORE_ENDPOINTS if found.get(one))):
            if not isinstance(found.get(name), str) or fault_of_endpoint(found[name], issuer=issuer):
                raise NotBelieved(Why.UNREADABLE)
        return found

    @property
    def basic_auth(self) -> bool:
        """How the client shows its secret: what the provider names, the standard's own where it names nothing."""
        methods = self.openid_config.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return "client_secret_post" not in methods

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """The one address that is written down at the provider, whatever host a request claims to be for."""
        return callback_url(self.provider_id)

    def get_access_token_data(
        self, request: HttpRequest, app: SocialApp, client: Any, pkce_code_verifier: str | None = None
    ) -> Any:
        """What the token endpoint answers, whatever shape it has."""
        try:
            return super().get_access_token_data(request, app, client, pkce_code_verifier=pkce_code_verifier)
        except requests.RequestException:
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise NotBelieved(Why.UNREADABLE) from error

    def parse_token(self, data: Any) -> SocialToken:
        """The token for the userinfo endpoint. When it ends is of no interest: nothing is asked with it later."""
        token = data.get("access_token") if isinstance(data, dict) else None
        if not token or not isinstance(token, str):
            raise NotBelieved(Why.UNREADABLE)
        return SocialToken(token=token)

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> SocialLogin:
        """Whoever the ID token speaks of."""
        config = self.openid_config
        if not (id_token := kwargs["response"].get("id_token")):
            raise NotBelieved(Why.UNREADABLE)
        claims = signed = self._decode_id_token(app, id_token)
        wanted = {"email", "name", app.settings["groups_claim"]}
        if config.get("userinfo_endpoint") and not wanted - {""} <= set(claims):
            said = self._fetch_user_info(token.token)
            if said.get("sub") != claims["sub"]:  # Core 5.3.2
                raise NotBelieved(Why.UNREADABLE)
            claims = completed(signed, said)
        login = login_of(self.get_provider(), identity_of(claims, groups_claim=app.settings["groups_claim"]))
        login.nonce = signed.get("nonce")
        return login

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token,
                self._key_of(id_token),
                algorithms=list(ALGORITHMS),
                audience=app.client_id,
                issuer=str(app.settings["issuer"]),
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.InvalidAudienceError as error:
            raise NotBelieved(Why.AUDIENCE) from error
        except jwt.InvalidIssuerError as error:
            raise NotBelieved(Why.ISSUER) from error
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError, jwt.InvalidIssuedAtError) as error:
            raise NotBelieved(Why.TIME) from error
        except jwt.InvalidSignatureError as error:
            raise NotBelieved(Why.SIGNATURE) from error
        except (jwt.PyJWTError, TypeError, ValueError, AttributeError) as error:
            raise NotBelieved(Why.UNREADABLE) from error
        if not claims["sub"] or "\0" in claims["sub"]:
            raise NotBelieved(Why.UNREADABLE)
        party = claims.get("azp")
        if (party is not None or (isinstance(claims["aud"], list) and len(claims["aud"]) > 1)) and (
            party != app.client_id
        ):
            raise NotBelieved(Why.AUDIENCE)
        return claims

    def _key_of(self, id_token: str) -> Any:
        """The provider's public key that the token names; the keys are asked for anew, so that they may be changed."""
        header = jwt.get_unverified_header(id_token)
        if header.get("alg") not in ALGORITHMS:
            raise NotBelieved(Why.SIGNATURE)
        with outside() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            found = answer.json().get("keys") or []
        named = [
            one for one in found if one.get("use", "sig") == "sig" and one.get("kty") in ("RSA", "EC", "OKP")
        ]
        if header.get("kid") is not None:
            named = [one for one in named if one.get("kid") == header["kid"]]
        if len(named) != 1:
            raise NotBelieved(Why.SIGNATURE)
        return jwt.PyJWK.from_json(json.dumps(named[0]), algorithm=header["alg"])

    def _fetch_user_info(self, access_token: str) -> dict[str, Any]:
        url = str(self.openid_config["userinfo_endpoint"])
        with outside() as session:
            answer = session.get(url, headers={"Authorization": f"Bearer {access_token}"})
            answer.raise_for_status()
            found = answer.json()
        return found if isinstance(found, dict) else {}


class OidcProvider(OpenIDConnectProvider):
    """A provider that speaks OpenID Connect. Where somebody is sent is written here and not read off the address."""

    oauth2_adapter_class = OidcAdapter
    pkce_enabled_default = True

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        """To the provider: with a state, a challenge (PKCE) and a nonce, each good for one answer."""
        nonce = get_random_string(32)
        response: HttpResponse = super().redirect(
            request,
            process,
            next_url,
            data,
            scope=["openid", "profile", "email", *str(self.app.settings["scopes"]).split()],
            auth_params={"nonce": nonce},
            nonce=nonce,
        )
        return response

    def serialize(self) -> dict[str, Any]:
        """How this provider is found again after the second step: by its key. A client id names no row of ours."""
        return {"id": self.app.provider_id}


def callback_url(provider_id: str) -> str:
    """Where a provider sends people back to: to be written down there."""
    return f"{settings.PUBLIC_URL}{reverse('openid_connect_callback', kwargs={'provider_id': provider_id})}"


def fault_of_endpoint(url: str, *, issuer: str) -> str:
    """Why an address that a provider names is not to be asked; empty where it may be.

    Hosts inside our network that were named for a provider of ours are no other provider's to send us to.
    """
    inside = tuple(settings.SSO_INSIDE_HOSTS)
    is_inside = (urlsplit(issuer).hostname or "") in inside
    return fault_in(url, inside=inside if is_inside else (), plain=not settings.PRODUCTION)
