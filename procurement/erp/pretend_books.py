"""Papers as the pretend ERP keeps them in its books: read back from JSON."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from procurement.bills.messages import BillLinePaper, BillPaper
from procurement.catalogue.messages import CustomerDemandPaper, StockPaper
from procurement.orders.messages import LinePaper, OrderPaper, SchedulePaper
from procurement.receipts.messages import ReceiptPaper


def order_from_json(content: dict[str, Any]) -> OrderPaper:
    stamp = datetime.fromisoformat(content["stamp"]) if content["stamp"] else None
    lines = tuple(_line_from_json(line) for line in content["lines"])
    return OrderPaper(
        **content | {"ordered_on": date.fromisoformat(content["ordered_on"]), "stamp": stamp, "lines": lines}
    )


_LINE_DECIMALS = ("quantity", "price", "price_per", "received_quantity", "invoiced_quantity")


def _line_from_json(content: dict[str, Any]) -> LinePaper:
    schedules = tuple(
        SchedulePaper(Decimal(one["quantity"]), date.fromisoformat(one["delivery_on"]))
        for one in content["schedules"]
    )
    numbers = {name: Decimal(content[name]) for name in _LINE_DECIMALS}
    dates = {"delivery_on": date.fromisoformat(content["delivery_on"])}
    return LinePaper(**content | numbers | dates | {"schedules": schedules})


def day_of(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _stamp(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def receipt_from_json(content: dict[str, Any]) -> ReceiptPaper:
    read = {"quantity": Decimal(content["quantity"]), "stamp": _stamp(content["stamp"])}
    return ReceiptPaper(**content | read | {"received_on": day_of(content["received_on"])})


def stock_from_json(content: dict[str, Any]) -> StockPaper:
    read = {
        name: Decimal(content[name]) if content[name] not in (None, "") else None
        for name in ("safety_stock", "daily_demand")
    }
    on_hand = {"on_hand": Decimal(content["on_hand"]), "as_of": _stamp(content["as_of"])}
    return StockPaper(**content | read | on_hand)


def demand_from_json(content: dict[str, Any]) -> CustomerDemandPaper:
    read = {"quantity": Decimal(content["quantity"]), "as_of": _stamp(content["as_of"])}
    return CustomerDemandPaper(**content | read | {"needed_on": day_of(content["needed_on"])})


def invoice_from_json(content: dict[str, Any]) -> BillPaper:
    days = {name: day_of(content[name]) for name in ("invoiced_on", "due_on", "paid_on")}
    amounts = {name: Decimal(content[name]) for name in ("total", "open_amount")}
    lines = tuple(
        BillLinePaper(one["order"], one["line_key"], Decimal(one["quantity"]), Decimal(one["amount"]))
        for one in content["lines"]
    )
    return BillPaper(**content | days | amounts | {"lines": lines, "stamp": _stamp(content["stamp"])})
