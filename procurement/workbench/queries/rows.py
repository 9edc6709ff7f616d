"""Building the rows of the answer grid: each line from what is asked, what stands and what is typed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from portal.kernel.templatetags.portal_ui import day_text, figure
from portal.kernel.values import line_amount
from procurement.acknowledgments.forms import (
    Pieces,
    asked_pieces,
    carried,
    field_name,
    plain_day,
    read_line,
    rest_of,
    same,
    shown_text,
)
from procurement.acknowledgments.messages import TypedPiece
from procurement.acknowledgments.models import DraftAnswer
from procurement.acknowledgments.policies import LineRules, hints, read_answer, refused_at_entry
from procurement.acknowledgments.queries import Judge
from procurement.acknowledgments.services import mark_of
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine
from procurement.orders.policies import NewPiece
from procurement.orders.states import Agreement, OrderState, PromiseKind, PromiseState, Turn
from procurement.tolerances.presenters.sentences import lateness
from procurement.workbench.policies import (
    Verdict,
    amount_share,
    as_asked_verdict,
    reasons_of,
    says_as_asked,
    verdict_of,
)
from procurement.workbench.presenters import field_word, shown_value
from procurement.workbench.queries.grid import Box, GridLine, GridPiece, Moved, Standing


@dataclass(slots=True)
class Parts:
    """Everything the grid is made of, read once."""

    order: PurchaseOrder
    rules: dict[int, LineRules]
    promises: dict[int, list[Promise]]
    drafts: dict[str, DraftAnswer]
    moved: dict[tuple[int, str], list[dict[str, str]]]
    sites: dict[str, str]
    buyer: str
    today: date
    transit_days: int | None
    editable: bool
    in_full: frozenset[str]
    judge: Judge | None = None
    is_company: bool = False


def row_of(line: PurchaseOrderLine, parts: Parts) -> GridLine:
    """One line of the grid: with fields where it waits for who reads this, else as it stands."""
    rules = parts.rules[line.pk]
    promises = parts.promises.get(line.pk, [])
    waits = line.turn == Turn.SUPPLIER and line.is_open and parts.order.state == OrderState.ISSUED
    row = GridLine(line=line, rules=rules, is_editable=waits and parts.editable, verdict=as_asked_verdict())
    if waits:
        _say_what_moved(row, parts)
        row.declined = [_standing(one, line) for one in promises if one.state == PromiseState.DECLINED]
    if row.is_editable:
        _fill_fields(row, parts)
        return row
    if not waits:
        row.standing = [_standing(one, line) for one in promises]
    row.amount = _standing_amount(row, parts.order)
    row.verdict = _standing_verdict(row, parts, waits=waits)
    return row


def _standing(promise: Promise, line: PurchaseOrderLine) -> Standing:
    return Standing(
        promise.quantity,
        promise.delivery_on,
        promise.price,
        promise.price_per,
        promise.kind,
        promise.state,
        promise.item_number,
        promise.get_reason_display() if promise.reason else "",
        promise.decision_note,
        promise.price * line.price_per != line.price * promise.price_per,
    )


def _standing_amount(row: GridLine, order: PurchaseOrder) -> Decimal:
    if row.line.cancelled:
        return Decimal(0)
    if not row.standing:
        return row.line.amount
    kept = [one for one in row.standing if one.kind != PromiseKind.REFUSE]
    amounts = (line_amount(one.quantity, one.price, one.price_per, order.currency) for one in kept)
    return sum(amounts, start=Decimal(0))


def _standing_verdict(row: GridLine, parts: Parts, *, waits: bool) -> Verdict:
    line = row.line
    if line.cancelled:
        return Verdict("closed", "quiet", "stop", "", _("Cancelled"))
    if line.received_quantity >= line.quantity:
        return Verdict("closed", "done", "full", "", _("Received"))
    if line.closed:
        return Verdict("closed", "quiet", "stop", "", _("Closed short"))
    if waits:
        return Verdict("waits", "wait", "wait", "", _("Waits for an answer"))
    if line.turn == Turn.BUYER:
        word = _("%(buyer)s decides") % {"buyer": parts.buyer}
        return Verdict("with_buyer", "move", "most", word, _apart(row, parts))
    if line.agreement == Agreement.REFUSED:
        return Verdict("refused", "stop", "stop", _("Refused"), _why_refused(row))
    if line.agreement == Agreement.AGREED:
        by_rule = any(one.by_rule for one in parts.promises.get(line.pk, []))
        return Verdict(
            "agreed", "done", "full", _("Agreed by rule") if by_rule else _("Agreed"), _apart(row, parts)
        )
    return Verdict("closed", "quiet", "none", "", line.get_agreement_display())


def _apart(row: GridLine, parts: Parts) -> str:
    """How what stands differs from what is asked."""
    if not row.standing or all(one.kind == PromiseKind.REFUSE for one in row.standing):
        return _why_refused(row)
    pieces = [
        NewPiece(0, one.kind, one.quantity, one.price, one.price_per, one.delivery_on) for one in row.standing
    ]
    if says_as_asked(row.rules, pieces):
        return ""
    return "; ".join(reasons_of(row.rules, pieces, parts.order.currency))


def _why_refused(row: GridLine) -> str:
    reason = next((one.reason for one in row.standing if one.reason), "")
    return _("refused: %(reason)s") % {"reason": reason} if reason else ""


def _say_what_moved(row: GridLine, parts: Parts) -> None:
    line = row.line
    if line.asked_revision < 2:
        return
    row.moved_in = line.asked_revision
    for change in parts.moved.get((line.asked_revision, str(line.number)), []):
        if change["did"] == "added" or change["field"] == "line":
            row.is_new = True
            continue
        old, new = change["old"], change["new"]
        if change["field"] == "ship_to":
            old, new = parts.sites.get(old, old), parts.sites.get(new, new)
        shown = [shown_value(change["field"], text) for text in (old, new)]
        row.moved.append(Moved(field_word(change["field"]), *shown))


def typed_pieces(line: PurchaseOrderLine, parts: Parts) -> tuple[NewPiece, ...]:
    """What is typed on a line as it would be promised; nothing where nothing is typed, or it cannot be read yet."""
    draft = parts.drafts.get(line.key)
    if draft is None or line.turn != Turn.SUPPLIER:
        return ()
    rules = parts.rules[line.pk]
    typed = tuple(TypedPiece(**piece) for piece in draft.pieces)
    read = read_line(rules, typed, transit_days=parts.transit_days)
    if read.problems:
        return ()
    made, problems = read_answer(rules, read.pieces, today=parts.today, transit_days=parts.transit_days)
    return () if problems else made


def _fill_fields(row: GridLine, parts: Parts) -> None:
    line, rules, order = row.line, row.rules, parts.order
    asked = asked_pieces(rules)
    draft = parts.drafts.get(line.key)
    if draft is None:
        row.amount = line.amount
        if not row.mould or line.key in parts.in_full:
            row.pieces = [_piece(row, index, one, asked, parts, {}) for index, one in enumerate(asked)]
        if row.is_split:
            _add_up(row, asked)
        return
    typed = stored = tuple(TypedPiece(**piece) for piece in draft.pieces)
    row.typed_before = draft.version < line.touched_version
    if row.typed_before:
        typed = carried(typed, _asked_before(asked, line, parts), asked)
    row.is_typed = not same(typed, asked)
    row.mark = mark_of(stored) if row.is_typed else ""
    row.typed_by = draft.typed_by
    read = read_line(rules, typed, transit_days=parts.transit_days)
    problems = list(read.problems)
    made: tuple[NewPiece, ...] = ()
    judged = None
    if not problems:
        made, problems = read_answer(rules, read.pieces, today=parts.today, transit_days=parts.transit_days)
        judged = parts.judge.verdict(line.pk, rules, made) if parts.judge and not problems else None
        if judged and not parts.is_company:
            problems = refused_at_entry(rules, made, judged, order.currency)
        # What is wrong is said once: no hint on packs beside a quantity that is none.
        row.hints = [] if problems else hints(rules, made)
    row.problems = problems
    if row.is_typed:
        words = {"buyer": parts.buyer, "currency": order.currency}
        row.verdict = verdict_of(rules, made, problems, judged=judged, **words)
    bad = {problem.field: problem for problem in problems}
    row.pieces = [_piece(row, index, one, asked, parts, bad) for index, one in enumerate(typed)]
    row.has_ship_dates = any(piece.ship_on for piece in typed)
    row.amount = sum(
        (
            line_amount(one.quantity, one.price, one.price_per, order.currency)
            for one in made
            if one.kind != PromiseKind.REFUSE
        ),
        start=Decimal(0),
    )
    _add_up(row, typed)


def _asked_before(asked: Pieces, line: PurchaseOrderLine, parts: Parts) -> Pieces:
    """The fields of a line as they stood before the newest revision moved them."""
    moved = parts.moved.get((line.asked_revision, str(line.number)), [])
    old = {one["field"]: one["old"] for one in moved if one["field"] in ("quantity", "delivery_on", "price")}
    return (replace(asked[0], **old),) if len(asked) == 1 else asked


def _add_up(row: GridLine, typed: Pieces) -> None:
    row.rest = rest_of(row.rules, typed)
    if len(typed) < 2:
        return
    texts = [shown_text("quantity", piece.quantity) or "?" for piece in typed]
    total = row.rules.quantity - row.rest
    row.sum_text = f"{' + '.join(texts)} = {figure(total)}"
    start = 0.0
    for piece in typed:
        amount = row.rules.quantity - rest_of(row.rules, [piece])
        width = amount_share(amount, row.rules.quantity)
        row.shares.append((min(start, 100.0), max(0.0, min(width, 100.0 - start) - 0.6)))
        start += width


def _piece(
    row: GridLine,
    index: int,
    typed: TypedPiece,
    asked: Pieces,
    parts: Parts,
    bad: Mapping[str, Problem],
) -> GridPiece:
    key, pk, currency = row.line.key, row.line.pk, parts.order.currency
    base = asked[index] if index < len(asked) else asked[-1]
    regrouped = row.is_typed and len(asked) > 1

    def box(name: str, is_changed: bool) -> Box:
        text = shown_text(name, getattr(typed, name), currency)
        return Box(
            f"{name}-{pk}-{index}", field_name(name, key, index), text, is_changed, f"{name}.{index}" in bad
        )

    days = {piece.delivery_on for piece in asked}
    split = len(asked) == 1 and index > 0
    moved_quantity = split or typed.quantity != base.quantity or (regrouped and index >= len(asked))
    moved_day = typed.delivery_on not in days if len(asked) == 1 else typed.delivery_on != base.delivery_on
    tone, glyph, text = _piece_word(typed, row, parts)
    return GridPiece(
        number=index,
        kind=typed.kind or PromiseKind.ACCEPT,
        kind_name=field_name("kind", key, index),
        quantity=box("quantity", moved_quantity),
        delivery_on=box("delivery_on", moved_day),
        ship_on=box("ship_on", True) if typed.ship_on else None,
        price=box("price", typed.price != base.price),
        typed=typed,
        key_name=field_name("", key, index),
        tone=tone,
        glyph=glyph,
        text=text,
        asked=_asked_of(typed, row),
        item_is_bad=f"item_number.{index}" in bad,
        description_is_bad=f"item_description.{index}" in bad,
        reason_is_bad=f"reason.{index}" in bad,
    )


def _asked_of(typed: TypedPiece, row: GridLine) -> str:
    """Which delivery a piece answers, where several are asked for."""
    for one in row.rules.deliveries if typed.schedule_key else ():
        if str(one.key) == typed.schedule_key:
            values = {
                "quantity": figure(one.quantity),
                "unit": row.rules.unit,
                "day": day_text(one.delivery_on),
            }
            return _("asked: %(quantity)s %(unit)s on %(day)s") % values
    return ""


def _piece_word(typed: TypedPiece, row: GridLine, parts: Parts) -> tuple[str, str, str]:
    if typed.kind == PromiseKind.REFUSE:
        return "stop", "stop", _("Refused")
    if not typed.delivery_on:
        return "wait", "talk", _("On backorder, no day yet") if typed.kind == PromiseKind.BACKORDER else ""
    day = plain_day(typed.delivery_on)
    if day is None:
        return "stop", "alert", ""
    keys = {str(one.key): one.delivery_on for one in row.rules.deliveries}
    asked = keys.get(typed.schedule_key, row.rules.deliveries[0].delivery_on)
    late = (day - asked).days
    if late:
        return "wait", "talk", lateness(late)
    return "quiet", "full", _("On the asked date")
