"""Change requests that people of the demo talk about: asked for in the last days, by suppliers and by the buyer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from portal.kernel.actors import Actor
from portal.kernel.errors import Refusal
from portal.kernel.scope import acting
from procurement.changes.messages import AnswerChange, ProposeChange, ReviseChange, WantedPiece, Wish
from procurement.changes.models import OrderChange
from procurement.changes.queries import changeable_lines
from procurement.changes.services import counter_change, decline_change, propose_change
from procurement.demo.loading import SET_UP
from procurement.demo.members import actors_who
from procurement.demo.people import LIAN_FENG, OMAR
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.states import OrderState, Reason
from suppliers.models import User
from suppliers.queries import actor_of
from suppliers.roles import Permission

# A wish wants its goods to be some way off: nothing of the demo falls on a day that has passed.
FAR_ENOUGH = timedelta(days=12)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class _Asked:
    """One wish of the demo: who puts it on the table, and what comes of it so far."""

    wish: Callable[[PurchaseOrderLine], Wish]
    reason: str
    note: str
    by_buyer: bool = False
    counter: Callable[[PurchaseOrderLine], Wish] | None = None
    counter_note: str = "Sooner would save us."
    declined_with: str = ""


def _later(days: int) -> Callable[[PurchaseOrderLine], Wish]:
    return lambda _line: Wish(move_days=days)


def _split(days: int) -> Callable[[PurchaseOrderLine], Wish]:
    def wish(line: PurchaseOrderLine) -> Wish:
        first = (line.quantity * Decimal("0.6")).quantize(Decimal(1), ROUND_HALF_UP)
        day = line.expected_on
        assert day is not None
        return Wish(
            (
                WantedPiece(first, day),
                WantedPiece(line.quantity - first, day + timedelta(days=days)),
            )
        )

    return wish


def _dearer(share: Decimal) -> Callable[[PurchaseOrderLine], Wish]:
    return lambda line: Wish((WantedPiece(price=(line.price * (1 + share)).quantize(CENT, ROUND_HALF_UP)),))


def _fewer(line: PurchaseOrderLine) -> Wish:
    return Wish((WantedPiece((line.quantity / 2).quantize(Decimal(1), ROUND_HALF_UP)),))


def _cancel(_line: PurchaseOrderLine) -> Wish:
    return Wish(cancel=True)


ASKED = (
    _Asked(_later(6), Reason.CAPACITY, "The casting line is booked until the end of the week."),
    _Asked(_split(9), Reason.MATERIAL, "We can ship the first part as agreed."),
    _Asked(_dearer(Decimal("0.04")), Reason.PRICE_LIST, "New list prices since Monday."),
    _Asked(
        _later(-7),
        "",
        "Our customer has moved the shutdown. Can it come a week earlier?",
        by_buyer=True,
        counter=_later(-3),
        counter_note="Three days are what we can do.",
    ),
    _Asked(_later(12), Reason.TRANSPORT, "The vessel has been rolled over.", counter=_later(5)),
    _Asked(_fewer, "", "The project is cut by half.", by_buyer=True),
    _Asked(
        _later(21), Reason.HOLIDAY, "", declined_with="We cannot bridge three weeks. Please find another way."
    ),
    _Asked(_cancel, Reason.OBSOLETE, "The maker has taken this type off the market."),
    _Asked(_later(4), Reason.QUALITY, "One lot is still at the laboratory."),
    _Asked(_later(3), Reason.CAPACITY, ""),
)


def talk_about_changes(*, at: datetime) -> int:
    """Put the demo's wishes on the table, one for each supplier, Lian Feng's first. Returns how many there are."""
    with acting(SET_UP):
        omar = actor_of(User.objects.get(email=OMAR.email))
    asked = 0
    wishes = iter(ASKED)
    for line, seller in _lines(at):
        one = next(wishes, None)
        if one is None or omar is None:
            break
        when = at - timedelta(minutes=190 * (len(ASKED) - asked))
        asked += _ask(one, line, seller, omar, when)
    return asked


def _lines(at: datetime) -> Iterable[tuple[PurchaseOrderLine, Actor]]:
    """An agreed line of each supplier's latest order that is still some way off, with who sells it."""
    with acting(SET_UP):
        orders = PurchaseOrder.objects.filter(state=OrderState.ISSUED).select_related("supplier", "company")
        sellers = actors_who(Permission.CHANGE_NEGOTIATE)
        found: dict[int, tuple[PurchaseOrderLine, Actor]] = {}
        for order in orders.order_by("-ordered_on", "id"):
            if order.supplier_id in found or order.supplier_id not in sellers:
                continue
            lines = changeable_lines(order).filter(
                received_quantity=0, expected_on__gte=at.date() + FAR_ENOUGH, quantity__gte=4
            )
            if line := lines.first():
                line.order = order
                found[order.supplier_id] = (line, sellers[order.supplier_id])
        return sorted(
            found.values(),
            key=lambda one: (one[0].order.supplier.name != LIAN_FENG, one[0].order.supplier.number),
        )


def _ask(one: _Asked, line: PurchaseOrderLine, seller: Actor, buyer: Actor, at: datetime) -> int:
    order = line.order
    author, other = (buyer, seller) if one.by_buyer else (seller, buyer)
    command = ProposeChange(order.key, order.version, line.key, one.wish(line), one.reason, one.note)
    try:
        with acting(author):
            change = propose_change(command, actor=author, at=at)
    except Refusal:
        return 0  # a line of this seed that has just that already, or cannot be cut so: the others do
    _answer(one, line, change, other, at + timedelta(minutes=95))
    return 1


def _answer(one: _Asked, line: PurchaseOrderLine, change: OrderChange, other: Actor, at: datetime) -> None:
    if one.counter:
        revise = ReviseChange(change.key, change.version, one.counter(line), note=one.counter_note)
        with acting(other):
            counter_change(revise, actor=other, at=at)
    elif one.declined_with:
        with acting(other):
            decline_change(
                AnswerChange(change.key, change.version, note=one.declined_with), actor=other, at=at
            )
