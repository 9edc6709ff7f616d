"""From the feeds to the portal: taken once, in order, with a run that a person can read, nothing lost."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection

from portal.kernel.scope import NoScope, acting
from procurement.bills.models import BillLine
from procurement.catalogue.models import Company, Item
from procurement.erp import inbound
from procurement.erp.connectors.files import FilesConnector
from procurement.erp.connectors.files.writing import feed_csv, orders_csv
from procurement.erp.content import content_hash
from procurement.erp.inbound import read_feeds, rest_after
from procurement.erp.models import FeedCursor, FeedProblem, FeedRun
from procurement.erp.ports import Cursor, Feed, Page, Transient
from procurement.erp.problems import Problem
from procurement.erp.states import RunState
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.receipts.models import Receipt
from suppliers.models import Supplier
from tests.builders.facts import a_bill, a_receipt
from tests.builders.world import MONDAY, a_line, a_paper, receive
from tests.erp.papers import MASTER_DATA, an_order
from tests.erp.real_input import AdventureWorks, shared_data
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


class Folder:
    """The drop folder with a portal that reads it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "in").mkdir(parents=True)

    @property
    def connector(self) -> FilesConnector:
        return FilesConnector(self.root, quiet=timedelta(0), page_size=3)

    def put(self, name: str, text: str) -> None:
        (self.root / "in" / name).write_text(text, encoding="utf-8")

    def read(self) -> dict[str, FeedRun]:
        return {run.feed: run for run in read_feeds(self.connector, clock=lambda: MONDAY)}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "erp")


def figures(run: FeedRun) -> tuple[int, int, int, int, int]:
    return run.papers, run.taken, run.unchanged, run.refused, run.noticed


def problems_of(run: FeedRun) -> list[tuple[str, str, int | None, str, str]]:
    with acting(FEED):
        rows = FeedProblem.objects.filter(run=run).order_by("id")
        return [(row.rule, row.source, row.row, row.column, row.value) for row in rows]


def test_everything_an_erp_sends_arrives_in_one_round(db: None, folder: Folder) -> None:
    for feed, papers in MASTER_DATA.items():
        folder.put(f"{feed}.csv", feed_csv(feed, papers))
    folder.put("orders.csv", orders_csv([an_order("45-1"), an_order("45-2")]))

    runs = folder.read()

    assert {feed: figures(run) for feed, run in runs.items()} == {
        "companies": (1, 1, 0, 0, 0),
        "units": (2, 2, 0, 0, 0),
        "sites": (1, 1, 0, 0, 0),
        "suppliers": (2, 2, 0, 0, 0),
        "supplier_sites": (1, 1, 0, 0, 0),
        "items": (2, 2, 0, 0, 0),
        "supplier_items": (1, 1, 0, 0, 0),
        "orders": (2, 2, 0, 0, 0),
    }
    with acting(FEED):
        assert Company.objects.get().name == "Northmoor Supply GmbH"
        assert set(Supplier.objects.values_list("number", "name")) == {("70012", "Acme"), ("70013", "Globex")}
        assert Item.objects.count() == 2
        assert PurchaseOrderLine.objects.count() == 4


def test_what_happened_to_an_order_arrives_with_it_in_one_batch(world: Any, folder: Folder) -> None:
    folder.put("invoices.csv", feed_csv(Feed.INVOICES, [a_bill()]))
    folder.put("receipts.csv", feed_csv(Feed.RECEIPTS, [a_receipt(), a_receipt("GR-2")]))
    folder.put("orders.csv", orders_csv([a_paper(lines=1)]))

    runs = folder.read()

    assert {feed: figures(run) for feed, run in runs.items()} == {
        "orders": (1, 1, 0, 0, 0),
        "receipts": (2, 2, 0, 0, 0),
        "invoices": (1, 1, 0, 0, 0),
    }
    with acting(FEED):
        assert set(Receipt.objects.values_list("key", "line__number")) == {("GR-1", 10), ("GR-2", 10)}
        assert list(BillLine.objects.values_list("bill__key", "line__number")) == [("INV-1", 10)]


def test_what_comes_before_its_order_is_kept_and_joins_it(world: Any, folder: Folder) -> None:
    folder.put("receipts.csv", feed_csv(Feed.RECEIPTS, [a_receipt()]))
    folder.put("invoices.csv", feed_csv(Feed.INVOICES, [a_bill()]))
    early = folder.read()

    assert {feed: figures(run) for feed, run in early.items()} == {
        "receipts": (1, 1, 0, 0, 1),
        "invoices": (1, 1, 0, 0, 1),
    }
    assert problems_of(early["receipts"]) == [("waits_for_order", "receipts.csv", 2, "", "")]
    with acting(FEED):
        assert Receipt.objects.get().line is None
    folder.put("orders.csv", orders_csv([a_paper()]))

    folder.read()

    with acting(FEED):
        assert Receipt.objects.get().line.number == 10
        assert BillLine.objects.get().line.number == 10


def test_what_two_processes_read_at_once_is_joined_after_the_next_round(world: Any, folder: Folder) -> None:
    folder.put("receipts.csv", feed_csv(Feed.RECEIPTS, [a_receipt()]))
    folder.put("invoices.csv", feed_csv(Feed.INVOICES, [a_bill()]))
    folder.read()
    # The order was taken by a process that did not see the receipt yet.
    receive(a_paper())
    folder.put("units.csv", feed_csv(Feed.UNITS, MASTER_DATA[Feed.UNITS]))

    folder.read()

    with acting(FEED):
        assert Receipt.objects.get().line.number == 10
        assert BillLine.objects.get().line.number == 10


def test_a_bad_receipt_is_refused_with_a_sentence_and_handed_back(world: Any, folder: Folder) -> None:
    folder.put("orders.csv", orders_csv([a_paper()]))
    bad = a_receipt("GR-2", unit="dozen")
    folder.put("receipts.csv", feed_csv(Feed.RECEIPTS, [a_receipt(), bad]))

    run = folder.read()["receipts"]

    assert figures(run) == (2, 1, 0, 1, 0)
    with acting(FEED):
        assert [problem.problem.explain() for problem in FeedProblem.objects.filter(run=run)] == [
            "dozen is not known here. Send its master data first, or correct the code."
        ]
    (handed_back,) = (folder.root / "rejected").rglob("receipts-refused.csv")
    assert "GR-2" in handed_back.read_text()
    assert "GR-1" not in handed_back.read_text()


def test_the_same_file_again_changes_nothing(world: Any, folder: Folder) -> None:
    folder.put("orders-1.csv", orders_csv([a_paper()]))
    folder.read()
    folder.put("orders-2.csv", orders_csv([a_paper()]))

    runs = folder.read()

    assert figures(runs["orders"])[:4] == (1, 0, 1, 0)
    with acting(FEED):
        assert PurchaseOrder.objects.get().version == 1


def test_a_round_that_finds_nothing_leaves_no_trace(world: Any, folder: Folder) -> None:
    assert folder.read() == {}


def test_a_run_says_what_was_read_and_how_far(world: Any, folder: Folder) -> None:
    folder.put("orders-1.csv", orders_csv([a_paper()]))

    run = folder.read()["orders"]

    assert (run.state, run.started_at, run.finished_at) == (RunState.DONE, MONDAY, MONDAY)
    assert run.sources[0].endswith("orders-1/orders-1.csv")
    with acting(FEED):
        assert FeedCursor.objects.get(feed="orders").position["last_file"] == "orders-1.csv"


def test_what_the_portal_refuses_points_at_its_row_and_costs_no_other(world: Any, folder: Folder) -> None:
    unknown = a_paper("45-2", supplier="NOBODY")
    wrong_unit = a_paper("45-3", lines=(a_line(10), a_line(20, unit="barrel", item_number="X")))
    folder.put("orders-1.csv", orders_csv([a_paper("45-1"), unknown, wrong_unit, a_paper("45-4")]))

    run = folder.read()["orders"]

    assert figures(run)[:4] == (4, 2, 0, 2)
    refused = [one for one in problems_of(run) if one[0] == "refused_by_portal"]
    assert refused == [
        ("refused_by_portal", "orders-1.csv", 4, "supplier", "NOBODY"),
        ("refused_by_portal", "orders-1.csv", 6, "unit (20)", "barrel"),
    ]
    with acting(FEED):
        assert set(PurchaseOrder.objects.values_list("number", flat=True)) == {"45-1", "45-4"}
    (again,) = folder.root.glob("rejected/*/*/orders-refused.csv")
    assert "45-2" in again.read_text()
    assert "45-3" in again.read_text()
    assert "45-1" not in again.read_text()


def test_master_data_that_refers_to_nothing_points_at_its_row(world: Any, folder: Folder) -> None:
    folder.put("sites.csv", "code,company,name\nYORK,NM,York\nPARIS,FR,Paris\n")
    folder.put("supplier_items.csv", "supplier,item\nACME,VALVE-15\nACME,NOTHING\nNOBODY,VALVE-15\n")

    runs = folder.read()

    assert [one[:4] for one in problems_of(runs["sites"])] == [
        ("refused_by_portal", "sites.csv", 3, "company"),
    ]
    assert [one[2:] for one in problems_of(runs["supplier_items"])] == [
        (3, "item", "NOTHING"),
        (4, "supplier", "NOBODY"),
    ]


def test_a_paper_the_database_will_not_have_costs_only_itself(
    world: Any, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = inbound.receive_orders

    def with_a_fault(papers: Sequence[Any], **kwargs: Any) -> Any:
        intake = real(papers, **kwargs)
        if any(paper.number == "45-2" for paper in papers):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 'x'::numeric")
        return intake

    monkeypatch.setattr(inbound, "receive_orders", with_a_fault)
    folder.put("orders-1.csv", orders_csv([a_paper(f"45-{number}") for number in range(1, 5)]))

    run = folder.read()["orders"]

    assert run.state == RunState.DONE
    assert (run.papers, run.taken, run.refused) == (4, 3, 1)
    with acting(FEED):
        assert set(PurchaseOrder.objects.values_list("number", flat=True)) == {"45-1", "45-3", "45-4"}


def test_a_fault_of_ours_stops_the_feed_and_keeps_the_file(
    world: Any, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put("orders-1.csv", orders_csv([a_paper()]))
    with monkeypatch.context() as patch:
        patch.setattr(inbound, "receive_orders", lambda *_, **__: 1 / 0)
        run = folder.read()["orders"]
    assert (run.state, run.reason) == (RunState.FAILED, "ZeroDivisionError: division by zero")

    runs = folder.read()

    assert figures(runs["orders"])[:2] == (1, 1)


def test_a_failure_that_stays_is_written_once_and_the_feed_rests(
    world: Any, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put("orders-1.csv", orders_csv([a_paper()]))
    now = MONDAY

    def tick(**by: float) -> list[FeedRun]:
        nonlocal now
        now += timedelta(**by)
        return read_feeds(folder.connector, clock=lambda: now, rested=True)

    with monkeypatch.context() as patch:
        patch.setattr(inbound, "receive_orders", lambda *_, **__: 1 / 0)
        assert len(tick()) == 1
        assert tick(seconds=4) == []
        assert len(tick(seconds=2)) == 1
        assert tick(seconds=9) == []
        assert len(tick(seconds=2)) == 1
    with acting(FEED):
        (run,) = FeedRun.objects.all()
        assert (run.state, run.started_at, run.finished_at) == (RunState.FAILED, MONDAY, now)
        assert FeedCursor.objects.get(feed="orders").failures == 3

    assert [run.state for run in tick(seconds=21)] == [RunState.DONE]
    with acting(FEED):
        assert FeedCursor.objects.get(feed="orders").retry_at is None


def test_a_person_who_reads_by_hand_is_not_made_to_wait(
    world: Any, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put("orders-1.csv", orders_csv([a_paper()]))
    with monkeypatch.context() as patch:
        patch.setattr(inbound, "receive_orders", lambda *_, **__: 1 / 0)
        folder.read()

    assert folder.read()["orders"].taken == 1


def test_rests_grow_to_ten_minutes() -> None:
    assert [rest_after(count).total_seconds() for count in (1, 2, 3, 8, 100)] == [5, 10, 20, 600, 600]


class Faulty:
    """A connector whose orders feed fails after its first page."""

    def __init__(self, real: FilesConnector) -> None:
        self.real = real
        self.capabilities = real.capabilities
        self.settle = real.settle

    def read(self, feed: Feed, since: Cursor | None) -> Iterator[Page]:
        for number, page in enumerate(self.real.read(feed, since)):
            if number == 1:
                raise Transient("The network went away.")
            yield page


def test_a_feed_that_fails_half_way_keeps_what_it_had_and_goes_on_next_time(
    world: Any, folder: Folder
) -> None:
    papers = [a_paper(f"45-{number}") for number in range(1, 6)]
    folder.put("orders-1.csv", orders_csv(papers))

    (failed,) = read_feeds(Faulty(folder.connector), clock=lambda: MONDAY)  # type: ignore[arg-type]
    runs = folder.read()

    assert (failed.state, failed.reason) == (RunState.FAILED, "The network went away.")
    assert failed.taken + runs["orders"].taken == 5
    with acting(FEED):
        assert PurchaseOrder.objects.count() == 5


def test_problems_are_told_in_the_readers_language(world: Any, folder: Folder) -> None:
    folder.put("orders-1.csv", orders_csv([a_paper()]).replace("2026-04-01", "01.04.2026", 1))

    run = folder.read()["orders"]

    with acting(FEED):
        row = FeedProblem.objects.filter(run=run).first()
        assert row is not None
    assert isinstance(row.problem, Problem)
    assert row.problem.explain().startswith("“01.04.2026” is not a date as YYYY-MM-DD")


def test_no_supplier_sees_what_the_feeds_told(world: Any, people: Any, folder: Folder) -> None:
    folder.put("orders-1.csv", orders_csv([a_paper(supplier="NOBODY")]))
    folder.read()

    for record in (FeedRun, FeedProblem):
        with pytest.raises(ProgrammingError, match="permission denied"), acting(people["asha"].actor):
            record.objects.count()
    with acting(people["ines"].actor):
        assert FeedRun.objects.count() == 1


def test_without_a_scope_nothing_is_taken(world: Any) -> None:
    from procurement.erp.services import take_up_command

    with pytest.raises(NoScope):
        take_up_command(None)  # type: ignore[arg-type]


# --- from the command line ----------------------------------------------------------------------------------


def import_orders(*args: str) -> str:
    out = StringIO()
    call_command("import_orders", *args, stdout=out)
    return out.getvalue()


def test_the_command_reads_once_and_prints_its_report(world: Any, folder: Folder, settings: Any) -> None:
    settings.ERP_FILES_ROOT = folder.root
    folder.put("orders-1.csv", orders_csv([a_paper("45-1"), a_paper("45-2", supplier="NOBODY")]))
    quiet(folder)

    told = import_orders()

    assert "orders: 2 read, 1 taken, 0 unchanged, 1 refusals, 2 notices" in told
    assert "refused orders-1.csv row 4 NM / 45-2" in told
    assert import_orders("orders") == "Nothing was waiting.\n"


def quiet(folder: Folder) -> None:
    """Let the files look as if nobody had touched them for a while."""
    import os
    import time

    for path in (folder.root / "in").iterdir():
        os.utime(path, (time.time() - 60, time.time() - 60))


def test_the_command_fails_where_a_feed_failed(
    world: Any, folder: Folder, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ERP_FILES_ROOT = folder.root
    folder.put("orders-1.csv", orders_csv([a_paper()]))
    quiet(folder)
    monkeypatch.setattr(inbound, "receive_orders", lambda *_, **__: 1 / 0)

    with pytest.raises(CommandError):
        import_orders()


# --- real input ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_adventure_works_stands_in_the_portal_with_its_own_sums(db: None, folder: Folder) -> None:
    works = AdventureWorks(shared_data("adventureworks_purchasing"))
    for feed, papers in works.master_data().items():
        folder.put(f"{feed}.csv", feed_csv(feed, papers))
    folder.put("orders.csv", works.orders_csv())

    runs = {
        run.feed: run
        for run in read_feeds(FilesConnector(folder.root, quiet=timedelta(0)), clock=lambda: MONDAY)
    }

    assert {feed: run.refused for feed, run in runs.items()} == dict.fromkeys(runs, 0)
    orders, lines, quantity, value, last = works.sums()
    with acting(FEED):
        stored = PurchaseOrderLine.objects.values_list("quantity", "price", "delivery_on")
        assert (PurchaseOrder.objects.count(), len(stored)) == (orders, lines)
        assert sum((one[0] for one in stored), Decimal(0)) == quantity
        assert sum((one[0] * one[1] for one in stored), Decimal(0)) == value
        assert max(one[2] for one in stored) == last
        assert PurchaseOrder.objects.exclude(content_hash="").count() == orders
    assert content_hash(a_paper()) == content_hash(a_paper())
