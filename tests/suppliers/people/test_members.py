"""The people of a supplier and of the buying side: seen, given another role, removed; and what ends with that."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Invalid, NotAllowed, NotFound
from portal.kernel.scope import acting
from suppliers.authentication import actor_of_token
from suppliers.models import Invitation, Membership, User
from suppliers.people.messages import InvitePerson
from suppliers.people.services import (
    LastAdministrator,
    change_member_role,
    change_staff_role,
    deactivate_staff,
    invite_person,
    reactivate_staff,
    remove_member,
)
from suppliers.roles import CompanyRole, SupplierRole
from suppliers.services import create_own_token, create_token, revoke_token
from tests.builders.factors import show_factor
from tests.builders.notices import mailed
from tests.people import FEED, PASSWORD

pytestmark = pytest.mark.django_db


def signed_in(person):
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert client.get("/preferences/").status_code == 200
    return client


def with_factor(client, person):
    """A second factor was shown a moment ago."""
    show_factor(client, person.user)
    return client


def member_of(person, number="ACME"):
    with acting(FEED):
        return Membership.objects.get(user=person.user, supplier__number=number)


def do(verb, who, *args):
    with acting(who.actor):
        return verb(*args, actor=who.actor, at=timezone.now())


def test_an_administrator_sees_its_own_people_and_nothing_of_others(people):
    asha = signed_in(people["asha"])
    page = asha.get("/people/")
    rows = {row.user.name: (row.role, row.standing.has_factor, row.word) for row in page.context["rows"]}

    assert rows == {
        "Asha Acme": ("Administrator", False, "Active"),
        "Arun Acme": ("Read only", False, "Active"),
        "Olga Acme": ("Orders", False, "Active"),
        "Sam Both": ("Orders", False, "Active"),
    }
    assert "Globex" not in page.content.decode()
    assert [row.standing.last_sign_in_at is None for row in page.context["rows"]] == [True, False, True, True]
    assert signed_in(people["olga"]).get("/people/").status_code == 403
    ours = signed_in(people["root"])
    assert {row.user.name for row in ours.get("/people/?supplier=GLOBEX").context["rows"]} == {
        "Gil Globex",
        "Sam Both",
    }
    assert [row.user.name for row in ours.get("/people/?q=olga").context["rows"]] == ["Olga Acme"]
    assert b'action="/people/' not in signed_in(people["ada"]).get("/people/").content
    assert signed_in(people["bea"]).get("/people/").status_code == 403


@pytest.mark.parametrize(
    ("name", "address"), [("asha", "/people/"), ("root", "/people/"), ("root", "/staff/")]
)
def test_lists_cost_the_same_with_one_and_with_thirty(people, world, name, address):
    client, counts = Client(), []
    client.force_login(people[name].user)
    client.get(address)
    for size in (1, 30):
        with acting(FEED):
            for n in range(size):
                role = CompanyRole.PLANNER if address == "/staff/" else ""
                user = User.objects.create_user(f"n{size}-{n}@x.example", name=f"N {n}", company_role=role)
                if not role:
                    Membership.objects.create(user=user, supplier=world["ACME"], role="orders")
                to = None if role else world["ACME"].pk
                paper = InvitePerson(f"i{size}-{n}@x.example", role or "orders", to)
                invite_person(paper, actor=FEED, at=timezone.now())
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_role_is_changed_by_its_administrator_and_by_ours(people):
    olga, asha = people["olga"], people["asha"]
    client = signed_in(olga)
    assert client.get("/tokens/").status_code == 403
    do(change_member_role, asha, member_of(olga).pk, SupplierRole.ADMINISTRATOR)
    assert client.get("/tokens/").status_code == 200  # from the next click
    do(change_member_role, people["root"], member_of(olga).pk, SupplierRole.COMPANY_DATA)
    assert client.get("/tokens/").status_code == 403
    with acting(FEED):
        told = AuditEvent.objects.filter(kind="supplier.member_role_changed").order_by("id")
        assert [(one.actor_label, one.facts["from"], one.facts["to"]) for one in told] == [
            ("Asha Acme", "orders", "administrator"),
            ("Root Admin", "administrator", "company_data"),
        ]
    with pytest.raises(Invalid):
        do(change_member_role, asha, member_of(olga).pk, "buyer")
    with pytest.raises(NotAllowed):
        do(change_member_role, olga, member_of(olga).pk, SupplierRole.ADMINISTRATOR)
    for verb, more in ((change_member_role, ("orders",)), (remove_member, ())):
        with pytest.raises(NotFound):
            do(verb, asha, member_of(people["gil"], "GLOBEX").pk, *more)


def test_the_last_administrator_stays_one_unless_we_say_otherwise(people):
    asha, olga = people["asha"], people["olga"]
    with pytest.raises(LastAdministrator):
        do(change_member_role, asha, member_of(asha).pk, SupplierRole.ORDERS)
    with pytest.raises(LastAdministrator):
        do(remove_member, asha, member_of(asha).pk)
    do(change_member_role, asha, member_of(olga).pk, SupplierRole.ADMINISTRATOR)
    User.objects.filter(pk=olga.user.pk).update(asleep_at=timezone.now())
    with pytest.raises(LastAdministrator):  # who sleeps looks after nothing
        do(remove_member, asha, member_of(asha).pk)
    User.objects.filter(pk=olga.user.pk).update(asleep_at=None)
    do(remove_member, asha, member_of(asha).pk)
    do(remove_member, people["root"], member_of(olga).pk)  # ours invite the next one


def test_who_is_removed_is_out_at_once_and_goes_on_elsewhere(people):
    asha, sam = people["asha"], people["sam"]
    do(change_member_role, asha, member_of(sam).pk, SupplierRole.ADMINISTRATOR)
    now = timezone.now()
    with acting(FEED):
        as_admin = replace(sam.actor, permissions=asha.actor.permissions)
        paper = InvitePerson("k@acme.example", "orders", asha.actor.supplier_ids[0])
        by_sam = invite_person(paper, actor=as_admin, at=now)
    client = signed_in(sam)

    signed_in(asha).post(f"/people/{member_of(sam).pk}/remove/")

    assert client.get("/orders/")["Location"].startswith("/accounts/login/")
    again = signed_in(sam)
    assert again.get("/people/").status_code == 403  # of Globex, where Sam only reads
    with acting(FEED):
        assert Invitation.objects.get(pk=by_sam.pk).state == "sent"
        assert AuditEvent.objects.filter(actor_label="Sam Both").exists()
        left = AuditEvent.objects.get(kind="supplier.member_removed")
        assert (left.facts["name"], left.supplier_id) == ("Sam Both", asha.actor.supplier_ids[0])
    do(remove_member, people["gil"], member_of(sam, "GLOBEX").pk)
    alone = Client()
    sam.user.refresh_from_db()
    alone.force_login(sam.user)
    shut = alone.get("/")  # acts for nobody any more
    said = shut.content.decode()
    assert shut.status_code == 403
    assert "You are signed in as sam@supplier.example, but no company has you act for it" in said
    assert 'action="/accounts/logout/"' in said
    assert 'href="/">To your own work' not in said  # there is none: the way led back to this page
    assert "You may not do that" in signed_in(people["arun"]).get("/people/invite/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_other_administrators_hear_of_tokens_that_outlive_who_made_them(people, world):
    asha, sam, acme = people["asha"], people["sam"], world["ACME"]
    do(change_member_role, asha, member_of(sam).pk, SupplierRole.ADMINISTRATOR)
    with acting(asha.actor):
        for name, scope in (("Order desk", "read"), ("Billing", "invoice"), ("Old", "invoice")):
            made = create_token(name, scope, supplier=acme, actor=asha.actor, at=timezone.now())
        revoke_token(made.token, actor=asha.actor, at=timezone.now())
    mailed()

    do(change_member_role, people["root"], member_of(asha).pk, SupplierRole.INVOICING)
    (letter,) = mailed()
    assert letter.to == ["Sam Both <sam@supplier.example>"]
    assert letter.subject == "Access tokens of Asha Acme are still in use"
    assert "Order desk, Billing" in letter.body
    assert "Old" not in letter.body
    assert "Asha Acme, who made it, is no administrator here any more" in signed_in(sam).get(
        "/tokens/"
    ).content.decode().replace("\n", " ")

    do(change_member_role, people["root"], member_of(asha).pk, SupplierRole.ADMINISTRATOR)
    do(remove_member, people["root"], member_of(asha).pk)
    assert sorted(one.subject for one in mailed()) == [
        "Access tokens of Asha Acme are still in use",
        "You do not act for Acme Valves any more",
    ]


@pytest.mark.django_db(transaction=True)
def test_who_is_removed_hears_of_it(people):
    do(remove_member, people["asha"], member_of(people["olga"]).pk)

    (letter,) = mailed()
    assert letter.to == ["Olga Acme <olga@supplier.example>"]
    assert letter.subject == "You do not act for Acme Valves any more"


def test_our_own_people_are_changed_closed_and_opened(people):
    root, otto = people["root"], people["otto"]
    with acting(otto.actor):
        secret = create_own_token("desk", actor=otto.actor, at=timezone.now()).secret
    client, admin = signed_in(otto), signed_in(root)
    assert admin.post(f"/staff/{otto.user.pk}/close/").status_code == 409  # a second factor first
    with_factor(admin, root)
    assert actor_of_token(secret, at=timezone.now())

    page = admin.get("/staff/").content.decode()
    assert f"/staff/{otto.user.pk}/close/" in page
    assert f"/staff/{root.user.pk}/" not in page
    assert admin.post(f"/staff/{otto.user.pk}/close/").status_code == 303
    assert client.get("/orders/")["Location"].startswith("/accounts/login/")
    assert actor_of_token(secret, at=timezone.now()) is None
    refused = Client()
    refused.post("/accounts/login/", {"login": otto.email, "password": PASSWORD})
    assert "_auth_user_id" not in refused.session

    assert admin.post(f"/staff/{otto.user.pk}/open/").status_code == 303
    signed_in(otto)
    assert actor_of_token(secret, at=timezone.now()) is None  # it was ended, not lent
    do(change_staff_role, root, otto.user.pk, CompanyRole.PLANNER)
    assert User.objects.get(pk=otto.user.pk).company_role == "planner"


def test_nobody_changes_themselves_and_one_administrator_remains(people):
    root, otto = people["root"], people["otto"]
    for verb, more in ((change_staff_role, ("manager",)), (deactivate_staff, ()), (reactivate_staff, ())):
        with pytest.raises(NotAllowed, match="for oneself"):
            do(verb, root, root.user.pk, *more)
        with pytest.raises(NotAllowed, match="Only the supplier administrator"):
            do(verb, people["max"], otto.user.pk, *more)
        with pytest.raises(NotFound):
            do(verb, root, people["asha"].user.pk, *more)
    with acting(FEED), pytest.raises(LastAdministrator):
        deactivate_staff(root.user.pk, actor=FEED, at=timezone.now())
    do(change_staff_role, root, otto.user.pk, CompanyRole.ADMINISTRATOR)
    with acting(FEED):
        deactivate_staff(root.user.pk, actor=FEED, at=timezone.now() + timedelta(minutes=1))
    with pytest.raises(NotAllowed, match="not an administrator here any more"):
        do(change_staff_role, root, otto.user.pk, CompanyRole.MANAGER)
