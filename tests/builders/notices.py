"""Mail as people get it: what happened is gathered, mailed and read."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.core import mail as outbox
from django.utils import timezone

from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.notifications.models import Notice, NoticeMail
from procurement.notifications.services import send_due
from procurement.notifications.services.gathering import POSTMAN

LATER = timedelta(minutes=3)


def react() -> int:
    """Tell everybody who hears of what has happened."""
    return deliver_due(worker=1, clock=lambda: timezone.now() + LATER, topics=["reactions"])


def post(at: datetime | None = None) -> int:
    """Let the mails go that are due at a moment (without one: when all that is to go at once is due)."""
    with acting(POSTMAN):
        made = send_due(at=at or timezone.now() + LATER)
    deliver_due(worker=1, clock=lambda: timezone.now() + timedelta(days=30), topics=["notices"])
    return made


def mailed() -> list[Any]:
    """All mails that have left until now; from here on they are read."""
    react()
    post()
    letters, outbox.outbox[:] = list(outbox.outbox), []
    return letters


def html_of(letter: Any) -> str:
    return str(letter.alternatives[0][0])


def links_in(letter: Any) -> list[str]:
    """The paths of the signed links of a mail."""
    return re.findall(r"/l/[\w-]+/", letter.body)


def notices(**wanted: Any) -> list[Notice]:
    with acting(POSTMAN):
        return list(Notice.objects.filter(**wanted).select_related("mail").order_by("id"))


def mails(**wanted: Any) -> list[NoticeMail]:
    with acting(POSTMAN):
        return list(NoticeMail.objects.filter(**wanted).order_by("id"))
