"""Worked examples of other systems, to the last figure: what their tolerances mean is what ours do, said their way.

Dynamics 365: net unit price and price total (Microsoft Learn, "Three-way matching policies"; [M4] of the research).
Ariba: an absolute and a percentage joined by AND / OR. Oracle: quantities ordered and received, zero against not set.
"""

import pytest

from procurement.matching.engine import Acts, CheckKind, ClaimedCharge, Outcome, Result, Way, match
from procurement.tolerances.messages import Direction, Joined, Measure
from tests.builders.matching import (
    a_claim,
    a_ground,
    a_line,
    a_rule,
    limits,
    one_after_the_other,
    said,
    the_grounds,
)

LOOSE_QUANTITY = a_rule(Measure.QUANTITY, percent=10)


class TestDynamics365:
    def test_unit_price_and_price_total_both_hold(self):
        """1,000 x 10.00; unit 10 %, total 500. 800, 100 and 200 at 10.80: the third fails the total by 1,880 > 500."""
        rules = limits(
            a_rule(Measure.UNIT_PRICE, percent=10), a_rule(Measure.LINE_AMOUNT, absolute=500), LOOSE_QUANTITY
        )
        claims = [a_claim(a_line(quantity, "10.80"), key=f"{quantity}") for quantity in (800, 100, 200)]

        first, second, third = one_after_the_other(a_ground(received=1100), claims, rules)

        assert [one.outcome for one in (first, second, third)] == [
            Outcome.PASSED,
            Outcome.PASSED,
            Outcome.HELD,
        ]
        assert {said(one, CheckKind.PRICE).message for one in (first, second, third)} == {"price.inside"}
        failed = said(third, CheckKind.CUMULATIVE)
        assert third.apart == (failed,)
        assert failed.inputs["amount_in_all"] == 11880
        assert failed.inputs["ordered_amount"] == 10000
        assert failed.inputs["amount_over"] == 1880
        assert (failed.limit, failed.message, failed.acts) == (500, "cumulative.over", Acts.BUYER)

    def test_price_total_with_percent_and_amount_breaks_on_either(self):
        """15 % of 10,000 are 1,500, and not to exceed 500: 10,600 breaks the amount though not the percentage."""
        rule = a_rule(Measure.LINE_AMOUNT, absolute=500, percent=15)
        rules = limits(a_rule(Measure.UNIT_PRICE, percent=10), rule)
        found = match(a_claim(a_line(1000, "10.60")), the_grounds(), rules)
        assert said(found, CheckKind.CUMULATIVE).inputs["amount_over"] == 600
        assert [check.kind for check in found.apart] == [CheckKind.CUMULATIVE]
        assert match(a_claim(a_line(1000, "10.50")), the_grounds(), rules).outcome is Outcome.PASSED

    def test_line_charges_are_part_of_the_price_total(self):
        """10,000 and 501 freight on the line against 500."""
        rules = limits(a_rule(Measure.LINE_AMOUNT, absolute=500), a_rule(Measure.CHARGE))
        freight = ClaimedCharge("FC", 501, position=1)
        found = match(a_claim(a_line(1000, amount=10501), charges=(freight,)), the_grounds(), rules)
        assert [(check.kind, check.inputs["amount_over"]) for check in found.apart] == [
            (CheckKind.CUMULATIVE, 501)
        ]
        freight = ClaimedCharge("FC", 500, position=1)
        found = match(a_claim(a_line(1000, amount=10500), charges=(freight,)), the_grounds(), rules)
        assert found.outcome is Outcome.PASSED

    def test_only_what_is_greater_is_looked_at_unless_a_rule_says_both(self):
        cheaper = a_claim(a_line(1000, "8.00"))
        assert match(cheaper, the_grounds(), limits()).outcome is Outcome.PASSED
        rule = a_rule(Measure.UNIT_PRICE, percent=10, direction=Direction.EITHER)
        found = match(cheaper, the_grounds(), limits(rule))
        assert said(found, CheckKind.PRICE).message == "price.under"
        assert said(found, CheckKind.PRICE).limit == 1

    def test_a_charge_where_the_order_has_none_has_no_percentage(self):
        """They show 99,999,999,999.99 % where the order's charge is nothing; a percentage of nothing is nothing."""
        freight = (ClaimedCharge("FC", 1),)
        rules = limits(a_rule(Measure.CHARGE, percent=50, code="FC"))
        found = said(match(a_claim(a_line(1), charges=freight), the_grounds(), rules), CheckKind.CHARGE)
        assert (found.result, found.limit, found.inputs["charged_in_all"]) == (Result.FAILED, 0, 1)


class TestAriba:
    """ "Exceeded and AND: exception; exceeded and OR: test the percentage; met and AND: test it; met and OR: none."""

    @pytest.mark.parametrize(
        ("absolute", "percent", "joined", "outcome"),
        [
            (1, 100, Joined.AND, Outcome.HELD),  # 2.00 each exceeds 1: exception, whatever the percentage
            (1, 20, Joined.OR, Outcome.PASSED),  # exceeded, but 20 % of 10.00 is 2.00
            (1, 19, Joined.OR, Outcome.HELD),
            (2, 20, Joined.AND, Outcome.PASSED),  # met, and the percentage is met
            (2, 19, Joined.AND, Outcome.HELD),
            (2, 0, Joined.OR, Outcome.PASSED),  # met: no exception
        ],
    )
    def test_absolute_and_percent(self, absolute, percent, joined, outcome):
        rule = a_rule(Measure.UNIT_PRICE, absolute, percent, joined=joined)
        assert match(a_claim(a_line(10, "12.00")), the_grounds(), limits(rule)).outcome is outcome

    def test_default_on_quantity_of_2004(self):
        """Absolute 1 or 105 percent (of what was received): of 10, 11; of 100, 105."""
        rule = a_rule(Measure.QUANTITY, absolute=1, percent=5, joined=Joined.OR)
        few, many = a_ground(received=10), a_ground(received=100)
        for ground, most in ((few, 11), (many, 105)):
            found = match(a_claim(a_line(most)), the_grounds(ground), limits(rule))
            assert said(found, CheckKind.QUANTITY).message == "quantity.received"
            found = match(a_claim(a_line(most + 1)), the_grounds(ground), limits(rule))
            assert said(found, CheckKind.QUANTITY).message == "quantity.over_received"


class TestOracle:
    def test_zero_allows_none_and_not_set_is_not_checked(self):
        none, unlimited = a_rule(Measure.UNIT_PRICE, percent=0), a_rule(Measure.UNIT_PRICE)
        dearer = a_claim(a_line(10, "10.01"))
        found = said(match(dearer, the_grounds(), limits(none)), CheckKind.PRICE)
        assert (found.result, found.limit, found.message) == (Result.FAILED, 0, "price.over")
        found = said(match(dearer, the_grounds(), limits(unlimited)), CheckKind.PRICE)
        assert (found.result, found.limit, found.message) == (Result.NOT_CHECKED, None, "price.not_checked")

    def test_quantity_ordered_and_quantity_received(self):
        """Ordered 100, received 60. Two-way the order counts; three-way 60, and 5 % of it, which is 63."""
        rules = limits(a_rule(Measure.QUANTITY, percent=5))
        two_way = a_ground(ordered=100, received=60, way=Way.TWO_WAY)
        three_way = a_ground(ordered=100, received=60)
        assert match(a_claim(a_line(105)), the_grounds(two_way), rules).outcome is Outcome.PASSED
        assert match(a_claim(a_line(106)), the_grounds(two_way), rules).outcome is Outcome.HELD
        assert match(a_claim(a_line(63)), the_grounds(three_way), rules).outcome is Outcome.PASSED
        found = match(a_claim(a_line(64)), the_grounds(three_way), rules)
        assert said(found, CheckKind.QUANTITY).inputs["over"] == 4
        assert said(found, CheckKind.QUANTITY).limit == 3

    def test_a_hold_lifts_when_the_receipt_arrives(self):
        rules, claim = limits(), a_claim(a_line(100))
        waiting = a_ground(ordered=100, received=60, more_comes=True)
        found = match(claim, the_grounds(waiting), rules)
        assert (found.outcome, found.reason.message, found.reason.acts) == (
            Outcome.WAITS,
            "quantity.waits",
            Acts.RECEIVER,
        )
        here = a_ground(ordered=100, received=100)
        assert match(claim, the_grounds(here), rules).outcome is Outcome.PASSED

    def test_maximum_quantity_received_in_units(self):
        rules = limits(a_rule(Measure.QUANTITY, absolute="2.5"))
        found = match(a_claim(a_line("62.5")), the_grounds(a_ground(ordered=100, received=60)), rules)
        assert found.outcome is Outcome.PASSED


class TestSAP:
    def test_quantity_beyond_delivered_less_invoiced(self):
        """DQ: 60 delivered, 50 invoiced, 20 more: 10 beyond."""
        ground = a_ground(ordered=100, received=60, claimed_quantity=50, claimed_amount=500)
        found = said(match(a_claim(a_line(20)), the_grounds(ground), limits()), CheckKind.QUANTITY)
        assert (found.inputs["over"], found.inputs["claimed_in_all"]) == (10, 70)
