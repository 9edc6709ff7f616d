"""How a client’s secret is kept: sealed (portal/kernel/sealing.py) with keys drawn from SECRET_KEY, one row’s each."""

from base64 import b64encode
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from portal.kernel.sealing import SealingKey, mark_of, seal, unseal
from suppliers.sso.models import IdentityProvider


def keep_secret(provider: IdentityProvider, secret: str) -> None:
    """Put a secret into its row, which is not saved."""
    provider.secret = seal(secret, _place(provider), _keys()) if secret else ""


def secret_of(provider: IdentityProvider) -> str:
    """The secret in clear, to be sent to its provider and shown to nobody. Raises `Unreadable`."""
    return unseal(provider.secret, _place(provider), _keys()) if provider.secret else ""


def is_sealed_with_the_present_key(provider: IdentityProvider) -> bool:
    """Whether nothing of this row needs a former SECRET_KEY."""
    return not provider.secret or mark_of(provider.secret) == _keys()[0].mark


def _place(provider: IdentityProvider) -> str:
    return f"identity provider {provider.key}"


def _keys() -> list[SealingKey]:
    return [_key(one) for one in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


@lru_cache(maxsize=8)
def _key(secret: str) -> SealingKey:
    drawn = HKDF(SHA256(), 32, salt=None, info=b"quayside identity providers").derive(secret.encode())
    return SealingKey.of(b64encode(drawn).decode())
