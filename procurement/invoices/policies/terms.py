"""Terms of payment: when an invoice is due, until when a discount may be taken, and how much it is. Pure."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from procurement.invoices.policies.sums import percent_of

LONGEST_TERM = 365  # days


@dataclass(frozen=True, slots=True)
class Terms:
    """ "2/10 net 30": to be paid in full within `days`, or with `percent` off within `discount_days`."""

    days: int | None = None
    percent: Decimal | None = None
    discount_days: int | None = None


_NUMBER = r"(\d{1,3}(?:[.,]\d{1,3})?)"
# 2/10 net 30, 2/10, n/30, 1.5 / 14 n 45
_ANGLO = re.compile(rf"\b{_NUMBER}\s*/\s*(\d{{1,3}})\b(?:[\s,;]*(?:net|n)\s*/?\s*(\d{{1,3}}))?")
# 2 % 10 days, 2% Skonto innerhalb 14 Tagen, 14 Tage 2 % Skonto
_PERCENT_FIRST = re.compile(rf"{_NUMBER}\s*%\D{{0,40}}?(\d{{1,3}})\s*(?:days?|tagen?|jours|d[ií]as)\b")
_DAYS_FIRST = re.compile(rf"(\d{{1,3}})\s*(?:days?|tagen?|jours|d[ií]as)\D{{0,12}}?{_NUMBER}\s*%")
_NET = re.compile(
    r"\b(?:net|netto|n)\W{0,2}(\d{1,3})\b"
    r"|\b(\d{1,3})\s*(?:days?|tagen?|jours|d[ií]as)\W{0,2}(?:net|netto|rein|ohne)"
    r"|\b(\d{1,3})\s*(?:days?|tagen?|jours|d[ií]as)\b"
)


def read_terms(text: str) -> Terms:
    """The terms that an order names in words, as far as they can be read without guessing; empty where they cannot."""
    words = " ".join(text.casefold().split())
    percent: Decimal | None = None
    within: int | None = None
    net: int | None = None
    if found := _ANGLO.search(words):
        percent, within = _decimal(found[1]), int(found[2])
        net = int(found[3]) if found[3] else None
        words = words[: found.start()] + " " + words[found.end() :]
    elif found := _DAYS_FIRST.search(words):
        percent, within = _decimal(found[2]), int(found[1])
        words = words[: found.start()] + " " + words[found.end() :]
    elif found := _PERCENT_FIRST.search(words):
        percent, within = _decimal(found[1]), int(found[2])
        words = words[: found.start()] + " " + words[found.end() :]
    if net is None and (found := _NET.search(words)):
        net = int(next(group for group in found.groups() if group))
    if percent is not None and not (0 < percent < 100 and (net is None or (within or 0) <= net)):
        return Terms()  # two readings, and only one can be meant
    if net is not None and net > LONGEST_TERM:
        return Terms()
    return Terms(net, percent, within)


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def due_day(invoiced_on: date, days: int | None) -> date:
    """The day on which an invoice is to be paid: so many days after its own; at once where no term is named."""
    return invoiced_on + timedelta(days=days or 0)


def discount_until(invoiced_on: date | None, discount_days: int | None) -> date | None:
    """The last day on which the discount may be taken; None where there is none."""
    if invoiced_on is None or discount_days is None:
        return None
    return invoiced_on + timedelta(days=discount_days)


def discount_amount(total: Decimal, percent: Decimal | None, currency: str) -> Decimal:
    """How much may be taken off what is to be paid, taxes and all, rounded half up to the currency's minor unit."""
    return percent_of(total, percent or Decimal(0), currency)
