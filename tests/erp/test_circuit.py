"""The rules of the ERP's door, without a database: when it is left alone, for how long, and who asks."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.erp.circuit import Circuit, rest_after
from procurement.erp.ports import (
    Busy,
    Conflict,
    ErpError,
    ExpiredCredentials,
    Locked,
    PermissionRefused,
    Throttled,
    Transient,
    UnknownOutcome,
    Unsupported,
    ValidationRefused,
)
from tests.builders.world import MONDAY


def after(seconds: float) -> object:
    return MONDAY + timedelta(seconds=seconds)


def opened(limit: int = 3) -> Circuit:
    circuit = Circuit()
    for _ in range(limit):
        circuit = circuit.failed(MONDAY, limit=limit)
    return circuit


def test_failures_below_the_limit_hold_nothing_back():
    circuit = Circuit().failed(MONDAY, limit=3).failed(MONDAY, limit=3)

    assert (circuit.failures, circuit.is_open, circuit.may_call(MONDAY)) == (2, False, True)


def test_the_last_failure_of_a_row_opens_it_for_five_seconds():
    circuit = opened(limit=3)

    assert (circuit.opened_at, circuit.ask_at, circuit.failures) == (MONDAY, after(5), 3)
    assert [circuit.may_call(after(second)) for second in (0, 4.9, 5)] == [False, False, True]


def test_one_goes_to_ask_and_the_others_wait_for_it():
    circuit = opened().being_asked(after(5), timedelta(seconds=60))

    assert [circuit.may_call(after(second)) for second in (5, 64.9, 65)] == [False, False, True]


def test_asked_in_vain_it_rests_longer_each_time_and_keeps_when_it_began():
    circuit, at, rests = opened(), MONDAY, []
    for _ in range(9):
        at = circuit.ask_at
        circuit = circuit.being_asked(at, timedelta(seconds=60)).failed(at, limit=3)
        rests.append((circuit.ask_at - at).total_seconds())

    assert rests == [10, 20, 40, 80, 160, 320, 600, 600, 600]
    assert circuit.opened_at == MONDAY


def test_a_call_that_began_before_it_opened_does_not_lengthen_the_rest():
    assert opened().failed(after(2), limit=3).ask_at == after(5)


def test_it_rests_as_long_as_the_erp_asked_for():
    circuit = Circuit().failed(MONDAY, limit=1, retry_after=timedelta(seconds=90))

    assert circuit.ask_at == after(90)


def test_who_came_back_without_having_asked_lets_another_go_soon():
    circuit = opened().being_asked(after(5), timedelta(seconds=60)).not_asked(after(6))

    assert [circuit.may_call(after(second)) for second in (6, 11)] == [False, True]
    assert circuit.asked == 1


@given(st.lists(st.sampled_from(["fails", "asks"]), max_size=40), st.integers(1, 5))
def test_however_it_went_an_open_circuit_is_asked_again(steps, limit):
    circuit, at = Circuit(), MONDAY
    for step in steps:
        at += timedelta(seconds=1)
        if step == "asks" and circuit.is_open and circuit.may_call(at):
            circuit = circuit.being_asked(at, timedelta(seconds=60))
        elif step == "fails":
            circuit = circuit.failed(at, limit=limit)

    assert circuit.may_call(at + timedelta(minutes=11))


def test_rests_double_up_to_ten_minutes():
    assert [rest_after(n).total_seconds() for n in (0, 1, 2, 3, 8, 100)] == [5, 5, 10, 20, 600, 600]


@pytest.mark.parametrize(
    ("kind", "is_of_the_door"),
    [
        (Transient, True),
        (Throttled, True),
        (ExpiredCredentials, True),
        (UnknownOutcome, True),
        (Busy, False),
        (Locked, False),
        (PermissionRefused, False),
        (ValidationRefused, False),
        (Conflict, False),
        (Unsupported, False),
    ],
)
def test_only_what_befalls_everybody_counts_at_the_door(kind: type[ErpError], is_of_the_door: bool):
    assert kind("…").at_the_door is is_of_the_door
