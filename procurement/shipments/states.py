"""The life of a ship notice: drafted, sent, on its way, there, received; or taken back (domain.md §9)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class NoticeState(models.TextChoices):
    """Where a ship notice stands."""

    DRAFT = "draft", _("Draft")
    SENT = "sent", _("Sent")
    IN_TRANSIT = "in_transit", _("In transit")
    ARRIVED = "arrived", _("Arrived")
    PARTLY_RECEIVED = "partly_received", _("Partly received")
    RECEIVED = "received", _("Received")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")
    REPLACED = "replaced", _("Replaced")
    DISCARDED = "discarded", _("Discarded")


# Why the portal itself closes one. Such words are kept in English, and shown in the reader's.
ALL_SETTLED = "All that came otherwise is settled."

# What is on its way to us, or was: its quantities count against the order.
ON_THE_WAY = (NoticeState.SENT, NoticeState.IN_TRANSIT, NoticeState.ARRIVED, NoticeState.PARTLY_RECEIVED)
LIVE = (*ON_THE_WAY, NoticeState.RECEIVED, NoticeState.CLOSED)


class Remainder(models.TextChoices):
    """What becomes of what a notice leaves open on a line."""

    FOLLOWS = "follows", _("Will follow")
    NOT_COMING = "not_coming", _("Will not come")


class PackageKind(models.TextChoices):
    """What goods stand on or lie in. The codes behind are in UN/ECE Recommendation 21: PX, CT, PK, CR, DR, BG."""

    PALLET = "pallet", _("Pallet")
    CARTON = "carton", _("Carton")
    PACKAGE = "package", _("Package")
    CRATE = "crate", _("Crate")
    DRUM = "drum", _("Drum")
    BAG = "bag", _("Bag")


class FreightTerms(models.TextChoices):
    """Who pays the carrier (X12 element 146)."""

    PREPAID = "prepaid", _("Prepaid by the supplier")
    COLLECT = "collect", _("Collect: the receiver pays")
    THIRD_PARTY = "third_party", _("Third party pays")
    PICKUP = "pickup", _("Picked up by the receiver")


class MilestoneKind(models.TextChoices):
    """What happened to a consignment on its way, in the order in which it does."""

    PICKED_UP = "picked_up", _("Picked up")
    DEPARTED = "departed", _("Departed")
    ESTIMATED = "estimated", _("New estimate")
    EXCEPTION = "exception", _("Exception")
    ARRIVED = "arrived", _("Arrived")
    DELIVERED = "delivered", _("Delivered")


_SHIP = Permission.SHIPMENT_WRITE
_RECEIVE = Permission.ERP_MANAGE
_SENT = frozenset({NoticeState.SENT})
_UNTOUCHED = frozenset({NoticeState.SENT, NoticeState.IN_TRANSIT, NoticeState.ARRIVED})
_UNRECEIVED = frozenset(ON_THE_WAY)

NOTICE_LIFECYCLE = Lifecycle(
    "ship notice",
    Transition(
        "send", frozenset({NoticeState.DRAFT}), NoticeState.SENT, "shipment.sent", _SHIP, frozenset({"erp"})
    ),
    Transition("discard", frozenset({NoticeState.DRAFT}), NoticeState.DISCARDED, "shipment.discarded", _SHIP),
    Transition("depart", _SENT, NoticeState.IN_TRANSIT, "shipment.departed", _SHIP),
    Transition(
        "arrive",
        frozenset({NoticeState.SENT, NoticeState.IN_TRANSIT}),
        NoticeState.ARRIVED,
        "shipment.arrived",
        _SHIP,
    ),
    # Until something of it is received: what the dock has counted cannot be unsaid.
    Transition("cancel", _UNTOUCHED, NoticeState.CANCELLED, "shipment.cancelled", _SHIP, frozenset({"erp"})),
    Transition("replace", _UNTOUCHED, NoticeState.REPLACED, "shipment.replaced", _SHIP),
    Transition(
        "receive_part", _UNRECEIVED, NoticeState.PARTLY_RECEIVED, "shipment.partly_received", _RECEIVE
    ),
    Transition(
        "receive",
        _UNRECEIVED,
        NoticeState.RECEIVED,
        "shipment.received",
        _RECEIVE,
    ),
    # The ERP took a booking back.
    Transition(
        "unreceive",
        frozenset({NoticeState.PARTLY_RECEIVED, NoticeState.RECEIVED}),
        NoticeState.ARRIVED,
        "shipment.receipt_reversed",
        _RECEIVE,
    ),
    Transition(
        "reopen_part",
        frozenset({NoticeState.RECEIVED}),
        NoticeState.PARTLY_RECEIVED,
        "shipment.receipt_reversed",
        _RECEIVE,
    ),
    Transition(
        "close",
        frozenset({NoticeState.ARRIVED, NoticeState.PARTLY_RECEIVED, NoticeState.RECEIVED}),
        NoticeState.CLOSED,
        "shipment.closed",
        Permission.ORDER_DECIDE,
    ),
    initial=NoticeState.DRAFT,
    terminal=(NoticeState.CLOSED, NoticeState.CANCELLED, NoticeState.REPLACED, NoticeState.DISCARDED),
)
