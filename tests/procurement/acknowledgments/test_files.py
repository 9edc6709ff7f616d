"""Answer sheets: out as a workbook, in as an answer, and nothing in them believed."""

import io
import random
import sys
import time
import zipfile
from datetime import date, timedelta
from decimal import Decimal

import pytest
from defusedxml.common import EntitiesForbidden
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from portal.kernel.errors import Invalid, NotFound, StaleDocument
from portal.kernel.scope import acting, in_scope
from procurement.acknowledgments.files import words
from procurement.acknowledgments.files.columns import NAMES
from procurement.acknowledgments.files.reading import WANTED, read_file
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.models import OrderAcknowledgment, UploadedAnswer
from procurement.acknowledgments.services import acknowledge_order, apply_upload, keep_upload
from procurement.acknowledgments.services.checking import check_rows
from procurement.acknowledgments.views import files
from procurement.orders.messages import SchedulePaper
from procurement.orders.models import Promise
from procurement.sheets import tables, workbook
from procurement.tolerances.messages import Measure, Outside
from suppliers.messages import SupplierSitePaper
from suppliers.services import receive_supplier_sites
from tests.builders.tolerances import a_rule, an_active_policy
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, fresh_line, receive
from tests.people import FEED, signed_in
from tests.thoroughly import EVERYTHING

pytestmark = pytest.mark.django_db

LATER = MONDAY + timedelta(hours=1)
LATE = date(2030, 4, 9)


class Sheet:
    """A downloaded answer sheet as somebody fills it in."""

    def __init__(self, content: bytes) -> None:
        self.book = load_workbook(io.BytesIO(content))
        self.sheet = self.book.worksheets[0]
        self.at = {cell.value: cell.column for cell in self.sheet[1]}

    def row(self, order: str, line: int) -> int:
        return next(
            number
            for number in range(3, self.sheet.max_row + 1)
            if (self.get(number, "order"), self.get(number, "line")) == (order, line)
        )

    def free_row(self) -> int:
        return next(
            number for number in range(3, self.sheet.max_row + 1) if self.get(number, "order") is None
        )

    def get(self, row: int, name: str):
        return self.sheet.cell(row, self.at[name]).value

    def set(self, row: int, **values) -> "Sheet":
        for name, value in values.items():
            self.sheet.cell(row, self.at[name]).value = value
        return self

    def save(self) -> bytes:
        file = io.BytesIO()
        self.book.save(file)
        return file.getvalue()


def download(person, **data) -> Sheet:
    client = signed_in(person)
    response = client.post(reverse("answer-sheets"), data) if data else client.get(reverse("answer-sheets"))
    assert response.status_code == 200, response.content
    return Sheet(b"".join(response.streaming_content))


def read(content: bytes, language: str = "en"):
    return read_file(io.BytesIO(content), len(content), language)


def check(content: bytes, person, language: str = "en", at=LATER):
    with acting(person.actor):
        return check_rows(read(content, language), actor=person.actor, at=at)


def send(content: bytes, person, at=LATER) -> UploadedAnswer:
    with acting(person.actor):
        kept = keep_upload("answers.xlsx", read(content), actor=person.actor, at=at)
        return apply_upload(kept.key, actor=person.actor, at=at)


def outcomes(checked) -> dict[str, str]:
    return {line.number_text: line.outcome for line in checked}


def csv_of(*rows: dict[str, str]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, *([row.get(name, "") for name in names] for row in rows)]
    return "\n".join(",".join(f'"{cell}"' for cell in line) for line in lines).encode()


# --- out ----------------------------------------------------------------------------------------------------


def test_a_sheet_holds_what_waits_with_keys_hidden_and_locked(people):
    an_order("1", lines=2)
    an_order("2", lines=1)

    sheet = download(people["asha"])

    assert [cell.value for cell in sheet.sheet[1]] == list(NAMES)
    assert [(sheet.get(row, "order"), sheet.get(row, "line")) for row in (3, 4, 5)] == [
        ("1", 10),
        ("1", 20),
        ("2", 10),
    ]
    assert sheet.get(3, "asked_delivery_on").date() == date(2026, 4, 1)
    assert sheet.get(3, "asked_quantity") == 100
    assert sheet.sheet.protection.sheet is True
    assert sheet.sheet.protection.password is None
    locked = {name: sheet.sheet.cell(3, column).protection.locked for name, column in sheet.at.items()}
    assert [name for name in ("order_key", "line_key", "version", "asked_quantity") if not locked[name]] == []
    assert [name for name in ("kind", "quantity", "delivery_on", "price", "note") if locked[name]] == []
    assert sheet.sheet.column_dimensions["A"].hidden
    assert sheet.sheet.row_dimensions[1].hidden
    assert {rule.type for rule in sheet.sheet.data_validations.dataValidation} == {"list", "date", "decimal"}


def test_a_sheet_of_one_order_and_of_ticked_lines(people):
    order = an_order("1", lines=2)
    an_order("2", lines=2)
    asha = signed_in(people["asha"])

    one = asha.get(reverse("answer-sheet", kwargs={"key": order.key}))
    ticked = download(people["asha"], what="lines", pick=[f"{fresh_line(20, '2').pk}.1"])

    assert Sheet(b"".join(one.streaming_content)).get(4, "line") == 20
    assert (ticked.get(3, "order"), ticked.get(3, "line"), ticked.get(4, "order")) == ("2", 20, None)


def test_a_description_that_looks_like_a_formula_stays_text(people):
    an_order("1", [a_line(10, description='=HYPERLINK("http://x","y")')])

    sheet = download(people["asha"])

    cell = sheet.sheet.cell(3, sheet.at["description"])
    assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", '=HYPERLINK("http://x","y")', True)


def test_a_strangers_order_gives_no_sheet(people):
    order = an_order("1")

    assert signed_in(people["gil"]).get(reverse("answer-sheet", kwargs={"key": order.key})).status_code == 404


# --- the round trip -----------------------------------------------------------------------------------------


def test_an_untouched_sheet_does_nothing(people):
    an_order("1", lines=2)

    checked = check(download(people["asha"]).save(), people["asha"])

    assert outcomes(checked) == {"1 · 10": "skipped", "1 · 20": "skipped"}


def test_confirm_change_split_substitute_and_refuse_in_one_sheet(people):
    an_order("1", lines=6)
    sheet = download(people["asha"])
    sheet.set(sheet.row("1", 10), kind="Confirm")
    sheet.set(sheet.row("1", 20), kind="Confirm", delivery_on=LATE)
    sheet.set(sheet.row("1", 30), kind="Refuse", reason="Obsolete item", note="- gone")
    sheet.set(sheet.row("1", 40), kind="Confirm", quantity=60)
    sheet.set(sheet.free_row(), order="1", line="40", kind="Backorder", quantity=40)
    sheet.set(sheet.row("1", 50), kind="Substitute", substitute_item="B-15", price=7)

    upload = send(sheet.save(), people["asha"])

    assert upload.result["orders"] == [
        {
            "key": str(fresh("1").key),
            "number": "1",
            "as_asked": 1,
            "waiting": 3,
            "refused": 1,
            "lines": 5,
            "why_not": "",
        }
    ]
    standing = {
        line: (fresh_line(line, "1").agreement, fresh_line(line, "1").turn) for line in range(10, 70, 10)
    }
    assert standing == {
        10: ("agreed", ""),
        20: ("answered", "buyer"),
        30: ("refused", "buyer"),
        40: ("answered", "buyer"),
        50: ("answered", "buyer"),
        60: ("awaiting", "supplier"),
    }
    with acting(people["bea"].actor):
        (refused,) = Promise.objects.filter(line__number=30)
        pieces = Promise.objects.filter(line__number=40).order_by("piece")
        (paper,) = OrderAcknowledgment.objects.all()
        assert (refused.reason, refused.note) == ("obsolete_item", "- gone")
        assert [(piece.kind, piece.quantity) for piece in pieces] == [("accept", 60), ("backorder", 40)]
        assert (paper.channel, paper.sent_by) == ("file", "Asha Acme")


def test_what_waits_comes_out_filled_in_and_goes_back_unchanged(people):
    order = an_order("1", lines=1)
    with acting(people["asha"].actor):
        late = AnswerPiece(Decimal(60), delivery_on=LATE, ship_on=date(2030, 4, 1), reason="capacity")
        rest = AnswerPiece(Decimal(40), delivery_on=LATE, price=Decimal("7.2"))
        acknowledge_order(
            AcknowledgeOrder(order.key, order.version, (LineAnswer("L10", (late, rest)),)),
            actor=people["asha"].actor,
            at=LATER,
        )

    sheet = download(people["asha"], what="orders", pick=[f"{order.key}.1"])

    assert [sheet.get(row, "quantity") for row in (3, 4)] == [60, 40]
    assert sheet.get(3, "reason") == "Capacity"
    assert outcomes(check(sheet.save(), people["asha"])) == {"1 · 10": "skipped"}


def seventy_per_ten(order, person, per=10):
    """Seventy for ten valves, as only a program says it: the line is priced by the piece."""
    piece = AnswerPiece(Decimal(100), delivery_on=LATE, price=Decimal(70), price_per=Decimal(per))
    with acting(person.actor):
        acknowledge_order(
            AcknowledgeOrder(order.key, order.version, (LineAnswer("L10", (piece,)),)),
            actor=person.actor,
            at=LATER,
        )


def test_a_price_promised_for_ten_comes_out_for_one_and_goes_back_unchanged(people):
    order = an_order("1", lines=1)
    seventy_per_ten(order, people["asha"])

    sheet = download(people["asha"], what="orders", pick=[f"{order.key}.1"])

    assert (sheet.get(3, "price"), sheet.get(3, "price_per")) == (7, 1)
    assert outcomes(check(sheet.save(), people["asha"])) == {"1 · 10": "skipped"}


def test_the_same_figure_for_fewer_units_is_another_price(people):
    order = an_order("1", lines=1)
    seventy_per_ten(order, people["asha"])
    sheet = download(people["asha"], what="orders", pick=[f"{order.key}.1"])

    (line,) = check(sheet.set(3, price=70).save(), people["asha"])

    assert line.outcome == "waits"
    assert line.difference.price_change == Decimal("63.15")


def test_a_price_that_has_no_figure_for_one_is_shown_and_not_taken_for_another(people):
    order = an_order("1", lines=1)
    seventy_per_ten(order, people["asha"], per=3)

    sheet = download(people["asha"], what="orders", pick=[f"{order.key}.1"])

    assert sheet.get(3, "price") == "70 per 3"
    (line,) = check(sheet.save(), people["asha"])
    assert [(problem.column, problem.value) for problem in line.problems] == [("price", "70 per 3")]
    assert check(sheet.set(3, price="23.333333").save(), people["asha"])[0].outcome == "waits"


def test_a_line_with_two_deliveries_takes_the_empty_one_as_asked(people):
    two = (SchedulePaper(Decimal(60), date(2030, 4, 1)), SchedulePaper(Decimal(40), date(2030, 5, 1)))
    an_order("1", [a_line(10, schedules=two)])
    sheet = download(people["asha"])
    sheet.set(4, kind="Confirm", delivery_on=date(2030, 5, 8))

    send(sheet.save(), people["asha"])

    with acting(people["asha"].actor):
        pieces = Promise.objects.order_by("schedule_key")
        assert [(one.quantity, one.delivery_on) for one in pieces] == [
            (60, date(2030, 4, 1)),
            (40, date(2030, 5, 8)),
        ]


def test_a_ship_date_in_a_sheet_gives_the_delivery_only_where_the_way_is_known(people):
    an_order("1", lines=1)
    sheet = download(people["asha"])
    sheet.set(sheet.row("1", 10), ship_on=date(2030, 4, 1))
    (known,) = check(sheet.save(), people["asha"])
    assert [piece.delivery_on for piece in known.new] == [date(2030, 4, 22)]  # three weeks from Pune

    with acting(FEED):
        receive_supplier_sites([SupplierSitePaper("ACME", "GOA", "Goa works", transit_days=30)])
    (unknown,) = check(sheet.save(), people["asha"])

    assert [(problem.row, problem.column) for problem in unknown.problems] == [(3, "ship_on")]
    assert "give the delivery date" in unknown.problems[0].message


def test_a_german_fills_in_german_words_and_figures(people):
    an_order("1", [a_line(10, unit="m", quantity=Decimal("1200.5"))])
    rows = csv_of(
        {
            "order": "1",
            "line": "10",
            "kind": "Confirm",
            "quantity": "1.200,5",
            "price": "6,9",
            "delivery_on": "9.4.2030",
        }
    )

    (line,) = check(rows, people["asha"], language="de")

    (piece,) = line.pieces
    assert (piece.quantity, piece.price, piece.delivery_on) == (Decimal("1200.5"), Decimal("6.9"), LATE)
    assert line.outcome == "waits"


# --- nothing is believed ------------------------------------------------------------------------------------


def test_another_suppliers_keys_are_as_good_as_none(people):
    order = an_order("1")
    rows = csv_of({"order_key": str(order.key), "line_key": "L10", "version": "1", "kind": "Confirm"})

    (line,) = check(rows, people["gil"])

    assert (line.outcome, line.order) == ("bad", None)
    assert "no such order" in line.problems[0].message
    assert send(rows, people["gil"]).result["orders"] == []
    assert fresh_line(10, "1").agreement == "awaiting"


@pytest.mark.parametrize(
    "key", ["", "x", "00000000-0000-0000-0000-000000000000", "'; drop table", "1" * 5000], ids=range(5)
)
def test_tampered_keys_are_unknown(people, key):
    an_order("1")

    (line,) = check(csv_of({"order_key": key or "-", "line_key": "L10", "kind": "Confirm"}), people["asha"])

    assert line.outcome == "bad"


def test_keys_that_do_not_fit_the_row_are_refused(people):
    an_order("1", lines=2)
    sheet = download(people["asha"])
    sheet.set(3, kind="Confirm", line_key="L20")

    checked = check(sheet.save(), people["asha"])

    assert outcomes(checked)["1 · 10"] == "bad"
    assert "hidden columns belong to 1 · 20" in checked[0].problems[0].message


def test_what_lies_within_tolerance_is_told_before_it_is_sent(people):
    rules = (
        a_rule(absolute=5),
        a_rule(absolute=30, outside=Outside.REFUSE),
        a_rule(Measure.DOCUMENT_AMOUNT, absolute=0),
    )
    an_active_policy(people, *rules)
    an_order(lines=[a_line(10 * n, delivery_on=LATE) for n in range(1, 4)])
    sheet = download(people["asha"])
    for line, days in ((10, 5), (20, 6), (30, 31)):
        row = sheet.row("4500000001", line)
        sheet.set(row, delivery_on=LATE + timedelta(days=days))

    checked = check(sheet.save(), people["asha"])

    assert [line.outcome for line in checked] == ["by_rule", "waits", "bad"]
    assert [words.reason_text(line) for line in checked[:2]] == [
        "5 days late, where 5 days are allowed",
        "6 days late, where 5 days are allowed",
    ]
    (problem,) = checked[2].problems
    assert (problem.column, problem.message[:12]) == ("delivery_on", "31 days late")
    kept = send(sheet.save(), people["asha"])
    (told,) = kept.result["orders"]
    assert (told["as_asked"], told["waiting"]) == (1, 1)


def test_a_stale_row_is_refused_by_itself_and_says_what_changed(people):
    an_order("1", lines=2)
    sheet = download(people["asha"])
    sheet.set(3, kind="Confirm").set(4, kind="Confirm")
    receive(
        a_paper("1", [a_line(10), a_line(20, quantity=Decimal(120))], revision="2"),
        at=MONDAY + timedelta(minutes=5),
    )

    checked = check(sheet.save(), people["asha"])
    upload = send(sheet.save(), people["asha"])

    assert outcomes(checked) == {"1 · 10": "as_asked", "1 · 20": "stale"}
    assert "quantity was 100, is 120" in checked[1].problems[0].message
    assert upload.result["counts"] == {"as_asked": 1, "stale": 1}
    assert (fresh_line(10, "1").agreement, fresh_line(20, "1").agreement) == ("agreed", "awaiting")


def test_a_version_from_the_future_is_not_believed(people):
    order = an_order("1", lines=1)
    rows = csv_of({"order_key": str(order.key), "line_key": "L10", "version": "999", "kind": "Confirm"})

    assert outcomes(check(rows, people["asha"])) == {"1 · 10": "stale"}


def test_bad_cells_name_row_column_value_and_way_out_and_good_rows_go_on(people):
    an_order("1", lines=4)
    rows = csv_of(
        {"order": "1", "line": "10", "kind": "Confirm", "delivery_on": "03/04/2030"},
        {"order": "1", "line": "20", "kind": "Perhaps"},
        {"order": "1", "line": "30", "kind": "Confirm", "quantity": "90"},
        {"order": "1", "line": "40", "kind": "Confirm"},
        {"order": "1", "line": "99", "kind": "Confirm"},
    )

    upload = send(rows, people["asha"])

    left = [(one["row"], one["column"]) for one in upload.result["left"]]
    assert left == [(2, "delivery_on"), (3, "kind"), (4, "quantity"), (6, "line")]
    assert "2026-04-09" in upload.result["left"][0]["message"]
    assert "Confirm, Backorder, Substitute, Refuse" in upload.result["left"][1]["message"]
    assert fresh_line(40, "1").agreement == "agreed"


def test_texts_that_do_not_fit_are_told_and_not_cut(people):
    order = an_order("1", lines=1)
    sheet = download(people["asha"])
    sheet.set(sheet.row("1", 10), kind="Substitute", substitute_item="X" * 61, reference="S" * 61)

    (line,) = check(sheet.save(), people["asha"])

    assert [(problem.row, problem.column) for problem in line.problems] == [
        (3, "substitute_item"),
        (3, "reference"),
    ]
    assert "At most 60 characters fit here, and this has 61." in line.problems[0].message
    assert fresh(order.number).agreement == "awaiting"


def test_a_line_agreed_already_is_not_reopened_by_a_file(people):
    order = an_order("1", lines=1)
    with acting(people["asha"].actor):
        acknowledge_order(
            AcknowledgeOrder(order.key, 1, rest_as_asked=True), actor=people["asha"].actor, at=LATER
        )

    (line,) = check(
        csv_of({"order": "1", "line": "10", "kind": "Refuse", "reason": "Capacity"}), people["asha"]
    )

    assert line.outcome == "bad"
    assert "agreed already" in line.problems[0].message


def test_a_file_is_sent_once(people):
    an_order("1", lines=1)
    upload = send(csv_of({"order": "1", "line": "10", "kind": "Confirm"}), people["asha"])

    with acting(people["asha"].actor), pytest.raises(StaleDocument):
        apply_upload(upload.key, actor=people["asha"].actor, at=LATER)


def test_a_stranger_finds_no_upload_of_ours(people):
    an_order("1", lines=1)
    with acting(people["asha"].actor):
        rows = read(csv_of({"order": "1", "line": "10", "kind": "Confirm"}))
        kept = keep_upload("a.csv", rows, actor=people["asha"].actor, at=LATER)

    with acting(people["gil"].actor):
        assert not UploadedAnswer.objects.exists()
        with pytest.raises(NotFound):
            apply_upload(kept.key, actor=people["gil"].actor, at=LATER)


def test_a_buyer_answers_by_file_on_behalf_and_the_paper_says_so(people):
    an_order("1", lines=1)

    send(csv_of({"order": "1", "line": "10", "kind": "Confirm"}), people["bea"])

    with acting(FEED):
        assert OrderAcknowledgment.objects.get().on_behalf
    with acting(people["asha"].actor):
        assert not UploadedAnswer.objects.exists()


# --- files that are not what they say -----------------------------------------------------------------------


def a_package(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name.replace("__", "/"), content)
    return file.getvalue()


TYPES = (
    b'<Types><Override ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    b"</Types>"
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "neither"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password-protected"),
        (b"PK\x03\x04 no zip at all", "damaged"),
        (a_package(readme=b"hello"), "not an Excel workbook"),
        (a_package(**{"[Content_Types].xml": TYPES, "xl__vbaProject.bin": b"x"}), "macros"),
        (
            a_package(**{"[Content_Types].xml": TYPES.replace(b"sheet.main", b"sheet.macroEnabled.main")}),
            "macros",
        ),
        (a_package(**{"[Content_Types].xml": TYPES, "xl__workbook.xml": bytes(50 * 1024 * 1024)}), "unfolds"),
        (a_package(**{"[Content_Types].xml": TYPES, **{f"x{n}": b"" for n in range(300)}}), "unfolds"),
        (a_package(**{"[Content_Types].xml": TYPES, "xl__workbook.xml": b"<broken"}), "cannot be read"),
        (b"a,b,c\n1,2,3\n", "names of the columns"),
        (b"order,line,kind,kind\n1,10,Confirm,Refuse\n", "twice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_not_an_answer_sheet_is_refused_with_a_way_out(content, said):
    with pytest.raises(Invalid, match=said):
        read(content)


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"
HEAD = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in ("order", "line", "kind", "note"))
ROW = (
    '<row><c t="inlineStr"><is><t>1</t></is></c><c><v>10</v></c><c t="inlineStr"><is><t>{}</t></is></c></row>'
)


def a_workbook(
    rows: str = "", *, sheets: int = 1, dtd: str = "", strings: str = "", packed=zipfile.ZIP_STORED
) -> bytes:
    """A workbook by hand: our head, then these rows; `sheets` names of the one sheet; stored as it is."""
    parts = {
        "[Content_Types].xml": "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'>"
        f"<Override PartName='/xl/workbook.xml' ContentType='{CONTENT}.sheet.main+xml'/>"
        f"<Override PartName='/xl/strings.xml' ContentType='{CONTENT}.sharedStrings+xml'/></Types>",
        "xl/_rels/workbook.xml.rels": "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/"
        f"relationships'><Relationship Id='r' Type='{OFFICE}/worksheet' Target='sheet.xml'/></Relationships>",
        "xl/workbook.xml": f"<workbook xmlns='{MAIN}' xmlns:r='{OFFICE}'><sheets>"
        + "".join(f"<sheet name='s{n}' sheetId='{n + 1}' r:id='r'/>" for n in range(sheets))
        + "</sheets></workbook>",
        "xl/strings.xml": f"<sst xmlns='{MAIN}'>{strings}</sst>",
        "xl/sheet.xml": f"{dtd}<worksheet xmlns='{MAIN}'><sheetData><row>{HEAD}</row>{rows}</sheetData></worksheet>",
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packed) as package:
        for name, content in parts.items():
            package.writestr(name, content)
        package.writestr(zipfile.ZipInfo("noise.bin"), random.Random(1).randbytes(500_000))
    return file.getvalue()


def test_the_workbook_by_hand_is_one_that_is_read():
    (row,) = read(a_workbook(ROW.format("Confirm")))

    assert (row.order, row.line, row.answered) == ("1", "10", {"kind": "accept"})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: a_workbook("<row>" + "<c/>" * 1_000_000 + "</row>", packed=zipfile.ZIP_DEFLATED), "unfolds"),
        (lambda: a_workbook("<row>" + "<c/>" * 400_000 + "</row>"), "far more than a sheet"),
        (lambda: a_workbook(strings="<si/>" * 400_000), "far more than a sheet"),
        (lambda: a_workbook(ROW.format("x" * 2_000_000) * 2, sheets=2), "cannot be read"),
        (lambda: a_workbook(packed=zipfile.ZIP_LZMA), "damaged"),
    ],
    ids=["dense beside noise", "cells of one row", "shared strings", "one part twice", "packed unheard-of"],
)
def test_a_small_file_that_unfolds_to_a_huge_one_is_refused_with_a_way_out(content, said):
    with pytest.raises(Invalid, match=said):
        read(content())


def test_more_text_than_any_answer_sheet_is_refused():
    strings = f"<si><t>{'x' * 2_000}</t></si>"
    rows = ("<row>" + "<c t='s'><v>0</v></c>" * 60 + "</row>") * 200

    with pytest.raises(Invalid, match="far more than a sheet"):
        read(a_workbook(rows, strings=strings))


def test_who_reads_a_workbook_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(tables, "SECONDS", 0.01)

    with pytest.raises(Invalid, match="far more than a sheet"):
        read(a_workbook(ROW.format("Confirm")))


def test_a_reader_that_dies_takes_nobody_along(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(Invalid, match="far more than a sheet"):
        read(a_workbook(ROW.format("Confirm")))


DTD = '<!DOCTYPE w [<!ENTITY word "Confirm">]>'


def test_a_part_that_declares_entities_is_refused():
    with pytest.raises(Invalid, match="cannot be read"):
        read(a_workbook(ROW.format("&word;"), dtd=DTD))


def test_what_reads_for_good_expands_no_entities_either(monkeypatch):
    monkeypatch.setattr(workbook, "count_elements", lambda file: None)
    content = a_workbook(ROW.format("&word;"), dtd=DTD)

    with pytest.raises(ValueError, match="could not read worksheets") as refusal:
        workbook.read_rows(io.BytesIO(content), WANTED)

    assert isinstance(refusal.value.__cause__, EntitiesForbidden)


def test_a_file_is_read_before_the_doors_transaction(people, monkeypatch):
    scopes = []

    def read_and_look(*args):
        scopes.append(in_scope())
        return read_file(*args)

    monkeypatch.setattr(files, "read_file", read_and_look)
    content = csv_of({"order": "1", "line": "10", "kind": "Confirm"})

    response = signed_in(people["asha"]).post(
        reverse("answer-upload"), {"file": SimpleUploadedFile("a.csv", content)}
    )

    assert (response.status_code, scopes) == (303, [False])


def test_a_csv_file_with_a_nul_far_down_is_none():
    long_notes = [{"order": "1", "line": "10", "kind": "Confirm", "note": "x" * 900} for _row in range(3)]

    with pytest.raises(Invalid, match="neither"):
        read(csv_of(*long_notes, {"order": "1", "line": "20", "kind": "Confirm", "note": "a\0b"}))


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-02", "1999-12-31", "2200-01-01"])
def test_a_day_that_no_paper_can_mean_is_no_day(people, day):
    an_order("1", lines=1)

    (line,) = check(csv_of({"order": "1", "line": "10", "kind": "Confirm", "ship_on": day}), people["asha"])

    assert (line.outcome, [problem.column for problem in line.problems]) == ("bad", ["ship_on"])


def test_a_formula_counts_as_what_it_came_to_and_without_a_result_is_refused(people):
    an_order("1", lines=1)
    sheet = download(people["asha"])
    sheet.set(3, kind="Confirm", quantity="=50+50")

    (line,) = check(sheet.save(), people["asha"])  # nobody worked the formula out

    assert line.outcome == "bad"
    assert "formula" in line.problems[0].message


def test_too_large_a_file_is_not_read():
    with pytest.raises(Invalid, match="MB"):
        read_file(io.BytesIO(b"x"), 6 * 1024 * 1024, "en")


# --- through the doors --------------------------------------------------------------------------------------


def test_the_journey_upload_look_send(people):
    an_order("1", lines=2)
    sheet = download(people["asha"])
    soon = timezone.localdate() + timedelta(days=90)
    sheet.set(3, kind="Confirm").set(4, kind="Confirm", delivery_on=soon)
    asha = signed_in(people["asha"])

    posted = asha.post(reverse("answer-upload"), {"file": SimpleUploadedFile("a.xlsx", sheet.save())})
    looked = asha.get(posted["Location"])
    assert fresh("1").agreement == "awaiting"
    sent = asha.post(posted["Location"], follow=True)

    assert posted.status_code == 303
    assert [row.result for row in looked.context["rows"]] == ["Goes to Bea Buyer", "Agreed at once"]
    assert "2 lines of 1 order answered" in sent.content.decode()
    assert fresh("1").agreement == "answered"


def test_an_unreadable_file_comes_back_with_a_sentence(people):
    file = SimpleUploadedFile("a.pdf", b"%PDF-1.7")

    response = signed_in(people["asha"]).post(reverse("answer-upload"), {"file": file})

    assert response.status_code == 422
    assert b"neither an Excel workbook" in response.content


def test_no_file_at_all_comes_back_with_a_sentence(people):
    assert signed_in(people["asha"]).post(reverse("answer-upload"), {}).status_code == 422


@pytest.mark.parametrize("who", ["gil", "arun"])
def test_whose_it_is_not_and_who_may_not(people, who):
    with acting(people["asha"].actor):
        rows = read(csv_of({"order": "1", "line": "10", "kind": "Confirm"}))
        kept = keep_upload("a.csv", rows, actor=people["asha"].actor, at=LATER)

    response = signed_in(people[who]).post(reverse("answer-preview", kwargs={"key": kept.key}))

    assert response.status_code == {"gil": 404, "arun": 403}[who]


@pytest.mark.slow
def test_thousands_of_lines_go_out_and_in(people, capsys):
    lines = 5000 if EVERYTHING else 1000
    papers = [a_paper(f"B{number:04}", lines=25) for number in range(lines // 25)]
    receive(*papers)
    timings = {}

    began = time.perf_counter()
    sheet = download(people["asha"])
    timings["download"] = time.perf_counter() - began
    for row in range(3, lines + 3):
        sheet.set(row, kind="Confirm")
        if row % 3 == 0:
            sheet.set(row, delivery_on=LATE)
    content = sheet.save()
    began = time.perf_counter()
    rows = read(content)
    timings["read"] = time.perf_counter() - began
    began = time.perf_counter()
    with acting(people["asha"].actor):
        checked = check_rows(rows, actor=people["asha"].actor, at=LATER)
    timings["check"] = time.perf_counter() - began
    began = time.perf_counter()
    upload = send(content, people["asha"])
    timings["read, keep and send"] = time.perf_counter() - began

    with capsys.disabled():
        print({name: f"{seconds:.2f} s" for name, seconds in timings.items()}, f"{len(content) // 1024} kB")
    assert len(checked) == lines
    assert sum(order["lines"] for order in upload.result["orders"]) == lines
