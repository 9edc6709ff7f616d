"""A supplier on one page, and the end of its business on pages and through the API; as many queries for thirty as for
one."""

import json
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.kernel.audit.services import record
from portal.kernel.scope import acting
from procurement.orders.models import PurchaseOrderLine
from procurement.partners.policies import Ratio, Share
from procurement.partners.queries import health_of
from suppliers.details.models import Contact
from suppliers.messages import SupplierPaper
from suppliers.models import Membership, Supplier, User
from suppliers.offboarding.messages import BeginOffboarding
from suppliers.offboarding.models import Offboarding
from suppliers.offboarding.queries import today_at
from suppliers.offboarding.services import begin_offboarding
from suppliers.services import receive_suppliers
from tests.builders.changes import an_agreed_order
from tests.builders.factors import give_app, show_factor
from tests.builders.facts import a_receipt, arrive
from tests.builders.invoices import a_sent_invoice
from tests.builders.world import MONDAY, a_line, a_paper, an_order, receive
from tests.database import made_once
from tests.people import FEED, make_people, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def once(django_db_setup, django_db_blocker):
    from tests.builders.world import make_world

    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            people = make_people(suppliers)
        yield people


@pytest.fixture
def people(once, db):
    return once


@pytest.fixture
def root(people):
    return signed_in(people["root"])


@pytest.fixture
def acme(people):
    with acting(FEED):
        return Supplier.objects.get(number="ACME")


def page(client, address, status=200):
    response = client.get(address)
    assert response.status_code == status, response.content[:300]
    return " ".join(response.content.decode().split())


def place(name, one):
    return reverse(name, args=[one.key])


def queries(client, address):
    client.get(address)  # a session is noted once in a while
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def a_contact(acme, name="Vera Verma", **more):
    with acting(FEED):
        return Contact.objects.create(
            supplier=acme,
            name=name,
            roles=["invoices", "orders"],
            email="vera@acme.example",
            telephone="+912012345678",
            since_at=MONDAY,
            begun_by="Asha Acme",
            **more,
        )


def test_one_page_says_who_it_is_what_is_open_and_whom_one_calls(people, root, acme):
    assert "Nothing is open" in page(root, place("supplier", acme))
    an_order("4500000001", at=timezone.now())
    a_contact(acme)
    with acting(FEED):
        record(
            "supplier.change_requested",
            acme.stream,
            actor=people["asha"].actor,
            at=timezone.now(),
            supplier_id=acme.pk,
            facts={"part": "legal"},
        )

    html = page(root, place("supplier", acme))

    for said in (
        "Supplier ACME · Core · reached by Portal",
        "<bdi>Bea Buyer</bdi>",
        "/orders/?show=waiting&amp;supplier=ACME",
        "Vera Verma",
        "Orders, Invoices",
        'href="tel:+912012345678"',
        "Asha Acme",
        "Legal name: a change was asked for",
        f'hx-get="{place("supplier-health", acme)}"',
    ):
        assert said in html, said
    # Each reader as far as he or she may: no people, documents and bank details for a buyer; nothing for a supplier.
    bea = page(signed_in(people["bea"]), place("supplier", acme))
    assert "Vera Verma" in bea
    assert place("bank-supplier", acme) not in bea
    assert "End the business" not in bea
    assert "Asha Acme</bdi> <span" not in bea
    page(signed_in(people["asha"]), place("supplier", acme), 403)
    assert place("supplier", acme) in page(root, "/suppliers/")


def test_how_it_does_is_counted_over_ninety_days(people, root, acme):
    long_ago, lately = date(2026, 11, 1), date(2026, 2, 20)
    lines = [
        a_line(10 * n, quantity=Decimal(10), delivery_on=lately if n <= 6 else long_ago - timedelta(days=400))
        for n in range(1, 8)
    ]
    receive(a_paper("4500000001", lines, ordered_on=date(2026, 1, 5)), at=MONDAY - timedelta(days=40))
    for n in range(1, 6):
        on = lately if n < 5 else lately + timedelta(days=3)
        arrive(a_receipt(f"GR-{n}", line_key=f"L{10 * n}", quantity=Decimal(10), received_on=on))
    with acting(FEED):
        PurchaseOrderLine.objects.update(received_quantity=Decimal(10))
        PurchaseOrderLine.objects.filter(number__gte=60).update(received_quantity=Decimal(0))
    actor = people["root"].actor
    with acting(actor):
        shares = health_of(acme, actor=actor, at=MONDAY)
    assert shares == {
        Ratio.KEPT: Share(4, 6),
        Ratio.ANSWERED: Share(0, 0),
        Ratio.UNTOUCHED: Share(0, 0),
        Ratio.FIRST_PASS: Share(0, 0),
    }
    html = page(root, place("supplier-health", acme))
    assert "no answer was owed" in html
    part = root.get(place("supplier-health", acme), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "Over 90 days" in part
    assert f'href="{place("supplier-health", acme)}#score"' in part
    assert "not enough papers yet" in part
    assert "Not enough papers yet: 0 count, and a score needs 20." in html


def test_how_the_score_comes_about_is_one_click_away(people, root, acme, settings):
    settings.SCORE_LEAST_PAPERS, settings.SCORE_WEIGHTS = 5, {"kept": 30, "answered": 70}
    now = timezone.now()
    due = now.date() - timedelta(days=10)
    lines = [a_line(10 * n, quantity=Decimal(10), delivery_on=due) for n in range(1, 7)]
    receive(a_paper("4500000001", lines, ordered_on=due - timedelta(days=30)), at=now - timedelta(days=40))
    for n in range(1, 5):
        arrive(a_receipt(f"GR-{n}", line_key=f"L{10 * n}", quantity=Decimal(10), received_on=due))
    with acting(FEED):
        PurchaseOrderLine.objects.filter(number__lte=40).update(received_quantity=Decimal(10))

    html = page(root, place("supplier-health", acme))

    # Four of six deliveries; no answer was owed, so they are all there is: 66.6… of 100.
    assert "66 of 100, from 6 papers." in html
    table = html.partition('id="score"')[2].partition("</tbody>")[0]
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in table.split('<tr role="row">')[2:6]]
    assert rows == [
        "Deliveries as first agreed 4 of 6 30 66.6",
        "Answers in time fewer than 5: not counted no answer was owed 70 –",
        "Invoices approved without a person weighs nothing no invoice was approved 0 –",
        "Invoices that matched at once weighs nothing no invoice was matched 0 –",
    ]


def test_as_many_queries_for_thirty_as_for_one(people, root, acme):
    an_order("4500000001", at=timezone.now())
    a_contact(acme)
    one = queries(root, place("supplier", acme))
    end = queries(root, place("supplier-offboarding", acme))
    for n in range(2, 31):
        an_order(f"45000000{n:02}", at=timezone.now())
        a_contact(acme, f"Vera {n}")
    with acting(FEED):
        for n in range(30):
            user = User.objects.create_user(f"p{n}@acme.example", name=f"Person {n}")
            Membership.objects.create(user=user, supplier=acme, role="orders")
    assert queries(root, place("supplier", acme)) == one
    assert queries(root, place("supplier-offboarding", acme)) == end
    assert one <= 60
    html = page(root, place("supplier", acme))
    assert "and 26 more" in html


def begin(root, acme, **changed):
    data = {"last_on": today_at(acme, timezone.now()).isoformat(), "reason": "Another source.", "words": ""}
    return root.post(place("offboarding-begin", acme), {**data, **changed})


def row_of(acme):
    with acting(FEED):
        return Offboarding.objects.filter(supplier=acme).order_by("-id").first()


def test_the_end_of_a_business_on_pages(people, root, acme):
    an_order("4500000001", at=timezone.now())
    assert "Begin, and tell its people" in page(root, place("supplier-offboarding", acme))
    refused = begin(root, acme, reason="", last_on="2020-01-01")
    assert refused.status_code == 422
    asha = signed_in(people["asha"])
    assert "The business with you ends" not in page(asha, "/")
    assert begin(root, acme).status_code == 303
    row = row_of(acme)
    home = page(asha, "/")
    assert re.search(r"The business with you ends on <time[^>]*>[^<]+</time>", home) or (
        f"The business with you ends on {row.last_on:%-d %b %Y}" in home
    )
    assert "Another source." not in home  # the reason is ours
    html = page(root, place("supplier-offboarding", acme))
    for said in ("Is ending", "Another source.", "Orders that are not there yet", "People who act for it: 4"):
        assert said in html, said
    assert "Business ends" in page(root, place("supplier", acme))
    assert place("supplier-offboarding", acme) in page(root, reverse("offboarding-list"))
    # Read by everybody of ours, done by the administrator alone.
    bea = signed_in(people["bea"])
    assert 'name="version"' not in page(bea, place("supplier-offboarding", acme))
    assert bea.post(place("offboarding-end", row), {"version": 1}).status_code == 403

    asked = root.post(place("offboarding-end", row), {"version": 1})
    assert asked.status_code == 422
    assert "Orders that are not there yet: 1 open." in asked.content.decode()
    stale = root.post(place("offboarding-move", row), {"version": 7, "move-last_on": row.last_on.isoformat()})
    assert stale.status_code == 409
    later = row.last_on + timedelta(days=1)
    moved = root.post(place("offboarding-move", row), {"version": 1, "move-last_on": later.isoformat()})
    assert (moved.status_code, row_of(acme).last_on) == (303, later)
    back = root.post(place("offboarding-move", row), {"version": 2, "move-last_on": row.last_on.isoformat()})
    assert back.status_code == 303

    done = root.post(place("offboarding-end", row), {"version": 3, "reason_orders": "The ERP closes it."})
    assert done.status_code == 303
    html = page(root, place("supplier-offboarding", acme))
    for said in ("The ERP closes it.", "People who act for it: 4", "Do business again"):
        assert said in html, said
    assert "Business ended" in page(root, place("supplier", acme))
    assert signed_in(people["asha"]).get("/orders/").status_code in (302, 403)
    again = Client()
    again.force_login(User.objects.get(pk=people["asha"].user.pk))  # whose sessions are ended
    assert "You act for nobody here" in page(again, "/", 403)
    an_order("4500000002", at=timezone.now() + timedelta(minutes=1))
    assert "1 order has come out of the ERP since." in page(root, place("supplier", acme))

    again = root.post(
        place("offboarding-reopen", row), {"version": 4, "again-why": "The other source failed."}
    )
    assert again.status_code == 303
    assert "The other source failed." in page(root, place("supplier-offboarding", acme))
    assert "Begin, and tell its people" in page(root, place("supplier-offboarding", acme))


def test_the_lists_show_one_supplier_alone(people, root, acme):
    order = an_agreed_order(people["asha"])
    for address, other in (
        ("/changes/?view=all", "No change request here"),
        ("/shipments/?view=way", "Expected"),
    ):
        html = page(root, f"{address}&supplier=ACME")
        assert "Remove filter Supplier Acme Valves" in html, other
        assert "Remove filter Supplier" not in page(root, f"{address}&supplier=NONE")
    asha = signed_in(people["asha"])
    assert "Remove filter Supplier" not in page(asha, "/changes/?view=all&supplier=GLOBEX")
    a_sent_invoice(order, people["asha"])
    html = page(root, f"/invoices/?view=all&supplier={acme.key}")
    assert "INV-1" in html


def send(client, method, path, data=None):
    body = {} if data is None else {"data": json.dumps(data), "content_type": "application/json"}
    return getattr(client, method)(f"/api/v1{path}", **body)


def test_the_end_of_a_business_through_the_api(people, root, acme):
    an_order("4500000001", at=timezone.now())
    today = today_at(acme, timezone.now()).isoformat()
    asked = {"supplier": "ACME", "last_on": today, "reason": "Another source."}
    assert send(root, "post", "/offboardings", {**asked, "supplier": "NONE"}).status_code == 422
    made = send(root, "post", "/offboardings", asked)
    assert made.status_code == 201, made.json()
    told = made.json()
    assert (told["state"], told["open"]) == ("begun", [{"kind": "orders", "count": 1}])
    one = f"/offboardings/{told['key']}"
    bea = signed_in(people["bea"])
    assert send(bea, "get", one).json()["reason"] == "Another source."
    assert send(bea, "post", f"{one}/end", {"version": 1}).status_code == 403
    assert send(signed_in(people["asha"]), "get", one).status_code == 403
    assert [row["supplier"] for row in send(bea, "get", "/offboardings?state=begun").json()["results"]] == [
        "ACME"
    ]

    open_still = send(root, "post", f"{one}/end", {"version": 1})
    assert open_still.status_code == 422
    moved = send(root, "post", f"{one}/move", {"version": 1, "last_on": today})
    assert moved.json()["version"] == 2
    leave = [{"kind": "orders", "reason": "The ERP closes it."}]
    over = send(root, "post", f"{one}/end", {"version": 2, "leave": leave})
    assert over.status_code == 200, over.json()
    assert (over.json()["state"], over.json()["open"]) == ("ended", [])
    assert over.json()["left"] == [{"kind": "orders", "count": 1, "reason": "The ERP closes it."}]
    assert send(root, "post", f"{one}/call-off", {"version": 3, "why": "x"}).status_code == 409
    back = send(root, "post", f"{one}/reopen", {"version": 3, "why": "The other source failed."})
    assert back.json()["state"] == "reopened"


def test_whoever_has_a_second_factor_shows_it_to_end_a_business(people, root, acme):
    assert begin(root, acme).status_code == 303
    row = row_of(acme)
    give_app(people["root"].user)
    assert root.post(place("offboarding-end", row), {"version": 1}).status_code == 409
    refused = send(root, "post", f"/offboardings/{row.key}/end", {"version": 1})
    assert (refused.status_code, refused.json()["code"]) == (403, "fresh_factor_needed")
    assert row_of(acme).state == "begun"
    show_factor(root, people["root"].user)
    assert root.post(place("offboarding-end", row), {"version": 1}).status_code == 303


def test_thirty_that_leave_take_as_many_queries_as_one(people, root):
    actor, now = people["root"].actor, timezone.now()

    def leave(*numbers):
        with acting(FEED):
            receive_suppliers(
                [SupplierPaper(n, f"Bolt {n}", "DE", "EUR", "de", "UTC", "core") for n in numbers]
            )
            found = list(Supplier.objects.filter(number__in=numbers))
        for one in found:
            with acting(actor):
                begin_offboarding(
                    BeginOffboarding(one.key, now.date() + timedelta(days=9), "Gone."), actor=actor, at=now
                )

    leave("B00")
    one = queries(root, reverse("offboarding-list"))
    leave(*(f"B{n:02}" for n in range(1, 31)))
    assert queries(root, reverse("offboarding-list")) == one
