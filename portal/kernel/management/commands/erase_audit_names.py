"""Take the names of erased people out of the old part of the audit trail. Run as the owner of the tables."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from portal.kernel.audit.chain import ERASED

# See Note [Labels] in portal/kernel/audit/chain.py: the chain holds without the name, once its nonce is gone.
NAMES = """
UPDATE kernel_auditevent event SET actor_label = 'Former user ' || event.actor_user_id
FROM kernel_auditevent told
WHERE told.kind = %(erased)s AND told.stream = 'person:' || event.actor_user_id
AND event.at < %(before)s AND event.actor_label <> 'Former user ' || event.actor_user_id
RETURNING event.id
"""


class Command(BaseCommand):
    """`manage.py erase_audit_names [--years 10]`"""

    help = "Replace the names of erased people in audit events older than the law wants them kept."

    def add_arguments(self, parser: CommandParser) -> None:
        """How long names are kept."""
        parser.add_argument(
            "--years", type=int, default=10, help="keep names on events younger than this (10)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell how many events changed."""
        before = timezone.now() - timedelta(days=366 * options["years"])
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL quayside.maintenance = 'audit'")
            cursor.execute(NAMES, {"erased": ERASED, "before": before})
            changed = [event for (event,) in cursor.fetchall()]
            cursor.execute(
                "UPDATE kernel_auditlink SET label_nonce = NULL WHERE event_id = ANY (%s)", [changed]
            )
        self.stdout.write(f"{len(changed)} events have a number in place of a name.")
