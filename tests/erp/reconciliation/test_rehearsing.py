"""A dry run of a first sync says what it would do, and does nothing."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.catalogue.messages import SupplierItemPaper
from procurement.catalogue.models import Company, Item
from procurement.erp.models import FeedCursor, FeedRun
from procurement.erp.ports import Feed, Transient
from procurement.erp.reconciliation.models import Rehearsal
from procurement.erp.reconciliation.rehearsing import FeedReport, rehearse
from procurement.erp.reconciliation.services import RehearsalUnderWay, ask_rehearsal
from procurement.orders.models import PurchaseOrder
from suppliers.models import Supplier
from tests.builders.world import MONDAY, a_line, a_paper, receive
from tests.erp.papers import MASTER_DATA, an_order
from tests.erp.reconciliation.erp import FolderErp, LiveErp
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def made(erp: Any) -> Rehearsal:
    with acting(FEED):
        rehearsal = ask_rehearsal(actor=FEED, at=MONDAY)
    return rehearse(getattr(erp, "connector", erp), rehearsal, clock=lambda: MONDAY)


def figures(rehearsal: Rehearsal) -> dict[str, tuple[int, ...]]:
    names = ("papers", "new", "changed", "unchanged", "refused")
    return {report["feed"]: tuple(report[name] for name in names) for report in rehearsal.report}


def report_of(rehearsal: Rehearsal, feed: str) -> Mapping[str, Any]:
    (report,) = (one for one in rehearsal.report if one["feed"] == feed)
    return report


def files_below(root: Path) -> dict[str, bytes]:
    hidden = {".reader.lock"}
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name not in hidden
    }


def test_a_first_sync_into_an_empty_portal(db: None, tmp_path: Path) -> None:
    folder = FolderErp(tmp_path / "erp", lambda: MONDAY)
    folder.erp.export({**MASTER_DATA, Feed.ORDERS: [an_order("45-1"), an_order("45-2", supplier="70099")]})
    before = files_below(folder.erp.root)

    rehearsal = made(folder)

    assert (rehearsal.state, rehearsal.reason) == ("done", "")
    assert figures(rehearsal) == {
        "companies": (1, 1, 0, 0, 0),
        "units": (2, 2, 0, 0, 0),
        "sites": (1, 1, 0, 0, 0),
        "suppliers": (2, 2, 0, 0, 0),
        "supplier_sites": (1, 1, 0, 0, 0),
        "items": (2, 2, 0, 0, 0),
        "supplier_items": (1, 1, 0, 0, 0),
        "orders": (2, 1, 0, 0, 1),
    }
    orders = report_of(rehearsal, "orders")
    assert orders["examples"] == {"new": ["NM / 45-1"], "refused": ["NM / 45-2"]}
    (sentence,) = orders["sentences"]
    assert sentence["facts"] == {
        "reason": "70099 is not known here. Send its master data first, or correct the code."
    }
    assert (sentence["count"], sentence["records"]) == (1, ["NM / 45-2"])
    assert files_below(folder.erp.root) == before
    with acting(FEED):
        for table in (Company, Supplier, Item, PurchaseOrder, FeedRun, FeedCursor):
            assert table.objects.count() == 0, table


def test_what_is_here_is_told_apart(world: Any) -> None:
    receive(a_paper("45-1"), a_paper("45-2"))
    erp = LiveErp(a_paper("45-1"), replace(a_paper("45-2"), note="Call first."), a_paper("45-3"))

    rehearsal = made(erp)

    assert figures(rehearsal) == {"orders": (3, 1, 1, 1, 0)}
    assert report_of(rehearsal, "orders")["examples"] == {
        "new": ["NM / 45-3"],
        "changed": ["NM / 45-2"],
        "unchanged": ["NM / 45-1"],
    }
    with acting(FEED):
        assert PurchaseOrder.objects.count() == 2
        assert PurchaseOrder.objects.get(number="45-2").note == ""


def test_rows_that_cannot_be_read_are_refused_with_their_sentence(world: Any, tmp_path: Path) -> None:
    folder = FolderErp(tmp_path / "erp", timezone.now)
    folder.erp.put_orders([a_paper("45-1"), a_paper("45-2", lines=[a_line(10, price=Decimal("9.99"))])])
    folder.erp.export_orders()
    (path,) = folder.erp.inbox.glob("*.csv")
    lone = folder.erp.inbox / "orders.csv"
    lone.write_text(path.read_text().replace("9.99", "a lot"))
    for part in folder.erp.inbox.glob("erp-*"):
        part.unlink()
    before = files_below(folder.erp.root)

    rehearsal = made(folder)

    assert figures(rehearsal)["orders"] == (2, 1, 0, 0, 1)
    sentences = report_of(rehearsal, "orders")["sentences"]
    said = [(one["rule"], one["column"], one["value"], one["records"]) for one in sentences]
    assert said == [
        ("placeholder_number", "price", "a lot", ["NM / 45-2"]),
        ("order_refused", "", "", ["NM / 45-2"]),
    ]
    assert files_below(folder.erp.root) == before


def test_a_record_that_the_database_will_not_have_costs_no_other(world: Any, tmp_path: Path) -> None:
    erp = LiveErp(a_paper("45-1"), a_paper("45-2", buyer_name="B" * 200))

    rehearsal = made(erp)

    assert figures(rehearsal) == {"orders": (2, 1, 0, 0, 1)}


def test_an_item_of_a_supplier_nobody_knows(db: None, tmp_path: Path) -> None:
    folder = FolderErp(tmp_path / "erp", lambda: MONDAY)
    terms = [SupplierItemPaper("70012", "V-2040"), SupplierItemPaper("70099", "V-2040")]
    folder.erp.export({**MASTER_DATA, Feed.SUPPLIER_ITEMS: terms})

    assert figures(made(folder))["supplier_items"] == (2, 1, 0, 0, 1)


def test_it_says_why_it_did_not_get_to_its_end(world: Any) -> None:
    class Away(LiveErp):
        def peek(self, feed: Feed) -> Any:
            raise Transient("Nobody answers.")

    rehearsal = made(Away())

    assert (rehearsal.state, rehearsal.reason) == ("failed", "Nobody answers.")


def test_one_at_a_time(world: Any) -> None:
    with acting(FEED):
        ask_rehearsal(actor=FEED, at=MONDAY)
    with pytest.raises(RehearsalUnderWay), acting(FEED):
        ask_rehearsal(actor=FEED, at=MONDAY)


def test_the_erp_is_asked_outside_any_transaction(world: Any) -> None:
    class Watched(LiveErp):
        inside: list[bool] = []

        def peek(self, feed: Feed) -> Any:
            self.inside.append(connection.in_atomic_block)
            return super().peek(feed)

    made(Watched(a_paper()))

    assert Watched.inside == [False]


def test_of_very_many_reasons_the_first_are_kept() -> None:
    from procurement.erp.problems import Problem

    report = FeedReport("orders")
    for number in range(30):
        report.refuse(Problem("refused_by_portal", record=f"45-{number}", facts={"reason": f"No {number}."}))
    for number in range(7):
        report.refuse(Problem("refused_by_portal", record=f"46-{number}", facts={"reason": "No 0."}))

    assert (len(report.sentences), report.unlisted) == (20, 10)
    assert (report.sentences[0].count, len(report.sentences[0].records)) == (8, 5)


def test_the_command_prints_the_report(world: Any, tmp_path: Path, settings: Any) -> None:
    settings.ERP_FILES_ROOT = tmp_path / "erp"
    folder = FolderErp(tmp_path / "erp", lambda: MONDAY)
    folder.erp.export({Feed.ORDERS: [a_paper("45-1"), a_paper("45-2", supplier="NOBODY")]})
    printed = StringIO()

    call_command("rehearse_sync", stdout=printed)

    text = printed.getvalue()
    assert "orders: 2 would be read: 1 new, 0 changed, 0 unchanged, 1 refused" in text
    assert "1 × NOBODY is not known here." in text


def test_the_command_says_that_one_is_going_on(world: Any) -> None:
    with acting(FEED):
        ask_rehearsal(actor=FEED, at=MONDAY)

    with pytest.raises(CommandError, match="going on already"):
        call_command("rehearse_sync")
