"""Text into a box: broken into lines, made smaller, and cut off last of all.

A label is laid out before any typesetter sees it, the same for paper and for a printer's own language. So the width
of a text is reckoned here: from the widths of our typeface in bold, which a label printer's narrow one never exceeds.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# Advance widths of the signs from space to tilde at weight 700, in hundredths of the type size.
TABLE = """
24 34 56 65 66 102 68 34 38 38 56 68 34 47 34 39 68 44 63 65 68 63 65 59 66 65 34 35 68 68 68 56 102 75 67 74
73 61 59 76 75 29 59 72 57 94 77 78 65 78 66 66 67 74 75 104 74 74 67 38 39 38 49 48 37 59 64 59 64 60 40 64
63 28 28 59 28 92 63 62 64 64 41 57 37 63 60 86 59 61 58 47 38 47 68
"""
ADVANCES = tuple(map(int, TABLE.split()))
FIRST, LAST = 32, 126
WIDE, OTHER = 100, 72
ELLIPSIS = "…"
STEP, SMALLEST = 0.9, 0.5  # how fast type shrinks, and to which part of its size


@dataclass(frozen=True, slots=True)
class Fitted:
    """The lines of a text and the size of type at which they fit."""

    size: float
    lines: tuple[str, ...]


def width_of(text: str, size: float) -> float:
    """How wide a text is at a size of type, in the size's unit."""
    return sum(map(_advance, text)) * size / 100


@lru_cache(maxsize=16384)
def fitted(text: str, width: float, size: float, lines: int = 1) -> Fitted:
    """The text in at most so many lines: at its size, else smaller, else cut off with an ellipsis."""
    text = cleaned(text)
    smallest = size * SMALLEST
    while size >= smallest:
        broken = _broken(text, width, size)
        # A single sign may be wider than its line: it cannot be broken, only made smaller.
        if len(broken) <= lines and all(width_of(line, size) <= width for line in broken):
            return Fitted(round(size, 2), tuple(broken))
        size *= STEP
    size = round(size / STEP, 2)
    kept = _broken(text, width, size)[:lines]
    return Fitted(size, (*kept[:-1], _cut(kept[-1], width, size)))


def cleaned(text: str) -> str:
    """One line of what was typed: a control character is a space, and spaces come one at a time."""
    return " ".join("".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text).split())


def _advance(sign: str) -> int:
    code = ord(sign)
    if FIRST <= code <= LAST:
        return ADVANCES[code - FIRST]
    if unicodedata.combining(sign):
        return 0
    return WIDE if unicodedata.east_asian_width(sign) in "WF" else OTHER


def _broken(text: str, width: float, size: float) -> list[str]:
    """The lines of a text, broken at spaces, and within a word that is too long for a line."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        together = f"{line} {word}" if line else word
        if width_of(together, size) <= width:
            line = together
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, width, size)
        lines.extend(full)
    return [*lines, line]


def _pieces(word: str, width: float, size: float) -> list[str]:
    pieces = [""]
    for sign in word:
        if pieces[-1] and width_of(pieces[-1] + sign, size) > width:
            pieces.append("")
        pieces[-1] += sign
    return pieces


def _cut(line: str, width: float, size: float) -> str:
    while line and width_of(line + ELLIPSIS, size) > width:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS
