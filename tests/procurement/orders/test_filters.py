"""What an address asks of a list, and what it gets."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, DecideAnswer, LineAnswer
from procurement.acknowledgments.services import acknowledge_order, decide_answer
from procurement.orders.filters import (
    ListFilters,
    Reader,
    filter_lines,
    filter_orders,
    picked_lines,
    picked_orders,
    read_picks,
    sorting,
    understand,
)
from procurement.orders.messages import SchedulePaper
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, fresh_line, receive

pytestmark = pytest.mark.django_db

LATER = MONDAY + timedelta(hours=1)


def wanted_of(address, person):
    return understand(ListFilters(QueryDict(address), actor=person.actor))


def orders(address, person, at=LATER):
    with acting(person.actor):
        found = filter_orders(wanted_of(address, person), Reader(person.actor, at, person.email))
        return sorted(found.values_list("number", flat=True))


def lines(address, person, at=LATER):
    with acting(person.actor):
        found = filter_lines(wanted_of(address, person), Reader(person.actor, at, person.email))
        return sorted(f"{number}/{line}" for number, line in found.values_list("order__number", "number"))


def answer(number, person, *answers, **rest):
    order = fresh(number)
    with acting(person.actor):
        acknowledge_order(
            AcknowledgeOrder(order.key, order.version, tuple(answers), **rest), actor=person.actor, at=LATER
        )


def late(line, day=date(2026, 4, 9)):
    return LineAnswer(line, (AnswerPiece(Decimal(100), delivery_on=day),))


@pytest.fixture
def story(people):
    """One order for each thing that can be."""
    asha, bea = people["asha"], people["bea"]
    for number in ("AWAITS", "ANSWERED", "AGREED", "DISPUTED", "STALE", "RECEIVED", "CANCELLED", "CLOSED"):
        an_order(number, lines=1)
    answer("ANSWERED", asha, late("L10"))
    answer("AGREED", asha, rest_as_asked=True)
    answer("DISPUTED", asha, late("L10"))
    disputed = fresh("DISPUTED")
    with acting(bea.actor):
        decide_answer(
            DecideAnswer(disputed.key, disputed.version, "decline", reason="Too late."),
            actor=bea.actor,
            at=LATER,
        )
    answer("STALE", asha, rest_as_asked=True)
    receive(a_paper("STALE", [a_line(10, quantity=Decimal(150))], revision="2"), at=LATER)
    receive(a_paper("RECEIVED", [a_line(10, received_quantity=Decimal(100))]), at=LATER)
    receive(a_paper("CANCELLED", lines=1, status="cancelled"), at=LATER)
    receive(a_paper("CLOSED", lines=1, status="closed"), at=LATER)
    return people


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", ["AWAITS", "DISPUTED", "STALE"]),
        ("show=waiting", ["ANSWERED"]),
        ("show=late", ["ANSWERED"]),
        ("show=open", ["AGREED", "ANSWERED", "AWAITS", "DISPUTED", "STALE"]),
        ("show=all&agreement=awaiting", ["AWAITS", "CANCELLED", "CLOSED", "RECEIVED", "STALE"]),
        ("show=all&agreement=answered", ["ANSWERED"]),
        ("show=all&agreement=answered&agreement=disputed", ["ANSWERED", "DISPUTED"]),
        ("show=all&agreement=agreed", ["AGREED"]),
        ("show=all&flag=stale", ["STALE"]),
        ("show=all&logistics=received", ["RECEIVED"]),
        ("show=all&state=cancelled", ["CANCELLED"]),
        ("show=all&state=closed", ["CLOSED"]),
        ("show=all&state=cancelled&state=closed", ["CANCELLED", "CLOSED"]),
    ],
)
def test_filters_find_what_they_say(story, address, found):
    expected = sorted(found)
    if (
        "awaiting" in address
    ):  # a list of lines by agreement leaves cancelled lines out, one of orders does not
        assert set(lines(address, story["asha"])) <= {f"{number}/10" for number in expected}
    else:
        assert lines(address, story["asha"]) == [f"{number}/10" for number in expected]
    assert orders(address, story["asha"]) == expected


def test_what_needs_the_buyer_is_not_what_needs_the_supplier(story):
    assert orders("", story["bea"]) == ["ANSWERED"]
    assert orders("show=waiting", story["bea"]) == ["AWAITS", "DISPUTED", "STALE"]


def test_overdue_means_past_the_acknowledge_by_moment(people):
    an_order("1", lines=1)
    due = fresh("1").acknowledge_by_at

    assert orders("flag=overdue", people["asha"], at=due - timedelta(seconds=1)) == []
    assert orders("flag=overdue", people["asha"], at=due + timedelta(seconds=1)) == ["1"]
    assert lines("flag=overdue", people["asha"], at=due + timedelta(seconds=1)) == ["1/10"]


def test_late_means_expected_after_asked_or_before_today(people):
    an_order("LATER", lines=1)
    an_order("PAST", [a_line(10, delivery_on=date(2026, 3, 1))])
    an_order("FINE", lines=1)
    answer("LATER", people["asha"], late("L10"))

    assert lines("show=late", people["asha"]) == ["LATER/10", "PAST/10"]
    assert orders("show=late", people["asha"]) == ["LATER", "PAST"]


def test_a_line_of_several_deliveries_is_late_by_its_last_or_by_the_one_that_should_be_here(people):
    two = (SchedulePaper(Decimal(60), date(2026, 4, 1)), SchedulePaper(Decimal(40), date(2026, 6, 1)))
    an_order("TWO", [a_line(10, schedules=two)])
    answer("TWO", people["asha"], rest_as_asked=True)
    may = MONDAY + timedelta(days=60)
    assert (lines("show=late", people["asha"]), fresh("TWO").next_delivery_on) == ([], date(2026, 4, 1))
    assert lines("show=late", people["asha"], at=may) == ["TWO/10"]

    receive(a_paper("TWO", [a_line(10, schedules=two, received_quantity=Decimal(60))]), at=LATER)

    assert (lines("show=late", people["asha"], at=may), fresh("TWO").next_delivery_on) == (
        [],
        date(2026, 6, 1),
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("4500", ["4500-A", "4500-B"]),
        ("valve-25", ["4500-B"]),
        ("A-25", ["4500-B"]),
        ("2012345678917", ["4500-B"]),
        ("ball dn25", ["4500-B"]),
        ("BALL VALVE", ["4500-A", "4500-B"]),
        ("100%", []),
        ("_", []),
        ("\\", []),
        ("'; drop table", []),
    ],
)
def test_search_finds_numbers_parts_and_words_and_takes_signs_as_they_are(people, query, found):
    an_order("4500-A", lines=1)
    an_order(
        "4500-B",
        [
            a_line(
                10,
                item_number="VALVE-25",
                description="Ball valve DN25",
                gtin="2012345678917",
                supplier_part_number="A-25",
            )
        ],
    )
    query_string = QueryDict(mutable=True)
    query_string["q"] = query

    assert orders(query_string.urlencode(), people["bea"]) == found
    assert lines(query_string.urlencode(), people["bea"]) == [f"{number}/10" for number in found]


def test_the_buying_side_finds_a_suppliers_orders_by_its_name(people):
    an_order("A", lines=1)
    an_order("G", lines=1, supplier="GLOBEX")

    assert orders("q=acme+valves", people["bea"]) == ["A"]
    assert lines("q=globex+ball", people["bea"]) == ["G/10"]
    assert lines("q=acme+dn25", people["bea"]) == []
    assert lines("q=acme", people["asha"]) == []


def test_search_looks_everywhere_unless_a_view_is_named(people):
    an_order("1", lines=1)
    answer("1", people["asha"], rest_as_asked=True)

    assert lines("q=valve", people["asha"]) == ["1/10"]
    assert lines("q=valve&show=needs", people["asha"]) == []


def test_supplier_company_place_days_and_mine(people):
    an_order("A", [a_line(10, delivery_on=date(2026, 4, 1))], buyer_email="BEA@northmoor.example")
    an_order(
        "G",
        [a_line(10, delivery_on=date(2026, 5, 1))],
        supplier="GLOBEX",
        ship_to="HULL",
        buyer_email="x@y.example",
    )
    bea = people["bea"]

    for read in (orders, lambda address, person: [one.split("/")[0] for one in lines(address, person)]):
        assert read("show=all&supplier=GLOBEX", bea) == ["G"]
        assert read("show=all&supplier=GLOBEX&supplier=ACME", bea) == ["A", "G"]
        assert read("show=all&company=NM", bea) == ["A", "G"]
        assert read("show=all&site=HULL", bea) == ["G"]
        assert read("show=all&since=2026-04-02", bea) == ["G"]
        assert read("show=all&until=2026-04-30", bea) == ["A"]
        assert read("show=all&since=2026-04-02&until=2026-04-30", bea) == []
        assert read("show=all&flag=mine", bea) == ["A"]


def test_a_line_that_goes_elsewhere_is_found_by_its_own_place(people):
    an_order("1", [a_line(10), a_line(20, ship_to="HULL")])

    assert lines("site=HULL", people["asha"]) == ["1/20"]
    assert lines("site=LEEDS", people["asha"]) == ["1/10"]
    assert orders("site=HULL", people["asha"]) == ["1"]


def test_a_supplier_cannot_ask_for_another_supplier(people):
    an_order("A", lines=1)
    an_order("G", lines=1, supplier="GLOBEX")

    wanted = wanted_of("show=all&supplier=GLOBEX", people["asha"])

    assert list(wanted.bad) == ["supplier"]
    assert orders("show=all&supplier=GLOBEX", people["asha"]) == ["A"]


@pytest.mark.parametrize(
    "address",
    [
        "show=x",
        "since=soon",
        "since=03/04/2026",
        "agreement=perhaps",
        "supplier=NOBODY",
        "site=%00",
        f"q={'x' * 200}",
    ],
)
def test_what_is_not_understood_is_left_out_and_named(people, address):
    an_order("1", lines=1)

    wanted = wanted_of(address, people["bea"])

    assert list(wanted.bad) == [address.partition("=")[0]]
    assert lines(f"{address}&show=all" if "show" not in address else address, people["asha"]) == ["1/10"]


@pytest.mark.parametrize("name", ["", "nonsense", "--asked", "asked;drop", "id", "order__company__name"])
def test_an_unknown_order_of_rows_is_the_default_one(people, name):
    wanted = wanted_of(f"show=open&sort={name}", people["asha"])

    assert sorting("lines", wanted) == ("asked", ("delivery_on", "id"))


def test_ticks_are_read_strictly():
    assert read_picks(["12.3", "x", "4.", ".5", "7.x", "8.9999999999"]) == {"12": 3, "": 5}


def test_ticks_find_only_what_one_may_see(people):
    order = an_order("1", lines=1)
    line = fresh_line(10, "1")
    picks = {str(line.pk): 1, str(order.key): 1, "nonsense": 1}

    for who, count in (("asha", 1), ("bea", 1), ("gil", 0)):
        with acting(people[who].actor):
            assert picked_lines(picks, people[who].actor).count() == count
            assert picked_orders(picks, people[who].actor).count() == count
