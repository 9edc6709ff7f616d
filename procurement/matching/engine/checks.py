"""What the engine says: each check with its inputs, limit, rule, result and sentence, and what comes of them all.

A sentence is kept as the key of one (`message`); its figures are the check's inputs, so the presenters say the same to
both sides, each in its language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Any

from procurement.tolerances.messages import Rule, number_text, rule_from_json, rule_to_json


class CheckKind(StrEnum):
    """What is compared, in the order in which it is (domain.md §10)."""

    DUPLICATE = "duplicate"
    SUPPLIER = "supplier"
    CURRENCY = "currency"
    TAX_ID = "tax_id"
    ORDER = "order"
    MAPPING = "mapping"
    QUANTITY = "quantity"
    PRICE = "price"
    AMOUNT = "amount"
    CUMULATIVE = "cumulative"
    CHARGE = "charge"
    TAX = "tax"
    TOTAL = "total"
    ORDER_AMOUNT = "order_amount"
    APPROVAL = "approval"


class Result(StrEnum):
    """What one check found. `WAITS`: it will pass by itself once the goods are booked."""

    PASSED = "passed"
    FAILED = "failed"
    WAITS = "waits"
    NOT_CHECKED = "not_checked"


class Acts(StrEnum):
    """Whose turn it is."""

    SUPPLIER = "supplier"
    BUYER = "buyer"
    RECEIVER = "receiver"
    PAYABLES = "payables"
    NOBODY = "nobody"


class Outcome(StrEnum):
    """What comes of a claim."""

    PASSED = "passed"
    WAITS = "waits_for_receipt"
    HELD = "held"
    REFUSED = "refused"


Input = str | Fraction | date


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison. `position` is the line of the claim (0: the whole), `order_line` what it was compared with.

    `limit` is how far apart was allowed, in the measure's own unit; None: nothing was allowed for or nothing is
    measured. `refuses`: a rule says that such a claim is not taken at all. `notify`: it passed, and somebody is to
    know.
    """

    kind: CheckKind
    result: Result
    message: str
    inputs: Mapping[str, Input] = field(default_factory=dict)
    position: int = 0
    order_line: int | None = None
    limit: Fraction | None = None
    rule: Rule | None = None
    acts: Acts = Acts.NOBODY
    refuses: bool = False
    notify: bool = False


@dataclass(frozen=True, slots=True)
class Matched:
    """All checks of a claim in their order, and what comes of it."""

    checks: tuple[Check, ...]
    approves_alone: bool = False
    approver: str = ""

    @property
    def apart(self) -> tuple[Check, ...]:
        """What did not pass, the gravest first, each in its order."""
        stopping = (one for one in self.checks if one.result in (Result.FAILED, Result.WAITS))
        return tuple(sorted(stopping, key=_gravity))

    @property
    def outcome(self) -> Outcome:
        """The gravest of all."""
        apart = self.apart
        if not apart:
            return Outcome.PASSED
        if apart[0].refuses:
            return Outcome.REFUSED
        return Outcome.HELD if apart[0].result is Result.FAILED else Outcome.WAITS

    @property
    def reason(self) -> Check | None:
        """The one check that says in one sentence why it does not go on."""
        return self.apart[0] if self.apart else None


def _gravity(check: Check) -> tuple[bool, bool]:
    return (not check.refuses, check.result is not Result.FAILED)


# --- as it is kept and told ---------------------------------------------------------------------------------

DAYS = frozenset({"day", "other_day"})
WORDS = frozenset(
    {
        "unit",
        "claimed_unit",
        "currency",
        "ordered_currency",
        "order",
        "line",
        "number",
        "other",
        "other_key",
        "code",
        "category",
        "jurisdiction",
        "tax_id",
        "known_tax_id",
        "account",
        "approver",
        "way",
        "steps",
    }
)


def _told(value: Input) -> str:
    if isinstance(value, Fraction):
        return number_text(value)
    return value.isoformat() if isinstance(value, date) else value


def _read(name: str, text: str) -> Input:
    if name in WORDS:
        return text
    return date.fromisoformat(text) if name in DAYS else Fraction(text)


def check_to_json(check: Check) -> dict[str, Any]:
    """A check as a match keeps it: what is empty is left out, for there are millions."""
    told: dict[str, Any] = {
        "kind": check.kind.value,
        "result": check.result.value,
        "message": check.message,
        "inputs": {name: _told(value) for name, value in check.inputs.items()},
    }
    if check.position:
        told["position"] = check.position
    if check.order_line is not None:
        told["order_line"] = check.order_line
    if check.limit is not None:
        told["limit"] = number_text(check.limit)
    if check.rule is not None:
        told["rule"] = rule_to_json(check.rule)
    if check.acts is not Acts.NOBODY:
        told["acts"] = check.acts.value
    if check.refuses:
        told["refuses"] = True
    if check.notify:
        told["notify"] = True
    return told


def check_from_json(told: Mapping[str, Any]) -> Check:
    """A check as a match kept it."""
    return Check(
        kind=CheckKind(told["kind"]),
        result=Result(told["result"]),
        message=told["message"],
        inputs={name: _read(name, text) for name, text in told["inputs"].items()},
        position=told.get("position", 0),
        order_line=told.get("order_line"),
        limit=Fraction(told["limit"]) if "limit" in told else None,
        rule=rule_from_json(told["rule"]) if "rule" in told else None,
        acts=Acts(told.get("acts", Acts.NOBODY)),
        refuses=told.get("refuses", False),
        notify=told.get("notify", False),
    )


@lru_cache(maxsize=65536)
def _fraction(value: Decimal) -> Fraction:
    return Fraction(value)


def exact(value: Decimal | Fraction | int) -> Fraction:
    """A figure as the checks compare it. The same few come again and again: ones, prices, quantities."""
    if type(value) is Fraction:
        return value
    return _fraction(value) if type(value) is Decimal else Fraction(value)
