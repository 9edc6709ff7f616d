"""Two records that are one company: found, judged by two people, joined without a bank account, taken apart again."""

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, StaleDocument
from portal.kernel.scope import acting
from portal.kernel.templatetags.portal_ui import day_text
from suppliers.approvers import TooNew
from suppliers.authentication import actor_of_token
from suppliers.banking.models import BankAccount
from suppliers.banking.services import freeze_bank_details
from suppliers.details.models import Contact, Identifier
from suppliers.details.queries import others_with
from suppliers.documents.models import Document, DocumentVersion
from suppliers.documents.queries import held_of
from suppliers.documents.services import expire_ended, keep_asking
from suppliers.merging.messages import AskMerge
from suppliers.merging.models import SupplierMerge
from suppliers.merging.policies import role_carried, weight_of
from suppliers.merging.queries import candidates
from suppliers.merging.services import (
    approve_merge,
    ask_merge,
    keep_apart,
    refuse_merge,
    undo_merge,
    withdraw_merge,
)
from suppliers.merging.states import Alike
from suppliers.messages import SupplierPaper
from suppliers.models import Membership, Supplier
from suppliers.onboarding.messages import InviteSuppliers, Target
from suppliers.onboarding.services import invite_suppliers
from suppliers.people.messages import InvitePerson
from suppliers.people.services import change_member_role, invite_person
from suppliers.queries import actor_of
from suppliers.services import receive_suppliers
from tests.builders.bank import a_colleague, an_account, long_known
from tests.builders.documents import accept, require, supply
from tests.builders.factors import show_factor
from tests.builders.programs import a_program
from tests.builders.world import MONDAY
from tests.database import made_once
from tests.people import FEED, make_people

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def once(django_db_setup, django_db_blocker):
    from tests.builders.world import make_world

    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            people = make_people(suppliers)
        long_known()
        yield people, timezone.now()


@pytest.fixture
def people(once, db):
    return once[0]


@pytest.fixture
def root(people):
    return people["root"].actor


@pytest.fixture
def max_(people):
    return people["max"].actor


@pytest.fixture
def now(once):
    return once[1] + timedelta(minutes=1)


def again(number):
    with acting(FEED):
        return Supplier.objects.select_related("merged_into").get(number=number)


def do(actor, verb, *args, at, **more):
    with acting(actor):
        return verb(*args, actor=actor, at=at, **more)


def asked(root, now, kept="ACME", duplicate="GLOBEX", reason="One tax number.", **more):
    command = AskMerge(again(kept).key, again(duplicate).key, reason, **more)
    return do(root, ask_merge, command, at=now)


def merged(root, max_, now, **more):
    row = asked(root, now, **more)
    return do(max_, approve_merge, row.key, row.version, at=now)


def members(number):
    with acting(FEED):
        rows = Membership.objects.filter(supplier__number=number)
        return dict(rows.values_list("user__name", "role"))


def asked_for():
    with acting(FEED):
        rows = Document.objects.exclude(asked_for="").order_by("kind__code", "supplier__number")
        return list(rows.values_list("kind__code", "supplier__number"))


def a_contact(number, name, **more):
    with acting(FEED):
        supplier = Supplier.objects.get(number=number)
        said = {"roles": ["orders"], "since_at": MONDAY, "begun_by": "Asha Acme"}
        return Contact.objects.create(supplier=supplier, name=name, **said, **more)


def a_number(number, kind, value, country=""):
    with acting(FEED):
        supplier = Supplier.objects.get(number=number)
        said = {"since_at": MONDAY, "begun_by": "Asha Acme"}
        return Identifier.objects.create(supplier=supplier, kind=kind, value=value, country=country, **said)


def problems(refusal):
    return [(one.field, one.code) for one in refusal.value.problems]


def test_a_merge_gives_nobody_a_say_over_bank_details_or_people():
    assert {
        role: role_carried(role) for role in ("administrator", "company_data", "invoicing", "orders")
    } == {
        "administrator": "orders",
        "company_data": "read_only",
        "invoicing": "invoicing",
        "orders": "orders",
    }
    assert weight_of(["vat"], Alike.values) > weight_of(["name"], Alike.values)


def test_two_people_join_two_records_and_what_comes_over_is_said(people, root, max_, now):
    account = an_account(people)
    a_contact("ACME", "Vera Verma", email="vera@acme.example")
    a_contact("GLOBEX", "Vera", email="Vera@acme.example")
    new = a_contact("GLOBEX", "Gerd Globe", telephone="+4930123456")
    a_number("ACME", "vat", "IN1", "IN")
    a_number("GLOBEX", "vat", "IN2", "IN")
    a_number("GLOBEX", "duns", "123456789")
    with pytest.raises(Invalid) as refusal:
        asked(root, now, duplicate="ACME")
    assert problems(refusal) == [("kept", "same")]
    with pytest.raises(NotAllowed):
        asked(max_, now)

    row = asked(root, now)

    with pytest.raises(Invalid) as refusal:
        asked(root, now, kept="GLOBEX", duplicate="ACME")
    assert ("kept", "merged") in problems(refusal)
    for nobody in (root, people["bea"].actor, FEED):
        with pytest.raises(NotAllowed):
            do(nobody, approve_merge, row.key, row.version, at=now)
    with pytest.raises(StaleDocument):
        do(max_, approve_merge, row.key, 7, at=now)

    row = do(max_, approve_merge, row.key, row.version, at=now)

    assert (row.state, row.decided_by, again("GLOBEX").merged_into) == (
        "merged",
        "Max Manager",
        again("ACME"),
    )
    assert members("ACME") == {
        "Asha Acme": "administrator",
        "Arun Acme": "read_only",
        "Olga Acme": "orders",
        "Sam Both": "orders",
        "Gil Globex": "orders",
    }
    assert members("GLOBEX") == {
        "Gil Globex": "administrator",
        "Sam Both": "read_only",
        "Asha Acme": "orders",
        "Arun Acme": "read_only",
        "Olga Acme": "orders",
    }
    # Both, and nothing of anybody else: one's own at a time.
    assert len(actor_of(people["gil"].user).all_supplier_ids) == 2
    with acting(FEED):
        ours = Contact.objects.filter(supplier=again("ACME"))
        assert sorted(ours.values_list("name", flat=True)) == ["Gerd Globe", "Vera Verma"]
        came = ours.get(name="Gerd Globe")
        assert (came.since_at, came.begun_by, came.key != new.key) == (now, "Max Manager", True)
        kinds = Identifier.objects.filter(supplier=again("ACME")).order_by("kind")
        assert list(kinds.values_list("kind", "value")) == [("duns", "123456789"), ("vat", "IN1")]
        assert list(BankAccount.objects.values_list("pk", "supplier__number")) == [(account.pk, "ACME")]
        (told,) = AuditEvent.objects.filter(kind="merge.approved")
        assert told.internal
        assert sorted((one["name"], one["supplier"]) for one in told.facts["tell"]) == [
            ("Arun Acme", "Globex"),
            ("Asha Acme", "Globex"),
            ("Gil Globex", "Acme Valves"),
            ("Olga Acme", "Globex"),
        ]
        # The number that both have now is no sign of another company.
        assert others_with(kinds) == {}
    with pytest.raises(IllegalTransition):
        do(max_, approve_merge, row.key, None, at=now)
    with pytest.raises(Invalid) as refusal:
        do(root, invite_person, InvitePerson("n@globex.example", "orders", again("GLOBEX").pk), at=now)
    assert refusal.value.problems[0].code == "merged"
    outcome = do(root, invite_suppliers, InviteSuppliers((Target("GLOBEX"),)), at=now)
    assert [one.code for one in outcome.problems] == ["merged"]
    with acting(FEED):
        receive_suppliers([SupplierPaper("GLOBEX", "Globex", "DE", "EUR", "de", "Europe/Berlin")])
    assert again("GLOBEX").merged_into == again("ACME")


def test_no_certificate_is_asked_for_twice_and_only_the_kept_record_is_asked(people, root, max_, now):
    """Globex has the certificate, Acme (kept) the tax form in review: the company is asked for the insurance alone."""
    for kind in ("iso-9001", "tax-form", "insurance"):
        require(kind)
    end = now.date() + timedelta(days=200)
    proof = accept(supply(people["gil"], supplier="GLOBEX", at=now, valid_until=end), people["max"], at=now)
    supply(people["asha"], "tax-form", at=now, valid_until=end)
    row = asked(root, now)
    client = signed_in(people["max"])
    seen = page(client, f"/suppliers/merges/{row.key}/")
    assert "Documents that count for Acme Valves too" in seen
    assert f"ISO 9001: until {day_text(end)}" in seen
    assert "Tax form: in review" in seen
    do(max_, approve_merge, row.key, row.version, at=now)

    keep_asking(now)

    assert asked_for() == [("insurance", "ACME")]
    with acting(root):
        both = held_of([again("ACME"), again("GLOBEX")], now, actor=root)
    for number in ("ACME", "GLOBEX"):
        stands = {one.kind_id: (one.standing, one.cover.until) for one in both[again(number).pk]}
        assert sorted(stands.values(), key=str) == [
            ("in_force", end),
            ("in_review", None),
            ("missing", None),
        ]
    # The page says whence; the supplier's own scope reads the days and not the other record's file.
    asha = signed_in(people["asha"])
    own = page(asha, "/documents/")
    assert "Counts from GLOBEX, which is the same company." in own
    assert f"Valid until {day_text(end)}." in own
    assert asha.get(f"/documents/{proof.key}/").status_code in (404, 403)
    with acting(people["arun"].actor):
        assert not DocumentVersion.objects.filter(pk=proof.pk).exists()

    # Its end is the company's matter, asked once: at the record that is kept.
    soon = now + timedelta(days=175)
    expire_ended(soon)
    keep_asking(soon)
    assert ("iso-9001", "ACME") in asked_for()
    assert {number for _kind, number in asked_for()} == {"ACME"}


def test_apart_again_each_record_owes_its_own_proofs(people, root, max_, now):
    require("iso-9001")
    end = now.date() + timedelta(days=200)
    accept(supply(people["gil"], supplier="GLOBEX", at=now, valid_until=end), people["max"], at=now)
    row = merged(root, max_, now)
    keep_asking(now)
    assert asked_for() == []

    do(root, undo_merge, row.key, row.version, "Two after all.", at=now)
    keep_asking(now)

    assert asked_for() == [("iso-9001", "ACME")]


def test_tokens_of_the_duplicate_are_shown_before_and_end(people, root, max_, now):
    feed, kept = a_program(again("GLOBEX")), a_program(again("ACME"))
    row = asked(root, now)
    client = signed_in(people["max"])
    seen = page(client, f"/suppliers/merges/{row.key}/")
    assert "Access tokens of Globex that end" in seen
    assert f"Order desk ({feed.token.prefix}…), never used" in seen
    assert kept.token.prefix not in seen

    row = do(max_, approve_merge, row.key, row.version, at=now)

    assert actor_of_token(feed.secret, at=now) is None
    assert actor_of_token(kept.secret, at=now) is not None
    assert row.carried["tokens"] == [f"Order desk ({feed.token.prefix}…)"]
    with acting(FEED):
        (ended,) = AuditEvent.objects.filter(kind="token.revoked")
        (told,) = AuditEvent.objects.filter(kind="merge.approved")
        assert (ended.facts["name"], ended.supplier_id) == ("Order desk", again("GLOBEX").pk)
    assert told.facts["tokens"] == row.carried["tokens"]
    assert "Access tokens that ended: 1." in page(client, f"/suppliers/merges/{row.key}/")
    # Nothing brings them back.
    do(root, undo_merge, row.key, row.version, "Two after all.", at=now)
    assert actor_of_token(feed.secret, at=now) is None


def test_who_came_to_decide_a_moment_ago_merges_nothing(people, root, now):
    nina = a_colleague("Nina New", "manager", days=0)
    row = asked(root, now)
    with pytest.raises(TooNew):
        do(nina.actor, approve_merge, row.key, row.version, at=now)


def test_taken_apart_within_a_month_and_all_that_came_goes(people, root, max_, now):
    a_contact("GLOBEX", "Gerd Globe", telephone="+4930123456")
    a_number("GLOBEX", "duns", "123456789")
    with acting(FEED):
        Supplier.objects.filter(number="GLOBEX").update(email="new@globex.example", channel="mail")
    row = merged(root, max_, now, preferences=True)
    acme = again("ACME")
    assert (acme.email, acme.language, acme.time_zone, acme.channel) == (
        "new@globex.example",
        "de",
        "Europe/Berlin",
        "mail",
    )
    with pytest.raises(Invalid) as refusal:
        do(root, undo_merge, row.key, row.version, "Two after all.", at=now + timedelta(days=31))
    assert problems(refusal) == [("why", "too_late")]
    with pytest.raises(NotAllowed):
        do(max_, undo_merge, row.key, row.version, "Two after all.", at=now)
    before = members("ACME")

    row = do(root, undo_merge, row.key, row.version, "Two after all.", at=now + timedelta(days=29))

    # Both addresses are told of either, as when somebody changes it by hand.
    with acting(FEED):
        told = AuditEvent.objects.filter(kind="supplier.mail_address_changed").order_by("id")
        assert [(one.facts["from"], one.facts["to"], one.internal) for one in told] == [
            ("sales@acme.example", "new@globex.example", True),
            ("new@globex.example", "sales@acme.example", True),
        ]
        assert [one["address"] for one in told[0].facts["tell"]] == [
            "sales@acme.example",
            "new@globex.example",
        ]
    assert (row.state, again("GLOBEX").merged_into) == ("undone", None)
    assert set(before) - set(members("ACME")) == {"Gil Globex"}
    assert members("GLOBEX") == {"Gil Globex": "administrator", "Sam Both": "read_only"}
    acme = again("ACME")
    assert (acme.email, acme.language, acme.time_zone, acme.channel) == (
        "sales@acme.example",
        "en",
        "Asia/Kolkata",
        "portal",
    )
    with acting(FEED):
        assert not Contact.objects.filter(supplier=acme, ended_at=None).exists()
        assert not Identifier.objects.filter(supplier=acme, ended_at=None).exists()
        assert Identifier.objects.filter(supplier__number="GLOBEX", ended_at=None).count() == 1
    assert asked(root, now).state == "asked"


def test_taken_apart_leaves_what_an_administrator_gave_or_wrote_meanwhile(people, root, max_, now):
    a_contact("GLOBEX", "Gerd Globe", telephone="+4930123456")
    row = merged(root, max_, now, preferences=True)
    later = now + timedelta(days=1)
    with acting(FEED):
        gil = Membership.objects.get(supplier__number="ACME", user__name="Gil Globex")
        Supplier.objects.filter(number="ACME").update(email="new@acme.example")
        Contact.objects.filter(supplier=again("ACME"), name="Gerd Globe").update(since_at=later)
    do(root, change_member_role, gil.pk, "shipping", at=later)

    do(root, undo_merge, row.key, row.version, "Two after all.", at=later)

    assert members("ACME")["Gil Globex"] == "shipping"
    assert members("GLOBEX") == {"Gil Globex": "administrator", "Sam Both": "read_only"}
    acme = again("ACME")
    assert (acme.email, acme.language, acme.time_zone) == ("new@acme.example", "en", "Asia/Kolkata")
    with acting(FEED):
        assert Contact.objects.get(supplier=acme, ended_at=None).name == "Gerd Globe"
        (told,) = AuditEvent.objects.filter(kind="merge.reversed")
    assert "Gil Globex" not in [one["name"] for one in told.facts["tell"]]


def test_not_while_bank_details_move_nor_what_has_left_or_is_merged(people, root, max_, now):
    row = asked(root, now)
    do(people["asha"].actor, freeze_bank_details, again("ACME"), "A call that sounded odd.", at=now)
    with pytest.raises(Invalid) as refusal:
        do(max_, approve_merge, row.key, row.version, at=now)
    assert problems(refusal) == [("kept", "bank")]
    with pytest.raises(Invalid) as refusal:
        do(max_, refuse_merge, row.key, row.version, "", at=now)
    assert problems(refusal) == [("why", "required")]
    assert do(root, withdraw_merge, row.key, row.version, "By mistake.", at=now).state == "withdrawn"
    with acting(FEED):
        receive_suppliers(
            [SupplierPaper(n, f"Bolt {n}", "DE", "EUR", "de", "UTC") for n in ("B1", "B2", "B3")]
        )
        Supplier.objects.filter(number="B3").update(left_at=now, leaving_on=now.date())
    merged(root, max_, now, kept="B1", duplicate="B2")
    for kept, duplicate, why in (
        ("GLOBEX", "B1", ("duplicate", "kept")),
        ("B2", "GLOBEX", ("kept", "merged")),
        ("B3", "GLOBEX", ("kept", "left")),
    ):
        with pytest.raises(Invalid) as refusal:
            asked(root, now, kept=kept, duplicate=duplicate)
        assert problems(refusal) == [why]


def test_a_prospect_is_not_kept_in_place_of_a_record_of_the_erp(people, root, max_, now):
    with acting(FEED):
        Supplier.objects.filter(number="ACME").update(is_prospect=True)
    with pytest.raises(Invalid) as refused:
        asked(root, now)
    assert problems(refused) == [("kept", "prospect")]
    assert asked(root, now, kept="GLOBEX", duplicate="ACME").state == "asked"


def test_candidates_say_what_is_the_same_and_judged_ones_are_named_no_more(people, root, max_, now):
    with acting(FEED):
        receive_suppliers(
            [
                SupplierPaper("A1", "Nordic Bolts GmbH", "DE", "EUR", "de", "UTC", email="x@nordic.example"),
                SupplierPaper("A2", "NORDIC-BOLTS A.B.", "DE", "EUR", "de", "UTC", email="X@nordic.example"),
                SupplierPaper("A3", "Nordic Bolts", "SE", "EUR", "de", "UTC"),
                *(
                    SupplierPaper(
                        f"M{n:02}", f"Many {n}", "DE", "EUR", "de", "UTC", email="same@mail.example"
                    )
                    for n in range(11)
                ),
            ]
        )
    a_number("A1", "vat", "DE136695976", "DE")
    a_number("A3", "vat", "DE136695976", "DE")

    def found():
        with acting(root):
            return [(one.one.number, one.other.number, list(one.why)) for one in candidates()]

    assert found() == [("A1", "A3", ["vat"]), ("A1", "A2", ["mail", "name"])]
    command = AskMerge(again("A2").key, again("A1").key, "A sister company.")
    assert do(root, keep_apart, command, at=now).state == "refused"
    assert found() == [("A1", "A3", ["vat"])]
    row = merged(root, max_, now, kept="A3", duplicate="A1")
    assert found() == []
    do(root, undo_merge, row.key, None, "Two after all.", at=now)
    assert found() == [("A1", "A3", ["vat"])]
    with acting(root), CaptureQueriesContext(connection) as seen:
        candidates()
    assert len(seen) == 2


def test_a_supplier_has_no_way_to_it_and_the_database_wants_two_people(people, root, now):
    row = asked(root, now)
    with pytest.raises(DatabaseError), transaction.atomic(), acting(people["asha"].actor):
        connection.cursor().execute("SELECT reason FROM suppliers_suppliermerge")
    for wrong in (
        {"state": "merged", "decided_at": now, "decided_by_user_id": root.user_id},
        {"state": "gone"},
        {"kept": row.supplier},
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), acting(root):
            SupplierMerge.objects.filter(pk=row.pk).update(**wrong)
    with pytest.raises(DatabaseError), transaction.atomic(), acting(root):
        Supplier.objects.filter(number="ACME").update(merged_into=again("ACME"))


# --- pages and the API ---------------------------------------------------------------------------------------


def signed_in(person, *, factor=True):
    """With the second factor shown a moment ago, which `long_known` gave to whoever decides on bank details."""
    client = Client()
    client.force_login(person.user)
    if factor:
        show_factor(client, person.user)
    return client


def page(client, address, status=200):
    response = client.get(address)
    assert response.status_code == status
    return " ".join(response.content.decode().split())


def test_from_a_candidate_to_a_merge_and_back_on_pages(people, now):
    root, max_ = signed_in(people["root"]), signed_in(people["max"])
    a_number("ACME", "lei", "529900T8BM49AURSDO55")
    a_number("GLOBEX", "lei", "529900T8BM49AURSDO55")
    acme, globex = again("ACME"), again("GLOBEX")
    compare = reverse("merge-new", args=[acme.key, globex.key])
    html = page(root, reverse("merge-list"))
    assert "the same LEI" in html
    assert compare in html
    assert root.get("/suppliers/merges/?one=ACME&other=GLOBEX")["Location"] == compare
    assert "Give the numbers of two suppliers." in page(root, "/suppliers/merges/?one=ACME&other=NONE")
    html = page(root, compare)
    assert "Gil Globex: Orders" in html
    assert "Act for Globex too" in html

    assert root.post(compare, {"kept": str(acme.key), "reason": ""}).status_code == 422
    sent = {"kept": str(acme.key), "reason": "One LEI.", "verb": "ask"}
    assert root.post(compare, sent).status_code == 303
    with acting(FEED):
        row = SupplierMerge.objects.get()
    place, decide = reverse("merge", args=[row.key]), reverse("merge-decide", args=[row.key])
    assert "You asked for it: somebody else decides." in page(root, place)
    assert "Merge them" not in page(root, place)
    assert root.post(decide, {"verb": "approve", "version": 1}).status_code == 403
    assert max_.post(decide, {"verb": "refuse", "version": 1, "why": ""}).status_code == 422
    assert max_.post(decide, {"verb": "approve", "version": 7}).status_code == 409
    assert max_.post(decide, {"verb": "approve", "version": 1}).status_code == 303
    assert "People who act for the other too: 4. Contacts: 0. Numbers: 0." in page(root, place)
    assert "The same company as Acme Valves (ACME)" in page(root, reverse("supplier", args=[globex.key]))
    html = page(root, reverse("supplier", args=[acme.key]))
    assert "Globex (GLOBEX) is the same company." in html
    assert "GLOBEX was merged into it" in html
    assert root.post(decide, {"verb": "undo", "version": 2, "why": "Two after all."}).status_code == 303
    assert "Two after all." in page(root, place)
    page(signed_in(people["bea"]), reverse("merge-list"), 403)


def test_whoever_has_a_second_factor_shows_it_to_merge(people, root, now):
    row, max_ = asked(root, now), signed_in(people["max"], factor=False)
    decide, said = reverse("merge-decide", args=[row.key]), {"verb": "approve", "version": 1}
    assert max_.post(decide, said).status_code == 409
    refused = max_.post(
        f"/api/v1/supplier-merges/{row.key}/approve", '{"version": 1}', content_type="application/json"
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "fresh_factor_needed")
    assert again("GLOBEX").merged_into is None
    show_factor(max_, people["max"].user)
    assert max_.post(decide, said).status_code == 303


def test_through_the_api(people):
    root, max_ = signed_in(people["root"]), signed_in(people["max"])

    def send(client, path, data=None, method="post"):
        body = {} if data is None else {"data": json.dumps(data), "content_type": "application/json"}
        return getattr(client, method)(f"/api/v1/supplier-merges{path}", **body)

    said = {"kept": "ACME", "duplicate": "GLOBEX", "reason": "One company."}
    assert send(root, "", {**said, "kept": "NONE"}).status_code == 422
    made = send(root, "", said)
    assert made.status_code == 201, made.json()
    one = f"/{made.json()['key']}"
    assert send(root, f"{one}/approve", {"version": 1}).status_code == 403
    assert send(max_, f"{one}/approve", {"version": 1}).json()["state"] == "merged"
    assert [row["duplicate"] for row in send(max_, "?state=merged", method="get").json()["results"]] == [
        "GLOBEX"
    ]
    assert send(root, f"{one}/undo", {"version": 2, "why": "Two."}).json()["state"] == "undone"
    assert send(root, "/apart", said).json()["state"] == "refused"
    assert send(root, "/candidates", method="get").json() == []
    assert send(signed_in(people["bea"]), one, method="get").status_code == 403
