"""Orders as lines and as orders, for both sides: what needs you first."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import DecimalField, F, QuerySet
from django.db.models.functions import Greatest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_htmx.http import trigger_client_event

from portal.kernel.access import door
from portal.kernel.bulk import count_at_most, sums_at_most
from portal.kernel.mould import Moulds, Words
from portal.kernel.templatetags.portal_ui import (
    day,
    day_text,
    figure,
    local,
    money,
    money_text,
    price,
    quantity,
    quantity_text,
)
from portal.kernel.web import paginate
from procurement.orders.filters import (
    ListFilters,
    Reader,
    Wanted,
    bar_of,
    filter_lines,
    filter_orders,
    is_open_order,
    show_lines,
    show_orders,
    sorting,
    understand,
    with_sort_values,
)
from procurement.orders.filters.asked import ALL, LATE, NEEDS, OPEN, WAITING
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine, SavedView
from procurement.orders.queries import live_promises_by_line
from procurement.orders.states import Agreement, OrderState, PromiseKind, RevisionStatus
from suppliers.roles import Permission

PAGE_SIZE = 50
COUNT_AT_MOST = 1000


@door(Permission.ORDER_VIEW)
def line_list(request: HttpRequest) -> HttpResponse:
    """Every order line one may see, as one list across orders."""
    reader, form, wanted = _asked(request)
    found = filter_lines(wanted, reader)
    sort, fields = sorting("lines", wanted)
    rows = found.select_related("order", "order__company", "supplier")
    narrow = reader.actor.is_company
    page = paginate(rows, request.GET.get("cursor", ""), order=fields, size=PAGE_SIZE, narrow=narrow)
    promises = live_promises_by_line(line.pk for line in page.rows)
    still_open = Greatest(F("quantity") - F("received_quantity"), 0, output_field=DecimalField())
    counted = found.annotate(still_open=still_open).order_by(*fields)
    totals = _totals(counted, "amount", "order__currency", "still_open", "unit")
    context = _context(request, reader, form, wanted, "lines", _lines_in_order) | {
        "page": page,
        "rows": [_line_row(line, promises[line.pk], reader) for line in page.rows],
        "sort": sort,
        "totals": totals,
        "count_text": lines_text(totals.count),
    }
    return _list(request, "procurement/orders/line_list.html", context)


@door(Permission.ORDER_VIEW)
def order_list(request: HttpRequest) -> HttpResponse:
    """Every order one may see."""
    reader, form, wanted = _asked(request)
    found = filter_orders(wanted, reader)
    sort, fields = sorting("orders", wanted)
    rows = with_sort_values(found).select_related("company", "supplier", "ship_to")
    page = paginate(rows, request.GET.get("cursor", ""), order=fields, size=PAGE_SIZE)
    totals = _totals(rows.order_by(*fields), "total_amount", "currency")
    context = _context(request, reader, form, wanted, "orders", show_orders) | {
        "page": page,
        "rows": [_order_row(order, reader) for order in page.rows],
        "sort": sort,
        "totals": totals,
        "count_text": orders_text(totals.count),
    }
    return _list(request, "procurement/orders/order_list.html", context)


def _asked(request: HttpRequest) -> tuple[Reader, ListFilters, Wanted]:
    reader = reader_of(request)
    form = ListFilters(request.GET, actor=reader.actor)
    return reader, form, understand(form)


def reader_of(request: HttpRequest) -> Reader:
    """Who looks, and when."""
    email = getattr(request.user, "email", "")
    return Reader(request.actor, request.at, email)  # type: ignore[attr-defined]  # set by the door


def _list(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    moulds = Moulds(f"{template}#row", context, request)
    context["rows"] = [moulds.row(shape, words) for shape, words in context["rows"]]
    # A boosted link names the panel it fills: then the panel alone is enough.
    narrow = request.htmx and request.htmx.target == "list-panel"  # type: ignore[attr-defined]
    response = render(request, f"{template}#list-panel" if narrow else template, context)
    # The same address is a page for a browser and a panel for htmx: no cache may take one for the other.
    patch_vary_headers(response, ("HX-Request", "HX-Target"))
    return (
        trigger_client_event(response, "announce", {"value": context["count_text"]}) if narrow else response
    )


def _context(
    request: HttpRequest,
    reader: Reader,
    form: ListFilters,
    wanted: Wanted,
    page: str,
    show: Callable[[str, Reader], QuerySet[Any]],
) -> dict[str, Any]:
    counts = count_at_most({name: show(name, reader) for name in COUNTED}, COUNT_AT_MOST)
    saved = SavedView.objects.visible_to(reader.actor).filter(user_id=reader.actor.user_id, page=page)
    query = request.GET.copy()
    query.pop("cursor", None)
    here = query.urlencode()
    views = _views(reader, wanted, counts, list(saved.order_by("name")), here)
    return {
        "bar": bar_of(request.GET, form, wanted, reader),
        "views": views,
        "current_saved": next((view for view in views if view["current"] and view["saved"]), None),
        "query": here,
        "show": wanted.show,
        "sentence": _sentence(reader, counts, page),
        "searched": wanted.values.get("q") or "",
        "is_supplier": reader.actor.is_supplier,
        "may_confirm": reader.actor.may(Permission.ORDER_ACKNOWLEDGE) and reader.actor.is_supplier,
        "may_answer": reader.actor.may(Permission.ORDER_ACKNOWLEDGE)
        or reader.actor.may(Permission.ORDER_ANSWER_FOR),
        "may_ship": reader.actor.may(Permission.SHIPMENT_WRITE),
        "may_invoice": reader.actor.may(Permission.INVOICE_WRITE),
        "may_export": reader.actor.may(Permission.ORDER_EXPORT),
        "segments": [
            {
                "url": reverse("line-list"),
                "label": _("Lines"),
                "icon": "list-details",
                "current": page == "lines",
            },
            {
                "url": reverse("order-list"),
                "label": _("Orders"),
                "icon": "file-text",
                "current": page == "orders",
            },
        ],
    }


def _lines_in_order(show: str, reader: Reader) -> QuerySet[PurchaseOrderLine]:
    # See Note [Counted in order] in portal/kernel/bulk.py.
    return show_lines(show, reader).order_by("delivery_on", "id")


# --- views over a list --------------------------------------------------------------------------------------

COUNTED = (NEEDS, WAITING, LATE, OPEN)


def _views(
    reader: Reader, wanted: Wanted, counts: dict[str, int], saved: Sequence[SavedView], here: str
) -> list[dict[str, Any]]:
    waiting = _("Waiting for the buyer") if reader.actor.is_supplier else _("Waiting for suppliers")
    needs = _("Needs you")
    if not reader.holds_the_ball:
        needs = _("Waiting for an answer") if reader.actor.is_supplier else _("Waiting for a buyer")
    labels = {
        NEEDS: needs,
        WAITING: waiting,
        LATE: _("Late"),
        OPEN: _("All open"),
        ALL: _("All"),
    }
    kept = next((view for view in saved if view.query == here), None)
    views = [
        {
            "url": f"?show={show}",
            "label": label,
            "count": capped(counts[show]) if show in counts else "",
            "hot": show == NEEDS and counts[NEEDS] > 0 and reader.holds_the_ball,
            "current": kept is None and wanted.show == show,
            "saved": None,
        }
        for show, label in labels.items()
    ]
    return views + [
        {"url": f"?{view.query}", "label": view.name, "current": view is kept, "saved": view}
        for view in saved
    ]


def capped(count: int) -> str:
    """A count that was not taken further than need be: 21, or 1,000+."""
    return f"{figure(COUNT_AT_MOST)}+" if count > COUNT_AT_MOST else figure(count)


def lines_text(count: int) -> str:
    """So many lines, in words."""
    return ngettext("%(count)s line", "%(count)s lines", count) % {"count": capped(count)}


def orders_text(count: int) -> str:
    """So many orders, in words."""
    return ngettext("%(count)s order", "%(count)s orders", count) % {"count": capped(count)}


def _sentence(reader: Reader, counts: dict[str, int], page: str) -> str:
    words = {name: (lines_text if page == "lines" else orders_text)(count) for name, count in counts.items()}
    if not counts[OPEN]:
        return _("Nothing is open.")
    parts = [_("%(lines)s open.") % {"lines": words[OPEN]}]
    if counts[NEEDS] and reader.actor.is_supplier:
        said = ngettext("%(lines)s needs your answer.", "%(lines)s need your answer.", counts[NEEDS])
        parts.append(said % {"lines": words[NEEDS]})
    elif counts[NEEDS]:
        said = ngettext("%(lines)s needs a decision.", "%(lines)s need a decision.", counts[NEEDS])
        parts.append(said % {"lines": words[NEEDS]})
    if counts[LATE]:
        parts.append(_("%(lines)s late.") % {"lines": words[LATE]})
    return " ".join(parts)


# --- rows ---------------------------------------------------------------------------------------------------


# See Note [Mould] in portal/kernel/mould.py.


class LineShape(NamedTuple):
    """What a line's row decides on; the rest of it is words."""

    late: bool
    has_part: bool
    promised: bool
    cancelled: bool
    agreement: str
    stale: bool
    logistics: str


class OrderShape(NamedTuple):
    """What an order's row decides on; the rest of it is words."""

    revised: bool
    has_buyer: bool
    owed: bool
    due: bool
    overdue: bool
    has_next: bool
    late: bool
    state: str
    agreement: str
    partly: bool
    logistics: str


def _line_row(
    line: PurchaseOrderLine, promises: Sequence[Promise], reader: Reader
) -> tuple[LineShape, Words]:
    order = line.order
    is_open = line.is_open and order.state == OrderState.ISSUED
    late = _late_line(line, reader.today) if is_open else ""
    promise = promise_text(promises)
    part = line.supplier_part_number if reader.actor.is_supplier else ""
    shape = LineShape(
        late=bool(late),
        has_part=bool(part),
        promised=bool(promise),
        cancelled=line.cancelled or order.state == OrderState.CANCELLED,
        agreement=line.agreement,
        stale=line.revision_status == RevisionStatus.STALE,
        logistics=line.logistics,
    )
    by = (line.price_per, line.unit) if line.price_per != 1 else ()
    return shape, {
        "pick": f"{line.pk}.{order.version}",
        "exact": str(line.amount),
        "currency": order.currency,
        "url": reverse("order", args=[order.key]),
        "order": order.number,
        "number": line.number,
        "party": order.company.name if reader.actor.is_supplier else line.supplier.name,
        "asked": day(line.delivery_on),
        "late": late,
        "item": line.item_number,
        "part": part,
        "description": line.description,
        "open": quantity(line.open_quantity, line.unit),
        "price": price(line.price, order.currency, *by),
        "promise": promise,
        "amount": money(line.amount, order.currency),
    }


def _late_line(line: PurchaseOrderLine, today: date) -> str:
    if line.next_delivery_on and line.next_delivery_on < today:
        return late_text(line.next_delivery_on, line.next_delivery_on, today)
    return late_text(line.last_delivery_on or line.delivery_on, line.expected_on, today)


def _order_row(order: PurchaseOrder, reader: Reader) -> tuple[OrderShape, Words]:
    due = order.acknowledge_by_at
    late = ""
    if order.next_delivery_on and order.next_delivery_on < reader.today and is_open_order(order):
        late = late_text(order.next_delivery_on, order.next_delivery_on, reader.today)
    shape = OrderShape(
        revised=order.revision > 1,
        has_buyer=bool(order.buyer_name),
        owed=bool(order.lines_for_supplier),
        due=due is not None,
        overdue=bool(order.lines_for_supplier and due and due < reader.at),
        has_next=order.next_delivery_on is not None,
        late=bool(late),
        state=order.state,
        agreement=order.agreement,
        partly=order.agreement != Agreement.AGREED and 0 < order.lines_agreed < order.line_count,
        logistics=order.logistics,
    )
    agreed = _("%(agreed)s of %(all)s agreed") % {"agreed": order.lines_agreed, "all": order.line_count}
    return shape, {
        "pick": f"{order.key}.{order.version}",
        "exact": str(order.total_amount),
        "currency": order.currency,
        "url": reverse("order", args=[order.key]),
        "number": order.number,
        "revision": order.revision,
        "company": order.company.name,
        "supplier": order.supplier.name,
        "buyer": order.buyer_name,
        "ordered": day(order.ordered_on),
        "due": local(due),
        "next": day(order.next_delivery_on),
        "late": late,
        "lines": figure(order.line_count),
        "agreed": agreed if shape.partly else "",
        "amount": money(order.total_amount, order.currency),
    }


def promise_text(promises: Sequence[Promise]) -> str:
    """What was promised on a line, in a few words."""
    standing = [promise for promise in promises if promise.kind != PromiseKind.REFUSE]
    if not standing:
        return _("refused") if promises else ""
    days = sorted({promise.delivery_on for promise in standing if promise.delivery_on})
    if not days:
        return _("backorder, no day")
    if len(days) == 1:
        return day_text(days[0])
    return _("%(count)d deliveries to %(day)s") % {"count": len(days), "day": day_text(days[-1])}


def late_text(asked: date, expected: date, today: date) -> str:
    """How late an open line is, in words; nothing when it is not."""
    if expected < today:
        days = (today - expected).days
        return ngettext("%(n)d day overdue", "%(n)d days overdue", days) % {"n": days}
    days = (expected - asked).days
    return ngettext("%(n)d day late", "%(n)d days late", days) % {"n": days} if days > 0 else ""


# --- totals -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Totals:
    """How many rows, and what they come to: not said beyond a thousand rows, nor across units."""

    count: int
    amounts: tuple[str, ...]
    quantity: str


def _totals(rows: QuerySet[Any], amount: str, currency: str, *goods: str) -> Totals:
    """`goods` are what is open of a row and its unit, where rows have that."""
    found = sums_at_most(rows, (amount, *goods[:1]), (currency, *goods[1:]), COUNT_AT_MOST)
    count = sum(number for number, *_rest in found)
    if count > COUNT_AT_MOST:
        return Totals(count, (), "")
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    units: dict[str, Decimal] = defaultdict(Decimal)
    for _number, summed, *rest in found:
        if goods:
            still_open, money_of, unit = rest
            units[unit] += still_open
        else:
            (money_of,) = rest
        amounts[money_of] += summed
    one_unit = next(iter(units.items())) if len(units) == 1 else None
    return Totals(
        count=count,
        amounts=tuple(money_text(amount, currency) for currency, amount in sorted(amounts.items())),
        quantity=quantity_text(one_unit[1], one_unit[0]) if one_unit else "",
    )
