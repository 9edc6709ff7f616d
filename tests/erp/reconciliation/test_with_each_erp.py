"""The comparison with every ERP that we speak to: its feeds bring the orders, and then somebody goes behind them."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.erp.inbound import read_feeds
from procurement.erp.ports import Deletions, Feed
from procurement.erp.reconciliation.models import Drift, ReconciliationRun
from procurement.erp.reconciliation.rehearsing import rehearse
from procurement.erp.reconciliation.repairing import carry_out_repairs
from procurement.erp.reconciliation.running import carry_on
from procurement.erp.reconciliation.services import ask_comparison, ask_rehearsal, ask_repair
from procurement.orders.models import OrderRevision, PurchaseOrder, PurchaseOrderLine
from tests.erp.contract.harness import HARNESSES, ONE_OF_EACH, ConnectorHarness
from tests.erp.papers import MASTER_DATA, an_order
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)
LIVE = pytest.mark.slow  # a server of its own


@pytest.fixture(params=[name if name == "files" else pytest.param(name, marks=LIVE) for name in ONE_OF_EACH])
def erp(request: pytest.FixtureRequest, db: None, tmp_path: Path) -> Iterator[ConnectorHarness]:
    with HARNESSES[request.param](tmp_path) as harness:
        yield harness


def compare(erp: ConnectorHarness) -> ReconciliationRun:
    with acting(FEED):
        run = ask_comparison(actor=FEED, at=timezone.now())
    with erp.connector() as connector:
        return carry_on(connector, run, clock=timezone.now)


def drifts() -> list[Drift]:
    with acting(FEED):
        return list(Drift.objects.order_by("id"))


def read(erp: ConnectorHarness) -> None:
    with erp.connector() as connector:
        read_feeds(connector, clock=timezone.now)


def test_both_sides_are_proved_equal_and_then_put_right(erp: ConnectorHarness) -> None:
    held = erp.put_master_data(MASTER_DATA)
    kept, deleted, spoiled = erp.put_orders(an_order("45-1"), an_order("45-2"), an_order("45-3"))
    read(erp)
    erp.let_compare(held)

    run = compare(erp)

    assert (run.state, run.reason) == ("done", "")
    assert drifts() == []
    figures = run.counts["orders"]
    assert (figures["here"], figures["there"], figures["compared"], figures["equal"]) == (3, 3, 3, 3)

    # Somebody deletes one there; a bad restore spoils one here and loses another.
    erp.delete_order(deleted)
    with acting(FEED):
        lines = PurchaseOrderLine.objects.filter(order__number=spoiled.number, key=spoiled.lines[0].key)
        lines.update(quantity=Decimal(1))
        lost = PurchaseOrder.objects.get(number=kept.number)
        lost.number = "lost"
        lost.save(update_fields=["number"])
    erp.let_compare(held)
    compare(erp)

    assert sorted((one.number, one.kind) for one in drifts()) == [
        ("45-1", "missing_here"),
        ("45-2", "missing_there"),
        ("45-3", "fields"),
        ("lost", "missing_there"),
    ]
    (spoiled_drift,) = (one for one in drifts() if one.number == "45-3")
    assert [(one["field"], one["here"], one["there"]) for one in spoiled_drift.differences] == [
        ("quantity", "1", "240")
    ]

    for drift in drifts():
        with acting(FEED):
            repair = "cancel" if drift.kind == "missing_there" else "take_erp"
            ask_repair(drift, repair, actor=FEED, at=timezone.now())
    erp.let_compare(held)
    with erp.connector() as connector:
        carry_out_repairs(connector, clock=timezone.now)

    assert {(one.number, one.state, one.reason) for one in drifts()} == {
        (number, "repaired", "") for number in ("45-1", "45-2", "45-3", "lost")
    }
    erp.let_compare(held)
    run = compare(erp)
    assert {one.state for one in drifts()} == {"repaired"}
    assert run.counts["orders"]["equal"] == 2
    with acting(FEED):
        states = dict(PurchaseOrder.objects.values_list("number", "state"))
    assert states == {"45-1": "issued", "45-2": "cancelled", "45-3": "issued", "lost": "cancelled"}


def test_a_change_that_the_next_reading_brings_is_no_drift(erp: ConnectorHarness) -> None:
    held = erp.put_master_data(MASTER_DATA)
    (order,) = erp.put_orders(an_order())
    read(erp)
    erp.change_line(order, order.lines[0].key, delivery_on=date(2026, 6, 1))
    erp.let_compare(held)

    run = compare(erp)

    assert drifts() == []
    assert (run.state, run.counts["orders"]["equal"] + run.counts["orders"]["moving"]) == ("done", 1)
    with acting(FEED):
        assert OrderRevision.objects.count() == 2


def test_a_dry_run_says_what_the_first_sync_then_does(erp: ConnectorHarness) -> None:
    erp.put_master_data(MASTER_DATA)
    erp.put_orders(an_order("45-1"), an_order("45-2"))
    with acting(FEED):
        rehearsal = ask_rehearsal(actor=FEED, at=timezone.now())
    with erp.connector() as connector:
        rehearse(connector, rehearsal, clock=timezone.now)

    assert (rehearsal.state, rehearsal.reason) == ("done", "")
    foretold: dict[str, Any] = {one["feed"]: one for one in rehearsal.report}
    assert foretold["orders"]["new"] == 2
    with acting(FEED):
        assert PurchaseOrder.objects.count() == 0

    with erp.connector() as connector:
        runs = {run.feed: run for run in read_feeds(connector, clock=timezone.now)}
        swept = connector.capabilities.deletions is Deletions.BY_SWEEP
    # What happened to orders is not rehearsed: it can only be joined to orders that are here.
    # Nor what lies where and what customers wait for, which is told whole with each reading.
    # And accounts are held against what is on record, which nothing foretells.
    unforetold = {Feed.RECEIPTS, Feed.INVOICES, Feed.STOCK, Feed.CUSTOMER_DEMAND, Feed.BANK_ACCOUNTS}
    assert set(runs) - set(foretold) <= unforetold
    for feed, said in ((feed, foretold[feed]) for feed in runs if feed in foretold):
        run = runs[feed]
        assert (run.papers, run.taken, run.refused) == (said["papers"], said["new"], said["refused"]), feed
    assert len(runs) == (8 if not swept else len(runs))
