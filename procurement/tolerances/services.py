"""Writing policies, letting them act, stopping them, and writing down what they decided.

Note [Two pairs of eyes]: rules act for the company without anybody looking, so nobody lets rules act that they have
written themselves. Whoever changed anything of a policy is one of its authors for good, and of every copy of it that is
made before somebody else has approved it. To stop is always possible at once and alone; to let rules act again takes
somebody who may approve them.

Note [One after the other]: who approves, retires, stops or resumes holds the rules of the company alone; an answer that
is being judged holds them together with other answers. So once a stop has been written, no answer is agreed by a rule.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import acting, requires_scope
from procurement.catalogue.models import Item, Unit
from procurement.catalogue.queries import company_by_id
from procurement.tolerances.messages import (
    Decided,
    Measure,
    Outcome,
    Rule,
    WriteRule,
    check_to_json,
    rule_to_json,
)
from procurement.tolerances.models import (
    ToleranceDecision,
    TolerancePolicy,
    ToleranceRule,
    ToleranceSwitch,
)
from procurement.tolerances.policies import MONEY, faults_of
from procurement.tolerances.presenters.sentences import fault_text
from procurement.tolerances.queries import (
    RULES,
    LivePolicy,
    alone_with_rules,
    find_policy,
    find_rule,
    lock_policy,
    unseen_decisions,
)
from procurement.tolerances.states import (
    POLICY_LIFECYCLE,
    SWITCH_LIFECYCLE,
    JudgedOutcome,
    PolicyState,
    SwitchState,
)
from suppliers.models import Supplier
from suppliers.roles import Permission
from suppliers.states import Segment

MOST_RULES = 500
LONGEST_NAME = 100
LONGEST_NOTE = 2000


class OwnWork(NotAllowed):
    """Somebody wants to approve what they wrote themselves."""

    code = "own_work"


def _require(actor: Actor, permission: str, sentence: str) -> None:
    if actor.is_supplier or not actor.may(permission):
        raise NotAllowed(sentence)


def _require_editor(actor: Actor) -> None:
    _require(
        actor,
        Permission.POLICY_EDIT,
        _("Your role reads tolerances. A buyer or an administrator writes them."),
    )


def _as_shown(policy: TolerancePolicy, version: int) -> None:
    if policy.version != version:
        message = _("Somebody changed this policy since you opened it. Look at what stands now.")
        raise StaleDocument(message, details={"version": policy.version})


def _draft(key: uuid.UUID, version: int) -> TolerancePolicy:
    """A draft, held, as it was on the screen. Raises `IllegalTransition` for anything that is no draft any more."""
    policy = lock_policy(key)
    if policy.state != PolicyState.DRAFT:
        message = _("“%(name)s” is no draft any more. Begin a new draft from it to change its rules.")
        raise IllegalTransition(message % {"name": policy.name})
    _as_shown(policy, version)
    return policy


# --- writing a draft ----------------------------------------------------------------------------------------


@requires_scope
def start_policy(
    company_id: int, name: str, *, copy_of: uuid.UUID | None = None, actor: Actor, at: datetime
) -> TolerancePolicy:
    """Begin a draft: empty, or with the rules of another policy, whose place it takes once it is approved."""
    _require_editor(actor)
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        message = _(
            "Give it a name of at most %(most)d characters: both sides read it beside what it decides."
        )
        told = message % {"most": LONGEST_NAME}
        raise Invalid(told, [Problem("name", told, name[:100], "required" if not name else "too_long")])
    company = company_by_id(company_id)
    # Held: who writes a rule of it meanwhile is one of its authors, or the rule is not in the copy.
    before = lock_policy(copy_of) if copy_of else None
    policy = TolerancePolicy.objects.create(
        company=company,
        name=name,
        authors=_with_author(_unseen_authors(before), actor),
        replaces=before,
        last_number=before.last_number if before else 0,
        created_at=at,
        created_by=actor.label,
    )
    if before:
        rules = list(before.rules.order_by("number"))
        for rule in rules:
            rule.pk, rule.key, rule.policy = None, uuid.uuid4(), policy
        ToleranceRule.objects.bulk_create(rules)
    _record("tolerances.drafted", policy, {"copy_of": before.name if before else ""}, actor=actor, at=at)
    return policy


@requires_scope
def write_rule(command: WriteRule, *, actor: Actor, at: datetime) -> ToleranceRule:
    """Write a rule into a draft, or over one of it. Raises `Invalid` with everything wrong with it, field by field."""
    _require_editor(actor)
    policy = _draft(command.policy, command.version)
    if problems := _problems_of(command):
        raise Invalid(problems[0].message, problems)
    old = find_rule(policy, command.key) if command.key else None
    if old is None:
        if policy.rules.count() >= MOST_RULES:
            raise Invalid(_("A policy has at most %(most)d rules.") % {"most": MOST_RULES})
        policy.last_number += 1
    rule = old or ToleranceRule(policy=policy, number=policy.last_number)
    before = rule_to_json(rule.as_rule()) if old else None
    for name, value in _columns(command.rule).items():
        setattr(rule, name, value)
    rule.note = command.note.strip()
    rule.written_at, rule.written_by = at, actor.label
    rule.save()
    _touch(policy, actor)
    facts = {"rule": rule_to_json(rule.as_rule()), "before": before}
    kind = "tolerances.rule_changed" if old else "tolerances.rule_added"
    _record(kind, policy, facts, actor=actor, at=at)
    return rule


@requires_scope
def drop_rule(policy_key: uuid.UUID, version: int, key: uuid.UUID, *, actor: Actor, at: datetime) -> None:
    """Take a rule out of a draft."""
    _require_editor(actor)
    policy = _draft(policy_key, version)
    rule = find_rule(policy, key)
    _record("tolerances.rule_dropped", policy, {"rule": rule_to_json(rule.as_rule())}, actor=actor, at=at)
    policy.rules.filter(pk=rule.pk).delete()
    _touch(policy, actor)


def _columns(rule: Rule) -> dict[str, Any]:
    limit, scope = rule.limit, rule.scope
    return {
        "kind": rule.kind,
        "measure": rule.measure,
        "direction": rule.direction,
        "absolute": limit.absolute,
        "percent": limit.percent,
        "joined": limit.joined,
        "unit": rule.unit,
        "code": rule.code,
        "level": scope.level,
        "segment": scope.segment,
        "supplier_number": scope.supplier,
        "item_group": scope.item_group,
        "item_number": scope.item,
        "order_number": scope.order,
        "line_number": scope.line,
        "inside": rule.inside,
        "outside": rule.outside,
        "valid_from": rule.valid_from,
        "valid_to": rule.valid_to,
    }


def _problems_of(command: WriteRule) -> list[Problem]:
    rule = command.rule
    problems = [Problem(name, fault_text(code), _typed(rule, name), code) for name, code in faults_of(rule)]
    named = {problem.field for problem in problems}
    problems += [problem for problem in _unknown(rule) if problem.field not in named]
    if len(command.note.strip()) > LONGEST_NOTE:
        message = _("At most %(most)d characters fit here.") % {"most": LONGEST_NOTE}
        problems.append(Problem("note", message, command.note[:100], "too_long"))
    return problems


def _typed(rule: Rule, name: str) -> str:
    holder = next((one for one in (rule, rule.limit, rule.scope) if hasattr(one, name)), rule)
    value = getattr(holder, name, "")
    return "" if value is None else str(value)


def _unknown(rule: Rule) -> Iterable[Problem]:
    """What a rule names that we have never heard of: a slip of the keys would make a rule that never counts."""
    scope = rule.scope
    if scope.segment and scope.segment not in Segment.values:
        yield Problem("segment", _("Choose a segment of the list."), scope.segment, "unknown")
    if scope.supplier and not Supplier.objects.filter(number=scope.supplier).exists():
        message = _("No supplier has the number %(number)s.") % {"number": scope.supplier}
        yield Problem("supplier", message, scope.supplier, "unknown")
    if scope.item_group and not Item.objects.filter(group=scope.item_group).exists():
        message = _("No item belongs to the group %(group)s.") % {"group": scope.item_group}
        yield Problem("item_group", message, scope.item_group, "unknown")
    if scope.item and not Item.objects.filter(number=scope.item).exists():
        message = _("There is no item %(item)s.") % {"item": scope.item}
        yield Problem("item", message, scope.item, "unknown")
    if rule.unit and rule.measure in MONEY and not (len(rule.unit) == 3 and rule.unit.isalpha()):
        yield Problem("unit", _("A currency has three letters, such as EUR."), rule.unit, "unknown")
    if rule.unit and rule.measure is Measure.QUANTITY and not Unit.objects.filter(code=rule.unit).exists():
        message = _("There is no unit %(unit)s.") % {"unit": rule.unit}
        yield Problem("unit", message, rule.unit, "unknown")


def _unseen_authors(before: TolerancePolicy | None) -> list[int]:
    """Whose work a copy is too: that of a policy's authors, unless somebody else has looked at it and approved it."""
    authors: list[int] = before.authors if before and before.approved_at is None else []
    return authors


def _with_author(authors: Sequence[int], actor: Actor) -> list[int]:
    return sorted({*authors, actor.user_id} if actor.user_id is not None else authors)


def _touch(policy: TolerancePolicy, actor: Actor) -> None:
    """Note that a draft was changed, and by whom."""
    policy.version += 1
    policy.authors = _with_author(policy.authors, actor)
    policy.save(update_fields=["version", "authors", "last_number"])


def _record(kind: str, policy: TolerancePolicy, facts: dict[str, Any], *, actor: Actor, at: datetime) -> None:
    told = {"name": policy.name, **facts}
    record(kind, policy.stream, actor=actor, at=at, supplier_id=None, facts=told, internal=True)


# --- a policy's life ----------------------------------------------------------------------------------------


@requires_scope
def ask_approval(key: uuid.UUID, version: int, *, actor: Actor, at: datetime) -> TolerancePolicy:
    """Ask somebody else to look at a draft and let it act. Who asks is one of its authors."""
    _require_editor(actor)
    policy = _draft(key, version)
    if not policy.rules.exists():
        raise IllegalTransition(_("A policy without rules decides nothing. Write a rule first."))
    fields = {"asked_at": at, "asked_by": actor.label, "authors": _with_author(policy.authors, actor)}
    POLICY_LIFECYCLE.move(policy, "ask", actor=actor, at=at, facts={"name": policy.name}, fields=fields)
    return policy


@requires_scope
def hand_back_policy(
    key: uuid.UUID, version: int, reason: str, *, actor: Actor, at: datetime
) -> TolerancePolicy:
    """Make it a draft again, with the reason: something in it is to be changed first."""
    _require_editor(actor)
    policy = lock_policy(key)
    _as_shown(policy, version)
    facts = {"name": policy.name, "reason": _a_reason(reason)}
    POLICY_LIFECYCLE.move(policy, "hand_back", actor=actor, at=at, facts=facts)
    return policy


@requires_scope
def approve_policy(key: uuid.UUID, version: int, *, actor: Actor, at: datetime) -> TolerancePolicy:
    """Let a policy act from now on, in the place of the one that acted so far. See Note [Two pairs of eyes].

    Raises `OwnWork` for who wrote anything of it.
    """
    _require(actor, Permission.POLICY_APPROVE, _("Your role does not approve tolerances."))
    policy = find_policy(key)
    alone_with_rules(policy.company_id)
    policy = lock_policy(key)
    _as_shown(policy, version)
    if actor.user_id is None or actor.user_id in policy.authors:
        raise OwnWork(_("You wrote part of it yourself: somebody else looks at it and lets it act."))
    acted = TolerancePolicy.objects.select_for_update().filter(
        company=policy.company_id, state=PolicyState.ACTIVE
    )
    for before in acted:
        facts = {"name": before.name, "reason": _("Replaced by “%(name)s”.") % {"name": policy.name}}
        fields = {"retired_at": at, "retired_by": actor.label}
        POLICY_LIFECYCLE.move(before, "retire", actor=actor, at=at, facts=facts, fields=fields)
    fields = {"approved_at": at, "approved_by": actor.label}
    POLICY_LIFECYCLE.move(policy, "approve", actor=actor, at=at, facts={"name": policy.name}, fields=fields)
    return policy


@requires_scope
def retire_policy(
    key: uuid.UUID, version: int, reason: str, *, actor: Actor, at: datetime
) -> TolerancePolicy:
    """End a policy for good, or throw a draft away. What it decided stays decided."""
    _require_editor(actor)
    policy = find_policy(key)
    alone_with_rules(policy.company_id)
    policy = lock_policy(key)
    _as_shown(policy, version)
    facts = {"name": policy.name, "reason": _a_reason(reason)}
    fields = {"retired_at": at, "retired_by": actor.label}
    POLICY_LIFECYCLE.move(policy, "retire", actor=actor, at=at, facts=facts, fields=fields)
    return policy


def _a_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        message = _("Say why: others read it later.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    return reason[:LONGEST_NOTE]


# --- the switch ---------------------------------------------------------------------------------------------


@requires_scope
def stop_rules(company_id: int, reason: str, *, actor: Actor, at: datetime) -> ToleranceSwitch:
    """Let no rule of a company act by itself any more, from the next answer on. What was agreed stays agreed."""
    _require_editor(actor)
    return _turn(company_id, "stop", _a_reason(reason), actor=actor, at=at)


@requires_scope
def resume_rules(company_id: int, reason: str, *, actor: Actor, at: datetime) -> ToleranceSwitch:
    """Let the rules of a company act again."""
    _require(
        actor, Permission.POLICY_APPROVE, _("Who may approve tolerances lets them act again: ask a manager.")
    )
    return _turn(company_id, "resume", _a_reason(reason), actor=actor, at=at)


def _turn(company_id: int, verb: str, reason: str, *, actor: Actor, at: datetime) -> ToleranceSwitch:
    company = company_by_id(company_id)
    alone_with_rules(company.pk)
    switch, _made = ToleranceSwitch.objects.get_or_create(company=company)
    if switch.state not in SWITCH_LIFECYCLE.sources(verb):
        stopped = switch.state == SwitchState.OFF
        raise StaleDocument(_("The rules are stopped already.") if stopped else _("The rules act already."))
    fields = {"moved_at": at, "moved_by": actor.label, "reason": reason}
    facts = {"company": company.code, "reason": reason}
    SWITCH_LIFECYCLE.move(switch, verb, actor=actor, at=at, facts=facts, fields=fields)
    return switch


# --- what the rules decided ---------------------------------------------------------------------------------


@requires_scope
def write_decisions(
    policy: LivePolicy,
    decided: Sequence[Decided],
    *,
    supplier_id: int,
    company_id: int,
    currency: str,
    stream: str,
    at: datetime,
) -> list[ToleranceDecision]:
    """Write down what a policy said of the lines of one answer, and that it agreed to what it did.

    In the transaction of the answer. See Note [In the company's name].
    """
    if not decided:
        return []
    rows = [
        ToleranceDecision(
            key=uuid.uuid4(),
            supplier_id=supplier_id,
            company_id=company_id,
            policy_id=policy.pk,
            policy_name=policy.name,
            kind=one.kind,
            origin=one.origin,
            order_key=one.order_key,
            order_number=one.order_number,
            line_key=one.line_key,
            line_number=one.line_number,
            item_number=one.item_number,
            currency=currency,
            unit=one.unit,
            outcome=_outcome(one),
            checks=[check_to_json(check) for check in one.verdict.checks],
            notify=_outcome(one) != JudgedOutcome.ASKED
            and any(check.outcome is Outcome.NOTIFY for check in one.verdict.checks),
            decided_at=at,
        )
        for one in decided
    ]
    agreed = [row for row in rows if row.outcome != JudgedOutcome.ASKED]
    with acting(RULES):
        ToleranceDecision.objects.bulk_create(rows, batch_size=500)
        if agreed:
            facts = {
                "order": agreed[0].order_number,
                "policy": policy.name,
                "lines": [row.line_number for row in agreed][:50],
                "line_count": len(agreed),
                "rules": sorted({number for row in agreed for number in _rule_numbers(row)}),
            }
            record("order.agreed_by_rule", stream, actor=RULES, at=at, supplier_id=supplier_id, facts=facts)
    return rows


def _outcome(one: Decided) -> str:
    if one.agreed == one.pieces:
        return JudgedOutcome.ACCEPTED
    return JudgedOutcome.PARTLY if one.agreed else JudgedOutcome.ASKED


def _rule_numbers(row: ToleranceDecision) -> list[int]:
    return [check["rule"]["number"] for check in row.checks if check["rule"]]


@requires_scope
def mark_seen(keys: Sequence[uuid.UUID], *, actor: Actor, at: datetime) -> int:
    """Note that somebody on the buying side has seen what rules agreed to and told of; returns how many were new."""
    _require(actor, Permission.ORDER_DECIDE, _("Only a buyer ticks off what the rules did."))
    return unseen_decisions(actor).filter(key__in=keys).update(seen_at=at, seen_by=actor.label)


@requires_scope
def note_reopened(decision: ToleranceDecision, reason: str, *, actor: Actor, at: datetime) -> None:
    """Note, beside a decision that is held, that somebody opened it again and why."""
    decision.reopened_at, decision.reopened_by, decision.reopen_reason = at, actor.label, reason
    if decision.seen_at is None:
        decision.seen_at, decision.seen_by = at, actor.label
    decision.save(update_fields=["reopened_at", "reopened_by", "reopen_reason", "seen_at", "seen_by"])
