"""Clocks and their policies in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import figure, plain_figure
from procurement.calendars.policies import Hours, Week
from procurement.clocks.messages import ANY_KIND, Action, Anchor, Length, Scope, Service, Step, Unit, Whose
from procurement.clocks.models import OfficeCalendar
from procurement.clocks.queries import Place
from suppliers.states import Segment

ACTION_WORDS: dict[Action, Any] = {
    Action.REMIND: lazy("Reminder"),
    Action.SECOND_CONTACT: lazy("Second contact"),
    Action.BUYER: lazy("Buyer"),
    Action.MANAGER: lazy("Manager"),
    Action.STAND_IN: lazy("Stand-in"),
}
# What a step does, as part of a sentence: "If you do nothing, … on Friday at 10:00."
COMING_WORDS: dict[Action, Any] = {
    Action.REMIND: lazy("a reminder goes out"),
    Action.SECOND_CONTACT: lazy("a second contact is written to"),
    Action.BUYER: lazy("the buyer is told"),
    Action.MANAGER: lazy("the manager is told"),
    Action.STAND_IN: lazy("the stand-in is told"),
}
TAKEN_WORDS: dict[Action, Any] = {
    Action.REMIND: lazy("Reminder sent"),
    Action.SECOND_CONTACT: lazy("Second contact written to"),
    Action.BUYER: lazy("Buyer told"),
    Action.MANAGER: lazy("Manager told"),
    Action.STAND_IN: lazy("Stand-in told"),
}
WHOSE_WORDS: dict[Whose, Any] = {
    Whose.SUPPLIER: lazy("the supplier’s working time"),
    Whose.COMPANY: lazy("our working time"),
}
UNIT_WORDS: dict[Unit, Any] = {Unit.HOURS: lazy("working hours"), Unit.DAYS: lazy("working days")}
BUILT_IN_WORDS: dict[str, Any] = {
    "hurry": lazy("Orders in a hurry"),
    "rush": lazy("Rush orders"),
    "framework": lazy("Framework orders"),
    "large": lazy("Large orders"),
    "strategic": lazy("Strategic suppliers"),
    "core": lazy("Core suppliers"),
    "any": lazy("All orders"),
    "case": lazy("All cases"),
}
FAULTS: dict[str, Any] = {
    "not_positive": lazy("It must be more than zero."),
    "too_long": lazy("That is too long: at most 1000 working hours or 120 working days."),
    "orders_only": lazy("Only a policy for answers to orders asks for this. Leave it empty."),
    "suppliers_time": lazy("A supplier answers orders in its own working time."),
    "our_time": lazy(
        "Only an answer to an order is a supplier’s. Everything else counts in our working time."
    ),
    "with_supplier": lazy("A supplier belongs to one segment already. Name one of the two."),
    "out_of_range": lazy("Give a number of days between 0 and 1000."),
    "too_many": lazy("A ladder has at most 12 steps."),
    "before_start": lazy("No step leaves before the start."),
    "too_early": lazy("That is at or before the start: the time given is too short for it."),
    "out_of_order": lazy("Steps follow each other: this one would leave before the one above it."),
}


def fault_text(code: str) -> str:
    """What is wrong, as a sentence."""
    return str(FAULTS[code])


def name_of(service: Service) -> str:
    """What a policy is called: as somebody named it, or as the product calls what it brings along."""
    return service.name if service.key else str(BUILT_IN_WORDS[service.name])


def kind_text(kind: str, kinds: Mapping[str, str]) -> str:
    """What a clock is for."""
    return _("Everything else") if kind == ANY_KIND else kinds.get(kind, kind)


def length_text(length: Length) -> str:
    """8 working hours, 2 working days; the sign is said elsewhere."""
    amount = abs(length.amount)
    values = {"n": plain_figure(amount)}
    count = 1 if amount == 1 else 2
    if length.unit is Unit.DAYS:
        return ngettext("%(n)s working day", "%(n)s working days", count) % values
    return ngettext("%(n)s working hour", "%(n)s working hours", count) % values


def scope_text(scope: Scope, suppliers: Mapping[str, str] | None = None) -> str:
    """For whom a policy is written: all that is named, or everybody."""
    parts = []
    if scope.supplier:
        parts.append((suppliers or {}).get(scope.supplier, scope.supplier))
    if scope.lead_days is not None:
        text = ngettext("wanted within %(n)d day", "wanted within %(n)d days", scope.lead_days)
        parts.append(text % {"n": scope.lead_days})
    if scope.order_kind:
        parts.append(_("orders of kind %(kind)s") % {"kind": scope.order_kind})
    if scope.value is not None:
        parts.append(_("worth %(value)s or more") % {"value": figure(scope.value)})
    if scope.segment:
        parts.append(str(Segment(scope.segment).label))
    return ", ".join(parts) or _("All")


def step_text(step: Step) -> str:
    """Reminder, 4 working hours before it is due."""
    action = ACTION_WORDS[step.action]
    if step.offset.amount == 0:
        when = _("when it is due") if step.anchor is Anchor.DUE else _("at the start")
        return _("%(action)s %(when)s") % {"action": action, "when": when}
    values = {"action": action, "time": length_text(step.offset)}
    if step.anchor is Anchor.START:
        return _("%(action)s %(time)s after the start") % values
    if step.offset.amount < 0:
        return _("%(action)s %(time)s before it is due") % values
    return _("%(action)s %(time)s after it is due") % values


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A policy as a row of a list: its words, and whether another one here takes its place."""

    name: str
    kind: str
    scope: str
    target: str
    whose: str
    steps: tuple[str, ...]
    key: str
    word: str = ""
    is_overruled: bool = False


def service_row(
    service: Service,
    kinds: Mapping[str, str],
    suppliers: Mapping[str, str],
    *,
    is_overruled: bool = False,
) -> ServiceRow:
    """A policy as a row."""
    return ServiceRow(
        name=name_of(service),
        kind=kind_text(service.scope.kind, kinds),
        scope=scope_text(service.scope, suppliers),
        target=length_text(service.target),
        whose=str(WHOSE_WORDS[service.whose]),
        steps=tuple(step_text(step) for step in service.steps),
        key=service.key,
        word=service.key or service.name,
        is_overruled=is_overruled,
    )


WEEKDAYS = [
    lazy("Monday"),
    lazy("Tuesday"),
    lazy("Wednesday"),
    lazy("Thursday"),
    lazy("Friday"),
    lazy("Saturday"),
    lazy("Sunday"),
]
LEVEL_WORDS: dict[str, Any] = {"company": lazy("Company"), "site": lazy("Site"), "country": lazy("Country")}


def openings_text(hours: Hours) -> str:
    """The openings of a day as one types them."""
    parts = [f"{opens:%H:%M}-{closes:%H:%M}".replace("-00:00", "-24:00") for opens, closes in hours]
    return ", ".join(parts)


def week_text(week: Week) -> list[str]:
    """Opening hours in few lines: days that follow each other and are alike are said together."""
    found: list[tuple[int, int, Hours]] = []
    for number, hours in enumerate(week):
        if found and found[-1][2] == hours:
            found[-1] = (found[-1][0], number, hours)
        else:
            found.append((number, number, hours))
    return [
        _("%(days)s: %(hours)s") % {"days": _days(first, last), "hours": openings_text(hours) or _("closed")}
        for first, last, hours in found
    ]


def _days(first: int, last: int) -> str:
    return str(WEEKDAYS[first]) if first == last else f"{WEEKDAYS[first]} – {WEEKDAYS[last]}"


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place with its opening hours, as a row of a list."""

    level: str
    code: str
    name: str
    word: str
    time_zone: str
    hours: list[str]
    holidays: str
    closed: int
    office: OfficeCalendar | None


def place_row(place: Place) -> PlaceRow:
    """A place as a row."""
    calendar = place.calendar
    return PlaceRow(
        level=place.level,
        code=place.code,
        name=place.name,
        word=str(LEVEL_WORDS[place.level]),
        time_zone="" if place.level == "country" else calendar.time_zone,
        hours=week_text(calendar.hours),
        holidays="-".join(filter(None, (calendar.country, calendar.subdivision))),
        closed=len(calendar.closed_on),
        office=place.office,
    )


@dataclass(frozen=True, slots=True)
class StoryEntry:
    """One entry of a policy's story, as components/timeline.html shows it."""

    text: str
    at: datetime
    note: str
    tone: str = "quiet"
    glyph: str = "full"
    old: str | None = None
    new: str | None = None
    now: bool = False
    url: str = ""


STORY_WORDS: dict[str, tuple[str, str, Any]] = {
    "service.drafted": ("quiet", "none", lazy("Draft begun")),
    "service.changed": ("talk", "stale", lazy("Draft changed")),
    "service.approved": ("done", "full", lazy("Approved: it counts from now on")),
    "service.retired": ("stop", "stop", lazy("Retired")),
}


def story_of(events: Iterable[AuditEvent]) -> list[StoryEntry]:
    """What was done to a policy, newest first."""
    found = []
    for event in events:
        tone, glyph, text = STORY_WORDS[event.kind]
        reason = event.facts.get("reason")
        said = f"{text}. “{reason}”" if reason else str(text)
        if before := event.facts.get("before"):
            changed = [name for name, value in event.facts["policy"].items() if before.get(name) != value]
            said = _("%(text)s: %(fields)s") % {"text": said, "fields": fields_text(changed)}
        found.append(StoryEntry(said, event.at, event.actor_label, tone, glyph))
    return found


FIELD_WORDS: dict[str, Any] = {
    "kind": lazy("for what"),
    "supplier": lazy("supplier"),
    "segment": lazy("segment"),
    "order_kind": lazy("kind of order"),
    "lead_days": lazy("lead time"),
    "value": lazy("value"),
    "target": lazy("time given"),
    "unit": lazy("unit"),
    "whose": lazy("in whose working time"),
    "steps": lazy("ladder"),
}


def fields_text(names: Iterable[str]) -> str:
    """Fields that changed, in words; the note and the name where none else did."""
    changed = set(names)
    return ", ".join(str(word) for name, word in FIELD_WORDS.items() if name in changed) or _("name or note")


def words_of(words: Mapping[Any, Any], values: Iterable[Any] | None = None) -> list[tuple[str, Any]]:
    """Words as the choices of a form."""
    return [(value.value, words[value]) for value in (values or words)]
