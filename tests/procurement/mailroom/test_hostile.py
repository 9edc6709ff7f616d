"""Mails that mean ill: forged words, borrowed addresses, and what is built to stop the mailroom."""

import time
from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import ParkMessage, RetryLater
from portal.kernel.scope import acting
from procurement.acknowledgments.files.sheet import write_sheet
from procurement.mailroom.messages import LONGEST_WORDS, DraftLine, Unsure
from procurement.mailroom.models import InboundMail
from procurement.mailroom.policies.opening import open_mail, read_head, readable
from procurement.mailroom.policies.trust import Proof, proof_of
from procurement.mailroom.services import take_mail
from procurement.mailroom.states import Why
from procurement.mailroom.ways.answer import send_answer
from procurement.mailroom.ways.imap import poll_mailbox
from procurement.mailroom.ways.keeping import MailboxUnreadable
from procurement.mailroom.ways.maildir import poll_maildir
from procurement.reading.reader import read_mail
from suppliers.models import Membership
from tests.builders.imap import MailServer, serving
from tests.builders.mails import a_mail, arrive, drafts_on, reply_to, said_on
from tests.builders.world import a_line, an_order
from tests.people import FEED
from tests.procurement.mailroom.test_opening import a_bounce
from tests.reading.test_reader import CONTEXT
from tests.security.test_patterns import PIECES

HOST = "mx.northmoor.example"


# --- what is built to stop us -------------------------------------------------------------------------------

BOMBS = {
    "groups in groups": b"From: " + b"a:" * 2_000 + b"\n",
    "groups in groups, encoded": b"To: " + b"=?utf-8?q?a?=:" * 500 + b"\n",
    "routes": b"Cc: <" + b"@a," * 2_000 + b"x@y>\n",
    "brackets": b"From: a@" + b"[" * 4_000 + b"\n",
}


@pytest.mark.parametrize("head", BOMBS.values(), ids=BOMBS)
def test_a_head_that_is_built_to_break_the_parser_is_read_all_the_same(head):
    raw = head + b"Subject: Boom\n\nHello"

    assert read_head(raw).subject == "Boom"
    assert open_mail(raw).subject == "Boom"


SLOW_TO_READ = {
    "quoted nothing": b"Subject: Re\n\n" + b"> \n" * 50_000,
    "a head of empty lines": b"Subject: Re\nContent-Type: text/rfc822-headers\n\n" + b"\n" * 200_000,
}


@pytest.mark.parametrize("raw", SLOW_TO_READ.values(), ids=SLOW_TO_READ)
def test_a_mail_of_empty_lines_is_opened_as_quickly_as_another(raw):
    """It was looked at once for each of its lines: fifty seconds for 200 kB."""
    began = time.process_time()

    assert open_mail(raw).subject == "Re"

    assert time.process_time() - began < 2


@pytest.mark.parametrize("kind", ["text/plain", "text/plain; format=flowed", "text/html"])
def test_a_text_of_one_piece_over_and_over_is_read_as_fast_as_any_other(kind):
    """From end to end, in CPU: what grows with the square of a mail's length takes minutes of it."""
    head = f"From: a@supplier.example\nSubject: 4500001\nMIME-Version: 1.0\nContent-Type: {kind}\n\n"
    slow = {}
    for begins in ("Line 10 will ship on 20 April 2026. ", "Message-ID: "):
        for piece in PIECES:
            raw = (head + begins + piece * (60_000 // len(piece)) + "!\n").encode()
            started = time.process_time()
            open_mail(raw)
            read_mail(readable(raw), CONTEXT)
            slow[begins, piece] = time.process_time() - started

    assert {one: took for one, took in slow.items() if took > 2} == {}


@pytest.mark.django_db(transaction=True)
class TestOneThatCannotBeTaken:
    """A mail on which the program itself breaks holds up no other, by whatever way it came."""

    @pytest.fixture(autouse=True)
    def broken(self, monkeypatch, settings):
        """A way to take mails that breaks on one of them, as on an error that nobody knows of yet."""
        settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"

        def take(raw, **words):
            if b"Subject: Boom" in raw:
                raise RecursionError("what nobody foresaw")
            return take_mail(raw, **words)

        monkeypatch.setattr("procurement.mailroom.ways.keeping.take_mail", take)

    def kept(self):
        with acting(FEED):
            return list(InboundMail.objects.order_by("id").values_list("subject", flat=True))

    @pytest.mark.parametrize("done_folder", ["", "Done"])
    def test_in_a_mailbox(self, done_folder):
        with serving(MailServer()) as server:
            for subject in ("One", "Boom", "Two"):
                server.inbox.add(a_mail(subject=subject))

            with pytest.raises(MailboxUnreadable, match="RecursionError"):
                poll_mailbox(
                    server.address(),
                    done_folder=done_folder,
                    largest=100_000,
                    authority="",
                    clock=timezone.now,
                )

            assert self.kept() == ["One", "Two"]
            assert 2 in server.inbox.mails, "what was not kept stays where it is"
            assert r"\Seen" not in server.inbox.flags.get(2, set())

    def test_in_a_folder(self, tmp_path):
        for name in ("new", "cur", "tmp"):
            (tmp_path / name).mkdir()
        for name, subject in (("1", "Boom"), ("2", "Two")):
            (tmp_path / "new" / name).write_bytes(a_mail(subject=subject))

        with pytest.raises(MailboxUnreadable, match="RecursionError"):
            poll_maildir(tmp_path, largest=100_000, clock=timezone.now)

        assert self.kept() == ["Two"]
        assert [one.name for one in (tmp_path / "new").iterdir()] == ["1"]


@pytest.mark.django_db
class TestWhatNoDatabaseKeeps:
    """Bytes that come through a charset, and that PostgreSQL refuses."""

    @pytest.mark.parametrize(("charset", "words"), [("utf-7", b"+2AA-"), ("unicode_escape", rb"\ud800\0")])
    def test_in_the_text(self, people, charset, words):
        order = an_order()
        head, _empty, _rest = a_mail(to=reply_to(order, people["asha"])).partition(b"\n\n")
        raw = head.replace(b'charset="utf-8"', f'charset="{charset}"'.encode())

        mail = arrive(raw + b"\n\nWe call you " + words + b" tomorrow.\n")

        assert mail.state == "threaded"
        assert said_on(order)[0].body.startswith("We call you ?")

    def test_in_the_report_of_a_failed_delivery(self, people):
        report = a_bounce().replace(b"Diagnostic-Code: smtp; ", b"Diagnostic-Code: smtp; \0\xff ", 1)

        mail = arrive(report)

        assert mail.state == "bounced"
        assert "\0" not in mail.told["failures"][0]["diagnosis"]


@pytest.mark.django_db
def test_of_what_is_unsure_no_more_is_kept_than_a_person_looks_at(people, monkeypatch):
    monkeypatch.setattr("procurement.mailroom.services.drafting.MOST_UNSURE", 1)
    lines = [a_line(10), a_line(20)]
    order = an_order(lines=lines)
    hopes = "\n\n".join(f"We hope to ship line {number} on 20 April 2026." for number in (10, 20))

    mail = arrive(a_mail(hopes, to=reply_to(order, people["asha"])))

    assert len(mail.told["unsure"]) == 1
    assert len(Unsure(10, "x" * 100_000, "asked").as_json()["words"]) == LONGEST_WORDS
    assert (
        len(DraftLine("L10", 10, evidence={"line": "x" * 100_000}).as_json()["evidence"]["line"])
        == LONGEST_WORDS
    )


@pytest.mark.django_db
def test_two_sheets_of_one_name_are_two_drafts(people):
    order = an_order()
    lines = order.lines.select_related("order__supplier", "order__company")
    with acting(FEED), write_sheet(list(lines)) as file:
        sheet = file.read()

    mail = arrive(
        a_mail("Both.", to=reply_to(order, people["asha"]), files=(("a.xlsx", sheet), ("a.xlsx", sheet)))
    )

    assert mail.state == "drafted"
    assert [draft.file_name for draft in drafts_on(order)] == ["a.xlsx", "a (2).xlsx"]


# --- whose word it is ---------------------------------------------------------------------------------------

INJECTED = {
    "in a quoted mailbox": 'spf=pass smtp.mailfrom="a; dmarc=pass header.from=supplier.example ; b"@evil.example',
    "in a comment of a comment": (
        "spf=pass (of (a) x; dmarc=pass header.from=supplier.example) smtp.mailfrom=evil.example"
    ),
    "in a comment with a bracket quoted": (
        "spf=pass (of \\) x; dmarc=pass header.from=supplier.example) smtp.mailfrom=evil.example"
    ),
    "a bracket inside quotes": 'spf=pass smtp.mailfrom="(; dmarc=pass header.from=supplier.example;)"@evil.example',
    "a property of another method": "spf=pass smtp.mailfrom=evil.example header.from=supplier.example",
    "a second property of the same name": "dkim=pass header.d=evil.example header.d=supplier.example",
}


@pytest.mark.parametrize("told", INJECTED.values(), ids=INJECTED)
def test_what_a_sender_writes_into_our_hosts_word_counts_for_nothing(told):
    mail = open_mail(a_mail(Authentication_Results=f"{HOST}; {told}"))

    assert proof_of(mail, HOST) is Proof.NONE


def test_what_our_host_says_beside_it_still_counts():
    told = 'spf=pass (all (well); "x") smtp.mailfrom="a; b"@supplier.example; dmarc=fail header.from=supplier.example'

    assert (
        proof_of(open_mail(a_mail(Authentication_Results=f"{HOST} (local) 1; {told}")), HOST) is Proof.FAILED
    )


@pytest.mark.django_db
class TestABorrowedReplyAddress:
    """The reply address of one person in the hands of another."""

    def test_a_buyers_notice_in_a_strangers_hands_speaks_for_no_supplier(self, people):
        order = an_order()

        mail = arrive(
            a_mail(
                "Line 10 will ship on 20 April 2026.",
                sender="Someone <x@private.example>",
                to=reply_to(order, people["bea"]),
            )
        )

        assert (mail.state, mail.why) == ("unknown", Why.UNKNOWN_SENDER)
        assert (said_on(order), drafts_on(order)) == ([], [])

    def test_a_buyer_who_left_takes_the_address_along(self, people):
        order = an_order()
        address = reply_to(order, people["bea"])
        people["bea"].user.is_active = False
        people["bea"].user.save()

        mail = arrive(a_mail("I am still here.", sender="x@private.example", to=address))

        assert (mail.state, mail.why) == ("refused", Why.GONE)
        assert said_on(order) == []

    def test_who_left_a_supplier_does_not_come_back_by_a_private_address(self, people):
        order = an_order()
        address = reply_to(order, people["olga"])
        with acting(FEED):
            Membership.objects.filter(user=people["olga"].user).delete()

        gone = arrive(a_mail("We ship nothing.", sender="Olga Acme <olga@private.example>", to=address))
        colleague = arrive(a_mail("I take over.", to=address))

        assert (gone.state, gone.why) == ("refused", Why.GONE)
        assert colleague.state == "threaded"
        assert [one.author for one in said_on(order)] == ["Asha Acme"]

    def test_a_stranger_gets_no_further_than_the_paper_the_address_is_of(self, people):
        order, other = an_order(), an_order("4500000002")

        arrive(
            a_mail(
                "Order 4500000002 line 10 will ship on 20 April 2026.",
                sender="x@private.example",
                to=reply_to(order, people["asha"]),
            )
        )

        assert len(said_on(order)) == 1
        assert drafts_on(other) == []

    def test_a_stranger_takes_no_draft_of_the_suppliers_people_away(self, people):
        order = an_order()
        address = reply_to(order, people["asha"])
        arrive(a_mail("Line 10 will ship on 20 April 2026.", to=address))

        arrive(a_mail("Line 10 will ship on 30 April 2026.", sender="x@private.example", to=address))

        assert [(one.sender, one.state) for one in drafts_on(order)] == [
            ("Asha Acme", "open"),
            ("x@private.example", "open"),
        ]
        arrive(a_mail("Line 10 will ship on 22 April 2026.", to=address))
        assert [one.state for one in drafts_on(order)] == ["superseded", "superseded", "open"]


# --- what we answer -----------------------------------------------------------------------------------------


def promised():
    with acting(FEED):
        return list(OutboxMessage.objects.filter(kind="mail.answer"))


@pytest.mark.django_db
class TestTheOneWordBack:
    """The mail that says which files were not taken."""

    FILES = (("win a prize at evil.example.exe", b"MZ..."),)

    def test_goes_to_nobody_whom_we_do_not_know(self, people):
        order = an_order()

        mail = arrive(
            a_mail(
                "Look.", sender="victim@other.example", to=reply_to(order, people["asha"]), files=self.FILES
            )
        )

        assert mail.state == "threaded"
        assert promised() == []

    def test_goes_to_no_machine(self, people):
        order = an_order()
        address = reply_to(order, people["asha"])

        arrive(a_mail("Order confirmed.", to=address, files=self.FILES, Auto_Submitted="auto-generated"))
        arrive(a_mail("Order confirmed!", to=address, files=self.FILES, Precedence="bulk"))

        assert promised() == []

    def test_is_not_tried_for_ever(self, people, settings, monkeypatch):
        settings.EMAIL_BACKEND = f"{__name__}.Refusing"
        monkeypatch.setattr("procurement.mailroom.ways.answer.require_no_transaction", lambda: None)
        order = an_order()
        arrive(a_mail("See.", to=reply_to(order, people["asha"]), files=self.FILES))
        (message,) = promised()
        message.created_at = timezone.now()

        Refusing.code = 550
        assert send_answer(message) == "refused"
        Refusing.code = 450
        with pytest.raises(RetryLater):
            send_answer(message)
        message.created_at = timezone.now() - timedelta(days=4)
        with pytest.raises(ParkMessage):
            send_answer(message)


class Refusing(EmailBackend):
    """A mail server that knows nobody."""

    code = 550

    def send_messages(self, messages):
        raise SMTPRecipientsRefused({"x": (self.code, b"no such user")})
