"""Every package the portal installs may be used in a product: permissive, or weak copyleft used unchanged."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata

from portal.checks.source import ROOT

PERMITTED = re.compile(
    r"(?i)\b(?:MIT|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|Zlib|Unlicense|HPND|Public Domain|CC0"
    r"|BlueOak|PostgreSQL|MPL|Mozilla Public|LGPL|Lesser General|Unicode)"
)
FORBIDDEN = re.compile(
    r"(?i)(?<!L)\bA?GPL|(?<!Lesser )General Public|Affero|Commercial|Proprietary|SSPL|BUSL"
)
# Packages whose metadata say nothing or the wrong thing; read by hand, with what their licence file says.
READ_BY_HAND: dict[str, str] = {}
CHOICE = re.compile(r"(?i)\bOR\b")


def main() -> int:
    problems = list(look_at_all(names_in_lock()))
    for problem in problems:
        print(problem)
    return bool(problems)


def names_in_lock() -> list[str]:
    """All packages developers, tests and the portal itself install."""
    lock = (ROOT / "requirements" / "dev.lock").read_text()
    return sorted(set(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", lock, re.MULTILINE)))


def look_at_all(names: list[str]) -> Iterator[str]:
    for name in names:
        try:
            found = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue  # for another operating system or Python
        words = READ_BY_HAND.get(name) or licence_of(found)
        if not is_permitted(words):
            yield f"{name}: licence {words!r} is not one we may use, or not one we know"


def licence_of(found: metadata.PackageMetadata) -> str:
    """What a package says about itself: the expression, else its classifiers, else the free field."""
    if "License-Expression" in found:
        return str(found["License-Expression"])
    classifiers = [
        c.rpartition(" :: ")[2] for c in found.get_all("Classifier", []) if c.startswith("License ::")
    ]
    useful = [c for c in classifiers if c != "OSI Approved"]
    if useful:
        return " OR ".join(useful)
    return "".join(found.get_all("License", [])).strip().partition("\n")[0]


def is_permitted(words: str) -> bool:
    """Every part of "A AND B" must be permitted, one part of "A OR B" is enough."""
    return any(PERMITTED.search(part) and not FORBIDDEN.search(part) for part in CHOICE.split(words))


if __name__ == "__main__":
    sys.exit(main())
