"""Whose word a mail is, about which order, and what becomes of it."""

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.mailroom.models import InboundMail
from procurement.mailroom.states import Why
from procurement.mailroom.ways.answer import send_answer
from procurement.notifications.models import Notice, NoticeMail
from procurement.threads.models import Attachment
from tests.builders.mails import a_mail, arrive, drafts_on, reply_to, said_on
from tests.builders.world import MONDAY, a_paper, an_order, fresh, receive
from tests.people import FEED
from tests.procurement.mailroom.test_opening import a_bounce

pytestmark = pytest.mark.django_db


def kinds_of(mail):
    with acting(FEED):
        return list(
            AuditEvent.objects.filter(stream=mail.stream).order_by("id").values_list("kind", flat=True)
        )


def test_a_reply_lands_in_the_thread_as_the_person_who_was_written_to(people):
    order = an_order()
    text = "When does the next truck leave?\n\nBest regards\nAsha\n\nOn Mon, Bea wrote:\n> Please confirm."

    mail = arrive(a_mail(text, to=reply_to(order, people["asha"])))

    assert (mail.state, mail.why, mail.order_id) == ("threaded", "", order.pk)
    (said,) = said_on(order)
    assert said.body == "When does the next truck leave?"
    assert (said.author, said.author_side, said.channel) == ("Asha Acme", "supplier", "mail")
    assert said.author_user_id == people["asha"].user.pk
    assert not said.internal
    assert kinds_of(mail) == ["mail.received", "mail.threaded"]


def test_a_promise_in_a_reply_becomes_a_draft_and_binds_nobody(people):
    order = an_order()

    mail = arrive(a_mail("Line 10 will ship on 20 April 2026.", to=reply_to(order, people["asha"])))

    assert mail.state == "drafted"
    (draft,) = drafts_on(order)
    assert (draft.kind, draft.state, draft.sender) == ("answer", "open", "Asha Acme")
    (line,) = draft.lines
    assert (line["number"], line["pieces"][0]["delivery_on"]) == (10, "2026-04-20")
    assert line["evidence"]["delivery_on"] in mail.text
    assert fresh().agreement == "awaiting"
    assert fresh().version == order.version


def test_a_mail_that_comes_twice_is_one(people):
    order = an_order()
    raw = a_mail(to=reply_to(order, people["asha"]))

    first = arrive(raw)
    again = arrive(b"Received: from elsewhere by us\r\n" + raw.replace(b"\n", b"\r\n"), door="webhook")

    assert first.pk == again.pk
    assert len(said_on(order)) == 1


def test_a_colleague_may_answer_and_a_stranger_who_has_the_mail_too(people):
    order = an_order()
    address = reply_to(order, people["asha"])

    arrive(a_mail("Olga here.", sender="olga@supplier.example", to=address))
    arrive(a_mail("From my phone.", sender="Asha <asha@private.example>", to=address))

    assert [(one.author, one.author_user_id) for one in said_on(order)] == [
        ("Olga Acme", people["olga"].user.pk),
        ("Asha (asha@private.example)", None),
    ]


def test_another_suppliers_person_gets_into_no_thread_but_their_own(people):
    order = an_order()

    mail = arrive(a_mail("Hello?", sender="gil@supplier.example", to=reply_to(order, people["asha"])))

    assert (mail.state, mail.why, mail.order_id, mail.supplier_id) == ("refused", Why.NOT_THEIRS, None, None)
    assert said_on(order) == []


def test_who_only_reads_writes_nothing_by_mail_either(people):
    order = an_order()

    mail = arrive(a_mail(sender="arun@supplier.example", to=reply_to(order, people["arun"])))

    assert (mail.state, mail.why) == ("refused", Why.MAY_NOT_WRITE)
    assert said_on(order) == []


def test_a_buyer_answers_a_notice_by_mail_and_makes_no_draft(people):
    order = an_order()
    address = reply_to(order, people["bea"])

    mail = arrive(a_mail("Line 10 on 20 April 2026 is fine.", sender="bea@northmoor.example", to=address))

    (said,) = said_on(order)
    assert (mail.state, said.author, said.author_side) == ("threaded", "Bea Buyer", "company")
    assert drafts_on(order) == []


def test_a_buyers_word_needs_the_buyers_own_address(people):
    order = an_order()

    mail = arrive(a_mail(sender="bea@northmoor.example", to=reply_to(order, people["asha"])))

    assert (mail.state, mail.why) == ("unplaced", Why.OWN_PEOPLE)


def test_nobody_knows_this_sender_and_a_case_hears_of_it(people):
    order = an_order()

    mail = arrive(a_mail(f"Order {order.number}: all fine.", sender="mallory@elsewhere.example"))

    assert (mail.state, mail.why) == ("unknown", Why.UNKNOWN_SENDER)
    assert kinds_of(mail) == ["mail.received", "mail.questioned", "mail.sender_unknown"]
    assert said_on(order) == []


class TestWithoutAReplyAddress:
    """Somebody writes a mail of their own."""

    def proven(self, settings, **words):
        settings.MAIL_IN_TRUSTED_HOST = "mx.northmoor.example"
        told = "mx.northmoor.example; dmarc=pass header.from=supplier.example"
        return a_mail(**{"Authentication_Results": told, **words})

    def test_a_proven_sender_who_names_an_order_is_heard(self, people, settings):
        order = an_order()

        mail = arrive(self.proven(settings, text="See PO 4500000001, please call.", subject="Hello"))

        assert mail.state == "threaded"
        assert [one.author for one in said_on(order)] == ["Asha Acme"]

    def test_without_a_host_to_trust_nothing_happens(self, people):
        order = an_order()

        mail = arrive(a_mail("All fine.", subject=f"Order {order.number}"))

        assert (mail.state, mail.why, mail.order_id) == ("unknown", Why.UNPROVEN, order.pk)
        assert said_on(order) == []

    def test_what_another_host_says_counts_for_nothing(self, people, settings):
        told = "mx.elsewhere.example; dmarc=pass header.from=supplier.example"

        mail = arrive(self.proven(settings, Authentication_Results=told, subject="Order 4500000001"))

        assert (mail.state, mail.why) == ("unknown", Why.UNPROVEN)

    def test_a_sender_that_the_host_disowns_is_a_forger_even_with_a_reply_address(self, people, settings):
        order = an_order()
        told = "mx.northmoor.example; dmarc=fail header.from=supplier.example"
        address = reply_to(order, people["asha"])

        mail = arrive(self.proven(settings, Authentication_Results=told, to=address))

        assert (mail.state, mail.why) == ("unknown", Why.FORGED)

    def test_another_suppliers_order_is_as_if_it_were_not_there(self, people, settings):
        receive(a_paper("4500000009", supplier="GLOBEX"))

        mail = arrive(self.proven(settings, text="Where is 4500000009?", subject="Hello"))

        assert (mail.state, mail.why, mail.order_id) == ("unplaced", Why.NO_ORDER, None)

    def test_somebody_of_two_suppliers_is_told_apart_by_the_order(self, people, settings):
        receive(a_paper("4500000009", supplier="GLOBEX"))
        order = an_order()

        mail = arrive(self.proven(settings, sender="sam@supplier.example", subject="PO 4500000001"))

        assert (mail.state, mail.supplier_id) == ("threaded", order.supplier_id)


def a_notice(order, person, message_id="notice-1@mail.localhost"):
    """A mail of ours about an order."""
    with acting(FEED):
        mail = NoticeMail.objects.create(
            supplier_id=order.supplier_id,
            audience="supplier",
            user=person.user,
            address=person.email,
            message_id=message_id,
            created_at=MONDAY,
        )
        Notice.objects.create(
            kind="order_new",
            audience="supplier",
            event_id=1,
            event_kind="order.received",
            supplier_id=order.supplier_id,
            order=order,
            stream=order.stream,
            address=person.email,
            cadence="at_once",
            state="mailing",
            happened_at=MONDAY,
            gathered_at=MONDAY,
            due_at=MONDAY,
            mail=mail,
        )


@pytest.mark.parametrize(("sender", "state"), [("asha", "threaded"), ("gil", "refused")])
def test_a_reply_without_our_address_is_placed_by_the_mail_it_answers(people, settings, sender, state):
    settings.MAIL_IN_TRUSTED_HOST = "mx.northmoor.example"
    order = an_order()
    a_notice(order, people["asha"])

    mail = arrive(
        a_mail(
            sender=f"{sender}@supplier.example",
            In_Reply_To="<notice-1@mail.localhost>",
            Authentication_Results="mx.northmoor.example; dmarc=pass header.from=supplier.example",
        )
    )

    assert mail.state == state
    assert len(said_on(order)) == (state == "threaded")


def test_a_report_of_a_failed_delivery_is_told_with_the_mail_it_is_about(people):
    mail = arrive(a_bounce())

    assert (mail.state, mail.why) == ("bounced", Why.UNDELIVERED)
    with acting(FEED):
        facts = AuditEvent.objects.get(kind="mail.bounced").facts
    assert (facts["address"], facts["message_id"]) == ("sales@acme.example", "notice-1@mail.localhost")


def test_the_sender_is_told_which_files_were_not_taken_and_once(people, mailoutbox):
    order = an_order()
    mail = arrive(a_mail(to=reply_to(order, people["asha"]), files=(("setup.exe", b"MZ..."),)))

    with acting(FEED):
        promised = OutboxMessage.objects.get(kind="mail.answer")
    assert promised.stream == mail.stream
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("procurement.mailroom.ways.answer.require_no_transaction", lambda: None)
        assert send_answer(promised) == "mailed"

    (sent,) = mailoutbox
    assert sent.to == ["asha@supplier.example"]
    assert sent.subject == "Order 4500000001: some files of your mail were not taken"
    assert "- setup.exe is not of a kind" in sent.body
    assert sent.extra_headers["Auto-Submitted"] == "auto-replied"
    assert sent.extra_headers["In-Reply-To"] == mail.message_id


def test_a_file_that_is_not_taken_is_told_and_the_rest_stands(people):
    order = an_order()
    files = (("drawing.pdf", b"%PDF-1.7 ..."), ("setup.exe", b"MZ..."))

    mail = arrive(a_mail("See enclosed.", to=reply_to(order, people["asha"]), files=files))

    (said,) = said_on(order)
    assert said.body.startswith("See enclosed.\n\nFiles of this mail that were not taken:\n– setup.exe")
    with acting(FEED):
        assert [one.name for one in Attachment.objects.filter(message=said)] == ["drawing.pdf"]
    assert [(one["name"], bool(one["why"])) for one in mail.files] == [
        ("drawing.pdf", False),
        ("setup.exe", True),
    ]


def test_a_sorted_mail_is_not_sorted_again(people):
    order = an_order()
    raw = a_mail(to=reply_to(order, people["asha"]))
    arrive(raw)

    arrive(raw)

    assert len(said_on(order)) == 1
    with acting(FEED):
        assert InboundMail.objects.get().version == 2
