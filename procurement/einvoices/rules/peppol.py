"""The rules of Peppol BIS Billing 3 that look at terms; what is left speaks of national variants or of UBL alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from procurement.einvoices.rules.base import WARNING, Book, Broken, Rule
from procurement.einvoices.rules.sums import NOTHING, cents, total
from procurement.einvoices.terms import EInvoice

PROCESS = re.compile(r"urn:fdc:peppol\.eu:2017:poacc:billing:(\d{2}):1\.0")
BILLING = "01"
INVOICES = frozenset(
    {
        "71",
        "80",
        "82",
        "84",
        "102",
        "218",
        "219",
        "331",
        "380",
        "382",
        "383",
        "386",
        "388",
        "393",
        "395",
        "553",
        "575",
        "623",
        "780",
        "817",
        "870",
        "875",
        "876",
        "877",
    }
)
CREDITS = frozenset({"81", "83", "381", "396", "532"})
SLACK = Decimal("0.02")
DIRECT_DEBITS = ("49", "59")
# Which VAT category each reason of an exemption belongs to.
EXEMPTIONS = {
    "VATEX-EU-G": ("P0104", "G"),
    "VATEX-EU-O": ("P0105", "O"),
    "VATEX-EU-IC": ("P0106", "K"),
    "VATEX-EU-AE": ("P0107", "AE"),
    "VATEX-EU-D": ("P0108", "E"),
    "VATEX-EU-F": ("P0109", "E"),
    "VATEX-EU-I": ("P0110", "E"),
    "VATEX-EU-J": ("P0111", "E"),
}

book = Book()
RULES: list[Rule] = book.rules


@book.rule("PEPPOL-EN16931-R001", _("The business process is missing (BT-23)."))
def _process(invoice: EInvoice) -> Iterator[Broken]:
    if not invoice.process:
        yield Broken(invoice, "process")


@book.rule(
    "PEPPOL-EN16931-R003", _("The buyer's reference (BT-10) or the number of the order (BT-13) must be said.")
)
def _reference(invoice: EInvoice) -> Iterator[Broken]:
    if not invoice.buyer_reference and not invoice.order and not invoice.sales_order:
        yield Broken(invoice)


@book.rule(
    "PEPPOL-EN16931-R005",
    _("The currency of the accounts (BT-6) is only said where it is another than the invoice's."),
)
def _same_currency(invoice: EInvoice) -> Iterator[Broken]:
    if invoice.tax_currency and invoice.tax_currency == invoice.currency:
        yield Broken(invoice, "tax_currency")


@book.rule("PEPPOL-EN16931-R007", _("The business process is not one of Peppol's billing (BT-23)."))
def _process_form(invoice: EInvoice) -> Iterator[Broken]:
    if invoice.process and not PROCESS.fullmatch(invoice.process):
        yield Broken(invoice, "process")


@book.rule("PEPPOL-EN16931-R010", _("The buyer's electronic address is missing (BT-49)."))
def _buyer_endpoint(invoice: EInvoice) -> Iterator[Broken]:
    if invoice.buyer and not invoice.buyer.endpoint:
        yield Broken(invoice.buyer)


@book.rule("PEPPOL-EN16931-R020", _("The seller's electronic address is missing (BT-34)."))
def _seller_endpoint(invoice: EInvoice) -> Iterator[Broken]:
    if invoice.seller and not invoice.seller.endpoint:
        yield Broken(invoice.seller)


def _adjustments(invoice: EInvoice) -> Iterable[Any]:
    return (*invoice.adjustments, *(one for line in invoice.lines for one in line.adjustments))


@book.rule("PEPPOL-EN16931-R040", _("%(percent)s %% of %(base)s is %(sum)s, not %(said)s."))
def _percent_of_base(invoice: EInvoice) -> Iterator[Broken]:
    for one in _adjustments(invoice):
        if one.percent is None or one.base is None or one.amount is None:
            continue
        worked_out = one.base * one.percent / 100
        if abs(one.amount - worked_out) > SLACK:
            said = {"percent": one.percent, "base": one.base, "sum": cents(worked_out), "said": one.amount}
            yield Broken(one, "amount", {name: f"{value:f}" for name, value in said.items()})


@book.rule("PEPPOL-EN16931-R041", _("A percentage needs the amount that it is of."))
def _no_base(invoice: EInvoice) -> Iterator[Broken]:
    yield from (
        Broken(one, "percent")
        for one in _adjustments(invoice)
        if one.percent is not None and one.base is None
    )


@book.rule("PEPPOL-EN16931-R042", _("A base amount needs the percentage that is taken of it."))
def _no_percent(invoice: EInvoice) -> Iterator[Broken]:
    yield from (
        Broken(one, "base") for one in _adjustments(invoice) if one.base is not None and one.percent is None
    )


@book.rule("PEPPOL-EN16931-R046", _("The gross price less the discount is %(sum)s, not %(said)s (BT-146)."))
def _net_price(invoice: EInvoice) -> Iterator[Broken]:
    for line in invoice.lines:
        if line.gross_price is not None and line.price is not None:
            worked_out = line.gross_price - (line.discount or NOTHING)
            if worked_out != line.price:
                yield Broken(line, "price", {"sum": f"{worked_out:f}", "said": f"{line.price:f}"})


@book.rule("PEPPOL-EN16931-R061", _("A direct debit needs the reference of its mandate (BT-89)."))
def _mandate(invoice: EInvoice) -> Iterator[Broken]:
    if not invoice.mandate:
        yield from (Broken(one, "means") for one in invoice.payments if one.means in DIRECT_DEBITS)


@book.rule("PEPPOL-EN16931-R110", _("This line begins before the invoiced period (BT-134)."))
def _begins_early(invoice: EInvoice) -> Iterator[Broken]:
    start = invoice.period.start_on if invoice.period else None
    for line in invoice.lines:
        if start and line.period and line.period.start_on and line.period.start_on < start:
            yield Broken(line.period, "start_on")


@book.rule("PEPPOL-EN16931-R111", _("This line ends after the invoiced period (BT-135)."))
def _ends_late(invoice: EInvoice) -> Iterator[Broken]:
    end = invoice.period.end_on if invoice.period else None
    for line in invoice.lines:
        if end and line.period and line.period.end_on and line.period.end_on > end:
            yield Broken(line.period, "end_on")


@book.rule(
    "PEPPOL-EN16931-R120",
    _("Quantity times price, with this line's allowances and charges, is %(sum)s, not %(said)s (BT-131)."),
)
def _line_amount(invoice: EInvoice) -> Iterator[Broken]:
    for line in invoice.lines:
        if line.quantity is None or line.price is None or line.amount is None:
            continue
        per = line.price_quantity or Decimal(1)
        worked_out = (
            line.quantity * line.price / per
            + total(one.amount for one in line.charges)
            - total(one.amount for one in line.allowances)
        )
        if abs(line.amount - cents(worked_out)) > SLACK:
            yield Broken(line, "amount", {"sum": f"{cents(worked_out):f}", "said": f"{line.amount:f}"})


@book.rule("PEPPOL-EN16931-R121", _("A price is for more than nothing (BT-149)."))
def _price_quantity(invoice: EInvoice) -> Iterator[Broken]:
    for line in invoice.lines:
        if line.price_quantity is not None and line.price_quantity <= 0:
            yield Broken(line, "price_quantity")


@book.rule("PEPPOL-EN16931-R130", _("The price is for another unit than the quantity (BT-150, BT-130)."))
def _price_unit(invoice: EInvoice) -> Iterator[Broken]:
    for line in invoice.lines:
        if line.price_unit and line.unit and line.price_unit != line.unit:
            yield Broken(line, "price_unit")


def _is_billing(invoice: EInvoice) -> bool:
    found = PROCESS.fullmatch(invoice.process or "")
    return found is not None and found[1] == BILLING


@book.rule("PEPPOL-EN16931-P0100", _("“%(code)s” is no type of invoice that Peppol's billing takes (BT-3)."))
def _type(invoice: EInvoice) -> Iterator[Broken]:
    if not invoice.is_credit_note:
        yield from _wrong_type(invoice, INVOICES)


@book.rule(
    "PEPPOL-EN16931-P0101", _("“%(code)s” is no type of credit note that Peppol's billing takes (BT-3).")
)
def _credit_type(invoice: EInvoice) -> Iterator[Broken]:
    if invoice.is_credit_note:
        yield from _wrong_type(invoice, CREDITS)


def _wrong_type(invoice: EInvoice, taken: frozenset[str]) -> Iterator[Broken]:
    if _is_billing(invoice) and invoice.type_code and invoice.type_code not in taken:
        yield Broken(invoice, "type_code", {"code": invoice.type_code[:20]})


def _exemption(number: str, invoice: EInvoice) -> Iterator[Broken]:
    for one in invoice.taxes:
        rule, category = EXEMPTIONS.get((one.code or "").upper(), ("", ""))
        if rule == number and one.category != category:
            yield Broken(one, "code", {"code": one.code, "category": category})


WRONG_EXEMPTION = _("The reason %(code)s belongs to the VAT category %(category)s (BT-121, BT-118).")
RULES += [
    Rule(
        f"PEPPOL-EN16931-{number}",
        WRONG_EXEMPTION,
        partial(_exemption, number),
    )
    for number, _category in EXEMPTIONS.values()
]


# --- Numbers of parties -------------------------------------------------------------------------------------


def _numbers(invoice: EInvoice, scheme: str) -> Iterator[Any]:
    for party in (invoice.seller, invoice.buyer, invoice.payee):
        if party:
            for one in (party.endpoint, party.registration, *party.identifiers):
                if one and one.scheme == scheme and one.value:
                    yield one


def is_gtin_like(number: str) -> bool:
    """Whether the last digit of a GLN or GTIN is right (GS1: weights 3 and 1 from the right)."""
    if not re.fullmatch(r"[0-9]+", number):
        return False
    weighed = sum(
        int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(number[:-1]))
    )
    return (10 - weighed % 10) % 10 == int(number[-1])


def is_luhn(number: str) -> bool:
    """Whether the last digit is right after Luhn, as in a Swedish organisation number."""
    digits = [int(one) for one in reversed(number)]
    doubled = [one if place % 2 == 0 else sum(divmod(one * 2, 10)) for place, one in enumerate(digits)]
    return sum(doubled) % 10 == 0


def _is_norwegian(number: str) -> bool:
    if not re.fullmatch(r"[0-9]{9}", number):
        return False
    weighed = sum(
        int(digit) * weight for digit, weight in zip(number, (3, 2, 7, 6, 5, 4, 3, 2), strict=False)
    )
    return (11 - weighed % 11) % 11 == int(number[8])


def _is_belgian(number: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{10}", number)) and 97 - int(number[:8]) % 97 == int(number[8:])


NUMBERS = (
    ("R040", "0088", is_gtin_like, _("“%(code)s” is no GLN: its last digit is wrong."), "error"),
    ("R041", "0192", _is_norwegian, _("“%(code)s” is no Norwegian organisation number."), "error"),
    ("R042", "0184", lambda one: bool(re.fullmatch(r"(DK)?[0-9]{8}", one)), _("“%(code)s” is no Danish CVR number."), "error"),
    ("R043", "0208", _is_belgian, _("“%(code)s” is no Belgian enterprise number."), "error"),
    ("R044", "0201", lambda one: bool(re.fullmatch(r"[A-Za-z0-9]{6}", one)), _("“%(code)s” is no Italian IPA code."), WARNING),
    ("R046", "9907", lambda one: bool(re.fullmatch(r"[0-9]{11}|[A-Z0-9]{16}", one)), _("“%(code)s” is no Italian tax code."), WARNING),
    ("R049", "0007", lambda one: bool(re.fullmatch(r"[0-9]{10}", one)) and is_luhn(one), _("“%(code)s” is no Swedish organisation number."), "error"),
)  # fmt: skip


def _wrong(scheme: str, is_right: Any, invoice: EInvoice) -> Iterator[Broken]:
    for one in _numbers(invoice, scheme):
        if not is_right(one.value):
            yield Broken(one, "value", {"code": one.value[:40]})


RULES += [
    Rule(
        f"PEPPOL-COMMON-{number}",
        sentence,
        partial(_wrong, scheme, is_right),
        severity,
    )
    for number, scheme, is_right, sentence, severity in NUMBERS
]
