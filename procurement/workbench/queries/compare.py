"""A line as a buyer compares it: what is asked, what is promised, how they differ, and where the answer stands."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.templatetags.portal_ui import figure, quantity_text
from portal.kernel.values import line_amount, minor_units, rounded
from procurement.acknowledgments.policies import Delivery, Difference, LineRules, difference
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.policies import NewPiece
from procurement.orders.states import PromiseKind, PromiseState, Turn
from procurement.tolerances.presenters.sentences import lateness
from procurement.workbench.presenters import field_word, shown_value


@dataclass(frozen=True, slots=True)
class Piece:
    """One promised piece beside what it answers. `days` is how late it comes, negative when early."""

    line: PurchaseOrderLine
    promise: Promise
    asked_on: date
    days: int
    price_differs: bool
    is_alone: bool

    @property
    def is_refusal(self) -> bool:
        return self.promise.kind == PromiseKind.REFUSE

    @property
    def is_backorder(self) -> bool:
        return self.promise.kind == PromiseKind.BACKORDER

    @property
    def is_substitute(self) -> bool:
        return self.promise.kind == PromiseKind.SUBSTITUTE

    @property
    def waits(self) -> bool:
        return self.promise.state == PromiseState.PROPOSED

    @property
    def is_declined(self) -> bool:
        return self.promise.state == PromiseState.DECLINED

    @property
    def late_words(self) -> str:
        return lateness(self.days) if self.days else ""

    @property
    def price_words(self) -> str:
        """How much more or less one unit costs."""
        line, one = self.line, self.promise
        change = one.price / one.price_per - line.price / line.price_per
        percent = change * line.price_per / line.price * 100 if line.price else Decimal(0)
        return f"{_signed(percent, 1)} %"

    @property
    def reason(self) -> str:
        return str(self.promise.get_reason_display()) if self.promise.reason else ""


@dataclass(frozen=True, slots=True)
class Moved:
    """One field that the newest revision changed on a line."""

    field: str
    word: str
    old: str
    new: str
    did: str

    @classmethod
    def of(cls, change: Mapping[str, str]) -> "Moved":
        name = change["field"]
        old, new = (shown_value(name, change[when]) if change[when] else "" for when in ("old", "new"))
        return cls(name, str(field_word(name)), old, new, change["did"])


@dataclass(frozen=True, slots=True)
class Compared:
    """One line: asked, promised, and the difference in words."""

    line: PurchaseOrderLine
    order: PurchaseOrder
    deliveries: tuple[ScheduleLine, ...]
    pieces: tuple[Piece, ...]
    words: tuple[str, ...]
    moved: tuple[Moved, ...] = ()
    erp: Any = None

    @property
    def waits(self) -> bool:
        """Whether the buyer holds the ball."""
        return self.line.turn == Turn.BUYER

    @property
    def asked_last(self) -> date:
        return max(one.delivery_on for one in self.deliveries)

    @property
    def since(self) -> datetime | None:
        """When the supplier said it."""
        return min((piece.promise.promised_at for piece in self.pieces), default=None)

    @property
    def worst_days(self) -> int:
        return max((piece.days for piece in self.pieces), default=0)

    @property
    def price_differs(self) -> bool:
        return any(piece.price_differs for piece in self.pieces)

    @property
    def promised_amount(self) -> Decimal:
        """What the promised pieces would cost."""
        amounts = (
            line_amount(one.promise.quantity, one.promise.price, one.promise.price_per, self.order.currency)
            for one in self.pieces
            if not one.is_refusal
        )
        return sum(amounts, start=Decimal(0))

    @property
    def amount_words(self) -> str:
        """How much more or less the line costs as promised."""
        change = self.promised_amount - self.line.amount
        return f"{_signed(change, minor_units(self.order.currency))} {self.order.currency}" if change else ""

    @property
    def notes(self) -> list[str]:
        """What the supplier added in words, each once."""
        return list(dict.fromkeys(piece.promise.note for piece in self.pieces if piece.promise.note))

    @property
    def declined(self) -> list[Promise]:
        return [piece.promise for piece in self.pieces if piece.is_declined]

    def moved_field(self, name: str) -> Moved | None:
        return next((one for one in self.moved if one.field == name), None)

    @property
    def old_day(self) -> str:
        """The day that was asked before, without the year where the new one says it."""
        moved = self.moved_day
        if moved is None:
            return ""
        return moved.old[:-5] if moved.old[-5:] == moved.new[-5:] else moved.old

    @property
    def moved_day(self) -> Moved | None:
        return self.moved_field("delivery_on")

    @property
    def moved_quantity(self) -> Moved | None:
        return self.moved_field("quantity")

    @property
    def moved_price(self) -> Moved | None:
        return self.moved_field("price")

    @property
    def moved_otherwise(self) -> list[Moved]:
        """What moved besides quantity, day and price."""
        return [one for one in self.moved if one.field not in ("quantity", "delivery_on", "price")]

    @property
    def tone(self) -> str:
        if any(piece.is_refusal for piece in self.pieces) or self.worst_days > 0:
            return "stop"
        return "wait"


def compare(
    line: PurchaseOrderLine,
    order: PurchaseOrder,
    schedules: Sequence[ScheduleLine],
    promises: Sequence[Promise],
    *,
    moved: Sequence[Moved] = (),
    erp: Any = None,
) -> Compared:
    """Put a line's promises beside what is asked, and what the newest revision moved on it."""
    asked = {one.key: one.delivery_on for one in schedules}
    last = max(asked.values(), default=line.delivery_on)
    pieces = tuple(
        _piece(promise, line, asked.get(promise.schedule_key, last), len(promises)) for promise in promises
    )
    rules = LineRules(
        number=line.number,
        quantity=line.quantity,
        unit=line.unit,
        unit_decimals=line.unit_decimals,
        price=line.price,
        price_per=line.price_per,
        deliveries=tuple(Delivery(one.key, one.quantity, one.delivery_on) for one in schedules),
    )
    differs = [promise for promise in promises if promise.state != PromiseState.AGREED]
    words = tuple(words_of(difference(rules, [_new(one) for one in promises]), line)) if differs else ()
    return Compared(line, order, tuple(schedules), pieces, words, tuple(moved), erp)


def moved_of(changes: Iterable[Mapping[str, str]]) -> dict[str, list[Moved]]:
    """What a revision moved, by line number as text; the ERP's own plan over a promise that stands moved nothing."""
    found: dict[str, list[Moved]] = {}
    for change in changes:
        if change["line"] and change["did"] != "kept":
            found.setdefault(change["line"], []).append(Moved.of(change))
    return found


def _piece(promise: Promise, line: PurchaseOrderLine, asked_on: date, count: int) -> Piece:
    days = (promise.delivery_on - asked_on).days if promise.delivery_on else 0
    differs = promise.price * line.price_per != line.price * promise.price_per
    return Piece(
        line=line,
        promise=promise,
        asked_on=asked_on,
        days=days,
        price_differs=differs and promise.kind != PromiseKind.REFUSE,
        is_alone=count == 1,
    )


def _new(promise: Promise) -> NewPiece:
    return NewPiece(
        schedule_key=promise.schedule_key,
        kind=promise.kind,
        quantity=promise.quantity,
        price=promise.price,
        price_per=promise.price_per,
        delivery_on=promise.delivery_on,
        ship_on=promise.ship_on,
        item_number=promise.item_number,
    )


def words_of(told: Difference, line: PurchaseOrderLine) -> Iterator[str]:
    """How an answer differs, the gravest first, each in a few words for a narrow column."""
    if told.refused:
        whole = told.refused == line.quantity
        yield _("refused") if whole else _("%(n)s refused") % {"n": quantity_text(told.refused, line.unit)}
    if told.days_late:
        yield lateness(told.days_late)
    if told.price_change:
        percent = told.price_change * line.price_per / line.price * 100 if line.price else Decimal(0)
        yield _("price %(percent)s %%") % {"percent": _signed(percent, 1)}
    if told.backorder:
        yield _("backorder")
    if told.substitute:
        yield _("substitute")
    if told.split:
        yield _("split")
    if told.is_none:
        yield _("other quantities")


def _signed(amount: Decimal, decimals: int) -> str:
    return f"{'+' if amount > 0 else ''}{figure(rounded(amount, decimals), decimals)}"


# What a change of a revision did to its line.
DID_WORDS = {
    "reopened": lazy("reopened"),
    "as agreed": lazy("closed by itself: it says what was agreed"),
    "kept": lazy("nothing: the ERP planned anew by itself, what was promised stands"),
    "noted": lazy("nothing, it does not matter for the promise"),
    "added": lazy("a new line, awaits an answer"),
    "cancelled": lazy("the line is cancelled"),
}
