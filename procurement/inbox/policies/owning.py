"""Whose a case is: the narrowest rule, else the order's buyer."""

from collections.abc import Iterable
from dataclasses import dataclass


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
