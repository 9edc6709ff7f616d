"""`manage.py load_sanctions_list`: put a list of sanctioned parties in force, from files that somebody has fetched."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.kernel.errors import Refusal
from portal.kernel.scope import acting
from suppliers.screening.files.reading import read_list
from suppliers.screening.queries import SCREENER
from suppliers.screening.services import load_list
from suppliers.screening.states import ListSource


class Command(BaseCommand):
    """The portal fetches no list by itself: it may run where there is no way out."""

    help = "Load a list of sanctioned parties in place of the one before. Suppliers are screened within 15 minutes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose list, and its files."""
        parser.add_argument("source", choices=ListSource.values)
        parser.add_argument("file", type=Path)
        parser.add_argument("--aliases", type=Path, help="OFAC's ALT.CSV")
        parser.add_argument(
            "--shorter", action="store_true", help="it names less than half as many, and that is right"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, then load in one transaction."""
        try:
            content = options["file"].read_bytes()
            aliases = options["aliases"].read_bytes() if options["aliases"] else b""
            parties = read_list(options["source"], content, aliases)
            with acting(SCREENER):
                made = load_list(
                    options["source"],
                    parties,
                    content + aliases,
                    may_be_shorter=options["shorter"],
                    actor=SCREENER,
                    at=timezone.now(),
                )
        except (OSError, Refusal) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made.parties} parties loaded.")
