"""How secrets of second factors are kept in the database: sealed with a key drawn from SECRET_KEY."""

import base64
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

SEALED = "sealed:"
SECRETS = ("secret", "seed", "migrated_codes")  # under which names allauth keeps what it has us seal


class UnknownKey(RuntimeError):
    """A secret was sealed with a SECRET_KEY that is not known here any more."""

    def __init__(self) -> None:
        super().__init__("A second factor was sealed with a SECRET_KEY that is not known here.")


def seal(text: str) -> str:
    """Seal a secret with the present key."""
    return SEALED + _seal_of(settings.SECRET_KEY).encrypt(text.encode()).decode()


def unseal(kept: str) -> str:
    """Open what was sealed with this SECRET_KEY or one of SECRET_KEY_FALLBACKS; what is older stands as it is.

    Raises `UnknownKey`.
    """
    if not kept.startswith(SEALED):
        return kept
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    try:
        return MultiFernet([_seal_of(key) for key in keys]).decrypt(_token_of(kept)).decode()
    except InvalidToken as error:
        raise UnknownKey from error


def sealed_anew(kept: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a factor, with every secret in it sealed with the present key; one that is stays as it is.

    Raises `UnknownKey`.
    """
    anew = {name: kept[name] for name in SECRETS if name in kept}
    return kept | {
        name: [_anew(one) for one in value] if isinstance(value, list) else _anew(value)
        for name, value in anew.items()
    }


def _anew(kept: str) -> str:
    if kept.startswith(SEALED):
        try:
            _seal_of(settings.SECRET_KEY).decrypt(_token_of(kept))
        except InvalidToken:
            return seal(unseal(kept))
        return kept
    return seal(kept)


def _token_of(kept: str) -> bytes:
    return kept.removeprefix(SEALED).encode()


def _seal_of(key: str) -> Fernet:
    drawn = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"quayside second factors").derive(
        key.encode()
    )
    return Fernet(base64.urlsafe_b64encode(drawn))
