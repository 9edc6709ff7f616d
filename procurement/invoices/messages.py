"""What doors hand in about invoices, and the neutral papers that go out."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from procurement.acknowledgments.messages import BadCell


@dataclass(frozen=True, slots=True)
class LineChoice:
    """An order line of which something is to be claimed: what is open of it, or so much."""

    order: uuid.UUID
    line_key: str
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class InvoiceNamed:
    """An invoice as somebody sees it: a verb on it fails where it is another one meanwhile."""

    invoice: uuid.UUID
    version: int


@dataclass(frozen=True, slots=True)
class InvoiceHeader:
    """The head of an invoice, whole: what is not said is empty. Days are the supplier's; `currency` is fixed.

    `typed_total` is what is to be paid as the supplier's own paper has it.
    """

    number: str = ""
    invoiced_on: date | None = None
    supplied_on: date | None = None
    payment_days: int | None = None
    due_on: date | None = None
    discount_percent: Decimal | None = None
    discount_days: int | None = None
    corrects_number: str = ""
    reason: str = ""
    buyer_reference: str = ""
    supplier_tax_id: str = ""
    company_tax_id: str = ""
    withholding_note: str = ""
    note: str = ""
    typed_total: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ChargeEntry:
    """A charge or an allowance, of the whole or of the line it stands in: so much, or so many percent."""

    is_allowance: bool = False
    code: str = ""
    reason: str = ""
    amount: Decimal | None = None
    percent: Decimal | None = None
    category: str = ""
    tax_rate: Decimal = Decimal(0)
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class LineEntry:
    """A line as it is to be. `order` and `line_key` name the order line, where it claims one; `notice_line` and
    `sheet_line` what it was begun from. Without them it claims what was not ordered.
    """

    quantity: Decimal
    unit_price: Decimal
    order: uuid.UUID | None = None
    line_key: str = ""
    notice_line: int | None = None
    sheet_line: int | None = None
    description: str = ""
    supplier_item: str = ""
    unit: str = ""
    price_quantity: Decimal = Decimal(1)
    price_only: bool = False
    category: str = ""
    tax_rate: Decimal = Decimal(0)
    jurisdiction: str = ""
    charges: tuple[ChargeEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class TaxWord:
    """Why what is taxed like this is not taxed."""

    category: str
    exemption_reason: str
    tax_rate: Decimal = Decimal(0)
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class SaveDraft:
    """A whole draft as it is to be. `version` is the one that was on the screen: another one refuses, and loses
    nothing. What is None stays as it is.
    """

    invoice: uuid.UUID
    version: int
    header: InvoiceHeader | None = None
    lines: tuple[LineEntry, ...] | None = None
    charges: tuple[ChargeEntry, ...] | None = None
    tax_words: tuple[TaxWord, ...] | None = None


@dataclass(frozen=True, slots=True)
class WholeLine:
    """A line of an invoice as programs and files name it: by the order's number and the ERP's key of its line."""

    quantity: Decimal
    unit_price: Decimal
    order: str = ""
    line_key: str = ""
    description: str = ""
    supplier_item: str = ""
    unit: str = ""
    price_quantity: Decimal | None = None
    price_only: bool = False
    category: str = ""
    tax_rate: Decimal | None = None
    jurisdiction: str = ""
    charges: tuple[ChargeEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class WholeInvoice:
    """Everything that an invoice says. Order numbers are those of one company, `company`, by its code.

    `corrects` names the invoice that a credit or debit note is about by its key, where it came this way. The buying
    side says whose it is where its lines do not: `supplier`, by its number.
    """

    company: str
    header: InvoiceHeader
    lines: tuple[WholeLine, ...]
    charges: tuple[ChargeEntry, ...] = ()
    tax_words: tuple[TaxWord, ...] = ()
    kind: str = "invoice"
    currency: str = ""
    corrects: uuid.UUID | None = None
    supplier: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One row of an uploaded sheet: its number in the file, what each column says in plain writing, and what cannot be
    read.
    """

    row: int
    said: Mapping[str, str]
    bad: tuple[BadCell, ...] = ()

    def says(self, name: str) -> str:
        """What a column says, or nothing."""
        return self.said.get(name, "")


@dataclass(frozen=True, slots=True)
class ApplyUpload:
    """Make drafts of an uploaded file; `send`: and send those that nothing stops. `only_whole` leaves out those of
    which a row cannot be taken.
    """

    upload: uuid.UUID
    send: bool = False
    only_whole: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an invoice does not go on: the key of a sentence and what stands in it, and whose turn it is."""

    key: str
    acts: str
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file for an invoice, as it came; `reading` is what it shows (`procurement.einvoices.pictures`), where it was
    read: that takes long, so doors do it before they open their transaction.
    """

    kind: str
    name: str
    content: bytes
    reading: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is claimed of an order line already: earlier invoices less what was given back."""

    quantity: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class TaxOffered:
    """A tax that may stand on an invoice to a company."""

    category: str
    rate: Decimal
    label: str
    jurisdiction: str = ""
    exemption_reason: str = ""
    is_usual: bool = False


@dataclass(frozen=True, slots=True)
class SaveProfile:
    """How a company takes invoices, whole."""

    company: str
    version: int
    allow_without_order: bool = False
    claims_received: bool = True
    einvoice_formats: tuple[str, ...] = ()
    company_tax_id: str = ""
    name: str = ""
    address: str = ""
    country: str = ""
    taxes: tuple[TaxOffered, ...] = ()
