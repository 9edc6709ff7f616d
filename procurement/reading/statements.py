"""What a statement holds: the lines it is about, its pieces as they were said, and how it is meant."""

from dataclasses import dataclass, field

from procurement.reading.context import OpenLine
from procurement.reading.dates import Day, Later
from procurement.reading.marks import Amount, Mark, Money
from procurement.reading.words import Cue


@dataclass
class RawPiece:
    """A piece as it was said; amounts and days are not yet worked out for a line."""

    amount: Amount | None = None
    day: Day | Later | None = None
    money: Money | None = None
    percent: Mark | None = None
    part: str = ""
    roles: set[str] = field(default_factory=set)
    status: Cue | None = None  # shipped, backordered, cancelled, refused: of this piece only
    has_number_only: bool = False

    @property
    def is_rest(self) -> bool:
        return bool(self.amount and self.amount.is_rest)

    @property
    def says_nothing(self) -> bool:
        return not (self.amount or self.day or self.money or self.percent or self.part)


@dataclass
class Targets:
    """The lines spoken of, and how they were named."""

    lines: tuple[OpenLine, ...] = ()
    orders: tuple[str, ...] = ()  # named as a whole
    is_explicit: bool = False
    is_others: bool = False
    is_foreign: bool = False
    is_unclear: bool = False
    is_described: bool = False  # by words of their descriptions only
    is_weak: bool = False  # "all", which may be all of anything
    excepted: tuple[OpenLine, ...] = ()

    @property
    def is_whole(self) -> bool:
        return bool(self.orders)


PREDICATES = frozenset({Cue.ACCEPT, Cue.SHIPPED, Cue.BACKORDER, Cue.REFUSE, Cue.CANCEL, Cue.SUBSTITUTE})


@dataclass
class Statement:
    """Something said about some lines, with its pieces, its cues and its place in the new text."""

    start: int
    end: int
    paragraph: int
    targets: Targets | None = None
    pieces: list[RawPiece] = field(default_factory=list)
    cues: set[Cue] = field(default_factory=set)
    is_question: bool = False
    is_conditional: bool = False
    is_denied: bool = False
    is_unsure: bool = False
    starts_line: bool = False
    has_goods: bool = False
    is_discarded: bool = False  # "… but ignore that": what was said is not meant
    is_listing: bool = False  # "all of it, the valves and the flanges, …"
    ends_with_line: bool = False  # the last thing said is the name of a line
    has_unexplained: bool = False
    words: int = 0
    bones: str = ""  # the skeleton of its clauses
    core: str = ""  # of those that name, promise or qualify something
    aside: str = ""  # of those that do none of it
    language: str = "en"
    aside_lines: tuple[
        OpenLine, ...
    ] = ()  # named earlier in the sentence, beside what is said: "they" are those

    @property
    def has_content(self) -> bool:
        """Whether it says anything of its lines."""
        return bool(self.pieces) or bool(self.cues & PREDICATES)
