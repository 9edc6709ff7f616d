"""The words and values of tolerances: rules as somebody wrote them, what they are asked, and what they say.

Nothing here knows a table or a framework. Numbers are exact: a price of 10 for 3 is a third of ten, not 3.33. Days are
calendar days. An absolute limit is in the measure's own unit: days, the line's unit, the currency, deliveries.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from typing import Any


class DocumentKind(StrEnum):
    """Which paper is compared: a promise with its order, a change with what was agreed, a ship notice with what is
    open, an invoice with all of them.
    """

    PROMISE = "promise"
    CHANGE = "change_request"
    SHIPMENT = "ship_notice"
    INVOICE = "invoice"


class Measure(StrEnum):
    """What is compared. `DELIVERIES` counts in how many deliveries a line comes: a split is one more than asked.

    `OTHER` is what no figure measures (a substitute, a backorder): no rule speaks of it, so a person does.
    """

    QUANTITY = "quantity"
    UNIT_PRICE = "unit_price"
    LINE_AMOUNT = "line_amount"
    DOCUMENT_AMOUNT = "document_amount"
    TAX = "tax"
    CHARGE = "charge"
    DATE = "date"
    DELIVERIES = "deliveries"
    OTHER = "other"


class Direction(StrEnum):
    """Which side of what is expected a rule speaks of: more (for a day: later), less (earlier), or both."""

    OVER = "over"
    UNDER = "under"
    EITHER = "either"


class Joined(StrEnum):
    """What two limits of one rule mean together: both must hold, or one is enough."""

    AND = "and"
    OR = "or"


class Level(StrEnum):
    """For whom a rule is written, the widest first. The narrowest that speaks of a measure is the one that counts."""

    GLOBAL = "global"
    SEGMENT = "segment"
    SUPPLIER = "supplier"
    ITEM_GROUP = "item_group"
    ITEM = "item"
    SUPPLIER_ITEM = "supplier_item"
    ORDER_LINE = "order_line"


class Inside(StrEnum):
    """What happens to what lies inside."""

    ACCEPT = "accept"
    NOTIFY = "notify"


class Outside(StrEnum):
    """What happens to what lies outside."""

    ASK = "ask"
    REFUSE = "refuse"


class Outcome(IntEnum):
    """What comes of a comparison, the mildest first: of several, the strictest counts."""

    SAME = 0
    ACCEPT = 1
    NOTIFY = 2
    ASK = 3
    REFUSE = 4


class Result(StrEnum):
    """What one comparison found. `UNCHECKED`: a rule says that it is not checked. `UNRULED`: no rule speaks of it."""

    SAME = "same"
    INSIDE = "inside"
    UNCHECKED = "unchecked"
    OUTSIDE = "outside"
    UNRULED = "unruled"


@dataclass(frozen=True, slots=True)
class Limit:
    """How far apart is still inside. `0` means none allowed; None means not set: nothing is checked by it."""

    absolute: Decimal | None = None
    percent: Decimal | None = None
    joined: Joined = Joined.AND

    @property
    def is_checked(self) -> bool:
        return self.absolute is not None or self.percent is not None


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom: a level, and what it names: segment, supplier's number, item group, item, numbers of order and line."""

    level: Level = Level.GLOBAL
    segment: str = ""
    supplier: str = ""
    item_group: str = ""
    item: str = ""
    order: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it was written. `number` is its place in its policy and means nothing to the verdict.

    `unit` is the currency or unit of measure of an absolute limit: such a rule speaks of figures in it alone. `code`
    narrows a rule on charges to one of them. Both days of validity are included; None is open.
    """

    key: str
    kind: DocumentKind
    measure: Measure
    direction: Direction
    limit: Limit
    scope: Scope = field(default_factory=Scope)
    inside: Inside = Inside.ACCEPT
    outside: Outside = Outside.ASK
    unit: str = ""
    code: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    author: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """What a comparison is about: everything a scope can name, in which money and unit, and on which day."""

    kind: DocumentKind
    on: date
    segment: str = ""
    supplier: str = ""
    item_group: str = ""
    item: str = ""
    order: str = ""
    line: str = ""
    currency: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure beside the one it is held against; both are days where a day is compared.

    `piece` counts the pieces of a line from 1; 0 stands for the line as a whole.
    """

    measure: Measure
    expected: Fraction | date
    actual: Fraction | date
    piece: int = 0
    code: str = ""

    @property
    def deviation(self) -> Fraction:
        """How far the figure lies from what is expected: above zero for more, or later."""
        if isinstance(self.actual, date) or isinstance(self.expected, date):
            assert isinstance(self.actual, date)
            assert isinstance(self.expected, date)
            return Fraction((self.actual - self.expected).days)
        return self.actual - self.expected


@dataclass(frozen=True, slots=True)
class Check:
    """What one comparison said, and why: the rule that decided and its limit in the measure's own unit."""

    measured: Measured
    result: Result
    outcome: Outcome
    rule: Rule | None = None
    limit: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """All comparisons of one line."""

    checks: tuple[Check, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The strictest of all."""
        return max((check.outcome for check in self.checks), default=Outcome.SAME)

    def outcome_of(self, piece: int) -> Outcome:
        """What comes of one piece: what was said of it, and of its line as a whole."""
        found = (check.outcome for check in self.checks if check.measured.piece in (0, piece))
        return max(found, default=Outcome.SAME)

    @property
    def apart(self) -> tuple[Check, ...]:
        """What is not as expected, the gravest first."""
        return tuple(
            sorted(
                (check for check in self.checks if check.result is not Result.SAME),
                key=lambda check: (-check.outcome, check.measured.piece),
            )
        )


# --- as it is kept and told ---------------------------------------------------------------------------------


def number_text(amount: Fraction) -> str:
    """An exact number as text: 6.85 where a decimal says it exactly, else 10/3."""
    numerator, rest = amount.numerator, amount.denominator
    if rest == 1:
        return str(numerator)
    places = 0
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest //= prime
            count += 1
        places = max(places, count)
    if rest > 1:
        return str(amount)
    digits = str(abs(numerator) * 10**places // amount.denominator).zfill(places + 1)
    return f"{'-' if numerator < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def _figure_text(value: Fraction | date) -> str:
    return value.isoformat() if isinstance(value, date) else number_text(value)


def _read_figure(text: str, measure: Measure) -> Fraction | date:
    return date.fromisoformat(text) if measure is Measure.DATE else Fraction(text)


def rule_to_json(rule: Rule) -> dict[str, Any]:
    """A rule as a decision keeps it, word for word: it can be read when the rule itself is long gone."""
    limit, scope = rule.limit, rule.scope
    codes = {name: getattr(scope, name) for name in NAMES if getattr(scope, name)}
    return {
        "key": rule.key,
        "number": rule.number,
        "kind": rule.kind.value,
        "measure": rule.measure.value,
        "direction": rule.direction.value,
        "absolute": None if limit.absolute is None else f"{limit.absolute:f}",
        "percent": None if limit.percent is None else f"{limit.percent:f}",
        "joined": limit.joined.value,
        "scope": {"level": scope.level.value, **codes},
        "inside": rule.inside.value,
        "outside": rule.outside.value,
        "unit": rule.unit,
        "code": rule.code,
        "valid_from": rule.valid_from.isoformat() if rule.valid_from else None,
        "valid_to": rule.valid_to.isoformat() if rule.valid_to else None,
    }


NAMES = ("segment", "supplier", "item_group", "item", "order", "line")


def rule_from_json(told: Mapping[str, Any]) -> Rule:
    """A rule as a decision kept it."""
    codes = {name: text for name, text in told["scope"].items() if name != "level"}
    return Rule(
        key=told["key"],
        number=told["number"],
        kind=DocumentKind(told["kind"]),
        measure=Measure(told["measure"]),
        direction=Direction(told["direction"]),
        limit=Limit(_decimal(told["absolute"]), _decimal(told["percent"]), Joined(told["joined"])),
        scope=Scope(Level(told["scope"]["level"]), **codes),
        inside=Inside(told["inside"]),
        outside=Outside(told["outside"]),
        unit=told["unit"],
        code=told["code"],
        valid_from=date.fromisoformat(told["valid_from"]) if told["valid_from"] else None,
        valid_to=date.fromisoformat(told["valid_to"]) if told["valid_to"] else None,
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def check_to_json(check: Check) -> dict[str, Any]:
    """A comparison as a decision keeps it: its inputs, the rule, its limit, and what it found."""
    measured = check.measured
    return {
        "measure": measured.measure.value,
        "piece": measured.piece,
        "code": measured.code,
        "expected": _figure_text(measured.expected),
        "actual": _figure_text(measured.actual),
        "result": check.result.value,
        "outcome": check.outcome.name.lower(),
        "limit": None if check.limit is None else number_text(check.limit),
        "rule": None if check.rule is None else rule_to_json(check.rule),
    }


def check_from_json(told: Mapping[str, Any]) -> Check:
    """A comparison as a decision kept it."""
    measure = Measure(told["measure"])
    return Check(
        measured=Measured(
            measure,
            _read_figure(told["expected"], measure),
            _read_figure(told["actual"], measure),
            told["piece"],
            told["code"],
        ),
        result=Result(told["result"]),
        outcome=Outcome[told["outcome"].upper()],
        rule=None if told["rule"] is None else rule_from_json(told["rule"]),
        limit=None if told["limit"] is None else Fraction(told["limit"]),
    )


# --- what a door hands in -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WriteRule:
    """A rule to be written into a draft, or over the one with this key."""

    policy: uuid.UUID
    version: int
    rule: Rule
    note: str = ""
    key: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What a policy said of one line of a paper, to be written down; `agreed` of its `pieces` are agreed at once."""

    origin: uuid.UUID
    kind: DocumentKind
    order_key: uuid.UUID
    order_number: str
    line_key: str
    line_number: int
    item_number: str
    unit: str
    verdict: Verdict
    pieces: int
    agreed: int


BY_RULE = "by rule: "


def rule_label(policy: str) -> str:
    """The name under which a policy acts, as it is kept: in one language, whoever's press the rules acted on.

    `presenters.sentences.said_by` says it in the reader's.
    """
    return f"{BY_RULE}{policy}"
