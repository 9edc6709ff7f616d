"""A person's own data: taken out, and taken away."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import connection
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.chain import ERASED
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, Problem, Refusal
from portal.kernel.scope import acting, requires_scope
from portal.kernel.security.services import note
from suppliers.banking.queries import is_told_of_a_change
from suppliers.models import User
from suppliers.people.services.addresses import forget_addresses
from suppliers.roles import Permission
from suppliers.security.personal import (
    export_person,
    forget_what_is_free,
    pseudonym_of,
    take_name_away,
)
from suppliers.services import end_own_tokens

KEEPER = Actor.system("Personal data")
LOCK = 0x6D796461  # "myda": one export of a person at a time


class TakenOutToday(Refusal):
    """Somebody has taken out their data already, within a day."""

    code = "taken_out_today"
    status: ClassVar[int] = 429


class StillConcerned(Refusal):
    """Somebody cannot be erased while they may have to say that a change was not theirs."""

    code = "bank_change_under_way"


@requires_scope
def take_out(person: User, *, actor: Actor, at: datetime) -> bytes:
    """The data of a person, asked for by that person or by our administrator. Raises `NotAllowed`.

    Under a scope of its own: a supplier's person is named in tables (sessions, security events) that the supplier's
    scope must not read, and gets of them only rows with his or her own number. Oneself once a day, since it reads
    every table. Raises `TakenOutToday`.
    """
    if actor.user_id != person.pk and not _administers(actor):
        raise NotAllowed(_("You may take out your own data only."))
    for_oneself = actor.user_id == person.pk
    with acting(KEEPER):
        if for_oneself:
            _once_a_day(person, at)
        packed = export_person(person, at=at, for_oneself=for_oneself)
        record(
            "person.exported",
            f"person:{person.pk}",
            actor=actor,
            at=at,
            supplier_id=None,
            internal=True,
            facts={"bytes": len(packed)},
        )
    note("person.exported", user_id=actor.user_id, person=person.pk)
    return packed


def _once_a_day(person: User, at: datetime) -> None:
    """Raise `TakenOutToday` for a second time within a day, or at this moment in another window."""
    message = _("You took your data out within the last 24 hours. It is put together once a day.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, person.pk & 0x7FFFFFFF])
        is_first = bool(cursor.fetchone()[0])
    stream = f"person:{person.pk}"
    since = at - timedelta(days=1)
    mine = AuditEvent.objects.filter(
        stream=stream, kind="person.exported", at__gt=since, actor_user_id=person.pk
    )
    if not is_first or mine.exists():
        raise TakenOutToday(message)


@requires_scope
def erase_person(person: User, typed: str, reason: str, *, actor: Actor, at: datetime) -> dict[str, int]:
    """Take a person's name and sign-in out of the portal for good, and keep the books whole.

    The row and its number stay, under a pseudonym; what is only the person's own goes; names on papers are replaced.
    The audit trail keeps its names until the owner's command takes them, once the law lets go of them (ADR 0037).
    Answers how many rows changed, by table. Raises `NotAllowed`, `Invalid` where the address does not match, and
    `StillConcerned` while bank details change of which this person is told.
    Source: GDPR Article 17, with 17(3)(b) and (e).
    """
    if not _administers(actor):
        raise NotAllowed(_("Only an administrator of the buying side erases people."))
    if actor.user_id == person.pk:
        raise NotAllowed(_("You cannot erase yourself: another administrator does it."))
    problems = []
    if typed.strip().lower() != person.email.lower():
        problems.append(
            Problem("email", _("Type the person’s address, to be sure it is the right one."), typed)
        )
    if not reason.strip():
        problems.append(
            Problem("reason", _("Say why: the request of the person, or the end of a retention."))
        )
    if problems:
        raise Invalid(problems[0].message, problems)
    pseudonym = f"former-{person.pk}@erased.invalid"
    with acting(KEEPER):
        if is_told_of_a_change(person.pk):
            raise StillConcerned(
                _(
                    "Bank details of a supplier of this person are changing, and the person may have to object. "
                    "Wait until the change is in force or refused."
                )
            )
        end_own_tokens(person, actor=actor, at=at)
        changed = take_name_away(person)
        forget_addresses(person, pseudonym, actor=actor, at=at)
        forget_what_is_free(person)
        person.name = pseudonym_of(person.pk)
        person.email = pseudonym
        person.company_role = ""
        person.is_active = False
        person.set_unusable_password()
        person.save()
        facts = {"reason": reason.strip()[:500], "rows": sum(changed.values())}
        stream = f"person:{person.pk}"
        record(ERASED, stream, actor=actor, at=at, supplier_id=None, internal=True, facts=facts)
    note("person.erased", user_id=actor.user_id, person=person.pk)
    return changed


def _administers(actor: Actor) -> bool:
    return actor.is_company and actor.token_id is None and actor.may(Permission.SUPPLIER_MANAGE)
