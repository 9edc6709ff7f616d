"""What of an event's facts is shown, and how: secrets and account numbers never whole, changes as pairs.

Note [Masked twice]: services do not put secrets or whole account numbers into facts. But people type reasons, and a
trail is kept for ten years: what looks like an account number in any text is masked here once more, and what is named
like a secret is not shown at all.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HIDDEN = "••••"
LONGEST = 300  # of one value
MOST_CHANGES = 40
SHOWN = 4
SECRET = re.compile(
    r"secret|password|passphrase|token_hash|digest|private_key|nonce|^code$|recovery", re.IGNORECASE
)
# What is named like a secret and is none: which of them, how many are left.
NO_SECRET = frozenset({"prefix", "left"})
# An IBAN as people write it, and a run of figures that is longer than any number of an order or of goods (a GTIN has
# fourteen): an account elsewhere, with its bank.
IBAN = re.compile(r"\b([A-Z]{2})[ ]?\d{2}(?:[ .\-]?[A-Z0-9]){11,30}\b", re.IGNORECASE)
FIGURES = re.compile(r"(?<![\w.,:\-])\d(?:[ ]?\d){14,33}(?![\w\-])")
# So many figures in one piece name a package (SSCC, with and without its identifier of GS1).
SSCC = frozenset({18, 20})
# Carried for programs: keys of rows, digests, who is to be mailed. What they name stands beside them.
UNSAID = frozenset(
    {
        "kinds",
        "mark",
        "mail",
        "supplier",
        "tell",
        "impersonated_by",
        "from",
        "to",
        "old",
        "new",
        "changes",
        "token_id",
        "user",
        "newcomer",
        "message",
        "fact",
        "sha256",
        "zone",
    }
)
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
KEYS = re.compile(rf"({UUID.pattern})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that an event says: of which field, what it was and is, or only what it is. `where`: of which line."""

    name: str
    new: str
    old: str | None = None
    where: str = ""


def masked(text: str) -> str:
    """A text in which account numbers are not whole: the land and the last four signs stand, as everywhere here."""
    if not any(char.isdigit() for char in text):
        return text
    # The key of a row may look like an account by chance, and must stay what it is.
    parts = KEYS.split(text)
    return "".join(part if place % 2 else _masked(part) for place, part in enumerate(parts))


def _masked(text: str) -> str:
    return FIGURES.sub(_figures, IBAN.sub(_iban, text))


def _figures(found: re.Match[str]) -> str:
    text = found[0]
    return text if len(text) in SSCC and " " not in text else f"{HIDDEN} {_bare(text)[-SHOWN:]}"


def _iban(found: re.Match[str]) -> str:
    bare = _bare(found[0]).upper()
    # A longer run of words may begin with an IBAN: the longest beginning whose check figures hold is the number.
    for end in range(min(len(bare), 34), 14, -1):
        if _holds(bare[:end]):
            return f"{found[1].upper()} {HIDDEN} {bare[end - SHOWN : end]}" + _rest(found[0], end)
    return found[0]


def _rest(text: str, taken: int) -> str:
    """What follows the first so many letters and figures."""
    for place, char in enumerate(text):
        taken -= char.isalnum()
        if taken < 0:
            return " " + text[place:]
    return ""


def _bare(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def _holds(number: str) -> bool:
    """Whether the check figures of an IBAN are right (ISO 13616)."""
    if not number.isascii() or not number.isalnum():
        return False
    return int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1


def is_secret(name: str) -> bool:
    """Whether a fact is named like something that nobody reads here."""
    return name not in NO_SECRET and bool(SECRET.search(name))


def shown(name: str, value: Any) -> str:
    """One value as text: masked, cut, empty for nothing."""
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if is_secret(name) and not isinstance(value, (bool, int)):
        return HIDDEN
    return masked(_plain(value))[:LONGEST]


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        parts = (f"{name}: {shown(name, one)}" for name, one in value.items() if shown(name, one))
        return ", ".join(parts)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(part for part in (_plain(one) for one in value) if part)
    return str(value)


def hide(name: str, value: Any) -> Any:
    """Facts as a program may read them: in their shape, masked as on the page."""
    if isinstance(value, Mapping):
        return {key: hide(key, one) for key, one in value.items()}
    if isinstance(value, list):
        return [hide(name, one) for one in value]
    if isinstance(value, str):
        return HIDDEN if value and is_secret(name) else masked(value)
    return value


def told_in(facts: Mapping[str, Any]) -> Iterator[Told]:
    """What an event says: first what changed from what to what, then the rest. Keys of rows are left out."""
    yield from _changed(facts)
    for name, value in facts.items():
        if name in UNSAID or f"was_{name}" in facts or name.startswith("was_"):
            continue
        if name in _paired(facts):
            continue
        if text := _said(name, value):
            yield Told(name, text)


def _changed(facts: Mapping[str, Any]) -> Iterator[Told]:
    for old, new in (("from", "to"), ("old", "new")):
        if old in facts and new in facts and not isinstance(facts[new], (list, Mapping)):
            yield Told("", shown("", facts[new]), shown("", facts[old]))
        else:
            for name in (old, new):
                if text := _said(name, facts.get(name)):
                    yield Told(name, text)
    for name in sorted(_paired(facts) - {"before"}):
        yield Told(name, shown(name, facts[name]), shown(name, facts["before"]))
    for name in facts:
        if name.startswith("was_") and name[4:] in facts:
            yield Told(name[4:], shown(name[4:], facts[name[4:]]), shown(name[4:], facts[name]))
    changes = facts.get("changes")
    for change in changes[:MOST_CHANGES] if isinstance(changes, list) else ():
        if isinstance(change, Mapping):
            name = str(change.get("field", ""))
            where = str(change.get("line", "") or "")
            yield Told(name, shown(name, change.get("new")), shown(name, change.get("old")), where)
        elif text := _said("changes", change):
            yield Told("changes", text)


def _paired(facts: Mapping[str, Any]) -> set[str]:
    """Where `before` says what another fact was, told as a pair: an account, or whose a case was."""
    found = {"account", "owner"} & facts.keys()
    return {"before", *found} if "before" in facts and found else set()


def _said(name: str, value: Any) -> str:
    """What an event says besides what changed. Not what has parts of its own (the sentence tells of them, a program
    reads them), nor the key of a row, nor that something is not so."""
    has_parts = isinstance(value, Mapping) or (
        isinstance(value, list) and any(isinstance(one, Mapping) for one in value)
    )
    if has_parts or value is False:
        return ""
    text = shown(name, value)
    return "" if all(UUID.fullmatch(part) for part in text.split("; ")) else text
