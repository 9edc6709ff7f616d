"""The mailbox of a demo: everything that was mailed, shown so that it can do nothing."""

import pytest
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from portal.mailbox import kept_mails

pytestmark = pytest.mark.django_db

taken: list[bytes] = []


def take(raw, *, door, at):
    assert door == "mailbox"
    taken.append(raw)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EMAIL_BACKEND = "portal.mailbox.MailboxBackend"
    settings.MAILBOX_FOLDER = str(tmp_path / "mailbox")
    taken.clear()


def send(to="Mei Lin <mei@lianfeng.example>", html="<html><head></head><body><b>Hello</b></body></html>"):
    mail = EmailMultiAlternatives("Order 1", "Hello", to=[to], reply_to=["reply+abc@mail.localhost"])
    mail.attach_alternative(html, "text/html")
    mail.send()
    return kept_mails()[0]


def test_lists_the_newest_first_and_those_of_one_address(client):
    send()
    send(to="jan@brandt.example")

    everything = client.get(reverse("mailbox")).text
    one = client.get(reverse("mailbox"), {"to": "brandt"}).text

    assert everything.index("jan@brandt.example") < everything.index("mei@lianfeng.example")
    assert "mei@lianfeng.example" not in one


def test_shows_a_mail_with_its_headers(client):
    kept = send()

    shown = client.get(reverse("mailbox-mail", args=[kept.name]))

    assert "reply+abc@mail.localhost" in shown.text
    assert f'src="{reverse("mailbox-html", args=[kept.name])}"' in shown.text
    assert "frame-src 'self'" in shown["Content-Security-Policy"]


def test_its_html_may_run_nothing_and_fetch_nothing(client):
    kept = send(html="<html><head></head><body><script>alert(1)</script></body></html>")

    shown = client.get(reverse("mailbox-html", args=[kept.name]))
    policy = shown["Content-Security-Policy"]

    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy
    assert '<base target="_blank">' in shown.text


@pytest.mark.parametrize("name", ["..", "20260302T100000000000-zzzzzzzz", "../../etc/passwd", "x.eml"])
def test_a_mail_that_is_not_there_is_not_there(client, name):
    assert client.get(f"/mailbox/{name}/").status_code == 404


def test_is_not_there_in_production(client, settings):
    kept = send()
    settings.PRODUCTION = True

    for name, args in (("mailbox", []), ("mailbox-mail", [kept.name]), ("mailbox-html", [kept.name])):
        assert client.get(reverse(name, args=args)).status_code == 404
    assert client.post(reverse("mailbox-reply", args=[kept.name])).status_code == 404


def test_a_reply_comes_in_where_replies_are_read(client, settings):
    kept = send()
    settings.MAIL_TAKEN_BY = ""
    assert client.post(reverse("mailbox-reply", args=[kept.name]), {"body": "x"}).status_code == 405
    settings.MAIL_TAKEN_BY = f"{__name__}.take"

    assert (
        client.post(reverse("mailbox-reply", args=[kept.name]), {"body": "40 on Friday"}).status_code == 303
    )

    (raw,) = taken
    assert b"To: reply+abc@mail.localhost" in raw
    assert b"Subject: Re: Order 1" in raw
    assert b"40 on Friday" in raw
    assert b"> Hello" in raw


def test_who_replies_reads_that_the_reply_is_sent(client, settings):
    kept = send()
    settings.MAIL_TAKEN_BY = f"{__name__}.take"

    shown = client.post(reverse("mailbox-reply", args=[kept.name]), {"body": "40 on Friday"}, follow=True)

    assert shown.redirect_chain == [(f"{reverse('mailbox-mail', args=[kept.name])}?replied=1", 303)]
    assert "Your reply is sent." in shown.content.decode()
