"""Seal the audit trail now, without a worker."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from portal.kernel.audit.chain import seal
from portal.kernel.audit.tasks import SEALER, seal_trail
from portal.kernel.scope import acting


class Command(BaseCommand):
    """`manage.py seal_audit [--everything]`"""

    help = "Seal what was recorded in the audit trail since the last seal."

    def add_arguments(self, parser: CommandParser) -> None:
        """After a restore on another server, `--everything` looks for unsealed events in the whole trail once."""
        parser.add_argument(
            "--everything", action="store_true", help="look below what counts as settled, too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell how many events were sealed."""
        total = 0
        if options["everything"]:
            with acting(SEALER):
                total = seal(at=timezone.now(), everything=True)
        self.stdout.write(f"{total + seal_trail()} events sealed.")
