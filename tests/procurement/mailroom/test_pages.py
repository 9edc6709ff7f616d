"""The mails that came in on the screen, and the drafts on an order's page; a provider's call."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.mailroom.models import InboundMail
from procurement.mailroom.queries import MAILROOM
from procurement.mailroom.services import sort_mail
from tests.builders.mails import a_mail, drafts_on, reply_to, said_on
from tests.builders.mails import arrive as arrive_at
from tests.builders.world import a_line, an_order, fresh
from tests.people import FEED

pytestmark = pytest.mark.django_db

# Doors bring their own time.
SOON = datetime.now(UTC).date() + timedelta(days=30)
SECRET = "a secret that two machines share, and nobody else"


@pytest.fixture
def at(people):
    """Somebody's browser, signed in."""

    def browser(name):
        client = Client()
        client.force_login(people[name].user)
        return client

    return browser


def page(response):
    return response.content.decode()


def arrive(raw):
    return arrive_at(raw, at=timezone.now())


def an_order_of_today(lines=2):
    asked = [a_line(10 * n, delivery_on=SOON) for n in range(1, lines + 1)]
    return an_order(lines=asked, at=timezone.now() - timedelta(hours=2))


def a_promise(order, people, text=None):
    day = SOON + timedelta(days=14)
    text = text or f"Line 10 will ship on {day.day} {day:%B %Y}."
    return arrive(a_mail(text, to=reply_to(order, people["asha"]), at=timezone.now()))


class TestDraftOnTheOrdersPage:
    """What a mail promises stands above the lines, one press from being said."""

    @pytest.mark.parametrize(
        ("who", "asks", "button"),
        [
            ("asha", "is this your answer?", "Yes, send it"),
            ("bea", "take this as their answer?", "Take it as their answer"),
        ],
    )
    def test_each_side_is_asked_in_its_own_words(self, people, at, who, asks, button):
        order = an_order_of_today()
        a_promise(order, people)

        shown = page(at(who).get(reverse("order", args=[order.key])))

        assert f"Asha Acme wrote by mail: {asks}" in shown
        assert button in shown
        assert "Line 10 will ship on" in shown

    def test_who_may_not_answer_sees_it_without_buttons(self, people, at):
        order = an_order_of_today()
        a_promise(order, people)

        shown = page(at("ada").get(reverse("order", args=[order.key])))

        assert "Asha Acme wrote by mail" in shown
        assert "Take it as their answer" not in shown

    def test_one_press_sends_it(self, people, at):
        order = an_order_of_today()
        a_promise(order, people)
        (draft,) = drafts_on(order)

        done = at("asha").post(reverse("draft-confirm", args=[draft.key]), {"version": 1}, follow=True)

        assert "Taken as the answer: one line waits for the buyer." in page(done)
        assert fresh().lines_for_buyer == 1
        assert drafts_on(order)[0].state == "confirmed"

    def test_a_second_press_is_explained(self, people, at):
        order = an_order_of_today()
        a_promise(order, people)
        (draft,) = drafts_on(order)
        at("asha").post(reverse("draft-confirm", args=[draft.key]), {"version": 1})

        again = at("bea").post(reverse("draft-confirm", args=[draft.key]), {"version": 1})

        assert again.status_code == 409
        assert "This draft is confirmed meanwhile." in page(again)

    def test_it_is_corrected_in_the_grid(self, people, at):
        order = an_order_of_today()
        a_promise(order, people)
        (draft,) = drafts_on(order)
        day = SOON + timedelta(days=14)

        done = at("bea").post(reverse("draft-correct", args=[draft.key]), {"version": 1}, follow=True)

        assert f'value="{day.day} {day:%b %Y}"' in page(done)

    def test_it_is_discarded_with_a_reason(self, people, at):
        order = an_order_of_today()
        a_promise(order, people)
        (draft,) = drafts_on(order)

        address = reverse("draft-discard", args=[draft.key])
        assert at("bea").post(address, {"version": 1}).status_code == 422
        done = at("bea").post(address, {"version": 1, "reason": "By phone."}, follow=True)

        assert "The draft is discarded." in page(done)
        assert "wrote by mail" not in page(done)

    def test_an_answer_sheet_by_mail_leads_to_the_look_at_it(self, people, at):
        order = an_order_of_today()
        sheet = b"".join(at("asha").get(reverse("answer-sheet", args=[order.key])).streaming_content)
        arrive(a_mail("Filled in.", to=reply_to(order, people["asha"]), files=(("answer.xlsx", sheet),)))
        (draft,) = drafts_on(order)

        assert draft.kind == "sheet"
        shown = page(at("asha").get(reverse("order", args=[order.key])))
        assert "Asha Acme sent answer.xlsx by mail" in shown
        assert at("asha").get(reverse("draft-sheet", args=[draft.key]), follow=True).status_code == 200

    @pytest.mark.parametrize("who", ["asha", "bea"])
    def test_one_draft_and_many_cost_the_same_queries(
        self, people, at, who, django_assert_num_queries, django_assert_max_num_queries
    ):
        order = an_order_of_today(lines=12)
        client, address = at(who), reverse("order", args=[order.key])
        a_promise(order, people)
        client.get(address)
        with django_assert_max_num_queries(80) as one:
            client.get(address)
        for number in range(2, 12):
            a_promise(order, people, f"Line {10 * number} confirmed.")

        assert len(drafts_on(order)) == 11
        with django_assert_num_queries(len(one)):
            client.get(address)


class TestMails:
    """The buying side reads what came in, and says where it belongs."""

    def test_an_unknown_sender_waits_for_a_person_who_places_the_mail(self, people, at):
        order = an_order_of_today()
        bea = at("bea")
        mail = arrive(a_mail("We ship line 10 in time.", sender="Li <li@private.example>", subject="Hello"))
        assert "Nobody is known at this address." in page(bea.get(reverse("mail-list")))

        placed = bea.post(
            reverse("mail-place", args=[mail.key]),
            {"version": mail.version, "order": order.number},
            follow=True,
        )
        assert "It goes to order 4500000001 in a moment." in page(placed)
        with acting(MAILROOM):
            sort_mail(mail.key, at=timezone.now())

        (said,) = said_on(order)
        assert (said.author, said.author_side) == ("Li (li@private.example)", "supplier")
        assert said.body == "We ship line 10 in time."
        shown = page(bea.get(reverse("mail", args=[mail.key])))
        assert "Placed by Bea Buyer" in shown

    def test_what_is_placed_must_not_be_another_suppliers_word(self, people, at):
        order = an_order_of_today()
        mail = arrive(a_mail(sender="gil@supplier.example"))

        refused = at("bea").post(
            reverse("mail-place", args=[mail.key]), {"version": mail.version, "order": order.number}
        )

        assert refused.status_code == 409
        assert "belongs to another supplier than order 4500000001" in page(refused)

    @pytest.mark.parametrize(("number", "told"), [("", "Type the number"), ("77", "There is no order “77”")])
    def test_which_order_must_be_said(self, people, at, number, told):
        mail = arrive(a_mail(sender="li@private.example"))

        answer = at("bea").post(
            reverse("mail-place", args=[mail.key]), {"version": mail.version, "order": number}
        )

        assert answer.status_code == 422
        assert told in page(answer)

    def test_it_is_dismissed_for_a_reason(self, people, at):
        mail = arrive(a_mail(sender="spam@private.example"))
        address = reverse("mail-dismiss", args=[mail.key])

        assert at("bea").post(address, {"version": mail.version}).status_code == 422
        done = at("bea").post(address, {"version": mail.version, "reason": "An advertisement."}, follow=True)

        assert "No mail waits for you" in page(done)

    def test_what_came_is_shown_as_text_and_saved_as_it_is(self, people, at):
        evil = "<script>alert(1)</script> https://phish.example"
        mail = arrive(a_mail(evil, sender="li@private.example", subject="<b>Hi</b>"))

        shown = page(at("bea").get(reverse("mail", args=[mail.key])))
        saved = at("bea").get(reverse("mail-raw", args=[mail.key]))

        assert "<script>alert(1)" not in shown
        assert "&lt;b&gt;Hi&lt;/b&gt;" in shown
        assert 'href="https://phish.example' not in shown
        assert saved["Content-Disposition"].startswith("attachment")
        assert saved["Content-Type"] == "application/octet-stream"

    def test_one_row_and_thirty_cost_the_same_queries(
        self, people, at, django_assert_num_queries, django_assert_max_num_queries
    ):
        order = an_order_of_today()
        bea, address = at("bea"), reverse("mail-list") + "?view=all"
        arrive(a_mail(to=reply_to(order, people["asha"])))
        bea.get(address)
        with django_assert_max_num_queries(20) as one:
            bea.get(address)
        for _number in range(29):
            arrive(a_mail(to=reply_to(order, people["asha"])))

        with django_assert_num_queries(len(one)):
            assert page(bea.get(address)).count("Asha Acme") >= 30


class TestWebhook:
    """A provider brings a mail."""

    def call(self, body, *, secret=SECRET, age=0, signature=None):
        stamp = str(int(timezone.now().timestamp()) - age)
        digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        return Client().post(
            "/mail/in/",
            data=body,
            content_type="message/rfc822",
            headers={"Quayside-Timestamp": stamp, "Quayside-Signature": signature or f"v1={digest}"},
        )

    @pytest.fixture(autouse=True)
    def secret(self, settings):
        settings.MAIL_IN_WEBHOOK_SECRET = SECRET

    def kept(self):
        with acting(FEED):
            return InboundMail.objects.count()

    def test_a_signed_mail_is_kept_once_however_often_it_comes(self, people):
        raw = a_mail()

        first, again = self.call(raw), self.call(raw)

        assert (first.status_code, again.status_code) == (202, 202)
        assert first.json() == again.json()
        assert self.kept() == 1

    def test_what_it_brought_is_sorted_by_the_worker(self, people, settings):
        order = an_order_of_today()

        self.call(a_mail("We look into it.", to=reply_to(order, people["asha"])))
        with acting(FEED):
            assert InboundMail.objects.get().state == "received"
        # as the worker does, but in this test's transaction
        with acting(MAILROOM):
            sort_mail(InboundMail.objects.get().key, at=timezone.now())

        assert [one.body for one in said_on(order)] == ["We look into it."]

    @pytest.mark.parametrize(
        "words", [{"secret": "x" * 40}, {"age": 400}, {"age": -400}, {"signature": "v1="}, {"signature": "ü"}]
    )
    def test_what_is_not_signed_is_refused(self, people, words):
        assert self.call(a_mail(), **words).status_code == 401
        assert self.kept() == 0

    def test_what_is_too_large_or_empty_is_refused_unread(self, people, settings):
        settings.MAIL_IN_MAX_BYTES = 100

        assert self.call(a_mail("x" * 200)).status_code == 413
        assert self.call(b"").status_code == 400
        assert Client().get("/mail/in/").status_code == 405

    def test_without_a_secret_there_is_no_such_door(self, people, settings):
        settings.MAIL_IN_WEBHOOK_SECRET = ""

        assert self.call(a_mail()).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_outbox_sorts_what_was_kept(people, settings):
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"
    from procurement.mailroom.services import take_mail

    order = an_order_of_today()
    take_mail(a_mail(to=reply_to(order, people["asha"])), door="maildir", at=timezone.now())

    deliver_due(worker=1, clock=timezone.now, topics=["mailroom"], limit=10)

    assert [one.author for one in said_on(order)] == ["Asha Acme"]
