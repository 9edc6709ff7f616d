"""Play the ERP at the other end of the drop folder: for the demo and for trying things out, never beside a
real ERP."""

import signal
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from random import Random
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from procurement.erp.pretend import PretendErp, Worked


class Command(BaseCommand):
    """Pick up promises, put them into the pretend ERP's books and echo the new revisions, until told to
    stop."""

    help = "A pretend ERP for demo and tests: answers the promises in the drop folder every few seconds."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--root", type=Path, default=settings.ERP_FILES_ROOT, help="the drop folder")
        parser.add_argument("--every", type=float, default=3.0, help="seconds between two rounds")
        parser.add_argument(
            "--trade-every", type=float, default=600.0, help="seconds between two tellings of stock"
        )
        parser.add_argument("--once", action="store_true", help="one round, then stop")

    def handle(self, *args: Any, **options: Any) -> None:
        erp = PretendErp(options["root"])
        # Put from a handler: an Event's lock may be held by the very wait that the signal interrupts.
        stop: SimpleQueue[int] = SimpleQueue()
        if not options["once"]:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda told, _frame: stop.put(told))
            self.stdout.write(f"playing the ERP in {options['root']}, every {options['every']:g} s")
        rng, trades_at = Random(), 0.0  # noqa: S311 -- invents sales; no secret
        while stop.empty():
            self._tell(erp.work())
            if not options["once"] and time.monotonic() >= trades_at and erp.stock():
                self.stdout.write(f"sold and shipped: {erp.trade(rng)} positions moved")
                erp.export_supply()
                trades_at = time.monotonic() + options["trade_every"]
            if options["once"]:
                return
            with suppress(Empty):
                stop.get(timeout=options["every"])
                return

    def _tell(self, done: Worked) -> None:
        for word, keys in (
            ("took", done.taken),
            ("refused", done.refused),
            ("found moved", done.conflicts),
            ("had already", done.repeated),
        ):
            if keys:
                self.stdout.write(f"{word} {len(keys)}: {', '.join(keys)}")
