"""The word on a wish: yes, no, or never mind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, Problem
from portal.kernel.scope import requires_scope
from portal.kernel.templatetags.portal_ui import day_text
from procurement.changes.messages import AnswerChange, terms_from_json
from procurement.changes.models import OrderChange
from procurement.changes.policies import passed_days, pieces_of, words_problems
from procurement.changes.queries import LineNow, current_round, reasons_of, sites_of
from procurement.changes.services.holding import (
    facts_of,
    hold,
    line_now,
    require_same_agreement,
    today_of,
)
from procurement.changes.states import CHANGE_LIFECYCLE
from procurement.orders.models import PurchaseOrder
from procurement.orders.policies import plain
from procurement.orders.services import ChangedLine, change_agreed


@dataclass(frozen=True, slots=True)
class Words:
    """What is said with a word on requests: a code of the company's list, and words besides."""

    reason: str = ""
    note: str = ""


@requires_scope
def accept_change(command: AnswerChange, *, actor: Actor, at: datetime) -> OrderChange:
    """Say yes: what was wished for is agreed now, and the ERP is told. Nobody confirms it a second time.

    Raises `StaleDocument` when another wish is on the table, or the line is not agreed as it was any more.
    """
    order, change = hold(command, "accept", actor=actor, at=at)
    why = _why(order, command)
    line = order.lines.select_related("ship_to").get(pk=change.line_id)
    change.line = line
    now = line_now(order, line)
    require_acceptable(change, now, today=today_of(order, at))
    words = Words(command.reason, command.note)
    settle_changes(order, [(change, now)], words, why, actor=actor, at=at)
    return change


@requires_scope
def decline_change(command: AnswerChange, *, actor: Actor, at: datetime) -> OrderChange:
    """Say no, and why: what was agreed stands."""
    order, change = hold(command, "decline", actor=actor, at=at)
    why = _why(order, command, owed=True)
    facts = facts_of(change, why=why, note=command.note)
    fields = closed_fields(command.reason, command.note, actor=actor, at=at)
    CHANGE_LIFECYCLE.move(change, "decline", actor=actor, at=at, facts=facts, fields=fields)
    return change


@requires_scope
def withdraw_change(command: AnswerChange, *, actor: Actor, at: datetime) -> OrderChange:
    """Take one's wish back while the other side has not answered it: what was agreed stands."""
    order, change = hold(command, "withdraw", actor=actor, at=at)
    why = _why(order, command)
    facts = facts_of(change, why=why, note=command.note)
    fields = closed_fields(command.reason, command.note, actor=actor, at=at)
    CHANGE_LIFECYCLE.move(change, "withdraw", actor=actor, at=at, facts=facts, fields=fields)
    return change


# --- what they share


def _why(order: PurchaseOrder, command: AnswerChange, *, owed: bool = False) -> str:
    """What the reason given is called. Raises `Invalid` for one that is not on the list, or where one is owed."""
    reasons = reasons_of(order.company_id)
    if problems := words_problems(command.reason, reasons, command.note, owed=owed):
        raise Invalid(problems[0].message, problems)
    return reasons.get(command.reason, "")


def closed_fields(reason: str, note: str, *, actor: Actor, at: datetime) -> dict[str, object]:
    """What a request keeps of the word that ended it."""
    return {
        "turn": "",
        "expires_at": None,
        "updated_at": at,
        "closed_at": at,
        "answered_at": at,
        "answered_by": actor.label,
        "answer_reason": reason,
        "answer_note": note.strip(),
    }


def require_acceptable(change: OrderChange, now: LineNow, *, today: date) -> None:
    """Raise where the wish on the table cannot be had any more: the agreement moved, too much has come meanwhile, or a
    day of it has passed. `today` is the date where the supplier is.
    """
    require_same_agreement(change, now)
    terms = terms_from_json(current_round(change).terms)
    if passed := passed_days(now.agreed, terms.pieces, today=today):
        text = _(
            "%(day)s has passed meanwhile, so nothing can be agreed for it. Counter it with a later day."
        )
        text %= {"day": day_text(passed[0])}
        day = passed[0].isoformat()
        raise Invalid(text, [Problem("delivery_on", text, day, "passed", str(now.line.number))])
    if terms.quantity < now.agreed.done:
        message = _(
            "%(done)s %(unit)s have been shipped, received or invoiced meanwhile, more than this asks for. Counter it."
        )
        text = message % {"done": plain(now.agreed.done), "unit": now.agreed.unit}
        raise Invalid(
            text, [Problem("quantity", text, plain(terms.quantity), "below_done", str(now.line.number))]
        )


def settle_changes(
    order: PurchaseOrder,
    accepted: Sequence[tuple[OrderChange, LineNow]],
    words: Words,
    why: str,
    *,
    by_rule: bool = False,
    actor: Actor,
    at: datetime,
) -> None:
    """Agree on what was wished for on some lines of an order, with the same words on each, and tell the ERP once.

    The order and all requests must be held; `by_rule` where nobody decided but a tolerance.
    """
    sites = sites_of(order)
    changed: dict[int, ChangedLine] = {}
    for change, now in accepted:
        spoken = current_round(change)
        terms = terms_from_json(spoken.terms)
        place = sites.get(terms.ship_to)
        pieces = pieces_of(
            terms, now.asked, ship_to=place.pk if place else None, reason=spoken.reason, note=spoken.note
        )
        changed[change.line_id] = ChangedLine(change.key, pieces, by_rule)
    told = change_agreed(order, changed, actor=actor, at=at)
    facts = [
        facts_of(
            change,
            old=now.agreed.terms,
            new=terms_from_json(current_round(change).terms),
            why=why,
            note=words.note,
        )
        for change, now in accepted
    ]
    fields = closed_fields(words.reason, words.note, actor=actor, at=at) | {
        "closed_at": None,
        "command": told,
    }
    changes = [change for change, _now in accepted]
    CHANGE_LIFECYCLE.move_all(changes, "accept", actor=actor, at=at, facts=facts, fields=fields)
