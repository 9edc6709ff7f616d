"""What every verb begins with: who may, the order and the request held, and whether it is what the page showed."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import IllegalTransition, NotAllowed, NotFound, Refusal, StaleDocument
from procurement.changes.messages import AnswerChange, ReviseChange, Terms, terms_from_json, terms_to_json
from procurement.changes.models import OrderChange
from procurement.changes.policies import is_agreed_still
from procurement.changes.queries import (
    LineNow,
    find_change,
    hold_change,
    is_changeable,
    lines_now,
    side_of,
    sites_of,
    visible_changes,
    with_rounds,
)
from procurement.changes.states import CHANGE_LIFECYCLE, OF_AUTHOR
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import lock_order, schedules_by_line
from suppliers.roles import Permission
from suppliers.services import business_over, require_business


class Expired(IllegalTransition):
    """The time for an answer is over."""

    code = "expired"


class NotYourTurn(IllegalTransition):
    """The ball is on the other side."""

    code = "not_your_turn"


def require_may_negotiate(order: PurchaseOrder, actor: Actor) -> str:
    """Which side the actor speaks for. Raises `NotAllowed` for who may not negotiate."""
    if not actor.may(Permission.CHANGE_NEGOTIATE):
        raise NotAllowed(
            _("Your role reads change requests. Ask your administrator for the right to make them.")
        )
    if actor.is_supplier and order.supplier.only_reads:
        raise NotAllowed(_("Your company is blocked for new promises. Ask the buyer why."))
    return side_of(actor)


def hold(
    command: AnswerChange | ReviseChange, verb: str, *, actor: Actor, at: datetime
) -> tuple[PurchaseOrder, OrderChange]:
    """The request held with its order, if this verb is this side's to say, in time, on what the page showed.

    Everybody locks the order first: who opens, answers or revises something on it waits here. Raises `NotFound`,
    `NotAllowed`, `BusinessEnded`, `StaleDocument`, `IllegalTransition`, `NotYourTurn`, `Expired`.
    """
    seen = find_change(command.change, actor=actor)
    order = lock_order(seen.order.key, actor=actor)
    require_business(order.supplier_id, actor=actor)
    side = require_may_negotiate(order, actor)
    change = hold_change(seen.pk)
    change.order = order
    _require_sayable(change, command.version, verb, side, at)
    return order, change


def hold_all(
    orders: Mapping[uuid.UUID, PurchaseOrder],
    commands: Sequence[AnswerChange],
    verb: str,
    *,
    actor: Actor,
    at: datetime,
) -> tuple[list[OrderChange], dict[uuid.UUID, Refusal]]:
    """The same for many requests, each with its rounds, whose orders (by key) are held already: two queries, and
    one for each supplier.

    Those on which the verb can be said, in the order of the commands; and why not, for the others.
    """
    found = with_rounds(visible_changes(actor).filter(key__in=[one.change for one in commands]))
    held = {change.key: change for change in found.order_by("id").select_for_update(of=("self",))}
    good: list[OrderChange] = []
    refused: dict[uuid.UUID, Refusal] = {}
    over = {one.supplier_id: business_over(one.supplier_id, actor=actor) for one in orders.values()}
    for command in commands:
        try:
            change = held.get(command.change)
            if change is None or change.order.key not in orders:
                raise NotFound(_("There is no such change request."))
            change.order = orders[change.order.key]
            if (ended := over[change.order.supplier_id]) is not None:
                raise ended
            side = require_may_negotiate(change.order, actor)
            _require_sayable(change, command.version, verb, side, at)
        except Refusal as refusal:
            refused[command.change] = refusal
        else:
            good.append(change)
    return good, refused


def _require_sayable(change: OrderChange, version: int, verb: str, side: str, at: datetime) -> None:
    """Raise unless this verb is this side's to say on a request that is held, in time, on what the page showed."""
    require_as_seen(change, version)
    CHANGE_LIFECYCLE.transition(verb, change.state)
    if (change.turn == side) == (verb in OF_AUTHOR):
        if verb in OF_AUTHOR:
            raise NotYourTurn(
                _("It is the other side's wish that is on the table: accept, decline or counter it.")
            )
        raise NotYourTurn(_("It is your own wish that is on the table: the other side answers it."))
    if verb != "withdraw" and change.expires_at and change.expires_at <= at:
        raise Expired(_("The time to answer this change request is over. What was agreed stands; ask anew."))


def require_as_seen(change: OrderChange, version: int) -> None:
    """Raise `StaleDocument` when the request is not what the page showed, saying how it stands now."""
    if not change.is_open:
        message = _("This change request is %(state)s meanwhile.")
        values = {"state": change.get_state_display().lower()}
        raise StaleDocument(message % values, details={"state": change.state, "version": change.version})
    if change.version != version:
        message = _("Another wish is on the table since you opened this page. Look at it, then answer.")
        raise StaleDocument(message, details={"state": change.state, "version": change.version})


def require_changeable(line: PurchaseOrderLine, order: PurchaseOrder) -> None:
    """Raise `StaleDocument` where nothing can be asked for on a line (any more)."""
    if not is_changeable(line, order):
        message = _(
            "Line %(number)s is not agreed, or nothing of it is left to come. Look at what stands now."
        )
        raise StaleDocument(message % {"number": line.number})


def line_now(order: PurchaseOrder, line: PurchaseOrderLine) -> LineNow:
    """One line as it stands. Raises `StaleDocument` where nothing can be asked for on it (any more)."""
    require_changeable(line, order)
    return lines_now(order, [line], schedules_by_line([line.pk]), sites_of(order))[line.pk]


def require_same_agreement(change: OrderChange, now: LineNow) -> None:
    """Raise `StaleDocument` when what was agreed is not what the request would alter any more."""
    if not is_agreed_still(terms_from_json(change.was), now.agreed.terms, now.agreed.place):
        message = _("What was agreed on line %(number)s has changed since this was asked for. Ask anew.")
        raise StaleDocument(message % {"number": now.line.number})


def facts_of(
    change: OrderChange,
    *,
    old: Terms | None = None,
    new: Terms | None = None,
    why: str = "",
    note: str = "",
) -> dict[str, Any]:
    """What every fact about a request says: which one, which line, what it would alter, from what to what.

    `why` is the reason as it was called then: a company may call it otherwise later.
    """
    facts: dict[str, Any] = {
        "change": str(change.key),
        "lines": [change.line.number],
        "kinds": list(change.kinds),
        "unit": change.line.unit,
        "why": why,
        "note": note.strip()[:500],
    }
    if old is not None and new is not None:
        facts |= {"old": terms_to_json(old), "new": terms_to_json(new)}
    return facts


def today_of(order: PurchaseOrder, at: datetime) -> date:
    """The date where the supplier is."""
    return at.astimezone(ZoneInfo(order.supplier.time_zone)).date()
