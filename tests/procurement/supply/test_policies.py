"""What stock comes to: a few cases by hand, and what must hold always."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from procurement.supply.policies import (
    Delivery,
    Need,
    Stock,
    project,
    still_to_come,
    waiting,
    without,
)

TODAY = date(2026, 3, 2)


def on(days):
    return TODAY + timedelta(days=days)


def test_a_straight_line_ends_on_the_day_nobody_is_served_any_more():
    found = project(Stock(Decimal(60), Decimal(4)), [], [], first=TODAY)

    assert (found.stock_out_on, found.cover_days) == (on(15), 15)
    assert found.below(Decimal(20)) == on(10)
    assert found.days[0].end == 56


def test_stock_that_just_reaches_is_not_out():
    found = project(Stock(Decimal(10)), [Need(on(3), Decimal(10))], [], first=TODAY)

    assert found.stock_out_on is None
    assert found.days[5].end == 0


def test_a_late_delivery_leaves_customers_waiting():
    needs = [
        Need(on(5), Decimal(30), "Kelso Water", "SO-1"),
        Need(on(8), Decimal(40), "Tyne Process", "SO-2"),
        Need(on(30), Decimal(40), "Hull site", "SO-3"),
    ]
    promise = Delivery(on(12), Decimal(100), line=1, schedule=1)
    without_it = project(Stock(Decimal(50), Decimal(1)), needs, [], first=TODAY)

    assert without_it.stock_out_on == on(8)
    assert without_it.short_before(on(12)) == 32
    late = waiting(needs, without_it, on(8), promise.day)
    assert [need.customer for need in late] == ["Tyne Process"]
    assert [need.customer for need in waiting(needs, without_it, on(8))] == ["Tyne Process", "Hull site"]
    assert waiting(needs, without_it, None) == []
    with_it = project(Stock(Decimal(50), Decimal(1)), needs, [promise], first=TODAY)
    assert with_it.days[12].end == -32 + 100 - 1
    assert without([promise], 1) == without([promise], 1, 1) == []
    assert without([promise], 1, 2) == [promise]


def test_a_want_that_others_end_is_not_the_deliverys_own():
    others = [Delivery(on(12), Decimal(60))]
    found = project(Stock(Decimal(10), Decimal(1)), [], others, first=TODAY)

    assert found.stock_out_on == found.runs_out_without(None) == found.runs_out_without(on(12)) == on(10)
    assert found.runs_out_without(on(20)) == on(70)


def test_what_arrives_on_a_day_serves_that_day_and_what_is_overdue_serves_nobody():
    due = [Need(on(-3), Decimal(10))]

    assert project(Stock(Decimal(0)), due, [Delivery(TODAY, Decimal(10))], first=TODAY).stock_out_on is None
    late = [Delivery(on(-1), Decimal(10)), Delivery(None, Decimal(10))]
    assert project(Stock(Decimal(0)), due, late, first=TODAY).stock_out_on == TODAY


def test_what_was_received_fills_the_earliest_delivery():
    asked = [
        Delivery(None, Decimal(5), 1, 3),
        Delivery(on(9), Decimal(60), 1, 2),
        Delivery(on(2), Decimal(40), 1, 1),
    ]

    assert still_to_come(asked, Decimal(50)) == [
        Delivery(on(9), Decimal(50), 1, 2),
        Delivery(None, Decimal(5), 1, 3),
    ]
    assert still_to_come(asked, Decimal(105)) == []


# --- what must hold always ----------------------------------------------------------------------------------

amounts = st.decimals(min_value=0, max_value=10_000, places=3)
stocks = st.builds(
    Stock,
    st.decimals(min_value=-1_000, max_value=10_000, places=3),
    st.none() | st.decimals(min_value=0, max_value=500, places=6),
)
needs_ = st.lists(st.builds(Need, st.integers(-5, 140).map(on), amounts), max_size=8)
deliveries_ = st.lists(st.builds(Delivery, st.none() | st.integers(-5, 140).map(on), amounts), max_size=8)


def out(*told):
    return project(*told, first=TODAY).stock_out_on or date.max


@given(stocks, needs_, deliveries_, amounts)
def test_more_on_hand_is_never_out_earlier(stock, needs, deliveries, more):
    richer = Stock(stock.on_hand + more, stock.daily_demand)

    assert out(richer, needs, deliveries) >= out(stock, needs, deliveries)


@given(stocks, needs_, deliveries_, st.builds(Delivery, st.integers(0, 100).map(on), amounts))
def test_one_more_delivery_is_never_out_earlier(stock, needs, deliveries, another):
    assert out(stock, needs, [*deliveries, another]) >= out(stock, needs, deliveries)


@given(stocks, needs_, deliveries_, st.builds(Need, st.integers(-5, 100).map(on), amounts))
def test_one_more_customer_is_never_out_later(stock, needs, deliveries, another):
    assert out(stock, [*needs, another], deliveries) <= out(stock, needs, deliveries)


@given(
    stocks,
    needs_,
    st.lists(st.builds(Delivery, st.integers(0, 60).map(on), amounts), max_size=6),
    st.integers(0, 50),
)
def test_what_comes_later_is_never_out_later(stock, needs, deliveries, days):
    later = [Delivery(one.day + timedelta(days=days), one.quantity) for one in deliveries if one.day]

    assert out(stock, needs, later) <= out(stock, needs, deliveries)


@given(stocks, needs_, deliveries_)
def test_nothing_is_lost_on_the_way(stock, needs, deliveries):
    found = project(stock, needs, deliveries, first=TODAY)
    last = found.days[-1]

    came = sum((one.quantity for one in deliveries if one.day and TODAY <= one.day <= found.last), Decimal(0))
    left = sum((one.quantity for one in needs if one.day <= found.last), Decimal(0))
    assert last.end == stock.on_hand + came - left - (stock.daily_demand or 0) * len(found.days)
    assert all(one.start == before.end for before, one in zip(found.days, found.days[1:], strict=False))


@given(stocks, needs_, deliveries_, st.integers(1, 119))
def test_who_waits_is_due_between_the_stock_out_and_the_arrival(stock, needs, deliveries, ahead):
    found = project(stock, needs, deliveries, first=TODAY)
    out = found.runs_out_without(on(ahead))
    late = waiting(needs, found, out, on(ahead))

    assert all(out <= max(one.day, TODAY) < on(ahead) for one in late)
    assert not late or found.short_before(on(ahead)) > 0


@given(stocks, needs_, deliveries_, st.integers(1, 119))
def test_a_delivery_answers_for_no_want_that_ended_before_it(stock, needs, deliveries, ahead):
    found = project(stock, needs, deliveries, first=TODAY)
    out, arrives = found.runs_out_without(on(ahead)), on(ahead)

    assert (out is not None and out < arrives) == (found.short_before(arrives) > 0)
    if out and out < arrives:
        assert all(day.end < 0 for day in found.days if out <= day.on < arrives)


@given(st.lists(st.builds(Delivery, st.none() | st.integers(0, 60).map(on), amounts), max_size=6), amounts)
def test_filling_takes_exactly_what_was_received(deliveries, received):
    whole = sum((one.quantity for one in deliveries), Decimal(0))

    left = sum((one.quantity for one in still_to_come(deliveries, received)), Decimal(0))
    assert left == max(Decimal(0), whole - received)
