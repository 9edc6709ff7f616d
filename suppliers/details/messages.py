"""What doors hand in about a supplier's company data."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ChangeDetail:
    """A part of a supplier's company data as it shall be.

    `subject` names which one where a part has several: the key of a contact, the kind and country of a number
    (`messages.subject_of`); empty for a new contact and where there is only one. `ends` says that it is to be no more.
    `seen` is the fingerprint of what the page showed (`queries.fingerprint`); without it, whatever stands is meant.
    """

    supplier: uuid.UUID
    part: str
    values: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""
    reason: str = ""
    seen: str | None = None
    ends: bool = False


@dataclass(frozen=True, slots=True)
class ClassifySuppliers:
    """Suppliers into a segment, or onto a channel, or into categories (by code); None leaves as it is."""

    suppliers: Sequence[uuid.UUID]
    segment: str | None = None
    channel: str | None = None
    categories: Sequence[str] | None = None


def subject_of(kind: str, country: str) -> str:
    """Which number: its kind, and its country where each country has its own."""
    return f"{kind}:{country}" if country else kind


def kind_of(subject: str) -> tuple[str, str]:
    """The kind and the country of a number, from `subject_of`."""
    kind, _sep, country = subject.partition(":")
    return kind, country
