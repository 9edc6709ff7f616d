"""BR-1 to BR-65: what an invoice must say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from procurement.einvoices.rules.base import WARNING, Broken, Rule
from procurement.einvoices.terms import EInvoice, Group, Party

TRANSFERS = ("30", "58")
LONGEST_CARD = 10

Groups = Callable[[EInvoice], Iterable[Group | None]]


def _missing(groups: Groups, *terms: str) -> Callable[[EInvoice], Iterator[Broken]]:
    """Groups that are there and have none of these terms."""

    def look(invoice: EInvoice) -> Iterator[Broken]:
        for group in groups(invoice):
            # What could not be read was there, and has been told already.
            if group is not None and not any(
                _said(getattr(group, term)) or term in group.where for term in terms
            ):
                yield Broken(group, terms[0])

    return look


def _said(value: Any) -> bool:
    return value is not None and value != "" and value != []


def _broken(groups: Groups, is_broken: Callable[[Any], bool], term: str = "") -> Callable[[EInvoice], Any]:
    def look(invoice: EInvoice) -> Iterator[Broken]:
        return (Broken(one, term) for one in groups(invoice) if one is not None and is_broken(one))

    return look


def _whole(invoice: EInvoice) -> Iterable[Group | None]:
    return [invoice]


def _seller(invoice: EInvoice) -> Iterable[Group | None]:
    return [invoice.seller or Party(where=invoice.where)]


def _buyer(invoice: EInvoice) -> Iterable[Group | None]:
    return [invoice.buyer or Party(where=invoice.where)]


def _address_of(party: str) -> Groups:
    return lambda invoice: [getattr(getattr(invoice, party), "address", None)]


def _totals(invoice: EInvoice) -> Iterable[Group | None]:
    return [invoice.totals]


def _lines(invoice: EInvoice) -> Iterable[Group | None]:
    return invoice.lines


def _payments(invoice: EInvoice) -> Iterable[Group | None]:
    return invoice.payments


def _identifiers(name: str) -> Groups:
    return lambda invoice: (one for line in invoice.lines for one in _listed(getattr(line, name)))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _ends_early(period: Any) -> bool:
    return bool(period.start_on and period.end_on and period.end_on < period.start_on)


def _payee_is_seller(invoice: EInvoice) -> Iterator[Broken]:
    payee, seller = invoice.payee, invoice.seller or Party()
    if payee is None:
        return
    numbers = {one.value for one in payee.identifiers} & {one.value for one in seller.identifiers}
    if not payee.name or (seller.trade_name and payee.name == seller.trade_name) or numbers - {None}:
        yield Broken(payee, "name")


def _no_tax_total(invoice: EInvoice) -> Iterator[Broken]:
    totals = invoice.totals
    has = totals and (
        totals.accounting_tax is not None
        or (invoice.tax_currency == invoice.currency and totals.tax is not None)
    )
    if invoice.tax_currency and not has:
        yield Broken(invoice, "tax_currency")


def _no_account(payment: Any) -> bool:
    return payment.means in TRANSFERS and not payment.account


RULES: tuple[Rule, ...] = (
    Rule("BR-01", _("It is not said which specification the invoice follows (BT-24)."), _missing(_whole, "specification")),
    Rule("BR-02", _("The invoice has no number (BT-1)."), _missing(_whole, "number")),
    Rule("BR-03", _("The day of the invoice is missing (BT-2)."), _missing(_whole, "issued_on")),
    Rule("BR-04", _("It is not said whether this is an invoice, a credit note or something else (BT-3)."), _missing(_whole, "type_code")),
    Rule("BR-05", _("The currency of the invoice is missing (BT-5)."), _missing(_whole, "currency")),
    Rule("BR-06", _("The name of the seller is missing (BT-27)."), _missing(_seller, "name")),
    Rule("BR-07", _("The name of the buyer is missing (BT-44)."), _missing(_buyer, "name")),
    Rule("BR-08", _("The address of the seller is missing (BG-5)."), _missing(_seller, "address")),
    Rule("BR-09", _("The country of the seller is missing (BT-40)."), _missing(_address_of("seller"), "country")),
    Rule("BR-10", _("The address of the buyer is missing (BG-8)."), _missing(_buyer, "address")),
    Rule("BR-11", _("The country of the buyer is missing (BT-55)."), _missing(_address_of("buyer"), "country")),
    Rule("BR-12", _("The sum of the lines is missing (BT-106)."), _missing(_totals, "lines")),
    Rule("BR-13", _("The total without tax is missing (BT-109)."), _missing(_totals, "net")),
    Rule("BR-14", _("The total with tax is missing (BT-112)."), _missing(_totals, "gross")),
    Rule("BR-15", _("The amount due is missing (BT-115)."), _missing(_totals, "due")),
    Rule("BR-16", _("The invoice has no line (BG-25)."), _missing(_whole, "lines")),
    Rule("BR-17", _("Whoever is paid needs a name (BT-59) that is not the seller's; leave the payee out when it is the seller."), _payee_is_seller),
    Rule("BR-18", _("The name of the seller's tax representative is missing (BT-62)."), _missing(lambda i: [i.representative], "name")),
    Rule("BR-19", _("The address of the seller's tax representative is missing (BG-12)."), _missing(lambda i: [i.representative], "address")),
    Rule("BR-20", _("The country of the seller's tax representative is missing (BT-69)."), _missing(_address_of("representative"), "country")),
    Rule("BR-21", _("This line has no number of its own (BT-126)."), _missing(_lines, "identifier")),
    Rule("BR-22", _("This line has no quantity (BT-129)."), _missing(_lines, "quantity")),
    Rule("BR-23", _("The quantity of this line has no unit (BT-130)."), _missing(_lines, "unit")),
    Rule("BR-24", _("This line has no amount (BT-131)."), _missing(_lines, "amount")),
    Rule("BR-25", _("The item of this line has no name (BT-153)."), _missing(_lines, "name")),
    Rule("BR-26", _("This line has no price (BT-146)."), _missing(_lines, "price")),
    Rule("BR-27", _("The price of this line is below zero (BT-146). Make the quantity negative instead."), _broken(_lines, lambda one: one.price is not None and one.price < 0, "price")),
    Rule("BR-28", _("The gross price of this line is below zero (BT-148)."), _broken(_lines, lambda one: one.gross_price is not None and one.gross_price < 0, "gross_price")),
    Rule("BR-29", _("The invoiced period ends before it begins (BT-73, BT-74)."), _broken(lambda i: [i.period], _ends_early, "end_on")),
    Rule("BR-30", _("The period of this line ends before it begins (BT-134, BT-135)."), _broken(lambda i: (line.period for line in i.lines), _ends_early, "end_on")),
    Rule("BR-31", _("This allowance has no amount (BT-92)."), _missing(lambda i: i.allowances, "amount")),
    Rule("BR-32", _("This allowance has no VAT category (BT-95)."), _broken(lambda i: i.allowances, lambda one: not _has_category(one), "category")),
    Rule("BR-33", _("This allowance has no reason (BT-97 or BT-98)."), _missing(lambda i: i.allowances, "reason", "code")),
    Rule("BR-36", _("This charge has no amount (BT-99)."), _missing(lambda i: i.charges, "amount")),
    Rule("BR-37", _("This charge has no VAT category (BT-102)."), _broken(lambda i: i.charges, lambda one: not _has_category(one), "category")),
    Rule("BR-38", _("This charge has no reason (BT-104 or BT-105)."), _missing(lambda i: i.charges, "reason", "code")),
    Rule("BR-41", _("This line's allowance has no amount (BT-136)."), _missing(lambda i: (one for line in i.lines for one in line.allowances), "amount")),
    Rule("BR-42", _("This line's allowance has no reason (BT-139 or BT-140)."), _missing(lambda i: (one for line in i.lines for one in line.allowances), "reason", "code")),
    Rule("BR-43", _("This line's charge has no amount (BT-141)."), _missing(lambda i: (one for line in i.lines for one in line.charges), "amount")),
    Rule("BR-44", _("This line's charge has no reason (BT-144 or BT-145)."), _missing(lambda i: (one for line in i.lines for one in line.charges), "reason", "code")),
    Rule("BR-45", _("This part of the VAT breakdown does not say what is taxed (BT-116)."), _missing(lambda i: i.taxes, "base")),
    Rule("BR-46", _("This part of the VAT breakdown has no tax amount (BT-117)."), _missing(lambda i: i.taxes, "amount")),
    Rule("BR-47", _("This part of the VAT breakdown has no VAT category (BT-118)."), _broken(lambda i: i.taxes, lambda one: not _has_category(one), "category")),
    Rule("BR-48", _("This part of the VAT breakdown has no rate (BT-119)."), _broken(lambda i: i.taxes, lambda one: one.rate is None and not (one.category == "O" and _is_vat(one)), "rate")),
    Rule("BR-49", _("It is not said how to pay (BT-81)."), _missing(_payments, "means")),
    Rule("BR-50", _("A credit transfer needs the account that is paid to (BT-84)."), _broken(_payments, _no_account, "account")),
    Rule("BR-51", _("Of a card's number only the last digits may be sent (BT-87)."), _broken(_payments, lambda one: len(one.card or "") > LONGEST_CARD, "card"), WARNING),
    Rule("BR-52", _("This supporting document has no reference (BT-122)."), _missing(lambda i: i.documents, "reference")),
    Rule("BR-53", _("The total VAT in the currency of the accounts is missing (BT-111)."), _no_tax_total),
    Rule("BR-54", _("This property of an item lacks its name or its value (BT-160, BT-161)."), _broken(lambda i: (one for line in i.lines for one in line.attributes), lambda one: not (one.name and one.value))),
    Rule("BR-55", _("This reference to an earlier invoice has no number (BT-25)."), _missing(lambda i: i.preceding, "number")),
    Rule("BR-56", _("The VAT number of the seller's tax representative is missing (BT-63)."), _missing(lambda i: [i.representative], "vat_id")),
    Rule("BR-57", _("The country of the place of delivery is missing (BT-80)."), _missing(_address_of("delivery"), "country")),
    Rule("BR-61", _("A credit transfer needs the account that is paid to (BT-84)."), _broken(_payments, _no_account, "account")),
    Rule("BR-62", _("The seller's electronic address has no scheme (BT-34)."), _missing(lambda i: [getattr(i.seller, "endpoint", None)], "scheme")),
    Rule("BR-63", _("The buyer's electronic address has no scheme (BT-49)."), _missing(lambda i: [getattr(i.buyer, "endpoint", None)], "scheme")),
    Rule("BR-64", _("The standard number of this item has no scheme (BT-157)."), _missing(_identifiers("standard_item"), "scheme")),
    Rule("BR-65", _("This class of an item has no scheme (BT-158)."), _missing(_identifiers("classes"), "scheme")),
    Rule("UBL-DT-06", _("The type of this attached file is missing (MIME code, BT-125)."), _broken(lambda i: i.documents, lambda one: one.content is not None and not one.mime, "content")),
    Rule("UBL-SR-47", _("All ways to pay must have the same code (BT-81)."), lambda i: [Broken(i.payments[-1], "means")] if len({one.means for one in i.payments}) > 1 else []),
)  # fmt: skip


def _is_vat(one: Any) -> bool:
    return (one.scheme or "").upper() == "VAT"


def _has_category(one: Any) -> bool:
    return bool(one.category) and _is_vat(one)
