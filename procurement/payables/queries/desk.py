"""What waits for accounts payable, ranked by what it costs to wait; and what rules approved.

Note [Ranked]: first by the day by which somebody should have seen to it: the last day of a discount that can still be
had, else the day on which it is due. Then by amount, then by age. Whoever goes from the top loses the least.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    Count,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Abs, Coalesce

from portal.kernel.actors import Actor
from procurement.invoices.models import Invoice
from procurement.invoices.policies.terms import discount_until
from procurement.invoices.queries import visible_invoices
from procurement.invoices.states import OPEN, SETTLED, Acts, InvoiceState
from procurement.matching.models import Match, MatchCheck
from procurement.payables.models import Approval, InvoiceQuestion
from procurement.payables.states import OPEN_APPROVALS, QuestionState

NEVER = date(9999, 12, 31)
RANKED = ("act_on", "-claimed", "id")
PASSED = "passed"
OURS, APPROVING, THEIRS, INSIDE, WAITS, ALL = "ours", "approval", "supplier", "inside", "waits", "all"
# Receiving is named as who acts, and yet it goes on by itself once the goods are booked.
WAITS_FOR_GOODS = "match.quantity.waits"
FOR_GOODS = Q(held_for__key=WAITS_FOR_GOODS)
VIEWS = (OURS, APPROVING, THEIRS, INSIDE, WAITS, ALL)


def _discount_day() -> Any:
    return ExpressionWrapper(F("invoiced_on") + F("discount_days"), output_field=DateField())


def desk(actor: Actor, today: date) -> QuerySet[Any]:
    """What is sent and not settled, as far as this actor sees, with `act_on` and `claimed`. See Note [Ranked]."""
    open_ones = visible_invoices(actor).filter(state__in=OPEN)
    return open_ones.annotate(
        act_on=Case(
            When(
                Q(discount_percent__gt=0, discount_days__isnull=False)
                & Q(invoiced_on__gte=Value(today) - F("discount_days")),
                then=_discount_day(),
            ),
            default=Coalesce(F("due_on"), Value(NEVER)),
            output_field=DateField(),
        ),
        claimed=Abs(F("total")),
    )


def _asked() -> Exists:
    return Exists(Approval.objects.filter(invoice=OuterRef("pk"), state__in=OPEN_APPROVALS))


def narrowed(
    found: QuerySet[Any], view: str, *, state: str = "", why: str = "", supplier: str = "", q: str = ""
) -> QuerySet[Any]:
    """The desk as somebody looks at it: a view, and what is filtered."""
    if view == OURS:
        found = found.filter(acts=Acts.PAYABLES)
    elif view == APPROVING:
        found = found.filter(_asked())
    elif view == THEIRS:
        found = found.filter(acts=Acts.SUPPLIER)
    elif view == INSIDE:
        found = found.filter(acts__in=[Acts.BUYER, Acts.RECEIVER]).exclude(FOR_GOODS)
    elif view == WAITS:
        found = found.filter(Q(acts=Acts.NOBODY) | Q(state=InvoiceState.SENT) | FOR_GOODS)
    if view not in (APPROVING, ALL):
        # Once an approval is asked, it is that which it waits for, whoever was to act before.
        found = found.exclude(_asked())
    if state:
        found = found.filter(state=state)
    if why:
        checks = MatchCheck.objects.filter(match__invoice=OuterRef("pk"), match__is_current=True, kind=why)
        found = found.filter(Exists(checks))
    if supplier:
        found = found.filter(supplier__number=supplier)
    if q:
        number = Q(number__icontains=q) | Q(supplier__name__icontains=q) | Q(lines__order__number=q)
        found = found.filter(pk__in=found.filter(number).values("pk"))
    return found


def counts(actor: Actor) -> Mapping[str, int]:
    """How many there are in each view; each invoice is in one, and in all. Two queries."""
    found = dict.fromkeys(VIEWS, 0)
    rows = visible_invoices(actor).filter(state__in=OPEN).select_related(None).order_by()
    rows = rows.annotate(for_goods=Case(When(FOR_GOODS, then=True), default=False))
    for acts, state, for_goods, n in rows.values_list("acts", "state", "for_goods").annotate(n=Count("pk")):
        found[ALL] += n
        if view := _view_of(acts, state, for_goods=for_goods):
            found[view] += n
    asked = Approval.objects.visible_to(actor).filter(state__in=OPEN_APPROVALS, invoice__state__in=OPEN)
    asked = asked.annotate(
        for_goods=Case(When(invoice__held_for__key=WAITS_FOR_GOODS, then=True), default=False)
    ).order_by()
    whose = asked.values_list("invoice", "invoice__acts", "invoice__state", "for_goods").distinct()
    for _invoice, acts, state, for_goods in whose:
        found[APPROVING] += 1
        if view := _view_of(acts, state, for_goods=for_goods):
            found[view] -= 1
    return found


def _view_of(acts: str, state: str, *, for_goods: bool) -> str | None:
    if acts == Acts.NOBODY or state == InvoiceState.SENT or for_goods:
        return WAITS
    return _VIEW_OF.get(acts)


_VIEW_OF: Mapping[str, str] = {
    Acts.PAYABLES: OURS,
    Acts.SUPPLIER: THEIRS,
    Acts.BUYER: INSIDE,
    Acts.RECEIVER: INSIDE,
}


def suppliers_on_the_desk(actor: Actor) -> list[tuple[str, str]]:
    """Whose invoices are open: number and name, at most fifty, those with most first. One query."""
    rows = visible_invoices(actor).filter(state__in=OPEN).select_related(None).order_by()
    named = rows.values_list("supplier__number", "supplier__name").annotate(n=Count("pk"))
    return [(number, name) for number, name, _n in named.order_by("-n", "supplier__name")[:50]]


@dataclass(frozen=True, slots=True)
class Beside:
    """What is read beside the invoices of a page: what they did not pass, who is asked, what is asked."""

    checks: Mapping[int, Sequence[MatchCheck]]
    approvals: Mapping[int, Sequence[Approval]]
    questions: Mapping[int, Sequence[InvoiceQuestion]]


def beside(invoices: Sequence[Invoice]) -> Beside:
    """What belongs to the invoices of a page: three queries however many."""
    ids = [one.pk for one in invoices]
    checks: dict[int, list[MatchCheck]] = {}
    rows = MatchCheck.objects.filter(match__invoice__in=ids, match__is_current=True)
    for check in rows.select_related("match").defer("match__checks").order_by("id"):
        checks.setdefault(check.match.invoice_id, []).append(check)
    approvals: dict[int, list[Approval]] = {}
    for one in Approval.objects.filter(invoice__in=ids, state__in=OPEN_APPROVALS).select_related("person"):
        approvals.setdefault(one.invoice_id, []).append(one)
    questions: dict[int, list[InvoiceQuestion]] = {}
    for asked in InvoiceQuestion.objects.filter(invoice__in=ids, state=QuestionState.ASKED):
        questions.setdefault(asked.invoice_id, []).append(asked)
    return Beside(checks, approvals, questions)


@dataclass(frozen=True, slots=True)
class AtStake:
    """What can still be taken off by paying early, and until when."""

    until: date
    amount: Decimal
    currency: str


def at_stake(invoice: Invoice, today: date) -> AtStake | None:
    """The discount of an invoice's terms that can still be had on a day; none beside what was agreed for paying
    early."""
    if invoice.early_discount is not None:
        return None
    until = discount_until(invoice.invoiced_on, invoice.discount_days)
    if until is None or until < today or not invoice.discount_percent:
        return None
    amount = invoice.discount_amount
    return AtStake(until, amount, invoice.currency) if amount > 0 else None


# --- what rules approved ------------------------------------------------------------------------------------

NEWEST = ("-approved_at", "-id")


def approved_by_rule(actor: Actor, *, rule: str = "") -> QuerySet[Any]:
    """What was approved without a person, the newest first, each with the `policy` that let it pass."""
    alone = Match.objects.filter(invoice=OuterRef("pk"), is_current=True, approves_alone=True, outcome=PASSED)
    if rule:
        alone = alone.filter(policy=rule)
    found = visible_invoices(actor).filter(state__in=SETTLED, approved_at__isnull=False)
    return found.filter(Exists(alone))


def policies_named(actor: Actor) -> list[str]:
    """The rules that approved anything, by name. One query."""
    rows = Match.objects.visible_to(actor).filter(is_current=True, approves_alone=True, outcome=PASSED)
    return sorted(set(rows.order_by().values_list("policy", flat=True).distinct()[:50]) - {""})


def reason_key() -> Any:
    """The key of why an invoice is held, for a condition."""
    return KT("held_for__key")
