"""The life of an appointment: asked for or proposed, confirmed, kept or missed; or it comes to nothing."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class AppointmentState(models.TextChoices):
    """Where a time at the dock stands."""

    ASKED = "asked", _("Asked for")
    PROPOSED = "proposed", _("Proposed by the dock")
    CONFIRMED = "confirmed", _("Confirmed")
    KEPT = "kept", _("Kept")
    MISSED = "missed", _("Missed")
    REFUSED = "refused", _("Refused")
    CANCELLED = "cancelled", _("Given up")


# One of these at most for each consignment.
OPEN = (AppointmentState.ASKED, AppointmentState.PROPOSED, AppointmentState.CONFIRMED)
# These hold a door: what the dock has confirmed, and what it has offered.
HOLDING = (AppointmentState.PROPOSED, AppointmentState.CONFIRMED)

_SHIP, _DOCK = Permission.SHIPMENT_WRITE, Permission.DOCK_PLAN
_ASKED = frozenset({AppointmentState.ASKED})
_PROPOSED = frozenset({AppointmentState.PROPOSED})
_CONFIRMED = frozenset({AppointmentState.CONFIRMED})
_OPEN = frozenset(OPEN)

APPOINTMENT_LIFECYCLE = Lifecycle(
    "appointment",
    # Whoever moves a time gives the earlier one up; the other side agrees to the new one.
    Transition("ask", _OPEN, AppointmentState.ASKED, "shipment.time_asked", _SHIP),
    Transition("propose", _OPEN, AppointmentState.PROPOSED, "shipment.time_proposed", _DOCK),
    Transition("confirm", _ASKED, AppointmentState.CONFIRMED, "shipment.time_confirmed", _DOCK),
    Transition("accept", _PROPOSED, AppointmentState.CONFIRMED, "shipment.time_accepted", _SHIP),
    Transition("refuse", _ASKED, AppointmentState.REFUSED, "shipment.time_refused", _DOCK),
    Transition("cancel", _OPEN, AppointmentState.CANCELLED, "shipment.time_cancelled", _SHIP),
    Transition("call_off", _OPEN, AppointmentState.CANCELLED, "shipment.time_recalled", _DOCK),
    Transition("keep", _CONFIRMED, AppointmentState.KEPT, "shipment.time_fulfilled", _DOCK),
    Transition("miss", _CONFIRMED, AppointmentState.MISSED, "shipment.time_missed", _DOCK),
    # There is nothing (any more) that comes at that time: taken back, closed, or there without an answer.
    Transition("lapse", _OPEN, AppointmentState.CANCELLED, "shipment.time_lapsed", _DOCK),
    initial=AppointmentState.ASKED,
    terminal=(
        AppointmentState.KEPT,
        AppointmentState.MISSED,
        AppointmentState.REFUSED,
        AppointmentState.CANCELLED,
    ),
)
