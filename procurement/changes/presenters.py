"""Terms and wishes in words, as people of both sides read them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.kernel.errors import Problem
from portal.kernel.looks import look_of
from portal.kernel.templatetags.portal_ui import day_text, figure
from procurement.changes.messages import TermPiece, Terms, terms_from_json
from procurement.changes.models import OrderChange
from procurement.changes.states import ChangeKind, ChangeState, Side
from procurement.tolerances.messages import Outcome, Verdict
from procurement.tolerances.presenters.sentences import deciding, why_all


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing that a wish would alter: what it is called, as it is, as it would be."""

    word: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Foretold:
    """What will come of a wish when it is sent: agreed at once, whom it goes to, or what stops it, and why."""

    tone: str
    glyph: str
    result: str
    reason: str = ""


def foretold(
    problems: Sequence[Problem], verdict: Verdict | None, *, side: str, buyer: str, currency: str, unit: str
) -> Foretold:
    """The sentence under the fields of a wish. `verdict` is what the company's rules say; None where none act."""
    if problems:
        count = len(problems)
        result = ngettext("Cannot be sent yet", "%(n)d things to mend first", count) % {"n": count}
        return Foretold("stop", "alert", result, problems[0].message)
    if side == Side.BUYER:
        return Foretold(
            "wait", "talk", _("Goes to the supplier"), _("What is agreed stands until it says yes.")
        )
    why = why_all(deciding(verdict.apart), currency=currency, unit=unit) if verdict else ""
    if verdict and verdict.outcome < Outcome.ASK:
        return Foretold("done", "full", _("Agreed at once"), why)
    who = buyer or _("the buyer")
    return Foretold("wait", "talk", _("Goes to %(buyer)s") % {"buyer": who}, why)


# As the kinds are called within a sentence: what is small there in one language is not in another.
_IN_A_SENTENCE: Mapping[str, Lazy] = {
    ChangeKind.DATE: gettext_lazy("date"),
    ChangeKind.QUANTITY: gettext_lazy("quantity"),
    ChangeKind.PRICE: gettext_lazy("price"),
    ChangeKind.SPLIT: gettext_lazy("split"),
    ChangeKind.MERGE: gettext_lazy("merge"),
    ChangeKind.SUBSTITUTE: gettext_lazy("substitute"),
    ChangeKind.CANCEL: gettext_lazy("cancel"),
    ChangeKind.SHIP_TO: gettext_lazy("ship-to"),
}


def kinds_text(kinds: Iterable[str]) -> str:
    """What a wish would alter, in a few words: date, price."""
    return ", ".join(str(_IN_A_SENTENCE[kind]) for kind in kinds)


def deliveries_text(pieces: Iterable[TermPiece], unit: str = "") -> str:
    """So much on that day, and so much on another."""
    return " + ".join(f"{_amount(piece.quantity, unit)} · {_day(piece)}" for piece in pieces)


def _amount(quantity: Decimal, unit: str) -> str:
    return f"{figure(quantity)} {unit}".strip()


def _day(piece: TermPiece) -> str:
    return day_text(piece.delivery_on) if piece.delivery_on else _("no day yet")


def _prices_text(terms: Terms, currency: str = "") -> str:
    prices = dict.fromkeys((piece.price, piece.price_per) for piece in terms.pieces)
    texts = (
        f"{figure(price, 2)} {currency}".strip() + ("" if per == 1 else f" / {figure(per)}")
        for price, per in prices
    )
    return " + ".join(texts)


def _items_text(terms: Terms) -> str:
    return ", ".join(dict.fromkeys(piece.item_number or _("as asked") for piece in terms.pieces))


def differences(old: Terms, new: Terms, *, unit: str = "", currency: str = "") -> list[Moved]:
    """What a wish would alter against what is agreed, or against the wish before, each with both values."""
    before = deliveries_text(old.pieces, unit)
    if new.cancel:
        rest = (
            _("no more than %(quantity)s") % {"quantity": _amount(new.quantity, unit)}
            if new.pieces
            else _("nothing")
        )
        return [Moved(_("cancel"), before, rest)]
    found: list[Moved] = []
    after = deliveries_text(new.pieces, unit)
    if before != after:
        single = len(old.pieces) == len(new.pieces) == 1
        if single and old.quantity == new.quantity:
            found.append(Moved(_("delivery"), _day(old.pieces[0]), _day(new.pieces[0])))
        elif single and old.pieces[0].delivery_on == new.pieces[0].delivery_on:
            found.append(Moved(_("quantity"), _amount(old.quantity, unit), _amount(new.quantity, unit)))
        else:
            found.append(Moved(_("deliveries"), before, after))
    prices = [_prices_text(terms, currency) for terms in (old, new)]
    if prices[0] != prices[1]:
        found.append(Moved(_("price"), *prices))
    items = [_items_text(terms) for terms in (old, new)]
    if items[0] != items[1]:
        found.append(Moved(_("item"), *items))
    if old.ship_to != new.ship_to:
        found.append(Moved(_("ship-to"), old.ship_to or _("as asked"), new.ship_to or _("as asked")))
    return found


def differences_in(facts: Mapping[str, Any]) -> str:
    """What a fact about a request says of it: delivery 1 Apr 2026 → 8 Apr 2026."""
    if "old" not in facts:
        return kinds_text(facts["kinds"])
    old, new = terms_from_json(facts["old"]), terms_from_json(facts["new"])
    moved = differences(old, new, unit=facts.get("unit", ""))
    return "; ".join(f"{one.word} {one.old} → {one.new}" for one in moved) or kinds_text(facts["kinds"])


def why_text(facts: Mapping[str, Any]) -> str:
    """The reason and the words that came with it."""
    return " ".join(filter(None, (facts.get("why"), f"“{facts['note']}”" if facts.get("note") else "")))


@dataclass(frozen=True, slots=True)
class Headline:
    """Whose turn it is, in one sentence, as components/ball.html shows it."""

    tone: str
    glyph: str
    turn: str
    sentence: str
    yours: bool = False


def headline(change: OrderChange, *, side: str, by: str) -> Headline:
    """Where a request stands for who reads it. `by` is the moment until which a word is owed, in words."""
    values = {"line": change.line.number, "number": change.order.number, "what": kinds_text(change.kinds)}
    if change.is_open:
        if change.turn == side:
            text = _("Line %(line)s of order %(number)s, %(what)s: say yes, no, or something else by %(by)s.")
            return Headline("wait", "talk", _("Your turn"), text % {**values, "by": by}, yours=True)
        text = _("Line %(line)s of order %(number)s, %(what)s: the other side answers by %(by)s.")
        return Headline("talk", "talk", _("Other side’s turn"), text % {**values, "by": by})
    texts = {
        ChangeState.ACCEPTED: _(
            "Agreed. The ERP is told; the line waits until it is seen there. Nobody confirms it again."
        ),
        ChangeState.DONE: _("Agreed, and the ERP holds it."),
        ChangeState.KEPT: _("Agreed here alone: somebody decided that the ERP is not to be told."),
        ChangeState.DECLINED: _("Declined. What was agreed stands."),
        ChangeState.WITHDRAWN: _("Taken back. What was agreed stands."),
        ChangeState.EXPIRED: _("Nobody answered in time. What was agreed stands; ask anew."),
        ChangeState.SUPERSEDED: _(
            "Overtaken: what was agreed on the line has moved since. Look at the order."
        ),
    }
    look = look_of("change", change.state)
    return Headline(look.tone, look.glyph, str(look.word), texts[ChangeState(change.state)])
