"""The list of people whose sign-in one looks after: who is found, and what it costs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kernel.scope import acting
from suppliers.models import User
from suppliers.signin.queries import DOORKEEPER
from tests.builders.signing_in import browser

pytestmark = pytest.mark.django_db


def test_pages_of_people_ask_as_much_for_thirty_as_for_one(people):
    client = browser(people["root"].user)
    client.get("/signin/people/")

    def asked():
        with CaptureQueriesContext(connection) as found:
            assert client.get("/signin/people/").status_code == 200
        return len(found)

    few = asked()
    with acting(DOORKEEPER):
        for number in range(30):
            User.objects.create_user(f"more{number}@northmoor.example", None, name=f"More {number}")
    assert asked() == few


def test_a_person_is_found_by_name_address_or_supplier(people):
    def found(words, name="root"):
        page = browser(people[name].user).get("/signin/people/", {"q": words})
        return {row["person"].email.partition("@")[0] for row in page.context["rows"]}

    assert found("ARUN") == {"arun"}
    assert "gil" in found("GLOBEX")
    assert "asha" not in found("GLOBEX")
    rows = browser(people["root"].user).get("/signin/people/").context["rows"]
    whom = {row["person"].name: row["acts_for"] for row in rows}
    assert (whom["Sam Both"], whom["Arun Acme"], whom["Bea Buyer"]) == (
        ["Acme Valves", "Globex"],
        ["Acme Valves"],
        [],
    )
    # A supplier's own administrator finds its own people, whatever the words.
    assert found("GLOBEX", "asha") == set()
    assert found("gil", "asha") == set()
