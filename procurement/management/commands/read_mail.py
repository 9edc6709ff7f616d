"""Print what the portal would draft from a supplier's mail. Touches no database."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from procurement.reading.context import MailContext, context_from_json
from procurement.reading.reader import read_mail


class Command(BaseCommand):
    """Read one mail, or every mail of a folder, in the context the portal would have had."""

    help = "Reads mails and prints the drafts found in them as JSON; see docs/mail-reading.md. No database is used."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("mail", nargs="?", type=Path, help="one mail (RFC 5322)")
        parser.add_argument("--context", type=Path, help="what is known when that mail arrives, as JSON")
        parser.add_argument("--mail-dir", type=Path, help="a folder of mails, NNN.eml")
        parser.add_argument("--context-dir", type=Path, help="their contexts, NNN.json")
        parser.add_argument(
            "--out", type=Path, help="the folder (or, for one mail, the file) for the answers"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["mail_dir"] or options["context_dir"]:
            self._read_folder(options["mail_dir"], options["context_dir"], options["out"])
        elif options["mail"] and options["context"]:
            text = _answer(options["mail"], options["context"])
            if options["out"]:
                options["out"].write_text(text + "\n")
            else:
                self.stdout.write(text)
        else:
            raise CommandError(
                "Give one mail and its --context, or --mail-dir with --context-dir and --out for many."
            )

    def _read_folder(self, mails: Path | None, contexts: Path | None, out: Path | None) -> None:
        if not (mails and contexts and out):
            raise CommandError("--mail-dir, --context-dir and --out belong together: give all three.")
        out.mkdir(parents=True, exist_ok=True)
        found = sorted(mails.glob("*.eml"))
        if not found:
            raise CommandError(f"There is no mail in {mails}: the files must end in .eml.")
        for path in found:
            text = _answer(path, contexts / f"{path.stem}.json")
            (out / f"{path.stem}.json").write_text(text + "\n")
        self.stdout.write(f"{len(found)} mails read.")


def _answer(mail: Path, context: Path) -> str:
    try:
        raw = mail.read_bytes()
    except OSError as problem:
        raise CommandError(f"The mail {mail} cannot be read: {problem.strerror}.") from problem
    return json.dumps(read_mail(raw, _context(context)).as_json(), ensure_ascii=False, indent=2)


def _context(path: Path) -> MailContext:
    try:
        return context_from_json(json.loads(path.read_text()))
    except OSError as problem:
        raise CommandError(f"The context {path} cannot be read: {problem.strerror}.") from problem
    except KeyError as problem:
        raise CommandError(
            f"The context {path} lacks {problem}: see docs/mail-reading.md for its shape."
        ) from problem
    except (ValueError, TypeError, ArithmeticError) as problem:
        raise CommandError(f"The context {path} cannot be understood: {problem}") from problem
