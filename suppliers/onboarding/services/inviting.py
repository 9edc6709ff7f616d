"""Inviting suppliers: one, many, by a sheet, by a first order; again, elsewhere, no more.

Note [Exactly once]: a supplier has one run, and the index on it keeps the first of two. Whoever comes second finds that
the row is not theirs and mails nothing. Rows go in by the supplier's id, so that two who invite the same thousands wait
for each other and do not embrace.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record, record_all
from portal.kernel.errors import Invalid, Problem, Refusal
from portal.kernel.scope import acting, requires_scope
from suppliers.models import Invitation, Supplier
from suppliers.onboarding.messages import InviteSuppliers, Target
from suppliers.onboarding.models import InvitationText, OnboardingRun, UploadedInvitations
from suppliers.onboarding.policies import MOST_TARGETS, filled, is_address, is_recent, reminds_at
from suppliers.onboarding.queries import (
    DESK,
    chosen_for,
    excluded_among,
    find_sheet,
    first_order_rules,
    hold_run,
    sheet_of,
    with_people,
)
from suppliers.onboarding.services.guards import require_administrator, sentence_in
from suppliers.onboarding.services.winning import judge_prospects, one_after_the_other, take_in
from suppliers.onboarding.states import InvitedHow, RunState
from suppliers.people.messages import InvitePerson
from suppliers.people.services import (
    InvitationOver,
    invite_people,
    invite_person,
    resend_invitation,
    revoke_invitation,
)
from suppliers.people.states import InvitationState
from suppliers.roles import SupplierRole
from suppliers.states import SupplierState


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of inviting: the onboardings that began, and why each other supplier was not invited."""

    runs: tuple[OnboardingRun, ...] = ()
    problems: tuple[Problem, ...] = ()


# --- inviting ------------------------------------------------------------------------------------------------


@requires_scope
def invite_suppliers(command: InviteSuppliers, *, actor: Actor, at: datetime) -> Outcome:
    """Invite suppliers; one that cannot be never sinks the others. As many queries for five thousand as for one.

    Where somebody acts for the supplier already no invitation goes: the people there are told that something is asked.
    A prospect becomes a supplier with a number of ours (`winning`).
    Raises `NotAllowed` for whoever does not administer suppliers, `Invalid` for more than five thousand.
    """
    require_administrator(actor)
    if len(command.targets) > MOST_TARGETS:
        message = _("At most %(most)d suppliers at a time.") % {"most": MOST_TARGETS}
        raise Invalid(message, [Problem("supplier", message, str(len(command.targets)), "too_many")])
    with acting(DESK):
        prospects = [one for one in command.targets if one.is_prospect]
        if prospects:
            one_after_the_other()
        unfit, won = judge_prospects(prospects)
        problems, fit = _judged([*_numbered(command.targets), *take_in(won)], at)
        problems += unfit
        began = _begin(fit, command.how, actor, at)
        _invite(began, fit, actor, at)
        facts = [Fact("onboarding.invited", run.stream, run.supplier_id, _facts(run)) for run in began]
        record_all(facts, actor=actor, at=at)
    ours = {run.supplier.number for run in began}
    problems += [_begun_already(one) for one in fit.values() if one.supplier not in ours]
    return Outcome(tuple(began), tuple(problems))


@requires_scope
def preview(targets: Sequence[Target], *, actor: Actor, at: datetime) -> Outcome:
    """What would come of inviting these, and of which nothing: the same words, and nothing is written."""
    require_administrator(actor)
    with acting(DESK):
        problems, fit = _judged(_numbered(targets), at)
        unfit, won = judge_prospects([one for one in targets if one.is_prospect])
    problems += unfit
    runs = [
        OnboardingRun(
            supplier=one.row,
            address=one.address,
            state=RunState.STARTED if one.has_people else RunState.INVITED,
        )
        for one in fit.values()
    ]
    runs += [
        OnboardingRun(
            supplier=Supplier(name=one.company, country=one.country, is_prospect=True), address=one.address
        )
        for one in won
    ]
    return Outcome(tuple(runs), tuple(problems))


def _numbered(targets: Sequence[Target]) -> list[Target]:
    return [one for one in targets if not one.is_prospect]


@dataclass(frozen=True, slots=True)
class _Fit:
    """A target that can be invited."""

    row: Supplier
    target: Target
    address: str
    has_people: bool

    @property
    def supplier(self) -> str:
        return self.row.number


def _judged(targets: Sequence[Target], at: datetime) -> tuple[list[Problem], dict[int, _Fit]]:
    numbers = {one.supplier.strip() for one in targets}
    known = {one.number: one for one in Supplier.objects.filter(number__in=numbers)}
    ids = [one.pk for one in known.values()]
    begun = set(OnboardingRun.objects.filter(supplier__in=ids).values_list("supplier_id", flat=True))
    excluded, peopled = excluded_among(ids, at.date()), with_people(ids)
    problems: list[Problem] = []
    fit: dict[int, _Fit] = {}
    for target in targets:
        supplier = known.get(target.supplier.strip())
        if supplier is None:
            message = _("There is no supplier of this number.")
            problems.append(Problem("supplier", message, target.supplier, "unknown", target.line))
            continue
        one = _Fit(
            supplier, target, (target.address.strip() or supplier.email).lower(), supplier.pk in peopled
        )
        problem = _begun_already(one) if supplier.pk in begun else None
        if supplier.pk in fit:
            problem = Problem("supplier", _("This supplier is in the list twice."), code="twice")
        if supplier.state == SupplierState.BLOCKED:
            problem = Problem("supplier", _("This supplier is blocked. Unblock it first."), code="blocked")
        elif supplier.left_at is not None:
            message = _("The business with this supplier has ended. Take it up again first.")
            problem = Problem("supplier", message, code="left")
        elif supplier.merged_into_id is not None:
            message = _("This supplier was merged into another record. Invite there.")
            problem = Problem("supplier", message, code="merged")
        elif supplier.pk in excluded:
            why = excluded[supplier.pk]
            message = _("Excluded: %(reason)s.") % {"reason": why.words or why.get_reason_display()}
            problem = Problem("supplier", message, code="excluded")
        elif problem is None and not one.has_people and not is_address(one.address):
            problem = _no_address(one)
        if problem:
            named = replace(problem, value=problem.value or supplier.number, line=target.line)
            problems.append(named)
        else:
            fit[supplier.pk] = one
    return problems, dict(sorted(fit.items()))


def _no_address(one: _Fit) -> Problem:
    number = one.row.number
    if one.address:
        message = _("“%(value)s” is no mail address. Write it like name@company.example.")
        return Problem("address", message % {"value": one.address}, number, "address")
    message = _("There is no mail address to invite at. Write one like name@company.example.")
    return Problem("address", message, number, "address")


def _begun_already(one: _Fit) -> Problem:
    message = _("%(name)s is invited already.") % {"name": one.row.name}
    return Problem("supplier", message, one.row.number, "invited", one.target.line)


def _begin(fit: Mapping[int, _Fit], how: str, actor: Actor, at: datetime) -> list[OnboardingRun]:
    """See Note [Exactly once]."""
    chosen = chosen_for(one.row for one in fit.values())
    rows = []
    for one in fit.values():
        template, why = chosen[one.row.pk] or (None, ())
        rows.append(
            OnboardingRun(
                supplier=one.row,
                template_id=template,
                why=[list(pair) for pair in why],
                state=RunState.STARTED if one.has_people else RunState.INVITED,
                started_at=at if one.has_people else None,
                how=how,
                address=one.address if is_address(one.address) else "",
                invited_at=at,
                invited_by=actor.label,
                remind_at=reminds_at(at, at, settings.ONBOARDING_REMIND_AFTER_DAYS),
            )
        )
    OnboardingRun.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    stored = OnboardingRun.objects.select_related("supplier").in_bulk(
        [row.key for row in rows], field_name="key"
    )
    return [stored[row.key] for row in rows if row.key in stored]


def _invite(began: Sequence[OnboardingRun], fit: Mapping[int, _Fit], actor: Actor, at: datetime) -> None:
    """The invitations of those for which nobody acts yet; one that is open at that address already is theirs."""
    new = [run for run in began if run.state == RunState.INVITED]
    if not new:
        return
    words = _Words.read()
    papers = [
        InvitePerson(
            run.address,
            SupplierRole.ADMINISTRATOR,
            run.supplier_id,
            name=fit[run.supplier_id].target.name,
            words=words.for_supplier(run.supplier, fit[run.supplier_id].target.name),
        )
        for run in new
    ]
    invite_people(papers, actor=actor, at=at)
    waiting = Invitation.objects.filter(
        supplier__in=[run.supplier_id for run in new], state=InvitationState.SENT
    )
    by_address = {(one.supplier_id, one.address): one.pk for one in waiting}
    for run in new:
        run.invitation_id = by_address.get((run.supplier_id, run.address))
    OnboardingRun.objects.bulk_update(new, ["invitation"], batch_size=1000)


@dataclass(frozen=True, slots=True)
class _Words:
    """What invitations say, by segment and language."""

    texts: Mapping[tuple[str, str], str]

    @classmethod
    def read(cls) -> "_Words":
        """One query."""
        return cls({(one.segment, one.language): one.text for one in InvitationText.objects.all()})

    def for_supplier(self, supplier: Supplier, person: str) -> str:
        """The text for a supplier: of its segment before any, in its language before ours; empty where none is."""
        language = supplier.language.partition("-")[0]
        for key in (
            (supplier.segment, language),
            ("", language),
            (supplier.segment, settings.LANGUAGE_CODE),
            ("", settings.LANGUAGE_CODE),
        ):
            if key in self.texts:
                values = {
                    "supplier": supplier.name,
                    "number": supplier.number,
                    "person": person or supplier.name,
                }
                return filled(self.texts[key], values)
        return ""


def _facts(run: OnboardingRun) -> dict[str, object]:
    facts = {"supplier": run.supplier.name, "how": run.how, "asked": run.state == RunState.STARTED}
    return {**facts, "prospect": True} if run.supplier.is_prospect else facts


# --- by a sheet, by an order ---------------------------------------------------------------------------------


@requires_scope
def keep_sheet(name: str, targets: Iterable[Target], *, actor: Actor, at: datetime) -> UploadedInvitations:
    """Keep what a sheet says until somebody has looked at it. Raises `Invalid` for an empty or a huge one."""
    require_administrator(actor)
    rows = [
        {name: getattr(one, name) for name in ("supplier", "address", "name", "line", "company", "country")}
        for one in targets
    ]
    if not rows or len(rows) > MOST_TARGETS:
        message = _("A sheet has 1 to %(most)d suppliers.") % {"most": MOST_TARGETS}
        raise Invalid(message, [Problem("file", message, str(len(rows)), "too_many")])
    sheet = UploadedInvitations.objects.create(
        file_name=name[:200], rows=rows, created_at=at, created_by=actor.label
    )
    facts = {"file": sheet.file_name, "rows": len(rows)}
    record(
        "onboarding_sheet.read",
        sheet.stream,
        actor=actor,
        at=at,
        supplier_id=None,
        facts=facts,
        internal=True,
    )
    return sheet


def targets_of(sheet: UploadedInvitations) -> tuple[Target, ...]:
    """The suppliers of a sheet that was kept."""
    return tuple(Target(**row) for row in sheet.rows)


@requires_scope
def invite_by_sheet(key: UUID, *, actor: Actor, at: datetime) -> UploadedInvitations:
    """Invite the suppliers of a sheet, once: pressed twice, the second finds it done. Raises `NotFound`."""
    require_administrator(actor)
    sheet = find_sheet(key, hold=True)
    if sheet.applied_at is None:
        command = InviteSuppliers(targets_of(sheet), InvitedHow.SHEET)
        outcome = invite_suppliers(command, actor=actor, at=at)
        sheet.applied_at, sheet.applied_by, sheet.invited = at, actor.label, len(outcome.runs)
        sheet.rows = []  # people's names and addresses: they are needed no more
        sheet.save(update_fields=["applied_at", "applied_by", "invited", "rows"])
        facts = {"file": sheet.file_name, "invited": sheet.invited, "refused": len(outcome.problems)}
        record(
            "onboarding_sheet.applied",
            sheet.stream,
            actor=actor,
            at=at,
            supplier_id=None,
            facts=facts,
            internal=True,
        )
    return sheet


@requires_scope
def invite_by_first_order(numbers: Mapping[str, Iterable[str]], *, at: datetime) -> int:
    """Invite the suppliers of whom an order came, by the code of the company that ordered; where that company wants it.

    Returns how many were. A supplier that was invited, is excluded or has no mail address is passed over.
    """
    rules = first_order_rules()
    wanted = {number for company, some in numbers.items() if rules.get(company) for number in some}
    targets = tuple(Target(number) for number in sorted(wanted))[:MOST_TARGETS]
    if not targets:
        return 0
    command = InviteSuppliers(targets, InvitedHow.FIRST_ORDER)
    return len(invite_suppliers(command, actor=DESK, at=at).runs)


# --- again, elsewhere, no more -------------------------------------------------------------------------------


class RemindedAlready(Refusal):
    """Whoever is asked was reminded less than a day ago."""

    code = "reminded_already"


@requires_scope
def resend_onboarding(key: UUID, *, words: str = "", actor: Actor, at: datetime) -> OnboardingRun:
    """Mail a supplier once more: its invitation, or, where somebody is here, which steps are open still; with a
    sentence of one's own.

    Raises as `resend_invitation` does; `RemindedAlready` within a day of the last reminder, `InvitationOver` where
    nothing is asked of the supplier any more, `Invalid` for a sentence that is too long.
    """
    require_administrator(actor)
    said = sentence_in(words)
    run = hold_run(key, actor=actor)
    if run.state == RunState.STARTED:
        return _remind_of_steps(run, said, actor=actor, at=at)
    return _send_invitation(run, said, actor=actor, at=at)


@requires_scope
def resend_its_invitation(key: UUID, *, words: str = "", actor: Actor, at: datetime) -> OnboardingRun:
    """Mail a supplier its invitation once more, and nothing else. Raises as `resend_onboarding` does."""
    require_administrator(actor)
    said = sentence_in(words)
    return _send_invitation(hold_run(key, actor=actor), said, actor=actor, at=at)


def _send_invitation(run: OnboardingRun, words: str, *, actor: Actor, at: datetime) -> OnboardingRun:
    if run.state != RunState.INVITED or run.invitation is None:
        raise InvitationOver(
            _("Nobody is invited any more: somebody of the supplier is here, or it is over.")
        )
    resend_invitation(run.invitation.key, words=words, actor=actor, at=at)
    _note_reminded(run, at)
    return run


def _remind_of_steps(run: OnboardingRun, words: str, *, actor: Actor, at: datetime) -> OnboardingRun:
    waiting = sheet_of(run, at).waiting
    if not waiting:
        raise InvitationOver(_("Everything is there: nobody need be reminded."))
    if is_recent(run.reminded_at, at):
        raise RemindedAlready(_("The supplier was reminded less than a day ago. Give it until tomorrow."))
    _note_reminded(run, at)
    facts = {"supplier": run.supplier.name, "steps": waiting, "run": str(run.key)}
    if words:
        facts["words"] = words
    with acting(DESK):
        record(
            "onboarding.reminded", run.stream, actor=actor, at=at, supplier_id=run.supplier_id, facts=facts
        )
    return run


def _note_reminded(run: OnboardingRun, at: datetime) -> None:
    run.reminders, run.reminded_at = run.reminders + 1, at
    with acting(DESK):
        run.save(update_fields=["reminders", "reminded_at"])


@requires_scope
def reassign_onboarding(key: UUID, address: str, name: str, *, actor: Actor, at: datetime) -> OnboardingRun:
    """Invite somebody else of a supplier in place of who was invited: the old link opens nothing any more.

    Raises `Invalid` for what is no address, `InvitationOver` where somebody of the supplier is here already.
    """
    require_administrator(actor)
    run = hold_run(key, actor=actor)
    wanted = address.strip().lower()
    # Who has accepted a moment ago is here, although the clock has not seen it yet.
    if run.state != RunState.INVITED or with_people([run.supplier_id]):
        raise InvitationOver(_("Somebody of the supplier is here already. Invite others under People."))
    if not is_address(wanted):
        message = _("This is no mail address. Write it like name@company.example.")
        raise Invalid(message, [Problem("address", message, address)])
    with acting(DESK):
        revoke_of(run, actor=actor, at=at)
        was, run.address = run.address, wanted
        words = _Words.read().for_supplier(run.supplier, name)
        paper = InvitePerson(wanted, SupplierRole.ADMINISTRATOR, run.supplier_id, name=name, words=words)
        run.invitation = invite_person(paper, actor=actor, at=at)
        run.version += 1
        run.save(update_fields=["address", "invitation", "version"])
        facts = {"from": was, "to": wanted}
        record(
            "onboarding.reassigned",
            run.stream,
            actor=actor,
            at=at,
            supplier_id=run.supplier_id,
            facts=facts,
            internal=True,
        )
    return run


def revoke_of(run: OnboardingRun, *, actor: Actor, at: datetime) -> None:
    """Take back the invitation of an onboarding, where nobody has accepted it."""
    invitation = run.invitation
    if invitation is not None and invitation.state == InvitationState.SENT:
        revoke_invitation(invitation.key, actor=actor, at=at)
