"""Keys as forms send them."""

import uuid


def key_of(text: str) -> uuid.UUID | None:
    """A key; None for anything else."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
