"""What waits for a supplier, in the order of what hurts; what is due soon; and what happened lately."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, Max, Q, QuerySet, Sum, When, Window
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import day_text, money_text
from procurement.acknowledgments.models import DraftAnswer
from procurement.acknowledgments.queries import side_of
from procurement.clocks.queries import Offices
from procurement.orders.models import OrderRevision, Promise, PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import visible_lines, visible_orders
from procurement.orders.states import Agreement, OrderState, PromiseState, Turn
from procurement.tolerances.presenters.sentences import lateness
from procurement.workbench.policies import given_name, time_left
from procurement.workbench.presenters import Entry, entry_of, field_word, lines_text, shown_value
from procurement.workbench.queries.answer import deadline_of
from procurement.workbench.queries.changes import OnOrder, changes_at_home
from procurement.workbench.queries.dock import AtDock, dock_at_home
from procurement.workbench.queries.invoices import InvoiceAtHome, invoices_at_home

MOST_WAITING = 20
MOST_LATE = 10
MOST_SOON = 8
SOON = timedelta(days=14)
NEWS = (
    "order.received",
    "order.revised",
    "order.cancelled",
    "order.answer_accepted",
    "order.answer_declined",
    "change.proposed",
    "change.countered",
    "change.accepted",
    "change.declined",
    "change.withdrawn",
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
    changes: list[OnOrder] = field(default_factory=list)
    change_count: int = 0
    dock: list[AtDock] = field(default_factory=list)
    invoices: list[InvoiceAtHome] = field(default_factory=list)
    invoice_count: int = 0

    @property
    def count(self) -> int:
        return self.waiting_orders + self.late + self.change_count + len(self.dock) + self.invoice_count


def supplier_home(actor: Actor, at: datetime) -> Home:
    """Everything the supplier's home shows: fourteen queries, however much waits, and two where something moved."""
    waiting = visible_orders(actor).filter(lines_for_supplier__gt=0, state=OrderState.ISSUED)
    with_totals = waiting.annotate(
        all_orders=Window(Count("pk")),
        all_lines=Window(Sum("lines_for_supplier")),
        all_overdue=Window(Count(Case(When(acknowledge_by_at__lt=at, then=1)))),
    )
    shown: list[Any] = list(
        with_totals.select_related("company", "supplier").order_by("acknowledge_by_at", "id")[:MOST_WAITING]
    )
    details = _details(shown, actor)
    today = at.astimezone(ZoneInfo(shown[0].supplier.time_zone)).date() if shown else at.date()
    home = Home()
    if shown:
        home.waiting_orders = shown[0].all_orders
        home.waiting_lines = shown[0].all_lines
        home.overdue = shown[0].all_overdue
    due = _due(actor, today)
    events = _events(actor)
    orders = _orders_of(actor, due, events)
    late = [_late_todo(orders[one.order], one, today) for one in due.late[:MOST_LATE]]
    home.late = len(due.late)
    offices = Offices()
    answers = [_todo(order, details, at, offices) for order in shown]
    overdue = [todo for todo in answers if todo.tone == "stop"]
    home.todos = [*overdue, *late, *(todo for todo in answers if todo.tone != "stop")]
    home.arrivals = [
        Arrival(one.on, (one.on - today).days, orders[one.order], one.lines, one.item) for one in due.soon
    ]
    home.changes, home.change_count = changes_at_home(actor)
    home.dock = dock_at_home(actor)
    home.invoices, home.invoice_count = invoices_at_home(actor)
    home.news = _news(events, orders, actor)
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
    talked_of: dict[int, list[PurchaseOrderLine]]
    declined: dict[int, list[Promise]]
    changes: dict[tuple[int, int], list[dict[str, str]]]
    typed: dict[int, int]


def _details(orders: list[PurchaseOrder], actor: Actor) -> _Details:
    """What is to be said of each order that waits: two queries for all of them, and two where something moved."""
    ids = [order.pk for order in orders]
    lines: dict[int, list[PurchaseOrderLine]] = defaultdict(list)
    moved = Q(agreement=Agreement.DISPUTED) | Q(asked_revision__gt=1)
    talked_of = PurchaseOrderLine.objects.filter(moved, order_id__in=ids, turn=Turn.SUPPLIER).only(
        "id", "order_id", "number", "agreement", "asked_revision", "agreed_revision"
    )
    for line in talked_of.order_by("order_id", "number", "id"):
        lines[line.order_id].append(line)
    disputed = [line.pk for found in lines.values() for line in found if line.agreement == Agreement.DISPUTED]
    declined: dict[int, list[Promise]] = defaultdict(list)
    for promise in Promise.objects.filter(line_id__in=disputed, state=PromiseState.DECLINED).select_related(
        "line"
    ):
        declined[promise.line.order_id].append(promise)
    changes: dict[tuple[int, int], list[dict[str, str]]] = {}
    revisions = OrderRevision.objects.filter(order_id__in=list(lines), number__gt=1)
    for order_id, number, found_changes in revisions.values_list("order_id", "number", "changes"):
        changes[order_id, number] = found_changes
    drafts = DraftAnswer.objects.filter(order_id__in=ids, side=side_of(actor)).values("order_id")
    typed = {row["order_id"]: row["count"] for row in drafts.annotate(count=Count("id"))}
    return _Details(lines, declined, changes, typed)


def _todo(order: PurchaseOrder, details: _Details, at: datetime, offices: Offices) -> Todo:
    lines, count = details.talked_of[order.pk], order.lines_for_supplier
    buyer = given_name(order.buyer_name) or order.company.name
    deadline = deadline_of(order, at, offices)
    disputed = [line for line in lines if line.agreement == Agreement.DISPUTED]
    reopened = [line for line in lines if line.asked_revision > 1]
    typed = details.typed.get(order.pk, 0)
    tone, glyph = "wait", "wait"
    old_new: tuple[tuple[str, str, str], ...] = ()
    action, confirm = "", 0
    facts = [
        order.company.name,
        ngettext("one line", "%(n)d lines", count) % {"n": count},
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
        confirm = 0 if typed else count
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


@dataclass(frozen=True, slots=True)
class _Due:
    """So many agreed lines of an order that are due on one day; of a late order the earliest day."""

    order: int
    on: date
    lines: int
    item: str


@dataclass(frozen=True, slots=True)
class _DueSoon:
    late: list[_Due]
    soon: list[_Due]

    @property
    def orders(self) -> set[int]:
        return {one.order for one in (*self.late[:MOST_LATE], *self.soon)}


def _due(actor: Actor, today: date) -> _DueSoon:
    """What was agreed and has not come by its day, the latest first; and what is due in the next fourteen days."""
    agreed = _open_lines(actor).filter(agreement=Agreement.AGREED, next_delivery_on__lte=today + SOON)
    days = agreed.values("order_id", "next_delivery_on").annotate(lines=Count("id"), item=Max("description"))
    late: dict[int, _Due] = {}
    soon: list[_Due] = []
    for day in days.order_by("next_delivery_on", "order_id"):
        order, on, lines, item = day["order_id"], day["next_delivery_on"], day["lines"], day["item"]
        if on >= today:
            soon.append(_Due(order, on, lines, item))
            continue
        first = late.get(order)
        late[order] = (
            _Due(order, first.on, first.lines + lines, item) if first else _Due(order, on, lines, item)
        )
    return _DueSoon(sorted(late.values(), key=lambda one: (one.on, one.order)), soon[:MOST_SOON])


def _late_todo(order: PurchaseOrder, late: _Due, today: date) -> Todo:
    title = _("Delivery of order %(number)s was due on %(day)s")
    words = ngettext("one line has not arrived", "%(n)d lines have not arrived", late.lines)
    wish = _("tell the buyer when it comes")
    return Todo(
        "stop",
        "alert",
        title % {"number": order.number, "day": day_text(late.on)},
        f"{words % {'n': late.lines}} · {wish}",
        lateness((today - late.on).days),
        day_text(late.on),
        order,
        action=_("Look"),
    )


def _events(actor: Actor) -> list[Any]:
    """What the other side did lately."""
    events = (
        AuditEvent.objects.visible_to(actor)
        .filter(kind__in=NEWS, internal=False)
        .exclude(actor_side="supplier")
    )
    return list(events.order_by("-at", "-id")[:8])


def _key_of(event: Any) -> str:
    return str(event.stream).removeprefix("order:")


def _orders_of(actor: Actor, due: _DueSoon, events: list[Any]) -> dict[int | str, PurchaseOrder]:
    """The orders that are spoken of, by id and by key, in one query."""
    wanted = Q(pk__in=due.orders) | Q(key__in={_key_of(event) for event in events})
    found: dict[int | str, PurchaseOrder] = {}
    for order in visible_orders(actor).filter(wanted).select_related("company"):
        found[order.pk] = found[str(order.key)] = order
    return found


def _news(events: list[Any], orders: dict[int | str, PurchaseOrder], actor: Actor) -> list[News]:
    told = [(event, orders.get(_key_of(event))) for event in events]
    return [News(entry_of(event, reader_id=actor.user_id), order) for event, order in told if order]
