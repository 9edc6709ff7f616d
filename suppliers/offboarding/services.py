"""The verbs of an offboarding: begin, move the last day, call off, end, take the business up again.

Note [The end]: with the business end, in one transaction, the people's roles, open invitations, tokens and the
onboarding. Bank accounts stay on record and are chosen by nobody (`payable_accounts`), documents are asked for no more.
What is of orders, signed links for one, ends in the floor above (procurement/partners), in the same transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, NotFound, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from suppliers.models import ApiToken, Invitation, Membership, Supplier
from suppliers.offboarding.messages import BeginOffboarding, LeftOpen
from suppliers.offboarding.models import Offboarding
from suppliers.offboarding.policies import LONGEST_REASON, day_is_sound, may_end
from suppliers.offboarding.queries import (
    hold_leaver,
    hold_offboarding,
    people_told,
    standing_for,
    today_at,
)
from suppliers.offboarding.states import OFFBOARDING_LIFECYCLE
from suppliers.onboarding.models import OnboardingRun
from suppliers.onboarding.services import end_onboarded, withdraw_onboarding
from suppliers.onboarding.states import OPEN, RunState
from suppliers.people.services import remove_member, revoke_invitation
from suppliers.people.states import InvitationState
from suppliers.roles import Permission
from suppliers.services import revoke_token


@requires_scope
def begin_offboarding(command: BeginOffboarding, *, actor: Actor, at: datetime) -> Offboarding:
    """The business with a supplier is to end. Everything goes on until it is ended; its people are told the last day.

    Raises `NotFound`, `Invalid` for a day that is over or too far, or without a reason, and `IllegalTransition` where
    it is ending or has ended already.
    """
    _require_administrator(actor)
    supplier = Supplier.objects.visible_to(actor).filter(key=command.supplier).first()
    if supplier is None:
        raise NotFound(_("There is no such supplier."))
    supplier = hold_leaver(supplier.pk)
    if (stands := standing_for(supplier)) is not None:
        message = _("The business with %(name)s: %(state)s. There is nothing to begin.")
        said = {"name": supplier.name, "state": stands.get_state_display()}
        raise IllegalTransition(message % said, details={"verb": "begin", "state": stands.state})
    problems: list[Problem] = []
    reason = _text("reason", command.reason, problems)
    words = _text("words", command.words, problems, needed=False)
    _check_day(command.last_on, supplier, at, problems)
    _raise(problems)
    row = Offboarding.objects.create(
        supplier=supplier,
        reason=reason,
        words=words,
        last_on=command.last_on,
        begun_at=at,
        begun_by=actor.label,
    )
    _keep(supplier, leaving_on=command.last_on)
    record(
        "offboarding.begun",
        row.stream,
        actor=actor,
        at=at,
        supplier_id=supplier.pk,
        facts=_facts(row, tell=True),
    )
    return row


@requires_scope
def move_last_day(
    key: UUID, version: int | None, last_on: date, *, actor: Actor, at: datetime
) -> Offboarding:
    """Another last day; the supplier's people are told."""
    _require_administrator(actor)
    row = _held(key, version, actor)
    problems: list[Problem] = []
    _check_day(last_on, row.supplier, at, problems)
    _raise(problems)
    was, row.last_on = row.last_on, last_on
    facts = {**_facts(row, tell=True), "was_on": was.isoformat()}
    OFFBOARDING_LIFECYCLE.move(row, "move", actor=actor, at=at, fields={"last_on": last_on}, facts=facts)
    _keep(row.supplier, leaving_on=last_on)
    return row


@requires_scope
def call_off_offboarding(
    key: UUID, version: int | None, why: str, *, actor: Actor, at: datetime
) -> Offboarding:
    """The business goes on after all; the supplier's people are told."""
    row = _over("call_off", key, version, why, tell=True, actor=actor, at=at)
    _keep(row.supplier, leaving_on=None)
    return row


@requires_scope
def end_offboarding(
    row: Offboarding, left: Sequence[LeftOpen], stopped: Mapping[str, int], *, actor: Actor, at: datetime
) -> Offboarding:
    """End the business: see Note [The end]. The row is held by `hold_offboarding`, and what is open was counted since.

    Raises `IllegalTransition` where it is ended already, and `Invalid` before the last day has come.
    """
    _require_administrator(actor)
    OFFBOARDING_LIFECYCLE.transition("end", row.state)
    supplier = row.supplier
    if not may_end(row.last_on, today_at(supplier, at)):
        message = _("The last day is %(day)s. Move it first if the business is to end earlier.")
        message %= {"day": row.last_on.isoformat()}
        raise Invalid(message, [Problem("last_on", message, row.last_on.isoformat(), "too_early")])
    facts = _facts(row, tell=True)
    ended = {**_take_access(supplier, actor=actor, at=at), **stopped}
    fields = {
        "ended_at": at,
        "ended_by": actor.label,
        "left": [{"kind": one.kind, "count": one.count, "reason": one.reason} for one in left],
        "stopped": ended,
    }
    OFFBOARDING_LIFECYCLE.move(row, "end", actor=actor, at=at, fields=fields, facts=facts)
    _keep(supplier, left_at=at)
    return row


@requires_scope
def reopen_business(key: UUID, version: int | None, why: str, *, actor: Actor, at: datetime) -> Offboarding:
    """Business is done with the supplier again. Nobody gets access back by it: people are invited anew, programs get
    new tokens."""
    row = _over("reopen", key, version, why, tell=False, actor=actor, at=at)
    _keep(row.supplier, leaving_on=None, left_at=None)
    return row


def _over(
    verb: str, key: UUID, version: int | None, why: str, *, tell: bool, actor: Actor, at: datetime
) -> Offboarding:
    _require_administrator(actor)
    row = _held(key, version, actor)
    problems: list[Problem] = []
    said = _text("why", why, problems)
    _raise(problems)
    fields = {"over_at": at, "over_by": actor.label, "why": said}
    OFFBOARDING_LIFECYCLE.move(row, verb, actor=actor, at=at, fields=fields, facts=_facts(row, tell=tell))
    return row


def _held(key: UUID, version: int | None, actor: Actor) -> Offboarding:
    row = hold_offboarding(key, actor=actor)
    if version is not None and version != row.version:
        raise StaleDocument(_("Somebody has changed this a moment ago. Look at it again."))
    return row


def _take_access(supplier: Supplier, *, actor: Actor, at: datetime) -> dict[str, int]:
    """Nobody acts for the supplier any more, in person or by program; returns how many of each ended."""
    tokens = list(ApiToken.objects.filter(supplier=supplier, revoked_at=None).order_by("id"))
    for token in tokens:
        revoke_token(token, actor=actor, at=at)
    waiting = Invitation.objects.filter(supplier=supplier, state=InvitationState.SENT).order_by("id")
    keys = list(waiting.values_list("key", flat=True))
    for key in keys:
        revoke_invitation(key, actor=actor, at=at)
    members = list(Membership.objects.filter(supplier=supplier).order_by("id").values_list("pk", flat=True))
    for pk in members:
        remove_member(pk, actor=actor, at=at, tell=False)
    run = OnboardingRun.objects.filter(supplier=supplier).first()
    reason = _("The business with this supplier ended.")
    if run is not None and run.state in OPEN:
        withdraw_onboarding(run.key, None, reason, actor=actor, at=at)
    elif run is not None and run.state == RunState.ACTIVE:
        end_onboarded(run.key, None, reason, actor=actor, at=at)
    return {"people": len(members), "invitations": len(keys), "tokens": len(tokens)}


def _keep(supplier: Supplier, **fields: Any) -> None:
    """The supplier is held."""
    Supplier.objects.filter(pk=supplier.pk).update(**fields)
    for name, value in fields.items():
        setattr(supplier, name, value)


def _facts(row: Offboarding, *, tell: bool) -> dict[str, Any]:
    """What the supplier may read of it; the reason is ours."""
    supplier = row.supplier
    facts: dict[str, Any] = {
        "offboarding": str(row.key),
        "supplier": supplier.name,
        "last_on": row.last_on.isoformat(),
        "words": row.words,
    }
    return {**facts, "tell": people_told(supplier)} if tell else facts


def _require_administrator(actor: Actor) -> None:
    if actor.is_supplier or not actor.may(Permission.SUPPLIER_MANAGE):
        raise NotAllowed(_("Only a supplier administrator ends the business with a supplier."))


def _text(field: str, typed: str, problems: list[Problem], *, needed: bool = True) -> str:
    said = typed.replace("\r\n", "\n").strip()
    if needed and not said:
        problems.append(Problem(field, _("Say why: others read it later."), "", "required"))
    if len(said) > LONGEST_REASON:
        message = _("At most %(most)d characters.") % {"most": LONGEST_REASON}
        problems.append(Problem(field, message, said[:40], "too_long"))
    return said


def _check_day(last_on: date, supplier: Supplier, at: datetime, problems: list[Problem]) -> None:
    today = today_at(supplier, at)
    if not day_is_sound(last_on, today):
        message = _(
            "Where the supplier is, it is %(today)s. Choose that day or a later one, within three years."
        )
        message %= {"today": today.isoformat()}
        problems.append(Problem("last_on", message, last_on.isoformat(), "day"))


def _raise(problems: Sequence[Problem]) -> None:
    if problems:
        raise Invalid(problems[0].message, problems)
