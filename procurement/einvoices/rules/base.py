"""What a rule is: a number, a sentence, and a look at an invoice that yields every place where it is broken.

Note [Rules]: they look at terms, never at a syntax, so one function serves UBL, CII and what is written here. A rule says
nothing of a value that is not there unless its being there is what the rule is about: each gap is told once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from procurement.einvoices.terms import EInvoice, Group, Place

ERROR, WARNING = "error", "warning"
MOST_FINDINGS = 20  # of one rule: the rest says the same again
NOWHERE = Place(0, "")


@dataclass(frozen=True, slots=True)
class Broken:
    """One place where a rule is broken: the group, the name of its term, and what the sentence names."""

    group: Group
    term: str = ""
    said: dict[str, Any] = field(default_factory=dict)


Look = Callable[[EInvoice], Iterable[Broken]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a norm."""

    number: str
    sentence: Any
    look: Look
    severity: str = ERROR


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach: the rule's number, its sentence, and where in the file it is."""

    rule: str
    message: str
    place: Place
    severity: str = ERROR
    value: str = ""


def check_all(invoice: EInvoice, rules: Iterable[Rule]) -> Iterator[Finding]:
    """Everything that these rules say of an invoice, in the order of the rules."""
    for rule in rules:
        for count, broken in enumerate(rule.look(invoice)):
            if count == MOST_FINDINGS:
                break
            where = broken.group.where
            place = where.get(broken.term) or where.get("") or invoice.where.get("") or NOWHERE
            yield Finding(rule.number, str(rule.sentence) % broken.said, place, rule.severity)


class Book:
    """The rules of one module, entered one by one."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def rule(self, number: str, sentence: Any, severity: str = ERROR) -> Callable[[Look], Look]:
        """Enter a function as a rule."""

        def enter(look: Look) -> Look:
            self.rules.append(Rule(number, sentence, look, severity))
            return look

        return enter
