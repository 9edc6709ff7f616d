"""A new mail address: both addresses have a say, and it waits; and accounts that fall asleep and are woken."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Duplicate, NotAllowed
from portal.kernel.scope import acting
from suppliers.authentication import actor_of_token
from suppliers.models import AddressChange, User
from suppliers.people.policies import changes_at, is_locked
from suppliers.people.queries import wake_token
from suppliers.people.services import (
    ask_address_change,
    ask_to_wake,
    change_due_addresses,
    confirm_address,
    put_to_sleep,
)
from suppliers.people.services.addresses import AddressOver
from suppliers.services import create_own_token
from tests.builders.notices import mailed
from tests.people import FEED, PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "asha@castings.example"
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def signed_in(person):
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert client.get("/preferences/").status_code == 200
    return client


def ask(client, address=NEW, password=PASSWORD):
    return client.post("/my-address/", {"address": address, "password": password})


def links():
    """The paths in the mails to the new and the old address."""
    found = {}
    for letter in mailed():
        if led := re.search(r"/address/(new|old)/[\w-]{46}/", letter.body):
            found[led[1]] = (led[0], letter.to[0])
    return found


def change_of(person):
    with acting(FEED):
        return AddressChange.objects.select_related("user").filter(user=person.user).latest("id")


def address_of(person):
    return User.objects.get(pk=person.user.pk).email


def is_out(client):
    return client.get("/orders/")["Location"].startswith("/accounts/login/") if client else True


@pytest.mark.parametrize(
    ("confirmed", "agreed", "due"),
    [
        (None, None, None),
        (None, NINE, None),
        (NINE + HOUR, None, NINE + DAY),
        (NINE + 30 * HOUR, None, NINE + 30 * HOUR),
        (NINE + HOUR, NINE + 2 * HOUR, NINE + 2 * HOUR),
        (NINE + 3 * HOUR, NINE + 2 * HOUR, NINE + 3 * HOUR),
    ],
)
def test_when_an_address_changes(confirmed, agreed, due):
    found = changes_at(told_at=NINE, confirmed_at=confirmed, agreed_at=agreed, wait=DAY)
    assert found == due
    untold = changes_at(told_at=None, confirmed_at=confirmed, agreed_at=agreed, wait=DAY)
    assert untold == (due if agreed else None)  # nobody objects to what they were not told of
    assert is_locked([NINE], NINE + DAY, 7 * DAY)
    assert not is_locked([NINE], NINE + 7 * DAY, 7 * DAY)


def test_it_takes_the_password_both_mails_and_a_day(people):
    asha = people["asha"]
    client, elsewhere = signed_in(asha), signed_in(asha)
    assert ask(client, password="guessed").status_code == 422
    assert ask(client, "nonsense").status_code == 422
    assert ask(client, asha.email.upper()).status_code == 422
    assert ask(client).status_code == 303
    found = links()
    assert found["new"][1] == f"Asha Acme <{NEW}>"
    assert found["old"][1] == f"Asha Acme <{asha.email}>"
    assert Client().get(found["old"][0]).status_code == 200
    assert Client().get(found["new"][0].replace("/new/", "/old/")).status_code == 410  # each its own seal

    said = Client().post(found["new"][0])
    assert said.status_code == 200
    assert address_of(asha) == asha.email
    assert "is confirmed" in client.get("/my-address/").content.decode()
    with acting(FEED):
        assert change_due_addresses(at=timezone.now() + timedelta(hours=23)) == 0
        AddressChange.objects.update(told_at=None)  # as if its mail had not left
        assert change_due_addresses(at=timezone.now() + timedelta(hours=25)) == 0
        AddressChange.objects.update(told_at=timezone.now() - timedelta(hours=25))
        assert change_due_addresses(at=timezone.now()) == 1

    assert address_of(asha) == NEW
    assert list(EmailAddress.objects.filter(user=asha.user).values_list("email", "verified", "primary")) == [
        (NEW, True, True)
    ]
    assert [is_out(one) for one in (client, elsewhere)] == [True, True]
    assert UserSession.objects.filter(user=asha.user).count() == 0
    again = Client()
    again.post("/accounts/login/", {"login": NEW, "password": PASSWORD})
    assert again.session["_auth_user_id"] == str(asha.user.pk)
    told = [one.to[0] for one in mailed() if one.subject == "Your mail address is changed"]
    assert sorted(told) == [f"Asha Acme <{NEW}>", f"Asha Acme <{asha.email}>"]
    with acting(FEED):
        kinds = AuditEvent.objects.filter(stream=f"person:{asha.user.pk}", kind__startswith="address.")
        assert list(kinds.order_by("id").values_list("kind", flat=True)) == [
            "address.asked",
            "address.confirmed",
            "address.changed",
        ]


def test_the_old_address_makes_it_happen_at_once_and_this_session_goes_on(people):
    asha = people["asha"]
    client, elsewhere = signed_in(asha), signed_in(asha)
    ask(client)
    found = links()
    Client().post(found["new"][0])

    assert "is changed" in client.post(found["old"][0], {"word": "agree"}).content.decode()

    assert address_of(asha) == NEW
    assert client.get("/preferences/").status_code == 200
    assert is_out(elsewhere)


def test_that_was_not_me_stops_it_ends_everything_and_locks_it(people):
    otto = people["otto"]
    with acting(otto.actor):
        secret = create_own_token("desk", actor=otto.actor, at=timezone.now()).secret
    thief = signed_in(otto)
    ask(thief, "thief@elsewhere.example")
    found = links()
    Client().post(found["new"][0])
    nothing_yet = Client().post(found["old"][0], {"word": "?"})
    assert (nothing_yet.status_code, change_of(otto).state) == (200, "confirmed")

    stopped = Client().post(found["old"][0], {"word": "stop"})

    assert "/accounts/password/reset/" in stopped.content.decode()
    assert is_out(thief)
    assert actor_of_token(secret, at=timezone.now()) is None
    with acting(FEED):
        assert change_due_addresses(at=timezone.now() + 2 * DAY) == 0
    assert address_of(otto) == otto.email
    assert Client().post(found["new"][0]).status_code == 410
    with acting(FEED), pytest.raises(NotAllowed, match="stopped a change"):
        ask_address_change(otto.user, NEW, actor=otto.actor, at=timezone.now() + 6 * DAY)
    with acting(FEED):
        ask_address_change(otto.user, NEW, actor=otto.actor, at=timezone.now() + 8 * DAY)


def test_an_address_of_somebody_else_cannot_be_had_and_is_not_told_of(people):
    asha = people["asha"]
    client = signed_in(asha)
    assert ask(client, people["gil"].email).status_code == 303
    found = links()
    assert "cannot be yours" in Client().post(found["new"][0]).content.decode()
    assert change_of(asha).state == "asked"

    assert client.post("/my-address/withdraw/").status_code == 303
    assert Client().get(found["new"][0]).status_code == 410
    ask(client)
    change = change_of(asha)
    mailed()
    with acting(FEED):
        confirm_address(change, actor=FEED, at=timezone.now())
        User.objects.create_user(NEW, name="First")
        assert change_due_addresses(at=timezone.now() + 2 * DAY) == 0
    assert change_of(asha).state == "withdrawn"
    with acting(FEED), pytest.raises((Duplicate, AddressOver)):
        confirm_address(change, actor=FEED, at=timezone.now())
    ask(client, "a@b.example")
    assert ask(client, "c@d.example").status_code == 403  # the fourth of a day


def test_what_nobody_confirms_lapses(people):
    asha = people["asha"]
    ask(signed_in(asha))
    found = links()
    with acting(FEED):
        change_due_addresses(at=timezone.now() + 4 * DAY)
    assert change_of(asha).state == "lapsed"
    assert Client().get(found["new"][0]).status_code == 410


# --- asleep ---------------------------------------------------------------------------------------------------


def unused(person, days=200):
    then = timezone.now() - timedelta(days=days)
    User.objects.filter(pk=person.user.pk).update(last_login=then, date_joined=then)


def test_who_was_not_here_for_long_falls_asleep_and_wakes_by_a_mailed_link(people):
    otto = people["otto"]
    with acting(otto.actor):
        secret = create_own_token("desk", actor=otto.actor, at=timezone.now()).secret
    client = signed_in(otto)
    unused(otto)
    with acting(FEED):
        assert put_to_sleep(at=timezone.now()) == 0  # a session is in use
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(days=199))
    unused(people["bea"], days=179)
    with acting(FEED):
        assert (put_to_sleep(at=timezone.now()), put_to_sleep(at=timezone.now())) == (1, 0)

    assert is_out(client)
    assert actor_of_token(secret, at=timezone.now()) is None
    wrong = Client().post("/accounts/login/", {"login": otto.email, "password": "guessed"})
    assert wrong.status_code == 200  # who does not know the password learns nothing
    assert mailed() == []
    told = Client().post("/accounts/login/", {"login": otto.email, "password": PASSWORD})
    assert (told.status_code, told["Location"]) == (303, "/asleep/")
    assert Client().get("/asleep/").status_code == 200
    with acting(FEED):
        assert ask_to_wake(User.objects.get(pk=otto.user.pk), actor=FEED, at=timezone.now()) is False
    (letter,) = mailed()
    link = re.search(r"/wake/[\w:.-]+/", letter.body)[0]

    assert Client().get(link).status_code == 200
    assert User.objects.get(pk=otto.user.pk).asleep_at is not None
    assert Client().post(link)["Location"] == "/accounts/login/"
    assert Client().get(link).status_code == 410
    signed_in(otto)
    assert actor_of_token(secret, at=timezone.now()) is not None
    with acting(FEED):
        assert put_to_sleep(at=timezone.now()) == 0


def test_a_waking_link_lives_for_ten_minutes_and_another_one_comes_before_it_ends(people, monkeypatch):
    """ASVS 5.0, 6.5.5."""
    otto = people["otto"].user
    User.objects.filter(pk=otto.pk).update(asleep_at=timezone.now())
    otto.refresh_from_db()
    link, began, now = f"/wake/{wake_token(otto)}/", time.time(), timezone.now()
    for seconds, status in ((599, 200), (602, 410)):
        monkeypatch.setattr("django.core.signing.time.time", lambda seconds=seconds: began + seconds)
        assert Client().get(link).status_code == status
    monkeypatch.undo()
    with acting(FEED):
        asked = [ask_to_wake(otto, actor=FEED, at=now + timedelta(seconds=one)) for one in (0, 119, 120)]
    assert asked == [True, False, True]


def test_a_sleeping_person_in_a_session_acts_for_nobody_and_nobody_falls_asleep_where_it_is_off(
    people, settings
):
    asha = people["asha"]
    User.objects.filter(pk=asha.user.pk).update(asleep_at=timezone.now())
    client = Client()
    client.force_login(asha.user)
    assert client.get("/orders/").status_code == 403
    sleeper = User.objects.get(pk=asha.user.pk)
    assert Client().get(f"/wake/{wake_token(sleeper)}x/").status_code == 410
    settings.DORMANT_AFTER = timedelta(0)
    unused(people["bea"])
    with acting(FEED):
        assert put_to_sleep(at=timezone.now()) == 0
