"""The life of a policy and of the switch, and what came of a line."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
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
        "tolerances.returned",
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
