"""The figures that a formula ranks cases by: a few queries for any number of cases."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max, Min

from procurement.catalogue.models import Company
from procurement.inbox.models import ExceptionCase
from procurement.inbox.policies.kinds import look_of
from procurement.inbox.policies.scoring import INPUTS, Formula, unknown_inputs
from procurement.inbox.states import CaseKind
from procurement.orders.models import Promise
from procurement.orders.states import PromiseKind, PromiseState
from procurement.supply.queries import Exposure, exposures_of_lines
from suppliers.models import Supplier
from suppliers.states import Segment

# What is promised for no day at all weighs as if it came so many days after the stock has run out.
WITHOUT_A_DAY = 30


@dataclass(frozen=True, slots=True)
class Supply:
    """What stock and demand say of a line. None is not known."""

    cover_days: int | None = None
    stock_out_days: int = 0
    short: Decimal = Decimal(0)
    open_demand: Decimal = Decimal(0)
    demand_orders: int = 0


@dataclass(frozen=True, slots=True)
class Weighing:
    """What is read once for many cases."""

    companies: Mapping[int, Company]
    segments: Mapping[int, str]
    slips: Mapping[int, int]
    supply: Mapping[uuid.UUID, Supply]
    at: datetime

    def today(self, case: ExceptionCase) -> date:
        """The date where the case's company is; in UTC where it belongs to none."""
        return self._day(case, self.at)

    def days_since(self, case: ExceptionCase, moment: datetime) -> Decimal:
        """How many calendar days have begun since a moment, where the case's company is; 0 before it."""
        return Decimal(max(0, (self.today(case) - self._day(case, moment)).days))

    def _day(self, case: ExceptionCase, moment: datetime) -> date:
        company = self.companies.get(case.company_id or 0)
        return moment.astimezone(ZoneInfo(company.time_zone if company else "UTC")).date()

    def currency(self, case: ExceptionCase) -> str:
        """The currency of the case's company."""
        company = self.companies.get(case.company_id or 0)
        return company.currency if company else ""


def weigh(cases: Sequence[ExceptionCase], at: datetime) -> Weighing:
    """Read what is needed to rank these cases."""
    lines = {case.line_id for case in cases if case.line_id}
    suppliers = {case.supplier_id for case in cases if case.supplier_id}
    return Weighing(
        {company.pk: company for company in Company.objects.all()},
        dict(Supplier.objects.filter(pk__in=suppliers).values_list("pk", "segment")),
        slips_of(lines) if lines else {},
        supply_of(cases, at),
        at,
    )


def slips_of(lines: Iterable[int]) -> dict[int, int]:
    """How often the last promised day of each of these lines moved to a later one."""
    promises = Promise.objects.filter(line__in=list(lines), delivery_on__isnull=False)
    promises = promises.exclude(kind=PromiseKind.REFUSE).exclude(state=PromiseState.WITHDRAWN)
    rows = promises.values("line_id", "origin").annotate(last=Max("delivery_on"), said=Min("id"))
    found: dict[int, int] = {}
    before: dict[int, date] = {}
    for row in rows.order_by("line_id", "said"):
        line = row["line_id"]
        if line in before and row["last"] > before[line]:
            found[line] = found.get(line, 0) + 1
        before[line] = row["last"]
    return found


def supply_of(cases: Sequence[ExceptionCase], at: datetime) -> dict[uuid.UUID, Supply]:
    """What stock and demand say, by the case's key: one statement for all lines."""
    lines = {case.line_id for case in cases if case.line_id}
    told = exposures_of_lines(lines, at=at) if lines else {}
    return {case.key: _supply(told[case.line_id]) for case in cases if case.line_id in told}


def _supply(exposure: Exposure) -> Supply:
    days = 0
    if exposure.runs_out_before and exposure.stock_out_on:
        arrives = exposure.arrives_on
        days = (arrives - exposure.stock_out_on).days if arrives else WITHOUT_A_DAY
    return Supply(
        cover_days=exposure.cover_days if exposure.on_hand is not None else None,
        stock_out_days=days,
        short=exposure.short or Decimal(0) if days else Decimal(0),
        open_demand=exposure.open_demand,
        demand_orders=exposure.orders_waiting if days else 0,
    )


# --- one case -----------------------------------------------------------------------------------------------


def inputs_of(case: ExceptionCase, weighing: Weighing, formula: Formula) -> dict[str, Decimal]:
    """Every figure of one case, by name."""
    facts, today = case.facts, weighing.today(case)
    found = unknown_inputs()
    asked_on, promised_on = _day(facts.get("asked_on")), _day(facts.get("promised_on"))
    if asked_on:
        found["days_to_need"] = Decimal((asked_on - today).days)
        if case.kind == CaseKind.SHIPMENT_OVERDUE:
            found["days_late"] = Decimal(max(0, (today - asked_on).days))
        elif promised_on:
            found["days_late"] = Decimal(max(0, (promised_on - asked_on).days))
    if case.kind == CaseKind.SHIPMENT_OVERDUE and promised_on:
        found["days_overdue"] = Decimal(max(0, (today - promised_on).days))
    elif case.due_at:
        found["days_overdue"] = weighing.days_since(case, case.due_at)
    found["days_open"] = weighing.days_since(case, case.opened_at)
    found |= amounts_in(
        weighing.currency(case), facts.get("currency"), facts.get("value"), facts.get("extra"), formula
    )
    quantity = _figure(facts.get("quantity"))
    if quantity:
        found["short_percent"] = (_figure(facts.get("short")) / quantity * 100).quantize(Decimal("0.1"))
    found["slips"] = Decimal(weighing.slips.get(case.line_id or 0, 0))
    found["occurrences"] = Decimal(case.occurrences)
    found["round"] = _figure(facts.get("round"))
    segment = weighing.segments.get(case.supplier_id or 0, "")
    found["is_strategic"] = Decimal(segment == Segment.STRATEGIC)
    found["is_core"] = Decimal(segment == Segment.CORE)
    found["kind_weight"] = Decimal(look_of(case.kind).weight)
    if supply := weighing.supply.get(case.key):
        if supply.cover_days is not None:
            found["stock_cover_days"] = Decimal(supply.cover_days)
        found["stock_out_days"] = Decimal(supply.stock_out_days)
        found["stock_short"] = supply.short
        found["open_demand"] = supply.open_demand
        found["demand_orders"] = Decimal(supply.demand_orders)
    return found


def amounts_in(company: str, currency: Any, value: Any, extra: Any, formula: Formula) -> dict[str, Decimal]:
    """The amounts of a case (`value` and `extra` of its facts, in `currency`) in the company's currency."""
    said = str(currency or "")
    rate = Decimal(1) if said == company else formula.rate(said)
    return {"value": _figure(value) * rate, "extra_cost": _figure(extra) * rate}


def kept_inputs(inputs: Mapping[str, Decimal]) -> dict[str, str]:
    """The figures as a case keeps them: those that say something."""
    return {name: f"{value.normalize():f}" for name, value in inputs.items() if value != INPUTS[name].unknown}


def read_inputs(kept: Mapping[str, Any]) -> dict[str, Decimal]:
    """The figures of a case as it keeps them."""
    found = unknown_inputs()
    found.update((name, Decimal(value)) for name, value in kept.items() if name in found)
    return found


def _day(text: Any) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


def _figure(text: Any) -> Decimal:
    return Decimal(text) if text not in (None, "") else Decimal(0)
