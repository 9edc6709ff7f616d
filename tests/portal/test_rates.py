"""How much somebody may ask for in a minute: exact counts, who is counted with whom, and that nothing typed is lost."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal import backing, rates
from portal.kernel.scope import acting
from portal.kernel.security.models import SecurityEvent
from portal.kernel.security.services import GUARD
from suppliers.models import User
from tests.portal.test_safety import start_with
from tests.tenancy.test_matrix import name_of, patterns

pytestmark = pytest.mark.django_db

PAGE = "/preferences/"


@pytest.fixture(autouse=True)
def nothing_was_counted():
    cache.clear()


@pytest.fixture
def three(settings):
    settings.PAGES_A_MINUTE = settings.WRITES_A_MINUTE = 3


def browser(person=None, **extra):
    client = Client(**extra)
    if person is not None:
        client.force_login(person.user)
    return client


def static(client):
    answer = client.get("/static/js/portal.js")
    b"".join(answer.streaming_content)  # a file is closed once it has been sent
    return answer.status_code


def codes(client, times, path=PAGE, **extra):
    return [client.get(path, **extra).status_code for _each in range(times)]


def throttled():
    with acting(GUARD):
        return list(SecurityEvent.objects.filter(kind="request.throttled").order_by("id"))


def test_one_too_many_in_a_minute_is_turned_away_with_a_way_out(people, three):
    asha = browser(people["asha"])

    assert codes(asha, 3) == [200, 200, 200]
    answer = asha.get(f"{PAGE}?tab=1")

    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    page = answer.content.decode()
    assert "That was too much at once" in page
    assert f'href="{PAGE}?tab=1">Try again' in page
    assert '<a class="btn" href="/">To your own work' in page
    assert "Nothing was changed" not in page  # nothing was to be


def test_what_is_set_where_nobody_says_otherwise():
    """Far beyond what hands do: the tests, which are faster, set it out of their own way."""
    told = "s.PAGES_A_MINUTE, s.WRITES_A_MINUTE"
    done = start_with(told, QUAYSIDE_MODE="local", SECRET_KEY="x" * 64)
    assert done.stdout.split() == ["600", "300"]
    assert (django_settings.PAGES_A_MINUTE, django_settings.WRITES_A_MINUTE) == (1_000_000, 1_000_000)


def test_the_reader_hears_of_it_in_their_language(people, three):
    User.objects.filter(pk=people["asha"].user.pk).update(language="de")
    asha = browser(people["asha"])
    codes(asha, 3)

    assert "Das war zu viel auf einmal" in asha.get(PAGE).content.decode()


def test_it_is_by_person_and_not_by_the_address_of_an_office(people, three):
    asha, arun = browser(people["asha"]), browser(people["arun"])

    assert codes(asha, 4) == [200, 200, 200, 429]
    assert codes(arun, 3) == [200, 200, 200]
    elsewhere = browser(people["asha"], REMOTE_ADDR="198.51.100.9")
    assert codes(elsewhere, 1) == [429]


def test_strangers_are_counted_by_their_network(three):
    def stranger(address):
        return browser(REMOTE_ADDR=address)

    assert codes(stranger("192.0.2.7"), 4, "/accounts/login/") == [200, 200, 200, 429]
    assert codes(stranger("192.0.2.8"), 1, "/accounts/login/") == [200]
    assert codes(stranger("2001:db8::1"), 3, "/accounts/login/") == [200, 200, 200]
    assert codes(stranger("2001:db8::2"), 1, "/accounts/login/") == [429]
    assert codes(stranger("2001:db8:0:1::2"), 1, "/accounts/login/") == [200]


def test_a_header_that_anybody_can_write_is_no_address(three):
    answers = [
        Client(HTTP_X_FORWARDED_FOR=f"10.0.0.{n}").get("/accounts/login/").status_code for n in range(4)
    ]

    assert answers == [200, 200, 200, 429]


def test_where_nobody_knows_from_where_nobody_is_counted(three):
    assert codes(browser(REMOTE_ADDR=""), 5, "/accounts/login/") == [200] * 5


def test_reading_and_writing_are_counted_apart(people, settings):
    settings.PAGES_A_MINUTE, settings.WRITES_A_MINUTE = 3, 2
    asha = browser(people["asha"])

    assert codes(asha, 4) == [200, 200, 200, 429]
    written = [asha.post(PAGE, {"theme": "dark"}).status_code for _each in range(3)]
    assert written == [303, 303, 429]


def test_what_was_typed_comes_back_and_is_sent_again(people, settings):
    settings.WRITES_A_MINUTE = 1
    asha = Client(enforce_csrf_checks=True)
    asha.force_login(people["asha"].user)
    mark = re.search(r'csrfmiddlewaretoken" value="([^"]+)', asha.get(PAGE).content.decode())[1]
    asha.post(PAGE, {"csrfmiddlewaretoken": mark, "theme": "light"})

    answer = asha.post(PAGE, {"csrfmiddlewaretoken": mark, "theme": "dark"})
    page = answer.content.decode()
    assert answer.status_code == 429
    assert "Nothing was changed. What you typed is kept" in re.sub(r"(</?p>|\s)+", " ", page)
    assert User.objects.get(pk=people["asha"].user.pk).theme == "light"

    form = page.partition("<form")[2]
    sent = dict(re.findall(r'<textarea name="(\w+)" hidden>\n([^<]*)</textarea>', form))
    sent["csrfmiddlewaretoken"] = re.search(r'csrfmiddlewaretoken" value="([^"]+)', form)[1]
    assert f'action="{PAGE}"' in form
    cache.clear()  # a minute later
    assert asha.post(PAGE, sent).status_code == 303
    assert User.objects.get(pk=people["asha"].user.pk).theme == "dark"


@pytest.mark.parametrize(
    ("who", "address", "field"),
    [
        ("asha", "/accounts/password/change/", "oldpassword"),
        ("asha", "/my-address/", "password"),
        ("asha", "/tokens/mine/", "password"),
        ("root", "/signin/providers/new/oidc/", "secret"),
    ],
)
def test_no_password_and_no_secret_comes_back(people, settings, who, address, field):
    settings.WRITES_A_MINUTE = 1
    client = browser(people[who])
    client.post(PAGE, {"theme": "dark"})

    answer = client.post(address, {field: "a secret of hers", "name": "Mine"})

    assert answer.status_code == 429
    assert "a secret of hers" not in answer.content.decode()
    assert "Send it again" not in answer.content.decode()
    assert "Nothing was changed." in answer.content.decode()


def test_a_large_file_takes_nothing_typed_with_it_and_the_question_for_a_factor_keeps_its_way(
    people, settings
):
    settings.WRITES_A_MINUTE = 1
    asha = browser(people["asha"])
    asha.post(PAGE, {"theme": "dark"})

    big = SimpleUploadedFile("picture.png", b"x" * 300_000)
    page = asha.post(PAGE, {"theme": "light", "picture": big}).content.decode()
    assert "picture.png" in page
    assert 'name="theme" hidden>\nlight' in page
    shown = {"factor-to": "signed", "factor-code": "123456", "reason": "She asked for it."}
    page = asha.post("/step-up/", shown).content.decode()
    assert 'name="factor-to" hidden>\nsigned' in page
    assert 'name="reason" hidden>\nShe asked for it.' in page
    assert "123456" not in page
    assert "hers" not in asha.post("/step-up/", shown | {"secret": "hers"}).content.decode()


def test_where_something_was_tried_too_often_the_page_is_ours_too(settings):
    """What allauth turns away, such as a password that is asked for again and again, has the same look."""
    for _each in range(11):
        answer = browser().post("/accounts/password/reset/", {"email": "asha@supplier.example"})

    page = answer.content.decode()
    assert answer.status_code == 429
    assert "Wait a few minutes, then try again." in page
    assert "Send it again" not in page


def test_a_page_that_stays_gets_the_status_alone(people, three):
    """Its shell has the sentence (static/js/portal.js), and what was typed is still there."""
    asha = browser(people["asha"])
    codes(asha, 3)

    answer = asha.get(PAGE, headers={"HX-Request": "true"})

    assert (answer.status_code, answer.content) == (429, b"")
    assert 0 < int(answer["Retry-After"]) <= 60


def test_it_is_noted_once_for_each_person_and_minute(people, three):
    asha, arun = browser(people["asha"]), browser(people["arun"])
    assert codes(asha, 8) == [200] * 3 + [429] * 5
    assert [one.user_id for one in throttled()] == [people["asha"].user.pk]
    codes(arun, 5)

    assert [one.user_id for one in throttled()] == [people["asha"].user.pk, people["arun"].user.pk]
    cache.clear()  # a minute later
    codes(asha, 5)
    assert len(throttled()) == 3


def test_whoever_is_turned_away_costs_no_more_than_who_it_is(people, three, django_assert_num_queries):
    """Nothing of the page is made, nothing of the rail around it either, and counting asks the database nothing."""
    asha = browser(people["asha"])
    codes(asha, 4)

    for headers in ({"HX-Request": "true"}, {}):
        with django_assert_num_queries(3):  # the session, the person, for whom the person acts
            assert asha.get(PAGE, headers=headers).status_code == 429


def test_where_nobody_can_count_nobody_is_sent_away(people, three, settings):
    asha = browser(people["asha"])
    settings.CACHES = {"default": backing.cache(urlsplit("redis://127.0.0.1:1/1"))}

    assert codes(asha, 5) == [200] * 5


# Doors without the mark of our pages, and what stands for a rate there.
OF_MACHINES = {"gateway-in": "a signature", "mail-in": "a signature", "saml_acs": "sso's own rate"}


def test_machines_have_rates_of_their_own(people, settings):
    settings.PAGES_A_MINUTE = settings.WRITES_A_MINUTE = 1
    client = browser()

    for path in ("/health/live", "/api/v1/orders", "/scim/v2/Users"):
        assert 429 not in codes(client, 3, path), path
    assert [static(client) for _each in range(3)] == [200, 200, 200]
    unsigned = [client.post("/mail/in/", b"x", content_type="text/plain").status_code for _each in range(3)]
    assert 429 not in unsigned
    assert codes(client, 2, "/accounts/login/") == [200, 429]


def test_every_door_that_is_not_counted_is_one_of_machines():
    free = set()
    for one in patterns():
        request = type("Asked", (), {"resolver_match": type("Match", (), {"view_name": name_of(one)})})
        if rates.has_rate_of_its_own(request, one.callback):
            free.add(name_of(one))
    programs = {name for name in free if name.startswith(("api-", "scim-", "health-"))}

    assert free - programs == {"metrics", *OF_MACHINES}
    assert "api-reference" not in programs
    assert "notices-stop" not in free
