"""What of a shipment needs a person: late on its way, more than ordered, counted otherwise, damaged, unannounced.

Note [Who announces]: goods that come without a ship notice are a case only where their supplier sends ship notices:
what was booked since its first one. Who sends none is reminded of nothing.

Note [Counted short]: until the whole notice is through, or its day is past, the dock may still be counting. Where who
counts has said on a receiving sheet that something is missing, it is missing at once. What the buyer has settled with
the supplier is nobody's to look at any more, until a later sheet differs again.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Min

from procurement.inbox.messages import Finding
from procurement.inbox.queries.reach import AT_THE_DOCK, Reach
from procurement.inbox.queries.saying import finding_of_line, finding_of_order, line_facts, order_facts
from procurement.inbox.states import CaseKind, Cause
from procurement.orders.models import PurchaseOrderLine
from procurement.receipts.models import Receipt
from procurement.receipts.queries import CountedLine, CountedWrong, wrong_items_of
from procurement.receipts.states import Rest
from procurement.shipments.models import ShipNotice, ShipNoticeLine
from procurement.shipments.policies import Lateness, latest_on_the_way
from procurement.shipments.states import LIVE, NoticeState

ZERO = Decimal(0)


def notices_on(line: PurchaseOrderLine, reach: Reach) -> list[dict[str, Any]]:
    """The notices by which a line is on its way, for the screen."""
    return [
        {
            "notice": str(one.notice.key),
            "number": one.notice.number,
            "quantity": one.quantity - one.received_quantity,
            "expected_on": one.notice.expected_on,
            "carrier": one.notice.carrier,
        }
        for one in reach.on_the_way.get(line.pk, ())
    ]


# --- late on the way ----------------------------------------------------------------------------------------


def late_on_the_way(reach: Reach) -> Mapping[int, Lateness]:
    """The agreed lines of which something that has left is expected later than agreed, by id.

    Not those that are overdue, and nothing that waits at the dock.
    """
    past = {line.pk for line in reach.past}
    found: dict[int, Lateness] = {}
    for line in reach.coming:
        agreed = [(one.quantity, one.delivery_on) for one in reach.agreed.get(line.pk, ()) if one.delivery_on]
        here, way = line.received_quantity, []
        for one in reach.on_the_way.get(line.pk, ()):
            left, day = one.quantity - one.received_quantity, one.notice.expected_on
            if one.notice.state in AT_THE_DOCK or day is None:
                here += left
            else:
                way.append((left, day))
        late = latest_on_the_way(agreed, here, way)
        if late is not None and line.pk not in past:
            found[line.pk] = late
    return found


def late_shipments(reach: Reach) -> Iterator[Finding]:
    """Something has left and is expected later than its agreed day."""
    late = late_on_the_way(reach)
    for line in reach.coming:
        if (one := late.get(line.pk)) is None:
            continue
        facts = {
            **line_facts(line),
            "asked_on": line.delivery_on,
            "agreed_on": one.agreed_on,
            "promised_on": one.expected_on,
            "received": line.received_quantity,
            "late": one.quantity,
            "notices": notices_on(line, reach),
        }
        moves = [one.agreed_on, one.expected_on]
        yield finding_of_line(CaseKind.LIKELY_LATE, Cause.SHIPMENT, line, facts, moves=moves)


# --- too much -----------------------------------------------------------------------------------------------


def surplus(reach: Reach) -> Iterator[Finding]:
    """More was booked in than the line asks for, or more has left and is still to come: one case, the first wins."""
    for line in reach.over:
        is_here = line.received_quantity > line.quantity
        went = max(line.received_quantity, line.shipped_quantity)
        facts = {**line_facts(line), "received": line.received_quantity, "surplus": went - line.quantity}
        if is_here:
            facts["surplus"] = line.received_quantity - line.quantity
            kind, moved = CaseKind.OVER_RECEIPT, line.received_quantity
        else:
            facts |= {"shipped": went, "notices": notices_on(line, reach)}
            kind, moved = CaseKind.OVER_SHIPMENT, went
        yield finding_of_line(kind, Cause.RECEIPT, line, facts, moves=[moved])


# --- counted otherwise --------------------------------------------------------------------------------------


def counts(reach: Reach) -> Iterator[Finding]:
    """What the dock has counted is not what the ship notice says, with the figures of both sides and of the ERP. See
    Note [Counted short].
    """
    on_sheets: dict[tuple[UUID | None, int], list[CountedLine]] = defaultdict(list)
    for each in reach.on_sheets:
        on_sheets[each.one.sheet.consignment, each.one.line_id].append(each)
    for one in reach.noticed:
        booked = reach.counted.get(one.pk, one.received_quantity)
        sheets = on_sheets.get((one.notice.consignment, one.line_id), [])
        # What is damaged is here, though no ERP books it; so is what had come before anybody counted here.
        before = sheets[0].tally.before if sheets else ZERO
        came = max(booked, before + sum((each.tally.counted for each in sheets), start=ZERO))
        is_said = bool(sheets) and sheets[-1].one.rest == Rest.SHORT
        is_short = came < one.quantity and (is_said or _is_through(one, came, reach))
        if came <= one.quantity and not is_short:
            continue
        differing = [each for each in sheets if each.has_difference]
        if differing and differing[-1].settlement:
            continue
        line, notice = one.line, one.notice
        facts = {
            **line_facts(line),
            "notice": str(notice.key),
            "number": notice.number,
            "announced": one.quantity,
            "counted": came,
            "differs": came - one.quantity,
            "asked_on": line.delivery_on,
        }
        moves: list[Any] = [one.quantity, came]
        if sheets:
            facts |= {"booked": booked, **_said_of(sheets[-1])}
            moves.append(facts.get("answer", ""))
        yield finding_of_line(
            CaseKind.RECEIPT_DIFFERS,
            Cause.COUNT,
            line,
            facts,
            moves=moves,
            subject=f"notice:{notice.consignment}:{line.pk}",
        )


def _said_of(each: CountedLine | CountedWrong) -> dict[str, Any]:
    """Which sheet says it, and what the supplier has answered."""
    said: dict[str, Any] = {"sheet": str(each.one.sheet.key)}
    if each.answer is not None:
        said |= {
            "answer": each.answer.word,
            "answer_text": each.answer.text,
            "answered_by": each.answer.said_by,
        }
    return said


def _is_through(one: ShipNoticeLine, came: Decimal, reach: Reach) -> bool:
    """Whether the dock is done with a line of a notice."""
    state = one.notice.state
    if state in (NoticeState.RECEIVED, NoticeState.CLOSED):
        # A line that came whole with other notices does not miss what this one said.
        return came > ZERO or one.line.received_quantity < one.line.quantity
    expected = one.notice.expected_on
    is_past = expected is not None and expected < reach.today(one.line.order)
    return state == NoticeState.PARTLY_RECEIVED and is_past


# --- damaged, or nobody's -----------------------------------------------------------------------------------


def rejected(reach: Reach) -> Iterator[Finding]:
    """Goods came damaged, or that belong to no line; until the buyer has settled it with the supplier."""
    for each in reach.on_sheets:
        if not each.tally.damaged or each.settlement:
            continue
        line, sheet = each.one.line, each.one.sheet
        facts = {
            **line_facts(line),
            "number": sheet.reference,
            "announced": each.tally.announced,
            "good": each.tally.good,
            "damaged": each.tally.damaged,
            "why": "; ".join(dict.fromkeys(row.wrong for row in each.rows if row.wrong)),
            "asked_on": line.delivery_on,
            **_said_of(each),
        }
        yield finding_of_line(
            CaseKind.GOODS_REJECTED,
            Cause.REJECTED,
            line,
            facts,
            moves=[each.tally.damaged, facts.get("answer", "")],
            subject=f"count:{sheet.key}:{line.pk}",
        )
    for wrong, order_id in wrong_items_of(reach.shipped_orders) if reach.on_sheets else ():
        if wrong.settlement:
            continue
        order = reach.orders[order_id]
        facts = {
            **order_facts(order),
            "number": wrong.one.sheet.reference,
            "wrong": wrong.one.text,
            "damaged": wrong.one.quantity,
            **_said_of(wrong),
        }
        yield finding_of_order(
            CaseKind.GOODS_REJECTED,
            Cause.REJECTED,
            order,
            facts,
            moves=[wrong.one.text, facts.get("answer", "")],
            subject=f"wrong:{wrong.one.pk}",
        )


# --- never announced ----------------------------------------------------------------------------------------


def unannounced(reach: Reach) -> Iterator[Finding]:
    """Goods were booked for which no ship notice came, of a supplier that sends them. See Note [Who announces]."""
    since = _first_notices(reach)
    if not since:
        return
    booked = _booked(reach, since)
    if not booked:
        return
    announced: dict[int, Decimal] = {}
    for one in reach.noticed:
        came = reach.counted.get(one.pk, one.received_quantity)
        announced[one.line_id] = announced.get(one.line_id, ZERO) + came
    lines = PurchaseOrderLine.objects.filter(pk__in=booked).order_by("order_id", "number")
    for line in reach.with_orders(lines):
        recent, every = booked[line.pk]
        before = every - recent
        more = min(line.received_quantity, every) - before - announced.get(line.pk, ZERO)
        if more <= ZERO:
            continue
        facts = {
            **line_facts(line),
            "unannounced": more,
            "received": line.received_quantity,
            "asked_on": line.delivery_on,
        }
        yield finding_of_line(CaseKind.ASN_MISSING, Cause.UNANNOUNCED, line, facts, moves=[more])


def _first_notices(reach: Reach) -> dict[tuple[int, int], datetime]:
    """When each supplier of these orders sent its first ship notice to the company: one query."""
    suppliers = {order.supplier_id for order in reach.orders.values()}
    sent = ShipNotice.objects.filter(supplier__in=suppliers, state__in=LIVE).order_by()
    rows = sent.values_list("supplier_id", "company_id").annotate(first=Min("sent_at"))
    return {(supplier, company): first for supplier, company, first in rows if first}


def _booked(reach: Reach, since: Mapping[tuple[int, int], datetime]) -> dict[int, tuple[Decimal, Decimal]]:
    """What was booked of each line since its supplier sends notices, and in all, by line id; in the line's unit."""
    found: dict[int, tuple[Decimal, Decimal]] = {}
    rows = Receipt.objects.filter(line__order__in=reach.shipped_orders, reversed=False).order_by()
    told = rows.values_list("line_id", "line__order_id", "unit", "line__unit", "quantity", "told_at")
    for line_id, order_id, unit, line_unit, quantity, told_at in told:
        order = reach.orders[order_id]
        first = since.get((order.supplier_id, order.company_id))
        if unit != line_unit or first is None:
            continue
        recent, every = found.get(line_id, (ZERO, ZERO))
        found[line_id] = (recent + (quantity if told_at > first else ZERO), every + quantity)
    return {pk: sums for pk, sums in found.items() if sums[0]}


SHIPPING_LOOKS: Sequence[Callable[[Reach], Iterable[Finding]]] = (
    late_shipments,
    surplus,
    counts,
    rejected,
    unannounced,
)
