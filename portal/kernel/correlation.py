"""The thread through a story: one identifier from the click through the outbox to the ERP."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)

_current: ContextVar[str] = ContextVar("correlation", default="")


def current() -> str:
    """The story this code is part of; empty outside any."""
    return _current.get()


def new() -> str:
    """A name for a story that starts here."""
    return uuid.uuid4().hex


def accepted(proposal: str | None) -> str | None:
    """A caller's own identifier, if it is one we can repeat in logs and headers without harm."""
    return proposal if proposal and ACCEPTED.fullmatch(proposal) else None


@contextmanager
def bind(identifier: str | None = None) -> Iterator[str]:
    """What happens inside belongs to this story; a new one is begun when none, or a strange one, is given."""
    chosen = accepted(identifier) or new()
    token = _current.set(chosen)
    try:
        yield chosen
    finally:
        _current.reset(token)
