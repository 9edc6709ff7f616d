"""The rules of EN 16931: each of their unit tests, and what people are told."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from procurement.einvoices import parsing, rules
from procurement.einvoices.codec import from_plain
from procurement.einvoices.reading import check
from procurement.einvoices.rules import codes
from procurement.einvoices.terms import Address, AllowanceCharge, EInvoice, Party, TaxBreakdown
from tests.builders.einvoices import a_line, an_einvoice, everything, standards

# Rules of Peppol that look at UBL's elements, not at terms, or ask whether an empty element is there.
OF_UBL_ALONE = {
    "PEPPOL-EN16931-CL001",
    "PEPPOL-EN16931-CL003",
    "PEPPOL-EN16931-CL007",
    "PEPPOL-EN16931-CL008",
    "PEPPOL-EN16931-R044",
    "PEPPOL-EN16931-R054",
    "PEPPOL-EN16931-R100",
}
WITH_EMPTY_ELEMENTS = {"PEPPOL-EN16931-R001", "PEPPOL-EN16931-R003", "PEPPOL-EN16931-R061"}
WITH_NOTHING_TO_COUNT = {"PEPPOL-EN16931-R120"}


def told(invoice: EInvoice) -> list[str]:
    """The rules that an invoice breaks."""
    return [one.rule for one in check(invoice)]


def fired(fragment: Any) -> set[str]:
    """The rules that a piece of an invoice breaks, those of reading included."""
    parsed = parsing.parsed(etree.tostring(fragment))
    invoice = from_plain(EInvoice, parsed["invoice"])
    found = {one.rule for one in rules.check_all(invoice, (*rules.ALL, *rules.PEPPOL))}
    found |= {rule for rule, *_rest in parsed["faults"]}
    if any(key == "day" for _rule, key, *_rest in parsed["faults"]):
        found.add("PEPPOL-EN16931-F001")
    if any(code not in codes.codes(codes.CURRENCIES) for code, *_rest in parsed["currencies"]):
        found.add("BR-CL-03")
    return found


def unit_tests(folder: Path) -> Any:
    """Each assertion of the unit tests in a folder: file, whether the rule must be silent, its number, the fragment."""
    for path in sorted(folder.rglob("*.xml")):
        for test in etree.parse(path).getroot().iterchildren("{*}test"):
            found = fired(test[-1])
            for wish in test.iter("{*}success", "{*}error", "{*}warning", "{*}fatal"):
                yield path.name, etree.QName(wish).localname == "success", str(wish.text), found


def test_every_unit_test_of_the_norm_is_met():
    asked, missed = 0, []
    for name, is_silent, rule, found in unit_tests(standards("rule-unit-tests/en16931")):
        asked += 1
        if is_silent is (rule in found):
            missed.append((name, rule, is_silent))
    assert missed == []
    assert asked == 566


def test_what_is_taken_from_peppol_is_met():
    missed = set()
    for _name, is_silent, rule, found in unit_tests(standards("rule-unit-tests/bis3")):
        if is_silent is (rule in found):
            missed.add(rule)
    assert missed <= OF_UBL_ALONE | WITH_EMPTY_ELEMENTS | WITH_NOTHING_TO_COUNT


def test_numbers_of_rules_are_unique_and_all_there():
    numbers = [rule.number for rule in (*rules.ALL, *rules.PEPPOL)]
    assert len(numbers) == len(set(numbers))
    left_out = {34, 35, 39, 40, 58, 59, 60}  # the norm has no rules of these numbers
    assert {f"BR-{number:02}" for number in range(1, 66) if number not in left_out} <= set(numbers)
    # These compare a reason's words with its code, which nobody can.
    by_eye = {1, 2, 5, 6, 7, 8}
    assert {f"BR-CO-{number:02}" for number in range(1, 27) if number not in by_eye} <= set(numbers)


ACCOUNT = replace(an_einvoice().payments[0], account=None)
TAX = TaxBreakdown(base=Decimal(800), amount=Decimal(160), category="S", rate=Decimal(23), scheme="VAT")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"number": None}, "The invoice has no number (BT-1)."),
        ({"seller": None}, "The name of the seller is missing (BT-27)."),
        (
            {"lines": [a_line("1", amount=Decimal("399.99")), a_line("2")]},
            "The lines come to 799.99, not to 800.00 (BT-106).",
        ),
        (
            {"lines": [a_line("1", unit="PIECES"), a_line("2")]},
            "“PIECES” is no unit (BT-130, BT-150, UN/ECE Recommendation 20 and 21).",
        ),
        ({"currency": "EUS"}, "“EUS” is no currency (BT-5, ISO 4217)."),
        (
            {"lines": [a_line("1", rate=Decimal(0)), a_line("2")]},
            "The rate must be above zero where something is standard rated.",
        ),
        ({"taxes": [TAX]}, "800 at 23 % makes 184 of VAT, not 160 (BT-117)."),
        ({"payments": [ACCOUNT]}, "A credit transfer needs the account that is paid to (BT-84)."),
        ({"order": None}, "The buyer's reference (BT-10) or the number of the order (BT-13) must be said."),
    ],
)
def test_a_breach_is_one_sentence(changes, expected):
    assert expected in [one.message for one in check(an_einvoice(**changes))]


def test_reverse_charge_needs_both_numbers_and_a_reason():
    line = a_line("1", category="AE", rate=Decimal(0))
    tax = TaxBreakdown(base=Decimal(400), amount=Decimal(0), category="AE", rate=Decimal(0), scheme="VAT")
    invoice = an_einvoice(
        lines=[line], taxes=[tax], buyer=Party(name="Nordkai", address=Address(country="DE"))
    )
    assert {"BR-AE-02", "BR-AE-10"} <= set(told(invoice))
    mended = replace(invoice, buyer=an_einvoice().buyer, taxes=[replace(tax, code="VATEX-EU-AE")])
    assert not {"BR-AE-02", "BR-AE-10", "PEPPOL-EN16931-P0107"} & set(told(mended))


def test_rules_of_peppol_are_for_those_who_follow_it():
    allowance = AllowanceCharge(amount=Decimal("1.10"), base=Decimal(10), percent=Decimal(10), reason="x")
    line = a_line("1", adjustments=[allowance])
    assert "PEPPOL-EN16931-R040" in told(an_einvoice(lines=[line]))
    assert "PEPPOL-EN16931-R040" not in told(
        an_einvoice(lines=[line], specification="urn:cen.eu:en16931:2017")
    )


def test_one_rule_is_told_a_few_times_and_not_for_ten_thousand_lines():
    invoice = an_einvoice(lines=[a_line(str(number), name=None) for number in range(500)])
    assert told(invoice).count("BR-25") == 20


def test_an_invoice_with_everything_breaks_nothing():
    assert told(everything()) == []
