"""Priority = urgency × impact: named parts, each an expression over the figures of a case; shown with its points.

Every figure is a number, always: what is not known has the value that `INPUTS` says, chosen so that what nobody knows
makes nothing look pressing. Days are calendar days, as the company of the case counts them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _

from procurement.inbox.messages import Part
from procurement.inbox.policies.expressions import BadExpression, Expression, Inputs, read_expression

HUNDRED, ZERO = Decimal(100), Decimal(0)
FAR = Decimal(999)
MOST_PARTS = 20


@dataclass(frozen=True, slots=True)
class Input:
    """One figure that a formula may use: what it says, and what stands for it where it is not known."""

    meaning: str | Lazy
    unknown: Decimal = ZERO


INPUTS: Mapping[str, Input] = {
    "days_to_need": Input(_("Days until the goods are needed; negative once that day is past"), FAR),
    "days_late": Input(_("Days between the day asked for and the day promised, or today if nothing came")),
    "days_overdue": Input(_("Days since something should have been done: an answer, an arrival")),
    "days_open": Input(_("Days since the case was opened")),
    "value": Input(_("What is open of the lines, in the company’s currency")),
    "extra_cost": Input(_("What it costs more than asked or agreed, in the company’s currency")),
    "short_percent": Input(_("How much of the quantity is refused or promised for no day, in percent")),
    "stock_cover_days": Input(_("For how many days the stock lasts"), FAR),
    "stock_out_days": Input(_("Days without stock before the goods arrive")),
    "stock_short": Input(_("How much will be missing when the goods arrive, in the item’s unit")),
    "open_demand": Input(_("What customers have ordered and wait for, in the item’s unit")),
    "demand_orders": Input(_("How many orders of customers wait for it")),
    "slips": Input(_("How often the promise of the line moved to a later day")),
    "occurrences": Input(_("How often the case has come back, the first time included"), Decimal(1)),
    "round": Input(_("Which round of counter-offers it is")),
    "is_strategic": Input(_("1 for a strategic supplier, otherwise 0")),
    "is_core": Input(_("1 for a core supplier, otherwise 0")),
    "kind_weight": Input(_("How grave the kind of case is by itself, 0 to 25")),
}


def unknown_inputs() -> dict[str, Decimal]:
    """Every figure as it is while nothing is known."""
    return {name: one.unknown for name, one in INPUTS.items()}


# What counts until an administrator has written another formula.
DEFAULT_PARTS = (
    Part(
        "Stock out before arrival",
        "0 if stock_out_days <= 0 else 40 if stock_cover_days <= 30 else 20 if stock_cover_days <= 60 else 10",
    ),
    Part("Open customer demand", "min(28, 10 * demand_orders)"),
    Part("Days late", "min(20, 2 * max(days_late, days_overdue, 0))"),
    Part("Value", "min(10, value / 1000)"),
    Part("Slips so far", "min(6, slips)"),
    Part("Needed soon", "12 if days_to_need <= 7 else 6 if days_to_need <= 21 else 0"),
    Part("Kind of case", "kind_weight"),
    Part("Strategic supplier", "5 if is_strategic else 0"),
)
DEFAULT_URGENCY = "1 if days_to_need <= 28 else 0.8 if days_to_need <= 84 else 0.6"
# As the names of the parts above are read by people, in their language.
DEFAULT_NAMES: Mapping[str, Lazy] = {
    "Stock out before arrival": _("Stock out before arrival"),
    "Open customer demand": _("Open customer demand"),
    "Days late": _("Days late"),
    "Value": _("Value"),
    "Slips so far": _("Slips so far"),
    "Needed soon": _("Needed soon"),
    "Kind of case": _("Kind of case"),
    "Strategic supplier": _("Strategic supplier"),
}


@dataclass(frozen=True, slots=True)
class Points:
    """What one part gave to a score."""

    name: str
    points: int


@dataclass(frozen=True, slots=True)
class Score:
    """A case's rank from 0 to 100, and how it came about. The parts add up to it, but for the cap."""

    score: int
    parts: tuple[Points, ...]


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was read. `rates` are what one unit of a currency is worth in the company's."""

    parts: tuple[tuple[str, Expression], ...]
    urgency: Expression
    rates: Mapping[str, Decimal]

    def score(self, inputs: Inputs) -> Score:
        """Rank a case: each part times the urgency, rounded to whole points, summed, from 0 to 100."""
        urgency = max(ZERO, self.urgency.value(inputs))
        told: list[Points] = []
        for name, expression in self.parts:
            points = int((expression.value(inputs) * urgency).to_integral_value(ROUND_HALF_UP))
            if points:
                told.append(Points(name, points))
        total = sum(one.points for one in told)
        told.sort(key=lambda one: -one.points)
        return Score(max(0, min(100, total)), tuple(told))

    def rate(self, currency: str) -> Decimal:
        """What one unit of a currency counts; one that nobody gave a rate counts as the company's own."""
        return self.rates.get(currency, Decimal(1))


def read_formula(parts: Iterable[Part], urgency: str, rates: Mapping[str, str] | None = None) -> Formula:
    """Read a formula. Raises `BadExpression`."""
    names = tuple(INPUTS)
    read = tuple((part.name, read_expression(part.expression, names)) for part in parts)
    worth = {currency: Decimal(rate) for currency, rate in (rates or {}).items()}
    return Formula(read, read_expression(urgency, names), worth)


def faults_of(parts: Sequence[Part], urgency: str) -> list[tuple[str, str]]:
    """Everything that cannot be read: which field (`part.0`, `urgency`), and the sentence."""
    found: list[tuple[str, str]] = []
    fields = [(f"part.{place}", part.expression) for place, part in enumerate(parts)]
    for name, text in [*fields, ("urgency", urgency)]:
        try:
            read_expression(text, tuple(INPUTS))
        except BadExpression as fault:
            found.append((name, str(fault)))
    return found


def default_formula() -> Formula:
    """The formula that comes with the program."""
    return read_formula(DEFAULT_PARTS, DEFAULT_URGENCY)
