"""Docks on the screen: what comes when, the plan, a time asked for and answered; without a script."""

import html
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.calendars.policies import default_calendar, openings_on
from procurement.docks.models import Appointment, DockPlan
from procurement.docks.services import confirm_time
from procurement.shipments.messages import LineEntry
from procurement.shipments.services import correct_notice
from tests.builders.changes import an_agreed_order
from tests.builders.docks import an_asked_time, answer, time_of
from tests.builders.shipments import a_sent_notice, begin, pack, send, write
from tests.builders.shipments import do as do_with
from tests.builders.world import a_line
from tests.people import FEED

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
LEEDS = default_calendar("GB", "Europe/London")
# The second of two open days that follow each other, some time from now: with time enough to ask.
DAY = next(
    day
    for n in count(10)
    if openings_on(day := NOW.date() + timedelta(days=n), LEEDS)
    and openings_on(day - timedelta(days=1), LEEDS)
    and day.weekday() < 5
)
START = openings_on(DAY, LEEDS)[0][0] + timedelta(hours=2)


def a_shipment(people, number=1, *, pallets=0, **header):
    lines = [a_line(10), a_line(20)]
    order = an_agreed_order(people["asha"], f"46000000{number:02}", lines=lines)
    said = {"ship_on": NOW.date(), "delivery_on": DAY, **header}
    if not pallets:
        return a_sent_notice(order, people["asha"], {"L10": 20}, number=f"DN-{number}", at=NOW, **said)
    draft = begin(order, people["asha"], {"L10": 2 * pallets}, at=NOW)
    write(draft, people["asha"], f"DN-{number}", at=NOW, **said)
    pack(draft, people["asha"], pallets, 2, kind="pallet")
    return send(draft, people["asha"], at=NOW).notice


def calendar(client, **asked):
    asked = {"site": "LEEDS", "day": DAY.isoformat(), **asked}
    response = client.get(reverse("inbound-calendar"), asked)
    assert response.status_code == 200
    return response


def text_of(response):
    return html.unescape(response.content.decode())


# --- the calendar -------------------------------------------------------------------------------------------


def test_a_day_says_what_comes_from_whom_and_how_much(people, at):
    a_shipment(people, 1, pallets=3, gross_kg=Decimal("412.5"))
    a_shipment(people, 2, delivery_on=DAY + timedelta(days=1))

    response = calendar(at("rex"))
    text = text_of(response)

    assert "DN-1" in text
    assert "DN-2" not in text
    assert "Acme Valves" in text
    assert "Blue Line" in text
    assert "3 pallets" in text
    assert "412.5" in text
    figures = {one["label"]: one["value"] for one in response.context["figures"]}
    assert figures["Consignments"] == 1
    assert figures["Pallets"] == 3
    assert figures["Without a time"] == 1


def test_a_week_adds_each_day_up_and_names_what_is_due_without_a_notice(people, at):
    a_shipment(people, 1, pallets=3)
    a_shipment(people, 2, pallets=2)
    an_agreed_order(people["asha"], "4600000050", lines=[a_line(10, delivery_on=DAY)])

    response = calendar(at("bea"), view="week")

    row = next(one for one in response.context["days"] if one["one"].day == DAY)
    total = row["one"].total
    assert (total.consignments, total.pallets, total.packages, total.untimed) == (2, 5, 5, 2)
    assert row["one"].due == 1
    due = at("bea").get(row["due_url"])
    assert "4600000050" in text_of(due)


def test_hours_say_which_door_has_what_and_how_full_it_is(people, at):
    notice = a_shipment(people, 1, pallets=10)
    one = an_asked_time(notice, people["asha"], starts_at=START, at=NOW)
    answer(confirm_time, one, people["rex"], at=NOW)

    response = calendar(at("rex"), view="hours")

    hour = next(one for one in response.context["hours"] if one.booked)
    assert (hour.pallets, hour.share, hour.is_over) == (10, 25, False)
    assert "door 1" in text_of(response)


def test_a_confirmed_time_moves_a_shipment_to_its_own_day(people, at):
    notice = a_shipment(people, 1)
    before = START - timedelta(days=1)
    one = an_asked_time(notice, people["asha"], starts_at=before, at=NOW)
    assert "DN-1" in text_of(calendar(at("rex")))

    answer(confirm_time, one, people["rex"], at=NOW)

    assert "DN-1" not in text_of(calendar(at("rex")))
    assert "DN-1" in text_of(calendar(at("rex"), day=(DAY - timedelta(days=1)).isoformat()))


def test_what_should_be_here_stands_on_top_of_every_view(people, at):
    today = timezone.localdate(timezone=ZoneInfo("Europe/London"))  # in Leeds, and not when the run began
    yesterday = today - timedelta(days=1)
    a_shipment(people, 1, ship_on=yesterday - timedelta(days=3), delivery_on=yesterday)

    for view in ("day", "week", "hours"):
        response = calendar(at("rex"), view=view)
        assert "Should be here" in text_of(response)
        assert "1 day late" in text_of(response)


def test_without_a_site_it_is_the_one_to_which_most_comes(people, at):
    a_shipment(people, 1)
    assert at("rex").get(reverse("inbound-calendar")).context["site"].code == "LEEDS"
    assert at("rex").get(reverse("inbound-calendar"), {"site": "NOWHERE"}).status_code == 404


@pytest.mark.parametrize("day", ["x", "2026-02-31", "0001-01-01", "9999-12-31", "20260331"])
def test_a_day_that_is_none_is_today(people, at, day):
    assert calendar(at("rex"), day=day).context["day"] == calendar(at("rex")).context["today"]


def test_a_supplier_has_no_calendar_of_all(people, at):
    assert at("asha").get(reverse("inbound-calendar")).status_code == 403
    assert at("asha").get(reverse("inbound-due"), {"site": "LEEDS"}).status_code == 403


@pytest.mark.parametrize("view", ["day", "week", "hours"])
def test_the_calendar_asks_the_same_questions_of_one_shipment_and_of_thirty(people, at, view):
    client = at("rex")
    times = []

    def book(number):
        notice = a_shipment(people, number, pallets=1)
        start = START - timedelta(hours=2) + timedelta(minutes=30 * (number % 16))
        times.append(an_asked_time(notice, people["asha"], starts_at=start, at=NOW))
        answer(confirm_time, times[-1], people["rex"], at=NOW)

    book(1)
    calendar(client, view=view)
    with CaptureQueriesContext(connection) as one:
        calendar(client, view=view)
    for number in range(2, 16):
        book(number)
    with CaptureQueriesContext(connection) as many:
        calendar(client, view=view)
    assert len(many) == len(one)


# --- a time -------------------------------------------------------------------------------------------------


def do(client, notice, verb, **sent):
    return client.post(reverse("shipment-time-do", args=[notice.key, verb]), sent)


def named(notice):
    one = time_of(notice)
    return {"appointment": str(one.key), "version": str(one.version)}


def test_a_time_is_asked_for_and_confirmed_on_the_screen(people, at):
    notice = a_shipment(people, 1, pallets=12)
    page = at("asha").get(reverse("shipment-time", args=[notice.key]))
    assert START.isoformat() in text_of(page)
    assert "Europe/London" in text_of(page)
    assert "for 60 minutes" in text_of(page)

    asked = do(at("asha"), notice, "ask", starts_at=START.isoformat(), version="0", note="Tail lift")
    assert asked.status_code == 303
    seen = text_of(at("rex").get(reverse("shipment-time", args=[notice.key])))
    assert "Tail lift" in seen
    assert "Confirm this time" in seen
    confirmed = do(at("rex"), notice, "confirm", door="2", **named(notice))

    assert confirmed.status_code == 303
    assert (time_of(notice).state, time_of(notice).door) == ("confirmed", 2)
    panel = text_of(at("asha").get(reverse("shipment", args=[notice.key])))
    assert "Time at the dock" in panel
    assert "door 2" in panel
    assert "Both sides plan with this time." in panel


def test_the_dock_proposes_and_the_supplier_takes_it(people, at):
    notice = a_shipment(people, 1)
    do(at("rex"), notice, "propose", starts_at=START.isoformat(), version="0")
    assert "Take this time" in text_of(at("asha").get(reverse("shipment-time", args=[notice.key])))

    do(at("asha"), notice, "accept", **named(notice))

    assert time_of(notice).state == "confirmed"


def test_what_was_typed_stays_where_a_time_cannot_be_had(people, at):
    notice = a_shipment(people, 1)
    for start in ("", "soon", "2026-03-31T10:00"):
        refused = do(at("asha"), notice, "ask", starts_at=start, version="0", note="Tail lift")
        assert refused.status_code == 422
        assert "Choose one of the free times." in text_of(refused)
        assert "Tail lift" in text_of(refused)

    do(at("asha"), notice, "ask", starts_at=START.isoformat(), version="0")
    no_reason = do(at("rex"), notice, "refuse", **named(notice))
    assert no_reason.status_code == 422
    stale = do(at("rex"), notice, "refuse", **{**named(notice), "version": "9"}, reason="No.")
    assert stale.status_code == 409
    assert "changed this time since you opened it" in text_of(stale)


def test_what_is_no_verb_or_no_time_is_not_found(people, at):
    notice = a_shipment(people, 1)
    assert do(at("asha"), notice, "bend").status_code == 404
    assert do(at("asha"), notice, "cancel", appointment="x", version="1").status_code == 404
    assert do(at("arun"), notice, "ask").status_code == 403
    assert do(at("gil"), notice, "ask", starts_at=START.isoformat(), version="0").status_code == 404
    assert do(at("asha"), notice, "propose", starts_at=START.isoformat(), version="0").status_code == 403


def test_every_verb_can_be_done_from_the_page(people, at):
    notice = a_shipment(people, 1)
    do(at("asha"), notice, "ask", starts_at=START.isoformat(), version="0")
    do(at("rex"), notice, "refuse", reason="Stock-taking.", **named(notice))
    assert "Stock-taking." in text_of(at("asha").get(reverse("shipment-time", args=[notice.key])))
    do(at("asha"), notice, "ask", starts_at=START.isoformat(), version="0")
    do(at("asha"), notice, "cancel", reason="By sea.", **named(notice))
    do(at("rex"), notice, "propose", starts_at=START.isoformat(), version="0", door="1")
    do(at("rex"), notice, "call_off", reason="Broken.", **named(notice))

    with acting(FEED):
        states = list(Appointment.objects.order_by("id").values_list("state", flat=True))
    assert states == ["refused", "cancelled", "cancelled"]


def test_lists_of_what_needs_a_time_and_what_waits(people, at):
    bare, asked = a_shipment(people, 1), a_shipment(people, 2)
    an_asked_time(asked, people["asha"], starts_at=START, at=NOW)

    need = text_of(at("asha").get(reverse("dock-times"), {"view": "need"}))
    assert bare.number in need
    assert asked.number not in need
    waits = at("rex").get(reverse("dock-times"))
    assert waits.context["view"] == "asked"
    assert asked.number in text_of(waits)
    assert asked.number not in text_of(at("gil").get(reverse("dock-times"), {"view": "asked"}))


@pytest.mark.parametrize("view", ["need", "asked"])
def test_lists_ask_the_same_questions_of_one_row_and_of_many(people, at, view):
    client = at("rex")

    def add(number):
        notice = a_shipment(people, number)
        if view == "asked":
            an_asked_time(notice, people["asha"], starts_at=START, at=NOW)

    add(1)
    client.get(reverse("dock-times"), {"view": view})
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("dock-times"), {"view": view})
    for number in range(2, 12):
        add(number)
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("dock-times"), {"view": view})
    assert len(many) == len(one)


# --- the plan -----------------------------------------------------------------------------------------------


PLAN = {"doors": "3", "slot_minutes": "60", "pallets_per_hour": "30", "ask_hours": "24", "version": "0"}


def test_a_plan_is_written_on_the_screen_and_taken_back(people, at):
    url = reverse("dock-plan", args=["LEEDS"])
    assert "Nothing is written down yet" in text_of(at("rex").get(url))

    assert at("rex").post(url, {**PLAN, "day-0": "06:00-14:00"}).status_code == 303
    with acting(FEED):
        plan = DockPlan.objects.get()
    assert (plan.doors, plan.hours[0], plan.hours[1]) == (3, [["06:00", "14:00"]], [])
    assert "06:00-14:00" in text_of(at("max").get(url))
    stale = at("max").post(url, PLAN)
    assert stale.status_code == 409

    at("max").post(reverse("dock-plan-forget", args=["LEEDS"]), {"version": "1"})
    with acting(FEED):
        assert not DockPlan.objects.exists()


def test_a_plan_that_cannot_be_says_what_is_wrong_beside_its_field(people, at):
    url = reverse("dock-plan", args=["LEEDS"])
    refused = at("rex").post(url, {**PLAN, "doors": "0", "day-0": "late"})
    assert refused.status_code == 422
    assert "“late” is no opening" in text_of(refused)
    assert at("bea").get(url).status_code == 403
    assert at("rex").get(reverse("dock-plan", args=["NOWHERE"])).status_code == 404


def test_a_correction_with_more_pallets_than_its_time_holds_says_so_to_both_sides(people, at):
    notice = a_shipment(people, 1, pallets=3)
    one = an_asked_time(notice, people["asha"], starts_at=START, at=NOW)
    answer(confirm_time, one, people["rex"], at=NOW)
    said = "13 pallets are announced by now: more than a door unloads in 30 minutes."
    page = reverse("shipment-time", args=[notice.key])
    assert "are announced by now" not in text_of(at("rex").get(page))

    draft = do_with(correct_notice, notice, people["asha"], at=NOW)
    with acting(FEED):
        line = draft.lines.get().pk
    head = {"ship_on": NOW.date(), "delivery_on": DAY}
    write(draft, people["asha"], at=NOW, lines=[LineEntry(line, Decimal(26))], **head)
    pack(draft, people["asha"], 10, 2, kind="pallet")
    corrected = send(draft, people["asha"], at=NOW).notice

    for who in ("rex", "asha"):
        for name in ("shipment-time", "shipment"):
            assert said in text_of(at(who).get(reverse(name, args=[corrected.key]))), (who, name)
    assert time_of(corrected).ends_at - time_of(corrected).starts_at == timedelta(minutes=30)
