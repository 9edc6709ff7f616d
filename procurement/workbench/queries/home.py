"""What waits for a supplier, in the order of what hurts; what is due soon; and what happened lately."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import day_text, money_text
from procurement.acknowledgments.models import DraftAnswer
from procurement.acknowledgments.queries import side_of
from procurement.orders.models import OrderRevision, Promise, PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import visible_lines, visible_orders
from procurement.orders.states import Agreement, OrderState, PromiseState, Turn
from procurement.workbench.policies import given_name, lateness, time_left
from procurement.workbench.presenters import Entry, entry_of, field_word, lines_text, shown_value
from procurement.workbench.queries.answer import deadline_of

MOST_WAITING = 20
MOST_LATE = 10
SOON = timedelta(days=14)
NEWS = (
    "order.received",
    "order.revised",
    "order.cancelled",
    "order.answer_accepted",
    "order.answer_declined",
    "order.goods_received",
)


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing that waits: what, the facts, by when, and the one button that finishes it."""

    tone: str
    glyph: str
    title: str
    text: str
    due: str
    due_on: str
    order: PurchaseOrder
    confirm: int = 0
    action: str = ""
    old_new: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery that is due soon."""

    on: date
    days: int
    order: PurchaseOrder
    lines: int
    first_item: str


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened, with the order it happened on."""

    entry: Entry
    order: PurchaseOrder


@dataclass(slots=True)
class Home:
    """The first page of a supplier."""

    todos: list[Todo] = field(default_factory=list)
    waiting_orders: int = 0
    waiting_lines: int = 0
    open_lines: int = 0
    late: int = 0
    overdue: int = 0
    due_today: int = 0
    arrivals: list[Arrival] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    has_orders: bool = False

    @property
    def count(self) -> int:
        return self.waiting_orders + self.late


def supplier_home(actor: Actor, at: datetime) -> Home:
    """Everything the supplier's home shows: nine queries, however much waits."""
    waiting = visible_orders(actor).filter(lines_for_supplier__gt=0, state=OrderState.ISSUED)
    totals = waiting.aggregate(
        orders=Count("pk"),
        lines=Sum("lines_for_supplier"),
        overdue=Count("pk", filter=Q(acknowledge_by_at__lt=at)),
    )
    shown = list(
        waiting.select_related("company", "supplier").order_by("acknowledge_by_at", "id")[:MOST_WAITING]
    )
    details = _details(shown, actor)
    today = at.astimezone(ZoneInfo(shown[0].supplier.time_zone)).date() if shown else at.date()
    late, late_count = _late(actor, today)
    home = Home(
        waiting_orders=totals["orders"],
        waiting_lines=totals["lines"] or 0,
        overdue=totals["overdue"],
        late=late_count,
    )
    answers = [_todo(order, details, at) for order in shown]
    overdue = [todo for todo in answers if todo.tone == "stop"]
    home.todos = [*overdue, *late, *(todo for todo in answers if todo.tone != "stop")]
    home.arrivals = _arrivals(actor, today)
    home.news = _news(actor)
    home.open_lines = _open_lines(actor).count()
    home.has_orders = bool(shown or home.open_lines or home.news) or visible_orders(actor).exists()
    return home


def _open_lines(actor: Actor) -> QuerySet[PurchaseOrderLine]:
    return (
        visible_lines(actor)
        .filter(order__state=OrderState.ISSUED, cancelled=False, closed=False)
        .exclude(logistics="received")
    )


@dataclass(slots=True)
class _Details:
    lines: dict[int, list[PurchaseOrderLine]]
    declined: dict[int, list[Promise]]
    changes: dict[tuple[int, int], list[dict[str, str]]]
    typed: dict[int, int]


def _details(orders: list[PurchaseOrder], actor: Actor) -> _Details:
    """What is to be said of each order that waits: four queries for all of them."""
    ids = [order.pk for order in orders]
    lines: dict[int, list[PurchaseOrderLine]] = defaultdict(list)
    waiting = PurchaseOrderLine.objects.filter(order_id__in=ids, turn=Turn.SUPPLIER).only(
        "id", "order_id", "number", "agreement", "asked_revision", "agreed_revision"
    )
    for line in waiting.order_by("order_id", "number", "id"):
        lines[line.order_id].append(line)
    disputed = [line.pk for found in lines.values() for line in found if line.agreement == Agreement.DISPUTED]
    declined: dict[int, list[Promise]] = defaultdict(list)
    for promise in Promise.objects.filter(line_id__in=disputed, state=PromiseState.DECLINED).select_related(
        "line"
    ):
        declined[promise.line.order_id].append(promise)
    changes: dict[tuple[int, int], list[dict[str, str]]] = {}
    revisions = OrderRevision.objects.filter(order_id__in=ids, number__gt=1)
    for order_id, number, found_changes in revisions.values_list("order_id", "number", "changes"):
        changes[order_id, number] = found_changes
    drafts = DraftAnswer.objects.filter(order_id__in=ids, side=side_of(actor)).values("order_id")
    typed = {row["order_id"]: row["count"] for row in drafts.annotate(count=Count("id"))}
    return _Details(lines, declined, changes, typed)


def _todo(order: PurchaseOrder, details: _Details, at: datetime) -> Todo:
    lines = details.lines[order.pk]
    buyer = given_name(order.buyer_name) or order.company.name
    deadline = deadline_of(order, at)
    disputed = [line for line in lines if line.agreement == Agreement.DISPUTED]
    reopened = [line for line in lines if line.asked_revision > 1]
    typed = details.typed.get(order.pk, 0)
    tone, glyph = "wait", "wait"
    old_new: tuple[tuple[str, str, str], ...] = ()
    action, confirm = "", 0
    facts = [
        order.company.name,
        ngettext("one line", "%(n)d lines", len(lines)) % {"n": len(lines)},
        money_text(order.total_amount, order.currency),
    ]
    if disputed:
        tone, glyph, action = "talk", "talk", _("Look")
        numbers = lines_text(line.number for line in disputed)
        title = _("%(buyer)s did not accept %(lines)s of order %(number)s")
        title %= {"buyer": buyer, "lines": numbers, "number": order.number}
        reasons = list(
            dict.fromkeys(one.decision_note for one in details.declined[order.pk] if one.decision_note)
        )
        if reasons:
            facts = [" ".join(f"“{reason}”" for reason in reasons[:2])]
    elif reopened:
        tone, glyph, action = "talk", "stale", _("Look")
        numbers = lines_text(line.number for line in reopened)
        title = _("Revision %(revision)d of order %(number)s changes %(lines)s")
        title %= {"revision": order.revision, "number": order.number, "lines": numbers}
        old_new = _old_new(order, reopened, details)
    else:
        title = _("Answer order %(number)s") % {"number": order.number}
        confirm = 0 if typed else len(lines)
    if typed:
        action, confirm = _("Continue answer"), 0
        words = ngettext(
            "your draft is saved, one line changed", "your draft is saved, %(n)d lines changed", typed
        )
        facts.append(words % {"n": typed})
    due, due_on = "", ""
    if deadline is not None:
        due = time_left(deadline)
        zone = ZoneInfo(deadline.zone)
        here = deadline.at.astimezone(zone)
        due_on = f"{day_text(here)}, {here:%H:%M}"
        if deadline.is_over:
            tone, glyph = "stop", "alert"
    return Todo(tone, glyph, title, " · ".join(facts), due, due_on, order, confirm, action, old_new)


def _old_new(
    order: PurchaseOrder, lines: list[PurchaseOrderLine], details: _Details
) -> tuple[tuple[str, str, str], ...]:
    numbers = {str(line.number) for line in lines}
    newest = max(line.asked_revision for line in lines)
    found: list[tuple[str, str, str]] = []
    for change in details.changes.get((order.pk, newest), []):
        name = change["field"]
        if change["line"] in numbers and change["did"] == "reopened" and name not in ("line", "ship_to"):
            label = _("line %(number)s, %(field)s") % {"number": change["line"], "field": field_word(name)}
            found.append((label, shown_value(name, change["old"]), shown_value(name, change["new"])))
    return tuple(found[:2])


def _agreed_lines(actor: Actor) -> QuerySet[PurchaseOrderLine]:
    return _open_lines(actor).filter(agreement=Agreement.AGREED)


def _late(actor: Actor, today: date) -> tuple[list[Todo], int]:
    """Orders of which something agreed has not come by its day, the latest first."""
    late = _agreed_lines(actor).filter(next_delivery_on__lt=today)
    groups = list(
        late.values("order_id")
        .annotate(lines=Count("id"), since=Min("next_delivery_on"))
        .order_by("since", "order_id")[:MOST_LATE]
    )
    orders = _orders_by_id(actor, [group["order_id"] for group in groups])
    todos = []
    for group in groups:
        order, since = orders[group["order_id"]], group["since"]
        title = _("Delivery of order %(number)s was due on %(day)s")
        words = ngettext("one line has not arrived", "%(n)d lines have not arrived", group["lines"])
        wish = _("tell the buyer when it comes")
        text = f"{words % {'n': group['lines']}} · {wish}"
        todos.append(
            Todo(
                "stop",
                "alert",
                title % {"number": order.number, "day": day_text(since)},
                text,
                lateness((today - since).days),
                day_text(since),
                order,
                action=_("Look"),
            )
        )
    return todos, late.aggregate(orders=Count("order_id", distinct=True))["orders"]


def _arrivals(actor: Actor, today: date) -> list[Arrival]:
    """What is due in the next fourteen days, by order and day."""
    soon = _agreed_lines(actor).filter(next_delivery_on__gte=today, next_delivery_on__lte=today + SOON)
    groups = list(
        soon.values("order_id", "next_delivery_on")
        .annotate(lines=Count("id"), item=Max("description"))
        .order_by("next_delivery_on", "order_id")[:8]
    )
    orders = _orders_by_id(actor, [group["order_id"] for group in groups])
    return [
        Arrival(
            group["next_delivery_on"],
            (group["next_delivery_on"] - today).days,
            orders[group["order_id"]],
            group["lines"],
            group["item"],
        )
        for group in groups
    ]


def _orders_by_id(actor: Actor, ids: list[int]) -> dict[int, PurchaseOrder]:
    return {order.pk: order for order in visible_orders(actor).filter(pk__in=ids).select_related("company")}


def _news(actor: Actor) -> list[News]:
    """What the other side did lately."""
    events = AuditEvent.objects.visible_to(actor).filter(kind__in=NEWS, internal=False)
    newest: list[Any] = list(events.order_by("-at", "-id")[:8])
    keys = {event.stream.removeprefix("order:") for event in newest}
    orders = {str(order.key): order for order in visible_orders(actor).filter(key__in=keys)}
    found = [(event, orders.get(event.stream.removeprefix("order:"))) for event in newest]
    return [News(entry_of(event, reader_id=actor.user_id), order) for event, order in found if order]
