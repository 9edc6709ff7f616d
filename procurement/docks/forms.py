"""What a person fills in about a dock, and about a time there."""

from datetime import datetime
from typing import Any, Self

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Invalid, Problem
from procurement.calendars.policies import Hours, Week
from procurement.clocks.forms import Openings
from procurement.clocks.models import week_from_json
from procurement.clocks.presenters import WEEKDAYS, openings_text
from procurement.docks.models import DockPlan
from procurement.docks.policies import MOST_ASK_HOURS, MOST_DOORS, MOST_PALLETS_AN_HOUR, SLOTS, Rhythm


def _whole(label: Any, help_text: Any, least: int, most: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        min_value=least,
        max_value=most,
        error_messages={"invalid": lazy("Write a whole number."), "required": lazy("Write a whole number.")},
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class PlanForm(forms.Form):
    """How the dock of one site works. Opening hours left empty on all days are those of the site."""

    doors = _whole(lazy("Doors"), lazy("They are numbered from 1."), 1, MOST_DOORS)
    slot_minutes = forms.TypedChoiceField(
        label=lazy("Length of a time, in minutes"),
        help_text=lazy("Times begin this far apart. A big consignment gets several of them."),
        choices=[(minutes, minutes) for minutes in SLOTS],
        coerce=int,
    )
    pallets_per_hour = _whole(
        lazy("Pallets an hour at one door"),
        lazy("From it follows how long a consignment needs a door."),
        1,
        MOST_PALLETS_AN_HOUR,
    )
    ask_hours = _whole(
        lazy("Ask at least so many hours before"),
        lazy("Suppliers are offered no earlier time. You yourself may propose one."),
        0,
        MOST_ASK_HOURS,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, name in enumerate(WEEKDAYS):
            self.fields[f"day-{number}"] = Openings(label=name)

    @classmethod
    def of(cls, plan: DockPlan | None, rhythm: Rhythm) -> Self:
        """The form as it stands: what was written down, or what holds without."""
        week = week_from_json(plan.hours) if plan and plan.hours is not None else ((),) * 7
        return cls(
            initial={
                "doors": rhythm.doors,
                "slot_minutes": int(rhythm.slot.total_seconds() // 60),
                "pallets_per_hour": rhythm.pallets_per_hour,
                "ask_hours": int(rhythm.ask_before.total_seconds() // 3600),
                **{f"day-{number}": openings_text(hours) for number, hours in enumerate(week)},
            }
        )

    def week(self) -> Week | None:
        """The openings of all seven days; None where they are those of the site."""
        days: list[Hours] = [self.cleaned_data[f"day-{number}"] for number in range(7)]
        if not any(days):
            return None
        monday, tuesday, wednesday, thursday, friday, saturday, sunday = days
        return monday, tuesday, wednesday, thursday, friday, saturday, sunday

    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field; the hours beside those of Monday."""
        for problem in refusal.problems:
            name = "day-0" if problem.field == "hours" else problem.field
            self.add_error(name if name in self.fields else None, problem.message)

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields by what they are about."""
        days = [f"day-{number}" for number in range(7)]
        rest = [name for name in self.fields if name not in days]
        return [
            (_("Doors and times"), [self[name] for name in rest]),
            (_("Opening hours of the dock"), [self[name] for name in days]),
        ]


def read_start(text: str) -> datetime:
    """The moment that was chosen among the free ones. Raises `Invalid` where it is none."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = _("Choose one of the free times.")
        raise Invalid(message, [Problem("starts_at", message, text[:40], "required")])
    return moment
