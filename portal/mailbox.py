"""A mailbox for one machine: what the portal would mail is kept as files, to be read in the browser (`/mailbox/`).

Chosen with `EMAIL_URL=mailbox:/a/folder`, as `make demo` does. Never in production: whoever opens the page reads
everybody's mail.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as Parsed
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

MOST_LISTED = 200
NAME = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}", re.ASCII)


class MailboxBackend(BaseEmailBackend):
    """Django's way to send: each mail becomes one file, whole or not at all."""

    def __init__(self, fail_silently: bool = False, **kwargs: Any) -> None:
        super().__init__(fail_silently=fail_silently, **kwargs)
        self.folder = Path(settings.MAILBOX_FOLDER)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep the mails; says how many."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
            part = self.folder / f"{name}.part"
            part.touch(mode=0o600)  # it may hold a way to sign in
            part.write_bytes(message.message().as_bytes())
            os.replace(part, self.folder / f"{name}.eml")
        return len(email_messages)


@dataclass(frozen=True, slots=True)
class Kept:
    """One mail of the mailbox."""

    name: str
    at: datetime
    mail: Parsed

    @property
    def subject(self) -> str:
        return str(self.mail["Subject"] or "")

    @property
    def to(self) -> str:
        return str(self.mail["To"] or "")

    @property
    def sender(self) -> str:
        return str(self.mail["From"] or "")

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Every header as it was sent."""
        return [(name, str(value)) for name, value in self.mail.items()]

    @property
    def text(self) -> str:
        """The plain part."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML part; empty where there is none."""
        return self._part("html")

    def _part(self, kind: str) -> str:
        found = self.mail.get_body(preferencelist=(kind,))
        return str(found.get_content()) if found else ""


def kept_mails(to: str = "") -> list[Kept]:
    """The newest mails, newest first; those to one address where it is given."""
    folder = Path(settings.MAILBOX_FOLDER)
    names = sorted((path.stem for path in folder.glob("*.eml")), reverse=True) if folder.is_dir() else []
    found = []
    for name in names:
        kept = kept_mail(name)
        if kept and (not to or to.lower() in kept.to.lower()):
            found.append(kept)
        if len(found) == MOST_LISTED:
            break
    return found


def kept_mail(name: str) -> Kept | None:
    """One mail by its name; None for what is not there."""
    if not NAME.fullmatch(name):
        return None
    path = Path(settings.MAILBOX_FOLDER) / f"{name}.eml"
    try:
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    except OSError:
        return None
    at = datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    return Kept(name, at, mail)
