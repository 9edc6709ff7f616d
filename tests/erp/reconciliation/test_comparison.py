"""Both sides are compared record by record: what differs is shown with its repair, and what is on its way is not."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.catalogue.models import Item
from procurement.erp.connection import pause_connection, resume_connection
from procurement.erp.delivery import carry
from procurement.erp.models import ErpCommand
from procurement.erp.ports import Feed, Transient
from procurement.erp.queries import lock_orders
from procurement.erp.reconciliation.models import Drift, ReconciliationRun, SweptRecord
from procurement.erp.reconciliation.queries import lock_drift, unresolved_drift
from procurement.erp.reconciliation.repairing import carry_out_repairs
from procurement.erp.reconciliation.running import MOST_TRIES, carry_on
from procurement.erp.reconciliation.services import (
    ComparisonUnderWay,
    NoSuchRepair,
    ask_comparison,
    ask_repair,
    ask_repairs,
    ignore_drift,
    reopen_drift,
)
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.policies import NewPiece
from procurement.orders.queries import lock_order
from procurement.orders.services import make_promises
from tests.builders.world import MONDAY, a_line, a_paper, fresh, fresh_line, receive
from tests.erp.reconciliation.erp import FolderErp, LiveErp, changed
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = "4500000001"


class Clock:
    """A clock that goes on a second each time it is looked at."""

    def __init__(self) -> None:
        self.now = MONDAY + timedelta(hours=1)

    def __call__(self) -> Any:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def compare(erp: Any, clock: Clock) -> ReconciliationRun:
    with acting(FEED):
        run = ask_comparison(actor=FEED, at=clock())
    return carry_on(getattr(erp, "connector", erp), run, clock=clock)


def drifts(**wanted: Any) -> list[Drift]:
    with acting(FEED):
        return list(Drift.objects.select_related("order").filter(**wanted).order_by("id"))


def the_drift() -> Drift:
    (drift,) = drifts()
    return drift


def found(run: ReconciliationRun, feed: str = "orders") -> dict[str, Any]:
    return {name: value for name, value in run.counts[feed].items() if value}


def said(drift: Drift) -> list[tuple[Any, ...]]:
    return [(one["number"], one["field"], one["here"], one["there"]) for one in drift.differences]


def agree(number: str = NUMBER, day: date = date(2026, 4, 8)) -> None:
    """The supplier promises the first line for another day, and the buyer agrees."""
    from procurement.orders.services import Decision, decide_promises

    with acting(FEED):
        order = lock_order(PurchaseOrder.objects.get(number=number).key, actor=FEED)
        line = PurchaseOrderLine.objects.get(order=order, number=10)
        piece = NewPiece(
            schedule_key=1,
            kind="accept",
            quantity=line.quantity,
            delivery_on=day,
            price=line.price,
            price_per=line.price_per,
        )
        make_promises(order, {line.pk: [piece]}, origin=uuid4(), actor=FEED, at=MONDAY)
        waiting = frozenset(line.promises.filter(state="proposed").values_list("id", flat=True))
        decide_promises(order, Decision(accept=waiting), actor=FEED, at=MONDAY)


def deliver(erp: LiveErp, at: Any = MONDAY) -> None:
    """Bring what waits to the ERP."""
    with acting(FEED):
        messages = list(OutboxMessage.objects.filter(topic="erp", state="waiting").order_by("id"))
    for message in messages:
        carry(message, erp, lambda: at)
        with acting(FEED):
            OutboxMessage.objects.filter(pk=message.pk).update(state="delivered", delivered_at=at)


def a_promise_in_the_erp() -> LiveErp:
    """An order whose first line was agreed a week later, written, read back, and told by feed."""
    receive(a_paper())
    agree()
    erp = LiveErp(a_paper())
    deliver(erp)
    return erp


def pause(clock: Clock) -> None:
    with acting(FEED):
        pause_connection("Month end.", actor=FEED, at=clock())


def resume(clock: Clock) -> None:
    with acting(FEED):
        resume_connection("Done.", actor=FEED, at=clock())


# --- nothing to say -----------------------------------------------------------------------------------------


def test_equal_sides_have_no_drift(world: Any, clock: Clock) -> None:
    receive(a_paper("45-1"), a_paper("45-2"))

    run = compare(LiveErp(a_paper("45-1"), a_paper("45-2")), clock)

    assert (run.state, run.reason) == ("done", "")
    assert found(run) == {"here": 2, "there": 2, "compared": 2, "equal": 2}
    assert drifts() == []


def test_what_a_feed_was_about_to_bring_is_no_drift(world: Any, clock: Clock) -> None:
    receive(a_paper())
    erp = LiveErp(a_paper())
    erp.tell(changed(delivery_on=date(2026, 5, 1)))

    assert found(compare(erp, clock)) == {"here": 1, "there": 1, "compared": 1, "equal": 1}
    assert drifts() == []


def test_what_changes_between_the_two_looks_is_no_drift(world: Any, clock: Clock) -> None:
    receive(a_paper())
    erp = LiveErp(changed(note="first"))
    erp.before["look 2"] = lambda: erp.hold(changed(note="second"))

    run = compare(erp, clock)

    assert found(run) == {"here": 1, "there": 1, "compared": 1, "moving": 1}
    assert drifts() == []


def test_what_is_deleted_or_made_between_the_looks_is_no_drift(world: Any, clock: Clock) -> None:
    receive(a_paper("45-1"), a_paper("45-2"))
    erp = LiveErp(changed("45-1", note="other"))

    def between() -> None:
        erp.delete("45-1")
        erp.hold(a_paper("45-2"))

    erp.before["look 2"] = between

    assert found(compare(erp, clock))["moving"] == 2
    assert drifts() == []


def test_an_order_with_a_promise_on_its_way_is_not_judged(world: Any, clock: Clock) -> None:
    receive(a_paper())
    agree()
    erp = LiveErp(changed(note="other"))

    assert found(compare(erp, clock))["moving"] == 1

    deliver(erp, clock())
    run = compare(erp, clock)
    assert found(run)["equal"] == 1
    assert drifts() == []


def test_an_order_that_moved_here_meanwhile_is_not_judged(world: Any, clock: Clock) -> None:
    receive(a_paper())
    erp = LiveErp(changed(note="other"))
    erp.before["look 2"] = lambda: receive(changed(note="third"), at=clock()) and None

    assert found(compare(erp, clock))["moving"] == 1
    assert drifts() == []


# --- what differs -------------------------------------------------------------------------------------------


def test_fields_are_shown_with_both_values(world: Any, clock: Clock) -> None:
    receive(a_paper())
    erp = LiveErp(replace(changed(quantity=Decimal("80.0"), price=Decimal("7.1")), payment_terms="cash"))

    run = compare(erp, clock)

    drift = the_drift()
    assert (drift.kind, drift.state, drift.order.number) == ("fields", "open", NUMBER)
    assert said(drift) == [
        (None, "payment_terms", "30 days net", "cash"),
        (10, "quantity", "100", "80"),
        (10, "price", "6.85", "7.1"),
        (10, "deliveries", {"2026-04-01": "100"}, {"2026-04-01": "80"}),
    ]
    assert found(run) == {"here": 1, "there": 1, "compared": 1, "fields": 1}


def test_a_row_that_was_spoiled_here_is_found_though_its_paper_is_the_same(world: Any, clock: Clock) -> None:
    receive(a_paper())
    with acting(FEED):
        PurchaseOrderLine.objects.filter(number=20).update(price=Decimal(1))

    compare(LiveErp(a_paper()), clock)

    assert said(the_drift()) == [(20, "price", "1", "6.85")]


def test_lines_that_one_side_lacks_are_named(world: Any, clock: Clock) -> None:
    receive(a_paper(lines=[a_line(10), a_line(20)]))

    compare(LiveErp(a_paper(lines=[a_line(10), a_line(30, item_number="VALVE-25")])), clock)

    assert said(the_drift()) == [(20, "line", "VALVE-15", ""), (30, "line", "", "VALVE-25")]


def test_a_line_that_is_cancelled_is_a_line_that_is_gone(world: Any, clock: Clock) -> None:
    receive(a_paper())
    receive(changed(line="L20", cancelled=True))

    compare(LiveErp(a_paper(lines=[a_line(10)])), clock)

    assert drifts() == []


def test_records_that_one_side_lacks(world: Any, clock: Clock) -> None:
    receive(a_paper("45-1"), a_paper("45-2"))

    run = compare(LiveErp(a_paper("45-1"), a_paper("45-3")), clock)

    assert [(one.number, one.kind) for one in drifts()] == [
        ("45-3", "missing_here"),
        ("45-2", "missing_there"),
    ]
    assert found(run) == {
        "here": 2,
        "there": 2,
        "compared": 1,
        "equal": 1,
        "missing_here": 1,
        "missing_there": 1,
    }


def test_an_order_cancelled_here_may_be_gone_there(world: Any, clock: Clock) -> None:
    receive(a_paper("45-1"), a_paper("45-2"))
    receive(a_paper("45-2", status="cancelled"))

    compare(LiveErp(a_paper("45-1")), clock)

    assert drifts() == []


def test_an_erp_that_lists_nothing_at_all_is_not_believed(world: Any, clock: Clock) -> None:
    receive(a_paper())

    run = compare(LiveErp(), clock)

    assert run.state == "done"
    assert "taken for a fault" in run.counts["orders"]["note"]
    assert drifts() == []


def test_old_orders_are_compared_by_key_and_again_once_the_erp_touches_them(world: Any, clock: Clock) -> None:
    long_ago = MONDAY - timedelta(days=60)
    closed = a_paper("45-1", status="closed", stamp=long_ago)
    receive(closed, at=long_ago)
    erp = LiveErp(replace(closed, note="other"))

    assert found(compare(erp, clock)) == {"here": 1, "there": 1}

    erp.hold(replace(closed, note="other", stamp=MONDAY))
    compare(erp, clock)
    assert said(the_drift()) == [(None, "note", "", "other")]


# --- promises -----------------------------------------------------------------------------------------------


def test_a_promise_that_no_longer_stands(world: Any, clock: Clock) -> None:
    erp = a_promise_in_the_erp()
    assert found(compare(erp, clock))["equal"] == 1

    erp.hold(changed(delivery_on=date(2026, 4, 20)))
    compare(erp, clock)

    drift = the_drift()
    assert drift.kind == "promise_lost"
    assert said(drift) == [(10, "deliveries", {"2026-04-08": "100"}, {"2026-04-20": "100"})]
    with acting(FEED):
        assert drift.command == ErpCommand.objects.get()


def test_a_command_that_says_confirmed_and_never_stood(world: Any, clock: Clock) -> None:
    erp = a_promise_in_the_erp()
    erp.untold.clear()
    erp.hold(a_paper())  # put back before any reading saw it: for the feed, nothing ever happened

    compare(erp, clock)

    drift = the_drift()
    assert drift.kind == "command_untrue"
    assert said(drift) == [(10, "deliveries", {"2026-04-08": "100"}, {"2026-04-01": "100"})]


def test_an_agreement_that_the_erp_came_to_by_itself_is_measured_by_no_older_command(
    world: Any, clock: Clock
) -> None:
    erp = a_promise_in_the_erp()
    compare(erp, clock)
    erp.tell(changed(delivery_on=date(2026, 4, 20)))  # reopens the line here
    compare(erp, clock)
    agree(day=date(2026, 4, 20))
    with acting(FEED):
        OutboxMessage.objects.filter(state="waiting").update(state="skipped")

    compare(erp, clock)

    assert drifts() == []


def test_what_was_received_is_not_measured_by_its_days(world: Any, clock: Clock) -> None:
    erp = a_promise_in_the_erp()
    compare(erp, clock)
    arrived = changed(delivery_on=date(2026, 4, 8), received_quantity=Decimal(40))
    erp.tell(arrived)
    compare(erp, clock)

    assert drifts() == []


# --- repairs ------------------------------------------------------------------------------------------------


def choose(drift: Drift, repair: str, clock: Clock) -> None:
    with acting(FEED):
        ask_repair(drift, repair, actor=FEED, at=clock())


def test_taking_the_erps_values(people: Any, clock: Clock) -> None:
    receive(a_paper())
    erp = LiveErp(changed(quantity=Decimal(80)))
    compare(erp, clock)
    ines = people["ines"].actor
    with acting(ines):
        ask_repair(the_drift(), "take_erp", actor=ines, at=clock())
    assert unresolved() == 1

    assert carry_out_repairs(erp, clock=clock) == 1

    assert fresh_line().quantity == 80
    drift = the_drift()
    assert (drift.state, drift.repair_by) == ("repaired", "Ines Integrator")
    assert unresolved() == 0
    with acting(FEED):
        told = AuditEvent.objects.get(kind="erp.drift_repaired", stream=fresh().stream)
        assert told.internal
        assert (told.facts["repair"], told.facts["asked_by"]) == ("take_erp", "Ines Integrator")
        story = AuditEvent.objects.filter(stream=drift.stream).order_by("id").values_list("kind", flat=True)
        assert list(story) == ["drift.found", "drift.repair_asked", "drift.repaired"]
        assert not AuditEvent.objects.filter(stream=drift.stream, internal=False).exists()
    with acting(people["asha"].actor):
        assert not AuditEvent.objects.filter(stream=drift.stream).exists()


def test_a_spoiled_row_is_taken_again_though_its_paper_is_the_same(world: Any, clock: Clock) -> None:
    receive(a_paper())
    with acting(FEED):
        PurchaseOrderLine.objects.filter(number=20).update(price=Decimal(1))
    erp = LiveErp(a_paper())
    compare(erp, clock)
    choose(the_drift(), "take_erp", clock)

    carry_out_repairs(erp, clock=clock)

    assert fresh_line(20).price == Decimal("6.85")
    assert the_drift().state == "repaired"


def test_a_record_that_was_missing_here_is_read(world: Any, clock: Clock) -> None:
    receive(a_paper("45-1"))
    erp = LiveErp(a_paper("45-1"), a_paper("45-2"))
    compare(erp, clock)
    choose(the_drift(), "take_erp", clock)

    carry_out_repairs(erp, clock=clock)

    assert fresh("45-2").line_count == 2
    assert (the_drift().state, the_drift().order.number) == ("repaired", "45-2")


def test_what_the_portal_refuses_is_handed_back_with_the_reason(world: Any, clock: Clock) -> None:
    receive(a_paper("45-1"))
    erp = LiveErp(a_paper("45-1"), a_paper("45-2", supplier="NOBODY"))
    compare(erp, clock)
    choose(the_drift(), "take_erp", clock)

    carry_out_repairs(erp, clock=clock)

    drift = the_drift()
    assert drift.state == "open"
    assert drift.reason.startswith("NOBODY is not known here.")


def test_a_lost_promise_is_sent_again_on_what_the_erp_holds_now(world: Any, clock: Clock) -> None:
    erp = a_promise_in_the_erp()
    compare(erp, clock)
    erp.hold(changed(delivery_on=date(2026, 4, 20)))
    compare(erp, clock)
    choose(the_drift(), "send_again", clock)

    carry_out_repairs(erp, clock=clock)
    assert the_drift().state == "under_way"
    deliver(erp, clock())

    assert [line.base_delivery_on for line in erp.writes[-1].lines] == [date(2026, 4, 20)]
    assert erp.orders["NM", NUMBER].lines[0].delivery_on == date(2026, 4, 8)
    carry_out_repairs(erp, clock=clock)
    assert the_drift().state == "repaired"
    compare(erp, clock)
    assert [one.state for one in drifts()] == ["repaired"]


def test_a_lost_promise_may_be_let_go(world: Any, clock: Clock) -> None:
    erp = a_promise_in_the_erp()
    compare(erp, clock)
    erp.hold(changed(delivery_on=date(2026, 4, 20)))
    compare(erp, clock)
    choose(the_drift(), "take_erp", clock)

    carry_out_repairs(erp, clock=clock)

    line = fresh_line()
    assert (line.delivery_on, line.agreement, line.turn) == (date(2026, 4, 20), "awaiting", "supplier")
    assert the_drift().state == "repaired"


def test_an_order_that_was_deleted_there_is_cancelled_here(world: Any, clock: Clock) -> None:
    receive(a_paper("45-1"), a_paper("45-2"))
    erp = LiveErp(a_paper("45-1"))
    compare(erp, clock)
    choose(the_drift(), "cancel", clock)

    carry_out_repairs(erp, clock=clock)

    order = fresh("45-2")
    assert (order.state, order.lines_for_supplier, order.acknowledge_by_at) == ("cancelled", 0, None)
    assert the_drift().state == "repaired"
    with acting(FEED):
        told = AuditEvent.objects.get(kind="order.cancelled", stream=order.stream)
        assert told.facts["reason"] == "The order was deleted in the ERP."
    compare(erp, clock)
    assert [one.state for one in drifts()] == ["repaired"]


def test_an_order_that_comes_back_in_the_same_words_is_opened_again(world: Any, clock: Clock) -> None:
    receive(a_paper("45-1"), a_paper("45-2"))
    erp = LiveErp(a_paper("45-1"))
    compare(erp, clock)
    choose(the_drift(), "cancel", clock)
    carry_out_repairs(erp, clock=clock)

    receive(a_paper("45-2"), at=clock())

    assert (fresh("45-2").state, fresh("45-2").lines_for_supplier) == ("issued", 2)


def test_an_order_that_is_there_again_is_not_cancelled(world: Any, clock: Clock) -> None:
    receive(a_paper("45-1"), a_paper("45-2"))
    erp = LiveErp(a_paper("45-1"))
    compare(erp, clock)
    choose(the_drift(), "cancel", clock)
    erp.hold(a_paper("45-2"))

    carry_out_repairs(erp, clock=clock)

    assert fresh("45-2").state == "issued"
    assert (the_drift().state, the_drift().reason) == ("gone", "The ERP has it again.")


def test_a_repair_waits_while_the_erp_is_away(world: Any, clock: Clock) -> None:
    receive(a_paper())
    erp = LiveErp(changed(quantity=Decimal(80)))
    compare(erp, clock)
    choose(the_drift(), "take_erp", clock)
    erp.failure = Transient("Nobody answers.")

    assert carry_out_repairs(erp, clock=clock) == 0
    assert the_drift().state == "asked"

    erp.failure = None
    carry_out_repairs(erp, clock=clock)
    assert the_drift().state == "repaired"


def test_a_repair_undoes_nothing_that_came_while_the_erp_was_asked(world: Any, clock: Clock) -> None:
    receive(a_paper())
    erp = LiveErp(changed(note="other"))
    compare(erp, clock)
    choose(the_drift(), "take_erp", clock)
    newest = changed(quantity=Decimal(80))
    asked = len(erp.asked)
    # The answer is on its way when a feed brings what somebody changed a moment later.
    erp.before[f"look {asked + 1}"] = lambda: receive(newest, at=clock()) and None
    erp.before[f"look {asked + 2}"] = lambda: erp.hold(newest)

    carry_out_repairs(erp, clock=clock)

    assert fresh_line().quantity == 80
    assert the_drift().state == "repaired"


def test_a_pause_holds_back_repairs(world: Any, clock: Clock) -> None:
    receive(a_paper())
    erp = LiveErp(changed(quantity=Decimal(80)))
    compare(erp, clock)
    choose(the_drift(), "take_erp", clock)
    asked = len(erp.asked)
    pause(clock)

    assert carry_out_repairs(erp, clock=clock) == 0
    assert (the_drift().state, len(erp.asked)) == ("asked", asked)

    resume(clock)
    assert carry_out_repairs(erp, clock=clock) == 1
    assert the_drift().state == "repaired"


def test_all_of_a_kind_at_once(world: Any, clock: Clock) -> None:
    receive(a_paper("45-1"), a_paper("45-2"), a_paper("45-3"))
    erp = LiveErp(changed("45-1", quantity=Decimal(80)), changed("45-2", quantity=Decimal(70)))
    compare(erp, clock)

    with acting(FEED):
        assert ask_repairs("fields", "take_erp", actor=FEED, at=clock()) == 2
    carry_out_repairs(erp, clock=clock)

    assert [(one.number, one.state) for one in drifts()] == [
        ("45-1", "repaired"),
        ("45-2", "repaired"),
        ("45-3", "open"),
    ]


def test_a_repair_that_does_not_fit_is_refused(world: Any, clock: Clock) -> None:
    receive(a_paper())
    compare(LiveErp(changed(quantity=Decimal(80))), clock)

    with pytest.raises(NoSuchRepair), acting(FEED):
        ask_repair(the_drift(), "cancel", actor=FEED, at=clock())


def test_what_is_ignored_stays_so_until_it_changes(world: Any, clock: Clock) -> None:
    receive(a_paper())
    erp = LiveErp(changed(note="other"))
    compare(erp, clock)
    with acting(FEED):
        ignore_drift(the_drift(), "Only a note.", actor=FEED, at=clock())
    assert unresolved() == 0

    compare(erp, clock)
    assert (the_drift().state, the_drift().reason) == ("ignored", "Only a note.")

    erp.hold(changed(note="another"))
    compare(erp, clock)
    assert (the_drift().state, the_drift().reason) == ("open", "")
    assert unresolved() == 1


def test_somebody_may_change_their_mind(world: Any, clock: Clock) -> None:
    receive(a_paper())
    compare(LiveErp(changed(note="other")), clock)
    with acting(FEED):
        ignore_drift(the_drift(), "Only a note.", actor=FEED, at=clock())
        reopen_drift(the_drift(), actor=FEED, at=clock())

    assert the_drift().state == "open"


def test_what_has_gone_by_itself_is_closed(world: Any, clock: Clock) -> None:
    receive(a_paper())
    erp = LiveErp(changed(note="other"))
    compare(erp, clock)
    erp.hold(a_paper())

    compare(erp, clock)

    assert (the_drift().state, the_drift().closed_at is not None) == ("gone", True)


def unresolved() -> int:
    with acting(FEED):
        return unresolved_drift().count


def test_whoever_watches_hears_how_much_and_since_when(world: Any, clock: Clock) -> None:
    receive(a_paper("45-1"), a_paper("45-2"))
    compare(LiveErp(changed("45-1", note="x"), a_paper("45-2")), clock)
    first = the_drift().found_at
    compare(LiveErp(changed("45-1", note="x"), changed("45-2", note="y")), clock)

    with acting(FEED):
        assert (unresolved_drift().count, unresolved_drift().since) == (2, first)


# --- going on -----------------------------------------------------------------------------------------------


def test_one_comparison_at_a_time(world: Any, clock: Clock) -> None:
    with acting(FEED):
        ask_comparison(actor=FEED, at=clock())

    with pytest.raises(ComparisonUnderWay), acting(FEED):
        ask_comparison(actor=FEED, at=clock())


def test_a_worker_that_dies_is_followed_by_one_that_goes_on(
    world: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("procurement.erp.reconciliation.running.CHUNK", 2)
    numbers = [f"45-{n}" for n in range(1, 8)]
    receive(*[a_paper(number) for number in numbers])
    erp = LiveErp(*[changed(number, note="other") for number in numbers])

    class Killed(BaseException):
        """As SIGKILL: nothing of ours runs after it."""

    def die() -> None:
        raise Killed

    erp.before["look 3"] = die
    with acting(FEED):
        run = ask_comparison(actor=FEED, at=clock())
    with pytest.raises(Killed):
        carry_on(erp, run, clock=clock)
    looked = list(erp.asked)

    with acting(FEED):
        again = ReconciliationRun.objects.get()
    assert (again.state, again.phase) == ("running", "looking")
    carry_on(erp, again, clock=clock)

    # The first four were not asked for again at the first look; then come the other three, and all at the second.
    assert looked == [2, 2, 2]
    assert erp.asked[3:] == [2, 1, 2, 2, 2, 1]
    assert [one.number for one in drifts()] == numbers
    assert found(again) == {"here": 7, "there": 7, "compared": 7, "fields": 7}
    with acting(FEED):
        assert SweptRecord.objects.count() == 0


def test_an_erp_that_is_away_is_waited_for(world: Any, clock: Clock) -> None:
    receive(a_paper())
    erp = LiveErp(a_paper())
    erp.failure = Transient("Nobody answers.")

    run = compare(erp, clock)
    assert (run.state, run.reason, run.tries) == ("running", "Nobody answers.", 1)
    assert run.retry_at is not None

    erp.failure = None
    assert (carry_on(erp, run, clock=clock).state, run.tries, run.reason) == ("done", 0, "")


def test_what_a_pause_keeps_from_being_read_is_no_drift(world: Any, clock: Clock) -> None:
    receive(a_paper())
    erp = LiveErp(a_paper())

    def somebody_changes_it_and_somebody_pauses() -> None:
        erp.tell(changed(note="other"))
        pause(clock)

    erp.before["look 1"] = somebody_changes_it_and_somebody_pauses

    run = compare(erp, clock)
    assert (run.state, run.tries, len(erp.asked)) == ("running", 1, 1)
    assert "paused" in run.reason
    assert drifts() == []

    resume(clock)
    assert carry_on(erp, run, clock=clock).state == "done"
    assert drifts() == []
    assert fresh_line().note == "other"


def test_a_person_on_a_drift_and_a_comparison_wait_for_each_other(world: Any, clock: Clock) -> None:
    erp = a_promise_in_the_erp()
    compare(erp, clock)  # reads what was written
    told = erp.orders["NM", NUMBER]
    erp.hold(replace(told, note="other"))
    compare(erp, clock)
    drift = the_drift()
    first, *rest = told.lines
    erp.hold(replace(told, note="other", lines=(replace(first, delivery_on=date(2026, 5, 6)), *rest)))
    holds = threading.Event()
    errors: list[Exception] = []

    def a_person() -> None:
        try:
            with acting(FEED):
                lock_orders([drift.order_id])
                holds.set()
                time.sleep(1)
                lock_drift(drift)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    person = threading.Thread(target=a_person)

    def meanwhile() -> None:
        person.start()
        holds.wait(10)

    erp.before[f"look {len(erp.asked) + 2}"] = meanwhile
    run = compare(erp, clock)
    person.join(30)

    assert (run.state, run.reason, errors) == ("done", "", [])
    assert [one.kind for one in drifts(state="open")] == ["fields", "promise_lost"]


@pytest.mark.parametrize("moment", ["read", "sweep", "look 1"])
def test_a_pause_stops_a_comparison_that_is_under_way(world: Any, clock: Clock, moment: str) -> None:
    receive(a_paper())
    erp = LiveErp(changed(quantity=Decimal(80)))
    calls: list[int] = []

    def pause() -> None:
        with acting(FEED):
            pause_connection("The ERP is moved.", actor=FEED, at=MONDAY)
        calls.extend(erp.asked)

    erp.before[moment] = pause

    run = compare(erp, clock)

    assert (run.state, run.reason) == ("running", "The connection to the ERP is paused.")
    assert erp.asked == calls
    assert drifts() == []

    with acting(FEED):
        resume_connection("It is back.", actor=FEED, at=MONDAY)
    carry_on(erp, run, clock=clock)
    assert run.state == "done"
    assert the_drift().kind == "fields"


def test_a_pause_keeps_repairs_waiting(world: Any, clock: Clock) -> None:
    receive(a_paper())
    erp = LiveErp(changed(quantity=Decimal(80)))
    compare(erp, clock)
    with acting(FEED):
        ask_repair(the_drift(), "take_erp", actor=FEED, at=clock())
        pause_connection("The ERP is moved.", actor=FEED, at=MONDAY)
    before = len(erp.asked)

    assert carry_out_repairs(erp, clock=clock) == 0

    assert len(erp.asked) == before
    assert (the_drift().state, fresh_line().quantity) == ("asked", 100)


def test_an_erp_that_stays_away_ends_the_comparison(world: Any, clock: Clock) -> None:
    erp = LiveErp(a_paper())
    erp.failure = Transient("Nobody answers.")
    run = compare(erp, clock)
    for _ in range(MOST_TRIES):
        carry_on(erp, run, clock=clock)

    assert (run.state, run.reason) == ("failed", "Nobody answers.")


def test_no_connection_is_held_while_the_erp_is_asked(world: Any, clock: Clock) -> None:
    receive(a_paper())
    erp = LiveErp(changed(note="other"))
    states: list[bool] = []
    erp.before["look 1"] = lambda: states.append(connection.in_atomic_block)
    erp.before["look 2"] = lambda: states.append(connection.in_atomic_block)

    compare(erp, clock)

    assert states == [False, False]


# --- a drop folder ------------------------------------------------------------------------------------------


@pytest.fixture
def folder(world: Any, tmp_path: Path, clock: Clock) -> Iterator[FolderErp]:
    return FolderErp(tmp_path / "erp", clock)


def test_a_drop_folder_without_a_complete_export_says_so(folder: FolderErp, clock: Clock) -> None:
    receive(a_paper())

    run = compare(folder, clock)

    assert run.state == "done"
    assert run.counts["orders"]["note"].startswith("There is no complete export")


def test_a_complete_export_is_compared_and_left_where_it_is(folder: FolderErp, clock: Clock) -> None:
    receive(a_paper("45-1"), a_paper("45-2"), a_paper("45-3"))
    folder.hold(a_paper("45-1"), changed("45-2", quantity=Decimal(80)), a_paper("45-4"))
    folder.erp.export_complete()
    before = sorted(path.name for path in (folder.erp.root / "complete").iterdir())

    run = compare(folder, clock)

    assert [(one.number, one.kind) for one in drifts()] == [
        ("45-2", "fields"),
        ("45-4", "missing_here"),
        ("45-3", "missing_there"),
    ]
    assert run.counts["orders"]["as_of"]
    assert run.counts["items"]["note"] == "The complete export has no file of this feed."
    assert sorted(path.name for path in (folder.erp.root / "complete").iterdir()) == before
    assert fresh_line(order="45-2").quantity == 100


def test_what_moved_after_the_export_is_not_compared_with_it(folder: FolderErp, clock: Clock) -> None:
    receive(a_paper("45-1"), a_paper("45-2"))
    folder.hold(a_paper("45-1"), a_paper("45-2"))
    folder.erp.export_complete()
    receive(changed("45-1", quantity=Decimal(80)), at=clock())
    receive(a_paper("45-3"), at=clock())

    run = compare(folder, clock)

    assert (run.counts["orders"]["moving"], run.counts["orders"]["equal"]) == (2, 1)
    assert drifts() == []


def test_an_export_that_is_older_than_an_unread_file_waits(folder: FolderErp, clock: Clock) -> None:
    folder.hold(a_paper())
    folder.erp.export_orders()
    (manifest,) = (folder.erp.inbox).glob("*.manifest.json")
    text = manifest.read_text()
    manifest.write_text(text.replace('"rows": 2', '"rows": 3'))  # a batch that is not whole yet
    before_the_export(folder)
    folder.erp.export_complete()

    run = compare(folder, clock)

    assert drifts() == []
    assert (run.state, run.tries) == ("running", 1)
    assert run.reason.endswith("is older than the complete export and not read yet.")

    manifest.write_text(text)
    before_the_export(folder)
    assert carry_on(folder.connector, run, clock=clock).state == "done"
    assert fresh().line_count == 2
    assert drifts() == []


def before_the_export(folder: FolderErp) -> None:
    """The files in in/ were written some seconds ago."""
    for path in folder.erp.inbox.glob("*.*"):
        then = MONDAY.timestamp() + 3590
        os.utime(path, (then, then))


def test_half_an_export_is_not_believed(folder: FolderErp, clock: Clock) -> None:
    receive(a_paper("45-1"), a_paper("45-2"))
    folder.hold(a_paper("45-1"), a_paper("45-2"))
    folder.erp.export_complete()
    path = folder.erp.root / "complete" / "complete.orders.csv"
    path.write_bytes(path.read_bytes()[:-200])

    run = compare(folder, clock)

    assert (run.state, run.tries) == ("running", 1)
    assert "not yet as the manifest" in run.reason
    assert drifts() == []


def test_a_record_of_the_export_that_cannot_be_read_exists_all_the_same(
    folder: FolderErp, clock: Clock
) -> None:
    receive(a_paper("45-1"), a_paper("45-2"))
    folder.hold(a_paper("45-1"), changed("45-2", price=Decimal("9.99")))
    folder.erp.export_complete()
    spoil(folder, "9.99", "a lot")

    run = compare(folder, clock)

    assert drifts() == []
    assert run.counts["orders"]["there"] == 2


def spoil(folder: FolderErp, old: str, new: str) -> None:
    from procurement.erp.connectors.files.folder import write_manifest

    place = folder.erp.root / "complete"
    path = place / "complete.orders.csv"
    path.write_text(path.read_text().replace(old, new))
    write_manifest(place, "complete", ["complete.orders.csv"], made_at=folder.erp._clock())


def test_taking_values_from_a_complete_export(folder: FolderErp, clock: Clock) -> None:
    receive(a_paper())
    folder.hold(changed(quantity=Decimal(80)))
    folder.erp.export_complete()
    compare(folder, clock)
    choose(the_drift(), "take_erp", clock)

    carry_out_repairs(folder.connector, clock=clock)

    assert fresh_line().quantity == 80
    assert the_drift().state == "repaired"


def test_master_data_of_a_complete_export(folder: FolderErp, clock: Clock) -> None:
    from procurement.catalogue.messages import ItemPaper
    from suppliers.messages import SupplierPaper
    from suppliers.models import Supplier

    items = [
        ItemPaper("VALVE-15", "Ball valve DN 15", "pcs", "2012345678900", "valves"),
        ItemPaper("VALVE-25", "Ball valve DN25", "pcs", "2012345678917", "valves"),
        ItemPaper("VALVE-40", "Ball valve DN40", "pcs"),
    ]
    acme = SupplierPaper(
        "ACME", "Acme Valves", "IN", "EUR", "en", "Asia/Kolkata", "core", "sales@acme.example"
    )
    folder.erp.export_complete({Feed.ITEMS: items, Feed.SUPPLIERS: [acme]})

    compare(folder, clock)

    assert [(one.feed, one.record, one.kind, said(one)) for one in drifts()] == [
        ("suppliers", ("GLOBEX",), "missing_there", []),
        ("items", ("VALVE-15",), "fields", [(None, "description", "Ball valve DN15", "Ball valve DN 15")]),
        ("items", ("VALVE-40",), "missing_here", []),
        ("items", ("CABLE-3",), "missing_there", []),
    ]
    globex, described, new, _gone = drifts()
    choose(globex, "block", clock)
    choose(described, "take_erp", clock)
    choose(new, "take_erp", clock)
    carry_out_repairs(folder.connector, clock=clock)
    with acting(FEED):
        assert Supplier.objects.get(number="GLOBEX").state == "blocked"
        assert Item.objects.get(number="VALVE-15").description == "Ball valve DN 15"
        assert Item.objects.filter(number="VALVE-40").exists()
    compare(folder, clock)
    assert [one.state for one in drifts()] == ["repaired", "repaired", "repaired", "open"]


def test_a_prospect_is_not_missing_at_the_erp(folder: FolderErp, clock: Clock, people: Any) -> None:
    from suppliers.messages import SupplierPaper
    from suppliers.onboarding.messages import InviteSuppliers, Target
    from suppliers.onboarding.services import invite_suppliers

    root = people["root"].actor
    with acting(root):
        umbra = Target("", "nia@umbra.example", company="Umbra Seals", country="AT")
        invite_suppliers(InviteSuppliers((umbra,)), actor=root, at=clock())
    acme = SupplierPaper(
        "ACME", "Acme Valves", "IN", "EUR", "en", "Asia/Kolkata", "core", "sales@acme.example"
    )
    folder.erp.export_complete({Feed.SUPPLIERS: [acme]})

    compare(folder, clock)

    assert [one.record for one in drifts()] == [("GLOBEX",)]
