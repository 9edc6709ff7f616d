"""The answer grid of an order: what is asked, what stands, what is typed, and what would come of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Problem
from portal.kernel.templatetags.portal_ui import day as day_tag
from portal.kernel.templatetags.portal_ui import day_text, figure
from portal.kernel.templatetags.portal_ui import glyph as glyph_tag
from portal.kernel.templatetags.portal_ui import price as price_tag
from portal.kernel.templatetags.portal_ui import quantity as quantity_tag
from portal.kernel.values import line_amount
from procurement.acknowledgments.forms import (
    Pieces,
    asked_pieces,
    carried,
    field_name,
    read_line,
    rest_of,
    same,
    shown_text,
)
from procurement.acknowledgments.messages import TypedHeader, TypedPiece
from procurement.acknowledgments.models import DraftAnswer
from procurement.acknowledgments.policies import LineRules, hints, read_answer
from procurement.acknowledgments.queries import draft_header_of, drafts_of, rules_of
from procurement.calendars.policies import default_calendar, working_time_between
from procurement.catalogue.models import Site
from procurement.orders.models import OrderRevision, Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.policies import NewPiece, plain
from procurement.orders.queries import lines_of, live_promises_by_line, schedules_by_line
from procurement.orders.states import (
    Agreement,
    Logistics,
    OrderState,
    PromiseKind,
    PromiseState,
    Reason,
    Turn,
)
from procurement.workbench.policies import (
    AS_ASKED,
    NOT_YET,
    Deadline,
    Headline,
    OrderFacts,
    Verdict,
    amount_share,
    as_asked_verdict,
    given_name,
    headline_for_supplier,
    lateness,
    reasons_of,
    says_as_asked,
    verdict_of,
)
from procurement.workbench.presenters import field_word, shown_value
from suppliers.models import SupplierSite
from suppliers.roles import Permission
from suppliers.states import SupplierState

NEWEST_REVISIONS = 20
SHOWN = ("all", "waiting", "changed")


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
    kind: str
    state: str
    item_number: str
    reason: str
    decision_note: str


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


@dataclass(slots=True)
class AnswerPage:
    """An order with its grid, ready to be shown."""

    order: PurchaseOrder
    buyer: str
    lines: list[GridLine]
    header: TypedHeader
    ship_froms: list[SupplierSite]
    headline: Headline
    may_answer: bool
    on_behalf: bool
    show: str
    waiting: int
    changed: int
    not_yet: int
    standing_count: int
    promised_amount: Decimal
    saved_at: datetime | None
    answer_to_withdraw: str
    revision: dict[str, Any]
    today: date
    transit_days: int
    has_header_draft: bool

    @property
    def shown(self) -> list[GridLine]:
        """The lines this view shows."""
        if self.show == "waiting":
            return [row for row in self.lines if row.is_editable or row.line.turn == Turn.SUPPLIER]
        if self.show == "changed":
            return [row for row in self.lines if row.is_typed]
        return self.lines

    @property
    def as_asked(self) -> int:
        return self.waiting - self.changed

    @property
    def has_draft(self) -> bool:
        return bool(self.changed) or self.has_header_draft

    def row(self, key: str) -> GridLine | None:
        return next((row for row in self.lines if row.key == key), None)


def may_answer(order: PurchaseOrder, actor: Actor) -> bool:
    """Whether this actor may answer this order at all."""
    if order.state != OrderState.ISSUED:
        return False
    if actor.is_supplier:
        return actor.may(Permission.ORDER_ACKNOWLEDGE) and order.supplier.state != SupplierState.BLOCKED
    return actor.is_company and actor.may(Permission.ORDER_ANSWER_FOR)


def deadline_of(order: PurchaseOrder, at: datetime) -> Deadline | None:
    """When the answer is due, in the supplier's own working time."""
    if order.acknowledge_by_at is None:
        return None
    supplier = order.supplier
    calendar = default_calendar(supplier.country, supplier.time_zone)
    due = order.acknowledge_by_at
    zone = ZoneInfo(supplier.time_zone)
    here = timezone.get_current_timezone()
    return Deadline(
        at=due,
        now=at,
        zone=supplier.time_zone,
        is_readers_zone=due.astimezone(here).utcoffset() == due.astimezone(zone).utcoffset(),
        left=working_time_between(at, due, calendar),
        whole=working_time_between(order.revised_at, due, calendar),
    )


def ship_froms_of(order: PurchaseOrder, actor: Actor) -> list[SupplierSite]:
    """The places the supplier ships from."""
    sites = SupplierSite.objects.visible_to(actor).filter(supplier_id=order.supplier_id)
    return list(sites.order_by("name", "id"))


def revisions_of(order: PurchaseOrder, actor: Actor) -> QuerySet[OrderRevision]:
    """The revisions of an order, newest first, without the papers themselves."""
    revisions = OrderRevision.objects.visible_to(actor).filter(order=order)
    return revisions.defer("paper").order_by("-number")


def asked_at_revision(order: PurchaseOrder, number: int, actor: Actor) -> Mapping[str, Mapping[str, Any]]:
    """The lines of an older revision as the ERP sent them, by key."""
    revision = OrderRevision.objects.visible_to(actor).filter(order=order, number=number).first()
    return {line["key"]: line for line in revision.paper["lines"]} if revision else {}


def transit_days_of(order: PurchaseOrder, actor: Actor) -> int:
    """How many days goods travel from the place this answer ships from."""
    ship_froms = ship_froms_of(order, actor)
    header = _header(order, draft_header_of(order, actor=actor), ship_froms)
    return next((site.transit_days for site in ship_froms if site.code == header.ship_from), 0)


@dataclass(slots=True)
class _Parts:
    """Everything the grid is made of, read once."""

    order: PurchaseOrder
    rules: dict[int, LineRules]
    promises: dict[int, list[Promise]]
    drafts: dict[str, DraftAnswer]
    moved: dict[tuple[int, str], list[dict[str, str]]]
    sites: dict[str, str]
    buyer: str
    today: date
    transit_days: int
    editable: bool
    in_full: frozenset[str]


def answer_page(
    order: PurchaseOrder,
    *,
    actor: Actor,
    at: datetime,
    show: str = "all",
    in_full: frozenset[str] = frozenset(),
) -> AnswerPage:
    """Everything the order page of a supplier shows but its timeline and thread: nine queries however many lines.

    Quiet lines get no fields of their own (see Note [Mould]) but those named in `in_full`.
    """
    lines = lines_of(order)
    schedules: dict[int, list[ScheduleLine]] = schedules_by_line(line.pk for line in lines)
    header_draft = draft_header_of(order, actor=actor)
    ship_froms = ship_froms_of(order, actor)
    header = _header(order, header_draft, ship_froms)
    transit = next((site.transit_days for site in ship_froms if site.code == header.ship_from), 0)
    revisions = list(revisions_of(order, actor)[:NEWEST_REVISIONS])
    allowed = may_answer(order, actor)
    drafts = drafts_of(order, actor=actor) if allowed else {}
    parts = _Parts(
        order=order,
        rules=rules_of(order, lines, schedules),
        promises=live_promises_by_line(line.pk for line in lines),
        drafts=drafts,
        moved=_moved_by_line(revisions),
        sites={
            str(pk): name for pk, name in Site.objects.filter(company=order.company).values_list("pk", "name")
        },
        buyer=given_name(order.buyer_name) or order.company.name,
        today=at.astimezone(ZoneInfo(order.supplier.time_zone)).date(),
        transit_days=transit,
        editable=allowed,
        in_full=in_full,
    )
    rows = [_row(line, parts) for line in lines]
    editable = [row for row in rows if row.is_editable]
    typed = [row for row in editable if row.is_typed]
    kinds = Counter(row.verdict.kind for row in typed)
    waiting_answers = [
        p for found in parts.promises.values() for p in found if p.state == PromiseState.PROPOSED
    ]
    newest = max(waiting_answers, key=lambda promise: promise.promised_at, default=None)
    on_behalf = actor.is_company and allowed
    saved = [draft.typed_at for draft in drafts.values()] + ([header_draft.typed_at] if header_draft else [])
    facts = OrderFacts(
        state=order.state,
        revision=order.revision,
        buyer=parts.buyer,
        line_count=order.line_count,
        agreed=order.lines_agreed,
        for_supplier=order.lines_for_supplier,
        for_buyer=order.lines_for_buyer,
        disputed=sum(line.turn == Turn.SUPPLIER and line.agreement == Agreement.DISPUTED for line in lines),
        received=order.logistics == Logistics.RECEIVED,
        deadline=deadline_of(order, at) if order.lines_for_supplier else None,
        next_delivery=day_text(order.next_delivery_on),
        typed=tuple(kinds.items()),
        may_answer=allowed,
        on_behalf_of=order.supplier.name if on_behalf else "",
    )
    return AnswerPage(
        order=order,
        buyer=parts.buyer,
        lines=rows,
        header=header,
        ship_froms=ship_froms,
        headline=headline_for_supplier(facts),
        may_answer=allowed and bool(editable),
        on_behalf=on_behalf,
        show=show if show in SHOWN else "all",
        waiting=len(editable),
        changed=len(typed),
        not_yet=kinds[NOT_YET],
        standing_count=sum(bool(row.standing) for row in rows),
        promised_amount=sum((row.amount for row in rows), start=Decimal(0)),
        saved_at=max(saved, default=None),
        answer_to_withdraw=str(newest.origin) if newest and allowed else "",
        revision=_newest_revision(revisions, order),
        today=parts.today,
        transit_days=transit,
        has_header_draft=header_draft is not None,
    )


def _header(order: PurchaseOrder, draft: Any, ship_froms: Sequence[SupplierSite]) -> TypedHeader:
    if draft is not None:
        return TypedHeader(draft.supplier_reference, draft.ship_from_code, draft.note)
    only = ship_froms[0].code if len(ship_froms) == 1 else ""
    return TypedHeader(order.supplier_reference, only, "")


def _newest_revision(revisions: Sequence[OrderRevision], order: PurchaseOrder) -> dict[str, Any]:
    newest = revisions[0] if revisions else None
    received = newest.received_at if newest else order.received_at
    return {"number": order.revision, "at": received, "count": len(newest.changes) if newest else 0}


def _moved_by_line(revisions: Sequence[OrderRevision]) -> dict[tuple[int, str], list[dict[str, str]]]:
    found: dict[tuple[int, str], list[dict[str, str]]] = {}
    for revision in revisions:
        for change in revision.changes:
            if change["line"] and change["did"] in ("reopened", "added"):
                found.setdefault((revision.number, change["line"]), []).append(change)
    return found


def _row(line: PurchaseOrderLine, parts: _Parts) -> GridLine:
    rules = parts.rules[line.pk]
    promises = parts.promises.get(line.pk, [])
    waits = line.turn == Turn.SUPPLIER and line.is_open and parts.order.state == OrderState.ISSUED
    row = GridLine(line=line, rules=rules, is_editable=waits and parts.editable, verdict=as_asked_verdict())
    if waits:
        _say_what_moved(row, parts)
        row.declined = [_standing(one) for one in promises if one.state == PromiseState.DECLINED]
    if row.is_editable:
        _fill_fields(row, parts)
        return row
    if not waits:
        row.standing = [_standing(one) for one in promises]
    row.amount = _standing_amount(row, parts.order)
    row.verdict = _standing_verdict(row, parts, waits=waits)
    return row


def _standing(promise: Promise) -> Standing:
    return Standing(
        promise.quantity,
        promise.delivery_on,
        promise.price,
        promise.kind,
        promise.state,
        promise.item_number,
        promise.get_reason_display() if promise.reason else "",
        promise.decision_note,
    )


def _standing_amount(row: GridLine, order: PurchaseOrder) -> Decimal:
    if row.line.cancelled:
        return Decimal(0)
    if not row.standing:
        return row.line.amount
    per = row.line.price_per
    kept = [one for one in row.standing if one.kind != PromiseKind.REFUSE]
    return sum((line_amount(one.quantity, one.price, per, order.currency) for one in kept), start=Decimal(0))


def _standing_verdict(row: GridLine, parts: _Parts, *, waits: bool) -> Verdict:
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
        return Verdict("agreed", "done", "full", _("Agreed"), _apart(row, parts))
    return Verdict("closed", "quiet", "none", "", line.get_agreement_display())


def _apart(row: GridLine, parts: _Parts) -> str:
    """How what stands differs from what is asked."""
    if not row.standing or all(one.kind == PromiseKind.REFUSE for one in row.standing):
        return _why_refused(row)
    pieces = [
        NewPiece(0, one.kind, one.quantity, one.price, row.rules.price_per, one.delivery_on)
        for one in row.standing
    ]
    if says_as_asked(row.rules, pieces):
        return ""
    return "; ".join(reasons_of(row.rules, pieces, parts.order.currency))


def _why_refused(row: GridLine) -> str:
    reason = next((one.reason for one in row.standing if one.reason), "")
    return _("refused: %(reason)s") % {"reason": reason} if reason else ""


def _say_what_moved(row: GridLine, parts: _Parts) -> None:
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


def _fill_fields(row: GridLine, parts: _Parts) -> None:
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
    typed = tuple(TypedPiece(**piece) for piece in draft.pieces)
    row.typed_before = draft.version < line.touched_version
    if row.typed_before:
        typed = carried(typed, _asked_before(asked, line, parts), asked)
    row.is_typed = not same(typed, asked)
    read = read_line(rules, typed, transit_days=parts.transit_days)
    problems = list(read.problems)
    made: tuple[NewPiece, ...] = ()
    if not problems:
        made, problems = read_answer(rules, read.pieces, today=parts.today, transit_days=parts.transit_days)
        row.hints = hints(rules, made)
    row.problems = problems
    if row.is_typed:
        row.verdict = verdict_of(rules, made, problems, buyer=parts.buyer, currency=order.currency)
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


def _asked_before(asked: Pieces, line: PurchaseOrderLine, parts: _Parts) -> Pieces:
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
    parts: _Parts,
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


def _piece_word(typed: TypedPiece, row: GridLine, parts: _Parts) -> tuple[str, str, str]:
    if typed.kind == PromiseKind.REFUSE:
        return "stop", "stop", _("Refused")
    if not typed.delivery_on:
        return "wait", "talk", _("On backorder, no day yet") if typed.kind == PromiseKind.BACKORDER else ""
    try:
        day = date.fromisoformat(typed.delivery_on)
    except ValueError:
        return "stop", "alert", ""
    keys = {str(one.key): one.delivery_on for one in row.rules.deliveries}
    asked = keys.get(typed.schedule_key, row.rules.deliveries[0].delivery_on)
    late = (day - asked).days
    if late:
        return "wait", "talk", lateness(late)
    return "quiet", "full", _("On the asked date")


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
        "own_price": price_tag(one.price) if one else "",
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


__all__ = ["AS_ASKED", "AnswerPage", "GridLine", "answer_page", "asked_at_revision", "plain", "reasons"]
