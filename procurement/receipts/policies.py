"""What a receipt must say to be taken. Pure."""

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from portal.kernel.values import decimals_of, is_plausible
from procurement.receipts.messages import ReceiptPaper

LARGEST = Decimal(10) ** 12


def problems_of(
    paper: ReceiptPaper, *, companies: Collection[str], units: Mapping[str, int]
) -> Iterator[Problem]:
    """What is wrong with a receipt, given the companies that are known and the decimals of each unit."""
    unknown = _("%(value)s is not known here. Send its master data first, or correct the code.")
    if paper.company not in companies:
        yield Problem("company", unknown % {"value": paper.company or "''"}, paper.company)
    for field in ("key", "order", "line_key"):
        if not getattr(paper, field):
            yield Problem(field, _("A receipt names its own key, its order and the line of the order."))
    if paper.unit not in units:
        yield Problem("unit", unknown % {"value": paper.unit or "''"}, paper.unit)
    elif decimals_of(paper.quantity) > units[paper.unit]:
        message = _("A quantity in %(unit)s has at most %(count)d decimals.")
        values = {"unit": paper.unit, "count": units[paper.unit]}
        yield Problem("quantity", message % values, str(paper.quantity))
    if not 0 < paper.quantity < LARGEST:
        yield Problem("quantity", _("A quantity must be more than zero."), str(paper.quantity))
    if not is_plausible(paper.received_on):
        yield Problem("received_on", _("This day cannot be meant."), paper.received_on.isoformat())
