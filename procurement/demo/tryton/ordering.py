"""What people do in Tryton: order. Spoken over JSON-RPC as Tryton's own client does."""

from typing import Any

from procurement.demo.tryton.founding import make, one
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.orders.messages import LinePaper, OrderPaper


def quote(rpc: Rpc, order: OrderPaper, invoiced: str = "fulfillment") -> int:
    """Write a purchase and make a quotation of it, which gives it Tryton's own number; returns its id. `invoiced` is
    its `invoice_method`."""
    party = one(rpc, "party.party", ["code", "=", order.supplier])
    purchase = make(
        rpc,
        "purchase.purchase",
        company=one(rpc, "company.company", ["party.code", "=", order.company]),
        party=party,
        invoice_address=rpc.read("party.address.search", [["party", "=", party]], 0, 1, None)[0],
        currency=one(rpc, "currency.currency", ["code", "=", order.currency]),
        warehouse=one(rpc, "stock.location", ["code", "=", order.ship_to]),
        payment_term=rpc.read("account.invoice.payment_term.search", [], 0, 1, None)[0],
        invoice_method=invoiced,
        purchase_date=order.ordered_on,
        comment=order.note,
        lines=[["create", [_line(rpc, line, party) for line in order.lines]]],
    )
    rpc.write("purchase.purchase.quote", [purchase])
    return purchase


def _line(rpc: Rpc, line: LinePaper, party: int) -> dict[str, Any]:
    product = one(rpc, "product.product", ["code", "=", line.item_number])
    values = {
        "type": "line",
        "product": product,
        "description": line.description,
        "quantity": float(line.quantity),
        "unit": one(rpc, "product.uom", ["symbol", "=", line.unit]),
        "unit_price": line.price,
    }
    if line.supplier_part_number:
        wanted = [["party", "=", party], ["code", "=", line.supplier_part_number]]
        values["product_supplier"] = one(rpc, "purchase.product_supplier", *wanted)
    return values


def confirm(rpc: Rpc, purchase: int) -> None:
    """Order what was quoted: Tryton plans its deliveries."""
    rpc.write("purchase.purchase.confirm", [purchase])
