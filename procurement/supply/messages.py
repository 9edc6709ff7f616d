"""The words of a supplier's record."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Measure(models.TextChoices):
    """One figure of a supplier's record; docs/measures.md says of which rows it is made and which of them count."""

    AGREED = "as-agreed", _("In time and in full, as agreed")
    ASKED = "as-asked", _("In time and in full, as asked")
    FILLED = "filled", _("Fill rate")
    ANSWERS = "answers", _("Answers in time")
    MOVED = "moved", _("Kept a re-dated promise")
    SLIP = "slip", _("Median slip when late")
    ANNOUNCED = "announced", _("Announced before arrival")
    AFTER_DEPARTURE = "after-departure", _("Announced after departure, median")
    LINES = "lines", _("Lines as announced")
    PACKAGES = "packages", _("Packages as announced")
    BOOKED = "booked", _("Booked as counted")
