"""Writing service policies and letting them give time.

Nobody lets a policy act that they have written themselves: whoever changed anything of a draft is one of its authors
for good. The clocks that run keep the time and the ladder they were started with.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.clocks.messages import Service, WriteService, step_to_json
from procurement.clocks.models import LadderStep, ServicePolicy
from procurement.clocks.policies import faults_of
from procurement.clocks.presenters import fault_text
from procurement.clocks.queries import find_policy, known_kinds, lock_policy
from procurement.clocks.states import SERVICE_LIFECYCLE, ServiceState
from suppliers.models import Supplier
from suppliers.roles import Permission
from suppliers.states import Segment

LONGEST_NAME = 100
LONGEST_NOTE = 2000


class OwnService(NotAllowed):
    """Somebody wants to approve what they wrote themselves."""

    code = "own_work"


def _require(actor: Actor, permission: str, sentence: str) -> None:
    if actor.is_supplier or not actor.may(permission):
        raise NotAllowed(sentence)


def _require_editor(actor: Actor) -> None:
    _require(
        actor,
        Permission.POLICY_EDIT,
        _("Your role reads these policies. A buyer or an administrator writes them."),
    )


@requires_scope
def write_service(command: WriteService, *, actor: Actor, at: datetime) -> ServicePolicy:
    """Write a draft, or over one. Raises `Invalid` with everything wrong with it, field by field."""
    _require_editor(actor)
    service = replace(command.service, name=command.name.strip())
    if problems := list(_problems_of(service, command.note)):
        raise Invalid(problems[0].message, problems)
    policy = _draft(command.key, command.version) if command.key else ServicePolicy()
    before = facts_of(policy.as_service()) if policy.pk else None
    for name, value in _columns(service).items():
        setattr(policy, name, value)
    policy.note = command.note.strip()
    policy.written_at, policy.written_by = at, actor.label
    policy.authors = _with_author(policy.authors, actor)
    if policy.pk:
        policy.version += 1
    elif command.replaces:
        policy.replaces = find_policy(command.replaces)
    policy.save()
    policy.steps.all().delete()
    LadderStep.objects.bulk_create(
        LadderStep(
            policy=policy,
            number=number,
            action=step.action,
            anchor=step.anchor,
            amount=step.offset.amount,
            unit=step.offset.unit,
        )
        for number, step in enumerate(service.steps, start=1)
    )
    facts = {"name": policy.name, "policy": facts_of(service), "before": before}
    kind = "service.changed" if before else "service.drafted"
    record(kind, policy.stream, actor=actor, at=at, supplier_id=None, facts=facts, internal=True)
    return policy


def _draft(key: uuid.UUID, version: int) -> ServicePolicy:
    policy = lock_policy(key)
    if policy.state != ServiceState.DRAFT:
        message = _("“%(name)s” is no draft any more. Begin a new draft from it to change it.")
        raise IllegalTransition(message % {"name": policy.name})
    _as_shown(policy, version)
    return policy


def _as_shown(policy: ServicePolicy, version: int) -> None:
    if policy.version != version:
        message = _("Somebody changed this policy since you opened it. Look at what stands now.")
        raise StaleDocument(message, details={"version": policy.version})


def _with_author(authors: Sequence[int], actor: Actor) -> list[int]:
    return sorted({*authors, actor.user_id} if actor.user_id is not None else authors)


def _columns(service: Service) -> dict[str, Any]:
    scope = service.scope
    return {
        "name": service.name,
        "kind": scope.kind,
        "supplier_number": scope.supplier,
        "segment": scope.segment,
        "order_kind": scope.order_kind,
        "lead_days": scope.lead_days,
        "value_from": scope.value,
        "target": service.target.amount,
        "target_unit": service.target.unit,
        "whose": service.whose,
    }


def facts_of(service: Service) -> dict[str, Any]:
    """A policy as the trail keeps it: it can be read when the policy itself is long changed."""
    scope = service.scope
    return {
        "kind": scope.kind,
        "supplier": scope.supplier,
        "segment": scope.segment,
        "order_kind": scope.order_kind,
        "lead_days": scope.lead_days,
        "value": None if scope.value is None else f"{scope.value:f}",
        "target": f"{service.target.amount:f}",
        "unit": service.target.unit.value,
        "whose": service.whose.value,
        "steps": [step_to_json(step) for step in service.steps],
    }


def _problems_of(service: Service, note: str) -> Iterable[Problem]:
    scope = service.scope
    if not service.name or len(service.name) > LONGEST_NAME:
        message = _("Give it a name of at most %(most)d characters.") % {"most": LONGEST_NAME}
        yield Problem("name", message, service.name[:100], "too_long" if service.name else "required")
    if len(note.strip()) > LONGEST_NOTE:
        message = _("At most %(most)d characters fit here.") % {"most": LONGEST_NOTE}
        yield Problem("note", message, note[:100], "too_long")
    if scope.kind and scope.kind not in known_kinds():
        yield Problem("kind", _("Choose a kind of the list."), scope.kind, "unknown")
    if scope.segment and scope.segment not in Segment.values:
        yield Problem("segment", _("Choose a segment of the list."), scope.segment, "unknown")
    if scope.supplier and not Supplier.objects.filter(number=scope.supplier).exists():
        message = _("No supplier has the number %(number)s.") % {"number": scope.supplier}
        yield Problem("supplier", message, scope.supplier, "unknown")
    for name, code in faults_of(service):
        yield Problem(name, fault_text(code), "", code)


# --- a policy's life ----------------------------------------------------------------------------------------


@requires_scope
def approve_service(key: uuid.UUID, version: int, *, actor: Actor, at: datetime) -> ServicePolicy:
    """Let a draft give time from now on, in the place of the active one for the same, and of the one it came from.

    Raises `OwnService` for who wrote anything of it.
    """
    _require(actor, Permission.POLICY_APPROVE, _("Your role does not approve these policies."))
    # All that count or may, in one order: of two approved at once the second sees what the first did.
    living = ServicePolicy.objects.exclude(state=ServiceState.RETIRED).order_by("id")
    list(living.select_for_update().values_list("pk", flat=True))
    policy = lock_policy(key)
    _as_shown(policy, version)
    if actor.user_id is None or actor.user_id in policy.authors:
        raise OwnService(_("You wrote part of it yourself: somebody else looks at it and lets it act."))
    SERVICE_LIFECYCLE.transition("approve", policy.state)
    same = Q(**{name: value for name, value in _scope_columns(policy).items() if value is not None})
    for name, value in _scope_columns(policy).items():
        same &= Q(**{f"{name}__isnull": True}) if value is None else Q()
    if policy.replaces_id:
        same |= Q(pk=policy.replaces_id)
    active = ServicePolicy.objects.select_for_update().filter(same, state=ServiceState.ACTIVE).order_by("id")
    for before in active:
        reason = _("Replaced by “%(name)s”.") % {"name": policy.name}
        _move(before, "retire", {"retired_at": at, "retired_by": actor.label}, reason, actor, at)
    _move(policy, "approve", {"approved_at": at, "approved_by": actor.label}, "", actor, at)
    return policy


def _scope_columns(policy: ServicePolicy) -> dict[str, Any]:
    names = ("kind", "supplier_number", "segment", "order_kind", "lead_days", "value_from")
    return {name: getattr(policy, name) for name in names}


@requires_scope
def retire_service(key: uuid.UUID, version: int, reason: str, *, actor: Actor, at: datetime) -> ServicePolicy:
    """End a policy for good, or throw a draft away. The clocks it started go on as they are."""
    _require_editor(actor)
    policy = lock_policy(key)
    _as_shown(policy, version)
    reason = reason.strip()
    if not reason:
        message = _("Say why: others read it later.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    _move(policy, "retire", {"retired_at": at, "retired_by": actor.label}, reason[:LONGEST_NOTE], actor, at)
    return policy


def _move(
    policy: ServicePolicy, verb: str, fields: dict[str, Any], reason: str, actor: Actor, at: datetime
) -> None:
    facts = {"name": policy.name, **({"reason": reason} if reason else {})}
    SERVICE_LIFECYCLE.move(policy, verb, actor=actor, at=at, facts=facts, fields=fields)
