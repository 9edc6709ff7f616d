"""How a link and a reply address are signed, and what may be done with a link when. No database here.

Note [Sealed keys]: a token is the row's random key and a code (HMAC-SHA256) that only this installation can make over
it. The row alone (a stolen backup) makes no token, and neither does SECRET_KEY alone, without the 122 random bits of
the key. Nothing secret is stored, so a mail that has to be sent again carries the very same link. Codes made with a
key in SECRET_KEY_FALLBACKS are still read. Each kind of link has a seal of its own: no token of one opens another.
"""

import base64
import binascii
import hashlib
import hmac
import re
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from procurement.links.states import LinkStanding

CODE_BYTES = 18
REPLY_CODE_BYTES = 15
REPLY_ID_BYTES = 6
TOKEN = re.compile(r"[A-Za-z0-9_-]{46}", re.ASCII)
REPLY_PREFIX = "reply+"
REPLY_LOCAL = re.compile(r"reply\+([a-z2-7]{34})", re.ASCII)
MOST_RENEWALS_PER_HOUR = 3
MOST_FORWARDS = 5

LINK, APPROVAL = b"quayside.links.link.1", b"quayside.links.approval.1"
_REPLY = b"quayside.links.reply.1"


def _code(purpose: bytes, content: bytes, secret: str, size: int) -> bytes:
    key = hashlib.sha256(purpose + b"\0" + secret.encode()).digest()
    return hmac.new(key, content, hashlib.sha256).digest()[:size]


def _is_ours(purpose: bytes, content: bytes, code: bytes, secrets: Sequence[str]) -> bool:
    """Compared in constant time, and with every key: how long it takes says nothing."""
    matches = [hmac.compare_digest(_code(purpose, content, one, len(code)), code) for one in secrets]
    return any(matches)


def seal_key(key: uuid.UUID, secret: str, *, seal: bytes = LINK) -> str:
    """The token of a link of one kind. See Note [Sealed keys]."""
    packed = key.bytes + _code(seal, key.bytes, secret, CODE_BYTES)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def key_in(token: str, secrets: Sequence[str], *, seal: bytes = LINK) -> uuid.UUID | None:
    """The key that a token of ours carries, under the seal of its kind; None for any other text."""
    if not TOKEN.fullmatch(token):
        return None
    packed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    if base64.urlsafe_b64encode(packed).decode().rstrip("=") != token:
        return None  # one token has one writing
    key, code = packed[:16], packed[16:]
    return uuid.UUID(bytes=key) if _is_ours(seal, key, code, secrets) else None


def reply_local_part(number: int, secret: str) -> str:
    """The part before the @ of a reply address: 40 characters, all small letters and digits (RFC 5321 allows 64)."""
    content = number.to_bytes(REPLY_ID_BYTES, "big")
    packed = content + _code(_REPLY, content, secret, REPLY_CODE_BYTES)
    return REPLY_PREFIX + base64.b32encode(packed).decode().rstrip("=").lower()


def number_in(local_part: str, secrets: Sequence[str]) -> int | None:
    """The number that a reply address of ours carries, however its letters were written; None for any other."""
    found = REPLY_LOCAL.fullmatch(local_part.lower())
    if not found:
        return None
    text = found[1].upper()
    try:
        packed = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return None
    content, code = packed[:REPLY_ID_BYTES], packed[REPLY_ID_BYTES:]
    if base64.b32encode(packed).decode().rstrip("=") != text or len(code) != REPLY_CODE_BYTES:
        return None
    return int.from_bytes(content, "big") if _is_ours(_REPLY, content, code, secrets) else None


def standing_of(
    *, expires_at: datetime, used_at: datetime | None, revoked_at: datetime | None, at: datetime
) -> LinkStanding:
    """Where a link stands at a moment."""
    if revoked_at is not None:
        return LinkStanding.REVOKED
    if at >= expires_at:
        return LinkStanding.EXPIRED
    return LinkStanding.USED if used_at is not None else LinkStanding.OPEN


def may_renew(asked: Sequence[datetime], at: datetime) -> bool:
    """Whether another link may be mailed, given when the last ones were asked for."""
    return sum(at - one < timedelta(hours=1) for one in asked) < MOST_RENEWALS_PER_HOUR
