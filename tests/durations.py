"""Which files `make quick` leaves out because their tests take long: written down, and looked at by the conftest.

`make test ARGS="--junitxml=report.xml"`, then `python -m tests.durations report.xml`, when the quick loop has become
slow. A new file is quick until it is measured.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

WRITTEN = Path(__file__).parent / "not_quick.txt"
LONG = 0.12  # seconds for a test, on average over its file, with what its module makes once


def slow_files(report: Path) -> list[str]:
    """Files as `tests/…/test_x.py` whose tests take long, of a JUnit report of pytest."""
    took: dict[str, list[float]] = defaultdict(list)
    for case in ElementTree.parse(report).iter("testcase"):
        parts = [part for part in case.get("classname", "").split(".") if not part[:1].isupper()]
        took["/".join(parts) + ".py"].append(float(case.get("time", "0")))
    return sorted(name for name, times in took.items() if sum(times) / len(times) > LONG)


@cache
def left_out() -> frozenset[str]:
    """What was written last."""
    return frozenset(WRITTEN.read_text().split())


if __name__ == "__main__":
    WRITTEN.write_text("\n".join(slow_files(Path(sys.argv[1]))) + "\n")
