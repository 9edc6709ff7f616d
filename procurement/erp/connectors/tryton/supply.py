"""Stock, order points and open deliveries to customers: told whole, of one moment, when anything of them moved.

Note [On hand]: what Tryton counts in all zones of a warehouse today, in the product's default unit: received goods that
are not put away yet are there, and so are goods that are picked and have not left.

Note [Safety stock]: the least of an order point (module `stock_supply`) for purchases at the warehouse. Without the
module, or without an order point, it is not set. Tryton has no daily demand: that is never set.

Note [Customers]: what is still to leave for a customer is a stock move to a customer's location that is not done,
whatever module made it; who waits stands on its shipment. A move without a planned day is needed at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from procurement.catalogue.messages import CustomerDemandPaper, StockPaper
from procurement.erp.connectors.tryton.records import OPEN_MOVES, _of, exact
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.content import content_hash
from procurement.erp.ports import Cursor, Feed, Page, Paper, Sighting

Record = Mapping[str, Any]

SIZE = 500
SHIPMENT_ORIGIN = "stock.shipment.out,"
STAMPS = {
    Feed.STOCK: ("stock.move", "stock.location", "product.product", "product.template"),
    Feed.CUSTOMER_DEMAND: ("stock.move", "stock.shipment.out", "party.party"),
}
TO_CUSTOMERS: list[Any] = [
    ["to_location.type", "=", "customer"],
    ["state", "in", sorted(OPEN_MOVES)],
    ["product.code", "!=", None],
]
MOVE_FIELDS = (
    "internal_quantity",
    "planned_date",
    "shipment",
    "product.code",
    "product.default_uom.symbol",
)


def read_supply(
    rpc: Rpc, feed: Feed, since: Cursor | None, *, now: datetime, every: timedelta
) -> Iterator[Page]:
    """All of a feed if anything of it moved since the cursor, and not more often than `every`; nothing otherwise.

    A reading that breaks off is begun anew: only its last page moves the cursor.
    """
    before: dict[str, Any] = dict(since.position) if since else {}
    told_at = datetime.fromisoformat(before["told_at"]) if before.get("told_at") else None
    if told_at is not None and now < told_at + every:
        return
    marks = _marks(rpc, feed, now)
    if before.get("marks") == marks:
        return
    papers = list(_stock(rpc, now) if feed is Feed.STOCK else _demand(rpc, now))
    after = Cursor(feed, {"marks": marks, "told_at": now.isoformat()})
    for start in range(0, max(len(papers), 1), SIZE):
        part = papers[start : start + SIZE]
        is_last = start + SIZE >= len(papers)
        yield Page(
            feed,
            tuple(Sighting(paper, content_hash(paper), "stock.move") for paper in part),
            after if is_last else Cursor(feed, before),
            source="stock.move",
            whole_as_of=now if is_last and papers else None,
        )


def _marks(rpc: Rpc, feed: Feed, now: datetime) -> list[Any]:
    """The day, and of each model the newest stamp and how many records there are."""
    models = [*STAMPS[feed]]
    if feed is Feed.STOCK and _has_order_points(rpc):
        models.append("stock.order_point")
    marks: list[Any] = [now.date().isoformat()]
    for model in models:
        newest = rpc.read(
            f"{model}.search_read", [], 0, 1, [["last_modified_at", "DESC"]], ["last_modified_at"]
        )
        stamp = newest[0]["last_modified_at"].isoformat() if newest else ""
        marks.append([model, stamp, rpc.read(f"{model}.search_count", [])])
    return marks


def _has_order_points(rpc: Rpc) -> bool:
    wanted = [["name", "=", "stock_supply"], ["state", "=", "activated"]]
    return bool(rpc.read("ir.module.search_count", wanted))


# --- stock --------------------------------------------------------------------------------------------------


def _stock(rpc: Rpc, now: datetime) -> Iterator[Paper]:
    """What lies in each warehouse of all goods that are bought, none included."""
    least = _order_points(rpc)
    for warehouse in _warehouses(rpc):
        for product in _products(rpc, warehouse["id"]):
            yield StockPaper(
                item=product["code"],
                site=warehouse["code"],
                unit=_of(product, "default_uom", "symbol"),
                on_hand=exact(product["quantity"]),
                as_of=now,
                safety_stock=least.get((product["id"], warehouse["id"])),
            )


def _warehouses(rpc: Rpc) -> Sequence[Record]:
    wanted = [["type", "=", "warehouse"], ["code", "!=", None]]
    found: Sequence[Record] = rpc.read(
        "stock.location.search_read", wanted, 0, None, [["id", "ASC"]], ["code"]
    )
    return found


def _products(rpc: Rpc, warehouse: int) -> Iterator[Record]:
    after = 0
    fields = ["code", "quantity", "default_uom.symbol"]
    goods = [["code", "!=", None], ["template.purchasable", "=", True], ["template.type", "=", "goods"]]
    while True:
        rows: Sequence[Record] = rpc.read(
            "product.product.search_read",
            [*goods, ["id", ">", after]],
            0,
            SIZE,
            [["id", "ASC"]],
            fields,
            locations=[warehouse],
            with_childs=True,
        )
        yield from rows
        if len(rows) < SIZE:
            return
        after = rows[-1]["id"]


def _order_points(rpc: Rpc) -> dict[tuple[int, int], Any]:
    """The least that should lie of a product in a warehouse, by their ids."""
    if not _has_order_points(rpc):
        return {}
    wanted = [["type", "=", "purchase"], ["min_quantity", ">=", 0]]
    rows = rpc.read(
        "stock.order_point.search_read", wanted, 0, None, None, ["product", "location", "min_quantity"]
    )
    return {(row["product"], row["location"]): exact(row["min_quantity"]) for row in rows}


# --- customers ----------------------------------------------------------------------------------------------


def _demand(rpc: Rpc, now: datetime) -> Iterator[Paper]:
    """What is still to leave each warehouse for customers, move by move."""
    for warehouse in _warehouses(rpc):
        yield from _demand_at(rpc, warehouse, now)


def _demand_at(rpc: Rpc, warehouse: Record, now: datetime) -> Iterator[Paper]:
    after = 0
    while True:
        here = ["from_location", "child_of", [warehouse["id"]], "parent"]
        wanted = [*TO_CUSTOMERS, here, ["id", ">", after]]
        moves = rpc.read("stock.move.search_read", wanted, 0, SIZE, [["id", "ASC"]], MOVE_FIELDS)
        shipments = _shipments(rpc, moves)
        for move in moves:
            quantity = exact(move["internal_quantity"])
            if quantity <= 0:
                continue
            shipment = shipments.get(move["shipment"] or "", {})
            yield CustomerDemandPaper(
                key=str(move["id"]),
                item=_of(move, "product", "code"),
                site=warehouse["code"],
                quantity=quantity,
                unit=_of(move, "product", "default_uom", "symbol"),
                needed_on=move["planned_date"] or shipment.get("planned_date") or now.date(),
                as_of=now,
                customer=_of(shipment, "customer", "name"),
                reference=shipment.get("reference") or shipment.get("number") or "",
            )
        if len(moves) < SIZE:
            return
        after = moves[-1]["id"]


def _shipments(rpc: Rpc, moves: Sequence[Record]) -> dict[str, Record]:
    """The shipments that these moves are on, as the moves refer to them: one call."""
    named = {move["shipment"] for move in moves if str(move["shipment"] or "").startswith(SHIPMENT_ORIGIN)}
    if not named:
        return {}
    wanted = [["id", "in", sorted(int(one.removeprefix(SHIPMENT_ORIGIN)) for one in named)]]
    fields = ["number", "reference", "planned_date", "customer.name"]
    rows = rpc.read("stock.shipment.out.search_read", wanted, 0, None, None, fields)
    return {f"{SHIPMENT_ORIGIN}{row['id']}": row for row in rows}
