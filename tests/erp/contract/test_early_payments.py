"""The contract of `procurement.erp.ports`: invoices that are paid early."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from procurement.erp.messages import EarlyPaymentCommand
from procurement.erp.ports import Outcome, ReadBack, Unsupported
from tests.erp.contract.caller import LEFT_TO_A_PERSON, Enter, Reader, booked, to_the_end
from tests.erp.contract.commands import CLAIMED_ON, an_invoice
from tests.erp.contract.harness import ConnectorHarness
from tests.erp.papers import an_order

Plan = Callable[[EarlyPaymentCommand], tuple[Outcome, str]]


@pytest.fixture
def plan(erp: ConnectorHarness, reader: Reader) -> Plan:
    with erp.connector() as asked:
        if not asked.capabilities.plans_early_payments:
            pytest.skip(LEFT_TO_A_PERSON)
    return lambda command: to_the_end(
        reader, command.key, lambda connector: connector.plan_early_payment(command)
    )


IN_TEN_DAYS, IN_A_MONTH = (CLAIMED_ON + timedelta(days=days) for days in (10, 30))
EARLY = EarlyPaymentCommand(
    key="early-1",
    invoice="invoice-1",
    company="NM",
    supplier="70012",
    number="R-2041",
    currency="EUR",
    total=Decimal(1104),
    discount=Decimal("7.36"),
    pay_on=IN_TEN_DAYS,
    due_on=IN_A_MONTH,
)


def test_an_early_payment_is_planned_exactly_where_it_is_claimed(
    erp: ConnectorHarness, reader: Reader, enter: Enter
) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    enter(an_invoice("command-1", (order, 0, 60), due_on=IN_A_MONTH))
    erp.post("R-2041")
    before = booked(reader)["R-2041"]

    with erp.connector() as connector:
        if connector.capabilities.plans_early_payments:
            is_at_once = connector.capabilities.read_back is ReadBack.IMMEDIATE
            expected = Outcome.CONFIRMED if is_at_once else Outcome.SENT
            assert connector.plan_early_payment(EARLY).outcome is expected
        else:
            for command in (EARLY, replace(EARLY, key="early-2", ended=True)):
                with pytest.raises(Unsupported, match="early payment"):
                    connector.plan_early_payment(command)
    erp.let_erp_work()

    after = booked(reader)["R-2041"]
    moved = IN_TEN_DAYS if connector.capabilities.plans_early_payments else before.due_on
    assert (after.due_on, after.total, after.open_amount) == (moved, Decimal(1104), Decimal(1104))


def test_an_early_payment_stands_as_it_was_told_last_and_leaves_its_discount_open(
    erp: ConnectorHarness, reader: Reader, enter: Enter, plan: Plan
) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    enter(an_invoice("command-1", (order, 0, 60), due_on=IN_A_MONTH))
    ended = replace(EARLY, key="early-2", ended=True)
    sooner = replace(EARLY, key="early-3", pay_on=IN_TEN_DAYS - timedelta(days=3), discount=Decimal("9.57"))

    assert plan(EARLY) == (Outcome.CONFIRMED, "")
    assert plan(EARLY) == (Outcome.CONFIRMED, "")
    erp.post("R-2041")
    assert booked(reader)["R-2041"].due_on == IN_TEN_DAYS
    assert plan(ended) == (Outcome.CONFIRMED, "")
    assert booked(reader)["R-2041"].due_on == IN_A_MONTH
    assert plan(sooner) == (Outcome.CONFIRMED, "")
    assert booked(reader)["R-2041"].due_on == sooner.pay_on

    erp.pay("R-2041", sooner.to_pay, sooner.pay_on)
    paid = booked(reader)["R-2041"]
    assert (paid.state, paid.total, paid.open_amount) == ("partly_paid", Decimal(1104), sooner.discount)


def test_an_early_payment_of_what_is_not_there_or_paid_already_is_for_a_person(
    erp: ConnectorHarness, reader: Reader, enter: Enter, plan: Plan
) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")

    outcome, reason = plan(EARLY)
    assert (outcome, "R-2041" in reason) == (Outcome.REFUSED, True)

    enter(an_invoice("command-1", (order, 0, 60), due_on=IN_A_MONTH))
    erp.post("R-2041")
    erp.pay("R-2041", Decimal(1104), IN_TEN_DAYS)
    assert plan(replace(EARLY, key="early-2"))[0] is Outcome.REFUSED
    assert booked(reader)["R-2041"].state == "paid"
