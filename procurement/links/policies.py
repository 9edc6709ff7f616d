"""How a link and a reply address are signed, and what may be done with a link when. No database here.

See Note [Sealed keys] in portal/kernel/link_keys.py.
"""

import base64
import binascii
import re
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from portal.kernel.link_keys import code_of, is_sealed
from portal.kernel.link_keys import key_in as opened
from portal.kernel.link_keys import seal_key as sealed
from procurement.links.states import LinkStanding

REPLY_CODE_BYTES = 15
REPLY_ID_BYTES = 6
REPLY_PREFIX = "reply+"
REPLY_LOCAL = re.compile(r"reply\+([a-z2-7]{34})", re.ASCII)
MOST_RENEWALS_PER_HOUR = 3
MOST_FORWARDS = 5

LINK, APPROVAL = b"quayside.links.link.1", b"quayside.links.approval.1"
_REPLY = b"quayside.links.reply.1"


def seal_key(key: uuid.UUID, secret: str, *, seal: bytes = LINK) -> str:
    """The token of a link of one kind."""
    return sealed(key, secret, seal=seal)


def key_in(token: str, secrets: Sequence[str], *, seal: bytes = LINK) -> uuid.UUID | None:
    """The key that a token of ours carries, under the seal of its kind; None for any other text."""
    return opened(token, secrets, seal=seal)


def reply_local_part(number: int, secret: str) -> str:
    """The part before the @ of a reply address: 40 characters, all small letters and digits (RFC 5321 allows 64)."""
    content = number.to_bytes(REPLY_ID_BYTES, "big")
    packed = content + code_of(_REPLY, content, secret, REPLY_CODE_BYTES)
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
    return int.from_bytes(content, "big") if is_sealed(_REPLY, content, code, secrets) else None


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
