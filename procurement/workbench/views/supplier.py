"""The supplier's order page and its answer grid: type, keep, send, take back.

Each button posts the whole form (or, with a script, the line it stands in). What was typed is kept first and acted on
second, in one transaction whose refusals undo only the act: so nothing that was typed is ever lost.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.audit.queries import timeline_of
from portal.kernel.errors import Invalid, NotFound, Problem, Refusal, StaleDocument
from portal.kernel.mould import Moulds
from portal.kernel.web import back_or
from procurement.acknowledgments.forms import (
    Pieces,
    add_piece,
    asked_pieces,
    asked_then,
    carried,
    drop_piece,
    fit_pieces,
    kept_text,
    plain_day,
    read_line,
    read_paste,
    refuse_line,
    same,
    set_day,
    shown_text,
    substitute_line,
    typed_header,
    typed_lines,
    with_ship_dates,
)
from procurement.acknowledgments.messages import AcknowledgeOrder, LineAnswer, TypedHeader, TypedPiece
from procurement.acknowledgments.policies import LineRules
from procurement.acknowledgments.queries import drafts_of, find_answer, rules_of
from procurement.acknowledgments.services import (
    Acknowledged,
    Elsewhere,
    TypedElsewhere,
    acknowledge_order,
    discard_draft,
    keep_draft_header,
    keep_draft_lines,
    mark_of,
    require_as_shown,
    require_fresh,
    save_draft_lines,
    withdraw_acknowledgment,
)
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import find_order, lines_of, lock_order
from procurement.orders.states import PromiseKind, Turn
from procurement.threads.queries import thread_of
from procurement.workbench.policies import given_name, going_text
from procurement.workbench.presenters import Entry, entry_of
from procurement.workbench.queries.answer import (
    AnswerPage,
    answer_page,
    asked_at_revision,
    headers_of,
    may_answer,
    transit_days_of,
    typed_again,
)
from procurement.workbench.queries.changes import changes_on, words_owed
from procurement.workbench.queries.grid import GridLine, kinds, reasons, words_of
from procurement.workbench.queries.happened import happened
from procurement.workbench.queries.mail import drafts_shown
from procurement.workbench.queries.shipments import shipments_on
from suppliers.roles import Permission

TEMPLATE = "procurement/workbench/order_supplier.html"
ANSWERERS = (Permission.ORDER_ACKNOWLEDGE, Permission.ORDER_ANSWER_FOR)
LINE_ACTS = ("split", "backorder", "sub", "refuse", "drop", "undo", "fit", "ship", "reshape")


# --- showing ------------------------------------------------------------------------------------------------


def show_order(
    request: DoorRequest,
    order: PurchaseOrder,
    *,
    problems: list[dict[str, str]] | None = None,
    refusal: Refusal | None = None,
    pasted: str = "",
    status: int = 200,
) -> HttpResponse:
    """The order page with its answer grid. `problems` and `refusal` say what must be looked at again."""
    more, show = request.GET.get("more", ""), request.GET.get("show", "all")
    page = _page(request, order, show=show, in_full=frozenset([more]))
    context = _context(page)
    context["more"] = more
    context["rows"] = _rows(request, page, context)
    events = timeline_of(order.stream, actor=request.actor, limit=30)
    context |= {
        "problems": problems,
        "refusal": refusal,
        "pasted": pasted,
        "many_on": request.POST.get("many_on", ""),
        "timeline": _timeline(request, page, events),
        "thread": thread_of(order, request.actor),
        "changes": (talked_of := changes_on(order, actor=request.actor)),
        "words_owed": words_owed(talked_of, request.actor),
        "may_negotiate": request.actor.may(Permission.CHANGE_NEGOTIATE),
        "mail_drafts": drafts_shown(order, actor=request.actor),
        "shipped": shipments_on(
            order,
            [row.line for row in page.lines],
            actor=request.actor,
            today=timezone.localdate(request.at),
        ),
        "happened": happened(
            order,
            [row.line for row in page.lines],
            actor=request.actor,
            today=timezone.localdate(request.at),
            show_all=request.GET.get("received") == "all",
        ),
    }
    return render(request, TEMPLATE, context, status=status)


def _page(request: DoorRequest, order: PurchaseOrder, **shown: Any) -> AnswerPage:
    """The page with a header typed here just as it came: what is longer than a draft can keep is told, not cut."""
    page = answer_page(order, actor=request.actor, at=request.at, **shown)
    typed = typed_header(request.POST)
    if typed and mark_of([typed]) != request.POST.get("mark"):
        page.header = typed
    return page


def _context(page: AnswerPage) -> dict[str, Any]:
    labels = {
        "line": _("Line"),
        "select": _("Select line"),
        "more": _("More for line"),
        "quantity": _("quantity you promise"),
        "delivery": _("delivery date you promise"),
        "ship": _("ship date"),
        "price": _("price you promise"),
    }
    return {"page": page, "order": page.order, "reasons": reasons(), "kinds": kinds(), "labels": labels}


def _rows(request: DoorRequest, page: AnswerPage, context: dict[str, Any]) -> list[tuple[GridLine, str]]:
    """The lines of the grid; quiet ones ready printed. See Note [Mould] in portal/kernel/mould.py."""
    moulds: dict[str, Moulds] = {}
    rows: list[tuple[GridLine, str]] = []
    for row in page.shown:
        name = row.mould if row.key != context["more"] else ""
        if not name:
            rows.append((row, ""))
            continue
        if name not in moulds:
            moulds[name] = Moulds(f"{TEMPLATE}#mould-{name}", context, request)
        rows.append((row, moulds[name].row(name, words_of(row, page.order.currency))))
    return rows


def _timeline(request: DoorRequest, page: AnswerPage, events: Any) -> list[Entry]:
    entries = [entry_of(event, reader_id=request.actor.user_id) for event in events]
    if page.may_answer and page.saved_at:
        text = _("You are answering revision %(number)d") % {"number": page.order.revision}
        entries.insert(0, Entry("wait", "wait", text, page.saved_at, _("draft saved"), now=True))
    return entries


# --- the doors ----------------------------------------------------------------------------------------------


@door(*ANSWERERS, methods=["GET", "POST"])
def order_answer(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """GET: the grid for a buyer who answers in the supplier's place. POST: whichever button of the form was pressed."""
    if request.method != "POST":
        order = find_order(key, actor=request.actor)
        if request.actor.is_supplier:
            return HttpResponseRedirect(reverse("order", args=[order.key]))
        return show_order(request, order)
    # Held before anything is read of it: what is kept and what is sent then speak of one and the same order.
    order = lock_order(key, actor=request.actor)
    typing = keep_typing(request, order)
    if "send" in request.POST or "changed" in request.POST or "confirm" in request.POST:
        return _send(request, order, typing)
    _say_elsewhere(request, order, typing)
    if key_of_line := request.POST.get("more"):
        return _to_menu(request, order, key_of_line)
    for act in LINE_ACTS:
        if act in request.POST:
            line_id = act_on_line(request, order, typing, act, request.POST[act])
            return _to_page(request, order, f"#line-{line_id}" if line_id else "")
    if "many" in request.POST:
        return _set_one_day(request, order, typing)
    if "fill" in request.POST:
        return _paste(request, order, typing)
    messages.success(request, _("Draft saved."))
    return _to_page(request, order)


@door(*ANSWERERS, methods=["POST"])
def answer_line(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Keep what is typed in one line, and say what would come of it; or do what a button of the line says."""
    order = lock_order(key, actor=request.actor)
    typing = keep_typing(request, order)
    act = next((name for name in LINE_ACTS if name in request.POST), "")
    line_id = act_on_line(request, order, typing, act, request.POST[act]) if act else 0
    in_full = typing.keys | {
        request.POST.get(act, "").rpartition(".")[0] if act == "drop" else request.POST.get(act, "")
    }
    if not getattr(request, "htmx", False):
        _say_elsewhere(request, order, typing)
        return _to_page(request, order, f"#line-{line_id}" if line_id else "")
    page = _page(request, order, in_full=in_full)
    context = _context(page) | {"oob": True, "moved_meanwhile": typing.version < order.version}
    context["header_kept"] = typing.has_header
    for line in page.lines:
        line.hints += [typing.elsewhere[line.key]] if line.key in typing.elsewhere else []
    if act:
        row = next((row for row in page.lines if row.pk == line_id), None)
        if row is None:
            raise NotFound(_("This order has no such line."))
        return render(request, f"{TEMPLATE}#acted", context | {"row": row, "focus": _focus(row, act)})
    row = next((row for row in page.lines if row.key in typing.keys and row.is_editable), None)
    return render(request, f"{TEMPLATE}#kept", context | {"row": row})


@door(*ANSWERERS, methods=["POST"])
def answer_discard(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Throw away what was typed and not sent."""
    order = find_order(key, actor=request.actor)
    page = answer_page(order, actor=request.actor, at=request.at)
    elsewhere = _elsewhere(page, Typing(order.version, frozenset(), {}, _seen(request)))
    try:
        require_as_shown(bool(elsewhere))
    except TypedElsewhere as refusal:
        return show_order(request, order, problems=elsewhere, refusal=refusal, status=refusal.status)
    discard_draft(order, actor=request.actor)
    messages.success(request, _("What you typed is thrown away. Every line is as asked again."))
    return _to_page(request, order)


@door(*ANSWERERS, methods=["POST"])
def answer_withdraw(request: DoorRequest, key: uuid.UUID, answer: uuid.UUID) -> HttpResponse:
    """Take an answer back while the buyer has not acted; it stands in the fields again, to be changed and sent."""
    order = lock_order(key, actor=request.actor)
    paper = find_answer(answer, actor=request.actor)
    if paper.order_id != order.pk:
        raise NotFound(_("There is no such answer."))
    typed = typed_again(paper.key, order, request.actor)
    lines = withdraw_acknowledgment(paper.key, actor=request.actor, at=request.at)
    order = find_order(key, actor=request.actor)
    save_draft_lines(order, typed, version=order.version, actor=request.actor, at=request.at)
    text = ngettext(
        "Taken back: line %(lines)s waits for you again, with what you had typed.",
        "Taken back: lines %(lines)s wait for you again, with what you had typed.",
        len(lines),
    )
    messages.success(request, text % {"lines": ", ".join(str(number) for number in lines)})
    return _to_page(request, order)


def _to_page(request: DoorRequest, order: PurchaseOrder, anchor: str = "") -> HttpResponse:
    name = "order" if request.actor.is_supplier else "order-answer"
    query = request.GET.urlencode()
    address = reverse(name, args=[order.key]) + (f"?{query}" if query else "") + anchor
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def _to_menu(request: DoorRequest, order: PurchaseOrder, key: str) -> HttpResponse:
    """Where there is no script, the menu of a line opens with the page."""
    line = order.lines.filter(key=key).first()
    query = QueryDict(mutable=True)
    query.update({name: str(value) for name, value in request.GET.items() if name != "more"})
    if line is None:
        return _to_page(request, order)
    query["more"] = key
    name = "order" if request.actor.is_supplier else "order-answer"
    response = HttpResponseRedirect(f"{reverse(name, args=[order.key])}?{query.urlencode()}#line-{line.pk}")
    response.status_code = 303
    return response


# --- keeping what was typed ---------------------------------------------------------------------------------


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
    typing = Typing(version, frozenset(posted), posted, _seen(request))
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


def _seen(request: DoorRequest) -> dict[str, str]:
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


def _elsewhere(page: AnswerPage, typing: Typing) -> list[dict[str, str]]:
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


def _say_elsewhere(request: DoorRequest, order: PurchaseOrder, typing: Typing) -> None:
    """Where nothing is sent, what was typed elsewhere is told on the next page."""
    numbers = dict(order.lines.filter(key__in=typing.elsewhere).values_list("key", "number"))
    for key, text in typing.elsewhere.items():
        message = _("Line %(number)s: %(message)s") % {"number": numbers[key], "message": text}
        messages.info(request, message)


def _waiting(order: PurchaseOrder) -> dict[str, tuple[int, int, LineRules]]:
    """The lines that wait for the supplier: id, number and rules by key."""
    lines = [line for line in lines_of(order) if line.turn == Turn.SUPPLIER]
    rules = rules_of(order, lines)
    return {line.key: (line.pk, line.number, rules[line.pk]) for line in lines}


def _current(order: PurchaseOrder, request: DoorRequest) -> dict[str, Pieces]:
    drafts = drafts_of(order, actor=request.actor)
    return {key: tuple(TypedPiece(**piece) for piece in draft.pieces) for key, draft in drafts.items()}


def act_on_line(request: DoorRequest, order: PurchaseOrder, typing: Typing, act: str, value: str) -> int:
    """Do what a button of a line says to its fields; returns the line's id, 0 where there is no such line."""
    key, number = value, -1
    if act == "drop":
        key, _dot, text = value.rpartition(".")
        number = int(text) if text.isdecimal() and len(text) < 4 else -1
    found = _waiting(order).get(key)
    if found is None or not may_answer(order, request.actor):
        return 0
    line_id, _line_number, rules = found
    pieces = typing.fields.get(key) or _current(order, request).get(key) or asked_pieces(rules)
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


def _focus(row: GridLine, act: str) -> str:
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


def _set_one_day(request: DoorRequest, order: PurchaseOrder, typing: Typing) -> HttpResponse:
    """One delivery day on every line that was ticked."""
    day = kept_text("delivery_on", request.POST.get("many_on", ""), get_language() or "en")
    picked = set(request.POST.getlist("pick"))
    problems: list[dict[str, str]] = []
    if not picked:
        problems.append({"id": "lines", "message": _("Tick the lines first that are to get this date.")})
    if plain_day(day) is None:
        problems.append({"id": "many_on", "message": _("Give the date that the ticked lines are to get.")})
    if problems:
        return show_order(request, order, problems=problems, status=422)
    current = _current(order, request)
    waiting = _waiting(order)
    changed: dict[str, Pieces] = {}
    for key in picked & set(waiting):
        asked = asked_pieces(waiting[key][2])
        after = set_day(current.get(key) or asked, day)
        changed[key] = () if same(after, asked) else after
    save_draft_lines(order, changed, version=typing.version, actor=request.actor, at=request.at)
    text = ngettext(
        "The date is on one line. Look, then send.",
        "The date is on %(n)d lines. Look, then send.",
        len(changed),
    )
    messages.success(request, text % {"n": len(changed)})
    return _to_page(request, order, "#lines")


def _paste(request: DoorRequest, order: PurchaseOrder, typing: Typing) -> HttpResponse:
    """Fill the grid from rows copied out of a spreadsheet."""
    text = request.POST.get("paste", "")
    waiting = _waiting(order)
    lines = [(key, number, rules) for key, (_id, number, rules) in waiting.items()]
    pasted = read_paste(text, lines, _current(order, request), get_language() or "en")
    changed = {
        key: () if same(pieces, asked_pieces(waiting[key][2])) else pieces
        for key, pieces in pasted.lines.items()
    }
    save_draft_lines(order, changed, version=typing.version, actor=request.actor, at=request.at)
    if pasted.problems or not pasted.lines:
        told = pasted.problems or (_("Paste the rows first: copy them in Excel, then paste them here."),)
        problems = [{"id": "paste", "message": message} for message in told[:50]]
        return show_order(request, order, problems=problems, pasted=text, status=422)
    count = len(pasted.lines)
    done = ngettext(
        "One line is filled in. Look, then send.", "%(n)d lines are filled in. Look, then send.", count
    )
    messages.success(request, done % {"n": count})
    return _to_page(request, order, "#lines")


# --- sending ------------------------------------------------------------------------------------------------


def _send(request: DoorRequest, order: PurchaseOrder, typing: Typing) -> HttpResponse:
    return send_answer(request, order, typing, show=show_order, sent=_sent)


def send_answer(
    request: DoorRequest,
    order: PurchaseOrder,
    typing: Typing,
    *,
    show: Callable[..., HttpResponse],
    sent: Callable[[DoorRequest, PurchaseOrder, Acknowledged], HttpResponse],
) -> HttpResponse:
    """Send what is typed, the rest as asked, or both, as the button says.

    `show` draws the page that it came from again, with what must be looked at; `sent` is what follows once it is sent.
    """
    page = _page(request, order)
    typed = [row for row in page.lines if row.is_editable and row.is_typed]
    only_rest = "confirm" in request.POST
    answers: list[LineAnswer] = []
    problems: list[tuple[GridLine, Problem]] = []
    if only_rest:
        rest = [row for row in page.lines if row.is_editable and not row.is_typed]
        answers = [LineAnswer(row.key) for row in rest]
    else:
        for row in typed:
            problems += [(row, problem) for problem in row.problems]
            answers.append(_line_answer(row, page))
    elsewhere = _elsewhere(page, typing)
    waiting = [row.line for row in page.lines if row.is_editable]
    chosen = {answer.line_key for answer in answers}
    command = AcknowledgeOrder(
        order=order.key,
        version=typing.version,
        answers=tuple(answers),
        rest_as_asked="send" in request.POST,
        supplier_reference=page.header.supplier_reference,
        ship_from=page.header.ship_from,
        note=page.header.note,
    )
    try:
        everything = command.rest_as_asked
        require_fresh(order, typing.version, [line for line in waiting if everything or line.key in chosen])
        require_as_shown(bool(elsewhere))
        if problems:
            return show(request, order, problems=_summary(problems), status=422)
        with transaction.atomic():
            done = acknowledge_order(command, actor=request.actor, at=request.at)
    except StaleDocument as refusal:
        fresh = find_order(order.key, actor=request.actor)
        return show(request, fresh, problems=elsewhere, refusal=refusal, status=409)
    except Invalid as refusal:
        told = [_located(page, problem) for problem in refusal.problems]
        return show(request, order, problems=told, refusal=None, status=422)
    return sent(request, order, done)


def _sent(request: DoorRequest, order: PurchaseOrder, done: Acknowledged) -> HttpResponse:
    _say_sent(request, order, done)
    # A buyer who answered for the supplier holds the ball now, and decides on the order's own page.
    response = HttpResponseRedirect(back_or(request, reverse("order", args=[order.key])))
    response.status_code = 303
    return response


def _line_answer(row: GridLine, page: AnswerPage) -> LineAnswer:
    typed = [piece.typed for piece in row.pieces]
    return LineAnswer(row.key, read_line(row.rules, typed, transit_days=page.transit_days).pieces)


def _summary(problems: list[tuple[GridLine, Problem]]) -> list[dict[str, str]]:
    return [_told(row, problem) for row, problem in problems]


def _told(row: GridLine, problem: Problem) -> dict[str, str]:
    name, _dot, number = problem.field.rpartition(".")
    message = _("Line %(number)s: %(message)s") % {"number": row.line.number, "message": problem.message}
    return {"id": f"{name}-{row.pk}-{number}", "message": message}


def _located(page: AnswerPage, problem: Problem) -> dict[str, str]:
    row = next((row for row in page.lines if str(row.line.number) == problem.line), None)
    if row is None:
        return {"id": problem.field, "message": problem.message}
    return _told(row, problem)


def _say_sent(request: DoorRequest, order: PurchaseOrder, done: Acknowledged) -> None:
    """The result, and the way back while the buyer has not acted."""
    settled, buyer = done.settled, given_name(order.buyer_name) or order.company.name
    parts: list[str] = []
    if count := len(settled.as_asked) + len(settled.by_rule):
        parts.append(ngettext("one line agreed", "%(n)d lines agreed", count) % {"n": count})
    if count := len(settled.waiting) + len(settled.refused):
        parts.append(going_text(count, len(settled.refused), buyer))
    text = _("Order %(number)s answered: %(parts)s.") % {"number": order.number, "parts": ", ".join(parts)}
    if not (settled.waiting or settled.refused):
        messages.success(request, text)
        return
    withdraw = reverse("answer-withdraw", args=[order.key, done.paper.key])
    way_back = format_html(
        '{} <form method="post" action="{}"><input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<button class="btn-link">{}</button></form>',
        text,
        withdraw,
        get_token(request),
        _("Withdraw"),
    )
    messages.success(request, way_back)
