"""Writing matching policies and letting them act.

Note [Two pairs of eyes]: a policy that approves alone pays without anybody looking. So whoever wrote it does not
approve it, and once it acts it is never edited: another one takes its place, and it is retired.
"""

import uuid
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.catalogue.queries import company_by_id
from procurement.matching.messages import WriteMatchPolicy
from procurement.matching.models import MatchPolicy
from procurement.matching.policies import problems_of
from procurement.matching.queries import lock_match_policy
from procurement.matching.states import MATCH_POLICY_LIFECYCLE, MatchPolicyState
from suppliers.roles import Permission


class OwnPolicy(NotAllowed):
    """Somebody wants to approve what they wrote themselves."""

    code = "own_work"


def _require(actor: Actor, permission: str, sentence: str) -> None:
    if actor.is_supplier or not actor.may(permission):
        raise NotAllowed(sentence)


@requires_scope
def write_match_policy(command: WriteMatchPolicy, *, actor: Actor, at: datetime) -> MatchPolicy:
    """Write a policy as a draft, or over a draft that is there. Raises `Invalid` with everything wrong with it."""
    _require(
        actor,
        Permission.POLICY_EDIT,
        _("Your role reads policies. A buyer or an administrator writes them."),
    )
    if problems := list(problems_of(command)):
        raise Invalid(problems[0].message, problems)
    policy = (
        _draft(command, actor=actor) if command.key else MatchPolicy(company=company_by_id(command.company))
    )
    scope = command.scope
    values: dict[str, Any] = {
        "name": command.name.strip(),
        "way": command.way,
        "approves_alone": command.approves_alone,
        "duplicate_days": command.duplicate_days,
        "waits_for_onboarding": command.waits_for_onboarding,
        "level": scope.level.value,
        "segment": scope.segment,
        "supplier_number": scope.supplier,
        "item_group": scope.item_group,
        "item_number": scope.item,
        "order_number": scope.order,
        "line_number": scope.line,
        "valid_from": command.valid_from,
        "valid_to": command.valid_to,
        "note": command.note.strip(),
        "written_at": at,
        "written_by": actor.label,
        "author_id": actor.user_id,
    }
    for name, value in values.items():
        setattr(policy, name, value)
    if policy.pk:
        policy.version += 1
    policy.save()
    facts = {
        "name": policy.name,
        "way": policy.way,
        "approves_alone": policy.approves_alone,
        "waits_for_onboarding": policy.waits_for_onboarding,
        "level": policy.level,
    }
    record(
        "matching.policy_drafted",
        policy.stream,
        actor=actor,
        at=at,
        supplier_id=None,
        facts=facts,
        internal=True,
    )
    return policy


def _draft(command: WriteMatchPolicy, *, actor: Actor) -> MatchPolicy:
    assert command.key is not None
    policy = lock_match_policy(command.key, actor=actor)
    if policy.state != MatchPolicyState.DRAFT:
        raise IllegalTransition(_("This policy is no draft any more. Write a new one and retire this one."))
    _as_shown(policy, command.version)
    return policy


def _as_shown(policy: MatchPolicy, version: int) -> None:
    if policy.version != version:
        message = _("Somebody changed this policy since you opened it. Look at what stands now.")
        raise StaleDocument(message, details={"version": policy.version})


@requires_scope
def approve_match_policy(key: uuid.UUID, version: int, *, actor: Actor, at: datetime) -> MatchPolicy:
    """Let a policy act. Raises `OwnPolicy` for who wrote it."""
    _require(
        actor,
        Permission.POLICY_APPROVE,
        _("Your role does not approve policies. A manager or an administrator does."),
    )
    policy = lock_match_policy(key, actor=actor)
    if policy.author_id is not None and policy.author_id == actor.user_id:
        raise OwnPolicy(_("You wrote this policy. Somebody else approves it."))
    _as_shown(policy, version)
    fields = {"approved_at": at, "approved_by": actor.label}
    MATCH_POLICY_LIFECYCLE.move(
        policy, "approve", actor=actor, at=at, facts={"name": policy.name}, fields=fields
    )
    return policy


@requires_scope
def retire_match_policy(key: uuid.UUID, version: int, *, actor: Actor, at: datetime) -> MatchPolicy:
    """Let a policy act no more. What it approved stays approved."""
    _require(
        actor,
        Permission.POLICY_EDIT,
        _("Your role reads policies. A buyer or an administrator writes them."),
    )
    policy = lock_match_policy(key, actor=actor)
    _as_shown(policy, version)
    fields = {"retired_at": at, "retired_by": actor.label}
    MATCH_POLICY_LIFECYCLE.move(
        policy, "retire", actor=actor, at=at, facts={"name": policy.name}, fields=fields
    )
    return policy
