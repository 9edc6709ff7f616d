"""The life of a matching policy, and what set a match off."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class MatchPolicyState(models.TextChoices):
    """Where a matching policy stands. It is approved by somebody who did not write it, and then never edited."""

    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")


class Trigger(models.TextChoices):
    """What set a match off."""

    SENT = "sent", _("It was sent")
    RECEIPT = "receipt", _("Goods were booked")
    ORDER = "order", _("The order moved")
    CLAIM = "claim", _("Another invoice or credit note moved")
    POLICY = "policy", _("Rules changed")
    PERSON = "person", _("Somebody asked for it")


MATCH_POLICY_LIFECYCLE = Lifecycle(
    "matching policy",
    Transition(
        "approve",
        frozenset({MatchPolicyState.DRAFT}),
        MatchPolicyState.ACTIVE,
        "matching.policy_approved",
        Permission.POLICY_APPROVE,
        internal=True,
    ),
    Transition(
        "retire",
        frozenset({MatchPolicyState.DRAFT, MatchPolicyState.ACTIVE}),
        MatchPolicyState.RETIRED,
        "matching.policy_retired",
        Permission.POLICY_EDIT,
        internal=True,
    ),
    initial=MatchPolicyState.DRAFT,
    terminal=(MatchPolicyState.RETIRED,),
)
