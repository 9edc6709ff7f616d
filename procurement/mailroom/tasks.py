"""The worker's doors to the mailroom: looking into the mailboxes, and sorting what was kept."""

import logging
import uuid

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import RetryLater
from portal.kernel.scanning import ScannerSilent
from portal.kernel.scope import acting, require_no_transaction
from procurement.mailroom.queries import MAILROOM
from procurement.mailroom.services import forget_raw, infected_files, sort_mail
from procurement.mailroom.services.taking import ANSWER
from procurement.mailroom.ways.answer import send_answer
from procurement.mailroom.ways.imap import poll_mailbox
from procurement.mailroom.ways.keeping import MailboxUnreadable
from procurement.mailroom.ways.maildir import poll_maildir

logger = logging.getLogger(__name__)

MOST_ROUNDS = 200


@shared_task(name="mailroom.poll", ignore_result=True)
def poll(**_ignored: object) -> int:
    """Keep what came into the mailbox and the folder. Called by the clock; one that is unreadable holds up no other."""
    count = 0
    largest = settings.MAIL_IN_MAX_BYTES
    if settings.MAIL_IN_IMAP_URL:
        try:
            count += poll_mailbox(
                settings.MAIL_IN_IMAP_URL,
                done_folder=settings.MAIL_IN_IMAP_DONE,
                largest=largest,
                authority=settings.MAIL_IN_IMAP_CA,
                clock=timezone.now,
            )
        except MailboxUnreadable as error:
            logger.warning("the mailbox cannot be read", extra={"reason": str(error)})
    if settings.MAIL_IN_MAILDIR:
        try:
            count += poll_maildir(settings.MAIL_IN_MAILDIR, largest=largest, clock=timezone.now)
        except MailboxUnreadable as error:
            logger.warning("the mail folder cannot be read", extra={"reason": str(error)})
    return count


@shared_task(name="mailroom.forget", ignore_result=True)
def forget(**_ignored: object) -> int:
    """Forget the bytes of old mails, batch by batch, each in a transaction of its own. Called by the clock."""
    count = 0
    for _round in range(MOST_ROUNDS):
        with acting(MAILROOM):
            done = forget_raw(at=timezone.now())
        count += done
        if not done:
            break
    return count


def deliver(message: OutboxMessage) -> str:
    """The outbox's topic "mailroom": sort one mail that was kept, or send the one word back."""
    require_no_transaction()
    if message.kind == ANSWER:
        return send_answer(message)
    key, at = uuid.UUID(message.payload["mail"]), timezone.now()
    try:
        infected = infected_files(key, at=at)
    except ScannerSilent as silent:
        raise RetryLater(silent.message) from silent
    with acting(MAILROOM):
        mail = sort_mail(key, at=at, infected=infected)
    return str(mail.state)
