"""Writing what a batch of orders came to: each kind of row in one statement, and only the rows that moved."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db.models import Model

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.bulk import create_rows
from procurement.orders.models import OrderRevision, Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.services.standing import EXPECTED, FIRST_DAYS, ROLLED_UP

ORDER_FIELDS = (
    "kind",
    "state",
    "version",
    "revision",
    "erp_revision",
    "content_hash",
    "erp_stamp",
    "currency",
    "ordered_on",
    "revised_at",
    "updated_at",
    "answer_asked_at",
    "acknowledge_by_at",
    "ship_to",
    "payment_terms",
    "incoterm",
    "incoterm_place",
    "buyer_code",
    "buyer_name",
    "buyer_email",
    "note",
    *ROLLED_UP,
)
LINE_FIELDS = (
    "number",
    "item_number",
    "description",
    "gtin",
    "supplier_part_number",
    "search",
    "quantity",
    "unit",
    "unit_decimals",
    "price",
    "price_per",
    "amount",
    "delivery_on",
    "last_delivery_on",
    *EXPECTED,
    "ship_to",
    "note",
    "cancelled",
    "closed",
    "received_quantity",
    "invoiced_quantity",
    "asked_revision",
    "agreed_revision",
    "touched_version",
    "last_schedule_key",
    "agreement",
    "logistics",
    "finance",
    "turn",
)


class Movable:
    """Rows of one kind as they were read, to find out later which of them moved and in what."""

    def __init__(self, model: type[Model], names: Sequence[str]) -> None:
        self.names = names
        self.model = model
        attributes = [model._meta.get_field(name).attname for name in names]  # type: ignore[union-attr]  # named above
        self._read: Callable[[Any], tuple[Any, ...]] = attrgetter(*attributes)
        self._before: dict[int, tuple[Any, ...]] = {}

    def remember(self, rows: Iterable[Model]) -> None:
        """Note the values of rows that nobody has touched yet."""
        self._before.update((row.pk, self._read(row)) for row in rows)

    def write(self, rows: Iterable[Model]) -> None:
        """Write the rows that moved, and of their fields those that moved on any of them."""
        changed: list[Model] = []
        places: set[int] = set()
        for row in rows:
            before, after = self._before.get(row.pk), self._read(row)
            if before is None:
                places.update(range(len(after)))
                changed.append(row)
            elif before != after:
                places.update(
                    place for place, (old, new) in enumerate(zip(before, after, strict=True)) if old != new
                )
                changed.append(row)
        if changed:
            names = [self.names[place] for place in sorted(places)]
            self.model._default_manager.bulk_update(changed, names, batch_size=2000)


def _orders() -> Movable:
    return Movable(PurchaseOrder, ORDER_FIELDS)


def _lines() -> Movable:
    return Movable(PurchaseOrderLine, LINE_FIELDS)


@dataclass(slots=True)
class Batch:
    """What a batch of papers will write, each kind in one statement."""

    new_orders: list[PurchaseOrder] = field(default_factory=list)
    moved_orders: list[PurchaseOrder] = field(default_factory=list)
    stamped_orders: list[PurchaseOrder] = field(default_factory=list)
    revisions: list[OrderRevision] = field(default_factory=list)
    new_lines: list[PurchaseOrderLine] = field(default_factory=list)
    moved_lines: list[PurchaseOrderLine] = field(default_factory=list)
    new_schedules: list[ScheduleLine] = field(default_factory=list)
    moved_schedules: list[ScheduleLine] = field(default_factory=list)
    gone_schedules: list[int] = field(default_factory=list)
    first_days: list[ScheduleLine] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    forgotten: list[tuple[PurchaseOrder, list[PurchaseOrderLine]]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    orders: Movable = field(default_factory=_orders)
    lines: Movable = field(default_factory=_lines)

    def remember(self, orders: Iterable[PurchaseOrder], lines: Iterable[PurchaseOrderLine]) -> None:
        """Note what is stored now, before anything of it is revised."""
        self.orders.remember(orders)
        self.lines.remember(lines)


def write_batch(batch: Batch, actor: Actor, at: datetime) -> None:
    """Everything, parents before children."""
    create_rows(PurchaseOrder, batch.new_orders)
    batch.orders.write(batch.moved_orders)
    PurchaseOrder.objects.bulk_update(batch.stamped_orders, ["erp_stamp"], batch_size=2000)
    for revision in batch.revisions:
        revision.order_id = revision.order.pk
    create_rows(OrderRevision, batch.revisions)
    for line in batch.new_lines:
        line.order_id = line.order.pk
    create_rows(PurchaseOrderLine, batch.new_lines)
    batch.lines.write(batch.moved_lines)
    if batch.gone_schedules:
        ScheduleLine.objects.filter(pk__in=batch.gone_schedules).delete()
    ScheduleLine.objects.bulk_update(batch.moved_schedules, ["quantity", "delivery_on"], batch_size=2000)
    ScheduleLine.objects.bulk_update(batch.first_days, FIRST_DAYS, batch_size=2000)
    for schedule in batch.new_schedules:
        schedule.line_id = schedule.line.pk
    create_rows(ScheduleLine, batch.new_schedules)
    Promise.objects.bulk_update(batch.promises, ["state", "decided_at", "decided_by"], batch_size=2000)
    record_all(batch.facts, actor=actor, at=at)
