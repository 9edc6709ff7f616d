"""What the ways in share: a mail is kept, or it is told why not, and the next one has its turn."""

import logging
from datetime import datetime

from django.db import InterfaceError, OperationalError

from procurement.mailroom.services import take_mail

logger = logging.getLogger(__name__)


class MailboxUnreadable(Exception):
    """A mailbox, or something in it, cannot be read now; the next poll tries again. Never holds the password."""


def why_not_kept(raw: bytes, *, door: str, at: datetime) -> str:
    """Keep a mail; an empty text where that was done. One on which the program breaks must hold up no other.

    It stays where it lies, and is told. A database that is away is no fault of the mail: that is raised.
    """
    try:
        take_mail(raw, door=door, at=at)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("a mail could not be kept", extra={"door": door, "size": len(raw)})
        return type(error).__name__
    return ""
