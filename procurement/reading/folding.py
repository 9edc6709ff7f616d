"""A form of the text that is easier to compare and has the same length, so that offsets stay true."""

import re

ALIKE = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201b": "'", "\u00b4": "'", "`": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"',
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " ",
        "\u00d7": "x", "\u2192": ">", "\u21d2": ">", "\u2026": ".", "\u2022": "-", "\u00b7": "-", "\u25cf": "-", "\u25aa": "-",
    }
)  # fmt: skip
# Written out, but never left out: without its dots "würde" is another word.
UMLAUTS = {"ä": "(?:ä|ae)", "ö": "(?:ö|oe)", "ü": "(?:ü|ue)", "ß": "(?:ß|ss)"}


def folded(text: str) -> str:
    """Lower case, one kind of quote, dash and space; character by character."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text.translate(ALIKE))


def word_pattern(*alternatives: str) -> str:
    """A pattern for any of these phrases as whole words; umlauts may be written out, spaces be any space."""
    joined = "|".join(alternatives)
    for umlaut, written in UMLAUTS.items():
        joined = joined.replace(umlaut, written)
    return rf"(?<!\w)(?:{_with_any_space(joined)})(?!\w)"


def _with_any_space(pattern: str) -> str:
    """A space outside of a character class is one to three of them, `' ?'` none to three."""
    out: list[str] = []
    in_class = False
    for at, char in enumerate(pattern):
        escaped = at > 0 and pattern[at - 1] == "\\"
        if char == "[" and not escaped:
            in_class = True
        elif char == "]" and not escaped:
            in_class = False
        if char == " " and not in_class:
            out.append("[ ]{0,3}" if pattern[at + 1 : at + 2] == "?" else "[ ]{1,3}")
        elif char == "?" and at and pattern[at - 1] == " " and not in_class:
            continue
        else:
            out.append(char)
    return "".join(out)


def compiled(*alternatives: str) -> re.Pattern[str]:
    """The same, compiled."""
    return re.compile(word_pattern(*alternatives))
