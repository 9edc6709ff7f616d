"""The pages of service policies, opening hours and deadlines: all without a script."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.acknowledgments.services.clocks import KEEPER, review_acknowledgment_clocks
from procurement.clocks.models import OfficeCalendar, ServicePolicy
from procurement.clocks.queries import CLOCKS
from tests.builders.clocks import a_draft_service, a_service, advance, an_active_service
from tests.builders.world import an_order, fresh
from tests.people import signed_in

pytestmark = pytest.mark.django_db

FORM = {
    "name": "Answers of core suppliers",
    "kind": "order.acknowledgment",
    "supplier": "",
    "segment": "core",
    "order_kind": "",
    "lead_days": "",
    "value": "",
    "target": "2",
    "target_unit": "days",
    "whose": "supplier",
    "step-1-action": "remind",
    "step-1-amount": "4",
    "step-1-unit": "hours",
    "step-1-when": "before_due",
    "step-2-action": "",
    "step-2-amount": "",
    "step-2-unit": "hours",
    "step-2-when": "after_due",
    "step-3-action": "manager",
    "step-3-amount": "1.5",
    "step-3-unit": "days",
    "step-3-when": "after_due",
    "note": "They asked for it.",
}
HOURS = {f"day-{number}": "08:00-12:00, 13:00-24:00" for number in range(5)}


def text_of(response):
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", plain.replace("&quot;", '"').replace("&#x27;", "'"))


def the_policy():
    with acting(CLOCKS):
        return ServicePolicy.objects.get()


# --- policies -----------------------------------------------------------------------------------------------


def test_the_journey_from_what_comes_along_to_one_of_our_own(people):
    bea, boss = signed_in(people["bea"]), signed_in(people["max"])
    page = text_of(bea.get(reverse("service-list")))
    assert "Core suppliers Answer to an order · comes with Quayside Core" in page
    assert "Reminder 4 working hours before it is due" in page

    form = text_of(bea.get(reverse("service-new"), {"from": "core"}))
    assert "Step 8" in form
    written = bea.post(reverse("service-new") + "?from=core", FORM)
    policy = the_policy()
    address = reverse("service", args=[policy.key])
    assert (written.status_code, written["Location"]) == (303, address)
    page = text_of(bea.get(address))
    assert "2 working days" in page
    assert "2. Manager 1.5 working days after it is due" in page
    assert "You wrote part of it: somebody else approves it." in page
    assert reverse("service-approve", args=[policy.key]) not in bea.get(address).content.decode()

    assert reverse("service-approve", args=[policy.key]) in boss.get(address).content.decode()
    boss.post(reverse("service-approve", args=[policy.key]), {"version": policy.version})
    page = text_of(bea.get(reverse("service-list")))
    assert "Core suppliers Answer to an order · yours counts in its place" in page
    story = text_of(bea.get(address))
    assert "Approved: it counts from now on" in story

    boss.post(reverse("service-retire", args=[policy.key]), {"version": 2, "reason": "Too long."})
    assert "Retired. “Too long.”" in text_of(bea.get(address))
    assert the_policy().state == "retired"
    assert "Answers of core suppliers" in text_of(bea.get(reverse("service-list"), {"state": "retired"}))


def test_a_draft_is_changed_and_its_story_says_in_what(people):
    draft = a_draft_service(people["bea"])
    address = reverse("service-change", args=[draft.key])
    root = signed_in(people["root"])
    assert 'value="8"' in root.get(address).content.decode()

    done = root.post(address, {**FORM, "version": draft.version})

    assert done.status_code == 303
    assert "Draft changed: segment, time given, unit, ladder" in text_of(root.get(done["Location"]))
    stale = root.post(address, {**FORM, "version": draft.version})
    assert stale.status_code == 409


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "This field is required"),
        ({"target": ""}, "Say how much time there is."),
        ({"target": "soon"}, "“soon” is not a number."),
        ({"target": "-3"}, "Not below zero"),
        ({"target": "0"}, "It must be more than zero."),
        ({"lead_days": "x"}, "Enter a whole number."),
        ({"whose": "company"}, "A supplier answers orders in its own working time."),
        ({"step-3-amount": ""}, "Say how much time before or after"),
        ({"step-3-when": "before_due", "step-3-amount": "1"}, "this one would leave before the one above it"),
        ({"step-1-amount": "100"}, "the time given is too short for it"),
        ({"supplier": "ACME"}, "A supplier belongs to one segment already."),
        ({"order_kind": "rush", "kind": ""}, "Only a policy for answers to orders asks for this."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_written(people, typed, said):
    response = signed_in(people["bea"]).post(reverse("service-new"), {**FORM, **typed})

    assert response.status_code == 422
    assert said in text_of(response)
    with acting(CLOCKS):
        assert not ServicePolicy.objects.exists()


def test_who_wrote_it_cannot_press_and_who_reads_cannot_write(people):
    draft = a_draft_service(people["max"])
    boss, ada = signed_in(people["max"]), signed_in(people["ada"])

    assert boss.post(reverse("service-approve", args=[draft.key]), {"version": 1}).status_code == 403
    assert ada.get(reverse("service", args=[draft.key])).status_code == 200
    assert ada.get(reverse("service-new")).status_code == 403
    assert ada.get(reverse("service-new") + "?from=nonsense").status_code == 403
    assert boss.get(reverse("service-new") + "?from=nonsense").status_code == 404


def test_the_list_takes_as_many_statements_for_many_as_for_one(people):
    bea = signed_in(people["bea"])
    counts = []
    for number in range(2):
        for place in range(number * 9 + 1):
            an_active_service(people, a_service(9 + place, order_kind=f"k{place}{number}"))
            a_draft_service(people["bea"])
        bea.get(reverse("service-list"))
        with CaptureQueriesContext(connection) as queries:
            bea.get(reverse("service-list"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- opening hours ------------------------------------------------------------------------------------------


def test_opening_hours_are_read_written_and_forgotten(people):
    root = signed_in(people["root"])
    page = text_of(root.get(reverse("office-list")))
    assert (
        "Northmoor Supply Company · Europe/London Monday – Friday: 08:00-17:00 Saturday – Sunday: closed"
        in page
    )
    assert "Suppliers in DE" in page

    address = reverse("office", args=["country", "DE"])
    assert 'value="08:00-17:00"' in root.get(address).content.decode()
    typed = {
        **HOURS,
        "holidays_of": "DE",
        "subdivision": "by",
        "closed_on": "24 Dec 2026 Christmas Eve\n2026-12-31",
    }
    assert root.post(address, {**typed, "version": "0"}).status_code == 303

    with acting(CLOCKS):
        office = OfficeCalendar.objects.get()
    assert (office.country, office.subdivision, office.time_zone) == ("DE", "BY", "")
    assert office.closed_on == [
        {"day": "2026-12-24", "name": "Christmas Eve"},
        {"day": "2026-12-31", "name": ""},
    ]
    page = text_of(root.get(reverse("office-list")))
    assert "Monday – Friday: 08:00-12:00, 13:00-24:00" in page
    assert "24 Dec 2026 Christmas Eve" in root.get(address).content.decode()
    assert root.post(address, {**typed, "version": "0"}).status_code == 409

    forget = reverse("office-forget", args=[office.key])
    assert root.get(forget).status_code == 200
    assert root.post(forget, {"version": office.version}).status_code == 303
    with acting(CLOCKS):
        assert not OfficeCalendar.objects.exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"day-0": "eight to five"}, "“eight to five” is no opening."),
        ({"day-0": "25:00-26:00"}, "“25:00-26:00” is no opening."),
        ({"day-0": "13:00-17:00, 08:00-12:00"}, "must follow each other"),
        ({f"day-{n}": "" for n in range(7)}, "at least one day of the week"),
        ({"closed_on": "someday maybe"}, "Line 1, “someday maybe”, does not begin with a day."),
        ({"holidays_of": "DE", "subdivision": "ZZ"}, "There are no public holidays on file for DE-ZZ."),
        ({"time_zone": "Europe/Leeds"}, "Select a valid choice."),
    ],
)
def test_hours_that_cannot_be_are_said_beside_their_field(people, typed, said):
    address = reverse("office", args=["company", "NM"])
    form = {**HOURS, "time_zone": "Europe/London", "version": "0", **typed}

    response = signed_in(people["root"]).post(address, form)

    assert response.status_code == 422
    assert said in text_of(response)


def test_a_place_that_is_none(people):
    root = signed_in(people["root"])
    for level, code in (("site", "NOWHERE"), ("country", "Germany"), ("planet", "NM"), ("country", "de")):
        assert root.get(reverse("office", args=[level, code])).status_code == 404


# --- on the order -------------------------------------------------------------------------------------------


def on_the_order(person, order):
    return text_of(signed_in(person).get(reverse("order", args=[order.key])))


def with_a_clock():
    now = datetime.now(UTC)
    order = an_order(at=now - timedelta(minutes=5), ordered_on=now.date())
    with acting(KEEPER):
        review_acknowledgment_clocks([order.stream], actor=KEEPER, at=now)
    return order


def test_a_buyer_reads_what_comes_next(people):
    order = with_a_clock()

    page = on_the_order(people["bea"], order)

    assert "Clock of the answer" in page
    assert re.search(r"If nobody does anything, .+ on .+\.", page)
    assert "Clock of the answer" not in on_the_order(people["asha"], order)


def test_a_buyer_moves_the_deadline_and_both_sides_read_why(people):
    order = with_a_clock()
    bea = signed_in(people["bea"])
    address = reverse("order-deadline", args=[order.key])
    day = datetime.now(UTC).date() + timedelta(days=40)
    assert bea.get(address).status_code == 200

    done = bea.post(
        address, {"version": order.version, "due": day.isoformat(), "reason": "They wait for a part."}
    )

    assert done.status_code == 303
    due = fresh().acknowledge_by_at
    assert due is not None
    assert day - timedelta(days=5) <= due.date() <= day
    for person in (people["bea"], people["asha"]):
        assert "“They wait for a part.”" in on_the_order(person, order)
    assert "Deadline moved by Bea Buyer" in on_the_order(people["bea"], order)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"due": ""}, "Give a day."),
        ({"due": "2020-01-01"}, "There is no working time left until then."),
        ({"due": f"{datetime.now(UTC).year + 3}-01-01"}, "Give a day within a year."),
        ({"due": "soon"}, "“soon” is not a day that is clear."),
        ({"reason": ""}, "This field is required"),
        ({"reason": "   "}, "This field is required"),
    ],
)
def test_a_deadline_that_cannot_be_is_said_beside_its_field(people, typed, said):
    order = with_a_clock()
    day = datetime.now(UTC).date() + timedelta(days=40)
    form = {"version": order.version, "due": day.isoformat(), "reason": "They wait.", **typed}

    response = signed_in(people["bea"]).post(reverse("order-deadline", args=[order.key]), form)

    assert response.status_code == 422
    assert said in text_of(response)
    assert fresh().acknowledge_by_at == order.acknowledge_by_at


def test_a_reminder_stands_in_the_orders_story(people):
    order = with_a_clock()
    advance(datetime.now(UTC) + timedelta(days=30))

    page = on_the_order(people["bea"], order)
    assert "The answer is overdue" in page


# --- what was seen is what is written over ------------------------------------------------------------------


def version_in(response):
    return re.search(r'name="version" value="(\d+)"', response.content.decode()).group(1)


@pytest.mark.parametrize("wrong", [{}, {"target": "none"}])
def test_a_policy_shown_again_writes_over_nothing_of_a_colleague(people, wrong):
    draft = a_draft_service(people["bea"])
    address = reverse("service-change", args=[draft.key])
    root, boss = signed_in(people["root"]), signed_in(people["max"])
    assert boss.post(address, {**FORM, "version": draft.version}).status_code == 303

    shown = root.post(address, {**FORM, "version": draft.version, "name": "Mine", **wrong})
    again = root.post(address, {**FORM, "version": version_in(shown), "name": "Mine"})

    assert (shown.status_code, again.status_code) == (422 if wrong else 409, 409)
    assert "Somebody changed this policy since you opened it" in text_of(again)
    assert 'value="Mine"' in again.content.decode()
    assert the_policy().name == FORM["name"]


def test_opening_hours_shown_again_write_over_nothing_of_a_colleague(people):
    address = reverse("office", args=["country", "DE"])
    root, boss = signed_in(people["root"]), signed_in(people["max"])
    assert boss.post(address, {**HOURS, "version": "0"}).status_code == 303

    shown = root.post(address, {"day-0": "09:00-10:00", "version": "0"})
    again = root.post(address, {"day-0": "09:00-10:00", "version": version_in(shown)})

    assert (shown.status_code, again.status_code) == (409, 409)
    assert "09:00-10:00" in again.content.decode()
