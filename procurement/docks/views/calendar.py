"""What comes when: the day, the week and the hours of a site, for the buying side."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import NotFound
from portal.kernel.web import paginate
from procurement.calendars.policies import openings_on
from procurement.catalogue.models import Site
from procurement.docks.policies import DAY, Rhythm, week_to_show
from procurement.docks.presenters import Day, clock_text, figures_of, hours_of, turn_of, weekday_text
from procurement.docks.queries import (
    DayTotal,
    booked_on,
    busiest_site,
    due_lines,
    inbound,
    lines_without_notice,
    loadings,
    open_times_by_consignment,
    overdue,
    rhythm_of,
    sites,
    totals_by_day,
    zone_of,
)
from procurement.shipments.models import ShipNotice
from procurement.shipments.presenters import days_late
from procurement.shipments.queries import summaries
from suppliers.roles import Permission

CALENDAR, DUE = "procurement/docks/calendar.html", "procurement/docks/due.html"
PAGE_SIZE, MOST_OVERDUE = 100, 20
FURTHEST = timedelta(days=3660)
VIEWS = ("day", "week", "hours")


@door(Permission.SUPPLIER_VIEW)
def inbound_calendar(request: DoorRequest) -> HttpResponse:
    """What comes to a site on a day, in a week, or by the hour; what is overdue stands on top."""
    everywhere = sites()
    if not everywhere:
        return render(request, CALENDAR, {"site": None})
    site = _site(request, everywhere)
    zone = zone_of(site)
    today = request.at.astimezone(zone).date()
    view = request.GET.get("view", "day")
    view = view if view in VIEWS else "day"
    day = _day(request.GET.get("day", ""), today)
    rhythm = rhythm_of(site) if view != "day" else None
    first = week_to_show(day, today, rhythm) if view == "week" and rhythm else day
    last = first + timedelta(days=6) if view == "week" else day
    totals = totals_by_day(site, first, last)
    due = lines_without_notice(request.actor, site, first, last)
    late = overdue(request.actor, site, today)
    oldest = list(late[: MOST_OVERDUE + 1])
    context: dict[str, Any] = {
        "site": site,
        "sites": [
            {"label": one.name, "url": _url(one, view, day), "current": one.pk == site.pk}
            for one in everywhere
        ],
        "zone": zone.key,
        "view": view,
        "views": [
            {"url": _url(site, name, day), "label": label, "current": name == view}
            for name, label in (("day", _("Day")), ("week", _("Week")), ("hours", _("Load by hour")))
        ],
        "day": day,
        "first": first,
        "last": last,
        "word": weekday_text(day),
        "today": today,
        "back": _url(site, view, first - (7 * DAY if view == "week" else DAY)),
        "on": _url(site, view, first + (7 * DAY if view == "week" else DAY)),
        "now": _url(site, view, today),
        "overdue": _rows(request, oldest[:MOST_OVERDUE], today, site, None),
        "more_overdue": late.count() - MOST_OVERDUE if len(oldest) > MOST_OVERDUE else 0,
        "figures": figures_of(totals.get(day, DayTotal()), due.get(day, 0), _due_url(site, day)),
        "may_plan": request.actor.may(Permission.DOCK_PLAN),
    }
    if view == "day":
        page = paginate(
            inbound(request.actor, site, day, day),
            request.GET.get("cursor", ""),
            order=("expected_on", "id"),
            size=PAGE_SIZE,
        )
        context |= {"page": page, "rows": _rows(request, list(page.rows), today, site, day)}
    elif view == "week" and rhythm:
        context["days"] = _week(site, rhythm, first, totals, due, today)
    elif rhythm:
        booked = booked_on(request.actor, site, day)
        context |= {"hours": hours_of(booked, rhythm, openings_on(day, rhythm.calendar)), "rhythm": rhythm}
    return render(request, CALENDAR, context)


@door(Permission.SUPPLIER_VIEW)
def inbound_due(request: DoorRequest) -> HttpResponse:
    """The agreed lines that are due at a site on a day, of which something was not announced."""
    everywhere = sites()
    if not everywhere:
        return render(request, CALENDAR, {"site": None})
    site = _site(request, everywhere)
    day = _day(request.GET.get("day", ""), request.at.astimezone(zone_of(site)).date())
    lines = due_lines(request.actor, site, day, day)
    page = paginate(lines, request.GET.get("cursor", ""), order=("next_delivery_on", "id"), size=PAGE_SIZE)
    context = {
        "site": site,
        "day": day,
        "word": weekday_text(day),
        "page": page,
        "calendar_url": _url(site, "day", day),
        "rows": [{"line": line, "open": line.quantity - line.shipped_quantity} for line in page.rows],
    }
    return render(request, DUE, context)


def _site(request: DoorRequest, everywhere: list[Site]) -> Site:
    code = request.GET.get("site", "")
    if not code:
        return busiest_site(request.actor) or everywhere[0]
    found = next((one for one in everywhere if one.code == code), None)
    if found is None:
        raise NotFound(_("There is no such site."))
    return found


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text) if len(text) == len("2026-03-31") else today
    except ValueError:
        return today
    return day if abs(day - today) < FURTHEST else today


def _url(site: Site, view: str, day: date) -> str:
    asked = {"site": site.code, "view": view, "day": day.isoformat()}
    return f"{reverse('inbound-calendar')}?{urlencode(asked)}"


def _due_url(site: Site, day: date) -> str:
    return f"{reverse('inbound-due')}?{urlencode({'site': site.code, 'day': day.isoformat()})}"


def _rows(
    request: DoorRequest, notices: list[ShipNotice], today: date, site: Site, day: date | None
) -> list[dict[str, Any]]:
    """What stands in a row of each notice: four queries, however many there are. `day` is the one that is shown."""
    said, loads = summaries(notices), loadings(notices)
    times = open_times_by_consignment(notice.consignment for notice in notices)
    zone = zone_of(site)
    rows = []
    for notice in notices:
        one, load = times.get(notice.consignment), loads[notice.pk]
        on = one.starts_at.astimezone(zone).date() if one else None
        rows.append(
            {
                "notice": notice,
                "lines": said[notice.pk].lines,
                "packages": load.outer,
                "pallets": load.pallets,
                "kg": load.kg,
                "late": days_late(notice, today),
                "time": one,
                "clock": clock_text(one.starts_at, zone) if one else "",
                "on": on if on != day else None,
                "yours": one is not None and turn_of(one, request.actor).yours,
            }
        )
    return rows


def _week(
    site: Site,
    rhythm: Rhythm,
    first: date,
    totals: dict[date, DayTotal],
    due: dict[date, int],
    today: date,
) -> list[dict[str, Any]]:
    calendar = rhythm.calendar
    days = [first + DAY * n for n in range(7)]
    return [
        {
            "one": Day(
                day,
                weekday_text(day),
                totals.get(day, DayTotal()),
                due.get(day, 0),
                day == today,
                bool(openings_on(day, calendar)),
            ),
            "url": _url(site, "day", day),
            "due_url": _due_url(site, day),
        }
        for day in days
    ]
