"""What hangs on each of many deliveries: one statement, whatever their number.

The rules are those of `supply.policies`, said in SQL; a test holds both against each other in random worlds. The stock
falls in a straight line between the days on which anything comes or is due, so that only these days are looked at.

Note [No loops]: PostgreSQL knows nothing of how many rows a step before had, takes it for a handful, and joins two of
them by looking through one for each row of the other. With thousands that takes minutes. So loops are switched off
for this statement, which then joins by hash; tables are read by arrays of keys, which need no loop to use an index.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from portal.kernel.scope import requires_scope
from procurement.supply.policies import HORIZON_DAYS
from procurement.supply.queries.expected import TO_COME


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the site of a delivery does without it. All quantities are in `unit`, the stock unit.

    `on_hand` is None where the ERP told of no stock of the item at the site; then nothing else is known but what
    customers wait for. If all other deliveries come on the day they are expected and this one never does,
    `stock_out_on` is the first day on which not everybody is served (of a want that others end before it, the
    delivery is innocent), and `cover_days` is how many whole days from today that is away. Both are None where it
    does not happen within the horizon. `arrives_on` is the first day on which something of this delivery is expected;
    None where that day has passed or nobody has said one. `short` is what is owed when that day begins,
    `orders_waiting` how many customers' orders are due from the stock-out on and before it (without such a day:
    within the horizon). `open_demand` and `open_orders` are all open customers' orders of the item at the site.
    """

    unit: str
    as_of: datetime | None
    on_hand: Decimal | None
    safety_stock: Decimal | None
    daily_demand: Decimal | None
    cover_days: int | None
    stock_out_on: date | None
    arrives_on: date | None
    short: Decimal | None
    orders_waiting: int
    open_demand: Decimal
    open_orders: int

    @property
    def runs_out_before(self) -> bool:
        """Whether somebody waits before this delivery arrives."""
        return self.stock_out_on is not None and (
            self.arrives_on is None or self.stock_out_on < self.arrives_on
        )


@requires_scope
def exposures(schedule_ids: Iterable[int], *, at: datetime) -> dict[int, Exposure]:
    """What hangs on each of these deliveries (`ScheduleLine` ids), of known items to a site."""
    return _ask(_SCHEDULES, schedule_ids, at)


@requires_scope
def exposures_of_lines(line_ids: Iterable[int], *, at: datetime) -> dict[int, Exposure]:
    """The same for whole lines (`PurchaseOrderLine` ids): what happens without all that is still to come on each."""
    return _ask(_LINES, line_ids, at)


def _ask(statement: str, ids: Iterable[int], at: datetime) -> dict[int, Exposure]:
    wanted = list(ids)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_LOOPS, ["off"])  # see Note [No loops]
        cursor.execute(statement, {"ids": wanted, "at": at, "last": HORIZON_DAYS - 1})
        found = {row[0]: Exposure(*row[1:]) for row in cursor.fetchall()}
        cursor.execute(_LOOPS, ["on"])
    return found


_LOOPS = "SELECT set_config('enable_nestloop', %s, true)"


_OF_SCHEDULES = (
    "SELECT id, line_id, key AS schedule_key FROM procurement_scheduleline WHERE id = ANY (%(ids)s)"
)
_OF_LINES = """
    SELECT id, id AS line_id, NULL::integer AS schedule_key
    FROM procurement_purchaseorderline WHERE id = ANY (%(ids)s)
"""

# `k` counts the days from today, where the site is. `level` is what there would be at the end of day k if nothing
# left from day to day: what does is taken off by `daily * (k + 1)`. `falls.k` is the first day from `begin` on with
# less than nothing.
_FIGURES = """
wanted_line AS (
    SELECT line.id, line.order_id, line.item_number, line.ship_to_id
    FROM procurement_purchaseorderline line
    WHERE line.id = ANY (ARRAY(SELECT line_id FROM wanted))
),
target AS (
    SELECT wanted.id, wanted.line_id, wanted.schedule_key, item.id AS item_id, item.number, item.unit,
           coalesce(line.ship_to_id, purchase.ship_to_id) AS site_id
    FROM wanted
    JOIN wanted_line line ON line.id = wanted.line_id
    JOIN procurement_purchaseorder purchase ON purchase.id = line.order_id
    JOIN procurement_item item ON item.number = line.item_number
    WHERE purchase.id = ANY (ARRAY(SELECT order_id FROM wanted_line))
      AND item.number = ANY (ARRAY(SELECT item_number FROM wanted_line))
      AND coalesce(line.ship_to_id, purchase.ship_to_id) IS NOT NULL
),
place AS (
    SELECT asked.item_id, asked.site_id, asked.number, coalesce(stock.unit, asked.unit) AS unit,
           stock.on_hand, stock.safety_stock, stock.daily_demand, stock.as_of,
           (%(at)s AT TIME ZONE coalesce(nullif(site.time_zone, ''), company.time_zone))::date AS today
    FROM (SELECT DISTINCT item_id, site_id, number, unit FROM target) asked
    JOIN procurement_site site ON site.id = asked.site_id
    JOIN procurement_company company ON company.id = site.company_id
    LEFT JOIN (
        SELECT * FROM procurement_stockposition WHERE item_id = ANY (ARRAY(SELECT item_id FROM target))
    ) stock ON stock.item_id = asked.item_id AND stock.site_id = asked.site_id
),
"""
_RESULT = """,
arrival AS (
    SELECT place.item_id, place.site_id, to_come.line_id, to_come.schedule_key, to_come.quantity,
           to_come.delivery_on - place.today AS k
    FROM to_come
    JOIN place ON place.number = to_come.item_number AND place.site_id = to_come.site_id AND place.unit = to_come.unit
),
need AS (
    SELECT place.item_id, place.site_id, demand.quantity, greatest(demand.needed_on - place.today, 0) AS k
    FROM place
    JOIN procurement_customerdemand demand
      ON demand.item_id = place.item_id AND demand.site_id = place.site_id AND demand.unit = place.unit
    WHERE demand.item_id = ANY (ARRAY(SELECT item_id FROM place))
),
owed AS (
    SELECT item_id, site_id, sum(quantity) AS quantity, count(*) AS orders FROM need GROUP BY item_id, site_id
),
own AS (
    SELECT target.id, min(arrival.k) AS k
    FROM target
    JOIN arrival USING (item_id, site_id, line_id)
    WHERE arrival.k >= 0 AND arrival.schedule_key = coalesce(target.schedule_key, arrival.schedule_key)
    GROUP BY target.id
),
step AS (
    SELECT target.id, 0 AS k, place.on_hand AS quantity
    FROM target JOIN place USING (item_id, site_id) WHERE place.on_hand IS NOT NULL
    UNION ALL
    SELECT target.id, arrival.k, arrival.quantity
    FROM target JOIN arrival USING (item_id, site_id)
    WHERE arrival.k BETWEEN 0 AND %(last)s AND NOT (
        arrival.line_id = target.line_id
        AND arrival.schedule_key = coalesce(target.schedule_key, arrival.schedule_key)
    )
    UNION ALL
    SELECT target.id, need.k, -need.quantity
    FROM target JOIN need USING (item_id, site_id) WHERE need.k <= %(last)s
),
run AS (
    SELECT id, k, sum(sum(quantity)) OVER (PARTITION BY id ORDER BY k) AS level,
           lead(k, 1, %(last)s + 1) OVER (PARTITION BY id ORDER BY k) AS next_k
    FROM step GROUP BY id, k
),
known AS (
    SELECT target.id, target.item_id, target.site_id, place.today, coalesce(place.daily_demand, 0) AS daily, own.k
    FROM target
    JOIN place USING (item_id, site_id)
    LEFT JOIN own ON own.id = target.id
    WHERE place.on_hand IS NOT NULL
),
falls AS (
    SELECT run.id, run.k AS begin, run.next_k,
           CASE WHEN run.level < 0 THEN run.k
                WHEN known.daily > 0 THEN greatest(run.k, div(run.level, known.daily)) END AS k
    FROM run JOIN known USING (id)
),
served AS (
    SELECT falls.id, max(least(coalesce(falls.k, falls.next_k), falls.next_k, known.k) - 1) AS k
    FROM falls JOIN known USING (id)
    WHERE falls.begin < known.k AND coalesce(falls.k, falls.next_k) > falls.begin
    GROUP BY falls.id
),
stock_out AS (
    SELECT falls.id, min(falls.k)::integer AS k
    FROM falls LEFT JOIN served USING (id)
    WHERE falls.k < falls.next_k AND falls.k > coalesce(served.k, -1)
    GROUP BY falls.id
),
owing AS (
    SELECT run.id, greatest(0, known.daily * known.k - run.level) AS quantity
    FROM run JOIN known USING (id)
    WHERE known.k BETWEEN 1 AND %(last)s AND run.k <= known.k - 1 AND run.next_k > known.k - 1
),
waits AS (
    SELECT known.id, count(*) AS orders
    FROM known
    JOIN stock_out USING (id)
    JOIN need USING (item_id, site_id)
    WHERE need.k BETWEEN stock_out.k AND least(coalesce(known.k - 1, %(last)s), %(last)s)
    GROUP BY known.id
)
SELECT target.id, place.unit, place.as_of, place.on_hand, place.safety_stock, place.daily_demand,
       stock_out.k, place.today + stock_out.k, place.today + own.k,
       CASE WHEN own.k = 0 THEN greatest(0, -place.on_hand) ELSE owing.quantity END,
       coalesce(waits.orders, 0), coalesce(owed.quantity, 0), coalesce(owed.orders, 0)
FROM target
JOIN place USING (item_id, site_id)
LEFT JOIN own ON own.id = target.id
LEFT JOIN stock_out ON stock_out.id = target.id
LEFT JOIN owing ON owing.id = target.id
LEFT JOIN waits ON waits.id = target.id
LEFT JOIN owed ON owed.item_id = target.item_id AND owed.site_id = target.site_id
"""

_SCHEDULES = f"WITH wanted AS ({_OF_SCHEDULES}), {_FIGURES} {TO_COME} {_RESULT}"
_LINES = f"WITH wanted AS ({_OF_LINES}), {_FIGURES} {TO_COME} {_RESULT}"
