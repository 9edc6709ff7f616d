"""What a virus scanner says of a file: ClamAV's daemon, where one is named by CLAMD_URL.

Note [Scanned once, at the door]: a file is looked at where it comes in, before any transaction is open, since nobody
waits in one for another machine. What carries something is refused, is kept nowhere, and is told to whoever watches
over security. Where the scanner does not answer nothing is taken that people can fetch again: the sender tries again
in a while. Only proofs (suppliers/documents) are kept meanwhile, apart, and served to nobody until it has answered.
Where no scanner is named nothing is said to be clean.

Note [Its file, or all files]: a scanner that is down is down for every file; one that is up and errs on a file, or
takes for ever over it, has said something of that file alone. So where a file gets no answer the scanner is asked
whether it is there (PING). If it is, that file is not taken, and holds up no other.
"""

import contextlib
import hashlib
import logging
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, TypeVar
from urllib.parse import SplitResult

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, Problem, Refusal
from portal.kernel.scope import acting, require_no_transaction
from portal.kernel.security.services import note

R = TypeVar("R")

PIECE = 256 * 1024
LONGEST_ANSWER = 4096
SCANNER = Actor.system("Virus scan")

log = logging.getLogger(__name__)


class Scan(StrEnum):
    """What is known of a file: nothing (no scanner is named), that it is clean, that it carries something; that the
    scanner has not answered; or that it could not look into this one file."""

    OFF = "off"
    CLEAN = "clean"
    FOUND = "found"
    WAITING = "waiting"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the scanner says, with the name of what it found, or why it did not answer."""

    scan: Scan
    what: str = ""


class Infected(Invalid):
    """A file carries what the scanner knows to be harmful."""

    code = "infected"


class Unscannable(Invalid):
    """The scanner works, and cannot look into this file."""

    code = "unscannable"


class ScannerSilent(Refusal):
    """The scanner does not answer, and nothing is taken unseen."""

    code = "scanner_silent"
    status: ClassVar[int] = 503


def scan(content: bytes) -> Verdict:
    """Ask the scanner. Never raises for what it answers, or does not.

    Source: clamd(8), command INSTREAM: pieces with their length in four bytes, network order, an empty one last; the
    answer ends with NUL where the command begins with z.
    """
    url: SplitResult | None = settings.CLAMD_URL
    if url is None:
        return Verdict(Scan.OFF)
    require_no_transaction()
    try:
        return _verdict(_asked(url, content))
    except (OSError, UnicodeDecodeError) as problem:
        said = str(problem)[:200]
    if _is_there(url):
        log.warning("the virus scanner could not look at a file", extra={"problem": said})
        return Verdict(Scan.UNREADABLE, said)
    log.warning("the virus scanner does not answer", extra={"problem": said})
    return Verdict(Scan.WAITING, said)


def _is_there(url: SplitResult) -> bool:
    """Whether the scanner answers at all. See Note [Its file, or all files]."""
    try:
        with contextlib.closing(_line(url)) as line:
            line.sendall(b"zPING\0")
            return line.recv(LONGEST_ANSWER).startswith(b"PONG")
    except OSError:
        return False


def _asked(url: SplitResult, content: bytes) -> str:
    with contextlib.closing(_line(url)) as line:
        # A scanner that has seen enough answers and hangs up before it has read everything: its answer counts.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), PIECE):
                piece = content[start : start + PIECE]
                line.sendall(struct.pack("!L", len(piece)) + piece)
            line.sendall(struct.pack("!L", 0))
        answer = b""
        while b"\0" not in answer and len(answer) < LONGEST_ANSWER:
            more = line.recv(LONGEST_ANSWER)
            if not more:
                break
            answer += more
        return answer.rstrip(b"\0\n").decode()


def _line(url: SplitResult) -> socket.socket:
    if url.scheme == "tcp":
        line = socket.create_connection((url.hostname, url.port or 3310), timeout=settings.CLAMD_TIMEOUT)
    else:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(settings.CLAMD_TIMEOUT)
        try:
            line.connect(url.path)
        except OSError:
            line.close()
            raise
    return line


def _verdict(answer: str) -> Verdict:
    said = answer.removeprefix("stream: ")
    if said == "OK":
        return Verdict(Scan.CLEAN)
    if said.endswith(" FOUND"):
        return Verdict(Scan.FOUND, said.removesuffix(" FOUND")[:100])
    if not said:
        raise ConnectionError("it hung up without an answer")
    log.warning("the virus scanner could not look at a file", extra={"problem": answer[:200]})
    return Verdict(Scan.UNREADABLE, answer[:200])


def vet(
    content: bytes, name: str, *, actor: Actor, at: datetime, field: str = "files", keeps: bool = False
) -> Verdict:
    """Let the scanner look at a file that comes in. With `keeps`, one that could not be looked at is kept apart by the
    caller; else it raises `ScannerSilent`, or `Unscannable`. Raises `Infected`, and tells of it first.
    """
    return let_in(scan(content), content, name, actor=actor, at=at, field=field, keeps=keeps)


def let_in(
    verdict: Verdict,
    content: bytes,
    name: str,
    *,
    actor: Actor,
    at: datetime,
    field: str = "files",
    keeps: bool = False,
    brought: Mapping[str, Any] | None = None,
) -> Verdict:
    """What follows from a verdict: as `vet`, for a file that was looked at already. `brought` says by whom, where it is
    not the actor."""
    if verdict.scan == Scan.FOUND:
        told = {"name": name[:200], "found": verdict.what, "sha256": hashlib.sha256(content).hexdigest()}
        told |= brought or {}
        tell_of_infection(told, actor=actor, at=at)
        message = _(
            "%(name)s carries malware (%(what)s) and was not taken. Look after the machine it comes from."
        )
        text = message % {"name": name, "what": verdict.what}
        raise Infected(text, [Problem(field, text, name, "infected")])
    if verdict.scan == Scan.UNREADABLE and not keeps:
        message = _(
            "%(name)s could not be looked at for malware and was not taken. Save it anew, and send it again."
        )
        text = message % {"name": name}
        raise Unscannable(text, [Problem(field, text, name, "unscannable")])
    if verdict.scan == Scan.WAITING and not keeps:
        raise ScannerSilent(
            _(
                "Files are looked at for malware, and that does not work at the moment. Try again in a few minutes."
            )
        )
    return verdict


def keeps_unscanned(view: Callable[..., R]) -> Callable[..., R]:
    """Mark a page that keeps files apart which the scanner could not look at: `portal.uploads` leaves them to it, each
    with its `verdict`."""
    view.keeps_unscanned = True  # type: ignore[attr-defined]  # read where files come in
    return view


def tell_of_infection(
    told: Mapping[str, Any], *, supplier_id: int | None = None, actor: Actor, at: datetime
) -> None:
    """Put on record, for those who watch over security, who brought what. Opens a transaction of its own.

    Whoever brought it is the actor, unless `told` (`by`, `user`, `channel`) and `supplier_id` say otherwise: a file
    that was kept apart is looked at later, by a program.
    """
    if supplier_id is None and actor.is_supplier and actor.supplier_ids:
        supplier_id = actor.supplier_ids[0]
    facts = {
        "by": actor.label,
        "user": actor.user_id,
        "token": actor.token_id,
        "channel": str(actor.channel),
        **told,
    }
    about = {"file": told["name"], "found": told["found"], "sha256": told["sha256"]}
    log.warning("malware refused", extra={**about, "actor": facts["user"], "channel": facts["channel"]})
    brought = {"channel": facts["channel"], "found": told["found"], "sha256": told["sha256"]}
    note("malware.refused", user_id=facts["user"], token_id=actor.token_id, **brought)
    with acting(SCANNER):
        record(
            "security.malware_refused",
            f"upload:{told['sha256'][:32]}",
            actor=SCANNER,
            at=at,
            supplier_id=supplier_id,
            facts=facts,
            internal=True,
        )
