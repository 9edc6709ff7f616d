"""The life of a policy, and the words for what its rules are made of."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from procurement.tolerances.messages import (
    Direction,
    DocumentKind,
    Inside,
    Joined,
    Level,
    Measure,
    Outside,
)
from suppliers.roles import Permission


class PolicyState(models.TextChoices):
    """Where a set of rules stands. Only an active one decides anything, and a company has one at most."""

    DRAFT = "draft", _("Draft")
    ASKED = "asked", _("Waits for approval")
    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")


class SwitchState(models.TextChoices):
    """Whether the rules of a company act by themselves."""

    ON = "on", _("Rules act")
    OFF = "off", _("Stopped")


class JudgedOutcome(models.TextChoices):
    """What came of one line at the moment of its answer."""

    ACCEPTED = "accepted", _("Agreed by rule")
    PARTLY = "partly", _("Partly agreed by rule")
    ASKED = "asked", _("Went to the buyer")


POLICY_LIFECYCLE = Lifecycle(
    "tolerance policy",
    Transition(
        "ask",
        frozenset({PolicyState.DRAFT}),
        PolicyState.ASKED,
        "tolerances.approval_asked",
        Permission.POLICY_EDIT,
        internal=True,
    ),
    Transition(
        "hand_back",
        frozenset({PolicyState.ASKED}),
        PolicyState.DRAFT,
        "tolerances.handed_back",
        Permission.POLICY_EDIT,
        internal=True,
    ),
    Transition(
        "approve",
        frozenset({PolicyState.ASKED}),
        PolicyState.ACTIVE,
        "tolerances.approved",
        Permission.POLICY_APPROVE,
        internal=True,
    ),
    Transition(
        "retire",
        frozenset({PolicyState.DRAFT, PolicyState.ASKED, PolicyState.ACTIVE}),
        PolicyState.RETIRED,
        "tolerances.retired",
        Permission.POLICY_EDIT,
        internal=True,
    ),
    initial=PolicyState.DRAFT,
    terminal=(PolicyState.RETIRED,),
)

# Whoever may write rules may stop them; to let them act again takes who may approve them.
SWITCH_LIFECYCLE = Lifecycle(
    "tolerance switch",
    Transition(
        "stop",
        frozenset({SwitchState.ON}),
        SwitchState.OFF,
        "tolerances.stopped",
        Permission.POLICY_EDIT,
        internal=True,
    ),
    Transition(
        "resume",
        frozenset({SwitchState.OFF}),
        SwitchState.ON,
        "tolerances.resumed",
        Permission.POLICY_APPROVE,
        internal=True,
    ),
    initial=SwitchState.ON,
)


# --- words ---------------------------------------------------------------------------------------------------

KIND_WORDS = {
    DocumentKind.PROMISE: _("Promises"),
    DocumentKind.CHANGE: _("Change requests"),
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
