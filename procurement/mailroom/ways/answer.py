"""The one word that goes back by mail: which files of a mail were not taken. Everything else is said by notices.

Only to somebody whom we know, never to a machine; marked as automatic (RFC 3834), so that no machine answers it;
without our reply address, so that whoever answers it writes to the mail it is about.
"""

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone, translation

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import ParkMessage, RetryLater
from portal.kernel.scope import require_no_transaction
from procurement.notifications.delivery import Refused, hand_over
from procurement.notifications.policies import MOST_TRIES_FOR


def send_answer(message: OutboxMessage) -> str:
    """Mail what the outbox promised; the same Message-ID however often it is tried, for three days at most."""
    require_no_transaction()
    told = message.payload
    with translation.override(told["language"]):
        context = {"number": told["number"], "reasons": told["reasons"], "url": told["url"]}
        subject = render_to_string("mail/files_not_taken_subject.txt", context)
        body = render_to_string("mail/files_not_taken.txt", context)
    headers = {"Auto-Submitted": "auto-replied", "Message-ID": told["message_id"]}
    if told["answers"]:
        headers |= {"In-Reply-To": told["answers"], "References": told["answers"]}
    mail = EmailMessage(" ".join(subject.split()), body, to=[told["to"]], headers=headers)
    try:
        hand_over(mail)
    except Refused:
        return "refused"
    except RetryLater as error:
        if timezone.now() - message.created_at < MOST_TRIES_FOR:
            raise
        raise ParkMessage(error.reason) from error
    return "mailed"
