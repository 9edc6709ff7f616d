"""What an invoice comes to. Pure.

The arithmetic is EN 16931-1:2017 §6.4.2 (business rules BR-CO-10 to BR-CO-17):

- a line's net amount is quantity × price ÷ price quantity, plus its charges, less its allowances (BT-131);
- the sum of the lines (BT-106) less document allowances (BT-107) plus document charges (BT-108) is the total without
  tax (BT-109);
- all that is taxed alike is added up, and its tax is that base times the rate (BR-CO-17), not a sum of lines' taxes;
- what is to be paid is the total without tax plus the sum of the taxes (BR-CO-15).

Note [Rounding]: amounts are rounded half up to the currency's minor unit at three places and nowhere else: each charge
or allowance, each line's net amount, each tax. Between them figures are exact fractions, and sums of rounded amounts
need no rounding. So neither the order of lines nor that of charges moves a total.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from portal.kernel.values import minor_units

ZERO = Decimal(0)
HUNDRED = 100


def round_half_up(amount: Fraction, currency: str) -> Decimal:
    """An exact amount with as many decimals as its currency has, half up, away from zero (ISO 4217)."""
    places = minor_units(currency)
    scaled = abs(amount) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if amount >= 0 else -whole).scaleb(-places)


def percent_of(amount: Decimal, percent: Decimal, currency: str) -> Decimal:
    """So many percent of an amount, rounded half up to the currency's minor unit."""
    return round_half_up(Fraction(amount) * Fraction(percent) / HUNDRED, currency)


@dataclass(frozen=True, slots=True, order=True)
class TaxKey:
    """What is taxed alike: category (UNCL 5305), rate in percent, and in which jurisdiction."""

    category: str
    rate: Decimal = ZERO
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class Extra:
    """A charge or an allowance: a fixed `amount`, or `percent` of what it belongs to."""

    is_allowance: bool = False
    amount: Decimal | None = None
    percent: Decimal | None = None
    tax: TaxKey = TaxKey("")


@dataclass(frozen=True, slots=True)
class Priced:
    """A line: so many units at a price for `price_quantity` of them."""

    quantity: Decimal
    unit_price: Decimal
    price_quantity: Decimal = Decimal(1)
    tax: TaxKey = TaxKey("")
    extras: tuple[Extra, ...] = ()


@dataclass(frozen=True, slots=True)
class LineSum:
    """What a line comes to: before its extras, each extra, and after them."""

    gross: Decimal
    extras: tuple[Decimal, ...]
    net: Decimal


@dataclass(frozen=True, slots=True)
class TaxSum:
    """Base and tax of all that is taxed alike."""

    key: TaxKey
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Sums:
    """What an invoice comes to; `lines` and `extras` in the order in which they were handed in, taxes by their key."""

    lines: tuple[LineSum, ...]
    extras: tuple[Decimal, ...]
    taxes: tuple[TaxSum, ...]
    line_total: Decimal = ZERO
    allowance_total: Decimal = ZERO
    charge_total: Decimal = ZERO
    tax_total: Decimal = ZERO
    total: Decimal = field(default=ZERO)

    @property
    def without_tax(self) -> Decimal:
        """BT-109."""
        return self.line_total - self.allowance_total + self.charge_total


def gross_of(line: Priced) -> Fraction:
    """Quantity × price ÷ price quantity, exact."""
    return Fraction(line.quantity) * Fraction(line.unit_price) / Fraction(line.price_quantity)


def sum_line(line: Priced, currency: str) -> LineSum:
    """What one line comes to (BT-131). Percentages are of the amount before them."""
    gross = gross_of(line)
    extras = tuple(_extra(one, gross, currency) for one in line.extras)
    signed = sum(
        (Fraction(_signed(one, amount)) for one, amount in zip(line.extras, extras, strict=True)), Fraction(0)
    )
    return LineSum(round_half_up(gross, currency), extras, round_half_up(gross + signed, currency))


def sum_up(lines: Sequence[Priced], extras: Sequence[Extra], currency: str) -> Sums:
    """What an invoice of these lines and document-level extras comes to, in its currency."""
    by_line = tuple(sum_line(line, currency) for line in lines)
    line_total = _add(one.net for one in by_line)
    amounts = tuple(_extra(one, Fraction(line_total), currency) for one in extras)
    bases: dict[TaxKey, Decimal] = {}
    for line, came in zip(lines, by_line, strict=True):
        bases[line.tax] = bases.get(line.tax, ZERO) + came.net
    for one, amount in zip(extras, amounts, strict=True):
        bases[one.tax] = bases.get(one.tax, ZERO) + _signed(one, amount)
    taxes = tuple(
        TaxSum(key, bases[key], percent_of(bases[key], key.rate, currency)) for key in sorted(bases)
    )
    allowances = _add(amount for one, amount in zip(extras, amounts, strict=True) if one.is_allowance)
    charges = _add(amount for one, amount in zip(extras, amounts, strict=True) if not one.is_allowance)
    tax_total = _add(one.amount for one in taxes)
    total = line_total - allowances + charges + tax_total
    return Sums(by_line, amounts, taxes, line_total, allowances, charges, tax_total, total)


def _extra(one: Extra, of: Fraction, currency: str) -> Decimal:
    if one.percent is not None:
        return round_half_up(of * Fraction(one.percent) / HUNDRED, currency)
    return round_half_up(Fraction(one.amount or ZERO), currency)


def _signed(one: Extra, amount: Decimal) -> Decimal:
    return -amount if one.is_allowance else amount


def _add(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, start=ZERO)
