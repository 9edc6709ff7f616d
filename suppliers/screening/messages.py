"""What a list says of one party."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listed:
    """A listed party: what its list calls it by, and its names, the first of which is the main one."""

    ref: str
    names: tuple[str, ...]
    about: str = ""
