"""What the links of security mails carry: signed, good for one purpose and a time."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

_CONFIRM, _STOP = "suppliers.signin.confirm", "suppliers.signin.stop"
CONFIRM_FOR = timedelta(hours=24)
STOP_FOR = timedelta(days=30)
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


def stop_url(key: str) -> str:
    """Where somebody stops the removal of his or her factors."""
    token = signing.dumps(key, salt=_STOP)
    return f"{settings.PUBLIC_URL}{reverse('factor-reset-stop', kwargs={'token': token})}"


def read_stop(token: str) -> UUID | None:
    """Which removal a link stops; None for what is not ours."""
    try:
        return UUID(signing.loads(token, salt=_STOP, max_age=STOP_FOR))
    except signing.BadSignature:
        return None
