"""Writing policies of early payment and letting them act.

Note [Two pairs of eyes]: a policy gives the company's cash away sooner, and takes suppliers' money for it. So whoever
wrote any version of it does not approve it, and once it acts it is never edited: another one takes its place, and it is
retired.
"""

import uuid
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.catalogue.queries import company_by_id
from procurement.discounting.messages import WriteDiscountPolicy
from procurement.discounting.models import DiscountPolicy
from procurement.discounting.policies import problems_of
from procurement.discounting.queries import DRAFTED, has_written, lock_discount_policy
from procurement.discounting.states import DISCOUNT_POLICY_LIFECYCLE, DiscountPolicyState
from procurement.orders.policies import plain
from suppliers.models import Supplier
from suppliers.roles import Permission
from suppliers.states import Segment


class OwnPolicy(NotAllowed):
    """Somebody wants to approve what they wrote themselves."""

    code = "own_work"


def _require(actor: Actor, permission: str, sentence: str) -> None:
    if actor.is_supplier or not actor.may(permission):
        raise NotAllowed(sentence)


def _not_yours() -> str:
    return _("Only a manager or an administrator says on which terms is paid early.")


@requires_scope
def write_discount_policy(command: WriteDiscountPolicy, *, actor: Actor, at: datetime) -> DiscountPolicy:
    """Write a policy as a draft, or over a draft that is there. Raises `Invalid` with everything wrong with it."""
    _require(actor, Permission.INVOICE_SETUP, _not_yours())
    problems = [*problems_of(command), *_unknown(command)]
    if problems:
        raise Invalid(problems[0].message, problems)
    policy = (
        _draft(command, actor=actor)
        if command.key
        else DiscountPolicy(company=company_by_id(command.company))
    )
    values: dict[str, Any] = {
        "name": command.name.strip(),
        "currency": command.currency,
        "segment": command.segment,
        "supplier_number": command.supplier,
        "yearly_percent": command.yearly_percent,
        "day_count": command.day_count,
        "least_percent": command.least_percent,
        "most_percent": command.most_percent,
        "pay_days": command.pay_days,
        "least_amount": command.least_amount,
        "weekly_budget": command.weekly_budget,
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
        "currency": policy.currency,
        "yearly_percent": plain(policy.yearly_percent),
        "most_percent": plain(policy.most_percent),
    }
    record(
        DRAFTED,
        policy.stream,
        actor=actor,
        at=at,
        supplier_id=None,
        facts=facts,
        internal=True,
    )
    return policy


def _unknown(command: WriteDiscountPolicy) -> list[Problem]:
    """What it names and nobody knows."""
    found = []
    if command.segment and command.segment not in Segment.values:
        found.append(Problem("segment", _("There is no such segment."), command.segment[:20], "unknown"))
    if command.supplier and not Supplier.objects.filter(number=command.supplier).exists():
        message = _("There is no supplier of this number.")
        found.append(Problem("supplier", message, command.supplier[:40], "unknown"))
    return found


def _draft(command: WriteDiscountPolicy, *, actor: Actor) -> DiscountPolicy:
    assert command.key is not None
    policy = lock_discount_policy(command.key, actor=actor)
    if policy.state != DiscountPolicyState.DRAFT:
        raise IllegalTransition(_("This policy is no draft any more. Write a new one and retire this one."))
    _as_shown(policy, command.version)
    policy.company = company_by_id(command.company)
    return policy


def _as_shown(policy: DiscountPolicy, version: int) -> None:
    if policy.version != version:
        message = _("Somebody changed this policy since you opened it. Look at what stands now.")
        raise StaleDocument(message, details={"version": policy.version})


@requires_scope
def approve_discount_policy(key: uuid.UUID, version: int, *, actor: Actor, at: datetime) -> DiscountPolicy:
    """Let a policy act. Raises `OwnPolicy` for who wrote it, or a version before."""
    _require(actor, Permission.POLICY_APPROVE, _not_yours())
    policy = lock_discount_policy(key, actor=actor)
    if has_written(policy, actor):
        raise OwnPolicy(_("You wrote this policy. Somebody else approves it."))
    _as_shown(policy, version)
    fields = {"approved_at": at, "approved_by": actor.label}
    DISCOUNT_POLICY_LIFECYCLE.move(
        policy, "approve", actor=actor, at=at, facts={"name": policy.name}, fields=fields
    )
    return policy


@requires_scope
def retire_discount_policy(key: uuid.UUID, version: int, *, actor: Actor, at: datetime) -> DiscountPolicy:
    """Let a policy act no more. What suppliers agreed to under it stays agreed."""
    _require(actor, Permission.INVOICE_SETUP, _not_yours())
    policy = lock_discount_policy(key, actor=actor)
    _as_shown(policy, version)
    fields = {"retired_at": at, "retired_by": actor.label}
    DISCOUNT_POLICY_LIFECYCLE.move(
        policy, "retire", actor=actor, at=at, facts={"name": policy.name}, fields=fields
    )
    return policy
