"""Which passwords nobody may choose: those tried first, those made of what everybody here knows, those that leaked."""

import gzip
import hashlib
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import password_validation
from django.contrib.auth.password_validation import get_password_validators, validate_password
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.test import Client

from portal.kernel.scope import acting
from procurement.catalogue.models import Company
from suppliers.models import User
from suppliers.signin.common import common_passwords
from suppliers.signin.passwords import BreachedPassword, CommonPassword, without_words
from tests.builders.factors import letters
from tests.people import FEED, PASSWORD
from tests.portal.test_safety import GIVEN

COMMON = "This is one of the passwords that are tried first."


def refusals(password, user=None, validators=None):
    try:
        validate_password(password, user, validators)
    except ValidationError as refused:
        return refused.messages
    return []


@pytest.mark.parametrize(
    "password",
    [
        "password2026",
        "Passwort12345",
        "P@ssw0rd1234",
        "Sommer2026!!",
        "qwertzuiop123",
        "1qay2wsx3edc",
        "123456789012",
        "aaaaaaaaaaaaaaa",
        "lieferant123456",
        "PurchaseOrder1",
        "iloveyouforever",
        "michaelmichael",
        "welcome-welcome",
        "kartoffelpuffer",
        "abcd1234abcd1234",
    ],
)
def test_what_is_tried_first_is_refused_with_a_way_out(password):
    (said,) = refusals(password, validators=[CommonPassword()])
    assert said == COMMON + " Take four words that have nothing to do with each other."


def test_the_list_has_thousands_of_the_length_we_take_and_djangos_besides():
    ours = common_passwords()
    assert len(ours) > 50_000
    assert all(12 <= len(one) <= 24 and one == one.lower() for one in ours)
    path = Path(password_validation.__file__).parent / "common-passwords.txt.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        theirs = {line.strip() for line in file}
    assert ours | theirs == CommonPassword().passwords


@pytest.mark.django_db
def test_who_chooses_four_words_or_a_drawn_one_is_not_held_up():
    for password in (PASSWORD, "a brand new pass phrase", "tR7-vk2mPq9z", "Ofen Regen Zwölf Gabel"):
        assert refusals(password) == []


@pytest.mark.django_db
def test_names_that_everybody_knows_do_not_make_a_password(people):
    asha = people["asha"].user  # of ACME
    with acting(FEED):
        company = Company.objects.get(code="NM").name
    assert company == "Northmoor Supply"

    assert refusals("Northmoor-2031", asha) == [
        "“northmoor” is known to everybody here: without it this password has 5 characters. It needs 12 besides."
    ]
    for password in (
        "Quayside#8731x",
        "N0rthm00r.Valv3s",
        "qu@yside quayside",
        "ACME fittings 9",
        "asha@supplier1",
    ):
        assert any("is known to everybody here" in said for said in refusals(password, asha)), password
    assert refusals("northmoor rain oven twelve fork", asha) == []
    assert refusals("ACME rain oven 9", people["bea"].user) == []  # who does not act for ACME


@pytest.mark.django_db
def test_a_new_person_is_held_to_it_too():
    new = User(email="nia.newcomer@globex.example", name="Nia Newcomer")
    assert refusals("newcomer.1987", new)[-1] == (
        "“newcomer” is known to everybody here: without it this password has 5 characters. It needs 12 besides."
    )


def test_a_name_is_found_however_it_is_written():
    assert without_words("MÜLLER & Söhne 77", ["Müller & Söhne"]) == ("tt", ["muller&sohne"])
    assert without_words("Abc", ["Abc"]) == ("abc", [])  # too short to tell


@pytest.mark.django_db
def test_a_lost_password_cannot_become_a_common_one(people):
    Client().post("/accounts/password/reset/", {"email": "bea@northmoor.example"})
    (letter,) = letters()
    link = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", letter.body)[1]
    visitor = Client()
    address = visitor.get(link, follow=True).redirect_chain[-1][0]

    said = visitor.post(address, {"password1": "password12345", "password2": "password12345"})

    assert COMMON in said.content.decode()
    assert not User.objects.get(pk=people["bea"].user.pk).check_password("password12345")


# --- What may be chosen, and how it is compared -------------------------------------------------------------


def test_twelve_signs_will_do_of_whatever_kind_and_more_than_a_hundred_too():
    """V6.2.1, V6.2.5, V6.2.9: length alone; four thousand signs are the most that is hashed."""
    length = [
        {
            "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
            "OPTIONS": {"min_length": 12},
        }
    ]
    assert length[0] in django_settings.AUTH_PASSWORD_VALIDATORS
    (only,) = get_password_validators(length)
    assert "at least 12 characters" in refusals("elevensigns", validators=[only])[0]
    for password in ("twelve signs", "ofenregengabel", "OFENREGENGABEL", "ofen regen " * 12, "ö" * 4096):
        assert refusals(password, validators=[only]) == []


@pytest.mark.django_db
def test_a_password_is_compared_as_it_was_typed_and_does_not_run_out(people):
    """V6.2.8, V6.2.10: blanks at its ends, capitals and its last sign count; its age does not."""
    bea = people["bea"].user
    password = "  Ofen regen zwölf gabel " + "x" * 100
    bea.set_password(password)
    bea.save()
    with acting(FEED):
        User.objects.filter(pk=bea.pk).update(date_joined=datetime(2016, 1, 1, tzinfo=UTC))

    def opens(typed):
        cache.clear()
        client = Client()
        client.post("/accounts/login/", {"login": bea.email, "password": typed})
        return client.get("/preferences/").status_code == 200

    assert [opens(one) for one in (password.strip(), password.lower(), password[:-1], password)] == [
        False,
        False,
        False,
        True,
    ]


@pytest.mark.django_db
def test_the_old_password_is_asked_for_before_a_new_one_counts(people):
    """V6.2.3."""
    arun = people["arun"].user
    client = Client()
    client.force_login(arun)
    typed = {"password1": "a longer secret 77", "password2": "a longer secret 77"}
    for old in ({}, {"oldpassword": "not this one"}):
        client.post("/accounts/password/change/", typed | old)
        arun.refresh_from_db()
        assert arun.check_password(PASSWORD)
    client.post("/accounts/password/change/", typed | {"oldpassword": PASSWORD})
    arun.refresh_from_db()
    assert arun.check_password("a longer secret 77")


# --- Breached ones, from a file -----------------------------------------------------------------------------


def a_list(tmp_path, *passwords, suffix=":3", ordered=True):
    lines = [hashlib.sha1(one.encode()).hexdigest().upper() + suffix for one in passwords]
    path = tmp_path / "breached.txt"
    path.write_text("\n".join(sorted(lines) if ordered else lines) + "\n")
    return str(path)


@pytest.mark.parametrize("suffix", [":3", ""])
def test_each_of_a_list_is_found_and_no_other(tmp_path, suffix):
    leaked = [f"leaked password no {number}" for number in range(500)]
    breached = BreachedPassword(a_list(tmp_path, *leaked, suffix=suffix))

    for one in leaked:
        with pytest.raises(ValidationError, match="stolen elsewhere"):
            breached.validate(one)
    for number in range(500, 1000):
        breached.validate(f"leaked password no {number}")


def test_a_list_that_would_find_nothing_is_refused_when_the_portal_starts(tmp_path):
    unordered = a_list(tmp_path, *(f"leaked {number}" for number in range(200)), ordered=False)
    with pytest.raises(ImproperlyConfigured, match="ascending order"):
        BreachedPassword(unordered)
    plain = tmp_path / "plain.txt"
    plain.write_text("password\nletmein\n")
    with pytest.raises(ImproperlyConfigured, match="one SHA-1 in hexadecimal a line"):
        BreachedPassword(str(plain))
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        BreachedPassword(str(tmp_path / "nowhere.txt"))

    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "portal.settings", **GIVEN}
    for path, code in ((plain, 1), (a_list(tmp_path, "leaked"), 0)):
        started = subprocess.run(
            [sys.executable, "-c", "import django; django.setup()"],
            cwd=django_settings.BASE_DIR,
            env=environment | {"BREACHED_PASSWORDS": str(path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (started.returncode, "BREACHED_PASSWORDS" in started.stderr) == (code, bool(code))


def test_without_a_list_nothing_is_refused(settings):
    assert settings.AUTH_PASSWORD_VALIDATORS[-1]["OPTIONS"] == {"path": ""}
    (*_others, breached) = get_password_validators(settings.AUTH_PASSWORD_VALIDATORS)
    assert (breached.validate("anything at all"), breached.get_help_text()) == (None, "")
