"""Sentences of the new text, told apart by full stops, by lines, and by bullets; and the language of each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from procurement.reading.folding import folded
from procurement.reading.words import LANGUAGES

LONGEST_SENTENCE = 700  # characters; nobody promises anything in a longer one
MOST_SENTENCES = 200
NARROWEST_WRAP = 55
ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:pos|nr|no|nos|ca|approx|restl?|verbl|rückst|lief|voraussichtl|einschl|zzt|rs|dr|z\.b|e\.g|i\.e|d\.h|st|stk|stck|mr|mrs|ms|dr|hr|fr|ltd|inc|co|corp|inkl|incl|excl|zzgl|lt|gem|vsl|vorauss|bzw|ggf|evtl|max|min|qty|ref|tel|bestell|art|best|i\.o|o\.k|o\.g|u\.a|usw|etc|vs|s\.o|eta|c|mo|di|mi|do|sa|so|mon|tue|wed|thu|fri|jan|feb|mar|mrz|apr|jun|jul|aug|sep|sept|oct|okt|nov|dec|dez|wk|kw|pcs|pc|p\.o|itm|ln|rd|abt|est|sch|lfd|lfm|mtr|mtrs|ltr|inv|vol|tsd|mio|p\.s|ps|a\.m|p\.m|u|v|m\.f\.g|resp|prod|liefert|wo|std|dt|cont|ship|del|dely|deliv)\.$"
)
# "… on 20 Feb. For line 30 …", "… 50 Stk. Der Rest …": the stop of an abbreviation that also ends the sentence.
ENDS_ANYWAY = re.compile(
    r"(?:\d\s*(?:jan|feb|mar|mrz|apr|jun|jul|aug|sept?|oct|okt|nov|de[cz])|\d\s*(?:stk|st|stck|pcs|pc|ltr|mtr)|\betc|\busw|\beta|\betd)\.$"
)
BEGINS = re.compile(
    r"\s+(?:Every|Everything|Any|And|But|So|They|These|Those|There|That|If|When|Once|You|Will|Can|Could|Would|To|At|By|From|With|Both|Also|Delivery|Order|Und|Aber|Sie|Alles|Beide|Wenn|Falls|Sobald|Können|Da|Dies|Diese|Dieser|Auch|Unser|Mit|Von|Vom|Ab|Zu|Nach|Sonst|Ansonsten|For|The|We|I|It|Line|Lines|Item|Pos|Position|On|In|All|Please|Rest|Balance|This|Your|Our|Der|Die|Das|Den|Wir|Ich|Es|Bei|Für|Rest|Bitte|Alle|Ihre|Unsere|Leider|Am|Zum)\b"
)
NEXT_OF_NUMBER = re.compile(
    r"\s*(?:jan|feb|m[äa]r|mrz|apr|mai|may|jun|jul|aug|sep|o[kc]t|nov|de[zc]|kw|kalenderwoche|woche|position|pos\b|zeile|teil|lieferung|rate|los|charge|[\d(,;-])"
)
BULLET = re.compile(r"^\s*(?:[-*•–·o]\s+|\d{1,3}[.)]\s+|[a-z]\)\s+|>\s*)")
STARTS_ANEW = re.compile(
    r"^\s*(?:[-*•–·]\s*\S|\d{1,5}\s*[.):=]\s|\d{6,12}\s|(?:pos|line|item|zeile|position|artikel|ln|po|bestellung|order|p\.?o)\b\.?\s*+(?:n[ro]\.?\s*+)?(?:[#:]\s*+)?\d|(?:hi|hallo|hello|dear|liebe|sehr geehrte|guten|moin|servus)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, where it stands in the new text, and the paragraph it belongs to."""

    start: int
    end: int
    original: str
    text: str
    paragraph: int
    starts_line: bool


def sentences_of(text: str, start: int, end: int, paragraph: int = 0) -> Iterator[Sentence]:
    """The sentences between two places of the text."""
    wrap = max((len(line) for line in text[start:end].split("\n")), default=0)
    count = 0
    at = start
    for is_new_paragraph, piece_start, piece_end in _units(text, start, end, wrap):
        paragraph += is_new_paragraph
        at = piece_start
        is_first = True
        for stop in [*_stops(text[piece_start:piece_end]), piece_end - piece_start]:
            low, high = at, piece_start + stop
            while low < high and text[low].isspace():
                low += 1
            while high > low and text[high - 1].isspace():
                high -= 1
            if high > low and high - low <= LONGEST_SENTENCE:
                original = text[low:high].replace("\n", " ")
                yield Sentence(low, high, original, folded(original), paragraph, is_first)
                count += 1
                is_first = False
            if count >= MOST_SENTENCES:
                return
            at = piece_start + stop


def _units(text: str, start: int, end: int, wrap: int) -> Iterator[tuple[bool, int, int]]:
    """Stretches of text without a break that was meant: wrapped lines are joined again."""
    at = start
    unit_start = start
    is_new = True
    lines: list[tuple[int, int]] = []
    for line in text[start:end].split("\n"):
        lines.append((at, at + len(line)))
        at += len(line) + 1
    for number, (low, high) in enumerate(lines):
        if not text[low:high].strip():
            if unit_start < low and text[unit_start:low].strip():
                yield is_new, unit_start, low
            unit_start, is_new = high, True
            continue
        following = lines[number + 1] if number + 1 < len(lines) else None
        if (
            following
            and text[following[0] : following[1]].strip()
            and _is_wrapped(text[low:high], text[following[0] : following[1]], wrap)
        ):
            continue
        yield is_new, unit_start, high
        unit_start, is_new = high, False


def _is_wrapped(line: str, following: str, wrap: int) -> bool:
    """Whether the line ended only because the next word did not fit, or because somebody's client broke it."""
    if STARTS_ANEW.match(following) or "\t" in line or "\t" in following:
        return False
    first_word = following.split(maxsplit=1)[0]
    if wrap >= NARROWEST_WRAP and len(line.rstrip()) + 1 + len(first_word) > wrap:
        return True
    ends = line.rstrip()[-1:]
    if ends == "," and len(line) > 30:
        return True
    return (
        ends not in ".!?:;,"
        and following.lstrip()[:1].islower()
        and len(line) > 24
        and not re.match(r"\s*(?:line|item|pos|rest|balance|ok)\b", following)
    )


def _stops(text: str) -> Iterator[int]:
    """Where sentences end within one stretch."""
    for match in re.finditer(r"(?<![.!?…])[.!?…]++[\"')]*+(?=\s)", text):
        head, tail = (
            text[max(0, match.start() - 14) : match.start() + 1].lower(),
            text[match.end() : match.end() + 24],
        )
        if match.group(0).startswith("."):
            if ABBREVIATION.search(head):
                if ENDS_ANYWAY.search(head) and BEGINS.match(tail):
                    yield match.end()
                continue
            if re.search(r"\d\.\s?\d{1,2}\.(?:20\d\d\.)?$|\d{3}\.$", head) and re.match(
                r"\s*(?:pos|line|item|zeile|artikel)\b", tail.lower()
            ):
                yield match.end()  # "… am 04.05. Pos. 2: …": the stop of a date, and another line
                continue
            if head[-2:-1].isdigit() and (
                NEXT_OF_NUMBER.match(tail.lower()) or not tail.lstrip()[:1].isupper()
            ):
                continue
            if tail.lstrip()[:1].islower() and len(head) > 1 and head[-3:-1].count(" "):
                continue
        yield match.end()


def language_of(text: str, fallback: str) -> str:
    """The language a text is written in, by its small words; the fallback where it has none."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = {code: sum(word in table.common for word in words) for code, table in LANGUAGES.items()}
    best = max(counts, key=lambda code: (counts[code], code == fallback))
    return best if counts[best] else (fallback if fallback in LANGUAGES else "en")


FEWEST_SMALL_WORDS = 0.15  # of the words of a mail, if it is in a language that has a table


def is_in_a_known_language(text: str, fallback: str) -> bool:
    """Whether a text is in a language that has a table; a text too short to tell is in the sender's own."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    small = max(sum(word in table.common for word in words) for table in LANGUAGES.values())
    if fallback in LANGUAGES or not words:
        return True
    return small / len(words) >= FEWEST_SMALL_WORDS
