"""The connection to the ERP: left alone when nobody answers, paused by people, looked at and compared."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import IllegalTransition
from portal.kernel.outbox.models import DeliveryAttempt, OutboxMessage
from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.erp import delivery
from procurement.erp.connection import (
    Change,
    Shut,
    as_found,
    ask_to_look,
    begin_calling,
    changes_between,
    look_at,
    pause_connection,
    resume_connection,
    take_note_of_change,
    the_connection,
)
from procurement.erp.connectors.files import FilesConnector
from procurement.erp.connectors.files.writing import orders_csv
from procurement.erp.inbound import read_feeds
from procurement.erp.models import ErpConnection, FeedCursor, FeedRun
from procurement.erp.ports import (
    Discovery,
    ErpError,
    ExpiredCredentials,
    Feed,
    Identity,
    Locked,
    PermissionRefused,
    Transient,
)
from procurement.orders.models import PurchaseOrder
from tests.builders.world import MONDAY, a_paper
from tests.erp.scripted import ScriptedErp
from tests.erp.test_delivery import (
    CONFIRMED,
    Clock,
    agree,
    all_commands,
    an_order_in_the_portal,
    deliver,
)
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

AWAY = Transient("The ERP does not answer.")
LATER = date(2026, 4, 8)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(delivery.timezone, "now", clock)
    return clock


@pytest.fixture(autouse=True)
def three_failures(settings: Any) -> None:
    settings.ERP_FAILURES_BEFORE_REST = 3


def agreed_orders(count: int) -> None:
    """So many orders, each with one line agreed a week later: so many messages to the ERP."""
    for number in range(1, count + 1):
        agree(an_order_in_the_portal(f"45{number:08}"), delivery_on=LATER)


def the_door() -> ErpConnection:
    with acting(FEED):
        return the_connection()


def messages() -> list[tuple[str, int]]:
    with acting(FEED):
        return list(OutboxMessage.objects.filter(topic="erp").order_by("id").values_list("state", "attempts"))


def story() -> list[str]:
    with acting(FEED):
        return list(
            AuditEvent.objects.filter(stream="connection:files").order_by("id").values_list("kind", flat=True)
        )


# --- an ERP that does not answer ----------------------------------------------------------------------------


def test_after_three_failures_in_a_row_the_others_wait_without_an_attempt(world, clock, monkeypatch):
    agreed_orders(6)
    erp = ScriptedErp(AWAY, AWAY, AWAY)

    deliver(erp, clock, monkeypatch)

    assert len(erp.told) == 3
    assert messages() == [("waiting", 1)] * 3 + [("waiting", 0)] * 3
    door = the_door()
    assert (door.opened_at, door.ask_at, door.trouble) == (
        MONDAY,
        MONDAY + timedelta(seconds=5),
        "The ERP does not answer.",
    )
    assert story() == ["connection.lost"]


def test_while_it_is_left_alone_nothing_is_called_and_nothing_counted(world, clock, monkeypatch):
    agreed_orders(6)
    deliver(ScriptedErp(AWAY, AWAY, AWAY), clock, monkeypatch)

    clock.forward(seconds=4)
    deliver(ScriptedErp(), clock, monkeypatch)  # a call would find nothing in its script

    assert messages()[3:] == [("waiting", 0)] * 3
    with acting(FEED):
        assert DeliveryAttempt.objects.filter(message__topic="erp").count() == 3


def test_one_asks_in_vain_and_it_rests_twice_as_long(world, clock, monkeypatch):
    agreed_orders(6)
    deliver(ScriptedErp(AWAY, AWAY, AWAY), clock, monkeypatch)

    clock.forward(seconds=5)
    erp = ScriptedErp(AWAY)
    deliver(erp, clock, monkeypatch)

    assert len(erp.told) == 1
    assert the_door().ask_at == clock() + timedelta(seconds=10)
    assert the_door().opened_at == MONDAY


def test_when_it_answers_again_everything_goes(world, clock, monkeypatch):
    agreed_orders(6)
    deliver(ScriptedErp(AWAY, AWAY, AWAY), clock, monkeypatch)

    clock.forward(seconds=20)
    deliver(ScriptedErp(*[CONFIRMED] * 6), clock, monkeypatch)

    assert [command.state for command in all_commands()] == ["confirmed"] * 6
    door = the_door()
    assert (door.opened_at, door.failures, door.trouble, door.heard_at) == (None, 0, "", clock())
    assert story() == ["connection.lost", "connection.answered"]


def test_failures_of_one_record_leave_the_door_open(world, clock, monkeypatch):
    agreed_orders(6)
    erp = ScriptedErp(*[Locked("Somebody else works on it.")] * 3, *[PermissionRefused("No right.")] * 3)

    deliver(erp, clock, monkeypatch)

    assert len(erp.told) == 6
    assert (the_door().failures, the_door().opened_at) == (0, None)


def test_an_answer_in_between_begins_the_count_anew(world, clock, monkeypatch):
    agreed_orders(5)

    deliver(ScriptedErp(AWAY, AWAY, CONFIRMED, AWAY, AWAY), clock, monkeypatch)

    assert (the_door().failures, the_door().opened_at) == (2, None)


def test_credentials_that_are_refused_are_kept_with_their_time(world, clock, monkeypatch):
    agreed_orders(1)
    deliver(ScriptedErp(ExpiredCredentials("The key has expired.")), clock, monkeypatch)
    assert (the_door().refused_since, the_door().refused_at) == (MONDAY, MONDAY)

    clock.forward(minutes=5)
    deliver(ScriptedErp(CONFIRMED), clock, monkeypatch)

    assert (the_door().refused_since, the_door().refused_at) == (None, MONDAY)


class AnErp(ScriptedErp):
    """One whose feeds and looks may fail too."""

    def __init__(self, *script: Any, trouble: ErpError | None = None) -> None:
        super().__init__(*script)
        self.trouble = trouble
        self.read_feeds: list[Feed] = []
        self.looks = 0
        self.found = Discovery(Identity("tryton", "company", "8.0"), self.capabilities)  # type: ignore[assignment]

    def read(self, feed: Feed, since: Any) -> Any:
        self.read_feeds.append(feed)
        if self.trouble:
            raise self.trouble
        return iter(())

    def discover(self) -> Any:
        self.looks += 1
        if self.trouble:
            raise self.trouble
        return self.found


def test_feeds_and_writes_share_the_door(world, clock, monkeypatch):
    agreed_orders(1)
    erp = AnErp(trouble=AWAY)
    read_feeds(erp, clock=clock, rested=True)
    assert erp.read_feeds == [Feed.COMPANIES, Feed.UNITS, Feed.SITES]

    deliver(ScriptedErp(), clock, monkeypatch)

    assert messages() == [("waiting", 0)]
    assert the_door().opened_at == MONDAY


def test_a_feed_that_gets_through_wakes_those_that_rest(world, clock):
    erp = AnErp(trouble=AWAY)
    read_feeds(erp, clock=clock, rested=True)
    erp.trouble, erp.read_feeds = None, []
    clock.forward(seconds=5)

    read_feeds(erp, clock=clock, rested=True)

    assert erp.read_feeds == list(Feed)
    with acting(FEED):
        assert not FeedCursor.objects.filter(retry_at__isnull=False).exists()
        assert not FeedCursor.objects.filter(failures__gt=0).exists()


def test_a_feed_that_rests_for_long_does_not_keep_anybody_from_asking(world, clock):
    read_feeds(AnErp(trouble=AWAY), clock=clock, rested=True)
    with acting(FEED):
        for feed in Feed:
            FeedCursor.objects.update_or_create(
                feed=feed, defaults={"moved_at": MONDAY, "retry_at": MONDAY + timedelta(hours=1)}
            )
    erp = AnErp()
    clock.forward(seconds=5)

    read_feeds(erp, clock=clock, rested=True)

    assert erp.read_feeds == list(Feed)
    assert the_door().flowing_since == clock()


def test_a_person_who_reads_by_hand_is_not_made_to_wait(world, clock):
    erp = AnErp(trouble=AWAY)
    read_feeds(erp, clock=clock, rested=True)
    erp.trouble = None

    read_feeds(erp, clock=clock)

    assert the_door().opened_at is None


def test_a_fault_of_ours_says_nothing_about_the_door(world, clock):
    erp = AnErp(trouble=AWAY)
    read_feeds(erp, clock=clock, rested=True)
    clock.forward(seconds=5)
    erp.trouble = ValueError("ours")  # type: ignore[assignment]

    read_feeds(erp, clock=clock, rested=True)

    door = the_door()
    assert (door.opened_at, door.asked, door.ask_at) == (MONDAY, 1, clock() + timedelta(seconds=5))


# --- two workers --------------------------------------------------------------------------------------------


def in_threads(*works: Any) -> list[threading.Thread]:
    """Each on a connection of its own."""

    def run(work: Any) -> None:
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    return threads


class SlowErp(ScriptedErp):
    """Answers when the test says so, and counts who stands at the door together."""

    def __init__(self, *script: Any) -> None:
        super().__init__(*script)
        self.asked, self.answer = threading.Event(), threading.Event()

    def write_promise(self, command: Any) -> Any:
        self.asked.set()
        assert self.answer.wait(20)
        return super().write_promise(command)


def test_of_two_workers_one_asks_and_the_other_waits(world, clock, monkeypatch):
    agreed_orders(6)
    deliver(ScriptedErp(AWAY, AWAY, AWAY), clock, monkeypatch)
    clock.forward(minutes=1)
    erp = SlowErp(*[CONFIRMED] * 6)
    monkeypatch.setattr(delivery, "connect", lambda: erp)

    (first,) = in_threads(lambda: deliver_due(worker=1, clock=clock, limit=1))
    assert erp.asked.wait(20)
    tried_by_second = deliver_due(worker=2, clock=clock)
    calls_of_second = len(erp.told)
    erp.answer.set()
    first.join(20)

    assert (tried_by_second, calls_of_second) == (0, 0)
    assert len(erp.told) == 6
    assert [command.state for command in all_commands()] == ["confirmed"] * 6
    with acting(FEED):
        attempts = DeliveryAttempt.objects.filter(message__topic="erp").values_list("message_id", "number")
        assert len(attempts) == 9  # three in vain, six that went through


def test_two_workers_at_the_same_moment_make_one_call_between_them(world, clock, monkeypatch):
    agreed_orders(8)
    deliver(ScriptedErp(AWAY, AWAY, AWAY), clock, monkeypatch)
    clock.forward(minutes=1)
    erp = ScriptedErp(AWAY)
    monkeypatch.setattr(delivery, "connect", lambda: erp)
    barrier = threading.Barrier(2)

    def work(worker: int) -> Any:
        def run() -> None:
            barrier.wait(20)
            deliver_due(worker=worker, clock=clock)

        return run

    for thread in in_threads(work(1), work(2)):
        thread.join(30)

    assert len(erp.told) == 1
    assert sum(attempts for _state, attempts in messages()) == 4
    assert the_door().ask_at == clock() + timedelta(seconds=10)


# --- paused -------------------------------------------------------------------------------------------------


def pause(reason: str = "The ERP is moved.") -> None:
    with acting(FEED):
        pause_connection(reason, actor=FEED, at=MONDAY)


def resume() -> None:
    with acting(FEED):
        resume_connection("It is back.", actor=FEED, at=MONDAY)


def test_paused_nothing_is_read_or_written_and_nothing_is_lost(world, clock, monkeypatch, tmp_path: Path):
    agreed_orders(3)
    pause()
    folder = tmp_path / "erp"
    (folder / "in").mkdir(parents=True)
    (folder / "in" / "orders.csv").write_text(orders_csv([a_paper("45-new")]))
    files = FilesConnector(folder, quiet=timedelta(0))

    assert read_feeds(files, clock=clock) == []
    deliver(ScriptedErp(), clock, monkeypatch)
    assert messages() == [("waiting", 0)] * 3
    assert all_commands() == []

    resume()
    read_feeds(files, clock=clock)
    deliver(ScriptedErp(*[CONFIRMED] * 3), clock, monkeypatch)

    assert [command.state for command in all_commands()] == ["confirmed"] * 3
    with acting(FEED):
        assert PurchaseOrder.objects.filter(number="45-new").count() == 1
    assert story() == ["connection.paused", "connection.resumed"]


def test_who_pauses_is_kept_with_the_reason(world, people):
    with acting(people["ines"].actor) as ines:
        pause_connection("The ERP is moved.", actor=ines, at=MONDAY)

    door = the_door()
    assert (door.paused_at, door.paused_by, door.paused_reason) == (
        MONDAY,
        "Ines Integrator",
        "The ERP is moved.",
    )
    with acting(FEED):
        event = AuditEvent.objects.get(kind="connection.paused")
        assert (event.actor_label, event.facts["reason"]) == ("Ines Integrator", "The ERP is moved.")


def test_what_is_paused_cannot_be_paused_again_and_what_runs_not_resumed(world):
    with pytest.raises(IllegalTransition):
        resume()
    pause()
    with pytest.raises(IllegalTransition):
        pause()


def test_a_call_under_way_comes_to_its_end_and_no_other_begins(world, clock, monkeypatch):
    agreed_orders(3)
    erp = SlowErp(CONFIRMED)
    monkeypatch.setattr(delivery, "connect", lambda: erp)
    (worker,) = in_threads(lambda: deliver_due(worker=1, clock=clock))
    assert erp.asked.wait(20)

    pause()  # does not wait for the ERP
    erp.answer.set()
    worker.join(20)

    assert [command.state for command in all_commands()] == ["confirmed"]
    assert messages() == [("delivered", 1), ("waiting", 0), ("waiting", 0)]


def test_a_pause_waits_for_a_call_that_is_just_beginning_and_holds_for_the_next(world, clock):
    capabilities = ScriptedErp().capabilities
    has_begun, order_of_events = threading.Event(), []

    def begin() -> None:
        with acting(FEED):
            begin_calling(capabilities, at=MONDAY)
            has_begun.set()
            threading.Event().wait(0.5)
            order_of_events.append("begun")

    (beginning,) = in_threads(begin)
    assert has_begun.wait(20)
    pause()
    order_of_events.append("paused")
    beginning.join(20)

    assert order_of_events == ["begun", "paused"]
    with pytest.raises(Shut), acting(FEED):
        begin_calling(capabilities, at=MONDAY)


def test_a_long_reading_stops_between_two_pages(world, clock, tmp_path: Path):
    folder = tmp_path / "erp"
    (folder / "in").mkdir(parents=True)
    (folder / "in" / "orders.csv").write_text(
        orders_csv([a_paper(f"45-{number}", lines=1) for number in range(6)])
    )

    class Pausing(FilesConnector):
        def settle(self, page: Any, refused: Any = ()) -> None:
            super().settle(page, refused)
            with acting(FEED):
                if not the_connection().is_paused:
                    pause_connection("Stop.", actor=FEED, at=MONDAY)

    with_pages = Pausing(folder, quiet=timedelta(0), page_size=2)
    read_feeds(with_pages, clock=clock, feeds=[Feed.ORDERS])
    with acting(FEED):
        assert PurchaseOrder.objects.count() == 2

    resume()
    read_feeds(FilesConnector(folder, quiet=timedelta(0)), clock=clock)

    with acting(FEED):
        assert PurchaseOrder.objects.count() == 6
        assert [run.state for run in FeedRun.objects.order_by("id")] == ["done", "done"]


def test_by_hand_one_is_told_that_it_is_paused(world):
    pause()

    with pytest.raises(CommandError, match="ERP feed has paused the connection: The ERP is moved"):
        call_command("import_orders")


# --- looked at ----------------------------------------------------------------------------------------------


def test_what_was_found_is_kept_with_since_when(world, clock):
    look_at(AnErp(), clock=clock)
    clock.forward(hours=1)
    look_at(AnErp(), clock=clock)

    door = the_door()
    assert (door.found["version"], door.found_since, door.looked_at) == ("8.0", MONDAY, clock())
    assert (door.change, door.fingerprint) == ([], AnErp().found.fingerprint)  # type: ignore[attr-defined]
    assert story() == ["connection.found"]


def test_an_upgrade_of_the_erp_is_noticed_until_a_person_has_seen_it(world, clock):
    look_at(AnErp(), clock=clock)
    upgraded = AnErp()
    upgraded.found = replace(upgraded.found, identity=Identity("tryton", "company", "8.2"))  # type: ignore[type-var]
    clock.forward(hours=1)

    look_at(upgraded, clock=clock)

    door = the_door()
    assert door.change == [{"what": "version", "before": "8.0", "after": "8.2"}]
    assert (door.changed_at, door.found_since) == (clock(), clock())
    with acting(FEED):
        take_note_of_change(actor=FEED, at=clock())
    assert the_door().change == []
    assert story() == ["connection.found", "connection.changed", "connection.change_noted"]


def test_it_is_looked_at_when_it_is_time_or_a_person_asks(world, clock):
    erp = AnErp()

    assert [look_at(erp, clock=clock), look_at(erp, clock=clock)] == [True, False]
    clock.forward(minutes=15)
    assert look_at(erp, clock=clock)
    with acting(FEED):
        ask_to_look(actor=FEED, at=clock())
    assert [look_at(erp, clock=clock), look_at(erp, clock=clock)] == [True, False]
    assert erp.looks == 3


def test_paused_it_is_looked_at_only_for_a_person(world, clock):
    pause()
    erp = AnErp()

    assert not look_at(erp, clock=clock)
    with acting(FEED):
        ask_to_look(actor=FEED, at=clock())
    assert look_at(erp, clock=clock)


def test_a_look_that_gets_through_opens_the_door_again(world, clock):
    read_feeds(AnErp(trouble=AWAY), clock=clock, rested=True)
    with acting(FEED):
        ask_to_look(actor=FEED, at=clock())

    look_at(AnErp(), clock=clock)

    assert the_door().opened_at is None


def test_a_look_that_fails_says_why_and_keeps_what_was_known(world, clock):
    look_at(AnErp(), clock=clock)
    clock.forward(hours=1)

    look_at(AnErp(trouble=PermissionRefused("The portal may not look.")), clock=clock)

    door = the_door()
    assert (door.look_trouble, door.found["version"]) == ("The portal may not look.", "8.0")


def test_the_owner_may_say_until_when_the_key_is_good(world, clock, settings):
    settings.ERP_CREDENTIALS_EXPIRE_ON = date(2026, 3, 31)

    look_at(AnErp(), clock=clock)

    assert the_door().credentials_expire_at == datetime(2026, 3, 31, tzinfo=UTC)


def test_changes_are_told_by_name_and_warnings_are_none():
    base = AnErp()
    old = replace(base.found, facts={"module sale": "8.0.1"}, warnings=("x",))  # type: ignore[type-var]
    new = replace(
        base.found,  # type: ignore[type-var]
        facts={"module stock": "8.0.0"},
        capabilities=replace(base.capabilities, reads=frozenset({Feed.ORDERS})),
    )

    assert changes_between(as_found(old), as_found(new)) == [
        Change(
            "reads",
            "bank_accounts, command_results, companies, customer_demand, invoices, items, orders, receipts, sites, "
            "stock, supplier_items, supplier_sites, suppliers, units",
            "orders",
        ),
        Change("module sale", "8.0.1", ""),
        Change("module stock", "", "8.0.0"),
    ]


def test_a_folder_is_looked_at_with_the_clock_of_its_disk(tmp_path: Path):
    found = FilesConnector(tmp_path / "erp").discover()
    ahead = FilesConnector(
        tmp_path / "erp", clock=lambda: datetime.now(UTC) + timedelta(minutes=5)
    ).discover()

    assert found.clock_skew == timedelta(0)
    assert abs(ahead.clock_skew + timedelta(minutes=5)) < timedelta(seconds=5)
    assert [path.name for path in (tmp_path / "erp").glob(".clock")] == []
