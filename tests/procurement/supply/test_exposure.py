"""What hangs on a delivery: by hand, and the statement against the rules in random worlds."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.services import acknowledge_order
from procurement.catalogue.models import Item, Site
from procurement.orders.messages import SchedulePaper
from procurement.orders.models import PurchaseOrderLine, ScheduleLine
from procurement.supply.policies import is_of, project, waiting, without
from procurement.supply.queries import exposures, exposures_of_lines, supply_at
from tests.builders.changes import an_agreed_order
from tests.builders.shipments import a_sent_notice
from tests.builders.supply import a_demand, demand_comes, some_stock, stock_comes, the_supply
from tests.builders.world import MONDAY, a_line, an_order, fresh
from tests.people import FEED

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 2)


def on(days):
    return TODAY + timedelta(days=days)


def exposure_of(order="4500000001", line=10, schedule=1):
    with acting(FEED):
        wanted = ScheduleLine.objects.get(line__order__number=order, line__number=line, key=schedule)
        return exposures([wanted.pk], at=MONDAY).get(wanted.pk)


def answer(order, person, *pieces, line="L10"):
    command = AcknowledgeOrder(order.key, order.version, (LineAnswer(line, pieces),))
    with acting(person.actor):
        acknowledge_order(command, actor=person.actor, at=MONDAY)
    return fresh(order.number)


def coming(item="VALVE-15"):
    return [(one.day, one.quantity, one.state) for one in the_supply(item).coming]


def test_a_late_promise_leaves_customers_waiting(people):
    stock_comes(some_stock(on_hand=Decimal(130), daily_demand=Decimal(2)))
    demand_comes(
        a_demand(needed_on=on(20)), a_demand("SO-2", needed_on=on(32)), a_demand("SO-3", needed_on=on(60))
    )
    order = an_order(lines=1)
    answer(order, people["asha"], AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 9)))

    found = exposure_of()

    assert (found.unit, found.on_hand, found.safety_stock, found.daily_demand) == ("pcs", 130, 20, 2)
    # 130, less 30 on day 20 and 30 on day 32, and 2 each day: at the end of day 35 two are owed.
    assert (found.stock_out_on, found.cover_days) == (on(35), 35)
    assert (found.arrives_on, found.short, found.orders_waiting) == (on(38), Decimal(6), 0)
    assert (found.open_demand, found.open_orders) == (90, 3)
    assert found.runs_out_before


def test_without_stock_only_the_demand_is_known(people):
    demand_comes(a_demand())
    an_order(lines=1)

    found = exposure_of()

    assert (found.on_hand, found.cover_days, found.stock_out_on, found.short) == (None, None, None, None)
    assert (found.open_demand, found.open_orders, found.arrives_on) == (30, 1, date(2026, 4, 1))
    assert not found.runs_out_before


def test_an_item_that_is_not_in_the_catalogue_is_left_out(people):
    an_order(lines=[a_line(10, item_number="UNHEARD-OF")])

    assert exposure_of() is None


def test_what_comes_is_agreed_else_promised_else_asked(people):
    order = an_order(lines=1)
    assert coming() == [(date(2026, 4, 1), 100, "asked")]

    order = answer(
        order,
        people["asha"],
        AnswerPiece(Decimal(40), delivery_on=date(2026, 4, 1)),
        AnswerPiece(Decimal(50), delivery_on=date(2026, 4, 20)),
        AnswerPiece(Decimal(10), kind="refuse", reason="obsolete_item"),
    )
    assert coming() == [(date(2026, 4, 1), 40, "proposed"), (date(2026, 4, 20), 50, "proposed")]


def test_what_is_refused_never_comes_and_a_substitute_is_another_item(people):
    stock_comes(some_stock())
    first, second = an_order(lines=1), an_order("4500000002", lines=1)
    answer(first, people["asha"], AnswerPiece(Decimal(100), kind="refuse", reason="obsolete_item"))
    answer(
        second,
        people["asha"],
        AnswerPiece(Decimal(100), kind="substitute", item_number="A-16", delivery_on=date(2026, 4, 1)),
    )

    assert coming() == []
    assert exposure_of("4500000002").arrives_on is None


def test_received_goods_come_no_more(people):
    an_order(lines=[a_line(10, received_quantity=Decimal(60)), a_line(20, received_quantity=Decimal(100))])
    an_order("4500000002", lines=1, status="cancelled")

    assert coming() == [(date(2026, 4, 1), 40, "asked")]


def test_what_is_on_its_way_comes_on_the_day_of_its_ship_notice(people):
    order = an_agreed_order(people["asha"], lines=1)
    a_sent_notice(order, people["asha"], {"L10": 60}, delivery_on=date(2026, 4, 6))
    assert coming() == [(date(2026, 4, 1), 40, "agreed"), (date(2026, 4, 6), 60, "agreed")]
    assert exposure_of().arrives_on == date(2026, 4, 1)

    a_sent_notice(order, people["asha"], {"L10": 40}, number="DN-2", delivery_on=date(2026, 4, 3))
    assert coming() == [(date(2026, 4, 3), 40, "agreed"), (date(2026, 4, 6), 60, "agreed")]
    with acting(FEED):  # thirty of the sooner one were counted
        PurchaseOrderLine.objects.update(
            received_quantity=30, on_the_way=[["10", "2026-04-03"], ["60", "2026-04-06"]]
        )
    assert coming() == [(date(2026, 4, 3), 10, "agreed"), (date(2026, 4, 6), 60, "agreed")]


def test_pieces_and_shipments_that_are_cut_otherwise_come_with_the_shipments(people):
    order = an_order(lines=[a_line(10), a_line(20, item_number="VALVE-25")])
    answer(
        order,
        people["asha"],
        AnswerPiece(Decimal(40), delivery_on=date(2026, 4, 1)),
        AnswerPiece(Decimal(60), delivery_on=date(2026, 4, 20)),
    )
    a_sent_notice(fresh(), people["asha"], {"L10": 70}, delivery_on=date(2026, 4, 6))
    assert coming() == [
        (date(2026, 4, 6), 40, "proposed"),
        (date(2026, 4, 6), 30, "proposed"),
        (date(2026, 4, 20), 30, "proposed"),
    ]


def test_other_sites_and_other_units_are_told_apart(people):
    stock_comes(some_stock(unit="m"))
    demand_comes(a_demand(), a_demand("SO-2", unit="m", quantity=Decimal("1.5")))
    an_order(lines=[a_line(10), a_line(20, ship_to="HULL")])

    found = the_supply()
    assert [one.line.number for one in found.elsewhere] == [10, 20]
    assert [one.key for one in found.demand] == ["SO-2"]
    assert [one.key for one in found.other_demand] == ["SO-1/10"]
    assert exposure_of().open_demand == Decimal("1.5")


def test_the_whole_line_waits_for_the_first_of_its_deliveries(people):
    stock_comes(some_stock(on_hand=Decimal(10), daily_demand=Decimal(1)))
    split = (SchedulePaper(Decimal(60), on(12)), SchedulePaper(Decimal(40), on(20)))
    order = an_order(lines=[a_line(10, schedules=split, delivery_on=on(12))])

    with acting(FEED):
        line = PurchaseOrderLine.objects.get(order=order)
        whole = exposures_of_lines([line.pk], at=MONDAY)[line.pk]
    assert (whole.stock_out_on, whole.arrives_on, whole.short) == (on(10), on(12), 2)
    assert exposure_of(schedule=2).stock_out_on == on(70)


# --- the statement against the rules ------------------------------------------------------------------------


def a_random_world(rng, people):
    for site in ("LEEDS", "HULL"):
        if rng.random() < 0.9:
            daily = rng.choice([None, Decimal(0), Decimal(rng.randint(1, 900)) / 100])
            stock_comes(some_stock(site=site, on_hand=Decimal(rng.randint(-20, 300)), daily_demand=daily))
        demand_comes(
            *(
                a_demand(
                    f"{site}-{number}",
                    site=site,
                    quantity=Decimal(rng.randint(1, 60)),
                    needed_on=on(rng.randint(-4, 130)),
                    unit="m" if rng.random() < 0.1 else "pcs",
                )
                for number in range(rng.randint(0, 6))
            )
        )
    for number in range(rng.randint(1, 5)):
        lines = []
        for line in range(10, rng.randint(20, 40), 10):
            days = sorted(rng.sample(range(-5, 125), 2))
            parts = (SchedulePaper(Decimal(60), on(days[0])), SchedulePaper(Decimal(40), on(days[1])))
            lines.append(
                a_line(
                    line,
                    delivery_on=on(days[0]),
                    schedules=parts if rng.random() < 0.5 else (),
                    ship_to=rng.choice(["", "HULL"]),
                    received_quantity=Decimal(rng.choice([0, 0, 30, 70])),
                )
            )
        order = an_order(f"45000001{number:02}", lines)
        for one in lines:
            if rng.random() < 0.6:
                order = answer(order, people["asha"], *some_pieces(rng), line=one.key)


def some_pieces(rng):
    first = Decimal(rng.randint(1, 99))
    for quantity in (first, 100 - first):
        kind = rng.choice(["accept", "accept", "accept", "backorder", "refuse"])
        day = on(rng.randint(1, 125))
        reason = "capacity" if kind == "refuse" else ""
        if kind == "refuse" or (kind == "backorder" and rng.random() < 0.5):
            day = None
        yield AnswerPiece(quantity, kind=kind, delivery_on=day, reason=reason)


def by_the_rules(wanted, line, schedule):
    """What the rules say of a delivery: (stock-out, arrival, short, orders waiting)."""
    site = line.ship_to or line.order.ship_to
    found = supply_at(
        Item.objects.get(number=line.item_number),
        Site.objects.select_related("company").get(pk=site.pk),
        at=MONDAY,
    )
    own = [
        one.day for one in found.deliveries if is_of(one, line.pk, schedule) and one.day and one.day >= TODAY
    ]
    arrives = min(own, default=None)
    if found.stock is None:
        return None, arrives, None, 0
    others = project(
        found.stock, found.needs, without(found.deliveries, line.pk, schedule), first=found.today
    )
    short = others.short_before(arrives) if arrives else None
    out = others.runs_out_without(arrives)
    return out, arrives, short, len(waiting(found.needs, others, out, arrives))


@pytest.mark.parametrize("seed", range(12))
def test_the_statement_says_what_the_rules_say(people, seed):
    a_random_world(random.Random(seed), people)

    with acting(FEED):
        schedules = list(ScheduleLine.objects.select_related("line__order__ship_to", "line__ship_to"))
        lines = list(PurchaseOrderLine.objects.select_related("order__ship_to", "ship_to"))
        said = exposures([one.pk for one in schedules], at=MONDAY)
        said_of_lines = exposures_of_lines([one.pk for one in lines], at=MONDAY)
        for one in schedules:
            told = said[one.pk]
            assert (told.stock_out_on, told.arrives_on, told.short, told.orders_waiting) == by_the_rules(
                told, one.line, one.key
            )
        for line in lines:
            told = said_of_lines[line.pk]
            assert (told.stock_out_on, told.arrives_on, told.short, told.orders_waiting) == by_the_rules(
                told, line, None
            )


def test_it_is_one_statement_for_any_number(people, django_assert_num_queries):
    stock_comes(some_stock())
    order = an_order(lines=30)

    with acting(FEED):
        ids = list(ScheduleLine.objects.filter(line__order=order).values_list("pk", flat=True))
        with django_assert_num_queries(3):
            assert len(exposures(ids[:1], at=MONDAY)) == 1
        with django_assert_num_queries(3):
            assert len(exposures(ids, at=MONDAY)) == 30
        with django_assert_num_queries(0):
            assert exposures([], at=MONDAY) == {}
