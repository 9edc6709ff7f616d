"""Whether those who can object were told, and for long enough: nothing comes into force of which nobody heard."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition
from portal.kernel.scope import acting, requires_scope
from suppliers.banking.messages import FreshFactor
from suppliers.banking.models import BankChange
from suppliers.banking.queries import (
    OFFICE,
    find_change,
    hold_change,
    hold_supplier,
    told_of_request,
    unreached,
)
from suppliers.banking.services.guards import NotYou, require_person, require_reason, require_standing
from suppliers.banking.states import OPEN
from suppliers.roles import Permission


def has_had_its_wait(change: BankChange, at: datetime) -> bool:
    """Whether everybody known from before was told, and had the change's whole wait to object. In the office, held.

    Where a mail left late the wait counts from then, and `waits_until` says so.
    """
    told = told_of_request(change)
    if told is None:
        return False
    until = told + timedelta(hours=change.wait_hours)
    if change.waits_until is not None and until > change.waits_until:
        change.waits_until = until
        change.save(update_fields=["waits_until"])
        record(
            "bank.wait_lengthened",
            change.stream,
            actor=OFFICE,
            at=at,
            supplier_id=change.supplier_id,
            facts={"told_at": told.isoformat(), "waits_until": until.isoformat()},
            internal=True,
        )
    return until <= at


@requires_scope
def go_on_without(
    change: BankChange, reason: str, *, actor: Actor, factor: FreshFactor | None, at: datetime
) -> BankChange:
    """Somebody who may approve says why a change goes on although some of those known from before cannot be reached.

    Not one of its `askers`. Where nobody at all could be told it does not come into force all the same (`told_at`).
    """
    user_id = require_person(actor, Permission.BANK_APPROVE, factor, at, ours=True)
    text = require_reason(reason)
    seen = find_change(change.key, actor=actor)
    with acting(OFFICE):
        hold_supplier(seen.supplier_id)
        held = hold_change(seen.pk)
        if user_id in held.askers:
            raise NotYou(_("You requested this change, or wrote the account down: somebody else says so."))
        require_standing(user_id, held.requested_at or held.proposed_at, at)
        missing = list(unreached(held).order_by("id"))
        if held.state not in OPEN or not missing:
            raise IllegalTransition(_("There is nobody whom we could not reach."))
        unreached(held).update(waived_at=at, waived_by=actor.label, waived_by_user_id=user_id)
        record(
            "bank.unreached_waived",
            held.stream,
            actor=actor,
            at=at,
            supplier_id=held.supplier_id,
            facts={"to": [one.address for one in missing], "reason": text[:300]},
            internal=True,
        )
    return held
