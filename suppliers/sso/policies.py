"""Who may come in through a provider, as plain functions. No database here."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from suppliers.sso.messages import Identity

DOMAIN = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.ASCII
)
# Everybody can have an address there: no company's sign-in may speak for them.
EVERYBODYS = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "msn.com",
        "yahoo.com",
        "icloud.com",
        "me.com",
        "aol.com",
        "gmx.de",
        "gmx.net",
        "gmx.com",
        "web.de",
        "t-online.de",
        "freenet.de",
        "mail.ru",
        "yandex.ru",
        "qq.com",
        "163.com",
        "proton.me",
        "protonmail.com",
    ]
)
# What says that an address is verified. `xms_edov` is Entra ID's word for one whose domain the tenant has proven.
VERIFYING = ("email_verified", "xms_edov")
LONGEST_SUBJECT = 191
MOST_GROUPS = 2_000


def domain_of(address: str) -> str:
    """The domain of a mail address, in small letters; empty where it has none."""
    name, at, domain = address.strip().lower().rpartition("@")
    return domain if at and name else ""


def uid_of(subject: str) -> str:
    """A provider's word for a person as it is kept: a digest stands for one that is too long for its column."""
    if len(subject) <= LONGEST_SUBJECT:
        return subject
    return f"sha256:{hashlib.sha256(subject.encode()).hexdigest()}"


def role_of(groups: Iterable[str], mapped: Sequence[Sequence[str]]) -> str:
    """The role somebody gets by his or her groups: the first in the order written. Empty where none is named."""
    theirs = set(groups)
    return next((role for group, role in mapped if group in theirs), "")


def shows_factor(words: Iterable[str], counted: str) -> bool:
    """Whether a provider says that a second factor was shown, in one of the words that were agreed with it.

    OIDC: `amr` (RFC 8176) and `acr`; SAML: the class of the authentication context.
    """
    return bool(set(words) & set(counted.split()))


def completed(signed: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of an ID token, with those of the userinfo endpoint that it lacks.

    That an address is verified counts for this very address: never for another one that the token names.
    """
    if "email" in signed and _text(asked.get("email")).lower() != _text(signed["email"]).lower():
        asked = {name: one for name, one in asked.items() if name not in VERIFYING}
    return {**asked, **signed}


def identity_of(claims: Mapping[str, Any], *, groups_claim: str) -> Identity:
    """What an ID token says (OpenID Connect Core 5.1), with claims of the userinfo endpoint that it lacks."""
    verified = [claims.get(name) for name in VERIFYING]
    words = [str(claims.get("acr") or ""), *_texts(claims.get("amr"))]
    return Identity(
        subject=str(claims["sub"]),
        address=_text(claims.get("email")),
        is_verified=any(one is True or str(one).lower() in ("true", "1") for one in verified),
        name=_text(claims.get("name")),
        groups=tuple(_texts(claims.get(groups_claim)))[:MOST_GROUPS],
        words=tuple(word for word in words if word),
    )


def _text(said: Any) -> str:
    return said.replace("\0", "").strip() if isinstance(said, str) else ""


def _texts(said: Any) -> list[str]:
    if isinstance(said, str):
        return [said]
    return [one for one in said if isinstance(one, str)] if isinstance(said, list | tuple) else []
