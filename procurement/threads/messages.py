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
    """Something to be said about an order. An internal one stays on the buying side.

    `repeats` is the key of what it says once more, in the place of these goods: a question asked on another page. Who
    is mailed of that is not mailed of this besides.
    """

    order: uuid.UUID
    body: str = ""
    internal: bool = False
    files: tuple[NewFile, ...] = ()
    repeats: str = ""
