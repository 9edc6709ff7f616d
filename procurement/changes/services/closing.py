"""What ends a request without anybody's word on it: time, a newer revision, and the ERP that has taken it over.

Note [Overtaken]: what a request speaks of may be taken away: a revision reopens the line, a buyer asks again, the order
is cancelled. Who does so knows nothing of requests; a package above both calls `overtake_changes` in the same
transaction. Should one forget, an answer finds the line moved all the same, and the clock closes the request.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from portal.kernel.actors import Actor
from portal.kernel.scope import requires_scope
from procurement.changes.models import OrderChange
from procurement.changes.queries import expired, is_overtaken, moving_on, moving_to_look_at
from procurement.changes.services.holding import facts_of
from procurement.changes.states import CHANGE_LIFECYCLE, ChangeState
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import live_promises_by_line

MOST_AT_ONCE = 500


@requires_scope
def overtake_changes(order_ids: Iterable[int], *, actor: Actor, at: datetime) -> int:
    """Close the requests on these orders that speak of what is not agreed any more; says how many. Orders are held."""
    found = moving_on(order_ids).select_related("order__ship_to", "line__ship_to")
    changes = list(found.order_by("id").select_for_update(of=("self",)))
    if not changes:
        return 0
    live = live_promises_by_line(change.line_id for change in changes)
    gone = [change for change in changes if is_overtaken(change, live[change.line_id])]
    return _close(gone, "overtake", {"turn": "", "expires_at": None}, actor=actor, at=at)


def _close(
    changes: Sequence[OrderChange], verb: str, fields: Mapping[str, Any], *, actor: Actor, at: datetime
) -> int:
    """Close requests that are held, in as many statements as one; says how many."""
    facts = [facts_of(change) for change in changes]
    fields = {**fields, "updated_at": at, "closed_at": at}
    if changes:
        CHANGE_LIFECYCLE.move_all(changes, verb, actor=actor, at=at, facts=facts, fields=fields)
    return len(changes)


@requires_scope
def confirm_changes(
    command: uuid.UUID, *, lines: Collection[str] | None = None, actor: Actor, at: datetime
) -> int:
    """The ERP was seen to hold what this command asked for: the requests behind it are done. Says how many.

    Of all its lines, or of these (by the ERP's key).
    """
    return _end(command, "confirm", lines, actor=actor, at=at)


@requires_scope
def keep_changes(command: uuid.UUID, *, actor: Actor, at: datetime) -> int:
    """A person gave the command up: what was agreed stands here alone, and no request waits for the ERP any more."""
    return _end(command, "keep", actor=actor, at=at)


@requires_scope
def overtake_waiting(
    command: uuid.UUID, *, lines: Collection[str] | None = None, actor: Actor, at: datetime
) -> int:
    """The ERP will not hold what this command asked for: the requests behind it are overtaken. Says how many.

    Of all its lines, or of these (by the ERP's key).
    """
    return _end(command, "overtake", lines, actor=actor, at=at)


@requires_scope
def hand_on_changes(command: uuid.UUID, *, to: uuid.UUID) -> int:
    """A later command asks for what this one could not get: requests that stand wait for that one. Says how many."""
    changes = _waiting(command)
    live = live_promises_by_line(change.line_id for change in changes)
    standing = [change.pk for change in changes if not is_overtaken(change, live[change.line_id])]
    return OrderChange.objects.filter(pk__in=standing).update(command=to)


def _waiting(command: uuid.UUID) -> list[OrderChange]:
    found = OrderChange.objects.filter(command=command, state=ChangeState.ACCEPTED)
    return list(found.select_related("order", "line").order_by("id").select_for_update(of=("self",)))


def _end(
    command: uuid.UUID, verb: str, lines: Collection[str] | None = None, *, actor: Actor, at: datetime
) -> int:
    changes = [change for change in _waiting(command) if lines is None or change.line.key in lines]
    return _close(changes, verb, {}, actor=actor, at=at)


@requires_scope
def expire_changes(*, actor: Actor, at: datetime) -> int:
    """Close what nobody answered in time, and what was overtaken without anybody saying so. Says how many."""
    late = dict(expired(at).order_by("expires_at", "id").values_list("pk", "order_id")[:MOST_AT_ONCE])
    _hold_orders(late.values())
    held = expired(at).filter(pk__in=late).select_related("order", "line").order_by("id")
    changes = list(held.select_for_update(of=("self",)))
    return _close(changes, "expire", {"turn": "", "expires_at": None}, actor=actor, at=at)


@requires_scope
def close_overtaken(*, actor: Actor, at: datetime) -> int:
    """A safety net, minute by minute: look at what is under way for what has been overtaken. Says how many were.

    On orders that moved a moment ago at once; on one in sixty of all others each minute, so on each once an hour.
    """
    found = list(moving_to_look_at(at).select_related("order__ship_to", "line__ship_to").order_by("id"))
    live = live_promises_by_line(change.line_id for change in found)
    suspects = {change.order_id for change in found if is_overtaken(change, live[change.line_id])}
    _hold_orders(suspects)
    return overtake_changes(suspects, actor=actor, at=at) if suspects else 0


@requires_scope
def overtake_on(streams: Iterable[str], *, actor: Actor, at: datetime) -> int:
    """Close what has been overtaken on the orders with these streams. Says how many were."""
    keys = [stream.removeprefix("order:") for stream in streams if stream.startswith("order:")]
    found = sorted(PurchaseOrder.objects.filter(key__in=keys).values_list("pk", flat=True))
    _hold_orders(found)
    return overtake_changes(found, actor=actor, at=at)


def _hold_orders(order_ids: Iterable[int]) -> None:
    # One order of locking for everybody: by id.
    orders = PurchaseOrder.objects.filter(pk__in=set(order_ids)).order_by("id")
    list(orders.select_for_update(of=("self",)).values_list("pk", flat=True))
