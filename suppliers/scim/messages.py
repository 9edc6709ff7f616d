"""What a provider's server says: a person and a group as it has them, a question about a list, and one change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class TellPerson:
    """A person as the provider has it (RFC 7643, 4.1). `names`: displayName, formatted, givenName, familyName.

    `mails`: addresses in the order in which they count, the first one first.
    """

    user_name: str
    external_id: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    mails: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True)
class TellGroup:
    """A group as the provider has it (RFC 7643, 4.2). `members` are ids of people it has told of."""

    name: str
    external_id: str = ""
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a list is asked for: where `attribute` (small letters; empty: all) equals `value`, and which part of it."""

    attribute: str = ""
    value: str = ""
    start: int = 1
    count: int = 100


@dataclass(frozen=True, slots=True)
class Change:
    """One operation of a PATCH (RFC 7644, 3.5.2). `path` in small letters and without its schema, empty where the value
    names what it changes; `chosen`: the member a path picks out, `members[value eq "…"]`.
    """

    verb: str
    path: str
    value: Any = None
    chosen: str = ""
