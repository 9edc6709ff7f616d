"""Changes of company data: at once or after a second pair of eyes; the feed, segments, duplicates, history."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import (
    IllegalTransition,
    Invalid,
    NotAllowed,
    NotFound,
    StaleDocument,
)
from portal.kernel.scope import acting
from suppliers.approvers import TooNew
from suppliers.details.messages import ChangeDetail, ClassifySuppliers
from suppliers.details.models import (
    Address,
    ChangeRequest,
    CompanyNames,
    Contact,
    DetailRule,
    Identifier,
    SupplierInCategory,
)
from suppliers.details.policies.changes import USUAL_WAY
from suppliers.details.queries import (
    SupplierSearch,
    changes_waiting,
    contacts_for,
    contacts_known_before,
    fingerprint,
    present,
    rules_asked,
    suppliers_like,
    visible_changes,
    ways,
)
from suppliers.details.services import (
    approve_detail_change,
    change_detail,
    classify_suppliers,
    refuse_detail_change,
    retire_category,
    withdraw_detail_change,
    write_category,
    write_detail_rule,
)
from suppliers.details.services.deciding import OwnChange
from suppliers.details.states import Part
from suppliers.messages import SupplierPaper
from suppliers.models import Supplier
from suppliers.services import receive_suppliers
from tests.builders.bank import a_colleague, long_known
from tests.builders.programs import a_program
from tests.builders.world import MONDAY
from tests.people import FEED

pytestmark = pytest.mark.django_db

LEGAL = {"legal_name": "Acme Valves Private Limited", "legal_form": "", "country": "IN"}
QUAY = {
    "name": "Acme",
    "line1": "MIDC Road 7",
    "city": "Pune",
    "postal_code": "411 001",
    "region": "Maharashtra",
    "country": "IN",
}
RITA = {
    "name": "Rita Rao",
    "roles": ["orders", "emergency"],
    "email": "Rita@Acme.example",
    "telephone": "020 2612 3456",
    "language": "en",
}


@pytest.fixture
def acme(world):
    return world["ACME"]


def change(person, supplier, part, values=None, *, at=MONDAY, **rest):
    with acting(person.actor):
        command = ChangeDetail(supplier.key, part, values or {}, **rest)
        return change_detail(command, actor=person.actor, at=at)


def decide(verb, person, one, *rest, at=MONDAY):
    with acting(person.actor):
        return verb(one.key, one.version, *rest, actor=person.actor, at=at)


def stands(supplier, part, subject=""):
    with acting(FEED):
        return present(Supplier.objects.get(pk=supplier.pk), part, subject)


def facts(kind):
    with acting(FEED):
        return list(AuditEvent.objects.filter(kind=kind).order_by("id"))


def test_by_default_what_a_fraudster_wants_waits_and_the_rest_is_at_once():
    waits = {part for part, way in USUAL_WAY.items() if way == "approve"}
    assert waits == {"legal", "tax_id", "remit_to", "channel"}
    assert set(USUAL_WAY) == set(Part.values)


def test_a_legal_name_waits_with_the_old_in_force_until_somebody_else_approves(people, acme):
    asked = change(people["asha"], acme, "legal", LEGAL, reason=" We  were renamed. ")

    assert (asked.state, asked.old["legal_name"], asked.new["legal_name"]) == (
        "waiting",
        "",
        LEGAL["legal_name"],
    )
    assert asked.reason == "We were renamed."
    assert stands(acme, "legal")["legal_name"] == ""
    with acting(people["root"].actor):
        assert [one.pk for one in changes_waiting(people["root"].actor)] == [asked.pk]
    with acting(people["asha"].actor):
        assert not changes_waiting(people["asha"].actor).exists()

    done = decide(approve_detail_change, people["max"], asked)

    assert (done.state, done.decided_by, done.version) == ("in_force", "Max Manager", 2)
    assert stands(acme, "legal") == LEGAL
    with acting(FEED):
        assert Supplier.objects.get(pk=acme.pk).name == "Acme Valves"  # the ERP's, as ever
    assert [event.facts["fields"] for event in facts("supplier.change_approved")] == [["legal_name"]]
    assert LEGAL["legal_name"] not in str([event.facts for event in facts("supplier.change_approved")])
    with pytest.raises(IllegalTransition):
        decide(approve_detail_change, people["root"], done)


def test_nobody_approves_what_they_asked_for_and_only_who_may_decides(people, acme):
    asked = change(people["root"], acme, "legal", LEGAL)

    with pytest.raises(OwnChange, match="Somebody else decides"):
        decide(approve_detail_change, people["root"], asked)
    with pytest.raises(OwnChange):
        decide(refuse_detail_change, people["root"], asked, "No.")
    with pytest.raises(NotAllowed):
        decide(approve_detail_change, people["bea"], asked)
    with pytest.raises(NotAllowed):
        decide(approve_detail_change, people["asha"], asked)
    with pytest.raises(IllegalTransition, match="The other side"):
        decide(withdraw_detail_change, people["asha"], asked)
    with acting(people["root"].actor):
        assert not changes_waiting(people["root"].actor).exists()
    # And the database holds to it.
    with acting(FEED), pytest.raises(IntegrityError), transaction.atomic():
        ChangeRequest.objects.filter(pk=asked.pk).update(
            state="in_force",
            decided_at=MONDAY,
            decided_by="Root",
            decided_by_user_id=asked.requested_by_user_id,
        )
    assert decide(withdraw_detail_change, people["root"], asked).state == "withdrawn"


def test_an_account_made_for_a_change_approves_it_not(people, acme):
    """Root makes an account and asks: whoever has had the role for less than 14 days then looks at nothing of it."""
    long_known()
    now = timezone.now()
    nina, old = a_colleague("Nina New", "manager", days=13), a_colleague("Olaf Old", "manager", days=15)
    with acting(people["root"].actor):
        asked = change_detail(ChangeDetail(acme.key, "legal", LEGAL), actor=people["root"].actor, at=now)

    with pytest.raises(TooNew, match="You have not had such a role for 14 days before this began") as refusal:
        decide(approve_detail_change, nina, asked)
    assert (refusal.value.code, refusal.value.status) == ("another_person", 403)
    assert stands(acme, "legal") != LEGAL
    # To refuse is never wrong; and who has had it for longer approves.
    assert decide(refuse_detail_change, nina, asked, "Not in the register.").state == "refused"
    with acting(people["root"].actor):
        again = change_detail(ChangeDetail(acme.key, "legal", LEGAL), actor=people["root"].actor, at=now)
    assert decide(approve_detail_change, old, again).state == "in_force"
    # Nor does it take the second pair of eyes away.
    with acting(people["root"].actor):
        write_detail_rule("legal", "at_once", actor=people["root"].actor, at=now)
    with acting(nina.actor), pytest.raises(TooNew):
        write_detail_rule("legal", "at_once", actor=nina.actor, at=now)
    with acting(old.actor):
        assert write_detail_rule("legal", "at_once", actor=old.actor, at=now)


def test_a_blocked_supplier_reads_its_company_data_and_changes_none(people, acme):
    asked = change(people["asha"], acme, "legal", LEGAL)
    with acting(FEED):
        Supplier.objects.filter(pk=acme.pk).update(state="blocked")

    for part, values in (("contact", RITA), ("names", {"trading_name": "Acme"}), ("remit_to", QUAY)):
        with pytest.raises(NotAllowed, match="Your company is blocked at this customer"):
            change(people["asha"], acme, part, values)

    client = Client()
    client.force_login(people["asha"].user)
    page = client.get("/company/").content.decode()
    assert "company data can be read, not changed" in page
    assert "/company/part/" not in page
    answer = client.post(f"/suppliers/{acme.key}/company/part/names/", {"trading_name": "Acme", "seen": ""})
    assert answer.status_code == 403
    with acting(FEED):
        assert ChangeRequest.objects.filter(supplier=acme).count() == 1
    # What it asked for before it takes back; and our people go on keeping what they know of it.
    assert decide(withdraw_detail_change, people["asha"], asked).state == "withdrawn"
    assert change(people["root"], acme, "names", {"trading_name": "Acme"}).state == "in_force"


def test_what_our_people_write_to_each_other_is_not_the_suppliers_to_read(people, acme):
    ours = change(people["root"], acme, "legal", LEGAL, reason="A shell company, I think.")
    decide(refuse_detail_change, people["max"], ours, "Wait for the audit.")
    theirs = change(people["asha"], acme, "legal", LEGAL, reason="We were renamed.")
    decide(refuse_detail_change, people["max"], theirs, "Not in the register.")

    def words(who):
        with acting(people[who].actor):
            found = visible_changes(people[who].actor).order_by("id")
            return [one.words_for(people[who].actor) for one in found]

    ours_said, theirs_said = (
        ("A shell company, I think.", "Wait for the audit."),
        ("We were renamed.", "Not in the register."),
    )
    assert words("max") == [ours_said, theirs_said]
    assert words("asha") == [("", ""), theirs_said]
    assert [one.facts.get("reason") for one in facts("supplier.change_refused")] == [None, theirs_said[1]]

    browser, program = Client(), a_program(acme)
    browser.force_login(people["asha"].user)
    told = [
        browser.get(reverse("detail-change", args=[ours.key])).content.decode(),
        browser.get(reverse("company-history", args=[acme.key])).content.decode(),
        str(program.get("/api/v1/supplier-changes").json()),
        str(program.get(f"/api/v1/supplier-changes/{ours.key}").json()),
    ]
    assert not [one for one in told if "shell company" in one or "audit" in one]
    assert "We were renamed." in told[1]
    assert "We were renamed." in told[2]


@pytest.mark.parametrize("who", ["olga", "arun", "bea", "otto", "ada"])
def test_who_may_only_read_changes_nothing(people, acme, who):
    with pytest.raises(NotAllowed):
        change(people[who], acme, "names", {"trading_name": "Acme!"})


def test_another_suppliers_data_is_not_there(people, acme):
    asked = change(people["asha"], acme, "legal", LEGAL)
    with pytest.raises(NotFound):
        change(people["gil"], acme, "names", {"trading_name": "Mine now"})
    with pytest.raises(NotFound):
        decide(withdraw_detail_change, people["gil"], asked)


def test_each_part_is_decided_by_itself_and_one_of_each_waits(people, acme):
    vat = change(people["asha"], acme, "tax_id", {"kind": "vat", "country": "DE", "value": "DE136695976"})
    tax = change(people["asha"], acme, "tax_id", {"kind": "tax", "country": "US", "value": "91-1144442"})
    remit = change(people["asha"], acme, "remit_to", QUAY)

    with pytest.raises(IllegalTransition, match="by Asha Acme waits already"):
        change(people["asha"], acme, "tax_id", {"kind": "vat", "country": "DE", "value": "DE129274202"})
    assert decide(refuse_detail_change, people["max"], vat, "Not in VIES.").decided_reason == "Not in VIES."
    decide(approve_detail_change, people["max"], remit)
    assert decide(withdraw_detail_change, people["asha"], tax).state == "withdrawn"

    assert stands(acme, "tax_id", "vat:DE") == {}
    assert stands(acme, "remit_to")["postal_code"] == "411001"
    with pytest.raises(Invalid, match="Say in a sentence why"):
        decide(refuse_detail_change, people["max"], change(people["asha"], acme, "legal", LEGAL), " ")


def test_contacts_and_preferences_are_at_once_recorded_and_kept_as_a_change(people, acme):
    done = change(people["asha"], acme, "contact", RITA)

    assert (done.state, done.decided_by, done.old) == ("in_force", "rule", {})
    assert stands(acme, "contact", done.subject) == {
        **RITA,
        "email": "rita@acme.example",
        "telephone": "+912026123456",
    }
    (event,) = facts("supplier.detail_changed")
    assert (event.facts["part"], event.actor_label, event.internal) == ("contact", "Asha Acme", False)
    assert "rita" not in str(event.facts).lower()


def test_a_contact_reached_otherwise_begins_anew_and_the_old_one_is_still_known(people, acme):
    key = change(people["asha"], acme, "contact", RITA).subject
    later = MONDAY + timedelta(days=2)

    matters = change(people["asha"], acme, "contact", {**RITA, "roles": ["orders"]}, subject=key, at=later)
    with acting(FEED):
        (row,) = Contact.objects.all()
        assert (row.roles, row.since_at) == (["orders"], MONDAY)  # the telephone is as old as ever
    assert matters.fields == {"roles": (["orders", "emergency"], ["orders"])}

    change(people["asha"], acme, "contact", {**RITA, "telephone": "+91 98220 12345"}, subject=key, at=later)
    with acting(FEED):
        old, new = Contact.objects.order_by("id")
        assert (old.telephone, old.ended_at, old.ended_by) == ("+912026123456", later, "Asha Acme")
        assert (new.telephone, new.since_at, new.ended_at, new.key) == ("+919822012345", later, None, old.key)
        known = contacts_known_before(acme.pk, later)
        assert [one.telephone for one in known] == ["+912026123456"]
        assert {pk: [one.pk for one in ones] for pk, ones in contacts_for([acme.pk], "orders").items()} == {
            acme.pk: [new.pk]
        }
    change(people["asha"], acme, "contact", subject=key, ends=True, at=later)
    assert stands(acme, "contact", key) == {}
    with pytest.raises(NotFound):
        change(people["asha"], acme, "contact", RITA, subject=key)


def test_another_name_at_the_same_telephone_is_as_young_as_it_is(people, acme):
    key = change(people["asha"], acme, "contact", RITA).subject
    later = MONDAY + timedelta(days=2)
    renamed = change(people["asha"], acme, "contact", {**RITA, "name": "Mallory"}, subject=key, at=later)
    assert renamed.fields == {"name": ("Rita Rao", "Mallory")}
    with acting(FEED):
        old, new = Contact.objects.order_by("id")
        assert (old.name, old.since_at, old.ended_at) == ("Rita Rao", MONDAY, later)
        assert (new.name, new.since_at, new.telephone) == ("Mallory", later, old.telephone)
        assert [one.name for one in contacts_known_before(acme.pk, later)] == ["Rita Rao"]


def test_numbers_and_addresses_are_ended_and_begun_anew_never_edited(people, acme):
    change(people["asha"], acme, "number", {"kind": "gln", "value": "4006381333931"})
    change(people["asha"], acme, "number", {"value": "5412345000013"}, subject="gln")
    change(people["asha"], acme, "registered", QUAY)
    change(people["asha"], acme, "registered", {**QUAY, "line1": "MIDC Road 9"})
    change(people["asha"], acme, "registered", ends=True)

    with acting(FEED):
        assert list(Identifier.objects.order_by("id").values_list("value", "ended_by")) == [
            ("4006381333931", "Asha Acme"),
            ("5412345000013", ""),
        ]
        assert list(Address.objects.order_by("id").values_list("line1", "ended_at")) == [
            ("MIDC Road 7", MONDAY),
            ("MIDC Road 9", MONDAY),
        ]
    with pytest.raises(IllegalTransition, match="not taken away"):
        change(people["asha"], acme, "legal", ends=True)
    with pytest.raises(NotFound):
        change(people["asha"], acme, "number", subject="lei", ends=True)


def test_a_number_is_changed_and_ended_by_the_rule_of_its_own_part(people, acme):
    vat = {"kind": "vat", "country": "DE", "value": "DE136695976"}
    decide(approve_detail_change, people["max"], change(people["asha"], acme, "tax_id", vat))
    change(people["asha"], acme, "number", {"kind": "gln", "value": "4006381333931"})
    for part, subject in (("number", "vat:DE"), ("tax_id", "gln"), ("number", "iban")):
        for rest in ({"ends": True}, {"values": {"value": "DE129274202"}}):
            with pytest.raises(NotFound, match="no such number"):
                change(people["asha"], acme, part, subject=subject, **rest)
    assert stands(acme, "tax_id", "vat:DE")["value"] == "DE136695976"
    assert change(people["asha"], acme, "tax_id", subject="vat:DE", ends=True).state == "waiting"


def test_what_stands_so_already_is_no_change(people, acme):
    assert change(people["asha"], acme, "names", {"trading_name": "", "website": ""}) is None
    assert facts("supplier.detail_changed") == []


def test_everything_wrong_is_named_at_once(people, acme):
    with pytest.raises(Invalid) as refused:
        change(
            people["asha"],
            acme,
            "contact",
            {"name": " ", "roles": ["boss"], "email": "x", "telephone": "y", "language": "xx"},
        )
    assert [one.field for one in refused.value.problems] == [
        "language",
        "name",
        "roles",
        "email",
        "telephone",
    ]
    with pytest.raises(Invalid) as refused:
        change(people["asha"], acme, "preferences", {"language": "", "time_zone": "Mars/Base", "email": "no"})
    assert [one.field for one in refused.value.problems] == ["language", "email", "time_zone"]
    with pytest.raises(Invalid, match="a contact that cannot be reached helps nobody"):
        change(people["asha"], acme, "contact", {"name": "A", "roles": ["orders"], "language": "en"})
    for site in (
        "javascript:alert(1)",
        "https://a@b.example",
        "ftp://a.example",
        "http://localhost",
        "https://[x",
    ):
        with pytest.raises(Invalid, match="no address of a website"):
            change(people["asha"], acme, "names", {"website": site if "://" in site else f"https://{site}"})
    with pytest.raises(NotFound):
        change(people["asha"], acme, "bank", {})


def test_who_saves_what_another_has_changed_meanwhile_is_told(people, acme):
    seen = fingerprint(stands(acme, "names"))
    change(people["asha"], acme, "names", {"trading_name": "Acme"}, seen=seen)

    with pytest.raises(StaleDocument):
        change(people["root"], acme, "names", {"trading_name": "ACME"}, seen=seen)
    assert stands(acme, "names")["trading_name"] == "Acme"


def test_what_would_replace_something_else_than_was_asked_is_not_approved(people, acme):
    asked = change(people["asha"], acme, "legal", LEGAL)
    with acting(FEED):
        CompanyNames.objects.create(supplier=acme, legal_name="Acme India")

    with pytest.raises(StaleDocument, match="has changed since it was asked for"):
        decide(approve_detail_change, people["max"], asked)
    with pytest.raises(StaleDocument, match="looks otherwise"), acting(people["max"].actor):
        approve_detail_change(asked.key, 7, actor=people["max"].actor, at=MONDAY)


def test_the_same_number_at_another_supplier_is_told_to_us_and_to_no_supplier(people, world):
    number = {"kind": "gln", "value": "4006381333931"}
    change(people["gil"], world["GLOBEX"], "number", number)
    change(people["asha"], world["ACME"], "number", number)

    (event,) = facts("supplier.duplicate_suspected")
    assert (event.facts["others"], event.internal, event.supplier_id) == (["GLOBEX"], True, world["ACME"].pk)
    with acting(people["asha"].actor):
        assert not AuditEvent.objects.filter(kind="supplier.duplicate_suspected").exists()


def test_the_administrator_says_which_changes_wait(people, acme):
    root = people["root"].actor
    with acting(root):
        assert write_detail_rule("names", "approve", actor=root, at=MONDAY)
        assert not write_detail_rule("names", "approve", actor=root, at=MONDAY)
        with pytest.raises(Invalid):
            write_detail_rule("bank", "never", actor=root, at=MONDAY)
    assert change(people["asha"], acme, "names", {"trading_name": "Acme"}).state == "waiting"
    with acting(people["max"].actor), pytest.raises(NotAllowed):
        write_detail_rule("names", "at_once", actor=people["max"].actor, at=MONDAY)


def rule(person, part, way):
    with acting(person.actor):
        return write_detail_rule(part, way, actor=person.actor, at=MONDAY)


def test_one_person_alone_takes_no_second_pair_of_eyes_away(people, acme):
    root, max_ = people["root"], people["max"]
    assert rule(root, "remit_to", "at_once")
    assert not rule(root, "remit_to", "at_once")  # said again by the same one
    assert change(people["asha"], acme, "remit_to", QUAY).state == "waiting"
    for who in ("bea", "asha"):
        with pytest.raises(NotAllowed):
            rule(people[who], "remit_to", "at_once")
    with acting(root.actor):
        assert [(one.part, one.asked_by) for one in rules_asked().values()] == [("remit_to", "Root Admin")]

    assert rule(max_, "remit_to", "at_once")
    with acting(FEED):
        (kept,) = DetailRule.objects.all()
        assert (kept.way, kept.written_by, kept.asked_by) == ("at_once", "Max Manager", "Root Admin")
        assert not rules_asked()
        with pytest.raises(IntegrityError), transaction.atomic():  # and the database holds to it
            DetailRule.objects.update(written_by_user_id=kept.asked_by_user_id)
    with pytest.raises(NotAllowed):
        rule(max_, "remit_to", "approve")  # a manager decides, and writes no rules
    assert rule(root, "remit_to", "approve")
    assert ways_of("remit_to") == "approve"
    assert [event.kind for event in rule_facts()] == [
        "detail_rule.loosening_asked",
        "detail_rule.changed",
        "detail_rule.changed",
    ]

    # Either of them takes what is asked off the table, and it is asked anew.
    assert rule(root, "remit_to", "at_once")
    assert rule(max_, "remit_to", "approve")
    assert not rule(max_, "remit_to", "approve")
    with pytest.raises(NotAllowed):
        rule(max_, "remit_to", "at_once")
    assert rule_facts()[-1].kind == "detail_rule.loosening_refused"


def ways_of(part):
    with acting(FEED):
        return ways()[part]


def rule_facts():
    with acting(FEED):
        return list(AuditEvent.objects.filter(kind__startswith="detail_rule.").order_by("id"))


# --- the feed, segments, channels ----------------------------------------------------------------------------

ACME = SupplierPaper(
    "ACME", "Acme Valves Ltd", "GB", "USD", "fr", "Europe/Paris", "strategic", "erp@acme.example"
)


def test_the_erps_feed_overwrites_nothing_that_was_set_here_and_is_shown_beside_it(people, acme):
    change(
        people["asha"],
        acme,
        "preferences",
        {"language": "de", "time_zone": "Asia/Kolkata", "email": "me@acme.example"},
    )
    root = people["root"].actor
    with acting(root):
        assert classify_suppliers(ClassifySuppliers([acme.key], "core", "edi"), actor=root, at=MONDAY) == 1
    with acting(FEED):
        receive_suppliers([ACME])
        now = Supplier.objects.get(pk=acme.pk)

    # the ERP's: name, currency, and the country and zone that nobody set otherwise
    assert (now.name, now.currency, now.country, now.time_zone) == (
        "Acme Valves Ltd",
        "USD",
        "GB",
        "Europe/Paris",
    )
    # ours since
    assert (now.language, now.email, now.segment, now.channel) == ("de", "me@acme.example", "core", "edi")
    assert now.erp_says == {"language": "fr", "email": "erp@acme.example", "segment": "strategic"}
    assert now.told_by_erp("language") == "fr"
    with acting(FEED):
        receive_suppliers([ACME])
        assert Supplier.objects.get(pk=acme.pk).erp_says == now.erp_says


def test_suppliers_are_classified_many_at_once_and_only_by_who_may(people, world):
    root, keys = people["root"].actor, [one.key for one in world.values()]
    with acting(root):
        write_category("Hydraulics ", " Hydraulic  parts", actor=root, at=MONDAY)
        write_category("Steel", "Steel", actor=root, at=MONDAY)
        command = ClassifySuppliers(keys, "strategic", categories=["hydraulics"])
        assert classify_suppliers(command, actor=root, at=MONDAY) == 2
        assert classify_suppliers(command, actor=root, at=MONDAY) == 0
        retire_category("steel", actor=root, at=MONDAY)
        assert SupplierInCategory.objects.filter(category__code="hydraulics").count() == 2
        for wrong in (
            ClassifySuppliers([], "core"),
            ClassifySuppliers(keys),
            ClassifySuppliers(keys, "vip"),
            ClassifySuppliers(keys, channel="fax"),
            ClassifySuppliers(keys, categories=["steel"]),
        ):
            with pytest.raises(Invalid):
                classify_suppliers(wrong, actor=root, at=MONDAY)
    with acting(people["asha"].actor), pytest.raises(NotAllowed):
        classify_suppliers(command, actor=people["asha"].actor, at=MONDAY)
    with acting(people["asha"].actor):
        assert not AuditEvent.objects.filter(kind="supplier.classified").exists()


def test_suppliers_are_found_by_a_part_of_number_name_or_legal_name(people, world):
    change(people["asha"], world["ACME"], "legal", LEGAL)
    with acting(FEED):
        CompanyNames.objects.create(supplier=world["GLOBEX"], legal_name="Weltkugel Handels GmbH")
        bea = people["bea"].actor

        def found(**asked):
            return sorted(one.number for one in suppliers_like(SupplierSearch(**asked), actor=bea))

        assert found() == ["ACME", "GLOBEX"]
        assert found(text="kugel") == ["GLOBEX"]
        assert found(text="VALV") == ["ACME"]
        assert found(text="gl") == ["GLOBEX"]
        assert found(text="val") == ["ACME"]
        assert found(text="va") == []
        assert found(text="100%_") == []
        assert found(segment="core") == ["ACME"]
        assert found(country="DE", channel="portal", state="active") == ["GLOBEX"]


def test_a_suppliers_scope_writes_none_of_it(people, acme):
    asked = change(people["asha"], acme, "legal", LEGAL)
    for forbidden in (
        lambda: ChangeRequest.objects.filter(pk=asked.pk).update(state="withdrawn"),
        lambda: Supplier.objects.filter(pk=acme.pk).update(channel="edi"),
        lambda: CompanyNames.objects.create(supplier=acme, legal_name="Mine"),
    ):
        with pytest.raises(DatabaseError, match="permission denied"), acting(people["asha"].actor):
            forbidden()
