"""Receipts and invoices out of CSV files: cell by cell, one bad row, rows that contradict each other."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from procurement.bills.messages import BillLinePaper, BillPaper
from procurement.erp.connectors.files.formats import INBOUND
from procurement.erp.connectors.files.papers import papers_of
from procurement.erp.connectors.files.rows import BadFile, Limits, open_table
from procurement.erp.connectors.files.writing import feed_csv
from procurement.erp.ports import Feed, Paper
from procurement.erp.problems import rule_named
from tests.builders.facts import a_bill, a_receipt
from tests.builders.supply import a_demand, some_stock

INVOICE = "company,invoice_key,supplier,invoiced_on,currency,total,open_amount,state,reference"
LINE = "order_number,line_key,line_quantity,line_amount"
BILL = "NM,INV-1,ACME,2026-04-02,EUR,822.00,522.50,partly_paid,A-2041"


def read(folder: Path, feed: Feed, text: str, **limits: Any) -> tuple[list[Paper], list[tuple[Any, ...]]]:
    """The papers of a file, and what was found wrong with it."""
    path = folder / f"{feed}.csv"
    path.write_text(text, encoding="utf-8")
    found = list(papers_of(open_table(path, INBOUND[feed], Limits(**limits)), feed))
    problems = [(one.rule, one.row, one.column, one.value) for record in found for one in record.problems]
    return [record.sighting.paper for record in found if record.sighting], problems


def bills(*rows: str, columns: str = f"{INVOICE},{LINE}") -> str:
    return "\r\n".join([columns, *rows]) + "\r\n"


@pytest.mark.parametrize(
    ("feed", "papers"),
    [
        (
            Feed.RECEIPTS,
            [a_receipt(), a_receipt("GR-2", quantity=Decimal("0.25"), reversed=True, reference="")],
        ),
        (
            Feed.INVOICES,
            [
                a_bill(),
                a_bill("INV-2", lines=(), number="RE-7", state="paid", paid_on=date(2026, 5, 4), stamp=None),
                a_bill(
                    "CN-3",
                    kind="credit_note",
                    lines=tuple(BillLinePaper("45-1", f"L{n}", Decimal(n), Decimal(-n)) for n in (1, 2)),
                ),
            ],
        ),
        (
            Feed.STOCK,
            [
                some_stock(),
                some_stock(site="HULL", on_hand=Decimal("-2.5"), safety_stock=None, daily_demand=None),
                some_stock("VALVE-25", safety_stock=Decimal(0), daily_demand=Decimal("0.333333")),
            ],
        ),
        (Feed.CUSTOMER_DEMAND, [a_demand(), a_demand("SO-2/10", customer="", reference="")]),
    ],
)
def test_papers_come_back_from_their_file_as_they_were(
    tmp_path: Path, feed: Feed, papers: Sequence[Paper]
) -> None:
    assert read(tmp_path, feed, feed_csv(feed, papers)) == (papers, [])


def test_an_invoice_with_the_least_that_is_needed(tmp_path: Path) -> None:
    papers, problems = read(tmp_path, Feed.INVOICES, bills(BILL, columns=INVOICE))

    assert problems == []
    assert papers == [
        BillPaper(
            company="NM",
            supplier="ACME",
            key="INV-1",
            invoiced_on=date(2026, 4, 2),
            currency="EUR",
            total=Decimal(822),
            open_amount=Decimal("522.5"),
            state="partly_paid",
            reference="A-2041",
        )
    ]


def test_one_bad_cell_costs_its_invoice_and_no_other(tmp_path: Path) -> None:
    text = bills(
        f"{BILL},45-1,L10,100,685",
        f"{BILL},45-1,L20,5,34.25".replace("INV-1", "INV-2").replace("822.00", '"822,00"'),
        f"{BILL},45-1,L30,5,34.25".replace("INV-1", "INV-2"),
        f"{BILL},45-1,L10,100,685".replace("INV-1", "INV-3").replace("partly_paid", "on hold"),
    )

    papers, problems = read(tmp_path, Feed.INVOICES, text)

    assert [paper.key for paper in papers] == ["INV-1"]  # type: ignore[union-attr]
    assert problems == [
        ("decimal_comma", 3, "total", "822,00"),
        ("invoice_refused", 3, "", ""),
        ("not_a_choice", 5, "state", "on hold"),
        ("invoice_refused", 5, "", ""),
    ]


def test_rows_of_one_invoice_that_contradict_each_other_refuse_it(tmp_path: Path) -> None:
    text = bills(f"{BILL},45-1,L10,100,685", f"{BILL},45-1,L20,5,34.25".replace("522.50", "500"))

    papers, problems = read(tmp_path, Feed.INVOICES, text)

    assert papers == []
    assert problems == [
        ("invoice_header_differs", 3, "open_amount", "500"),
        ("invoice_refused", 2, "", ""),
    ]


def test_half_a_line_is_no_line(tmp_path: Path) -> None:
    papers, problems = read(tmp_path, Feed.INVOICES, bills(f"{BILL},45-1,L10,,"))

    assert papers == []
    assert [(rule, column) for rule, _row, column, _value in problems] == [
        ("invoice_line_incomplete", "line_quantity"),
        ("invoice_line_incomplete", "line_amount"),
        ("invoice_refused", ""),
    ]


def test_a_row_that_cannot_be_read_makes_the_invoices_beside_it_wait(tmp_path: Path) -> None:
    text = bills(
        f"{BILL},45-1,L10,100,685",
        'NM,"INV-2,broken',
        f"{BILL},45-1,L10,1,1".replace("INV-1", "INV-3"),
        f"{BILL},45-1,L10,1,1".replace("INV-1", "INV-4"),
    )

    papers, problems = read(tmp_path, Feed.INVOICES, text)

    assert [paper.key for paper in papers] == ["INV-4"]  # type: ignore[union-attr]
    assert [rule for rule, *_ in problems if rule.startswith("beside")] == [
        "beside_unreadable_invoice_row"
    ] * 2


def test_scattered_and_endless_invoices_are_refused_in_words_of_invoices(tmp_path: Path) -> None:
    rows = [f"{BILL},45-1,L{n},1,1".replace("INV-1", f"INV-{n % 2}") for n in range(4)]
    with pytest.raises(BadFile) as refused:
        read(tmp_path, Feed.INVOICES, bills(*rows), scattered_rows=2)
    assert [problem.rule for problem in refused.value.problems] == ["scattered_invoices"]

    _papers, problems = read(tmp_path, Feed.INVOICES, bills(*rows[::2]), rows_per_order=1)
    assert [rule for rule, *_ in problems] == ["too_many_invoice_rows"]


@pytest.mark.parametrize(
    ("cell", "wrong", "rule"),
    [
        ("60", "-60", "must_be_positive"),
        ("60", "", "missing_quantity"),
        ("2026-03-30", "30.03.2026", "not_iso_date"),
        ("2026-03-30", "9999-12-31", "placeholder_date"),
        ("L10", "", "missing"),
    ],
)
def test_a_bad_cell_refuses_its_receipt_alone(tmp_path: Path, cell: str, wrong: str, rule: str) -> None:
    good, bad = feed_csv(Feed.RECEIPTS, [a_receipt()]), feed_csv(Feed.RECEIPTS, [a_receipt("GR-2")])
    row = bad.splitlines()[1].replace(f",{cell},", f",{wrong},")

    papers, problems = read(tmp_path, Feed.RECEIPTS, f"{good}{row}\r\n")

    assert [paper.key for paper in papers] == ["GR-1"]  # type: ignore[union-attr]
    assert [problem[:2] for problem in problems] == [(rule, 3)]


def test_every_rule_that_invoices_word_otherwise_has_a_sentence_of_its_own() -> None:
    says = INBOUND[Feed.INVOICES].says

    assert {name: rule_named(name).way_out != "" for name in (*says, *says.values())} == dict.fromkeys(
        (*says, *says.values()), True
    )
    assert "order" not in " ".join(rule_named(name).says for name in says.values())
