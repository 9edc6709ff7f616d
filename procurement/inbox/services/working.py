"""What people do with a case: take it, give it, let it sleep, close it, open it again, write on it."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, NotFound, Problem, Refusal, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.calendars.policies import add_working_days
from procurement.clocks.queries import Offices
from procurement.inbox.messages import Seen
from procurement.inbox.models import CaseLook, CaseNote, ExceptionCase
from procurement.inbox.policies.mentions import Colleague, mentioned
from procurement.inbox.queries.cases import SEEN_WITHIN, cases_by_key, find_case, lock_case
from procurement.inbox.queries.people import colleagues, workers
from procurement.inbox.services.owning import holder_of, today_of_group
from procurement.inbox.states import CASE_LIFECYCLE, CaseState, CloseReason, OwnedBy
from suppliers.models import User
from suppliers.roles import Permission

MOST_AT_ONCE = 200
LONGEST_NOTE = 5_000
FARTHEST = timedelta(days=366)


class StaleCase(StaleDocument):
    """The case is not what the page showed any more."""

    code = "stale"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one of many cases: why not, where it did not come to pass."""

    case: uuid.UUID
    number: int = 0
    refusal: str = ""


def require_worker(actor: Actor) -> None:
    """Raise `NotAllowed` for who reads cases and does not work on them."""
    if actor.is_supplier or not actor.may(Permission.CASE_WORK):
        raise NotAllowed(_("Your role reads cases. A buyer, a planner or a manager works on them."))


def hold(seen: Seen, *, actor: Actor) -> ExceptionCase:
    """A case, held, if it is what the page showed. Raises `StaleCase`, saying what is so now."""
    require_worker(actor)
    case = lock_case(seen.case, actor=actor)
    require_as_seen(case, seen.version)
    return case


def require_as_seen(case: ExceptionCase, version: int) -> None:
    """Raise `StaleCase` when a case moved since the page was opened."""
    if case.version != version:
        details = {"version": case.version, "state": case.state}
        raise StaleCase(what_is_so(case), details=details)


def what_is_so(case: ExceptionCase) -> str:
    """How a case stands that is not what the page showed."""
    values = {"number": case.number, "by": case.closed_by}
    if case.state == CaseState.RESOLVED:
        why = str(CloseReason(case.closed_because).label)
        if case.closed_by:
            return _("Case %(number)d was closed by %(by)s meanwhile: %(why)s") % {**values, "why": why}
        return _("Case %(number)d closed by itself meanwhile: %(why)s") % {**values, "why": why}
    if case.state == CaseState.SNOOZED:
        return _("Somebody let case %(number)d sleep meanwhile. Look at it, then act.") % values
    return _("Case %(number)d changed since you opened it. Look at what stands now, then act.") % values


# --- whose it is --------------------------------------------------------------------------------------------


@requires_scope
def assign_case(seen: Seen, owner: int | None, *, actor: Actor, at: datetime) -> ExceptionCase:
    """Give a case to somebody (or, with None, to nobody). Who stands in for them has it meanwhile."""
    case = hold(seen, actor=actor)
    _assign(case, owner, actor=actor, at=at)
    return case


def _assign(case: ExceptionCase, owner: int | None, *, actor: Actor, at: datetime) -> None:
    person = _worker(owner) if owner is not None else None
    before = case.owner_id
    case.owner, case.owned_by = person, OwnedBy.PERSON if person else OwnedBy.NOBODY
    case.holder_id = holder_of(owner, at)
    if person and owner == actor.user_id and case.holder_id != owner:
        # Who takes a case is here, whatever the calendar of absences says.
        case.holder_id, case.owned_by = owner, OwnedBy.TAKEN
    case.version += 1
    case.updated_at = at
    case.save(update_fields=["owner", "holder", "owned_by", "version", "updated_at"])
    facts = {"number": case.number, "before": before, "owner": owner, "name": person.name if person else ""}
    record_on(case, "case.assigned", facts, actor=actor, at=at)


def _worker(user_id: int) -> User:
    person = workers().filter(pk=user_id).first()
    if person is None:
        message = _("A case is given to somebody who works on cases: choose a person of the list.")
        raise Invalid(message, [Problem("owner", message, str(user_id), "unknown")])
    return person


# --- sleep --------------------------------------------------------------------------------------------------


@requires_scope
def snooze_case(seen: Seen, until: date, reason: str = "", *, actor: Actor, at: datetime) -> ExceptionCase:
    """Let a case sleep until a working day. It wakes before, if its cause changes."""
    case = hold(seen, actor=actor)
    _snooze(case, until, reason, actor=actor, at=at)
    return case


def _snooze(case: ExceptionCase, until: date, reason: str, *, actor: Actor, at: datetime) -> None:
    day = waking_day(case, until, at)
    zone = ZoneInfo(case.company.time_zone if case.company else "UTC")
    wakes = datetime.combine(day, time(0), zone).astimezone(UTC)
    facts = {"number": case.number, "until": day.isoformat(), "reason": reason.strip()[:500]}
    fields = {"snoozed_until": wakes, "updated_at": at}
    CASE_LIFECYCLE.move(case, "snooze", actor=actor, at=at, facts=facts, fields=fields)


def waking_day(case: ExceptionCase, until: date, at: datetime) -> date:
    """The working day on which a case wakes that is to sleep until a day. Raises `Invalid`."""
    company = case.company
    zone = company.time_zone if company else "UTC"
    today = at.astimezone(ZoneInfo(zone)).date()
    if until <= today:
        message = _("Choose a day after today.")
        raise Invalid(message, [Problem("until", message, until.isoformat())])
    if until > today + FARTHEST:
        message = _("This is more than a year away. Close the case instead, or choose an earlier day.")
        raise Invalid(message, [Problem("until", message, until.isoformat())])
    return add_working_days(until, 0, Offices().of_company(company))


@requires_scope
def wake_case(seen: Seen, *, actor: Actor, at: datetime) -> ExceptionCase:
    """Wake a case before its day."""
    case = hold(seen, actor=actor)
    fields = {"snoozed_until": None, "updated_at": at}
    CASE_LIFECYCLE.move(case, "wake", actor=actor, at=at, facts={"number": case.number}, fields=fields)
    return case


# --- the end ------------------------------------------------------------------------------------------------


@requires_scope
def settle_case(seen: Seen, reason: str, *, actor: Actor, at: datetime) -> ExceptionCase:
    """Close a case by hand: a person has seen to it. It comes back when its cause changes."""
    case = hold(seen, actor=actor)
    _settle(case, reason, actor=actor, at=at)
    return case


def _settle(case: ExceptionCase, reason: str, *, actor: Actor, at: datetime) -> None:
    reason = reason.strip()
    if not reason:
        message = _("Say what was done: a colleague who meets the same reads it.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    facts = {"number": case.number, "reason": reason[:500]}
    fields = {
        "closed_at": at,
        "closed_because": CloseReason.SETTLED,
        "closed_by": actor.label,
        "closed_note": reason[:LONGEST_NOTE],
        "settled": True,
        "kept_open": False,
        "snoozed_until": None,
        "updated_at": at,
    }
    CASE_LIFECYCLE.move(case, "settle", actor=actor, at=at, facts=facts, fields=fields)


@requires_scope
def reopen_case(seen: Seen, reason: str = "", *, actor: Actor, at: datetime) -> ExceptionCase:
    """Open a closed case again: it waits for a person to close it, whatever its cause does.

    Raises `StaleCase` where another case of the same cause is open already.
    """
    case = hold(seen, actor=actor)
    live = ExceptionCase.objects.filter(cause=case.cause, subject=case.subject)
    other = live.exclude(state=CaseState.RESOLVED).exclude(pk=case.pk).first()
    if other is not None:
        message = _("Its cause has another open case, number %(number)d. Go on there.")
        raise StaleCase(message % {"number": other.number})
    facts = {"number": case.number, "reason": reason.strip()[:500], "because": case.closed_because}
    fields = {
        "closed_at": None,
        "closed_because": "",
        "closed_by": "",
        "closed_note": "",
        "settled": False,
        "kept_open": True,
        "updated_at": at,
    }
    CASE_LIFECYCLE.move(case, "reopen", actor=actor, at=at, facts=facts, fields=fields)
    return case


# --- words --------------------------------------------------------------------------------------------------


@requires_scope
def write_note(key: uuid.UUID, text: str, *, actor: Actor, at: datetime) -> CaseNote:
    """Write on a case, for colleagues alone; who is meant by an @ is told."""
    require_worker(actor)
    case = find_case(key, actor=actor)
    text = text.strip()
    if not text:
        message = _("Write something first.")
        raise Invalid(message, [Problem("text", message, "", "required")])
    if len(text) > LONGEST_NOTE:
        message = _("This is %(count)d characters long; at most %(most)d fit.")
        told = message % {"count": len(text), "most": LONGEST_NOTE}
        raise Invalid(told, [Problem("text", told, text[:40], "too_long")])
    means: list[int] = []
    if "@" in text:
        means = mentioned(text, [Colleague(one.pk, one.name, one.email) for one in colleagues()])
    note = CaseNote.objects.create(
        case=case,
        text=text,
        mentions=means,
        written_at=at,
        written_by=actor.label,
        written_by_user_id=actor.user_id,
    )
    ExceptionCase.objects.filter(pk=case.pk).update(updated_at=at)
    facts: dict[str, Any] = {"number": case.number, "note": note.pk, "words": text[:200]}
    record_on(case, "case.noted", facts, actor=actor, at=at)
    if others := [one for one in means if one != actor.user_id]:
        record_on(case, "case.mentioned", facts | {"people": others}, actor=actor, at=at)
    return note


def record_on(case: ExceptionCase, kind: str, facts: dict[str, Any], *, actor: Actor, at: datetime) -> None:
    """A fact about a case: always of the buying side alone."""
    record(kind, case.stream, actor=actor, at=at, supplier_id=case.supplier_id, facts=facts, internal=True)


# --- many at once -------------------------------------------------------------------------------------------


def assign_cases(chosen: Sequence[Seen], owner: int | None, *, actor: Actor, at: datetime) -> list[Outcome]:
    """Give many cases to somebody; tells of each what came of it."""
    return _each(chosen, lambda case: _assign(case, owner, actor=actor, at=at), actor=actor)


def snooze_cases(
    chosen: Sequence[Seen], until: date, reason: str = "", *, actor: Actor, at: datetime
) -> list[Outcome]:
    """Let many cases sleep; tells of each what came of it."""
    return _each(chosen, lambda case: _snooze(case, until, reason, actor=actor, at=at), actor=actor)


def settle_cases(chosen: Sequence[Seen], reason: str, *, actor: Actor, at: datetime) -> list[Outcome]:
    """Close many cases by hand; tells of each what came of it."""
    return _each(chosen, lambda case: _settle(case, reason, actor=actor, at=at), actor=actor)


def require_some(count: int) -> None:
    """Raise `Invalid` when nothing is chosen, or too much."""
    if not count:
        message = _("Choose cases first: tick them, or open one.")
        raise Invalid(message, [Problem("pick", message, "", "required")])
    if count > MOST_AT_ONCE:
        message = _("Choose at most %(count)d cases at a time.") % {"count": MOST_AT_ONCE}
        raise Invalid(message, [Problem("pick", message, str(count), "too_many")])


@requires_scope
def _each(chosen: Sequence[Seen], work: Callable[[ExceptionCase], None], *, actor: Actor) -> list[Outcome]:
    require_worker(actor)
    require_some(len(chosen))
    versions = {one.case: one.version for one in chosen}
    outcomes = []
    found = cases_by_key(versions, actor=actor)
    for known in sorted(found, key=lambda case: case.pk):
        try:
            with transaction.atomic():
                case = lock_case(known.key, actor=actor)
                require_as_seen(case, versions[case.key])
                work(case)
        except Invalid:
            raise
        except Refusal as refusal:
            outcomes.append(Outcome(known.key, known.number, refusal.message))
        else:
            outcomes.append(Outcome(known.key, known.number))
    outcomes += missing(versions, found)
    return outcomes


def missing(wanted: Iterable[uuid.UUID], found: Iterable[ExceptionCase]) -> list[Outcome]:
    """What is to be said of cases that are not there."""
    there = {case.key for case in found}
    unknown = str(NotFound(_("There is no such case.")).message)
    return [Outcome(key, 0, unknown) for key in wanted if key not in there]


# --- who looks at it ----------------------------------------------------------------------------------------


@requires_scope
def look_at(case: ExceptionCase, *, actor: Actor, at: datetime) -> None:
    """Note that somebody has a case on the screen; after a minute without a word it counts as a new look."""
    if actor.user_id is None:
        return
    look, made = CaseLook.objects.get_or_create(
        case=case, user_id=actor.user_id, defaults={"since": at, "last_seen": at}
    )
    if not made:
        since = look.since if at - look.last_seen <= SEEN_WITHIN else at
        CaseLook.objects.filter(pk=look.pk).update(since=since, last_seen=at)


def this_day(at: datetime) -> date:
    """The date where the buying group is."""
    return today_of_group(at)
