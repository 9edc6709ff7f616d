"""The life of one version of a document, and how a supplier stands with what is asked of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from portal.kernel.scanning import Scan
from suppliers.roles import Permission


class DocumentState(models.TextChoices):
    """Where one version stands. What is supplied waits for the virus scanner; a person reviews what is clean."""

    SUPPLIED = "supplied", _("Being checked")
    IN_REVIEW = "in_review", _("In review")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    REPLACED = "replaced", _("Replaced")
    EXPIRED = "expired", _("Expired")


class Place(models.TextChoices):
    """Where the bytes of a version are."""

    DATABASE = "database", _("Database")
    S3 = "s3", _("S3")
    NOWHERE = "nowhere", _("Not kept")


class Standing(models.TextChoices):
    """How a supplier stands with one kind of document."""

    MISSING = "missing", _("Missing")
    IN_REVIEW = "in_review", _("In review")
    IN_FORCE = "in_force", _("In force")
    ENDING = "ending", _("Ends soon")
    EXPIRED = "expired", _("Expired")
    LATE = "late", _("Overdue")
    NOTHING = "nothing", _("Not asked")


class AskedFor(models.TextChoices):
    """Why a document is asked for at the moment."""

    NOTHING = "", _("not asked for")
    MISSING = "missing", _("missing")
    ENDING = "ending", _("ends")


SCANS = [(one.value, one.value) for one in Scan]
S = DocumentState
PENDING = (S.SUPPLIED, S.IN_REVIEW)
COUNTED = (S.ACCEPTED, S.EXPIRED)
_PENDING = frozenset(PENDING)

DOCUMENT_LIFECYCLE = Lifecycle(
    "document",
    # The scanner found nothing, or none is named.
    Transition(
        "admit", frozenset({S.SUPPLIED}), S.IN_REVIEW, "document.admitted", Permission.DOCUMENT_SUPPLY
    ),
    # The scanner answered at last, and found something: nothing of it is kept.
    Transition(
        "turn_away",
        frozenset({S.SUPPLIED}),
        S.REFUSED,
        "document.infected",
        Permission.DOCUMENT_REVIEW,
    ),
    # The scanner works, and could not look into the file however often: it is not kept waiting for ever.
    Transition(
        "give_up", frozenset({S.SUPPLIED}), S.REFUSED, "document.unjudged", Permission.DOCUMENT_REVIEW
    ),
    Transition(
        "accept", frozenset({S.IN_REVIEW}), S.ACCEPTED, "document.accepted", Permission.DOCUMENT_REVIEW
    ),
    Transition("refuse", frozenset({S.IN_REVIEW}), S.REFUSED, "document.refused", Permission.DOCUMENT_REVIEW),
    # A newer version was supplied before anybody looked, or accepted in its place.
    Transition(
        "replace",
        _PENDING | {S.ACCEPTED},
        S.REPLACED,
        "document.replaced",
        Permission.DOCUMENT_SUPPLY,
    ),
    Transition("expire", frozenset({S.ACCEPTED}), S.EXPIRED, "document.expired", Permission.DOCUMENT_REVIEW),
    initial=S.SUPPLIED,
    terminal=(S.REFUSED, S.REPLACED, S.EXPIRED),
)
