"""The stock of an item at a site: one sentence, the picture, and every row that it was made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.templatetags.portal_ui import day_text, quantity_text
from procurement.orders.models import PurchaseOrderLine, ScheduleLine
from procurement.supply.policies import (
    HORIZON_DAYS,
    ZERO,
    Delivery,
    Need,
    Projection,
    Stock,
    is_of,
    project,
    waiting,
    without,
)
from procurement.supply.presenters.chart import Chart, Drawn, draw
from procurement.supply.queries import Coming, Supply

OLD = timedelta(days=2)
MOST_NAMES = 3
MOST_ROWS = 80


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that moves the stock, and what is left at the end of its day; None where it is not counted on."""

    day: date | None
    what: str
    who: str
    change: Decimal
    left: Decimal | None
    tone: str = ""
    order_key: str = ""
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class StockPanel:
    """What the page shows of an item at a site.

    `verdict` says which sentence: `unknown` (no stock was told), `short` (somebody waits before the delivery comes),
    `never` (nothing of it comes any more), `no_day` (stock runs out, and nobody has said when it comes), `in_time`,
    `lasts`; without a delivery `runs_out` or `lasts`. `arrives_on`, `short` and `orders` are of the delivery that is
    asked about, `stock_out_on` is the day without it.
    """

    supply: Supply
    verdict: str
    stock_out_on: date | None
    arrives_on: date | None
    asked_on: date | None
    short: Decimal
    orders: int
    names: str
    chart: Chart | None
    title: str
    notes: Sequence[str]
    rows: Sequence[Row]
    more_rows: int
    horizon: int = HORIZON_DAYS


def stock_panel(
    supply: Supply,
    *,
    at: datetime,
    line: PurchaseOrderLine | None = None,
    schedules: Sequence[ScheduleLine] = (),
    schedule_key: int | None = None,
) -> StockPanel:
    """The stock at a site, seen from one delivery (or line) where there is one; `schedules` are what is asked on it."""
    own = [one for one in supply.deliveries if line is not None and is_of(one, line.pk, schedule_key)]
    arrives = min((one.day for one in own if one.day and one.day >= supply.today), default=None)
    asked = [one for one in schedules if schedule_key in (None, one.key)]
    asked_on = min((one.delivery_on for one in asked), default=None)
    stock = supply.stock
    if stock is None:
        return _unknown(supply, arrives, asked_on)
    expected = _projected(supply, stock, supply.deliveries)
    others = without(supply.deliveries, line.pk, schedule_key) if line else supply.deliveries
    without_it = _projected(supply, stock, others) if line else expected
    out = without_it.runs_out_without(arrives)
    short = (without_it.short_before(arrives) if arrives else None) or ZERO
    late = waiting(supply.needs, without_it, out, arrives)
    as_asked = _as_asked(supply, stock, others, asked, own) if line else None
    rows = _rows(supply, expected, line, schedule_key)
    drawn = Drawn(
        expected,
        as_asked if asked_on != arrives else None,
        supply.position.safety_stock if supply.position else None,
        asked_on,
        arrives,
        short,
        len(late),
    )
    return StockPanel(
        supply=supply,
        verdict=_verdict(line, own, out, arrives, short),
        stock_out_on=out,
        arrives_on=arrives,
        asked_on=asked_on,
        short=short,
        orders=len(late),
        names=_names(late),
        chart=draw(drawn),
        title=_title(supply, expected, out, arrives, short),
        notes=_notes(supply, expected, at),
        rows=rows[:MOST_ROWS],
        more_rows=max(0, len(rows) - MOST_ROWS),
    )


def _projected(supply: Supply, stock: Stock, deliveries: Sequence[Delivery]) -> Projection:
    return project(stock, supply.needs, deliveries, first=supply.today)


def _as_asked(
    supply: Supply,
    stock: Stock,
    others: Sequence[Delivery],
    asked: Sequence[ScheduleLine],
    own: Sequence[Delivery],
) -> Projection | None:
    """What there would be if the delivery came as it was asked for: as much as is still to come, on the days asked."""
    if not asked or min(one.delivery_on for one in asked) < supply.today:
        return None
    if len(asked) == 1:
        quantity = sum((one.quantity for one in own), ZERO) or asked[0].quantity
        wanted = [Delivery(asked[0].delivery_on, quantity)]
    else:
        wanted = [Delivery(one.delivery_on, one.quantity) for one in asked]
    return _projected(supply, stock, [*others, *wanted])


def _unknown(supply: Supply, arrives: date | None, asked_on: date | None) -> StockPanel:
    owed = sum((one.quantity for one in supply.demand), ZERO)
    return StockPanel(
        supply=supply,
        verdict="unknown",
        stock_out_on=None,
        arrives_on=arrives,
        asked_on=asked_on,
        short=owed,
        orders=len(supply.demand),
        names=_names(supply.needs),
        chart=None,
        title="",
        notes=(),
        rows=(),
        more_rows=0,
    )


def _verdict(
    line: PurchaseOrderLine | None,
    own: Sequence[Delivery],
    out: date | None,
    arrives: date | None,
    short: Decimal,
) -> str:
    if out is None:
        return "lasts"
    if line is None:
        return "runs_out"
    if not own:
        return "never"
    if arrives is None:
        return "no_day"
    return "short" if short else "in_time"


def _names(late: Sequence[Need]) -> str:
    """For Kelso Water, Tyne Process and 2 others."""
    names = list(
        dict.fromkeys(one.customer or one.reference for one in late if one.customer or one.reference)
    )
    if not names:
        return ""
    if len(names) <= MOST_NAMES:
        *most, last = names
        return _("%(names)s and %(last)s") % {"names": ", ".join(most), "last": last} if most else last
    more = len(names) - MOST_NAMES
    text = ngettext("%(names)s and %(n)d other", "%(names)s and %(n)d others", more)
    return text % {"names": ", ".join(names[:MOST_NAMES]), "n": more}


def _title(
    supply: Supply, expected: Projection, out: date | None, arrives: date | None, short: Decimal
) -> str:
    """What the picture shows, for those who do not see it."""
    parts = [
        _("Expected stock of %(item)s at %(site)s from %(first)s on.")
        % {"item": supply.item.number, "site": supply.site.name, "first": day_text(expected.first)}
    ]
    if out:
        parts.append(_("It falls below zero on %(day)s.") % {"day": day_text(out)})
    if arrives:
        parts.append(_("The delivery arrives on %(day)s.") % {"day": day_text(arrives)})
    if short:
        parts.append(
            _("Before that, %(quantity)s are short.") % {"quantity": quantity_text(short, supply.unit)}
        )
    return " ".join(parts)


def _notes(supply: Supply, expected: Projection, at: datetime) -> list[str]:
    """What a reader has to know to believe the picture no more than it deserves."""
    held = supply.position
    notes: list[str] = []
    if held is None:
        return notes
    if at - held.as_of > OLD:
        days = (at - held.as_of).days
        notes.append(
            ngettext("The ERP told this %(n)d day ago.", "The ERP told this %(n)d days ago.", days)
            % {"n": days}
        )
    if held.safety_stock and (day := expected.below(held.safety_stock)):
        notes.append(_("Below the safety stock from %(day)s on.") % {"day": day_text(day)})
    if held.daily_demand is None:
        notes.append(_("The ERP tells no daily demand: only customers’ orders are counted."))
    left_out = [one for one in supply.coming if one.day is None or one.day < supply.today]
    if left_out:
        text = ngettext(
            "%(n)d delivery is overdue or has no day, and is not counted on.",
            "%(n)d deliveries are overdue or have no day, and are not counted on.",
            len(left_out),
        )
        notes.append(text % {"n": len(left_out)})
    if supply.other_demand:
        text = ngettext(
            "%(n)d customer order in another unit is not counted.",
            "%(n)d customer orders in another unit are not counted.",
            len(supply.other_demand),
        )
        notes.append(text % {"n": len(supply.other_demand)})
    return notes


STATES = {"agreed": "done", "proposed": "talk", "asked": "wait"}


def _rows(
    supply: Supply, expected: Projection, line: PurchaseOrderLine | None, schedule_key: int | None
) -> list[Row]:
    """Everything that was counted, day by day, and at the end what was not."""
    ends = {day.on: day.end for day in expected.days}
    assert supply.position is not None
    first = Row(supply.today, _("on hand"), "", supply.position.on_hand, None)
    moves = [_need_row(one, supply.today, ends) for one in supply.needs]
    moves += [_coming_row(one, supply.today, ends, line, schedule_key) for one in supply.coming]
    counted = sorted(
        (row for row in moves if row.left is not None), key=lambda row: (row.day or date.max, -row.change)
    )
    rest = [row for row in moves if row.left is None]
    return [first, *counted, *rest]


def _need_row(need: Need, today: date, ends: dict[date, Decimal]) -> Row:
    who = " · ".join(filter(None, (need.customer, need.reference)))
    return Row(need.day, _("customer order"), who, -need.quantity, ends.get(max(need.day, today)))


def _coming_row(
    coming: Coming,
    today: date,
    ends: dict[date, Decimal],
    line: PurchaseOrderLine | None,
    schedule_key: int | None,
) -> Row:
    words = {
        "agreed": _("delivery, agreed"),
        "proposed": _("delivery, promised"),
        "asked": _("delivery, asked"),
    }
    is_counted = coming.day is not None and coming.day >= today
    order = coming.line.order
    return Row(
        day=coming.day,
        what=words[coming.state],
        who=f"{coming.line.supplier.name} · {order.number} · {coming.line.number}",
        change=coming.quantity,
        left=ends.get(coming.day) if is_counted and coming.day else None,
        tone=STATES[coming.state],
        order_key=str(order.key),
        is_own=line is not None and is_of(coming.delivery, line.pk, schedule_key),
    )
