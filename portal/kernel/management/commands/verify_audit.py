"""Find out whether anybody has rewritten the audit trail."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.kernel.actors import Actor
from portal.kernel.audit.chain import keys, verify
from portal.kernel.audit.lines import FileCheck
from portal.kernel.scope import acting
from portal.kernel.security.services import note


class Command(BaseCommand):
    """`manage.py verify_audit [--head HASH] [--file EXPORT [--without-key]]`"""

    help = "Check the chain of the audit trail, or of an export of it. Fails where anything is not as it was sealed."

    def add_arguments(self, parser: CommandParser) -> None:
        """A head noted elsewhere, or a file."""
        parser.add_argument(
            "--head", default="", help="a head from a log line or an earlier run, in hexadecimal"
        )
        parser.add_argument(
            "--file", type=Path, help="an export (JSON lines) to check instead of the database"
        )
        parser.add_argument(
            "--without-key",
            action="store_true",
            help="of a file, check hashes only: where the key is not at hand",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was found; whatever is wrong is a security event, too."""
        if options["file"]:
            self._check_file(options["file"], () if options["without_key"] else keys())
            return
        with acting(Actor.system("Audit check")):
            verdict = verify(at=timezone.now(), noted_head=options["head"])
        if verdict.faults:
            first = verdict.faults[0]
            note("audit.broken", faults=len(verdict.faults), what=first.what, event=first.event_id)
        else:
            note("audit.verified", events=verdict.links)
        sentence = f"{verdict.links} events are as they were sealed. Head: {verdict.head}"
        self._tell([str(fault) for fault in verdict.faults], sentence)

    def _check_file(self, path: Path, believed: Sequence[str]) -> None:
        check = FileCheck(believed)
        with path.open("rb") as file:
            wrong = list(check.faults(file))
        sentence = f"{path} is as it was sealed."
        if check.unsealed:
            sentence += f" {check.unsealed} events at its end were not sealed yet: nothing is proved of them."
        if not believed:
            sentence += " Signatures were not looked at: whoever worked out all hashes anew is not found out."
        self._tell(wrong, sentence)

    def _tell(self, wrong: list[str], well: str) -> None:
        for sentence in wrong:
            self.stdout.write(sentence)
        if wrong:
            raise CommandError(f"{len(wrong)} faults in the audit trail.")
        self.stdout.write(well)
