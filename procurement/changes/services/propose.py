"""A wish is put on the table: the first one, its author's better one, or the other side's in its place."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.errors import Duplicate, Invalid, Problem, Refusal
from portal.kernel.scope import requires_scope
from procurement.acknowledgments.services import require_fresh
from procurement.changes.messages import (
    ProposeChange,
    ReviseChange,
    Terms,
    Wish,
    terms_from_json,
    terms_to_json,
)
from procurement.changes.models import ChangeRound, OrderChange
from procurement.changes.policies import (
    Agreed,
    answer_by,
    kinds_of,
    read_wish,
    refused_at_entry,
    words_problems,
)
from procurement.changes.queries import LineNow, current_round, lines_now, other_side, reasons_of, sites_of
from procurement.changes.services.holding import (
    facts_of,
    hold,
    line_now,
    require_changeable,
    require_may_negotiate,
    require_same_agreement,
    today_of,
)
from procurement.changes.services.judging import Judged, act_on, judge_wishes
from procurement.changes.states import CHANGE_LIFECYCLE, OPEN, Side
from procurement.clocks.queries import supplier_calendar
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import lock_order, schedules_by_line
from procurement.tolerances.messages import Verdict
from suppliers.services import require_business


class AlreadyAsked(Duplicate):
    """There is an open request on this line."""

    code = "already_asked"


@dataclass(frozen=True, slots=True)
class Proposed:
    """What came of one wish: the request, or why there is none."""

    command: ProposeChange
    change: OrderChange | None = None
    refusal: Refusal | None = None


@requires_scope
def propose_change(command: ProposeChange, *, actor: Actor, at: datetime) -> OrderChange:
    """Ask the other side to alter what is agreed on a line. What is agreed stands until it says yes.

    Raises `Invalid` with every problem found, `StaleDocument` when the line moved since `command.version` or is not
    agreed, `AlreadyAsked` while another request on it is open.
    """
    order = lock_order(command.order, actor=actor)
    (proposed,) = propose_on_order(order, [command], actor=actor, at=at)
    if proposed.change is None:
        assert proposed.refusal is not None
        raise proposed.refusal
    return proposed.change


@requires_scope
def propose_on_order(
    order: PurchaseOrder, commands: Sequence[ProposeChange], *, actor: Actor, at: datetime
) -> list[Proposed]:
    """Ask for several lines of one order, which must be locked: a bad wish never sinks a good one.

    As many queries for two hundred lines as for one. Raises `NotAllowed` for who may not ask at all, and
    `BusinessEnded`.
    """
    require_business(order.supplier_id, actor=actor)
    side = require_may_negotiate(order, actor)
    keys = {command.line_key for command in commands}
    lines = {line.key: line for line in order.lines.filter(key__in=keys).select_related("ship_to")}
    schedules = schedules_by_line(line.pk for line in lines.values())
    now = lines_now(order, list(lines.values()), schedules, sites_of(order))
    busy = set(OrderChange.objects.filter(order=order, state__in=OPEN).values_list("line_id", flat=True))
    reasons = reasons_of(order.company_id)
    proposed: dict[int, Proposed] = {}
    read: dict[int, tuple[ProposeChange, Terms]] = {}
    for command in commands:
        try:
            line = _line_named(lines, command.line_key)
            if line.pk in busy:
                raise already_asked(line)
            require_fresh(order, command.version, [line])
            require_changeable(line, order)
            terms = read_terms(order, now[line.pk].agreed, command, reasons, at)
        except Refusal as refusal:
            proposed[id(command)] = Proposed(command, refusal=refusal)
            continue
        busy.add(line.pk)
        read[line.pk] = (command, terms)
    judged = Judged()
    if side == Side.SUPPLIER:
        judged = judge_wishes(order, {pk: (now[pk], terms) for pk, (_one, terms) in read.items()}, at=at)
    wishes: list[tuple[OrderChange, Terms, ProposeChange]] = []
    until = expiry(order, at) if read else None
    for pk, (command, terms) in read.items():
        line = now[pk].line
        if refusal_of := refused_by_rule(judged, line, order):
            proposed[id(command)] = Proposed(command, refusal=refusal_of)
            continue
        change = OrderChange(
            key=uuid.uuid4(),
            supplier_id=order.supplier_id,
            order=order,
            line=line,
            opened_by=side,
            turn=other_side(side),
            kinds=list(kinds_of(now[line.pk].agreed.terms, terms)),
            revision=order.revision,
            was=terms_to_json(now[line.pk].agreed.terms),
            opened_at=at,
            updated_at=at,
            expires_at=until,
        )
        wishes.append((change, terms, command))
        proposed[id(command)] = Proposed(command, change)
    _write(order, wishes, reasons, actor=actor, at=at)
    act_on(judged, order, [(change, now[change.line_id]) for change, _terms, _command in wishes], at=at)
    return [proposed[id(command)] for command in commands]


def _write(
    order: PurchaseOrder,
    wishes: Sequence[tuple[OrderChange, Terms, ProposeChange]],
    reasons: Mapping[str, str],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    OrderChange.objects.bulk_create([change for change, _terms, _command in wishes])
    rounds = [_round(change, 1, terms, command, actor=actor, at=at) for change, terms, command in wishes]
    ChangeRound.objects.bulk_create(rounds)
    for spoken in rounds:
        spoken.change.told = [spoken]  # type: ignore[attr-defined]  # as `with_rounds` would
    facts = [
        Fact(
            "change.proposed",
            order.stream,
            order.supplier_id,
            facts_of(
                change,
                old=terms_from_json(change.was),
                new=terms,
                why=reasons.get(command.reason, ""),
                note=command.note,
            ),
        )
        for change, terms, command in wishes
    ]
    record_all(facts, actor=actor, at=at)


def _line_named(lines: Mapping[str, PurchaseOrderLine], key: str) -> PurchaseOrderLine:
    if key not in lines:
        message = _("This order has no line %(key)s.") % {"key": key}
        raise Invalid(message, [Problem("line", message, key, "unknown", key)])
    return lines[key]


@requires_scope
def edit_change(command: ReviseChange, *, actor: Actor, at: datetime) -> OrderChange:
    """Put one's own wish better while the other side has not answered; the other side has its full time again."""
    order, change = hold(command, "edit", actor=actor, at=at)
    now, terms = _revised(order, change, command, at)
    judged = _judged(order, now, terms, actor, at)
    spoken = current_round(change)
    before = terms_from_json(spoken.terms)
    spoken.terms, spoken.edited_at = terms_to_json(terms), at
    spoken.reason, spoken.note = command.reason, command.note.strip()
    spoken.written_by, spoken.written_by_user_id, spoken.channel = actor.label, actor.user_id, actor.channel
    fields = ["terms", "edited_at", "reason", "note", "written_by", "written_by_user_id", "channel"]
    spoken.save(update_fields=fields)
    _move(change, "edit", before, terms, command, actor=actor, at=at, fields={})
    act_on(judged, order, [(change, now)], at=at)
    return change


@requires_scope
def counter_change(command: ReviseChange, *, actor: Actor, at: datetime) -> OrderChange:
    """Answer a wish with another one: a new round, and the ball goes back."""
    order, change = hold(command, "counter", actor=actor, at=at)
    now, terms = _revised(order, change, command, at)
    judged = _judged(order, now, terms, actor, at)
    before = terms_from_json(current_round(change).terms)
    number = change.round + 1
    _round(change, number, terms, command, actor=actor, at=at).save(force_insert=True)
    fields = {"round": number, "turn": other_side(change.turn)}
    _move(change, "counter", before, terms, command, actor=actor, at=at, fields=fields)
    act_on(judged, order, [(change, now)], at=at)
    return change


def _judged(order: PurchaseOrder, now: LineNow, terms: Terms, actor: Actor, at: datetime) -> Judged:
    """What the rules say of a wish put anew. Raises `Invalid` for what they do not let the buyer see."""
    if not actor.is_supplier:
        return Judged()
    judged = judge_wishes(order, {now.line.pk: (now, terms)}, at=at)
    if refusal := refused_by_rule(judged, now.line, order):
        raise refusal
    return judged


@requires_scope
def foretell_wish(
    order: PurchaseOrder, line: PurchaseOrderLine, wish: Wish, *, actor: Actor, at: datetime
) -> Verdict | None:
    """What the rules would say of a supplier's wish as it is typed; nothing is kept, nobody is told.

    None for a buyer's wish, and where no rule acts. Raises `Invalid` with every problem found, a rule's refusal
    included, and `StaleDocument` where nothing can be asked for on the line.
    """
    side = require_may_negotiate(order, actor)
    now = line_now(order, line)
    terms, problems = read_wish(now.agreed, wish, today=today_of(order, at))
    if problems:
        raise Invalid(problems[0].message, problems)
    if side != Side.SUPPLIER:
        return None
    judged = judge_wishes(order, {line.pk: (now, terms)}, at=at, hold=False)
    if refusal := refused_by_rule(judged, line, order):
        raise refusal
    return judged.verdicts.get(line.pk)


# --- what they share


def already_asked(line: PurchaseOrderLine) -> AlreadyAsked:
    """Another request on this line waits for somebody."""
    message = _("A change of line %(number)s is being talked about already. Answer or edit that one.")
    return AlreadyAsked(message % {"number": line.number})


def expiry(order: PurchaseOrder, at: datetime) -> datetime:
    """Until when the wish waits, in the supplier's working time."""
    return answer_by(at, supplier_calendar(order.supplier))


def read_terms(
    order: PurchaseOrder,
    agreed: Agreed,
    command: ProposeChange | ReviseChange,
    reasons: Iterable[str],
    at: datetime,
) -> Terms:
    """The terms that a command wishes for. Raises `Invalid` with every problem found."""
    terms, problems = read_wish(agreed, command.wish, today=today_of(order, at))
    problems = [*problems, *words_problems(command.reason, reasons, command.note)]
    if problems:
        raise Invalid(problems[0].message, problems)
    return terms


def refused_by_rule(judged: Judged, line: PurchaseOrderLine, order: PurchaseOrder) -> Invalid | None:
    """What is said where a rule refuses a wish while it is typed; None where none does."""
    verdict = judged.verdicts.get(line.pk)
    problems = (
        refused_at_entry(verdict, line.number, currency=order.currency, unit=line.unit) if verdict else []
    )
    return Invalid(problems[0].message, problems) if problems else None


def _revised(
    order: PurchaseOrder, change: OrderChange, command: ReviseChange, at: datetime
) -> tuple[LineNow, Terms]:
    line = order.lines.select_related("ship_to").get(pk=change.line_id)
    change.line = line
    now = line_now(order, line)
    require_same_agreement(change, now)
    terms = read_terms(order, now.agreed, command, reasons_of(order.company_id), at)
    spoken = current_round(change)
    words = (command.reason, command.note.strip())
    if terms == terms_from_json(spoken.terms) and words == (spoken.reason, spoken.note):
        message = _("This is the wish that is on the table already. Say what is to be different.")
        raise Invalid(message, [Problem("wish", message, "", "nothing_changes", str(line.number))])
    return now, terms


def _round(
    change: OrderChange,
    number: int,
    terms: Terms,
    command: ProposeChange | ReviseChange,
    *,
    actor: Actor,
    at: datetime,
) -> ChangeRound:
    return ChangeRound(
        supplier_id=change.supplier_id,
        change=change,
        number=number,
        side=change.opened_by if number == 1 else change.turn,
        terms=terms_to_json(terms),
        reason=command.reason,
        note=command.note.strip(),
        written_at=at,
        written_by=actor.label,
        written_by_user_id=actor.user_id,
        channel=actor.channel,
    )


def _move(
    change: OrderChange,
    verb: str,
    before: Terms,
    terms: Terms,
    command: ReviseChange,
    *,
    actor: Actor,
    at: datetime,
    fields: dict[str, Any],
) -> None:
    kinds = list(kinds_of(terms_from_json(change.was), terms))
    why = reasons_of(change.order.company_id).get(command.reason, "")
    facts = facts_of(change, old=before, new=terms, why=why, note=command.note)
    fields = {"kinds": kinds, "updated_at": at, "expires_at": expiry(change.order, at), **fields}
    CHANGE_LIFECYCLE.move(change, verb, actor=actor, at=at, facts=facts | {"kinds": kinds}, fields=fields)
