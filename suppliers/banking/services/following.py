"""What waits long enough comes into force: once, and after everything has been asked again."""

import logging
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid
from portal.kernel.scope import acting, requires_scope
from suppliers.approvers import long_approvers
from suppliers.banking.models import BankAccount, BankChange
from suppliers.banking.queries import (
    OFFICE,
    accounts_by_number,
    hold_change,
    hold_supplier,
    may_still_approve,
    may_still_request,
    open_freeze,
    votes_of,
)
from suppliers.banking.services.asking import account_of, close_change
from suppliers.banking.services.deciding import APPROVERS
from suppliers.banking.services.entering import follow_telling, overtake
from suppliers.banking.services.freezing import begun_anew, freeze_everything
from suppliers.banking.services.reaching import has_had_its_wait
from suppliers.banking.services.telling import tell_everybody
from suppliers.banking.states import (
    ACCOUNT_LIFECYCLE,
    CHANGE_OF_BANK_LIFECYCLE,
    AccountState,
    BankNoticeKind,
    CallOutcome,
    ChangeKind,
    ChangeState,
)
from suppliers.screening.queries import what_holds
from suppliers.states import SupplierState

logger = logging.getLogger(__name__)


def take_due_effect(at: datetime) -> int:
    """Let the changes come into force whose time is over, each in a transaction of its own. Says how many did.

    Called by the clock. Two workers at once do each once: the supplier is held, and where a change stands is read
    after that.
    """
    with acting(OFFICE):
        due = BankChange.objects.filter(state=ChangeState.WAITING, waits_until__lte=at).order_by(
            "waits_until", "id"
        )
        found = list(due.values_list("pk", "supplier_id")[:500])
    done = 0
    for pk, supplier_id in found:
        try:
            with acting(OFFICE):
                done += _take_effect(pk, supplier_id, at)
        except Exception:
            # One that cannot be read must not hold up the others; it stays as it is, and the old account in force.
            logger.exception("a change of bank details did not come into force", extra={"change_id": pk})
    return done


@requires_scope
def _take_effect(pk: int, supplier_id: int, at: datetime) -> bool:
    supplier = hold_supplier(supplier_id)
    change = hold_change(pk)
    if change.state != ChangeState.WAITING or change.waits_until is None or change.waits_until > at:
        return False  # another worker was faster, it was frozen, or it waits longer
    if open_freeze(supplier_id) or supplier.state == SupplierState.BLOCKED or supplier.left_at is not None:
        return False
    if change.kind != ChangeKind.END and what_holds(supplier):
        return False  # a person decides first whether its holder is the listed one
    if not may_still_request(change):
        reason = _("Who requested it does not act for the supplier any more.")
        freeze_everything(supplier, change, reason, actor=OFFICE, at=at)
        return False
    if not _is_approved(change):
        CHANGE_OF_BANK_LIFECYCLE.move(
            change,
            "reopen",
            actor=OFFICE,
            at=at,
            facts={"reason": "approvers"},
            fields=begun_anew(change),
        )
        return False
    if not has_had_its_wait(change, at):
        return False
    if overtaken := _overtaken(change):
        close_change(change, "refuse", overtaken, actor=OFFICE, at=at)
        return False
    _put_in_force(change, at)
    overtake(supplier_id, at=at)
    follow_telling(supplier_id, at=at)
    tell_everybody(BankNoticeKind.IN_FORCE, supplier, change, actor=OFFICE, at=at)
    return True


def _is_approved(change: BankChange) -> bool:
    """Two who may approve now and could long before the request, neither of whom requested it or wrote it down; and a
    contact older than the request who confirmed it to one of whom the same is true."""
    asked_at = change.requested_at
    if asked_at is None:
        return False
    votes = votes_of(change)
    users = {one.user_id for one in votes}
    called = change.calls.filter(
        round=change.round, outcome=CallOutcome.CONFIRMED, contact_since_at__lt=change.requested_at
    ).exclude(called_by_user_id__in=change.askers)
    return (
        len(users) >= APPROVERS
        and not change.askers & users
        and may_still_approve(one.user for one in votes)
        and long_approvers(users, asked_at) == users
        and bool(long_approvers(called.values_list("called_by_user_id", flat=True), asked_at))
    )


def _overtaken(change: BankChange) -> str:
    """Why it cannot come into force any more; empty where it can.

    Raises `sealing.Unreadable` where this worker's keys do not open the number: that says something of the keys, which
    may be put right, and ends nothing that four people have said.
    """
    before = change.account
    if before is not None and before.state == AccountState.ENDED:
        return _("The account it was to change has ended meanwhile.")
    try:
        account = account_of(change)
    except Invalid as refusal:
        return refusal.message
    if account is not None and (account.shown, account.form) != (change.shown, change.form):
        return _("What was shown of the account is not what was kept. Please request it anew.")
    if account is not None and accounts_by_number(change.supplier_id, account):
        return _("This account is on record already.")
    return ""


def _put_in_force(change: BankChange, at: datetime) -> None:
    before = change.account
    if change.kind != ChangeKind.ADD and before is not None:
        ACCOUNT_LIFECYCLE.move(
            before, "end", actor=OFFICE, at=at, facts=before.facts, fields={"ended_at": at}
        )
    if change.kind != ChangeKind.END:
        made = BankAccount(
            supplier_id=change.supplier_id, number=change.number, since_at=at, by_change=change
        )
        for name in ("form", "currency", "country", "holder", "bic", "bank_name", "shown"):
            setattr(made, name, getattr(change, name))
        made.save()
        record(
            "bank.account_opened",
            made.stream,
            actor=OFFICE,
            at=at,
            supplier_id=change.supplier_id,
            facts={"change": str(change.key), **made.facts},
        )
    facts = {"kind": change.kind, **change.facts}
    if before is not None:
        facts["before"] = before.masked
    CHANGE_OF_BANK_LIFECYCLE.move(
        change,
        "take_effect",
        actor=OFFICE,
        at=at,
        facts=facts,
        fields={"closed_at": at, "closed_by": OFFICE.label},
    )
