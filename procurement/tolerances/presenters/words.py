"""The words for what rules are made of."""

from django.utils.translation import gettext_lazy as _

from procurement.tolerances.messages import (
    Direction,
    DocumentKind,
    Inside,
    Joined,
    Level,
    Measure,
    Outside,
)

KIND_WORDS = {
    DocumentKind.PROMISE: _("Promises"),
    DocumentKind.CHANGE: _("Change requests"),
    DocumentKind.SHIPMENT: _("Ship notices"),
    DocumentKind.INVOICE: _("Invoices"),
}
MEASURE_WORDS = {
    Measure.DATE: _("Delivery date"),
    Measure.UNIT_PRICE: _("Unit price"),
    Measure.QUANTITY: _("Quantity"),
    Measure.DELIVERIES: _("Number of deliveries"),
    Measure.LINE_AMOUNT: _("Amount of the line"),
    Measure.DOCUMENT_AMOUNT: _("Amount of the whole paper"),
    Measure.TAX: _("Tax"),
    Measure.CHARGE: _("Charge"),
    Measure.OTHER: _("Something else than asked"),
}
DIRECTION_WORDS = {
    Direction.OVER: _("More, or later"),
    Direction.UNDER: _("Less, or earlier"),
    Direction.EITHER: _("Either way"),
}
JOINED_WORDS = {
    Joined.AND: _("Both must hold"),
    Joined.OR: _("One of them is enough"),
}
LEVEL_WORDS = {
    Level.GLOBAL: _("Everything"),
    Level.SEGMENT: _("Suppliers of a segment"),
    Level.SUPPLIER: _("One supplier"),
    Level.ITEM_GROUP: _("Items of a group"),
    Level.ITEM: _("One item"),
    Level.SUPPLIER_ITEM: _("One item from one supplier"),
    Level.ORDER_LINE: _("One line of an order"),
}
INSIDE_WORDS = {
    Inside.ACCEPT: _("Agree at once"),
    Inside.NOTIFY: _("Agree at once and tell the buyer"),
}
OUTSIDE_WORDS = {
    Outside.ASK: _("Ask the buyer"),
    Outside.REFUSE: _("Refuse while it is typed"),
}
