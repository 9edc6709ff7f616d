"""Wall two around the audit trail, the outbox and seen requests."""

from typing import ClassVar

from django.db import migrations

from portal.kernel.walls import append_only, wall


class Migration(migrations.Migration):
    """Row level security; facts are append-only."""

    dependencies: ClassVar = [("kernel", "0001_initial")]

    operations: ClassVar = [
        wall("kernel_auditevent", visible="NOT internal"),
        append_only("kernel_auditevent"),
        wall("kernel_outboxmessage"),
        wall("kernel_deliveryattempt"),
        append_only("kernel_deliveryattempt"),
        wall("kernel_seenrequest"),
    ]
