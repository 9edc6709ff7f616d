"""A mail is taken apart: whatever stands in it, nothing here raises, takes long, or runs anything.

Note [Hostile mails]: anybody may send us one. What is nested deeper, has more parts, lines or headers, or longer ones
than people's mails have, is not taken apart at all and says so. Archives are never opened here; what a file is, is
decided by the rules of threads, by its first bytes. The reader of promises gets a mail whose headers are few and
short. What opens one of our links is blacked out of the text: who quotes a mail need not hand it on.
"""

import hashlib
import mimetypes
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from portal.logging import without_links
from procurement.mailroom.messages import Failure, MailFile, Opened
from procurement.reading.automatic import is_automatic, is_bounce
from procurement.reading.mime import parse_mail

MOST_BOUNDARIES = 40
MOST_MESSAGES = 20
MOST_LINES = 600_000
MOST_HEADER_BYTES = 256 * 1024
MOST_FIELDS = 500
LONGEST_FIELD = 8_000
LONGEST_READ = 2_000
MOST_PARTS = 200
DEEPEST = 15
MOST_FILES = 20
MOST_ADDRESSES = 200
MOST_COMMENTS = 20  # and groups, in one field
MOST_REFERENCES = 50
MOST_FAILURES = 100
LONGEST_ID = 250

RECIPIENTS = (
    "to",
    "cc",
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-forwarded-to",
    "resent-to",
)
# What the reader of promises looks at; see Note [Hostile mails].
READ = frozenset(
    {"from", "to", "subject", "date", "mime-version", "return-path", "precedence", "auto-submitted"}
    | {"content-type", "content-transfer-encoding", "content-disposition", "x-failed-recipients"}
    | {"x-autoreply", "x-autorespond", "x-auto-response-suppress"}
)
# What its writer wrote: the rest is added, taken off and moved about on the way.
WRITTEN = ("from", "to", "cc", "subject", "date", "message-id")
SIGNATURES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"@]{1,64}@[^\s<>()\[\],;:\\\"@]{1,190}")
IDENTIFIER = re.compile(r"<[^<>\s]{1,248}>")
BROKEN_FIELD = re.compile(
    rb"(?im)^content-(?:type|disposition|transfer-encoding|id|description|location)[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*"
)

Headers = dict[str, tuple[str, ...]]


# --- the whole of it ----------------------------------------------------------------------------------------


def open_mail(raw: bytes) -> Opened:
    """Take a mail apart. One that cannot be says why in `problem`, with as much of its head as can be read."""
    raw = raw.replace(b"\r\n", b"\n")
    fields, rest = _split(raw)
    headers = _headers(fields)
    head = _head(headers)
    if problem := _problem(raw, fields):
        return replace(head, problem=problem)
    tame = _tame(fields, rest)
    try:
        message = message_from_bytes(tame)
        parts = list(_parts(message))
        mail = parse_mail(_for_the_reader(fields, rest))
        failures = _failures(message, parts, headers, mail.text)
        return replace(
            head,
            text=without_links(_storable(mail.text)),
            files=tuple(_files(parts)),
            failures=failures if is_bounce(mail) else (),
            is_bounce=is_bounce(mail),
            is_automatic=is_automatic(mail),
            report_type=mail.report_type or _report_type(message),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, HeaderParseError):
        # The standard parser has open bugs with what is malformed on purpose: such a mail waits for a person.
        return replace(head, problem="malformed")


def read_head(raw: bytes) -> Opened:
    """Only the head of a mail: who wrote to whom, when, about what."""
    fields, _rest = _split(raw.replace(b"\r\n", b"\n"))
    return _head(_headers(fields))


def fingerprint(raw: bytes) -> str:
    """The same for one mail however it came: of what its writer wrote, without the marks of transport."""
    fields, rest = _split(raw.replace(b"\r\n", b"\n"))
    digest = hashlib.sha256()
    for name in WRITTEN:
        for field_name, value in fields:
            if field_name == name:
                digest.update(name.encode() + b":" + b" ".join(value.split()) + b"\n")
    digest.update(b"\n" + rest.strip())
    return digest.hexdigest()


def _problem(raw: bytes, fields: Sequence[tuple[str, bytes]]) -> str:
    lower = raw.lower()
    if lower.count(b"boundary") > MOST_BOUNDARIES or lower.count(b"message/rfc822") > MOST_MESSAGES:
        return "too_deep"
    if raw.count(b"\n") > MOST_LINES:
        return "malformed"
    if sum(len(value) for _name, value in fields) > MOST_HEADER_BYTES or len(fields) > MOST_FIELDS:
        return "malformed"
    if any(len(found[0]) > LONGEST_FIELD for found in BROKEN_FIELD.finditer(raw)):
        return "malformed"
    return ""


# --- the head -----------------------------------------------------------------------------------------------


def _split(raw: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """The fields of the head, by name in small letters, and all that follows it."""
    head, _empty, rest = raw.partition(b"\n\n")
    if head.startswith(b"From "):  # as mailboxes in one file begin
        head = head.partition(b"\n")[2]
    fields: list[tuple[str, bytes]] = []
    for field in re.split(rb"\n(?![ \t])", head[: 2 * MOST_HEADER_BYTES]):
        name, colon, value = field.partition(b":")
        if colon and name.strip() and b" " not in name.strip():
            fields.append((name.strip().decode("ascii", "replace").lower(), value.strip()))
    return fields, rest


def _headers(fields: Sequence[tuple[str, bytes]]) -> Headers:
    found: dict[str, list[str]] = {}
    for name, value in fields[:MOST_FIELDS]:
        if len(value) <= LONGEST_FIELD:
            text = " ".join(value.decode("utf-8", "replace").replace("\0", "").split())
            found.setdefault(name, []).append(text)
    return {name: tuple(values) for name, values in found.items()}


def _head(headers: Headers) -> Opened:
    senders = _addresses(headers.get("from", ()))
    name, address = senders[0] if senders else ("", "")
    return Opened(
        message_id=next(iter(_identifiers(headers.get("message-id", ()))), ""),
        subject=_words(_first(headers, "subject"))[:300],
        sender=address[:254],
        sender_name=_words(name)[:200],
        senders=len(senders),
        recipients=tuple(
            dict.fromkeys(
                one
                for header in RECIPIENTS
                for _name, one in _addresses(headers.get(header, ()))[:MOST_ADDRESSES]
            )
        ),
        references=tuple(_identifiers((*headers.get("in-reply-to", ()), *headers.get("references", ())))),
        written_at=_moment(_first(headers, "date")),
        headers=headers,
    )


def _first(headers: Headers, name: str) -> str:
    return headers.get(name, ("",))[0]


def _words(text: str) -> str:
    """A header as people read it: encoded words decoded, no control characters, one line."""
    with suppress(HeaderParseError, LookupError, ValueError, TypeError):  # else it stays as it stands
        text = str(make_header(decode_header(text)))
    return " ".join("".join(char for char in text if _is_shown(char)).split())


def _storable(text: str) -> str:
    """Without what no database keeps: NUL, and halves of pairs, which some charsets let through alone."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _is_shown(char: str) -> bool:
    """Neither a control character nor one that turns the direction of writing."""
    return char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def _addresses(values: Sequence[str]) -> list[tuple[str, str]]:
    found = []
    for value in values[:20]:
        # The standard parser goes one call deeper for each comment in a comment, and each group in a group.
        bare = re.sub(r"[()]", " ", value) if value.count("(") > MOST_COMMENTS else value
        bare = bare.replace(":", " ") if bare.count(":") > MOST_COMMENTS else bare
        for name, address in getaddresses([bare]):
            if ADDRESS.fullmatch(address):
                found.append((name, address.lower()))
    return found


def _identifiers(values: Sequence[str]) -> list[str]:
    found = [one for value in values[:20] for one in IDENTIFIER.findall(value)]
    return list(dict.fromkeys(found))[-MOST_REFERENCES:]


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        moment.astimezone(UTC)  # a year or an offset that no clock has raises here
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment


def _tame(fields: Sequence[tuple[str, bytes]], rest: bytes, longest: int = LONGEST_FIELD) -> bytes:
    kept = [
        b"%s: %s" % (name.encode("ascii", "replace"), value)
        for name, value in fields
        if len(value) <= longest
    ]
    return b"\n".join(kept) + b"\n\n" + rest


def _for_the_reader(fields: Sequence[tuple[str, bytes]], rest: bytes) -> bytes:
    return _tame([(name, value) for name, value in fields if name in READ], rest, LONGEST_READ)


def readable(raw: bytes) -> bytes:
    """The mail as the reader of promises gets it: see Note [Hostile mails]."""
    return _for_the_reader(*_split(raw.replace(b"\r\n", b"\n")))


# --- parts and files ----------------------------------------------------------------------------------------


class _TooManyParts(ValueError):
    """More parts than a mail has."""


def _parts(message: Message) -> Iterator[Message]:
    """Every part that is no container, not into mails that were forwarded whole. Depth and number are limited."""
    waiting: list[tuple[Message, int]] = [(message, 0)]
    count = 0
    while waiting:
        part, depth = waiting.pop(0)
        count += 1
        if count > MOST_PARTS or depth > DEEPEST:
            raise _TooManyParts
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting[:0] = [(one, depth + 1) for one in payload if isinstance(one, Message)]
        else:
            yield part


def _files(parts: Sequence[Message]) -> Iterator[MailFile]:
    count = 0
    for part in parts:
        if count >= MOST_FILES or not _is_file(part):
            continue
        count += 1
        if part.get_content_maintype() == "message":
            yield MailFile(_file_name(part) or "forwarded.eml", b"A forwarded mail is not opened.")
            continue
        content = part.get_payload(decode=True)
        yield MailFile(_file_name(part), content if isinstance(content, bytes) else b"")


def _is_file(part: Message) -> bool:
    """Whether a part is something sent along: not the text, not a picture in it, not a signature."""
    kind = part.get_content_type()
    attached = part.get_content_disposition() == "attachment"
    named = bool(part.get_filename())
    if kind in SIGNATURES or kind in ("message/delivery-status", "message/disposition-notification"):
        return False
    if kind in ("text/plain", "text/html", "text/rfc822-headers"):
        return attached or named
    if part.get_content_maintype() == "image" and part.get("content-id") and not attached:
        return False
    return attached or kind != "text/calendar"


def _file_name(part: Message) -> str:
    name = _words(str(part.get_filename() or ""))[:200]
    if name:
        return name
    if part.get_content_maintype() == "message":
        return ""
    return f"attachment{mimetypes.guess_extension(part.get_content_type()) or ''}"


# --- reports ------------------------------------------------------------------------------------------------


def _report_type(message: Message) -> str:
    return str(message.get_param("report-type") or "").lower()


def _failures(message: Message, parts: Sequence[Message], headers: Headers, text: str) -> tuple[Failure, ...]:
    """Whom our mail did not reach: from the report where there is one, else from what the machine wrote."""
    original = _original(parts, text)
    blocks = [
        block
        for part in parts
        if part.get_content_type() == "message/delivery-status" and isinstance(part.get_payload(), list)
        for block in part.get_payload()
        if isinstance(block, Message)
    ]
    found = [failure for block in blocks[:MOST_FAILURES] if (failure := _failure(block, original))]
    if found:
        return tuple(found)
    named = [address for _name, address in _addresses(headers.get("x-failed-recipients", ()))]
    if not named:
        named = [one.lower() for one in ADDRESS.findall(text[:5_000])][:1]
    return tuple(Failure(_storable(address), _storable(original)) for address in dict.fromkeys(named))


def _failure(block: Message, original: str) -> Failure | None:
    recipient = str(block.get("final-recipient") or block.get("original-recipient") or "")
    address = recipient.partition(";")[2].strip().strip("<>").lower() or recipient.strip().lower()
    if not ADDRESS.fullmatch(address):
        return None
    status = str(block.get("status") or "").strip()[:20]
    action = str(block.get("action") or "").strip().lower()
    return Failure(
        address=_storable(address[:254]),
        message_id=_storable(original),
        status=_storable(status),
        diagnosis=_storable(" ".join(str(block.get("diagnostic-code") or "").split())[:300]),
        is_final=action == "failed" or (not action and status.startswith("5")),
    )


def _original(parts: Sequence[Message], text: str) -> str:
    """The Message-ID of the mail that was not delivered."""
    for part in parts:
        payload = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(payload, list) and payload:
            inner = payload[0]
            said = str(inner.get("message-id") or "") if isinstance(inner, Message) else ""
        elif part.get_content_type() == "text/rfc822-headers":
            said = _said_in(str(payload))
        else:
            continue
        if found := IDENTIFIER.search(said):
            return found[0]
    found = IDENTIFIER.search(_said_in(text))
    return found[0] if found else ""


def _said_in(text: str) -> str:
    """What stands behind *Message-ID* in the head of a mail that is told here, quoted or not.

    Only blanks and tabs stand before it: what also ran over the ends of lines would look at a mail of empty lines once
    for each of them.
    """
    found = re.search(r"(?im)^[> \t]*message-id:\s*(<[^<>\s]{1,248}>)", text[:200_000])
    return found[1] if found else ""
