"""Deliver what is due in the outbox, by hand and without a broker."""

import secrets
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from portal.kernel.outbox.services import deliver_due


class Command(BaseCommand):
    """`manage.py drain_outbox`"""

    help = "Deliver what is due in the outbox now. Safe beside running workers."

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell how many messages were tried."""
        tried = deliver_due(worker=secrets.randbelow(2**31 - 1) + 1, clock=timezone.now)
        self.stdout.write(f"{tried} messages tried.")
