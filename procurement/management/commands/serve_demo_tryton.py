"""Tryton for the demo: installed and founded once, then served to this machine alone."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from procurement.demo.tryton.founding import ADMIN, PORTAL
from procurement.demo.tryton.installing import SERIES, NotInstalled
from procurement.demo.tryton.northmoor import northmoor
from procurement.demo.tryton.serving import DATABASE, IN_A_FILE, command, founded


class Command(BaseCommand):
    """Put Northmoor's Tryton into a folder where it is not there yet, and serve it, as a program of its own."""

    help = "A real Tryton for `make demo ERP=tryton`; never in production."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, required=True, help="where its database lies")
        parser.add_argument("--series", choices=SERIES, default=SERIES[0])
        parser.add_argument("--port", type=int, help="serve it here; without it, only prepare the database")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo's Tryton does not go into production (QUAYSIDE_MODE).")
        folder: Path = options["folder"]
        try:
            self._prepare(folder, options["series"])
            if options["port"]:
                serve = command(options["series"], options["port"])
                os.execve(serve[0], serve, IN_A_FILE.environment(folder))  # noqa: S606 -- our own path, no shell
        except NotInstalled as missing:
            raise CommandError(str(missing)) from missing

    def _prepare(self, folder: Path, series: str) -> None:
        database = folder / f"{DATABASE}.sqlite"
        if database.exists():
            return
        folder.mkdir(parents=True, exist_ok=True)
        known = {"database": DATABASE, "admin": ADMIN, "portal": PORTAL}
        (folder / "sign-in.json").write_text(json.dumps(known))
        part = database.with_suffix(".part")
        shutil.copyfile(founded(series, northmoor(timezone.now().date())), part)
        part.replace(database)
