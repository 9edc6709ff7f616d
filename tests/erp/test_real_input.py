"""Real input through the files connector: counts and sums as in the source, oddities as a report to use."""

import csv
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from procurement.erp.connectors.files import FilesConnector, kinds
from procurement.erp.connectors.files.cells import read_cells
from procurement.erp.connectors.files.formats import ORDERS, Column, Format
from procurement.erp.connectors.files.report import report_text
from procurement.erp.connectors.files.rows import Row, open_table
from procurement.erp.connectors.files.writing import to_csv
from procurement.erp.ports import Feed
from procurement.erp.problems import Problem
from procurement.orders.messages import OrderPaper
from tests.erp.real_input import AdventureWorks, scms_rows, shared_data

pytestmark = pytest.mark.slow


@pytest.fixture
def adventure_works() -> AdventureWorks:
    return AdventureWorks(shared_data("adventureworks_purchasing"))


def read_orders(root: Path) -> tuple[list[OrderPaper], list[Problem]]:
    connector = FilesConnector(root, quiet=timedelta(0))
    orders: list[OrderPaper] = []
    problems: list[Problem] = []
    for page in connector.read(Feed.ORDERS, None):
        orders += [sighting.paper for sighting in page.sightings if isinstance(sighting.paper, OrderPaper)]
        problems += page.problems
        connector.settle(page)
    return orders, problems


def drop(root: Path, name: str, text: str) -> Path:
    (root / "in").mkdir(parents=True, exist_ok=True)
    path = root / "in" / name
    path.write_text(text, encoding="utf-8")
    return path


def test_adventure_works_arrives_whole(adventure_works: AdventureWorks, tmp_path: Path) -> None:
    drop(tmp_path, "orders-adventure-works.csv", adventure_works.orders_csv())

    orders, problems = read_orders(tmp_path)

    lines = [line for order in orders for line in order.lines]
    # The source repeats a line three times in its order 4008: taken, and pointed out.
    assert [(one.rule, one.record) for one in problems] == [("twin_lines", "AW / 4008")] * 3
    assert (
        len(orders),
        len(lines),
        sum((line.quantity for line in lines), Decimal(0)),
        sum((line.quantity * line.price for line in lines), Decimal(0)),
        max(line.delivery_on for line in lines),
    ) == adventure_works.sums()
    assert (len(orders), len(lines)) == (4012, 8845)
    assert list(tmp_path.glob("archive/*/*/orders-adventure-works.csv"))


def test_adventure_works_arrives_whole_however_it_is_sorted(
    adventure_works: AdventureWorks, tmp_path: Path
) -> None:
    rows = sorted(adventure_works.order_rows(), key=lambda row: (row["item_number"], row["line_key"]))
    drop(tmp_path, "orders-by-item.csv", to_csv(ORDERS, rows, separator=";"))

    orders, problems = read_orders(tmp_path)

    assert {one.rule for one in problems} == {"twin_lines"}
    assert (len(orders), sum(len(order.lines) for order in orders)) == (4012, 8845)


# --- SCMS: placeholders in date columns, missing quantities, duplicate rows ---------------------------------


@pytest.fixture
def scms() -> Path:
    return shared_data("scms")


def scms_as_orders(scms: Path) -> str:
    """The deliveries as somebody in a hurry would export them: the columns renamed, nothing cleaned."""
    numbers: Counter[str] = Counter()
    rows = []
    for row in scms_rows(scms):
        numbers[row["PO / SO #"]] += 1
        rows.append(
            {
                "company": "SCMS",
                "order_number": row["PO / SO #"],
                "supplier": row["Vendor"][:40],
                "currency": "USD",
                "ordered_on": row["PO Sent to Vendor Date"],
                "line_key": row["ID"],
                "line_number": numbers[row["PO / SO #"]],
                "item_number": f"{row['Molecule/Test Type'][:40]} {row['Dosage'][:19]}".strip(),
                "description": row["Item Description"],
                "quantity": row["Line Item Quantity"],
                "unit": "PACK",
                "price": row["Pack Price"],
                "delivery_on": row["Scheduled Delivery Date"],
                "line_note": f"{row['ASN/DN #']} {row['Country']} {row['Manufacturing Site']}",
            }
        )
    return to_csv(ORDERS, rows)


def test_placeholders_in_the_order_date_refuse_exactly_those_orders(scms: Path, tmp_path: Path) -> None:
    drop(tmp_path, "orders-scms.csv", scms_as_orders(scms))
    words = {"Date Not Captured", "N/A - From RDC"}
    source = list(scms_rows(scms))
    bad = {row["PO / SO #"] for row in source if row["PO Sent to Vendor Date"] in words}
    good = {row["PO / SO #"] for row in source} - bad

    orders, problems = read_orders(tmp_path)

    placeholders = [problem for problem in problems if problem.rule == "placeholder_date"]
    refused = {problem.record for problem in problems if problem.rule == "order_refused"}
    assert {f"SCMS / {number}" for number in bad} <= refused
    assert {order.number for order in orders} <= good
    assert len(orders) + len(refused) == len({row["PO / SO #"] for row in source})
    assert Counter(problem.value for problem in placeholders) == Counter(
        row["PO Sent to Vendor Date"] for row in source if row["PO Sent to Vendor Date"] in words
    )
    assert {problem.column for problem in placeholders} == {"ordered_on"}


def test_the_report_beside_the_file_can_be_acted_on(scms: Path, tmp_path: Path) -> None:
    drop(tmp_path, "orders-scms.csv", scms_as_orders(scms))

    orders, problems = read_orders(tmp_path)

    (table,) = tmp_path.glob("rejected/*/*/orders-scms.csv.report.csv")
    with table.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(problems)
    first = next(row for row in rows if row["rule"] == "placeholder_date")
    assert first["file"] == "orders-scms.csv"
    assert first["row"] == "2"
    assert first["column"] == "ordered_on"
    assert first["value"] == "Date Not Captured"
    assert first["what_is_wrong"] == (
        "“Date Not Captured” stands where “ordered_on” needs a date. It is a placeholder, not a date."
    )
    assert first["way_out"].startswith("Put in the real date as YYYY-MM-DD")
    text = table.with_name("orders-scms.csv.report.txt").read_text()
    assert f"{len(orders)} records were taken." in text
    assert "Values: “N/A - From RDC” × 4076, “Date Not Captured” × 328" in text


def test_the_refused_rows_can_be_corrected_and_sent_again(scms: Path, tmp_path: Path) -> None:
    drop(tmp_path, "orders-scms.csv", scms_as_orders(scms))
    first, _ = read_orders(tmp_path)
    (refused,) = tmp_path.glob("rejected/*/*/orders-refused.csv")
    corrected = (
        refused.read_text().replace("Date Not Captured", "2008-01-01").replace("N/A - From RDC", "2008-01-01")
    )

    drop(tmp_path, refused.name, corrected)
    second, problems = read_orders(tmp_path)

    source = list(scms_rows(scms))
    still = {problem.record for problem in problems if problem.rule == "order_refused"}
    assert len(first) + len(second) + len(still) == len({row["PO / SO #"] for row in source})
    lines = sum(len(order.lines) for order in [*first, *second])
    assert lines + sum(row["PO / SO #"] in {record[7:] for record in still} for row in source) == len(source)


def test_lines_that_differ_in_nothing_but_their_key_are_pointed_out(scms: Path, tmp_path: Path) -> None:
    content = (
        scms_as_orders(scms)
        .replace("Date Not Captured", "2008-01-01")
        .replace("N/A - From RDC", "2008-01-01")
    )
    drop(tmp_path, "orders-scms.csv", content)
    twins = Counter(tuple(cell for name, cell in row.items() if name != "ID") for row in scms_rows(scms))
    assert sum(count - 1 for count in twins.values()) == 3

    _, problems = read_orders(tmp_path)

    found = [problem for problem in problems if problem.rule == "twin_lines"]
    assert len(found) >= 3
    assert all(problem.severity == "noticed" for problem in found)


SCMS = Format(
    "deliveries",
    "the SCMS delivery history as it was published",
    (
        Column("po / so #", kinds.CODE, "order", True),
        Column("asn/dn #", kinds.CODE, "delivery", True),
        Column("item description", kinds.LONG, "item", True),
        Column("pq first sent to client date", kinds.DATE, "quote sent"),
        Column("po sent to vendor date", kinds.DATE, "order sent"),
        Column("scheduled delivery date", kinds.DATE, "asked", True),
        Column("line item quantity", kinds.QUANTITY, "packs", True),
        Column("weight (kilograms)", kinds.QUANTITY, "weight"),
        Column("freight cost (usd)", kinds.PRICE, "freight"),
        Column("line item insurance (usd)", kinds.PRICE, "insurance", True),
    ),
    ("po / so #", "asn/dn #", "item description"),
)


def test_the_published_file_itself_is_understood_cell_by_cell(scms: Path) -> None:
    path = scms / "scms_delivery_history_scheduled_before_2013-07-01.csv"
    table = open_table(path, SCMS)
    problems = [
        problem
        for row in table.rows()
        if isinstance(row, Row)
        for problem in read_cells(row, SCMS, path.name)[1]
    ]

    found = Counter((problem.rule, problem.column) for problem in problems)
    source = list(scms_rows(scms))
    words = sum(not row["Weight (Kilograms)"][:1].isdigit() for row in source)
    assert (
        words
        == found["placeholder_number", "weight (kilograms)"] + found["not_a_number", "weight (kilograms)"]
    )
    assert found["placeholder_date", "pq first sent to client date"] == 2476 + 205
    assert found["placeholder_date", "po sent to vendor date"] == 328 + 4076
    assert found["missing", "line item insurance (usd)"] == 287
    assert found["placeholder_date", "scheduled delivery date"] == 0
    told = report_text(path.name, problems, taken=0)
    assert "“Weight Captured Separately” stands where “weight (kilograms)” needs a number" in told


def test_a_missing_quantity_refuses_its_order_and_says_so(scms: Path, tmp_path: Path) -> None:
    rows = list(csv.DictReader(scms_as_orders(scms).splitlines()))
    good = [row | {"ordered_on": "2008-01-01"} for row in rows[:40]]
    good[7]["quantity"] = ""
    drop(tmp_path, "orders-scms.csv", to_csv(ORDERS, good))

    orders, problems = read_orders(tmp_path)

    assert [(one.rule, one.row, one.column) for one in problems if one.rule != "twin_lines"] == [
        ("missing_quantity", 9, "quantity"),
        ("order_refused", problems[-1].row, ""),
    ]
    assert good[7]["order_number"] not in {order.number for order in orders}
    assert len(orders) == len({row["order_number"] for row in good}) - 1
