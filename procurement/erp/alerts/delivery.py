"""The outbox's topic "alerts": a mail to a person, a signed JSON document to a program.

Note [Signature]: the header `Quayside-Signature` is `v1=` and the HMAC-SHA256, in hexadecimal, of the time stamp in
`Quayside-Timestamp`, a dot, and the body as it was sent, with ALERT_WEBHOOK_SECRET as the key. The receiver compares it
and throws away what is older than five minutes; `Quayside-Delivery` is the same when one word is told twice.
"""

import hashlib
import hmac
import json
import logging
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any
from zoneinfo import ZoneInfo

import requests
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import ParkMessage, RetryLater
from portal.kernel.scope import acting, require_no_transaction
from procurement.erp.alerts.services import OVER, REPEATED, integration_owners
from procurement.erp.alerts.watches import WATCHER
from procurement.erp.alerts.words import said

logger = logging.getLogger(__name__)

CONNECT_WITHIN, ANSWER_WITHIN = 5.0, 10.0
# An alert that reaches nobody for so long is news no more.
WORTH_TELLING = timedelta(days=1)
HEARD = range(200, 300)


def deliver(message: OutboxMessage) -> str:
    """Tell one person or program of one alert."""
    require_no_transaction()
    at = timezone.now()
    to = message.payload["to"]
    try:
        if "webhook" in to:
            return _post(message, at)
        return _mail_contact(message, to["contact"]) if "contact" in to else _mail(message, int(to["mail"]))
    except RetryLater as error:
        if at - message.created_at >= WORTH_TELLING:
            raise ParkMessage(error.reason) from error
        raise


def _mail(message: OutboxMessage, user_id: int) -> str:
    with acting(WATCHER):
        person = integration_owners().filter(pk=user_id).first()
    if person is None:
        return "gone"
    return _send(message, person.email, person.language, person.time_zone)


def _mail_contact(message: OutboxMessage, address: str) -> str:
    if address not in settings.SECURITY_CONTACT:
        return "gone"  # another is told meanwhile
    return _send(message, address.removeprefix("mailto:"), settings.LANGUAGE_CODE, "UTC")


def _send(message: OutboxMessage, address: str, language: str, time_zone: str) -> str:
    told = message.payload
    with translation.override(language), timezone.override(ZoneInfo(time_zone)):
        words = said(told["cause"], told["subject"], told["facts"])
        context = {
            "words": words,
            "is_over": message.kind == OVER,
            "is_repeated": message.kind == REPEATED,
            "url": address_of_monitor(),
        }
        subject = render_to_string("mail/alert_subject.txt", context)
        mail = EmailMultiAlternatives(
            " ".join(subject.split()), render_to_string("mail/alert.txt", context), to=[address]
        )
        mail.attach_alternative(render_to_string("mail/alert.html", context), "text/html")
    try:
        mail.send()
    except (OSError, SMTPException) as error:
        raise RetryLater(f"The mail server did not take it: {error}") from error
    return "mailed"


def address_of_monitor() -> str:
    """Where one reads more."""
    return f"{settings.PUBLIC_URL}{reverse('integration')}"


def payload_of(message: OutboxMessage) -> dict[str, Any]:
    """What a program is told. Documented in docs/operations.md: names are added there, never changed."""
    told = message.payload
    with translation.override("en"), timezone.override(ZoneInfo("UTC")):
        words = said(told["cause"], told["subject"], told["facts"])
    return {
        "event": message.kind,
        "alert": told["alert"],
        "cause": told["cause"],
        "subject": told["subject"],
        "connection": told["connection"],
        "raised_at": told["raised_at"],
        "at": told["at"],
        "title": words.title,
        "text": words.text,
        "way_out": words.way_out,
        "facts": told["facts"],
        "url": address_of_monitor(),
    }


def signature_of(body: bytes, timestamp: str, secret: str) -> str:
    """See Note [Signature]."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"v1={digest.hexdigest()}"


def _post(message: OutboxMessage, at: datetime) -> str:
    if not settings.ALERT_WEBHOOK_URL:
        return "gone"  # switched off meanwhile
    body = json.dumps(payload_of(message), ensure_ascii=False).encode()
    timestamp = str(int(at.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Quayside",
        "Quayside-Delivery": str(message.key),
        "Quayside-Timestamp": timestamp,
        "Quayside-Signature": signature_of(body, timestamp, settings.ALERT_WEBHOOK_SECRET),
    }
    try:
        response = requests.post(
            settings.ALERT_WEBHOOK_URL,
            data=body,
            headers=headers,
            timeout=(CONNECT_WITHIN, ANSWER_WITHIN),
            allow_redirects=False,
            stream=True,  # what it says beyond its status is not read
        )
        response.close()
    except requests.RequestException as error:
        raise RetryLater(f"The webhook cannot be reached: {type(error).__name__}.") from error
    if response.status_code not in HEARD:
        raise RetryLater(f"The webhook answered with HTTP {response.status_code}.")
    return "posted"
