"""How much less is paid for being paid sooner. Pure, exact, and rounded at one place.

The discount is taken off the whole claim, taxes and all, as a cash discount is: total × yearly rate ÷ 100 × days early
÷ day count, rounded half up to the currency's minor unit. It is never more than the highest percentage of the policy,
which is rounded down so that rounding cannot pass it, and there is no offer below the lowest.

Note [The terms come first]: a cash discount of the terms and an early payment never add up. For a day by which the
discount of the terms can still be had nothing is offered: the company pays by the terms then, and takes what they give.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from portal.kernel.values import minor_units
from procurement.discounting.messages import WriteDiscountPolicy
from procurement.invoices.policies.sums import round_half_up
from procurement.payables.policies import week_of

DAY_COUNTS = (360, 365)
LONGEST_NAME = 100
LONGEST_NOTE = 2000
MOST_PAY_DAYS = 60
# So many days a select still shows, and nobody waits longer for the invoice to be due.
MOST_OFFERED = 60
# So many working days after the agreed one the ERP may take to tell that it has paid.
TELLING_DAYS = 2
ZERO = Decimal(0)
LARGEST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class DiscountRule:
    """What a policy grants: see `messages.WriteDiscountPolicy`."""

    yearly_percent: Decimal
    most_percent: Decimal
    least_percent: Decimal = ZERO
    day_count: int = 360
    pay_days: int = 2
    least_amount: Decimal = ZERO
    weekly_budget: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """Paid on `pay_on`, that is `days` sooner than planned, it is `discount` less."""

    pay_on: date
    days: int
    discount: Decimal
    to_pay: Decimal


def _no_more_than(amount: Fraction, currency: str) -> Decimal:
    """The highest figure in whole minor units of a currency that is not above this."""
    decimals = minor_units(currency)
    return Decimal(amount.numerator * 10**decimals // amount.denominator).scaleb(-decimals)


def early_discount(total: Decimal, days: int, currency: str, rule: DiscountRule) -> Decimal:
    """How much less is paid for so many days; zero where it is not sooner, or too little to be offered."""
    if days <= 0 or total <= 0:
        return ZERO
    percent = Fraction(rule.yearly_percent) * days / rule.day_count
    if percent < Fraction(rule.least_percent):
        return ZERO
    wanted = round_half_up(Fraction(total) * percent / 100, currency)
    most = _no_more_than(Fraction(total) * Fraction(rule.most_percent) / 100, currency)
    return min(wanted, most)


def offers(
    total: Decimal,
    currency: str,
    rule: DiscountRule,
    *,
    earliest: date,
    planned_on: date,
    terms_until: date | None,
    is_pay_day: Callable[[date], bool],
) -> Sequence[Offer]:
    """What is offered for each day on which the company pays, the soonest first, `MOST_OFFERED` at most. Empty where
    the total is below the smallest amount, or nothing lies between `earliest` and the planned day.

    See Note [The terms come first] for `terms_until`.
    """
    if total < rule.least_amount:
        return ()
    first = earliest if terms_until is None else max(earliest, terms_until + timedelta(days=1))
    found: list[Offer] = []
    for day in _days(first, planned_on):
        if len(found) == MOST_OFFERED:
            break
        days = (planned_on - day).days
        discount = early_discount(total, days, currency, rule)
        if discount > 0 and discount < total and is_pay_day(day):
            found.append(Offer(day, days, discount, total - discount))
    return tuple(found)


def within_budget(
    found: Iterable[Offer], budget: Decimal | None, spent: Mapping[date, Decimal]
) -> tuple[Offer, ...]:
    """Of these offers those for which what is left of the week's budget is enough: `spent` is what is paid early under
    the same policy, by the Monday of the week (ISO 8601) in which it is paid. A week is never paid beyond its budget,
    so a large invoice may find no room where a smaller one does.
    """
    if budget is None:
        return tuple(found)
    return tuple(one for one in found if spent.get(week_of(one.pay_on), ZERO) + one.to_pay <= budget)


def _days(first: date, before: date) -> Iterator[date]:
    while first < before:
        yield first
        first += timedelta(days=1)


def yearly_yield(discount: Decimal, to_pay: Decimal, days: int, day_count: int) -> Decimal:
    """What the money earned, in percent a year: the discount over what was paid for it, days early, with one
    decimal."""
    if days <= 0 or to_pay <= 0:
        return ZERO
    found = Fraction(discount) / Fraction(to_pay) * day_count / days * 100
    return _tenths(found)


def _tenths(amount: Fraction) -> Decimal:
    whole, rest = divmod(amount.numerator * 10, amount.denominator)
    return Decimal(whole + (rest * 2 >= amount.denominator)).scaleb(-1)


@dataclass(frozen=True, slots=True)
class Written:
    """A policy that acts, and for whom it is written: `width` 0 for one supplier, 1 for a segment, 2 for everybody."""

    key: str
    rule: DiscountRule
    currency: str
    segment: str = ""
    supplier: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    since: str = ""

    @property
    def width(self) -> int:
        return 0 if self.supplier else 1 if self.segment else 2

    def speaks_of(self, *, supplier: str, segment: str, currency: str, today: date) -> bool:
        """Whether it counts for invoices of this supplier in this currency today; both its days are included."""
        return (
            self.currency == currency
            and self.supplier in ("", supplier)
            and self.segment in ("", segment)
            and (self.valid_from is None or self.valid_from <= today)
            and (self.valid_to is None or today <= self.valid_to)
        )


def which_counts(
    policies: Iterable[Written], *, supplier: str, segment: str, currency: str, today: date
) -> Written | None:
    """The narrowest policy that speaks of it; of several of one width, the one approved last. None: nothing is
    offered."""
    found = [
        one
        for one in policies
        if one.speaks_of(supplier=supplier, segment=segment, currency=currency, today=today)
    ]
    narrowest = min((one.width for one in found), default=None)
    mine = [one for one in found if one.width == narrowest]
    return max(mine, key=lambda one: (one.since, one.key), default=None)


def problems_of(command: WriteDiscountPolicy) -> Iterator[Problem]:
    """What is wrong with a policy as it is written, field by field."""
    name = command.name.strip()
    if not name or len(name) > LONGEST_NAME:
        message = _("Give it a name of at most %(most)d characters.") % {"most": LONGEST_NAME}
        yield Problem("name", message, name[:100], "required" if not name else "too_long")
    if len(command.currency) != 3 or not command.currency.isalpha() or not command.currency.isupper():
        message = _("A currency has three letters (ISO 4217), such as EUR.")
        yield Problem("currency", message, command.currency[:10], "unknown")
    yield from _rate_problems(command)
    budget = command.weekly_budget
    if budget is not None and (not 0 < budget < LARGEST or budget != round(budget, 4)):
        message = _("Above zero, or empty where nothing limits it.")
        yield Problem("weekly_budget", message, str(budget), "out_of_range")
    if command.day_count not in DAY_COUNTS:
        message = _("A year counts 360 or 365 days here.")
        yield Problem("day_count", message, str(command.day_count), "unknown")
    if not 0 <= command.pay_days <= MOST_PAY_DAYS:
        message = _("Between 0 and %(most)d working days.") % {"most": MOST_PAY_DAYS}
        yield Problem("pay_days", message, str(command.pay_days), "out_of_range")
    if not 0 <= command.least_amount < LARGEST or command.least_amount != round(command.least_amount, 4):
        message = _("An amount is no less than zero and has at most four decimals.")
        yield Problem("least_amount", message, str(command.least_amount), "out_of_range")
    if command.segment and command.supplier:
        message = _("Write it for a segment or for one supplier, not for both.")
        yield Problem("supplier", message, command.supplier, "names_too_much")
    if len(command.note) > LONGEST_NOTE:
        message = _("A note has at most %(most)d characters.") % {"most": LONGEST_NOTE}
        yield Problem("note", message, "", "too_long")
    if command.valid_from and command.valid_to and command.valid_to < command.valid_from:
        message = _("The last day lies before the first. Check both.")
        yield Problem("valid_to", message, command.valid_to.isoformat(), "ends_before")


def _rate_problems(command: WriteDiscountPolicy) -> Iterator[Problem]:
    message = _("A rate lies above 0 and below 100 percent, with at most four decimals.")
    for name in ("yearly_percent", "most_percent"):
        rate: Decimal = getattr(command, name)
        if not 0 < rate < 100 or rate != round(rate, 4):
            yield Problem(name, message, str(rate), "out_of_range")
    least = command.least_percent
    if not 0 <= least < 100 or least != round(least, 4):
        message = _("Between 0 and 100 percent, with at most four decimals.")
        yield Problem("least_percent", message, str(least), "out_of_range")
    elif least > command.most_percent:
        message = _("The lowest discount is above the highest. Check both.")
        yield Problem("least_percent", message, str(least), "above_most")
