"""An order that is new here, with its lines and deliveries."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from portal.kernel.audit.services import Fact
from portal.kernel.values import line_amount
from procurement.orders.messages import LinePaper, OrderPaper, paper_to_json
from procurement.orders.models import OrderRevision, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.policies import finance_of, logistics_of
from procurement.orders.queries import asked_of
from procurement.orders.services.receive_known import STATE_OF, Known
from procurement.orders.services.receive_writing import Batch
from procurement.orders.services.standing import apply_roll_up, note_answer_due, note_expected
from procurement.orders.states import OrderState, Turn

ZERO = Decimal(0)


def header_of(paper: OrderPaper, known: Known) -> dict[str, Any]:
    names = (
        "kind",
        "currency",
        "ordered_on",
        "payment_terms",
        "incoterm",
        "incoterm_place",
        "buyer_code",
        "buyer_name",
        "buyer_email",
        "note",
    )
    values: dict[str, Any] = {name: getattr(paper, name) for name in names}
    values["ship_to"] = known.sites.get(paper.ship_to)
    values["erp_revision"] = paper.revision
    values["erp_stamp"] = paper.stamp
    return values


def deliveries_of(line: LinePaper) -> list[tuple[Decimal, Any]]:
    if line.schedules:
        return [(one.quantity, one.delivery_on) for one in line.schedules]
    return [(line.quantity, line.delivery_on)]


def line_values(
    line: LinePaper, paper: OrderPaper, known: Known, shipped: Decimal = ZERO, claimed: Decimal = ZERO
) -> dict[str, Any]:
    names = (
        "number",
        "item_number",
        "description",
        "gtin",
        "supplier_part_number",
        "quantity",
        "unit",
        "price",
        "price_per",
        "note",
        "closed",
        "received_quantity",
        "invoiced_quantity",
    )
    values: dict[str, Any] = {name: getattr(line, name) for name in names}
    words = (paper.number, line.item_number, line.supplier_part_number, line.gtin, line.description)
    values["search"] = " ".join(word for word in words if word).lower()
    values["unit_decimals"] = known.units[line.unit].decimals
    values["amount"] = line_amount(line.quantity, line.price, line.price_per, paper.currency)
    values["delivery_on"] = min(day for _, day in deliveries_of(line))
    values["last_delivery_on"] = max(day for _, day in deliveries_of(line))
    values["ship_to"] = known.sites.get(line.ship_to)
    values["logistics"] = logistics_of(
        ordered=line.quantity, shipped=shipped, received=line.received_quantity, closed=line.closed
    )
    values["finance"] = finance_of(ordered=line.quantity, invoiced=max(line.invoiced_quantity, claimed))
    return values


def add_line(
    line: LinePaper, paper: OrderPaper, order: PurchaseOrder, known: Known, batch: Batch
) -> PurchaseOrderLine:
    values = line_values(line, paper, known)
    row = PurchaseOrderLine(
        supplier_id=order.supplier_id,
        order=order,
        key=line.key,
        asked_revision=order.revision,
        touched_version=order.version,
        cancelled=False,
        **values,
    )
    schedules = [
        ScheduleLine(supplier_id=order.supplier_id, line=row, key=key, quantity=quantity, delivery_on=day)
        for key, (quantity, day) in enumerate(deliveries_of(line), start=1)
    ]
    row.last_schedule_key = len(schedules)
    note_expected(row, asked_of(row, schedules, order), [])
    row.turn = Turn.SUPPLIER if row.is_open and order.state == OrderState.ISSUED else Turn.NOBODY
    batch.new_lines.append(row)
    batch.new_schedules.extend(schedules)
    return row


def new_order(paper: OrderPaper, digest: str, known: Known, batch: Batch, at: datetime) -> None:
    supplier = known.suppliers[paper.supplier]
    order = PurchaseOrder(
        company=known.companies[paper.company],
        supplier=supplier,
        number=paper.number,
        state=STATE_OF[paper.status],
        content_hash=digest,
        received_at=at,
        revised_at=at,
        updated_at=at,
        **header_of(paper, known),
    )
    lines = [add_line(line, paper, order, known, batch) for line in paper.lines if not line.cancelled]
    note_answer_due(order, supplier, lines, at, known.book)
    apply_roll_up(order, lines)
    batch.new_orders.append(order)
    batch.revisions.append(revision_of(order, paper, digest, at, []))
    batch.facts.append(
        Fact(
            "order.received",
            order.stream,
            supplier.pk,
            {"number": order.number, "revision": 1, "lines": len(lines)},
        )
    )


def revision_of(
    order: PurchaseOrder, paper: OrderPaper, digest: str, at: datetime, changes: list[dict[str, Any]]
) -> OrderRevision:
    return OrderRevision(
        supplier_id=order.supplier_id,
        order=order,
        number=order.revision,
        erp_revision=paper.revision,
        received_at=at,
        content_hash=digest,
        paper=paper_to_json(paper),
        changes=changes,
    )
