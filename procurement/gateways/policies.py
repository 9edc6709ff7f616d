"""How a gateway's secret is made, what standard codes mean here, and by what a consignment is known. No database here.

Note [Derived secrets]: to check a signature one must hold the secret itself; a fingerprint will not do. It is stored
nowhere all the same: it is worked out (HMAC-SHA256) from the random key of its row and SECRET_KEY. The row alone, as in
a stolen backup, signs nothing, and neither does SECRET_KEY alone. With a former key in SECRET_KEY_FALLBACKS the secrets
that were given out under it go on.
"""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from procurement.gateways.states import Why
from procurement.receipts.messages import WholeCount, WholeCountLine
from procurement.shipments.messages import TellMilestone
from procurement.shipments.policies import number_key
from procurement.shipments.states import MilestoneKind

MOST_SECRETS = 2  # at once: the old one works until the other side uses the new one
MOST_EVENTS = 100
SECRET_PREFIX = "qsg_"  # noqa: S105 -- what every secret begins with, so that scanners for leaked ones know it
_PURPOSE = b"quayside.gateways.secret.1"

CANDIDATES_SHOWN = 5


def derive_secret(seed: uuid.UUID, secret_key: str) -> str:
    """The secret of a row. See Note [Derived secrets]. Never to be logged."""
    key = hashlib.sha256(_PURPOSE + b"\0" + secret_key.encode()).digest()
    code = hmac.new(key, seed.bytes, hashlib.sha256).digest()
    return SECRET_PREFIX + base64.b32encode(code).decode().rstrip("=").lower()


# --- standard codes -----------------------------------------------------------------------------------------

X12_STATUS = "x12.1650"

# Shipment status codes of the X12 transaction set 214 (element 1650, in AT7-01). The two with an empty word are heard
# and set aside: they tell of the carrier's day, not of the consignment's way to us.
MILESTONES_OF: Mapping[str, Mapping[str, str]] = {
    X12_STATUS: {
        "AF": MilestoneKind.DEPARTED,  # carrier departed pick-up location with shipment
        "AG": MilestoneKind.ESTIMATED,  # estimated delivery
        "CP": MilestoneKind.PICKED_UP,  # completed loading at pick-up location
        "D1": MilestoneKind.DELIVERED,  # completed unloading at delivery location
        "SD": MilestoneKind.EXCEPTION,  # shipment delayed
        "X1": MilestoneKind.ARRIVED,  # arrived at delivery location
        "X3": "",  # arrived at pick-up location
        "X6": "",  # en route to delivery location
        "CD": "",  # carrier departed delivery location
    },
}


def milestone_of(code_list: str, code: str) -> str | None:
    """The milestone that a standard code means: empty for none, None for a code that is not known here."""
    return MILESTONES_OF[code_list].get(code.strip().upper())


# --- what a consignment is known by -------------------------------------------------------------------------


def names_of(
    *,
    sscc: str = "",
    tracking_number: str = "",
    notice: str = "",
    bill_of_lading: str = "",
) -> tuple[str, ...]:
    """The names of a consignment, written so that the same ones are equal."""
    found = {
        "sscc": sscc,
        "tracking": one_writing(tracking_number),
        "notice": number_key(notice),
        "lading": one_writing(bill_of_lading),
    }
    return tuple(f"{kind}:{name}" for kind, name in found.items() if name)


def one_writing(number: str) -> str:
    """A tracking number or bill of lading as it is compared: without blanks, in capitals."""
    return "".join(number.split()).upper()


@dataclass(frozen=True, slots=True)
class Found:
    """Which consignments the names of an event lead to. Without a `why` it is exactly one."""

    ids: tuple[int, ...] = ()
    why: str = ""


def agree(by_name: Sequence[Collection[int]], under_way: Collection[int]) -> Found:
    """The ship notice, by id, that all names mean which mean any. One that is under way goes before one that is over.

    A name that nobody knows says nothing: carriers send numbers of their own along.
    """
    known = [set(ids) for ids in by_name if ids]
    if not known:
        return Found(why=Why.UNKNOWN)
    common = set.intersection(*known)
    if not common:
        return Found(tuple(sorted(set.union(*known))), Why.CONTRADICTS)
    ids = tuple(sorted(common & set(under_way) or common))
    return Found(ids, "" if len(ids) == 1 else Why.AMBIGUOUS)


# --- what is handed on --------------------------------------------------------------------------------------


def milestone_in(said: Mapping[str, Any], notice: uuid.UUID, source: str) -> TellMilestone:
    """The word about the way that an event is, for one ship notice."""
    day = said.get("estimated_on")
    return TellMilestone(
        notice,
        said["kind"],
        datetime.fromisoformat(said["happened_at"]),
        said.get("place", ""),
        date.fromisoformat(day) if day else None,
        said.get("note", ""),
        source,
    )


def count_in(said: Mapping[str, Any], source: str) -> WholeCount:
    """The finished count that an event is."""
    lines = tuple(
        WholeCountLine(
            line["order"],
            line["line_key"],
            Decimal(line["quantity"]),
            Decimal(line.get("damaged", "0")),
            line.get("lot", ""),
            line.get("note", ""),
            line.get("rest", "follows"),
        )
        for line in said["lines"]
    )
    return WholeCount(
        company=said["company"],
        supplier=said["supplier"],
        source=source,
        received_on=date.fromisoformat(said["received_on"]),
        lines=lines,
        notice=said.get("notice", ""),
        delivery_note=said.get("delivery_note", ""),
        site=said.get("site", ""),
        note=said.get("note", ""),
    )


def source_of(gateway: uuid.UUID, key: str) -> str:
    """What names an event for whoever takes it: the same one in two messages is one. At most 120 characters."""
    return f"gateway:{gateway.hex[:12]}:{key}"


def key_of(said: Mapping[str, Any], own: str = "") -> str:
    """The key of an event: what its sender calls it, else a fingerprint of all that it says."""
    if own:
        return own
    plain = "\n".join(f"{name}={said[name]}" for name in sorted(said))
    return "sha256-" + hashlib.sha256(plain.encode()).hexdigest()[:40]
