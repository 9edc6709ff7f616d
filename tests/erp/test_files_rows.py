"""From bytes to rows: every way in which a file can be broken, and no good row lost to a bad one."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from procurement.erp.connectors.files.formats import Column, Format
from procurement.erp.connectors.files.kinds import LONG
from procurement.erp.connectors.files.rows import BadFile, BadRow, Limits, Row, open_table
from procurement.erp.connectors.files.writing import to_csv
from procurement.erp.problems import Problem

FORM = Format(
    "things",
    "things",
    (Column("id", LONG, "", True), Column("text", LONG, ""), Column("qty", LONG, "")),
    ("id",),
)


def rows_of(folder: Path, content: bytes | str, limits: Limits = Limits()) -> list[Row | BadRow]:  # noqa: B008
    path = folder / "things.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(open_table(path, FORM, limits).rows())


def ids_of(rows: list[Row | BadRow]) -> list[str]:
    return [row.cells["id"] for row in rows if isinstance(row, Row)]


def rules_of(folder: Path, content: bytes | str, limits: Limits = Limits()) -> list[tuple[str, str]]:  # noqa: B008
    with pytest.raises(BadFile) as caught:
        rows_of(folder, content, limits)
    return [(problem.rule, problem.column) for problem in caught.value.problems]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with BOM"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_any_usual_dialect_is_read(tmp_path: Path, separator: str, mark: bytes, end: str) -> None:
    lines = [["id", "text", "qty"], ["1", "a", "2"], ["2", "", "3"]]
    content = mark + end.join(separator.join(cells) for cells in lines).encode()

    rows = rows_of(tmp_path, content)

    assert [row.cells for row in rows if isinstance(row, Row)] == [
        {"id": "1", "text": "a", "qty": "2"},
        {"id": "2", "text": "", "qty": "3"},
    ]
    assert [row.number for row in rows] == [2, 3]


def test_the_hint_that_excel_writes_is_skipped(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "sep=;\r\nid;text;qty\r\n1;a;2\r\n")

    assert (ids_of(rows), rows[0].number) == (["1"], 3)


def test_header_names_may_be_in_any_order_and_case(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "QTY, Id \n2,1\n")

    assert [row.cells for row in rows if isinstance(row, Row)] == [{"qty": "2", "id": "1"}]


def test_blank_lines_are_nothing(tmp_path: Path) -> None:
    assert ids_of(rows_of(tmp_path, "id,text\n\n1,a\n,\n\n2,b\n\n")) == ["1", "2"]


def test_a_quoted_cell_may_hold_separators_quotes_and_line_ends(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, 'id,text,qty\n1,"a, ""b""\nc",2\n2,d,3\n')

    assert [row.cells["text"] for row in rows if isinstance(row, Row)] == ['a, "b"\nc', "d"]
    assert [row.number for row in rows] == [2, 4]


def test_an_inch_mark_inside_a_cell_is_a_letter(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, 'id,text,qty\n1,Pipe 1/2" steel,2\n2,d,3\n')

    assert [row.cells["text"] for row in rows if isinstance(row, Row)] == ['Pipe 1/2" steel', "d"]


@pytest.mark.parametrize(
    "broken",
    ['2,"open,3', '2,"open"x,3', '2,"Pipe 1/2,3', '"2,b,3'],
)
@pytest.mark.parametrize(
    "after", ["3,c,4\n4,d,5", '3,"c",4\n4,"d",5', '3,Pipe 3/4",4\n4,d,5', '3,"",4\n4,d,5']
)
def test_a_stray_quotation_mark_costs_its_own_row_alone(tmp_path: Path, broken: str, after: str) -> None:
    rows = rows_of(tmp_path, f"id,text,qty\n1,a,2\n{broken}\n{after}\n")

    assert ids_of(rows) == ["1", "3", "4"]
    assert [(row.number, row.problem.rule) for row in rows if isinstance(row, BadRow)] == [
        (3, "broken_quotes")
    ]


def test_a_row_with_too_many_or_too_few_cells_costs_itself_alone(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "id,text,qty\n1,a,2\n2,b\n3,c,4,5\n4,d,6\n")

    assert ids_of(rows) == ["1", "4"]
    bad = [(row.number, row.problem.facts) for row in rows if isinstance(row, BadRow)]
    assert bad == [(3, {"found": 2, "expected": 3}), (4, {"found": 4, "expected": 3})]


def test_a_row_that_never_ends_costs_itself_alone(tmp_path: Path) -> None:
    limits = Limits(line_characters=100)
    rows = rows_of(tmp_path, f"id,text,qty\n1,a,2\n2,{'x' * 1000},3\n3,c,4\n", limits)

    assert ids_of(rows) == ["1", "3"]
    assert [(row.number, row.problem.rule) for row in rows if isinstance(row, BadRow)] == [
        (3, "row_too_long")
    ]


def test_bytes_that_are_no_text_stay_in_their_cell(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, b"id,text,qty\n1,caf\xe9,2\n2,b,3\n")

    assert ids_of(rows) == ["1", "2"]


@pytest.mark.parametrize(
    ("content", "rules"),
    [
        (b"", [("empty_file", "")]),
        (b"\xef\xbb\xbf", [("empty_file", "")]),
        (b"one,two\n1,2\n", [("no_header", "")]),
        (b"1,a,2\n2,b,3\n", [("no_header", "")]),
        ("id,text\n1,a\n".encode("utf-16"), [("not_text", "")]),
        (b"PK\x03\x04\x14\x00\x06\x00", [("not_text", "")]),
        (b"text,qty\na,2\n", [("missing_column", "id")]),
        (b"id,text,text\n1,a,b\n", [("repeated_column", "text")]),
        (b"id,caf\xe9\n1,a\n", [("not_utf8", "")]),
    ],
)
def test_a_file_of_which_nothing_can_be_read_says_why(
    tmp_path: Path, content: bytes, rules: list[tuple[str, str]]
) -> None:
    assert rules_of(tmp_path, content) == rules


def test_limits_are_kept(tmp_path: Path) -> None:
    assert rules_of(tmp_path, "id\n" + "1\n" * 11, Limits(rows=10)) == [("too_many_rows", "")]
    assert rules_of(tmp_path, "id\n" + "1\n" * 11, Limits(file_bytes=20)) == [("file_too_big", "")]


def test_unknown_columns_are_noticed_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "things.csv"
    path.write_text("id,colour\n1,red\n")

    assert [(one.rule, one.column) for one in open_table(path, FORM).notices] == [
        ("unknown_column", "colour")
    ]


@pytest.mark.parametrize(
    ("lines", "bad", "read"),
    [
        # A stray mark that ran on into the row below, closed by a mark there: not two rows in one.
        (['5,"abc,2', '6,d",3', "7,x,1"], [2], ["6", "7"]),
        # A cell over two lines beside a cell with separators of its own.
        (['5,"x', 'y",","', "7,x,1"], [], ["5", "7"]),
        (['5,"x', 'y""z",";,;,"', "7,x,1"], [], ["5", "7"]),
    ],
)
def test_a_stray_mark_is_told_from_a_cell_over_several_lines(tmp_path, lines, bad, read) -> None:
    rows = rows_of(tmp_path, "\n".join(["id,text,qty", *lines, ""]))
    assert [row.number for row in rows if isinstance(row, BadRow)] == bad
    assert ids_of(rows) == read


cells = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), max_size=40)


@example([("\n", ",")], ",")  # a separator in a cell that begins below a line end is no cell of another row
@given(st.lists(st.tuples(cells, cells), max_size=8), st.sampled_from([",", ";", "\t", "|"]))
def test_whatever_we_write_we_read_again(
    tmp_path_factory: pytest.TempPathFactory, texts: list[tuple[str, str]], separator: str
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    wanted = [{"id": str(number), "text": a, "qty": b} for number, (a, b) in enumerate(texts)]

    rows = rows_of(folder, to_csv(FORM, wanted, separator=separator))

    read = [row.cells for row in rows if isinstance(row, Row)]
    stripped = [{name: cell.strip() for name, cell in one.items()} for one in wanted]
    # Text with a line end and a separator may look like a stray quotation mark with a row below it. That is refused,
    # loudly; what is left of it may then look like a row of its own, as a row below a stray mark does.
    looks_like_rows = any(separator in text and "\n" in text for pair in texts for text in pair)
    assert len(read) + sum(isinstance(row, BadRow) for row in rows) >= len(wanted)
    if looks_like_rows:
        assert read == stripped or any(isinstance(row, BadRow) for row in rows)
    else:
        assert read == stripped


@given(st.binary(max_size=400))
def test_no_bytes_at_all_can_break_the_reader(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    path = folder / "things.csv"
    path.write_bytes(b"id,text,qty\n1,a,2\n" + content)

    refused, rows = read_or_refuse(path)

    assert refused or ids_of(rows)[0] == "1"


def read_or_refuse(path: Path) -> tuple[tuple[Problem, ...], list[Row | BadRow]]:
    try:
        return (), list(open_table(path, FORM).rows())
    except BadFile as bad:
        return bad.problems, []
