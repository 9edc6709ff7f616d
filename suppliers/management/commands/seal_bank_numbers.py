"""`manage.py seal_bank_numbers`: seal every account number, and every paper with one, with the newest key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.kernel.scope import acting
from portal.kernel.sealing import Unreadable
from suppliers.banking.queries import OFFICE
from suppliers.banking.services import papers_of_old_keys, seal_anew, seal_paper_anew


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
        with acting(OFFICE):
            papers = papers_of_old_keys()
        lost = 0
        for pk in papers:
            try:
                with acting(OFFICE):
                    seal_paper_anew(pk)
                done += 1
            except Unreadable:
                lost += 1
        self.stdout.write(f"{done} sealed anew.")
        if lost:
            raise CommandError(f"{lost} papers cannot be opened with the keys there are: keep the old key.")
