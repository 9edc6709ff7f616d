"""Pure rules of a comparison: where two papers differ, whether a confirmed promise still stands, when it is night."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from procurement.erp.content import canonical_decimal
from procurement.erp.policies import HeldLine, Standing, by_day, compare, held_by_paper, standing_pieces
from procurement.erp.ports import KEYS, Paper
from procurement.erp.reconciliation.states import DriftKind, Repair
from procurement.orders.messages import CommandLine, LinePaper, OrderPaper, PromiseCommand

# A value as a drift keeps it: text, yes or no, or quantities by day.
Plain = str | bool | dict[str, str]

HEAD = (
    "supplier",
    "status",
    "currency",
    "ordered_on",
    "ship_to",
    "revision",
    "kind",
    "payment_terms",
    "incoterm",
    "incoterm_place",
    "buyer_code",
    "buyer_name",
    "buyer_email",
    "note",
)
LINE = (
    "number",
    "item_number",
    "description",
    "gtin",
    "supplier_part_number",
    "quantity",
    "unit",
    "price",
    "price_per",
    "ship_to",
    "note",
    "closed",
    "received_quantity",
    "invoiced_quantity",
)
SIX = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not the same on both sides. `line` is the ERP's line key, empty for the record's own."""

    field: str
    here: Plain
    there: Plain
    line: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at one record found: one drift of each kind at most. `command` is the origin of the command that a
    promise was last told by."""

    kind: DriftKind
    differences: tuple[Difference, ...] = ()
    command: str = ""

    @property
    def fingerprint(self) -> str:
        """Changes when any value on either side does."""
        return digest_of([self.kind.value, [asdict(one) for one in self.differences]])


def digest_of(value: object) -> str:
    """A fingerprint of plain values."""
    packed = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(packed.encode("utf-8", "surrogatepass")).hexdigest()


def plain(value: object) -> Plain:
    """A value in the one way in which it is kept and compared: numbers as the portal stores them."""
    match value:
        case None:
            return ""
        case bool():
            return value
        case Decimal():
            return canonical_decimal(value.quantize(SIX, ROUND_HALF_UP))
        case date():
            return value.isoformat()
    return str(value)


def _days(deliveries: Mapping[date, Decimal]) -> Plain:
    return {day.isoformat(): str(plain(deliveries[day])) for day in sorted(deliveries)}


# --- two papers ---------------------------------------------------------------------------------------------


def differences_between(here: Paper, there: Paper) -> list[Difference]:
    """Where the portal's paper of a record and the ERP's do not say the same."""
    if isinstance(here, OrderPaper) and isinstance(there, OrderPaper):
        return [*_compare_fields(here, there, HEAD), *_compare_lines(here, there)]
    keys = KEYS[type(there)]
    return list(_compare_fields(here, there, [one.name for one in fields(there) if one.name not in keys]))


def _compare_fields(
    here: object, there: object, names: Iterable[str], line: str = "", number: int | None = None
) -> Iterator[Difference]:
    for name in names:
        ours, theirs = plain(getattr(here, name)), plain(getattr(there, name))
        if ours != theirs:
            yield Difference(name, ours, theirs, line, number)


def _compare_lines(here: OrderPaper, there: OrderPaper) -> Iterator[Difference]:
    # A line that was deleted and one that was cancelled are one and the same: nobody waits for it.
    ours = {line.key: line for line in here.lines if not line.cancelled}
    theirs = {line.key: line for line in there.lines if not line.cancelled}
    for key, line in ours.items():
        if key not in theirs:
            yield Difference("line", line.item_number, "", key, line.number)
            continue
        other = theirs[key]
        yield from _compare_fields(line, other, LINE, key, line.number)
        days, other_days = _days(deliveries_of(line)), _days(deliveries_of(other))
        if days != other_days:
            yield Difference("deliveries", days, other_days, key, line.number)
    for key, line in theirs.items():
        if key not in ours:
            yield Difference("line", "", line.item_number, key, line.number)


def deliveries_of(line: LinePaper) -> Mapping[date, Decimal]:
    """What a line asks for, by day."""
    return by_day(
        [(one.delivery_on, one.quantity) for one in line.schedules] or [(line.delivery_on, line.quantity)]
    )


# --- promises -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConfirmedLine:
    """What the ERP was last told of a line, and was seen to hold, where both sides are through with it. `origin` is the
    command's."""

    command: PromiseCommand
    line: CommandLine
    origin: str = ""


def find_in_order(here: OrderPaper, there: OrderPaper, confirmed: Sequence[ConfirmedLine]) -> list[Finding]:
    """What is not the same on an order, and which confirmed promises do not stand.

    A line whose promise the portal has seen in the ERP, and that holds something else there now, is a promise lost.
    Where the portal never saw it either, the command was confirmed and does not stand. On a line of which anything was
    received nobody can tell any more by its days, and so it is not asked.
    """
    differences = differences_between(here, there)
    held_here, held_there = held_by_paper(here), held_by_paper(there)
    lost: list[Difference] = []
    untrue: list[Difference] = []
    lost_by = untrue_by = ""
    # Of an order that was cancelled or closed on one side, that alone is to be said.
    received = {line.key for line in there.lines if line.received_quantity}
    for one in confirmed if here.status == there.status == "open" else ():
        key = one.line.key
        if key in received or _stands(one, held_there):
            continue
        if _stands(one, held_here):
            lost += [found for found in differences if found.line == key]
            differences = [found for found in differences if found.line != key]
            lost_by = one.origin
        else:
            untrue += _wanted_and_held(one.line, held_there.get(key))
            untrue_by = one.origin
    findings = []
    if differences:
        findings.append(Finding(DriftKind.FIELDS, tuple(differences)))
    if lost:
        findings.append(Finding(DriftKind.PROMISE_LOST, tuple(lost), lost_by))
    if untrue:
        findings.append(Finding(DriftKind.COMMAND_UNTRUE, tuple(untrue), untrue_by))
    return findings


def _stands(one: ConfirmedLine, held: Mapping[str, HeldLine]) -> bool:
    return compare(replace(one.command, lines=(one.line,)), held) is Standing.HOLDS


def _wanted_and_held(line: CommandLine, held: HeldLine | None) -> Iterator[Difference]:
    pieces = standing_pieces(line)
    if held is None or held.gone:
        yield Difference("line", str(line.number), "", line.key, line.number)
        return
    quantity = sum((piece.quantity for piece in pieces), Decimal(0))
    days = by_day((piece.delivery_on or line.base_delivery_on, piece.quantity) for piece in pieces)
    wanted: dict[str, tuple[Plain, Plain]] = {
        "quantity": (plain(quantity), plain(held.quantity)),
        "deliveries": (_days(days), _days(held.deliveries)),
    }
    if pieces:
        wanted["price"] = (plain(pieces[0].price), plain(held.price))
        wanted["price_per"] = (plain(pieces[0].price_per), plain(held.price_per))
        items = {piece.item_number for piece in pieces if piece.kind == "substitute" and piece.item_number}
        if places := {piece.ship_to for piece in pieces} - {""}:
            wanted["ship_to"] = (", ".join(sorted(places)), held.ship_to)
        wanted["item_number"] = (", ".join(sorted(items)) or held.item_number, held.item_number)
    for name, (ours, theirs) in wanted.items():
        if ours != theirs:
            yield Difference(name, ours, theirs, line.key, line.number)


def rebased_on(command: PromiseCommand, there: OrderPaper) -> PromiseCommand:
    """The same wish, decided on what the ERP holds now: a person has looked at it. Lines that are gone are left out."""
    held = {line.key: line for line in there.lines if not line.cancelled and not line.closed}
    return replace(
        command,
        base_revision=there.revision or command.base_revision,
        lines=tuple(_on(line, held[line.key]) for line in command.lines if line.key in held),
    )


def _on(line: CommandLine, held: LinePaper) -> CommandLine:
    return replace(
        line,
        base_quantity=held.quantity,
        base_price=held.price,
        base_price_per=held.price_per,
        base_delivery_on=min(deliveries_of(held)),
        base_deliveries=held.schedules,
    )


# --- repairs ------------------------------------------------------------------------------------------------


def repairs_for(kind: str, feed: str) -> tuple[Repair, ...]:
    """How a drift of this kind can be put right, the usual way first. To ignore it, with a reason, is always one."""
    match kind:
        case DriftKind.MISSING_HERE | DriftKind.FIELDS:
            return (Repair.TAKE_ERP,)
        case DriftKind.PROMISE_LOST:
            return (Repair.SEND_AGAIN, Repair.TAKE_ERP)
        case DriftKind.COMMAND_UNTRUE:
            return (Repair.SEND_AGAIN,)
        case DriftKind.MISSING_THERE:
            return {"orders": (Repair.CANCEL,), "suppliers": (Repair.BLOCK,)}.get(feed, ())
    return ()


# --- when ---------------------------------------------------------------------------------------------------


NIGHT = timedelta(hours=6)


def is_due(now: datetime, zone: ZoneInfo, hour: int, last: datetime | None) -> bool:
    """Whether tonight's comparison has yet to begin: that hour in this zone is not long past, and none began since."""
    local = now.astimezone(zone)
    begins = datetime.combine(local.date(), time(hour), zone)
    if begins > local:
        begins = datetime.combine(local.date() - timedelta(days=1), time(hour), zone)
    return local - begins < NIGHT and (last is None or last < begins)
