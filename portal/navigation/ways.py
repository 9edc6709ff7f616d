"""What a way is: a page one may go to, a place in the rail that holds some, a group of cards on the page "Set-up"."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from portal.kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class Way:
    """One way to go, open to those who hold its permission.

    `pages` are the addresses that belong to it, its own among them; a page belongs to one way of a side at most.
    `count` names what waits there, `hot` says that it waits for a person. With `far` it is counted only where the
    way is seen, as a tab or a card: what the rail counts, every page asks the database. `says` is the sentence on
    its card.
    """

    name: str
    icon: str
    label: Promise
    permission: str
    pages: frozenset[str] = frozenset()
    count: str = ""
    hot: bool = False
    far: bool = False
    says: Promise | str = ""

    def holds(self, page: str) -> bool:
        """Whether a page, named as in urls.py, belongs to this way."""
        return page in self.pages or (page.startswith("integration") and self.name == "integration")


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the rail. Where a reader may go more than one of its ways, they are tabs above its pages."""

    label: Promise
    icon: str
    ways: Sequence[Way]
    section: Promise | str = ""

    def open_to(self, actor: Actor) -> list[Way]:
        """The ways of this place that the actor may go; the first is where its line leads."""
        return [way for way in self.ways if actor.may(way.permission)]


@dataclass(frozen=True, slots=True)
class Group:
    """Some cards of the page "Set-up" under one heading."""

    label: Promise
    ways: Sequence[Way]


@dataclass(frozen=True, slots=True)
class Side:
    """All ways of one side. `bar` says what a phone's bar shows: the first five of these whose permission the reader
    holds, in the order of the rail.
    """

    places: Sequence[Place]
    bar: Sequence[tuple[str, str]]
    groups: Sequence[Group] = ()


def alone(way: Way, section: Promise | str = "") -> Place:
    """A line of the rail with one way, named as the way is."""
    return Place(way.label, way.icon, (way,), section)
