"""Which line is meant by words of its description: "the flanges", "M8x40", "die Schrauben"."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from procurement.reading.context import OpenLine
from procurement.reading.folding import folded
from procurement.reading.units import CODES
from procurement.reading.words.goods import PAIRS

SHORTEST_WORD = 4
# Words of descriptions that people also use for other things.
EVERYDAY = frozenset(
    "with und from type size pack each line item order part parts black white blue long short left right brass steel zinc stainless technical plain heavy light standard"
    " new high low inch zoll typ für mit aus braun weiß schwarz stahl lang kurz rechts links".split()
)
# Who works on goods is not the goods: "the galvaniser is behind".
MAKERS = frozenset(
    "galvaniser galvanizer galvanisers galvanizers plater platers coater coaters printer printers engraver engravers painter painters moulder moulders molder molders grinder turner"
    " verzinker lackierer beschichter drucker graveur galvanik verzinkerei lackiererei gießerei druckerei stanzerei".split()
)
ENDINGS = ("ern", "en", "es", "er", "s", "n", "e")
PLURALS = frozenset({"s", "es", "e", "en", "n", "er", "ern"})
IN_PACKING = re.compile(r"(?:\bin|\bim|\bje|\bpro|\bper|\bof|\bà|\ba)\s$")
PLAIN = str.maketrans("äöüß", "aous")
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
SHARED_ENDING = re.compile(r"(?<!\w)(?P<head>[^\W\d_]{3,20})- (?:und|sowie|oder) (?P<whole>[^\W\d_]{5,40})")
ARTICLES = frozenset({"die", "der", "das", "den", "the"})
LONG_NUMBER = 4
SHORT_WORD = 3
ARTICLE = re.compile(r"(?<!\w)(?:the|die|der|das|den|dem|beim|vom) $")
NAMED_NUMBER = re.compile(r"(?<![\w-])(?P<word>[^\W\d_]{3,40}) (?P<n>\d+(?:[.,]\d+)?)(?![\w.,/-]\d)(?!\w)")


class DescriptionIndex:
    """The words of the open lines' descriptions, and the lines that have them."""

    def __init__(self, lines: Iterable[OpenLine]) -> None:
        self.lines = tuple(lines)
        self.by_word: dict[str, set[int]] = defaultdict(set)
        self.whole: dict[str, set[int]] = defaultdict(set)
        self.translated: dict[str, set[int]] = defaultdict(set)
        self.by_code: dict[str, set[int]] = defaultdict(set)
        self.short: dict[str, set[int]] = defaultdict(set)
        self.numbers: list[frozenset[str]] = []
        self.runs: list[tuple[list[str], int]] = []
        for at, line in enumerate(self.lines):
            text = folded(line.description)
            for word in WORD.findall(text):
                if len(word) >= SHORTEST_WORD and word not in EVERYDAY:
                    self.by_word[_stem(word)].add(at)
                    self.whole[_plain(word)].add(at)
                elif len(word) == SHORT_WORD and word not in EVERYDAY:
                    self.short[word].add(at)
            for word in _in_the_other_language(text):
                self.translated[_stem(word)].add(at)
            for code in {folded(line.item), folded(line.supplier_part)}:
                for word in re.findall(r"[^\W\d_]{3,}", code):
                    if word not in EVERYDAY:
                        self.by_code[word].add(at)
            self.numbers.append(frozenset(re.findall(r"(?<![\w.,])\d+(?:[.,]\d+)?(?![\w.,])", text)))
            self.runs.append(([word.rstrip(",;") for word in re.findall(r"\S+", text)], at))

    def phrases(self, text: str) -> Iterator[tuple[int, int, tuple[OpenLine, ...]]]:
        """Two or more words of a description in a row, with a number in them: `M8 x 40`, `Kettle KP 200`."""
        found: dict[tuple[int, int], set[int]] = defaultdict(set)
        for words, at in self.runs:
            for first in range(len(words)):
                for last in range(len(words), first, -1):
                    run = words[first:last]
                    if not any(re.search(r"\d", word) for word in run) or not _is_telling(run):
                        continue
                    start = text.find(" ".join(run))
                    if start >= 0 and _stands_alone(text, start, start + len(" ".join(run))):
                        found[start, start + len(" ".join(run))].add(at)
                        break
        for (start, end), owners in sorted(found.items(), key=lambda one: one[0][0] - one[0][1]):
            lines = [self.lines[at] for at in sorted(owners)]
            if len({line.order for line in lines}) == len(lines):  # at most one line of each order
                yield start, end, tuple(lines)

    def numbered(self, text: str) -> Iterator[tuple[int, int, tuple[OpenLine, ...]]]:
        """A word of a description with one of its numbers: `Scheiben 8,4`; or its long number alone: `die 7016`."""
        for match in NAMED_NUMBER.finditer(text):
            owners = (
                self._owners(match["word"]) if match["word"] not in ARTICLES else set(range(len(self.lines)))
            )
            mine = [
                self.lines[at]
                for at in sorted(owners)
                if match["n"] in self.numbers[at] and match["n"] != f"{self.lines[at].quantity:f}"
            ]
            start = match.start("n") if match["word"] in ARTICLES else match.start()
            if match["word"] in ARTICLES and len(match["n"]) < LONG_NUMBER:
                continue
            if mine and len({line.order for line in mine}) == len(mine):
                yield start, match.end(), tuple(mine)

    def words(self, text: str) -> Iterator[tuple[int, int, tuple[OpenLine, ...], tuple[OpenLine, ...]]]:
        """Neighbouring words and the lines they fit together; where they fit several of one order, only what is alike."""
        hits: list[tuple[int, int, set[int]]] = []
        for match in WORD.finditer(text):
            word = match.group(0)
            if word in MAKERS or (word in CODES and IN_PACKING.search(text[: match.start()])):
                continue
            if len(word) >= SHORTEST_WORD and (owners := self._owners(word)):
                hits.append((match.start(), match.end(), owners))
            elif word in self.short and ARTICLE.search(text[: match.start()]):
                hits.append((match.start(), match.end(), self.short[word]))  # "the oil"
            elif len(self.by_code.get(word, ())) == 1:
                hits.append((match.start(), match.end(), self.by_code[word]))
        hits = sorted([*hits, *self._shared_endings(text)], key=lambda hit: hit[0])
        while hits:
            start, end, owners = hits.pop(0)
            while (
                hits
                and re.fullmatch(r"[\s\w.,/-]{0,8}", text[end : hits[0][0]])
                and (owners & hits[0][2])
                and text[end : hits[0][0]].strip() not in (",", "and", "und", "sowie", "oder")
            ):
                _start, end, more = hits.pop(0)
                owners = owners & more
            lines = [self.lines[at] for at in sorted(owners)]
            is_clear = len({line.order for line in lines}) == len(lines)  # at most one line of each order
            yield start, end, tuple(lines) if is_clear else (), () if is_clear else tuple(lines)

    def is_plural(self, word: str) -> bool:
        """Whether a word is the plural of one in a description: `Profile` of `Profil`."""
        plain = _plain(word)
        return plain not in self.whole and any(
            plain.startswith(known) and plain[len(known) :] in PLURALS for known in self.whole
        )

    def _shared_endings(self, text: str) -> Iterator[tuple[int, int, set[int]]]:
        """`Druck- und Schenkelfedern`: the first word has the ending of the second."""
        for match in SHARED_ENDING.finditer(text):
            whole = match["whole"]
            owners: set[int] = set()
            for at in range(1, len(whole) - 2):
                owners |= self.by_word.get(_stem(match["head"] + whole[at:]), set())
            if owners:
                yield match.start("head"), match.end("head") + 1, owners

    def _owners(self, word: str) -> set[int]:
        stem = _stem(word)
        if stem in self.by_word:
            return self.by_word[stem]
        if len(word) < 5:
            return set()
        owners: set[int] = set()
        for known, lines in self.by_word.items():  # German compounds: Schrauben for Sechskantschraube
            if (
                len(known) >= 4
                and (
                    known.endswith(stem)
                    or stem.endswith(known)
                    or (len(stem) >= 6 and known.startswith(stem))
                )
                and known != stem
            ):
                owners |= lines
        for known, lines in self.whole.items():
            if known.endswith(_plain(word)):
                owners |= lines
        return owners or self._translated(stem)

    def _translated(self, stem: str) -> set[int]:
        """The lines whose goods are called so in the other language: `Kugelhähne` of a `ball valve`."""
        if stem in self.translated:
            return self.translated[stem]
        longest = max((known for known in self.translated if stem.endswith(known)), key=len, default="")
        return self.translated[longest] if len(longest) > SHORTEST_WORD else set()


ENGLISH_NAMES = tuple(
    (re.compile(rf"(?<!\w){re.escape(english)}(?:s|es)?(?!\w)"), german) for english, german in PAIRS
)


def _in_the_other_language(text: str) -> set[str]:
    """What the goods of a description are called in the other language."""
    names = [(match.end(), german) for pattern, german in ENGLISH_NAMES if (match := pattern.search(text))]
    head = max((end for end, _german in names), default=0)  # a `hose fitting` is a fitting
    found = {german for end, german in names if end == head}
    words = WORD.findall(text)
    for english, german in PAIRS:
        if any(word.endswith(german) for word in words):
            found.add(english.split()[-1])
    return {word for word in found if len(word) >= SHORTEST_WORD and word not in EVERYDAY}


def _stem(word: str) -> str:
    """The word without its ending and its umlauts: enough to know a plural again."""
    plain = _plain(word)
    for _twice in range(2):
        ending = next((one for one in ENDINGS if plain.endswith(one) and len(plain) - len(one) >= 4), "")
        plain = plain[: len(plain) - len(ending)]
    return plain


def _is_telling(run: list[str]) -> bool:
    """One word alone must look like a code: letters and digits."""
    return len(run) > 1 or (len(run[0]) >= 4 and bool(re.search(r"[a-z]", run[0])) and "%" not in run[0])


def _plain(word: str) -> str:
    """Without umlauts, however they were written."""
    return word.translate(PLAIN).replace("-", "").replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _stands_alone(text: str, start: int, end: int) -> bool:
    return not (start and text[start - 1].isalnum()) and not (end < len(text) and text[end].isalnum())
