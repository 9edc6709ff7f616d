"""Signing in, and what people may do to their own account."""

import re

import pytest
from django.core import mail
from django.test import Client

from suppliers.models import User

pytestmark = pytest.mark.django_db

AT_HOME = "http://127.0.0.1:8000"  # PUBLIC_URL, as the settings have it where nothing is said


def links_in(message):
    return re.findall(r"https?://\S+/accounts/\S+", message.body)


def test_a_lost_password_is_chosen_anew_through_the_mail(people):
    Client().post("/accounts/password/reset/", {"email": "bea@northmoor.example"})
    ((link,),) = [links_in(message) for message in mail.outbox]
    visitor = Client()

    page = visitor.get(link.removeprefix(AT_HOME), follow=True)
    words = {"password1": "a brand new pass phrase", "password2": "a brand new pass phrase"}
    done = visitor.post(page.redirect_chain[-1][0], words, follow=True)

    assert link.startswith(f"{AT_HOME}/accounts/password/reset/key/")
    assert "Your new password is saved" in done.content.decode()
    assert User.objects.get(pk=people["bea"].user.pk).check_password("a brand new pass phrase")


def test_links_in_mails_lead_to_the_portal_whatever_host_was_asked(people, settings):
    settings.ALLOWED_HOSTS = ["testserver", "evil.example"]

    asked = Client().post(
        "/accounts/password/reset/", {"email": "bea@northmoor.example"}, headers={"Host": "evil.example"}
    )

    assert asked.status_code == 302
    (message,) = mail.outbox
    html = message.alternatives[0][0]
    assert message.to == ["bea@northmoor.example"]
    assert all(link.startswith(AT_HOME) for link in links_in(message))
    assert "evil.example" not in message.body + html
    assert f'href="{AT_HOME}/accounts/password/reset/key/' in html
