"""What a mail provider says of a mail that it took from us: it came back, or its reader called it spam.

Django-anymail checks who calls (`ANYMAIL_WEBHOOK_SECRET`) and sends one signal for all providers; `apps.py` listens
where a provider is set up.
"""

import logging
from typing import Any

from django.utils import timezone

from portal.kernel.scope import acting
from procurement.notifications.services import note_bounce
from procurement.notifications.services.gathering import POSTMAN

logger = logging.getLogger(__name__)

COMPLAINED = "complained"
UNDELIVERED = ("bounced", "rejected", "failed", "invalid", COMPLAINED)


def provider_says(sender: Any, event: Any, esp_name: str, **_kwargs: Any) -> None:
    """One event of a provider. What is deferred goes on being tried by it, and is nothing yet."""
    if event.event_type not in UNDELIVERED:
        return
    reason = " ".join(filter(None, (event.event_type, event.reject_reason, event.description))).strip()
    key = str((event.metadata or {}).get("mail", ""))
    with acting(POSTMAN):
        known = note_bounce(
            key=key,
            address=event.recipient or "",
            reason=reason,
            has_arrived=event.event_type == COMPLAINED,
            at=timezone.now(),
        )
    logger.info("mail undelivered", extra={"provider": esp_name, "known": known})
