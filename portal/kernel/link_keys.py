"""Keys that are shown in an address under a seal only this installation can make. No database here.

Note [Sealed keys]: a token is the row's random key and a code (HMAC-SHA256) that only this installation can make over
it. The row alone (a stolen backup) makes no token, and neither does SECRET_KEY alone, without the 122 random bits of
the key. Nothing secret is stored, so a mail that has to be sent again carries the very same link. Codes made with a
key in SECRET_KEY_FALLBACKS are still read. Each kind of link has a seal of its own: no token of one opens another.
"""

import base64
import hashlib
import hmac
import re
import uuid
from collections.abc import Sequence

from django.conf import settings

CODE_BYTES = 18
TOKEN = re.compile(r"[A-Za-z0-9_-]{46}", re.ASCII)


def sealing_secrets() -> list[str]:
    """What tokens are sealed with, the present one first."""
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def code_of(seal: bytes, content: bytes, secret: str, size: int) -> bytes:
    """The code of one seal over some bytes."""
    key = hashlib.sha256(seal + b"\0" + secret.encode()).digest()
    return hmac.new(key, content, hashlib.sha256).digest()[:size]


def is_sealed(seal: bytes, content: bytes, code: bytes, secrets: Sequence[str]) -> bool:
    """Whether a code is of this seal. Compared in constant time, and with every key: how long it takes says nothing."""
    matches = [hmac.compare_digest(code_of(seal, content, one, len(code)), code) for one in secrets]
    return any(matches)


def seal_key(key: uuid.UUID, secret: str, *, seal: bytes) -> str:
    """The token of a link of one kind. See Note [Sealed keys]."""
    packed = key.bytes + code_of(seal, key.bytes, secret, CODE_BYTES)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def key_in(token: str, secrets: Sequence[str], *, seal: bytes) -> uuid.UUID | None:
    """The key that a token of ours carries, under the seal of its kind; None for any other text."""
    if not TOKEN.fullmatch(token):
        return None
    packed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    if base64.urlsafe_b64encode(packed).decode().rstrip("=") != token:
        return None  # one token has one writing
    key, code = packed[:16], packed[16:]
    return uuid.UUID(bytes=key) if is_sealed(seal, key, code, secrets) else None
