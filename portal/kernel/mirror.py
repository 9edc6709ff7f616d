"""Records kept here as another system holds them: what is news, what is old, what came of each.

A record is told again and again, in any order. What it says is compared by a fingerprint, and which of two tellings
is the newer by the other system's own stamp; without stamps the last one told counts.
"""

import hashlib
import json
from collections.abc import Callable, Hashable, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from portal.kernel.errors import Problem

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What came of one record that was told: stored, waits (stored, but what it refers to is not here yet), unchanged,
    older or refused."""

    key: tuple[str, ...]
    outcome: str
    problems: tuple[Problem, ...] = ()


def newest_of(told: Iterable[Told], key_of: Callable[[Told], Hashable]) -> list[Told]:
    """One of each record: the one with the newest `stamp`; without stamps, or of one moment, the last."""
    newest: dict[Hashable, Told] = {}
    for one in told:
        before = newest.get(key_of(one))
        if before is None or not is_older(stamp_of(one), stamp_of(before)):
            newest[key_of(one)] = one
    return list(newest.values())


def stamp_of(told: Any) -> datetime | None:
    """The other system's time of the last change, where it told one."""
    stamp: datetime | None = told.stamp
    return stamp


def is_older(stamp: datetime | None, than: datetime | None) -> bool:
    """Whether the other system says that this is from before that; without stamps nobody can say so."""
    return stamp is not None and than is not None and stamp < than


def fingerprint(told: Any) -> str:
    """A digest of what a record (a dataclass) says, but for its stamp: 10 and 10.0 are one number."""
    content = asdict(told)
    content.pop("stamp")
    packed = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=plain)
    return hashlib.sha256(packed.encode("utf-8", "surrogatepass")).hexdigest()


def plain(value: object) -> str:
    """A number or a day as text, in exactly one way."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a record that is told")
