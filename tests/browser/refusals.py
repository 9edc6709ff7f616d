"""What a browser refuses to pages for their content security policy: nothing, in any test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

REFUSED: list[str] = []


def hear_refusals(context: Any) -> None:
    """Write down what the browser refuses to a page of this context, and where it stands."""
    context.on("console", _hear)


def none_refused() -> None:
    """Asked after every test."""
    assert REFUSED == []


def _hear(message: Any) -> None:
    if "Content Security Policy" in message.text:
        REFUSED.append(f"{message.page.url if message.page else ''} {message.location}: {message.text}")


@contextmanager
def not_the_pages_own() -> Iterator[None]:
    """While something looks at a page that writes into it: what is refused to that is not the page's."""
    before = len(REFUSED)
    yield
    del REFUSED[before:]
