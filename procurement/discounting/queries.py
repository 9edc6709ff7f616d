"""What is offered for which invoice, and what was agreed.

Note [What the company grants]: a policy is the company's. It is read under the company's scope, taken for just that
(tolerances: Note [In the company's name]), so that a supplier's scope has no right on policies at all; what leaves here
are the days and figures that its own invoices are offered.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel
from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import NotFound
from portal.kernel.scope import acting
from procurement.calendars.policies import WorkingCalendar, add_working_days, is_working_day
from procurement.catalogue.models import Company
from procurement.clocks.queries import Offices
from procurement.discounting.models import DiscountPolicy, EarlyPayment
from procurement.discounting.policies import (
    TELLING_DAYS,
    DiscountRule,
    Offer,
    offers,
    which_counts,
    within_budget,
)
from procurement.discounting.states import STANDING, DiscountPolicyState, EarlyState
from procurement.invoices.models import Invoice
from procurement.invoices.policies.terms import discount_until
from procurement.invoices.states import InvoiceKind, InvoiceState
from procurement.payables.policies import week_of

DRAFTED = "discounting.policy_drafted"
RULES = Actor.system("early payment", Channel.RULE)
_BUDGETS = 0x6561726C  # "earl": who agrees under a budget of one company
# Notes about an invoice that stand for nothing any more.
_GONE = (
    InvoiceState.DISCARDED,
    InvoiceState.REPLACED,
    InvoiceState.WITHDRAWN,
    InvoiceState.REJECTED,
    InvoiceState.VOIDED,
)


# --- policies -----------------------------------------------------------------------------------------------


def discount_policies(actor: Actor) -> QuerySet[DiscountPolicy]:
    """The policies this actor may read: all on the buying side, none for a supplier."""
    found = DiscountPolicy.objects.select_related("company").order_by("company__name", "name", "id")
    return found.none() if actor.is_supplier else found


def find_discount_policy(key: uuid.UUID, *, actor: Actor) -> DiscountPolicy:
    """One policy. Raises `NotFound`."""
    found = discount_policies(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such policy."))
    return found


def lock_discount_policy(key: uuid.UUID, *, actor: Actor) -> DiscountPolicy:
    """One policy, held until the transaction ends. Raises `NotFound`."""
    found = discount_policies(actor).filter(key=key).select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound(_("There is no such policy."))
    return found


def has_written(policy: DiscountPolicy, actor: Actor) -> bool:
    """Whether this person wrote any version of a draft, however many came after. One query."""
    if actor.user_id is None:
        return False
    drafted = AuditEvent.objects.filter(stream=policy.stream, kind=DRAFTED, actor_user_id=actor.user_id)
    return policy.author_id == actor.user_id or drafted.exists()


def is_in_use(actor: Actor) -> bool:
    """Whether a policy acts, or anything was ever agreed. Up to two queries."""
    acting_ones = discount_policies(actor).filter(state=DiscountPolicyState.ACTIVE)
    return acting_ones.exists() or early_payments(actor).exists()


# --- what is offered ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offered:
    """What is offered for an invoice: the policy behind it, the day on which it is planned to be paid else, and the
    days on which it can be paid instead, the soonest first; never none."""

    invoice: Invoice
    policy_id: int
    rule: DiscountRule
    planned_on: date
    offers: Sequence[Offer]

    @property
    def best(self) -> Offer:
        """The soonest."""
        return self.offers[0]

    def on(self, day: date) -> Offer | None:
        """What is offered for one day."""
        return next((one for one in self.offers if one.pay_on == day), None)


def offered_for(invoices: Iterable[Invoice], at: datetime) -> Mapping[int, Offered]:
    """What is offered for each of these invoices, by id; nothing is there for those of which nothing is. One query
    where no company has switched it on, up to eight else, however many invoices.

    Nothing is offered but for an invoice that is approved and not scheduled, claims nothing less than it says, has no
    note about it, and was not agreed to be paid early already. The invoices have `company` and `supplier` at hand.
    """
    asked = [one for one in invoices if _may_be_offered(one)]
    if not asked:
        return {}
    with acting(RULES):
        return _offered(asked, at)


def _may_be_offered(invoice: Invoice) -> bool:
    return (
        invoice.state == InvoiceState.APPROVED
        and invoice.kind == InvoiceKind.INVOICE
        and invoice.early_discount is None
        and (invoice.pay_on or invoice.due_on) is not None
    )


def _offered(asked: Sequence[Invoice], at: datetime) -> dict[int, Offered]:
    rows = list(
        DiscountPolicy.objects.filter(
            company__in={one.company_id for one in asked}, state=DiscountPolicyState.ACTIVE
        )
    )
    if not rows:
        return {}
    by_key = {str(one.key): one for one in rows}
    barred = _barred(asked)
    offices = Offices()
    days = {one.company_id: PayDays.of(one.company, at, offices) for one in asked}
    budgeted = [one for one in rows if one.weekly_budget is not None]
    spent = spent_by_week(budgeted, min(one.today for one in days.values()))
    found: dict[int, Offered] = {}
    for one in asked:
        if one.pk in barred:
            continue
        calendar = days[one.company_id]
        written = which_counts(
            (row.as_written() for row in rows if row.company_id == one.company_id),
            supplier=one.supplier.number,
            segment=one.supplier.segment,
            currency=one.currency,
            today=calendar.today,
        )
        if written is None:
            continue
        policy = by_key[written.key]
        made = _offers(one, written.rule, calendar)
        made = within_budget(made, written.rule.weekly_budget, spent.get(policy.pk, {}))
        if made:
            planned_on = one.pay_on or one.due_on
            assert planned_on is not None  # `_may_be_offered` has looked
            found[one.pk] = Offered(one, policy.pk, written.rule, planned_on, made)
    return found


def spent_by_week(policies: Iterable[DiscountPolicy], since: date) -> dict[int, dict[date, Decimal]]:
    """What is paid early of those whom these policies speak of, by policy and the Monday of the week, from the week of
    `since` on: what is agreed, and what is paid, under whatever policy it was agreed. So a policy that takes another's
    place, or stands beside it, begins with what the other has spent. What was taken back, ended or lapsed is free
    again. One query, none for no policy.
    """
    asked = list(policies)
    found: dict[int, dict[date, Decimal]] = {}
    if not asked:
        return found
    rows = EarlyPayment.objects.filter(
        invoice__company__in={one.company_id for one in asked},
        currency__in={one.currency for one in asked},
        pay_on__gte=week_of(since),
        state__in=STANDING,
    ).order_by()
    whose = ("invoice__company_id", "currency", "supplier__segment", "supplier__number", "pay_on")
    told = list(rows.values_list(*whose).annotate(pays=Sum(F("total") - F("discount"))))
    for policy in asked:
        weeks = found.setdefault(policy.pk, {})
        for company, currency, segment, number, day, pays in told:
            if (company, currency) == (policy.company_id, policy.currency) and policy.speaks_of(
                segment=segment, number=number
            ):
                weeks[week_of(day)] = weeks.get(week_of(day), Decimal(0)) + pays
    return found


def hold_budget(company: int) -> None:
    """Hold the budgets of a company, so that of two who agree under them at one moment the second finds what the first
    has spent. The invoice is held before it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_BUDGETS, company & 0x7FFFFFFF])


@dataclass(frozen=True, slots=True)
class WeekLeft:
    """What is left of a policy's budget in a week, named by its Monday."""

    week: date
    left: Decimal


def weeks_left(policy: DiscountPolicy, today: date) -> list[WeekLeft]:
    """What is left of a policy's budget in this week, and in every later one of which something is spent. One query
    where it has one.
    """
    if policy.weekly_budget is None:
        return []
    spent = spent_by_week([policy], today).get(policy.pk, {})
    this_week = week_of(today)
    weeks = sorted({this_week, *(week for week in spent if week > this_week)})
    return [WeekLeft(week, policy.weekly_budget - spent.get(week, Decimal(0))) for week in weeks]


def _offers(invoice: Invoice, rule: DiscountRule, calendar: "PayDays") -> Sequence[Offer]:
    planned_on = invoice.pay_on or invoice.due_on
    assert planned_on is not None  # `_may_be_offered` has looked
    return offers(
        invoice.total,
        invoice.currency,
        rule,
        earliest=calendar.after(rule.pay_days),
        planned_on=planned_on,
        terms_until=discount_until(invoice.invoiced_on, invoice.discount_days)
        if invoice.discount_percent
        else None,
        is_pay_day=calendar.is_pay_day,
    )


def _barred(asked: Sequence[Invoice]) -> set[int]:
    """Those that a note is about, or that were agreed on already. Two queries."""
    ids = [one.pk for one in asked]
    standing = EarlyPayment.objects.filter(invoice__in=ids, state__in=STANDING)
    barred = set(standing.values_list("invoice_id", flat=True))
    documents = {one.document: one.pk for one in asked}
    notes = Invoice.objects.filter(corrects__document__in=documents).exclude(state__in=_GONE)
    barred.update(documents[one] for one in notes.values_list("corrects__document", flat=True))
    return barred


@dataclass(frozen=True, slots=True)
class PayDays:
    """The days on which a company pays: its working days. `today` is its own."""

    today: date
    calendar: WorkingCalendar

    @classmethod
    def of(cls, company: Company, at: datetime, offices: Offices) -> "PayDays":
        """Those of a company, at a moment."""
        return cls(at.astimezone(ZoneInfo(company.time_zone)).date(), offices.of_company(company))

    def after(self, days: int) -> date:
        """So many working days from today on."""
        return add_working_days(self.today, days, self.calendar)

    def is_pay_day(self, day: date) -> bool:
        """Whether money leaves on it."""
        return is_working_day(day, self.calendar)

    def told_until(self, pay_on: date) -> date:
        """The last day on which the ERP may still tell that it has paid on a day."""
        return add_working_days(pay_on, TELLING_DAYS, self.calendar)


# --- what was agreed ----------------------------------------------------------------------------------------


def early_payments(actor: Actor) -> QuerySet[EarlyPayment]:
    """What was agreed, as far as this actor may see, each with its invoice, company and supplier."""
    found: QuerySet[EarlyPayment] = EarlyPayment.objects.visible_to(actor)
    return found.select_related("invoice__company", "invoice__supplier", "supplier")


def standing_for(invoice: Invoice, *, actor: Actor) -> EarlyPayment | None:
    """What was agreed for an invoice and stands: to be paid early, or paid so."""
    found: EarlyPayment | None = (
        early_payments(actor).filter(invoice__document=invoice.document, state__in=STANDING).first()
    )
    return found


def last_for(invoices: Iterable[Invoice], *, actor: Actor) -> Mapping[int, EarlyPayment]:
    """What was agreed last for each of these invoices, by the invoice's id. One query."""
    ids = [one.pk for one in invoices]
    rows = early_payments(actor).filter(invoice__in=ids).order_by("id") if ids else ()
    return {row.invoice_id: row for row in rows}


def lock_early(pk: int) -> EarlyPayment:
    """What was agreed, held until the transaction ends; its invoice is held before it."""
    found: EarlyPayment = EarlyPayment.objects.select_for_update(of=("self",)).get(pk=pk)
    return found


@dataclass(frozen=True, slots=True)
class Earned:
    """What early payments of one currency come to: agreed and not paid yet, and earned."""

    currency: str
    agreed: Decimal
    earned: Decimal


def earned(actor: Actor) -> list[Earned]:
    """What has been agreed and what was earned, by currency. One query."""
    rows = (
        EarlyPayment.objects.visible_to(actor)
        .filter(state__in=STANDING)
        .order_by("currency")
        .values("currency")
        .annotate(
            agreed=Sum("discount", filter=Q(state=EarlyState.AGREED)),
            earned=Sum("discount", filter=Q(state=EarlyState.PAID)),
        )
    )
    zero = Decimal(0)
    return [Earned(one["currency"], one["agreed"] or zero, one["earned"] or zero) for one in rows]
