"""From rows to papers: an order whole or not at all, other orders untouched, nothing read wrong."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.erp.connectors.files.formats import INBOUND, ORDERS
from procurement.erp.connectors.files.papers import papers_of
from procurement.erp.connectors.files.records import Found
from procurement.erp.connectors.files.rows import BadFile, Limits, open_table
from procurement.erp.connectors.files.writing import feed_csv, order_rows, orders_csv, to_csv
from procurement.erp.content import content_hash
from procurement.erp.ports import CommandResult, CurrentLine, Feed, Outcome, Paper
from procurement.erp.problems import Problem
from procurement.orders.messages import LinePaper, OrderPaper, SchedulePaper
from tests.erp.papers import MASTER_DATA, a_line, an_order


def found_in(folder: Path, text: str, feed: Feed = Feed.ORDERS, limits: Limits = Limits()) -> list[Found]:  # noqa: B008
    path = folder / f"{feed}.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return list(papers_of(open_table(path, INBOUND[feed], limits), feed))


def papers_in(found: list[Found]) -> list[Paper]:
    return [one.sighting.paper for one in found if one.sighting]


def told_in(found: list[Found]) -> list[tuple[str, int | None, str]]:
    return [(problem.rule, problem.row, problem.column) for one in found for problem in one.problems]


def numbers_in(found: list[Found]) -> list[str]:
    return [paper.number for paper in papers_in(found) if isinstance(paper, OrderPaper)]


def rows_of(*orders: OrderPaper) -> list[dict[str, Any]]:
    return [dict(row) for order in orders for row in order_rows(order)]


def csv_of(rows: list[dict[str, Any]], separator: str = ",") -> str:
    return to_csv(ORDERS, rows, separator=separator)


THREE = (an_order("45-1"), an_order("45-2"), an_order("45-3"))


# --- round trip ---------------------------------------------------------------------------------------------

text = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=20).map(
    str.strip
)
codes = st.text("ABCxyz0189-/. äß阀", min_size=1, max_size=20).map(str.strip).filter(bool)
amounts = st.decimals(min_value=Decimal("0.001"), max_value=Decimal(10**9), places=3)
days = st.dates(min_value=date(2001, 1, 1), max_value=date(2098, 1, 1))


@st.composite
def lines(draw: st.DrawFn, number: int = 10) -> LinePaper:
    parts = draw(st.lists(st.tuples(amounts, days), max_size=3, unique_by=lambda part: part[1]))
    quantity = sum((amount for amount, _ in parts), Decimal(0)) if parts else draw(amounts)
    schedules = tuple(SchedulePaper(amount, day) for amount, day in sorted(parts, key=lambda part: part[1]))
    return LinePaper(
        key=draw(codes),
        number=number,
        item_number=draw(codes),
        description=draw(text.filter(bool)),
        quantity=quantity,
        unit="EA",
        price=draw(amounts),
        delivery_on=draw(days),
        price_per=draw(st.sampled_from([Decimal(1), Decimal(100)])),
        note=draw(text),
        cancelled=draw(st.booleans()),
        received_quantity=draw(amounts),
        schedules=schedules,
    )


@st.composite
def orders(draw: st.DrawFn) -> OrderPaper:
    count = draw(st.integers(1, 4))
    made = tuple(draw(lines(number=10 * (index + 1))) for index in range(count))
    made = tuple(replace(line, key=f"{line.key}{line.number}") for line in made)
    stamp = draw(st.none() | st.datetimes(min_value=datetime(2001, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
    return an_order(
        draw(codes), made, note=draw(text), stamp=stamp, extra=draw(st.sampled_from([{}, {"x_plant": "1"}]))
    )


@given(st.lists(orders(), max_size=4, unique_by=lambda order: order.number), st.sampled_from(",;\t"))
def test_every_order_that_is_written_is_read_again_exactly(
    tmp_path_factory: pytest.TempPathFactory, wanted: list[OrderPaper], separator: str
) -> None:
    found = found_in(tmp_path_factory.mktemp("orders"), orders_csv(wanted, separator=separator))

    assert papers_in(found) == wanted
    assert [one.sighting.content_hash for one in found if one.sighting] == [
        content_hash(order) for order in wanted
    ]


@given(st.lists(orders(), min_size=1, max_size=4, unique_by=lambda order: order.number), st.randoms())
def test_the_order_of_the_rows_means_nothing(
    tmp_path_factory: pytest.TempPathFactory, wanted: list[OrderPaper], chance: random.Random
) -> None:
    rows = rows_of(*wanted)
    more = sorted({name for order in wanted for name in order.extra})
    chance.shuffle(rows)

    found = found_in(tmp_path_factory.mktemp("orders"), to_csv(ORDERS, rows, more=more))

    assert {content_hash(paper) for paper in papers_in(found)} == {content_hash(order) for order in wanted}


@pytest.mark.parametrize("feed", sorted(MASTER_DATA))
def test_master_data_is_read_as_it_was_written(tmp_path: Path, feed: Feed) -> None:
    found = found_in(tmp_path, feed_csv(feed, MASTER_DATA[feed]), feed)

    assert papers_in(found) == list(MASTER_DATA[feed])
    assert told_in(found) == []


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    conflict = CommandResult(
        "c-2",
        Outcome.CONFLICT,
        "Changed by R. Vega",
        (
            CurrentLine(
                "10",
                Decimal(5),
                Decimal("1.5"),
                date(2026, 5, 1),
                price_per=Decimal(100),
                deliveries=(
                    SchedulePaper(Decimal(2), date(2026, 5, 1)),
                    SchedulePaper(Decimal(3), date(2026, 5, 8)),
                ),
                item_number="V-1",
                closed=True,
            ),
            CurrentLine("20", gone=True),
            CurrentLine("30", Decimal(7), None, date(2026, 5, 1)),
        ),
    )
    told = [CommandResult("c-1", Outcome.SENT), conflict, CommandResult("c-3", Outcome.REFUSED, "Closed.")]

    assert papers_in(found_in(tmp_path, feed_csv(Feed.COMMAND_RESULTS, told), Feed.COMMAND_RESULTS)) == told


# --- what is wrong with one order costs that order alone ----------------------------------------------------


def spoil(rows: list[dict[str, Any]], at: int, **changes: Any) -> list[dict[str, Any]]:
    return [row | changes if index == at else row for index, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("changes", "rule", "column"),
    [
        ({"quantity": ""}, "missing_quantity", "quantity"),
        ({"price": ""}, "missing", "price"),
        ({"delivery_on": "Date Not Captured"}, "placeholder_date", "delivery_on"),
        ({"delivery_on": "11.05.2026"}, "not_iso_date", "delivery_on"),
        ({"quantity": "1,5"}, "decimal_comma", "quantity"),
        ({"quantity": "-1"}, "too_small", "quantity"),
        ({"price_per": "0"}, "must_be_positive", "price_per"),
        ({"line_number": "10a"}, "not_a_whole_number", "line_number"),
        ({"line_cancelled": "perhaps"}, "not_a_choice", "line_cancelled"),
        ({"description": "x" * 301}, "too_long", "description"),
        ({"description": "caf\udce9"}, "not_utf8", "description"),
        ({"gtin": "123"}, "not_a_code", "gtin"),
        ({"supplier": "70099"}, "header_differs", "supplier"),
        ({"order_note": "only here"}, "header_differs", "order_note"),
        ({"line_number": "10"}, "line_number_twice", "line_number"),
        ({"line_key": "00010", "line_number": "10"}, "same_key_differs", "line_key"),
        ({"schedule_quantity": "240"}, "schedule_incomplete", "schedule_delivery_on"),
        (
            {"schedule_quantity": "100", "schedule_delivery_on": "2026-05-11"},
            "schedules_do_not_add_up",
            "schedule_quantity",
        ),
        ({"lines_total": "3"}, "header_differs", "lines_total"),
    ],
)
def test_a_bad_row_costs_its_order_and_no_other(
    tmp_path: Path, changes: dict[str, str], rule: str, column: str
) -> None:
    found = found_in(tmp_path, csv_of(spoil(rows_of(*THREE), 3, **changes)))

    assert numbers_in(found) == ["45-1", "45-3"]
    assert (rule, 5, column) in told_in(found)
    assert told_in(found)[-1][0] == "order_refused"
    (refused,) = [one for one in found if one.sighting is None]
    assert [row.number for row in refused.rows] == [4, 5]
    assert {problem.record for problem in refused.problems} == {"NM / 45-2"}


def test_every_mistake_of_an_order_is_told_at_once(tmp_path: Path) -> None:
    rows = spoil(spoil(rows_of(*THREE), 2, quantity="", price="x"), 3, delivery_on="soon")

    found = found_in(tmp_path, csv_of(rows))

    assert [told for told in told_in(found) if told[0] != "order_refused"] == [
        ("missing_quantity", 4, "quantity"),
        ("placeholder_number", 4, "price"),
        ("placeholder_date", 5, "delivery_on"),
    ]


def test_a_cut_export_is_noticed_by_its_number_of_lines(tmp_path: Path) -> None:
    rows = rows_of(*THREE)
    del rows[3]

    found = found_in(tmp_path, csv_of(rows))

    assert numbers_in(found) == ["45-1", "45-3"]
    assert ("lines_missing", 4, "lines_total") in told_in(found)


def test_a_doubled_row_is_counted_once_and_noticed(tmp_path: Path) -> None:
    rows = rows_of(*THREE)

    found = found_in(tmp_path, csv_of([*rows[:3], rows[2], *rows[3:]]))

    assert papers_in(found) == list(THREE)
    assert told_in(found) == [("repeated_row", 5, "line_key")]


def test_lines_that_differ_only_in_their_key_are_taken_and_noticed(tmp_path: Path) -> None:
    order = an_order(lines=(a_line(10), a_line(20)))

    found = found_in(tmp_path, csv_of(rows_of(order)))

    assert papers_in(found) == [order]
    assert told_in(found) == [("twin_lines", 3, "line_key")]


def test_columns_of_the_erps_own_are_kept_with_the_order(tmp_path: Path) -> None:
    rows = [row | {"x_plant": "1000", "colour": "red"} for row in rows_of(an_order())]

    found = found_in(tmp_path, to_csv(ORDERS, rows, more=["x_plant", "colour"]))

    (paper,) = papers_in(found)
    assert isinstance(paper, OrderPaper)
    assert paper.extra == {"x_plant": "1000"}


# --- rows that cannot be read -------------------------------------------------------------------------------


def test_an_unreadable_row_that_names_its_order_costs_that_order(tmp_path: Path) -> None:
    content = csv_of(rows_of(*THREE)).split("\r\n")
    content[4] += ",one cell too many"

    found = found_in(tmp_path, "\r\n".join(content))

    assert numbers_in(found) == ["45-1", "45-3"]
    (refused,) = [one for one in found if one.sighting is None]
    assert [row.number for row in refused.rows] == [4, 5]


@pytest.mark.parametrize("garbage", ["TOTAL;3", '"broken', ",45-2,70012", "x" * 50])
def test_an_unreadable_row_that_names_no_order_makes_its_neighbours_wait(
    tmp_path: Path, garbage: str
) -> None:
    content = csv_of(rows_of(*THREE)).split("\r\n")
    content.insert(3, garbage)

    found = found_in(tmp_path, "\r\n".join(content))

    assert numbers_in(found) == ["45-3"]
    doubted = [
        problem.record for one in found for problem in one.problems if problem.rule == "beside_unreadable_row"
    ]
    assert doubted == ["NM / 45-1", "NM / 45-2"]


@pytest.mark.parametrize("changes", [{"order_number": ""}, {"company": ""}, {"order_number": "45\udce92"}])
def test_a_row_that_does_not_say_which_order_it_is_about_is_unreadable(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    found = found_in(tmp_path, csv_of(spoil(rows_of(*THREE), 3, **changes)))

    assert numbers_in(found) == ["45-1"]


def test_an_unreadable_row_among_scattered_orders_could_belong_to_any(tmp_path: Path) -> None:
    rows = rows_of(*THREE)
    content = csv_of([rows[0], rows[2], rows[1], rows[3]]).split("\r\n")
    content.insert(3, "TOTAL")

    with pytest.raises(BadFile) as caught:
        found_in(tmp_path, "\r\n".join(content))

    assert [problem.rule for problem in caught.value.problems] == [
        "wrong_cell_count",
        "unreadable_among_scattered",
    ]


def test_no_mixture_of_broken_rows_ever_shortens_an_order(tmp_path: Path) -> None:
    """Whatever happens to the file, an order arrives with all its lines or not at all."""
    chance = random.Random(7)
    wanted = {
        order.number: order
        for order in (
            an_order(
                f"45-{number}",
                tuple(
                    a_line(10 * line, item_number=f"V-{line}", description=f'Pipe {line}/2" "x"')
                    for line in range(1, 5)
                ),
            )
            for number in range(12)
        )
    }
    # Without the column that counts an order's lines, which would make this easy.
    rows = [row | {"lines_total": ""} for row in rows_of(*wanted.values())]
    clean = csv_of(rows).split("\r\n")[:-1]
    arrived = 0
    for _ in range(200):
        content = list(clean)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(1, len(content))
            content[at] = break_it(content[at], chance)
        try:
            found = found_in(tmp_path, "\r\n".join(content))
        except BadFile:
            continue
        for paper in papers_in(found):
            assert isinstance(paper, OrderPaper)
            assert len(paper.lines) == 4, content
            arrived += 1
    assert arrived > 100 * len(wanted), "and most of them do arrive"


def break_it(row: str, chance: random.Random) -> str:
    match chance.randrange(6):
        case 0:
            return row.replace('"', "", 1)
        case 1:
            return row.replace(",", ',"', 1)
        case 2:
            return row[: chance.randrange(1, len(row) + 1)]
        case 3:
            return row + ",x"
        case 4:
            return row.replace("45-", "45\udcff", 1)
    return '"' + row


# --- records of one row -------------------------------------------------------------------------------------


def test_the_same_record_twice_is_counted_once(tmp_path: Path) -> None:
    text = "number,name\n70012,Acme\n70013,Globex\n70012,Acme\n"

    found = found_in(tmp_path, text, Feed.SUPPLIERS)

    assert [paper.number for paper in papers_in(found)] == ["70012", "70013"]  # type: ignore[union-attr]
    assert told_in(found) == [("repeated_row", 4, "")]


def test_a_record_that_says_two_things_is_not_taken_at_all(tmp_path: Path) -> None:
    text = "number,name\n70012,Acme\n70013,Globex\n70012,Acme Ltd\n"

    found = found_in(tmp_path, text, Feed.SUPPLIERS)

    assert [paper.number for paper in papers_in(found)] == ["70013"]  # type: ignore[union-attr]
    assert told_in(found) == [("same_key_differs", 2, "number"), ("same_key_differs", 4, "number")]
    assert [problem.facts["first_row"] for one in found for problem in one.problems] == [4, 2]


def test_rows_without_a_key_are_refused_each_for_itself(tmp_path: Path) -> None:
    found = found_in(tmp_path, "number,name\n,Acme\n,Globex\n70014,Initech\n", Feed.SUPPLIERS)

    assert [paper.number for paper in papers_in(found)] == ["70014"]  # type: ignore[union-attr]
    assert told_in(found) == [("missing", 2, "number"), ("missing", 3, "number")]


# --- size ---------------------------------------------------------------------------------------------------


def test_orders_stream_and_only_scattered_ones_wait(tmp_path: Path) -> None:
    rows = rows_of(*THREE)
    path = tmp_path / "orders.csv"
    path.write_text(csv_of([rows[0], rows[2], rows[3], rows[1], rows[4], rows[5]]))

    stream = papers_of(open_table(path, ORDERS), Feed.ORDERS)

    assert [found.sighting.paper.number for found in stream if found.sighting] == ["45-2", "45-3", "45-1"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("limits", "rule"),
    [(Limits(scattered_rows=1), "scattered_orders"), (Limits(rows=3), "too_many_rows")],
)
def test_a_file_beyond_the_limits_is_refused_whole(tmp_path: Path, limits: Limits, rule: str) -> None:
    rows = rows_of(*THREE)

    with pytest.raises(BadFile) as caught:
        found_in(tmp_path, csv_of([rows[0], rows[2], rows[1], rows[3]]), limits=limits)

    assert [problem.rule for problem in caught.value.problems] == [rule]


def test_an_order_with_too_many_rows_is_refused_alone(tmp_path: Path) -> None:
    big = an_order("45-9", tuple(a_line(number, item_number=f"V-{number}") for number in range(1, 12)))

    found = found_in(tmp_path, csv_of(rows_of(THREE[0], big)), limits=Limits(rows_per_order=10))

    assert numbers_in(found) == ["45-1"]
    assert told_in(found) == [("too_many_lines", 4, "")]


# --- the fingerprint ----------------------------------------------------------------------------------------


def test_a_fingerprint_is_of_what_is_said_not_of_how() -> None:
    order = an_order(lines=(a_line(10, quantity=Decimal("1.50")), a_line(20)))
    same = replace(order, lines=(a_line(20), a_line(10, quantity=Decimal("1.5"))), stamp=None)

    assert content_hash(order) == content_hash(same)


@pytest.mark.parametrize(
    "changes", [{"note": "x"}, {"revision": "9"}, {"lines": (a_line(10),)}, {"extra": {"x_a": "1"}}]
)
def test_a_fingerprint_moves_with_what_is_said(changes: dict[str, Any]) -> None:
    assert content_hash(replace(an_order(), **changes)) != content_hash(an_order())


def test_a_problem_says_where_and_what_to_do(tmp_path: Path) -> None:
    found = found_in(tmp_path, csv_of(spoil(rows_of(*THREE), 3, delivery_on="Pre-PQ Process")))

    problem: Problem = next(one.problems[0] for one in found if one.problems)
    assert problem.explain() == (
        "“Pre-PQ Process” stands where “delivery_on” needs a date. It is a placeholder, not a date."
    )
    assert problem.way_out() == (
        "Put in the real date as YYYY-MM-DD; leave the cell empty where “delivery_on” is optional."
    )
    assert (problem.source, problem.row, problem.record) == ("orders.csv", 5, "NM / 45-2")
