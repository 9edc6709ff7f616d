"""Who approves how much, on values alone: which rules speak, in which steps, who may answer, who never may.

Note [Whose word]: nobody approves what he or she wrote, sent for a supplier, or asked approval of; and nobody answers
for two approvals of one invoice. A stand-in answers as the one who is away would, under the same bars: the bar is on
the person who presses.

Note [Which rule counts]: in each step those rules that speak of the narrowest thing: a supplier and an item group, a
supplier, an item group, why it is held, a company, everything. Each of them asks for one approval. Steps go in order.
In a currency in which no rule has an amount, the highest step of those that have one is asked: else a choice of
currency would step under them.
Where no rule speaks, one other person of accounts payable or a manager approves.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from procurement.payables.messages import Approver, Limit, Rule, Wanted, Weighed

ZERO = Decimal(0)
MOST_STEPS = 9
FALLBACK_ROLE = "accounts_payable"
SECOND_FALLBACK = "manager"


def speaks(rule: Rule, claim: Weighed, on: date) -> bool:
    """Whether a rule speaks of an invoice on a day. One with an amount speaks of its own currency alone."""
    if rule.valid_from is not None and on < rule.valid_from:
        return False
    if rule.valid_to is not None and on > rule.valid_to:
        return False
    if rule.currency and rule.currency != claim.currency:
        return False
    if rule.amount_from is not None and claim.amount < rule.amount_from:
        return False
    if rule.amount_below is not None and claim.amount >= rule.amount_below:
        return False
    return (
        rule.company in (None, claim.company)
        and rule.supplier in (None, claim.supplier)
        and (not rule.item_group or rule.item_group in claim.item_groups)
        and (not rule.why or rule.why in claim.whys)
    )


def narrowness(rule: Rule) -> int:
    """How narrow a rule's scope is: see Note [Which rule counts]."""
    return (
        8 * (rule.supplier is not None)
        + 4 * bool(rule.item_group)
        + 2 * bool(rule.why)
        + (rule.company is not None)
    )


def highest_elsewhere(rules: Iterable[Rule], claim: Weighed, on: date) -> list[Rule]:
    """Where rules go by amount, and none by one in this currency, nothing says how much this invoice is: those of their
    highest step speak of it.
    """
    by_amount = [
        rule
        for rule in rules
        if (rule.amount_from is not None or rule.amount_below is not None)
        and speaks(replace(rule, currency="", amount_from=None, amount_below=None), claim, on)
    ]
    if not by_amount or any(rule.currency == claim.currency for rule in by_amount):
        return []
    highest = max(rule.step for rule in by_amount)
    return [rule for rule in by_amount if rule.step == highest]


def wanted_for(rules: Collection[Rule], claim: Weighed, on: date) -> tuple[Wanted, ...]:
    """The approvals an invoice needs, in the order of their steps; one without a rule where no rule speaks."""
    by_step: dict[int, list[Rule]] = {}
    for rule in rules:
        if speaks(rule, claim, on):
            by_step.setdefault(rule.step, []).append(rule)
    for rule in highest_elsewhere(rules, claim, on):
        by_step.setdefault(rule.step, []).append(rule)
    found: dict[tuple[int, str, int | None], Wanted] = {}
    for step in sorted(by_step):
        narrowest = max(narrowness(rule) for rule in by_step[step])
        for rule in sorted(by_step[step], key=lambda one: one.key):
            if narrowness(rule) == narrowest:
                # Two rules that ask the same of the same are one question.
                key = (step, rule.role, rule.person)
                found.setdefault(key, Wanted(step, rule.role, rule.person, rule.key))
    return tuple(found.values()) or (Wanted(1, FALLBACK_ROLE),)


def limit_of(limits: Iterable[Limit], user: int | None, role: str, currency: str) -> Decimal:
    """Up to how much somebody accepts alone: the person's own limit, else the role's, else nothing at all."""
    same = [one for one in limits if one.currency == currency]
    own = [one.amount for one in same if one.person is not None and one.person == user]
    of_role = [one.amount for one in same if one.role and one.role == role]
    return min(own) if own else min(of_role) if of_role else ZERO


def may_by_link(
    amount: Decimal, currency: str, company: str, *, limits: Mapping[str, Decimal], sign_in: Collection[str]
) -> bool:
    """Whether an invoice's approval may be given by a mailed link: `limits` says up to how much, by currency, `sign_in`
    which companies (by code, `*` for all) want their people to sign in for every one.
    """
    if "*" in sign_in or company in sign_in:
        return False
    return currency in limits and amount <= limits[currency]


def is_above(amount: Decimal, currency: str, *, limits: Mapping[str, Decimal]) -> bool:
    """Whether an amount is above its currency's limit: always in one that is not named, never where none is."""
    return bool(limits) and (currency not in limits or amount > limits[currency])


def may_answer(wanted: Wanted, approver: Approver, barred: Collection[int]) -> bool:
    """Whether somebody may answer one approval. See Note [Whose word]."""
    if approver.user in barred:
        return False
    if wanted.person is not None:
        return wanted.person == approver.user or wanted.person in approver.for_people
    roles = {approver.role, *approver.for_roles}
    if not wanted.rule and wanted.role == FALLBACK_ROLE:
        return bool(roles & {FALLBACK_ROLE, SECOND_FALLBACK})
    return wanted.role in roles


def steps_reached(steps: Sequence[tuple[int, bool]]) -> int | None:
    """Of (step, is it given) the step whose turn it is; None once all are given."""
    return min((step for step, given in steps if not given), default=None)


def act_on(today: date, discount_until: date | None, due_on: date | None) -> date | None:
    """The day by which somebody should have seen to an invoice: the last day of a discount that can still be had,
    else the day on which it is due.
    """
    if discount_until is not None and discount_until >= today:
        return discount_until
    return due_on


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())
