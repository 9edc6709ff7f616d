"""The clauses of a sentence: what each speaks of, what it says of it, and whether it says so at all."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from procurement.reading.folding import word_pattern
from procurement.reading.marks import PLACEHOLDERS, Mark, Sort, Spotter, skeleton
from procurement.reading.sentences import Sentence
from procurement.reading.units import PACKING, canonical_unit
from procurement.reading.words import LANGUAGES, Cue

# A clause about one of these makes no promise of goods.
TOPICS_APART = frozenset(
    {
        Cue.OTHER_CUSTOMER,
        Cue.DOCUMENT,
        Cue.MONEY,
        Cue.COMPLAINT,
        Cue.CLOSED,
        Cue.CONTACT,
        Cue.REQUEST,
        Cue.LATER_ORDERS,
        Cue.HYPOTHETICAL,
    }
)
VALUES = frozenset({Sort.QUANTITY, Sort.NUMBER, Sort.REST, Sort.DAY, Sort.PRICE, Sort.PERCENT, Sort.PART})
TARGETS = frozenset({Sort.LINE, Sort.ALL, Sort.OTHERS, Sort.ORDER, Sort.FOREIGN})
OUT_OF_PLAY = frozenset({"old", "ordered", "pack", "noise"})
FUTURE_PASSIVE = re.compile(
    r"(?:will|can|to|would|should|could|may|might|'ll|shall|must|gets?|is being|are being|ready to)(?: \w+){0,2} (?:be |get )?(?:\w+ )?(?:shipped|dispatched|despatched|sent|delivered|collected|picked up)"
    r"|(?:wird|werden|kann|können|koennen|soll|sollen|sollte|sollten|könnte|könnten|würde|würden|lassen|lässt)(?!\w)"
)
DONE_PASSIVE = re.compile(r"(?<!\w)(?:wurde|wurden|worden|ist|sind|haben|hat)(?!\w)")


# A reason given by a noun stands apart from what is promised: "due to missing parts from our supplier we …".
REASON_PHRASE = re.compile(
    r"(?<!\w)(?:(?:due|owing|thanks) to|because of|on account of|(?:ran|run|running) out of|wegen|aufgrund|auf grund|infolge)(?: [\w'-]+){1,8}?"
    r"(?= (?:we|i|it|they|the|and|so|is|are|was|has|have|will|wir|ich|wird|werden|verschieb\w+|verzöger\w+|kann|können|müssen|ist|sind|hat|haben|kommt|kommen|liefern|erst|nicht|und)(?!\w)|(?: |(?<=\s))[^\w\s'-]|[^\w\s'-]|\W*$)"
)
# Hoping that it suits is no doubt about the day.
POLITE_HOPE = re.compile(
    r"(?<!\w)(?:hope|hoping|trust|hoffe|hoffen)(?: wir| ich| that| dass| auf)?(?: this| it| you| ihr| ihnen| sie| das| die|'s|[^\w\s])*(?: is|'s| are| will be| suits| works| helps| finds| passt| ist| geht)?(?: for you| für sie| ihnen)? ?(?:alright|all right|ok|okay|fine|acceptable|in order|understand\w*|helps?|suits?|works?|well|verständnis|recht|passt|so)(?!\w)"
)
# "… as you wanted": the order itself, not what was once.
AS_WANTED = re.compile(
    r"(?<!\w)(?:(?:as|like|when|what) (?:you|we) (?:had |have )?(?:asked|wanted|requested|ordered|wished|agreed|specified|needed|said|discussed)|(?:wie|so wie) (?:sie|ihr|wir)(?: es| das)? (?:wollten|gewünscht|bestellt|wünschten|vereinbart|besprochen)(?: hatten| haben| habt)?)(?!\w)"
)
# What a reason may speak of without the clause being about it.
TOLD_AS_REASON = frozenset({Cue.INPUT, Cue.STEP, Cue.READY, Cue.DOCUMENT, Cue.COMPLAINT, Cue.CLOSED})


@dataclass
class Clause:
    """A stretch of a sentence with its marks and cues. `skeleton` has placeholders for the marks."""

    start: int
    end: int
    separator: str
    skeleton: str
    marks: list[Mark] = field(default_factory=list)
    cues: set[Cue] = field(default_factory=set)
    is_condition: bool = False
    is_reason: bool = False
    is_question: bool = False
    is_denied: bool = False

    @property
    def values(self) -> list[Mark]:
        """The marks that are values the clause gives."""
        return [mark for mark in self.marks if mark.sort in VALUES and not mark.roles & OUT_OF_PLAY]

    @property
    def targets(self) -> list[Mark]:
        """The marks that say which lines or orders."""
        return [mark for mark in self.marks if mark.sort in TARGETS and "old" not in mark.roles]

    @property
    def is_apart(self) -> bool:
        """Whether it speaks of something else than goods for us."""
        apart = self.cues & TOPICS_APART
        if apart == {Cue.LATER_ORDERS} and any(mark.sort is Sort.PART for mark in self.marks):
            apart = set()  # an offer of another part is one for this order
        if (
            apart == {Cue.HYPOTHETICAL}
            and Cue.SUBSTITUTE in self.cues
            and any(mark.sort is Sort.PART for mark in self.marks)
        ):
            apart = set()  # "we would have the C4 in stock" is a polite offer
        sorts = {mark.sort for mark in self.marks}
        if Cue.ANSWER_FOLLOWS in self.cues and Sort.DAY in sorts and not sorts & {Sort.LINE, Sort.QUANTITY}:
            return True  # "you get the dates on 5 March"
        if Cue.TELLING in self.cues and Sort.DAY in sorts and Cue.DEED not in self.cues:
            return True  # "I can tell you more about the date tomorrow"
        return bool(apart) or (Cue.EARLIER in self.cues and Cue.NEGATION in self.cues)


# A mark is as many signs as it is long, and roles are looked for from its first one only: from each of them, a number of
# very many digits would be read once for each digit.
NOT_WITHIN = rf"(?!(?<=([{''.join(PLACEHOLDERS.values())}]))\1)"


@lru_cache(maxsize=64)
def cue_patterns(language: str) -> dict[Cue, re.Pattern[str]]:
    return {
        cue: re.compile(_placed(word_pattern(*phrases))) for cue, phrases in LANGUAGES[language].cues.items()
    }


@lru_cache(maxsize=64)
def _role_patterns(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (role, re.compile(rf"(?<!\w){NOT_WITHIN}{_placed(_spelled(pattern))}"))
        for role, pattern in LANGUAGES[language].roles
    )


@lru_cache(maxsize=64)
def _separators(language: str) -> re.Pattern[str]:
    words = "|".join(_spelled(word) for word in LANGUAGES[language].separators)
    return re.compile(
        rf"(?P<mark>;|,| -+ | > |(?<=\w): |(?<=[{''.join(PLACEHOLDERS.values())}]): |\(|\)|/ )|(?<!\w)(?P<word>{words})(?!\w)"
    )


def _spelled(pattern: str) -> str:
    return word_pattern(pattern)[len(r"(?<!\w)(?:") : -len(r")(?!\w)")]


def _placed(pattern: str) -> str:
    """Write placeholders for `<D>` and its like; a word may be one of them."""
    for sort, char in PLACEHOLDERS.items():
        chars = char + (PLACEHOLDERS[Sort.NUMBER] if sort is Sort.NUMBER else "")
        pattern = pattern.replace(f"<{sort.value}>", f"[{chars}]+")
    word = rf"[\w{''.join(PLACEHOLDERS.values())}]"
    pattern = pattern.replace(r"\w+", f"{word}+").replace(r"\w*", f"{word}*")
    return re.sub(r"(?<=[(|:])'(ll|s|ve|re|d)\b", r"\\w*'\1", pattern)


def clauses_of(sentence: Sentence, spotter: Spotter, language: str) -> list[Clause]:
    """Take a sentence apart and say of each part how it is meant."""
    marks = spotter.spot(sentence.original, sentence.text)
    bones = skeleton(sentence.text, marks)
    _give_roles(bones, marks, language)
    _give_packing(bones, marks, spotter)
    clauses = list(_without_conditions(_cut(bones, marks, language), language))
    for clause in clauses:
        clause.cues = set(_cues_of(clause.skeleton.strip(), language))
    _set_moods(clauses, bones, language)
    return clauses


def _give_roles(bones: str, marks: list[Mark], language: str) -> None:
    by_start = {mark.start: mark for mark in marks}
    for role, pattern in _role_patterns(language):
        for match in pattern.finditer(bones):
            mark = by_start.get(match.start("x"))
            if mark is None or mark.roles & OUT_OF_PLAY:
                continue
            if role == "old" and mark.sort is Sort.NUMBER and mark.amount and mark.amount.is_rest:
                continue
            mark.roles.add(role)
    _give_arrows(bones, marks)


FREIGHT = re.compile(r"(?<!\w)(?:shipped|left|versandt|verschickt|lbs?|gross|brutto)(?!\w)")
BY_PACKING = re.compile(r"(?:on|in|onto|into|per|as|with|auf|mit|zu|in insgesamt|auf insgesamt)(?: \w+)? $")


def _give_packing(bones: str, marks: list[Mark], spotter: Spotter) -> None:
    """`720 rolls in 20 cartons on 2 pallets`: what the goods stand on is not how many they are."""
    amounts = [mark for mark in marks if mark.sort is Sort.QUANTITY and mark.amount and mark.amount.unit]
    counted = [mark for mark in amounts if mark.amount and canonical_unit(mark.amount.unit) in spotter.units]
    is_counted = bool(counted) or any(mark.sort is Sort.NUMBER for mark in marks)
    for mark in amounts:
        code = canonical_unit(mark.amount.unit) if mark.amount else ""
        if (
            code in PACKING
            and code not in spotter.units
            and (is_counted or FREIGHT.search(bones) or BY_PACKING.search(bones[: mark.start]))
        ):
            mark.roles.add("noise")


ARROW = re.compile(r"\s*(?:-*>|=+>|statt bisher|now|neu:?|new:?|jetzt|to)\s*")


def _give_arrows(bones: str, marks: list[Mark]) -> None:
    """`20 March -> 2 April` and `from 20 March to 2 April`: the first was, the second is."""
    days = [mark for mark in marks if mark.sort is Sort.DAY]
    for first, second in itertools.pairwise(days):
        if ARROW.fullmatch(bones[first.end : second.start]) or ARROW.fullmatch(
            bones[first.end : second.start].strip(" .,")
        ):
            first.roles.add("old")
    amounts = [mark for mark in marks if mark.sort in (Sort.QUANTITY, Sort.NUMBER)]
    for first, second in itertools.pairwise(amounts):
        if re.fullmatch(r"\s*(?:-*>|=+>)\s*", bones[first.end : second.start]):
            first.roles.add("old")


def _cut(bones: str, marks: list[Mark], language: str) -> Iterator[Clause]:
    """The clauses between commas, brackets and conjunctions; one without anything in it joins the one before."""
    cuts: list[tuple[int, int, str]] = []
    for match in _separators(language).finditer(bones):
        if match["mark"]:
            cuts.append((match.start(), match.end(), match["mark"].strip() or match["mark"]))
        else:
            word = match["word"]
            keeps = word not in ("and", "und", "&", "sowie", "plus", "but", "aber", "sondern")
            cuts.append((match.start(), match.start() if keeps else match.end(), word))
    cuts += _cuts_before_lines(marks, cuts)
    cuts += [(match.end(), match.end(), "that") for match in LEAD_IN.finditer(bones)]
    cuts.sort()
    low, separator = 0, ""
    for cut_low, cut_high, word in [*cuts, (len(bones), len(bones), "")]:
        if cut_low < low:
            continue
        if bones[low:cut_low].strip():
            inside = [mark for mark in marks if low <= mark.start < cut_low]
            yield Clause(low, cut_low, separator, bones[low:cut_low], inside)
            separator = word
        else:
            separator = f"{separator} {word}".strip()
        low = cut_high


POLITE_LEAD = re.compile(
    r"(?:let (?:me|us) know|please (?:confirm|advise|say|tell (?:me|us))|shout|bescheid|(?:sagen|melden) sie (?:mir|uns|sich)|mitteilen)$"
)
PROVISO = re.compile(
    r"(?:upon|after (?:receipt|approval|payment|your)|subject to|pending|nach (?:freigabe|zahlung|erhalt|eingang|klärung|ihrer)|vorbehaltlich)(?!\w)"
)
LEAD_IN = re.compile(
    r"(?:let you know|inform you|advise you|tell you|note|(?:advise|advised|inform|informed|report|say)(?= that)|teilen wir (?:ihnen )?mit|teile (?:ich )?(?:ihnen )?mit)(?: that| dass)? (?!more)"
)
MAIN_CLAUSE = re.compile(
    r"(?<=\S )(?:(?:we|i|it|they|you|these|those)(?: will| can| could| should| would| have to| must| are| get|'ll|'re)|(?:liefern|können|koennen|senden|schicken|verschicken|versenden|geht|kommt) (?:wir|es|sie|die|der)) "
)


def _without_conditions(clauses: Iterator[Clause], language: str) -> Iterator[Clause]:
    """A condition without a comma ends where the main clause begins: `once we are paid we will ship …`."""
    patterns = cue_patterns(language)
    condition, reason = patterns[Cue.CONDITION], patterns[Cue.REASON]
    for clause in clauses:
        begins = next(
            (
                found
                for pattern in (condition, PROVISO, reason)
                if (found := pattern.match(clause.skeleton.strip()))
            ),
            None,
        )
        main = MAIN_CLAUSE.search(clause.skeleton, 8 + begins.end()) if begins else None
        if not main:
            yield clause
            continue
        middle = clause.start + main.start()
        for start, end, separator in ((clause.start, middle, clause.separator), (middle, clause.end, "then")):
            inside = [mark for mark in clause.marks if start <= mark.start < end]
            yield Clause(
                start, end, separator, clause.skeleton[start - clause.start : end - clause.start], inside
            )


def _cuts_before_lines(marks: list[Mark], cuts: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """`line 1 27 March line 2 30 March` has no comma; the second line begins another clause all the same."""
    found = []
    has_line = has_value = False
    borders = sorted(cut[0] for cut in cuts)
    for mark in marks:
        while borders and borders[0] <= mark.start:
            borders.pop(0)
            has_line = has_value = False
        if mark.sort is Sort.LINE and mark.numbers:
            if has_line and has_value:
                found.append((mark.start, mark.start, "line"))
                has_value = False
            has_line = True
        elif mark.sort in (Sort.DAY, Sort.QUANTITY) and has_line:
            has_value = True
    return found


@lru_cache(maxsize=4096)
def _cues_of(bones: str, language: str) -> frozenset[Cue]:
    return frozenset(_cues(bones, cue_patterns(language)))


def _cues(bones: str, patterns: dict[Cue, re.Pattern[str]]) -> set[Cue]:
    text = bones.strip()
    without_idioms = patterns[Cue.NOT_NEGATION].sub(" ", text)
    without_politeness = patterns[Cue.POLITE_CONDITION].sub(" ", text)
    without_receipt = patterns[Cue.RECEIPT].sub(" ", text)
    without_reason = REASON_PHRASE.sub(" ", text)
    read_in = dict.fromkeys(TOLD_AS_REASON, without_reason)
    read_in |= {
        Cue.HISTORY: AS_WANTED.sub(" ", text),
        Cue.HEDGE: POLITE_HOPE.sub(" ", text),
        Cue.NEGATION: without_idioms,
        Cue.CONDITION: without_politeness,
        Cue.ACCEPT: without_receipt,
    }
    found = set()
    for cue, pattern in patterns.items():
        if pattern.search(read_in.get(cue, text)):
            found.add(cue)
    if Cue.SHIPPED in found and FUTURE_PASSIVE.search(text) and not DONE_PASSIVE.search(text):
        found.discard(Cue.SHIPPED)
        found.add(Cue.DELIVER)
    return found


def _set_moods(clauses: list[Clause], bones: str, language: str) -> None:
    """Conditions, reasons and denials reach as far as the clause; `and` goes on with what its clause began."""
    condition = cue_patterns(language)[Cue.CONDITION]
    reason = cue_patterns(language)[Cue.REASON]
    inside = ""
    before = ""
    asks = bool(re.search(r"\?\W*$", bones)) and bool(clauses) and not clauses[0].values
    for clause in clauses:
        start, lead = clause.skeleton.strip(), before
        before = start
        if Cue.CONDITION in clause.cues and POLITE_LEAD.search(lead):
            clause.is_reason = True  # "let me know if that is all right" leaves the promise as it is
            inside = ""
            continue
        is_proviso = bool(PROVISO.match(start)) and clause is not clauses[-1] and not clause.values
        if is_proviso or (
            Cue.CONDITION in clause.cues and (found := condition.search(start)) and found.start() <= 8
        ):
            inside = "condition"
        elif (found := reason.search(start)) and found.start() <= 1:
            inside = "reason"
        elif clause.separator not in ("and", "und", "&"):
            inside = ""
        if inside == "condition" and asks:
            inside = ""  # "is it all right if we ship on 12 March?" asks about the condition
        clause.is_condition = inside == "condition"
        clause.is_reason = inside == "reason"
        clause.is_denied = Cue.NEGATION in clause.cues
    _set_questions(clauses, bones, language)


@lru_cache(maxsize=1)
def _small_words() -> frozenset[str]:
    """The small and the neutral words of all languages: many a mail mixes two."""
    return frozenset().union(*(words.common | words.neutral for words in LANGUAGES.values()))


def unknown_words(bones: str, language: str) -> list[str]:
    """Words of a statement that are neither its language's small words nor its words of delivery: perhaps a subject."""
    patterns = cue_patterns(language)
    for cue in (
        Cue.REFUSE,
        Cue.BACKORDER,
        Cue.CANCEL,
        Cue.SUBSTITUTE,
        Cue.DELIVER,
        Cue.ACCEPT,
        Cue.SHIPPED,
        Cue.HEDGE,
        Cue.CONTRAST,
        Cue.NOT_NEGATION,
        Cue.AVAILABLE_NOW,
        Cue.UNDATED,
        Cue.ONLY,
        Cue.PRICE,
        Cue.PRICE_UP,
        Cue.CORRECTION,
    ):
        bones = patterns[cue].sub(" ", bones)
    known = _small_words()
    return [word for word in re.findall(r"[^\W\d_]{4,}", bones) if word not in known]


def _set_questions(clauses: list[Clause], bones: str, language: str) -> None:
    if not re.search(r"\?\W*$", bones):
        return
    asking = cue_patterns(language)[Cue.QUESTION]
    first = next(
        (
            at
            for at, clause in enumerate(clauses)
            if (found := asking.search(clause.skeleton.strip())) and found.start() <= 14
        ),
        0,
    )
    for clause in clauses[first:]:
        clause.is_question = True
        if any(Cue.OPEN_QUESTION in one.cues for one in clauses):
            clause.cues.add(Cue.REQUEST)
