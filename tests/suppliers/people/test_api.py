"""People and invitations over the API: in a person's own session, with their own rights."""

import pytest
from django.test import Client

from portal.kernel.scope import acting
from suppliers.models import Invitation, Membership, User
from tests.builders.factors import show_factor
from tests.people import FEED

pytestmark = pytest.mark.django_db


def as_person(person, *, factor=False):
    client = Client()
    client.force_login(person.user)
    if factor:
        show_factor(client, person.user)

    def call(method, path, body=None):
        sent = {"data": body, "content_type": "application/json"} if body is not None else {}
        return getattr(client, method)(f"/api/v1/{path}", **sent)

    return call


def test_an_administrator_manages_its_own_people(people, tokens):
    asha, root = as_person(people["asha"]), as_person(people["root"])
    names = [one["name"] for one in asha("get", "people").json()["results"]]
    assert names == ["Asha Acme", "Arun Acme", "Olga Acme", "Sam Both"]
    assert [one["supplier"] for one in root("get", "people?supplier=GLOBEX").json()["results"]] == [
        "GLOBEX"
    ] * 2
    with acting(FEED):
        olga = Membership.objects.get(user=people["olga"].user).pk
        gil = Membership.objects.get(user=people["gil"].user).pk

    assert asha("post", f"people/{olga}/role", {"role": "shipping"}).json()["role"] == "shipping"
    assert asha("post", f"people/{gil}/role", {"role": "shipping"}).status_code == 404
    assert asha("post", f"people/{olga}/role", {"role": "buyer"}).status_code == 400
    assert asha("post", f"people/{olga}/remove", {}).json()["name"] == "Olga Acme"
    assert asha("get", f"people/{olga}").status_code == 404

    made = asha("post", "invitations", {"address": "k@acme.example", "role": "orders"})
    assert (made.status_code, made.json()["supplier"], made.json()["state"]) == (201, "ACME", "sent")
    key = made.json()["key"]
    other = asha("post", "invitations", {"address": "k@x.example", "role": "orders", "supplier": "GLOBEX"})
    assert other.status_code == 422
    assert as_person(people["gil"])("post", f"invitations/{key}/revoke", {}).status_code == 404
    assert asha("post", f"invitations/{key}/resend", {}).status_code == 409
    assert asha("post", f"invitations/{key}/revoke", {}).json()["state"] == "revoked"
    assert [one["state"] for one in root("get", "invitations?state=revoked").json()["results"]] == ["revoked"]
    assert "token" not in str(made.json())
    assert tokens("ACME").get("/api/v1/people").status_code == 403
    assert as_person(people["arun"])("get", "people").status_code == 403


def test_our_administrator_manages_our_own(people):
    root, ada = as_person(people["root"], factor=True), as_person(people["ada"])
    without = as_person(people["root"])("post", f"staff/{people['otto'].user.pk}/close", {})
    assert (without.status_code, without.json()["code"]) == (403, "fresh_factor_needed")
    made = root("post", "staff/invitations", {"address": "nia@northmoor.example", "role": "planner"})
    assert (made.status_code, made.json()["supplier"]) == (201, None)
    key = made.json()["key"]
    assert len(ada("get", "staff").json()["results"]) == 8
    assert [one["key"] for one in ada("get", "staff/invitations").json()["results"]] == [key]
    assert ada("get", f"invitations/{key}").status_code == 200
    assert ada("post", f"invitations/{key}/revoke", {}).status_code == 403
    assert as_person(people["asha"])("get", f"invitations/{key}").status_code == 404
    otto = people["otto"].user.pk
    assert root("post", f"staff/{otto}/role", {"role": "manager"}).json()["role"] == "manager"
    assert root("post", f"staff/{otto}/close", {}).json()["is_active"] is False
    assert root("post", f"staff/{otto}/open", {}).json()["is_active"] is True
    assert root("post", f"staff/{people['root'].user.pk}/close", {}).status_code == 403
    assert as_person(people["max"])("post", f"staff/{otto}/close", {}).status_code == 403
    with acting(FEED):
        assert Invitation.objects.get(key=key).invited_by == "Root Admin"
        assert User.objects.get(pk=otto).company_role == "manager"
