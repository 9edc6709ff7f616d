"""Two ERPs to compare with: one made of files, and one that can be asked and that somebody may change at any call."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from procurement.erp.connectors.files import FilesConnector
from procurement.erp.content import content_hash
from procurement.erp.ports import (
    Capabilities,
    Cursor,
    Deletions,
    ErpError,
    Feed,
    Outcome,
    Page,
    Paper,
    ReadBack,
    RecordMark,
    Sighting,
    WriteField,
    WriteResult,
    key_of,
)
from procurement.erp.pretend import PretendErp
from procurement.orders.messages import OrderPaper, PromiseCommand
from tests.builders.world import a_paper


class LiveErp:
    """An ERP that is asked: it lists orders by key alone, and tells by feed only what a test lets it tell."""

    def __init__(self, *orders: OrderPaper) -> None:
        self.orders = {key_of(one): one for one in orders}
        self.untold: list[OrderPaper] = []
        self.before: dict[str, Callable[[], None]] = {}
        self.asked: list[int] = []
        self.failure: ErpError | None = None
        self.writes: list[PromiseCommand] = []
        self.capabilities = Capabilities(
            reads=frozenset({Feed.ORDERS}),
            writes=frozenset(WriteField),
            read_back=ReadBack.IMMEDIATE,
            optimistic_lock=True,
            deletions=Deletions.BY_SWEEP,
        )

    def hold(self, *orders: OrderPaper) -> None:
        """Somebody has changed these, and no feed says so."""
        self.orders |= {key_of(one): one for one in orders}

    def tell(self, *orders: OrderPaper) -> None:
        """Somebody has changed these, and the next reading brings them."""
        self.hold(*orders)
        self.untold += orders

    def delete(self, number: str) -> None:
        del self.orders["NM", number]

    def _happen(self, moment: str) -> None:
        self.before.pop(moment, lambda: None)()
        if self.failure is not None:
            raise self.failure

    def read(self, feed: Feed, since: Cursor | None) -> Iterator[Page]:
        self._happen("read")
        if self.untold:
            told, self.untold = self.untold, []
            sightings = tuple(Sighting(one, content_hash(one)) for one in told)
            yield Page(feed, sightings, Cursor(feed, {"told": len(told)}))

    def settle(self, page: Page, refused: Any = ()) -> None:
        """Nothing to put away."""

    def peek(self, feed: Feed) -> Iterator[Page]:
        sightings = tuple(Sighting(one, content_hash(one)) for one in self.orders.values())
        yield Page(feed, sightings, Cursor(feed))

    def sweep(self, feed: Feed) -> Iterator[RecordMark]:
        self._happen("sweep")
        for key in list(self.orders):
            yield RecordMark(key, stamp=self.orders[key].stamp)

    def look_up(self, feed: Feed, keys: Collection[tuple[str, ...]]) -> Iterator[Paper]:
        self.asked.append(len(keys))
        self._happen(f"look {len(self.asked)}")
        for key in keys:
            if key in self.orders:
                yield self.orders[key]

    def seen_as_of(self, feed: Feed) -> None:
        return None

    def write_promise(self, command: PromiseCommand) -> WriteResult:
        """Take it over, one price and one day to a line, as promised."""
        self.writes.append(command)
        order = self.orders[command.company, command.number]
        wanted = {line.key: line.pieces[0] for line in command.lines}
        lines = tuple(
            replace(line, delivery_on=wanted[line.key].delivery_on, price=wanted[line.key].price)
            if line.key in wanted
            else line
            for line in order.lines
        )
        self.tell(replace(order, lines=lines))
        return WriteResult(Outcome.CONFIRMED)

    def find_command(self, key: str) -> WriteResult | None:
        return None

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return None


class FolderErp:
    """The pretend ERP behind a drop folder, which the portal reads."""

    def __init__(self, root: Path, clock: Callable[[], Any]) -> None:
        self.erp = PretendErp(root, clock=clock)
        self.connector = FilesConnector(root, quiet=timedelta(0), clock=clock)
        (root / "in").mkdir(parents=True)

    def hold(self, *orders: OrderPaper) -> None:
        self.erp.put_orders(orders)


def changed(number: str = "4500000001", line: str = "L10", **values: Any) -> OrderPaper:
    """The order of the small world with one line changed."""
    paper = a_paper(number)
    lines = tuple(replace(one, **values) if one.key == line else one for one in paper.lines)
    return replace(paper, lines=lines)
