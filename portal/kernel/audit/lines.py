"""The audit trail outside the database: JSON lines, and their check without a database.

The first line says what follows. Each other line has `content` (the very text that was hashed, itself a JSON array of
`CONTENT_FIELDS`), `actor_label` with its `label_nonce`, `position` and `hash`. docs/security/audit-trail.md tells how
to check them with nothing but SHA-256.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from portal.kernel.audit.chain import CONTENT_FIELDS, START, exported

FORMAT = "quayside-audit-1"


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


def check_lines(lines: Iterable[bytes]) -> Iterator[str]:
    """What is wrong with an export, as sentences: nothing where it is as it was sealed.

    A line is held against the one before it where both are there; a span begins and ends in the middle of the chain.
    """
    former_position, former_hash = 0, ""
    for number, line in enumerate(lines, start=1):
        told = json.loads(line)
        if "format" in told:
            former_hash = told["start"]
            continue
        if told["position"] is None:
            continue
        fields = json.loads(told["content"])
        event, label_hash = fields[0], fields[-1]
        if told["label_nonce"]:
            named = hashlib.sha256(bytes.fromhex(told["label_nonce"]) + told["actor_label"].encode())
            if named.hexdigest() != label_hash:
                yield f"Line {number}: the name on event {event} is not the one that was sealed."
        leaf = hashlib.sha256(told["content"].encode()).digest()
        if told["position"] == former_position + 1:
            expected = hashlib.sha256(bytes.fromhex(former_hash) + leaf).hexdigest()
            if expected != told["hash"]:
                yield f"Line {number}: event {event} is not as it was sealed."
        former_position, former_hash = told["position"], told["hash"]
