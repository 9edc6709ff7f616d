"""Devices and sessions: which are told of, how they end, and what a browser forgets then."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.models import Device, SignIn
from suppliers.signin.queries import DOORKEEPER
from suppliers.signin.services import Seen, trust_device
from suppliers.signin.tasks import forget_sign_ins
from tests.builders.factors import code_of, give_app, letters, show_factor
from tests.builders.signing_in import CHROME, browser, events, is_signed_in, noted, type_password
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db


def test_a_new_device_is_told_of_but_not_the_first(people, settings):
    settings.COUNTRY_HEADER = "CF-IPCountry"
    asha = people["asha"]
    home = browser()
    type_password(home, asha)
    home.post("/accounts/logout/")
    type_password(home, asha)
    assert letters() == []

    away = browser()
    away.post(
        "/accounts/login/",
        {"login": asha.email, "password": PASSWORD},
        headers={"cf-ipcountry": "BR", "user-agent": CHROME},
    )
    (letter,) = letters()
    assert (letter.to, letter.subject) == ([asha.email], "A new device signed in to your account")
    assert "country: BR" in letter.body
    told = list(SignIn.objects.order_by("id").values_list("way", "country", "is_new_device"))
    assert told == [("password", "", False), ("password", "", False), ("password", "BR", True)]
    home.post("/accounts/logout/")
    home.post(
        "/accounts/login/",
        {"login": asha.email, "password": PASSWORD},
        headers={"cf-ipcountry": "JP", "user-agent": CHROME},
    )
    assert [one.subject for one in letters()] == [
        "A new device signed in to your account"
    ]  # a known device, elsewhere
    assert "New then" in home.get("/accounts/sessions/").content.decode()

    SignIn.objects.update(at=timezone.now() - timedelta(days=181))
    Device.objects.update(last_seen_at=timezone.now() - timedelta(days=181))
    assert forget_sign_ins() == 6
    assert SignIn.objects.count() == 0


def test_one_session_is_ended_and_the_others_stay(people):
    asha = people["asha"]
    here, there = browser(), browser()
    type_password(here, asha)
    type_password(there, asha)
    mine, other = UserSession.objects.order_by("id").values_list("pk", flat=True)

    def end(client, session):
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        client.post("/accounts/sessions/", {"session": session})

    end(here, mine)  # never the one that asks
    end(here, other)
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    stranger = browser()
    type_password(stranger, people["gil"])
    end(stranger, mine)
    assert is_signed_in(here)


def test_who_ends_sessions_shows_who_one_is_first_and_what_was_pressed_is_done_then(people):
    """V7.5.2: the password where there is no factor, else the factor and never the password."""
    for name in ("asha", "gil"):
        cache.clear()
        person = people[name]
        secret = give_app(person.user) if name == "gil" else None
        here, there = browser(person.user), browser(person.user)
        assert (is_signed_in(here), is_signed_in(there)) == (True, True)
        for pressed in ({}, {"session": UserSession.objects.filter(user=person.user).last().pk}):
            asked = here.post("/accounts/sessions/", pressed)
            where = "/accounts/2fa/reauthenticate/" if secret else "/accounts/reauthenticate/"
            assert asked["Location"] == f"{where}?next=%2Faccounts%2Fsessions%2F"
            assert is_signed_in(there)
        shown = {"code": code_of(secret)} if secret else {"password": PASSWORD}
        done = here.post(asked["Location"], shown)
        assert done["Location"] == "/accounts/sessions/"
        assert (is_signed_in(here), is_signed_in(there)) == (True, False)


def test_an_administrator_ends_all_sessions_of_somebody_who_hears_of_it(people):
    """V7.4.5: our administrator for everybody, a supplier's for its own, nobody for oneself or without a factor."""
    asha, arun, root = people["asha"], people["arun"], people["root"]
    at = f"/signin/people/{arun.user.pk}/end/"
    secret, admin, own, theirs = (
        give_app(root.user),
        browser(root.user),
        browser(asha.user),
        browser(arun.user),
    )
    assert 'action="/signin/people/' in admin.get(f"/signin/people/{arun.user.pk}/").content.decode()
    assert is_signed_in(theirs)

    assert admin.post(at).status_code == 409  # the factor first
    show_factor(admin, root.user)
    with acting(DOORKEEPER):
        trust_device(arun.user, Seen("c" * 64, CHROME, "192.0.2.7"), at=timezone.now())
    assert admin.post(at)["Location"] == f"/signin/people/{arun.user.pk}/"
    assert not is_signed_in(theirs)
    assert not Device.objects.filter(user=arun.user, trusted_until__isnull=False).exists()
    (event,) = events("sessions.ended")
    assert (event.actor_label, event.facts["name"]) == ("Root Admin", "Arun Acme")
    (letter,) = letters()
    assert (letter.subject, letter.to) == ("You were signed out everywhere", [arun.email])
    assert "Root Admin ended all your sessions" in letter.body
    assert noted("session.all_ended") == [(root.user.pk, {"person": arun.user.pk})]

    assert secret
    give_app(asha.user)
    show_factor(own, asha.user)
    theirs = browser(arun.user)
    assert own.post(at)["Location"] == f"/signin/people/{arun.user.pk}/"
    assert not is_signed_in(theirs)
    for whose, status in (("gil", 404), ("bea", 404), ("asha", 403)):
        assert own.post(f"/signin/people/{people[whose].user.pk}/end/").status_code == status
    assert is_signed_in(own)


def test_a_browser_forgets_at_sign_out_what_it_kept(people):
    client = browser(people["bea"].user)
    assert "Clear-Site-Data" not in client.get("/accounts/logout/").headers
    assert client.post("/accounts/logout/").headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in client.get("/accounts/login/").headers
