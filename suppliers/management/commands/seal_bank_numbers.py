"""`manage.py seal_bank_numbers`: seal every account number, and every paper with one, with the newest key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.kernel.scope import acting
from portal.kernel.sealing import Unreadable
from suppliers.banking.queries import OFFICE
from suppliers.banking.services import papers_of_old_keys, seal_anew, seal_paper_anew


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
        with acting(OFFICE):
            papers = papers_of_old_keys()
        lost_papers: list[int] = []
        for pk in papers:
            try:
                with acting(OFFICE):
                    seal_paper_anew(pk)
                done += 1
            except Unreadable:
                lost_papers.append(pk)
        self.stdout.write(f"{done} sealed anew.")
        faults = [
            f"{len(rows)} {what} cannot be read with these keys ({table}.id {', '.join(map(str, rows[:50]))})."
            for rows, what, table in (
                (unreadable, "account numbers", "suppliers_banknumber"),
                (lost_papers, "papers", "suppliers_bankproof"),
            )
            if rows
        ]
        if faults:
            raise CommandError(
                f"{' '.join(faults)} Take no key away: find the one that they were sealed with."
            )
