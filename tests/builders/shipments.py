"""Ship notices on demand: begun, packed and sent by the people of the tests."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portal.kernel.scope import acting
from procurement.orders.models import PurchaseOrder
from procurement.shipments.messages import (
    AddPackages,
    LineChoice,
    LineEntry,
    NoticeHeader,
    NoticeNamed,
    PackedContent,
    SaveNotice,
)
from procurement.shipments.models import ShipNotice
from procurement.shipments.services import (
    Sent,
    add_packages,
    number_packages,
    save_notice,
    send_notice,
    start_notices,
)
from tests.builders.world import MONDAY
from tests.people import FEED, Person

LEAVES, ARRIVES = date(2026, 3, 10), date(2026, 3, 31)


def named(notice: ShipNotice) -> NoticeNamed:
    """A notice as somebody sees it now."""
    return NoticeNamed(notice.key, fresh_notice(notice).version)


def fresh_notice(notice: ShipNotice) -> ShipNotice:
    """The notice as it stands in the database now."""
    with acting(FEED):
        return ShipNotice.objects.select_related("supplier", "company", "ship_to").get(pk=notice.pk)


def do(verb: Callable[..., Any], notice: ShipNotice, person: Person, *args: Any, **more: Any) -> Any:
    """Somebody does something with a notice as it stands now."""
    more.setdefault("at", MONDAY)
    with acting(person.actor):
        return verb(named(notice), *args, actor=person.actor, **more)


def begin(
    order: PurchaseOrder,
    person: Person,
    quantities: dict[str, int | None] | None = None,
    *,
    at: datetime = MONDAY,
) -> ShipNotice:
    """A draft for lines of an order (by key); None is all that is open. Without any: line L10."""
    choices = [
        LineChoice(order.key, key, None if quantity is None else Decimal(quantity))
        for key, quantity in (quantities or {"L10": None}).items()
    ]
    with acting(person.actor):
        (notice,) = start_notices(choices, actor=person.actor, at=at)
    return notice


def write(
    notice: ShipNotice,
    person: Person,
    number: str = "DN-1",
    *,
    lines: Sequence[LineEntry] | None = None,
    at: datetime = MONDAY,
    **header: Any,
) -> ShipNotice:
    """Its head (and lines) as they are to be."""
    said: dict[str, Any] = {
        "number": number,
        "ship_on": LEAVES,
        "delivery_on": ARRIVES,
        "carrier": "Blue Line",
    }
    command = SaveNotice(
        notice.key,
        fresh_notice(notice).version,
        NoticeHeader(**{**said, **header}),
        None if lines is None else tuple(lines),
    )
    with acting(person.actor):
        return save_notice(command, actor=person.actor, at=at)


def pack(
    notice: ShipNotice, person: Person, count: int, each: int, *, position: int = 1, **more: Any
) -> ShipNotice:
    """So many cartons of so many of a line."""
    content = PackedContent(position, Decimal(each))
    do(add_packages, notice, person, AddPackages(count, more.pop("kind", "carton"), (content,), **more))
    return fresh_notice(notice)


def send(notice: ShipNotice, person: Person, *, at: datetime = MONDAY) -> Sent:
    """Out it goes."""
    sent: Sent = do(send_notice, notice, person, at=at)
    return sent


def a_sent_notice(
    order: PurchaseOrder,
    person: Person,
    quantities: dict[str, int | None] | None = None,
    *,
    number: str = "DN-1",
    cartons: tuple[int, int] | None = None,
    at: datetime = MONDAY,
    **header: Any,
) -> ShipNotice:
    """A notice that was written, packed where `cartons` (count, each) says so, and sent."""
    notice = begin(order, person, quantities, at=at)
    write(notice, person, number, at=at, **header)
    if cartons:
        pack(notice, person, *cartons)
        do(number_packages, notice, person)
    return send(notice, person, at=at).notice
