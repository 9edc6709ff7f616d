"""The demo with a Tryton: orders are made there, read by the feeds, and some are answered by their suppliers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from urllib.parse import SplitResult

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.services import acknowledge_order
from procurement.demo.company import DEFAULT_SEED
from procurement.demo.loading import SET_UP, DemoRefused, load_people
from procurement.demo.members import actors_who
from procurement.demo.tryton.founding import ADMIN
from procurement.demo.tryton.northmoor import people
from procurement.demo.tryton.ordering import confirm, quote
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.inbound import read_configured_feeds
from procurement.erp.states import RunState
from procurement.orders.messages import OrderPaper
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from suppliers.roles import Permission

AS_ASKED, LATER, SPLIT, SILENT = "as asked", "later", "split", "silent"
SHARES = (SILENT, SILENT, SILENT, AS_ASKED, AS_ASKED, AS_ASKED, LATER, LATER, SPLIT)


def order_in_tryton(address: SplitResult, wanted: Sequence[OrderPaper]) -> int:
    """Confirm in Tryton those of the wanted orders that are not there yet; returns how many that were."""
    host = address.netloc.rpartition("@")[2]
    rpc = Rpc(f"{address.scheme}://{host}", address.path.strip("/"), *ADMIN, patience=120)
    there = int(rpc.read("purchase.purchase.search_count", [["state", "not in", ["draft", "quotation"]]]))
    missing = wanted[there:]
    for order in missing:
        confirm(rpc, quote(rpc, order))
    rpc.close()
    return len(missing)


def load_from_tryton(password: str, *, now: datetime) -> int:
    """Read everything Tryton has, let people in, and let some suppliers answer; returns the number of orders."""
    for run in read_configured_feeds(clock=lambda: now):
        if run.state == RunState.FAILED:
            raise DemoRefused(f"{run.feed}: {run.reason}")
    with acting(SET_UP):
        load_people(people(), password, at=now)
        found = list(PurchaseOrder.objects.select_related("supplier").order_by("number"))
        sellers = actors_who(Permission.ORDER_ACKNOWLEDGE)
    rng = Random(DEFAULT_SEED)  # noqa: S311 -- invents answers
    for order in found:
        how = rng.choice(SHARES)
        seller = sellers.get(order.supplier_id)
        if how != SILENT and seller is not None:
            with acting(seller):
                acknowledge_order(_answer(order, how, rng), actor=seller, at=now)
    return len(found)


def _answer(order: PurchaseOrder, how: str, rng: Random) -> AcknowledgeOrder:
    changes: tuple[LineAnswer, ...] = ()
    if how != AS_ASKED:
        with acting(SET_UP):
            line = rng.choice(list(PurchaseOrderLine.objects.filter(order=order).order_by("number")))
        changes = (LineAnswer(line.key, _pieces(line, how, rng)),)
    return AcknowledgeOrder(order.key, order.version, changes, rest_as_asked=True)


def _pieces(line: PurchaseOrderLine, how: str, rng: Random) -> tuple[AnswerPiece, ...]:
    later = line.delivery_on + timedelta(days=rng.randrange(3, 16))
    first = line.quantity // 2
    if how == SPLIT and first > 0:
        return AnswerPiece(first), AnswerPiece(line.quantity - first, delivery_on=later)
    return (AnswerPiece(line.quantity, delivery_on=later),)
