"""The audit trail outside the database: JSON lines, and their check without a database.

The first line says what follows. Each other line has `content` (the very text that was hashed, itself a JSON array of
`CONTENT_FIELDS`), `actor_label` with its `label_nonce`, `position`, `former` (the hash before it) and `hash`; the last
line of a batch has its `seal`. docs/security/audit-trail.md tells how to check them with nothing but SHA-256, and what
that proves.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from portal.kernel.audit.chain import CONTENT_FIELDS, PSEUDONYM, START, exported, signature_of
from portal.kernel.audit.models import AuditSeal

FORMAT = "quayside-audit-2"


def heading(since: datetime, until: datetime, head: str) -> bytes:
    """The first line: what span this is, what the fields are, where the chain starts, and its newest head."""
    told = {
        "format": FORMAT,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "fields": CONTENT_FIELDS,
        "start": START.hex(),
        "head": head,
    }
    return json.dumps(told).encode() + b"\n"


def as_line(since: datetime, until: datetime) -> Iterator[bytes]:
    """The events of a span, one line each, in the order of the chain; what is not sealed yet comes last."""
    for told in exported(since, until):
        yield json.dumps(told, ensure_ascii=False).encode() + b"\n"


class FileCheck:
    """The check of one export, line by line.

    `unsealed` counts the lines of which nothing is proved, since they were not sealed when the file was made. Without
    `keys` signatures are not looked at: then hashes only, which anybody can work out anew.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self.unsealed = 0
        self._keys = keys
        self._position = 0
        self._hash = ""
        # Where the next batch begins; None until the first line says where the file begins.
        self._begins: int | None = None

    def faults(self, lines: Iterable[bytes]) -> Iterator[str]:
        """What is wrong with an export, as sentences: nothing where it is as it was sealed."""
        for number, line in enumerate(lines, start=1):
            try:
                told = json.loads(line)
                found = list(self._heading(told) if number == 1 else self._line(told))
            except (ValueError, KeyError, TypeError, IndexError):
                found = ["this is no line of an export"]
            for fault in found:
                yield f"Line {number}: {fault}."
        if self._begins is not None and self._begins != self._position + 1:
            yield f"The end: positions from {self._begins} on have no seal."

    def _heading(self, told: dict[str, Any]) -> Iterator[str]:
        if told.get("format") != FORMAT or told["start"] != START.hex():
            yield f"this is no heading of an export in the format {FORMAT}"

    def _line(self, told: dict[str, Any]) -> Iterator[str]:
        fields = dict(zip(CONTENT_FIELDS, json.loads(told["content"]), strict=True))
        event, position = fields["id"], told["position"]
        if position is None:
            self.unsealed += 1
            return
        if self.unsealed:
            yield f"event {event} has a place in the chain, and stands after events that have none"
        if self._begins is None:
            self._begins = self._position = position
        elif position != self._position + 1:
            yield f"position {position} (event {event}) does not follow position {self._position}: lines are gone"
        elif told["former"] != self._hash:
            yield f"the hash before event {event} is not that of the line before"
        if position == 1 and told["former"] != START.hex():
            yield f"event {event} does not stand at the start of the chain"
        yield from self._of_event(told, fields)
        self._position, self._hash = position, told["hash"]
        if "seal" in told:
            yield from self._seal(told["seal"])

    def _of_event(self, told: dict[str, Any], fields: dict[str, Any]) -> Iterator[str]:
        leaf = hashlib.sha256(told["content"].encode()).digest()
        if hashlib.sha256(bytes.fromhex(told["former"]) + leaf).hexdigest() != told["hash"]:
            yield f"event {fields['id']} is not as it was sealed"
        if told["label_nonce"] is None:
            is_named = told["actor_label"] == PSEUDONYM.format(fields["actor_user_id"])
        else:
            named = hashlib.sha256(bytes.fromhex(told["label_nonce"]) + told["actor_label"].encode())
            is_named = named.hexdigest() == fields["label_hash"]
        if not is_named:
            yield f"the name on event {fields['id']} is not the one that was sealed"

    def _seal(self, told: dict[str, Any]) -> Iterator[str]:
        made = AuditSeal(
            first_position=told["first"],
            last_position=told["last"],
            head=bytes.fromhex(told["head"]),
            sealed_at=datetime.fromisoformat(told["sealed_at"]),
        )
        if (told["first"], told["last"], told["head"]) != (self._begins, self._position, self._hash):
            yield f"the seal that ends at position {told['last']} is not that of the lines before it"
        if self._keys and not any(
            hmac.compare_digest(signature_of(made, key), told["signature"]) for key in self._keys
        ):
            yield f"the seal that ends at position {told['last']} is not signed with a key of ours"
        self._begins = self._position + 1
