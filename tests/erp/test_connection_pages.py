"""The pages of the connection: what it is, how it stands, and what a person may do to it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.erp.connection import keep_what_was_found, pause_connection, the_connection
from procurement.erp.models import Alert, ErpConnection, FeedCursor, FeedRun
from procurement.erp.ports import Capabilities, Deletions, Discovery, Feed, Identity, ReadBack, WriteField
from procurement.erp.presenters import run_row, span_text
from procurement.erp.states import ConnectionState
from tests.builders.world import MONDAY
from tests.erp.test_monitor import a_command, in_conflict, monday, page, signed_in
from tests.people import FEED

pytestmark = pytest.mark.django_db
__all__ = ["monday"]

FOUND = Discovery(
    Identity("tryton", "company", "8.0", "portal"),
    Capabilities(
        reads=frozenset({Feed.ORDERS, Feed.ITEMS}),
        writes=frozenset({WriteField.PROMISE_DATE}),
        read_back=ReadBack.IMMEDIATE,
        optimistic_lock=True,
        deletions=Deletions.BY_SWEEP,
    ),
    facts={"module purchase": "8.0.3"},
    warnings=("The module stock_split is not activated.",),
    clock_skew=timedelta(seconds=-90),
)


@pytest.fixture
def ines(people: Any) -> Client:
    return signed_in(people["ines"])


def the_door(**changes: Any) -> ErpConnection:
    with acting(FEED):
        door = the_connection()
        ErpConnection.objects.filter(pk=door.pk).update(**changes)
        return ErpConnection.objects.get(pk=door.pk)


def find(found: Discovery = FOUND, at: Any = MONDAY) -> None:
    with acting(FEED):
        keep_what_was_found(found, at=at)


def test_before_anybody_looked_the_page_says_so(ines: Client, world: Any) -> None:
    text = page(ines, "integration-connection")

    assert "Nobody has looked yet" in text
    assert "Not looked at yet" in text


def test_the_record_says_who_is_there_and_what_it_can_do(ines: Client, world: Any) -> None:
    find()

    text = page(ines, "integration-connection")

    for words in (
        "company 8.0",
        "Signed in as",
        "items, orders",
        "delivery date",
        "at once, by looking; a change in between is noticed",
        "are found by comparing everything",
        "1 min behind ours",
        "this ERP does not say until when it is good",
        "module purchase",
        "The module stock_split is not activated.",
        FOUND.fingerprint[:12],
        "Seen for the first time",
    ):
        assert words in text, words


def test_what_is_new_in_the_erp_stands_there_until_somebody_has_seen_it(ines: Client, world: Any) -> None:
    find()
    newer = Discovery(Identity("tryton", "company", "8.2", "portal"), FOUND.capabilities, FOUND.facts)
    find(newer, MONDAY + timedelta(hours=1))
    assert "I have seen it" in page(ines, "integration-connection")

    assert ines.post(reverse("integration-connection-noted")).status_code == 303

    text = page(ines, "integration-connection")
    assert "I have seen it" not in text
    assert "Version: 8.0 → 8.2" in text  # in its story it stays


def test_a_person_asks_to_look_again(ines: Client, world: Any) -> None:
    assert ines.get(reverse("integration-connection-look")).status_code == 405
    assert ines.post(reverse("integration-connection-look")).status_code == 303

    assert the_door().look_asked_at == MONDAY


def test_a_person_pauses_with_a_reason_and_the_monitor_says_so(ines: Client, world: Any) -> None:
    address = reverse("integration-connection-pause")
    assert ines.get(address).status_code == 200
    assert ines.post(address, {"reason": " "}).status_code == 422
    assert ines.post(address, {"reason": "The ERP is moved."}).status_code == 303

    for name in ("integration", "integration-connection"):
        assert "Ines Integrator paused it at 2 Mar 2026, 10:00: The ERP is moved." in page(ines, name)
    assert ines.post(address, {"reason": "Again."}).status_code == 409


def test_the_banner_stands_on_every_page_of_who_may_see_the_integration(people: Any) -> None:
    with acting(people["ines"].actor) as actor:
        pause_connection("The ERP is moved.", actor=actor, at=MONDAY)

    for name, sees in (("ines", True), ("max", True), ("bea", False), ("asha", False)):
        text = signed_in(people[name]).get(reverse("order-list")).content.decode()
        assert ("The connection to the ERP is paused." in text) is sees, name


def test_a_person_resumes(ines: Client, people: Any) -> None:
    with acting(people["ines"].actor) as actor:
        pause_connection("The ERP is moved.", actor=actor, at=MONDAY)

    assert ines.post(reverse("integration-connection-resume"), {"reason": "It is back."}).status_code == 303

    assert the_door().state == ConnectionState.RUNNING
    with acting(FEED):
        assert AuditEvent.objects.get(kind="connection.resumed").facts["reason"] == "It is back."


def test_an_auditor_looks_and_changes_nothing(people: Any, world: Any) -> None:
    ada = signed_in(people["ada"])

    text = page(ada, "integration-connection")

    assert "Look again" not in text.split("<main")[1].split("q-panel")[0]
    for name in ("look", "pause", "resume", "noted"):
        assert ada.post(reverse(f"integration-connection-{name}"), {"reason": "x"}).status_code == 403
    assert ada.post(reverse("integration-read-again"), {}).status_code == 403
    assert the_door().state == ConnectionState.RUNNING


def test_an_erp_that_does_not_answer_is_told_in_words(ines: Client, world: Any) -> None:
    the_door(
        opened_at=MONDAY - timedelta(minutes=7),
        ask_at=MONDAY + timedelta(seconds=40),
        trouble="Tryton does not answer.",
        failures=6,
    )

    text = page(ines, "integration")

    assert "Nothing is read or written since 2 Mar 2026, 09:53." in text
    assert "Tryton does not answer." in text
    assert "It is asked again in 40 s." in text
    assert "Left alone" in text


def test_a_feed_is_read_again_with_a_reason(ines: Client, world: Any) -> None:
    with acting(FEED):
        FeedCursor.objects.create(feed=Feed.ORDERS, moved_at=MONDAY)
    address = reverse("integration-read-again")
    asked = {"feed": "orders", "since": "2026-03-02T08:30", "reason": "A backup was restored."}
    assert "From when on" in page(ines, "integration-read-again")
    assert ines.post(address, asked | {"reason": ""}).status_code == 422
    assert ines.post(address, asked | {"since": "2026-03-02T10:00"}).status_code == 422
    assert ines.post(address, asked | {"feed": "items"}).status_code == 422

    assert ines.post(address, asked).status_code == 303

    with acting(FEED):
        assert FeedCursor.objects.get().again_since == MONDAY - timedelta(minutes=90)
        event = AuditEvent.objects.get(kind="feed.read_again")
        assert (event.actor_label, event.facts["reason"]) == ("Ines Integrator", "A backup was restored.")
    assert "is read again from" in page(ines, "integration-connection")


def test_what_is_beyond_a_limit_stands_on_the_monitor(ines: Client, world: Any) -> None:
    with acting(FEED):
        Alert.objects.create(
            cause="parked",
            facts={"count": 3, "since": MONDAY.isoformat()},
            raised_at=MONDAY,
            told_at=MONDAY,
        )

    text = page(ines, "integration")

    assert "Messages to the ERP are parked" in text
    assert "3 messages were given up after many attempts, the oldest is from 2 Mar 2026, 10:00." in text


def test_the_queue_is_shown_by_state_and_age(ines: Client, world: Any) -> None:
    in_conflict()
    a_command("45-2")

    response = ines.get(reverse("integration"))

    rows = [(row.word, [count for count, _age in row.cells], row.total) for row in response.context["queue"]]
    assert rows == [("Waiting", [2, 0, 0, 0, 0], 2), ("conflict, ERP moved", [1, 0, 0, 0, 0], 1)]
    assert response.context["ages"] == [
        "up to 1 min",
        "up to 15 min",
        "up to 1 h",
        "up to 24 h",
        "longer",
    ]


def test_a_reading_says_how_long_it_took_and_how_old_the_newest_of_it_was(ines: Client, world: Any) -> None:
    with acting(FEED):
        run = FeedRun.objects.create(
            feed=Feed.ORDERS,
            state="done",
            started_at=MONDAY,
            finished_at=MONDAY + timedelta(seconds=12),
            told_until=MONDAY - timedelta(minutes=7),
        )

    assert (run_row(run).took, run_row(run).behind) == ("12 s", "7 min old")
    assert "7 min old" in page(ines, "integration-run", run.key)


def test_spans_in_words() -> None:
    spans = (0, 0.42, 9.5, 12, 59, 60, 119, 3599, 3600, 86_400, 200_000)
    assert [span_text(timedelta(seconds=one)) for one in spans] == [
        "0 s",
        "0.4 s",
        "9.5 s",
        "12 s",
        "59 s",
        "1 min",
        "1 min",
        "59 min",
        "1 h",
        "24 h",
        "2 days",
    ]
