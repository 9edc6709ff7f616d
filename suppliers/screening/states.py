"""The life of a hit, and the lists that can be loaded."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class ListSource(models.TextChoices):
    """Whose list."""

    OFAC = "ofac", _("OFAC, specially designated nationals")
    EU = "eu", _("European Union, consolidated list")
    OWN = "own", _("A list of our own")


class HitState(models.TextChoices):
    """What became of a name that is like a listed one."""

    OPEN = "open", _("To be decided")
    DISMISSED = "dismissed", _("Somebody else")
    CONFIRMED = "confirmed", _("It is the listed one")
    LAPSED = "lapsed", _("Not on the list any more")


_MANAGE = Permission.SUPPLIER_MANAGE

# Internal, all of it: whoever is listed is not to learn of it here.
HIT_LIFECYCLE = Lifecycle(
    "screening hit",
    Transition(
        "dismiss",
        frozenset({HitState.OPEN, HitState.CONFIRMED}),
        HitState.DISMISSED,
        "screening.hit_dismissed",
        _MANAGE,
        internal=True,
    ),
    Transition(
        "confirm",
        frozenset({HitState.OPEN, HitState.DISMISSED}),
        HitState.CONFIRMED,
        "screening.hit_confirmed",
        _MANAGE,
        internal=True,
    ),
    # By the rule: a name changed, here or on the list, or it is listed again.
    Transition(
        "reopen",
        frozenset({HitState.DISMISSED, HitState.LAPSED}),
        HitState.OPEN,
        "screening.hit_reopened",
        _MANAGE,
        internal=True,
    ),
    Transition(
        "lapse", frozenset({HitState.OPEN}), HitState.LAPSED, "screening.hit_lapsed", _MANAGE, internal=True
    ),
    initial=HitState.OPEN,
)
