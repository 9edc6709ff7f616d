"""What was typed is kept, held against what was typed elsewhere, and changed by the buttons of a line."""

from dataclasses import dataclass, field, replace

from django.contrib import messages
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest
from procurement.acknowledgments.forms import (
    Pieces,
    add_piece,
    asked_pieces,
    asked_then,
    carried,
    drop_piece,
    fit_pieces,
    refuse_line,
    same,
    shown_text,
    substitute_line,
    typed_header,
    typed_lines,
    with_ship_dates,
)
from procurement.acknowledgments.messages import TypedHeader, TypedPiece
from procurement.acknowledgments.policies import LineRules
from procurement.acknowledgments.queries import drafts_of, rules_of
from procurement.acknowledgments.services import (
    Elsewhere,
    keep_draft_header,
    keep_draft_lines,
    mark_of,
    save_draft_lines,
)
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import lines_of
from procurement.orders.states import PromiseKind, Turn
from procurement.workbench.queries.answer import (
    AnswerPage,
    asked_at_revision,
    headers_of,
    may_answer,
    transit_days_of,
)
from procurement.workbench.queries.grid import GridLine

LINE_ACTS = ("split", "backorder", "sub", "refuse", "drop", "undo", "fit", "ship", "reshape")


@dataclass(frozen=True, slots=True)
class Typing:
    """What came with a request: the version on the screen, what it showed as typed, and the fields that were sent.

    `elsewhere` says of each sent line what was typed in another window since the screen was drawn.
    """

    version: int
    keys: frozenset[str]
    fields: dict[str, Pieces]
    seen: dict[str, str]
    elsewhere: dict[str, str] = field(default_factory=dict)
    has_header: bool = False
    header_elsewhere: bool = False


def _number(text: str | None, limit: int) -> int:
    return min(int(text), limit) if text and text.isdecimal() and len(text) < 10 else limit


def keep_typing(request: DoorRequest, order: PurchaseOrder) -> Typing:
    """Keep every field that was sent and differs from what is asked, or from what was asked on that screen."""
    posted = typed_lines(request.POST, get_language() or "en")
    version = _number(request.POST.get("version"), order.version)
    typing = Typing(version, frozenset(posted), posted, seen_on_screen(request))
    if not may_answer(order, request.actor):
        return typing
    if (header := typed_header(request.POST)) or not posted:
        typing = replace(typing, has_header=header is not None)
        typing = replace(typing, header_elsewhere=_keep_header(request, order, header))
    if not posted:
        return typing
    lines = [line for line in lines_of(order) if line.key in posted and line.turn == Turn.SUPPLIER]
    rules = rules_of(order, lines)
    revision = _number(request.POST.get("revision"), order.revision)
    then = asked_at_revision(order, revision, request.actor) if revision < order.revision else {}
    changed: dict[str, Pieces] = {}
    for line in lines:
        pieces, rule = posted[line.key], rules[line.pk]
        asked = asked_pieces(rule)
        if line.key in then:
            pieces = carried(pieces, asked_then(rule, then[line.key]), asked)
        changed[line.key] = () if same(pieces, asked) else pieces
    elsewhere = keep_draft_lines(
        order, changed, seen=typing.seen, version=version, actor=request.actor, at=request.at
    )
    for key, one in elsewhere.items():
        if not one.replaced:
            posted[key] = one.pieces
    texts = {line.key: _elsewhere_text(line, elsewhere[line.key]) for line in lines if line.key in elsewhere}
    return replace(typing, elsewhere=texts)


def seen_on_screen(request: DoorRequest) -> dict[str, str]:
    """What the page showed as typed, line by line. See Note [Marks] of the draft's services."""
    found = ((name.partition("."), str(request.POST[name])) for name in request.POST)
    return {key: mark for (name, dot, key), mark in found if name == "mark" and dot}


def _keep_header(request: DoorRequest, order: PurchaseOrder, typed: TypedHeader | None) -> bool:
    """Keep what was typed about the whole answer; whether something else was typed elsewhere since."""
    before, untouched = headers_of(order, request.actor)
    seen = request.POST.get("mark") or mark_of([untouched])
    if typed is None:
        return mark_of([before]) != seen
    actor, at = request.actor, request.at
    return keep_draft_header(order, typed, seen=seen, before=before, actor=actor, at=at)


def _elsewhere_text(line: PurchaseOrderLine, one: Elsewhere) -> str:
    """What was typed for a line in another window, and what came of it."""
    values = {"name": one.typed_by, "what": "; ".join(_piece_text(line, piece) for piece in one.pieces)}
    if one.pieces and one.replaced:
        return _("what you typed took the place of what %(name)s typed: %(what)s") % values
    if one.pieces:
        return _("%(name)s typed %(what)s") % values
    if one.replaced:
        return _("what was typed before was taken back; what you typed stands now")
    return _("what was typed was taken back; it is as asked again")


def _piece_text(line: PurchaseOrderLine, piece: TypedPiece) -> str:
    names = ("quantity", "delivery_on", "price") if piece.kind != PromiseKind.REFUSE else ("quantity",)
    texts = [shown_text(name, getattr(piece, name))[:40] for name in names]
    texts[0] = f"{texts[0]} {line.unit}".strip()
    kind = str(PromiseKind(piece.kind).label) if piece.kind in PromiseKind.values else ""
    return ", ".join(text for text in (*texts, kind) if text)


def elsewhere_on(page: AnswerPage, typing: Typing) -> list[dict[str, str]]:
    """Everything of this answer that is not as the page showed it that was sent."""
    told: list[dict[str, str]] = []
    for row in (row for row in page.lines if row.is_editable):
        text = typing.elsewhere.get(row.key, "")
        if row.key not in typing.keys and row.mark != typing.seen.get(row.key, ""):
            typed = tuple(piece.typed for piece in row.pieces) if row.is_typed else ()
            text = _elsewhere_text(row.line, Elsewhere(typed, row.typed_by))
        if text:
            message = _("Line %(number)s: %(message)s") % {"number": row.line.number, "message": text}
            told.append({"id": f"line-{row.pk}", "message": message})
    if typing.header_elsewhere:
        message = _("The order number, the place or the note was typed in another window.")
        told.append({"id": "supplier_reference", "message": message})
    return told


def say_elsewhere(request: DoorRequest, order: PurchaseOrder, typing: Typing) -> None:
    """Where nothing is sent, what was typed elsewhere is told on the next page."""
    numbers = dict(order.lines.filter(key__in=typing.elsewhere).values_list("key", "number"))
    for key, text in typing.elsewhere.items():
        message = _("Line %(number)s: %(message)s") % {"number": numbers[key], "message": text}
        messages.info(request, message)


def waiting_lines(order: PurchaseOrder) -> dict[str, tuple[int, int, LineRules]]:
    """The lines that wait for the supplier: id, number and rules by key."""
    lines = [line for line in lines_of(order) if line.turn == Turn.SUPPLIER]
    rules = rules_of(order, lines)
    return {line.key: (line.pk, line.number, rules[line.pk]) for line in lines}


def current_pieces(order: PurchaseOrder, request: DoorRequest) -> dict[str, Pieces]:
    drafts = drafts_of(order, actor=request.actor)
    return {key: tuple(TypedPiece(**piece) for piece in draft.pieces) for key, draft in drafts.items()}


def act_on_line(request: DoorRequest, order: PurchaseOrder, typing: Typing, act: str, value: str) -> int:
    """Do what a button of a line says to its fields; returns the line's id, 0 where there is no such line."""
    key, number = value, -1
    if act == "drop":
        key, _dot, text = value.rpartition(".")
        number = int(text) if text.isdecimal() and len(text) < 4 else -1
    found = waiting_lines(order).get(key)
    if found is None or not may_answer(order, request.actor):
        return 0
    line_id, _line_number, rules = found
    pieces = typing.fields.get(key) or current_pieces(order, request).get(key) or asked_pieces(rules)
    after = _acted(act, rules, pieces, number, transit_days_of(order, request.actor))
    if same(after, asked_pieces(rules)):
        after = ()
    save_draft_lines(order, {key: after}, version=typing.version, actor=request.actor, at=request.at)
    return line_id


def _acted(act: str, rules: LineRules, pieces: Pieces, number: int, transit_days: int | None) -> Pieces:
    if act == "split":
        return add_piece(rules, pieces)
    if act == "backorder":
        return add_piece(rules, pieces, PromiseKind.BACKORDER)
    if act == "sub":
        return substitute_line(
            rules, pieces if pieces[0].kind != PromiseKind.REFUSE else asked_pieces(rules)[:1]
        )
    if act == "refuse":
        return refuse_line(rules, pieces)
    if act == "drop":
        return drop_piece(rules, pieces, number)
    if act == "fit":
        return fit_pieces(rules, pieces)
    if act == "ship":
        return with_ship_dates(pieces, transit_days)
    return pieces if act == "reshape" else ()


def focus_after(row: GridLine, act: str) -> str:
    """Which field the caret goes to after a button of a line."""
    last = len(row.pieces) - 1
    fields = {
        "split": f"quantity-{row.pk}-{last}",
        "backorder": f"quantity-{row.pk}-{last}",
        "sub": "sub",
        "refuse": "refuse",
        "ship": f"ship_on-{row.pk}-0",
        "fit": f"quantity-{row.pk}-0",
    }
    return fields.get(act, "menu")
