"""Every file that comes in is shown to the scanner; what carries something is refused, and nothing unseen is served."""

import base64
import socket
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scanning import Scan, ScannerSilent, Verdict, scan, vet
from portal.kernel.scope import acting
from portal.kernel.security.models import SecurityEvent
from portal.kernel.security.services import GUARD
from procurement.mailroom.models import InboundMail
from procurement.mailroom.queries import MAILROOM
from procurement.mailroom.services import infected_files, sort_mail, take_mail
from procurement.threads.models import Attachment, Message
from suppliers.documents.models import DocumentContent, DocumentVersion
from suppliers.documents.services import look_again
from suppliers.roles import TokenScope
from tests.builders.documents import EICAR, PDF, UNREADABLE, a_scanner, fresh_version, states, supplier_named
from tests.builders.programs import a_program
from tests.builders.world import an_order
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scanner(settings):
    with a_scanner() as server:
        settings.CLAMD_URL, settings.CLAMD_TIMEOUT = urlsplit(server.url), 2.0
        yield server


@pytest.fixture
def silent(settings):
    """A scanner that is not there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.CLAMD_URL, settings.CLAMD_TIMEOUT = (
            urlsplit(f"tcp://127.0.0.1:{taken.getsockname()[1]}"),
            0.5,
        )
        yield


def browser(person):
    client = Client()
    client.force_login(person.user)
    return client


def upload(content, name="iso.pdf"):
    return SimpleUploadedFile(name, content, "application/pdf")


def give(person, content, kind="iso-9001"):
    url = reverse("document-supply", args=[supplier_named("ACME").key, kind])
    return browser(person).post(url, {"file": upload(content), "valid_until": "2028-12-31"})


def refused():
    with acting(FEED):
        found = AuditEvent.objects.filter(kind="security.malware_refused").order_by("id")
        return [(one.facts["name"], one.facts["found"], one.internal) for one in found]


def brought():
    with acting(FEED):
        found = AuditEvent.objects.filter(kind="security.malware_refused").order_by("id")
        return [(one.facts["by"], one.facts["channel"], one.supplier_id) for one in found]


def kept(model):
    with acting(FEED):
        return model.objects.count()


def test_the_protocol(scanner, settings):
    large = b"x" * 700_000
    assert (scan(large), scan(EICAR)) == (Verdict(Scan.CLEAN), Verdict(Scan.FOUND, "Eicar-Test-Signature"))
    assert scanner.seen == [large, EICAR]  # in pieces, and whole again

    for answer in (b"INSTREAM size limit exceeded. ERROR\0", b"", b"\xff\xfe\0"):
        scanner.answer = answer
        assert scan(PDF).scan == Scan.UNREADABLE  # it is there: what is wrong is this file
    with pytest.raises(RuntimeError, match="transaction"), transaction.atomic():
        scan(PDF)
    settings.CLAMD_URL = None
    assert scan(EICAR) == Verdict(Scan.OFF)


def test_a_socket_of_this_machine_will_do_as_well(settings, tmp_path):
    settings.CLAMD_URL, settings.CLAMD_TIMEOUT = urlsplit(f"unix://{tmp_path}/clamd.ctl"), 0.5
    assert scan(PDF).scan == Scan.WAITING
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{tmp_path}/clamd.ctl")
        server.listen()
        assert scan(PDF) == Verdict(Scan.WAITING, "timed out")  # it listens and says nothing


def test_what_carries_something_is_refused_kept_nowhere_and_told(people, scanner):
    order = an_order()
    pages = [
        give(people["asha"], EICAR),
        browser(people["asha"]).post(
            reverse("message-send", args=[order.key]), {"body": "Look.", "files": [upload(EICAR, "look.pdf")]}
        ),
        browser(people["bea"]).post(
            reverse("file-add", args=[order.key]), {"files": [upload(EICAR, "b.pdf")]}
        ),
    ]

    assert [page.status_code for page in pages] == [422, 422, 422]
    assert "carries malware (Eicar-Test-Signature)" in pages[0].content.decode()
    assert refused() == [(name, "Eicar-Test-Signature", True) for name in ("iso.pdf", "look.pdf", "b.pdf")]
    assert [kept(model) for model in (DocumentVersion, DocumentContent, Attachment, Message)] == [0, 0, 0, 0]
    with acting(GUARD):
        noted = list(SecurityEvent.objects.filter(kind="malware.refused").order_by("id"))
    assert [one.user_id for one in noted] == [people[name].user.pk for name in ("asha", "asha", "bea")]
    assert {one.facts["found"] for one in noted} == {"Eicar-Test-Signature"}
    with acting(people["asha"].actor):  # it is no supplier's to read
        assert not AuditEvent.objects.filter(kind__startswith="security.").exists()


def test_what_is_clean_says_so_to_its_reviewer(people, scanner):
    assert give(people["asha"], PDF).status_code == 303
    with acting(FEED):
        version = DocumentVersion.objects.get()
    assert (version.scan, version.state) == (Scan.CLEAN, "in_review")
    page = browser(people["root"]).get(reverse("document-version", args=[version.key])).content.decode()
    assert "Scanned, nothing found" in page


def test_a_silent_scanner_keeps_a_proof_apart_until_it_answers(people, silent, settings):
    order = an_order()
    assert give(people["asha"], PDF).status_code == 303
    assert give(people["asha"], EICAR, "insurance").status_code == 303
    assert states() == [(1, "supplied"), (1, "supplied")]
    with acting(FEED):
        clean, bad = DocumentVersion.objects.order_by("id")
    for name in ("asha", "root"):
        client = browser(people[name])
        for page in ("document-file", "document-picture"):
            assert client.get(reverse(page, args=[clean.key])).status_code == 409
        assert (
            b"waits for the virus scanner"
            in client.get(reverse("document-version", args=[clean.key])).content
        )
    # Everything else is not taken unseen.
    url = reverse("file-add", args=[order.key])
    page = browser(people["asha"]).post(url, {"files": [upload(PDF)]})
    assert (page.status_code, kept(Attachment)) == (503, 0)
    assert look_again(timezone.now()) == 0

    with a_scanner() as server:
        settings.CLAMD_URL = urlsplit(server.url)
        assert look_again(timezone.now()) == 2
        assert look_again(timezone.now()) == 0
    assert (fresh_version(clean).state, fresh_version(clean).scan) == ("in_review", Scan.CLEAN)
    found = fresh_version(bad)
    assert (found.state, found.scan, found.scan_found) == ("refused", Scan.FOUND, "Eicar-Test-Signature")
    assert (kept(DocumentContent), refused()) == (1, [("iso.pdf", "Eicar-Test-Signature", True)])
    assert brought() == [("Asha Acme", "portal", bad.supplier_id)]  # not the program that looked again
    with acting(GUARD):
        assert SecurityEvent.objects.get(kind="malware.refused").user_id == people["asha"].user.pk
    assert browser(people["root"]).get(reverse("document-file", args=[bad.key])).status_code == 409


def test_a_file_that_cannot_be_looked_into_holds_up_no_other_and_is_turned_away(people, silent, settings):
    give(people["asha"], PDF + UNREADABLE)
    give(people["asha"], PDF, "insurance")
    with acting(FEED):
        bomb, clean = DocumentVersion.objects.order_by("id")
    with a_scanner() as server:
        settings.CLAMD_URL = urlsplit(server.url)
        assert look_again(timezone.now()) == 1
        assert [fresh_version(one).state for one in (bomb, clean)] == ["supplied", "in_review"]
        for _round in range(8):
            assert look_again(timezone.now()) == 0
        assert look_again(timezone.now()) == 1
        found = fresh_version(bomb)
        assert (found.state, found.scan, found.reason) == (
            "refused",
            "unreadable",
            "Can't allocate memory ERROR",
        )
        assert (kept(DocumentContent), refused()) == (1, [])
        page = browser(people["asha"]).get(reverse("document-version", args=[bomb.key])).content.decode()
        assert "could not look into" in page
        assert (
            give(people["asha"], PDF + UNREADABLE, "iso-14001").status_code == 303
        )  # it is shown again later

        order = an_order()
        url = reverse("file-add", args=[order.key])
        page = browser(people["asha"]).post(url, {"files": [upload(PDF + UNREADABLE)]})
        assert (page.status_code, kept(Attachment)) == (422, 0)
        assert "could not be looked at for malware" in page.content.decode()

        key = take_mail(_mail(order.number, EICAR, PDF + UNREADABLE), door="imap", at=timezone.now()).key
        why = infected_files(key, at=timezone.now()).values()
        assert [text[:23] for text in why] == ["0.pdf carries malware (", "1.pdf could not be look"]
        assert len(refused()) == 1
    # Nothing of a mail is told before all of it was looked at.
    with pytest.raises(ScannerSilent):
        infected_files(key, at=timezone.now())
    assert len(refused()) == 1


def test_a_scanner_that_is_taken_away_lets_go_of_what_waits(people, silent, settings):
    give(people["asha"], PDF)
    settings.CLAMD_URL = None
    assert look_again(timezone.now()) == 1
    assert states() == [(1, "in_review")]


def test_programs_and_mails_are_no_way_around(people, scanner, world):
    order = an_order()
    program = a_program(world["ACME"])
    sent = {"body": "Look.", "files": [{"name": "a.pdf", "content": base64.b64encode(EICAR).decode()}]}
    answer = program.post(f"/api/v1/orders/{order.key}/messages", sent)
    assert (answer.status_code, answer.json()["code"]) == (422, "infected")
    proof = {"kind": "iso-9001", "name": "a.pdf", "content": base64.b64encode(EICAR).decode()}
    answer = a_program(world["ACME"], TokenScope.DOCUMENTS).post("/api/v1/documents", proof)
    assert (answer.status_code, kept(DocumentVersion)) == (422, 0)

    key = take_mail(_mail(order.number), door="imap", at=timezone.now()).key
    raw, bea = reverse("mail-raw", args=[key]), browser(people["bea"])
    assert bea.get(raw).status_code == 409  # not looked at yet
    infected = infected_files(key, at=timezone.now())
    assert [why[:23] for why in infected.values()] == ["bad.pdf carries malware"]
    with acting(MAILROOM):
        place_mail_on(key, order)
        sort_mail(key, at=timezone.now(), infected=infected)
        said = Message.objects.get()
    assert "bad.pdf carries malware (Eicar-Test-Signature)" in said.body
    assert (kept(Attachment), len(refused())) == (0, 3)
    assert brought()[2][0] == "asha@supplier.example"
    assert bea.get(raw).status_code == 409
    assert (
        "refused a file of this mail. The mail as it came is given to nobody"
        in bea.get(reverse("mail", args=[key])).text
    )

    scanner.shutdown()
    scanner.server_close()
    with pytest.raises(ScannerSilent):
        infected_files(key, at=timezone.now())
    with pytest.raises(ScannerSilent):
        vet(PDF, "a.pdf", actor=FEED, at=timezone.now())


def test_a_mail_that_waits_for_a_person_names_what_it_carries_and_cannot_be_saved(people, scanner, settings):
    raw = _mail("of nobody")
    key = take_mail(raw, door="imap", at=timezone.now()).key
    infected = infected_files(key, at=timezone.now())
    with acting(MAILROOM):
        mail = sort_mail(key, at=timezone.now(), infected=infected)
    assert (mail.state, mail.why, mail.told) == ("unknown", "unproven", {"infected": ["bad.pdf"]})
    bea = browser(people["bea"])
    shown = bea.get(reverse("mail", args=[key])).text
    assert "bad.pdf carries malware (Eicar-Test-Signature)" in shown
    assert reverse("mail-raw", args=[key]) not in shown
    settings.CLAMD_URL = None  # what is known stays known
    assert bea.get(reverse("mail-raw", args=[key])).status_code == 409

    clean = take_mail(
        raw.replace(b"m1@", b"m2@").replace(b"of nobody", b"also"), door="imap", at=timezone.now()
    ).key
    with acting(MAILROOM):
        sort_mail(clean, at=timezone.now(), infected={})
    assert bea.get(reverse("mail-raw", args=[clean])).status_code == 200
    with acting(MAILROOM):
        InboundMail.objects.filter(key=clean).update(why="malformed")
    assert bea.get(reverse("mail-raw", args=[clean])).status_code == 200
    settings.CLAMD_URL = urlsplit(scanner.url)
    assert bea.get(reverse("mail-raw", args=[clean])).status_code == 409


def place_mail_on(key, order):
    """A person has said where it belongs."""
    InboundMail.objects.filter(key=key).update(
        placed_at=timezone.now(), placed_by="Bea Buyer", order=order, supplier_id=order.supplier_id
    )


def _mail(number, *files):
    letter = EmailMessage()
    letter["From"], letter["To"] = "Asha <asha@supplier.example>", "orders@northmoor.example"
    letter["Subject"], letter["Message-ID"] = f"Order {number}", "<m1@supplier.example>"
    letter.set_content("Please look.")
    for place, content in enumerate(files):
        letter.add_attachment(content, maintype="application", subtype="pdf", filename=f"{place}.pdf")
    if not files:
        letter.add_attachment(EICAR, maintype="application", subtype="pdf", filename="bad.pdf")
    return letter.as_bytes()
