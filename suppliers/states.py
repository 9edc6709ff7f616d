"""The life of a supplier in the portal."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class SupplierState(models.TextChoices):
    """A supplier may answer orders while active; a blocked one only reads."""

    ACTIVE = "active", _("Active")
    BLOCKED = "blocked", _("Blocked")


class Segment(models.TextChoices):
    """How much the distributor depends on a supplier; clocks and tolerances follow it."""

    STRATEGIC = "strategic", _("Strategic")
    CORE = "core", _("Core")
    LONG_TAIL = "long_tail", _("Long tail")


class TradeChannel(models.TextChoices):
    """How a supplier takes part: by our pages, by mail and its links, by sheets, a program, EDI, or several of them."""

    PORTAL = "portal", _("Portal")
    MAIL = "mail", _("Mail")
    FILE = "file", _("Files")
    API = "api", _("API")
    EDI = "edi", _("EDI")
    MIXED = "mixed", _("Mixed")


# Programs read these suppliers' orders: a mail about each new one would be read by nobody.
READ_BY_PROGRAMS = frozenset({TradeChannel.FILE, TradeChannel.API, TradeChannel.EDI})


SUPPLIER_LIFECYCLE = Lifecycle(
    "supplier",
    Transition(
        "block",
        frozenset({SupplierState.ACTIVE}),
        SupplierState.BLOCKED,
        "supplier.blocked",
        Permission.SUPPLIER_MANAGE,
    ),
    Transition(
        "unblock",
        frozenset({SupplierState.BLOCKED}),
        SupplierState.ACTIVE,
        "supplier.unblocked",
        Permission.SUPPLIER_MANAGE,
    ),
    initial=SupplierState.ACTIVE,
)
