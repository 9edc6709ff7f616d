"""The verbs of a run: start, hand in, hand back, approve, refuse, withdraw, leave, begin again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, Problem, StaleDocument
from portal.kernel.scope import acting, requires_scope
from suppliers.onboarding.models import OnboardingRun
from suppliers.onboarding.policies import not_done, reminds_at, still_open
from suppliers.onboarding.queries import DESK, chosen_for, hold_run, sheet_of, with_people
from suppliers.onboarding.services.guards import reason_in, require_administrator, require_keeper
from suppliers.onboarding.services.inviting import revoke_of
from suppliers.onboarding.states import RUN_LIFECYCLE, RunState, StepKind, StepStanding
from suppliers.people.messages import InvitePerson
from suppliers.people.services import invite_person
from suppliers.roles import SupplierRole
from suppliers.screening.queries import is_screened, stands_against
from suppliers.states import SupplierState

OVER: dict[str, Any] = {"remind_at": None}


def _move(
    run: OnboardingRun,
    verb: str,
    *,
    actor: Actor,
    at: datetime,
    fields: Mapping[str, Any],
    facts: Mapping[str, Any] | None = None,
) -> None:
    said = {"supplier": run.supplier.name, **(facts or {})}
    with acting(DESK):
        RUN_LIFECYCLE.move(run, verb, actor=actor, at=at, fields=fields, facts=said)


def _seen(run: OnboardingRun, version: int | None) -> None:
    if version is not None and version != run.version:
        raise StaleDocument(_("This onboarding was changed a moment ago. Look at it again."))


@requires_scope
def hand_in(key: UUID, *, actor: Actor, at: datetime) -> OnboardingRun:
    """A supplier has done what is asked of it. Orders and invoices go on meanwhile.

    Raises `Invalid` with the compulsory steps that are open still, `IllegalTransition` where it is handed in already.
    """
    require_keeper(actor)
    run = hold_run(key, actor=actor)
    sheet = sheet_of(run, at)
    if waiting := still_open(sheet.steps, sheet.standing):
        raise Invalid(_("Some steps are open still."), _named(waiting))
    if run.state == RunState.INVITED:
        _move(run, "start", actor=actor, at=at, fields={"started_at": at})
    fields = {"handed_in_at": at, "handed_in_by": actor.label, "reason": "", **OVER}
    _move(run, "hand_in", actor=actor, at=at, fields=fields)
    return run


def _named(kinds: list[str], standing: Mapping[str, str] | None = None) -> list[Problem]:
    """The steps by name; where we are to look at what was given it says so, if how they stand is given."""
    with_us = {kind for kind in kinds if standing and standing[kind] == StepStanding.WITH_US}
    return [
        Problem(
            kind,
            (_("Look at it first: %(step)s.") if kind in with_us else _("Open: %(step)s."))
            % {"step": StepKind(kind).label},
            code="open",
        )
        for kind in kinds
    ]


@requires_scope
def approve_onboarding(key: UUID, version: int | None, *, actor: Actor, at: datetime) -> OnboardingRun:
    """An onboarding is done: nothing waits for it any more.

    Raises `Invalid` with the compulsory steps that are not done (a document not reviewed yet, an account not in force),
    where the supplier is blocked, where a hit of the screening is undecided or was confirmed, and where a name or a
    list is so new that it was not screened yet;
    `StaleDocument` and `IllegalTransition` where somebody was quicker.
    """
    require_administrator(actor)
    run = hold_run(key, actor=actor)
    _seen(run, version)
    sheet = sheet_of(run, at)
    lacking = not_done(sheet.steps, sheet.standing)
    if run.state == RunState.IN_REVIEW and lacking:
        raise Invalid(_("Some steps are not done yet."), _named(lacking, sheet.standing))
    if run.state == RunState.IN_REVIEW and run.supplier.state == SupplierState.BLOCKED:
        message = _("This supplier is blocked. Unblock it first.")
        raise Invalid(message, [Problem("supplier", message, code="blocked")])
    if run.state == RunState.IN_REVIEW and stands_against(run.supplier_id):
        message = _(
            "Somebody called like this supplier is on a list of sanctioned parties. Decide on that first."
        )
        raise Invalid(message, [Problem("screening", message, code="listed")])
    if run.state == RunState.IN_REVIEW and not is_screened(run.supplier):
        message = _(
            "A name of this supplier, or a list, is so new that it was not screened yet. That is done within a quarter "
            "of an hour: approve it then."
        )
        raise Invalid(message, [Problem("screening", message, code="not_screened")])
    fields = {"ended_at": at, "decided_by": actor.label, **OVER}
    _move(run, "approve", actor=actor, at=at, fields=fields)
    return run


@requires_scope
def hand_back(key: UUID, version: int | None, reason: str, *, actor: Actor, at: datetime) -> OnboardingRun:
    """Something is to be done again; the supplier reads why."""
    require_administrator(actor)
    said, run = reason_in(reason), hold_run(key, actor=actor)
    _seen(run, version)
    _move(run, "hand_back", actor=actor, at=at, fields={"reason": said}, facts={"reason": said})
    return run


@requires_scope
def refuse_onboarding(
    key: UUID, version: int | None, reason: str, *, actor: Actor, at: datetime
) -> OnboardingRun:
    """We do no business with this supplier; it reads why. Whether it is blocked, the ERP says."""
    return _end("refuse", key, version, reason, actor=actor, at=at)


@requires_scope
def withdraw_onboarding(
    key: UUID, version: int | None, reason: str, *, actor: Actor, at: datetime
) -> OnboardingRun:
    """Take an onboarding back: its invitation opens nothing any more, and nobody is reminded."""
    return _end("withdraw", key, version, reason, actor=actor, at=at)


@requires_scope
def end_onboarded(
    key: UUID, version: int | None, reason: str, *, actor: Actor, at: datetime
) -> OnboardingRun:
    """A supplier that was onboarded leaves."""
    return _end("leave", key, version, reason, actor=actor, at=at)


def _end(
    verb: str, key: UUID, version: int | None, reason: str, *, actor: Actor, at: datetime
) -> OnboardingRun:
    require_administrator(actor)
    said, run = reason_in(reason), hold_run(key, actor=actor)
    _seen(run, version)
    fields = {"ended_at": at, "reason": said, "decided_by": actor.label, **OVER}
    _move(run, verb, actor=actor, at=at, fields=fields, facts={"reason": said})
    with acting(DESK):
        revoke_of(run, actor=actor, at=at)
    return run


@requires_scope
def begin_again(key: UUID, *, actor: Actor, at: datetime) -> OnboardingRun:
    """Invite a supplier anew whose onboarding was refused, withdrawn or over, by the template that is for it today."""
    require_administrator(actor)
    run = hold_run(key, actor=actor)
    with acting(DESK):
        template, why = chosen_for([run.supplier])[run.supplier_id] or (None, ())
        has_people = bool(with_people([run.supplier_id]))
    fields = {
        "template_id": template,
        "why": [list(pair) for pair in why],
        "terms_by_id": None,
        "invited_at": at,
        "invited_by": actor.label,
        "reminders": 0,
        "remind_at": reminds_at(at, at, settings.ONBOARDING_REMIND_AFTER_DAYS),
        "handed_in_at": None,
        "started_at": None,
        "ended_at": None,
        "reason": "",
        "decided_by": "",
    }
    _move(run, "begin_again", actor=actor, at=at, fields=fields)
    if has_people:
        _move(run, "start", actor=actor, at=at, fields={"started_at": at})
        return run
    paper = InvitePerson(run.address, SupplierRole.ADMINISTRATOR, run.supplier_id)
    invitation = invite_person(paper, actor=actor, at=at)
    with acting(DESK):
        run.invitation = invitation
        run.save(update_fields=["invitation"])
    return run
