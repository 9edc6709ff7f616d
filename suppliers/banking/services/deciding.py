"""What our people say about a request: an old contact was called, two approve it, it waits; or it is refused."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Duplicate, IllegalTransition, Invalid, NotAllowed, Problem
from portal.kernel.scope import acting, requires_scope
from suppliers.banking.messages import FreshFactor, KnownContact, RecordCall
from suppliers.banking.models import BankCall, BankChange, BankShortening, BankVote
from suppliers.banking.policies import who_is_called, why_not_approve, why_not_call
from suppliers.banking.queries import (
    OFFICE,
    callers_of,
    find_change,
    hold_change,
    hold_supplier,
    known_contacts,
    votes_of,
)
from suppliers.banking.services.asking import close_change
from suppliers.banking.services.freezing import freeze_everything
from suppliers.banking.services.guards import (
    NotYou,
    least_hours,
    require_person,
    require_reason,
    require_standing,
    require_thawed,
)
from suppliers.banking.states import (
    CHANGE_OF_BANK_LIFECYCLE,
    OPEN,
    CallOutcome,
    ChangeState,
    VotePurpose,
)
from suppliers.roles import Permission

LONGEST_NOTE = 2000
APPROVERS = 2


def _held(change: BankChange, actor: Actor, *, though_frozen: bool = False) -> BankChange:
    """The change, with its supplier held, and nothing frozen, unless that is as well. In the office."""
    seen = find_change(change.key, actor=actor)
    supplier = hold_supplier(seen.supplier_id)
    if not though_frozen:
        require_thawed(supplier)
    return hold_change(seen.pk)


def _asked_at(change: BankChange) -> datetime:
    return change.requested_at or change.proposed_at


def contacts_to_call(change: BankChange) -> list[KnownContact]:
    """Who may be called back about a change, the oldest first: see `policies.who_is_called`. In the office."""
    known = known_contacts(change.supplier)
    # Who asked, or wrote the number down, is not asked back, under whatever name the same address is known.
    own = {one.address.casefold() for one in known if one.user_id in change.askers}
    return who_is_called(
        known,
        requested_at=change.requested_at or change.proposed_at,
        days=settings.BANK_CONTACT_DAYS,
        former_days=settings.BANK_FORMER_DAYS,
        own=own,
    )


@requires_scope
def record_call(command: RecordCall, *, actor: Actor, factor: FreshFactor | None, at: datetime) -> BankCall:
    """Somebody of ours has called a contact back who was there, under that number, before the request.

    `denied` freezes everything at once, or is one more objection where it is frozen: then a call is recorded too, and
    confirms nothing. Who requested a change or wrote its account down does not call about it. Raises
    `Invalid` for a contact that is not old enough, or a number whose origin is not said.
    """
    user_id = require_person(actor, Permission.BANK_CALL, factor, at, ours=True)
    with acting(OFFICE):
        change = _held(find_change(command.change, actor=OFFICE), actor, though_frozen=True)
        if change.state not in (*OPEN, ChangeState.FROZEN):
            raise IllegalTransition(_("Nobody is called about a change that is not under way."))
        if user_id in change.askers:
            raise NotYou(_("You requested this change, or wrote the account down: somebody else calls."))
        require_standing(user_id, _asked_at(change), at)
        if reason := why_not_call(
            user_id, approvers=[one.user_id for one in votes_of(change)], callers=callers_of(change)
        ):
            raise NotYou(reason)
        call = _call(command, change, user_id, actor, at)
        record(
            "bank.contact_called",
            change.stream,
            actor=actor,
            at=at,
            supplier_id=change.supplier_id,
            facts={"contact": call.contact_name, "outcome": call.outcome, "number_from": call.number_from},
            internal=True,
        )
        if call.outcome == CallOutcome.DENIED:
            reason = _("%(name)s was called back and knows nothing of it.") % {"name": call.contact_name}
            freeze_everything(change.supplier, change, reason, mark=f"call:{call.pk}", actor=actor, at=at)
        elif call.outcome == CallOutcome.CONFIRMED and change.called_at is None and change.state in OPEN:
            change.called_at = at
            change.save(update_fields=["called_at"])
            _begin_waiting_if_all_is_said(change, actor=actor, at=at)
    return call


def _call(command: RecordCall, change: BankChange, user_id: int, actor: Actor, at: datetime) -> BankCall:
    contact = next((one for one in contacts_to_call(change) if one.ref == command.contact), None)
    problems = []
    number, number_from = command.number.strip()[:40], command.number_from.strip()[:200]
    if contact is None:
        message = _("Choose a contact who was there before the request.")
        problems.append(Problem("contact", message, "", "unknown"))
    elif contact.telephone:
        number, number_from = contact.telephone, ""
    if command.outcome not in CallOutcome.values:
        problems.append(Problem("outcome", _("Say what came of the call."), "", "required"))
    if not number:
        problems.append(Problem("number", _("Say which number you called."), "", "required"))
    elif contact is not None and not contact.telephone and len(number_from) < 5:
        message = _(
            "Say where the number is from: the contract, the vendor file. Never from the request itself."
        )
        problems.append(Problem("number_from", message, "", "required"))
    if problems or contact is None:
        raise Invalid(problems[0].message, problems)
    return BankCall.objects.create(
        supplier_id=change.supplier_id,
        change=change,
        round=change.round,
        contact=contact.ref,
        contact_name=contact.name or contact.address,
        contact_since_at=contact.since_at,
        telephone=number,
        number_from=number_from,
        outcome=command.outcome,
        note=command.note.strip()[:LONGEST_NOTE],
        called_at=at,
        called_by=actor.label,
        called_by_user_id=user_id,
    )


@requires_scope
def approve_change(
    change: BankChange,
    version: int,
    note: str = "",
    *,
    actor: Actor,
    factor: FreshFactor | None,
    at: datetime,
) -> BankChange:
    """One of two approvals: by nobody who requested it, and not both by one. See Note [Four people].

    Once both are there and a contact has confirmed it, the waiting time begins. Raises `StaleDocument` where it moved
    since it was looked at, `NotYou` with why not this person.
    """
    user_id = require_person(actor, Permission.BANK_APPROVE, factor, at, ours=True)
    assert factor is not None  # `require_person` has asked
    with acting(OFFICE):
        held = _held(change, actor)
        approvers = [one.user_id for one in votes_of(held)]
        reason = why_not_approve(
            user_id,
            requester=held.requested_by_user_id,
            proposer=held.proposed_by_user_id,
            approvers=approvers,
            callers=callers_of(held),
        )
        if reason:
            raise NotYou(reason)
        require_standing(user_id, _asked_at(held), at)
        CHANGE_OF_BANK_LIFECYCLE.transition("approve", held.state)
        held.version = version  # what was looked at: `move` refuses any other
        last = len(approvers) + 1 == APPROVERS
        BankVote.objects.create(
            supplier_id=held.supplier_id,
            change=held,
            round=held.round,
            purpose=VotePurpose.APPROVE,
            user_id=user_id,
            name=actor.label,
            note=note.strip()[:LONGEST_NOTE],
            said_at=at,
            factor_at=factor.shown_at,
        )
        fields = {"approved_at": at} if last else {}
        CHANGE_OF_BANK_LIFECYCLE.move(
            held, "approve", actor=actor, at=at, facts={"kind": held.kind, **held.facts}, fields=fields
        )
        if last:
            _begin_waiting_if_all_is_said(held, actor=actor, at=at)
    return held


def _begin_waiting_if_all_is_said(change: BankChange, *, actor: Actor, at: datetime) -> None:
    if change.state != ChangeState.APPROVED or change.called_at is None:
        return
    until = at + timedelta(hours=change.wait_hours)
    CHANGE_OF_BANK_LIFECYCLE.move(
        change,
        "begin_waiting",
        actor=actor,
        at=at,
        fields={"waits_until": until},
    )
    # How long says how suspicious it looks, also by what other suppliers have: that is for us alone.
    _note(change, "bank.wait_set", {"waits_until": until.isoformat(), "hours": change.wait_hours}, actor, at)


@requires_scope
def refuse_change(change: BankChange, reason: str, *, actor: Actor, at: datetime) -> BankChange:
    """It does not come into force, and its supplier reads why. By one person: no takes no second pair of eyes."""
    if not actor.is_company or not actor.may(Permission.BANK_APPROVE) or actor.token_id is not None:
        raise NotAllowed(_("You may not do this with bank details."))
    text = require_reason(reason)
    seen = find_change(change.key, actor=actor)
    with acting(OFFICE):
        hold_supplier(seen.supplier_id)
        held = hold_change(seen.pk)
        close_change(held, "refuse", text, actor=actor, at=at)
    return held


# --- waiting less -------------------------------------------------------------------------------------------


@requires_scope
def ask_shortening(
    change: BankChange, hours: int, reason: str, *, actor: Actor, factor: FreshFactor | None, at: datetime
) -> BankShortening:
    """Ask that a change waits less, with a reason: granted by two others, never below the least wait."""
    user_id = require_person(actor, Permission.BANK_APPROVE, factor, at, ours=True)
    text = require_reason(reason)
    with acting(OFFICE):
        held = _held(change, actor)
        if held.state not in OPEN:
            raise IllegalTransition(_("Only what is under way can wait less."))
        if not least_hours() <= hours < held.wait_hours:
            message = _("Between %(least)d hours and less than the %(now)d hours it waits.")
            values = {"least": least_hours(), "now": held.wait_hours}
            raise Invalid(message % values, [Problem("hours", message % values, str(hours), "out_of_range")])
        if held.shortenings.filter(round=held.round).exists():
            raise Duplicate(_("A shorter wait was asked for already, once for each change."))
        asked = BankShortening.objects.create(
            supplier_id=held.supplier_id,
            change=held,
            round=held.round,
            hours=hours,
            reason=text,
            asked_at=at,
            asked_by=actor.label,
            asked_by_user_id=user_id,
        )
        _note(held, "bank.shorter_wait_asked", {"hours": hours, "reason": text[:300]}, actor, at)
    return asked


@requires_scope
def grant_shortening(
    change: BankChange, *, actor: Actor, factor: FreshFactor | None, at: datetime
) -> BankShortening:
    """One of two who let a change wait less: neither who asked for that, nor one of the change's `askers`."""
    user_id = require_person(actor, Permission.BANK_APPROVE, factor, at, ours=True)
    assert factor is not None  # `require_person` has asked
    with acting(OFFICE):
        held = _held(change, actor)
        asked: BankShortening | None = (
            held.shortenings.select_for_update().filter(round=held.round, granted_at=None).first()
        )
        if asked is None or held.state not in OPEN:
            raise IllegalTransition(_("Nobody has asked for a shorter wait, or it was granted."))
        said = [one.user_id for one in votes_of(held, VotePurpose.SHORTEN)]
        if user_id in (asked.asked_by_user_id, *held.askers, *said):
            raise NotYou(_("Two others let it wait less: neither who asked, nor one person twice."))
        require_standing(user_id, _asked_at(held), at)
        BankVote.objects.create(
            supplier_id=held.supplier_id,
            change=held,
            round=held.round,
            purpose=VotePurpose.SHORTEN,
            user_id=user_id,
            name=actor.label,
            said_at=at,
            factor_at=factor.shown_at,
        )
        _note(held, "bank.shorter_wait_granted", {"hours": asked.hours, "of": len(said) + 1}, actor, at)
        if len(said) + 1 == APPROVERS:
            asked.granted_at = at
            asked.save(update_fields=["granted_at"])
            held.wait_hours = asked.hours
            if held.waits_until is not None and held.state == ChangeState.WAITING:
                begun = max(held.called_at or at, held.approved_at or at)
                held.waits_until = max(at, begun + timedelta(hours=asked.hours))
            held.save(update_fields=["wait_hours", "waits_until"])
    return asked


def _note(change: BankChange, kind: str, facts: dict[str, object], actor: Actor, at: datetime) -> None:
    record(
        kind, change.stream, actor=actor, at=at, supplier_id=change.supplier_id, facts=facts, internal=True
    )
