"""SAML 2.0 as allauth and python3-saml speak it, with what they leave to whoever uses them.

An assertion must be signed itself, name us as its audience, answer the very question that this browser has asked, and
come once: of these python3-saml lets an audience or a question that is not named pass (SAML Profiles 4.1.4.3).
"""

import time
from typing import Any

from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from allauth.socialaccount.sessions import LoginSession
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Constants
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser as MetadataParser
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML as Xml

from suppliers.sso.messages import Identity
from suppliers.sso.oidc import NotBelieved
from suppliers.sso.policies import MOST_GROUPS
from suppliers.sso.saying import login_of
from suppliers.sso.states import Why

ASIDE_FOR = 300  # seconds for which a response waits for the browser that brought it
REMEMBERED_FOR = 24 * 3600  # seconds: longer than any assertion is good for
MAIL = (
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "email",
    "mail",
)
NAMES = (
    "urn:oid:2.16.840.1.113730.3.1.241",
    "http://schemas.microsoft.com/identity/claims/displayname",
    "displayName",
    "name",
)
VERIFIED = ("http://schemas.auth0.com/email_verified", "email_verified")
SUBJECT = "urn:oasis:names:tc:SAML:attribute:subject-id"
# In what python3-saml says of a response that it does not take, the first of these words that is in it.
REASONS = (
    ("audience", Why.AUDIENCE),
    ("was received at", Why.DESTINATION),
    ("subjectconfirmation", Why.DESTINATION),
    ("issuer", Why.ISSUER),
    ("signature", Why.SIGNATURE),
    ("not signed", Why.SIGNATURE),
    ("signed", Why.SIGNATURE),
    ("expired", Why.TIME),
    ("not yet valid", Why.TIME),
    ("timing", Why.TIME),
    ("status code of the response was not success", Why.PROVIDER),
)


class SamlProvider(SAMLProvider):
    """A provider that speaks SAML."""

    def sociallogin_from_response(self, request: HttpRequest, response: Any) -> SocialLogin:
        """Whoever a response speaks of that python3-saml has found valid."""
        self._check(response)
        said = response.get_attributes()
        subject = _first(said, (SUBJECT,)) or response.get_nameid() or ""
        if not subject or response.get_nameid_format() == Constants.NAMEID_TRANSIENT:
            raise NotBelieved(Why.UNREADABLE)
        address = _first(said, MAIL)
        if not address and response.get_nameid_format() == Constants.NAMEID_EMAIL_ADDRESS:
            address = response.get_nameid() or ""
        groups = said.get(self.app.settings["groups_claim"]) or []
        identity = Identity(
            subject=subject,
            address=address,
            is_verified=_first(said, VERIFIED).lower() in ("true", "1"),
            name=_first(said, NAMES),
            groups=tuple(one for one in groups if isinstance(one, str))[:MOST_GROUPS],
            words=tuple(response.get_last_authn_contexts() or ()),
        )
        return login_of(self, identity)

    def _check(self, response: Any) -> None:
        document = Xml.to_etree(response.get_last_response_xml())
        namespaces = {"saml": Constants.NS_SAML}
        if not document.xpath("//saml:Assertion//saml:Audience", namespaces=namespaces):
            raise NotBelieved(Why.AUDIENCE)
        asked = response.get_last_response_in_response_to()
        told = document.xpath("//saml:Assertion//saml:SubjectConfirmationData", namespaces=namespaces)
        if not asked or not any(one.get("InResponseTo") == asked and one.get("Recipient") for one in told):
            raise NotBelieved(Why.STATE)
        until = response.get_last_assertion_not_on_or_after() or 0
        kept_for = max(REMEMBERED_FOR, int(until - time.time()) + 600)
        place = f"sso:assertion:{self.app.provider_id}:{response.get_last_assertion_id()}"[:240]
        if not cache.add(place, True, kept_for):
            raise NotBelieved(Why.REPLAY)


def put_aside(request: HttpRequest, kept: str, onward: str) -> HttpResponse:
    """Lead a browser on to where what its provider's form held is looked at, and keep that for it meanwhile."""
    response = HttpResponseRedirect(onward)
    aside = LoginSession(request, "saml_acs_session", "saml-acs-session")
    aside.store.update({"request": kept})
    aside.store.set_expiry(ASIDE_FOR)
    aside.save(response)
    return response


def reason_of(text: str) -> Why:
    """Why a response was not taken, by what python3-saml said of it."""
    said = text.lower()
    return next((why for word, why in REASONS if word in said), Why.UNREADABLE)


def read_metadata(text: str) -> dict[str, str]:
    """Issuer, address and certificate out of a provider's metadata. Raises `ValueError`."""
    try:
        found = MetadataParser.parse(text.encode()).get("idp") or {}
    except Exception as error:  # whatever XML can be wrong in
        raise ValueError("This is no metadata of a SAML provider.") from error
    certificates = [found.get("x509cert"), *((found.get("x509certMulti") or {}).get("signing") or [])]
    read = {
        "issuer": found.get("entityId") or "",
        "sign_in_url": (found.get("singleSignOnService") or {}).get("url") or "",
        "certificate": next((one for one in certificates if one), ""),
    }
    if not all(read.values()):
        raise ValueError("Issuer, address or certificate are missing in it.")
    return read


def _first(said: Any, names: tuple[str, ...]) -> str:
    for name in names:
        for one in said.get(name) or []:
            if isinstance(one, str) and one.strip():
                return one.strip()
    return ""
