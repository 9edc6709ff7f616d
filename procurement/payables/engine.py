"""What of an invoice is not paid, line by line, as a credit note says it. Pure.

Note [To the cent]: the credit note is a paper of its own, and its amounts are worked out like those of any other: its
lines are what is not paid, at the prices that were claimed, with their own charges and allowances and their own tax
(`invoices.policies.sums`). What is paid is what was claimed less that paper, so both add up to the cent and nobody
rounds twice.

- Fewer units: the others, at the claimed price. They count nowhere any more and can be claimed again once they come.
- A lower price: what each of the units that are paid costs less. It moves money alone.
- An amount besides: so much of the line. It moves money alone.
- A percentage of the line, or of the whole, goes with what it is taken of. A fixed charge or allowance of a line goes
  in proportion to its units; one of the whole is said apart.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from portal.kernel.values import decimals_of, minor_units
from procurement.invoices.messages import ChargeEntry, LineEntry
from procurement.invoices.policies.sums import round_half_up
from procurement.orders.policies import plain
from procurement.payables.messages import ShortCharge, ShortLine

ZERO = Decimal(0)
ONE = Decimal(1)
LONGEST_WHY = 200
LONGEST_DESCRIPTION = 300


@dataclass(frozen=True, slots=True)
class Claimed:
    """A line as it was claimed: what it says, its net amount, how it is called, and how many decimals its unit has.

    `given` is how many of its units other credit notes gave back already, and `given_net` how much of its amount, by a
    price or a sum as well. `order_line` is the id of what it claims of.
    """

    position: int
    entry: LineEntry
    amount: Decimal
    label: str
    decimals: int = 0
    given: Decimal = ZERO
    given_net: Decimal = ZERO
    order_line: int | None = None

    @property
    def left(self) -> Decimal:
        """How many units can still be paid."""
        return self.entry.quantity - self.given


@dataclass(frozen=True, slots=True)
class Cut:
    """What is not paid of one line: the lines of the credit note about it, and in a sentence what is paid and why."""

    line: Claimed
    entries: tuple[LineEntry, ...]
    told: str


@dataclass(frozen=True, slots=True)
class Part:
    """What is not paid of an invoice: what is cut of its lines, and the charges that the credit note has besides."""

    cuts: tuple[Cut, ...] = ()
    charges: tuple[ChargeEntry, ...] = ()
    told: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    @property
    def entries(self) -> tuple[LineEntry, ...]:
        """The lines of the credit note."""
        return tuple(entry for cut in self.cuts for entry in cut.entries)


def part_of(
    lines: Sequence[Claimed],
    charges: Mapping[int, ChargeEntry],
    shorts: Sequence[ShortLine],
    short_charges: Sequence[ShortCharge],
    *,
    currency: str,
    reason: str,
) -> Part:
    """What is not paid of these lines and charges (by their position), with everything that is wrong with it.

    `reason` is why, for every line that says nothing of its own, and for charges.
    """
    known = {one.position: one for one in lines}
    problems = list(_twice(shorts, short_charges))
    cuts = []
    without_reason = False
    for short in shorts:
        line = known.get(short.position)
        if line is None:
            message = _("There is no line %(line)s on this invoice.") % {"line": short.position}
            problems.append(Problem(f"short-{short.position}", message, "", "unknown"))
            continue
        if bad := list(_problems(line, short, currency)):
            problems += bad
        elif cut := _cut(line, short, currency):
            cuts.append(cut)
            without_reason = without_reason or not short.reason.strip()
    given_up, said = [], []
    for one in short_charges:
        charge = charges.get(one.position)
        if charge is None or charge.is_allowance or not ZERO <= one.amount <= _fixed(charge):
            message = _("Between nothing and the whole charge can be paid.")
            problems.append(Problem(f"charge-{one.position}", message, plain(one.amount), "out_of_range"))
        elif _too_fine(one.amount, currency):
            problems.append(_decimals(f"charge-{one.position}", one.amount))
        elif one.amount < _fixed(charge):
            given_up.append(replace(charge, amount=_fixed(charge) - one.amount, percent=None))
            said.append(_charge_told(charge, one.amount, currency))
    if (without_reason or said) and not reason.strip():
        message = _("Say why: the supplier reads it on the credit note.")
        problems.append(Problem("reason", message, "", "required"))
    if cuts:
        given_up += [one for one in charges.values() if one.percent is not None]
    if not problems and not cuts and not given_up:
        problems.append(Problem("short", _("Say what of it is not paid."), "", "required"))
    return Part(tuple(cuts), tuple(given_up), tuple(said), tuple(problems))


def _twice(shorts: Sequence[ShortLine], charges: Sequence[ShortCharge]) -> Iterator[Problem]:
    """Each line and each charge is cut once: what is said of it a second time is never added to the first."""
    for position, many in Counter(one.position for one in shorts).items():
        if many > 1:
            message = _("Line %(line)s is named twice.") % {"line": position}
            yield Problem(f"short-{position}", message, "", "repeated")
    for position, many in Counter(one.position for one in charges).items():
        if many > 1:
            yield Problem(f"charge-{position}", _("This charge is named twice."), "", "repeated")


def _fixed(charge: ChargeEntry) -> Decimal:
    """What of a charge can be said apart: nothing of one that is a percentage, which goes with the lines."""
    return charge.amount if charge.amount is not None else ZERO


def _too_fine(amount: Decimal, currency: str) -> bool:
    return amount != round(amount, minor_units(currency))


def _decimals(name: str, amount: Decimal) -> Problem:
    return Problem(name, _("Money of this currency has fewer decimals."), plain(amount), "decimals")


def _problems(line: Claimed, short: ShortLine, currency: str) -> Iterator[Problem]:
    where = {"line": line.position}
    quantity, price = short.quantity, short.unit_price
    if quantity is not None:
        name = f"quantity-{short.position}"
        if not ZERO <= quantity <= line.left:
            message = _("Of line %(line)s between nothing and %(most)s can be paid.")
            message %= {**where, "most": f"{plain(line.left)} {line.entry.unit}".strip()}
            yield Problem(name, message, plain(quantity), "out_of_range")
        elif decimals_of(quantity) > line.decimals:
            message = _("A quantity in %(unit)s has at most %(count)d decimals.")
            message %= {"unit": line.entry.unit, "count": line.decimals}
            yield Problem(name, message, plain(quantity), "decimals")
    if price is not None and not ZERO <= price <= line.entry.unit_price:
        message = _("Line %(line)s is paid at no more than the price that it claims.") % where
        yield Problem(f"price-{short.position}", message, plain(price), "out_of_range")
    if not ZERO <= short.amount <= line.amount:
        message = _("Between nothing and all that line %(line)s claims can be taken off.") % where
        yield Problem(f"short-{short.position}", message, plain(short.amount), "out_of_range")
    elif _too_fine(short.amount, currency):
        yield _decimals(f"short-{short.position}", short.amount)
    if len(short.reason) > LONGEST_WHY:
        message = _("This has %(length)d characters; there is room for %(most)d.")
        message %= {"length": len(short.reason), "most": LONGEST_WHY}
        yield Problem(f"why-{short.position}", message, short.reason[:80], "too_long")


def _cut(line: Claimed, short: ShortLine, currency: str) -> Cut | None:
    """The lines of the credit note about one line; None where all of it is paid. See Note [To the cent]."""
    entry = line.entry
    paid = line.left if short.quantity is None else short.quantity
    price = entry.unit_price if short.unit_price is None else short.unit_price
    if entry.unit_price and not price:
        paid = ZERO  # at no price nothing is paid
    found = []
    if line.left - paid:
        found.append(_fewer(entry, line.left - paid, currency))
    if paid and entry.unit_price - price:
        percentages = tuple(one for one in entry.charges if one.percent is not None)
        found.append(_money(entry, paid, entry.unit_price - price, percentages))
    if short.amount:
        found.append(replace(_money(entry, ONE, short.amount, ()), price_quantity=ONE))
    if not found:
        return None
    found = [replace(one, description=_described(one, short.reason)) for one in found]
    return Cut(line, tuple(found), _told(line, paid, price, short, currency))


def _fewer(entry: LineEntry, quantity: Decimal, currency: str) -> LineEntry:
    """So many of a line's units, at its price, with as much of its charges as falls to them."""
    share = Fraction(quantity) / Fraction(entry.quantity) if entry.quantity else Fraction(1)
    charges = []
    for one in entry.charges:
        if one.percent is not None:
            charges.append(one)
        elif amount := round_half_up(Fraction(one.amount or ZERO) * share, currency):
            charges.append(replace(one, amount=amount))
    return replace(entry, quantity=quantity, charges=tuple(charges), notice_line=None, sheet_line=None)


def _money(
    entry: LineEntry, quantity: Decimal, unit_price: Decimal, charges: tuple[ChargeEntry, ...]
) -> LineEntry:
    return replace(
        entry,
        quantity=quantity,
        unit_price=unit_price,
        price_only=True,
        charges=charges,
        notice_line=None,
        sheet_line=None,
    )


def _described(entry: LineEntry, why: str) -> str:
    """What a line of the credit note is called: as the line that it is about, and why."""
    return ": ".join(filter(None, (entry.description, why.strip())))[:LONGEST_DESCRIPTION]


# --- what the supplier reads --------------------------------------------------------------------------------


def _told(line: Claimed, paid: Decimal, price: Decimal, short: ShortLine, currency: str) -> str:
    entry = line.entry
    parts = []
    if not paid and line.left:
        parts.append(_("not paid"))
    elif paid != line.left:
        values = {"paid": plain(paid), "all": f"{plain(line.left)} {entry.unit}".strip()}
        parts.append(_("%(paid)s of %(all)s are paid") % values)
    if paid and price != entry.unit_price:
        values = {"paid": plain(price), "asked": plain(entry.unit_price), "currency": currency}
        parts.append(_("paid at %(paid)s instead of %(asked)s %(currency)s") % values)
    if short.amount:
        values = {"amount": plain(short.amount), "currency": currency}
        parts.append(_("%(amount)s %(currency)s taken off") % values)
    text = f"{line.label}: {', '.join(parts)}."
    return f"{text} {sentence(short.reason)}".strip()


def _charge_told(charge: ChargeEntry, paid: Decimal, currency: str) -> str:
    values = {
        "name": charge.reason or charge.code or _("Charge"),
        "paid": plain(paid),
        "asked": plain(_fixed(charge)),
        "currency": currency,
    }
    return _("%(name)s: %(paid)s of %(asked)s %(currency)s are paid.") % values


def sentence(text: str) -> str:
    """A text with a full stop, where it has none."""
    said = text.strip()
    return said if not said or said.endswith((".", "!", "?")) else f"{said}."
