"""The pages and the API of company data: both sides, without script, a fixed number of queries."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kernel.scope import acting
from suppliers.details.messages import ChangeDetail
from suppliers.details.models import ChangeRequest, Contact
from suppliers.details.presenters import what_follows
from suppliers.details.queries import ways
from suppliers.details.services import change_detail
from suppliers.models import Supplier
from suppliers.states import TradeChannel
from tests.builders.factors import give_app, show_factor
from tests.builders.world import MONDAY
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(world):
    return world["ACME"]


def page(person, address, status=200):
    answer = signed_in(person).get(address)
    assert answer.status_code == status
    return answer.content.decode()


def post(person, address, status=303, **typed):
    answer = signed_in(person).post(address, typed)
    assert answer.status_code == status, answer.content.decode()
    return answer


def change(person, supplier, part, values, **rest):
    with acting(person.actor):
        return change_detail(ChangeDetail(supplier.key, part, values, **rest), actor=person.actor, at=MONDAY)


def part(supplier, name, of=""):
    return f"/suppliers/{supplier.key}/company/part/{name}/" + (f"?of={of}" if of else "")


def seen_on(html):
    return re.search(r'name="seen"(?: value="([^"]*)")?', html)[1] or ""


RITA = {
    "name": "Rita Rao",
    "roles": ["orders"],
    "email": "rita@acme.example",
    "telephone": "020 2612 3456",
    "language": "en",
}


def test_a_supplier_fills_in_its_company_data_part_by_part(people, acme):
    asha = people["asha"]
    html = page(asha, part(acme, "contact"))
    post(asha, part(acme, "contact"), seen=seen_on(html), **RITA)
    post(asha, part(acme, "number"), kind="gln", value="4006381333931")
    post(
        asha,
        part(acme, "registered"),
        country="IN",
        line1="MIDC Road 7",
        city="Pune",
        region="MH",
        postal_code="411 001",
    )
    html = page(asha, part(acme, "legal"))
    assert "It waits for approval. What stands now stands until then." in html
    answer = post(
        asha,
        part(acme, "legal"),
        seen=seen_on(html),
        legal_name="Acme Valves Pvt Ltd",
        country="IN",
        reason="As registered.",
    )
    assert answer["Location"] == "/company/"

    html = page(asha, "/company/")
    assert "020 2612 3456" in html
    assert 'href="tel:+912026123456"' in html
    assert "4006381333931" in html
    assert "Pune 411001" in html
    assert "1 change waits for approval." in html
    assert "Long tail" not in html  # the segment is ours
    assert "Ours alone" not in html
    ours = page(people["root"], f"/suppliers/{acme.key}/company/")
    assert "Ours alone" in ours
    assert "+91 20 2612 3456" in ours


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_is_kept(people, acme):
    answer = post(people["asha"], part(acme, "number"), 422, kind="vat", country="DE", value="DE136695978")
    html = answer.content.decode()
    assert "The check digit of “DE136695978” is wrong for a VAT number of Germany" in html
    assert 'value="DE136695978"' in html
    answer = post(people["asha"], part(acme, "registered"), 422, country="US", line1="1 Dock", city="Toledo")
    assert "State: An address in United States needs it." in answer.content.decode()


def test_an_address_asks_for_the_fields_of_its_country(people, acme):
    html = page(people["asha"], part(acme, "remit_to") + "?country=US")
    assert "ZIP code" in html
    assert html.index('name="city"') < html.index('name="region"') < html.index('name="postal_code"')
    html = page(people["asha"], part(acme, "remit_to") + "?country=DE")
    assert 'name="region"' not in html
    assert html.index('name="postal_code"') < html.index('name="city"')


def test_a_contact_is_changed_and_taken_away_and_stays_in_the_history(people, acme):
    asha = people["asha"]
    key = change(asha, acme, "contact", RITA).subject
    html = page(asha, part(acme, "contact", key))
    assert 'value="020 2612 3456"' in html
    post(asha, part(acme, "contact", key), seen=seen_on(html), **{**RITA, "telephone": "+91 98220 12345"})
    answer = signed_in(asha).post(part(acme, "contact", key), {**RITA, "seen": seen_on(html)})
    assert answer.status_code == 409
    assert "Somebody changed this since you opened it" in answer.content.decode()
    post(asha, part(acme, "contact", key), end="1")
    assert page(asha, part(acme, "contact", key), 404)
    history = page(asha, f"/suppliers/{acme.key}/company/history/")
    assert history.count("Contact Rita Rao") == 3


def test_a_change_is_looked_at_side_by_side_approved_refused_withdrawn(people, acme):
    asha, max_, root = people["asha"], people["max"], people["root"]
    change(people["gil"], Supplier_of("GLOBEX"), "number", {"kind": "gln", "value": "4006381333931"})
    with acting(FEED):
        other = Supplier_of("GLOBEX")
    first = change(asha, acme, "tax_id", {"kind": "vat", "country": "DE", "value": "DE136695976"})
    assert "DE136695976" in page(max_, "/suppliers/changes/")
    assert "Asha Acme" in page(max_, f"/suppliers/changes/{first.key}/")
    assert "Approve" not in page(asha, f"/suppliers/changes/{first.key}/")
    answer = post(max_, f"/suppliers/changes/{first.key}/refuse/", 422, version="1", reason=" ")
    assert "Say in a sentence why" in answer.content.decode()
    post(max_, f"/suppliers/changes/{first.key}/refuse/", version="1", reason="VIES does not know it.")
    assert "VIES does not know it." in page(asha, f"/suppliers/changes/{first.key}/")

    second = change(root, acme, "legal", {"legal_name": "Acme", "country": "IN"})
    html = page(root, "/suppliers/changes/")
    assert "Asked for by you" in html
    assert "You asked for it: a colleague of yours decides." in page(
        root, f"/suppliers/changes/{second.key}/"
    )
    assert post(root, f"/suppliers/changes/{second.key}/approve/", 403, version="1")
    assert post(max_, f"/suppliers/changes/{second.key}/approve/", 409, version="9")
    post(max_, f"/suppliers/changes/{second.key}/approve/", version="1")
    third = change(asha, acme, "channel", {"channel": "edi"})
    post(asha, f"/suppliers/changes/{third.key}/withdraw/", version="1")
    with acting(FEED):
        assert list(ChangeRequest.objects.order_by("id").values_list("state", flat=True))[1:] == [
            "refused",
            "in_force",
            "withdrawn",
        ]
    assert str(other.key) not in page(asha, "/company/")


def Supplier_of(number):
    with acting(FEED):
        return Supplier.objects.get(number=number)


def test_a_duplicate_is_shown_to_us_alone(people, acme):
    change(people["gil"], Supplier_of("GLOBEX"), "number", {"kind": "gln", "value": "4006381333931"})
    change(people["asha"], acme, "number", {"kind": "gln", "value": "4006381333931"})
    assert "Also at Globex (GLOBEX)" in page(people["root"], f"/suppliers/{acme.key}/company/")
    assert "Globex" not in page(people["asha"], "/company/")


def test_what_the_erp_says_is_shown_to_us_where_it_differs(people, acme):
    change(people["asha"], acme, "preferences", {"language": "de", "time_zone": "Asia/Kolkata", "email": ""})
    html = page(people["bea"], f"/suppliers/{acme.key}/company/")
    assert "The ERP says English" in html
    assert "The ERP says sales@acme.example" in html
    assert "The ERP says" not in page(people["asha"], "/company/")


def test_what_follows_from_segment_and_channel_is_what_the_portal_does(people, acme, settings):
    html = page(people["root"], f"/suppliers/{acme.key}/company/")
    assert "Links in mails answer orders without sign-in." in html
    assert "New orders are mailed" in html
    settings.LINK_SIGN_IN_SEGMENTS = ("strategic",)
    post(people["root"], f"/suppliers/{acme.key}/company/categories/", segment="strategic", channel="api")
    html = page(people["root"], f"/suppliers/{acme.key}/company/")
    assert "to answer one, its people sign in." in html
    assert "No mail is sent about new orders: its programs read them." in html


def test_each_channel_says_what_follows_from_it(settings):
    mailed = "New orders are mailed to its people who answer orders, or to the company’s address."
    desk = "Whatever is mailed of an order goes to the company’s address too, whoever of its people signs in."
    read = "No mail is sent about new orders: its programs read them. Reminders and all other notices are mailed."
    failed = (
        "It is mailed of orders that nobody has opened or answered for long, as failures of its programs."
    )
    once = "An invitation that nobody accepts is not repeated."

    assert {one: what_follows("core", one)[2:] for one in TradeChannel.values} == {
        "portal": [mailed],
        "mail": [desk, once],
        "file": [read, failed],
        "api": [read, failed],
        "edi": [read, failed],
        "mixed": [mailed, failed],
    }


def test_the_list_finds_filters_classifies_and_takes_a_fixed_number_of_queries(people, world):
    bea, root = people["bea"], people["root"]
    html = page(bea, "/suppliers/?segment=core")
    assert "Acme Valves" in html
    assert "Globex" not in html
    assert "Tick Acme Valves" not in html  # only who may classify ticks
    html = page(root, "/suppliers/?q=glob&country=DE")
    assert "Globex" in html
    assert "Acme" not in html
    post(
        root,
        "/suppliers/classify/",
        supplier=[one.key for one in world.values()],
        segment="strategic",
        channel="",
    )
    assert page(root, "/suppliers/?segment=strategic").count("Tick ") == 3
    assert (
        "Choose one to 5000 suppliers"
        in post(root, "/suppliers/classify/", 422, segment="core").content.decode()
    )
    client = signed_in(root)

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as counted:
            assert client.get("/suppliers/").status_code == 200
        return len(counted)

    queries()  # the first look at a session writes that it was seen
    few = queries()
    with acting(FEED):
        Supplier.objects.bulk_create(Supplier(number=f"S{n}", name=f"Supplier {n}") for n in range(80))
    assert queries() == few
    html = client.get("/suppliers/").content.decode()
    assert html.count('name="supplier"') == 50
    assert "cursor=" in html


def test_the_company_page_takes_a_fixed_number_of_queries(people, acme):
    asha, root = signed_in(people["asha"]), signed_in(people["root"])

    def queries():
        with CaptureQueriesContext(connection) as counted:
            assert asha.get("/company/").status_code == 200
            assert root.get(f"/suppliers/{acme.key}/company/").status_code == 200
        return len(counted)

    change(people["asha"], acme, "contact", RITA)
    change(people["asha"], acme, "number", {"kind": "gln", "value": "4006381333931"})
    change(people["asha"], acme, "legal", {"legal_name": "Acme", "country": "IN"})
    queries()  # the first look at a session writes that it was seen
    few = queries()
    for n in range(30):
        change(people["asha"], acme, "contact", {**RITA, "name": f"Rita {n}"})
        change(
            people["asha"],
            acme,
            "number",
            {"kind": "register", "country": ["DE", "AT", "CH"][n % 3], "value": f"R {n}"},
            subject="",
        )
    assert queries() == few


def test_rules_and_categories_are_set_up_by_the_administrator(people, acme):
    root = people["root"]
    assert "Trading name and website" in page(root, "/suppliers/rules/")
    post(root, "/suppliers/rules/", names="approve")
    assert change(people["asha"], acme, "names", {"trading_name": "A"}).state == "waiting"
    assert "Nobody asks that changes" in page(people["max"], "/suppliers/rules/")
    # At once, and unseen: one asks with a factor that was shown a moment ago, another says it as well.
    post(root, "/suppliers/rules/", 409, legal="at_once")
    loosen(root)
    assert change(people["asha"], acme, "legal", {"legal_name": "A", "country": "IN"}).state == "waiting"
    assert "Somebody asks that changes come into force" in page(people["max"], "/suppliers/changes/")
    html = page(people["max"], "/suppliers/rules/")
    assert ("Root Admin asks: at once" in html, 'name="names"' in html) == (True, False)
    post(root, "/suppliers/rules/", registered="approve")  # leaves alone what is asked
    loosen(people["max"])
    assert change(people["asha"], Supplier_of("ACME"), "channel", {"channel": "edi"}).state == "waiting"
    with acting(FEED):
        assert ways()["legal"] == "at_once"
        assert ways()["registered"] == "approve"
    post(root, "/suppliers/categories/", code="steel", name="Steel")
    assert "Steel" in page(root, f"/suppliers/{acme.key}/company/categories/")
    post(root, f"/suppliers/{acme.key}/company/categories/", categories=["steel"])
    assert "Steel" in page(root, f"/suppliers/{acme.key}/company/")
    post(root, "/suppliers/categories/retire/", code="steel")
    assert "retired" in page(root, "/suppliers/categories/")
    assert (
        "letters, digits and hyphens"
        in post(root, "/suppliers/categories/", 422, code="!", name="").content.decode()
    )


def loosen(person):
    client = signed_in(person)
    show_factor(client, person.user)
    assert client.post("/suppliers/rules/", {"legal": "at_once"}).status_code == 303


# --- the API -------------------------------------------------------------------------------------------------


def api(person, address, body=None, status=200):
    client = signed_in(person)
    answer = (
        client.get(address) if body is None else client.post(address, body, content_type="application/json")
    )
    assert answer.status_code == status, answer.content.decode()
    return answer.json()


def test_a_person_changes_company_data_by_the_api_and_a_token_only_reads(people, acme, tokens):
    own = f"/api/v1/suppliers/{acme.key}"
    done = api(people["asha"], f"{own}/contacts", RITA)
    assert (done["change"]["state"], done["change"]["decided_by"]) == ("in_force", "rule")
    waits = api(people["asha"], f"{own}/legal", {"legal_name": "Acme Ltd", "country": "IN"})["change"]
    assert waits["state"] == "waiting"
    told = api(people["asha"], own)
    assert told["contacts"][0]["telephone"] == "+912026123456"
    assert [one["key"] for one in told["waiting"]] == [waits["key"]]
    assert (told["segment"], told["erp_says"]) == ("", {})
    stale = {"trading_name": "A", "website": "", "seen": told["seen"]["names"]}
    api(people["asha"], f"{own}/names", stale)
    assert api(people["asha"], f"{own}/names", {**stale, "trading_name": "B"}, 409)["code"] == "stale"
    bad = api(people["asha"], f"{own}/numbers", {"kind": "gln", "value": "1"}, 422)
    assert bad["errors"][0]["field"] == "value" if "errors" in bad else "GLN" in str(bad)
    api(people["asha"], f"{own}/numbers", {"kind": "gln", "value": "4006381333931"})
    api(people["asha"], f"{own}/numbers", {"kind": "gln", "ends": True})
    api(
        people["asha"], f"{own}/addresses", {"kind": "registered", "line1": "a", "city": "b", "country": "AE"}
    )
    api(people["asha"], f"{own}/preferences", {"language": "de", "time_zone": "UTC", "email": ""})
    api(people["asha"], f"{own}/channel", {"channel": "api"})

    program = tokens("ACME")
    assert program.get(own).json()["numbers"] == []
    assert program.post(f"{own}/names", stale).status_code == 403
    assert tokens("GLOBEX").get(own).status_code == 404

    change_ = f"/api/v1/supplier-changes/{waits['key']}"
    assert api(people["max"], f"{change_}/approve", {"version": 1})["decided_by"] == "Max Manager"
    assert api(people["max"], "/api/v1/supplier-changes?state=waiting")["results"][0]["part"] == "channel"
    assert api(people["asha"], change_)["state"] == "in_force"


def test_where_a_fraud_would_begin_whoever_has_a_second_factor_shows_it_by_any_door(people, acme):
    post(people["asha"], part(acme, "contact"), **RITA)
    with acting(people["asha"].actor):
        rita = Contact.objects.get()
    legal = {"legal_name": "Acme Ltd", "country": "IN"}
    mail = {"language": "en", "time_zone": "Asia/Kolkata", "email": "thief@elsewhere.example"}
    address = {
        "country": "IN",
        "line1": "Elsewhere 1",
        "city": "Pune",
        "region": "MH",
        "postal_code": "411001",
    }
    vat = {"kind": "vat", "country": "DE", "value": "DE136695976"}
    client = signed_in(people["asha"])
    give_app(people["asha"].user)
    pages = {
        part(acme, "legal"): legal,
        part(acme, "number"): vat,
        part(acme, "remit_to"): address,
        part(acme, "contact"): {**RITA, "name": "Thief"},
        part(acme, "contact") + f"?of={rita.key}": {**RITA, "telephone": "+44 20 7946 0000"},
        part(acme, "preferences"): mail,
    }
    asked = {one: client.post(one, sent) for one, sent in pages.items()}
    assert {one: answer.status_code for one, answer in asked.items()} == dict.fromkeys(pages, 409)
    assert ("legal_name", "Acme Ltd") in asked[part(acme, "legal")].context["kept"]  # nothing typed is lost
    assert (
        client.get(part(acme, "legal")).status_code == 302
    )  # asked before the form is filled in, where it is known
    own = f"/api/v1/suppliers/{acme.key}"
    programs = {
        "legal": legal,
        "numbers": vat,
        "addresses": {**address, "kind": "remit_to"},
        "contacts": RITA,
        "preferences": mail,
    }
    for door, sent in programs.items():
        refused = client.post(f"{own}/{door}", sent, content_type="application/json")
        assert (refused.status_code, refused.json()["code"]) == (403, "fresh_factor_needed"), door
    with acting(people["asha"].actor):
        assert list(ChangeRequest.objects.values_list("part", flat=True)) == ["contact"]

    free = {**mail, "email": acme.email, "language": "de"}
    assert client.post(part(acme, "preferences"), free).status_code == 303
    assert client.post(part(acme, "names"), {"trading_name": "Acme", "website": ""}).status_code == 303
    show_factor(client, people["asha"].user)
    assert client.post(part(acme, "legal"), legal).status_code == 303
    assert client.post(f"{own}/contacts", RITA, content_type="application/json").status_code == 200

    max_ = signed_in(people["max"])
    give_app(people["max"].user)
    with acting(people["max"].actor):
        change = ChangeRequest.objects.get(part="legal")
    assert max_.post(f"/suppliers/changes/{change.key}/approve/", {"version": "1"}).status_code == 409
    door = f"/api/v1/supplier-changes/{change.key}/approve"
    assert max_.post(door, {"version": 1}, content_type="application/json").status_code == 403
    show_factor(max_, people["max"].user)
    assert max_.post(f"/suppliers/changes/{change.key}/approve/", {"version": "1"}).status_code == 303


def test_suppliers_are_listed_and_classified_by_the_api(people, world):
    assert [one["number"] for one in api(people["bea"], "/api/v1/suppliers?segment=core")["results"]] == [
        "ACME"
    ]
    assert [
        one["number"] for one in api(people["asha"], "/api/v1/suppliers?segment=long_tail")["results"]
    ] == ["ACME"]
    said = {"suppliers": ["ACME", "GLOBEX"], "segment": "strategic", "channel": "edi"}
    assert api(people["root"], "/api/v1/suppliers/classify", said) == {"changed": 2}
    assert api(people["root"], "/api/v1/suppliers/classify", {**said, "suppliers": ["NOBODY"]}, 422)
    assert api(people["bea"], "/api/v1/suppliers/classify", said, 403)


def test_a_change_that_waits_is_read_in_the_order_of_its_form(people, acme):
    post(
        people["asha"],
        part(acme, "remit_to"),
        country="IN",
        line1="MIDC Road 7",
        city="Pune",
        region="MH",
        postal_code="411 001",
        reason="Our finance office has moved.",
    )

    html = page(people["root"], "/suppliers/changes/")
    row = html[html.index("Remit-to address") :]
    said = ("MIDC Road 7", "Pune", "India")
    assert sorted(said, key=row.index) == list(said)
