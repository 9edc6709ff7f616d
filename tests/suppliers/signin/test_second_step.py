"""The second step of a sign-in: where it is spared, with which code it is done, and what its person hears."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from suppliers.models import Device
from suppliers.signin.tasks import sweep_sign_in
from tests.builders.factors import code_of, give_app, give_codes, letters, show_factor
from tests.builders.signing_in import CHROME, DAY, RULES, browser, is_signed_in, rules_typed, type_password
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db


def test_a_device_may_be_spared_the_second_step_until_something_changes_and_never_the_question(people):
    root = people["root"]
    secret = give_app(root.user)
    client = browser()
    assert type_password(client, root)["Location"] == "/accounts/2fa/authenticate/"
    assert (
        "Do not ask on this device for 30 days" in client.get("/accounts/2fa/authenticate/").content.decode()
    )
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret), "trust": "on"})
    assert is_signed_in(client)
    assert client.post(RULES, rules_typed()).status_code == 303  # a factor was shown at sign-in

    def next_time():
        client.post("/accounts/logout/")
        type_password(client, root)
        return is_signed_in(client)

    assert next_time()
    assert client.post(RULES, rules_typed()).status_code == 409  # spared at sign-in, never here
    assert not is_signed_in_from_elsewhere(root)
    page = client.get("/accounts/sessions/").content.decode()
    device = Device.objects.get(user=root.user, trusted_until__isnull=False)
    assert f'name="device" value="{device.pk}"' in page

    client.post("/accounts/sessions/", {"device": device.pk})
    assert not next_time()
    for spoil in ("password", "factor", "time"):
        Device.objects.filter(pk=device.pk).update(trusted_until=None, fingerprint="")
        client.post("/accounts/logout/")
        type_password(client, root)
        client.post("/accounts/2fa/authenticate/", {"code": code_of(secret), "trust": "on"})
        assert next_time(), spoil
        if spoil == "password":
            typed = {"oldpassword": PASSWORD, "password1": PASSWORD + "!", "password2": PASSWORD + "!"}
            show_factor(client, root.user)
            client.post("/accounts/password/change/", typed)
            root.user.refresh_from_db()
            root.user.set_password(PASSWORD)
            root.user.save()
        elif spoil == "factor":
            give_codes(root.user)
        else:
            Device.objects.filter(pk=device.pk).update(trusted_until=timezone.now() - DAY)
        assert not next_time(), spoil


def is_signed_in_from_elsewhere(person):
    other = browser()
    type_password(other, person)
    return is_signed_in(other)


def test_a_recovery_code_works_once_and_its_use_is_told(people):
    bea = people["bea"]
    give_app(bea.user)
    code, *_rest = give_codes(bea.user)
    client = browser()
    type_password(client, bea)
    client.post("/accounts/2fa/authenticate/", {"code": code})
    assert is_signed_in(client)

    (letter,) = letters()
    assert letter.subject == "A recovery code of your account was used"
    assert "9 codes are left." in letter.body
    client.post("/accounts/logout/")
    type_password(client, bea)
    again = client.post("/accounts/2fa/authenticate/", {"code": code})
    assert "used already" in again.content.decode()
    assert not is_signed_in(client)


def test_whoever_runs_out_of_codes_is_told_in_time_and_then_whom_to_call(people):
    bea = people["bea"]
    give_app(bea.user)
    codes = give_codes(bea.user)
    more = "Make new ones while you still get in"
    said = []
    for code in codes[:8]:
        cache.clear()  # so many sign-ins in a minute are stopped elsewhere
        client = browser()
        type_password(client, bea)
        client.post("/accounts/2fa/authenticate/", {"code": code})
        said.append(
            (
                any(more in one.body for one in letters()),
                more in client.get("/accounts/2fa/").content.decode(),
            )
        )
    assert said == [(False, False)] * 7 + [(True, True)]
    second = browser()
    type_password(second, bea)
    page = second.get("/accounts/2fa/authenticate/").content.decode()
    assert "Call an administrator of your own company, or your customer" in page
    assert "Six digits of your app, or a recovery code" in page


def typed_wrong(person, code="00000", client=None):
    client = client or browser()
    type_password(client, person)
    client.post("/accounts/2fa/authenticate/", {"code": code})
    return client


def later(moment, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("suppliers.signin.tasks.timezone.now", lambda: moment)
        sweep_sign_in()
    return letters()


def test_a_password_that_was_right_without_the_second_step_is_told_once_a_day(people, monkeypatch):
    """ASVS 5.0, 6.3.5: whoever tried needs only the second factor now."""
    bea, wrong = people["bea"], "Somebody typed your password and a wrong code"
    give_app(bea.user)
    typed_wrong(bea)
    began = timezone.now()

    assert later(began + timedelta(minutes=9), monkeypatch) == []  # still looking for the phone, maybe
    (letter,) = later(began + timedelta(minutes=11), monkeypatch)
    assert (letter.to, letter.subject) == ([bea.email], wrong)
    assert CHROME in letter.body
    assert "127.0.0.1" in letter.body
    assert "/accounts/password/change/" in letter.body
    typed_wrong(bea)
    assert later(began + timedelta(minutes=30), monkeypatch) == []


def test_whoever_mistypes_and_then_gets_in_hears_nothing(people, monkeypatch):
    bea = people["bea"]
    secret = give_app(bea.user)
    client = typed_wrong(bea)
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert is_signed_in(client)
    client.post("/step-up/", {"factor-to": "", "factor-code": "00000"})  # signed in: another question

    assert later(timezone.now() + timedelta(minutes=11), monkeypatch) == []


def test_the_owner_who_comes_in_elsewhere_does_not_cover_who_did_not(people, monkeypatch):
    bea = people["bea"]
    secret = give_app(bea.user)
    typed_wrong(bea, client=Client(headers={"user-agent": "curl/8"}))
    own = browser()
    type_password(own, bea)
    own.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    letters()  # of the device that is new

    (letter,) = later(timezone.now() + timedelta(minutes=11), monkeypatch)
    assert letter.subject == "Somebody typed your password and a wrong code"
    assert "curl/8" in letter.body


def test_a_code_of_the_app_works_once(people):
    bea = people["bea"]
    secret = give_app(bea.user)
    code = code_of(secret)  # the cache that remembers it is emptied here, and not again
    here, there = browser(), browser()
    for client in (here, there):
        type_password(client, bea)
        again = client.post("/accounts/2fa/authenticate/", {"code": code})
    assert "used already" in again.content.decode()
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)

    asked = here.post("/step-up/", {"factor-to": "", "factor-code": code})
    assert asked.status_code == 422  # nor does the question for a factor take it


def test_a_code_that_the_app_shows_no_more_is_not_taken(people):
    bea = people["bea"]
    secret = give_app(bea.user)
    client = browser()
    type_password(client, bea)

    answer = client.post("/accounts/2fa/authenticate/", {"code": code_of(secret, before=1)})

    assert not is_signed_in(client)
    assert "That is not right" in answer.content.decode()


def test_a_reset_of_the_password_takes_no_factor_away_and_signs_nobody_in(people):
    bea = people["bea"]
    give_app(bea.user)
    client = browser()
    client.post("/accounts/password/reset/", {"email": bea.email})
    (letter,) = letters()
    link = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", letter.body)[1]
    page = client.get(link, follow=True)
    words = {"password1": "a brand new pass phrase", "password2": "a brand new pass phrase"}
    client.post(page.redirect_chain[-1][0], words)

    assert not is_signed_in(client)
    asked = client.post("/accounts/login/", {"login": bea.email, "password": "a brand new pass phrase"})
    assert asked["Location"] == "/accounts/2fa/authenticate/"
    assert not is_signed_in(client)
