"""What a mail says, shown beside what would be sent: in the reader's words, with the writer's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.templatetags.portal_ui import day_text, quantity_text
from procurement.acknowledgments.forms import plain_amount, plain_day, shown_text
from procurement.acknowledgments.messages import TypedPiece
from procurement.mailroom.messages import DraftLine, line_from_json
from procurement.mailroom.models import MailDraft
from procurement.mailroom.states import DraftKind, Why
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.states import PromiseKind

WHY_UNSURE = {
    "tentative": lazy("hoped, not said for certain"),
    "contradicts": lazy("the mail says two things that exclude each other"),
    "asked": lazy("a question, not a promise"),
    "shipped": lazy("has left already"),
    "percent": lazy("a price in percent"),
    "several": lazy("several things are said of this line"),
    "several_deliveries": lazy("the line has several deliveries, and it is not clear which is meant"),
    "part": lazy("only about part of the line"),
    "more": lazy("more than is asked for"),
    "sum": lazy("the amounts do not add up to the line"),
    "differs": lazy("taken as asked, yet with other values"),
    "no_day": lazy("no day is named where one is needed"),
    "no_quantity": lazy("no amount is named where one is needed"),
    "month": lazy("no day, only a part of a month"),
    "price": lazy("a price that does not fit the line"),
    "substitute": lazy("another item, not named clearly"),
    "whole": lazy("about the whole order"),
    "closed": lazy("not a line that takes an answer any more"),
    "revised": lazy("the order changed after this was written"),
    "talked_of": lazy("a change request on this line is open: answer that one"),
}
MARKS = {
    "week": lazy("a week was named: its Friday is filled in"),
    "rest_refused": lazy("what is missing is filled in as refused"),
    "day_as_asked": lazy("no day was named for the first part: the day asked for is filled in"),
    "accepts": lazy("that is what the buyer asks for: it accepts the change request"),
    "counters": lazy("that is not what the buyer asks for: it is a counter-proposal to the change request"),
}


@dataclass(frozen=True, slots=True)
class LineShown:
    """One line of a draft: what stands, what would be said, the sentences, and what was worked out."""

    number: int
    item: str
    stands: str
    pieces: Sequence[str]
    words: Sequence[str]
    marks: Sequence[str]
    has_moved: bool = False


@dataclass(frozen=True, slots=True)
class UnsureShown:
    """A statement that is not filled in."""

    number: int
    words: str
    why: str


@dataclass(frozen=True, slots=True)
class DraftShown:
    """A draft as its panel shows it. `may_decide`: the reader may press."""

    draft: MailDraft
    lines: Sequence[LineShown]
    unsure: Sequence[UnsureShown]
    may_decide: bool = False

    @property
    def is_sheet(self) -> bool:
        return bool(self.draft.kind == DraftKind.SHEET)

    @property
    def is_change(self) -> bool:
        return bool(self.draft.kind == DraftKind.CHANGE)

    @property
    def is_reply(self) -> bool:
        return bool(self.draft.kind == DraftKind.REPLY)

    @property
    def has_moved(self) -> bool:
        """Whether the order moved on a line of it since the mail was read."""
        return any(line.has_moved for line in self.lines)


def shown_draft(
    draft: MailDraft,
    order: PurchaseOrder,
    lines: Mapping[str, PurchaseOrderLine],
    *,
    may_decide: bool = False,
) -> DraftShown:
    """One draft with the lines of its order, by key."""
    found = [line_from_json(line) for line in draft.lines]
    return DraftShown(
        draft=draft,
        lines=[_line(one, lines.get(one.key), order, draft) for one in found],
        unsure=unsure_shown(draft.unsure),
        may_decide=may_decide,
    )


def unsure_shown(kept: Sequence[Mapping[str, object]]) -> list[UnsureShown]:
    """Statements that were not filled in, with why."""
    return [
        UnsureShown(
            int(str(one["number"])), str(one["words"]), str(WHY_UNSURE.get(str(one["why"]), one["why"]))
        )
        for one in kept
    ]


def _line(
    one: DraftLine, line: PurchaseOrderLine | None, order: PurchaseOrder, draft: MailDraft
) -> LineShown:
    unit = line.unit if line else ""
    return LineShown(
        number=one.number,
        item=line.item_number if line else "",
        stands=_stands(line, order) if line else "",
        pieces=_pieces(one, unit, order.currency),
        words=list(dict.fromkeys(one.evidence.values())),
        marks=[str(MARKS[mark]) for mark in one.marks if mark in MARKS],
        has_moved=line is None or line.touched_version > draft.order_version,
    )


def _stands(line: PurchaseOrderLine, order: PurchaseOrder) -> str:
    return ", ".join(
        (
            quantity_text(line.quantity, line.unit),
            day_text(line.expected_on),
            f"{shown_text('price', str(line.price.normalize()), order.currency)} {order.currency}",
        )
    )


def _pieces(one: DraftLine, unit: str, currency: str) -> list[str]:
    if one.cancel:
        return [_("nothing more: cancelled")]
    if not one.pieces:
        return [_("as asked")]
    return [_piece(piece, unit, currency) for piece in one.pieces]


def _piece(piece: TypedPiece, unit: str, currency: str) -> str:
    quantity = plain_amount(piece.quantity)
    amount = quantity_text(quantity, unit) if quantity is not None else ""
    if piece.kind == PromiseKind.REFUSE:
        return _("%(amount)s refused") % {"amount": amount}
    if piece.kind == PromiseKind.BACKORDER:
        return _("%(amount)s on backorder, no day yet") % {"amount": amount}
    day = plain_day(piece.delivery_on)
    parts = [amount, day_text(day)]
    if piece.kind == PromiseKind.SUBSTITUTE or piece.item_number:
        parts.append(_("item %(item)s instead") % {"item": piece.item_number})
    if (price := plain_amount(piece.price)) is not None:
        parts.append(f"{shown_text('price', piece.price, currency)} {currency}" if price else "")
    return ", ".join(part for part in parts if part)


def why_text(why: str) -> str:
    """Why a mail was sorted as it was, as a sentence."""
    return str(Why(why).label) if why in Why.values else ""
