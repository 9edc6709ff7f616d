"""The bench does not rot: a few seconds of it, on a small company, from the first server to the last figure."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import date

import pytest

from portal.embedded.places import ROOT
from tests.bench import report
from tests.bench.client import read_answer
from tests.bench.company import BIG, LITTLE, TABLES, TINY, make, orders_each
from tests.bench.pages import without_lists
from tests.thoroughly import EVERYTHING


@pytest.mark.parametrize("size", [BIG, LITTLE, *TINY], ids=lambda size: f"{size.lines} lines")
def test_each_supplier_has_orders_and_together_they_are_as_many_as_wanted(size):
    counts = orders_each(size)

    assert len(counts) == size.suppliers
    assert min(counts) > 0
    assert counts[1:3] == [size.stock, size.export // 5]
    assert abs(sum(counts) - size.orders) < 0.03 * size.orders


def test_every_row_has_a_value_for_each_column_and_what_is_exported_is_as_long_as_said():
    exported = 0
    for rows in make(TINY[0], date(2026, 3, 2)):
        for table, lines in rows.of.items():
            assert {line.count("\t") + 1 for line in lines} <= {len(TABLES[table].split())}
        exported += sum(line.split("\t")[1] == "3" for line in rows.of["procurement_purchaseorderline"])

    assert exported == TINY[0].export


def test_the_client_reads_what_comes_in_pieces_and_every_cookie():
    wire = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/\r\n"
    wire += b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"

    answer = read_answer(io.BytesIO(wire), lambda: None)

    assert (answer.status, answer.body) == (200, b"abcde")
    assert answer.headers["set-cookie"] == "a=1; Path=/; \nb=2; Path=/; "


def test_a_plan_names_three_of_many_keys():
    told = "Index Cond: (line_id = ANY ('{11,12,13,14,15,16,17}'::bigint[])) AND supplier_id IN (1, 2, 3)"

    assert without_lists(told) == (
        "Index Cond: (line_id = ANY ('{11,12,13,…}'::bigint[])) AND supplier_id IN (1, 2, 3)"
    )


def test_what_was_measured_elsewhere_stays_on_the_page():
    former = "Old words.\n\n## Pages\n\n12 ms\n\n## The outbox\n\n30 a second\n"
    new = "New words.\n\n## The outbox\n\n40 a second\n\n## Plans\n\nan index\n"

    assert report.beside_former(new, former) == (
        "New words.\n\n## Pages\n\n12 ms\n\n## The outbox\n\n40 a second\n\n## Plans\n\nan index\n"
    )


@pytest.mark.slow
def test_a_small_bench_measures_and_touches_only_its_own_folder(tmp_path):
    rest = ("import", "outbox", "mails", "shipments", "dock", "matching", "payables", "invoice", "suppliers")
    parts = ("pages", "rules", *(rest if EVERYTHING else ()))
    before = report.DOCUMENT.read_bytes()
    tmp_path.chmod(0o755)
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_", "QUAYSIDE_MODE"))
    }

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.bench",
            "--home",
            str(tmp_path / "bench"),
            *parts,
        ],
        env=env | {"SMALL": "1", "ARGS": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    found = json.loads((tmp_path / "bench" / "results.json").read_text())
    pages = found["pages"]["found"]
    assert len(pages) == 9
    for page in pages.values():
        for size in page["sizes"].values():
            assert size["asked"] > 0
            assert size["queries"] > 4
    assert [one["rules"] for one in found["rules"]["found"]["sizes"]] == [5, 50, 500]
    assert "## Plans" in done.stdout
    assert report.DOCUMENT.read_bytes() == before
    assert set(found) >= set(parts)
    if not EVERYTHING:
        return
    assert found["import"]["found"]["lines"] >= 100
    assert found["outbox"]["found"]["erp"]["messages"] == 20
    assert found["mails"]["found"]["per_second"] > 1
    assert found["shipments"]["found"]["cartons"] == 20
    assert (found["dock"]["found"]["notices"], found["dock"]["found"]["counted"]) == (10, 10)
    matched = found["matching"]["found"]
    assert matched["lines"] >= 100
    assert matched["approved"] == matched["kept"] == matched["invoices"]
    desk = found["payables"]["found"]
    assert (desk["invoices"], desk["papers"]) == (300, 2)
    assert set(desk["per_second"]) == {"as PDF", "as Factur-X", "Factur-X read and checked"}
    long = found["invoice"]["found"]["sizes"]
    assert {lines: len(steps) for lines, steps in long.items()} == {"10": 6, "20": 6}
    many = found["suppliers"]["found"]
    assert (many["suppliers"], many["runs"], many["screened"]) == (400, 400, 406)
    assert set(many["invited"]) == {"10", "100"}
