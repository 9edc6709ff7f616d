"""What was given for nothing may be promised for nothing; what was agreed comes back when a later answer goes."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q


# A key that only a promise still names has been given too.
LINES = """
    UPDATE procurement_purchaseorderline AS line SET
        last_schedule_key = greatest(
            0,
            (SELECT max(key) FROM procurement_scheduleline WHERE line_id = line.id),
            (SELECT max(schedule_key) FROM procurement_promise WHERE line_id = line.id)
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
        migrations.RunSQL(LINES, migrations.RunSQL.noop),
    ]
