"""Which matching policy counts for a line: of those that are valid, the narrowest; within one scope, the strictest."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from procurement.matching.engine.papers import Way
from procurement.tolerances.messages import Level, Scope, Subject
from procurement.tolerances.policies import NAMED, NARROWEST_FIRST

# A segment, a supplier, an item, an item from a supplier, a line; groups of items take part too.
STANDARD_DAYS = 7


@dataclass(frozen=True, slots=True)
class MatchRule:
    """How claims are matched: for whom, which way, and whether what passes is approved by the rule alone.

    `duplicate_days` is the window for the same amount again; None: it is not suspected. `waits_for_onboarding`: what
    claims is held while paying waits for the supplier's onboarding. Both days of validity count.
    """

    key: str
    name: str
    way: Way
    approves_alone: bool = False
    duplicate_days: int | None = STANDARD_DAYS
    scope: Scope = field(default_factory=Scope)
    valid_from: date | None = None
    valid_to: date | None = None
    waits_for_onboarding: bool = True


# What counts where nobody has written anything: against what came, and a person approves.
STANDARD = MatchRule("", "", Way.THREE_WAY)


class Ways:
    """The matching policies of a company, kept by scope; `standard` counts where none of them speaks."""

    def __init__(self, rules: Iterable[MatchRule], standard: MatchRule = STANDARD) -> None:
        self.standard = standard
        self._kept: dict[tuple[str, ...], list[MatchRule]] = {}
        for rule in rules:
            self._kept.setdefault(_place(rule.scope.level, rule.scope), []).append(rule)

    def uses(self, level: Level) -> bool:
        """Whether any policy is written for such a scope."""
        return any(place[0] == level for place in self._kept)

    @property
    def widest_window(self) -> int:
        """The most days that the same amount is suspected for."""
        rules = [self.standard, *(rule for found in self._kept.values() for rule in found)]
        return max(rule.duplicate_days or 0 for rule in rules)

    def of(self, subject: Subject) -> MatchRule:
        """The policy that counts for this subject on its day."""
        for level in NARROWEST_FIRST:
            found = [
                rule for rule in self._kept.get(_place(level, subject), ()) if _is_valid(rule, subject.on)
            ]
            if found:
                return min(found, key=_strictest)
        return self.standard


def _place(level: Level, named: Scope | Subject) -> tuple[str, ...]:
    return (level, *(getattr(named, name) for name in NAMED[level]))


def _is_valid(rule: MatchRule, on: date) -> bool:
    return not (rule.valid_from and on < rule.valid_from) and not (rule.valid_to and on > rule.valid_to)


def _strictest(rule: MatchRule) -> tuple[bool, bool, bool, int, str]:
    days = -1 if rule.duplicate_days is None else rule.duplicate_days
    return (
        rule.way is not Way.THREE_WAY,
        rule.approves_alone,
        not rule.waits_for_onboarding,
        -days,
        rule.key,
    )


def together(rules: Iterable[MatchRule]) -> MatchRule:
    """What counts for a claim whose lines follow several policies: the strictest of each part.

    It is approved alone only where every policy says so, and in the name of the first of them.
    """
    found = sorted(set(rules), key=lambda rule: (rule.name, rule.key))
    if not found:
        return STANDARD
    windows = [rule.duplicate_days for rule in found if rule.duplicate_days is not None]
    alone = all(rule.approves_alone for rule in found)
    waits = any(rule.waits_for_onboarding for rule in found)
    first = found[0]
    return MatchRule(
        first.key,
        first.name,
        first.way,
        alone,
        max(windows) if windows else None,
        first.scope,
        waits_for_onboarding=waits,
    )
