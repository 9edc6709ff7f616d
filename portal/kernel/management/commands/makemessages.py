"""Django's makemessages with our own settings, so that everybody extracts alike. See docs/translating.md."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands import makemessages

# Places without sentences of ours, or with somebody else's.
NOT_OURS = [".venv", "var", "static", "tests", "docs", "requirements"]


class Command(makemessages.Command):
    """`python manage.py makemessages`: what is new in the sources comes into each language, empty."""

    # `lazy` and `plazy` are how we shorten the names where both forms are needed in one module.
    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=lazy", "--keyword=plazy:1c,2"]
    # A guess that looks done is worse than a gap that a test finds.
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(
            extensions=["html", "txt", "py"],
            ignore_patterns=NOT_OURS,
            no_location=True,
            no_obsolete=True,
            no_wrap=True,
        )

    def handle(self, *args: Any, **options: Any) -> None:
        options["all"] = not options["locale"]
        super().handle(*args, **options)
        for folder in settings.LOCALE_PATHS:
            for path in Path(folder).glob("*/LC_MESSAGES/django.po"):
                # The day of the extraction would change the file each time, and says nothing.
                text = path.read_text(encoding="utf-8")
                path.write_text(
                    re.sub(r'^"POT-Creation-Date:.*\n', "", text, flags=re.MULTILINE), encoding="utf-8"
                )
