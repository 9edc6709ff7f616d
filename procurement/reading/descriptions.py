"""Which line is meant by words of its description: "the flanges", "M8x40", "die Schrauben"."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from procurement.reading.context import OpenLine
from procurement.reading.folding import folded

SHORTEST_WORD = 4
# Words of descriptions that people also use for other things.
EVERYDAY = frozenset(
    "with und from type size pack each line item order part parts black white blue long short left right brass steel zinc stainless technical plain heavy light standard"
    " new high low inch zoll typ für mit aus braun weiß schwarz stahl lang kurz rechts links".split()
)
ENDINGS = ("ern", "en", "es", "er", "s", "n", "e")
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
CODE = re.compile(r"[a-z]*\d[\w.,/x-]*")


class DescriptionIndex:
    """The words of the open lines' descriptions, and the lines that have them."""

    def __init__(self, lines: Iterable[OpenLine]) -> None:
        self.lines = tuple(lines)
        self.by_word: dict[str, set[int]] = defaultdict(set)
        self.runs: list[tuple[list[str], int]] = []
        for at, line in enumerate(self.lines):
            text = folded(line.description)
            for word in WORD.findall(text):
                if len(word) >= SHORTEST_WORD and word not in EVERYDAY:
                    self.by_word[_stem(word)].add(at)
            self.runs.append((re.findall(r"\S+", text), at))

    def phrases(self, text: str) -> Iterator[tuple[int, int, tuple[OpenLine, ...]]]:
        """Two or more words of a description in a row, with a number in them: `M8 x 40`, `Kettle KP 200`."""
        found: dict[tuple[int, int], set[int]] = defaultdict(set)
        for words, at in self.runs:
            for first in range(len(words)):
                for last in range(len(words), first + 1, -1):
                    run = words[first:last]
                    if not any(re.search(r"\d", word) for word in run):
                        continue
                    start = text.find(" ".join(run))
                    if start >= 0 and _stands_alone(text, start, start + len(" ".join(run))):
                        found[start, start + len(" ".join(run))].add(at)
                        break
        for (start, end), owners in sorted(found.items(), key=lambda one: one[0][0] - one[0][1]):
            lines = [self.lines[at] for at in sorted(owners)]
            if len({line.order for line in lines}) == len(lines):  # at most one line of each order
                yield start, end, tuple(lines)

    def words(self, text: str) -> Iterator[tuple[int, int, tuple[OpenLine, ...]]]:
        """Neighbouring words that together fit the lines of which most words were said."""
        hits: list[tuple[int, int, set[int]]] = []
        for match in WORD.finditer(text):
            if len(match.group(0)) >= SHORTEST_WORD and (owners := self._owners(match.group(0))):
                hits.append((match.start(), match.end(), owners))
        while hits:
            start, end, owners = hits.pop(0)
            while hits and re.fullmatch(r"[\s\w.,/-]{0,8}", text[end : hits[0][0]]) and (owners & hits[0][2]) and text[end : hits[0][0]].strip() not in (",", "and", "und"):
                _start, end, more = hits.pop(0)
                owners = owners & more
            lines = [self.lines[at] for at in sorted(owners)]
            if len({line.order for line in lines}) == len(lines):
                yield start, end, tuple(lines)

    def _owners(self, word: str) -> set[int]:
        stem = _stem(word)
        if stem in self.by_word:
            return self.by_word[stem]
        if len(word) < 6:
            return set()
        owners: set[int] = set()
        for known, lines in self.by_word.items():  # German compounds: Schrauben for Sechskantschraube
            if len(known) >= 4 and (known.endswith(stem) or stem.endswith(known)) and known != stem:
                owners |= lines
        return owners


def _stem(word: str) -> str:
    """The word without its ending and its umlauts: enough to know a plural again."""
    plain = word.translate(str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "s"})).replace("-", "")
    plain = plain.replace("ae", "a").replace("oe", "o").replace("ue", "u")
    for ending in ENDINGS:
        if plain.endswith(ending) and len(plain) - len(ending) >= 4:
            return plain[: -len(ending)]
    return plain


def _stands_alone(text: str, start: int, end: int) -> bool:
    return not (start and text[start - 1].isalnum()) and not (end < len(text) and text[end].isalnum())
