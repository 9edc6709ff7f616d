"""Whose cases are whose: assignment rules, who stands in, and saved queues."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Duplicate, Invalid, NotAllowed, Problem, Refusal
from portal.kernel.scope import requires_scope
from procurement.catalogue.models import Item, Site
from procurement.clocks.models import StandIn
from procurement.inbox.models import AssignmentRule, CaseQueue
from procurement.inbox.queries.people import workers
from procurement.inbox.services.owning import change_hands, give_again, today_of_group
from procurement.inbox.services.working import require_worker
from suppliers.models import Supplier
from suppliers.roles import Permission

STREAM = "inbox:rules"
_AWAY = 0x61776179  # of the advisory lock on one person's absences


@dataclass(frozen=True, slots=True)
class WriteAssignment:
    """A rule as it is to be: the owner of the cases of a supplier (number), an item group, a site (code)."""

    owner: int
    supplier: str = ""
    item_group: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class WriteAbsence:
    """Somebody is away from a day to a day, and another takes the cases."""

    person: int
    stand_in: int
    from_on: date
    until_on: date


def _require_manager(actor: Actor) -> None:
    if actor.is_supplier or not actor.may(Permission.CASE_MANAGE):
        raise NotAllowed(_("An administrator or a manager says whose cases are whose."))


class NotYours(Refusal):
    """Somebody speaks for another who can speak for themselves."""

    code = "not_yours"


def _require_own(person: int, actor: Actor) -> None:
    if person != actor.user_id and not actor.may(Permission.CASE_MANAGE):
        raise NotYours(_("Who is away says so, or an administrator or a manager."))


@requires_scope
def write_assignment(command: WriteAssignment, *, actor: Actor, at: datetime) -> AssignmentRule:
    """Add a rule, or another owner for one that says the same; open cases that nobody gave by hand follow at once."""
    _require_manager(actor)
    supplier = Supplier.objects.filter(number=command.supplier).first() if command.supplier else None
    site = Site.objects.filter(code=command.site).first() if command.site else None
    problems = []
    if command.supplier and supplier is None:
        message = _("No supplier has the number %(number)s.") % {"number": command.supplier}
        problems.append(Problem("supplier", message, command.supplier, "unknown"))
    if command.site and site is None:
        message = _("There is no site %(code)s.") % {"code": command.site}
        problems.append(Problem("site", message, command.site, "unknown"))
    if command.item_group and not Item.objects.filter(group=command.item_group).exists():
        message = _("No item belongs to the group %(group)s.") % {"group": command.item_group}
        problems.append(Problem("item_group", message, command.item_group, "unknown"))
    if not (command.supplier or command.item_group or command.site):
        message = _("Say for what: a supplier, an item group, a site, or some of them.")
        problems.append(Problem("supplier", message, "", "required"))
    if not workers().filter(pk=command.owner).exists():
        message = _("A case is given to somebody who works on cases: choose a person of the list.")
        problems.append(Problem("owner", message, str(command.owner), "unknown"))
    if problems:
        raise Invalid(problems[0].message, problems)
    rule, _made = AssignmentRule.objects.update_or_create(
        supplier=supplier,
        item_group=command.item_group,
        site=site,
        defaults={"owner_id": command.owner, "written_by": actor.label, "written_at": at},
    )
    facts = {
        "supplier": command.supplier,
        "item_group": command.item_group,
        "site": command.site,
        "owner": command.owner,
    }
    _record("assignment.written", facts, actor=actor, at=at)
    give_again(at)
    return rule


@requires_scope
def drop_assignment(key: uuid.UUID, *, actor: Actor, at: datetime) -> None:
    """Take a rule away; open cases that nobody gave by hand follow at once."""
    _require_manager(actor)
    rule = AssignmentRule.objects.filter(key=key).first()
    if rule is None:
        return  # somebody was quicker
    facts = {"supplier": rule.supplier_id, "item_group": rule.item_group, "site": rule.site_id}
    rule.delete()
    _record("assignment.dropped", facts, actor=actor, at=at)
    give_again(at)


@requires_scope
def write_absence(command: WriteAbsence, *, actor: Actor, at: datetime) -> StandIn:
    """Say that somebody is away and who takes the cases: one's own absence, or as a manager anybody's."""
    require_worker(actor)
    _require_own(command.person, actor)
    with connection.cursor() as cursor:
        # Of two who say so of one person at once, the second sees the first.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_AWAY, command.person])
    problems = []
    people = set(workers().filter(pk__in=[command.person, command.stand_in]).values_list("pk", flat=True))
    if command.person not in people:
        problems.append(Problem("person", _("Choose a person of the list."), str(command.person), "unknown"))
    if command.stand_in not in people or command.stand_in == command.person:
        message = _("Choose another person, who works on cases.")
        problems.append(Problem("stand_in", message, str(command.stand_in), "unknown"))
    if command.until_on < command.from_on:
        message = _("The last day comes before the first.")
        problems.append(Problem("until_on", message, command.until_on.isoformat()))
    elif command.until_on < today_of_group(at):
        problems.append(Problem("until_on", _("This day has passed."), command.until_on.isoformat()))
    if not problems and _overlaps(command):
        message = _("There is somebody for some of these days already. Take that away first.")
        problems.append(Problem("from_on", message, command.from_on.isoformat()))
    if problems:
        raise Invalid(problems[0].message, problems)
    row = StandIn.objects.create(
        person_id=command.person,
        stand_in_id=command.stand_in,
        from_on=command.from_on,
        until_on=command.until_on,
        written_by=actor.label,
        written_at=at,
    )
    facts = {
        "person": command.person,
        "stand_in": command.stand_in,
        "from_on": command.from_on.isoformat(),
        "until_on": command.until_on.isoformat(),
    }
    _record("stand_in.written", facts, actor=actor, at=at)
    change_hands(at)
    return row


def _overlaps(command: WriteAbsence) -> bool:
    theirs = StandIn.objects.filter(person=command.person)
    return theirs.filter(Q(from_on__lte=command.until_on) & Q(until_on__gte=command.from_on)).exists()


@requires_scope
def drop_absence(key: uuid.UUID, *, actor: Actor, at: datetime) -> None:
    """Somebody is not away after all, or back before; the cases come back at once."""
    require_worker(actor)
    row = StandIn.objects.filter(key=key).first()
    if row is None:
        return  # somebody was quicker
    _require_own(row.person_id, actor)
    facts = {"person": row.person_id, "stand_in": row.stand_in_id}
    row.delete()
    _record("stand_in.dropped", facts, actor=actor, at=at)
    change_hands(at)


def _record(kind: str, facts: Mapping[str, object], *, actor: Actor, at: datetime) -> None:
    record(kind, STREAM, actor=actor, at=at, supplier_id=None, facts=facts, internal=True)


# --- queues -------------------------------------------------------------------------------------------------


@requires_scope
def save_queue(name: str, query: str, *, team: bool, actor: Actor, at: datetime) -> CaseQueue:
    """Keep a list's filters under a name: for oneself, or for everybody."""
    require_worker(actor)
    name = " ".join(name.split())
    if not name or len(name) > 60:
        message = _("Give it a name of at most %(most)d characters.") % {"most": 60}
        raise Invalid(message, [Problem("name", message, name[:60], "required")])
    if len(query) > 1000:
        raise Invalid(_("These filters are too many to be kept."))
    owner = None if team else actor.user_id
    try:
        with transaction.atomic():
            return CaseQueue.objects.create(
                user_id=owner, name=name, query=query, made_by=actor.label, made_at=at
            )
    except IntegrityError as error:
        message = _("There is a queue of this name already. Choose another name.")
        raise Duplicate(message) from error


@requires_scope
def drop_queue(key: uuid.UUID, *, actor: Actor, at: datetime) -> None:
    """Forget a queue: one's own, or the team's."""
    require_worker(actor)
    CaseQueue.objects.filter(Q(user=actor.user_id) | Q(user__isnull=True), key=key).delete()
