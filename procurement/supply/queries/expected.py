"""What is on its way, in SQL: the deliveries of open lines as planning should see them.

For each line the pieces that were agreed or wait for the buyer; where there are none (nobody has answered, or the
buyer has declined it all), what is asked. A piece that is refused never comes; a substitute comes, but is another
item. What was received fills the earliest deliveries first, those without a day last (domain.md §3, §5.2); then what
is on its way does, the soonest first, and comes on the day on which its ship notice is expected.

Rows are found by arrays (`= ANY (ARRAY(…))`), which use an index however many there are: see Note [No loops].

`TO_COME` needs a table expression `place` with the `number` of each item that is asked about. It gives `to_come`: one
row for each delivery of which something is still to come, and one more for each part of it that is on its way, with the
site that it goes to and the unit of its line.
"""

TO_COME = """
open_line AS (
    SELECT line.id, line.order_id, line.item_number, line.unit, line.received_quantity, line.ship_to_id,
           line.on_the_way
    FROM procurement_purchaseorderline line
    WHERE line.item_number = ANY (ARRAY(SELECT number FROM place))
      AND NOT line.cancelled AND NOT line.closed AND line.received_quantity < line.quantity
),
coming_line AS (
    SELECT line.id, line.item_number, line.unit, line.received_quantity, line.on_the_way,
           coalesce(line.ship_to_id, purchase.ship_to_id) AS site_id
    FROM open_line line
    JOIN procurement_purchaseorder purchase ON purchase.id = line.order_id
    WHERE purchase.id = ANY (ARRAY(SELECT order_id FROM open_line)) AND purchase.state = 'issued'
),
promised AS (
    SELECT line.id AS line_id, promise.schedule_key, promise.piece, promise.quantity, promise.delivery_on,
           promise.kind, promise.state, coalesce(promise.ship_to_id, line.site_id) AS site_id
    FROM coming_line line
    JOIN procurement_promise promise ON promise.line_id = line.id
    WHERE promise.line_id = ANY (ARRAY(SELECT id FROM coming_line)) AND promise.state IN ('proposed', 'agreed')
),
expected AS (
    SELECT line_id, schedule_key, piece, quantity, delivery_on, kind, state, site_id
    FROM promised WHERE kind <> 'refuse'
    UNION ALL
    SELECT line.id, schedule.key, 0, schedule.quantity, schedule.delivery_on, 'asked', 'asked', line.site_id
    FROM coming_line line
    JOIN procurement_scheduleline schedule ON schedule.line_id = line.id
    WHERE schedule.line_id = ANY (ARRAY(SELECT id FROM coming_line))
      AND line.id NOT IN (SELECT line_id FROM promised)
),
filled AS (
    SELECT expected.*, sum(quantity) OVER (
        PARTITION BY line_id ORDER BY delivery_on NULLS LAST, schedule_key, piece ROWS UNBOUNDED PRECEDING
    ) AS so_far
    FROM expected
),
told_way AS (
    SELECT id AS line_id, received_quantity, jsonb_array_elements(on_the_way) AS part
    FROM coming_line WHERE on_the_way <> '[]'
),
way AS (
    SELECT line_id, (part ->> 1)::date AS day, (part ->> 0)::numeric AS quantity,
           received_quantity + sum((part ->> 0)::numeric) OVER (
               PARTITION BY line_id ORDER BY part ->> 1, part ->> 0 ROWS UNBOUNDED PRECEDING
           ) AS up_to
    FROM told_way
),
gone AS (SELECT line_id, max(up_to) AS quantity FROM way GROUP BY line_id),
stretch AS (
    SELECT filled.line_id, filled.schedule_key, filled.piece, filled.delivery_on, filled.state, filled.site_id,
           line.item_number, line.unit, filled.so_far AS up_to,
           greatest(filled.so_far - filled.quantity, line.received_quantity) AS since,
           coalesce(gone.quantity, line.received_quantity) AS gone
    FROM filled
    JOIN coming_line line ON line.id = filled.line_id
    LEFT JOIN gone ON gone.line_id = filled.line_id
    WHERE filled.so_far > line.received_quantity AND filled.kind <> 'substitute'
),
to_come AS (
    SELECT line_id, schedule_key, piece, delivery_on, state, site_id, item_number, unit,
           up_to - greatest(since, gone) AS quantity
    FROM stretch WHERE up_to > gone
    UNION ALL
    SELECT stretch.line_id, schedule_key, piece, way.day, state, site_id, item_number, unit,
           least(stretch.up_to, way.up_to) - greatest(since, way.up_to - way.quantity)
    FROM stretch
    JOIN way ON way.line_id = stretch.line_id
    WHERE least(stretch.up_to, way.up_to) > greatest(since, way.up_to - way.quantity)
)
"""
