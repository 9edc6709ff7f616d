"""What a row of a statement must be to be taken, and how its figures are signed. Pure."""

from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from portal.kernel.values import is_plausible, minor_units
from procurement.statements.messages import Item
from procurement.statements.states import ItemKind

ZERO = Decimal(0)
LARGEST = Decimal(10) ** 12
MOST_ROWS = 10_000
TAKES_OFF = (ItemKind.CREDIT_NOTE, ItemKind.PAYMENT)


def signed(kind: str, amount: Decimal) -> Decimal:
    """An amount as it counts: what takes off is below zero, whichever way a file writes it."""
    return -abs(amount) if kind in TAKES_OFF else amount


def kind_of(kind: str, *amounts: Decimal | None) -> str:
    """What a row is: an invoice that takes off is a credit note, and so is what says nothing and is below zero."""
    below = any(one is not None and one < ZERO for one in amounts)
    if kind in ("", ItemKind.INVOICE) and below:
        return ItemKind.CREDIT_NOTE
    return kind or ItemKind.INVOICE


def problems_of(item: Item) -> Iterator[Problem]:
    """What is wrong with a row; nothing where it can be compared."""
    place = str(item.row)
    if not item.number and item.kind != ItemKind.PAYMENT:
        message = _("A row without a number cannot be found with us. A sum is no row.")
        yield Problem("number", message, "", "required", place)
    if len(item.currency) != 3 or not (item.currency.isascii() and item.currency.isalpha()):
        message = _("A currency has three letters (ISO 4217), such as EUR.")
        yield Problem("currency", message, item.currency[:20], "invalid", place)
    for name, amount in (("amount", item.amount), ("open", item.open)):
        if amount is None:
            continue
        if abs(amount) >= LARGEST:
            yield Problem(name, _("This is more than can be kept."), str(amount), "out_of_range", place)
        elif amount != round(amount, minor_units(item.currency)):
            message = _("Money of this currency has fewer decimals.")
            yield Problem(name, message, str(amount), "decimals", place)
    for name, day in (("dated_on", item.dated_on), ("due_on", item.due_on)):
        if day is not None and not is_plausible(day):
            yield Problem(name, _("This day cannot be meant."), day.isoformat(), "invalid", place)
