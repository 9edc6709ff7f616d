"""Mails are kept as they came for a while; and what cannot be read, or sorted, is told by the monitor."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.kernel.errors import Refusal
from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.scope import acting
from procurement.erp.alerts.services import keep_watch, open_alerts
from procurement.erp.alerts.watches import WATCHER
from procurement.erp.alerts.words import said
from procurement.mailroom.messages import PlaceMail
from procurement.mailroom.models import InboundMail
from procurement.mailroom.queries import MAILROOM
from procurement.mailroom.services import mailbox_of, note_failure, note_progress, place_mail, take_mail
from procurement.mailroom.tasks import forget
from tests.builders.mails import a_mail, arrive, drafts_on, reply_to, said_on
from tests.builders.world import an_order
from tests.people import FEED

pytestmark = pytest.mark.django_db

BOX = "imaps://orders@mail.example/INBOX"


def kept(mail):
    with acting(FEED):
        return InboundMail.objects.get(pk=mail.pk)


def long_ago(settings):
    return timezone.now() - settings.MAIL_RAW_KEPT_FOR - timedelta(hours=1)


def test_the_bytes_go_and_what_was_drawn_from_them_stays(people):
    order = an_order()
    raw = a_mail("Line 10 will ship on 20 April 2026.", to=reply_to(order, people["asha"]))
    old = arrive(raw)
    new = arrive(a_mail("Another.", to=reply_to(order, people["asha"])), at=timezone.now())

    assert forget() == 1
    assert forget() == 0

    assert bytes(kept(old).raw) == b""
    assert kept(old).forgotten_at is not None
    assert (kept(old).text, kept(old).state) == ("Line 10 will ship on 20 April 2026.", "drafted")
    assert bytes(kept(new).raw)
    assert len(said_on(order)) == 2
    assert len(drafts_on(order)) == 1
    assert arrive(raw).pk == old.pk, "one that comes again is known"
    assert len(said_on(order)) == 2


def test_one_that_is_not_sorted_yet_keeps_its_bytes(settings):
    mail = take_mail(a_mail(), door="command", at=long_ago(settings))

    assert forget() == 0
    assert bytes(kept(mail).raw)


def test_one_that_was_forgotten_cannot_be_saved_or_placed(people, settings):
    order = an_order()
    mail = arrive(a_mail("Who?", sender="x@elsewhere.example"), at=long_ago(settings))
    forget()
    bea = Client()
    bea.force_login(people["bea"].user)

    assert bea.get(reverse("mail-raw", args=[mail.key])).status_code == 404
    shown = bea.get(reverse("mail", args=[mail.key])).text
    assert "Of this mail only its head and text were kept." in shown
    assert reverse("mail-place", args=[mail.key]) not in shown
    command = PlaceMail(mail.key, kept(mail).version, order.key)
    with acting(people["bea"].actor), pytest.raises(Refusal, match="too old"):
        place_mail(command, actor=people["bea"].actor, at=timezone.now())


def watched(at):
    with acting(WATCHER):
        keep_watch(at=at)
        return [(one.cause, one.subject) for one in open_alerts() if one.cause.startswith("mail")]


def test_a_mailbox_that_cannot_be_read_for_a_while_is_an_alert_and_is_over_when_it_can(world, settings):
    now = timezone.now()
    with acting(MAILROOM):
        mailbox_of(BOX)
        note_failure(BOX, "error: LOGIN failed", at=now)

    assert watched(now + timedelta(minutes=1)) == []
    later = now + settings.ALERT_READS_LATE_AFTER
    assert watched(later) == [("mailbox_unreadable", BOX)]
    with acting(WATCHER):
        (alert,) = [one for one in open_alerts() if one.cause == "mailbox_unreadable"]
        words = said(alert.cause, alert.subject, alert.facts)
    assert words.title == f"A mailbox cannot be read: {BOX}"
    assert "error: LOGIN failed" in words.text

    with acting(MAILROOM):
        note_progress(BOX, at=later)
    watched(later)
    assert watched(later + settings.ALERT_OVER_AFTER) == []


def test_mails_that_break_the_program_are_an_alert(world):
    arrive(a_mail())
    with acting(MAILROOM):
        OutboxMessage.objects.filter(topic="mailroom").update(state=MessageState.PARKED)

    assert watched(timezone.now()) == [("mails_parked", "")]
    assert "1 mail that came in" in said("mails_parked", "", {"count": 1}).text
