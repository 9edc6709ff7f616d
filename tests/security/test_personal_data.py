"""What the portal holds with somebody's name: taken out whole, taken away, and the books stay as they were."""

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed
from portal.kernel.scope import acting
from procurement.invoices.models import Invoice
from suppliers.banking.models import BankChange, BankContact
from suppliers.models import AddressChange, ApiToken, Device, Membership, SignIn, Supplier, User
from suppliers.people.services.addresses import ask_address_change, change_due_addresses, confirm_address
from suppliers.security.personal import FREE, PSEUDONYM, places, reach_of_erasure, safe_cell
from suppliers.security.services import StillConcerned, erase_person, take_out
from tests.builders.factors import show_factor
from tests.builders.matrix import make_objects
from tests.builders.world import MONDAY, make_world
from tests.database import made_once
from tests.people import FEED, make_people

SAP = Actor.system("SAP")


@pytest.fixture(scope="module")
def everything(django_db_setup, django_db_blocker):
    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            people = make_people(suppliers)
            objects = make_objects("ACME", people)
        yield people, objects


@pytest.fixture
def people(everything, db):
    return everything[0]


def signed_in(person):
    client = Client()
    client.force_login(person.user)
    show_factor(client, person.user, ago=30)
    return client


def unpacked(content):
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {name: packed.read(name).decode("utf-8-sig") for name in packed.namelist()}


def erase(people, name, *, by="root", typed=None, reason="asked for it"):
    user, root = User.objects.get(pk=people[name].user.pk), people[by].actor
    with acting(root):
        return erase_person(user, typed or user.email, reason, actor=root, at=MONDAY)


def end_bank_changes():
    """Whoever may have to object to a change of bank details is not erased before it has ended."""
    with acting(FEED):
        BankChange.objects.filter(state="requested").update(state="refused")


# --- taken out ----------------------------------------------------------------------------------------------


def test_one_takes_out_what_has_ones_own_name_on_it_and_nothing_else(people):
    client = signed_in(people["bea"])
    assert reverse("my-data") in client.get("/preferences/").content.decode()
    assert client.get("/preferences/data/").status_code == 200

    answer = client.post("/preferences/data/")

    assert (
        answer.headers["Content-Disposition"] == f'attachment; filename="person-{people["bea"].user.pk}.zip"'
    )
    files = unpacked(answer.content)
    told = json.loads(files["person.json"])
    assert (told["name"], told["email"]) == ("Bea Buyer", "bea@northmoor.example")
    (me,) = told["tables"]["suppliers.User"]
    assert me["email"] == "bea@northmoor.example"
    assert {"kernel.AuditEvent", "procurement.ShipNotice"} <= set(told["tables"])
    whole = "".join(files.values())
    for other in ("Otto Payer", "Asha Acme", "asha@supplier.example"):
        assert other not in whole
    assert "password" not in whole
    for name, rows in told["tables"].items():
        lines = list(csv.DictReader(io.StringIO(files[f"tables/{name}.csv"])))
        assert len(lines) == len(rows)


def test_no_secret_goes_along(people):
    with acting(FEED):
        token = ApiToken.objects.first()
    with acting(people["root"].actor):
        whole = "".join(
            unpacked(take_out(people["asha"].user, actor=people["root"].actor, at=MONDAY)).values()
        )
    assert token.digest not in whole
    assert people["asha"].user.password not in whole


def test_only_oneself_and_our_administrator(people):
    for name in ("asha", "gil", "max", "ada"):
        with pytest.raises(NotAllowed), acting(people[name].actor):
            take_out(people["bea"].user, actor=people[name].actor, at=MONDAY)
        with pytest.raises(NotAllowed), acting(people[name].actor):
            erase_person(
                people["bea"].user, "bea@northmoor.example", "x", actor=people[name].actor, at=MONDAY
            )
    number = people["bea"].user.pk
    assert signed_in(people["max"]).get(f"/security/people/{number}/").status_code == 403
    root = signed_in(people["root"])
    found = root.get("/security/people/", {"email": "BEA@northmoor.example"})
    assert (found.status_code, found["Location"]) == (303, f"/security/people/{number}/")
    assert root.get("/security/people/", {"email": "who@northmoor.example"}).status_code == 200
    assert unpacked(root.post(f"/security/people/{number}/export/").content)["person.json"]
    bare = Client()
    bare.force_login(people["root"].user)
    assert bare.post(f"/security/people/{number}/export/").status_code == 409
    assert root.get("/security/people/999999/").status_code == 404


def test_namesakes_get_only_what_has_their_number(people):
    with acting(FEED):
        double = User.objects.create_user("bea2@northmoor.example", name="Bea Buyer", company_role="buyer")
    with acting(people["root"].actor):
        told = json.loads(unpacked(take_out(double, actor=people["root"].actor, at=MONDAY))["person.json"])
    assert "same name" in told["note"]
    assert set(told["tables"]) == {"suppliers.User", "account.EmailAddress"}
    erase(people, "bea")
    with acting(FEED):
        assert User.objects.get(pk=double.pk).name == "Bea Buyer"


def test_a_name_that_one_gives_oneself_opens_nothing_and_takes_nothing_away(people):
    with acting(FEED):
        paper = Invoice.objects.filter(supplier__number="ACME").order_by("id").first()
        Invoice.objects.filter(pk=paper.pk).update(written_by="SAP", approved_by="SAP")
        record("invoice.sent", paper.stream, actor=SAP, at=MONDAY, supplier_id=paper.supplier_id)
        User.objects.filter(pk=people["gil"].user.pk).update(name="SAP")
        gil = User.objects.get(pk=people["gil"].user.pk)
    by_root = json.loads(taken_out(gil, people["root"].actor)["person.json"])["tables"]
    own = json.loads(taken_out(gil, people["gil"].actor)["person.json"])
    for tables in (by_root, own["tables"]):
        assert "procurement.Invoice" not in tables
        assert all(row["actor_user_id"] == gil.pk for row in tables.get("kernel.AuditEvent", ()))
    assert "know only a name" in own["note"]

    # Not even with one's own customer's papers, where something that is no person goes by that name there.
    User.objects.filter(pk=gil.pk).update(name="Gil Globex")
    User.objects.filter(pk=people["asha"].user.pk).update(name="SAP")
    asha = User.objects.get(pk=people["asha"].user.pk)
    assert str(paper.key) not in taken_out(asha, people["root"].actor)["person.json"]
    assert reach_is_empty(asha)
    end_bank_changes()
    erase(people, "asha")
    with acting(FEED):
        paper.refresh_from_db()
        assert (paper.written_by, paper.approved_by) == ("SAP", "SAP")


def reach_is_empty(person):
    with acting(FEED):
        return not reach_of_erasure(person).suppliers


def taken_out(person, actor):
    with acting(actor):
        return unpacked(take_out(person, actor=actor, at=MONDAY))


def test_papers_that_know_only_a_name_are_told_by_our_administrator_among_the_persons_suppliers(people):
    with acting(FEED):
        paper = Invoice.objects.filter(supplier__number="ACME").order_by("id").first()
        Invoice.objects.filter(pk=paper.pk).update(approved_by="Asha Acme")
    asha = people["asha"].user
    told = taken_out(asha, people["root"].actor)["person.json"]
    assert str(paper.key) in str(json.loads(told)["tables"]["procurement.Invoice"])
    end_bank_changes()
    erase(people, "asha")
    with acting(FEED):
        paper.refresh_from_db()
    assert paper.approved_by == PSEUDONYM.format(asha.pk)


def test_oneself_once_a_day_and_a_table_that_is_cut_says_so(people, monkeypatch):
    monkeypatch.setattr("suppliers.security.personal.MOST_ROWS", 1)
    told = json.loads(taken_out(people["bea"].user, people["root"].actor)["person.json"])
    assert told["left_out"]["kernel.AuditEvent"] == "The oldest 1 rows only."
    assert len(told["tables"]["kernel.AuditEvent"]) == 1

    client = signed_in(people["bea"])
    assert client.post("/preferences/data/").status_code == 200
    again = client.post("/preferences/data/")
    assert (again.status_code, "within the last 24 hours" in again.content.decode()) == (429, True)
    assert taken_out(people["bea"].user, people["root"].actor)


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@x", "|x", "%x", " =1", "\t1", "\n1", "＝1"])
def test_cells_are_no_formulas(evil):
    assert safe_cell(evil) == f"'{evil}"
    assert (safe_cell("plain"), safe_cell(7), safe_cell({"a": 1})) == ("plain", 7, '{"a": 1}')


# --- taken away ---------------------------------------------------------------------------------------------

# Where a name stays after an erasure, and why: docs/security/personal-data.md says the same.
KEPT = {
    "kernel_auditevent",  # the trail, until the law lets go of it
    "kernel_outboxmessage",  # what was told to other systems, in their words
    "procurement_exceptioncase",  # facts of an order, worked out anew from it by each review
    "procurement_orderrevision",  # what the ERP sent
    "procurement_purchaseorder",  # the buyer whom the ERP names
}


def tables_with(text):
    """Every table of ours with this text in any column."""
    found = set()
    with acting(FEED), connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.app_label in (
                "kernel",
                "suppliers",
                "procurement",
                "account",
                "mfa",
                "usersessions",
            ):
                table = model._meta.db_table
                cursor.execute(
                    f"SELECT EXISTS (SELECT FROM {table} one WHERE one::text ILIKE %s)", [f"%{text}%"]
                )
                if cursor.fetchone()[0]:
                    found.add(table)
    return found


def test_the_name_goes_and_the_books_stay_whole(people):
    bea = people["bea"].user
    browser = signed_in(people["bea"])
    with acting(FEED):
        before = list(Invoice.objects.order_by("id").values_list("number", "total", "state", "version"))
    assert {"procurement_shipnotice", "suppliers_user"} <= tables_with("Bea Buyer")

    changed = erase(people, "bea")

    assert changed["procurement.ShipNotice"] >= 1
    assert tables_with("Bea Buyer") <= KEPT
    assert tables_with("bea@northmoor.example") <= KEPT
    with acting(FEED):
        assert (
            list(Invoice.objects.order_by("id").values_list("number", "total", "state", "version")) == before
        )
        former = User.objects.get(pk=bea.pk)
        assert AuditEvent.objects.get(kind="person.erased").facts["reason"] == "asked for it"
    assert (former.name, former.is_active, former.company_role) == (PSEUDONYM.format(bea.pk), False, "")
    assert not former.has_usable_password()
    assert not EmailAddress.objects.filter(user=former).exists()
    assert browser.get("/orders/").status_code == 302


def test_a_suppliers_person_is_forgotten_with_the_roles_and_told_of_bank_details_all_the_same(people):
    with pytest.raises(StillConcerned):  # Acme's bank details are being changed
        erase(people, "asha")
    end_bank_changes()
    erase(people, "asha")
    with acting(FEED):
        assert not Membership.objects.filter(user=people["asha"].user).exists()
        known = BankContact.objects.get(user_id=people["asha"].user.pk)
    assert (known.address, known.until_at is not None) == ("asha@supplier.example", True)
    assert "suppliers_user" not in tables_with("Asha Acme")


@pytest.mark.parametrize("column", ["bankcontact SET address = 'x'", "banknotice SET address = 'x'"])
def test_nobody_sends_the_notices_of_bank_details_elsewhere(people, column):
    with acting(FEED), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(f"UPDATE suppliers_{column}")


def test_no_trace_of_sign_ins_stays_and_no_address_comes_back(people):
    asha = people["asha"].user
    with acting(people["asha"].actor):
        change = ask_address_change(asha, "new@supplier.example", actor=people["asha"].actor, at=MONDAY)
        confirm_address(change, actor=people["asha"].actor, at=MONDAY)
    with acting(FEED):
        AddressChange.objects.create(
            user=asha,
            old_address="maiden@supplier.example",
            new_address=asha.email,
            asked_at=MONDAY - timedelta(days=9),
            confirmed_at=MONDAY - timedelta(days=8),
            ended_at=MONDAY - timedelta(days=8),
            state="changed",
        )
        SignIn.objects.create(user=asha, at=MONDAY, address="192.0.2.1")
        Device.objects.create(user=asha, digest="d", first_seen_at=MONDAY, last_seen_at=MONDAY)
        Supplier.objects.filter(number="GLOBEX").update(email="maiden@supplier.example")
    end_bank_changes()
    erase(people, "asha")
    with acting(FEED):
        assert change_due_addresses(at=MONDAY + timedelta(days=30)) == 0
        former = User.objects.get(pk=asha.pk)
        assert (former.email, former.is_active) == (f"former-{asha.pk}@erased.invalid", False)
        assert not SignIn.objects.filter(user=asha).exists()
        assert not Device.objects.filter(user=asha).exists()
        assert AddressChange.objects.get(pk=change.pk).state == "withdrawn"
        assert not EmailAddress.objects.filter(user=asha).exists()
    for text in ("new@supplier.example", "maiden@supplier.example"):
        # What the ERP says of a supplier stays, and who is told of its bank details until `forget_bank_contacts`.
        assert tables_with(text) <= {*KEPT, "suppliers_supplier", "suppliers_bankcontact"}, text


def test_who_is_not_active_gets_no_other_address(people):
    asha = people["asha"].user
    with acting(people["asha"].actor):
        change = ask_address_change(asha, "new@supplier.example", actor=people["asha"].actor, at=MONDAY)
        confirm_address(change, actor=people["asha"].actor, at=MONDAY)
    with acting(FEED):
        User.objects.filter(pk=asha.pk).update(is_active=False)
        assert change_due_addresses(at=MONDAY + timedelta(days=30)) == 0
        assert User.objects.get(pk=asha.pk).email == "asha@supplier.example"


# What points to a person by its number and stays, under the pseudonym: papers, and who had to see to what.
PAPERS = {
    "suppliers.AddressChange",  # without its addresses
    "suppliers.ApiToken",  # ended
    "suppliers.BankVote",
    "suppliers.FactorReset",
    "suppliers.Impersonation",
    "suppliers.Invitation",
    "procurement.Approval",
    "procurement.ApprovalLimit",
    "procurement.ApprovalLink",
    "procurement.ApprovalRule",
    "procurement.AssignmentRule",
    "procurement.CaseQueue",
    "procurement.CaseTask",
    "procurement.ErpCommand",
    "procurement.ExceptionCase",
    "procurement.Notice",
    "procurement.NoticeMail",
    "procurement.ReplyAddress",
    "procurement.SignedLink",
    "procurement.StandIn",
}


def test_every_table_that_points_to_a_person_is_papers_or_goes_with_the_name():
    pointing = {
        model._meta.label
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is User
    }
    assert pointing - PAPERS - set(FREE) == set()
    assert PAPERS & set(FREE) == set()


def test_nobody_is_erased_by_a_slip(people):
    for typed, reason in (("somebody@else.example", "why not"), ("bea@northmoor.example", "  ")):
        with pytest.raises(Invalid):
            erase(people, "bea", typed=typed, reason=reason)
    with pytest.raises(NotAllowed):
        erase(people, "root")
    root, number = signed_in(people["root"]), people["bea"].user.pk
    page = root.post(f"/security/people/{number}/erase/", {"email": "other@x.example", "reason": "x"})
    assert page.status_code == 422
    with acting(FEED):
        assert User.objects.get(pk=number).name == "Bea Buyer"
    typed = {"email": "asha@supplier.example", "reason": "Asked by letter."}
    waits = root.post(f"/security/people/{people['asha'].user.pk}/erase/", typed)
    said = waits.content.decode()
    assert (
        waits.status_code,
        "Asked by letter." in said,
        "Bank details of a supplier of this person" in said,
    ) == (
        409,
        True,
        True,
    )
    done = root.post(f"/security/people/{number}/erase/", {"email": "bea@northmoor.example", "reason": "x"})
    assert (done.status_code, done["Location"]) == (303, f"/security/people/{number}/")
    assert "The name is gone" in root.get(done["Location"]).content.decode()


def test_every_column_that_looks_like_a_name_is_a_place():
    """A new table with `…_by` or `…user_id` is found without anybody saying so."""
    found = {place.name: place for place in places()}
    audit = found["kernel.AuditEvent"]
    assert audit.labels == (("actor_label", "actor_user_id"),)
    assert audit.numbers == ("actor_user_id",)
    assert found["suppliers.User"].numbers == ("id",)
    assert found["procurement.Invoice"].labels[0] == ("written_by", "")
    assert ("sent_by", "sent_by_user_id") in found["procurement.Invoice"].labels


# --- the trail's page ---------------------------------------------------------------------------------------


def test_the_auditor_takes_the_trail_out_and_that_is_recorded(people):
    ada = signed_in(people["ada"])
    assert ada.get("/audit/").status_code == 200
    assert ada.post("/audit/export/", {"since": "2026-04-07", "until": "2026-04-06"}).status_code == 422
    assert ada.post("/audit/export/", {"since": "2020-04-07", "until": "2026-04-06"}).status_code == 422

    answer = ada.post("/audit/export/", {"since": "2026-01-01", "until": "2026-12-31"})

    lines = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert lines[0]["format"] == "quayside-audit-2"
    assert len(lines) > 10
    with acting(FEED):
        recorded = AuditEvent.objects.get(kind="audit.exported")
    assert (recorded.actor_label, recorded.facts["events"]) == ("Ada Auditor", len(lines) - 1)
    assert signed_in(people["bea"]).get("/audit/").status_code == 403
