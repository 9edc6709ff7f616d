"""Whose a case is: the narrowest rule, else the order's buyer; and who has it while that person is away."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

MOST_HOPS = 5


@dataclass(frozen=True, slots=True)
class Rule:
    """Whose cases are of a supplier, an item group, a site. What is None or '' is everybody's."""

    owner: int
    supplier: int | None = None
    item_group: str = ""
    site: int | None = None

    @property
    def narrowness(self) -> int:
        """A supplier says more than an item group, and that more than a site."""
        return 4 * bool(self.supplier) + 2 * bool(self.item_group) + bool(self.site)

    def fits(self, supplier: int | None, item_group: str, site: int | None) -> bool:
        """Whether it speaks of such a case."""
        return (
            self.supplier in (None, supplier)
            and self.item_group in ("", item_group)
            and self.site in (None, site)
        )


def owner_by_rule(
    rules: Iterable[Rule], supplier: int | None, item_group: str, site: int | None
) -> int | None:
    """The owner that the narrowest rule names, if any fits."""
    fitting = [rule for rule in rules if rule.fits(supplier, item_group, site)]
    return max(fitting, key=lambda rule: rule.narrowness).owner if fitting else None


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away from the first day to the last, both included, and another takes the cases."""

    person: int
    stand_in: int
    from_on: date
    until_on: date


def holders_on(day: date, absences: Sequence[Absence]) -> Mapping[int, int]:
    """Who has the cases of each person who is away that day. A stand-in who is away too hands on to the next."""
    away = {one.person: one.stand_in for one in absences if one.from_on <= day <= one.until_on}
    found: dict[int, int] = {}
    for person in away:
        holder, hops = person, 0
        while holder in away and hops < MOST_HOPS:
            holder, hops = away[holder], hops + 1
        # Two who stand in for each other while both are away: the case stays where it was.
        found[person] = person if holder in away else holder
    return found
