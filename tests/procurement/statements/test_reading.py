"""How the figures of a supplier's list of open items are read, as accounting programs write them."""

import time
from decimal import Decimal
from typing import Any

import pytest

from procurement.statements.files.reading import read_rows

COLUMNS = {"number": 0, "kind": 1, "open": 2, "currency": 3}


def said_by(figure: str) -> list[Any]:
    """What is open by a list of one payment whose figure is written so, and what could not be read of it."""
    table = [list(COLUMNS), ["R-1", "payment", figure, "EUR"]]
    items, bad = read_rows(table, 0, COLUMNS, "en", "EUR")
    return [one.open for one in items] + [one.value for one in bad]


@pytest.mark.parametrize(
    "figure",
    [
        "119.00",
        "-119.00",
        "119.00-",
        "119.00 -",
        "119,00\N{MINUS SIGN}",
        "(119.00)",
        "( 119.00 )",
        "(119,00)",
    ],
)
def test_a_figure_below_zero_is_read_as_any_program_writes_it(figure):
    assert said_by(figure) == [Decimal("-119.00")]


@pytest.mark.parametrize("figure", ["(119.00", "119.00)", "()", "-", "119-00-", "((119.00))"])
def test_what_is_no_figure_is_named_as_it_stands(figure):
    assert said_by(figure) == [figure]


def test_a_cell_of_blanks_is_read_as_quickly_as_another():
    began = time.process_time()

    assert len(said_by("(1" + " " * 30_000 + "x")) == 1

    assert time.process_time() - began < 1
