"""A provider's call: the raw mail in the body, signed.

Note [Signed mails]: as with our own alerts, the header `Quayside-Signature` is `v1=` and the HMAC-SHA256, in
hexadecimal, of the time stamp in `Quayside-Timestamp`, a dot, and the body as it was sent, with MAIL_IN_WEBHOOK_SECRET
as the key. What is older than five minutes is refused; the same call twice keeps one mail.
"""

import hashlib
import hmac
from datetime import datetime, timedelta

YOUNG_ENOUGH = timedelta(minutes=5)


def is_signed(body: bytes, timestamp: str, signature: str, *, secret: str, at: datetime) -> bool:
    """Whether whoever holds the secret sent this a moment ago. Takes as long whatever is wrong."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    is_right = hmac.compare_digest(f"v1={digest}".encode(), signature.encode())
    sent = int(timestamp) if timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 12 else 0
    is_young = abs(at.timestamp() - sent) <= YOUNG_ENOUGH.total_seconds()
    return is_right and is_young
