"""Where two papers differ, and when it is night."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from procurement.catalogue.messages import ItemPaper
from procurement.erp.reconciliation.policies import (
    ConfirmedLine,
    differences_between,
    find_in_order,
    is_due,
    plain,
    rebased_on,
    repairs_for,
)
from procurement.erp.reconciliation.states import DriftKind, Repair
from procurement.orders.messages import SchedulePaper
from tests.erp.papers import MASTER_DATA, a_line, a_promise, an_order

BERLIN = ZoneInfo("Europe/Berlin")


def said(here: object, there: object) -> list[tuple[object, ...]]:
    return [(one.line, one.field, one.here, one.there) for one in differences_between(here, there)]  # type: ignore[arg-type]


@pytest.mark.parametrize("paper", [paper for papers in MASTER_DATA.values() for paper in papers], ids=repr)
def test_a_paper_does_not_differ_from_itself(paper: object) -> None:
    assert said(paper, paper) == []


def test_master_data_differs_field_by_field() -> None:
    assert said(ItemPaper("V-1", "Valve", "EA"), ItemPaper("V-1", "Ball valve", "EA", "4012345678901")) == [
        ("", "description", "Valve", "Ball valve"),
        ("", "gtin", "", "4012345678901"),
    ]


def test_one_delivery_is_said_in_two_ways() -> None:
    line = a_line()
    spelt_out = replace(line, schedules=(SchedulePaper(line.quantity, line.delivery_on),))

    assert said(an_order(lines=(line,)), an_order(lines=(spelt_out,))) == []


def test_deliveries_are_compared_by_day() -> None:
    day, other = date(2026, 5, 11), date(2026, 5, 18)
    split = (SchedulePaper(Decimal(100), day), SchedulePaper(Decimal(140), other))
    turned = tuple(reversed(split))

    assert said(an_order(lines=(a_line(schedules=split),)), an_order(lines=(a_line(schedules=turned),))) == []
    assert said(an_order(lines=(a_line(),)), an_order(lines=(a_line(schedules=split),))) == [
        ("00010", "deliveries", {"2026-05-11": "240"}, {"2026-05-11": "100", "2026-05-18": "140"})
    ]


def test_more_decimals_than_are_kept_are_no_difference() -> None:
    here, there = a_line(price=Decimal("0.333333")), a_line(price=Decimal("0.33333333"))

    assert said(an_order(lines=(here,)), an_order(lines=(there,))) == []


def test_a_stamp_is_not_content() -> None:
    assert said(an_order(stamp=None), an_order()) == []


@given(some.decimals(min_value=0, max_value=10**9, places=6))
def test_a_number_is_kept_in_one_way(number: Decimal) -> None:
    assert plain(number) == plain(number * Decimal("1.000"))
    assert Decimal(str(plain(number))) == number


def test_of_an_order_closed_on_one_side_that_alone_is_said() -> None:
    order = an_order()
    command = a_promise(order)
    confirmed = [ConfirmedLine(command, command.lines[0], "c-1")]
    promised = replace(order, lines=(replace(order.lines[0], delivery_on=date(2026, 5, 18)), order.lines[1]))

    (finding,) = find_in_order(promised, replace(order, status="closed"), confirmed)

    assert finding.kind is DriftKind.FIELDS


def test_a_promise_that_stands_is_nothing_to_say() -> None:
    order = an_order()
    command = a_promise(order)
    promised = replace(order, lines=(replace(order.lines[0], delivery_on=date(2026, 5, 18)), order.lines[1]))

    assert find_in_order(promised, promised, [ConfirmedLine(command, command.lines[0], "c-1")]) == []


def test_a_line_that_is_gone_is_not_sent_again() -> None:
    order = an_order()
    command = a_promise(order)

    assert rebased_on(command, replace(order, lines=order.lines[1:])).lines == ()


def test_every_kind_of_drift_of_an_order_has_a_repair() -> None:
    assert all(repairs_for(kind, "orders") for kind in DriftKind)
    assert repairs_for(DriftKind.MISSING_THERE, "suppliers") == (Repair.BLOCK,)
    assert repairs_for(DriftKind.MISSING_THERE, "items") == ()


@pytest.mark.parametrize(
    ("now", "last", "due"),
    [
        (datetime(2026, 3, 2, 0, 59, tzinfo=UTC), None, False),  # 01:59 in Berlin
        (datetime(2026, 3, 2, 1, 0, tzinfo=UTC), None, True),
        (datetime(2026, 3, 2, 6, 59, tzinfo=UTC), None, True),
        (datetime(2026, 3, 2, 7, 0, tzinfo=UTC), None, False),  # the night is over
        (datetime(2026, 3, 2, 3, 0, tzinfo=UTC), datetime(2026, 3, 2, 1, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 3, 1, 0, tzinfo=UTC), datetime(2026, 3, 2, 1, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 3, 28, 1, 0, tzinfo=UTC), True),  # no 02:00
    ],
)
def test_a_comparison_is_due_once_a_night(now: datetime, last: datetime | None, due: bool) -> None:
    assert is_due(now, BERLIN, 2, last) is due


@given(some.integers(0, 366 * 24 * 60), some.integers(0, 23))
def test_a_night_that_has_begun_is_not_due_again(minutes: int, hour: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)

    assert not is_due(now, BERLIN, hour, now)
