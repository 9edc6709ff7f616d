"""What happened to orders in Tryton: goods that were received, invoices and how far they are paid.

Note [Receipts]: a receipt is a done `stock.move` that came from a line of a purchase; its delivery note stands on its
shipment and may be written later, so shipments are polled too. A move that is cancelled after it was done keeps its
day: it is told as reversed.

Note [Invoices]: an invoice is told from the moment it has a number, which it gets when it is validated. What has none
is a draft that Tryton makes by itself for goods received, and makes anew under another id with each amendment: no
supplier has sent it. Paying by the wizard of the invoice, wholly or in part, and reconciling an instalment move the
invoice's stamp; moving a due day moves only the line of the journal, so those lines are polled too. A payment order
(`account.payment`) moves no invoice, and nothing is paid by it until it is booked: what is open is asked without
payment orders (`with_payment`). The day it was paid is that of the payments which were reconciled with it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from procurement.bills.messages import BillLinePaper, BillPaper
from procurement.erp.connectors.tryton.changes import Poll, Position, ids_in, look_for_changes
from procurement.erp.connectors.tryton.records import LINE_ORIGIN, _of, exact
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.content import content_hash
from procurement.erp.ports import Cursor, Feed, Page, Paper, Sighting, Window
from procurement.receipts.messages import ReceiptPaper

Record = Mapping[str, Any]

SHIPMENT_ORIGIN = "stock.shipment.in,"
INVOICE_ORIGIN = "account.invoice,"
INVOICE_LINE_ORIGIN = "account.invoice.line,"
# In, not back: a return moves from our store to the supplier.
RECEIVED: list[Any] = [
    ["origin", "like", f"{LINE_ORIGIN}%"],
    ["state", "in", ["done", "cancelled"]],
    ["effective_date", "!=", None],
    ["to_location.type", "!=", "supplier"],
]
MOVE_FIELDS = (
    "origin",
    "quantity",
    "unit.symbol",
    "effective_date",
    "state",
    "shipment",
    "company.party.code",
    "last_modified_at",
)
# From the moment it has a number; and ours also where its draft was cancelled before it had one.
NUMBERED: list[Any] = [
    ["type", "=", "in"],
    ["OR", ["number", "!=", None], [["state", "=", "cancelled"], ["description", "like", "%Quayside %"]]],
]
INVOICE_FIELDS = (
    "state",
    "number",
    "reference",
    "invoice_date",
    "total_amount",
    "amount_to_pay",
    "reconciled",
    "create_date",
    "last_modified_at",
    "company.party.code",
    "party.code",
    "currency.code",
    "lines.origin",
    "lines.quantity",
    "lines.amount",
    "lines_to_pay.maturity_date",
    "lines_to_pay.reconciliation",
    "lines_to_pay.last_modified_at",
    "reconciliation_lines.date",
)


class _Reader(Protocol):
    def __call__(self, rpc: Rpc, ids: Sequence[int]) -> Iterator[tuple[int, Paper]]: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A feed of facts: the model its papers are of, what is polled for them, and how they are read."""

    model: str
    polls: Sequence[Poll]
    read: _Reader


def read_facts(rpc: Rpc, feed: Feed, since: Cursor | None, *, size: int) -> Iterator[Page]:
    """The papers of a feed whose records moved since the cursor, page by page."""
    source = SOURCES[feed]
    position = look_for_changes(rpc, Position.from_json(since.position if since else {}), source.polls)
    if not position.pending and since is not None and position.as_json() == dict(since.position):
        return
    for start in range(0, max(len(position.pending), 1), size):
        ids = position.pending[start : start + size]
        sightings = tuple(
            Sighting(paper, content_hash(paper), f"{source.model} {key}")
            for key, paper in source.read(rpc, ids)
        )
        after = replace(position, pending=position.pending[start + size :])
        newest = max(after.since.values(), default=None)
        cursor = Cursor(feed, after.as_json())
        yield Page(feed, sightings, cursor, window=Window(None, newest), source=source.model)


# --- receipts -----------------------------------------------------------------------------------------------


def read_receipts(rpc: Rpc, ids: Sequence[int]) -> Iterator[tuple[int, ReceiptPaper]]:
    """What was received with these moves: three calls, however many they are."""
    if not ids:
        return
    wanted = [["id", "in", list(ids)], *RECEIVED]
    moves = rpc.read("stock.move.search_read", wanted, 0, None, [["id", "ASC"]], MOVE_FIELDS)
    orders = _orders_of(rpc, [line for move in moves for line in ids_in(move["origin"], LINE_ORIGIN)])
    shipments = _shipments(rpc, [one for move in moves for one in ids_in(move["shipment"], SHIPMENT_ORIGIN)])
    for move in moves:
        (line,) = ids_in(move["origin"], LINE_ORIGIN)
        if line not in orders:
            continue  # its line was deleted, and nothing says any more what was received for it
        shipment = next((shipments.get(one) for one in ids_in(move["shipment"], SHIPMENT_ORIGIN)), None)
        yield move["id"], _receipt(move, str(line), orders[line], shipment)


def _receipt(move: Record, line: str, order: str, shipment: Record | None) -> ReceiptPaper:
    stamps: list[datetime] = [one["last_modified_at"] for one in (move, shipment) if one]
    return ReceiptPaper(
        company=_of(move, "company", "party", "code"),
        order=order,
        line_key=line,
        key=str(move["id"]),
        quantity=exact(move["quantity"]),
        unit=_of(move, "unit", "symbol"),
        received_on=move["effective_date"],
        reference=(shipment or {}).get("reference") or "",
        reversed=move["state"] == "cancelled",
        stamp=max(stamps),
    )


def _shipments(rpc: Rpc, ids: Sequence[int]) -> dict[int, Record]:
    if not ids:
        return {}
    wanted = [["id", "in", sorted(set(ids))]]
    fields = ["reference", "last_modified_at"]
    return {
        row["id"]: row for row in rpc.read("stock.shipment.in.search_read", wanted, 0, None, None, fields)
    }


def _orders_of(rpc: Rpc, line_ids: Sequence[int]) -> dict[int, str]:
    """The numbers of the orders of these lines, by line."""
    if not line_ids:
        return {}
    wanted = [["id", "in", sorted(set(line_ids))], ["purchase.number", "!=", None]]
    rows = rpc.read("purchase.line.search_read", wanted, 0, None, None, ["purchase.number"])
    return {row["id"]: _of(row, "purchase", "number") for row in rows}


# --- invoices -----------------------------------------------------------------------------------------------


def read_invoices(rpc: Rpc, ids: Sequence[int]) -> Iterator[tuple[int, BillPaper]]:
    """These invoices, those of them that bill an order: three calls at most, however many they are."""
    if not ids:
        return
    wanted = [["id", "in", list(ids)], *NUMBERED]
    order = [["id", "ASC"]]
    # What is open and since when nothing is are worked out by Tryton one by one: slow, so only for what moved.
    invoices = rpc.read(
        "account.invoice.search_read", wanted, 0, None, order, INVOICE_FIELDS, with_payment=False
    )
    billed = _billed(rpc, [one for invoice in invoices for one in invoice["lines."] or ()])
    orders = _orders_of(rpc, list(billed.values()))
    for invoice in invoices:
        paper = _invoice(invoice, billed, orders)
        if paper.lines:
            yield invoice["id"], paper


def _billed(rpc: Rpc, lines: Sequence[Record]) -> dict[int, int]:
    """The purchase line that each line of an invoice bills. A line of a credit note comes from the line it credits."""
    credited = {one["id"]: line for one in lines for line in ids_in(one["origin"], INVOICE_LINE_ORIGIN)}
    origins: dict[int, Any] = {}
    if credited:
        wanted = [["id", "in", sorted(set(credited.values()))]]
        rows = rpc.read("account.invoice.line.search_read", wanted, 0, None, None, ["origin"])
        origins = {row["id"]: row["origin"] for row in rows}
    found = {one["id"]: origins.get(credited.get(one["id"], 0), one["origin"]) for one in lines}
    return {key: line for key, origin in found.items() for line in ids_in(origin, LINE_ORIGIN)}


def _invoice(invoice: Record, billed: Mapping[int, int], orders: Mapping[int, str]) -> BillPaper:
    total: Decimal = invoice["total_amount"]
    sign = -1 if total < 0 else 1  # a credit note is an invoice below zero in Tryton
    state, still_open = _standing(invoice, total * sign)
    to_pay = invoice["lines_to_pay."] or ()
    stamps: list[datetime] = [one["last_modified_at"] for one in (invoice, *to_pay)]
    return BillPaper(
        company=_of(invoice, "company", "party", "code"),
        supplier=_of(invoice, "party", "code"),
        key=str(invoice["id"]),
        invoiced_on=invoice["invoice_date"] or invoice["create_date"].date(),
        currency=_of(invoice, "currency", "code"),
        total=total * sign,
        open_amount=still_open,
        state=state,
        kind="credit_note" if sign < 0 else "invoice",
        number=invoice["number"] or "",
        reference=invoice["reference"] or "",
        due_on=_due_on(to_pay),
        paid_on=_paid_on(invoice) if state == "paid" else None,
        lines=tuple(
            BillLinePaper(orders[line], str(line), exact(one["quantity"]) * sign, one["amount"] * sign)
            for one in invoice["lines."] or ()
            if (line := billed.get(one["id"], 0)) in orders
        ),
        stamp=max(stamps),
    )


def _standing(invoice: Record, total: Decimal) -> tuple[str, Decimal]:
    """How far it is paid, and what is left: Tryton itself says paid only once everything is reconciled."""
    match invoice["state"]:
        case "paid":
            return "paid", Decimal(0)
        case "cancelled":
            return "cancelled", Decimal(0)
        case "posted":
            left = min(abs(invoice["amount_to_pay"]), total)
            if left < total:
                return ("partly_paid", left) if left else ("paid", left)
            return "approved", left
    return "entered", total


def _due_on(to_pay: Sequence[Record]) -> date | None:
    """The day of the next instalment that is not paid; once all are, that of the last."""
    still: list[date] = [
        one["maturity_date"] for one in to_pay if one["maturity_date"] and not one["reconciliation"]
    ]
    every: list[date] = [one["maturity_date"] for one in to_pay if one["maturity_date"]]
    return min(still) if still else max(every, default=None)


def _paid_on(invoice: Record) -> date | None:
    """The day of the last payment. When it was reconciled is another day: on 8.2 that of the instalment, if later."""
    days: list[date] = [one["date"] for one in invoice["reconciliation_lines."] or ()]
    return max(days, default=invoice["reconciled"])


SOURCES: Mapping[Feed, Source] = {
    Feed.RECEIPTS: Source(
        "stock.move",
        (
            Poll("stock.move", domain=RECEIVED),
            Poll(
                "stock.shipment.in",
                ["moves"],
                [["state", "in", ["received", "done"]]],
                leads_to=lambda row: row["moves"] or [],
            ),
        ),
        read_receipts,
    ),
    Feed.INVOICES: Source(
        "account.invoice",
        (
            Poll("account.invoice", domain=NUMBERED),
            Poll(
                "account.move.line",
                ["move.origin"],
                [["account.type.payable", "=", True], ["move.origin", "like", f"{INVOICE_ORIGIN}%"]],
                leads_to=lambda row: ids_in(row["move."]["origin"], INVOICE_ORIGIN),
            ),
        ),
        read_invoices,
    ),
}
