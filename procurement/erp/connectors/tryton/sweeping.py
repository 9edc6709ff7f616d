"""Every order of a Tryton, by key and stamp; and many orders by their keys, for the nightly comparison."""

from collections.abc import Collection, Iterator

from procurement.erp.connectors.tryton.records import TOLD, read_purchases
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.ports import RecordMark
from procurement.orders.messages import OrderPaper

ROWS = 1000


def marks_of_orders(rpc: Rpc) -> Iterator[RecordMark]:
    """Every order that a supplier may have heard of, by company and number. The stamp is that of its head alone."""
    after = 0
    fields = ["number", "company.party.code", "last_modified_at"]
    while True:
        wanted = [*TOLD, ["id", ">", after]]
        rows = rpc.read("purchase.purchase.search_read", wanted, 0, ROWS, [["id", "ASC"]], fields)
        for row in rows:
            key = (row["company."]["party."]["code"], row["number"])
            yield RecordMark(key, stamp=row["last_modified_at"])
        if len(rows) < ROWS:
            return
        after = rows[-1]["id"]


def look_up_orders(rpc: Rpc, keys: Collection[tuple[str, ...]], size: int) -> Iterator[OrderPaper]:
    """These orders as they stand now, a handful of calls for each `size` of them."""
    by_company: dict[str, list[str]] = {}
    for company, number in keys:
        by_company.setdefault(company, []).append(number)
    for company, numbers in by_company.items():
        for start in range(0, len(numbers), size):
            wanted = [["number", "in", numbers[start : start + size]], ["company.party.code", "=", company]]
            ids = rpc.read("purchase.purchase.search", wanted, 0, None, [["id", "ASC"]])
            yield from (purchase.paper for purchase in read_purchases(rpc, ids))
