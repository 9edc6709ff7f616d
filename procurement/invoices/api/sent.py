"""What programs send of an invoice, and what the services make of it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from portal.kernel.rest.fields import Day, Exact, Flag, Key, Shape, Text, Whole, Word
from procurement.invoices.messages import (
    ChargeEntry,
    InvoiceHeader,
    TaxWord,
    WholeInvoice,
    WholeLine,
)
from procurement.invoices.policies.checks import MOST_LINES
from procurement.invoices.services.draft import HEADER, MOST_CHARGES
from procurement.invoices.states import InvoiceKind, TaxCategory

ZERO = Decimal(0)


class ClaimedCharge(Shape):
    """A charge or an allowance: so much, or so many percent."""

    is_allowance = Flag(default=False, help_text="true: it is taken off.")
    code = Text(
        required=False,
        allow_blank=True,
        max_length=10,
        help_text="UNCL 7161 for a charge (FC is freight), UNCL 5189 for an allowance (95 is a discount).",
    )
    reason = Text(required=False, allow_blank=True, max_length=200)
    amount = Exact(required=False, help_text="No less than zero. Or say percent.")
    percent = Exact(required=False, help_text="Of the line, or of the sum of the lines.")
    category = Word(
        required=False, choices=TaxCategory.choices, help_text="UNCL 5305. Of the whole invoice alone."
    )
    tax_rate = Exact(required=False, help_text="In percent.")
    jurisdiction = Text(required=False, allow_blank=True, max_length=60)


class ClaimedLine(Shape):
    """What is claimed of one order line; without order and line, of what was not ordered."""

    order = Text(required=False, max_length=60, help_text="The order's number.")
    line = Text(required=False, max_length=60, help_text="The line's key.")
    quantity = Exact(help_text="In the line's unit.")
    unit_price = Exact()
    price_quantity = Exact(
        required=False, help_text="The price is for so many units; the order line's if left out."
    )
    price_only = Flag(default=False, help_text="Only money moves: the goods are claimed already.")
    unit = Text(required=False, max_length=20)
    description = Text(required=False, allow_blank=True, max_length=300)
    supplier_item = Text(required=False, allow_blank=True, max_length=60)
    category = Word(
        required=False,
        choices=TaxCategory.choices,
        help_text="UNCL 5305. Left out with the rate: as the supplier's last invoice to the company, else its usual.",
    )
    tax_rate = Exact(required=False, help_text="In percent.")
    jurisdiction = Text(required=False, allow_blank=True, max_length=60)
    charges = serializers.ListField(child=ClaimedCharge(), required=False, max_length=MOST_CHARGES)


class UntaxedReason(Shape):
    """Why what is taxed like this is not taxed."""

    category = Word(choices=TaxCategory.choices)
    exemption_reason = Text(max_length=300)
    tax_rate = Exact(required=False)
    jurisdiction = Text(required=False, allow_blank=True, max_length=60)


class InvoiceContent(Shape):
    """All that an invoice says. Sums are worked out; `typed_total` is held against them."""

    invoiced_on = Day()
    supplied_on = Day(required=False, help_text="The tax point.")
    payment_days = Whole(required=False, max_value=365, help_text="To be paid within so many days.")
    due_on = Day(required=False, help_text="Worked out from payment_days if left out.")
    discount_percent = Exact(required=False, help_text="2 in 2/10 net 30.")
    discount_days = Whole(required=False, max_value=365, help_text="10 in 2/10 net 30.")
    corrects_number = Text(required=False, allow_blank=True, max_length=60)
    reason = Text(required=False, allow_blank=True, max_length=2000, help_text="Of a credit or debit note.")
    buyer_reference = Text(required=False, allow_blank=True, max_length=100)
    supplier_tax_id = Text(required=False, allow_blank=True, max_length=30)
    company_tax_id = Text(required=False, allow_blank=True, max_length=30)
    withholding_note = Text(required=False, allow_blank=True, max_length=2000)
    note = Text(required=False, allow_blank=True, max_length=4000)
    typed_total = Exact(
        required=False, help_text="What is to be paid, as you have it. Refused if it differs."
    )
    lines = serializers.ListField(child=ClaimedLine(), min_length=1, max_length=MOST_LINES)
    charges = serializers.ListField(child=ClaimedCharge(), required=False, max_length=MOST_CHARGES)
    untaxed = serializers.ListField(child=UntaxedReason(), required=False, max_length=20)


class NewInvoice(InvoiceContent):
    """An invoice, a credit or a debit note, to be sent at once or kept as a draft."""

    company = Text(max_length=20, help_text="The code of the company that ordered.")
    number = Text(max_length=60, help_text="Your own number of it.")
    kind = Word(choices=InvoiceKind.choices, default=InvoiceKind.INVOICE)
    currency = Text(required=False, max_length=3, help_text="That of its orders if left out.")
    corrects = Key(required=False, help_text="The invoice that a note is about, by its key.")
    supplier = Text(required=False, max_length=40, help_text="Whose it is: for the buying side alone.")
    send = Flag(default=True, help_text="false: it is kept as a draft.")


class RevisedInvoice(InvoiceContent):
    """What an invoice that was sent is to say instead: all of it, under its number."""

    version = Whole(
        required=False,
        min_value=1,
        help_text="The version that you have seen. Owed unless you send If-Match.",
    )


class SeenInvoice(Shape):
    """The version of an invoice that you have seen."""

    version = Whole(min_value=1)


class EndedInvoice(SeenInvoice):
    """Why an invoice is taken back, or sent back."""

    reason = Text(max_length=2000)


class NewCreditNote(Shape):
    """A credit note that gives back all that is left of an invoice."""

    number = Text(max_length=60, help_text="Your own number of it.")
    reason = Text(max_length=2000)
    send = Flag(default=True, help_text="false: it is kept as a draft.")


def _header(sent: Mapping[str, Any]) -> InvoiceHeader:
    return InvoiceHeader(**{name: sent[name] for name in HEADER if name in sent})


def _charge(sent: Mapping[str, Any]) -> ChargeEntry:
    return ChargeEntry(**{**sent, "tax_rate": sent.get("tax_rate", ZERO)})


def _line(sent: Mapping[str, Any]) -> WholeLine:
    named = {"line_key": sent["line"]} if "line" in sent else {}
    same = {name: value for name, value in sent.items() if name not in ("line", "charges")}
    charges = tuple(_charge(one) for one in sent.get("charges", ()))
    return WholeLine(**same, **named, charges=charges)


def whole_of(sent: Mapping[str, Any], company: str, **more: Any) -> WholeInvoice:
    """A whole invoice as the services take it."""
    return WholeInvoice(
        company=company,
        header=_header(sent),
        lines=tuple(_line(one) for one in sent["lines"]),
        charges=tuple(_charge(one) for one in sent.get("charges", ())),
        tax_words=tuple(TaxWord(**one) for one in sent.get("untaxed", ())),
        **more,
    )
