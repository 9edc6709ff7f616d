"""From neutral papers to rows: what the portal tells the ERP, and (for the pretend ERP and the tests) the
other direction."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal

from procurement.bills.messages import BillPaper
from procurement.catalogue.messages import CustomerDemandPaper
from procurement.erp.connectors.files.formats import (
    COUNTS,
    EARLY_PAYMENTS,
    INBOUND,
    INVOICES_OUT,
    ORDERS,
    PROMISES,
    SHIP_NOTICES,
    Format,
)
from procurement.erp.content import canonical_decimal
from procurement.erp.messages import EarlyPaymentCommand, InvoiceCommand
from procurement.erp.ports import CommandResult, Feed, Outcome, Paper
from procurement.orders.messages import LinePaper, OrderPaper, PromiseCommand
from procurement.receipts.messages import ReceiptCommand, ReceiptPaper
from procurement.shipments.messages import NoticeCommand
from suppliers.banking.messages import AccountsPaper

Cells = Mapping[str, object]


def to_csv(form: Format, rows: Iterable[Cells], *, separator: str = ",", more: Sequence[str] = ()) -> str:
    """Rows as a file in a documented format; `more` names columns of the ERP's own."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(
        out, [*form.header, *more], delimiter=separator, lineterminator="\r\n", restval=""
    )
    writer.writeheader()
    for row in rows:
        writer.writerow({name: as_cell(value) for name, value in row.items()})
    return out.getvalue()


def as_cell(value: object) -> str:
    """A value in exactly the way the documented formats want it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return canonical_decimal(value)
        case datetime() | date():
            return value.isoformat()
    return str(value)


def promise_rows(command: PromiseCommand) -> Iterator[Cells]:
    """A command as rows of a promises file: one per piece."""
    head = {
        "command_key": command.key,
        "company": command.company,
        "order_number": command.number,
        "supplier": command.supplier,
        "base_revision": command.base_revision,
        "supplier_reference": command.supplier_reference,
    }
    for line in command.lines:
        base = {
            "line_key": line.key,
            "line_number": line.number,
            "base_quantity": line.base_quantity,
            "base_price": line.base_price,
            "base_price_per": line.base_price_per,
            "base_delivery_on": line.base_delivery_on,
        }
        for number, piece in enumerate(line.pieces, 1):
            yield (
                head
                | base
                | {
                    "piece_number": number,
                    "piece_kind": piece.kind,
                    "piece_quantity": piece.quantity,
                    "piece_delivery_on": piece.delivery_on,
                    "piece_price": piece.price,
                    "piece_price_per": piece.price_per,
                    "piece_item_number": piece.item_number,
                    "piece_reason": piece.reason,
                    "piece_note": piece.note,
                    "piece_ship_to": piece.ship_to,
                }
            )


def promises_csv(command: PromiseCommand) -> str:
    """A command as a promises file."""
    return to_csv(PROMISES, promise_rows(command))


def notice_rows(command: NoticeCommand) -> Iterator[Cells]:
    """A ship notice as rows of its file: one per order line."""
    head = {
        "command_key": command.key,
        "consignment": command.consignment,
        "issue": command.issue,
        "notice_state": "withdrawn" if command.withdrawn else "announced",
        "company": command.company,
        "supplier": command.supplier,
        "notice_number": command.number,
        "earlier_number": command.earlier_number,
        "ship_to": command.ship_to,
        "ship_on": command.ship_on,
        "expected_on": command.expected_on,
        "carrier": command.carrier,
        "tracking": command.tracking,
        "bill_of_lading": command.bill_of_lading,
        "packages": command.packages,
        "gross_kg": command.gross_kg,
    }
    for line in command.lines:
        yield head | {
            "order_number": line.order,
            "line_key": line.key,
            "line_number": line.number,
            "quantity": line.quantity,
            "unit": line.unit,
        }


def notices_csv(command: NoticeCommand) -> str:
    """A ship notice as its file."""
    return to_csv(SHIP_NOTICES, notice_rows(command))


def count_rows(command: ReceiptCommand) -> Iterator[Cells]:
    """A count as rows of its file: one per order line and lot."""
    head = {
        "command_key": command.key,
        "count": command.count,
        "count_state": "reversed" if command.reversed else "posted",
        "company": command.company,
        "supplier": command.supplier,
        "reference": command.reference,
        "consignment": command.consignment,
        "site": command.site,
        "received_on": command.received_on,
    }
    for line in command.lines:
        yield head | {
            "order_number": line.order,
            "line_key": line.key,
            "line_number": line.number,
            "quantity": line.quantity,
            "unit": line.unit,
            "lot": line.lot,
        }


def counts_csv(command: ReceiptCommand) -> str:
    """A count as its file."""
    return to_csv(COUNTS, count_rows(command))


def booking_rows(command: InvoiceCommand) -> Iterator[Cells]:
    """An approved invoice as rows of its file: one per line, charge and tax."""
    head: dict[str, object] = {
        "command_key": command.key,
        "invoice": command.invoice,
        "invoice_state": "voided" if command.voided else "approved",
        "company": command.company,
        "supplier": command.supplier,
        "kind": command.kind,
        "reference": command.number,
        "corrects": command.corrects,
        "invoiced_on": command.invoiced_on,
        "due_on": command.due_on,
        "currency": command.currency,
        "total": command.total,
        "note": command.note,
        "picture": command.picture,
    }
    rows: list[Cells] = []
    for line in command.lines:
        of_order = {"order_number": line.order, "line_key": line.key, "line_number": line.number or None}
        rows.append(
            {
                "row_kind": "line",
                **(of_order if line.order else {}),
                "description": line.description,
                "quantity": line.quantity,
                "unit": line.unit,
                "unit_price": line.unit_price,
                "price_per": line.price_per,
                "amount": line.amount,
                "tax_category": line.category,
                "tax_rate": line.tax_rate,
            }
        )
    for charge in command.charges:
        rows.append(
            {
                "row_kind": "charge" if charge.amount >= 0 else "allowance",
                "description": charge.reason,
                "code": charge.code,
                "amount": charge.amount,
                "tax_category": charge.category,
                "tax_rate": charge.tax_rate,
            }
        )
    for tax in command.taxes:
        rows.append(
            {
                "row_kind": "tax",
                "description": tax.name,
                "base": tax.base,
                "amount": tax.amount,
                "tax_category": tax.category,
                "tax_rate": tax.tax_rate,
            }
        )
    for number, row in enumerate(rows, 1):
        yield {**head, "row_number": number, **row}


def invoices_csv(command: InvoiceCommand) -> str:
    """An approved invoice as its file."""
    return to_csv(INVOICES_OUT, booking_rows(command))


def early_payments_csv(command: EarlyPaymentCommand) -> str:
    """An early payment as its file: one row."""
    row: Cells = {
        "command_key": command.key,
        "invoice": command.invoice,
        "early_state": "ended" if command.ended else "agreed",
        "company": command.company,
        "supplier": command.supplier,
        "reference": command.number,
        "due_on": command.due_on,
        "pay_on": None if command.ended else command.pay_on,
        "currency": command.currency,
        "total": command.total,
        "discount": Decimal(0) if command.ended else command.discount,
        "to_pay": command.total if command.ended else command.to_pay,
    }
    return to_csv(EARLY_PAYMENTS, [row])


def order_rows(order: OrderPaper) -> Iterator[Cells]:
    """An order as rows of an orders file: one per line, or per schedule of a line."""
    head = {
        "company": order.company,
        "order_number": order.number,
        "supplier": order.supplier,
        "currency": order.currency,
        "ordered_on": order.ordered_on,
        "ship_to": order.ship_to,
        "revision": order.revision,
        "kind": order.kind,
        "status": order.status,
        "payment_terms": order.payment_terms,
        "incoterm": order.incoterm,
        "incoterm_place": order.incoterm_place,
        "buyer_code": order.buyer_code,
        "buyer_name": order.buyer_name,
        "buyer_email": order.buyer_email,
        "order_note": order.note,
        "changed_at": order.stamp,
        "lines_total": len(order.lines),
        **order.extra,
    }
    for line in order.lines:
        cells = head | _line_cells(line)
        if not line.schedules:
            yield cells
        for schedule in line.schedules:
            yield cells | {
                "schedule_quantity": schedule.quantity,
                "schedule_delivery_on": schedule.delivery_on,
            }


def _line_cells(line: LinePaper) -> dict[str, object]:
    return {
        "line_key": line.key,
        "line_number": line.number,
        "item_number": line.item_number,
        "description": line.description,
        "quantity": line.quantity,
        "unit": line.unit,
        "price": line.price,
        "delivery_on": line.delivery_on,
        "price_per": line.price_per,
        "gtin": line.gtin,
        "supplier_part_number": line.supplier_part_number,
        "line_ship_to": line.ship_to,
        "line_note": line.note,
        "line_cancelled": line.cancelled,
        "line_closed": line.closed,
        "received_quantity": line.received_quantity,
        "invoiced_quantity": line.invoiced_quantity,
    }


def orders_csv(orders: Sequence[OrderPaper], *, separator: str = ",") -> str:
    """Orders as an orders file."""
    more = sorted({name for order in orders for name in order.extra})
    rows = (row for order in orders for row in order_rows(order))
    return to_csv(ORDERS, rows, separator=separator, more=more)


_WORDS = {
    Outcome.SENT: "accepted",
    Outcome.CONFIRMED: "accepted",
    Outcome.REFUSED: "refused",
    Outcome.CONFLICT: "conflict",
}


def result_rows(result: CommandResult) -> Iterator[Cells]:
    """An ERP's answer as rows of a command results file."""
    head = {"command_key": result.key, "result": _WORDS[result.outcome], "reason": result.reason}
    if not result.lines:
        yield head
    for line in result.lines:
        cells = head | {
            "line_key": line.key,
            "current_quantity": line.quantity,
            "current_price": line.price,
            "current_delivery_on": line.delivery_on,
            "line_gone": line.gone,
            "current_price_per": line.price_per,
            "current_item_number": line.item_number,
            "line_closed": line.closed,
        }
        if not line.deliveries:
            yield cells
        for one in line.deliveries:
            yield cells | {
                "current_delivery_quantity": one.quantity,
                "current_delivery_on": one.delivery_on,
            }


def receipt_row(receipt: ReceiptPaper) -> Cells:
    """A receipt as its row."""
    return {
        "company": receipt.company,
        "receipt_key": receipt.key,
        "order_number": receipt.order,
        "line_key": receipt.line_key,
        "quantity": receipt.quantity,
        "unit": receipt.unit,
        "received_on": receipt.received_on,
        "reference": receipt.reference,
        "reversed": receipt.reversed,
        "changed_at": receipt.stamp,
    }


def invoice_rows(invoice: BillPaper) -> Iterator[Cells]:
    """An invoice as rows of an invoices file: one per line that is billed."""
    head = {
        "company": invoice.company,
        "invoice_key": invoice.key,
        "supplier": invoice.supplier,
        "invoiced_on": invoice.invoiced_on,
        "currency": invoice.currency,
        "total": invoice.total,
        "open_amount": invoice.open_amount,
        "state": invoice.state,
        "kind": invoice.kind,
        "invoice_number": invoice.number,
        "reference": invoice.reference,
        "due_on": invoice.due_on,
        "paid_on": invoice.paid_on,
        "changed_at": invoice.stamp,
    }
    if not invoice.lines:
        yield head
    for line in invoice.lines:
        yield head | {
            "order_number": line.order,
            "line_key": line.line_key,
            "line_quantity": line.quantity,
            "line_amount": line.amount,
        }


def demand_row(demand: CustomerDemandPaper) -> Cells:
    """An open line of a customer's order as its row."""
    cells = asdict(demand)
    return {"demand_key": cells.pop("key"), **cells}


def account_rows(paper: AccountsPaper) -> Iterator[Cells]:
    """All accounts of a supplier as rows of their file; one without a number where there is none."""
    head = {"supplier": paper.supplier, "changed_at": paper.stamp}
    for one in paper.accounts:
        yield head | asdict(one.typed) | {"paid_since": one.since_on}
    if not paper.accounts:
        yield head


def feed_csv(feed: Feed, papers: Sequence[Paper], *, separator: str = ",") -> str:
    """Papers of one feed as a file in its documented format."""
    if feed is Feed.ORDERS:
        return orders_csv([paper for paper in papers if isinstance(paper, OrderPaper)], separator=separator)
    if feed is Feed.RECEIPTS:
        receipts = (receipt_row(paper) for paper in papers if isinstance(paper, ReceiptPaper))
        return to_csv(INBOUND[feed], receipts, separator=separator)
    if feed is Feed.INVOICES:
        invoices = [paper for paper in papers if isinstance(paper, BillPaper)]
        rows = (row for one in invoices for row in invoice_rows(one))
        return to_csv(INBOUND[feed], rows, separator=separator)
    if feed is Feed.CUSTOMER_DEMAND:
        demands = (demand_row(paper) for paper in papers if isinstance(paper, CustomerDemandPaper))
        return to_csv(INBOUND[feed], demands, separator=separator)
    if feed is Feed.BANK_ACCOUNTS:
        told = [paper for paper in papers if isinstance(paper, AccountsPaper)]
        return to_csv(INBOUND[feed], (row for one in told for row in account_rows(one)), separator=separator)
    if feed is Feed.COMMAND_RESULTS:
        results = [paper for paper in papers if isinstance(paper, CommandResult)]
        return to_csv(
            INBOUND[feed], (row for one in results for row in result_rows(one)), separator=separator
        )
    return to_csv(INBOUND[feed], (asdict(paper) for paper in papers), separator=separator)
