"""Which orders moved: three feeds and a fourth, an overlap, and no order read twice for one change.

Note [Four feeds]: in Tryton a change of a line, a move or an invoice does not touch its order, so each is polled by
its own stamp, and the orders they belong to are read. Note [Overlap]: a stamp is when its transaction began; one that
takes long appears behind a cursor that has passed by. So each reading begins `OVERLAP` before the newest stamp seen
and leaves out what it has seen there.

The cursor, which is JSON: `since` (stamp and id by model), `seen` (what lies in the overlap, by model, id to stamp)
and `pending` (orders found and not read yet, so that a first load of thousands may be broken off anywhere).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from procurement.erp.connectors.tryton.records import LINE_ORIGIN
from procurement.erp.connectors.tryton.wire import Rpc

OVERLAP = timedelta(minutes=5)
ROWS = 1000
MOST_SEEN = 20_000

# The model that is polled, and the field that leads from it to its orders.
FEEDS = {
    "purchase.purchase": "id",
    "purchase.line": "purchase",
    "stock.move": "origin",
    "account.invoice": "purchases",
}


@dataclass(slots=True)
class Position:
    """How far the four feeds have been read."""

    since: dict[str, datetime] = field(default_factory=dict)
    seen: dict[str, dict[int, str]] = field(default_factory=dict)
    pending: list[int] = field(default_factory=list)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Position":
        since = {model: datetime.fromisoformat(stamp) for model, stamp in content.get("since", {}).items()}
        seen = {
            model: {int(key): stamp for key, stamp in rows.items()}
            for model, rows in content.get("seen", {}).items()
        }
        return cls(since, seen, list(content.get("pending", ())))

    def rewound(self, since: datetime) -> "Position":
        """The position that sees everything since a moment again. What was found and not read yet stays so."""
        return Position({model: min(stamp, since) for model, stamp in self.since.items()}, {}, self.pending)

    def as_json(self) -> dict[str, object]:
        """As it is stored beside the page."""
        return {
            "since": {model: stamp.isoformat() for model, stamp in self.since.items()},
            "seen": {
                model: {str(key): stamp for key, stamp in rows.items()} for model, rows in self.seen.items()
            },
            "pending": self.pending,
        }


def look_for_changes(rpc: Rpc, position: Position) -> Position:
    """The position after a look at all four feeds: what was found is pending, in the order in which it was."""
    pending = dict.fromkeys(position.pending)
    since, seen = dict(position.since), dict(position.seen)
    lines: list[int] = []
    for model, link in FEEDS.items():
        found = list(_changed(rpc, model, link, position))
        if not found:
            continue
        newest = max(stamp for _id, stamp, _link in found)
        newest = max(newest, since.get(model, newest))
        known = position.seen.get(model, {}) | {key: stamp.isoformat() for key, stamp, _link in found}
        # What lies behind the overlap of the next look will not be met again.
        rest = {
            key: stamp for key, stamp in known.items() if datetime.fromisoformat(stamp) >= newest - OVERLAP
        }
        since[model] = newest
        seen[model] = (
            rest if len(rest) <= MOST_SEEN else {}
        )  # seen again: read once more, and found unchanged
        for _key, _stamp, linked in found:
            if model == "stock.move":
                if isinstance(linked, str) and linked.startswith(LINE_ORIGIN):
                    lines.append(int(linked.removeprefix(LINE_ORIGIN)))
            elif isinstance(linked, list):
                pending |= dict.fromkeys(linked)
            elif linked is not None:
                pending[linked] = None
    for number in orders_of_lines(rpc, lines):
        pending[number] = None
    return Position(since, seen, list(pending))


def _changed(rpc: Rpc, model: str, link: str, position: Position) -> Iterator[tuple[int, datetime, Any]]:
    seen = position.seen.get(model, {})
    since = position.since.get(model)
    after: tuple[datetime, int] | None = (since - OVERLAP, 0) if since else None
    while True:
        wanted: list[Any] = []
        if after is not None:
            stamp, key = after
            wanted = [
                "OR",
                ["last_modified_at", ">", stamp],
                [["last_modified_at", "=", stamp], ["id", ">", key]],
            ]
        if model == "account.invoice":
            wanted = [["type", "=", "in"], *([wanted] if wanted else [])]
        order = [["last_modified_at", "ASC"], ["id", "ASC"]]
        fields = ["last_modified_at"] if link == "id" else ["last_modified_at", link]
        rows = rpc.read(f"{model}.search_read", wanted, 0, ROWS, order, fields)
        for row in rows:
            stamp = row["last_modified_at"]
            if seen.get(row["id"]) != stamp.isoformat():
                yield row["id"], stamp, row[link]
        if len(rows) < ROWS:
            return
        after = (rows[-1]["last_modified_at"], rows[-1]["id"])


def orders_of_lines(rpc: Rpc, line_ids: list[int]) -> list[int]:
    """The orders that these lines belong to; a line that is gone belongs to none."""
    unique = list(dict.fromkeys(line_ids))
    orders: dict[int, None] = {}
    for start in range(0, len(unique), ROWS):
        wanted = [["id", "in", unique[start : start + ROWS]]]
        for row in rpc.read("purchase.line.search_read", wanted, 0, None, None, ["purchase"]):
            orders[row["purchase"]] = None
    return list(orders)
