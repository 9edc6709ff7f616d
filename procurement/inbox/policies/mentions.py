"""Who is meant by an @ in a note: the part of a mail address before its @, or a name without its spaces."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# Not within a mail address: there a letter stands before the sign.
_MENTION = re.compile(r"(?<![\w.])@([\w.+-]+)")


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who can be meant."""

    id: int
    name: str
    email: str

    @property
    def handles(self) -> set[str]:
        """What may stand after the @, in small letters."""
        first = self.name.split(" ")[0] if self.name else ""
        return {
            one.lower()
            for one in (
                self.email.partition("@")[0],
                first,
                self.name.replace(" ", ""),
                self.name.replace(" ", "."),
            )
            if one
        }


def mentioned(text: str, people: Iterable[Colleague]) -> list[int]:
    """The people a note means, in the order of their ids. A first name that two have means neither."""
    by_handle: dict[str, set[int]] = {}
    for person in people:
        for handle in person.handles:
            by_handle.setdefault(handle, set()).add(person.id)
    found: set[int] = set()
    for word in _MENTION.findall(text):
        means = by_handle.get(word.rstrip(".-+").lower(), set())
        if len(means) == 1:
            found |= means
    return sorted(found)
