"""Chasing suppliers that are stuck, many at once: marked, looked at, sent, and what came of each.

Note [Marked once]: who is marked is kept before anything is sent, so that it is those who were looked at, whoever comes
to match a filter meanwhile. Sent is once: whoever presses again, or sends again after a time-out, finds it done, or
under way, and mails nobody. Each is judged anew at that moment, its row held: who has just finished is left alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import Fact, record, record_all
from portal.kernel.errors import Invalid, Problem
from portal.kernel.scope import acting, requires_scope
from suppliers.models import Invitation, User
from suppliers.onboarding.messages import MarkSuppliers
from suppliers.onboarding.models import OnboardingChase, OnboardingRun
from suppliers.onboarding.policies import MOST_AT_THE_DOOR, MOST_TARGETS, is_address, is_recent
from suppliers.onboarding.queries import DESK, excluded_among, find_chase, runs, sheets_of, with_people
from suppliers.onboarding.services.guards import require_administrator, sentence_in
from suppliers.onboarding.services.keeping import begin_runs
from suppliers.onboarding.states import ChaseKind, NotChased, RunState
from suppliers.people.queries import who_may
from suppliers.people.services import resend_invitations, why_not_again
from suppliers.queries import actor_of
from suppliers.roles import Permission
from suppliers.states import CHANNEL_RULES, SupplierState

CHASE_KEPT_FOR = timedelta(days=30)
SENT = "onboarding_chase.sent"
# Kinds of notices as `settings.MAIL_CLOSED` knows them.
_STEPS, _INVITATION = "onboarding", "account"


@dataclass(frozen=True, slots=True)
class Chased:
    """One supplier that was marked: to whom a mail goes and what it says is open, or why none does (`NotChased`).

    Where nobody acts for it yet the mail is its invitation, and no step is named.
    """

    run: OnboardingRun
    to: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    why: str = ""


@requires_scope
def mark_suppliers(command: MarkSuppliers, *, actor: Actor, at: datetime) -> OnboardingChase:
    """Keep whom one has marked, until one has looked at who would be written to. Nobody is mailed yet.

    Raises `NotAllowed`; `Invalid` for nobody, for too many, and where one of them is not there.
    """
    require_administrator(actor)
    wanted = tuple(dict.fromkeys(command.onboardings))
    if not wanted:
        message = _("Mark suppliers first.")
        raise Invalid(message, [Problem("onboardings", message, "", "required")])
    if len(wanted) > MOST_TARGETS:
        message = _("At most %(most)d suppliers at a time.") % {"most": MOST_TARGETS}
        raise Invalid(message, [Problem("onboardings", message, str(len(wanted)), "too_many")])
    ids = dict(runs(actor).filter(key__in=wanted).values_list("key", "id"))
    if lacking := [key for key in wanted if key not in ids]:
        message = _("There is no such onboarding.")
        raise Invalid(message, [Problem("onboardings", message, str(key), "unknown") for key in lacking])
    return OnboardingChase.objects.create(
        what=ChaseKind(command.what),
        marked=[ids[key] for key in wanted],
        marked_at=at,
        marked_by=actor.label,
        marked_by_user_id=actor.user_id,
    )


@requires_scope
def look_at_chase(chase: OnboardingChase, *, actor: Actor, at: datetime) -> list[Chased]:
    """Who would be written to at this moment, and why each other would not. A fixed number of queries."""
    require_administrator(actor)
    rows = runs(actor).filter(pk__in=chase.marked).order_by("supplier__name", "id")
    with acting(DESK):
        return _judged(list(rows), chase.what, at)


@requires_scope
def send_chase(key: UUID, words: str, *, actor: Actor, at: datetime) -> OnboardingChase:
    """Write to those who are marked, with a sentence of one's own; many by a worker. See Note [Marked once].

    Raises `NotAllowed`, `NotFound`; `Invalid` for a sentence that is too long.
    """
    require_administrator(actor)
    said = sentence_in(words)
    chase = find_chase(key, hold=True)
    if chase.sent_at is not None:
        return chase
    chase.words, chase.sent_at = said, at
    chase.sent_by, chase.sent_by_user_id = actor.label, actor.user_id
    chase.save(update_fields=["words", "sent_at", "sent_by", "sent_by_user_id"])
    facts = {"what": chase.what, "marked": len(chase.marked), "words": said}
    record(SENT, chase.stream, actor=actor, at=at, supplier_id=None, facts=facts, internal=True)
    if len(chase.marked) <= MOST_AT_THE_DOOR:
        _carry_out(chase, actor, at)
    return chase


def carry_out_chases(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction to `onboarding_chase.sent`: write to those of a chase that the door left to a worker.

    In the name of whoever pressed, as far as that person may do it still.
    """
    done = 0
    for key in dict.fromkeys(event.stream.partition(":")[2] for event in events):
        with acting(DESK):
            chase = find_chase(UUID(key), hold=True)
            if chase.done_at is None:
                user = User.objects.filter(pk=chase.sent_by_user_id or 0, is_active=True).first()
                actor = actor_of(user) if user is not None else None
                _carry_out(chase, actor, at)
                done += 1
    return f"carried out {done}"


def _carry_out(chase: OnboardingChase, actor: Actor | None, at: datetime) -> None:
    """In one transaction, so that a worker that dies in the middle has written to nobody."""
    told = dict.fromkeys(map(str, chase.marked), str(NotChased.NOT_ALLOWED))
    if actor is not None and not actor.is_supplier and actor.may(Permission.SUPPLIER_MANAGE):
        with acting(DESK):
            held = OnboardingRun.objects.filter(pk__in=chase.marked).select_for_update(of=("self",))
            # By supplier, as everybody who holds many onboardings.
            found = _judged(list(held.select_related("supplier").order_by("supplier_id")), chase.what, at)
            late = _write(found, chase, actor, at)
            told = {str(one.run.pk): str(late.get(one.run.pk, one.why)) for one in found}
    with acting(DESK):
        chase.told, chase.done_at = told, at
        chase.save(update_fields=["told", "done_at"])


def _write(found: Sequence[Chased], chase: OnboardingChase, actor: Actor, at: datetime) -> dict[int, str]:
    """Returns whose invitation was accepted, or taken back, at this very moment, and so was not sent."""
    asked = [one for one in found if not one.why]
    by_invitation = {one.run.invitation_id: one.run.pk for one in asked if not one.steps}
    problems = resend_invitations(filter(None, by_invitation), words=chase.words, actor=actor, at=at)
    late = {by_invitation[pk]: str(NotChased.NO_INVITATION) for pk in problems}
    going = [one for one in asked if one.run.pk not in late]
    begin_runs([one.run for one in going if one.steps and one.run.state == RunState.INVITED], at=at)
    words = {"words": chase.words} if chase.words else {}
    facts = [
        Fact(
            "onboarding.reminded",
            one.run.stream,
            one.run.supplier_id,
            {"supplier": one.run.supplier.name, "steps": list(one.steps), "run": str(one.run.key), **words},
        )
        for one in going
        if one.steps
    ]
    record_all(facts, actor=actor, at=at)
    for one in going:
        one.run.reminders, one.run.reminded_at = one.run.reminders + 1, at
    OnboardingRun.objects.bulk_update([one.run for one in going], ["reminders", "reminded_at"])
    return late


@requires_scope
def forget_chases(*, at: datetime) -> int:
    """Forget those that were marked a month ago and that nobody has sent."""
    old = OnboardingChase.objects.filter(sent_at=None, marked_at__lt=at - CHASE_KEPT_FOR)
    return int(old.delete()[0])


# --- who is written to ---------------------------------------------------------------------------------------


def _judged(rows: Sequence[OnboardingRun], what: str, at: datetime) -> list[Chased]:
    """As many queries for five thousand as for one. In the desk's scope."""
    about = _About.of(rows, at)
    return [about.judge(row, what, at) for row in rows]


@dataclass(frozen=True, slots=True)
class _About:
    """What decides on whether suppliers are written to."""

    excluded: frozenset[int]
    here: frozenset[int]
    waiting: Mapping[int, tuple[str, ...]]
    invitations: Mapping[int, Invitation]
    not_again: Mapping[int, Problem]
    readers: Mapping[int, Sequence[User]]
    closed: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, rows: Sequence[OnboardingRun], at: datetime) -> "_About":
        ids = [row.supplier_id for row in rows]
        here = with_people(ids)
        sheets = sheets_of([row for row in rows if row.supplier_id in here or _is_started(row)], at)
        invitations = Invitation.objects.in_bulk([row.invitation_id for row in rows if row.invitation_id])
        readers = who_may(here, Permission.DETAIL_EDIT)
        is_closed = import_string(settings.MAIL_CLOSED)  # by name: mail lives on a floor above
        people: list[tuple[str, int | None]] = [
            (user.email, user.pk) for users in readers.values() for user in users
        ]
        people += [(row.supplier.email.lower(), None) for row in rows if row.supplier.email]
        invited = [(one.address, None) for one in invitations.values()]
        return cls(
            frozenset(excluded_among(ids, at.date())),
            frozenset(here),
            {pk: tuple(sheet.waiting) for pk, sheet in sheets.items()},
            invitations,
            why_not_again(list(invitations.values()), at),
            readers,
            {_STEPS: is_closed(people, _STEPS, at), _INVITATION: is_closed(invited, _INVITATION, at)},
        )

    def judge(self, row: OnboardingRun, what: str, at: datetime) -> Chased:
        """To whom a mail goes, or why none does."""
        if why := self._shut_out(row):
            return Chased(row, why=why)
        if row.supplier_id in self.here or _is_started(row):
            if what == ChaseKind.INVITATION:
                return Chased(row, why=NotChased.HERE)
            return self._of_steps(row, at)
        return self._of_invitation(row, what, at)

    def _shut_out(self, row: OnboardingRun) -> str:
        supplier = row.supplier
        if supplier.state == SupplierState.BLOCKED:
            return NotChased.BLOCKED
        if supplier.left_at is not None:
            return NotChased.LEFT
        if supplier.merged_into_id is not None:
            return NotChased.MERGED
        if row.state == RunState.IN_REVIEW:
            return NotChased.WITH_US
        if row.state not in (RunState.INVITED, RunState.STARTED):
            return NotChased.OVER
        return NotChased.EXCLUDED if row.supplier_id in self.excluded else ""

    def _of_steps(self, row: OnboardingRun, at: datetime) -> Chased:
        steps = self.waiting[row.pk]
        if not steps:
            return Chased(row, why=NotChased.FINISHED)
        if is_recent(max(filter(None, (row.invited_at, row.reminded_at))), at):
            return Chased(row, why=NotChased.RECENT)
        people = [user.email for user in self.readers.get(row.supplier_id, ())]
        addresses = people or [one for one in (row.supplier.email.lower(),) if one]
        return self._reached(Chased(row, tuple(addresses), steps), self.closed[_STEPS])

    def _of_invitation(self, row: OnboardingRun, what: str, at: datetime) -> Chased:
        if what == ChaseKind.REMIND and not CHANNEL_RULES[row.supplier.channel].repeats_invitations:
            return Chased(row, why=NotChased.MAIL_ONLY)
        invitation = self.invitations.get(row.invitation_id or 0)
        if invitation is None:
            lacks = NotChased.NO_INVITATION if is_address(row.address) else NotChased.NO_ADDRESS
            return Chased(row, why=lacks)
        problem = self.not_again.get(invitation.pk)
        if problem is not None and problem.code == "inviter_gone":
            return Chased(row, why=NotChased.INVITER_GONE)
        if is_recent(max(filter(None, (invitation.sent_at, row.reminded_at))), at):
            return Chased(row, why=NotChased.RECENT)
        if problem is not None:
            return Chased(row, why=NotChased.NO_INVITATION)
        return self._reached(Chased(row, (invitation.address,)), self.closed[_INVITATION])

    def _reached(self, one: Chased, closed: Mapping[str, str]) -> Chased:
        if not one.to:
            return Chased(one.run, why=NotChased.NO_ADDRESS)
        open_ones = tuple(address for address in one.to if address not in closed)
        if open_ones:
            return Chased(one.run, open_ones, one.steps)
        why = NotChased(closed[one.to[0]])
        return Chased(one.run, one.to, why=why)


def _is_started(row: OnboardingRun) -> bool:
    return row.state == RunState.STARTED
