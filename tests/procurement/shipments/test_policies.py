"""What is open, what a notice must say, and how packages spread: exact, without a database."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.findings.policies import Grade, stops
from procurement.shipments.forms import places_of
from procurement.shipments.policies import (
    Announced,
    CheckedContent,
    CheckedLine,
    CheckedNotice,
    CheckedPackage,
    check_notice,
    depths_of,
    inside_itself,
    number_key,
    open_to_ship,
    shipped_of,
    spread,
)

TODAY = date(2026, 3, 2)
SSCC = "040123450000000016"

amounts = st.integers(0, 500).map(Decimal)
words = st.builds(Announced, amounts, amounts, st.booleans())


def D(value):
    return Decimal(value)


def a_line(position=1, **more):
    values = {
        "order": "4500000001",
        "number": 10 * position,
        "quantity": D(60),
        "unit": "pcs",
        "decimals": 0,
        "open": D(100),
        "allowed": D(100),
        "promised_on": date(2026, 4, 1),
    }
    return CheckedLine(position, **{**values, **more})


def a_notice(*lines, **more):
    values = {
        "number": "DN-1",
        "ship_on": TODAY,
        "delivery_on": date(2026, 3, 31),
        "carrier": "Blue Line",
        "tracking_numbers": ["1Z"],
        "lines": lines or (a_line(),),
    }
    return CheckedNotice(TODAY, **{**values, **more})


def codes(notice, grade=None):
    return [one.code for one in check_notice(notice) if grade is None or one.grade is grade]


def a_carton(position=1, quantity=60, **more):
    return CheckedPackage(position, "carton", contents=[CheckedContent(1, D(quantity))], **more)


# --- numbers


@pytest.mark.parametrize(
    ("one", "other"),
    [("DN-0042", "dn 0042"), ("LS/2026.7", "ls20267"), ("ＤＮ－1", "DN1"), ("Straße 1", "STRASSE1")],
)
def test_a_number_is_the_same_however_it_is_written(one, other):
    assert number_key(one) == number_key(other)


def test_numbers_that_differ_in_a_digit_differ():
    assert number_key("DN-42") != number_key("DN-042")
    assert number_key(" -/. ") == ""


# --- what is open


def test_what_is_announced_counts_until_it_is_over_and_then_what_was_received_of_it():
    assert open_to_ship(D(100), [Announced(D(60))], D(0)) == 40
    assert open_to_ship(D(100), [Announced(D(60), D(50))], D(50)) == 40
    assert open_to_ship(D(100), [Announced(D(60), D(50), is_closed=True)], D(50)) == 50


def test_what_was_received_without_a_notice_counts_beside_what_is_announced():
    assert open_to_ship(D(100), [Announced(D(50))], D(30)) == 20
    assert open_to_ship(D(100), [Announced(D(50), D(30))], D(30)) == 50


@given(ordered=amounts, told=st.lists(words, max_size=6), received=amounts)
def test_open_and_gone_never_exceed_what_was_ordered_and_never_fall_below_zero(ordered, told, received):
    gone = shipped_of(told, received)
    assert gone >= received
    assert open_to_ship(ordered, told, received) == max(D(0), ordered - gone)


@given(ordered=amounts, told=st.lists(words, max_size=6), received=amounts, more=amounts)
def test_another_notice_never_opens_anything(ordered, told, received, more):
    before = open_to_ship(ordered, told, received)
    assert open_to_ship(ordered, [*told, Announced(more)], received) <= before


@given(told=st.permutations([Announced(D(10)), Announced(D(5), D(5), True), Announced(D(7), D(2))]))
def test_the_order_of_notices_means_nothing(told):
    assert shipped_of(told, D(9)) == D(24)


# --- checks


def test_a_whole_notice_has_nothing_to_say():
    assert codes(a_notice(packages=[a_carton(gross_kg=D(12))], pieces=1, gross_kg=D(14))) == []


def test_a_bare_notice_is_told_all_that_is_missing_at_once():
    bare = CheckedNotice(TODAY)
    assert codes(bare, Grade.STOP) == ["number", "ship_on", "delivery_on", "nothing"]
    assert len(stops(check_notice(bare))) == 4


@pytest.mark.parametrize(
    ("days", "code"),
    [
        ((date(2025, 3, 2), date(2026, 3, 31)), "long_ago"),
        ((date(2027, 3, 31), date(2027, 4, 2)), "far_off"),
        ((TODAY, TODAY - timedelta(days=1)), "arrives_before"),
        ((TODAY, date(2027, 12, 31)), "far_off"),
    ],
)
def test_days_that_cannot_be_meant_stop_it(days, code):
    ship_on, delivery_on = days
    assert code in codes(a_notice(ship_on=ship_on, delivery_on=delivery_on), Grade.STOP)


def test_more_than_the_rules_allow_stops_and_what_they_allow_is_a_hint():
    over = a_line(quantity=D(104), open=D(100), allowed=D(100))
    assert codes(a_notice(over), Grade.STOP) == ["over_ship"]
    inside = a_line(quantity=D(104), open=D(100), allowed=D(104))
    assert codes(a_notice(inside), Grade.STOP) == []
    assert "over_ship_inside" in codes(a_notice(inside), Grade.HINT)


def test_a_line_later_than_agreed_or_not_agreed_warns():
    notice = a_notice(a_line(is_agreed=False), delivery_on=date(2026, 4, 3), packages=[a_carton()])
    found = check_notice(notice)
    assert [one.code for one in found if one.grade is Grade.WARN] == ["not_agreed", "late"]
    assert "order 4500000001 line 10 arrives 2 days later than agreed. The buyer is told." in [
        one.message for one in found
    ]


def test_decimals_follow_the_unit():
    assert "decimals" in codes(a_notice(a_line(quantity=D("1.5"))), Grade.STOP)
    assert "decimals" not in codes(a_notice(a_line(quantity=D("1.50"), decimals=1)), Grade.STOP)


def test_the_rest_cannot_arrive_before_what_goes_now():
    notice = a_notice(a_line(follows_on=date(2026, 3, 30)))
    assert codes(notice, Grade.STOP) == ["follows_before"]


def test_what_is_packed_must_be_what_goes():
    assert codes(a_notice(packages=[a_carton(quantity=61)]), Grade.STOP) == ["packed_too_much"]
    assert codes(a_notice(packages=[a_carton(quantity=59)]), Grade.STOP) == ["packed_too_little"]
    assert "not_packed" in codes(a_notice(), Grade.WARN)


def test_an_empty_package_stops_but_a_pallet_with_cartons_is_not_empty():
    pallet = CheckedPackage(2, "pallet")
    assert codes(a_notice(packages=[a_carton(), pallet]), Grade.STOP) == ["empty"]
    assert codes(a_notice(packages=[a_carton(parent=2), pallet]), Grade.STOP) == []


def test_pieces_and_weights_that_do_not_fit_warn():
    notice = a_notice(packages=[a_carton(gross_kg=D(20))], pieces=2, gross_kg=D(15))
    assert codes(notice, Grade.WARN) == ["pieces", "weights"]


def test_a_wrong_sscc_stops_and_so_does_one_that_is_there_twice():
    wrong = a_carton(sscc="040123450000000013")
    assert codes(a_notice(packages=[wrong]), Grade.STOP) == ["sscc"]
    half = [a_carton(quantity=30, sscc=SSCC), a_carton(2, 30, sscc=SSCC)]
    assert codes(a_notice(packages=half), Grade.STOP) == ["sscc_twice"]


def test_serials_are_as_many_as_pieces_and_goods_do_not_expire_on_the_way():
    content = CheckedContent(1, D(60), ["A", "B"], date(2026, 3, 31))
    notice = a_notice(packages=[CheckedPackage(1, "carton", contents=[content])])
    assert codes(notice, Grade.STOP) == ["serials"]
    assert codes(notice, Grade.WARN) == ["expired"]


# --- packing


@given(quantity=st.decimals(0, 10**6, places=2), each=st.decimals("0.01", 10**4, places=2))
def test_spreading_loses_nothing_and_fills_every_package_but_the_last(quantity, each):
    if quantity / each > 10_000:
        return
    amounts_of = spread(quantity, each)
    assert sum(amounts_of, start=D(0)) == quantity
    assert all(amount == each for amount in amounts_of[:-1])
    assert all(D(0) < amount <= each for amount in amounts_of)


def test_a_package_is_not_put_into_what_is_in_it():
    parents = {1: None, 2: 1, 3: 2}
    assert inside_itself(parents, 1, 3)
    assert not inside_itself(parents, 3, 1)


def test_depths_are_counted_from_the_floor_whatever_the_order():
    assert depths_of({3: 2, 2: 1, 1: None, 4: None}) == {1: 1, 2: 2, 3: 3, 4: 1}
    assert max(depths_of({n: n - 1 or None for n in range(5000, 0, -1)}).values()) == 5000


def test_however_many_packages_are_ticked_there_is_an_end():
    assert places_of(["7-9", "8", "x", "9-7"]) == [7, 8, 9]
    assert len(places_of([f"{n}-{n + 9_999}" for n in range(0, 900_000, 10)])) < 30_000
