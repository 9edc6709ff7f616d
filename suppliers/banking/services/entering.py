"""Whether the ERP pays by a change that is in force here. Nobody writes accounts into an ERP by machine (ADR 41): its
people do, and can say no; the ERP's next telling, or where it tells none a person, says that it is done.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition
from portal.kernel.scope import acting, requires_scope
from suppliers.banking.messages import FreshFactor
from suppliers.banking.models import BankAccount, BankChange
from suppliers.banking.queries import (
    OFFICE,
    find_change,
    hold_change,
    hold_supplier,
    stands_in_erp,
    told_of,
    votes_of,
    waiting_to_be_entered,
)
from suppliers.banking.services.guards import require_person
from suppliers.banking.states import BY_ERP, AccountState, ChangeState
from suppliers.roles import Permission

# An ERP that has told nothing of a supplier for so long tells nothing any more.
TELLS_FOR = timedelta(days=7)


@requires_scope
def follow_telling(supplier_id: int, *, at: datetime) -> int:
    """Note the changes that the ERP pays by, as it last told. In the office, the supplier held; says how many."""
    done = 0
    for change in waiting_to_be_entered([supplier_id]):
        if stands_in_erp(change):
            _enter(change, BY_ERP, actor=OFFICE, at=at)
            done += 1
    return done


@requires_scope
def overtake(supplier_id: int, *, at: datetime) -> None:
    """An account that has ended before it was entered needs not be entered any more. In the office."""
    over = BankAccount.objects.filter(by_change=OuterRef("pk"), state=AccountState.ENDED)
    for earlier in waiting_to_be_entered([supplier_id]).filter(Exists(over)):
        _enter(earlier, "", actor=OFFICE, at=at)


@requires_scope
def note_entered(change: BankChange, *, actor: Actor, factor: FreshFactor | None, at: datetime) -> BankChange:
    """A person, with a fresh second factor, says that the ERP pays by a change now. Not where the ERP tells its
    accounts itself: that it does is told there, not said. Raises `NeedsFactor`, and `IllegalTransition` then, and
    where nothing is to be entered.

    In a small house it may be one of those who approved it: that is kept, and shown, and forbidden to nobody.
    """
    user_id = require_person(actor, Permission.BANK_APPROVE, factor, at, ours=True)
    seen = find_change(change.key, actor=actor)
    with acting(OFFICE):
        hold_supplier(seen.supplier_id)
        held = hold_change(seen.pk)
        if held.state != ChangeState.IN_FORCE or held.entered_at is not None:
            raise IllegalTransition(_("Nothing is to be entered any more."))
        if erp_tells(held.supplier_id, at):
            raise IllegalTransition(
                _("The ERP tells its accounts itself: this is done as soon as it tells of the change.")
            )
        held.entered_by_user_id = user_id
        approved_too = user_id in {one.user_id for one in votes_of(held)}
        _enter(held, actor.label, {"approved_too": approved_too}, actor=actor, at=at)
    return held


@requires_scope
def erp_tells(supplier_id: int, at: datetime) -> bool:
    """Whether the ERP has lately told to which accounts it pays a supplier. In the office."""
    rows = told_of([supplier_id]).get(supplier_id, [])
    return any(max(row.told_at, row.gone_at or row.told_at) > at - TELLS_FOR for row in rows)


def _enter(
    change: BankChange, who: str, facts: Mapping[str, bool] | None = None, *, actor: Actor, at: datetime
) -> None:
    change.entered_at, change.entered_by = at, who
    change.save(update_fields=["entered_at", "entered_by", "entered_by_user_id"])
    how = "told" if who == BY_ERP else "said" if who else "overtaken"
    record(
        "bank.change_entered",
        change.stream,
        actor=actor,
        at=at,
        supplier_id=change.supplier_id,
        facts={"kind": change.kind, "how": how, **(facts or {})},
        internal=True,
    )
