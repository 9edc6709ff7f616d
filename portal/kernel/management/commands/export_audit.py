"""Write the audit trail of a span of days to a file."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from portal.kernel.actors import Actor
from portal.kernel.audit.lines import as_line, heading
from portal.kernel.audit.models import AuditSeal
from portal.kernel.audit.services import record
from portal.kernel.scope import acting


class Command(BaseCommand):
    """`manage.py export_audit FILE --since 2026-01-01 --until 2026-12-31`"""

    help = "Write the audit trail of some days (UTC, both included) as JSON lines with their hashes."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, and which days."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--since", type=date.fromisoformat, required=True)
        parser.add_argument("--until", type=date.fromisoformat, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Stream from the database to the file, in one transaction; record that it was done."""
        since = datetime.combine(options["since"], time(), UTC)
        until = datetime.combine(options["until"] + timedelta(days=1), time(), UTC)
        actor, count = Actor.system("Audit export"), 0
        with acting(actor), options["file"].open("wb") as file:
            last = AuditSeal.objects.order_by("-last_position").first()
            file.write(heading(since, until, bytes(last.head).hex() if last else ""))
            for line in as_line(since, until):
                file.write(line)
                count += 1
            facts = {"since": since.isoformat(), "until": until.isoformat(), "events": count}
            at = timezone.now()
            record(
                "audit.exported", "audit", actor=actor, at=at, supplier_id=None, internal=True, facts=facts
            )
        self.stdout.write(f"{count} events written to {options['file']}.")
