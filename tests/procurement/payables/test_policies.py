"""Who approves how much, on values alone."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.matching.engine.checks import CheckKind
from procurement.payables.messages import Approver, Limit, Rule, Wanted, Weighed
from procurement.payables.policies import (
    act_on,
    limit_of,
    may_answer,
    speaks,
    steps_reached,
    wanted_for,
    week_of,
)
from procurement.payables.states import Why

DAY = date(2026, 3, 2)
CLAIM = Weighed(
    Decimal(12_000),
    "EUR",
    company=1,
    supplier=7,
    item_groups=frozenset({"valves"}),
    whys=frozenset({"price"}),
)


@pytest.mark.parametrize(
    ("said", "speaks_of_it"),
    [
        ({}, True),
        ({"currency": "EUR", "amount_from": Decimal(12_000)}, True),  # from is included
        ({"currency": "EUR", "amount_from": Decimal("12000.01")}, False),
        ({"currency": "EUR", "amount_below": Decimal(12_000)}, False),  # below is not
        ({"currency": "USD", "amount_from": Decimal(1)}, False),  # dollars say nothing of euros
        ({"company": 1, "supplier": 7, "item_group": "valves", "why": "price"}, True),
        ({"company": 2}, False),
        ({"supplier": 8}, False),
        ({"item_group": "cable"}, False),
        ({"why": "quantity"}, False),
        ({"valid_from": date(2026, 3, 2), "valid_to": date(2026, 3, 2)}, True),
        ({"valid_from": date(2026, 3, 3)}, False),
        ({"valid_to": date(2026, 3, 1)}, False),
    ],
)
def test_a_rule_speaks_of_what_it_names(said, speaks_of_it):
    assert speaks(Rule("r", 1, role="manager", **said), CLAIM, DAY) is speaks_of_it


def test_each_step_is_the_narrowest_rules_and_steps_go_in_order():
    rules = [
        Rule("a", 1, role="accounts_payable"),
        Rule("b", 1, person=4, item_group="valves"),
        Rule("c", 2, role="manager", currency="EUR", amount_from=Decimal(10_000)),
        Rule("d", 3, role="manager", currency="EUR", amount_from=Decimal(100_000)),
        Rule("e", 1, role="buyer", why="price"),
    ]
    assert wanted_for(rules, CLAIM, DAY) == (
        Wanted(1, "", 4, "b"),  # an item group is narrower than why, and that than everything
        Wanted(2, "manager", None, "c"),
    )
    assert wanted_for([], CLAIM, DAY) == (Wanted(1, "accounts_payable"),)


def test_in_a_currency_without_amounts_the_highest_step_that_has_one_is_asked():
    dear = Rule("b", 2, role="manager", currency="USD", amount_from=Decimal(50_000))
    rules = [
        Rule("a", 1, role="buyer", currency="USD", amount_from=Decimal(1)),
        dear,
        Rule("c", 3, role="manager", currency="USD", amount_from=Decimal(1), company=2),  # not this company
    ]
    assert wanted_for(rules, CLAIM, DAY) == (Wanted(2, "manager", None, "b"),)
    always = Rule("d", 1, role="accounts_payable")
    assert wanted_for([*rules, always], CLAIM, DAY) == (
        Wanted(1, "accounts_payable", None, "d"),
        Wanted(2, "manager", None, "b"),
    )
    euros = Rule("e", 1, role="buyer", currency="EUR", amount_from=Decimal(20_000))
    assert wanted_for([*rules, euros], CLAIM, DAY) == (Wanted(1, "accounts_payable"),)


def test_two_rules_of_one_scope_ask_two_and_the_same_person_once():
    rules = [
        Rule("a", 1, role="buyer", supplier=7),
        Rule("b", 1, role="manager", supplier=7),
        Rule("c", 1, role="manager", supplier=7),
    ]
    assert wanted_for(rules, CLAIM, DAY) == (Wanted(1, "buyer", None, "a"), Wanted(1, "manager", None, "b"))


def test_ones_own_limit_counts_before_the_roles_and_without_any_nothing_is_accepted_alone():
    limits = [
        Limit("EUR", Decimal(1000), role="accounts_payable"),
        Limit("EUR", Decimal(50), person=3),
        Limit("USD", Decimal(9), person=4),
    ]
    assert limit_of(limits, 3, "accounts_payable", "EUR") == 50
    assert limit_of(limits, 5, "accounts_payable", "EUR") == 1000
    assert limit_of(limits, 5, "manager", "EUR") == 0
    assert limit_of(limits, 4, "manager", "USD") == 9


@pytest.mark.parametrize(
    ("wanted", "who", "may"),
    [
        (Wanted(1, "manager", None, "r"), Approver(9, "manager"), True),
        (Wanted(1, "manager", None, "r"), Approver(9, "buyer"), False),
        (Wanted(1, "manager", None, "r"), Approver(9, "buyer", for_roles=frozenset({"manager"})), True),
        (Wanted(1, "", 4, "r"), Approver(4, "buyer"), True),
        (Wanted(1, "", 4, "r"), Approver(9, "manager"), False),
        (Wanted(1, "", 4, "r"), Approver(9, "buyer", for_people=frozenset({4})), True),
        (Wanted(1, "accounts_payable"), Approver(9, "manager"), True),  # no rule: a manager may too
        (Wanted(1, "accounts_payable", None, "r"), Approver(9, "manager"), False),
    ],
)
def test_who_may_answer_and_never_who_is_barred(wanted, who, may):
    assert may_answer(wanted, who, frozenset()) is may
    assert may_answer(wanted, who, frozenset({who.user})) is False


def test_the_turn_is_the_first_step_not_given():
    assert steps_reached([(1, True), (1, False), (2, False)]) == 1
    assert steps_reached([(1, True), (2, False)]) == 2
    assert steps_reached([(1, True), (2, True)]) is None


def test_a_discount_that_can_still_be_had_comes_before_the_due_day():
    due = date(2026, 4, 1)
    assert act_on(DAY, date(2026, 3, 2), due) == date(2026, 3, 2)
    assert act_on(DAY, date(2026, 3, 1), due) == due
    assert act_on(DAY, None, None) is None
    assert week_of(date(2026, 3, 8)) == date(2026, 3, 2)


def test_whys_are_the_checks_of_the_match():
    assert set(Why.values) == {one.value for one in CheckKind}


rules = st.builds(
    Rule,
    st.text("abcdef", min_size=1, max_size=4),
    st.integers(1, 3),
    st.sampled_from(["manager", "buyer"]),
    supplier=st.sampled_from([None, 7, 8]),
    item_group=st.sampled_from(["", "valves"]),
)


@given(st.lists(rules, max_size=8, unique_by=lambda rule: rule.key), st.randoms(use_true_random=False))
def test_the_order_in_which_rules_were_written_never_matters(written, random):
    shuffled = written[:]
    random.shuffle(shuffled)
    assert wanted_for(written, CLAIM, DAY) == wanted_for(shuffled, CLAIM, DAY)
