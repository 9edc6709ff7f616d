"""What an electronic invoice says, by the terms of EN 16931-1:2017 (BT: a term, BG: a group of terms).

Everything may be missing, for a file may be as wrong as it likes: what must be there is said by `rules`. Amounts are in
the currency of the invoice (BT-5) unless said otherwise, and exact; a figure keeps the decimals it was written with.

Note [Where]: every group that was read knows where each of its terms stood in the file. It is no part of what the
invoice says, so two invoices are equal that say the same in two syntaxes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

CREDIT_NOTES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})
VAT = "VAT"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file: the line, counted from 1, and the way through its elements."""

    line: int
    path: str


@dataclass(kw_only=True)
class Group:
    """A group of terms. `where` has the place of each term that was read; of the group itself under ""."""

    where: dict[str, Place] = field(default_factory=dict, compare=False, repr=False)


@dataclass(kw_only=True)
class Identifier(Group):
    """An identifier, the scheme that it is from (ISO 6523 ICD, EAS, UNTDID 1153 or 7143), and that scheme's version."""

    value: str | None = None
    scheme: str | None = None
    version: str | None = None


@dataclass(kw_only=True)
class Note(Group):
    """BG-1: a note (BT-22) and the code of what it is about (BT-21, UNTDID 4451)."""

    subject: str | None = None
    text: str | None = None


@dataclass(kw_only=True)
class Preceding(Group):
    """BG-3: an earlier invoice that this one corrects or credits: its number (BT-25) and day (BT-26)."""

    number: str | None = None
    issued_on: date | None = None


@dataclass(kw_only=True)
class Address(Group):
    """BG-5, 8, 12 and 15: up to three lines, city, post code, subdivision, and the country as ISO 3166-1 alpha-2."""

    line_1: str | None = None
    line_2: str | None = None
    line_3: str | None = None
    city: str | None = None
    postcode: str | None = None
    region: str | None = None
    country: str | None = None


@dataclass(kw_only=True)
class Contact(Group):
    """BG-6 and 9: whom to ask: name or department, telephone, mail address."""

    name: str | None = None
    phone: str | None = None
    mail: str | None = None


@dataclass(kw_only=True)
class Party(Group):
    """BG-4 seller, BG-7 buyer, BG-10 payee, BG-11 the seller's tax representative.

    name BT-27/44/59/62, trade_name BT-28/45, identifiers BT-29/46/60, registration BT-30/47/61, vat_id BT-31/48/63,
    tax_id BT-32 (the tax office's own number), legal_note BT-33, endpoint BT-34/49 (where papers are sent to),
    creditor BT-90 (SEPA's creditor identifier, which belongs to whoever is paid).
    """

    name: str | None = None
    trade_name: str | None = None
    identifiers: list[Identifier] = field(default_factory=list)
    creditor: str | None = None
    registration: Identifier | None = None
    vat_id: str | None = None
    tax_id: str | None = None
    legal_note: str | None = None
    endpoint: Identifier | None = None
    address: Address | None = None
    contact: Contact | None = None


@dataclass(kw_only=True)
class Delivery(Group):
    """BG-13: to whom (BT-70), to which place (BT-71, BG-15) and on which day (BT-72) it was delivered."""

    name: str | None = None
    location: Identifier | None = None
    delivered_on: date | None = None
    address: Address | None = None


@dataclass(kw_only=True)
class Period(Group):
    """BG-14 and 26: the first and last day that is invoiced."""

    start_on: date | None = None
    end_on: date | None = None


@dataclass(kw_only=True)
class Payment(Group):
    """BG-16 to 19: a way to pay: its code (BT-81, UNTDID 4461) and name (BT-82), and the account, card or direct debit.

    account BT-84 (IBAN or national), account_name BT-85, bank BT-86 (BIC), card BT-87 (last digits only),
    card_holder BT-88, debited BT-91 (the buyer's account of a direct debit).
    """

    means: str | None = None
    means_name: str | None = None
    account: str | None = None
    account_name: str | None = None
    bank: str | None = None
    card: str | None = None
    card_holder: str | None = None
    debited: str | None = None


@dataclass(kw_only=True)
class AllowanceCharge(Group):
    """BG-20/21 of the invoice, BG-27/28 of a line: something taken off or added, before tax.

    amount BT-92/99/136/141, base BT-93/100/137/142, percent BT-94/101/138/143, reason BT-97/104/139/144, code
    BT-98/105/140/145 (an allowance's from UNTDID 5189, a charge's from 7161). Tax (BT-95/96, 102/103) is only said of a
    whole invoice; on a line it is the line's.
    """

    is_charge: bool = False
    amount: Decimal | None = None
    base: Decimal | None = None
    percent: Decimal | None = None
    category: str | None = None
    rate: Decimal | None = None
    scheme: str | None = None
    reason: str | None = None
    code: str | None = None


@dataclass(kw_only=True)
class TaxBreakdown(Group):
    """BG-23: what is taxed alike: base BT-116, amount BT-117, category BT-118 (UNTDID 5305), rate BT-119 in percent,
    and why it is exempt: reason BT-120, code BT-121 (VATEX)."""

    base: Decimal | None = None
    amount: Decimal | None = None
    category: str | None = None
    rate: Decimal | None = None
    scheme: str | None = None
    reason: str | None = None
    code: str | None = None


@dataclass(kw_only=True)
class Totals(Group):
    """BG-22: lines BT-106, allowances BT-107, charges BT-108, net BT-109, tax BT-110, gross BT-112, paid BT-113,
    rounding BT-114, due BT-115; accounting_tax BT-111 is the tax in the currency of BT-6."""

    lines: Decimal | None = None
    allowances: Decimal | None = None
    charges: Decimal | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    accounting_tax: Decimal | None = None
    gross: Decimal | None = None
    paid: Decimal | None = None
    rounding: Decimal | None = None
    due: Decimal | None = None


@dataclass(kw_only=True)
class SupportingDocument(Group):
    """BG-24: a paper that goes along: reference BT-122, description BT-123, address BT-124 or the file BT-125."""

    reference: str | None = None
    description: str | None = None
    url: str | None = None
    content: bytes | None = None
    mime: str | None = None
    filename: str | None = None


@dataclass(kw_only=True)
class ItemAttribute(Group):
    """BG-32: one property of an item: name BT-160, value BT-161."""

    name: str | None = None
    value: str | None = None


@dataclass(kw_only=True)
class Line(Group):
    """BG-25: one line.

    identifier BT-126, note BT-127, object BT-128, quantity BT-129 in unit BT-130 (UN/ECE Recommendation 20 and 21),
    amount BT-131 (net), order_line BT-132, accounting BT-133, price BT-146 (net, for `price_quantity` BT-149 in
    `price_unit` BT-150), gross_price BT-148 less discount BT-147, category BT-151, rate BT-152, and the item: name
    BT-153, description BT-154, seller_item BT-155, buyer_item BT-156, standard_item BT-157, classes BT-158, origin
    BT-159, attributes BG-32. `order` is the number of the order where an invoice is about several; the norm does not
    know it, both syntaxes do.
    """

    identifier: str | None = None
    note: str | None = None
    object: Identifier | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    amount: Decimal | None = None
    order_line: str | None = None
    order: str | None = None
    accounting: str | None = None
    period: Period | None = None
    adjustments: list[AllowanceCharge] = field(default_factory=list)
    price: Decimal | None = None
    discount: Decimal | None = None
    gross_price: Decimal | None = None
    price_quantity: Decimal | None = None
    price_unit: str | None = None
    category: str | None = None
    rate: Decimal | None = None
    scheme: str | None = None
    name: str | None = None
    description: str | None = None
    seller_item: str | None = None
    buyer_item: str | None = None
    standard_item: Identifier | None = None
    classes: list[Identifier] = field(default_factory=list)
    origin: str | None = None
    attributes: list[ItemAttribute] = field(default_factory=list)

    @property
    def allowances(self) -> list[AllowanceCharge]:
        """BG-27."""
        return [one for one in self.adjustments if not one.is_charge]

    @property
    def charges(self) -> list[AllowanceCharge]:
        """BG-28."""
        return [one for one in self.adjustments if one.is_charge]


@dataclass(kw_only=True)
class EInvoice(Group):
    """An invoice or a credit note.

    number BT-1, issued_on BT-2, type_code BT-3 (UNTDID 1001), currency BT-5, tax_currency BT-6, tax_point_on BT-7,
    tax_point_code BT-8 (UNTDID 2005), due_on BT-9, buyer_reference BT-10, project BT-11, contract BT-12, order BT-13,
    sales_order BT-14, receipt BT-15, despatch BT-16, tender BT-17, object BT-18, accounting BT-19, payment_terms BT-20,
    notes BG-1, process BT-23, specification BT-24, preceding BG-3, remittance BT-83 (what the buyer writes on the
    payment), mandate BT-89, and the groups.
    """

    specification: str | None = None
    process: str | None = None
    number: str | None = None
    issued_on: date | None = None
    type_code: str | None = None
    currency: str | None = None
    tax_currency: str | None = None
    tax_point_on: date | None = None
    tax_point_code: str | None = None
    due_on: date | None = None
    buyer_reference: str | None = None
    project: str | None = None
    contract: str | None = None
    order: str | None = None
    sales_order: str | None = None
    receipt: str | None = None
    despatch: str | None = None
    tender: str | None = None
    object: Identifier | None = None
    accounting: str | None = None
    payment_terms: str | None = None
    notes: list[Note] = field(default_factory=list)
    preceding: list[Preceding] = field(default_factory=list)
    seller: Party | None = None
    buyer: Party | None = None
    payee: Party | None = None
    representative: Party | None = None
    delivery: Delivery | None = None
    period: Period | None = None
    payments: list[Payment] = field(default_factory=list)
    remittance: str | None = None
    mandate: str | None = None
    adjustments: list[AllowanceCharge] = field(default_factory=list)
    totals: Totals | None = None
    taxes: list[TaxBreakdown] = field(default_factory=list)
    documents: list[SupportingDocument] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    came_as_credit_note: bool = field(default=False, compare=False)

    @property
    def is_credit_note(self) -> bool:
        """Whether it is one: by its type (BT-3), or because it came as a UBL CreditNote."""
        return self.came_as_credit_note or self.type_code in CREDIT_NOTES

    @property
    def allowances(self) -> list[AllowanceCharge]:
        """BG-20."""
        return [one for one in self.adjustments if not one.is_charge]

    @property
    def charges(self) -> list[AllowanceCharge]:
        """BG-21."""
        return [one for one in self.adjustments if one.is_charge]
