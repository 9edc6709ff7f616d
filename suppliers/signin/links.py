"""What the links of security mails carry, good for one purpose.

The stop of a removal is the key of its row, as in every link to a row of ours (portal/kernel/link_keys.py): whether it
still stops anything, the row says. A confirmation has no row, so what it is about and until when stands in it, signed.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from portal.kernel.link_keys import key_in, seal_key, sealing_secrets

_CONFIRM = "suppliers.signin.confirm"
_STOP = b"quayside.signin.stop.1"
CONFIRM_FOR = timedelta(minutes=10)  # its person is at the page that asked for it; ASVS 5.0, 6.5.5
RESET_ASKED_FOR = timedelta(hours=1)  # a mail that could not leave for so long would surprise its reader


def confirmation_url(user_id: int, since: datetime) -> str:
    """Where somebody confirms the factors that were there since then."""
    token = signing.dumps([user_id, since.isoformat()], salt=_CONFIRM)
    return f"{settings.PUBLIC_URL}{reverse('factor-confirm', kwargs={'token': token})}"


def read_confirmation(token: str) -> tuple[int, datetime] | None:
    """Whose factors of when a link confirms; None for what is not ours, or too old."""
    try:
        user_id, since = signing.loads(token, salt=_CONFIRM, max_age=CONFIRM_FOR)
    except signing.BadSignature:
        return None
    return user_id, datetime.fromisoformat(since)


def stop_url(key: UUID) -> str:
    """Where somebody stops the removal of his or her factors."""
    token = seal_key(key, sealing_secrets()[0], seal=_STOP)
    return f"{settings.PUBLIC_URL}{reverse('factor-reset-stop', kwargs={'token': token})}"


def read_stop(token: str) -> UUID | None:
    """Which removal a link stops; None for what is not ours."""
    return key_in(token, sealing_secrets(), seal=_STOP)
