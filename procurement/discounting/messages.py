"""What doors hand in about early payment, and what the ERP is told of one."""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class WriteDiscountPolicy:
    """A policy as it is to be, or over the draft with this key. Rates in percent, amounts in `currency`.

    `yearly_percent` is what a year of waiting less is worth, counted over `day_count` days (360 or 365). An offer takes
    off no less than `least_percent` and no more than `most_percent` of what is claimed. The first day that is offered
    is `pay_days` working days from today. `weekly_budget` is how much is paid early in one week of ISO 8601, by the day
    of payment, to those of whom it speaks, whatever policy it was agreed under; without one nothing limits it. For
    everybody where neither `segment` nor `supplier` (its number) is named.
    """

    company: int
    name: str
    currency: str
    yearly_percent: Decimal
    most_percent: Decimal
    least_percent: Decimal = Decimal(0)
    day_count: int = 360
    pay_days: int = 2
    least_amount: Decimal = Decimal(0)
    weekly_budget: Decimal | None = None
    segment: str = ""
    supplier: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    note: str = ""
    key: uuid.UUID | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class AgreeEarly:
    """A supplier takes an offer exactly as it was shown: the day, and how much less is paid."""

    invoice: uuid.UUID
    pay_on: date
    discount: Decimal


def early_to_json(early: Any, *, ended: bool = False) -> dict[str, Any]:
    """What the ERP is told: this invoice is to be paid on that day, for so much less; or, `ended`, as it was due."""
    invoice = early.invoice
    return {
        "early": str(early.key),
        "issue": invoice.issue,
        "pay_on": early.pay_on.isoformat(),
        "due_on": early.base_on.isoformat(),
        "total": f"{early.total:f}",
        "discount": f"{early.discount:f}",
        "ended": ended,
    }
