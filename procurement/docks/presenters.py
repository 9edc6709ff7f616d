"""Times at docks in words: as the clock at the site shows them, and named with its zone for who is elsewhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as dateformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.actors import Actor
from portal.kernel.templatetags.portal_ui import day_text, plain_figure
from procurement.docks.models import Appointment
from procurement.docks.policies import Rhythm
from procurement.docks.queries import Booked, DayTotal, Offer, zone_of
from procurement.docks.states import APPOINTMENT_LIFECYCLE, AppointmentState


def weekday_text(day: date) -> str:
    """A day with its weekday: Tue 31 Mar 2026."""
    return f"{dateformat(day, 'D')} {day_text(day)}"


def span_text(one: Appointment) -> str:
    """When it is, by the clock of the site: Tue 31 Mar 2026, 10:00 to 10:30."""
    zone = zone_of(one.site)
    start, end = one.starts_at.astimezone(zone), one.ends_at.astimezone(zone)
    values = {"day": weekday_text(start.date()), "start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}
    return _("%(day)s, %(start)s to %(end)s") % values


def zone_text(one: Appointment) -> str:
    """Whose clock that is: Leeds DC (Europe/London, BST)."""
    zone = zone_of(one.site)
    return f"{one.site.name} ({zone.key}, {one.starts_at.astimezone(zone):%Z})"


def clock_text(moment: datetime, zone: ZoneInfo) -> str:
    """The time of day there; with the name of the offset in the hour that a day has twice."""
    here = moment.astimezone(zone)
    naive = here.replace(tzinfo=None)
    is_twice = (
        naive.replace(tzinfo=zone, fold=0).utcoffset() != naive.replace(tzinfo=zone, fold=1).utcoffset()
    )
    return f"{here:%H:%M} {here:%Z}" if is_twice else f"{here:%H:%M}"


def reason_text(one: Appointment) -> str:
    """Why it ended or was moved. What the portal itself says is kept in English, and shown in the reader's words."""
    ours = {
        "The goods have arrived.": _("The goods have arrived."),
        "The ship notice was taken back.": _("The ship notice was taken back."),
    }
    return ours.get(one.reason, one.reason)


@dataclass(frozen=True, slots=True)
class Turn:
    """How a time stands for its reader: the sentence, and whether it is the reader who is asked."""

    text: str
    yours: bool = False


def turn_of(one: Appointment | None, actor: Actor) -> Turn:
    """What is to be done about a time, and by whom."""
    if one is None:
        return Turn(_("No time at the dock was asked for or proposed."))
    verbs = APPOINTMENT_LIFECYCLE.verbs_for(actor, one.state)
    texts: dict[str, str] = {
        AppointmentState.ASKED: _("The dock is asked for this time and has not answered yet."),
        AppointmentState.PROPOSED: _(
            "The dock proposes this time and holds a door until the supplier answers."
        ),
        AppointmentState.CONFIRMED: _("Both sides plan with this time."),
        AppointmentState.KEPT: _("The goods came at their time."),
        AppointmentState.MISSED: _("Nothing came at this time."),
        AppointmentState.REFUSED: _("The dock refused this time. Ask for another one."),
        AppointmentState.CANCELLED: _("This time was given up."),
    }
    return Turn(texts[one.state], "confirm" in verbs or "accept" in verbs)


def short_text(pallets: int, one: Appointment | None) -> str:
    """That a time is too short for what is announced by now (`queries.pallets_too_many`), and what can be done; empty
    where it is long enough.
    """
    if one is None or not pallets:
        return ""
    minutes = int((one.ends_at - one.starts_at).total_seconds() // 60)
    text = ngettext(
        "%(n)d pallet is announced by now: more than a door unloads in %(minutes)d minutes. Agree on a longer time; "
        "this one stays until then.",
        "%(n)d pallets are announced by now: more than a door unloads in %(minutes)d minutes. Agree on a longer time; "
        "this one stays until then.",
        pallets,
    )
    return text % {"n": pallets, "minutes": minutes}


def offered(offer: Offer) -> list[tuple[str, list[tuple[str, str]]]]:
    """The free times of an offer, day by day, each with its value in a form and its word."""
    days: dict[date, list[tuple[str, str]]] = {}
    for moment in offer.times:
        day = moment.astimezone(offer.zone).date()
        days.setdefault(day, []).append((moment.isoformat(), clock_text(moment, offer.zone)))
    return [(weekday_text(day), times) for day, times in days.items()]


def suggested(offer: Offer, wanted: date | None) -> str:
    """Of the free times the first on the day that is wanted, or after it; as a form holds it."""
    later = (one for one in offer.times if not wanted or one.astimezone(offer.zone).date() >= wanted)
    moment = next(later, None)
    return moment.isoformat() if moment else ""


# --- the calendar -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a week: what it brings, and what is due without a notice."""

    day: date
    word: str
    total: DayTotal
    due: int
    is_today: bool
    is_open: bool


@dataclass(slots=True)
class Hour:
    """One hour of a day at a dock, by the clock there."""

    word: str
    booked: list[Booked] = field(default_factory=list)
    pallets: int = 0
    share: int = 0
    is_over: bool = False


def hours_of(
    booked: Sequence[Booked], rhythm: Rhythm, openings: Iterable[tuple[datetime, datetime]]
) -> list[Hour]:
    """The load of a day by the hour in which a confirmed time begins, against what all doors can take in an hour."""
    zone = rhythm.zone
    found: dict[tuple[datetime, str], Hour] = {}

    def hour_of(moment: datetime) -> Hour:
        here = moment.astimezone(zone)
        start = here.replace(minute=0, second=0, microsecond=0)
        key = (start.astimezone(ZoneInfo("UTC")), clock_text(start, zone))
        return found.setdefault(key, Hour(key[1]))

    for opens, closes in openings:
        moment = opens
        while moment < closes:
            hour_of(moment)
            moment += rhythm.slot
    most = max(1, rhythm.doors * rhythm.pallets_per_hour)
    for one in booked:
        hour = hour_of(one.appointment.starts_at)
        hour.booked.append(one)
        if one.appointment.state == AppointmentState.CONFIRMED:
            hour.pallets += one.pallets
    for hour in found.values():
        hour.share = min(100, round(100 * hour.pallets / most))
        hour.is_over = hour.pallets > most
    return [found[key] for key in sorted(found)]


def figures_of(total: DayTotal, due: int, due_url: str) -> list[dict[str, Any]]:
    """The sums of a day."""
    return [
        {"label": _("Consignments"), "value": total.consignments},
        {"label": _("Pallets"), "value": total.pallets},
        {"label": _("Packages"), "value": total.packages},
        {"label": _("Gross weight"), "value": plain_figure(total.kg), "unit": "kg"},
        {
            "label": _("Without a time"),
            "value": total.untimed,
            "tone": "wait" if total.untimed else "",
        },
        {
            "label": _("Lines due without a ship notice"),
            "value": due,
            "tone": "wait" if due else "",
            "url": due_url if due else "",
        },
    ]
