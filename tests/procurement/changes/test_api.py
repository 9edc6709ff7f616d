"""Change requests as programs see them: asked for, read, answered, by the same rules as on the page."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.changes.messages import EditReason
from procurement.changes.services import save_reason
from suppliers.roles import TokenScope
from tests.builders import changes
from tests.builders.changes import A_WEEK, piece, stands, to
from tests.builders.world import MONDAY, a_line

pytestmark = pytest.mark.django_db

CHANGES = "/api/v1/changes"
# Doors bring their own time.
SOON = datetime.now(UTC).date() + timedelta(days=30)
LATER = SOON + timedelta(days=14)


def an_agreed_order(person, lines=2):
    """An order of today, agreed as asked."""
    asked = [a_line(10 * number, delivery_on=SOON) for number in range(1, lines + 1)]
    return changes.an_agreed_order(person, lines=asked)


def propose(*args, **words):
    """A wish that somebody put on the table a moment ago."""
    return changes.propose(*args, at=timezone.now(), **words)


def on(change, verb=""):
    return f"{CHANGES}/{change.key}" + (f"/{verb}" if verb else "")


def test_a_program_asks_for_some_lines_and_each_says_what_came_of_it(people, tokens):
    order = an_agreed_order(people["asha"])
    acme = tokens("ACME")

    answer = acme.post(
        f"/api/v1/orders/{order.key}/changes",
        {
            "version": order.version,
            "changes": [
                {
                    "line": "L10",
                    "pieces": [{"quantity": "60"}, {"quantity": "40", "delivery_on": LATER.isoformat()}],
                    "reason": "capacity",
                },
                {"line": "L20", "ship_to": "PARIS"},
            ],
        },
    )

    assert answer.status_code == 200
    first, second = answer.json()["results"]
    assert (first["refusal"], first["change"]["state"], first["change"]["turn"]) == (
        None,
        "proposed",
        "buyer",
    )
    assert first["change"]["kinds"] == ["split"]
    assert first["change"]["allowed_actions"] == ["edit", "withdraw"]
    assert first["change"]["wish"]["pieces"][1] == {
        "quantity": "40",
        "delivery_on": LATER.isoformat(),
        "price": "6.85",
        "price_per": "1",
        "item_number": "",
        "item_description": "",
    }
    assert second["change"] is None
    assert second["refusal"]["problems"] == [
        {
            "field": "ship_to",
            "message": "There is no place PARIS in this company. Choose one from the list.",
            "value": "PARIS",
            "code": "unknown",
        }
    ]


def test_the_version_that_was_seen_is_owed(people, tokens):
    order = an_agreed_order(people["asha"])
    wish = {"changes": [{"line": "L10", "move_days": 7}]}
    address = f"/api/v1/orders/{order.key}/changes"

    assert tokens("ACME").post(address, wish).status_code == 428
    assert tokens("ACME").post(address, wish, If_Match=f'"{order.version}"').status_code == 200


def test_what_waits_for_me_is_found_read_and_accepted(people, tokens):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["bea"], A_WEEK, note="The crane is booked.")
    acme = tokens("ACME")

    (found,) = acme.get(CHANGES, {"turn": "supplier"}).json()["results"]
    assert (found["key"], found["allowed_actions"]) == (str(asked.key), ["accept", "counter", "decline"])
    assert acme.get(on(asked)).json()["rounds"][0]["note"] == "The crane is booked."
    done = acme.post(on(asked, "accept"), {"version": 1})

    assert (done.status_code, done.json()["state"], done.json()["turn"]) == (200, "accepted", "")
    assert done.json()["allowed_actions"] == []


def test_counter_edit_and_withdraw(people, tokens):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["bea"], A_WEEK)
    acme = tokens("ACME")

    countered = acme.post(
        on(asked, "counter"), {"version": 1, "pieces": [{"delivery_on": LATER.isoformat()}]}
    )
    assert (countered.json()["state"], len(countered.json()["rounds"])) == (
        "countered",
        2,
    )
    edited = acme.post(on(asked, "edit"), {"version": 2, "move_days": 2})
    assert edited.json()["wish"]["pieces"][0]["delivery_on"] == (SOON + timedelta(days=2)).isoformat()
    gone = acme.post(on(asked, "withdraw"), {"version": 3})
    assert (gone.json()["state"], len(gone.json()["rounds"])) == ("withdrawn", 2)


def test_a_no_owes_a_reason(people, tokens):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["bea"], A_WEEK)
    acme = tokens("ACME")

    assert acme.post(on(asked, "decline"), {"version": 1}).status_code == 422
    no = acme.post(on(asked, "decline"), {"version": 1, "reason": "capacity"})
    assert (no.json()["state"], no.json()["answer_reason"]) == ("declined", "capacity")


def test_who_comes_late_or_out_of_turn_is_told_so(people, tokens):
    order = an_agreed_order(people["asha"])
    mine = propose(order, people["asha"], A_WEEK)
    acme = tokens("ACME")

    assert acme.post(on(mine, "accept"), {"version": 1}).json()["code"] == "not_your_turn"
    assert acme.post(on(mine, "withdraw"), {"version": 9}).json()["code"] == "stale"
    assert stands(mine).state == "proposed"


def test_many_with_one_word(people, tokens):
    order = an_agreed_order(people["asha"])
    asked = [propose(order, people["bea"], A_WEEK, line=key) for key in ("L10", "L20")]
    choices = [{"change": str(one.key), "version": 1} for one in asked]
    choices[1]["version"] = 7

    answer = tokens("ACME").post(f"{CHANGES}/decide", {"verdict": "accept", "changes": choices})

    results = answer.json()["results"]
    assert [(one["line"], bool(one["refusal"])) for one in results] == [(10, False), (20, True)]


def test_sent_twice_it_happens_once(people, tokens):
    order = an_agreed_order(people["asha"])
    wish = {"version": order.version, "changes": [{"line": "L10", "move_days": 7}]}
    acme, key = tokens("ACME"), str(uuid.uuid4())
    first = acme.post(f"/api/v1/orders/{order.key}/changes", wish, Idempotency_Key=key)
    second = acme.post(f"/api/v1/orders/{order.key}/changes", wish, Idempotency_Key=key)

    assert second["Idempotent-Replayed"] == "true"
    assert first.json() == second.json()


def test_a_stranger_finds_nothing_and_a_reader_changes_nothing(people, tokens):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["bea"], A_WEEK)

    assert tokens("GLOBEX").get(on(asked)).status_code == 404
    assert tokens("GLOBEX").post(on(asked, "accept"), {"version": 1}).status_code == 404
    assert tokens("GLOBEX").get(CHANGES).json()["results"] == []
    reader = tokens("ACME", TokenScope.READ)
    assert reader.get(on(asked)).json()["allowed_actions"] == []
    assert reader.post(on(asked, "accept"), {"version": 1}).status_code == 403


def test_reasons_are_told_in_the_companys_words(people, tokens):
    root = people["root"].actor
    with acting(root):
        save_reason(EditReason("NM", "flood", "Flood at the works"), actor=root, at=MONDAY)
        save_reason(EditReason("NM", "other", "Other", active=False), actor=root, at=MONDAY)
    an_agreed_order(people["asha"])

    told = tokens("ACME").get("/api/v1/change-reasons").json()["results"]

    assert {"company": "NM", "code": "flood", "text": "Flood at the works"} in told
    assert "other" not in {one["code"] for one in told}


def test_lists_take_the_same_queries_with_one_and_with_many(
    people, tokens, django_assert_num_queries, django_assert_max_num_queries
):
    order = an_agreed_order(people["asha"], lines=12)
    propose(order, people["bea"], A_WEEK)
    acme = tokens("ACME")
    acme.get(CHANGES)
    with django_assert_max_num_queries(20) as one:
        acme.get(CHANGES)
    for number in range(2, 13):
        propose(order, people["asha"], to(piece(80)), line=f"L{10 * number}")

    with django_assert_num_queries(len(one)):
        assert len(acme.get(CHANGES).json()["results"]) == 12
