"""Lists as files: the same rows as on the screen, and nothing in them that a spreadsheet would run."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from portal.kernel.errors import Invalid
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.services import acknowledge_order
from procurement.orders.files import exports
from procurement.orders.files.sheets import write_sheet
from procurement.orders.queries import visible_lines
from procurement.sheets.cells import as_typed, csv_line, csv_text, xlsx_value
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh_line, receive
from tests.people import signed_in

EVIL = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    " =1",
    "%0A",
    "|calc",
    '=HYPERLINK("http://x")',
]


def content_of(response) -> bytes:
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)


def rows_of_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def sheet_of(content: bytes):
    return load_workbook(io.BytesIO(content)).worksheets[0]


# --- cells --------------------------------------------------------------------------------------------------


@given(st.text(max_size=80))
@example("=1")
@example("'=1")
@example("\t")
def test_no_text_starts_like_a_formula_in_csv_and_it_can_be_read_back(text):
    line = csv_line([text])

    (cell,) = next(csv.reader(io.StringIO(line, newline="")), [""])
    assert cell[:1] not in set("=+-@\t\r\n|%＝＋－＠")
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    printable = "".join(letter for letter in text if letter >= " " or letter in "\t\r\n")
    assert as_typed(cell) == printable or as_typed(cell) == as_typed(printable)


@pytest.mark.parametrize("text", EVIL)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert csv_text(text) == f"'{text}"


@given(st.text(max_size=60))
@settings(max_examples=60)
@example("=1+1")
@example("#N/A")
def test_text_is_text_in_a_workbook(text):
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append([xlsx_value(sheet, text), xlsx_value(sheet, "end")])
    file = io.BytesIO()
    book.save(file)

    cell = sheet_of(file.getvalue()).cell(1, 1)
    assert cell.data_type in ("s", "n", "inlineStr")
    assert cell.data_type != "n" or cell.value is None


@given(st.text(max_size=60))
@settings(max_examples=60)
@example("=1+1")
@example('a\rb\r\n <&>" ]]>')
@example("\uffff\x07")
def test_text_of_a_list_is_text_in_its_file_whatever_it_says(text):
    file = io.BytesIO()
    write_sheet(file, "Lines", ["Text", "End"], [11, 40], [[text, "end"]])

    sheet = sheet_of(file.getvalue())
    printable = "".join(one for one in text if (one >= " " or one in "\t\r\n") and one not in "\ufffe\uffff")
    cell = sheet.cell(2, 1)
    assert (cell.value or "") == printable
    assert cell.data_type == ("s" if text else "n")
    assert sheet.cell(2, 2).value == "end"


def test_the_sheet_of_a_list_keeps_its_head_in_sight_and_its_moments_in_the_readers_zone():
    file = io.BytesIO()
    moment = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
    with timezone.override("Europe/Berlin"):
        write_sheet(file, "A & B", ["When", "Much", "Yes"], [11, 12, 13], [[moment, Decimal("-0.50"), True]])

    sheet = sheet_of(file.getvalue())
    assert (sheet.title, sheet.freeze_panes, sheet.auto_filter.ref) == ("A & B", "C2", "A1:C2")
    assert [cell.value for cell in sheet[2]] == [MONDAY.replace(2026, 3, 4, 10, 30, 0, 0, None), -0.5, True]
    assert sheet["A1"].font.b
    assert sheet.column_dimensions["C"].width == 13


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_figures_stay_figures(amount):
    assert Decimal(csv_text(amount)) == amount
    assert not csv_text(amount).startswith("'")


def test_days_are_written_unambiguously():
    assert csv_text(date(2026, 3, 4)) == "2026-03-04"


# --- lists --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
class TestExports:
    """What comes out of the doors."""

    def test_csv_of_lines_says_what_the_list_says(self, people):
        order = an_order("1", [a_line(10, description="=cmd|' /C calc'!A0"), a_line(20)])
        with acting(people["asha"].actor):
            late = AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 9))
            acknowledge_order(
                AcknowledgeOrder(order.key, 1, (LineAnswer("L10", (late,)),)),
                actor=people["asha"].actor,
                at=MONDAY + timedelta(hours=1),
            )

        (row, other) = rows_of_csv(
            content_of(signed_in(people["bea"]).get(reverse("line-export-csv"), {"show": "all"}))
        )

        assert (row["Order"], row["Line"], row["Item"], row["Quantity"]) == ("1", "10", "VALVE-15", "100")
        assert row["Description"] == "'=cmd|' /C calc'!A0"
        assert (row["Asked delivery"], row["Promised delivery"]) == ("2026-04-01", "2026-04-09")
        assert (row["Promised quantity"], row["Agreement"]) == ("100", "Answered")
        assert other["Agreement"] == "Awaits answer"

    def test_xlsx_holds_numbers_as_numbers_and_days_as_days(self, people):
        an_order("1", [a_line(10, description="=1+1", price=Decimal("6.85"))])

        sheet = sheet_of(content_of(signed_in(people["asha"]).get(reverse("line-export-xlsx"))))

        at = {cell.value: cell.column for cell in sheet[1]}
        assert sheet.cell(2, at["Quantity"]).value == 100
        assert sheet.cell(2, at["Price"]).value == 6.85
        assert sheet.cell(2, at["Asked delivery"]).is_date
        assert sheet.cell(2, at["Asked delivery"]).value.date() == date(2026, 4, 1)
        description = sheet.cell(2, at["Description"])
        assert (description.data_type, description.value, description.quotePrefix) == ("s", "=1+1", True)

    @pytest.mark.parametrize(
        "name", ["order-export-csv", "order-export-xlsx", "line-export-csv", "line-export-xlsx"]
    )
    def test_filters_and_walls_hold_in_files(self, people, name):
        an_order("ACME-1")
        an_order("ACME-2")
        an_order("GLOBEX-1", supplier="GLOBEX")

        content = content_of(signed_in(people["asha"]).get(reverse(name), {"q": "acme-1"}))

        numbers = (
            {row["Order"] for row in rows_of_csv(content)}
            if name.endswith("csv")
            else {row[1] for row in sheet_of(content).iter_rows(min_row=2, values_only=True)}
        )
        assert numbers == {"ACME-1"}

    def test_ticked_rows_alone(self, people):
        an_order("1", lines=3)
        line = fresh_line(20, "1")

        content = content_of(
            signed_in(people["asha"]).post(reverse("line-export-csv"), {"pick": [f"{line.pk}.1"]})
        )

        assert [row["Line"] for row in rows_of_csv(content)] == ["20"]

    def test_a_stranger_cannot_tick_ours(self, people):
        an_order("1")
        line = fresh_line(10, "1")

        content = content_of(
            signed_in(people["gil"]).post(reverse("line-export-csv"), {"pick": [f"{line.pk}.1"]})
        )

        assert rows_of_csv(content) == []

    def test_a_list_that_is_too_long_is_refused_and_not_cut(self, people, monkeypatch):
        monkeypatch.setattr(exports, "MOST_ROWS", 2)
        an_order("1", lines=3)

        with acting(people["asha"].actor), pytest.raises(Invalid, match="more than 2 rows"):
            exports.export_lines(visible_lines(people["asha"].actor).order_by("id"), "csv")

        assert signed_in(people["asha"]).get(reverse("line-export-csv")).status_code == 422

    def test_the_queries_do_not_grow_with_the_rows(self, people, django_assert_num_queries):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        client = signed_in(people["bea"])
        address = reverse("line-export-csv") + "?show=all"
        an_order("1", lines=1)
        content_of(client.get(address))  # the first visit of a session notes where it comes from
        with CaptureQueriesContext(connection) as few:
            content_of(client.get(address))
        receive(*(a_paper(f"N{number}", lines=2) for number in range(20)))

        with django_assert_num_queries(len(few)):
            content_of(client.get(address))

    def test_the_file_speaks_its_readers_language(self, people):
        an_order("1")
        people["asha"].user.language = "de"
        people["asha"].user.save()

        content = content_of(signed_in(people["asha"]).get(reverse("order-export-csv")))

        assert len(rows_of_csv(content)) == 1
