"""What a door hands to the services: a dock's plan, and a time that somebody asks for or proposes."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from procurement.calendars.policies import Week


@dataclass(frozen=True, slots=True)
class WritePlan:
    """How a dock works. `hours` in the site's own time, None for its opening hours; `version` 0 where none is written.

    `slot_minutes` is the length of a time and the step from one to the next; `pallets_per_hour` is what one door
    unloads; `ask_hours` how long before its begin a supplier must ask for a time.
    """

    site: str
    doors: int
    slot_minutes: int
    pallets_per_hour: int
    ask_hours: int
    hours: Week | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class WishTime:
    """A time for the consignment of a ship notice. `starts_at` is a moment with its zone.

    `version` is that of the appointment on the screen, 0 where there was none. `door` 0: any that is free. `reason`
    says why a time that was confirmed is moved.
    """

    notice: uuid.UUID
    starts_at: datetime
    version: int = 0
    door: int = 0
    note: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AppointmentNamed:
    """An appointment as somebody sees it: a verb on it fails where it is another one meanwhile."""

    appointment: uuid.UUID
    version: int
