"""What waits for the buyer: lines answered otherwise than asked, the most pressing first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _

from portal.kernel.actors import Actor
from portal.kernel.web import Page, paginate
from procurement.orders.models import Promise, PurchaseOrderLine, ScheduleLine
from procurement.orders.queries import live_promises_by_line, schedules_by_line, visible_lines
from procurement.orders.states import PromiseKind, PromiseState, Turn
from procurement.workbench.queries.compare import Compared, compare
from suppliers.models import Supplier

PAGE_SIZE = 50
# What is refused, or promised for no day at all, weighs as if it came so late.
WITHOUT_A_DAY = 30
ORDER = ("-pressing", "delivery_on", "id")

KINDS: Mapping[str, Lazy] = {
    "late": _("Later than asked"),
    "price": _("Another price"),
    "split": _("Split"),
    "substitute": _("Substitute"),
    "backorder": _("Backorder"),
    "refused": _("Refused"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of it: mine or everybody's, of one supplier, with one kind of difference."""

    email: str = ""
    supplier: str = ""
    kind: str = ""


def waiting_lines(actor: Actor, wanted: Wanted) -> QuerySet[PurchaseOrderLine]:
    """The lines on which the buyer holds the ball."""
    lines = visible_lines(actor).filter(turn=Turn.BUYER)
    if wanted.email:
        lines = lines.filter(of_buyer(wanted.email))
    if wanted.supplier:
        lines = lines.filter(supplier__number=wanted.supplier)
    return _of_kind(lines, wanted.kind) if wanted.kind else lines


def of_buyer(email: str) -> Q:
    """Orders of this buyer; one without a buyer waits for everybody."""
    return Q(order__buyer_email__iexact=email) | Q(order__buyer_email="")


def by_pressure(lines: QuerySet[PurchaseOrderLine]) -> QuerySet[PurchaseOrderLine]:
    """With `pressing`: days late × value of the line; refused or undated weighs as `WITHOUT_A_DAY` days."""
    days = Func(
        F("expected_on"),
        F("need_on"),
        template="(%(expressions)s)",
        arg_joiner=" - ",
        output_field=IntegerField(),
    )
    undated = _promises(kind__in=[PromiseKind.REFUSE, PromiseKind.BACKORDER], delivery_on=None)
    return (
        lines.annotate(need_on=_need_on())
        .annotate(
            days=Greatest(
                days,
                Case(When(Exists(undated), then=Value(WITHOUT_A_DAY)), default=Value(0)),
                Value(0),
                output_field=IntegerField(),
            )
        )
        .annotate(
            pressing=ExpressionWrapper(
                F("days") * F("amount"), output_field=DecimalField(max_digits=30, decimal_places=4)
            )
        )
    )


def _need_on() -> Coalesce:
    last = ScheduleLine.objects.filter(line=OuterRef("pk")).order_by("-delivery_on").values("delivery_on")[:1]
    return Coalesce(Subquery(last), F("delivery_on"))


def _promises(**wanted: object) -> QuerySet[Promise]:
    return Promise.objects.filter(line=OuterRef("pk"), state=PromiseState.PROPOSED, **wanted)


def _of_kind(lines: QuerySet[PurchaseOrderLine], kind: str) -> QuerySet[PurchaseOrderLine]:
    if kind == "late":
        return lines.alias(last_asked=_need_on()).filter(expected_on__gt=F("last_asked"))
    if kind == "price":
        other = _promises().exclude(kind=PromiseKind.REFUSE)
        other = other.alias(
            promised=F("price") * F("line__price_per"), asked=F("line__price") * F("price_per")
        ).exclude(promised=F("asked"))
        return lines.filter(Exists(other))
    if kind == "split":
        days = _counted(_promises().exclude(kind=PromiseKind.REFUSE))
        asked = _counted(ScheduleLine.objects.filter(line=OuterRef("pk")))
        return lines.alias(promised_days=days, asked_days=asked).filter(promised_days__gt=F("asked_days"))
    kinds = {
        "substitute": PromiseKind.SUBSTITUTE,
        "backorder": PromiseKind.BACKORDER,
        "refused": PromiseKind.REFUSE,
    }
    return lines.filter(Exists(_promises(kind=kinds[kind]))) if kind in kinds else lines.none()


def _counted(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("line").annotate(days=Count("delivery_on", distinct=True)).values("days")
    return Coalesce(Subquery(counted), Value(0))


def page_of_decisions(actor: Actor, wanted: Wanted, cursor: str) -> tuple[Page, list[Compared]]:
    """One page of what waits, each line beside its promises: three queries however many lines."""
    lines = by_pressure(waiting_lines(actor, wanted)).select_related("order", "supplier")
    page = paginate(lines, cursor, order=ORDER, size=PAGE_SIZE)
    if cursor and not page.rows:
        page = paginate(lines, "", order=ORDER, size=PAGE_SIZE)
    return page, compared(page.rows)


def compared(lines: Sequence[PurchaseOrderLine]) -> list[Compared]:
    """Lines with their order loaded, each beside its promises."""
    schedules = schedules_by_line(line.pk for line in lines)
    promises = live_promises_by_line(line.pk for line in lines)
    return [compare(line, line.order, schedules[line.pk], promises[line.pk]) for line in lines]


def counts(actor: Actor, email: str) -> dict[str, int]:
    """How many lines wait for this buyer, and for all buyers together."""
    found = visible_lines(actor).filter(turn=Turn.BUYER)
    return found.aggregate(mine=Count("pk", filter=of_buyer(email)), all=Count("pk"))


def suppliers_waiting(actor: Actor, email: str) -> list[tuple[str, str, int]]:
    """The suppliers something waits from: number, name, how many lines; most first."""
    lines = waiting_lines(actor, Wanted(email=email))
    rows = lines.values("supplier__number").annotate(count=Count("pk"), name=Max("supplier__name"))
    return [(row["supplier__number"], row["name"], row["count"]) for row in rows.order_by("-count", "name")]


def find_supplier_name(number: str, actor: Actor) -> str:
    """The name behind a supplier's number, for a filter that is set."""
    return (
        Supplier.objects.visible_to(actor).filter(number=number).values_list("name", flat=True).first() or ""
    )
