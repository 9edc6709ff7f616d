"""What passes a limit is told once for each cause, again while it lasts, and when it is over."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import translation

from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.erp.alerts import delivery
from procurement.erp.alerts.services import keep_watch, open_alerts
from procurement.erp.alerts.watches import WATCHER, WATCHES
from procurement.erp.alerts.words import said
from procurement.erp.connection import pause_connection, resume_connection, the_connection
from procurement.erp.models import Alert, ErpConnection, FeedCursor, FeedRun
from procurement.erp.ports import Feed
from procurement.erp.reconciliation.models import Drift, ReconciliationRun
from procurement.erp.reconciliation.states import DriftKind, DriftState
from suppliers.models import User
from tests.builders.world import MONDAY
from tests.erp.test_delivery import Clock
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "s" * 32


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(delivery.timezone, "now", clock)
    return clock


@pytest.fixture
def watch(people: Any, clock: Clock) -> Any:
    """Look, and deliver what there is to tell."""

    def look() -> int:
        with acting(WATCHER):
            told = keep_watch(at=clock())
        deliver_due(worker=1, clock=clock, topics=["alerts"])
        return told

    return look


def standing() -> list[tuple[str, str]]:
    with acting(FEED):
        return sorted((alert.cause, alert.subject) for alert in open_alerts())


def the_door(**changes: Any) -> None:
    with acting(FEED):
        ErpConnection.objects.filter(pk=the_connection().pk).update(**changes)


def a_failing_feed(feed: Feed = Feed.ORDERS, since: Any = MONDAY) -> None:
    with acting(FEED):
        FeedRun.objects.create(
            feed=feed, state="failed", started_at=since, finished_at=since, reason="The disk is full."
        )
        FeedCursor.objects.create(feed=feed, moved_at=since, failures=3, failing_since=since)


def a_message(at: Any = MONDAY, state: str = MessageState.WAITING, number: int = 1) -> None:
    with acting(FEED):
        OutboxMessage.objects.create(
            topic="erp",
            stream=f"order:{number}",
            kind="order.promise_agreed",
            payload={},
            state=state,
            created_at=at,
            due_at=at,
            actor_label="Bea Buyer",
            channel="portal",
        )


# --- the clock of a cause -----------------------------------------------------------------------------------


def test_where_all_is_well_nobody_is_told(watch: Any) -> None:
    assert watch() == 0
    assert (mail.outbox, standing()) == ([], [])


def test_a_cause_is_told_once_and_not_again_while_it_lasts(watch: Any, clock: Clock) -> None:
    a_failing_feed()
    clock.forward(minutes=15)

    assert [watch() for _ in range(5)] == [1, 0, 0, 0, 0]

    assert standing() == [("reads_late", "orders")]
    assert [one.to for one in mail.outbox] == [["ines@northmoor.example"]]
    assert mail.outbox[0].subject == "Reading is behind: orders"
    assert "This feed has not got through since 2 Mar 2026, 10:00. The disk is full." in mail.outbox[0].body
    assert "http://127.0.0.1:8000/integration/" in mail.outbox[0].body


def test_below_the_limit_nothing_is_told(watch: Any, clock: Clock) -> None:
    a_failing_feed()
    clock.forward(minutes=15, seconds=-1)

    assert watch() == 0


def test_what_lasts_is_told_again_after_a_day(watch: Any, clock: Clock) -> None:
    a_failing_feed()
    clock.forward(minutes=15)
    watch()
    clock.forward(hours=24, seconds=-1)
    assert watch() == 0

    clock.forward(seconds=1)
    assert watch() == 1

    assert mail.outbox[1].subject == "Still so: Reading is behind: orders"


def test_it_is_over_when_it_has_stayed_away(watch: Any, clock: Clock) -> None:
    a_failing_feed()
    clock.forward(minutes=15)
    watch()
    with acting(FEED):
        FeedCursor.objects.update(failures=0, failing_since=None)

    told = []
    for _ in range(6):
        told.append(watch())
        clock.forward(minutes=1)

    assert told == [0, 0, 0, 0, 0, 1]
    assert mail.outbox[1].subject == "Over: Reading is behind: orders"
    assert standing() == []


def test_what_comes_and_goes_is_one_alert(watch: Any, clock: Clock) -> None:
    a_failing_feed()
    clock.forward(minutes=15)
    for _ in range(10):
        watch()
        with acting(FEED):
            is_failing = FeedCursor.objects.get().failing_since is not None
            FeedCursor.objects.update(failing_since=None if is_failing else MONDAY)
        clock.forward(minutes=4)

    assert len(mail.outbox) == 1


def test_each_cause_has_its_own_clock(watch: Any, clock: Clock) -> None:
    a_failing_feed(Feed.ORDERS)
    clock.forward(minutes=15)
    watch()
    a_failing_feed(Feed.ITEMS)

    assert watch() == 1

    assert standing() == [("reads_late", "items"), ("reads_late", "orders")]


def test_two_watchers_at_once_tell_it_once(people: Any, clock: Clock) -> None:
    a_failing_feed()
    clock.forward(minutes=15)
    barrier = threading.Barrier(2)

    def look() -> None:
        try:
            barrier.wait(20)
            with acting(WATCHER):
                keep_watch(at=clock())
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    with acting(FEED):
        assert Alert.objects.count() == 1
        assert OutboxMessage.objects.filter(topic="alerts").count() == 1


# --- the causes ---------------------------------------------------------------------------------------------


def test_a_pause_that_lasts_is_told_and_hides_what_comes_of_it(watch: Any, clock: Clock) -> None:
    with acting(FEED):
        pause_connection("The ERP is moved.", actor=FEED, at=MONDAY)
    a_failing_feed()
    a_message()
    clock.forward(hours=4)

    watch()

    assert standing() == [("paused", "")]
    assert "ERP feed paused it at 2 Mar 2026, 10:00: The ERP is moved." in mail.outbox[0].body


def test_after_a_pause_there_is_time_to_catch_up(watch: Any, clock: Clock) -> None:
    with acting(FEED):
        pause_connection("The ERP is moved.", actor=FEED, at=MONDAY)
    a_message()
    a_failing_feed()
    clock.forward(hours=1)
    with acting(FEED):
        resume_connection("Back.", actor=FEED, at=clock())

    clock.forward(minutes=15, seconds=-1)
    assert watch() == 0
    clock.forward(seconds=1)
    watch()

    assert standing() == [("reads_late", "orders"), ("writes_late", "")]


def test_an_erp_that_does_not_answer_is_told_after_five_minutes(watch: Any, clock: Clock) -> None:
    the_door(opened_at=MONDAY, trouble="Tryton does not answer.")
    a_failing_feed()
    clock.forward(minutes=5)

    watch()

    assert standing() == [("unreachable", "")]
    assert "Tryton does not answer." in mail.outbox[0].body


def test_refused_credentials_are_told_at_once(watch: Any) -> None:
    the_door(refused_since=MONDAY, opened_at=MONDAY - timedelta(hours=1), trouble="Wrong password.")

    watch()

    assert standing() == [("credentials_refused", "")]


def test_a_key_that_ends_soon_a_wrong_clock_and_a_changed_erp_are_told(watch: Any) -> None:
    the_door(
        credentials_expire_at=MONDAY + timedelta(days=14),
        clock_skew=timedelta(seconds=-61),
        change=[{"what": "version", "before": "8.0", "after": "8.2"}],
        changed_at=MONDAY,
        found={"warnings": ["The module stock_split is not activated."]},
    )

    watch()

    assert standing() == [("changed", ""), ("clock", ""), ("credentials_expire", ""), ("warnings", "")]
    bodies = "\n".join(one.body for one in mail.outbox)
    assert "The ERP's clock is 61 seconds behind ours." in bodies
    assert "It is good until 16 Mar 2026, 10:00." in bodies


def test_writes_that_wait_too_long_and_parked_ones_are_told(watch: Any, clock: Clock) -> None:
    a_message(number=1)
    a_message(number=2, state=MessageState.PARKED)
    clock.forward(minutes=15)

    watch()

    assert standing() == [("parked", ""), ("writes_late", "")]


def test_drift_is_told_until_it_is_put_right(watch: Any, clock: Clock) -> None:
    with acting(FEED):
        run = ReconciliationRun.objects.create(asked_by="the clock", started_at=MONDAY)
        drift = Drift.objects.create(
            feed=Feed.ORDERS,
            owner="NM",
            number="4500000001",
            kind=DriftKind.MISSING_HERE,
            fingerprint="0" * 64,
            run=run,
            seen_in=run,
            found_at=MONDAY,
        )
    watch()
    assert standing() == [("drift", "")]
    assert "1 record differs between the ERP and the portal" in mail.outbox[0].body

    with acting(FEED):
        Drift.objects.filter(pk=drift.pk).update(state=DriftState.REPAIRED, closed_at=MONDAY)
    watch()
    clock.forward(minutes=6)
    watch()
    assert standing() == []


def test_a_comparison_that_broke_off_is_told_until_one_gets_through(watch: Any, clock: Clock) -> None:
    with acting(FEED):
        ended = {"asked_by": "the clock", "started_at": MONDAY}
        ReconciliationRun.objects.create(
            **ended, state="failed", finished_at=MONDAY, reason="Tryton does not answer."
        )
    watch()
    assert standing() == [("comparison_failed", "")]
    assert "Tryton does not answer." in mail.outbox[0].body

    with acting(FEED):
        ReconciliationRun.objects.create(**ended, state="done", finished_at=MONDAY + timedelta(hours=1))
    watch()
    clock.forward(minutes=6)
    watch()
    assert standing() == []


def test_the_limits_are_settings(watch: Any, clock: Clock, settings: Any) -> None:
    settings.ALERT_PARKED = 3
    a_message(number=1, state=MessageState.PARKED)
    a_message(number=2, state=MessageState.PARKED)
    assert watch() == 0

    a_message(number=3, state=MessageState.PARKED)
    assert watch() == 1


def test_every_cause_has_its_words_in_full() -> None:
    causes = (
        "paused",
        "unreachable",
        "credentials_refused",
        "credentials_expire",
        "clock",
        "changed",
        "warnings",
        "reads_late",
        "writes_late",
        "parked",
        "failures",
        "drift",
        "comparison_failed",
    )
    for cause in causes:
        words = said(
            cause, "orders" if cause == "reads_late" else "", {"count": 2, "since": MONDAY.isoformat()}
        )
        assert "%(" not in words.title + words.text + words.way_out
        assert words.title != cause
    assert said("from a newer version", "", {}).title == "from a newer version"
    assert len(WATCHES) == 6


@pytest.mark.parametrize(
    ("language", "count", "words"),
    [
        ("en", 1, "Once, at 2 Mar 2026, 10:00. It concerns Mei Lin."),
        ("en", 3, "3 times, last at 2 Mar 2026, 10:00. It concerns Mei Lin."),
        ("de", 1, "Einmal, am 2. Mär 2026, 10:00. Es betrifft Mei Lin."),
    ],
)
def test_what_happened_once_is_told_as_that(language: str, count: int, words: str) -> None:
    facts = {"kind": "bank.other", "count": count, "since": MONDAY.isoformat(), "who": "Mei Lin"}

    with translation.override(language):
        assert said("security", "", facts).text.endswith(words)


# --- by mail ------------------------------------------------------------------------------------------------


def test_only_the_integrations_owners_get_mail_each_in_their_own_time(watch: Any, people: Any) -> None:
    with acting(FEED):
        User.objects.filter(email="ines@northmoor.example").update(time_zone="Asia/Kolkata")
        User.objects.create_user("ivo@northmoor.example", None, name="Ivo", company_role="integration_owner")
        User.objects.create_user(
            "gone@northmoor.example", None, name="Gone", company_role="integration_owner", is_active=False
        )
    the_door(refused_since=MONDAY, trouble="Wrong password.")

    watch()

    by_reader = {one.to[0]: one.body for one in mail.outbox}
    assert sorted(by_reader) == ["ines@northmoor.example", "ivo@northmoor.example"]
    assert "2 Mar 2026, 15:30" in by_reader["ines@northmoor.example"]
    assert "2 Mar 2026, 10:00" in by_reader["ivo@northmoor.example"]


def test_who_no_longer_looks_after_the_integration_gets_no_mail_that_was_on_its_way(
    people: Any, clock: Clock
) -> None:
    the_door(refused_since=MONDAY, trouble="Wrong password.")
    with acting(WATCHER):
        keep_watch(at=clock())
    with acting(FEED):
        User.objects.filter(email="ines@northmoor.example").update(company_role="buyer")

    deliver_due(worker=1, clock=clock, topics=["alerts"])

    assert mail.outbox == []
    with acting(FEED):
        assert OutboxMessage.objects.get(topic="alerts").state == "delivered"


def test_words_of_an_erp_do_not_become_markup_in_a_mail(watch: Any) -> None:
    the_door(refused_since=MONDAY, trouble="<script>alert(1)</script>")

    watch()

    html = mail.outbox[0].alternatives[0][0]
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "<script>" in mail.outbox[0].body


def test_a_mail_server_that_is_away_is_asked_again(watch: Any, clock: Clock, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    the_door(refused_since=MONDAY, trouble="Wrong password.")
    watch()
    with acting(FEED):
        message = OutboxMessage.objects.get(topic="alerts")
        assert (message.state, message.faults) == ("waiting", 0)
        assert message.last_error.startswith("The mail server did not take it")

    clock.forward(hours=24)
    deliver_due(worker=1, clock=clock, topics=["alerts"])

    with acting(FEED):
        assert OutboxMessage.objects.filter(topic="alerts", state="parked").count() == 1


# --- by webhook ---------------------------------------------------------------------------------------------


class Receiver(ThreadingHTTPServer):
    """A program that is told, and answers as it is bidden."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ReceiverHandler)
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.status = 204

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class ReceiverHandler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((dict(self.headers), body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    server = Receiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.ALERT_WEBHOOK_URL, settings.ALERT_WEBHOOK_SECRET = server.address, SECRET
    yield server
    server.shutdown()
    server.server_close()


def test_a_program_is_told_in_json_that_is_signed(watch: Any, clock: Clock, receiver: Receiver) -> None:
    a_failing_feed()
    clock.forward(minutes=15)

    watch()

    ((headers, body),) = receiver.heard
    signed = hmac.new(
        SECRET.encode(), headers["Quayside-Timestamp"].encode() + b"." + body, hashlib.sha256
    ).hexdigest()
    assert headers["Quayside-Signature"] == f"v1={signed}"
    assert headers["Quayside-Timestamp"] == str(int(clock().timestamp()))
    assert headers["Content-Type"] == "application/json"
    with acting(FEED):
        alert = Alert.objects.get()
        message = OutboxMessage.objects.get(stream__endswith="webhook:True")
    assert headers["Quayside-Delivery"] == str(message.key)
    assert json.loads(body) == {
        "event": "alert.raised",
        "alert": str(alert.key),
        "cause": "reads_late",
        "subject": "orders",
        "connection": "files",
        "raised_at": "2026-03-02T10:15:00+00:00",
        "at": "2026-03-02T10:15:00+00:00",
        "title": "Reading is behind: orders",
        "text": "This feed has not got through since 2 Mar 2026, 10:00. The disk is full.",
        "way_out": "It is tried again by itself. Mend what the reason says.",
        "facts": {"since": "2026-03-02T10:00:00+00:00", "reason": "The disk is full."},
        "url": "http://127.0.0.1:8000/integration/",
    }


def test_a_program_is_told_when_it_is_over(watch: Any, clock: Clock, receiver: Receiver) -> None:
    with acting(FEED):
        pause_connection("The ERP is moved.", actor=FEED, at=MONDAY)
    clock.forward(hours=4)
    watch()
    with acting(FEED):
        resume_connection("Back.", actor=FEED, at=clock())
    watch()
    clock.forward(minutes=5)
    watch()

    events = [json.loads(body) for _headers, body in receiver.heard]
    assert [event["event"] for event in events] == ["alert.raised", "alert.over"]
    assert events[0]["alert"] == events[1]["alert"]


@pytest.mark.parametrize("status", [302, 304, 307, 400, 500])
def test_a_program_that_does_not_take_it_is_told_again(
    watch: Any, clock: Clock, receiver: Receiver, status: int
) -> None:
    receiver.status = status
    the_door(refused_since=MONDAY, trouble="Wrong password.")
    watch()
    assert len(receiver.heard) == 1

    receiver.status = 204
    clock.forward(minutes=1)
    watch()

    assert len(receiver.heard) == 2
    assert receiver.heard[0][0]["Quayside-Delivery"] == receiver.heard[1][0]["Quayside-Delivery"]
    assert len(mail.outbox) == 1  # the mail went through the first time


def test_a_program_that_is_away_keeps_nobodys_mail(watch: Any, clock: Clock, settings: Any) -> None:
    settings.ALERT_WEBHOOK_URL, settings.ALERT_WEBHOOK_SECRET = "http://127.0.0.1:1/", SECRET
    the_door(refused_since=MONDAY, trouble="Wrong password.")

    watch()

    assert len(mail.outbox) == 1
    with acting(FEED):
        waiting = OutboxMessage.objects.get(topic="alerts", state="waiting")
        assert waiting.last_error == "The webhook cannot be reached: ConnectionError."


def test_what_a_program_reads_is_english_whoever_works(watch: Any, clock: Clock, receiver: Receiver) -> None:
    the_door(refused_since=MONDAY, trouble="Wrong password.")

    with translation.override("de"):
        watch()

    assert json.loads(receiver.heard[0][1])["title"] == "The ERP does not let the portal in"
