"""The persona matrix: every address × everybody × own, and another supplier's, object.

The addresses come from the resolver, so a new door is red until it says what it shows (`SHOWS`) and has declared its
access. What is expected is read off the declaration: 403 for who may not, 404 for what is another supplier's,
sign-in for nobody, 405 for a method the door does not have.
"""

import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.kernel.actors import Side
from portal.kernel.pdf import pdf_file
from portal.kernel.scope import acting
from suppliers.models import FactorRule, User
from suppliers.signin.services import stand_in
from tests.builders.factors import show_factor
from tests.builders.matrix import SHOWS, Objects, make_objects
from tests.builders.pages import PageForm, forms_of, links_of
from tests.builders.world import MONDAY, make_world
from tests.database import made_once
from tests.people import COMPANY_SIDE, FEED, SUPPLIER_SIDE, Person, make_people
from tests.thoroughly import EVERYTHING

pytestmark = pytest.mark.django_db

# Other people's doors: they guard themselves, and none of them knows a supplier.
FOREIGN = ("allauth.", "django.views.static", "django.contrib.staticfiles", "django.views.i18n")


def patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry)
        else:
            yield entry


def our_doors() -> list[URLPattern]:
    return [one for one in patterns() if not one.callback.__module__.startswith(FOREIGN)]


def guarded_doors() -> list[URLPattern]:
    return [one for one in our_doors() if not access_of(one).public]


def access_of(pattern: URLPattern) -> Any:
    access = getattr(pattern.callback, "access", None)
    assert access is not None, f"{pattern.name or pattern.pattern} does not declare who may come in"
    return access


def name_of(pattern: URLPattern) -> str:
    return pattern.name or str(pattern.pattern)


def address(pattern: URLPattern, objects: Objects) -> str:
    wanted = list(pattern.pattern.converters)
    if not wanted:
        return reverse(pattern.name)
    shows: Callable[[Objects], dict[str, Any]] | None = SHOWS.get(pattern.name)
    assert shows, f"{pattern.name} takes {wanted}: say in tests/builders/matrix/addresses.py what it shows"
    return reverse(pattern.name, kwargs=shows(objects))


def ask(client: Client, method: str, url: str) -> int:
    response = client.generic(method, url)
    if response.streaming:
        b"".join(response.streaming_content)  # a file is closed once it has been sent
    return response.status_code


class Everything(NamedTuple):
    """Everybody, signed in, and one of everything of two suppliers."""

    people: dict[str, Person]
    objects: dict[str, Objects]
    sessions: dict[str, str]


@pytest.fixture(scope="module")
def everything(django_db_setup, django_db_blocker) -> Iterator[Everything]:
    """Made once for all doors, and rolled back behind each."""
    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            people = make_people(suppliers)
            objects = {number: make_objects(number, people) for number in ("ACME", "GLOBEX")}
        yield Everything(people, objects, {name: session_of(person) for name, person in people.items()})


def session_of(person: Person) -> str:
    """Of somebody who has shown a second factor a moment ago: who has not, is asked about below."""
    client = Client()
    client.force_login(person.user)
    show_factor(client, person.user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture(autouse=True)
def factors_stay_fresh(settings):
    """For as long as the matrix takes."""
    settings.FRESH_FACTOR_FOR = timedelta(days=1)


@pytest.fixture
def people(everything, db):
    return everything.people


@pytest.fixture
def objects(everything, db):
    return everything.objects


@pytest.fixture
def sessions(everything, db):
    return everything.sessions


def signed_in(session: str) -> Client:
    """A browser of its own: no answer to an earlier request changes it."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    return client


def test_every_door_declares_who_may_come_in():
    assert [name_of(one) for one in our_doors() if not hasattr(one.callback, "access")] == []


def test_every_door_has_a_name():
    assert [str(one.pattern) for one in our_doors() if not one.name] == []


@pytest.fixture
def blank_paper(monkeypatch):
    """Who gets a paper is asked here. Drawing it takes another process a second each time, and has tests of its own."""
    blank = pdf_file([b"<</Type /Catalog /Pages 2 0 R>>", b"<</Type /Pages /Kids [] /Count 0>>"])
    monkeypatch.setattr(
        "portal.kernel.pdf.subprocess.run",
        lambda command, **_: subprocess.CompletedProcess(command, 0, stdout=blank, stderr=b""),
    )


@pytest.mark.slow  # everybody at every door; that each is declared at all is asked in a moment
@pytest.mark.usefixtures("blank_paper")
@pytest.mark.parametrize("pattern", guarded_doors(), ids=name_of)
class TestDoor:
    """One door, everybody."""

    def methods(self, pattern):
        return [method for method in access_of(pattern).methods if method not in ("HEAD", "OPTIONS")]

    def test_nobody_is_sent_to_sign_in(self, pattern, objects, client):
        for method in self.methods(pattern):
            response = client.generic(method, address(pattern, objects["ACME"]))
            if response.status_code == 302:
                assert "/accounts/login/" in response["Location"]
            else:
                assert response.status_code == 401

    def test_everybody_gets_what_the_declaration_says(self, pattern, objects, people, sessions):
        access = access_of(pattern)
        for place, (name, person) in enumerate(people.items()):
            for method in self.methods(pattern):
                may = access.lets_in(person.actor, method)
                for owner in owners(pattern, person, place):
                    theirs = objects[owner]
                    status = ask(signed_in(sessions[name]), method, address(pattern, theirs))
                    story = f"{name} {method} {pattern.name} of {owner}: {status}"
                    assert status < 500, story
                    if not may:
                        assert status == 403, story
                    elif pattern.pattern.converters and is_stranger(person, theirs):
                        assert status == 404, story
                    else:
                        assert status not in (401, 403, 404, 405), story

    def test_other_methods_are_refused(self, pattern, objects, sessions):
        client = signed_in(sessions["bea"])
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(self.methods(pattern)):
            assert ask(client, method, address(pattern, objects["ACME"])) in (403, 405), method


def owners(pattern: URLPattern, person: Person, place: int) -> tuple[str, ...]:
    """Whose object somebody asks for. A supplier's people ask for their own and for the other's; to ours all suppliers
    are alike, so some ask for one's and some for the other's. What shows nobody's in particular is asked for once.
    """
    both = ("ACME", "GLOBEX")
    if not pattern.pattern.converters:
        return both[:1]
    return both if EVERYTHING or person.actor.side is Side.SUPPLIER else (both[place % 2],)


def is_stranger(person: Any, theirs: Objects) -> bool:
    return person.actor.side is Side.SUPPLIER and theirs.supplier_id not in person.actor.supplier_ids


# --- what pages offer ----------------------------------------------------------------------------------------

# Who sees most and may do least, of either side: to them a button is shown that is not for them, if to anybody. All
# others with EVERYTHING=1.
LOOK_ON = [*COMPANY_SIDE, *SUPPLIER_SIDE] if EVERYTHING else ["ada", "arun"]


@pytest.mark.slow
@pytest.mark.usefixtures("blank_paper")
@pytest.mark.parametrize("name", LOOK_ON)
def test_no_page_offers_what_is_refused_to_whoever_sees_it(objects, people, sessions, name):
    """Each link and each button leads to a door that is open to them; and what they may press is not refused either,
    which is for the service to say. (Forms as they stand in the middle of something: tests/security/test_forms.py.)
    """
    person, refused, tried = people[name], set(), set()
    theirs = objects["GLOBEX" if is_stranger(person, objects["ACME"]) else "ACME"]
    doors = {name_of(one): access_of(one) for one in guarded_doors()}
    for pattern in guarded_doors():
        url, access = address(pattern, theirs), access_of(pattern)
        if is_of_program(url) or "GET" not in access.methods or not access.lets_in(person.actor, "GET"):
            continue
        page = signed_in(sessions[name]).get(url)
        if page.streaming:
            b"".join(page.streaming_content)  # a file is closed once it has been sent
        if page.streaming or not page.headers.get("Content-Type", "").startswith("text/html"):
            continue
        forms = [form for form in forms_of(page.content, url) if form.is_offered]
        offered = {(door, "GET") for door in links_of(page.content, url)}
        offered |= {(form.door, "POST") for form in forms}
        for door, method in offered:
            if door in doors and not doors[door].lets_in(person.actor, method):
                refused.add((pattern.name, door))
        for form in forms:
            if form.door in doors and form.shape not in tried:
                tried.add(form.shape)
                if pressed(signed_in(sessions[name]), form) == 403:
                    refused.add((pattern.name, form.door))

    assert refused == set()


def pressed(client: Client, form: PageForm) -> int:
    """What comes of pressing it; and it is as it was before."""
    with transaction.atomic():
        answer = client.post(form.url, form.filled())
        transaction.set_rollback(True)
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer.status_code


def is_of_program(url: str) -> bool:
    return url.startswith("/api/")


def test_without_a_fresh_factor_no_door_that_needs_one_does_anything(objects, people, client):
    fresh = [pattern for pattern in guarded_doors() if access_of(pattern).fresh]
    client.force_login(people["root"].user)

    for pattern in fresh:
        access = access_of(pattern)
        for method in access.fresh_for or access.methods:
            url = address(pattern, objects["ACME"])
            response = client.generic(method, url)
            wanted = (403,) if is_of_program(url) else (302, 403, 409)
            assert response.status_code in wanted, f"{method} {pattern.name}: {response.status_code}"
            if response.status_code == 302:
                assert response["Location"].startswith("/step-up/"), pattern.name


@pytest.mark.slow
@pytest.mark.usefixtures("blank_paper")
def test_in_anothers_place_only_the_daily_work_is_open(objects, people, sessions):
    root, asha = people["root"], people["asha"]
    client = signed_in(sessions["root"])
    typed = {"supplier": "ACME", "reason": "She cannot find the order."}
    assert client.post(f"/signin/people/{asha.user.pk}/act/", typed)["Location"] == "/"
    theirs = stand_in(root.user, asha.user, asha.actor.supplier_ids[0])

    for pattern in guarded_doors():
        access = access_of(pattern)
        if pattern.name in ("impersonation-end", "step-up", "step-up-mail"):
            continue
        for method in access.methods:
            if method in ("HEAD", "OPTIONS"):
                continue
            status = ask(client, method, address(pattern, objects["ACME"]))
            may = access.lets_in(theirs, method)
            fresh = method in access.fresh_for if access.fresh_for else access.fresh
            is_closed = access.personal or fresh or pattern.name == "usersessions_list"
            story = f"{method} {pattern.name}: {status}"
            assert status < 500, story
            assert (status == 403) == (not may or is_closed), story

    for pattern in patterns():
        name = pattern.name or ""
        if not name.startswith(("mfa_", "account_")) or name in (
            "account_logout",
            "account_reset_password_from_key",  # the link of a mail, which takes no session
        ):
            continue
        wanted = {"pk": 1} if name.endswith(("_remove_webauthn", "_edit_webauthn")) else {}
        assert client.get(reverse(name, kwargs=wanted)).status_code == 403, name


@pytest.mark.slow
def test_who_owes_a_second_factor_sets_one_up_and_goes_nowhere_else(objects, people, sessions):
    with acting(FEED):
        User.objects.filter(pk=people["max"].user.pk).update(date_joined=MONDAY - timedelta(days=400))
        FactorRule.objects.update(since_at=MONDAY - timedelta(days=400))
    client = signed_in(sessions["max"])
    open_to_them = {"preferences", "language", "step-up", "step-up-mail"}

    for pattern in guarded_doors():
        for method in access_of(pattern).methods:
            if method in ("HEAD", "OPTIONS") or pattern.name in open_to_them:
                continue
            url = address(pattern, objects["ACME"])
            response = client.generic(method, url)
            if is_of_program(url):
                assert response.status_code == 403, pattern.name
                assert response.json()["code"] == "second_factor_required", pattern.name
            else:
                assert (response.status_code, response["Location"]) in (
                    (302, "/accounts/2fa/"),
                    (303, "/accounts/2fa/"),
                ), pattern.name
