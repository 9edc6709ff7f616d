"""How much of what is alike is tried: on every change a part of it, always the same; with EVERYTHING=1 all of it.

`make test EVERYTHING=1` takes much longer; do so before a release. What is not alike is tried always.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

EVERYTHING = os.environ.get("EVERYTHING", "") not in ("", "0")
T = TypeVar("T")


def some(alike: Sequence[T], *, each: int = 3) -> list[T]:
    """Every third of these, and the last."""
    if EVERYTHING:
        return list(alike)
    kept = list(alike[::each])
    return kept if (len(alike) - 1) % each == 0 else [*kept, alike[-1]]
