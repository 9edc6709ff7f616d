"""How much of a statement is understood: words that neither the grammar nor everyday business accounts for.

A draft stands on a clause that is understood from end to end. A verb nobody told the reader, a noun of other business
beside the day, a dialect: any of them may turn the sense, so enough of them and the reader holds its tongue.
"""

import re
from functools import lru_cache

from procurement.reading.clauses import REASON_PHRASE, cue_patterns
from procurement.reading.context import MailContext
from procurement.reading.folding import folded
from procurement.reading.words import LANGUAGES, Cue
from procurement.reading.words.everyday import COMPOUND_HEADS, ENGLISH, GERMAN

# Cues whose words are part of what a rule reads; the topics apart are not: a clause about one makes no draft.
ACCOUNTED_FOR = (
    Cue.REFUSE,
    Cue.BACKORDER,
    Cue.CANCEL,
    Cue.SUBSTITUTE,
    Cue.DELIVER,
    Cue.SHIPPED,
    Cue.HEDGE,
    Cue.CONTRAST,
    Cue.NOT_NEGATION,
    Cue.NEGATION,
    Cue.AVAILABLE_NOW,
    Cue.UNDATED,
    Cue.ONLY,
    Cue.ACCEPT,
    Cue.PRICE,
    Cue.PRICE_UP,
    Cue.CORRECTION,
    Cue.MINIMUM,
    Cue.PACK,
    Cue.READY_NOW,
    Cue.AWAITS_YES,
    Cue.QUESTION,
    Cue.CONDITION,
    Cue.EARLIER,
    Cue.HISTORY,
    Cue.DOUBT,
    Cue.YES,
    Cue.DEED,
    Cue.MOVED,
    Cue.STEP,
    Cue.READY,
)
WORD = re.compile(
    r"(?<![\w-])(?!\d+s(?!\w))(?=\d+[a-z]|[a-z]+\d)[a-z\d]{3,}(?![\w-])|[^\W\d_]{3,}"
)  # a code of letters and digits too
GERMAN_ENDINGS = ("en", "em", "er", "es", "e", "n", "s")
JOINTS = ("", "s", "n", "en", "er", "e")  # between the halves of a German compound
SHORTEST_HALF = 4
CAPITALISED = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}")
ABBREVIATION = re.compile(r"(?<![\w-])[A-Z]{2,6}s?(?![\w-])")
LETTERS = re.compile(r"(?<!\w)[A-Z]{2,}(?=[ -]?\d)")
SAME_STEM = 5  # letters in which a word agrees with one of a description


@lru_cache(maxsize=1)
def _everyday() -> frozenset[str]:
    """The words that change nothing, of all languages: many a mail mixes two."""
    small = frozenset().union(*(words.common | words.neutral for words in LANGUAGES.values()))
    return small | ENGLISH | GERMAN


@lru_cache(maxsize=4096)
def _is_everyday(word: str) -> bool:
    known = _everyday()
    if word in known or (word.endswith("s") and word[:-1] in known):
        return True
    if any(word.endswith(ending) and word[: -len(ending)] in known for ending in GERMAN_ENDINGS):
        return True
    return word.endswith(COMPOUND_HEADS) or _is_compound(word)


def _is_compound(word: str) -> bool:
    """Two everyday words in one: `Stahlpreis`, `Produktionsplaner`. German makes new ones every day."""
    known = _everyday()
    return any(
        _ends_a_compound(word[at:], known)
        and any(word[:at].removesuffix(joint) in known for joint in JOINTS if word[:at].endswith(joint))
        for at in range(SHORTEST_HALF, len(word) - SHORTEST_HALF + 1)
    )


def _ends_a_compound(word: str, known: frozenset[str]) -> bool:
    return word in known or any(
        word.endswith(ending) and len(word) - len(ending) >= SHORTEST_HALF and word[: -len(ending)] in known
        for ending in GERMAN_ENDINGS
    )


@lru_cache(maxsize=4096)
def _unaccounted(bones: str, language: str) -> tuple[str, ...]:
    patterns = cue_patterns(language)
    read = bytearray(len(bones))
    for pattern in (REASON_PHRASE, *(patterns[cue] for cue in ACCOUNTED_FOR)):
        for match in pattern.finditer(bones):
            read[match.start() : match.end()] = b"\x01" * (match.end() - match.start())
    return tuple(
        match.group(0)
        for match in WORD.finditer(bones)
        if not all(read[match.start() : match.end()]) and not _is_everyday(match.group(0))
    )


def strangers(bones: str, language: str, names: frozenset[str] = frozenset()) -> list[str]:
    """The words of a statement that nothing accounts for; `names` are those of the order's goods and of its people."""
    return [word for word in _unaccounted(bones, language) if not _is_named(word, names)]


def is_known(word: str, names: frozenset[str]) -> bool:
    """Whether a word by itself is an everyday word or a name."""
    return _is_everyday(word) or _is_named(word, names)


def names_of(context: MailContext, text: str) -> frozenset[str]:
    """The words of the goods ordered, of the people who write, and what the text itself marks as names by capitals."""
    told = [line.description for line in context.lines]
    told += [code for line in context.lines for code in (line.item, line.supplier_part)]
    told += [context.supplier_name, context.supplier_contact, context.buyer_name]
    named = LETTERS.findall(text)
    if not text.isupper():
        named += ABBREVIATION.findall(text)
    if context.language != "de":
        named += CAPITALISED.findall(text)  # inside a sentence, English writes only names so
    return frozenset(WORD.findall(folded(" ".join([*told, *named]))))


def _is_named(word: str, names: frozenset[str]) -> bool:
    """Whether a word is one of the names, in another form or as a part of it: `Schrauben` of `Sechskantschraube`."""
    if word in names or word.removesuffix("s") in names:
        return True
    if len(word) < SAME_STEM:
        return False
    stem = word[:SAME_STEM]
    inner = word[:-2] if len(word) > SAME_STEM + 1 else word
    return any(name.startswith(stem) or (len(inner) > SAME_STEM and inner in name) for name in names)
