"""From the bytes of a mail to its text: MIME parts, charsets that lie, flowed text, HTML."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr

from procurement.reading.markup import text_of_html

LONGEST_TEXT = 200_000  # characters; a mail that is longer is read as far as that
STUB = re.compile(
    r"html[- ]?(?:mail|format|capable|f[äa]hig)|view (?:this|it) in (?:your|a) browser", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """One mail as its reader sees it. Header names are lower case; the text may still hold history."""

    subject: str
    sender: str
    text: str
    headers: dict[str, str]
    content_type: str = "text/plain"
    report_type: str = ""


def parse_mail(raw: bytes) -> IncomingMail:
    """Take a mail apart; whatever is broken in it, some text comes out."""
    message = message_from_bytes(raw, policy=policy.default)
    headers = {name.lower(): _header(message, name) for name in dict.fromkeys(message.keys())}
    return IncomingMail(
        subject=" ".join(headers.get("subject", "").split()),
        sender=parseaddr(headers.get("from", ""))[1].lower(),
        text=_text(message)[:LONGEST_TEXT],
        headers=headers,
        content_type=message.get_content_type(),
        report_type=str(message.get_param("report-type") or "").lower(),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message[name])
    except Exception:  # the header parser has open bugs with malformed values; the raw text will do
        return str(dict(message.raw_items()).get(name, ""))


def _text(message: EmailMessage) -> str:
    plain: list[str] = []
    marked_up: list[str] = []
    for part in _written_parts(message):
        if part.get_content_type() == "text/html":
            marked_up.append(text_of_html(_decoded(part)))
        else:
            plain.append(_plain(part))
    text = "\n\n".join(one for one in plain if one.strip())
    from_html = "\n\n".join(one for one in marked_up if one.strip())
    if from_html and (not text.strip() or (len(text) < 200 and STUB.search(text)) or _has_table(from_html)):
        return _tidy_lines(from_html)
    return _tidy_lines(text)


def _has_table(text: str) -> bool:
    """Two rows of cells: a table whose plain version has lost its columns."""
    return len(re.findall(r"^(?!>)[^\t\n]*\t[^\n]*$", text, re.MULTILINE)) >= 2


def _written_parts(message: EmailMessage) -> list[EmailMessage]:
    """The text parts that are shown, not attached and not mails within the mail."""
    if message.get_content_maintype() == "message":
        return []
    if message.is_multipart():
        return [found for part in message.iter_parts() for found in _written_parts(part)]  # type: ignore[arg-type]  # parts are of its own class
    if message.get_content_disposition() == "attachment" or message.get_filename():
        return []
    return [message] if message.get_content_type() in ("text/plain", "text/html") else []


def _decoded(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return str(payload or "")
    declared = str(part.get_content_charset() or "utf-8").lower()
    if declared in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii", "utf-8", "utf8", "unknown-8bit"):
        candidates = ["utf-8", "cp1252"]  # Latin 1 that is valid UTF-8 is UTF-8 by all likelihood
    else:
        candidates = [declared, "utf-8", "cp1252"]
    for charset in candidates:
        try:
            return payload.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
    return payload.decode("latin-1")


def _plain(part: EmailMessage) -> str:
    text = _decoded(part).replace("\r\n", "\n").replace("\r", "\n")
    if str(part.get_param("format") or "").lower() == "flowed":
        return _unflowed(text, del_sp=str(part.get_param("delsp") or "").lower() == "yes")
    return text


def _unflowed(text: str, *, del_sp: bool) -> str:
    """Join the lines that a flowed text (RFC 3676) broke for display only, within one depth of quotation."""
    lines: list[str] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:]
        content = content[1:] if content.startswith(" ") else content
        flows = content.endswith(" ") and content != "-- "
        if flows and del_sp:
            content = content[:-1]
        if open_depth == depth and lines and content != "-- ":
            lines[-1] += content
        else:
            lines.append((">" * depth + " " if depth else "") + content)
        open_depth = depth if flows else None
    return "\n".join(lines)


def _tidy_lines(text: str) -> str:
    """No odd spaces: no-break ones become plain, invisible ones go."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub("[\u200b\u200c\u200d\u2060\ufeff\u00ad]", "", text)
    return re.sub("[\u00a0\u2007\u202f\u2009]", " ", text)
