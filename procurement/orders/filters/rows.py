"""From what is asked of a list to its rows, the same for pages and for files."""

import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import reduce
from itertools import islice
from operator import or_

from django.db.models import DateField, DateTimeField, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from portal.kernel.actors import Actor
from procurement.orders.filters.asked import ALL, LATE, NEEDS, OPEN, WAITING, Reader, Wanted
from procurement.orders.models import LINE_IS_OPEN, ORDER_IS_OPEN, PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import visible_lines, visible_orders
from procurement.orders.states import Logistics, OrderState, RevisionStatus, Turn
from suppliers.models import Supplier

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
FAR_AWAY = date(9999, 1, 1)

# --- lines --------------------------------------------------------------------------------------------------


def open_lines(lines: QuerySet[PurchaseOrderLine]) -> QuerySet[PurchaseOrderLine]:
    """Lines of live orders on which something is still to come."""
    return lines.filter(LINE_IS_OPEN, order__state=OrderState.ISSUED)


def late_lines(lines: QuerySet[PurchaseOrderLine], today: date) -> QuerySet[PurchaseOrderLine]:
    """Open lines whose last delivery is expected later than asked, or whose next one should be here already."""
    late = Q(next_delivery_on__lt=today) | Q(expected_on__gt=F("last_delivery_on"))
    return open_lines(lines).filter(late)


def _search_lines(
    lines: QuerySet[PurchaseOrderLine], words: Iterable[str], actor: Actor
) -> QuerySet[PurchaseOrderLine]:
    """Lines whose text holds every word; the buying side finds them by the supplier's name too."""
    wanted = list(words)
    # Read first: two indexes can be asked together for values, not for a query inside the query.
    named = _suppliers_named(wanted, actor) if actor.is_company and wanted else {}
    for word in wanted:
        found = Q(search__contains=word)
        if suppliers := named.get(word):
            found |= Q(supplier_id__in=suppliers)
        lines = lines.filter(found)
    return lines


def _suppliers_named(words: Iterable[str], actor: Actor) -> dict[str, list[int]]:
    """The suppliers whose names hold each of these words, in one query."""
    matches = {word: Q(name__icontains=word) for word in words}
    found = Supplier.objects.visible_to(actor).filter(reduce(or_, matches.values()))
    names = list(found.values_list("pk", "name"))
    return {word: [pk for pk, name in names if word in name.lower()] for word in matches}


def show_lines(show: str, reader: Reader) -> QuerySet[PurchaseOrderLine]:
    """The lines of one of the five views everybody has."""
    lines = visible_lines(reader.actor)
    if show == NEEDS:
        return lines.filter(turn=reader.turn)
    if show == WAITING:
        return lines.filter(turn=reader.other_turn)
    if show == LATE:
        return late_lines(lines, reader.today)
    return open_lines(lines) if show == OPEN else lines


def filter_lines(wanted: Wanted, reader: Reader) -> QuerySet[PurchaseOrderLine]:
    """The order lines an address asks for, in no order yet."""
    lines = _search_lines(show_lines(wanted.show, reader), wanted.words, reader.actor)
    if wanted.get("agreement"):
        lines = lines.filter(agreement__in=wanted.get("agreement"), cancelled=False)
    if wanted.get("logistics"):
        lines = lines.filter(logistics__in=wanted.get("logistics"), cancelled=False)
    flags = wanted.get("flag")
    if "stale" in flags:
        lines = open_lines(lines).filter(agreed_revision__lt=F("asked_revision"))
    if "overdue" in flags:
        lines = lines.filter(turn=Turn.SUPPLIER, order__acknowledge_by_at__lt=reader.at)
    if "late" in flags:
        lines = late_lines(lines, reader.today)
    if "mine" in flags:
        lines = lines.filter(order__buyer_email__iexact=reader.email)
    if ended := wanted.get("state"):
        gone = Q(cancelled=True) | Q(order__state=OrderState.CANCELLED)
        done = Q(closed=True) | Q(order__state=OrderState.CLOSED)
        lines = lines.filter((gone if "cancelled" in ended else Q()) | (done if "closed" in ended else Q()))
    if wanted.get("supplier"):
        lines = lines.filter(supplier__in=wanted.get("supplier"))
    if wanted.get("company"):
        lines = lines.filter(order__company__in=wanted.get("company"))
    if sites := wanted.get("site"):
        lines = lines.filter(Q(ship_to__in=sites) | Q(ship_to__isnull=True, order__ship_to__in=sites))
    if wanted.get("since"):
        lines = lines.filter(delivery_on__gte=wanted.get("since"))
    if wanted.get("until"):
        lines = lines.filter(delivery_on__lte=wanted.get("until"))
    return lines


LINE_SORTS = {
    "asked": "delivery_on",
    "expected": "expected_on",
    "order": "order__number",
    "item": "item_number",
    "quantity": "quantity",
    "amount": "amount",
    "agreement": "agreement",
    "logistics": "logistics",
}


# --- orders -------------------------------------------------------------------------------------------------


DONE = (Logistics.RECEIVED, Logistics.CLOSED_SHORT)


def is_open_order(order: PurchaseOrder) -> bool:
    """Whether something is still to come on it."""
    return order.state == OrderState.ISSUED and order.logistics not in DONE


def open_orders(orders: QuerySet[PurchaseOrder]) -> QuerySet[PurchaseOrder]:
    """Live orders on which something is still to come."""
    return orders.filter(ORDER_IS_OPEN)


def late_orders(orders: QuerySet[PurchaseOrder], reader: Reader) -> QuerySet[PurchaseOrder]:
    """Orders with a late line."""
    late = late_lines(visible_lines(reader.actor), reader.today)
    return open_orders(orders).filter(pk__in=late.values("order_id"))


def show_orders(show: str, reader: Reader) -> QuerySet[PurchaseOrder]:
    """The orders of one of the five views everybody has."""
    orders = visible_orders(reader.actor)
    waits = {Turn.SUPPLIER: Q(lines_for_supplier__gt=0), Turn.BUYER: Q(lines_for_buyer__gt=0)}
    if show == NEEDS:
        return orders.filter(waits[Turn(reader.turn)])
    if show == WAITING:
        return orders.filter(waits[Turn(reader.other_turn)])
    if show == LATE:
        return late_orders(orders, reader)
    return open_orders(orders) if show == OPEN else orders


def filter_orders(wanted: Wanted, reader: Reader) -> QuerySet[PurchaseOrder]:
    """The orders an address asks for, in no order yet."""
    orders = show_orders(wanted.show, reader)
    if wanted.words:
        # A line's text holds its order's number; an order without lines is found by its own.
        found = _search_lines(visible_lines(reader.actor), wanted.words, reader.actor).values("order_id")
        orders = orders.filter(Q(pk__in=found) | Q(number__contains=wanted.values["q"]))
    if wanted.get("agreement"):
        orders = orders.filter(agreement__in=wanted.get("agreement"))
    if wanted.get("logistics"):
        orders = orders.filter(logistics__in=wanted.get("logistics"))
    flags = wanted.get("flag")
    if "stale" in flags:
        orders = orders.filter(revision_status=RevisionStatus.STALE)
    if "overdue" in flags:
        orders = orders.filter(lines_for_supplier__gt=0, acknowledge_by_at__lt=reader.at)
    if "late" in flags:
        orders = late_orders(orders, reader)
    if "mine" in flags:
        orders = orders.filter(buyer_email__iexact=reader.email)
    if wanted.get("state"):
        orders = orders.filter(state__in=wanted.get("state"))
    if wanted.get("supplier"):
        orders = orders.filter(supplier__in=wanted.get("supplier"))
    if wanted.get("company"):
        orders = orders.filter(company__in=wanted.get("company"))
    if sites := wanted.get("site"):
        lines = visible_lines(reader.actor).filter(ship_to__in=sites)
        orders = orders.filter(Q(ship_to__in=sites) | Q(pk__in=lines.values("order_id")))
    if wanted.get("since") or wanted.get("until"):
        lines = visible_lines(reader.actor).filter(cancelled=False)
        if wanted.get("since"):
            lines = lines.filter(delivery_on__gte=wanted.get("since"))
        if wanted.get("until"):
            lines = lines.filter(delivery_on__lte=wanted.get("until"))
        orders = orders.filter(pk__in=lines.values("order_id"))
    return orders


ORDER_SORTS = {
    "ordered": "ordered_on",
    "number": "number",
    "due": "due_at",
    "next": "next_on",
    "amount": "total_amount",
    "agreement": "agreement",
    "logistics": "logistics",
    "supplier": "supplier__name",
    "company": "company__name",
}


def with_sort_values(orders: QuerySet[PurchaseOrder]) -> QuerySet[PurchaseOrder]:
    """Give every order a day to sort by: what has none comes last."""
    return orders.annotate(
        due_at=Coalesce("acknowledge_by_at", Value(NEVER), output_field=DateTimeField()),
        next_on=Coalesce("next_delivery_on", Value(FAR_AWAY), output_field=DateField()),
    )


# --- order of rows ------------------------------------------------------------------------------------------

DEFAULT_SORTS = {
    "lines": {ALL: "-asked"},
    "orders": {NEEDS: "due", WAITING: "due", LATE: "next", OPEN: "next"},
}


def default_sort(page: str, show: str) -> str:
    """How a view stands when its address names no order: what hurts most first."""
    return DEFAULT_SORTS[page].get(show) or ("asked" if page == "lines" else "-ordered")


def sorting(page: str, wanted: Wanted) -> tuple[str, tuple[str, ...]]:
    """The name of the order of rows, and the fields behind it; the last one makes it total."""
    sorts = LINE_SORTS if page == "lines" else ORDER_SORTS
    name = str(wanted.values.get("sort") or "")
    if name.lstrip("-") not in sorts or name.startswith("--"):
        name = default_sort(page, wanted.show)
    minus = "-" if name.startswith("-") else ""
    # Within a day the lines of an order stand as in the order, whichever way the days run.
    last = "id" if page == "lines" else f"{minus}id"
    return name, (f"{minus}{sorts[name.lstrip('-')]}", last)


# --- rows picked by hand ------------------------------------------------------------------------------------

MOST_PICKS = 1000


def read_picks(picks: Iterable[str]) -> dict[str, int]:
    """The rows somebody ticked, each with its order's version that was on the screen.

    A box says `<row>.<version>`; what says anything else was not ours.
    """
    found: dict[str, int] = {}
    for pick in islice(picks, MOST_PICKS):
        row, _dot, version = pick.partition(".")
        if version.isdecimal() and len(version) < 10:
            found[row] = int(version)
    return found


def picked_lines(picks: Mapping[str, int], actor: Actor) -> QuerySet[PurchaseOrderLine]:
    """The lines somebody ticked, as far as they may see them."""
    return visible_lines(actor).filter(
        pk__in=[int(row) for row in picks if row.isdecimal() and len(row) < 19]
    )


def picked_orders(picks: Mapping[str, int], actor: Actor) -> QuerySet[PurchaseOrder]:
    """The orders somebody ticked, as far as they may see them."""
    keys = []
    for row in picks:
        with suppress(ValueError):
            keys.append(uuid.UUID(row))
    return visible_orders(actor).filter(key__in=keys)
