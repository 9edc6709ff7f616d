"""The columns of an answer sheet: what names a line, what is asked, and what is promised."""

from django.utils.translation import gettext_lazy as _

from procurement.orders.states import PromiseKind, Reason
from procurement.sheets.columns import ASKED, CHOICE, DAY, KEY, NUMBER, PROMISE, Column

COLUMNS = (
    Column("order_key", _("Order key"), KEY),
    Column("line_key", _("Line key"), KEY),
    Column("delivery", _("Delivery key"), KEY),
    Column("version", _("Version"), KEY, NUMBER),
    Column("company", _("Customer"), ASKED, width=22),
    Column("order", _("Order"), ASKED),
    Column("line", _("Line"), ASKED, NUMBER, 7),
    Column("item", _("Item"), ASKED, width=18),
    Column("part", _("Your part number"), ASKED, width=18),
    Column("description", _("Description"), ASKED, width=34),
    Column("asked_quantity", _("Asked quantity"), ASKED, NUMBER, 11),
    Column("unit", _("Unit"), ASKED, width=6),
    Column("asked_delivery_on", _("Asked delivery"), ASKED, DAY, 12),
    Column("asked_price", _("Asked price"), ASKED, NUMBER, 11),
    Column("price_per", _("Price per"), ASKED, NUMBER, 8),
    Column("currency", _("Currency"), ASKED, width=8),
    Column("kind", _("Answer"), PROMISE, CHOICE, 13),
    Column("quantity", _("Quantity"), PROMISE, NUMBER, 10),
    Column("delivery_on", _("Delivery date"), PROMISE, DAY, 13),
    Column("ship_on", _("Ship date"), PROMISE, DAY, 13),
    Column("price", _("Price"), PROMISE, NUMBER, 10),
    Column("substitute_item", _("Substitute item"), PROMISE, width=18),
    Column("reason", _("Reason"), PROMISE, CHOICE, 24),
    Column("note", _("Note"), PROMISE, width=30),
    Column("reference", _("Your order number"), PROMISE, width=18),
)
BY_NAME = {column.name: column for column in COLUMNS}
NAMES = tuple(BY_NAME)
ANSWERS = ("kind", "quantity", "delivery_on", "ship_on", "price", "substitute_item", "reason", "note")

# How a sheet calls the four kinds: `accept` is what one does most.
KINDS = {
    PromiseKind.ACCEPT: _("Confirm"),
    PromiseKind.BACKORDER: _("Backorder"),
    PromiseKind.SUBSTITUTE: _("Substitute"),
    PromiseKind.REFUSE: _("Refuse"),
}
REASONS = dict(Reason.choices)
