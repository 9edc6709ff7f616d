"""Whether a call from outside was written by whoever holds a secret, a moment ago.

Note [Signed calls]: the header `Quayside-Timestamp` says when, in seconds since 1970; `Quayside-Signature` is `v1=` and
the HMAC-SHA256, in hexadecimal, of that time stamp, a dot, and the body as it was sent. What is five minutes older or
newer than our clock is refused; who takes such calls does nothing when the same one comes twice.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

TIMESTAMP, SIGNATURE = "Quayside-Timestamp", "Quayside-Signature"
YOUNG_ENOUGH = timedelta(minutes=5)


def signature_of(body: bytes, timestamp: str, secret: str) -> str:
    """What stands in the header of the signature. See Note [Signed calls]."""
    said = timestamp.encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()


def signed_with(body: bytes, timestamp: str, signature: str, secrets: Sequence[str]) -> int | None:
    """Which of these secrets, by its place, has signed this. Takes as long whatever is wrong."""
    given = signature.strip().encode()
    matches = [hmac.compare_digest(signature_of(body, timestamp, one).encode(), given) for one in secrets]
    return matches.index(True) if any(matches) else None


def is_young(timestamp: str, at: datetime) -> bool:
    """Whether a time stamp is of about now."""
    plain = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 12
    return abs(at.timestamp() - (int(timestamp) if plain else 0)) <= YOUNG_ENOUGH.total_seconds()


def is_signed(body: bytes, timestamp: str, signature: str, *, secret: str, at: datetime) -> bool:
    """Whether whoever holds the secret sent this a moment ago."""
    is_right = signed_with(body, timestamp, signature, [secret]) is not None
    return is_young(timestamp, at) and is_right
