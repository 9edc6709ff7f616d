"""The rules of invoices: sums, numbers, terms, and what must be true to send one."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.values import minor_units
from procurement.findings.policies import Grade, stops
from procurement.invoices.policies.checks import CheckedExtra, CheckedInvoice, CheckedLine, check_invoice
from procurement.invoices.policies.numbers import number_key
from procurement.invoices.policies.placing import amount_of
from procurement.invoices.policies.sums import (
    Extra,
    Priced,
    TaxKey,
    gross_of,
    round_half_up,
    sum_line,
    sum_up,
)
from procurement.invoices.policies.terms import (
    Terms,
    discount_amount,
    discount_until,
    due_day,
    read_terms,
)
from tests.builders.invoice_files import a_bill_line

D = Decimal
VAT, LOW, FREE = TaxKey("S", D(19)), TaxKey("S", D(7)), TaxKey("E")

# --- sums ---------------------------------------------------------------------------------------------------


def test_an_invoice_adds_up_as_en_16931_says():
    lines = [
        Priced(D(100), D("6.85"), tax=VAT),
        # 250 m at 113.37 for 100 m, 5 % off, and 2.50 for cutting.
        Priced(D(250), D("113.37"), D(100), VAT, (Extra(True, percent=D(5)), Extra(False, amount=D("2.50")))),
        Priced(D(3), D("10.00"), tax=FREE),
    ]
    extras = [Extra(False, amount=D("25.00"), tax=VAT), Extra(True, percent=D(2), tax=LOW)]

    sums = sum_up(lines, extras, "EUR")

    assert [one.net for one in sums.lines] == [D("685.00"), D("271.76"), D("30.00")]
    assert sums.lines[1].gross == D("283.43")  # 283.425
    assert sums.lines[1].extras == (D("14.17"), D("2.50"))  # 14.17125; the net is 283.425 − 14.17 + 2.50
    assert (sums.line_total, sums.charge_total, sums.allowance_total) == (D("986.76"), D("25.00"), D("19.74"))
    assert [(one.key, one.base, one.amount) for one in sums.taxes] == [
        (FREE, D("30.00"), D("0.00")),
        (LOW, D("-19.74"), D("-1.38")),
        (VAT, D("981.76"), D("186.53")),
    ]
    assert sums.without_tax == D("992.02")
    assert (sums.tax_total, sums.total) == (D("185.15"), D("1177.17"))


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("0.005", "EUR", "0.01"),
        ("-0.005", "EUR", "-0.01"),
        ("2.675", "EUR", "2.68"),
        ("0.5", "JPY", "1"),
        ("1.2345", "KWD", "1.235"),
        ("1.004999999999999999999999", "EUR", "1.00"),
    ],
)
def test_amounts_are_rounded_half_up_to_the_minor_unit(amount, currency, rounded):
    assert str(round_half_up(Fraction(amount), currency)) == rounded


def test_an_invoice_of_nothing_comes_to_nothing():
    assert sum_up([], [], "EUR").total == 0


amounts = st.decimals(0, 10**6, places=2)
keys = st.sampled_from([VAT, LOW, FREE, TaxKey("S", D("8.625"), "San Francisco")])
extras = st.one_of(
    st.builds(Extra, st.booleans(), amount=st.decimals(0, 1000, places=2), tax=keys),
    st.builds(Extra, st.booleans(), percent=st.decimals(0, 50, places=1), tax=keys),
)
lines = st.builds(
    Priced,
    st.decimals(0, 10**5, places=3),
    st.decimals(0, 10**4, places=4),
    st.sampled_from([D(1), D(10), D(100), D(7)]),
    keys,
    st.lists(extras, max_size=3).map(tuple),
)
currencies = st.sampled_from(["EUR", "JPY", "KWD"])


@given(st.lists(lines, max_size=12), st.lists(extras, max_size=5), currencies, st.randoms())
def test_no_order_of_lines_or_charges_moves_a_sum(some, more, currency, dice):
    before = sum_up(some, more, currency)
    dice.shuffle(some)
    dice.shuffle(more)
    after = sum_up(some, more, currency)

    for name in ("line_total", "allowance_total", "charge_total", "tax_total", "total", "taxes"):
        assert getattr(after, name) == getattr(before, name)


@given(st.lists(lines, max_size=12), st.lists(extras, max_size=5), currencies)
def test_sums_are_exact(some, more, currency):
    sums = sum_up(some, more, currency)

    assert sums.line_total == sum((one.net for one in sums.lines), D(0))
    assert sums.total == sums.line_total - sums.allowance_total + sums.charge_total + sums.tax_total
    assert sum((one.base for one in sums.taxes), D(0)) == sums.without_tax
    half = Fraction(1, 2 * 10 ** minor_units(currency))
    for one in sums.taxes:
        assert abs(Fraction(one.amount) - Fraction(one.base) * Fraction(one.key.rate) / 100) <= half
    for line, came in zip(some, sums.lines, strict=True):
        assert abs(Fraction(came.gross) - gross_of(line)) <= half


@given(lines, currencies)
def test_a_line_without_charges_is_its_price_times_its_quantity(line, currency):
    bare = replace(line, extras=())
    assert (
        sum_line(bare, currency).net
        == sum_line(bare, currency).gross
        == round_half_up(gross_of(bare), currency)
    )


# --- numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "same",
    [
        ["INV-0042", "42", "inv 42", "Invoice No. 0042", "INV0042", "Rechnung 42", "ＩＮＶ－４２"],
        ["2026-0042", "2026/42", "RE 2026 0042"],
        ["A-42", "a42", "A 0042"],
        ["0", "000"],
        ["", " - "],
    ],
)
def test_ways_to_write_one_number_are_one(same):
    assert len({number_key(number) for number in same}) == 1


def test_different_numbers_stay_different():
    numbers = ["42", "420", "4-2", "A42", "B42", "42A", "2026-1-1", "2026-11", "1", "INV", "x"]
    assert len({number_key(number) for number in numbers}) == len(numbers)
    assert number_key("INV") == "inv"


@given(st.text(max_size=80), st.text(st.characters(codec="ascii"), max_size=40))
def test_a_key_fits_and_is_its_own_key(anything, text):
    assert len(number_key(anything)) <= 60
    assert number_key(number_key(text)) == number_key(text)


@given(st.integers(0, 10**9), st.sampled_from(["INV-", "inv ", "Re. ", "#", "", "No "]), st.integers(0, 4))
def test_words_and_zeros_in_front_do_not_count(number, words, zeros):
    assert number_key(f"{words}{'0' * zeros}{number}") == str(number)


# --- terms --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("2/10 net 30", Terms(30, D(2), 10)),
        ("1.5/14, n/45", Terms(45, D("1.5"), 14)),
        ("30 days net", Terms(30)),
        ("Net 60", Terms(60)),
        ("14 Tage 2 % Skonto, 30 Tage netto", Terms(30, D(2), 14)),
        ("2,5 % Skonto innerhalb 14 Tagen, 30 Tage netto", Terms(30, D("2.5"), 14)),
        ("cash on delivery", Terms()),
        ("", Terms()),
        ("30 days, 2 % 10 days", Terms()),  # two readings
        ("900 days net", Terms()),
    ],
)
def test_terms_are_read_where_they_can_be(text, terms):
    assert read_terms(text) == terms


def test_terms_are_computed():
    day = date(2026, 1, 31)

    assert due_day(day, 30) == date(2026, 3, 2)
    assert due_day(day, None) == day
    assert discount_until(day, 10) == date(2026, 2, 10)
    assert discount_until(day, None) is None
    assert discount_amount(D("1177.16"), D(2), "EUR") == D("23.54")
    assert discount_amount(D("1177"), None, "JPY") == 0


# --- checks -------------------------------------------------------------------------------------------------


def a_checked_line(**changed):
    values = {
        "position": 1,
        "quantity": D(100),
        "unit": "pcs",
        "unit_price": D("6.85"),
        "price_quantity": D(1),
        "amount": D("685.00"),
        "tax": VAT,
        "order": "4500000001",
        "number": 10,
        "decimals": 0,
        "order_unit": "pcs",
        "open": D(100),
        "price": D("6.85"),
        "returnable": D(0),
    }
    return CheckedLine(**{**values, **changed})


def a_checked_invoice(*some, **changed):
    values = {
        "today": date(2026, 3, 2),
        "kind": "invoice",
        "currency": "EUR",
        "total": D("815.15"),
        "number": "INV-1",
        "invoiced_on": date(2026, 3, 2),
        "payment_days": 30,
        "supplier_tax_id": "IN-1",
        "lines": some or (a_checked_line(),),
        "offered": (),
    }
    return CheckedInvoice(**{**values, **changed})


def test_nothing_is_to_be_said_of_an_invoice_that_is_right():
    assert check_invoice(a_checked_invoice()) == []


CREDIT = {"kind": "credit_note", "corrects": "INV-0", "reason": "Damaged."}
EXEMPT = a_checked_line(tax=FREE)


@pytest.mark.parametrize(
    ("invoice", "grade", "code", "field"),
    [
        (a_checked_invoice(number=" - "), Grade.STOP, "number", "number"),
        (a_checked_invoice(taken_by="Invoice 1 of 1 March"), Grade.STOP, "number_taken", "number"),
        (a_checked_invoice(invoiced_on=None), Grade.STOP, "invoiced_on", "invoiced_on"),
        (a_checked_invoice(invoiced_on=date(2026, 3, 3)), Grade.STOP, "future", "invoiced_on"),
        (a_checked_invoice(invoiced_on=date(2023, 3, 3)), Grade.STOP, "long_ago", "invoiced_on"),
        (a_checked_invoice(due_on=date(2026, 3, 1)), Grade.STOP, "due_before", "due_on"),
        (a_checked_invoice(discount_percent=D(2)), Grade.STOP, "discount", "discount_percent"),
        (
            a_checked_invoice(discount_percent=D(2), discount_days=40),
            Grade.STOP,
            "discount",
            "discount_days",
        ),
        (a_checked_invoice(order_days=60), Grade.WARN, "shorter_term", "payment_days"),
        (
            a_checked_invoice(order_days=30, due_on=date(2026, 3, 31)),
            Grade.WARN,
            "shorter_term",
            "due_on",
        ),
        (
            a_checked_invoice(lines=(), extras=(CheckedExtra(D(5), VAT, code="FC"),)),
            Grade.STOP,
            "nothing",
            "lines",
        ),
        (
            a_checked_invoice(a_checked_line(returnable=D(100)), kind="credit_note", reason="x"),
            Grade.STOP,
            "corrects",
            "corrects_number",
        ),
        (a_checked_invoice(kind="debit_note", corrects="INV-0"), Grade.STOP, "reason", "reason"),
        (a_checked_invoice(a_checked_line(quantity=D(0))), Grade.STOP, "no_quantity", "quantity"),
        (a_checked_invoice(a_checked_line(quantity=D("1.5"))), Grade.STOP, "decimals", "quantity"),
        (a_checked_invoice(a_checked_line(amount=D(-1))), Grade.STOP, "below_zero", "charges"),
        (a_checked_invoice(a_checked_line(unit="box")), Grade.STOP, "unit", "unit"),
        (
            a_checked_invoice(a_checked_line(trouble="It was cancelled.")),
            Grade.WARN,
            "order_trouble",
            "order",
        ),
        (a_checked_invoice(a_checked_line(unit_price=D("6.86"))), Grade.WARN, "price", "unit_price"),
        (a_checked_invoice(a_checked_line(quantity=D(101))), Grade.WARN, "over_claim", "quantity"),
        (a_checked_invoice(a_checked_line(to_come=D(40))), Grade.HINT, "to_come", "quantity"),
        (
            a_checked_invoice(a_checked_line(returnable=D(99)), **CREDIT),
            Grade.STOP,
            "over_credit",
            "quantity",
        ),
        (
            a_checked_invoice(a_checked_line(returnable=D(100)), credit_left=D(800), **CREDIT),
            Grade.STOP,
            "over_credit",
            "total",
        ),
        (
            a_checked_invoice(a_checked_line(order="", description="Rent"), allow_without_order=False),
            Grade.STOP,
            "without_order",
            "order",
        ),
        (a_checked_invoice(a_checked_line(order="")), Grade.STOP, "description", "description"),
        (a_checked_invoice(a_checked_line(tax=TaxKey(""))), Grade.STOP, "tax", "category"),
        (a_checked_invoice(a_checked_line(tax=TaxKey("S"))), Grade.STOP, "tax_rate", "tax_rate"),
        (
            a_checked_invoice(a_checked_line(tax=TaxKey("Z", D(7)))),
            Grade.STOP,
            "tax_rate",
            "tax_rate",
        ),
        (a_checked_invoice(offered=(LOW,)), Grade.STOP, "tax_not_offered", "category"),
        (a_checked_invoice(EXEMPT), Grade.STOP, "exemption_reason", "exemption_reason"),
        (
            a_checked_invoice(a_checked_line(tax=TaxKey("AE")), reasons={TaxKey("AE"): "Reverse charge"}),
            Grade.STOP,
            "company_tax_id",
            "company_tax_id",
        ),
        (a_checked_invoice(supplier_tax_id=""), Grade.WARN, "supplier_tax_id", "supplier_tax_id"),
        (
            a_checked_invoice(
                a_checked_line(),
                a_checked_line(position=2, number=20, tax=TaxKey("O")),
                reasons={TaxKey("O"): "Deposit"},
            ),
            Grade.STOP,
            "tax_mixed",
            "category",
        ),
        (a_checked_invoice(total=D("-0.01")), Grade.STOP, "total_below_zero", "total"),
        (a_checked_invoice(total=D(0)), Grade.WARN, "total_zero", "total"),
        (a_checked_invoice(typed_total=D("815.16")), Grade.STOP, "typed_total", "typed_total"),
        (a_checked_invoice(extras=(CheckedExtra(D(5), VAT),)), Grade.STOP, "charge_reason", "charges"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_each_finding_says_how_grave_it_is_and_where(invoice, grade, code, field):
    (found,) = check_invoice(invoice)

    assert (found.grade, found.code, found.field) == (grade, code, field)
    assert found.message
    assert bool(stops([found])) is (grade is Grade.STOP)


def test_lines_of_one_order_line_count_together_and_the_gravest_comes_first():
    halves = (a_checked_line(quantity=D(60)), a_checked_line(position=2, quantity=D(60), unit_price=D(7)))

    found = check_invoice(a_checked_invoice(*halves, number=""))

    assert [(one.code, one.line) for one in found] == [("number", None), ("price", 2), ("over_claim", 2)]
    assert found[2].message == (
        "120 pcs is more than the 100 pcs left to invoice of order 4500000001 line 10: it will be held."
    )


def test_a_price_that_is_corrected_claims_no_quantity():
    more = a_checked_line(quantity=D(500), price_only=True, unit_price=D(9))
    assert (
        check_invoice(a_checked_invoice(more, kind="debit_note", corrects="INV-0", reason="Too low.")) == []
    )


def test_charges_alone_are_given_back_and_figures_may_be_long():
    freight = {"lines": (), "extras": (CheckedExtra(D(5), VAT, code="FC"),)}
    assert check_invoice(a_checked_invoice(**freight, **CREDIT)) == []
    long = D("99999999999999999999")
    assert amount_of(a_bill_line(quantity=long, price=long), "EUR") > long
    assert amount_of(a_bill_line(quantity=D(1), price=D("0.125")), "EUR") == D("0.13")
