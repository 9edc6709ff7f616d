"""Reading the catalogue."""

from collections.abc import Iterable

from procurement.catalogue.models import Item


def known_items(numbers: Iterable[str]) -> frozenset[str]:
    """Those of these item numbers that are in the catalogue, and so have a page: one query."""
    return frozenset(Item.objects.filter(number__in=set(numbers)).values_list("number", flat=True))
