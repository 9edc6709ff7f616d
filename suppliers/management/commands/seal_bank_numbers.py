"""`manage.py seal_bank_numbers`: seal every account number with the newest key of BANK_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.kernel.scope import acting
from suppliers.banking.queries import OFFICE
from suppliers.banking.services import seal_anew


class Command(BaseCommand):
    """Run it after a new key was put first; when it is done, and fails with nothing, the old one can be taken away."""

    help = "Seal every account number with the newest key of BANK_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """A few hundred at a time, each lot in a transaction of its own: the portal goes on meanwhile."""
        done = 0
        unreadable: list[int] = []
        while True:
            with acting(OFFICE):
                count, lost = seal_anew(but=unreadable)
            if not count and not lost:
                break
            done += count
            unreadable += lost
        self.stdout.write(f"{done} sealed anew.")
        if unreadable:
            named = ", ".join(str(pk) for pk in unreadable[:50])
            raise CommandError(
                f"{len(unreadable)} account numbers cannot be read with these keys (suppliers_banknumber.id {named}). "
                "Take no key away: find the one that they were sealed with."
            )
