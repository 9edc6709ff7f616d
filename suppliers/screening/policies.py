"""How alike two names are. No database here.

Note [Alike]: a name is its words, without accents, case, punctuation and the words for a legal form. Two names are as
alike as the share of the words that they have in common: twice those, by all of both. Words are compared whole: what is
spelt otherwise letter by letter is found by the aliases that lists have for that. Written in one word it is the same.

Note [Tricks of writing]: nobody gets by with letters that nobody sees, that only look like ours, or that are ours with
a stroke. What nobody sees is dropped; strokes and the ways to write an umlaut, a y and a doubled letter are one; and a
name with Cyrillic or Greek letters is read twice: by how they sound and by what they look like.
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


# With a change of the rules everybody is screened anew.
COMPARED_AS = 2
_STROKES = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ŧ": "t"}
    | {"\u115f": "", "\u1160": ""}  # letters that nobody sees
)
_SOUNDS = str.maketrans(
    dict(zip("абвгдезийклмнопрстуфхыіјґў", "abvgdeziiklmnoprstufhyijgu", strict=True))
    | dict(zip("αβγδεζηικλμνξοπρστυφω", "avgdeziiklmnxoprstyfo", strict=True))
    | {
        "ж": "zh",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "shch",
        "э": "e",
        "ю": "yu",
        "я": "ya",
        "ъ": "",
        "ь": "",
    }
    | {
        "є": "ye",
        "љ": "lj",
        "њ": "nj",
        "ћ": "c",
        "ђ": "dj",
        "џ": "dz",
        "ѕ": "z",
        "θ": "th",
        "χ": "ch",
        "ψ": "ps",
    }
)
_LOOKS = str.maketrans(
    dict(zip("авекмнорстухіјѕһԁԛԝґ", "abekmhopctyxijshdqwr", strict=True))
    | dict(zip("αβγεηικνορτυχωμ", "abyenikvoptyxwu", strict=True))
)
_SAME = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"), ("kh", "h"), ("y", "i"))
_DOUBLED = re.compile(r"([^\W\d_])\1+")


def readings_of(name: str) -> tuple[tuple[str, ...], ...]:
    """The words of a name as they are compared, in each way that it is read. Notes [Alike], [Tricks of writing]."""
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_STROKES)
    plain = "".join(
        one for one in plain if not unicodedata.combining(one) and unicodedata.category(one) != "Cf"
    )
    ways = (plain.translate(_SOUNDS), plain.translate(_LOOKS).translate(_SOUNDS))
    return tuple(dict.fromkeys(_words(one) for one in ways))


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name as they are compared, by how they sound."""
    return readings_of(name)[0]


def _words(plain: str) -> tuple[str, ...]:
    every = [word for word in _NO_WORD.split(_DOTS.sub("", plain)) if word]
    return tuple(_folded(word) for word in every if word not in _FORMS) or tuple(
        _folded(one) for one in every
    )


def _folded(word: str) -> str:
    for written, kept in _SAME:
        word = word.replace(written, kept)
    return _DOUBLED.sub(r"\1", word)


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
            for name, words in [(one, words) for one in party.names for words in readings_of(one)]:
                place = len(self._names)
                self._names.append((party, name, words))
                for word in {*words, "".join(words)}:
                    self._by_word[word].add(place)

    def matches(self, names: Iterable[str], threshold: int) -> list[Match]:
        """The parties that are like one of these names, each by the name that is most: the likest first."""
        best: dict[str, Match] = {}
        for words in (words for name in names for words in readings_of(name)):
            places = set().union(*(self._by_word.get(word, set()) for word in {*words, "".join(words)}))
            for place in places:
                party, listed, theirs = self._names[place]
                score = likeness(words, theirs)
                if score >= threshold and (party.ref not in best or score > best[party.ref].score):
                    best[party.ref] = Match(party, listed, score)
        return sorted(best.values(), key=lambda one: (-one.score, one.listed.ref))
