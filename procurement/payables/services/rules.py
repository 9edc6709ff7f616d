"""Writing down who approves what, and up to how much people accept alone."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, Problem
from portal.kernel.scope import requires_scope
from procurement.catalogue.models import Company
from procurement.einvoices.rules.codes import CURRENCIES, codes
from procurement.payables.messages import WriteLimit, WriteRule
from procurement.payables.models import Approval, ApprovalLimit, ApprovalRule
from procurement.payables.policies import MOST_STEPS, ZERO
from procurement.payables.queries.approvals import approvers, approving_roles, find_rule
from procurement.payables.states import OPEN_APPROVALS, Why
from suppliers.models import Supplier
from suppliers.roles import Permission


@requires_scope
def write_rule(command: WriteRule, *, actor: Actor, at: datetime) -> ApprovalRule:
    """Say who approves what. It speaks of approvals that are asked for from then on; a round that names others lapses.

    Raises `Invalid` with every problem, and `NotAllowed` also for one that names who writes it, or that role.
    """
    _require_setup(actor)
    problems = list(_problems_of(command))
    company = Company.objects.filter(code=command.company).first() if command.company else None
    supplier = Supplier.objects.filter(number=command.supplier).first() if command.supplier else None
    if command.company and company is None:
        problems.append(_unknown("company", command.company))
    if command.supplier and supplier is None:
        problems.append(_unknown("supplier", command.supplier))
    if problems:
        raise Invalid(problems[0].message, problems)
    _require_others(command.role, command.person, actor)
    rule = ApprovalRule.objects.create(
        step=command.step,
        role=command.role,
        person_id=command.person,
        currency=command.currency,
        amount_from=command.amount_from,
        amount_below=command.amount_below,
        company=company,
        supplier=supplier,
        item_group=command.item_group.strip(),
        why=command.why,
        valid_from=command.valid_from or at.date(),
        valid_to=command.valid_to,
        written_by=actor.label,
        written_at=at,
    )
    _tell("approval_rule.written", rule.stream, _facts(rule), actor=actor, at=at)
    return rule


@requires_scope
def end_rule(key: uuid.UUID, *, actor: Actor, at: datetime) -> ApprovalRule | None:
    """Let a rule hold no more from today on. One that nobody was asked by and that holds since today at the earliest
    goes. What was asked by it stays asked.
    """
    _require_setup(actor)
    rule = find_rule(key)
    today = at.date()
    if rule.valid_to is not None and rule.valid_to < today:
        raise IllegalTransition(_("This rule has ended already."))
    _tell("approval_rule.ended", rule.stream, _facts(rule), actor=actor, at=at)
    if rule.valid_from >= today and not Approval.objects.filter(rule=rule).exists():
        rule.delete()
        return None
    rule.valid_to, rule.ended_by = max(rule.valid_from, today - timedelta(days=1)), actor.label
    if rule.valid_from >= today:
        # It began today and somebody was asked by it: it holds for today.
        rule.valid_to = rule.valid_from
    rule.save(update_fields=["valid_to", "ended_by"])
    return rule


@requires_scope
def write_limit(command: WriteLimit, *, actor: Actor, at: datetime) -> ApprovalLimit:
    """Say up to which amount somebody accepts an invoice alone; a limit that stood there goes.

    Raises `Invalid`, and `NotAllowed` also for who would say it of oneself or of the own role.
    """
    _require_setup(actor)
    problems = [*_problems_of_approver(command.role, command.person)]
    if command.currency not in codes(CURRENCIES):
        problems.append(_unknown("currency", command.currency))
    if command.amount < ZERO:
        message = _("A limit is no less than zero.")
        problems.append(Problem("amount", message, str(command.amount), "negative"))
    if problems:
        raise Invalid(problems[0].message, problems)
    _require_others(command.role, command.person, actor)
    limit, _is_new = ApprovalLimit.objects.update_or_create(
        role=command.role,
        person_id=command.person,
        currency=command.currency,
        defaults={"amount": command.amount, "written_by": actor.label, "written_at": at},
    )
    facts = {
        "amount": limit.amount,
        "currency": limit.currency,
        "role": limit.role,
        "person": limit.person_id,
    }
    _tell("approval_limit.written", limit.stream, facts, actor=actor, at=at)
    return limit


@requires_scope
def drop_limit(key: uuid.UUID, *, actor: Actor, at: datetime) -> None:
    """Take a limit back: without one nobody accepts anything alone."""
    _require_setup(actor)
    limit = ApprovalLimit.objects.select_for_update().filter(key=key).first()
    if limit is None:
        return  # somebody else has taken it back
    facts = {
        "amount": limit.amount,
        "currency": limit.currency,
        "role": limit.role,
        "person": limit.person_id,
    }
    _tell("approval_limit.dropped", limit.stream, facts, actor=actor, at=at)
    limit.delete()


def rules_in_use() -> bool:
    """Whether anybody waits for an approval now."""
    return Approval.objects.filter(state__in=OPEN_APPROVALS).exists()


def _require_setup(actor: Actor) -> None:
    if actor.is_supplier or not actor.may(Permission.INVOICE_SETUP):
        raise NotAllowed(_("Who approves what is set up by a manager or a supplier administrator."))


def _require_others(role: str, person: int | None, actor: Actor) -> None:
    """Raise `NotAllowed` for who would say how much he or she, or everybody of the same role, may approve."""
    if (person is not None and person == actor.user_id) or (role and role == actor.role):
        raise NotAllowed(
            _("What you or your own role may approve is written down by somebody of another role.")
        )


def _tell(kind: str, stream: str, facts: dict[str, Any], *, actor: Actor, at: datetime) -> None:
    told = {name: value if isinstance(value, int) else str(value) for name, value in facts.items() if value}
    record(kind, stream, actor=actor, at=at, supplier_id=None, facts=told, internal=True)


def _facts(rule: ApprovalRule) -> dict[str, Any]:
    value = rule.as_value()
    return {name: getattr(value, name) for name in value.__dataclass_fields__ if name != "key"}


def _unknown(field: str, value: str) -> Problem:
    return Problem(field, _("“%(value)s” is not known here.") % {"value": value[:40]}, value[:40], "unknown")


def _problems_of_approver(role: str, person: int | None) -> Iterator[Problem]:
    if bool(role) == (person is not None):
        yield Problem("role", _("Choose either a role or a person."), "", "required")
    elif role and role not in approving_roles():
        yield Problem("role", _("People of this role approve no invoices."), role[:20], "unknown")
    elif person is not None and not approvers().filter(pk=person).exists():
        yield Problem("person", _("This person approves no invoices."), str(person), "unknown")


def _problems_of(command: WriteRule) -> Iterator[Problem]:
    yield from _problems_of_approver(command.role, command.person)
    if not 1 <= command.step <= MOST_STEPS:
        message = _("A step is a number from 1 to %(most)d.") % {"most": MOST_STEPS}
        yield Problem("step", message, str(command.step), "out_of_range")
    low, high = command.amount_from, command.amount_below
    if (low is not None or high is not None) and not command.currency:
        yield Problem("currency", _("Say in which currency the amounts are."), "", "required")
    if command.currency and command.currency not in codes(CURRENCIES):
        yield _unknown("currency", command.currency)
    for name, amount in (("amount_from", low), ("amount_below", high)):
        if amount is not None and amount < ZERO:
            yield Problem(name, _("An amount is no less than zero."), str(amount), "negative")
    if low is not None and high is not None and high <= low:
        message = _("“Below” must be more than “from”: else no invoice is meant.")
        yield Problem("amount_below", message, str(high), "out_of_order")
    if command.why not in ("", *Why.values):
        yield _unknown("why", command.why)
    if len(command.item_group) > 60:
        yield _unknown("item_group", command.item_group)
    first, last = command.valid_from, command.valid_to
    if first is not None and last is not None and last < first:
        message = _("The last day is before the first.")
        yield Problem("valid_to", message, last.isoformat(), "out_of_order")
