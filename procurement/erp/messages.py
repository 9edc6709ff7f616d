"""The neutral paper of an approved invoice that the ERP is asked to book, or to take out again."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class InvoiceCommandLine:
    """So much of an order line is billed, in `unit`, for `amount` without taxes: that is what was approved of it.

    `key` is the ERP's own key of the order's line; a line of no order names none and says what it is for in
    `description`. `unit_price` is for `price_per` units and is the supplier's own; where an allowance or a cut makes
    the amount another one, the amount counts. `price_only` says that the goods were billed before and only money moves.
    `category` is of UNCL 5305, `tax_rate` in percent.
    """

    amount: Decimal
    quantity: Decimal
    unit: str
    unit_price: Decimal
    order: str = ""
    key: str = ""
    number: int = 0
    price_per: Decimal = Decimal(1)
    description: str = ""
    category: str = ""
    tax_rate: Decimal = Decimal(0)
    price_only: bool = False


@dataclass(frozen=True, slots=True)
class InvoiceCommandCharge:
    """What the whole invoice bears besides its lines: a charge, or, below zero, an allowance; without taxes.

    `code` is of UNCL 7161 (a charge) or 5189 (an allowance), `reason` what the supplier calls it.
    """

    amount: Decimal
    reason: str = ""
    code: str = ""
    category: str = ""
    tax_rate: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class InvoiceCommandTax:
    """The taxes of one category and rate: the amount, and what it is due on."""

    category: str
    tax_rate: Decimal
    base: Decimal
    amount: Decimal
    name: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceCommand:
    """An approved invoice, credit note or debit note for the ERP to book; or, `voided`, to take out again.

    `key` is the outbox message's own; `invoice` names the paper and stays the same when it is voided: the ERP keeps it,
    so that it is never booked twice. `number` is the supplier's own. All amounts are in `currency` and of a credit note
    what it gives back, so never below zero but for allowances. `corrects` is the supplier's number of the invoice that
    a credit or debit note is about. `picture` is the name of the supplier's own document, where there is one.
    `cancelled` is how many bookings of it are known here to have been cancelled there by its people: it was approved
    once more since, and so is booked once more; one cancelled besides is for a person.
    """

    key: str
    invoice: str
    company: str
    supplier: str
    number: str
    invoiced_on: date
    currency: str
    total: Decimal
    lines: tuple[InvoiceCommandLine, ...]
    charges: tuple[InvoiceCommandCharge, ...] = ()
    taxes: tuple[InvoiceCommandTax, ...] = ()
    kind: str = "invoice"
    due_on: date | None = None
    corrects: str = ""
    note: str = ""
    picture: str = ""
    voided: bool = False
    cancelled: int = 0

    @property
    def is_credit(self) -> bool:
        """Whether it gives back."""
        return self.kind == "credit_note"

    @property
    def net(self) -> Decimal:
        """All lines and charges, without taxes."""
        lines = sum((line.amount for line in self.lines), Decimal(0))
        return lines + sum((charge.amount for charge in self.charges), Decimal(0))

    @property
    def orders(self) -> tuple[str, ...]:
        """The numbers of the orders that it bills, in the order of its lines."""
        return tuple(dict.fromkeys(line.order for line in self.lines if line.order))


@dataclass(frozen=True, slots=True)
class EarlyPaymentCommand:
    """A supplier has agreed that its invoice is paid on `pay_on` for `discount` less; or, `ended`, not any more: then
    all of `total` is due on `due_on` again.

    `key` is the outbox message's own, `invoice` the one that the invoice was told to be booked under, `number` the
    supplier's own. `orders` are the numbers of the orders that it bills.
    """

    key: str
    invoice: str
    company: str
    supplier: str
    number: str
    currency: str
    total: Decimal
    discount: Decimal
    pay_on: date
    due_on: date
    orders: tuple[str, ...] = ()
    ended: bool = False

    @property
    def to_pay(self) -> Decimal:
        """What is paid where it is paid on that day."""
        return self.total - self.discount


@dataclass(frozen=True, slots=True)
class Picture:
    """The supplier's own document as it came."""

    name: str
    content_type: str
    content: bytes


def invoice_to_json(command: InvoiceCommand) -> dict[str, Any]:
    """The command as it waits in the outbox."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(command), default=_plain))
    return plain


def invoice_from_json(content: Mapping[str, Any], *, key: str) -> InvoiceCommand:
    """The command as it was put into the outbox; `key` is the message's own."""
    values = dict(content) | {
        "key": key,
        "total": Decimal(content["total"]),
        "invoiced_on": date.fromisoformat(content["invoiced_on"]),
        "due_on": date.fromisoformat(content["due_on"]) if content["due_on"] else None,
        "lines": _exact(
            InvoiceCommandLine,
            content["lines"],
            "amount",
            "quantity",
            "unit_price",
            "price_per",
            "tax_rate",
        ),
        "charges": _exact(InvoiceCommandCharge, content["charges"], "amount", "tax_rate"),
        "taxes": _exact(InvoiceCommandTax, content["taxes"], "tax_rate", "base", "amount"),
    }
    return InvoiceCommand(**values)


def _exact(kind: type[Row], rows: Iterable[Mapping[str, Any]], *names: str) -> tuple[Row, ...]:
    return tuple(kind(**{**row, **{name: Decimal(row[name]) for name in names}}) for row in rows)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def early_payment_to_json(command: EarlyPaymentCommand) -> dict[str, Any]:
    """The command as its telling keeps it."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(command), default=_plain))
    return plain


def early_payment_from_json(content: Mapping[str, Any], *, key: str) -> EarlyPaymentCommand:
    """The command as its telling keeps it; `key` is the outbox message's own."""
    days = {name: date.fromisoformat(content[name]) for name in ("pay_on", "due_on")}
    amounts = {name: Decimal(content[name]) for name in ("total", "discount")}
    return EarlyPaymentCommand(
        **{**content, **days, **amounts, "orders": tuple(content["orders"]), "key": key}
    )
