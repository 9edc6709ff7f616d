"""The four statuses of a line (domain.md §4), the lives of an order and of a promise: tables, not code."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class OrderState(models.TextChoices):
    """Where an order stands in the ERP."""

    ISSUED = "issued", _("Issued")
    CANCELLED = "cancelled", _("Cancelled")
    CLOSED = "closed", _("Closed")


class Agreement(models.TextChoices):
    """Where buyer and supplier stand on a line; on an order it is computed from its lines."""

    AWAITING = "awaiting", _("Awaiting answer")
    ANSWERED = "answered", _("Answered")
    AGREED = "agreed", _("Agreed")
    DISPUTED = "disputed", _("Disputed")
    REFUSED = "refused", _("Refused")


class RevisionStatus(models.TextChoices):
    """Whether the agreement refers to what is asked now."""

    CURRENT = "current", _("Current")
    STALE = "stale", _("Stale")


class Logistics(models.TextChoices):
    """What has physically happened."""

    NOTHING_SHIPPED = "nothing_shipped", _("Nothing shipped")
    PARTLY_SHIPPED = "partly_shipped", _("Partly shipped")
    SHIPPED = "shipped", _("Shipped")
    PARTLY_RECEIVED = "partly_received", _("Partly received")
    RECEIVED = "received", _("Received")
    CLOSED_SHORT = "closed_short", _("Closed short")


class Finance(models.TextChoices):
    """What has been invoiced."""

    NOT_INVOICED = "not_invoiced", _("Not invoiced")
    PARTLY = "partly", _("Partly invoiced")
    FULLY = "fully", _("Fully invoiced")
    OVER = "over", _("Invoiced over")


class Turn(models.TextChoices):
    """Who holds the ball."""

    SUPPLIER = "supplier", _("Supplier")
    BUYER = "buyer", _("Buyer")
    NOBODY = "", _("Nobody")


class PromiseKind(models.TextChoices):
    """What a supplier says about one piece of a line (X12 ACK01: IA/IC, IB, IS, IR)."""

    ACCEPT = "accept", _("Promise")
    BACKORDER = "backorder", _("Backorder")
    SUBSTITUTE = "substitute", _("Substitute")
    REFUSE = "refuse", _("Refuse")


class PromiseState(models.TextChoices):
    """Where one piece stands."""

    PROPOSED = "proposed", _("Waits for the buyer")
    AGREED = "agreed", _("Agreed")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    SUPERSEDED = "superseded", _("Superseded")


LIVE_PROMISES = (PromiseState.PROPOSED, PromiseState.AGREED, PromiseState.DECLINED)


class DocumentState(models.TextChoices):
    """How far a file that a worker makes has come."""

    MAKING = "making", _("Being made")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")


class Reason(models.TextChoices):
    """Why a promise differs (domain.md §7); a company may show fewer."""

    MATERIAL = "material_shortage", _("Material shortage")
    CAPACITY = "capacity", _("Capacity")
    TRANSPORT = "transport", _("Transport")
    MINIMUM = "minimum_quantity", _("Minimum order quantity")
    PACK = "pack_rounding", _("Pack rounding")
    PRICE_LIST = "price_list_change", _("Price list change")
    OBSOLETE = "obsolete_item", _("Obsolete item")
    WRONG_ITEM = "wrong_item", _("Wrong item or revision")
    QUALITY = "quality_hold", _("Quality hold")
    HOLIDAY = "holiday_shutdown", _("Holiday or shutdown")
    FORCE_MAJEURE = "force_majeure", _("Force majeure")
    LATE_DATA = "late_data", _("Customer's late data")
    OTHER = "other", _("Other")


ORDER_LIFECYCLE = Lifecycle(
    "order",
    Transition(
        "cancel",
        frozenset({OrderState.ISSUED, OrderState.CLOSED}),
        OrderState.CANCELLED,
        "order.cancelled",
        Permission.ERP_MANAGE,
    ),
    Transition(
        "close",
        frozenset({OrderState.ISSUED, OrderState.CANCELLED}),
        OrderState.CLOSED,
        "order.closed",
        Permission.ERP_MANAGE,
    ),
    Transition(
        "reopen",
        frozenset({OrderState.CANCELLED, OrderState.CLOSED}),
        OrderState.ISSUED,
        "order.reopened",
        Permission.ERP_MANAGE,
    ),
    initial=OrderState.ISSUED,
)

_ALL = frozenset(Agreement.values)
# What is agreed is changed by a change request or a revision, never by another answer.
_ANSWERABLE = _ALL - {Agreement.AGREED}
_DECIDABLE = frozenset({Agreement.ANSWERED, Agreement.REFUSED})
_AGREED = frozenset({Agreement.AGREED})

LINE_LIFECYCLE = Lifecycle(
    "order line",
    Transition("answer", _ANSWERABLE, Agreement.ANSWERED, "line.answered", Permission.ORDER_ACKNOWLEDGE),
    Transition("refuse", _ANSWERABLE, Agreement.REFUSED, "line.refused", Permission.ORDER_ACKNOWLEDGE),
    Transition("confirm", _ANSWERABLE, Agreement.AGREED, "line.confirmed", Permission.ORDER_ACKNOWLEDGE),
    Transition("echo", _ALL, Agreement.AGREED, "line.echoed", Permission.ERP_MANAGE),
    Transition("accept", _DECIDABLE, Agreement.AGREED, "line.accepted", Permission.ORDER_DECIDE),
    Transition("decline", _DECIDABLE, Agreement.DISPUTED, "line.declined", Permission.ORDER_DECIDE),
    Transition("withdraw", _DECIDABLE, Agreement.AWAITING, "line.withdrawn", Permission.ORDER_ACKNOWLEDGE),
    Transition("reopen", _ALL, Agreement.AWAITING, "line.reopened", Permission.ERP_MANAGE),
    Transition("change", _AGREED, Agreement.AGREED, "line.changed", Permission.CHANGE_NEGOTIATE),
    Transition("cancel", _AGREED, Agreement.REFUSED, "line.cancelled", Permission.CHANGE_NEGOTIATE),
    initial=Agreement.AWAITING,
    state="agreement",
)

PROMISE_LIFECYCLE = Lifecycle(
    "promise",
    Transition(
        "confirm",
        frozenset({PromiseState.PROPOSED}),
        PromiseState.AGREED,
        "promise.confirmed",
        Permission.ORDER_ACKNOWLEDGE,
    ),
    Transition(
        "accept",
        frozenset({PromiseState.PROPOSED}),
        PromiseState.AGREED,
        "promise.accepted",
        Permission.ORDER_DECIDE,
    ),
    Transition(
        "decline",
        frozenset({PromiseState.PROPOSED}),
        PromiseState.DECLINED,
        "promise.declined",
        Permission.ORDER_DECIDE,
    ),
    # What a rule agreed to of a line that waits for the buyer goes with the rest of it: nobody was told of it yet.
    Transition(
        "withdraw",
        frozenset({PromiseState.PROPOSED, PromiseState.AGREED}),
        PromiseState.WITHDRAWN,
        "promise.withdrawn",
        Permission.ORDER_ACKNOWLEDGE,
    ),
    Transition(
        "supersede",
        frozenset(LIVE_PROMISES),
        PromiseState.SUPERSEDED,
        "promise.superseded",
        Permission.ORDER_ACKNOWLEDGE,
    ),
    # What the ERP says of its own accord is the buyer's word too, even on what a buyer had declined.
    Transition(
        "echo",
        frozenset({PromiseState.PROPOSED, PromiseState.DECLINED}),
        PromiseState.AGREED,
        "promise.echoed",
        Permission.ERP_MANAGE,
    ),
    Transition(
        "restore",
        frozenset({PromiseState.SUPERSEDED}),
        PromiseState.AGREED,
        "promise.restored",
        Permission.ORDER_ACKNOWLEDGE,
    ),
    initial=PromiseState.PROPOSED,
    terminal=(PromiseState.WITHDRAWN,),
)
