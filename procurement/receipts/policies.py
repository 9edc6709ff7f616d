"""What a receipt must say to be taken, and which ship notice it counts for. Pure.

Note [Which notice]: how much of a line has come is said by the order alone. What of it came with which notice:

1. A booking that names a live notice by its number counts for that one, also beyond what it announced.
2. A booking that names something else came with no notice of ours.
3. The rest, of bookings that name nothing, fills the live notices in the order in which they were sent, as far as the
   order's own total says that so much came, and never with what had come before a notice was sent.
4. An ERP that tells no bookings at all is taken at the order's word: all that came is such a rest. One that does tell
   them tells the next one in a moment, so what its order counts beyond them waits for it.
5. A line that has come whole needs no bookings: all of it is here, whatever the delivery notes were called at the dock.

It is worked out anew from all there is, so that notices, bookings and orders may come in any order and be reversed.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from portal.kernel.values import decimals_of, is_plausible
from procurement.receipts.messages import ReceiptPaper

LARGEST = Decimal(10) ** 12
ZERO = Decimal(0)


def problems_of(
    paper: ReceiptPaper, *, companies: Collection[str], units: Mapping[str, int]
) -> Iterator[Problem]:
    """What is wrong with a receipt, given the companies that are known and the decimals of each unit."""
    unknown = _("%(value)s is not known here. Send its master data first, or correct the code.")
    if paper.company not in companies:
        yield Problem("company", unknown % {"value": paper.company or "''"}, paper.company)
    for field in ("key", "order", "line_key"):
        if not getattr(paper, field):
            yield Problem(field, _("A receipt names its own key, its order and the line of the order."))
    if paper.unit not in units:
        yield Problem("unit", unknown % {"value": paper.unit or "''"}, paper.unit)
    elif decimals_of(paper.quantity) > units[paper.unit]:
        message = _("A quantity in %(unit)s has at most %(count)d decimals.")
        values = {"unit": paper.unit, "count": units[paper.unit]}
        yield Problem("quantity", message % values, str(paper.quantity))
    if not 0 < paper.quantity < LARGEST:
        yield Problem("quantity", _("A quantity must be more than zero."), str(paper.quantity))
    if not is_plausible(paper.received_on):
        yield Problem("received_on", _("This day cannot be meant."), paper.received_on.isoformat())


@dataclass(frozen=True, slots=True)
class Booking:
    """So much of a line as the ERP booked it, in the line's unit; `reference` as numbers of notices are compared."""

    quantity: Decimal
    reference: str
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Awaited:
    """What one live notice says of a line; `came_before` is what had come without any notice when it was sent."""

    id: int
    reference: str
    quantity: Decimal
    sent_at: datetime
    came_before: Decimal = ZERO


def counted(
    awaited: Sequence[Awaited],
    bookings: Sequence[Booking],
    *,
    received: Decimal,
    is_whole: bool,
    tells_bookings: bool,
) -> dict[int, Decimal]:
    """How much of a line has come with each notice, by `Awaited.id`. See Note [Which notice].

    `awaited` are in the order in which they were sent; `received` is the order's own total, `is_whole` says that this
    is all it asks for, `tells_bookings` that its ERP tells bookings at all.
    """
    numbers = {one.reference for one in awaited}
    found = {
        one.id: _sum(booking for booking in bookings if booking.reference == one.reference) for one in awaited
    }
    strange = [one for one in bookings if one.reference and one.reference not in numbers]
    if is_whole:
        strange = []
    came = received - sum(found.values(), start=ZERO) - _sum(strange)
    here = ZERO
    if tells_bookings and not is_whole:
        here = max(ZERO, came - _sum(one for one in bookings if not one.reference))
    for one in awaited:
        before = one.came_before - _sum(booking for booking in strange if booking.told_at <= one.sent_at)
        start = max(here, before)
        taken = min(one.quantity - found[one.id], came - start)
        if taken > ZERO:
            found[one.id] += taken
            here = start + taken
    return found


def _sum(bookings: Iterable[Booking]) -> Decimal:
    return sum((one.quantity for one in bookings), start=ZERO)
