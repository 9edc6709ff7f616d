"""Reading orders, and locking them in one order."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from procurement.orders.models import OrderDocument, Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.policies import Asked, Piece
from procurement.orders.states import LIVE_PROMISES, Agreement, DocumentState, PromiseState


def visible_orders(actor: Actor) -> QuerySet[PurchaseOrder]:
    """The orders this actor may see."""
    return PurchaseOrder.objects.visible_to(actor)


def visible_lines(actor: Actor) -> QuerySet[PurchaseOrderLine]:
    """The order lines this actor may see."""
    return PurchaseOrderLine.objects.visible_to(actor)


def find_order(key: uuid.UUID, *, actor: Actor) -> PurchaseOrder:
    """One order with its company, supplier and site. Raises `NotFound` for what is not there or not yours."""
    order = visible_orders(actor).select_related("company", "supplier", "ship_to").filter(key=key).first()
    if order is None:
        raise NotFound(_("There is no such order."))
    return order


def lock_order(key: uuid.UUID, *, actor: Actor) -> PurchaseOrder:
    """One order, held until the door's transaction ends: who comes second sees what the first did."""
    order = (
        visible_orders(actor)
        .select_related("company", "supplier")
        .select_for_update(of=("self",))
        .filter(key=key)
        .first()
    )
    if order is None:
        raise NotFound(_("There is no such order."))
    return order


def lock_orders(ids: Iterable[int]) -> list[PurchaseOrder]:
    """Orders that are known to be the actor's, held until the door's transaction ends; always in the same order."""
    held = PurchaseOrder.objects.filter(pk__in=set(ids)).select_related("company", "supplier", "ship_to")
    return list(held.select_for_update(of=("self",)).order_by("id"))


def lines_of(order: PurchaseOrder) -> list[PurchaseOrderLine]:
    """All lines of one order in their order."""
    return list(order.lines.order_by("number", "id"))


# A line as the ERP names it: the company (our id), the order's number, the ERP's key of the line.
LineName = tuple[int, str, str]
ORDER_NAMED = ("key", "number", "company_id", "supplier_id")


def lines_named(names: Iterable[LineName]) -> dict[LineName, PurchaseOrderLine]:
    """The lines that papers of later stages refer to, by name, each with its order: one query. For feeds alone."""
    wanted = set(names)
    if not wanted:
        return {}
    numbers, keys = {number for _company, number, _key in wanted}, {key for _company, _number, key in wanted}
    found = PurchaseOrderLine.objects.filter(order__number__in=numbers, key__in=keys).select_related("order")
    fields = ("key", "number", "supplier_id", *(f"order__{name}" for name in ORDER_NAMED))
    named = {(line.order.company_id, line.order.number, line.key): line for line in found.only(*fields)}
    return {name: line for name, line in named.items() if name in wanted}


def orders_numbered(company: Any, number: Any, supplier: Any = None) -> QuerySet[PurchaseOrder]:
    """The orders of this number in a company (and to a supplier), for asking of another table's rows whether they are
    here."""
    found = PurchaseOrder.objects.filter(company=company, number=number)
    return found if supplier is None else found.filter(supplier=supplier)


def schedules_by_line(line_ids: Iterable[int]) -> dict[int, list[ScheduleLine]]:
    """The deliveries asked for, by line, in one query."""
    found: dict[int, list[ScheduleLine]] = defaultdict(list)
    for schedule in ScheduleLine.objects.filter(line_id__in=list(line_ids)).order_by("line_id", "key"):
        found[schedule.line_id].append(schedule)
    return found


def live_promises_by_line(line_ids: Iterable[int]) -> dict[int, list[Promise]]:
    """The pieces that stand (proposed, agreed or declined), by line, in one query."""
    found: dict[int, list[Promise]] = defaultdict(list)
    live = Promise.objects.filter(line_id__in=list(line_ids), state__in=LIVE_PROMISES)
    promises = live.select_related("ship_to")
    for promise in promises.order_by("line_id", "schedule_key", "piece"):
        found[promise.line_id].append(promise)
    return found


def agreed_before_by_line(line_ids: Iterable[int]) -> dict[int, list[list[Promise]]]:
    """What was agreed on settled lines before something newer was, paper by paper, as far as the ERP has not moved them
    since: it may still be about to take that over. One query.
    """
    found: dict[int, dict[uuid.UUID, list[Promise]]] = defaultdict(lambda: defaultdict(list))
    # A buyer's no always has words; what was agreed has none, or they are not needed to know it.
    agreed = Promise.objects.filter(
        line_id__in=list(line_ids),
        line__agreement__in=[Agreement.AGREED, Agreement.REFUSED],
        state=PromiseState.SUPERSEDED,
        decided_at__isnull=False,
        decision_note="",
        revision__gte=F("line__asked_revision"),
    )
    for promise in agreed.select_related("ship_to").order_by("line_id", "piece"):
        found[promise.line_id][promise.origin].append(promise)
    return {line_id: list(papers.values()) for line_id, papers in found.items()}


def asked_of(
    line: PurchaseOrderLine, schedules: Sequence[ScheduleLine], order: PurchaseOrder, ship_to: str = ""
) -> Asked:
    """What is asked on a line now, as the rules compare it."""
    return Asked(
        item_number=line.item_number,
        quantity=line.quantity,
        unit=line.unit,
        price=line.price,
        price_per=line.price_per,
        ship_to=ship_to or str(line.ship_to_id or order.ship_to_id or ""),
        deliveries=tuple((schedule.quantity, schedule.delivery_on) for schedule in schedules),
        incoterm=f"{order.incoterm} {order.incoterm_place}".strip(),
        currency=order.currency,
    )


def piece_of(promise: Promise) -> Piece:
    """A promise as the rules see it."""
    return Piece(
        kind=promise.kind,
        quantity=promise.quantity,
        delivery_on=promise.delivery_on,
        price=promise.price,
        price_per=promise.price_per,
        item_number=promise.item_number,
        state=promise.state,
        ship_to=str(promise.ship_to_id or ""),
    )


def document_of(order: PurchaseOrder, language: str, *, actor: Actor) -> OrderDocument | None:
    """The PDF of a long order as it stands now, if it was asked for."""
    documents = OrderDocument.objects.visible_to(actor)
    found: OrderDocument | None = documents.filter(
        order=order, version=order.version, language=language
    ).first()
    return found


def document_to_make(document_id: int) -> OrderDocument | None:
    """A document that waits for a worker, with all its paper needs."""
    documents = OrderDocument.objects.defer("content").filter(pk=document_id, state=DocumentState.MAKING)
    found: OrderDocument | None = documents.select_related(
        "order__company", "order__supplier", "order__ship_to"
    ).first()
    return found
