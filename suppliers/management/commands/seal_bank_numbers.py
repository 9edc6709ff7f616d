"""`manage.py seal_bank_numbers`: seal every account number with the newest key of BANK_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand

from portal.kernel.scope import acting
from suppliers.banking.queries import OFFICE
from suppliers.banking.services import seal_anew


class Command(BaseCommand):
    """Run it after a new key was put first; when it is done the old one can be taken away."""

    help = "Seal every account number with the newest key of BANK_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """A few hundred at a time, each lot in a transaction of its own: the portal goes on meanwhile."""
        done = 0
        while True:
            with acting(OFFICE):
                count = seal_anew()
            if not count:
                break
            done += count
        self.stdout.write(f"{done} sealed anew.")
