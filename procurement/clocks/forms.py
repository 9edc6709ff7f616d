"""What a person fills in about a service policy, its ladder, and opening hours."""

import re
from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal
from typing import Any, Self

import holidays as public_holidays
from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Invalid
from portal.kernel.templatetags.portal_ui import day_text, plain_figure
from portal.kernel.values import Unreadable, read_date, read_decimal
from procurement.calendars.policies import Hours, Week, WorkingCalendar
from procurement.clocks.messages import (
    ORDER_ANSWER,
    Action,
    Anchor,
    Length,
    Scope,
    Service,
    Step,
    Unit,
    Whose,
)
from procurement.clocks.models import OfficeCalendar
from procurement.clocks.policies import MOST_STEPS
from procurement.clocks.presenters import (
    ACTION_WORDS,
    UNIT_WORDS,
    WEEKDAYS,
    WHOSE_WORDS,
    openings_text,
    words_of,
)
from procurement.clocks.queries import known_kinds
from suppliers.forms import time_zones
from suppliers.models import Supplier
from suppliers.states import Segment

NO_CHOICE = ("", lazy("– none –"))
BEFORE_DUE, AFTER_DUE, AFTER_START = "before_due", "after_due", "after_start"
WHEN_WORDS = [
    (BEFORE_DUE, lazy("before it is due")),
    (AFTER_DUE, lazy("after it is due")),
    (AFTER_START, lazy("after the start")),
]
EMPTY_STEPS = 3


class Amount(forms.CharField):
    """A number as its reader writes numbers, not below zero; None where nothing is typed."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off", "class": "num"}
        super().__init__(required=False, max_length=30, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> Any:
        """What fits the column: five digits before the decimal sign, two after it."""
        text = str(self.to_python(value) or "")
        if not text:
            return None
        try:
            amount = read_decimal(text, get_language() or "en")
        except Unreadable as error:
            message = _("“%(text)s” is not a number. Write it like %(example)s.")
            raise forms.ValidationError(message % {"text": text, "example": "2.5"}) from error
        if not 0 <= amount < Decimal(10) ** 12 or amount != round(amount, 2):
            raise forms.ValidationError(_("Not below zero, and at most two digits after the decimal sign."))
        return amount


class ServiceForm(forms.Form):
    """One service policy. The rows of its ladder are fields too: what is chosen is a step, what is not is none."""

    name = forms.CharField(
        label=lazy("Name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    kind = forms.ChoiceField(label=lazy("For what"), required=False)
    supplier = forms.ChoiceField(label=lazy("Supplier"), required=False)
    segment = forms.ChoiceField(label=lazy("Segment"), required=False, choices=[NO_CHOICE, *Segment.choices])
    order_kind = forms.CharField(
        label=lazy("Kind of order"),
        required=False,
        max_length=30,
        help_text=lazy("As the ERP calls it, such as rush. Empty: every kind."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    lead_days = forms.IntegerField(
        label=lazy("Wanted within so many days"),
        required=False,
        min_value=0,
        max_value=1000,
        help_text=lazy("Calendar days from the order to its earliest delivery. Empty: all."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "num"}),
    )
    value = Amount(
        label=lazy("Worth so much or more"), help_text=lazy("In the order’s currency. Empty: all.")
    )
    target = Amount(label=lazy("Time given"))
    target_unit = forms.ChoiceField(label=lazy("Counted in"), choices=words_of(UNIT_WORDS))
    whose = forms.ChoiceField(
        label=lazy("In whose working time"), choices=words_of(WHOSE_WORDS), widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=lazy("Note"),
        required=False,
        max_length=2000,
        help_text=lazy("Why it is so. Suppliers never see it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    WHAT = ("name", "kind")
    WHOM = ("supplier", "segment", "order_kind", "lead_days", "value")
    TIME = ("target", "target_unit", "whose")

    def __init__(self, data: Any = None, *, steps: int = 0, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        suppliers = Supplier.objects.order_by("name", "id").values_list("number", "name")
        self._choose("kind", [*known_kinds().items(), ("", _("Everything else"))])
        self._choose("supplier", [NO_CHOICE, *((number, f"{name} ({number})") for number, name in suppliers)])
        if data is not None:
            steps = sum(f"step-{number}-action" in data for number in range(1, MOST_STEPS + 1))
        self.step_count = min(MOST_STEPS, max(steps, 1))
        for number in range(1, self.step_count + 1):
            self.fields.update(_step_fields(number))

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field: Any = self.fields[name]
        field.choices = choices

    @classmethod
    def of(cls, service: Service, name: str, note: str = "") -> Self:
        """The form as it stands for a policy that is there already, with rows for a few steps more."""
        scope = service.scope
        initial = {
            "name": name,
            "kind": scope.kind,
            "supplier": scope.supplier,
            "segment": scope.segment,
            "order_kind": scope.order_kind,
            "lead_days": scope.lead_days,
            "value": "" if scope.value is None else plain_figure(scope.value),
            "target": plain_figure(service.target.amount),
            "target_unit": service.target.unit.value,
            "whose": service.whose.value,
            "note": note,
        }
        for number, step in enumerate(service.steps, start=1):
            initial |= _initial_of(number, step)
        return cls(initial=initial, steps=len(service.steps) + EMPTY_STEPS)

    def clean(self) -> dict[str, Any]:
        """Time is owed; a step that is chosen says when."""
        super().clean()
        found = self.cleaned_data
        if found.get("target") is None and "target" not in self.errors:
            self.add_error("target", _("Say how much time there is."))
        for number in range(1, self.step_count + 1):
            amount = f"step-{number}-amount"
            if found.get(f"step-{number}-action") and found.get(amount) is None and amount not in self.errors:
                self.add_error(amount, _("Say how much time before or after: 0 is just then."))
        return found

    def service(self) -> Service:
        """The policy as it is written here; its faults are the service's to tell."""
        said = self.cleaned_data
        return Service(
            scope=Scope(
                kind=said["kind"],
                supplier=said["supplier"],
                lead_days=said["lead_days"],
                order_kind=said["order_kind"].strip(),
                value=said["value"],
                segment=said["segment"],
            ),
            target=Length(said["target"], Unit(said["target_unit"])),
            whose=Whose(said["whose"]),
            steps=tuple(step for _number, step in self._steps()),
        )

    def _steps(self) -> Iterator[tuple[int, Step]]:
        said = self.cleaned_data
        for number in range(1, self.step_count + 1):
            action = said.get(f"step-{number}-action")
            if not action:
                continue
            amount, when = said[f"step-{number}-amount"], said[f"step-{number}-when"]
            length = Length(-amount if when == BEFORE_DUE else amount, Unit(said[f"step-{number}-unit"]))
            yield number, Step(Action(action), Anchor.START if when == AFTER_START else Anchor.DUE, length)

    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field; it counts the steps that are chosen alone."""
        rows = {f"step-{place}": number for place, (number, _step) in enumerate(self._steps(), start=1)}
        for problem in refusal.problems:
            name = f"step-{rows[problem.field]}-amount" if problem.field in rows else problem.field
            self.add_error(name if name in self.fields else None, problem.message)
        if not refusal.problems:
            self.add_error(None, refusal.message)

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields by what they are about, as the page shows them; the ladder stands after them."""
        found: list[tuple[Any, tuple[str, ...]]] = [
            (_("For what"), self.WHAT),
            (_("For whom"), self.WHOM),
            (_("How much time"), self.TIME),
        ]
        return [(title, [self[name] for name in names]) for title, names in found]

    def ladder(self) -> list[tuple[int, list[forms.BoundField]]]:
        """The rows of the ladder."""
        names = ("action", "amount", "unit", "when")
        return [
            (number, [self[f"step-{number}-{name}"] for name in names])
            for number in range(1, self.step_count + 1)
        ]


def _step_fields(number: int) -> dict[str, forms.Field]:
    return {
        f"step-{number}-action": forms.ChoiceField(
            label=lazy("What happens"), required=False, choices=[NO_CHOICE, *words_of(ACTION_WORDS)]
        ),
        f"step-{number}-amount": Amount(label=lazy("Working time")),
        f"step-{number}-unit": forms.ChoiceField(
            label=lazy("Counted in"), required=False, choices=words_of(UNIT_WORDS)
        ),
        f"step-{number}-when": forms.ChoiceField(label=lazy("When"), required=False, choices=WHEN_WORDS),
    }


def _initial_of(number: int, step: Step) -> dict[str, Any]:
    when = AFTER_START if step.anchor is Anchor.START else AFTER_DUE
    return {
        f"step-{number}-action": step.action.value,
        f"step-{number}-amount": plain_figure(abs(step.offset.amount)),
        f"step-{number}-unit": step.offset.unit.value,
        f"step-{number}-when": BEFORE_DUE if step.offset.amount < 0 else when,
    }


NEW_SERVICE = Service(
    Scope(kind=ORDER_ANSWER),
    Length(Decimal(16)),
    Whose.SUPPLIER,
    (Step(Action.REMIND, Anchor.DUE, Length(Decimal(-4))),),
)


# --- opening hours ------------------------------------------------------------------------------------------

OPENING = re.compile(r"(\d{1,2})[:.](\d{2})\s*[-–—]\s*(\d{1,2})[:.](\d{2})")


class Openings(forms.CharField):
    """The openings of one day: 08:00-12:00, 13:00-17:00; empty where it is closed."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "off", "spellcheck": "false"}
        super().__init__(required=False, max_length=100, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> Any:
        """The openings as wall times; 24:00 is the midnight that ends the day."""
        text = str(self.to_python(value) or "").strip()
        return tuple(self._opening(part.strip()) for part in re.split("[,;]", text)) if text else ()

    def _opening(self, text: str) -> tuple[time, time]:
        found = OPENING.fullmatch(text)
        try:
            if found is None:
                raise ValueError(text)
            opens, closes = (int(found[1]), int(found[2])), (int(found[3]), int(found[4]))
            return time(*opens), time(0, 0) if closes == (24, 0) else time(*closes)
        except ValueError as error:
            message = _("“%(text)s” is no opening. Write it like %(example)s.")
            raise forms.ValidationError(
                message % {"text": text, "example": "08:00-12:00, 13:00-17:00"}
            ) from error


class OfficeForm(forms.Form):
    """The opening hours of one place, the country whose public holidays it keeps, and the days closed besides."""

    time_zone = forms.ChoiceField(label=lazy("Time zone"))
    holidays_of = forms.ChoiceField(label=lazy("Public holidays of"), required=False)
    subdivision = forms.CharField(
        label=lazy("Part of the country"),
        required=False,
        max_length=10,
        help_text=lazy(
            "Its code, such as BY for Bavaria or ENG for England. Empty: what the whole country keeps."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    closed_on = forms.CharField(
        label=lazy("Closed besides"),
        required=False,
        max_length=20_000,
        strip=True,
        help_text=lazy("One day a line, with a word why: 28 Dec 2026 Stock-taking."),
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def __init__(self, data: Any = None, *, is_country: bool = False, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        for number, name in enumerate(WEEKDAYS):
            self.fields[f"day-{number}"] = Openings(label=name)
        zones: Any = self.fields["time_zone"]
        zones.choices = [(zone, zone) for zone in time_zones()]
        countries: Any = self.fields["holidays_of"]
        known = sorted(code for code in public_holidays.list_supported_countries() if len(code) == 2)
        countries.choices = [NO_CHOICE, *((code, code) for code in known)]
        if is_country:
            del self.fields["time_zone"]

    @classmethod
    def of(cls, calendar: WorkingCalendar, office: OfficeCalendar | None, *, is_country: bool) -> Self:
        """The form as it stands: what was written down, or what holds without."""
        days = office.closed_on if office else []
        initial = {
            "time_zone": calendar.time_zone,
            "holidays_of": calendar.country,
            "subdivision": calendar.subdivision,
            "closed_on": "\n".join(
                f"{day_text(date.fromisoformat(one['day']))} {one['name']}".strip() for one in days
            ),
            **{f"day-{number}": openings_text(hours) for number, hours in enumerate(calendar.hours)},
        }
        return cls(initial=initial, is_country=is_country)

    def clean_closed_on(self) -> tuple[tuple[date, str], ...]:
        """The days, each with its word."""
        found = []
        for number, line in enumerate(self.cleaned_data["closed_on"].splitlines(), start=1):
            if line.strip():
                found.append(_closed_day(line.strip(), number))
        return tuple(found)

    def week(self) -> Week:
        """The openings of all seven days."""
        days: list[Hours] = [self.cleaned_data[f"day-{number}"] for number in range(7)]
        monday, tuesday, wednesday, thursday, friday, saturday, sunday = days
        return monday, tuesday, wednesday, thursday, friday, saturday, sunday

    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field; the hours beside those of Monday."""
        for problem in refusal.problems:
            name = "day-0" if problem.field == "hours" else problem.field
            self.add_error(name if name in self.fields else None, problem.message)
        if not refusal.problems:
            self.add_error(None, refusal.message)

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields by what they are about."""
        place = [name for name in ("time_zone", "holidays_of", "subdivision") if name in self.fields]
        return [
            (_("Opening hours"), [self[f"day-{number}"] for number in range(7)]),
            (_("Place"), [self[name] for name in place]),
            (_("Closed besides"), [self["closed_on"]]),
        ]


def _closed_day(line: str, number: int) -> tuple[date, str]:
    """A day and its word: the longest beginning of the line that reads as a day."""
    words = line.split()
    for count in range(min(4, len(words)), 0, -1):
        try:
            return read_date(" ".join(words[:count]).rstrip(":,")), " ".join(words[count:])
        except Unreadable:
            continue
    message = _("Line %(number)d, “%(text)s”, does not begin with a day. Write it like %(example)s.")
    example = f"{day_text(date(2026, 12, 28))} …"
    raise forms.ValidationError(message % {"number": number, "text": line[:60], "example": example})
