"""The comparison: what each row is called, one to one, and a bridge that adds up to the last cent."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.invoices.policies.numbers import number_key
from procurement.statements.engine import Ours, Theirs, compare
from procurement.statements.states import Standing, Verdict

D = Decimal
DAY = date(2026, 3, 31)
V = Verdict


def theirs(number, rest, *, kind="invoice", place=None, currency="EUR", amount=None, on=DAY, reference=""):
    return Theirs(
        place or abs(hash((number, str(rest)))) % 10**6,
        kind,
        number_key(number),
        D(rest),
        currency,
        D(amount) if amount is not None else None,
        on,
        number_key(reference),
    )


def ours(number, rest, *, standing="sent", amount=None, currency="EUR", on=DAY, name="", **more):
    amount = D(rest if amount is None else amount)
    return Ours(
        name or f"o {number}",
        number_key(number),
        Standing(standing),
        amount,
        D(rest),
        currency,
        is_credit=amount < 0,
        dated_on=on,
        **more,
    )


def verdicts(rows, books, day=DAY):
    return [(one.verdict, one.difference) for one in compare(rows, books, day).rows]


@pytest.mark.parametrize(
    ("row", "book", "expected"),
    [
        (theirs("INV-0042", 119), ours("42", 119), (V.AGREES, D(0))),
        (theirs("inv 42", 119), ours("INV-0042", 119, standing="held"), (V.HELD, D(0))),
        (theirs("42", 119), ours("42", 119, standing="disputed"), (V.HELD, D(0))),
        (theirs("42", 119), ours("42", 119, standing="scheduled"), (V.APPROVED, D(0))),
        (theirs("42", 119), ours("42", 119, standing="booked"), (V.AGREES, D(0))),
        (theirs("42", 120, amount=120), ours("42", 119, standing="approved"), (V.DIFFERS, D(-1))),
        (theirs("42", 119), ours("42", 0, amount=119, standing="paid"), (V.PAID, D(-119))),
        (theirs("42", 0, amount=119), ours("42", 0, amount=119, standing="paid"), (V.AGREES, D(0))),
        (theirs("42", 119, amount=119), ours("42", 59, amount=119, standing="booked"), (V.PART_PAID, D(-60))),
        (theirs("42", 59), ours("42", 59, amount=119, standing="scheduled"), (V.APPROVED, D(0))),
        (theirs("42", 59, amount=119), ours("42", 119), (V.PAID_THERE, D(60))),
        (theirs("42", 59, amount=118), ours("42", 59, amount=119), (V.DIFFERS, D(0))),
        (theirs("42", 130), ours("42", 0, amount=119, standing="paid"), (V.DIFFERS, D(-130))),
        (theirs("42", 119), ours("42", 119, standing="rejected"), (V.MISSING, D(-119))),
        (theirs("42", 119), ours("42", 119, standing="draft"), (V.MISSING, D(-119))),
        (theirs("C-1", -50, kind="credit_note"), ours("C1", -50, standing="approved"), (V.APPROVED, D(0))),
    ],
)
def test_what_a_row_beside_ours_is_called(row, book, expected):
    (said,) = compare([row], [book], DAY).rows
    assert (said.verdict, said.difference) == expected
    assert said.name == book.name


def test_what_stands_alone_on_either_side():
    rows = [
        theirs("7", 10, place=1),
        theirs("7", 10, place=2),
        theirs("8", 20, place=3),
        theirs("C-9", -5, kind="credit_note", place=4),
        theirs("9", 30, place=5, currency="USD"),
    ]
    books = [
        ours("7", 10),
        ours("9", 25),
        ours("10", 40),
        ours("11", 50, on=DAY + timedelta(days=1)),
        ours("C-2", -8),
        ours("12", 0, amount=70, standing="paid"),
        ours("13", 70, standing="withdrawn"),
    ]
    result = compare(rows, books, DAY)
    assert [(one.verdict, one.difference) for one in result.rows] == [
        (V.AGREES, D(0)),
        (V.DUPLICATE, D(-10)),
        (V.MISSING, D(-20)),
        (V.MISSING, D(5)),
        (V.OTHER_CURRENCY, D(-30)),
        (V.OTHER_CURRENCY, D(25)),
        (V.UNLISTED, D(40)),
        (V.LATER, D(50)),
        (V.CREDIT_UNLISTED, D(-8)),
    ]
    assert result.rows[1].other == 1
    euros, dollars = result.balances["EUR"], result.balances["USD"]
    assert (euros.theirs, euros.ours, euros.gap) == (D(35), D(117), D(82))
    assert (dollars.theirs, dollars.ours) == (D(30), D(0))
    assert euros.counts[V.DUPLICATE] == 1
    unread = compare(rows, books, DAY, {number_key("10"): 6, number_key("11"): 7, number_key("9"): 8})
    assert [(one.verdict, one.difference, one.other) for one in unread.rows[5:8]] == [
        (V.OTHER_CURRENCY, D(25), None),
        (V.UNREAD, D(40), 6),
        (V.UNREAD, D(50), 7),
    ]
    assert unread.balances["EUR"].bridge[V.UNREAD] == D(90)


def test_of_several_with_one_number_those_of_one_amount_meet_whatever_their_order():
    old = ours("5", 100, name="old", on=date(2024, 3, 1))
    new = ours("5", 80, name="new", on=date(2026, 3, 1))
    for books in ([old, new], [new, old]):
        result = compare([theirs("5", 80, place=1), theirs("5", 100, place=2)], books, DAY)
        assert [(one.verdict, one.name) for one in result.rows] == [(V.AGREES, "new"), (V.AGREES, "old")]
        (said, left) = compare([theirs("5", 90, place=1, on=date(2026, 3, 2))], books, DAY).rows
        assert (said.verdict, said.name, left.verdict, left.name) == (V.DIFFERS, "new", V.UNLISTED, "old")


def test_what_is_left_over_doubles_the_row_that_met_ours_wherever_it_stands():
    listed_ = [theirs("1", 11, place=2), theirs("1", 11, place=3, currency="USD"), theirs("1", 10, place=4)]
    result = compare(listed_, [ours("1", 10)], DAY)
    assert [(one.verdict, one.other) for one in result.rows] == [
        (V.DUPLICATE, 4),
        (V.MISSING, None),
        (V.AGREES, None),
    ]
    # Where none of them met ours, the first says what is missing.
    alone = compare([theirs("1", 11, place=2), theirs("1", 10, place=3)], [], DAY)
    assert [(one.verdict, one.other) for one in alone.rows] == [(V.MISSING, None), (V.DUPLICATE, 2)]


def test_what_is_stopped_counts_and_is_said_apart():
    books = [ours("1", 100, standing="held"), ours("2", 50), ours("3", 7, standing="disputed")]
    balance = compare([], books, DAY).balances["EUR"]
    assert (balance.ours, balance.stopped) == (D(157), D(107))


def test_payments_are_known_by_reference_or_by_amount_and_day():
    paid = {"standing": "paid", "paid_on": date(2026, 3, 20), "reference_key": number_key("RUN-12")}
    books = [ours("1", 0, amount=100, **paid), ours("2", 0, amount=50, **paid)]
    listed = [
        theirs("1", 100, place=1),
        theirs("PAY-9", -150, kind="payment", place=2, reference="run 12"),
        theirs("PAY-9", -150, kind="payment", place=3, reference="run 12"),
        theirs("PAY-8", -33, kind="payment", place=4),
    ]
    result = compare(listed, books, DAY)
    assert [one.verdict for one in result.rows] == [V.PAID, V.PAYMENT, V.DUPLICATE, V.PAYMENT_UNKNOWN]
    assert result.rows[0].posted
    near = [theirs("X", -150, kind="payment", place=1, on=date(2026, 3, 25))]
    far = [theirs("X", -150, kind="payment", place=1, on=date(2026, 5, 25))]
    unsaid = [theirs("X", -150, kind="credit_note", place=1, on=date(2026, 3, 25))]
    assert [verdicts(rows, books)[0][0] for rows in (near, far, unsaid)] == [
        V.PAYMENT,
        V.PAYMENT_UNKNOWN,
        V.PAYMENT,
    ]


NUMBERS = st.sampled_from(["1", "2", "INV-3", "3", "RE 4", "5", ""])
AMOUNTS = st.sampled_from([D("0"), D("10"), D("10.01"), D("99.99"), D("120"), D("-10"), D("-50.5")])
CURRENCIES = st.sampled_from(["EUR", "USD"])
DAYS = st.one_of(st.none(), st.sampled_from([DAY - timedelta(days=60), DAY, DAY + timedelta(days=9)]))
KINDS = st.sampled_from(["invoice", "debit_note", "credit_note", "payment"])


@st.composite
def listed(draw):
    rows = draw(st.lists(st.tuples(KINDS, NUMBERS, AMOUNTS, CURRENCIES, DAYS, st.booleans()), max_size=12))
    return [
        Theirs(
            place, kind, number_key(number), rest, currency, rest if whole else None, day, number_key(number)
        )
        for place, (kind, number, rest, currency, day, whole) in enumerate(rows, start=2)
    ]


@st.composite
def booked(draw):
    standings = st.sampled_from(list(Standing))
    rows = draw(st.lists(st.tuples(standings, NUMBERS, AMOUNTS, CURRENCIES, DAYS, DAYS), max_size=12))
    return [
        Ours(
            f"o{place}",
            number_key(number),
            standing,
            amount,
            D(0) if standing == Standing.PAID else amount,
            currency,
            is_credit=amount < 0,
            dated_on=day,
            paid_on=paid,
            reference_key=number_key(number),
        )
        for place, (standing, number, amount, currency, day, paid) in enumerate(rows)
    ]


@given(rows=listed(), books=booked())
def test_the_bridge_leads_from_their_balance_to_ours_and_every_row_is_told_once(rows, books):
    result = compare(rows, books, DAY)
    by_currency = {}
    for row in rows:
        by_currency.setdefault(row.currency, [D(0), D(0)])[0] += row.open
    for one in books:
        if one.is_owed:
            by_currency.setdefault(one.currency, [D(0), D(0)])[1] += one.open
    for currency, balance in result.balances.items():
        assert [balance.theirs, balance.ours] == by_currency[currency]
        assert balance.theirs + sum(balance.bridge.values()) == balance.ours
        differences = sum(one.difference for one in result.rows if one.currency == currency)
        assert balance.theirs + differences == balance.ours
    assert all(sum(sides) == 0 for name, sides in by_currency.items() if name not in result.balances)
    # Each row of theirs is told once and in its order, and no item of ours stands beside two rows.
    told = [one.place for one in result.rows if one.place is not None]
    assert told == [row.place for row in rows]
    alone = {V.MISSING, V.PAYMENT, V.OTHER_CURRENCY}
    beside = Counter(one.name for one in result.rows if one.name and one.verdict not in alone)
    assert all(count == 1 for count in beside.values())
    # A double is of a row that is told otherwise; where one of a number met ours, none of it is called missing.
    by_place = {one.place: one for one in result.rows if one.place is not None}
    doubles = [one for one in by_place.values() if one.verdict == V.DUPLICATE]
    assert all(by_place[one.other].verdict != V.DUPLICATE for one in doubles)
    papers = [
        ((row.is_credit, row.key, row.currency), by_place[row.place])
        for row in rows
        if row.key and not row.is_payment
    ]
    met = {mark for mark, one in papers if one.name and one.verdict not in alone}
    assert all(one.name or one.verdict == V.DUPLICATE for mark, one in papers if mark in met)
    # What is owed and open is either beside a row or said to be missing in their list.
    names = {one.name for one in result.rows}
    assert {one.name for one in books if one.is_owed and one.open} <= names


@given(rows=listed(), books=booked(), turn=st.randoms(use_true_random=False))
def test_the_order_of_our_books_changes_nothing(rows, books, turn):
    turned = list(books)
    turn.shuffle(turned)
    first, second = compare(rows, books, DAY), compare(rows, turned, DAY)
    assert [one.verdict for one in first.rows if one.place] == [
        one.verdict for one in second.rows if one.place
    ]
    assert first.balances == second.balances
