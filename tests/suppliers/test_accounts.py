"""Signing in, and what people may do to their own account."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, get_resolver, reverse

from portal.kernel.scope import acting
from suppliers.accounts import ACCOUNT_PAGES
from suppliers.models import User
from tests.builders.factors import letters
from tests.people import FEED, PASSWORD

pytestmark = pytest.mark.django_db

AT_HOME = "http://127.0.0.1:8000"  # PUBLIC_URL, as the settings have it where nothing is said


def signed_in(person):
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(person.user.pk)
    return client


def links_in(message):
    return re.findall(r"https?://\S+/accounts/\S+", message.body)


def test_everybody_has_one_address_and_it_is_proven(people):
    addresses = set(EmailAddress.objects.values_list("user_id", "email", "verified", "primary"))

    assert addresses == {(one.user.pk, one.email, True, True) for one in people.values()}


@pytest.mark.parametrize("address", ["newbuyer@northmoor.example", "bea@northmoor.example"])
def test_nobody_takes_an_address_that_is_not_theirs(people, address):
    client = signed_in(people["asha"])
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    for act in ("action_add", "action_primary", "action_send", "action_remove"):
        assert client.post("/accounts/email/", {act: "", "email": address}).status_code == 404

    assert list(EmailAddress.objects.filter(user=people["asha"].user).values_list("email")) == [
        ("asha@supplier.example",)
    ]
    assert User.objects.get(pk=people["asha"].user.pk).email == "asha@supplier.example"


def test_pages_of_accounts_are_those_we_know(people):
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}

    assert {name for name in names if name.startswith("account_")} == ACCOUNT_PAGES
    for name in ("account_signup", "account_email", "account_email_verification_sent"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
    for address in ("email/", "signup/", "confirm-email/", "login/code/confirm/"):
        assert signed_in(people["asha"]).get(f"/accounts/{address}").status_code == 404


def test_a_lost_password_is_chosen_anew_through_the_mail(people):
    Client().post("/accounts/password/reset/", {"email": "bea@northmoor.example"})
    ((link,),) = [links_in(message) for message in letters()]
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
    (message,) = letters()
    html = message.alternatives[0][0]
    assert message.to == ["bea@northmoor.example"]
    assert all(link.startswith(AT_HOME) for link in links_in(message))
    assert "evil.example" not in message.body + html
    assert f'href="{AT_HOME}/accounts/password/reset/key/' in html


def test_somebody_new_is_made_with_a_proven_address(people):
    with acting(FEED):
        new = User.objects.create_user("New.Buyer@northmoor.example", PASSWORD, name="Nia New")

    found = EmailAddress.objects.filter(user=new).values_list("email", "verified", "primary")
    assert list(found) == [("new.buyer@northmoor.example", True, True)]


def test_a_session_is_noted_once_in_a_while_and_at_once_from_elsewhere(people):
    client = signed_in(people["asha"])
    client.get("/preferences/")
    seen = UserSession.objects.get(user=people["asha"].user)

    with CaptureQueriesContext(connection) as asked:
        client.get("/preferences/")
    assert not [one for one in asked.captured_queries if "usersession" in one["sql"]]

    client.get("/preferences/", headers={"User-Agent": "another browser"})
    moved = UserSession.objects.get(user=people["asha"].user)
    assert (moved.pk, moved.user_agent) == (seen.pk, "another browser")
    assert moved.last_seen_at > seen.last_seen_at

    session = client.session
    session["seen"] = [0, *session["seen"][1:]]  # hours ago
    session.save()
    client.get("/preferences/", headers={"User-Agent": "another browser"})
    assert UserSession.objects.get(user=people["asha"].user).last_seen_at > moved.last_seen_at
