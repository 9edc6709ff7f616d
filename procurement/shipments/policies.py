"""What a ship notice must say, and what can still be shipped. Pure.

Note [Open to ship]: open is what is ordered less what is announced and not yet counted, and less what is counted
already, announced or not. A notice that is closed counts with what was received of it alone: what it announced beyond
that does not come, and may be shipped anew.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.values import decimals_of
from procurement.findings.policies import Finding, Grade
from procurement.labels.numbers import BadNumber, read_sscc
from procurement.orders.policies import plain
from procurement.shipments.states import PackageKind, Remainder

ZERO = Decimal(0)
MOST_LINES = 500
MOST_PACKAGES = 5000
LONGEST_WAY = timedelta(days=365)
LONGEST_AGO = timedelta(days=60)
HEAVIEST_KG = Decimal("100000")


# --- numbers ------------------------------------------------------------------------------------------------


def number_key(number: str) -> str:
    """A delivery note's number as it is compared: case, blanks and punctuation do not make it another one."""
    folded = unicodedata.normalize("NFKC", number).casefold()
    return re.sub(r"[\W_]+", "", folded)[:60]


# --- what is open -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Announced:
    """One live notice's word on a line: how much it says, how much of it has been counted, and whether it is over."""

    quantity: Decimal
    received: Decimal = ZERO
    is_closed: bool = False

    @property
    def counts(self) -> Decimal:
        """What it takes of the line. See Note [Open to ship]."""
        return self.received if self.is_closed else max(self.quantity, self.received)


def shipped_of(announced: Iterable[Announced], received: Decimal) -> Decimal:
    """How much of a line has been sent on its way so far; `received` is all that was ever counted on the line."""
    told = list(announced)
    unannounced = max(ZERO, received - sum((one.received for one in told), start=ZERO))
    return sum((one.counts for one in told), start=ZERO) + unannounced


def open_to_ship(ordered: Decimal, announced: Iterable[Announced], received: Decimal) -> Decimal:
    """How much of a line can still be shipped. Never below zero. See Note [Open to ship]."""
    return max(ZERO, ordered - shipped_of(announced, received))


@dataclass(frozen=True, slots=True)
class Lateness:
    """So much is expected on a later day than was agreed for it."""

    quantity: Decimal
    agreed_on: date
    expected_on: date


def latest_on_the_way(
    agreed: Sequence[tuple[Decimal, date]], received: Decimal, way: Sequence[tuple[Decimal, date]]
) -> Lateness | None:
    """What of a line that is on its way is latest against what was agreed; None where all of it is in time.

    What was received fills the agreed deliveries by date, and so does what is on its way, the soonest first.
    """
    left = sorted(agreed, key=lambda one: one[1])
    _take(left, received)
    late: list[Lateness] = []
    for quantity, day in sorted(way, key=lambda one: one[1]):
        late += [Lateness(part, due, day) for part, due in _take(left, quantity) if due < day]
    return max(late, key=lambda one: one.expected_on - one.agreed_on, default=None)


def _take(left: list[tuple[Decimal, date]], quantity: Decimal) -> list[tuple[Decimal, date]]:
    """Take so much off the first deliveries; what was taken of each."""
    taken: list[tuple[Decimal, date]] = []
    while left and quantity > ZERO:
        (here, day), part = left[0], min(left[0][0], quantity)
        taken.append((part, day))
        left[0] = (here - part, day)
        quantity -= part
        if left[0][0] <= ZERO:
            left.pop(0)
    return taken


# --- checks -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """One line of a notice with all that its checks must know.

    `open` is what can still be shipped without this notice; `allowed` how much of it the rules let pass at once.
    `promised_on` is the last day agreed. `goes_elsewhere` says that the order names another place than the notice does.
    `refusal` says why nothing of it can be shipped at all.
    """

    position: int
    order: str
    number: int
    quantity: Decimal
    unit: str
    decimals: int
    open: Decimal
    allowed: Decimal
    remainder: str = Remainder.FOLLOWS
    follows_on: date | None = None
    promised_on: date | None = None
    is_agreed: bool = True
    goes_elsewhere: bool = False
    refusal: str = ""

    @property
    def label(self) -> str:
        """How a sentence calls it."""
        return _("order %(order)s line %(line)s") % {"order": self.order, "line": self.number}


@dataclass(frozen=True, slots=True)
class CheckedContent:
    """So much of a line in a package, for its checks."""

    line: int
    quantity: Decimal
    serials: Sequence[str] = ()
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class CheckedPackage:
    """One package, for its checks; `parent` by position."""

    position: int
    kind: str
    parent: int | None = None
    sscc: str = ""
    gross_kg: Decimal | None = None
    contents: Sequence[CheckedContent] = ()


@dataclass(frozen=True, slots=True)
class CheckedNotice:
    """A notice as a whole, for its checks. `today` is the date where the supplier is."""

    today: date
    number: str = ""
    ship_on: date | None = None
    delivery_on: date | None = None
    pieces: int | None = None
    gross_kg: Decimal | None = None
    carrier: str = ""
    tracking_numbers: Sequence[str] = ()
    lines: Sequence[CheckedLine] = ()
    packages: Sequence[CheckedPackage] = ()
    number_taken: bool = False
    packed: Mapping[int, Decimal] = field(default_factory=dict)


def check_notice(notice: CheckedNotice) -> list[Finding]:
    """Everything there is to say about a notice before it is sent, the gravest first, each with its way out."""
    found = [*_check_header(notice)]
    if not any(line.quantity > ZERO for line in notice.lines):
        found.append(
            Finding(
                Grade.STOP,
                "nothing",
                _("Nothing is in this ship notice. Say how much of a line goes."),
                "lines",
            )
        )
    for line in notice.lines:
        found += _check_line(line, notice)
    found += _check_packing(notice)
    return sorted(found, key=lambda one: -one.grade)


def _check_header(notice: CheckedNotice) -> Iterable[Finding]:
    if not number_key(notice.number):
        yield Finding(
            Grade.STOP,
            "number",
            _("The ship notice needs your delivery note's number: the dock looks for it on the paper."),
            "number",
        )
    elif notice.number_taken:
        message = _(
            "You have sent a ship notice with the number %(number)s already. Give this one its own number."
        )
        yield Finding(Grade.STOP, "number_taken", message % {"number": notice.number}, "number")
    if notice.ship_on is None:
        yield Finding(Grade.STOP, "ship_on", _("Say on which day the goods leave."), "ship_on")
    elif notice.ship_on < notice.today - LONGEST_AGO:
        message = _("The goods cannot have left more than %(days)d days ago. Look at the year and the month.")
        yield Finding(Grade.STOP, "long_ago", message % {"days": LONGEST_AGO.days}, "ship_on")
    elif notice.ship_on > notice.today + LONGEST_WAY:
        yield Finding(
            Grade.STOP, "far_off", _("The day on which the goods leave is more than a year away."), "ship_on"
        )
    if notice.delivery_on is None:
        yield Finding(Grade.STOP, "delivery_on", _("Say on which day the goods arrive."), "delivery_on")
    elif notice.ship_on and notice.delivery_on < notice.ship_on:
        yield Finding(
            Grade.STOP,
            "arrives_before",
            _("The goods cannot arrive before they leave. Change one of the days."),
            "delivery_on",
        )
    elif notice.ship_on and notice.delivery_on > notice.ship_on + LONGEST_WAY:
        yield Finding(
            Grade.STOP,
            "far_off",
            _("The way takes more than a year. Look at the day of arrival."),
            "delivery_on",
        )
    if not notice.carrier:
        yield Finding(
            Grade.HINT, "carrier", _("No carrier is named. The dock plans better with one."), "carrier"
        )
    elif not notice.tracking_numbers:
        yield Finding(
            Grade.HINT,
            "tracking",
            _("There is no tracking number. With one nobody has to ask where the goods are."),
            "tracking_numbers",
        )
    if notice.gross_kg is not None and not ZERO < notice.gross_kg <= HEAVIEST_KG:
        message = _("The gross weight must lie between 0 and %(most)s kg.")
        yield Finding(Grade.STOP, "gross_kg", message % {"most": plain(HEAVIEST_KG)}, "gross_kg")


def _check_line(line: CheckedLine, notice: CheckedNotice) -> Iterable[Finding]:
    def say(grade: Grade, code: str, message: str, where: str = "quantity") -> Finding:
        return Finding(grade, code, message, where, line.position)

    if line.quantity < ZERO:
        yield say(Grade.STOP, "below_zero", _("A quantity cannot be below zero."))
        return
    if line.quantity == ZERO:
        return
    if line.refusal:
        yield say(Grade.STOP, "not_shippable", line.refusal)
        return
    if decimals_of(line.quantity) > line.decimals:
        message = ngettext(
            "A quantity in %(unit)s has at most %(count)d decimal.",
            "A quantity in %(unit)s has at most %(count)d decimals.",
            line.decimals,
        )
        whole = _("A quantity in %(unit)s is a whole number.")
        text = message if line.decimals else whole
        yield say(Grade.STOP, "decimals", text % {"unit": line.unit, "count": line.decimals})
    if line.quantity > line.allowed:
        message = _(
            "%(quantity)s %(unit)s is more than the %(open)s %(unit)s still open on %(line)s. Ship less, or ask "
            "the buyer for more with a change request first."
        )
        yield say(Grade.STOP, "over_ship", message % _amounts(line))
    elif line.quantity > line.open:
        message = _(
            "%(quantity)s %(unit)s is more than the %(open)s %(unit)s still open on %(line)s; "
            "the buyer's rules let it pass."
        )
        yield say(Grade.HINT, "over_ship_inside", message % _amounts(line))
    if not line.is_agreed:
        message = _("Nothing is agreed on %(line)s yet. Answer the order, or the buyer may refuse the goods.")
        yield say(Grade.WARN, "not_agreed", message % {"line": line.label})
    if line.goes_elsewhere:
        message = _(
            "The buyer wants %(line)s at another place now. Take it out and ship it with a notice of its own, or ask."
        )
        yield say(Grade.WARN, "other_place", message % {"line": line.label})
    if line.promised_on and notice.delivery_on and notice.delivery_on > line.promised_on:
        days = (notice.delivery_on - line.promised_on).days
        message = ngettext(
            "%(line)s arrives %(days)d day later than agreed. The buyer is told.",
            "%(line)s arrives %(days)d days later than agreed. The buyer is told.",
            days,
        )
        yield say(Grade.WARN, "late", message % {"line": line.label, "days": days}, "delivery_on")
    if line.quantity < line.open and line.remainder == Remainder.NOT_COMING:
        rest = plain(line.open - line.quantity)
        message = _("%(rest)s %(unit)s of %(line)s will not come: the buyer is asked to agree.")
        yield say(Grade.WARN, "not_coming", message % {"rest": rest, "unit": line.unit, "line": line.label})
    if line.follows_on and notice.delivery_on and line.follows_on < notice.delivery_on:
        message = _("The rest of %(line)s cannot arrive before this shipment does.")
        yield say(Grade.STOP, "follows_before", message % {"line": line.label}, "follows_on")


def _amounts(line: CheckedLine) -> dict[str, str]:
    return {
        "quantity": plain(line.quantity),
        "unit": line.unit,
        "open": plain(line.open),
        "line": line.label,
    }


def _check_packing(notice: CheckedNotice) -> Iterable[Finding]:
    lines = {line.position: line for line in notice.lines}
    packed: dict[int, Decimal] = dict.fromkeys(lines, ZERO)
    inner = {package.parent for package in notice.packages if package.parent is not None}
    seen: dict[str, int] = {}
    for package in notice.packages:
        for content in package.contents:
            packed[content.line] = packed.get(content.line, ZERO) + content.quantity
            yield from _check_content(content, package, lines, notice)
        if not package.contents and package.position not in inner:
            message = _("Package %(position)d is empty. Put something in it, or take it away.")
            yield Finding(
                Grade.STOP, "empty", message % {"position": package.position}, package=package.position
            )
        yield from _check_sscc(package, seen)
    if notice.packages:
        yield from _check_totals(notice, packed)
    elif lines:
        yield Finding(
            Grade.WARN,
            "not_packed",
            _("Nothing is packed. Labels and packages let the dock receive by scanning."),
            "packages",
        )


def _check_content(
    content: CheckedContent, package: CheckedPackage, lines: Mapping[int, CheckedLine], notice: CheckedNotice
) -> Iterable[Finding]:
    line = lines.get(content.line)
    if line is not None and decimals_of(content.quantity) > line.decimals:
        message = _("Package %(position)d: a quantity in %(unit)s has at most %(count)d decimals.")
        values = {"position": package.position, "unit": line.unit, "count": line.decimals}
        yield Finding(Grade.STOP, "decimals", message % values, line=content.line, package=package.position)
    if content.serials and len(content.serials) != content.quantity:
        message = _(
            "Package %(position)d: %(serials)d serial numbers for %(quantity)s pieces. Each piece has one."
        )
        values = {
            "position": package.position,
            "serials": len(content.serials),
            "quantity": plain(content.quantity),
        }
        yield Finding(Grade.STOP, "serials", message % values, line=content.line, package=package.position)
    if content.expires_on and content.expires_on <= (notice.delivery_on or notice.today):
        message = _("Package %(position)d: the goods expire before they arrive.")
        yield Finding(
            Grade.WARN,
            "expired",
            message % {"position": package.position},
            line=content.line,
            package=package.position,
        )


def _check_sscc(package: CheckedPackage, seen: dict[str, int]) -> Iterable[Finding]:
    if not package.sscc:
        return
    try:
        read_sscc(package.sscc)
    except BadNumber as problem:
        yield Finding(Grade.STOP, "sscc", str(problem), package=package.position)
        return
    if package.sscc in seen:
        message = _("Packages %(one)d and %(other)d have the same SSCC. Each package has its own.")
        values = {"one": seen[package.sscc], "other": package.position}
        yield Finding(Grade.STOP, "sscc_twice", message % values, package=package.position)
    seen[package.sscc] = package.position


def _check_totals(notice: CheckedNotice, packed: Mapping[int, Decimal]) -> Iterable[Finding]:
    for line in notice.lines:
        amount = packed.get(line.position, ZERO)
        values = {
            "packed": plain(amount),
            "quantity": plain(line.quantity),
            "unit": line.unit,
            "line": line.label,
        }
        if amount > line.quantity:
            message = _(
                "%(packed)s %(unit)s of %(line)s are packed, but only %(quantity)s go. Change one of them."
            )
            yield Finding(Grade.STOP, "packed_too_much", message % values, "packages", line.position)
        elif amount < line.quantity:
            message = _(
                "%(packed)s of %(quantity)s %(unit)s of %(line)s are packed. Pack the rest, or ship less."
            )
            yield Finding(Grade.STOP, "packed_too_little", message % values, "packages", line.position)
    outer = sum(package.parent is None for package in notice.packages)
    if notice.pieces is not None and notice.pieces != outer:
        message = _(
            "%(pieces)d pieces are announced, but %(outer)d pallets and packages stand by themselves."
        )
        yield Finding(Grade.WARN, "pieces", message % {"pieces": notice.pieces, "outer": outer}, "pieces")
    weights = [package.gross_kg for package in notice.packages if package.parent is None]
    if notice.gross_kg is not None and all(weight is not None for weight in weights):
        total = sum((weight for weight in weights if weight is not None), start=ZERO)
        if total > notice.gross_kg:
            message = _("The packages weigh %(total)s kg together, more than the %(gross)s kg of the whole.")
            values = {"total": plain(total), "gross": plain(notice.gross_kg)}
            yield Finding(Grade.WARN, "weights", message % values, "gross_kg")


# --- packing ------------------------------------------------------------------------------------------------


def spread(quantity: Decimal, per_package: Decimal) -> list[Decimal]:
    """What lies in each package when so much is packed by so much: full ones, and what is left in a last one."""
    if quantity <= ZERO or per_package <= ZERO:
        return []
    full, rest = divmod(quantity, per_package)
    return [per_package] * int(full) + ([rest] if rest else [])


def inside_itself(parents: Mapping[int, int | None], position: int, target: int) -> bool:
    """Whether putting a package on `target` would put it into itself; `parents` by position."""
    here: int | None = target
    while here is not None:
        if here == position:
            return True
        here = parents.get(here)
    return False


MOST_DEEP = 10  # a piece in a box in a carton in a crate on a pallet is five


def depths_of(parents: Mapping[int, int | None]) -> dict[int, int]:
    """How deep each package lies, by position: 1 for one that stands on its own. `parents` hold no ring."""
    found: dict[int, int] = {}
    for position in parents:
        path: list[int] = []
        here: int | None = position
        while here is not None and here not in found:
            path.append(here)
            here = parents.get(here)
        depth = found[here] if here is not None else 0
        for each in reversed(path):
            depth += 1
            found[each] = depth
    return found


NESTS: Mapping[str, frozenset[str]] = {
    # What a package of each kind may stand on or lie in: nothing is put on a carton but what lies in it.
    PackageKind.PALLET: frozenset({PackageKind.PALLET}),
    **{
        kind: frozenset({PackageKind.PALLET, PackageKind.CRATE, PackageKind.CARTON, PackageKind.PACKAGE})
        for kind in PackageKind.values
        if kind != PackageKind.PALLET
    },
}


def consignments_in(streams: Iterable[str]) -> list[UUID]:
    """The consignments whose stories these streams of facts are, each once, in the order in which all lock them."""
    named = {UUID(stream.removeprefix("shipment:")) for stream in streams if stream.startswith("shipment:")}
    return sorted(named)
