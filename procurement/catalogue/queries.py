"""Reading the catalogue."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.errors import NotFound
from procurement.catalogue.models import Company, Item


def find_item(number: str) -> Item:
    """One item by its number. Raises `NotFound`."""
    item = Item.objects.filter(number=number).first()
    if item is None:
        raise NotFound(_("There is no such item."))
    return item


def find_company(code: str) -> Company:
    """A company of the buying group by its code. Raises `NotFound`."""
    return _company(code=code)


def company_by_id(pk: int) -> Company:
    """A company of the buying group as a form or an address names it. Raises `NotFound`."""
    return _company(pk=pk)


def _company(**named: Any) -> Company:
    company: Company | None = Company.objects.filter(**named).first()
    if company is None:
        raise NotFound(_("There is no such company."))
    return company


def known_items(numbers: Iterable[str]) -> frozenset[str]:
    """Those of these item numbers that are in the catalogue, and so have a page: one query."""
    return frozenset(Item.objects.filter(number__in=set(numbers)).values_list("number", flat=True))


def names_of_companies() -> list[str]:
    """What the companies of the buying group are called, and their codes."""
    return [word for names in Company.objects.values_list("name", "code") for word in names]
