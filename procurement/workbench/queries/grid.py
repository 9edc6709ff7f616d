"""The rows of the answer grid as the page shows them: fields, what stands, what moved, and what would come of it."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.utils.html import format_html

from portal.kernel.errors import Problem
from portal.kernel.templatetags.portal_ui import day as day_tag
from portal.kernel.templatetags.portal_ui import glyph as glyph_tag
from portal.kernel.templatetags.portal_ui import price as price_tag
from portal.kernel.templatetags.portal_ui import quantity as quantity_tag
from procurement.acknowledgments.forms import shown_text
from procurement.acknowledgments.messages import TypedPiece
from procurement.acknowledgments.policies import LineRules
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.policies import plain
from procurement.orders.states import PromiseKind, Reason, Turn
from procurement.workbench.policies import Verdict


class Box(NamedTuple):
    """One field of the grid: where it is, what stands in it, whether it differs from what is asked, what is wrong."""

    id: str
    name: str
    value: str
    is_changed: bool
    is_bad: bool


class GridPiece(NamedTuple):
    """One row of fields."""

    number: int
    kind: str
    kind_name: str
    quantity: Box
    delivery_on: Box
    ship_on: Box | None
    price: Box
    typed: TypedPiece
    key_name: str
    tone: str = "quiet"
    glyph: str = "full"
    text: str = ""
    asked: str = ""
    item_is_bad: bool = False
    description_is_bad: bool = False
    reason_is_bad: bool = False

    @property
    def position(self) -> int:
        return self.number + 1


class Moved(NamedTuple):
    """What the newest revision changed on a line."""

    field: str
    old: str
    new: str


class Standing(NamedTuple):
    """A promise that stands, as a row to read."""

    quantity: Decimal
    delivery_on: date | None
    price: Decimal
    price_per: Decimal
    kind: str
    state: str
    item_number: str
    reason: str
    decision_note: str
    price_differs: bool


@dataclass(slots=True)
class GridLine:
    """One line of the grid."""

    line: PurchaseOrderLine
    rules: LineRules
    is_editable: bool
    verdict: Verdict
    pieces: list[GridPiece] = field(default_factory=list)
    standing: list[Standing] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    moved_in: int = 0
    is_new: bool = False
    declined: list[Standing] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    typed_before: bool = False
    is_typed: bool = False
    mark: str = ""
    typed_by: str = ""
    rest: Decimal = Decimal(0)
    sum_text: str = ""
    shares: list[tuple[float, float]] = field(default_factory=list)
    amount: Decimal = Decimal(0)
    has_ship_dates: bool = False

    @property
    def pk(self) -> int:
        return self.line.pk

    @property
    def key(self) -> str:
        return self.line.key

    @property
    def is_split(self) -> bool:
        return len(self.pieces) > 1

    @property
    def is_refused(self) -> bool:
        return len(self.pieces) == 1 and self.pieces[0].kind == PromiseKind.REFUSE

    @property
    def tone(self) -> str:
        """The tone of a touched line; none for a quiet one."""
        return self.verdict.tone if self.is_typed else ""

    @property
    def mould(self) -> str:
        """Which mould this line is cast from; none where it has something of its own to say."""
        if self.moved or self.is_new or self.declined or self.line.note or self.is_typed or self.problems:
            return ""
        if len(self.rules.deliveries) > 1 or len(self.standing) > 1:
            return ""
        if self.is_editable:
            return "editable"
        plainly = not self.standing or self.standing[0].kind == PromiseKind.ACCEPT
        return "standing" if plainly and self.line.turn != Turn.SUPPLIER else ""

    @property
    def short_by(self) -> Decimal:
        return max(Decimal(0), self.rest)

    @property
    def over_by(self) -> Decimal:
        return max(Decimal(0), -self.rest)


def words_of(row: GridLine, currency: str) -> dict[str, str | int]:
    """The words of a quiet line, for its mould."""
    line = row.line
    words: dict[str, str | int] = {
        "pk": line.pk,
        "key": line.key,
        "number": line.number,
        "item": line.item_number,
        "part_number": f"· {line.supplier_part_number}" if line.supplier_part_number else "",
        "description": line.description,
        "unit": line.unit,
        "asked_quantity": quantity_tag(line.quantity, line.unit),
        "asked_day": day_tag(row.rules.deliveries[0].delivery_on),
        "asked_price": price_tag(line.price, "", line.price_per),
    }
    if row.is_editable:
        words["own_quantity"] = shown_text("quantity", plain(line.quantity))
        words["own_day"] = shown_text("delivery_on", row.rules.deliveries[0].delivery_on.isoformat())
        words["own_price"] = shown_text("price", plain(line.price), currency)
        return words
    one = row.standing[0] if row.standing else None
    words |= {
        "own_quantity": quantity_tag(one.quantity) if one else "",
        "own_day": day_tag(one.delivery_on) if one else "",
        "own_price": price_tag(one.price, "", one.price_per) if one else "",
        "tone": row.verdict.tone,
        "glyph": glyph_tag(row.verdict.glyph),
        "result": format_html("<b>{}</b>", row.verdict.result) if row.verdict.result else "",
        "reason": row.verdict.reason,
    }
    return words


def reasons() -> list[tuple[str, str]]:
    """Why something is refused or differs: code and word."""
    return [(reason.value, str(reason.label)) for reason in Reason]


def kinds() -> list[tuple[str, str]]:
    """What can be said of a piece: code and word."""
    return [(kind.value, str(kind.label)) for kind in PromiseKind]
