"""What a door hands over: something written about an order, and files as they came."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file as it was sent: its name as the sender calls it, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class NewMessage:
    """Something to be said about an order. An internal one stays on the buying side."""

    order: uuid.UUID
    body: str = ""
    internal: bool = False
    files: tuple[NewFile, ...] = ()
