"""A mailbox on a mail server, polled (IMAP4rev1, RFC 3501; UIDPLUS and MOVE where the server has them).

Note [Mailbox]: with a folder for what is done, everything in the mailbox is new, and what was kept is moved there.
Without one the mailbox is read on from the last UID, which only counts as long as UIDVALIDITY stays (RFC 3501,
2.3.1.1), and what was kept is marked as seen. Either way the mail is kept first, in a transaction of its own; a crash
in between brings it once more, and it is recognised. Nothing is ever deleted but what has been copied.
"""

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, unquote

from portal.kernel.scope import acting, require_no_transaction
from procurement.mailroom.queries import MAILROOM
from procurement.mailroom.services import mailbox_of, note_failure, note_progress
from procurement.mailroom.states import Door
from procurement.mailroom.ways.keeping import MailboxUnreadable, why_not_kept

WITHIN = 30.0  # seconds for one answer of the server
MOST_AT_ONCE = 200
PORTS = {"imaps": 993, "imap+tls": 143, "imap": 143}
UID = re.compile(rb"\bUID (\d+)")
SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")


def poll_mailbox(
    address: SplitResult, *, done_folder: str, largest: int, authority: str, clock: Callable[[], datetime]
) -> int:
    """Keep what is new in a mailbox; returns how many mails were looked at. Raises `MailboxUnreadable`.

    A mail that cannot be kept stays where it is, and so does the mark of how far was read; those behind it are kept.
    """
    require_no_transaction()
    name = name_of(address)
    with acting(MAILROOM):
        mailbox = mailbox_of(name)
    try:
        with _signed_in(address, authority) as server:
            folder = unquote(address.path.lstrip("/")) or "INBOX"
            _ok(server.select(_quoted(folder)))
            validity = _validity(server)
            last = mailbox.last_uid if validity == mailbox.uid_validity and not done_folder else 0
            count = 0
            broken: list[str] = []
            for uid in _new(server, last)[:MOST_AT_ONCE]:
                raw = _fetch(server, uid, largest)
                if raw is not None:
                    count += 1
                    if why := why_not_kept(raw, door=Door.IMAP, at=clock()):
                        broken.append(f"the mail with UID {uid} could not be kept: {why}")
                        continue
                if not broken:
                    with acting(MAILROOM):
                        note_progress(name, uid_validity=validity, last_uid=uid, at=clock())
                if raw is not None:  # one that is gone, or of which nothing came, is nobody's to put away
                    _put_away(server, uid, done_folder)
            if broken:
                raise _Broken("; ".join(broken[:5]))
            with acting(MAILROOM):
                note_progress(name, uid_validity=validity, last_uid=last, at=clock())
            return count
    except (imaplib.IMAP4.error, OSError, UnicodeError, _Broken) as error:
        message = f"{type(error).__name__}: {_bare(str(error), address)}"
        if isinstance(error, UnicodeError):
            message = (
                "a name or a password holds letters that IMAP cannot carry"  # its own words would show them
            )
        with acting(MAILROOM):
            note_failure(name, message, at=clock())
        raise MailboxUnreadable(message) from None  # the cause may show what was sent


class _Broken(Exception):
    """Mails that could not be kept."""


def name_of(address: SplitResult) -> str:
    """How the mailbox is called here: never with its password."""
    user = unquote(address.username or "")
    return f"{address.scheme}://{user}@{address.hostname}{address.path}"


def _bare(message: str, address: SplitResult) -> str:
    password = unquote(address.password or "")
    return message.replace(password, "…") if password else message


@contextmanager
def _signed_in(address: SplitResult, authority: str) -> Iterator[imaplib.IMAP4]:
    """A session; its certificate and its name are checked. Left in good order or not, it ends."""
    host, port = address.hostname or "localhost", address.port or PORTS[address.scheme]
    context = ssl.create_default_context(cafile=authority or None)
    if address.scheme == "imaps":
        server: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=WITHIN)
    else:
        server = imaplib.IMAP4(host, port, timeout=WITHIN)
    try:
        if address.scheme == "imap+tls":
            server.starttls(context)
        server.login(_quoted(unquote(address.username or "")), _plain(unquote(address.password or "")))
        yield server
    finally:
        try:
            server.logout()
        except (imaplib.IMAP4.error, OSError):
            server.shutdown()


def _plain(text: str) -> str:
    if any(ord(char) < 32 for char in text):
        raise imaplib.IMAP4.error("a name or a password holds a control character")
    return text


def _quoted(text: str) -> str:
    escaped = _plain(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _ok(answer: tuple[str, Any]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(str(data[0] if data else status)[:200])
    return list(data)


def _validity(server: imaplib.IMAP4) -> int:
    _status, data = server.response("UIDVALIDITY")
    found = data[0] if data else None
    return int(found) if isinstance(found, bytes) and found.isdigit() else 0


def _new(server: imaplib.IMAP4, last: int) -> list[int]:
    """The UIDs beyond the last one, lowest first. `n:*` always names the newest mail too, so it is looked at again."""
    data = _ok(server.uid("SEARCH", f"UID {last + 1}:*"))
    found = data[0] if data and isinstance(data[0], bytes) else b""
    return sorted(uid for uid in map(int, found.split()) if uid > last)


def _fetch(server: imaplib.IMAP4, uid: int, largest: int) -> bytes | None:
    """The mail's bytes, unmarked; of one that is too large one byte more than is taken. None if it is gone."""
    data = _ok(server.uid("FETCH", str(uid), f"(UID BODY.PEEK[]<0.{largest + 1}>)"))
    for part in data:
        if isinstance(part, tuple) and len(part) > 1 and isinstance(part[1], bytes):
            return part[1]
    return None


def _put_away(server: imaplib.IMAP4, uid: int, done_folder: str) -> None:
    if not done_folder:
        _ok(server.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)"))
        return
    target = _quoted(done_folder)
    if "MOVE" in server.capabilities:
        _ok(server.uid("MOVE", str(uid), target))
        return
    _ok(server.uid("COPY", str(uid), target))
    _ok(server.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted \Seen)"))
    if "UIDPLUS" in server.capabilities:
        _ok(server.uid("EXPUNGE", str(uid)))
    else:
        _ok(server.expunge())
