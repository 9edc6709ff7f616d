"""The files of a mail are shown to the virus scanner before the mail is sorted."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings

from portal.kernel.scanning import Infected, Scan, Unscannable, let_in, scan
from portal.kernel.scope import acting, require_no_transaction
from procurement.mailroom.messages import Opened
from procurement.mailroom.policies.opening import open_mail
from procurement.mailroom.queries import MAILROOM, find_mail, raw_of
from procurement.threads.policies import safe_name


@dataclass(frozen=True, slots=True)
class LostFile:
    """A file of a mail that was not taken, and why."""

    name: str
    size: int
    why: str


def infected_files(key: uuid.UUID, *, at: datetime) -> dict[str, str]:
    """Why files of a mail are not taken, by their fingerprint: they carry something, or the scanner cannot look into
    them. Outside any transaction.

    Raises `ScannerSilent` where it does not answer: the mail is sorted later then, and nothing of it is served, nor
    told before all of it was looked at.
    """
    require_no_transaction()
    if settings.CLAMD_URL is None:
        return {}
    with acting(MAILROOM):
        mail = find_mail(key, actor=MAILROOM)
        raw = raw_of(mail, actor=MAILROOM)
    # Whoever wrote it says so: nothing proves the address of a sender.
    brought = {"by": mail.sender, "mail": str(mail.key)}
    looked_at = []
    for file in open_mail(raw).files:
        verdict = scan(file.content)
        if verdict.scan == Scan.WAITING:
            let_in(verdict, file.content, safe_name(file.name), actor=MAILROOM, at=at)
        looked_at.append((file, verdict))
    found = {}
    for file, verdict in looked_at:
        try:
            let_in(verdict, file.content, safe_name(file.name), actor=MAILROOM, at=at, brought=brought)
        except (Infected, Unscannable) as refusal:
            found[_fingerprint(file.content)] = refusal.message
    return found


def without(opened: Opened, infected: Mapping[str, str]) -> tuple[Opened, list[LostFile]]:
    """A mail without the files that the scanner refused, and those."""
    lost = [
        LostFile(safe_name(one.name), len(one.content), infected[mark])
        for one in opened.files
        if infected and (mark := _fingerprint(one.content)) in infected
    ]
    if not lost:
        return opened, []
    kept = tuple(one for one in opened.files if _fingerprint(one.content) not in infected)
    return replace(opened, files=kept), lost


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
