"""Whether the host that took a mail in for us says that it comes from whom it names (RFC 8601, RFC 7489).

Note [Forged senders]: who is named as the sender of a mail proves nothing. Three things do: a reply address that we
signed, and that only those know whom we wrote to; the word of our own receiving host, where `MAIL_IN_TRUSTED_HOST`
names it; a person's press. Without one of them a mail is kept and changes nothing.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

from procurement.mailroom.messages import Opened

RESULT = re.compile(r"(dmarc|dkim|spf)(?:/\d+)?=([a-z]+)", re.IGNORECASE)
# Which of its properties says for whom a method speaks (RFC 8601, 2.7).
SPEAKS_FOR = {
    "dmarc": ("header.from",),
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom",),
}


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
        host, *results = _clauses(header)
        if (host or [""])[0].lower() != trusted_host.lower():
            continue
        return _judged(results, domain)
    return Proof.NONE


def _clauses(header: str) -> list[list[str]]:
    """The words of each part between semicolons, without comments. See Note [Quoted words].

    Note [Quoted words]: an address that stands in a result was chosen by whoever sent the mail. Quoted, it may hold
    semicolons, brackets and the name of another method; in a comment, comments. Neither ends where it seems to.
    """
    clauses: list[list[str]] = [[]]
    word, depth, is_quoted, is_escaped = "", 0, False, False
    for char in header + ";":
        if is_escaped:
            is_escaped = False
            word += "" if depth else char
        elif char == "\\" and (is_quoted or depth):
            is_escaped = True
        elif is_quoted:
            is_quoted = char != '"'
            word += '"' if char == '"' else char
        elif depth:
            depth += {"(": 1, ")": -1}.get(char, 0)
        elif char == '"':
            is_quoted = True
            word += char
        elif char == "(":
            depth = 1
        elif char == ";" or char.isspace():
            if word:
                clauses[-1].append(word)
            word = ""
            if char == ";":
                clauses.append([])
        else:
            word += char
    if is_quoted or depth:  # what is left open at the end says nothing
        return clauses[:1]
    return [_joined(words) for words in clauses[:-1]]


def _joined(words: Sequence[str]) -> list[str]:
    """`dmarc = pass` as one word, as the standard allows it."""
    found: list[str] = []
    for word in words:
        if found and (word.startswith("=") or (found[-1].endswith("=") and found[-1].count("=") == 1)):
            found[-1] += word
        else:
            found.append(word)
    return found


def _judged(results: Sequence[Sequence[str]], domain: str) -> Proof:
    found: dict[str, list[tuple[str, str]]] = {}
    for words in results:
        if not words or not (result := RESULT.fullmatch(words[0])):
            continue
        method = result[1].lower()
        told: dict[str, str] = {}
        for word in words[1:]:
            name, _equals, value = word.partition("=")
            told.setdefault(name.lower(), "" if '"' in value else value.lower())
        of = next((told[name] for name in SPEAKS_FOR[method] if told.get(name)), "")
        found.setdefault(method, []).append((result[2].lower(), of.rpartition("@")[2]))
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
