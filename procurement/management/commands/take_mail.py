"""Take in a mail from a file, as if it had come by mail: for tests, and for what lies somewhere else."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.mailroom.queries import MAILROOM
from procurement.mailroom.services import sort_mail, take_mail
from procurement.mailroom.states import Door


class Command(BaseCommand):
    """Keep each mail, sort it, and say what became of it."""

    help = "Takes in mails from files (RFC 5322) and says what became of each; see docs/mailroom.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("mail", nargs="+", type=Path, help="a file with one mail")

    def handle(self, *args: Any, **options: Any) -> None:
        for path in options["mail"]:
            try:
                raw = path.read_bytes()
            except OSError as problem:
                raise CommandError(f"The mail {path} cannot be read: {problem.strerror}.") from problem
            kept = take_mail(raw, door=Door.COMMAND, at=timezone.now())
            with acting(MAILROOM):
                mail = sort_mail(kept.key, at=timezone.now())
            self.stdout.write(f"{path}: {mail.state}{f', {mail.why}' if mail.why else ''} ({mail.key})")
