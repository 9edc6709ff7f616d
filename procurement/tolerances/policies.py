"""The engine: figures held against rules, exactly. No database, no framework, no clock (domain.md §6).

Note [Which rule counts]: of the rules that speak of a figure (its kind of paper, measure and direction, its money or
unit, its day) those of the narrowest scope count, and the others are silent. Where several of one scope speak, all must
hold and the strictest word is taken; so the order in which rules were written never matters.

Note [Nobody said so]: a figure that no rule speaks of goes to a person, as if there were no policy at all. Amounts are
the exception: they follow from quantity and price, which are compared themselves, so without a rule they are left
alone. A rule with no limit set says in so many words that its measure is not checked.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction

from procurement.tolerances.messages import (
    NAMES,
    Check,
    Direction,
    DocumentKind,
    Inside,
    Joined,
    Level,
    Limit,
    Measure,
    Measured,
    Outcome,
    Outside,
    Result,
    Rule,
    Scope,
    Subject,
    Verdict,
)

WIDEST_FIRST = tuple(Level)
NARROWEST_FIRST = tuple(reversed(WIDEST_FIRST))
NAMED: dict[Level, tuple[str, ...]] = {
    Level.GLOBAL: (),
    Level.SEGMENT: ("segment",),
    Level.SUPPLIER: ("supplier",),
    Level.ITEM_GROUP: ("item_group",),
    Level.ITEM: ("item",),
    Level.SUPPLIER_ITEM: ("supplier", "item"),
    Level.ORDER_LINE: ("order", "line"),
}
MONEY = frozenset(
    {Measure.UNIT_PRICE, Measure.LINE_AMOUNT, Measure.DOCUMENT_AMOUNT, Measure.TAX, Measure.CHARGE}
)
COUNTED = frozenset({Measure.DATE, Measure.DELIVERIES})
# What follows from other figures. See Note [Nobody said so].
DERIVED = frozenset({Measure.LINE_AMOUNT, Measure.DOCUMENT_AMOUNT})
OF_THE_PAPER = frozenset({Measure.DOCUMENT_AMOUNT, Measure.TAX, Measure.CHARGE})
MEASURES: dict[DocumentKind, tuple[Measure, ...]] = {
    DocumentKind.PROMISE: (
        Measure.DATE,
        Measure.UNIT_PRICE,
        Measure.QUANTITY,
        Measure.DELIVERIES,
        Measure.LINE_AMOUNT,
        Measure.DOCUMENT_AMOUNT,
    ),
    DocumentKind.CHANGE: (
        Measure.DATE,
        Measure.UNIT_PRICE,
        Measure.QUANTITY,
        Measure.DELIVERIES,
        Measure.LINE_AMOUNT,
        Measure.DOCUMENT_AMOUNT,
    ),
    # All that was shipped of a line against all that was ordered: only more of it is a difference.
    DocumentKind.SHIPMENT: (Measure.QUANTITY,),
    DocumentKind.INVOICE: (
        Measure.QUANTITY,
        Measure.UNIT_PRICE,
        Measure.LINE_AMOUNT,
        Measure.DOCUMENT_AMOUNT,
        Measure.TAX,
        Measure.CHARGE,
    ),
}
PERCENT = Fraction(1, 100)
INSIDE = {Inside.ACCEPT: Outcome.ACCEPT, Inside.NOTIFY: Outcome.NOTIFY}
OUTSIDE = {Outside.ASK: Outcome.ASK, Outside.REFUSE: Outcome.REFUSE}


# --- what a rule means --------------------------------------------------------------------------------------


def allowed(limit: Limit, expected: Fraction) -> Fraction | None:
    """The limit in the measure's own unit, exactly; None: nothing is checked. A percentage of nothing is nothing."""
    found: list[Fraction] = []
    if limit.absolute is not None:
        found.append(Fraction(limit.absolute))
    if limit.percent is not None:
        found.append(Fraction(limit.percent) * PERCENT * abs(expected))
    if not found:
        return None
    return min(found) if limit.joined is Joined.AND else max(found)


def _place(level: Level, named: Scope | Subject) -> tuple[str, ...]:
    """Where rules of this level are kept for what this names."""
    return (level, *(getattr(named, name) for name in NAMED[level]))


def _speaks(rule: Rule, way: Direction, subject: Subject, measured: Measured) -> bool:
    """Whether a rule written for this subject has something to say about this figure of it."""
    if rule.direction not in (way, Direction.EITHER):
        return False
    if rule.code and rule.code != measured.code:
        return False
    if rule.unit and rule.unit != (subject.currency if rule.measure in MONEY else subject.unit):
        return False
    if rule.valid_from and subject.on < rule.valid_from:
        return False
    return not (rule.valid_to and subject.on > rule.valid_to)


def _said(rule: Rule, measured: Measured) -> Check:
    """What one rule says of one figure."""
    expected = Fraction(0) if measured.measure in COUNTED else measured.expected
    assert isinstance(expected, Fraction)
    limit = allowed(rule.limit, expected)
    if limit is None:
        return Check(measured, Result.UNCHECKED, INSIDE[rule.inside], rule)
    if abs(measured.deviation) <= limit:
        return Check(measured, Result.INSIDE, INSIDE[rule.inside], rule, limit)
    return Check(measured, Result.OUTSIDE, OUTSIDE[rule.outside], rule, limit)


def _strictest(checks: Iterable[Check]) -> Check:
    """The word taken of several: the strictest, then the smallest limit, then by key, so that it is always one."""

    def rank(check: Check) -> tuple[int, bool, Fraction, str]:
        limit = check.limit
        return (-check.outcome, limit is None, limit or Fraction(0), check.rule.key if check.rule else "")

    return min(checks, key=rank)


# --- the book of rules --------------------------------------------------------------------------------------


class Rulebook:
    """Rules, kept by measure and scope: a figure meets only those written for its subject, however many there are."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._kept: dict[tuple[DocumentKind, Measure], dict[tuple[str, ...], list[Rule]]] = {}
        for rule in self.rules:
            places = self._kept.setdefault((rule.kind, rule.measure), defaultdict(list))
            places[_place(rule.scope.level, rule.scope)].append(rule)

    def uses(self, kind: DocumentKind, measure: Measure) -> bool:
        """Whether any rule speaks of this measure at all."""
        return (kind, measure) in self._kept

    def check(self, subject: Subject, measured: Measured) -> Check:
        """Hold one figure against the rules. See Note [Which rule counts] and Note [Nobody said so]."""
        deviation = measured.deviation
        if not deviation:
            return Check(measured, Result.SAME, Outcome.SAME)
        way = Direction.OVER if deviation > 0 else Direction.UNDER
        places = self._kept.get((subject.kind, measured.measure), {})
        for level in NARROWEST_FIRST if places else ():
            rules = places.get(_place(level, subject), ())
            speaking = [rule for rule in rules if _speaks(rule, way, subject, measured)]
            if speaking:
                # A rule on one charge is narrower than one on any, within the same scope.
                coded = [rule for rule in speaking if rule.code]
                return _strictest(_said(rule, measured) for rule in coded or speaking)
        outcome = Outcome.SAME if measured.measure in DERIVED else Outcome.ASK
        return Check(measured, Result.UNRULED, outcome)

    def judge(self, subject: Subject, figures: Sequence[Measured]) -> Verdict:
        """Hold all figures of one line against the rules."""
        return Verdict(tuple(self.check(subject, measured) for measured in figures))


# --- what can be written ------------------------------------------------------------------------------------


def faults_of(rule: Rule) -> list[tuple[str, str]]:
    """What is wrong with a rule as it is written: (field, code) each, the sentences are the presenters'."""
    limit, scope = rule.limit, rule.scope
    found: list[tuple[str, str]] = []
    if rule.measure not in MEASURES[rule.kind]:
        found.append(("measure", "not_of_this_paper"))
    found += [
        (name, "below_zero")
        for name, amount in (("absolute", limit.absolute), ("percent", limit.percent))
        if amount is not None and amount < 0
    ]
    if rule.measure in COUNTED:
        if limit.percent is not None:
            found.append(("percent", "no_percent"))
        if limit.absolute is not None and limit.absolute != limit.absolute.to_integral_value():
            found.append(("absolute", "whole"))
    elif limit.absolute and not rule.unit:
        found.append(("unit", "no_unit"))
    if rule.unit and (rule.measure in COUNTED or limit.absolute is None):
        found.append(("unit", "unit_for_nothing"))
    if rule.code and rule.measure is not Measure.CHARGE:
        found.append(("code", "code_for_nothing"))
    found += [(name, "name_it") for name in NAMED[scope.level] if not getattr(scope, name)]
    if any(getattr(scope, name) for name in NAMES if name not in NAMED[scope.level]):
        found.append(("level", "names_too_much"))
    if rule.measure in OF_THE_PAPER and WIDEST_FIRST.index(scope.level) > WIDEST_FIRST.index(Level.SUPPLIER):
        found.append(("level", "wider_please"))
    if rule.valid_from and rule.valid_to and rule.valid_to < rule.valid_from:
        found.append(("valid_to", "ends_before"))
    return found


def speaks_of_the_same(one: Rule, other: Rule) -> bool:
    """Whether two rules of one scope meet on the same figures: then both must hold, and a person should know."""
    ways = {one.direction, other.direction}
    return (
        one.key != other.key
        and (one.kind, one.measure, one.scope, one.code)
        == (other.kind, other.measure, other.scope, other.code)
        and (len(ways) == 1 or Direction.EITHER in ways)
        and (not one.unit or not other.unit or one.unit == other.unit)
        and not (one.valid_to and other.valid_from and one.valid_to < other.valid_from)
        and not (other.valid_to and one.valid_from and other.valid_to < one.valid_from)
    )
