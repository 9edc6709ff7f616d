"""Which records moved: feeds of stamps, an overlap, and nothing read twice for one change.

Note [Four feeds]: in Tryton a change of a line, a move or an invoice does not touch its order, so each is polled by
its own stamp, and the orders they belong to are read. Receipts and invoices are told in the same way (`facts`): what
is polled and what is read need not be one model. Note [Overlap]: a stamp is when its transaction began; one that takes
long appears behind a cursor that has passed by. So each reading begins `OVERLAP` before the newest stamp seen and
leaves out what it has seen there.

The cursor, which is JSON: `since` (stamp by model), `seen` (what lies in the overlap, by model, id to stamp) and
`pending` (records found and not read yet, so that a first load of thousands may be broken off anywhere).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from procurement.erp.connectors.tryton.records import LINE_ORIGIN
from procurement.erp.connectors.tryton.wire import Rpc

OVERLAP = timedelta(minutes=5)
ROWS = 1000
MOST_SEEN = 20_000


@dataclass(frozen=True, slots=True)
class Poll:
    """A model that is polled by its stamp: which of its records, and which records to read each of them leads to.

    `links` are the fields to read with the stamp; `leads_to` finds ids in them, and where those are not yet what is to
    be read, `through` asks Tryton for what they belong to.
    """

    model: str
    links: Sequence[str] = ()
    domain: Sequence[Any] = ()
    leads_to: Callable[[Mapping[str, Any]], Iterable[int]] = lambda row: [row["id"]]
    through: Callable[[Rpc, list[int]], list[int]] | None = None


def ids_in(reference: object, origin: str) -> list[int]:
    """The id in a reference of Tryton ("purchase.line,3") to a record of this kind; none in any other."""
    if isinstance(reference, str) and reference.startswith(origin):
        return [int(reference.removeprefix(origin))]
    return []


def orders_of_lines(rpc: Rpc, line_ids: list[int]) -> list[int]:
    """The orders that these lines belong to; a line that is gone belongs to none."""
    unique = list(dict.fromkeys(line_ids))
    orders: dict[int, None] = {}
    for start in range(0, len(unique), ROWS):
        wanted = [["id", "in", unique[start : start + ROWS]]]
        for row in rpc.read("purchase.line.search_read", wanted, 0, None, None, ["purchase"]):
            orders[row["purchase"]] = None
    return list(orders)


ORDER_POLLS = (
    Poll("purchase.purchase"),
    Poll("purchase.line", ["purchase"], leads_to=lambda row: [row["purchase"]] if row["purchase"] else []),
    Poll(
        "stock.move",
        ["origin"],
        leads_to=lambda row: ids_in(row["origin"], LINE_ORIGIN),
        through=orders_of_lines,
    ),
    Poll(
        "account.invoice", ["purchases"], [["type", "=", "in"]], leads_to=lambda row: row["purchases"] or []
    ),
)


@dataclass(slots=True)
class Position:
    """How far the feeds have been read."""

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


def look_for_changes(rpc: Rpc, position: Position, polls: Sequence[Poll] = ORDER_POLLS) -> Position:
    """The position after a look at all these feeds: what was found is pending, in the order in which it was."""
    pending = dict.fromkeys(position.pending)
    since, seen = dict(position.since), dict(position.seen)
    for poll in polls:
        found = list(_changed(rpc, poll, position))
        if not found:
            continue
        newest = max(row["last_modified_at"] for row in found)
        newest = max(newest, since.get(poll.model, newest))
        stamps = {row["id"]: row["last_modified_at"].isoformat() for row in found}
        known = position.seen.get(poll.model, {}) | stamps
        # What lies behind the overlap of the next look will not be met again.
        rest = {
            key: stamp for key, stamp in known.items() if datetime.fromisoformat(stamp) >= newest - OVERLAP
        }
        since[poll.model] = newest
        # Too many are forgotten: met again, they are read once more and found unchanged.
        seen[poll.model] = rest if len(rest) <= MOST_SEEN else {}
        ids = [one for row in found for one in poll.leads_to(row)]
        pending |= dict.fromkeys(poll.through(rpc, ids) if poll.through else ids)
    return Position(since, seen, list(pending))


def _changed(rpc: Rpc, poll: Poll, position: Position) -> Iterator[Mapping[str, Any]]:
    seen = position.seen.get(poll.model, {})
    since = position.since.get(poll.model)
    after: tuple[datetime, int] | None = (since - OVERLAP, 0) if since else None
    while True:
        wanted: list[Any] = list(poll.domain)
        if after is not None:
            stamp, key = after
            newer = [
                "OR",
                ["last_modified_at", ">", stamp],
                [["last_modified_at", "=", stamp], ["id", ">", key]],
            ]
            wanted = [*wanted, newer]
        order = [["last_modified_at", "ASC"], ["id", "ASC"]]
        fields = ["last_modified_at", *poll.links]
        rows = rpc.read(f"{poll.model}.search_read", wanted, 0, ROWS, order, fields)
        for row in rows:
            if seen.get(row["id"]) != row["last_modified_at"].isoformat():
                yield row
        if len(rows) < ROWS:
            return
        after = (rows[-1]["last_modified_at"], rows[-1]["id"])
