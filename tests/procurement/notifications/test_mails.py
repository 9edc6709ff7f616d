"""Who gets which mail of what happened, and what it says."""

from datetime import timedelta
from email.utils import parseaddr

import pytest
from django.core import mail as outbox
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.links.queries import read_reply_address
from procurement.notifications.services import gather
from procurement.notifications.services.gathering import POSTMAN
from procurement.notifications.states import NoticeState
from tests.builders.changes import agree
from tests.builders.notices import html_of, links_in, mailed, mails, notices, post, react
from tests.builders.world import a_line, a_paper, an_order, receive

pytestmark = pytest.mark.django_db(transaction=True)


TODAY = timezone.localdate()
ACME = ["asha@supplier.example", "olga@supplier.example", "sam@supplier.example"]


def to_whom(letters):
    return sorted(parseaddr(one.to[0])[1] for one in letters)


def kinds_on(order):
    with acting(POSTMAN):
        return list(
            AuditEvent.objects.filter(stream=order.stream).order_by("id").values_list("kind", flat=True)
        )


class TestANewOrder:
    """The people of its supplier who may answer are told, once."""

    def test_goes_to_those_who_may_answer(self, people):
        an_order(ordered_on=TODAY, at=timezone.now())

        letters = mailed()

        assert to_whom(letters) == ACME
        assert all(one.subject.startswith("New order 4500000001. Please answer by ") for one in letters)

    def test_says_what_is_asked_by_when_with_one_button(self, people):
        order = an_order(ordered_on=TODAY, at=timezone.now())

        letter = next(one for one in mailed() if "asha" in one.to[0])

        for text in (letter.body, html_of(letter)):
            assert "VALVE-15" in text
            assert "1 Apr 2026" in text
            assert "Ball valve DN15" in text
        assert len(set(links_in(letter))) == 1
        assert html_of(letter).count("padding:13px 22px") == 1
        assert "<img" not in html_of(letter)
        assert kinds_on(order) == ["order.received", *["notice.sent"] * 3]

    def test_has_the_headers_that_mail_programs_want(self, people):
        order = an_order(ordered_on=TODAY, at=timezone.now())

        letter = next(one for one in mailed() if "asha" in one.to[0])
        headers = letter.message()

        assert headers["Auto-Submitted"] == "auto-generated"
        assert headers["Message-ID"] == f"<{mails(address='asha@supplier.example')[0].message_id}>"
        assert f"order.{order.key}" in headers["References"]
        assert headers["List-Unsubscribe"].startswith("<http")
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        with acting(POSTMAN):
            told = read_reply_address(headers["Reply-To"])
        assert (told.stream, told.supplier_id, told.person.address) == (
            order.stream,
            order.supplier_id,
            "asha@supplier.example",
        )

    def test_forty_of_them_are_one_mail(self, people):
        receive(*[a_paper(f"45000000{n:02}", ordered_on=TODAY) for n in range(40)], at=timezone.now())

        letters = mailed()

        assert to_whom(letters) == ACME
        assert letters[0].subject == "Northmoor Supply: 40 orders wait for you"
        assert len(set(links_in(letters[0]))) == 40

    def test_goes_to_the_suppliers_own_address_where_nobody_has_rights(self, world):
        an_order(ordered_on=TODAY, at=timezone.now())

        assert to_whom(mailed()) == ["sales@acme.example"]

    def test_reaches_nobody_where_there_is_nobody(self, world):
        order = an_order(supplier="GLOBEX", ordered_on=TODAY, at=timezone.now())

        assert mailed() == []
        assert kinds_on(order) == ["order.received", "notice.failed"]

    def test_is_no_news_once_it_is_old(self, people):
        an_order(ordered_on=TODAY, at=timezone.now() - timedelta(days=5))

        assert mailed() == []
        assert notices() == []

    def test_that_was_written_long_ago_is_history(self, people):
        an_order(ordered_on=TODAY - timedelta(days=30), at=timezone.now())

        assert mailed() == []

    def test_does_not_leave_once_it_was_answered(self, people):
        order = an_order(ordered_on=TODAY, at=timezone.now())
        react()
        agree(order, people["asha"], at=timezone.now())

        post()

        assert outbox.outbox == []
        assert {one.state for one in notices()} == {NoticeState.NOT_WANTED}

    def test_is_told_once_however_often_one_hears_of_it(self, people):
        an_order(ordered_on=TODAY, at=timezone.now())
        assert len(mailed()) == 3
        with acting(POSTMAN):
            assert gather(list(AuditEvent.objects.all()), at=timezone.now()) == 0

        assert mailed() == []

    def test_is_told_in_the_readers_language(self, people):
        people["gil"].user.language = "de"
        people["gil"].user.save()
        receive(a_paper("4500000002", [a_line()], supplier="GLOBEX", ordered_on=TODAY), at=timezone.now())

        letter = next(one for one in mailed() if "gil" in one.to[0])

        assert "1. Apr 2026" in letter.body

    def test_is_told_to_nobody_while_notices_are_off(self, people, settings):
        settings.NOTICES = False
        an_order(ordered_on=TODAY, at=timezone.now())
        react()
        settings.NOTICES = True

        assert mailed() == []
