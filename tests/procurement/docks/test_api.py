"""Times at docks as programs ask for them and read them, by the same rules as on the page."""

import pytest

from procurement.docks.services import confirm_time
from suppliers.roles import TokenScope
from tests.builders.docks import answer, fresh_time, time_of
from tests.procurement.docks.test_pages import DAY, NOW, START, a_shipment

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(tokens):
    return tokens("ACME", TokenScope.SHIP)


def test_a_program_reads_free_times_and_asks_for_one(people, acme):
    notice = a_shipment(people, 1, pallets=12)
    free = acme.get(f"/api/v1/ship-notices/{notice.key}/free-times").json()
    assert (free["site"], free["time_zone"], free["minutes"]) == ("LEEDS", "Europe/London", 60)
    start = f"{START:%Y-%m-%dT%H:%M:%SZ}"
    assert start in free["times"]

    asked = acme.post(f"/api/v1/ship-notices/{notice.key}/ask-time", {"starts_at": start, "note": "Lift"})

    assert asked.status_code == 201
    told = asked.json()
    assert (told["state"], told["starts_at"], told["number"], told["note"]) == (
        "asked",
        start,
        "DN-1",
        "Lift",
    )
    assert told["ship_notice"] == str(notice.key)
    assert acme.get(f"/api/v1/appointments/{told['key']}").json() == told


def test_a_program_takes_what_the_dock_proposes_and_gives_it_up(people, acme, at):
    notice = a_shipment(people, 1)
    dock = at("rex")
    made = dock.post(
        f"/api/v1/ship-notices/{notice.key}/propose-time",
        {"starts_at": START.isoformat(), "door": 2},
        content_type="application/json",
    ).json()
    assert (made["state"], made["door"]) == ("proposed", 2)

    taken = acme.post(f"/api/v1/appointments/{made['key']}/accept", {"version": 1}).json()
    assert taken["state"] == "confirmed"
    stale = acme.post(f"/api/v1/appointments/{made['key']}/cancel", {"version": 1, "reason": "By sea."})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    gone = acme.post(f"/api/v1/appointments/{made['key']}/cancel", {"version": 2, "reason": "By sea."})
    assert (gone.json()["state"], gone.json()["reason"]) == ("cancelled", "By sea.")


def test_the_list_follows_and_filters_and_shows_nobody_elses(people, acme, tokens):
    notice = a_shipment(people, 1)
    acme.post(f"/api/v1/ship-notices/{notice.key}/ask-time", {"starts_at": START.isoformat()})
    answer(confirm_time, time_of(notice), people["rex"], at=NOW)

    def keys(program, query=""):
        return [one["key"] for one in program.get(f"/api/v1/appointments{query}").json()["results"]]

    assert keys(acme) == [str(time_of(notice).key)]
    assert keys(acme, "?state=confirmed&site=LEEDS") == keys(acme)
    assert keys(acme, "?state=asked") == []
    assert keys(acme, f"?consignment={notice.consignment}") == keys(acme)
    globex = tokens("GLOBEX", TokenScope.SHIP)
    assert keys(globex) == []
    assert globex.get(f"/api/v1/appointments/{fresh_time(time_of(notice)).key}").status_code == 404
    assert globex.get(f"/api/v1/ship-notices/{notice.key}/free-times").status_code == 404


def test_a_token_gives_no_times_and_a_bad_one_is_refused_with_the_field(people, acme):
    notice = a_shipment(people, 1)
    refused = acme.post(f"/api/v1/ship-notices/{notice.key}/propose-time", {"starts_at": START.isoformat()})
    assert refused.status_code == 403
    night = f"{DAY}T01:00:00Z"
    bad = acme.post(f"/api/v1/ship-notices/{notice.key}/ask-time", {"starts_at": night})
    assert bad.status_code == 422
    assert bad.json()["problems"][0]["field"] == "starts_at"
    assert "The dock is not open" in bad.json()["problems"][0]["message"]
