"""Our administrator says which kinds of documents there are, and of whom each is required."""

import re
import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Duplicate, Invalid, NotAllowed, NotFound, Problem
from portal.kernel.scope import requires_scope
from portal.kernel.values import is_plausible
from suppliers.documents.messages import WriteKind, WriteRequirement
from suppliers.documents.models import DocumentKind, Requirement
from suppliers.documents.policies import LONGEST_GRACE, LONGEST_HINT, LONGEST_NAME
from suppliers.documents.queries import find_kind
from suppliers.roles import Permission
from suppliers.states import Segment

_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_COUNTRY = re.compile(r"[A-Z]{2}")
LONGEST_CODE = 40


def _require(actor: Actor) -> None:
    if actor.is_supplier or not actor.may(Permission.SUPPLIER_MANAGE):
        raise NotAllowed(_("Only a supplier administrator says which documents are required."))


@requires_scope
def write_kind(command: WriteKind, *, actor: Actor, at: datetime) -> DocumentKind:
    """Add a kind of document. Raises `Invalid` with everything wrong with it, `Duplicate` for one that is there."""
    _require(actor)
    name, code, hint = command.name.strip(), command.code.strip(), command.hint.strip()
    problems = []
    if not name or len(name) > LONGEST_NAME:
        message = _("Give it a name of at most %(most)d characters.") % {"most": LONGEST_NAME}
        problems.append(Problem("name", message, name[:40]))
    if not _CODE.fullmatch(code) or len(code) > LONGEST_CODE:
        message = _("A code has small letters, digits and single hyphens: iso-9001.")
        problems.append(Problem("code", message, code[:40]))
    if len(hint) > LONGEST_HINT:
        message = _("At most %(most)d characters.") % {"most": LONGEST_HINT}
        problems.append(Problem("hint", message, hint[:40], "too_long"))
    if problems:
        raise Invalid(problems[0].message, problems)
    kind = DocumentKind(code=code, name=name, hint=hint)
    if (
        DocumentKind.objects.filter(code=code).exists()
        or DocumentKind.objects.filter(name=name, retired_at=None).exists()
    ):
        raise Duplicate(_("There is a kind of this name or code already."))
    # Who comes second waits for the first, and finds that it is there.
    DocumentKind.objects.bulk_create([kind], ignore_conflicts=True)
    if not DocumentKind.objects.filter(key=kind.key).exists():
        raise Duplicate(_("There is a kind of this name or code already."))
    _record("document_kind.written", kind, {"code": code, "name": name}, actor=actor, at=at)
    return kind


@requires_scope
def retire_kind(code: str, *, actor: Actor, at: datetime) -> DocumentKind:
    """Ask for a kind no more, and take none any more. What was supplied of it stays."""
    _require(actor)
    kind = find_kind(code)
    kind.retired_at = at
    kind.save(update_fields=["retired_at"])
    _record("document_kind.retired", kind, {"code": code, "name": kind.name}, actor=actor, at=at)
    return kind


@requires_scope
def write_requirement(command: WriteRequirement, *, actor: Actor, at: datetime) -> Requirement:
    """Require a kind of some suppliers from a day on. They are asked within the hour once that day has come."""
    _require(actor)
    kind = find_kind(command.kind)
    countries = tuple(dict.fromkeys(one.strip().upper() for one in command.countries if one.strip()))
    categories = tuple(dict.fromkeys(one.strip() for one in command.categories if one.strip()))
    problems = []
    if bad := [one for one in countries if not _COUNTRY.fullmatch(one)]:
        message = _("%(value)s is no country code: two letters, such as DE.") % {"value": bad[0][:20]}
        problems.append(Problem("countries", message, bad[0][:20]))
    if bad := [one for one in command.segments if one not in Segment.values]:
        problems.append(Problem("segments", _("There is no such segment."), bad[0][:20], "unknown"))
    if command.grace_days < 0 or command.grace_days > LONGEST_GRACE:
        message = _("Choose 0 to %(most)d days of grace.") % {"most": LONGEST_GRACE}
        problems.append(Problem("grace_days", message, str(command.grace_days)))
    if not is_plausible(command.from_on):
        message = _("Choose a day of the years 2000 to 2199.")
        problems.append(Problem("from_on", message, command.from_on.isoformat()))
    if problems:
        raise Invalid(problems[0].message, problems)
    said = {
        "countries": list(countries),
        "segments": list(command.segments),
        "categories": list(categories),
        "compulsory": command.compulsory,
        "expires": command.expires,
        "grace_days": command.grace_days,
    }
    same = Requirement.objects.filter(kind=kind, retired_at=None, from_on=command.from_on, **said)
    if same.exists():
        raise Duplicate(_("This is required already."))
    made = Requirement.objects.create(
        kind=kind, from_on=command.from_on, made_at=at, made_by=actor.label, **said
    )
    facts = {"kind": kind.code, "from_on": command.from_on.isoformat(), **said}
    _record("document_requirement.written", made, facts, actor=actor, at=at)
    return made


@requires_scope
def retire_requirement(key: uuid.UUID, *, actor: Actor, at: datetime) -> Requirement:
    """Require it no more: who was asked is not reminded any more, and cases of it close within the hour."""
    _require(actor)
    found = Requirement.objects.select_for_update(of=("self",)).select_related("kind").filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such requirement."))
    if found.retired_at is None:
        found.retired_at, found.retired_by = at, actor.label
        found.save(update_fields=["retired_at", "retired_by"])
        _record("document_requirement.retired", found, {"kind": found.kind.code}, actor=actor, at=at)
    return found


def _record(
    event: str, row: DocumentKind | Requirement, facts: dict[str, object], *, actor: Actor, at: datetime
) -> None:
    record(event, row.stream, actor=actor, at=at, supplier_id=None, facts=facts, internal=True)
