"""Chasing from the page and by programs: the same services behind both, and one answer for each supplier."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from suppliers.models import Invitation
from suppliers.onboarding.messages import InviteSuppliers, Target
from suppliers.onboarding.models import OnboardingChase, OnboardingRun
from suppliers.onboarding.services import invite_suppliers
from tests.builders.factors import give_app, show_factor
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(crowd, db):
    return crowd


@pytest.fixture
def root(people):
    return signed_in(people["root"])


def invited(people, *numbers, ago=5):
    actor = people["root"].actor
    with acting(actor):
        return invite_suppliers(
            InviteSuppliers(tuple(Target(one) for one in numbers)),
            actor=actor,
            at=timezone.now() - timedelta(days=ago),
        ).runs


def stored(query):
    with acting(FEED):
        return query()


def names(rows):
    return [row.run.supplier.number for row in rows]


def test_some_are_ticked_looked_at_and_written_to(people, root):
    runs = invited(people, "ACME", "B01", "B02")
    invited(people, "B03", ago=0)
    sent = root.post(
        "/onboarding/chases/",
        {"what": "remind", "pick": [run.key for run in [*runs[:2], stored(last_run)]]},
    )
    assert sent.status_code == 303
    page = root.get(sent["Location"])
    text = page.content.decode()
    assert names(page.context["going"]) == ["ACME", "B01"]
    assert [(one.why, names(one.rows)) for one in page.context["left"]] == [
        ("It was written to less than a day ago.", ["B03"])
    ]
    assert "asha@supplier.example" in text
    assert "Open still: Company data, Tax numbers" in text
    assert stored(lambda: AuditEvent.objects.filter(kind="onboarding.reminded").count()) == 0

    long = root.post(sent["Location"], {"words": "x" * 501})
    assert (long.status_code, list(long.context["form"].errors)) == (422, ["words"])
    for _press in range(2):
        assert root.post(sent["Location"], {"words": "By Friday,\r\nplease."}).status_code == 303
    done = root.get(sent["Location"])
    assert names(done.context["going"]) == ["ACME", "B01"]
    assert "Root Admin wrote to 2 suppliers" in done.content.decode()
    assert stored(lambda: AuditEvent.objects.get(kind="onboarding.reminded").facts["words"]) == (
        "By Friday,\nplease."
    )
    assert stored(lambda: AuditEvent.objects.filter(kind="invitation.resent").count()) == 1


def last_run():
    return OnboardingRun.objects.order_by("-id").first()


def test_all_that_match_are_marked_beyond_the_page_and_with_the_filters_of_the_page(people, root):
    invited(people, "ACME", *(f"B{n:02}" for n in range(55)))
    invited(people, "B55", "B56", ago=1)
    page = root.get("/onboarding/?state=invited&days=3")
    assert (len(page.context["rows"]), page.context["every"]) == (50, 55)
    text = page.content.decode()
    assert "All 55 that match and have something to do" in text
    assert re.search(r'<input type="hidden" name="days" value="3">', text)

    sent = root.post(
        "/onboarding/chases/", {"what": "invitation", "every": "yes", "state": "invited", "days": "3"}
    )
    page = root.get(sent["Location"])
    assert (page.context["count"], page.context["left"]) == (55, [])
    assert stored(lambda: OnboardingChase.objects.get().what) == "invitation"


def test_the_list_says_for_how_long_nothing_moved_and_finds_by_it(people, root):
    invited(people, "ACME", ago=9)
    invited(people, "B01", ago=3)

    page = root.get("/onboarding/")
    assert [(row.run.supplier.number, row.quiet_for) for row in page.context["rows"]] == [
        ("ACME", 9),
        ("B01", 3),
    ]
    assert "nothing moved for 9 days" in page.content.decode()
    for asked, found in (("days=7", ["ACME"]), ("days=3", ["ACME", "B01"]), ("days=30&step=company", [])):
        assert names(root.get(f"/onboarding/?{asked}").context["rows"]) == found
    assert root.get("/onboarding/?days=7&step=company").context["active"][0]["remove_url"] == "?step=company"
    assert root.get("/onboarding/?days=-1").context["active"] == root.get("/onboarding/").context.get(
        "active"
    )


def test_nothing_ticked_or_something_unknown_is_refused_in_words(people, root):
    invited(people, "ACME")
    nothing = root.post("/onboarding/chases/", {"what": "remind"})
    assert (nothing.status_code, "Mark suppliers first." in nothing.content.decode()) == (422, True)
    assert root.post("/onboarding/chases/", {"what": "all"}).status_code == 422
    assert root.post("/onboarding/chases/", {"what": "remind", "pick": "x"}).status_code == 404
    assert root.get("/onboarding/chases/00000000-0000-4000-8000-000000000000/").status_code == 404
    assert signed_in(people["ada"]).get("/onboarding/").content.decode().count("data-pick") == 0


def test_whoever_has_a_second_factor_shows_it_before_many_are_written_to(people, root):
    (run,) = invited(people, "B01")
    where = root.post("/onboarding/chases/", {"what": "remind", "pick": run.key})["Location"]
    give_app(people["root"].user)
    assert [root.get(where).status_code, root.post(where).status_code] == [302, 409]  # shown first, then back
    asked = root.post(
        "/api/v1/onboarding-chases", json.dumps({"suppliers": ["B01"]}), content_type="application/json"
    )
    assert (asked.status_code, asked.json()["code"]) == (403, "fresh_factor_needed")
    assert stored(lambda: OnboardingRun.objects.get().reminders) == 0
    show_factor(root, people["root"].user)
    assert root.post(where).status_code == 303
    assert stored(lambda: OnboardingRun.objects.get().reminders) == 1


def test_as_many_queries_for_fifty_as_for_one(people, root):
    counts = []
    for some in (["B00"], [f"B{n:02}" for n in range(1, 51)]):
        runs = invited(people, *some)
        where = root.post("/onboarding/chases/", {"what": "remind", "pick": [one.key for one in runs]})[
            "Location"
        ]
        root.get(where)
        with CaptureQueriesContext(connection) as list_:
            root.get("/onboarding/?days=2")
        with CaptureQueriesContext(connection) as marked:
            root.get(where)
        with CaptureQueriesContext(connection) as pressed:
            root.post(where)
        with CaptureQueriesContext(connection) as after:
            root.get(where)
        counts.append([len(one) for one in (list_, marked, pressed, after)])
    assert counts[0] == counts[1]


# --- programs ------------------------------------------------------------------------------------------------


def ask(client, method, path, *, key="", **sent):
    headers = {"Idempotency-Key": key} if key else {}
    return client.generic(
        method, f"/api/v1/{path}", json.dumps(sent), content_type="application/json", headers=headers
    )


def test_programs_read_the_funnel_by_state_step_and_how_long(people, root):
    invited(people, "ACME", ago=9)
    invited(people, "B01", ago=3)

    def found(query):
        return [one["supplier"] for one in root.get(f"/api/v1/onboardings?{query}").json()["results"]]

    assert found("quiet_days=7") == ["ACME"]
    assert found("quiet_days=3&state=invited") == ["B01"]
    assert (found("step=company"), found("step=bank")) == (["ACME"], [])
    assert root.get("/api/v1/onboardings?quiet_days=often").status_code == 400
    (acme, _bolt) = root.get("/api/v1/onboardings").json()["results"]
    assert acme["quiet_since"] == acme["invited_at"]
    one = root.get(f"/api/v1/onboardings/{acme['key']}")
    assert (one["ETag"], one.json()["reminded_at"]) == (f'"{acme["version"]}"', None)


def test_programs_send_again_remind_and_reassign_one(people, root):
    acme, bolt = invited(people, "ACME", "B01")
    here = ask(root, "POST", f"onboardings/{acme.key}/resend")
    assert (here.status_code, here.json()["code"]) == (409, "invitation_over")
    done = [
        ask(root, "POST", f"onboardings/{run.key}/{verb}", words="Please.")
        for run, verb in ((acme, "remind"), (bolt, "resend"))
    ]
    assert [(one.status_code, one.json()["reminders"]) for one in done] == [(200, 1), (200, 1)]
    assert ask(root, "POST", f"onboardings/{acme.key}/remind").json()["code"] == "reminded_already"
    assert ask(root, "POST", f"onboardings/{acme.key}/remind", words="x" * 501).status_code == 400
    other = ask(root, "POST", f"onboardings/{bolt.key}/reassign", address="kim@bolt.example", name="Kim")
    assert (other.status_code, other.json()["address"]) == (200, "kim@bolt.example")
    assert ask(root, "POST", f"onboardings/{bolt.key}/reassign", address="at the gate").status_code == 422
    asha = signed_in(people["asha"])
    for verb in ("remind", "resend", "reassign"):
        assert ask(asha, "POST", f"onboardings/{acme.key}/{verb}").status_code == 403


def test_programs_decide_on_what_they_have_read_by_its_etag(people, root):
    (run,) = invited(people, "B01")
    path = f"/api/v1/onboardings/{run.key}"

    def withdraw(**headers):
        return root.post(
            f"{path}/withdraw",
            json.dumps({"reason": "A mistake."}),
            content_type="application/json",
            headers=headers,
        )

    assert [withdraw().status_code, withdraw(**{"If-Match": '"9"'}).status_code] == [428, 412]
    done = withdraw(**{"If-Match": root.get(path)["ETag"]})
    assert (done.status_code, done.json()["state"], done["ETag"]) == (200, "withdrawn", '"2"')


def test_programs_chase_many_and_hear_of_each(people, root):
    invited(people, "ACME", "B01")
    invited(people, "B02", ago=0)
    lacking = ask(root, "POST", "onboarding-chases", suppliers=["ACME", "B09", "none"])
    assert lacking.status_code == 422
    assert [one["value"] for one in lacking.json()["problems"]] == ["B09", "none"]
    assert ask(root, "POST", "onboarding-chases", suppliers=[]).status_code == 400

    numbers = ["B02", "ACME", "B01", "ACME"]
    marked, again = (ask(root, "POST", "onboarding-chases", key="k1", suppliers=numbers) for _ in range(2))
    assert (marked.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert again.json() == marked.json()
    assert marked.json()["state"] == "marked"
    assert [(one["supplier"], one["mailed"], one["to"], one["code"]) for one in marked.json()["results"]] == [
        ("ACME", True, ["asha@supplier.example"], None),
        ("B01", True, ["b1@b.example"], None),
        ("B02", False, [], "recent"),
    ]
    path = f"onboarding-chases/{marked.json()['key']}"
    first = ask(root, "POST", f"{path}/send", words="Please.")
    second = ask(root, "POST", f"{path}/send", words="Once more.")
    assert (first.status_code, first.json()["state"], first.json()["words"]) == (200, "done", "Please.")
    assert second.json() == first.json() == root.get(f"/api/v1/{path}").json()
    assert [(one["supplier"], one["mailed"], one["message"]) for one in first.json()["results"]] == [
        ("ACME", True, ""),
        ("B01", True, ""),
        ("B02", False, "It was written to less than a day ago."),
    ]
    assert stored(lambda: Invitation.objects.filter(version__gt=1).count()) == 1
    assert signed_in(people["asha"]).get(f"/api/v1/{path}").status_code == 403
    assert signed_in(people["bea"]).get(f"/api/v1/{path}").status_code == 403
