"""The neutral paper of an invoice: what any ERP connector hands us, whatever its wire format."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class BillLinePaper:
    """What an invoice bills of one line of an order: the order's number and the ERP's key of its line."""

    order: str
    line_key: str
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class BillPaper:
    """An invoice or a credit note as the ERP holds it now, whole.

    `key` is the ERP's own and unique within the company, `number` what bookkeeping calls it (empty before it is
    posted), `reference` what the supplier calls it. `state` is one of `states.PaymentState`: entered, approved
    (posted), partly_paid, paid, cancelled. `total` is what is to be paid with taxes, `open_amount` what is left of it;
    both in `currency`. A credit note's figures are what it gives back, so its total is no less than zero either; a
    line that bills the other way than the whole has a negative amount. `lines` are those that bill an order; what is
    billed besides (freight) is in the total alone. `due_on` and `paid_on` are there where the ERP knows them.
    """

    company: str
    supplier: str
    key: str
    invoiced_on: date
    currency: str
    total: Decimal
    open_amount: Decimal
    state: str
    kind: str = "invoice"
    number: str = ""
    reference: str = ""
    due_on: date | None = None
    paid_on: date | None = None
    lines: tuple[BillLinePaper, ...] = ()
    stamp: datetime | None = None
