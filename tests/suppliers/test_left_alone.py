"""A session that nobody used for a while is locked: nobody acts in it until its person has answered, and nothing typed
is lost."""

import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from suppliers.models import FactorRule
from suppliers.signin.middleware import BY_ITSELF, USED, idle_time_of
from suppliers.signin.queries import all_demands
from tests.builders.factors import code_of, give_app, show_factor
from tests.builders.signing_in import hidden_in
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db

HOUR = 60
RULES, PREFERENCES, STILL_HERE = "/signin/rules/", "/preferences/", "/signin/here/"
QUESTION = re.compile(r"/step-up/\?to=")


@pytest.fixture(autouse=True)
def nobody_has_tried_yet():
    cache.clear()
    yield
    cache.clear()


def at_work(person) -> Client:
    client = Client()
    client.force_login(person.user)
    client.get(PREFERENCES)
    return client


def leave_alone(client, minutes):
    session = client.session
    session[USED] = int(time.time()) - minutes * 60
    session.save()


def test_after_an_hour_without_use_the_password_is_asked_for_and_one_goes_on_where_one_was(people):
    arun = people["arun"]
    client = at_work(arun)
    leave_alone(client, 59)
    assert client.get("/orders/?q=pump").status_code == 200
    leave_alone(client, 61)
    led = client.get("/orders/?q=pump")
    assert QUESTION.match(led["Location"])

    question = client.get(led["Location"])
    assert "You did nothing here for a while. Type your password" in question.content.decode()
    wrong = client.post("/step-up/", hidden_in(question) | {"factor-password": "not this one"})
    assert wrong.status_code == 422
    assert QUESTION.match(client.get("/orders/")["Location"])  # still locked
    right = client.post("/step-up/", hidden_in(wrong) | {"factor-password": PASSWORD})
    assert (right.status_code, right["Location"]) == (303, "/orders/?q=pump")
    assert client.get("/orders/?q=pump").status_code == 200


def test_who_moves_money_is_asked_after_half_an_hour(people):
    asked = {name: idle_time_of(person.actor) for name, person in people.items()}
    half, whole = timedelta(minutes=30), timedelta(minutes=60)
    assert {name for name, time_ in asked.items() if time_ == half} == {
        "asha",
        "gil",
        "bea",
        "otto",
        "root",
        "max",
    }
    assert {name for name, time_ in asked.items() if time_ == whole} == {
        "arun",
        "olga",
        "sam",
        "pia",
        "rex",
        "ines",
        "ada",
    }
    otto = at_work(people["otto"])
    leave_alone(otto, 31)
    assert QUESTION.match(otto.get("/orders/")["Location"])


def test_what_was_typed_is_sent_on_once_the_factor_is_shown(people):
    root = people["root"]
    secret, client = give_app(root.user), at_work(root)
    typed = {f"{one.side}-{one.role}-days": str(one.grace_days) for one in all_demands()}
    typed |= {"company-buyer": "on", "company-buyer-days": "7"}
    leave_alone(client, 31)

    asked = client.post(RULES, typed)
    assert (asked.status_code, FactorRule.objects.count()) == (409, 0)
    assert "Show that it is still you, and go on where you were." in asked.content.decode()
    question = client.post("/step-up/", hidden_in(asked))
    assert "Show your second factor, and go on where you were." in question.content.decode()
    assert "Back without it" not in question.content.decode()
    done = client.post("/step-up/", hidden_in(question) | {"factor-code": code_of(secret)}, follow=True)

    assert done.redirect_chain == [(RULES, 307), (RULES, 303)]
    assert FactorRule.objects.get(role="buyer", side="company").grace_days == 7


def test_a_password_is_no_answer_for_who_has_a_factor_and_no_password_comes_along(people):
    bea = people["bea"]
    give_app(bea.user)
    client = at_work(bea)
    leave_alone(client, 61)
    client.post("/step-up/", {"factor-to": "", "factor-password": PASSWORD})
    assert QUESTION.match(client.get("/orders/")["Location"])

    typed = {"oldpassword": PASSWORD, "password1": "a longer secret 77", "password2": "a longer secret 77"}
    led = client.post("/accounts/password/change/", typed)
    assert led.status_code == 303
    assert "a longer secret 77" not in client.get(led["Location"]).content.decode()


def test_who_has_neither_comes_by_the_provider_again(people):
    arun = people["arun"]
    arun.user.set_unusable_password()
    arun.user.save()
    client = at_work(arun)
    leave_alone(client, 61)

    led = client.get(client.get("/orders/?q=pump")["Location"], follow=True)

    assert led.redirect_chain == [("/accounts/login/?next=/orders/%3Fq%3Dpump", 302)]
    assert "Sign in again, and go on where you were." in led.content.decode()


def test_a_page_that_keeps_what_is_typed_stays_and_one_that_looks_by_itself_hears_nothing(people):
    client = at_work(people["bea"])
    here = {"hx-request": "true", "referer": "http://testserver/orders/?q=pump"}
    leave_alone(client, 31)

    typing = client.post("/orders/", {"q": "pump"}, headers=here)
    assert typing.status_code == 401  # portal.js keeps the page and offers the question beside it
    assert QUESTION.match(typing["HX-Redirect"])
    looking = client.post("/inbox/poll/", headers=here | {BY_ITSELF: "1"})
    assert (looking.status_code, looking.content) == (204, b"")


def test_looking_by_itself_is_no_use_and_use_is_written_down_once_a_minute(people):
    client = at_work(people["bea"])
    leave_alone(client, 20)
    before = client.session[USED]
    client.get("/orders/", headers={BY_ITSELF: "1"})
    assert client.session[USED] == before
    client.get("/orders/")
    assert client.session[USED] - before >= 20 * 60

    with CaptureQueriesContext(connection) as asked:
        client.get("/orders/")
    assert [one["sql"] for one in asked if one["sql"].startswith(("UPDATE", "INSERT", "DELETE"))] == []


def test_every_page_that_looks_by_itself_says_so():
    found = {}
    for path in Path(django_settings.BASE_DIR, "templates").rglob("*.html"):
        for tag in re.findall(r"<\w+ [^<]*?hx-trigger=\"[^\"]*\bevery \d[^<]*", path.read_text()):
            found[path.name] = 'hx-headers=\'{"X-By-Itself": "1"}\'' in tag
    assert found == dict.fromkeys(
        ("chase.html", "comparison.html", "invoice.html", "pdf_wait.html", "poller.html", "rehearsal.html"),
        True,
    )


def test_a_page_that_was_put_away_asks_whose_session_it_is_and_that_is_no_use_of_it(people):
    """What static/js/away.js reads."""
    client = at_work(people["pia"])
    page = client.get("/orders/").content.decode()
    who = re.search(r'data-who="(\w{32})" data-idle="3600"', page)[1]
    here = {"hx-request": "true", BY_ITSELF: "1", "referer": "http://testserver/orders/?q=pump"}
    leave_alone(client, 20)
    before = client.session[USED]
    assert client.get(STILL_HERE, headers=here).json() == {"who": who, "idle": 3600}
    assert client.session[USED] == before

    leave_alone(client, 61)
    locked = client.get(STILL_HERE, headers=here)
    assert (locked.status_code, bool(QUESTION.match(locked["HX-Redirect"]))) == (401, True)
    assert f'data-who="{who}"' in client.get("/step-up/").content.decode()
    client.post("/accounts/logout/")
    ended = client.get(STILL_HERE, headers=here)
    assert (ended.status_code, ended["HX-Redirect"]) == (401, "/accounts/login/?next=/orders/%3Fq%3Dpump")
    assert 'data-who=""' in client.get("/accounts/login/").content.decode()
    otto = at_work(people["otto"])
    assert otto.get(STILL_HERE, headers=here).json()["idle"] == 1800
    assert otto.get(STILL_HERE, headers=here).json()["who"] not in ("", who)


def test_in_anothers_place_the_page_is_put_away_when_the_administrators_session_is_locked(people):
    root, arun = people["root"], people["arun"]
    client = at_work(root)
    show_factor(client, root.user)
    typed = {"supplier": "ACME", "reason": "He cannot find the order."}
    assert client.post(f"/signin/people/{arun.user.pk}/act/", typed)["Location"] == "/"
    assert 'data-idle="1800"' in client.get("/orders/").content.decode()


def test_nobody_acts_in_a_locked_session_through_the_api_or_in_anothers_place(people):
    client = at_work(people["bea"])
    assert client.get("/api/v1/orders").status_code == 200
    leave_alone(client, 31)
    assert client.get("/api/v1/orders").status_code == 403
    assert client.get("/api/v1/orders").json()["code"] == "not_allowed"
    assert client.get("/accounts/sessions/").status_code == 302
    assert client.get("/health/live").status_code == 200
    assert client.get("/accounts/logout/").status_code == 200  # whoever is somebody else signs out
    client.post("/accounts/logout/")
    assert client.get("/orders/")["Location"].startswith("/accounts/login/")


def test_a_shown_factor_gives_the_session_another_key(people):
    """V7.2.4: ours and allauth's questions alike; the list of sessions goes on."""
    bea = people["bea"]
    secret, client = give_app(bea.user), at_work(bea)
    name = django_settings.SESSION_COOKIE_NAME
    show_factor(client, bea.user, ago=3600)

    def shown_at(address, typed):
        before = client.cookies[name].value
        client.post(address, typed | {"cached": ""})
        after = client.cookies[name].value
        thief = Client()
        thief.cookies[name] = before
        assert thief.get("/orders/")["Location"].startswith("/accounts/login/")
        assert client.get("/orders/").status_code == 200
        assert UserSession.objects.get(user=bea.user).session_key == after
        return before != after

    assert shown_at("/step-up/", {"factor-to": "", "factor-code": code_of(secret)})
    assert shown_at("/accounts/2fa/reauthenticate/", {"code": code_of(secret)})
    arun = people["arun"]
    other = at_work(arun)
    before = other.cookies[name].value
    other.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert other.cookies[name].value != before
