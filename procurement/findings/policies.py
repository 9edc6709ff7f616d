"""Findings, and how grave each is. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Grade(IntEnum):
    """How grave a finding is: a hint to know, a warning to think about, a stop that must be mended before sending."""

    HINT = 0
    WARN = 1
    STOP = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of a check: how grave, a sentence, and where: a field, a line's or a package's position."""

    grade: Grade
    code: str
    message: str
    field: str = ""
    line: int | None = None
    package: int | None = None


def stops(findings: Iterable[Finding]) -> list[Finding]:
    """What must be mended before a paper can be sent."""
    return [one for one in findings if one.grade is Grade.STOP]
