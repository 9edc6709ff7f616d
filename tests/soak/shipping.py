"""What the supplier sends off during a soak, and what the dock must then expect in Tryton's own books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.utils import timezone

from portal.kernel.actors import Actor
from portal.kernel.scope import acting
from procurement.erp.models import NoticeWrite
from procurement.orders.models import PurchaseOrder
from procurement.shipments.messages import (
    LineChoice,
    LineEntry,
    NoticeHeader,
    NoticeNamed,
    SaveNotice,
)
from procurement.shipments.models import ShipNotice
from procurement.shipments.services import (
    cancel_notice,
    correct_notice,
    save_notice,
    send_notice,
    start_notices,
)
from procurement.shipments.states import LIVE

WAYS = {"sent": 50, "corrected": 25, "taken back": 25}


@dataclass(slots=True)
class Shipping:
    """A shipper who sends half of a line off; now and then says it anew with less, or takes it back.

    Each step is one transaction, and looks first whether the try before it got through: so it may be tried again.
    """

    seller: Actor
    rng: Random
    made: Counter[str] = field(default_factory=Counter)

    def steps(self, number: str, key: str, agreed: Decimal) -> list[Callable[[], None]]:
        """What happens to one line of an order, in order."""
        (how,) = self.rng.choices(*zip(*WAYS.items(), strict=True))  # type: ignore[arg-type]
        self.made[how] += 1
        note, half = f"S-{number}-{key}", (agreed / 2).quantize(Decimal(1))
        steps: list[Callable[[], None]] = [lambda: self._send(note, number, key, half)]
        if how == "corrected":
            steps.append(lambda: self._correct(note, half - 1))
        elif how == "taken back":
            steps.append(lambda: self._take_back(note))
        return steps

    def _send(self, note: str, number: str, key: str, quantity: Decimal) -> None:
        at = timezone.now()
        with acting(self.seller):
            if ShipNotice.objects.filter(number=note, state__in=LIVE).exists():
                return
            order = PurchaseOrder.objects.get(number=number)
            (notice,) = start_notices([LineChoice(order.key, key, quantity)], actor=self.seller, at=at)
            leaves = at.date()
            header = NoticeHeader(number=note, ship_on=leaves, delivery_on=leaves + timedelta(days=9))
            notice = save_notice(SaveNotice(notice.key, notice.version, header), actor=self.seller, at=at)
            send_notice(NoticeNamed(notice.key, notice.version), actor=self.seller, at=at)

    def _correct(self, note: str, quantity: Decimal) -> None:
        at = timezone.now()
        with acting(self.seller):
            notice = ShipNotice.objects.get(number=note, state__in=LIVE)
            if notice.issue > 1:
                return
            draft = correct_notice(NoticeNamed(notice.key, notice.version), actor=self.seller, at=at)
            line = draft.lines.get()
            entry = LineEntry(line.pk, quantity)
            draft = save_notice(
                SaveNotice(draft.key, draft.version, lines=(entry,)), actor=self.seller, at=at
            )
            send_notice(NoticeNamed(draft.key, draft.version), actor=self.seller, at=at)

    def _take_back(self, note: str) -> None:
        with acting(self.seller):
            notice = ShipNotice.objects.filter(number=note, state__in=LIVE).first()
            if notice is not None:
                named = NoticeNamed(notice.key, notice.version)
                cancel_notice(named, "It did not leave.", actor=self.seller, at=timezone.now())


# --- afterwards ---------------------------------------------------------------------------------------------


def shipped_lines(watch: Actor) -> set[int]:
    """The order lines, by id, of which live notices announce something: Tryton plans that for the shipment's day."""
    with acting(watch):
        live = ShipNotice.objects.filter(state__in=LIVE)
        return set(live.values_list("lines__line_id", flat=True))


def is_carried(watch: Actor) -> bool:
    """Whether no notice is on its way to the ERP any more."""
    with acting(watch):
        return not NoticeWrite.objects.filter(state__in=["queued", "sent", "unknown"]).exists()


def differences(shipping: Shipping, watch: Actor, rows: Callable[[str], list[Any]]) -> Iterator[str]:
    """What the dock in Tryton expects and should not, or does not and should. `rows` asks its books."""
    with acting(watch):
        live = list(ShipNotice.objects.filter(state__in=LIVE).prefetch_related("lines__line"))
        writes = Counter(NoticeWrite.objects.values_list("state", flat=True))
    wanted = {
        notice.number: (
            notice.expected_on,
            {one.line.key: one.quantity for one in notice.lines.all() if one.quantity},
        )
        for notice in live
    }
    if len(wanted) != shipping.made["sent"] + shipping.made["corrected"]:
        yield f"{len(wanted)} ship notices are live, {dict(shipping.made)} were made"
    for state, count in writes.items():
        if state not in ("confirmed", "superseded"):
            yield f"{count} ship notices are {state} on their way to Tryton"
    held = _held(rows)
    for number, shipments in sorted(held.items()):
        if number not in wanted:
            yield f"shipment {number} is expected in Tryton, and nobody announces it"
        elif len(shipments) > 1:
            yield f"shipment {number} is {len(shipments)} times in Tryton"
        elif shipments[0] != wanted[number]:
            yield f"shipment {number}: announced {wanted[number]}, in Tryton {shipments[0]}"
    for number in sorted(wanted.keys() - held.keys()):
        yield f"shipment {number} is not in Tryton"


def _held(
    rows: Callable[[str], list[Any]],
) -> dict[str, list[tuple[date | None, dict[str, Decimal]]]]:
    """The shipments that Tryton expects, by delivery note: the day, and how much of each line."""
    inside: dict[str, dict[str, Decimal]] = {}
    moves = (
        "SELECT shipment, origin, quantity FROM stock_move WHERE shipment LIKE 'stock.shipment.in,%'"
        " AND origin LIKE 'purchase.line,%' AND state <> 'cancelled'"
    )
    for shipment, origin, quantity in rows(moves):
        of_line = inside.setdefault(str(shipment), {})
        key = str(origin).removeprefix("purchase.line,")
        of_line[key] = of_line.get(key, Decimal(0)) + Decimal(str(quantity))
    found: dict[str, list[tuple[date | None, dict[str, Decimal]]]] = {}
    heads = "SELECT id, reference, planned_date FROM stock_shipment_in WHERE state <> 'cancelled'"
    for number, reference, day in rows(heads):
        content = (
            date.fromisoformat(str(day)[:10]) if day else None,
            inside.get(f"stock.shipment.in,{number}", {}),
        )
        found.setdefault(str(reference), []).append(content)
    return found
