"""The one word that goes back by mail: which files of a mail were not taken. Everything else is said by notices.

Only to who was proven to write; marked as automatic (RFC 3834), so that no machine answers it; without our reply
address, so that whoever answers it writes to the mail it is about.
"""

from smtplib import SMTPException

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import RetryLater
from portal.kernel.scope import require_no_transaction


def send_answer(message: OutboxMessage) -> str:
    """Mail what the outbox promised; the same Message-ID however often it is tried."""
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
        mail.send()
    except (OSError, SMTPException) as error:
        raise RetryLater(f"The mail server did not take it: {error}") from error
    return "mailed"
