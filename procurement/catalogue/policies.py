"""What stock and demand must say to be taken. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from portal.kernel.values import decimals_of, is_plausible
from procurement.catalogue.messages import CustomerDemandPaper, StockPaper

LARGEST = Decimal(10) ** 12


def unknown(field: str, value: str, line: str) -> Problem:
    """A code of which nobody here has heard."""
    return Problem(
        field=field,
        value=value,
        line=line,
        code="unknown",
        message=_("%(field)s %(value)s is not known. Send its master data first, or correct the code.")
        % {"field": field, "value": value or "''"},
    )


def problems_of_stock(
    paper: StockPaper,
    items: Mapping[str, int],
    sites: Mapping[str, int],
    units: Mapping[str, int],
    *,
    not_after: datetime,
) -> Iterator[Problem]:
    """What is wrong with what is said to lie at a site."""
    yield from _unknown_codes(paper, items, sites, units)
    yield from _moment(paper, not_after)
    if not -LARGEST < paper.on_hand < LARGEST:
        yield _number("on_hand", paper.on_hand, paper)
    for field in ("safety_stock", "daily_demand"):
        amount = getattr(paper, field)
        if amount is not None and not 0 <= amount < LARGEST:
            yield _number(field, amount, paper)


def problems_of_demand(
    paper: CustomerDemandPaper,
    items: Mapping[str, int],
    sites: Mapping[str, int],
    units: Mapping[str, int],
    *,
    not_after: datetime,
) -> Iterator[Problem]:
    """What is wrong with an open line of a customer's order."""
    yield from _unknown_codes(paper, items, sites, units)
    yield from _moment(paper, not_after)
    if not paper.key:
        yield Problem("key", _("A line of a customer's order names its own key."), line=_name_of(paper))
    if not 0 < paper.quantity < LARGEST:
        message = _("A quantity must be more than zero.")
        yield Problem("quantity", message, str(paper.quantity), line=_name_of(paper))
    elif paper.unit in units and decimals_of(paper.quantity) > units[paper.unit]:
        message = _("A quantity in %(unit)s has at most %(count)d decimals.")
        values = {"unit": paper.unit, "count": units[paper.unit]}
        yield Problem("quantity", message % values, str(paper.quantity), line=_name_of(paper))
    if not is_plausible(paper.needed_on):
        day = paper.needed_on.isoformat()
        yield Problem("needed_on", _("This day cannot be meant."), day, line=_name_of(paper))


def _unknown_codes(
    paper: StockPaper | CustomerDemandPaper,
    items: Mapping[str, int],
    sites: Mapping[str, int],
    units: Mapping[str, int],
) -> Iterator[Problem]:
    for field, known in (("item", items), ("site", sites), ("unit", units)):
        value = getattr(paper, field)
        if value not in known:
            yield unknown(field, value, _name_of(paper))


def _name_of(paper: StockPaper | CustomerDemandPaper) -> str:
    return f"{paper.item} / {paper.site}" if isinstance(paper, StockPaper) else paper.key


def _moment(paper: StockPaper | CustomerDemandPaper, not_after: datetime) -> Iterator[Problem]:
    if paper.as_of > not_after:
        message = _("Nothing can be told of a moment that has not come yet. Check the ERP's clock.")
        yield Problem("as_of", message, str(paper.as_of), line=_name_of(paper))


def _number(field: str, amount: Decimal, paper: StockPaper) -> Problem:
    return Problem(field, _("This number cannot be meant."), str(amount), line=_name_of(paper))
