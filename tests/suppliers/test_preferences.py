"""What is a person's own: preferences, language, and for whom to act."""

import uuid

import pytest
from django.test import Client

from portal.kernel.scope import acting
from suppliers.models import Supplier, User
from suppliers.queries import SESSION_KEY
from tests.builders.world import an_order
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db


def now(person):
    return User.objects.get(pk=person.user.pk)


def supplier(number):
    with acting(FEED):
        return Supplier.objects.get(number=number)


WHOLE = {
    "name": "Asha Rao",
    "language": "de",
    "time_zone": "Asia/Kolkata",
    "theme": "dark",
    "shortcuts": "off",
}


def test_all_is_kept_from_the_page(people):
    response = signed_in(people["asha"]).post("/preferences/", {**WHOLE, "page": "1"}, follow=True)

    asha = now(people["asha"])
    assert (asha.name, asha.language, asha.time_zone, asha.theme, asha.shortcuts) == (
        "Asha Rao",
        "de",
        "Asia/Kolkata",
        "dark",
        False,
    )
    assert 'data-bs-theme="dark"' in response.content.decode()
    assert 'lang="de"' in response.content.decode()
    assert 'data-keys="off"' in response.content.decode()


def test_a_menu_posts_one_field_and_the_rest_stays(people):
    response = signed_in(people["asha"]).post("/preferences/", {"theme": "light", "next": "/orders/?q=1"})

    assert (response.status_code, response["Location"]) == (303, "/orders/?q=1")
    asha = now(people["asha"])
    assert (asha.theme, asha.name, asha.language, asha.shortcuts) == ("light", "Asha Acme", "en", True)


def test_the_dialog_of_keys_saves_without_a_page(people):
    client = signed_in(people["asha"])
    quiet = {"HX-Request": "true"}

    assert client.post("/preferences/", {"shortcuts": ["off"]}, headers=quiet).status_code == 204
    assert now(people["asha"]).shortcuts is False
    client.post("/preferences/", {"shortcuts": ["off", "on"]}, headers=quiet)
    assert now(people["asha"]).shortcuts is True


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("language", "xx"),
        ("time_zone", "Mars/Olympus"),
        ("theme", "pink"),
        ("shortcuts", "maybe"),
        ("name", ""),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(people, field, value):
    response = signed_in(people["asha"]).post("/preferences/", {**WHOLE, field: value})

    assert response.status_code == 422
    assert now(people["asha"]).theme == "system"


def test_nobody_leaves_the_house_by_next(people):
    response = signed_in(people["asha"]).post(
        "/preferences/", {"theme": "light", "next": "https://evil.example/"}
    )

    assert response["Location"] == "/preferences/"


def test_before_sign_in_the_language_is_kept_in_a_cookie():
    client = Client()

    response = client.post("/language/", {"language": "de", "next": "/accounts/login/"})

    assert (response.status_code, response["Location"]) == (303, "/accounts/login/")
    assert 'lang="de"' in client.get("/accounts/login/").content.decode()
    assert "django_language" not in Client().post("/language/", {"language": "xx"}).cookies
    assert client.get("/language/").status_code == 405


def test_a_person_of_two_suppliers_switches_between_them(people):
    acme, globex = an_order("A", 1), an_order("G", 1, supplier="GLOBEX")
    sam = signed_in(people["sam"])
    assert (sam.get(f"/orders/{acme.key}/").status_code, sam.get(f"/orders/{globex.key}/").status_code) == (
        200,
        404,
    )

    response = sam.post("/switch/", {"supplier": str(supplier("GLOBEX").key), "next": "/orders/"})

    assert (response.status_code, response["Location"]) == (303, "/orders/")
    assert sam.session[SESSION_KEY] == supplier("GLOBEX").pk
    assert (sam.get(f"/orders/{acme.key}/").status_code, sam.get(f"/orders/{globex.key}/").status_code) == (
        404,
        200,
    )


def test_switching_leaves_a_paper_of_the_other_supplier(people):
    order = an_order("A", 1)

    response = signed_in(people["sam"]).post(
        "/switch/", {"supplier": str(supplier("GLOBEX").key), "next": f"/orders/{order.key}/"}
    )

    assert response["Location"] == "/"


@pytest.mark.parametrize("name", ["asha", "sam", "bea"])
def test_a_supplier_that_is_not_mine_is_not_there(people, name):
    client = signed_in(people[name])
    wanted = uuid.uuid4() if name == "sam" else supplier("GLOBEX").key

    assert client.post("/switch/", {"supplier": str(wanted)}).status_code == 404
    assert client.post("/switch/", {"supplier": "nonsense"}).status_code == 404
    assert SESSION_KEY not in client.session


def test_the_menu_names_all_my_suppliers_although_the_page_sees_only_one(people):
    text = signed_in(people["sam"]).get("/orders/").content.decode()

    assert "Acme Valves" in text
    assert "Globex" in text
