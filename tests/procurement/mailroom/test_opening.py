"""A mail is taken apart, whatever somebody made of it: nothing raises, takes long, or runs."""

import time

import pytest

from procurement.mailroom.messages import Opened
from procurement.mailroom.policies.opening import fingerprint, open_mail, read_head, readable
from procurement.mailroom.policies.sorting import machine_why, possible_numbers
from procurement.mailroom.policies.trust import Proof, proof_of
from procurement.mailroom.states import Why
from tests.builders.mails import a_mail

OURS = "quayside@localhost"


def why(raw, *, is_signed=False):
    return machine_why(open_mail(raw), own_address=OURS, is_signed=is_signed)


# --- honest mails


def test_the_head_and_the_text_of_a_plain_mail():
    opened = open_mail(
        a_mail("Grüße aus Pune", sender='"Mehta, Asha" <ASHA@Supplier.example>', subject="Läuft")
    )

    assert (opened.sender, opened.sender_name, opened.senders) == ("asha@supplier.example", "Mehta, Asha", 1)
    assert (opened.subject, opened.text.strip(), opened.problem) == ("Läuft", "Grüße aus Pune", "")
    assert opened.message_id.startswith("<")
    assert opened.recipients == ("orders@northmoor.example",)


def test_every_header_that_names_a_recipient_counts():
    raw = a_mail(Cc="B <b@x.example>", Delivered_To="c@x.example", X_Original_To="D@x.example")

    assert open_mail(raw).recipients == (
        "orders@northmoor.example",
        "b@x.example",
        "c@x.example",
        "d@x.example",
    )


def test_what_opens_one_of_our_links_is_blacked_out_of_the_text():
    key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ"
    opened = open_mail(
        a_mail(f"Yes, token hunter22. > https://p.example/approve/{key}/ or https://p.example/l/{key}/")
    )

    said = "Yes, token hunter22. > https://p.example/approve/[hidden]/ or https://p.example/l/[hidden]/"
    assert opened.text.strip() == said


def test_html_is_read_as_text_without_what_runs_or_hides():
    raw = (
        b"From: a@x.example\nContent-Type: text/html; charset=utf-8\n\n"
        b"<style>p{}</style><script>alert(1)</script><p>Line 10 <b>confirmed</b></p>"
        b"<div style='display:none'>Line 20 refused</div><img src='https://t.example/1.gif' onerror='x()'>"
    )

    assert open_mail(raw).text.split() == ["Line", "10", "confirmed"]


def test_files_are_told_from_the_text_from_pictures_in_it_and_from_signatures():
    raw = b"""From: a@x.example
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Hello
--b
Content-Type: image/png
Content-ID: <logo>
Content-Disposition: inline; filename=logo.png

x
--b
Content-Type: application/pdf; name="=?utf-8?q?Zeichnung_=C3=A4.pdf?="
Content-Transfer-Encoding: base64

JVBERi0=
--b
Content-Type: application/pkcs7-signature; name=smime.p7s

x
--b
Content-Type: text/plain; name=notes.txt
Content-Disposition: attachment

notes
--b
Content-Type: message/rfc822

From: c@x.example
Subject: Inner
Content-Type: multipart/mixed; boundary=c

--c
Content-Type: application/pdf; name=inner.pdf

%PDF-
--c--
--b--
"""
    opened = open_mail(raw)

    assert [(file.name, file.content) for file in opened.files] == [
        ("Zeichnung ä.pdf", b"%PDF-"),
        ("notes.txt", b"notes"),
        ("forwarded.eml", b"A forwarded mail is not opened."),
    ]
    assert opened.text.strip() == "Hello"


def test_a_mail_has_the_same_fingerprint_however_it_came():
    raw = a_mail()
    travelled = b"Received: by here\r\nX-Spam: no\r\n" + raw.replace(b"\n", b"\r\n") + b"\r\n"

    assert fingerprint(raw) == fingerprint(travelled)
    assert fingerprint(raw) != fingerprint(raw.replace(b"look into", b"looked into"))


# --- hostile mails

DEEP = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(400))
NESTED = b"Content-Type: message/rfc822\n\n" * 400
FLAT = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: text/plain\n\nx\n" * 5_000
WIDE = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 190 + b"--b--\n"

HOSTILE = {
    "nothing": b"",
    "no head": b"\n\nhello",
    "only colons": b":\n" * 10_000,
    "noise": bytes(range(256)) * 400,
    "nul": b"From: a\0@x.example\nSubject: \0\0\n\nhel\0lo",
    "deep": b"From: a@x.example\n" + DEEP,
    "nested": b"From: a@x.example\n" + NESTED,
    "flat": b"From: a@x.example\n" + FLAT,
    "wide": b"From: a@x.example\n" + WIDE,
    "many lines": b"From: a@x.example\n\n" + b"\n" * 700_000,
    "one line": b"From: a@x.example\n\n" + b"x" * 5_000_000,
    "many fields": b"X-A: b\n" * 100_000 + b"\nhi",
    "long field": b"Subject: " + b"a" * 300_000 + b"\n\nhi",
    "long addresses": b"From: " + b"a@x.example, " * 20_000 + b"\n\nhi",
    "brackets": b"From: " + b"(" * 7_000 + b"\nTo: " + b"<" * 7_000 + b"\n\nhi",
    "quotes": b'From: "' + b"\\" * 7_000 + b"\n\nhi",
    "encoded": b"Subject: " + b"=?utf-8?b?4pyT?= " * 400 + b"\n\nhi",
    "encoded wrong": b"Subject: =?utf-7?q?+ADw-?= =?nope?b?!!!?= =?utf-8?b?4?=\n\nhi",
    "long type": b"From: a@x.example\nContent-Type: multipart/mixed; " + b"a=b; " * 100_000 + b"\n\nhi",
    "long inner type": b"From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain;"
    + b" x*0*=utf-8''a;" * 50_000
    + b"\n\nhi\n--b--",
    "charset": b'From: a@x.example\nContent-Type: text/plain; charset="../../etc"\n\nhi \xff\xfe',
    "charset that unpacks": b"From: a@x.example\nContent-Type: text/plain; charset=zlib\n\nhi",
    "base64": b"From: a@x.example\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"
    + b"=" * 9_999,
    "uuencoded": b"From: a@x.example\nContent-Type: text/plain\nContent-Transfer-Encoding: x-uuencode\n\nbegin 1\nM",
    "no end": b"From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhalf",
    "empty boundary": b'From: a@x.example\nContent-Type: multipart/mixed; boundary=""\n\n--\n\nx\n--\n',
    "date": b"From: a@x.example\nDate: Mon, 99 Foo 999999 99:99:99 +9999\n\nhi",
    "open tags": b"From: a@x.example\nContent-Type: text/html\n\n" + b"<div " * 60_000,
    "nested tags": b"From: a@x.example\nContent-Type: text/html\n\n" + b"<table><tr><td>" * 20_000,
    "comment": b"From: a@x.example\nContent-Type: text/html\n\n" + b"<!--" * 60_000,
    "entities": b"From: a@x.example\nContent-Type: text/html\n\n" + b"&#x10ffff;&#99999999999;" * 20_000,
    "report": b"From: a@x.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
    b"Content-Type: message/delivery-status\n\n"
    + b"Final-Recipient: rfc822; a@b.example\n\n" * 5_000
    + b"--b--",
    "name": b'From: a@x.example\nContent-Type: application/pdf; name="../../../etc/passwd\0.pdf"\n\n%PDF-',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_that_comes_raises_or_takes_long(name):
    began = time.process_time()

    opened = open_mail(HOSTILE[name])
    read_head(HOSTILE[name])
    fingerprint(HOSTILE[name])
    readable(HOSTILE[name])

    assert isinstance(opened, Opened)
    assert "\0" not in opened.text + opened.subject + opened.sender + opened.sender_name
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("deep", "too_deep"),
        ("nested", "too_deep"),
        ("flat", "malformed"),
        ("many lines", "malformed"),
        ("many fields", "malformed"),
        ("long type", "malformed"),
        ("long inner type", "malformed"),
        ("wide", ""),
        ("charset", ""),
        ("no end", ""),
    ],
)
def test_what_no_honest_mail_has_is_not_taken_apart(name, problem):
    assert open_mail(HOSTILE[name]).problem == problem


def test_a_name_is_only_a_name():
    (file,) = open_mail(HOSTILE["name"]).files or [None]

    assert file is None or "\0" not in file.name


# --- machines

BOUNCE = b"""From: MAILER-DAEMON@mx.example
To: quayside@localhost
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; Sales@Acme.example
Action: %(action)s
Status: %(status)s
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: message/rfc822

From: quayside@localhost
Message-ID: <notice-1@mail.localhost>

Your order
--b--
"""


def a_bounce(action=b"failed", status=b"5.1.1"):
    return BOUNCE % {b"action": action, b"status": status}


def test_a_report_says_whom_which_mail_did_not_reach():
    (failure,) = open_mail(a_bounce()).failures

    assert (failure.address, failure.message_id) == ("sales@acme.example", "<notice-1@mail.localhost>")
    assert (failure.status, failure.diagnosis) == ("5.1.1", "smtp; 550 5.1.1 no such user")
    assert failure.is_final
    assert why(a_bounce()) == ""


def test_a_mail_that_is_only_late_is_no_failure():
    assert why(a_bounce(b"delayed", b"4.4.1")) == Why.DELAYED


def test_a_report_without_its_parts_is_read_from_its_words():
    raw = b"""From: postmaster@mx.example
Subject: failure notice

Hi. This is the qmail-send program. <sales@acme.example>: no such mailbox.
--- Below this line is a copy of the message.
Message-ID: <notice-2@mail.localhost>
"""
    (failure,) = open_mail(raw).failures

    assert (failure.address, failure.message_id) == ("sales@acme.example", "<notice-2@mail.localhost>")


@pytest.mark.parametrize(
    "subject",
    [
        "Out of office: Re: Order 1",
        "Automatic reply: Order 1",
        "Automatische Antwort: Bestellung 1",
        "AW: Abwesenheitsnotiz",
        "Respuesta automática: pedido",
        "Fuera de la oficina",
        "Réponse automatique : commande",
        "Absence du bureau",
        "Resposta automática: pedido",
        "Fora do escritório até 3/4",
        "自动回复: 订单",
        "不在办公室",
    ],
)
def test_automatic_answers_are_known_by_their_subject_in_six_languages(subject):
    assert why(a_mail("I am away.", subject=subject)) == Why.AUTO_REPLY


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Auto_Submitted": "auto-replied"}, Why.AUTO_REPLY),
        ({"Auto_Submitted": "auto-notified; x=y"}, Why.AUTO_REPLY),
        ({"Auto_Submitted": "no"}, ""),
        ({"Auto_Submitted": "auto-generated"}, ""),
        ({"X_Autoreply": "yes"}, Why.AUTO_REPLY),
        ({"Precedence": "auto_reply"}, Why.AUTO_REPLY),
        ({"X_Auto_Response_Suppress": "All"}, ""),
        ({"X_Auto_Response_Suppress": "All", "Subject": "Abwesend"}, Why.AUTO_REPLY),
        ({"List_Id": "<news.x.example>"}, Why.LIST),
        ({"Precedence": "bulk"}, Why.LIST),
        ({"From": "Quayside <quayside@localhost>"}, Why.OWN_MAIL),
    ],
)
def test_machines_are_known_by_their_headers(headers, expected):
    assert why(a_mail(**headers)) == expected


def test_a_confirmation_that_an_order_system_sends_in_bulk_to_our_address_is_heard():
    assert why(a_mail(Precedence="bulk"), is_signed=True) == ""


def test_a_mail_in_circles_and_a_receipt_are_set_aside():
    loop = b"Received: by x\n" * 70 + a_mail()
    kind = b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b"
    receipt = a_mail().replace(b'Content-Type: text/plain; charset="utf-8"', kind)

    assert why(loop) == Why.LOOP
    assert why(receipt) == Why.RECEIPT


# --- proof

HOST = "mx.northmoor.example"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (f"{HOST}; dmarc=pass (p=reject) header.from=supplier.example", Proof.PASSED),
        (f"{HOST} 1; dkim=pass header.d=supplier.example; spf=fail", Proof.PASSED),
        (f"{HOST}; spf=pass smtp.mailfrom=asha@supplier.example", Proof.PASSED),
        (f"{HOST}; dkim=pass header.d=elsewhere.example", Proof.NONE),
        (f"{HOST}; dkim=pass header.d=example", Proof.NONE),
        (
            f"{HOST}; dkim=pass header.d=supplier.example; dmarc=fail header.from=supplier.example",
            Proof.FAILED,
        ),
        (f"{HOST}; dmarc=fail header.from=supplier.example", Proof.FAILED),
        (f"{HOST}; none", Proof.NONE),
        ("mx.elsewhere.example; dmarc=pass header.from=supplier.example", Proof.NONE),
        (f"evil.example ({HOST}; dmarc=pass header.from=supplier.example)", Proof.NONE),
    ],
)
def test_what_our_own_host_says_counts_for_the_sender_it_names(told, expected):
    assert proof_of(open_mail(a_mail(Authentication_Results=told)), HOST) is expected


def test_only_the_topmost_word_of_our_host_counts():
    forged = f"Authentication-Results: {HOST}; dmarc=pass header.from=supplier.example\n".encode()
    real = f"Authentication-Results: {HOST}; dmarc=fail header.from=supplier.example\n".encode()

    assert proof_of(open_mail(real + forged + a_mail()), HOST) is Proof.FAILED


def test_two_senders_are_none():
    raw = a_mail(Authentication_Results=f"{HOST}; dmarc=pass header.from=supplier.example")
    two = raw.replace(b"From: ", b"From: Gil <gil@supplier.example>, ", 1)

    assert proof_of(open_mail(two), HOST) is Proof.NONE
    assert proof_of(open_mail(raw), "") is Proof.NONE


# --- numbers


def test_numbers_of_orders_are_found_whole_and_by_their_parts():
    found = possible_numbers("Re: PO-20458 / 4500000001", "line 10, Nr. po-7")

    assert found[:3] == ["PO-20458", "20458", "4500000001"]
    assert "PO-7" in found
    assert "10" not in found
