"""Providers of identities that run in the test: one of OpenID Connect over real http, and one of SAML that signs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.sax.saxutils import escape

import jwt
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.test import Client
from django.utils import timezone
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from portal.kernel.scope import acting
from suppliers.sso.messages import WriteProvider
from suppliers.sso.models import IdentityProvider
from suppliers.sso.services import add_provider, note_tried, switch_on

SECRET = "a secret of the client, long enough"


@cache
def a_key(name: str) -> Any:
    """A pair of keys, made once for all tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class OidcServer:
    """A provider of OpenID Connect. What it says of whoever comes is `claims`; `bends` bend it for one test."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.refuses = ""
        self.asks = False  # a page with a button, as people see one
        self.key, self.kid, self.algorithm = a_key("oidc"), "k1", "RS256"
        self.issuer_says = ""
        self.asked: list[dict[str, str]] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.keeps_nonce = True
        self.token_says: Any = None  # in place of a token
        self.authorize = "authorize"  # where people are sent
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._get(self)

            def do_POST(self) -> None:
                server._post(self)

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def _get(self, handler: Any) -> None:
        path, said = (
            urlsplit(handler.path).path,
            {name: values[0] for name, values in parse_qs(urlsplit(handler.path).query).items()},
        )
        if path == "/.well-known/openid-configuration":
            names = {"authorization": self.authorize, "token": "token", "userinfo": "userinfo"}
            told = {f"{name}_endpoint": f"{self.url}/{at}" for name, at in names.items()}
            told |= {"issuer": self.issuer_says or self.url, "jwks_uri": f"{self.url}/keys"}
            _answer(handler, told)
        elif path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(a_key("oidc").public_key()))
            _answer(handler, {"keys": [public | {"kid": "k1", "use": "sig"}]})
        elif path == "/userinfo":
            _answer(handler, {"sub": self.claims.get("sub", "sub-1")} | self.userinfo)
        elif path == "/authorize" and self.asks:
            onward = html.escape(f"{self.url}/go?{urlencode(said)}")
            page = f'<!doctype html><title>Identity</title><h1>Identity</h1><a href="{onward}">Go on</a>'
            _answer(handler, page)
        else:
            self.asked.append(said)
            back = {"state": said["state"]}
            if self.refuses:
                back["error"] = self.refuses
            else:
                back["code"] = uuid.uuid4().hex
                self.codes[back["code"]] = said
            handler.send_response(302)
            handler.send_header("Location", f"{said['redirect_uri']}?{urlencode(back)}")
            handler.end_headers()

    def _post(self, handler: Any) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
        said = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self.codes.pop(said["code"])
        challenge = base64.urlsafe_b64encode(hashlib.sha256(said["code_verifier"].encode()).digest())
        assert challenge.rstrip(b"=").decode() == asked["code_challenge"], "PKCE"
        assert said["redirect_uri"] == asked["redirect_uri"]
        client = base64.b64decode(handler.headers["Authorization"].partition(" ")[2]).decode()
        assert client == f"quayside:{SECRET}"
        now = int(time.time())
        claims = {"iss": self.url, "aud": "quayside", "iat": now, "exp": now + 300, "sub": "sub-1"}
        if self.keeps_nonce:
            claims["nonce"] = asked["nonce"]
        token = self.sign({name: one for name, one in (claims | self.claims).items() if one is not None})
        told = {"access_token": "at", "token_type": "Bearer", "id_token": token}
        _answer(handler, told if self.token_says is None else self.token_says)

    def sign(self, claims: dict[str, Any]) -> str:
        """An ID token."""
        if self.algorithm == "HS256":  # by hand: PyJWT does not let anybody take a public key for a secret
            parts = ({"alg": "HS256", "kid": self.kid}, claims)
            told = b".".join(_packed(json.dumps(part).encode()) for part in parts)
            return b".".join((told, _packed(hmac.digest(self.key, told, "sha256")))).decode()
        key = self.key if self.algorithm != "none" else None
        return jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": self.kid})


def _packed(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _answer(handler: Any, said: Any) -> None:
    body = said.encode() if isinstance(said, str) else json.dumps(said).encode()
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html" if isinstance(said, str) else "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def oidc_server() -> Iterator[OidcServer]:
    """A provider that runs."""
    server = OidcServer()
    thread = threading.Thread(target=server.http.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()
        thread.join()


def in_use(root: Any, said: WriteProvider, *, kind: str = "oidc", supplier: Any = None) -> IdentityProvider:
    """A provider that was written down, tried and switched on."""
    with acting(root.actor):
        made = add_provider(kind, supplier, said, actor=root.actor, at=timezone.now())
        note_tried(made, actor=root.actor, at=timezone.now())
        made.refresh_from_db()
        switch_on(made, actor=root.actor, at=timezone.now())
    return made


def led_to(response: Any) -> str:
    """Where the page leads on to."""
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', response.content.decode())
    assert found, response.content.decode()
    return html.unescape(found[1])


def come_in(client: Client, provider: IdentityProvider, **typed: str) -> Any:
    """Press the button, go there, and come back: the answer of the portal."""
    there = led_to(client.post(f"/sso/{provider.key}/", typed))
    back = requests.get(there, allow_redirects=False, timeout=5).headers["Location"]
    return client.get(f"{urlsplit(back).path}?{urlsplit(back).query}")


def a_saml_provider(supplier: Any, root: Any) -> IdentityProvider:
    """A provider of a supplier that was written down and tried, and is not in use yet."""
    told = WriteProvider(
        name=f"{supplier.name} ID"[:40],
        issuer=ENTITY,
        sign_in_url=SSO_URL,
        certificate=certificate_of("saml"),
        domains=(f"{supplier.number.lower()}.example",),
    )
    with acting(root.actor):
        made = add_provider("saml", supplier, told, actor=root.actor, at=timezone.now())
        note_tried(made, actor=root.actor, at=timezone.now())
    return made


# --- SAML ---------------------------------------------------------------------------------------------------

ENTITY = "https://idp.globex.example/entity"
SSO_URL = "https://idp.globex.example/sso"


@cache
def certificate_of(name: str) -> str:
    """A certificate that a key has signed itself."""
    key = a_key(name)
    whom = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder().subject_name(whom).issuer_name(whom).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    signed = made.not_valid_after(datetime(2099, 1, 1, tzinfo=UTC)).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def _moment(ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=ahead)).strftime("%Y-%m-%dT%H:%M:%SZ")


MAIL = "urn:oid:0.9.2342.19200300.100.1.3"


def _attribute(name: str, values: list[str]) -> str:
    inside = "".join(f"<saml:AttributeValue>{escape(one)}</saml:AttributeValue>" for one in values)
    return f'<saml:Attribute Name="{name}">{inside}</saml:Attribute>'


def saml_response(
    *,
    acs: str,
    audience: str,
    in_response_to: str,
    subject: str = "gil-1",
    address: str = "gil@supplier.example",
    groups: tuple[str, ...] = (),
    key: str = "saml",
    destination: str = "",
    recipient: str = "",
    issuer: str = ENTITY,
    until: float = 300,
    context: str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
    sign: bool = True,
    told_in_response_to: str | None = None,
    spoil: tuple[str, str] | None = None,
) -> str:
    """What such a provider’s form carries: a response whose assertion is signed. `spoil` changes it afterwards."""
    named = f"<saml:Audience>{escape(audience)}</saml:Audience>"
    restricted = f"<saml:AudienceRestriction>{named}</saml:AudienceRestriction>"
    said = {MAIL: [address], "email_verified": ["true"], "groups": list(groups)}
    attributes = "".join(_attribute(name, values) for name, values in said.items() if values)
    told = in_response_to if told_in_response_to is None else told_in_response_to
    answers = f' InResponseTo="{told}"' if told else ""
    assertion = (
        f'<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{uuid.uuid4().hex}" Version="2.0" '
        f'IssueInstant="{_moment(0)}"><saml:Issuer>{issuer}</saml:Issuer><saml:Subject><saml:NameID '
        f'Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{escape(subject)}</saml:NameID>'
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData '
        f'NotOnOrAfter="{_moment(until)}" Recipient="{recipient or acs}"{answers}/></saml:SubjectConfirmation>'
        f'</saml:Subject><saml:Conditions NotBefore="{_moment(-600)}" NotOnOrAfter="{_moment(until)}">'
        f"{restricted if audience else ''}</saml:Conditions>"
        f'<saml:AuthnStatement AuthnInstant="{_moment(0)}"><saml:AuthnContext><saml:AuthnContextClassRef>{context}'
        "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
        f"<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"
    )
    if sign:
        pem = a_key(key).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        signed = OneLogin_Saml2_Utils.add_sign(assertion, pem.decode(), certificate_of(key))
        assertion = signed.decode() if isinstance(signed, bytes) else signed
        assertion = assertion.partition("?>")[2] if assertion.startswith("<?xml") else assertion
    if spoil:
        assert spoil[0] in assertion
        assertion = assertion.replace(*spoil)
    response = (
        '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
        f'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{uuid.uuid4().hex}" Version="2.0" '
        f'IssueInstant="{_moment(0)}" Destination="{destination or acs}" InResponseTo="{in_response_to}">'
        f"<saml:Issuer>{issuer}</saml:Issuer><samlp:Status><samlp:StatusCode "
        'Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
        f"{assertion}</samlp:Response>"
    )
    return base64.b64encode(response.encode()).decode()
