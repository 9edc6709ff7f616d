"""Whether the host that took a mail in for us says that it comes from whom it names (RFC 8601, RFC 7489).

Note [Forged senders]: who is named as the sender of a mail proves nothing. Three things do: a reply address that we
signed, and that only those know whom we wrote to; the word of our own receiving host, where `MAIL_IN_TRUSTED_HOST`
names it; a person's press. Without one of them a mail is kept and changes nothing.
"""

import re
from enum import StrEnum

from procurement.mailroom.messages import Opened

RESULT = re.compile(r"^\s*(dmarc|dkim|spf)\s*=\s*([a-z]+)", re.IGNORECASE)
PROPERTY = re.compile(
    r"\b(header\.from|header\.d|header\.i|smtp\.mailfrom)\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE
)
COMMENT = re.compile(r"\([^()]*\)")


class Proof(StrEnum):
    """What our receiving host says about a mail's sender."""

    PASSED = "passed"
    FAILED = "failed"
    NONE = "none"


def proof_of(mail: Opened, trusted_host: str) -> Proof:
    """What the trusted host wrote into its topmost `Authentication-Results`; nothing where none is trusted.

    A pass counts only for the domain of the one address in `From`. Headers of other names are anybody's.
    """
    if not trusted_host or mail.senders != 1:
        return Proof.NONE
    domain = mail.sender.rpartition("@")[2]
    for header in mail.headers.get("authentication-results", ()):
        host, _semicolon, rest = COMMENT.sub(" ", header).partition(";")
        if (host.split() or [""])[0].lower() != trusted_host.lower():
            continue
        return _judged(rest, domain)
    return Proof.NONE


def _judged(results: str, domain: str) -> Proof:
    found: dict[str, list[tuple[str, str]]] = {}
    for part in results.split(";"):
        if result := RESULT.match(part):
            told = {name.lower(): value.lower() for name, value in PROPERTY.findall(part)}
            of = (
                told.get("header.from")
                or told.get("header.d")
                or told.get("header.i")
                or told.get("smtp.mailfrom")
            )
            found.setdefault(result[1].lower(), []).append((result[2].lower(), (of or "").rpartition("@")[2]))
    for method in ("dmarc", "dkim", "spf"):
        if any(word == "pass" and _is_of(of, domain) for word, of in found.get(method, ())):
            # What DMARC condemns no other method saves.
            return Proof.FAILED if _failed(found, "dmarc") else Proof.PASSED
    return Proof.FAILED if _failed(found, "dmarc") else Proof.NONE


def _failed(found: dict[str, list[tuple[str, str]]], method: str) -> bool:
    return any(word == "fail" for word, _of in found.get(method, ()))


def _is_of(said: str, domain: str) -> bool:
    """Whether a domain speaks for another: it is that one, or one above it."""
    return said == domain or ("." in said and domain.endswith(f".{said}"))
