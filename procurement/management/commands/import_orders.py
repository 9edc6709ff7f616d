"""Read the ERP's feeds once and print what came of it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.erp.connection import the_connection
from procurement.erp.inbound import FEED_ACTOR, read_configured_feeds
from procurement.erp.models import FeedRun
from procurement.erp.ports import Feed
from procurement.erp.queries import problems_of
from procurement.erp.states import RunState


class Command(BaseCommand):
    """Read everything the ERP has ready, now, and say what was taken and what was not."""

    help = "Reads the ERP's feeds once, in order, and prints a report. Exit status 1 if a feed failed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "feeds", nargs="*", choices=[[], *Feed], help="only these feeds (all, if none is named)"
        )
        parser.add_argument("--problems", type=int, default=50, help="how many problems to print per feed")

    def handle(self, *args: Any, **options: Any) -> None:
        feeds = [Feed(name) for name in options["feeds"]] or list(Feed)
        with acting(FEED_ACTOR):
            if (connection := the_connection()).is_paused:
                raise CommandError(
                    f"{connection.paused_by} has paused the connection: {connection.paused_reason} "
                    "Resume it on the page of the connection first."
                )
        runs = read_configured_feeds(clock=timezone.now, feeds=feeds)
        if not runs:
            self.stdout.write("Nothing was waiting.")
        for run in runs:
            self._tell(run, options["problems"])
        if any(run.state == RunState.FAILED for run in runs):
            raise CommandError("A feed could not be read to its end; see above. It will be read again.")

    def _tell(self, run: FeedRun, limit: int) -> None:
        self.stdout.write(
            f"{run.feed}: {run.papers} read, {run.taken} taken, {run.unchanged} unchanged, "
            f"{run.refused} refusals, {run.noticed} notices"
        )
        if run.reason:
            self.stdout.write(self.style.ERROR(f"  {run.reason}"))
        with acting(FEED_ACTOR):
            rows = list(problems_of(run)[: limit + 1])
        for row in rows[:limit]:
            place = f"{row.source} row {row.row}" if row.row else row.source
            self.stdout.write(f"  {row.severity} {place} {row.record}: {row.problem.explain()}")
            self.stdout.write(f"      → {row.problem.way_out()}")
        if len(rows) > limit:
            self.stdout.write("  …")
