"""What becomes of a mail: taken, refused, tried again, bounced; and never twice."""

import threading
from datetime import timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPServerDisconnected
from typing import ClassVar

import pytest
from django.core import mail as outbox
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import record
from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.catalogue.models import Company
from procurement.links.models import SignedLink
from procurement.notifications.delivery import deliver
from procurement.notifications.services import note_bounce, send_due
from procurement.notifications.services.gathering import POSTMAN
from procurement.notifications.states import MailState, NoticeState
from procurement.notifications.urls import provider_urls
from procurement.orders.models import PurchaseOrder
from tests.builders.notices import LATER, links_in, mailed, mails, notices, react
from tests.builders.world import an_order

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = timezone.localdate()


class Server(EmailBackend):
    """A mail server that says what it is told to say."""

    says: ClassVar[list[Exception]] = []

    def send_messages(self, messages):
        if Server.says:
            raise Server.says.pop(0)
        return super().send_messages(messages)


@pytest.fixture(autouse=True)
def server(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Server"
    Server.says = []
    return Server


@pytest.fixture
def order(world):
    """An order of a supplier that is reached at one address."""
    return an_order(ordered_on=TODAY, at=timezone.now())


def kinds_on(order):
    with acting(POSTMAN):
        return list(
            AuditEvent.objects.filter(stream=order.stream).order_by("id").values_list("kind", flat=True)
        )


def messages():
    with acting(POSTMAN):
        return list(OutboxMessage.objects.filter(topic="notices"))


class TestARefusal:
    """An address that will never take mail is a fact; a server that is busy is asked again."""

    @pytest.mark.parametrize(
        "said",
        [
            SMTPRecipientsRefused({"sales@acme.example": (550, b"no such user")}),
            SMTPDataError(554, b"refused"),
        ],
    )
    def test_for_good_is_a_fact_of_the_buying_side(self, order, server, said):
        server.says = [said]

        assert mailed() == []

        assert kinds_on(order) == ["order.received", "notice.failed"]
        assert [one.state for one in notices()] == [NoticeState.FAILED]
        (failed,) = mails()
        assert failed.state == MailState.FAILED
        with acting(POSTMAN):
            assert AuditEvent.objects.get(kind="notice.failed").internal is True

    @pytest.mark.parametrize(
        "said",
        [
            SMTPRecipientsRefused({"sales@acme.example": (451, b"greylisted")}),
            SMTPDataError(452, b"full"),
            SMTPServerDisconnected("gone"),
            ConnectionRefusedError("down"),
        ],
    )
    def test_for_now_is_tried_again_with_the_same_id_and_the_same_link(self, order, server, said):
        server.says = [said]
        assert mailed() == []
        (waiting,) = messages()
        assert waiting.state == MessageState.WAITING
        with acting(POSTMAN):
            (link,) = SignedLink.objects.values_list("key", flat=True)

        deliver_due(worker=1, clock=lambda: timezone.now() + timedelta(days=31), topics=["notices"])

        (letter,) = outbox.outbox
        assert letter.extra_headers["Message-ID"] == f"<{mails()[0].message_id}>"
        with acting(POSTMAN):
            assert list(SignedLink.objects.values_list("key", flat=True)) == [link]
        assert kinds_on(order) == ["order.received", "notice.sent"]

    def test_of_the_server_for_days_needs_a_person(self, order, server):
        server.says = [ConnectionRefusedError("down")]
        react()
        with acting(POSTMAN):
            send_due(at=timezone.now() + LATER)
            OutboxMessage.objects.filter(topic="notices").update(
                created_at=timezone.now() - timedelta(days=4)
            )
        deliver_due(worker=1, clock=lambda: timezone.now() + timedelta(days=1), topics=["notices"])

        (message,) = messages()
        assert message.state == MessageState.PARKED
        assert kinds_on(order) == ["order.received", "notice.failed"]


def test_a_message_that_comes_twice_mails_once(order):
    assert len(mailed()) == 1
    (message,) = messages()

    assert deliver(message) == "sent"
    assert outbox.outbox == []
    assert kinds_on(order) == ["order.received", "notice.sent"]


def test_two_postmen_at_once_make_one_mail(order):
    react()
    made, barrier = [], threading.Barrier(2)

    def work():
        try:
            barrier.wait()
            with acting(POSTMAN):
                made.append(send_due(at=timezone.now() + LATER))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _one in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(made) == [0, 1]
    assert len(mails()) == 1


class TestABounce:
    """A mail that came back was told to nobody."""

    def test_is_known_by_its_message_id(self, order):
        mailed()
        with acting(POSTMAN):
            known = note_bounce(message=f"<{mails()[0].message_id}>", reason="5.1.1", at=timezone.now())

        assert known
        assert kinds_on(order) == ["order.received", "notice.sent", "notice.failed"]

    def test_that_a_provider_tells_of_is_known_by_the_last_mail_to_its_address(self, order):
        mailed()
        with acting(POSTMAN):
            assert not note_bounce(address="else@acme.example", reason="5.1.1", at=timezone.now())
            assert note_bounce(address="Sales@acme.example", reason="5.1.1", at=timezone.now())

    def test_that_came_by_mail_and_names_no_mail_of_ours_is_of_none(self, order):
        mailed()
        for message_id in ("", "made-up@elsewhere.example"):
            failure = {"message_id": message_id, "address": "sales@acme.example", "status": "5.1.1"}
            with acting(POSTMAN):
                facts = {"failures": [failure]}
                record(
                    "mail.bounced", "mail:1", actor=POSTMAN, at=timezone.now(), supplier_id=None, facts=facts
                )
        react()

        assert mails()[0].state == MailState.SENT
        assert "notice.failed" not in kinds_on(order)

    def test_is_told_once(self, order):
        mailed()
        for _time in range(2):
            with acting(POSTMAN):
                note_bounce(key=str(mails()[0].key), reason="5.1.1", at=timezone.now())

        assert kinds_on(order).count("notice.failed") == 1

    def test_is_heard_of_from_the_mailroom(self, order):
        mailed()
        failure = {"message_id": mails()[0].message_id, "address": "", "status": "5.1.1", "diagnosis": "gone"}
        with acting(POSTMAN):
            facts = {"failures": [failure]}
            record("mail.bounced", "mail:1", actor=POSTMAN, at=timezone.now(), supplier_id=None, facts=facts)
        react()

        assert mails()[0].state == MailState.FAILED
        assert mails()[0].reason == "5.1.1 gone"

    def test_that_a_provider_tells_of_is_noted(self, order):
        from types import SimpleNamespace

        from procurement.notifications.bounces import provider_says

        mailed()
        event = SimpleNamespace(
            event_type="bounced",
            reject_reason="bounced",
            description="mailbox full",
            metadata={"mail": str(mails()[0].key)},
            recipient="sales@acme.example",
        )
        provider_says(None, event, "Postmark")

        assert mails()[0].state == MailState.FAILED

    def test_that_a_stranger_makes_up_is_nothing(self, order):
        mailed()
        for key in ("", "x", "00000000-0000-4000-8000-000000000000"):
            with acting(POSTMAN):
                assert not note_bounce(key=key, message="<made@up>", reason="5.1.1", at=timezone.now())


def test_links_and_reply_addresses_stand_in_no_table_and_no_log(order, caplog):
    caplog.set_level("DEBUG")
    (letter,) = mailed()
    token = links_in(letter)[0].split("/")[2]

    with connection.cursor() as cursor, acting(POSTMAN):
        cursor.execute(
            "SELECT count(*) FROM kernel_outboxmessage WHERE payload::text LIKE %s", [f"%{token}%"]
        )
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM procurement_signedlink l WHERE l::text LIKE %s", [f"%{token}%"])
        assert cursor.fetchone() == (0,)
    assert token not in caplog.text


def test_a_provider_is_heard_only_where_it_shows_that_it_is_one():
    assert provider_urls({}) == []
    assert provider_urls({"POSTMARK_SERVER_TOKEN": "t"}) == []
    assert [str(one.pattern) for one in provider_urls({"WEBHOOK_SECRET": "name:password"})] == [
        "mail/events/"
    ]


def test_a_name_that_holds_a_line_break_breaks_no_header(order, settings):
    settings.MAIL_REPLY_DOMAIN = ""
    with acting(POSTMAN):
        PurchaseOrder.objects.update(buyer_name="Bea\r\nBcc: all@evil.example")
        Company.objects.update(name="Northmoor\nX-Evil: 1")

    (letter,) = mailed()

    assert letter.reply_to == ['"Bea Bcc: all@evil.example" <bea@northmoor.example>']
    assert letter.from_email.startswith('"Northmoor X-Evil: 1 (')
    assert letter.recipients() == ["Acme Valves <sales@acme.example>"]
