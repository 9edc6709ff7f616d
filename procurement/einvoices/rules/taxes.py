"""BR-S, Z, E, AE, IC, G, O, AF, AG and B: what each VAT category asks of an invoice, as a table of categories.

Of every category the norm has ten rules that differ in a few points; the points are the columns of `CATEGORIES`, and
the rules are written once. Canary Islands (L) and Ceuta and Melilla (M) were BR-IG and BR-IP in older editions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from procurement.einvoices.rules.base import Book, Broken, Rule
from procurement.einvoices.rules.sums import NOTHING, cents, total
from procurement.einvoices.terms import EInvoice

MANY, ONE = "many", "one"
ANY_NUMBER, VAT_NUMBER, BOTH_ANY, BOTH_VAT, NO_NUMBER = "any", "vat", "both any", "both vat", "none"
ABOVE_ZERO, ZERO, FROM_ZERO, NO_RATE = "above", "zero", "from", "no rate"


@dataclass(frozen=True, slots=True)
class Category:
    """What a category asks for: whose numbers, which rate, and whether a reason must or must not be given."""

    code: str
    prefix: str
    name: Any
    breakdown: str
    numbers: str
    rate: str
    has_reason: bool

    @property
    def is_by_rate(self) -> bool:
        """Whether the breakdown has a part for each rate."""
        return self.breakdown == MANY


CATEGORIES = (
    Category("S", "BR-S", _("standard rated"), MANY, ANY_NUMBER, ABOVE_ZERO, has_reason=False),
    Category("Z", "BR-Z", _("zero rated"), ONE, ANY_NUMBER, ZERO, has_reason=False),
    Category("E", "BR-E", _("exempt"), ONE, ANY_NUMBER, ZERO, has_reason=True),
    Category("AE", "BR-AE", _("reverse charge"), ONE, BOTH_ANY, ZERO, has_reason=True),
    Category("K", "BR-IC", _("intra-community supply"), ONE, BOTH_VAT, ZERO, has_reason=True),
    Category("G", "BR-G", _("export outside the EU"), ONE, VAT_NUMBER, ZERO, has_reason=True),
    Category("O", "BR-O", _("not subject to VAT"), ONE, NO_NUMBER, NO_RATE, has_reason=True),
    Category("L", "BR-AF", _("IGIC, Canary Islands"), MANY, ANY_NUMBER, FROM_ZERO, has_reason=False),
    Category("M", "BR-AG", _("IPSI, Ceuta and Melilla"), MANY, ANY_NUMBER, FROM_ZERO, has_reason=False),
)
NUMBERS = {
    ANY_NUMBER: _("Something is %(category)s, so the VAT or tax number of the seller or of its representative must be said (BT-31, BT-32, BT-63)."),
    VAT_NUMBER: _("Something is %(category)s, so the VAT number of the seller or of its representative must be said (BT-31, BT-63)."),
    BOTH_ANY: _("Something is %(category)s, so both the seller's VAT or tax number and the buyer's VAT number or registration must be said (BT-31, BT-48)."),
    BOTH_VAT: _("Something is %(category)s, so the VAT numbers of both the seller and the buyer must be said (BT-31, BT-48)."),
    NO_NUMBER: _("Something is %(category)s, so no VAT number may be said, of the seller, its representative or the buyer (BT-31, BT-63, BT-48)."),
}  # fmt: skip
RATES = {
    ABOVE_ZERO: _("The rate must be above zero where something is %(category)s."),
    ZERO: _("The rate must be 0 where something is %(category)s."),
    FROM_ZERO: _("The rate must be 0 or more where something is %(category)s."),
    NO_RATE: _("There is no rate where something is %(category)s."),
}
IN_BREAKDOWN = {
    MANY: _("The VAT breakdown must have a part that is %(category)s exactly when something on the invoice is (BT-118)."),
    ONE: _("The VAT breakdown must have exactly one part that is %(category)s when something on the invoice is (BT-118)."),
}  # fmt: skip
BASE = _("What is %(category)s comes to %(sum)s, not to %(said)s (BT-116).")
AMOUNT = {
    True: _("The VAT of what is %(category)s comes to %(sum)s, not to %(said)s (BT-117)."),
    False: _("There is no VAT on what is %(category)s, so its amount must be 0 (BT-117)."),
}
REASON = {
    True: _("It must be said why this is %(category)s (BT-120 or BT-121)."),
    False: _("No reason of an exemption may be said of what is %(category)s (BT-120, BT-121)."),
}


def _items(invoice: EInvoice, where: str, category: Category) -> list[Any]:
    listed: list[Any] = getattr(invoice, where)
    return [one for one in listed if one.category == category.code]


def _parts(invoice: EInvoice, category: Category) -> list[Any]:
    return [one for one in invoice.taxes if one.category == category.code]


def _in_breakdown(category: Category, invoice: EInvoice) -> Iterator[Broken]:
    used = any(_items(invoice, where, category) for where in ("lines", "allowances", "charges"))
    parts = _parts(invoice, category)
    wrong = bool(parts) != used if category.breakdown == MANY else (used or parts) and len(parts) != 1
    if wrong:
        yield Broken(parts[-1] if parts else invoice, "category", {"category": category.name})


def _numbers(where: str, category: Category, invoice: EInvoice) -> Iterator[Broken]:
    found = _items(invoice, where, category)
    if found and not _has_numbers(invoice, category.numbers):
        yield Broken(found[0], "category", {"category": category.name})


def _has_numbers(invoice: EInvoice, wanted: str) -> bool:
    seller, buyer, agent = invoice.seller, invoice.buyer, invoice.representative
    seller_vat, buyer_vat = seller and seller.vat_id, buyer and buyer.vat_id
    agent_vat = agent and agent.vat_id
    any_of_seller = bool(seller_vat or (seller and seller.tax_id) or agent_vat)
    if wanted == NO_NUMBER:
        return not (seller_vat or agent_vat or buyer_vat)
    if wanted == ANY_NUMBER:
        return any_of_seller
    if wanted == VAT_NUMBER:
        return bool(seller_vat or agent_vat)
    if wanted == BOTH_VAT:
        return bool((seller_vat or agent_vat) and buyer_vat)
    return any_of_seller and bool(buyer_vat or (buyer and buyer.registration))


def _rate(where: str, category: Category, invoice: EInvoice) -> Iterator[Broken]:
    for one in _items(invoice, where, category):
        if not _is_right(category.rate, one.rate):
            yield Broken(one, "rate", {"category": category.name})


def _is_right(wanted: str, rate: Decimal | None) -> bool:
    if wanted == NO_RATE:
        return rate is None
    if rate is None:
        return False
    return rate > 0 if wanted == ABOVE_ZERO else rate == 0 if wanted == ZERO else rate >= 0


def _base(category: Category, invoice: EInvoice) -> Iterator[Broken]:
    for part in _parts(invoice, category):
        if part.base is None or (category.is_by_rate and part.rate is None):
            continue
        found = {
            where: [
                one
                for one in _items(invoice, where, category)
                if not category.is_by_rate or one.rate == part.rate
            ]
            for where in ("lines", "allowances", "charges")
        }
        worked_out = (
            total(one.amount for one in found["lines"])
            + total(one.amount for one in found["charges"])
            - total(one.amount for one in found["allowances"])
        )
        has_any = any(found.values()) if category.code == "S" else bool(invoice.lines)
        is_near = abs(part.base - worked_out) < 1 if category.is_by_rate else part.base == worked_out
        if not (has_any and is_near):
            said = {"category": category.name, "sum": f"{worked_out:f}", "said": f"{part.base:f}"}
            yield Broken(part, "base", said)


def _amount(category: Category, invoice: EInvoice) -> Iterator[Broken]:
    for part in _parts(invoice, category):
        if part.amount is None:
            continue
        if category.is_by_rate:
            worked_out = cents(abs(part.base or NOTHING) * (part.rate or NOTHING) / 100)
            wrong = abs(abs(part.amount) - worked_out) >= 1
        else:
            worked_out, wrong = NOTHING, part.amount != 0
        if wrong:
            said = {"category": category.name, "sum": f"{worked_out:f}", "said": f"{part.amount:f}"}
            yield Broken(part, "amount", said)


def _reason(category: Category, invoice: EInvoice) -> Iterator[Broken]:
    for part in _parts(invoice, category):
        if bool(part.reason or part.code) is not category.has_reason:
            yield Broken(part, "reason", {"category": category.name})


def _rules_of(category: Category) -> Iterator[Rule]:
    looks: tuple[tuple[Any, Callable[..., Any]], ...] = (
        (IN_BREAKDOWN[category.breakdown], partial(_in_breakdown, category)),
        (NUMBERS[category.numbers], partial(_numbers, "lines", category)),
        (NUMBERS[category.numbers], partial(_numbers, "allowances", category)),
        (NUMBERS[category.numbers], partial(_numbers, "charges", category)),
        (RATES[category.rate], partial(_rate, "lines", category)),
        (RATES[category.rate], partial(_rate, "allowances", category)),
        (RATES[category.rate], partial(_rate, "charges", category)),
        (BASE, partial(_base, category)),
        (AMOUNT[category.is_by_rate], partial(_amount, category)),
        (REASON[category.has_reason], partial(_reason, category)),
    )
    for number, (sentence, look) in enumerate(looks, start=1):
        yield Rule(f"{category.prefix}-{number:02}", sentence, look)


book = Book()
RULES: list[Rule] = book.rules
RULES += [rule for category in CATEGORIES for rule in _rules_of(category)]


def _has_part(invoice: EInvoice, code: str) -> bool:
    return any(one.category == code for one in invoice.taxes)


@book.rule(
    "BR-IC-11",
    _("An intra-community supply needs the day of delivery (BT-72) or the invoiced period (BG-14)."),
)
def _delivered_when(invoice: EInvoice) -> Iterator[Broken]:
    if (
        _has_part(invoice, "K")
        and not (invoice.delivery and invoice.delivery.delivered_on)
        and not invoice.period
    ):
        yield Broken(invoice, "delivery")


@book.rule("BR-IC-12", _("An intra-community supply needs the country that it was delivered to (BT-80)."))
def _delivered_where(invoice: EInvoice) -> Iterator[Broken]:
    address = invoice.delivery.address if invoice.delivery else None
    if _has_part(invoice, "K") and not (address and address.country):
        yield Broken(invoice.delivery or invoice, "address")


@book.rule("BR-O-11", _("An invoice that is not subject to VAT has no other part in its VAT breakdown."))
def _only_part(invoice: EInvoice) -> Iterator[Broken]:
    if _has_part(invoice, "O"):
        yield from (Broken(one, "category") for one in invoice.taxes if one.category and one.category != "O")


def _others(where: str, invoice: EInvoice) -> Iterator[Broken]:
    if _has_part(invoice, "O"):
        listed = getattr(invoice, where)
        yield from (Broken(one, "category") for one in listed if one.category and one.category != "O")


RULES += [
    Rule("BR-O-12", _("A line with another VAT category cannot stand on an invoice that is not subject to VAT."), partial(_others, "lines")),
    Rule("BR-O-13", _("An allowance with another VAT category cannot stand on an invoice that is not subject to VAT."), partial(_others, "allowances")),
    Rule("BR-O-14", _("A charge with another VAT category cannot stand on an invoice that is not subject to VAT."), partial(_others, "charges")),
]  # fmt: skip


def _categories(invoice: EInvoice) -> set[str | None]:
    listed: list[Any] = [*invoice.taxes, *invoice.adjustments, *invoice.lines]
    return {one.category for one in listed}


@book.rule("BR-B-01", _("Split payment is known in Italy alone: every country on the invoice must be IT."))
def _split_payment(invoice: EInvoice) -> Iterator[Broken]:
    parties = (invoice.seller, invoice.buyer, invoice.representative, invoice.delivery)
    countries = {one.address.country for one in parties if one and one.address} - {None, "IT"}
    if "B" in _categories(invoice) and countries:
        yield Broken(invoice)


@book.rule("BR-B-02", _("Split payment and the standard rate cannot stand on one invoice."))
def _split_and_standard(invoice: EInvoice) -> Iterator[Broken]:
    if {"B", "S"} <= _categories(invoice):
        yield Broken(invoice)
