"""An order's values in words, as people of both sides read them."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from portal.kernel.templatetags.portal_ui import day_text, figure

FIELD_WORDS = {
    "quantity": lazy("quantity"),
    "price": lazy("price"),
    "delivery_on": lazy("delivery"),
    "deliveries": lazy("deliveries"),
    "item_number": lazy("item"),
    "unit": lazy("unit"),
    "ship_to": lazy("ship-to"),
    "incoterm": lazy("Incoterm"),
    "currency": lazy("currency"),
    "line": lazy("line"),
    "number": lazy("line number"),
    "description": lazy("description"),
    "gtin": lazy("GTIN"),
    "supplier_part_number": lazy("your item number"),
    "note": lazy("note"),
    "payment_terms": lazy("payment terms"),
    "buyer_name": lazy("buyer"),
    "kind": lazy("kind of order"),
}


def field_word(name: str) -> str:
    """What a field is called on the screen."""
    return str(FIELD_WORDS.get(name, name.replace("_", " ")))


def shown_value(name: str, value: str) -> str:
    """A value as a revision keeps it (2026-04-01, 1200.5), as the reader writes it."""
    if not value:
        return ""
    if name == "delivery_on":
        return day_text(date.fromisoformat(value))
    if name == "deliveries":
        return " + ".join(_delivery(part) for part in value.split(" + "))
    if name in ("quantity", "price"):
        amount, _per, basis = value.partition(" per ")
        try:
            return figure(Decimal(amount), 2 if name == "price" else 0) + (f" / {basis}" if basis else "")
        except InvalidOperation:
            return value
    return value


def _delivery(part: str) -> str:
    quantity, on, day = part.partition(" on ")
    return f"{figure(Decimal(quantity))} · {day_text(date.fromisoformat(day))}" if on else part


def lines_text(numbers: Iterable[int], most: int = 6) -> str:
    """Some line numbers in words: line 10; lines 10 and 20; 14 lines."""
    found = list(numbers)
    if len(found) > most:
        return ngettext("%(n)d line", "%(n)d lines", len(found)) % {"n": len(found)}
    words = ngettext("line %(lines)s", "lines %(lines)s", len(found))
    return words % {"lines": ", ".join(str(number) for number in found)}
