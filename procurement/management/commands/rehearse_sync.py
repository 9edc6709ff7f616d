"""Say what a first sync would do, and do nothing."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.kernel.errors import Refusal
from portal.kernel.scope import acting
from procurement.erp.locks import Work, alone_at
from procurement.erp.reconciliation.rehearsing import REHEARSER, as_problem, rehearse_configured
from procurement.erp.reconciliation.services import ask_rehearsal
from procurement.erp.states import RunState


class Command(BaseCommand):
    """`manage.py rehearse_sync`"""

    help = "Reads everything as a first sync would, and prints what would come of it. Nothing is stored or moved."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make a dry run and print its report. Exit status 1 if it did not get to its end."""
        with alone_at(Work.REHEARSE) as is_ours:
            if not is_ours:
                raise CommandError("A dry run is going on already.")
            try:
                with acting(REHEARSER):
                    rehearsal = ask_rehearsal(actor=REHEARSER, at=timezone.now())
            except Refusal as refusal:
                raise CommandError(refusal.message) from refusal
            rehearse_configured(rehearsal, clock=timezone.now)
        for report in rehearsal.report:
            self._tell(report)
        if rehearsal.state != RunState.DONE:
            raise CommandError(f"It did not get to its end: {rehearsal.reason}")

    def _tell(self, report: Mapping[str, Any]) -> None:
        self.stdout.write(
            "{feed}: {papers} would be read: {new} new, {changed} changed, {unchanged} unchanged, "
            "{refused} refused".format_map(report)
        )
        for outcome, records in report["examples"].items():
            if records:
                self.stdout.write(f"  {outcome}: {', '.join(records)}")
        for one in report["sentences"]:
            problem = as_problem(one)
            self.stdout.write(f"  {one['count']} × {problem.explain()} ({', '.join(one['records'])})")
            self.stdout.write(f"      → {problem.way_out()}")
