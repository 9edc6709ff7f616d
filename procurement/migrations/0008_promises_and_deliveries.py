"""What promises, deliveries and the supplier's clock remember; and that what is asked for nothing is promised so.

All that is new may be empty or has a value of its own, so that the version before keeps working meanwhile.
"""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

# A key that only a promise still names has been given too. What is expected is what was agreed, else proposed, else
# asked; what was received fills it by date (policies.next_delivery_on).
LINES = """
    UPDATE procurement_purchaseorderline AS line SET
        last_delivery_on = (SELECT max(delivery_on) FROM procurement_scheduleline WHERE line_id = line.id),
        next_delivery_on = coalesce(
            (
                SELECT min(delivery_on) FROM (
                    SELECT delivery_on, sum(quantity) OVER (ORDER BY delivery_on, id) AS upto FROM (
                        SELECT *, min(rank) OVER () AS best FROM (
                            SELECT id, quantity, delivery_on, CASE state WHEN 'agreed' THEN 1 ELSE 2 END AS rank
                            FROM procurement_promise
                            WHERE line_id = line.id AND state IN ('agreed', 'proposed')
                                AND kind <> 'refuse' AND delivery_on IS NOT NULL
                            UNION ALL
                            SELECT id, quantity, delivery_on, 3 FROM procurement_scheduleline
                            WHERE line_id = line.id
                        ) AS known
                    ) AS ranked WHERE rank = best
                ) AS filled WHERE upto > line.received_quantity
            ),
            expected_on
        ),
        last_schedule_key = greatest(
            0,
            (SELECT max(key) FROM procurement_scheduleline WHERE line_id = line.id),
            (SELECT max(schedule_key) FROM procurement_promise WHERE line_id = line.id)
        );
"""


# An order is due next when the first of its open lines is.
ORDERS = """
    UPDATE procurement_purchaseorder AS whole SET
        answer_asked_at = revised_at,
        next_delivery_on = (
            SELECT min(next_delivery_on) FROM procurement_purchaseorderline
            WHERE order_id = whole.id AND NOT cancelled AND NOT closed AND received_quantity < quantity
        );
"""


class Migration(migrations.Migration):
    """The rules of promises as they have become."""

    dependencies: ClassVar = [("procurement", "0007_feed_rests")]

    operations: ClassVar = [
        migrations.RemoveConstraint("promise", "promise_price_positive"),
        migrations.AddConstraint(
            "promise",
            models.CheckConstraint(condition=Q(price__gte=0), name="promise_price_not_negative"),
        ),
        migrations.AddField("promise", "was_agreed", models.BooleanField(default=False, db_default=False)),
        migrations.AddField(
            "purchaseorderline", "last_schedule_key", models.PositiveIntegerField(default=0, db_default=0)
        ),
        migrations.AddField("purchaseorderline", "last_delivery_on", models.DateField(null=True)),
        migrations.AddField("purchaseorderline", "next_delivery_on", models.DateField(null=True)),
        migrations.AddField("purchaseorder", "answer_asked_at", models.DateTimeField(null=True)),
        migrations.RunSQL(LINES, migrations.RunSQL.noop),
        migrations.RunSQL(ORDERS, migrations.RunSQL.noop),
    ]
