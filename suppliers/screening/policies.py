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


def likest(names: Iterable[str], listed: Iterable[str]) -> str:
    """Which of some names is most like one of a listed party's; the first of them where several are."""
    theirs = [words for name in listed for words in readings_of(name)]
    return max(
        names, key=lambda name: max(likeness(one, other) for one in readings_of(name) for other in theirs)
    )


def share_a_word(name: str, listed: Iterable[str]) -> bool:
    """Whether a name has any word in common with one of a listed party's, or is one of them in one word."""
    theirs = [words for other in listed for words in readings_of(other)]
    return any(
        set(mine) & set(other) or "".join(mine) == "".join(other)
        for mine in readings_of(name)
        for other in theirs
    )


@dataclass(frozen=True, slots=True)
class Match:
    """A listed party that is like a supplier: by which of its names, and how much."""

    listed: Listed
    name: str
    score: int


class Index:
    """The listed parties by the words of their names, so that each supplier is compared with few of them.

    Note [Rare words first]: a name that is like another has at least so many words in common with it, whatever its own
    length (`least_in_common`). Of any words but one more than may be missing it has one, so that only the names that
    hold one of these are looked at; the rarest in the lists are taken. What is the same only when written in one word
    is looked up as that. Nobody is lost by it: a property test compares it with a comparison of all.
    """

    def __init__(self, parties: Iterable[Listed]) -> None:
        self._names: list[tuple[Listed, str, tuple[str, ...]]] = []
        self._words: list[frozenset[str]] = []
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._in_one_word: dict[str, list[int]] = defaultdict(list)
        for party in parties:
            for name, words in [(one, words) for one in party.names for words in readings_of(one)]:
                place = len(self._names)
                self._names.append((party, name, words))
                self._words.append(frozenset(words))
                self._in_one_word["".join(words)].append(place)
                for word in set(words):
                    self._by_word[word].append(place)

    def matches(self, names: Iterable[str], threshold: int) -> list[Match]:
        """The parties that are like one of these names, each by the name that is most: the likest first.

        `threshold` is in whole percent, from 1 on.
        """
        best: dict[str, Match] = {}
        for words in dict.fromkeys(words for name in names for words in readings_of(name)):
            for place in self._worth_a_look(words, least_in_common(len(words), threshold)):
                party, listed, theirs = self._names[place]
                score = likeness(words, theirs)
                if score >= threshold and (party.ref not in best or score > best[party.ref].score):
                    best[party.ref] = Match(party, listed, score)
        return sorted(best.values(), key=lambda one: (-one.score, one.listed.ref))

    def _worth_a_look(self, words: Sequence[str], fewest: int) -> list[int]:
        """Where the names stand that may be like this one, in the order of the lists. Note [Rare words first]."""
        every = frozenset(words)
        said_twice = len(words) - len(every)
        rarest = sorted(words, key=lambda word: len(self._by_word.get(word, ())))[: len(words) - fewest + 1]
        holding = set().union(*(self._by_word.get(word, ()) for word in set(rarest)))
        # Words are counted once here, which is quick: one that is said twice may be in common twice.
        likely = {place for place in holding if len(every & self._words[place]) + said_twice >= fewest}
        return sorted(likely.union(self._in_one_word.get("".join(words), ())))


def least_in_common(words: int, threshold: int) -> int:
    """How many words a name of any length has in common with one of so many, at least, to be that much alike.

    Twice `c`, by `words` and the other's length, in percent: the other has `c` words at least, so `c` is least where it
    has no other.
    """
    return max(1, -(-threshold * words // (200 - threshold)))
