"""How many lines a second the tolerance engine judges in one process, by how many rules there are."""

from __future__ import annotations

import random
import time
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from procurement.tolerances.messages import (
    Direction,
    DocumentKind,
    Level,
    Limit,
    Measure,
    Measured,
    Rule,
    Scope,
    Subject,
)
from procurement.tolerances.policies import NAMED, Rulebook

KIND = DocumentKind.PROMISE
MEASURES = (Measure.DATE, Measure.UNIT_PRICE, Measure.QUANTITY, Measure.LINE_AMOUNT)
ASKED = date(2026, 4, 1)


def measure(counts: tuple[int, ...], lines: int) -> dict[str, Any]:
    """Lines a second with five figures each, and the milliseconds of processor time for one, by the count of rules."""
    rng = random.Random(1)  # the same rules in every run
    found = []
    for count in counts:
        book = Rulebook(_rule(number, rng) for number in range(count))
        subjects = [_subject(rng) for _ in range(lines)]
        began, cpu = time.perf_counter(), time.process_time()
        for subject in subjects:
            book.judge(subject, FIGURES)
        seconds = time.perf_counter() - began
        found.append(
            {
                "rules": count,
                "per_second": lines / seconds,
                "cpu_ms": 1000 * (time.process_time() - cpu) / lines,
            }
        )
    return {"sizes": found}


FIGURES = (
    Measured(Measure.QUANTITY, Fraction(100), Fraction(100)),
    Measured(Measure.DELIVERIES, Fraction(1), Fraction(1)),
    Measured(Measure.LINE_AMOUNT, Fraction(685), Fraction(690)),
    Measured(Measure.UNIT_PRICE, Fraction("6.85"), Fraction("6.90"), 1),
    Measured(Measure.DATE, ASKED, ASKED + timedelta(days=3), 1),
)


def _names(rng: random.Random) -> dict[str, str]:
    return {
        "segment": "core",
        "supplier": f"S{rng.randrange(200)}",
        "item_group": f"G{rng.randrange(20)}",
        "item": f"I{rng.randrange(2000)}",
        "order": f"O{rng.randrange(2000)}",
        "line": "10",
    }


def _rule(number: int, rng: random.Random) -> Rule:
    level, figure, names = rng.choice(list(Level)), rng.choice(MEASURES), _names(rng)
    amount = Decimal(rng.randrange(10))
    limit = Limit(absolute=amount) if figure is Measure.DATE else Limit(percent=amount)
    scope = Scope(level, **{name: names[name] for name in NAMED[level]})
    return Rule(str(number), KIND, figure, rng.choice(list(Direction)), limit, scope)


def _subject(rng: random.Random) -> Subject:
    return Subject(KIND, ASKED, **_names(rng), currency="EUR", unit="pcs")
