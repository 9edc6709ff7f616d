"""Deciding on changes that wait: approve, refuse, withdraw; each part by itself, and never one's own."""

import uuid
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Side
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import acting, requires_scope
from suppliers.approvers import require_long_role
from suppliers.details.models import ChangeRequest
from suppliers.details.policies.changes import LONGEST_REASON
from suppliers.details.queries import PEN, hold_detail_change, present
from suppliers.details.services.changing import facts_of, tell_addresses
from suppliers.details.services.writing import bring_into_force
from suppliers.details.states import DETAIL_LIFECYCLE, ChangeState
from suppliers.roles import Permission


class OwnChange(NotAllowed):
    """Somebody wants to decide on what they asked for themselves."""

    code = "own_work"


@requires_scope
def approve_detail_change(
    key: uuid.UUID, version: int | None, *, actor: Actor, at: datetime
) -> ChangeRequest:
    """Bring a change into force.

    Raises `OwnChange` for who asked for it, `TooNew` for who has had the role for too short a time when it was asked
    for, `IllegalTransition` where it waits no more, and `StaleDocument` where what it would replace is not what stood
    then, or not the version that was seen.
    """
    change = _decided_by(key, version, actor=actor)
    require_long_role(actor.user_id or 0, change.requested_at)
    with acting(PEN):
        if present(change.supplier, change.part, change.subject) != change.old:
            raise StaleDocument(
                _(
                    "What it would replace has changed since it was asked for. Refuse it, and have it asked anew."
                )
            )
        _move(change, "approve", "", actor=actor, at=at)
        bring_into_force(change, change.supplier, at=at)
        tell_addresses(change, change.supplier, actor=actor, at=at)
    return change


@requires_scope
def refuse_detail_change(
    key: uuid.UUID, version: int | None, reason: str, *, actor: Actor, at: datetime
) -> ChangeRequest:
    """Let the old stand. The reason is told to who asked. Raises as `approve_detail_change`, and `Invalid` without a
    reason."""
    change = _decided_by(key, version, actor=actor)
    said = " ".join(reason.split())
    if not said or len(said) > LONGEST_REASON:
        message = _("Say in a sentence why: whoever asked reads it.")
        raise Invalid(message, [Problem("reason", message, said[:40], "required")])
    with acting(PEN):
        _move(change, "refuse", said, actor=actor, at=at)
    return change


@requires_scope
def withdraw_detail_change(
    key: uuid.UUID, version: int | None, *, actor: Actor, at: datetime
) -> ChangeRequest:
    """Ask for it no more: anybody of the side that asked may say so. Raises `IllegalTransition` once it is decided, and
    for the other side."""
    if not actor.may(Permission.DETAIL_EDIT) or actor.token_id is not None:
        raise NotAllowed(_("Only an administrator, signed in, changes company data."))
    change = hold_detail_change(key, actor=actor)
    if change.requested_side != actor.side:
        raise IllegalTransition(_("The other side asked for this. It is theirs to withdraw."))
    _as_seen(change, version)
    with acting(PEN):
        _move(change, "withdraw", "", actor=actor, at=at)
    return change


def _decided_by(key: uuid.UUID, version: int | None, *, actor: Actor) -> ChangeRequest:
    allowed = actor.is_company and actor.may(Permission.DETAIL_APPROVE) and actor.user_id is not None
    if not allowed or actor.token_id is not None:
        raise NotAllowed(
            _("Only an administrator or a manager, signed in, decides on changes of company data.")
        )
    change = hold_detail_change(key, actor=actor)
    if change.requested_by_user_id == actor.user_id:
        raise OwnChange(_("You asked for this change. Somebody else decides on it."))
    _as_seen(change, version)
    return change


def _as_seen(change: ChangeRequest, version: int | None) -> None:
    if change.state != ChangeState.WAITING:
        state = ChangeState(change.state).label
        raise IllegalTransition(_("It waits no more: %(state)s.") % {"state": state})
    if version is not None and change.version != version:
        raise StaleDocument(_("This change looks otherwise by now. Look at it again."))


def _move(change: ChangeRequest, verb: str, reason: str, *, actor: Actor, at: datetime) -> None:
    fields: dict[str, Any] = {
        "decided_at": at,
        "decided_by": actor.label,
        "decided_by_user_id": actor.user_id,
        "decided_reason": reason,
    }
    # A supplier reads this fact, and is mailed it; why we refused a colleague is ours.
    is_theirs = change.requested_side == Side.SUPPLIER
    facts = facts_of(change) | ({"reason": reason} if reason and is_theirs else {})
    DETAIL_LIFECYCLE.move(change, verb, actor=actor, at=at, facts=facts, fields=fields)
