"""What a receipt must say to be taken, and which ship notice it counts for; what a scanner reads at the dock, and how a
count differs from what was announced. Pure.

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

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.errors import Problem
from portal.kernel.values import decimals_of, is_plausible
from procurement.labels.elements import BadElement, Element, day_of, read_elements
from procurement.labels.numbers import BadNumber, has_right_check_digit, is_digits, read_gtin
from procurement.receipts.messages import ReceiptPaper

LARGEST = Decimal(10) ** 12
ZERO = Decimal(0)

LARGEST_PHOTO = 4 * 1024 * 1024  # as it is kept; a phone may send more
LARGEST_UPLOAD = 20 * 1024 * 1024
MOST_PHOTOS = 60  # of one sheet
MOST_PHOTOS_AT_ONCE = 6
MOST_ROWS = 2000  # of one sheet, lots counted
MOST_WRONG_ITEMS = 100
LONGEST_AGO = timedelta(days=365)


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


# --- what was not accepted ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CountedGoods:
    """What posted sheets of one delivery have of a line: `good`, and `damaged`: here and not accepted. What the buyer
    accepted as it is is good. `reference` is what the ERP is to note with its booking, as such are compared; `before`
    is how much of the line had come when its notice was sent (0: nobody knows).
    """

    reference: str
    received_on: date
    good: Decimal
    damaged: Decimal
    before: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class BookedGoods:
    """So much of a line as the ERP booked it, in the line's unit; `reference` as such are compared."""

    reference: str
    received_on: date
    quantity: Decimal


def rejected_in(
    received: Decimal, counts: Collection[CountedGoods], bookings: Collection[BookedGoods]
) -> Decimal:
    """How much of what the ERP calls `received` of a line was not accepted at the dock, and is still in that figure.

    The ERP is asked to book what is good. So of what it booked under the reference of a count the good comes first, and
    what goes beyond is damaged. What it booked otherwise since that day (by its own people, under another reference or
    without any), or only counts on the order, is first the good that is not booked under its own, and then the damaged.
    What it counts less on the order than it booked it has taken off itself, and it is taken off once.
    """
    by_reference: dict[str, list[CountedGoods]] = {}
    for one in counts:
        by_reference.setdefault(one.reference, []).append(one)
    rejected = good_left = damaged_left = ZERO
    waiting: list[CountedGoods] = []
    for reference, same in by_reference.items():
        good = sum((one.good for one in same), start=ZERO)
        damaged = sum((one.damaged for one in same), start=ZERO)
        booked = sum((one.quantity for one in bookings if one.reference == reference), start=ZERO)
        inside = _between(booked - good, damaged)
        rejected += inside
        if booked < good or not booked:
            good_left += max(ZERO, good - booked)
            damaged_left += damaged - inside
            waiting += same
    if damaged_left:
        since = min(one.received_on for one in waiting)
        elsewhere = [
            one for one in bookings if one.reference not in by_reference and one.received_on >= since
        ]
        other = sum((one.quantity for one in elsewhere), start=ZERO)
        unbooked = received - sum((one.quantity for one in bookings), start=ZERO)
        if not bookings:
            unbooked -= min(one.before for one in waiting)
        rejected += _between(other + max(ZERO, unbooked) - good_left, damaged_left)
    taken_off = sum((one.quantity for one in bookings), start=ZERO) - received
    return _between(rejected - max(ZERO, taken_off), received)


def _between(quantity: Decimal, most: Decimal) -> Decimal:
    return max(ZERO, min(quantity, most))


# --- what a scanner reads -----------------------------------------------------------------------------------

IN_BRACKETS = re.compile(r"\((\d{2,4})\)")
SYMBOLOGY = re.compile(r"^\][A-Za-z][0-9]")
SSCC_LENGTH = 18
GS1_SYMBOLS = ("]C1", "]d2", "]e0", "]Q3", "]J1")


@dataclass(frozen=True, slots=True)
class Code:
    """What was scanned or typed: a package (`sscc`), an item (`gtin`), or a text that may be either's number.

    `lot`, `serial`, `expires_on` and `count` are there where a GS1 symbol says them.
    """

    text: str
    sscc: str = ""
    gtin: str = ""
    lot: str = ""
    serial: str = ""
    expires_on: date | None = None
    count: Decimal | None = None


def read_code(scanned: str, *, today: date) -> Code:
    """What a scanner typed, whatever its settings: GS1 element strings with or without the symbology in front, or with
    brackets as under the bars; an SSCC or GTIN alone; else the text as it is.
    """
    raw = scanned.strip().strip("\x1d")
    text = SYMBOLOGY.sub("", raw).strip().strip("\x1d")[:100]
    bare = text.replace(" ", "")
    if elements := _elements(raw, bare):
        return _code_of(text, elements, today)
    if is_digits(bare) and len(bare) == SSCC_LENGTH and has_right_check_digit(bare):
        return Code(text, sscc=bare)
    try:
        return Code(text, gtin=read_gtin(bare))
    except BadNumber:
        return Code(text)


def _elements(raw: str, bare: str) -> tuple[Element, ...]:
    """The elements of a GS1 symbol; none where it is no such thing."""
    try:
        if bare.startswith("("):
            parts = IN_BRACKETS.split(bare)[1:]
            return tuple(Element(ai, data) for ai, data in zip(parts[::2], parts[1::2], strict=True))
        if raw.startswith(GS1_SYMBOLS):
            return read_elements(raw)
        # A scanner that tells no symbology: what begins like an SSCC or a GTIN with its identifier.
        if re.match(r"00\d{18}|01\d{14}|02\d{14}", bare):
            return read_elements(bare)
    except BadElement:
        return ()
    return ()


def _code_of(text: str, elements: Iterable[Element], today: date) -> Code:
    said = {one.ai: one for one in elements}

    def data(*names: str) -> str:
        return next((said[name].data for name in names if name in said), "")

    expires = None
    if "17" in said:
        try:
            expires = day_of(said["17"], today=today)
        except BadElement:
            expires = None
    # On a logistic label (37) says how many of the content (02) are in it.
    count = data("37", "30")
    return Code(
        text,
        sscc=data("00"),
        gtin=data("01", "02"),
        lot=data("10"),
        serial=data("21"),
        expires_on=expires,
        count=Decimal(count) if count and int(count) else None,
    )


@dataclass(frozen=True, slots=True)
class Names:
    """What an item is called: our number, the supplier's, its GTIN."""

    item_number: str
    supplier_part_number: str = ""
    gtin: str = ""


def is_called(names: Names, code: Code) -> bool:
    """Whether a code that was scanned names this item."""
    if names.gtin and names.gtin.lstrip("0") in (code.gtin.lstrip("0"), code.text.lstrip("0")):
        return True
    text = code.text.casefold()
    return bool(text) and text in (names.item_number.casefold(), names.supplier_part_number.casefold())


# --- what a count must say ----------------------------------------------------------------------------------


def quantity_problem(field: str, quantity: Decimal, *, unit: str, decimals: int) -> Problem | None:
    """What is wrong with a quantity that was counted."""
    shown = f"{quantity:f}"
    if quantity < ZERO:
        return Problem(field, _("A count cannot be below zero."), shown, "below_zero")
    if quantity >= LARGEST:
        return Problem(field, _("So many cannot be meant. Look at the figure."), shown, "too_large")
    if decimals_of(quantity) > decimals:
        if not decimals:
            message = _("A quantity in %(unit)s is a whole number.") % {"unit": unit}
        else:
            message = ngettext(
                "A quantity in %(unit)s has at most %(count)d decimal.",
                "A quantity in %(unit)s has at most %(count)d decimals.",
                decimals,
            ) % {"unit": unit, "count": decimals}
        return Problem(field, message, shown, "decimals")
    return None


def day_problem(received_on: date, *, today: date) -> Problem | None:
    """What is wrong with the day on which goods came; `today` is the date at the site."""
    shown = received_on.isoformat()
    if received_on > today:
        message = _("The goods cannot have come after today. Look at the day.")
        return Problem("received_on", message, shown, "in_the_future")
    if received_on < today - LONGEST_AGO:
        message = _("The goods cannot have come more than a year ago. Look at the day.")
        return Problem("received_on", message, shown, "long_ago")
    return None


@dataclass(frozen=True, slots=True)
class Tally:
    """One line of a sheet in figures: what was announced (None: by nobody), what earlier sheets of the consignment
    have, and what this one has; `damaged` is here and not accepted.
    """

    announced: Decimal | None
    before: Decimal = ZERO
    good: Decimal = ZERO
    damaged: Decimal = ZERO

    @property
    def counted(self) -> Decimal:
        """All that is here of it by this sheet, damaged or not."""
        return self.good + self.damaged

    @property
    def differs(self) -> Decimal:
        """How much more is here than was announced; below zero, less."""
        return ZERO if self.announced is None else self.before + self.counted - self.announced

    @property
    def missing(self) -> Decimal:
        return max(ZERO, -self.differs)

    @property
    def over(self) -> Decimal:
        return max(ZERO, self.differs)


# --- pictures -----------------------------------------------------------------------------------------------


def picture_kind(content: bytes) -> str:
    """What a picture is by its first bytes, as a media type; empty for what is none that is taken."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return ""
