"""The life of a supplier in the portal."""

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """What follows from a channel (docs/company-data.md).

    `mails_orders`: new orders are mailed. `mails_company`: what is mailed of an order goes to the company's own address
    besides its people. `mails_unread`: an order that nobody opened or answered for long is mailed as a failure of its
    programs. `repeats_invitations`: who has accepted none is asked again to make an account.
    """

    mails_orders: bool = True
    mails_company: bool = False
    mails_unread: bool = False
    repeats_invitations: bool = True


_BY_PROGRAMS = ChannelRule(mails_orders=False, mails_unread=True)
CHANNEL_RULES: Mapping[str, ChannelRule] = {
    TradeChannel.PORTAL: ChannelRule(),
    TradeChannel.MAIL: ChannelRule(mails_company=True, repeats_invitations=False),
    TradeChannel.FILE: _BY_PROGRAMS,
    TradeChannel.API: _BY_PROGRAMS,
    TradeChannel.EDI: _BY_PROGRAMS,
    TradeChannel.MIXED: ChannelRule(mails_unread=True),
}


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
