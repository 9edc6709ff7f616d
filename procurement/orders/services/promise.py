"""Promises on an order's lines: made by the supplier, agreed or declined by the buyer, told to the ERP.

The papers that make and decide promises (acknowledgments, later order changes) live above and call these.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import StaleDocument
from portal.kernel.outbox.services import enqueue
from portal.kernel.scope import requires_scope
from procurement.orders.messages import (
    CommandLine,
    CommandPiece,
    PromiseCommand,
    SchedulePaper,
    command_to_json,
)
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.policies import NewPiece, Piece, is_as_asked, standing_of
from procurement.orders.queries import (
    asked_of,
    lines_of,
    live_promises_by_line,
    piece_of,
    schedules_by_line,
)
from procurement.orders.services.standing import (
    FIRST_DAYS,
    note_answer_due,
    note_expected,
    note_first_days,
    save_standing,
)
from procurement.orders.states import (
    LINE_LIFECYCLE,
    PROMISE_LIFECYCLE,
    Agreement,
    OrderState,
    PromiseKind,
    PromiseState,
    Turn,
)

ERP = "erp"
# Who decided where nobody had to, as it is kept: in one language, whoever pressed.
AS_ASKED = "as asked"


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of an answer or a decision, by line number."""

    as_asked: tuple[int, ...] = ()
    by_rule: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()
    agreed: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()
    disputed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruled:
    """What rules agree to: the pieces (counted from 1) of lines, by line id, and in whose name."""

    pieces: Mapping[int, frozenset[int]] = field(default_factory=dict)
    by: str = ""


@requires_scope
def make_promises(
    order: PurchaseOrder,
    pieces_by_line: Mapping[int, Sequence[NewPiece]],
    *,
    origin: uuid.UUID,
    ruled: Ruled | None = None,
    actor: Actor,
    at: datetime,
) -> Settled:
    """Put new pieces on lines (by line id) in place of the old ones.

    Lines promised as asked are agreed at once, and so are pieces that rules agree to; everything else waits for the
    buyer. The order must be locked.
    """
    ruled = ruled or Ruled()
    lines = lines_of(order)
    touched = [line for line in lines if line.pk in pieces_by_line]
    schedules = schedules_by_line(line.pk for line in touched)
    _supersede(touched)
    made: list[Promise] = []
    as_asked: list[PurchaseOrderLine] = []
    by_line: dict[int, list[Promise]] = defaultdict(list)
    for line in touched:
        asked = asked_of(line, schedules[line.pk], order)
        new = pieces_by_line[line.pk]
        agreed = is_as_asked(asked, [_as_piece(piece) for piece in new])
        if agreed:
            as_asked.append(line)
        state: str = PromiseState.PROPOSED
        if agreed:
            state = PROMISE_LIFECYCLE.target("confirm", state)
        for number, piece in enumerate(new, start=1):
            promise = _promise(order, line, piece, number, origin=origin, state=state, at=at)
            if agreed:
                promise.decided_at, promise.decided_by = at, AS_ASKED
            elif number in ruled.pieces.get(line.pk, ()):
                promise.state = PROMISE_LIFECYCLE.target("confirm", state)
                promise.decided_at, promise.decided_by, promise.by_rule = at, ruled.by, True
            by_line[line.pk].append(promise)
            made.append(promise)
    Promise.objects.bulk_create(made, batch_size=1000)
    confirmed = {line.pk for line in as_asked}
    by_rule: list[PurchaseOrderLine] = []
    for line in touched:
        refused = all(promise.kind == PromiseKind.REFUSE for promise in by_line[line.pk])
        settled = all(promise.state == PromiseState.AGREED for promise in by_line[line.pk])
        verb = "refuse" if refused else "confirm" if settled else "answer"
        _settle(line, by_line[line.pk], schedules[line.pk], order, verb)
        if settled and line.pk not in confirmed:
            by_rule.append(line)
    settled_ids = confirmed | {line.pk for line in by_rule}
    # A piece that was agreed on a line that still waits can be taken back with it: it is no first agreement yet.
    _remember_first_days(schedules, by_line, open_lines=set(by_line) - settled_ids)
    save_standing(order, lines, touched, at=at)
    told = [line for line in touched if line.pk in settled_ids]
    tell_erp(order, told, by_line, schedules, actor=actor, at=at)
    return Settled(
        as_asked=_numbers(as_asked),
        by_rule=_numbers(by_rule),
        waiting=_numbers(line for line in touched if line.agreement == Agreement.ANSWERED),
        refused=_numbers(
            line for line in touched if line.agreement == Agreement.REFUSED and line.pk not in settled_ids
        ),
        agreed=_numbers(told),
    )


def _supersede(lines: Sequence[PurchaseOrderLine]) -> None:
    supersede = PROMISE_LIFECYCLE.transition("supersede", PromiseState.AGREED)
    live = Promise.objects.filter(line__in=lines, state__in=supersede.sources)
    # What stands on a line that awaits an answer is what was agreed on it before a revision reopened it.
    agreed = [line for line in lines if line.agreement == Agreement.AWAITING]
    live.filter(line__in=agreed, state=PromiseState.AGREED).update(was_agreed=True)
    live.update(state=supersede.target)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a buyer says to proposed pieces, by promise id; a reason is owed to what is declined."""

    accept: frozenset[int] = frozenset()
    decline: frozenset[int] = frozenset()
    reason: str = ""


DECIDED_BY: Mapping[str, str] = {Agreement.AGREED: "accept", Agreement.DISPUTED: "decline"}


@requires_scope
def decide_promises(order: PurchaseOrder, decision: Decision, *, actor: Actor, at: datetime) -> Settled:
    """Agree to or decline proposed pieces. The order must be locked.

    What is declined is to be answered again, in as much time as an answer has.

    Raises `StaleDocument` when one of them is no longer there to be decided, or nothing of its line is left to promise.
    """
    lines = lines_of(order)
    by_id = {line.pk: line for line in lines if takes_promises(line, order)}
    wanted = decision.accept | decision.decline
    proposed = Promise.objects.filter(
        pk__in=wanted, line__in=by_id, state__in=PROMISE_LIFECYCLE.transition("accept", "proposed").sources
    )
    found = list(proposed)
    if len(found) != len(wanted):
        raise StaleDocument(
            _("Part of this answer was decided, withdrawn or replaced meanwhile. Look at what stands now.")
        )
    for promise in found:
        verb = "accept" if promise.pk in decision.accept else "decline"
        promise.state = PROMISE_LIFECYCLE.target(verb, promise.state)
        promise.decided_at, promise.decided_by = at, actor.label
        promise.decision_note = decision.reason
    Promise.objects.bulk_update(found, ["state", "decided_at", "decided_by", "decision_note"], batch_size=500)
    touched = [by_id[pk] for pk in sorted({promise.line_id for promise in found})]
    schedules = schedules_by_line(line.pk for line in touched)
    promises = live_promises_by_line(line.pk for line in touched)
    settled: list[PurchaseOrderLine] = []
    for line in touched:
        standing = standing_of([piece_of(promise) for promise in promises[line.pk]])
        if standing.agreement in (Agreement.AGREED, Agreement.REFUSED) and not standing.turn:
            settled.append(line)
        # Part of a line decided leaves the line as it is, and so does taking a refusal.
        verb = DECIDED_BY[standing.agreement] if standing.agreement != line.agreement else ""
        _settle(line, promises[line.pk], schedules[line.pk], order, verb)
    if any(line.agreement == Agreement.DISPUTED and line.turn == Turn.SUPPLIER for line in touched):
        note_answer_due(order, order.supplier, lines, at)
    _remember_first_days(schedules, promises)
    save_standing(order, lines, touched, at=at)
    tell_erp(order, settled, promises, schedules, actor=actor, at=at)
    return Settled(
        agreed=_numbers(line for line in settled if line.agreement == Agreement.AGREED),
        refused=_numbers(line for line in settled if line.agreement == Agreement.REFUSED),
        disputed=_numbers(line for line in touched if line.agreement == Agreement.DISPUTED),
        waiting=_numbers(line for line in touched if line.agreement == Agreement.ANSWERED),
    )


@requires_scope
def withdraw_promises(order: PurchaseOrder, origin: uuid.UUID, *, at: datetime) -> tuple[int, ...]:
    """Take back the undecided pieces of one paper; their lines await an answer again. The order must be locked.

    What had been agreed on a line before a revision reopened it is in sight again.
    """
    lines = lines_of(order)
    mine = Promise.objects.filter(origin=origin, line__in=lines)
    # What a rule agreed to of a line is no word of the buyer's: it does not hold the rest of the line.
    decided = mine.filter(state__in=[PromiseState.AGREED, PromiseState.DECLINED], by_rule=False)
    undecided = mine.filter(state=PromiseState.PROPOSED)
    line_ids = set(undecided.values_list("line_id", flat=True)) - set(
        decided.values_list("line_id", flat=True)
    )
    withdraw = PROMISE_LIFECYCLE.transition("withdraw", PromiseState.PROPOSED)
    mine.filter(line_id__in=line_ids, state__in=withdraw.sources).update(state=withdraw.target, decided_at=at)
    touched = [line for line in lines if line.pk in line_ids]
    schedules = schedules_by_line(line_ids)
    restored = _restore(touched)
    for line in touched:
        _settle(line, [], schedules[line.pk], order, "withdraw")
        agreed = [piece_of(promise) for promise in restored[line.pk]]
        note_expected(line, asked_of(line, schedules[line.pk], order), agreed)
    if order.acknowledge_by_at is None:
        note_answer_due(order, order.supplier, lines, at)
    save_standing(order, lines, touched, at=at)
    return _numbers(touched)


def _restore(lines: Iterable[PurchaseOrderLine]) -> Mapping[int, Sequence[Promise]]:
    """Bring back what was agreed last on each of these lines, by line id."""
    found: dict[int, list[Promise]] = defaultdict(list)
    superseded = Promise.objects.filter(line__in=lines, state=PromiseState.SUPERSEDED, was_agreed=True)
    for promise in superseded.order_by("line_id", "-id"):
        last = found[promise.line_id]
        if not last or last[0].origin == promise.origin:
            promise.state = PROMISE_LIFECYCLE.target("restore", promise.state)
            promise.was_agreed = False
            last.append(promise)
    changed = [promise for promises in found.values() for promise in promises]
    Promise.objects.bulk_update(changed, ["state", "was_agreed"], batch_size=500)
    return found


def takes_promises(line: PurchaseOrderLine, order: PurchaseOrder) -> bool:
    """Whether anything can still be promised on a line: the order is live, and something is to come."""
    return order.state == OrderState.ISSUED and line.is_open


def _numbers(lines: Iterable[PurchaseOrderLine]) -> tuple[int, ...]:
    return tuple(line.number for line in lines)


def _as_piece(new: NewPiece) -> Piece:
    return Piece(new.kind, new.quantity, new.delivery_on, new.price, new.price_per, new.item_number)


def _promise(
    order: PurchaseOrder,
    line: PurchaseOrderLine,
    piece: NewPiece,
    number: int,
    *,
    origin: uuid.UUID,
    state: str,
    at: datetime,
) -> Promise:
    return Promise(
        supplier_id=order.supplier_id,
        line=line,
        schedule_key=piece.schedule_key,
        piece=number,
        origin=origin,
        revision=order.revision,
        kind=piece.kind,
        state=state,
        quantity=piece.quantity,
        ship_on=piece.ship_on,
        delivery_on=piece.delivery_on,
        price=piece.price,
        price_per=piece.price_per,
        item_number=piece.item_number,
        item_description=piece.item_description,
        ship_to_id=piece.ship_to,
        reason=piece.reason,
        note=piece.note,
        promised_at=at,
    )


def _settle(
    line: PurchaseOrderLine,
    promises: Sequence[Promise],
    schedules: Sequence[ScheduleLine],
    order: PurchaseOrder,
    verb: str,
) -> None:
    pieces = [piece_of(promise) for promise in promises]
    standing = standing_of(pieces)
    if verb and LINE_LIFECYCLE.target(verb, line.agreement) != standing.agreement:
        raise RuntimeError(f"{verb} on {line}: the table and the pieces tell different stories")
    line.agreement = standing.agreement
    line.turn = standing.turn if takes_promises(line, order) else Turn.NOBODY
    if standing.agreement in (Agreement.AGREED, Agreement.REFUSED) and not standing.turn:
        line.agreed_revision = order.revision
    note_expected(line, asked_of(line, schedules, order), pieces)


def _remember_first_days(
    schedules: Mapping[int, Sequence[ScheduleLine]],
    promises: Mapping[int, Sequence[Promise]],
    *,
    open_lines: Collection[int] = (),
) -> None:
    changed = [
        schedule
        for line_id, pieces in promises.items()
        for schedule in schedules[line_id]
        if note_first_days(schedule, pieces, is_settled=line_id not in open_lines)
    ]
    ScheduleLine.objects.bulk_update(changed, FIRST_DAYS, batch_size=500)


def command_piece(promise: Promise) -> CommandPiece:
    """A promise as a command tells it."""
    return CommandPiece(
        quantity=promise.quantity,
        delivery_on=promise.delivery_on,
        price=promise.price,
        price_per=promise.price_per,
        kind=promise.kind,
        item_number=promise.item_number,
        ship_to=promise.ship_to.code if promise.ship_to else "",
        reason=promise.reason,
        note=promise.note,
    )


def promise_command(
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    promises: Mapping[int, Sequence[Promise]],
    schedules: Mapping[int, Sequence[ScheduleLine]],
) -> PromiseCommand:
    """What the ERP is to hold for these lines as they are agreed, based on what it holds for them now."""
    return PromiseCommand(
        key="",  # the message's own key takes its place
        company=order.company.code,
        number=order.number,
        supplier=order.supplier.number,
        base_revision=order.erp_revision or str(order.revision),
        supplier_reference=order.supplier_reference,
        lines=tuple(
            CommandLine(
                key=line.key,
                number=line.number,
                base_quantity=line.quantity,
                base_price=line.price,
                base_price_per=line.price_per,
                base_delivery_on=line.delivery_on,
                base_deliveries=tuple(
                    SchedulePaper(schedule.quantity, schedule.delivery_on) for schedule in schedules[line.pk]
                ),
                base_ship_to=_place_asked(order, line, promises[line.pk]),
                pieces=tuple(command_piece(promise) for promise in promises[line.pk]),
            )
            for line in lines
        ),
    )


def tell_erp(
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    promises: Mapping[int, Sequence[Promise]],
    schedules: Mapping[int, Sequence[ScheduleLine]],
    *,
    actor: Actor,
    at: datetime,
    again: bool = False,
) -> uuid.UUID | None:
    """Promise the ERP, in this transaction, that it will hear what was agreed; `again`, that it had forgotten it.

    Returns the key of the message, by which its command is known.
    """
    if not lines:
        return None
    message = enqueue(
        ERP,
        order.stream,
        "order.promise_forgotten" if again else "order.promise_agreed",
        command_to_json(promise_command(order, lines, promises, schedules)),
        actor=actor,
        at=at,
        supplier_id=order.supplier_id,
    )
    key: uuid.UUID = message.key
    return key


def _place_asked(order: PurchaseOrder, line: PurchaseOrderLine, promises: Iterable[Promise]) -> str:
    """The code of the place asked for, where another one was agreed."""
    if all(promise.ship_to_id is None for promise in promises):
        return ""
    place = line.ship_to or order.ship_to
    return place.code if place else ""


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """What both sides have agreed on for a line in place of what was agreed before, and by which paper (`origin`)."""

    origin: uuid.UUID
    pieces: tuple[NewPiece, ...]
    by_rule: bool = False


@requires_scope
def change_agreed(
    order: PurchaseOrder, changed: Mapping[int, ChangedLine], *, actor: Actor, at: datetime
) -> uuid.UUID | None:
    """Put newly agreed pieces on agreed lines (by line id), and tell the ERP. The order must be locked.

    The pieces need not add up to what is asked: the ERP is to ask for what was agreed. The days first promised and
    first agreed stay as they are. Returns the key of the message to the ERP. Raises `StaleDocument` where a line is not
    agreed any more, or nothing of it is left to promise.
    """
    lines = lines_of(order)
    touched = [line for line in lines if line.pk in changed]
    if any(line.agreement != Agreement.AGREED or not takes_promises(line, order) for line in touched):
        raise StaleDocument(_("Part of it is not agreed any more. Look at what stands now."))
    schedules = schedules_by_line(line.pk for line in touched)
    supersede = PROMISE_LIFECYCLE.transition("supersede", PromiseState.AGREED)
    Promise.objects.filter(line__in=touched, state__in=supersede.sources).update(state=supersede.target)
    state = PROMISE_LIFECYCLE.target("accept", PromiseState.PROPOSED)
    by_line: dict[int, list[Promise]] = defaultdict(list)
    for line in touched:
        one = changed[line.pk]
        for number, piece in enumerate(one.pieces, start=1):
            promise = _promise(order, line, piece, number, origin=one.origin, state=state, at=at)
            promise.decided_at, promise.decided_by, promise.by_rule = at, actor.label, one.by_rule
            by_line[line.pk].append(promise)
    made = [promise for promises in by_line.values() for promise in promises]
    Promise.objects.bulk_create(made, batch_size=1000)
    for line in touched:
        is_cancelled = all(promise.kind == PromiseKind.REFUSE for promise in by_line[line.pk])
        _settle(line, by_line[line.pk], schedules[line.pk], order, "cancel" if is_cancelled else "change")
    _remember_first_days(schedules, by_line)
    save_standing(order, lines, touched, at=at)
    return tell_erp(order, touched, by_line, schedules, actor=actor, at=at)
