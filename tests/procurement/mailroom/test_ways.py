"""The ways in: a mailbox, a folder; what happens when one of them breaks in the middle."""

import os
import ssl

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.mailroom.models import InboundMail, Mailbox
from procurement.mailroom.tasks import poll
from procurement.mailroom.ways.imap import poll_mailbox
from procurement.mailroom.ways.keeping import MailboxUnreadable
from procurement.mailroom.ways.maildir import poll_maildir
from tests.builders.imap import Folder, MailServer, serving
from tests.builders.mails import a_mail
from tests.people import FEED
from tests.portal.test_broker_tls import a_certificate

pytestmark = pytest.mark.django_db(transaction=True)

LARGEST = 100_000


@pytest.fixture(autouse=True)
def no_hints(settings):
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"


@pytest.fixture
def server():
    with serving(MailServer()) as running:
        yield running


def look(server, **words):
    options = {"done_folder": "", "largest": LARGEST, "authority": "", **words}
    return poll_mailbox(server.address(), clock=timezone.now, **options)


def kept():
    with acting(FEED):
        return list(InboundMail.objects.order_by("id").values_list("subject", flat=True))


def the_mailbox():
    with acting(FEED):
        return Mailbox.objects.get()


class TestMailbox:
    """IMAP."""

    def test_what_is_new_is_kept_and_marked_and_what_was_kept_is_not_fetched_again(self, server):
        server.inbox.add(a_mail(subject="One"))
        server.inbox.add(a_mail(subject="Two"))

        assert look(server) == 2
        server.inbox.add(a_mail(subject="Three"))
        server.said.clear()
        assert look(server) == 1

        assert kept() == ["One", "Two", "Three"]
        assert [one for one in server.said if "FETCH" in one] == ["UID FETCH 3 (UID BODY.PEEK[]<0.100001>)"]
        assert server.inbox.flags == {1: {r"\Seen"}, 2: {r"\Seen"}, 3: {r"\Seen"}}
        assert (the_mailbox().uid_validity, the_mailbox().last_uid) == (7, 3)

    def test_an_empty_mailbox_and_one_without_news_bring_nothing(self, server):
        assert look(server) == 0
        server.inbox.add(a_mail(subject="One"))
        look(server)

        assert look(server) == 0
        assert kept() == ["One"]

    def test_a_mailbox_that_was_made_anew_is_read_from_its_beginning(self, server):
        server.inbox.add(a_mail(subject="One"))
        look(server)
        server.validity, server.folders["INBOX"] = 8, Folder()
        server.inbox.add(a_mail(subject="Two"))

        look(server)

        assert kept() == ["One", "Two"]
        assert (the_mailbox().uid_validity, the_mailbox().last_uid) == (8, 1)

    @pytest.mark.parametrize("can", ["IMAP4rev1 UIDPLUS MOVE", "IMAP4rev1 UIDPLUS", "IMAP4rev1"])
    def test_what_was_kept_is_moved_away(self, server, can):
        server.can = can
        server.inbox.add(a_mail(subject="One"))

        look(server, done_folder="Done")

        assert len(server.folders["Done"].mails) == 1
        assert not server.inbox.mails or r"\Deleted" in server.inbox.flags[1]
        assert kept() == ["One"]

    @pytest.mark.parametrize("breaks_at", ["UID STORE", "UID MOVE", "UID FETCH 2"])
    @pytest.mark.parametrize("done_folder", ["", "Done"])
    def test_a_session_that_breaks_loses_nothing_and_doubles_nothing(self, server, breaks_at, done_folder):
        server.inbox.add(a_mail(subject="One"))
        server.inbox.add(a_mail(subject="Two"))
        server.breaks_at = breaks_at

        if breaks_at in ("UID STORE", "UID MOVE") and (breaks_at == "UID MOVE") != bool(done_folder):
            look(server, done_folder=done_folder)
        else:
            with pytest.raises(MailboxUnreadable):
                look(server, done_folder=done_folder)
            assert the_mailbox().failing_since is not None
        server.breaks_at = ""
        look(server, done_folder=done_folder)

        assert kept() == ["One", "Two"]
        assert (the_mailbox().failing_since, the_mailbox().error) == (None, "")

    def test_of_a_mail_that_is_too_large_only_the_beginning_is_fetched(self, server, settings):
        settings.MAIL_IN_MAX_BYTES = LARGEST
        server.inbox.add(a_mail("x" * 70 + "\n" + "y\n" * 100_000, subject="Large"))

        look(server)

        with acting(FEED):
            mail = InboundMail.objects.get()
        assert (mail.subject, mail.is_whole, mail.size) == ("Large", False, LARGEST + 1)
        assert len(mail.raw) < LARGEST

    def test_a_wrong_password_is_told_without_it(self, server):
        with pytest.raises(MailboxUnreadable) as told:
            poll_mailbox(
                server.address(password="geheim"),
                done_folder="",
                largest=LARGEST,
                authority="",
                clock=timezone.now,
            )

        assert "geheim" not in str(told.value) + the_mailbox().error + the_mailbox().name
        assert "wrong password" in the_mailbox().error

    def test_over_tls_only_a_server_that_proves_its_name_gets_the_password(self, tmp_path):
        certificate, key = a_certificate(tmp_path, "localhost")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        with serving(MailServer(), context) as server:
            server.inbox.add(a_mail(subject="One"))

            def look(authority):
                return poll_mailbox(
                    server.address("imaps"),
                    done_folder="",
                    largest=LARGEST,
                    authority=authority,
                    clock=timezone.now,
                )

            with pytest.raises(MailboxUnreadable, match="CERTIFICATE_VERIFY_FAILED"):
                look("")
            assert not any("LOGIN" in one for one in server.said)
            assert look(str(certificate)) == 1


class TestMaildir:
    """A folder that a mail server delivers into."""

    @pytest.fixture
    def folder(self, tmp_path):
        for name in ("new", "cur", "tmp"):
            (tmp_path / name).mkdir()
        return tmp_path

    def look(self, folder):
        return poll_maildir(folder, largest=LARGEST, clock=timezone.now)

    def test_what_lies_in_new_is_kept_and_moved_to_cur(self, folder):
        (folder / "new" / "1.host").write_bytes(a_mail(subject="One"))
        (folder / "new" / "2.host:2,").write_bytes(a_mail(subject="Two"))
        (folder / "tmp" / "3.host").write_bytes(a_mail(subject="Being written"))

        assert self.look(folder) == 2

        assert kept() == ["One", "Two"]
        assert sorted(os.listdir(folder / "cur")) == ["1.host:2,S", "2.host:2,S"]
        assert os.listdir(folder / "new") == []

    def test_what_was_kept_and_not_moved_is_known_again(self, folder):
        raw = a_mail(subject="One")
        (folder / "new" / "1.host").write_bytes(raw)
        self.look(folder)
        (folder / "new" / "1.host").write_bytes(raw)

        self.look(folder)

        assert kept() == ["One"]
        assert os.listdir(folder / "new") == []

    def test_links_folders_and_pipes_are_let_be(self, folder, tmp_path):
        secret = tmp_path / "secret"
        secret.write_text("Subject: secret\n\nnot a mail")
        (folder / "new" / "1.host").symlink_to(secret)
        (folder / "new" / "2.host").mkdir()
        os.mkfifo(folder / "new" / "3.host")

        assert self.look(folder) == 0
        assert kept() == []


def test_the_clock_looks_into_both_and_one_that_is_away_holds_up_no_other(server, settings, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "cur").mkdir()
    (tmp_path / "new" / "1.host").write_bytes(a_mail(subject="By folder"))
    settings.MAIL_IN_IMAP_URL = server.address()._replace(netloc="a:b@localhost:1")
    settings.MAIL_IN_MAILDIR = tmp_path

    assert poll() == 1
    assert kept() == ["By folder"]
