"""What the doors of gateways hand to the services: a message as it was read, and what people say to it."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from portal.kernel.errors import Problem


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """One event of a message. `said` is what it says, as JSON; `key` names it, so that told twice it counts once;
    `names` are what its consignment is known by (`policies.names_of`). With `problems` it is not dealt with.
    """

    kind: str
    said: Mapping[str, Any]
    key: str = ""
    names: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """A message taken apart. `id` is the sender's own name for it; with `problems` no event of it could be read."""

    id: str = ""
    events: tuple[ReadEvent, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as it came: its bytes, which way, and who brought it (a person, a file's name)."""

    way: str
    raw: bytes = field(repr=False)
    brought_by: str = ""
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class WriteGateway:
    """A gateway as somebody wants it: `company` and `supplier` by their numbers, empty for all."""

    kind: str
    name: str
    company: str = ""
    supplier: str = ""


@dataclass(frozen=True, slots=True)
class PlaceEvent:
    """A person says which ship notice an event is about."""

    event: uuid.UUID
    version: int
    notice: uuid.UUID


@dataclass(frozen=True, slots=True)
class DismissEvent:
    """A person says that nothing is to be done with an event, and why."""

    event: uuid.UUID
    version: int
    reason: str


def problem_to_json(problem: Problem) -> dict[str, str]:
    """A problem as it is kept and answered."""
    told = {name: storable(text)[:300] for name, text in asdict(problem).items() if text}
    return {"field": "", "message": "", **told}


def storable(text: str) -> str:
    """A text as the database can keep it: JSON and names of files may hold NUL and half a surrogate pair."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")
