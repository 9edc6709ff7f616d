"""Which order line each line of an electronic invoice is about: by number, by part number, by text, or asked. Pure.

Note [Never guessed]: a line is linked where one order line answers to what it says, and no two ways of saying it
disagree. Where several do, or none, whoever uploaded the file is asked, with the likeliest first. What was answered
counts before everything else.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from procurement.einvoices.terms import EInvoice, Line

WITHOUT = "none"  # the answer that a line is of no order
BY_ANSWER, BY_NUMBER, BY_PART, BY_TEXT, ASKED, NO_ORDER = (
    "answer",
    "number",
    "part",
    "text",
    "asked",
    "without",
)
MOST_CHOICES = 30
SHORTEST_WORD = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order line that may be meant. `name` is how an answer calls it; `open` what is left to be claimed of it."""

    name: str
    order: str
    company: str
    key: str
    number: int
    item: str = ""
    part: str = ""
    gtin: str = ""
    description: str = ""
    unit: str = ""
    price: Decimal = Decimal(0)
    price_per: Decimal = Decimal(1)
    open: Decimal = Decimal(0)


@dataclass(slots=True)
class Linked:
    """A line of the invoice, the order line it is about, how that was found out, and otherwise what is asked."""

    position: int
    line: Line
    found: Candidate | None = None
    how: str = ASKED
    question: str = ""
    choices: Sequence[Candidate] = field(default_factory=tuple)

    @property
    def is_open(self) -> bool:
        """Whether somebody has to say which order line it is about."""
        return self.how == ASKED


def orders_named(invoice: EInvoice) -> list[str]:
    """The order numbers that an invoice names, of the whole and of its lines (BT-13 and what syntaxes add)."""
    named = [invoice.order, *(line.order for line in invoice.lines)]
    if not any(named):
        # Many programs write the order into the buyer's reference, or behind their own order's number.
        named = [invoice.buyer_reference, invoice.contract]
    return list(dict.fromkeys(one.strip() for one in named if one and one.strip()))


def link(
    invoice: EInvoice, candidates: Sequence[Candidate], answers: Mapping[str, str] | None = None
) -> list[Linked]:
    """Each line of an invoice with the order line it is about."""
    said = answers or {}
    return [
        _linked(Linked(position, line), invoice, candidates, said.get(str(position), ""))
        for position, line in enumerate(invoice.lines, start=1)
    ]


def _linked(one: Linked, invoice: EInvoice, candidates: Sequence[Candidate], answer: str) -> Linked:
    of_order = _of_order(one.line.order or invoice.order or "", candidates)
    near = of_order or list(candidates)
    one.choices = _likeliest(one.line, near)
    if answer == WITHOUT:
        one.how = NO_ORDER
    elif answer and (chosen := next((each for each in candidates if each.name == answer), None)):
        one.found, one.how = chosen, BY_ANSWER
    elif not candidates:
        one.question = _("No order of yours is named on this line, and none is open.")
    else:
        _find(one, near, has_order=bool(of_order))
    return one


def _of_order(number: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    wanted = number.strip().casefold()
    return [each for each in candidates if each.order.casefold() == wanted] if wanted else []


def _find(one: Linked, near: Sequence[Candidate], *, has_order: bool) -> None:
    by_part = _by_part(one.line, near)
    by_number = _by_number(one.line, near) if has_order or _is_one_order(near) else []
    if len(by_number) == 1:
        # A number alone may count the invoice's own lines: another part number speaks against it.
        if by_part and by_number[0] not in by_part:
            one.question = _("Its line number and its part number mean two different order lines.")
            one.choices = [by_number[0], *by_part]
            return
        one.found, one.how = by_number[0], BY_NUMBER
        return
    if by_part:
        _take(one, by_part, BY_PART, _("Several order lines are for this part number."))
        return
    by_text = _by_text(one.line, near)
    if by_text:
        _take(one, by_text, BY_TEXT, _("Several order lines have this description."))
        return
    one.question = _("Neither its number, its part number nor its description is that of an order line.")


def _take(one: Linked, found: Sequence[Candidate], how: str, question: str) -> None:
    """One of several: the only one, or the only one of which as much is open at that price."""
    if len(found) > 1:
        left = [each for each in found if each.open >= (one.line.quantity or Decimal(0)) > 0]
        same = [each for each in left if _is_price(one.line, each)] or left
        if len(same) == 1:
            found = same
    if len(found) == 1:
        one.found, one.how = found[0], how
    else:
        one.question, one.choices = question, tuple(found[:MOST_CHOICES])


def _is_one_order(near: Sequence[Candidate]) -> bool:
    return len({each.order for each in near}) == 1


def _by_number(line: Line, near: Sequence[Candidate]) -> list[Candidate]:
    said = (line.order_line or "").strip()
    if not said:
        return []
    bare = said.lstrip("0") or "0"
    return [each for each in near if str(each.number) == bare] or [each for each in near if each.key == said]


def _by_part(line: Line, near: Sequence[Candidate]) -> list[Candidate]:
    codes = {_code(text) for text in (line.seller_item, line.buyer_item) if text}
    standard = (line.standard_item.value or "").lstrip("0") if line.standard_item else ""
    found = []
    for each in near:
        theirs = {_code(text) for text in (each.item, each.part) if text}
        if codes & theirs or (standard and each.gtin and each.gtin.lstrip("0") == standard):
            found.append(each)
    return found


def _code(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold()) or text


def words_of(text: str) -> frozenset[str]:
    """The words of a description that tell things apart."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return frozenset(
        word for word in re.findall(r"\w+", folded) if len(word) >= SHORTEST_WORD or word.isdigit()
    )


def _by_text(line: Line, near: Sequence[Candidate]) -> list[Candidate]:
    said = [text for text in (line.name, line.description) if text]
    exact = [each for each in near if each.description and each.description in said]
    if exact:
        return exact
    inside = words_of(" ".join(said))
    return [
        each
        for each in near
        if (theirs := words_of(each.description)) and (theirs <= inside or (inside and inside <= theirs))
    ]


def _is_price(line: Line, each: Candidate) -> bool:
    if line.price is None:
        return False
    return line.price * each.price_per == each.price * (line.price_quantity or Decimal(1))


def _likeliest(line: Line, near: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """What to offer, the likeliest first: by words in common, price, and what is open."""
    inside = words_of(" ".join(text for text in (line.name, line.description) if text))

    def weight(each: Candidate) -> tuple[int, bool, bool, str, int]:
        common = len(inside & words_of(each.description))
        return (-common, not _is_price(line, each), each.open <= 0, each.order, each.number)

    return tuple(sorted(near, key=weight)[:MOST_CHOICES])
