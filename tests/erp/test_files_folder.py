"""The drop folder: half a copy is never read, a crash loses nothing, what is refused is put in order."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from procurement.erp.connectors.files import FilesConnector, folder
from procurement.erp.connectors.files.folder import MANIFEST, feed_of, read_manifest, write_manifest
from procurement.erp.connectors.files.writing import feed_csv, orders_csv
from procurement.erp.ports import (
    Busy,
    Feed,
    Outcome,
    PermissionRefused,
    Transient,
    ValidationRefused,
)
from procurement.erp.pretend import PretendErp
from procurement.erp.problems import Problem
from procurement.orders.messages import OrderPaper
from tests.erp.papers import MASTER_DATA, a_piece, a_promise, an_order

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class Crash(BaseException):
    """The process ends here."""


class Drop:
    """A drop folder under test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.offset = timedelta(0)
        (root / "in").mkdir(parents=True)

    def connector(self, **changes: Any) -> FilesConnector:
        settings = {"quiet": timedelta(0), "page_size": 2, "clock": self.clock}
        return FilesConnector(self.root, **settings | changes)

    def clock(self) -> datetime:
        # File times come from the machine's clock; ours runs with it, ahead of it where a test says so.
        return datetime.now(UTC) + self.offset

    def put(self, name: str, text: str | bytes) -> Path:
        path = self.root / "in" / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def read(self, feed: Feed = Feed.ORDERS, **changes: Any) -> tuple[list[str], list[str]]:
        """Names of the records that arrived, and rules of what was found."""
        connector = self.connector(**changes)
        names: list[str] = []
        rules: list[str] = []
        for page in connector.read(feed, None):
            names += [getattr(one.paper, "number", getattr(one.paper, "code", "")) for one in page.sightings]
            rules += [problem.rule for problem in page.problems]
            connector.settle(page)
        return names, rules

    def files(self, *parts: str) -> list[str]:
        """Every file below a folder, by its name."""
        found = self.root.joinpath(*parts).rglob("*")
        return sorted(path.name for path in found if path.is_file() and path.name != ".reader.lock")


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    return Drop(tmp_path / "erp")


ORDERS = [an_order(f"45-{number}") for number in range(5)]
NUMBERS = [order.number for order in ORDERS]


# --- names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "feed"),
    [
        ("orders.csv", Feed.ORDERS),
        ("orders-20260302.csv", Feed.ORDERS),
        ("supplier_sites.csv", Feed.SUPPLIER_SITES),
        ("night-1.orders.csv", Feed.ORDERS),
        ("Orders.csv", None),
        ("orders.csv.part", None),
        ("orders.txt", None),
        ("bestellungen.csv", None),
        ("../orders.csv", None),
        ("night.1.orders.csv", None),
    ],
)
def test_the_name_of_a_file_says_what_it_is(name: str, feed: Feed | None) -> None:
    assert feed_of(name) is feed


# --- when a file is read ------------------------------------------------------------------------------------


def test_a_lone_file_is_read_and_archived_under_its_day(drop: Drop) -> None:
    drop.put("orders-1.csv", orders_csv(ORDERS))

    assert drop.read() == (NUMBERS, [])
    assert drop.files("in") == []
    (archived,) = drop.root.glob("archive/*/*/orders-1.csv")
    assert archived.parent.parent.name == f"{datetime.now(UTC):%Y-%m-%d}"


@pytest.mark.parametrize("name", ["orders.csv.part", "orders.csv.tmp", ".orders.csv", "orders.csv.filepart"])
def test_a_file_that_is_still_being_written_is_left_alone(drop: Drop, name: str) -> None:
    drop.put(name, orders_csv(ORDERS))
    drop.offset = timedelta(days=1)

    assert drop.read() == ([], [])
    assert drop.files("in") == [name]


def test_a_lone_file_is_read_only_once_it_was_left_alone(drop: Drop) -> None:
    drop.put("orders.csv", orders_csv(ORDERS))

    assert drop.read(quiet=timedelta(seconds=30)) == ([], [])
    drop.offset = timedelta(seconds=31)
    assert drop.read(quiet=timedelta(seconds=30)) == (NUMBERS, [])


@pytest.mark.parametrize(
    ("written", "first"),
    [
        ({"orders-9.csv": 1000, "orders-10.csv": 2000}, "orders-9.csv"),
        ({"orders-9.csv": 2000, "orders-10.csv": 1000}, "orders-10.csv"),
        ({"orders-9.csv": 1000, "orders-10.csv": 1000}, "orders-9.csv"),
        ({"orders-b.csv": 1000, "orders.csv": 1001}, "orders-b.csv"),
    ],
)
def test_files_that_waited_are_read_in_the_order_they_were_written(
    drop: Drop, written: dict[str, int], first: str
) -> None:
    at = datetime.now(UTC)
    for name, moment in written.items():
        os.utime(drop.put(name, orders_csv([replace(ORDERS[0], number=name)])), (moment, moment))

    names, _rules = drop.read(clock=lambda: at)  # however fast they are claimed

    assert names[0] == first
    assert sorted(names) == sorted(written)


def test_a_link_is_not_followed(drop: Drop, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(orders_csv(ORDERS))
    (drop.root / "in" / "orders.csv").symlink_to(secret)

    assert drop.read() == ([], [])


def batch(drop: Drop, name: str = "night", **files: str) -> Path:
    names = []
    for feed, text in files.items():
        names.append(f"{name}.{feed}.csv")
        drop.put(names[-1], text)
    return write_manifest(drop.root / "in", name, names, made_at=START)


def test_a_batch_is_read_when_its_manifest_is_there(drop: Drop) -> None:
    drop.put("night.orders.csv", orders_csv(ORDERS))
    assert drop.read() == ([], [])

    batch(drop, orders=orders_csv(ORDERS))

    assert drop.read() == (NUMBERS, [])
    assert drop.files("archive") == ["night.manifest.json", "night.orders.csv"]


def test_half_a_copy_is_never_read(drop: Drop) -> None:
    whole = orders_csv(ORDERS)
    batch(drop, orders=whole)

    for length in range(0, len(whole), 97):
        drop.put("night.orders.csv", whole[:length])
        assert drop.read() == ([], [])

    drop.put("night.orders.csv", whole)
    assert drop.read() == (NUMBERS, [])


def test_a_batch_that_stays_incomplete_is_moved_aside_with_the_reason(drop: Drop) -> None:
    batch(drop, orders=orders_csv(ORDERS), suppliers=feed_csv(Feed.SUPPLIERS, MASTER_DATA[Feed.SUPPLIERS]))
    (drop.root / "in" / "night.suppliers.csv").unlink()
    assert drop.read() == ([], [])

    drop.offset = timedelta(hours=2)

    assert drop.read() == ([], ["batch_incomplete"])
    assert drop.files("in") == []
    rejected = drop.files("rejected")
    assert rejected == [
        "night.manifest.json",
        "night.manifest.json.report.csv",
        "night.manifest.json.report.txt",
        "night.orders.csv",
    ]
    (report,) = drop.root.glob("rejected/*/*/*.report.txt")
    assert "night.suppliers.csv is missing" in report.read_text()


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        '{"files":' + "[" * 400_000,
        '{"files":' + "1" * 5_000 + "}",
        "[]",
        "{}",
        '{"files": []}',
        '{"files": [{"name": "night.orders.csv"}]}',
        '{"files": [{"name": "../../etc/passwd", "rows": 1, "sha256": "x"}]}',
        '{"files": [{"name": "other.orders.csv", "rows": 1, "sha256": "x"}]}',
        '{"files": [{"name": "night.orders.csv", "rows": "1", "sha256": "x"}]}',
    ],
)
def test_a_manifest_that_is_none_is_moved_aside(drop: Drop, content: str) -> None:
    drop.put(f"night{MANIFEST}", content)
    drop.put("night.orders.csv", orders_csv(ORDERS))
    drop.offset = timedelta(hours=2)

    assert drop.read() == ([], ["bad_manifest"])
    assert drop.files("in") == []


def test_a_manifest_counts_rows_without_the_header(drop: Drop) -> None:
    manifest = batch(drop, orders=orders_csv(ORDERS))

    (listed,) = read_manifest(manifest)

    assert (listed.name, listed.rows) == ("night.orders.csv", 10)
    assert json.loads(manifest.read_text())["made_at"] == "2026-03-02T09:30:00+00:00"


def test_a_file_of_no_feed_is_moved_aside_with_a_report(drop: Drop) -> None:
    drop.put("orders.xlsx", b"PK\x03\x04")
    drop.offset = timedelta(minutes=1)

    assert drop.read() == ([], ["unknown_file"])
    assert drop.files("rejected") == ["orders.xlsx", "orders.xlsx.report.csv", "orders.xlsx.report.txt"]


def test_a_suppliers_file_is_read_before_the_orders_that_need_it(drop: Drop) -> None:
    batch(drop, orders=orders_csv(ORDERS), suppliers=feed_csv(Feed.SUPPLIERS, MASTER_DATA[Feed.SUPPLIERS]))

    assert drop.read(Feed.ORDERS) == ([], [])
    assert drop.read(Feed.SUPPLIERS) == (["70012", "70013"], [])
    assert drop.read(Feed.ORDERS) == (NUMBERS, [])


def test_two_readers_do_not_read_at_once(drop: Drop) -> None:
    drop.put("orders.csv", orders_csv(ORDERS))
    first = drop.connector().read(Feed.ORDERS, None)
    next(first)

    with pytest.raises(Busy):
        drop.read()


# --- what is refused ----------------------------------------------------------------------------------------


def test_a_file_with_refused_orders_is_set_aside_and_the_good_ones_are_taken(drop: Drop) -> None:
    drop.put("orders-1.csv", orders_csv(ORDERS).replace("45-3,", "45-3,70012", 1))

    names, rules = drop.read()

    assert names == [number for number in NUMBERS if number != "45-3"]
    assert rules[-1] == "order_refused"
    assert drop.files("rejected") == [
        "orders-1.csv",
        "orders-1.csv.report.csv",
        "orders-1.csv.report.txt",
        "orders-refused.csv",
    ]


def test_a_corrected_file_of_refused_rows_can_be_dropped_in_as_it_is(drop: Drop) -> None:
    drop.put("orders-1.csv", orders_csv(ORDERS).replace("2026-05-11", "11.05.2026", 1))
    drop.read()
    (refused,) = drop.root.glob("rejected/*/*/orders-refused.csv")

    drop.put(refused.name, refused.read_text().replace("11.05.2026", "2026-05-11"))

    assert drop.read() == (["45-0"], [])


def test_what_the_portal_refuses_is_in_the_report_too(drop: Drop) -> None:
    drop.put("orders-1.csv", orders_csv(ORDERS))
    connector = drop.connector()
    for page in connector.read(Feed.ORDERS, None):
        refused = [
            Problem(
                "refused_by_portal",
                one.source,
                one.row,
                "supplier",
                "70012",
                "NM / 45-4",
                {"reason": "Unknown."},
            )
            for one in page.sightings
            if isinstance(one.paper, OrderPaper) and one.paper.number == "45-4"
        ]
        connector.settle(page, refused)

    (report,) = drop.root.glob("rejected/*/*/*.report.txt")
    (again,) = drop.root.glob("rejected/*/*/orders-refused.csv")
    assert "4 records were taken." in report.read_text()
    assert "Unknown." in report.read_text()
    assert again.read_text().count("45-4") == 2


def test_a_report_cannot_run_anything_in_a_spreadsheet(drop: Drop) -> None:
    drop.put("orders-1.csv", orders_csv(ORDERS).replace("240", "=cmd|' /C calc'!A0", 1))
    drop.read()

    (table,) = drop.root.glob("rejected/*/*/*.report.csv")

    assert ",'=cmd|" in table.read_text(encoding="utf-8-sig")


def test_only_noticed_files_go_to_the_archive_with_what_was_noticed(drop: Drop) -> None:
    text = orders_csv(ORDERS[:1]).splitlines(keepends=True)
    drop.put("orders-1.csv", "".join([*text, text[-1]]))

    assert drop.read() == (["45-0"], ["repeated_row"])
    assert drop.files("rejected") == []
    assert drop.files("archive") == ["orders-1.csv", "orders-1.csv.report.csv", "orders-1.csv.report.txt"]


def test_findings_beyond_the_limit_are_counted(drop: Drop) -> None:
    from procurement.erp.connectors.files.rows import Limits

    drop.put("suppliers.csv", "number,name\n" + ",nobody\n" * 30)

    _, rules = drop.read(Feed.SUPPLIERS, limits=Limits(problems=10))

    (report,) = drop.root.glob("rejected/*/*/*.report.txt")
    assert len(rules) == 10
    assert "20 more findings are not listed." in report.read_text()


# --- crashes ------------------------------------------------------------------------------------------------


class CrashAt:
    """Let so many steps on disk happen, then end the process before the next."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
        self.left = steps
        self.reached = 0
        replace, mkdir, unlink = os.replace, os.mkdir, Path.rmdir
        monkeypatch.setattr(folder.os, "replace", self._counting(replace))
        monkeypatch.setattr(folder.os, "mkdir", self._counting(mkdir))
        monkeypatch.setattr(Path, "rmdir", self._counting(unlink))

    def _counting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            if self.reached >= self.left:
                raise Crash
            self.reached += 1
            return function(*args, **kwargs)

        return counted


@pytest.mark.parametrize("spoilt", [False, True], ids=["clean", "with a refused order"])
def test_a_crash_at_any_step_of_reading_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoilt: bool
) -> None:
    text = orders_csv(ORDERS)
    if spoilt:
        text = text.replace("2026-05-11", "11.05.2026", 1)
    wanted = set(NUMBERS[1:] if spoilt else NUMBERS)
    points = 0
    for point in range(100):
        drop = Drop(tmp_path / str(point))
        batch(drop, orders=text)
        seen: set[str] = set()
        crashed = False

        def read(drop: Drop = drop, seen: set[str] = seen) -> None:
            connector = drop.connector()
            for page in connector.read(Feed.ORDERS, None):
                seen |= {one.paper.number for one in page.sightings}  # type: ignore[union-attr]
                connector.settle(page)

        with monkeypatch.context() as patch:
            CrashAt(patch, point)
            try:
                read()
            except Crash:
                crashed = True
                points += 1
        read()

        assert seen == wanted, point
        assert drop.files("in") == [], point
        where = "rejected" if spoilt else "archive"
        assert [name for name in drop.files(where) if name == "night.orders.csv"] == ["night.orders.csv"], (
            point
        )
        assert drop.files("archive")[:1] == ["night.manifest.json"], point
        if not crashed:
            break
    assert points >= 8


def test_a_crash_at_any_step_of_writing_sends_the_command_exactly_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = 0
    for point in range(100):
        drop = Drop(tmp_path / str(point))
        crashed = False
        with monkeypatch.context() as patch:
            CrashAt(patch, point)
            try:
                drop.connector().write_promise(a_promise(an_order()))
            except Crash:
                crashed = True
                points += 1
        assert drop.connector().write_promise(a_promise(an_order())).outcome is Outcome.SENT

        assert drop.files("out") == ["promise-c-1.manifest.json", "promise-c-1.promises.csv"], point
        assert drop.connector().find_command("c-1") is not None
        if not crashed:
            break
    assert points >= 5


def test_a_crash_at_any_step_of_the_pretend_erp_carries_out_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = 0
    for point in range(100):
        drop = Drop(tmp_path / str(point))
        erp = PretendErp(drop.root)
        erp.put_orders([an_order()])
        drop.connector().write_promise(a_promise(an_order()))
        crashed = False
        with monkeypatch.context() as patch:
            CrashAt(patch, point)
            try:
                erp.work()
            except Crash:
                crashed = True
                points += 1
        erp.work()

        held = erp.order("NM", an_order().number)
        assert (held.revision, held.lines[0].delivery_on.isoformat()) == ("2", "2026-05-18"), point
        assert drop.files("out") == ["promise-c-1.manifest.json", "promise-c-1.promises.csv"], point
        assert drop.read()[0], point
        if not crashed:
            break
    assert points >= 5


# --- writing ------------------------------------------------------------------------------------------------


def test_a_promise_is_a_batch_of_its_own(drop: Drop) -> None:
    order = an_order()
    pieces = {"00010": (a_piece(order.lines[0]), a_piece(order.lines[0], kind="refuse", delivery_on=None))}

    result = drop.connector().write_promise(a_promise(order, pieces, supplier_reference="SO-1"))

    header, *rows = (drop.root / "out" / "promise-c-1.promises.csv").read_text().splitlines()
    assert result.reference == "promise-c-1"
    assert header.startswith(
        "command_key,company,order_number,supplier,base_revision,supplier_reference,line_key"
    )
    assert rows == [
        "c-1,NM,4500012345,70012,1,SO-1,00010,10,240,18.4,1,2026-05-11,1,accept,240,2026-05-11,18.4,1,,,,",
        "c-1,NM,4500012345,70012,1,SO-1,00010,10,240,18.4,1,2026-05-11,2,refuse,240,,18.4,1,,,,",
    ]


def test_a_second_delivery_writes_no_second_file_even_when_the_erp_has_taken_the_first(drop: Drop) -> None:
    drop.connector().write_promise(a_promise(an_order()))
    for path in (drop.root / "out").iterdir():
        path.unlink()

    drop.connector().write_promise(a_promise(an_order()))

    assert drop.files("out") == []


def test_one_key_with_two_contents_is_refused(drop: Drop) -> None:
    drop.connector().write_promise(a_promise(an_order()))

    with pytest.raises(ValidationRefused):
        drop.connector().write_promise(a_promise(an_order(), supplier_reference="other"))


@pytest.mark.parametrize("key", ["", "../x", "a/b", "a" * 65, ".hidden", "a\nb"])
def test_a_key_cannot_leave_the_folder(drop: Drop, key: str) -> None:
    with pytest.raises(ValidationRefused):
        drop.connector().write_promise(a_promise(an_order(), key=key))


def test_a_full_disk_is_a_passing_fault(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    drop.connector().discover()
    monkeypatch.setattr(folder.os, "fsync", full)

    with pytest.raises(Transient) as caught:
        folder.write_file(drop.root / "out" / "x.csv", b"x")

    assert "No space left on device" in caught.value.reason


def test_a_folder_that_may_not_be_written_is_a_matter_of_rights(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop.connector().discover()
    monkeypatch.setattr("os.access", lambda *_: False)

    with pytest.raises(PermissionRefused):
        drop.connector().discover()
