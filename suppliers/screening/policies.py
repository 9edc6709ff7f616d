"""How alike two names are. No database here.

Note [Alike]: a name is its words, without accents, case, punctuation and the words for a legal form. Two names are as
alike as the share of the words that they have in common: twice those, by all of both. Words are compared whole: what is
spelt otherwise letter by letter is found by the aliases that lists have for that. Written in one word it is the same.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from suppliers.screening.messages import Listed

_FORMS = frozenset(
    {
        "ab",
        "ag",
        "and",
        "as",
        "bv",
        "co",
        "company",
        "corp",
        "corporation",
        "gmbh",
        "inc",
        "incorporated",
        "kg",
    }
    | {
        "limited",
        "llc",
        "ltd",
        "nv",
        "of",
        "ohg",
        "ooo",
        "oy",
        "plc",
        "pte",
        "pty",
        "sa",
        "sarl",
        "sas",
        "se",
    }
    | {"spa", "srl", "the", "und"}
)
_NO_WORD = re.compile(r"[^\w]+|_+")
_DOTS = re.compile(r"(?<=\b\w)\.(?=\w\b|\s|$)")


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name as they are compared. See Note [Alike]."""
    plain = unicodedata.normalize("NFKD", name).casefold().replace("ß", "ss")
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    every = [word for word in _NO_WORD.split(_DOTS.sub("", plain)) if word]
    return tuple(word for word in every if word not in _FORMS) or tuple(every)


def likeness(one: Sequence[str], other: Sequence[str]) -> int:
    """How alike two names are, in whole percent."""
    if not one or not other:
        return 0
    if "".join(one) == "".join(other):
        return 100
    common = sum((Counter(one) & Counter(other)).values())
    return 200 * common // (len(one) + len(other))


@dataclass(frozen=True, slots=True)
class Match:
    """A listed party that is like a supplier: by which of its names, and how much."""

    listed: Listed
    name: str
    score: int


class Index:
    """The listed parties by the words of their names, so that thousands of suppliers are compared with few of them."""

    def __init__(self, parties: Iterable[Listed]) -> None:
        self._names: list[tuple[Listed, str, tuple[str, ...]]] = []
        self._by_word: dict[str, set[int]] = defaultdict(set)
        for party in parties:
            for name in party.names:
                words = words_of(name)
                place = len(self._names)
                self._names.append((party, name, words))
                for word in {*words, "".join(words)}:
                    self._by_word[word].add(place)

    def matches(self, names: Iterable[str], threshold: int) -> list[Match]:
        """The parties that are like one of these names, each by the name that is most: the likest first."""
        best: dict[str, Match] = {}
        for name in names:
            words = words_of(name)
            places = set().union(*(self._by_word.get(word, set()) for word in {*words, "".join(words)}))
            for place in places:
                party, listed, theirs = self._names[place]
                score = likeness(words, theirs)
                if score >= threshold and (party.ref not in best or score > best[party.ref].score):
                    best[party.ref] = Match(party, listed, score)
        return sorted(best.values(), key=lambda one: (-one.score, one.listed.ref))
