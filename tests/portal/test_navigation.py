"""Where everybody may go, what waits there, and that nobody loses a way: the rail, its tabs and the set-up."""

import re
import uuid
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from portal.kernel.scope import acting
from portal.navigation.company import COMPANY
from portal.navigation.supplier import SUPPLIER
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.services import acknowledge_order
from procurement.tolerances.states import PolicyState
from tests.builders.tolerances import a_draft
from tests.builders.world import MONDAY, an_order
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db

SIDES = {"supplier": SUPPLIER, "company": COMPANY}


def ways(side):
    """All ways of a side, those of the rail before the cards."""
    return [way for place in side.places for way in place.ways] + [w for one in side.groups for w in one.ways]


@pytest.mark.parametrize("side", SIDES)
def test_every_way_and_every_page_of_it_is_there_and_belongs_to_one_way(side):
    there = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    found = ways(SIDES[side])
    # The place "Set-up" holds what its cards hold.
    belongs = Counter(page for way in found if way.name != "set-up" for page in way.pages)

    assert [way.name for way in found if not reverse(way.name)] == []
    assert sorted(set(belongs) - there) == []
    assert [page for page, times in belongs.items() if times > 1] == []
    assert [way.name for one in SIDES[side].groups for way in one.ways if not way.says] == []


READER = "Home, Orders, Shipments, Invoices, Statements, Company"


@pytest.mark.parametrize(
    ("name", "rail", "bar"),
    [
        (
            "bea",
            "Inbox, Decisions, Changes, Mail, Orders, Inbound, Invoices, Approvals, Suppliers, Onboarding, Set-up",
            "Inbox, Decisions, Changes, Orders, Approvals",
        ),
        (
            "root",
            (
                "Inbox, Decisions, Changes, Mail, Orders, Inbound, Invoices, Bank changes, Suppliers, Onboarding, "
                "Documents, Set-up"
            ),
            "Inbox, Orders, Bank changes, Suppliers, Onboarding",
        ),
        (
            "max",
            (
                "Inbox, Decisions, Changes, Mail, Orders, Inbound, Receiving, Invoices, Payables, Approvals, "
                "Bank changes, Suppliers, Onboarding, Documents, Integration, Set-up"
            ),
            "Inbox, Decisions, Changes, Orders, Payables",
        ),
        (
            "otto",
            (
                "Inbox, Decisions, Changes, Orders, Inbound, Invoices, Payables, Approvals, Bank changes, "
                "Suppliers, Onboarding, Documents, Set-up"
            ),
            "Inbox, Orders, Payables, Approvals, Bank changes",
        ),
        (
            "rex",
            "Inbox, Decisions, Changes, Orders, Inbound, Receiving, Invoices, Suppliers, Onboarding, Set-up",
            "Inbox, Orders, Inbound, Receiving, Invoices",
        ),
        (
            "ines",
            "Inbox, Decisions, Changes, Mail, Orders, Inbound, Invoices, Suppliers, Onboarding, Integration, Set-up",
            "Inbox, Orders, Inbound, Invoices, Integration",
        ),
        ("asha", READER, "Home, Orders, Shipments, Invoices, Company"),
        ("arun", READER, "Home, Orders, Shipments, Invoices, Company"),
    ],
)
def test_everybody_has_a_short_rail_and_a_bar_of_five(people, name, rail, bar):
    nav = signed_in(people[name]).get("/orders/").context["nav"]

    assert ", ".join(str(line["label"]) for line in nav) == rail
    assert ", ".join(str(line["label"]) for line in nav if line["phone"]) == bar
    assert [str(line["label"]) for line in nav if line["current"]] == ["Orders"]


@pytest.mark.parametrize(
    ("name", "address", "tabs"),
    [
        ("asha", "/orders/", ["Orders", "Changes", "Record"]),
        ("otto", "/payables/", ["Accounts payable", "Statements"]),
        ("asha", "/invoices/", ["Invoices", "What is due when"]),
        (
            "asha",
            "/company/",
            [
                "Company data",
                "Getting started",
                "Documents",
                "Bank details",
                "People",
                "Sign-in of people",
                "Access tokens",
                "Trail",
            ],
        ),
        ("arun", "/company/", ["Company data", "Getting started"]),
        ("asha", "/shipments/", []),
        ("bea", "/orders/", []),
        ("bea", "/shipments/", ["Inbound", "Inbound calendar"]),
        ("bea", "/suppliers/", ["Suppliers", "Leaving", "Records"]),
        ("bea", "/suppliers/offboardings/", ["Suppliers", "Leaving", "Records"]),
        (
            "root",
            "/suppliers/merges/",
            ["Suppliers", "Company data", "Screening", "Duplicates", "Leaving", "Records"],
        ),
        ("root", "/onboarding/", ["Onboarding", "Requests"]),
        ("bea", "/onboarding/", []),
    ],
)
def test_a_line_of_the_rail_has_tabs_where_there_is_more_than_one_way(people, name, address, tabs):
    page = signed_in(people[name]).get(address)

    assert [str(tab["label"]) for tab in page.context["tabs"].get("ways", [])] == tabs
    assert page.content.decode().count('class="q-tabs"') == bool(tabs)


@pytest.mark.parametrize("name", ["root", "max", "otto", "ines", "asha"])
def test_every_way_opens_and_says_where_one_is(people, name):
    person, client = people[name], signed_in(people[name])
    wrong = []
    for way in ways(SUPPLIER if person.actor.is_supplier else COMPANY):
        if not person.actor.may(way.permission):
            continue
        page = client.get(reverse(way.name))
        lines = [line for line in page.context["nav"] if line["current"]] if page.status_code == 200 else []
        tabs = [tab for tab in page.context["tabs"].get("ways", []) if tab["current"]] if lines else []
        here = re.findall(r'<nav class="q-(nav|tabs).*?</nav>', page.content.decode(), re.DOTALL)
        if (page.status_code, len(lines)) != (200, 1) or len(tabs) != here.count("tabs"):
            wrong.append((way.name, page.status_code, [str(line["label"]) for line in lines]))
    assert wrong == []


def test_the_set_up_has_a_card_for_each_page_and_leads_there_and_back(people):
    def cards(name):
        return {
            str(group["label"]): [str(one["way"].label) for one in group["ways"]]
            for group in signed_in(people[name]).get("/set-up/").context["groups"]
        }

    agreed = ["Tolerances", "What rules did", "Service levels"]
    cases = ["Owners and stand-ins", "How the score is made"]
    paying = ["Matching of invoices", "Terms of early payment"]
    assert cards("bea") == {"What is agreed": [*agreed, *cases], "Invoices and paying": paying}
    assert cards("root") == {
        "What is agreed": [*agreed, "Reasons for changes", *cases],
        "Invoices and paying": ["Taking invoices", paying[0], "Approval of invoices", paying[1]],
        "Bringing suppliers in": [
            "What is asked",
            "Terms",
            "Texts of invitations",
            "By the first order",
            "Exclusions",
            "Documents required",
            "Which changes wait",
            "Categories of suppliers",
        ],
        "People and access": [
            "People",
            "Staff",
            "Sign-in of people",
            "Who needs a second factor",
            "Single sign-on",
            "Access tokens",
        ],
        "Looking back": ["Trail", "Data of people"],
    }
    assert cards("ines")["Looking back"] == ["Security"]
    root = signed_in(people["root"])
    staff = root.get("/staff/")
    crumbs = (
        '<ol class="q-crumbs"><li><a href="/set-up/">Set-up</a></li><li aria-current="page">Staff</li></ol>'
    )
    assert crumbs in staff.content.decode()
    assert [str(line["label"]) for line in staff.context["nav"] if line["current"]] == ["Set-up"]
    assert 'aria-label="Back: Set-up"' in staff.content.decode()
    assert 'aria-label="Back: Service levels"' in root.get("/opening-hours/").content.decode()


def test_the_set_up_counts_what_waits_in_as_many_queries_for_one_as_for_many(people):
    client = signed_in(people["max"])
    client.get("/set-up/")  # the first page of a session asks more

    def asked():
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/set-up/")
        cards = {str(c["way"].label): c["count"] for g in page.context["groups"] for c in g["ways"]}
        return cards["Tolerances"], len(queries), page

    none, few, _page = asked()
    for number in range(3):
        policy = a_draft(people["root"], name=f"Promises {number}")
        with acting(FEED):
            type(policy).objects.filter(pk=policy.pk).update(state=PolicyState.ASKED)
    three, many, page = asked()
    assert (none, three, many) == (0, 3, few)
    assert "3 wait" in page.content.decode()


def test_the_navigation_counts_what_waits_for_me(people):
    for number, email in (("A", "bea@northmoor.example"), ("B", "pia@northmoor.example")):
        order = an_order(number, 2, buyer_email=email)
        late = AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 9))
        with acting(people["asha"].actor):
            command = AcknowledgeOrder(order.key, order.version, (LineAnswer("L10", (late,)),))
            acknowledge_order(command, actor=people["asha"].actor, at=MONDAY + timedelta(hours=1))
    an_order("G", 1, supplier="GLOBEX")

    def count(name, label):
        nav = signed_in(people[name]).get("/orders/").context["nav"]
        return next((line["count"], line["hot"]) for line in nav if line["label"] == label)

    assert count("bea", "Decisions") == (1, True)
    assert count("asha", "Home") == (2, True)
    assert count("gil", "Home") == (1, True)
    assert count("asha", "Company") == (0, False)


def test_pages_outside_a_door_have_the_ways_without_counts(people):
    an_order("A", 1)

    nav = signed_in(people["asha"]).get(reverse("account_change_password")).context["nav"]

    assert [line["count"] for line in nav] == [0] * 6


def test_an_error_page_leads_back_to_ones_own_work(people):
    client = signed_in(people["bea"])

    for address, status in ((f"/orders/{uuid.uuid4()}/", 404), ("/nowhere/", 404)):
        response = client.get(address)
        assert response.status_code == status
        assert 'href="/"' in response.content.decode()
