"""Many at once: one wish on two hundred lines, one word on forty requests. A bad one sinks no other."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, NotFound, Problem, Refusal, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.changes.messages import ACCEPT, DECLINE, AnswerChange, ProposeChange, Wish
from procurement.changes.models import OrderChange
from procurement.changes.policies import words_problems
from procurement.changes.queries import (
    LineNow,
    is_changeable,
    lines_now,
    reasons_of,
    sites_of,
    visible_changes,
)
from procurement.changes.services.answer import Words, closed_fields, require_acceptable, settle_changes
from procurement.changes.services.holding import facts_of, hold_all, today_of
from procurement.changes.services.propose import Proposed, propose_on_order
from procurement.changes.states import CHANGE_LIFECYCLE
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import schedules_by_line, visible_lines, visible_orders

MOST = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """One request chosen in a list, with its version that was on the screen."""

    change: uuid.UUID
    version: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one of many: which order and line, and why not, where it did not come to pass."""

    key: uuid.UUID
    order_key: uuid.UUID | None = None
    order: str = ""
    line: int = 0
    refusal: str = ""


@requires_scope
def propose_changes(commands: Sequence[ProposeChange], *, actor: Actor, at: datetime) -> list[Proposed]:
    """Put each wish on the table by itself; tells what came of each, in the order in which they were sent."""
    _require_some(len(commands))
    by_order: dict[uuid.UUID, list[ProposeChange]] = defaultdict(list)
    for command in commands:
        by_order[command.order].append(command)
    orders = _held(by_order, actor)
    came: dict[int, Proposed] = {}
    for order in orders.values():
        mine = by_order[order.key]
        try:
            with transaction.atomic():
                found = propose_on_order(order, mine, actor=actor, at=at)
        except Refusal as refusal:
            found = [Proposed(command, refusal=refusal) for command in mine]
        came |= {id(one.command): one for one in found}
    unknown = NotFound(_("There is no such order."))
    return [came.get(id(command), Proposed(command, refusal=unknown)) for command in commands]


@requires_scope
def move_lines(
    lines: Mapping[int, int], days: int, *, reason: str = "", note: str = "", actor: Actor, at: datetime
) -> list[Proposed]:
    """Ask for what has not come yet on these lines (id: the order's version on the screen) so many days later."""
    _require_some(len(lines))
    if not days:
        message = _("Say by how many days: 7 is a week later, -7 a week earlier.")
        raise Invalid(message, [Problem("move_days", message, "", "required")])
    found = visible_lines(actor).filter(pk__in=lines).select_related("order").order_by("order_id", "number")
    commands = [
        ProposeChange(line.order.key, lines[line.pk], line.key, Wish(move_days=days), reason, note)
        for line in found
    ]
    return propose_changes(commands, actor=actor, at=at) if commands else []


@requires_scope
def decide_changes(
    choices: Sequence[Choice],
    verdict: str,
    *,
    reason: str = "",
    note: str = "",
    actor: Actor,
    at: datetime,
) -> list[Outcome]:
    """Accept or decline many wishes with one reason; tells of each what came of it.

    What is accepted on one order goes to the ERP together. Raises `Invalid` before anything is done when nothing is
    chosen, too much, or a decline says no reason.
    """
    _require_some(len(choices))
    if verdict not in (ACCEPT, DECLINE):
        message = _("Say accept or decline.")
        raise Invalid(message, [Problem("verdict", message, verdict)])
    if problems := words_problems("", (), note, owed=verdict == DECLINE and not reason):
        raise Invalid(problems[0].message, problems)
    seen = visible_changes(actor).filter(key__in={choice.change for choice in choices})
    found: dict[uuid.UUID, OrderChange] = {change.key: change for change in seen}
    orders = _held({change.order.key for change in found.values()}, actor)
    outcomes: dict[uuid.UUID, str] = {}
    answers: dict[uuid.UUID, list[AnswerChange]] = defaultdict(list)
    # What is chosen twice is decided once.
    for choice in {choice.change: choice for choice in choices}.values():
        if choice.change not in found:
            outcomes[choice.change] = _("There is no such change request.")
            continue
        answer = AnswerChange(choice.change, choice.version, reason, note)
        answers[found[choice.change].order.key].append(answer)
    held, refused = hold_all(
        orders, [answer for mine in answers.values() for answer in mine], verdict, actor=actor, at=at
    )
    outcomes |= {key: refusal.message for key, refusal in refused.items()}
    by_order: dict[uuid.UUID, list[OrderChange]] = defaultdict(list)
    for change in held:
        by_order[change.order.key].append(change)
    words = Words(reason, note)
    if verdict == ACCEPT:
        for key, changes in by_order.items():
            outcomes |= _accept(orders[key], changes, words, actor=actor, at=at)
    else:
        outcomes |= _decline(held, words, actor=actor, at=at)
    return [_outcome(choice.change, found.get(choice.change), outcomes) for choice in choices]


def _outcome(key: uuid.UUID, change: OrderChange | None, outcomes: Mapping[uuid.UUID, str]) -> Outcome:
    if change is None:
        return Outcome(key, refusal=outcomes.get(key, ""))
    return Outcome(key, change.order.key, change.order.number, change.line.number, outcomes.get(key, ""))


def _require_some(count: int) -> None:
    if not count:
        message = _("Choose some first: tick them in the list.")
        raise Invalid(message, [Problem("pick", message, "", "required")])
    if count > MOST:
        message = _("Choose at most %(count)d at a time.") % {"count": MOST}
        raise Invalid(message, [Problem("pick", message, str(count), "too_many")])


def _held(keys: Iterable[uuid.UUID], actor: Actor) -> dict[uuid.UUID, PurchaseOrder]:
    # One order of locking for everybody: by id.
    orders = visible_orders(actor).filter(key__in=set(keys)).select_related("company", "supplier", "ship_to")
    return {order.key: order for order in orders.order_by("id").select_for_update(of=("self",))}


def _why(company: int, words: Words, known: dict[int, Mapping[str, str]], *, owed: bool) -> str:
    """What the reason is called in this company. Raises `Invalid` for one that is not on its list, or is owed."""
    reasons = known.setdefault(company, reasons_of(company)) if company not in known else known[company]
    if problems := words_problems(words.reason, reasons, words.note, owed=owed):
        raise Invalid(problems[0].message, problems)
    return reasons.get(words.reason, "")


def _decline(
    changes: Sequence[OrderChange], words: Words, *, actor: Actor, at: datetime
) -> dict[uuid.UUID, str]:
    """Say no to requests that are held, with the same words: in as many statements as to one."""
    outcomes: dict[uuid.UUID, str] = {}
    good: list[tuple[OrderChange, str]] = []
    known: dict[int, Mapping[str, str]] = {}
    for change in changes:
        try:
            good.append((change, _why(change.order.company_id, words, known, owed=True)))
        except Invalid as refusal:
            outcomes[change.key] = refusal.message
    if good:
        facts = [facts_of(change, why=why, note=words.note) for change, why in good]
        fields = closed_fields(words.reason, words.note, actor=actor, at=at)
        mine = [change for change, _why_not in good]
        CHANGE_LIFECYCLE.move_all(mine, DECLINE, actor=actor, at=at, facts=facts, fields=fields)
    return outcomes | {change.key: "" for change, _why_not in good}


def _accept(
    order: PurchaseOrder, changes: Sequence[OrderChange], words: Words, *, actor: Actor, at: datetime
) -> dict[uuid.UUID, str]:
    """Accept what can be accepted on one order, whose requests are held, and tell the ERP once."""
    outcomes: dict[uuid.UUID, str] = {}
    good: list[tuple[OrderChange, LineNow]] = []
    ids = [change.line_id for change in changes]
    lines = list(order.lines.filter(pk__in=ids).select_related("ship_to"))
    now = lines_now(order, lines, schedules_by_line(ids), sites_of(order))
    known: dict[int, Mapping[str, str]] = {}
    why = ""
    for change in changes:
        try:
            why = _why(order.company_id, words, known, owed=False)
            change.line = now[change.line_id].line
            if not is_changeable(change.line, order):
                raise StaleDocument(_("Part of it is not agreed any more. Look at what stands now."))
            require_acceptable(change, now[change.line_id], today=today_of(order, at))
        except Refusal as refusal:
            outcomes[change.key] = refusal.message
            continue
        good.append((change, now[change.line_id]))
    if not good:
        return outcomes
    try:
        with transaction.atomic():
            settle_changes(order, good, words, why, actor=actor, at=at)
    except Refusal as refusal:
        return outcomes | {change.key: refusal.message for change, _now in good}
    return outcomes | {change.key: "" for change, _now in good}
