"""Ship notices from a file: a sheet out, any file in, each row told, and nothing made twice."""

import io
import zipfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from portal.kernel.errors import Invalid, NotFound, StaleDocument
from portal.kernel.scope import acting
from procurement.labels.numbers import build_sscc
from procurement.shipments.files.columns import READ
from procurement.shipments.files.reading import read_file, read_rows
from procurement.shipments.messages import ApplySheet
from procurement.shipments.models import Package, ShipNotice, UploadedNotices
from procurement.shipments.services import (
    apply_upload,
    discard_notice,
    look_at_upload,
)
from procurement.shipments.services.planning import plan_notices
from tests.builders import sheets
from tests.builders.changes import an_agreed_order
from tests.builders.sheets import HEAD, csv_of
from tests.builders.shipments import a_sent_notice, do
from tests.builders.world import a_line
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db

NOW = timezone.now()
TODAY = NOW.date()
LEAVES, ARRIVES = TODAY.isoformat(), (TODAY + timedelta(days=9)).isoformat()


def read(content, language="en"):
    found = read_file(io.BytesIO(content), len(content))
    return read_rows(found.table, found.head, found.columns, language)


def plan(content, person, language="en"):
    with acting(person.actor):
        return plan_notices(read(content, language), actor=person.actor, at=NOW)


def keep(content, person):
    return sheets.keep(content, person, at=NOW)


def take(content, person, **wish):
    kept, _is_new = keep(content, person)
    with acting(person.actor):
        return apply_upload(ApplySheet(kept.key, **wish), actor=person.actor, at=NOW)


def told(planned):
    """The problems of a plan: row, column and message."""
    rows = [*planned.loose, *(row for notice in planned.notices for row in notice.rows)]
    return sorted((each.row, each.column, each.message) for row in rows for each in row.problems)


def made():
    """Every ship notice: its number, state, and what goes of which line."""
    with acting(FEED):
        return [
            (one.number, one.state, list(one.lines.order_by("position").values_list("line__key", "quantity")))
            for one in ShipNotice.objects.order_by("id")
        ]


def packed(number):
    with acting(FEED):
        return [
            (
                one.kind,
                one.parent and one.parent.position,
                [
                    (each.notice_line.line.key, each.quantity, each.lot)
                    for each in one.contents.order_by("id")
                ],
            )
            for one in Package.objects.filter(notice__number=number).order_by("position")
        ]


@pytest.fixture
def order(people):
    return an_agreed_order(people["asha"])


# --- out, and back in ---------------------------------------------------------------------------------------


class Sheet:
    """A downloaded sheet as somebody fills it in."""

    def __init__(self, response):
        self.book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
        self.sheet = self.book.worksheets[0]
        self.at = {cell.value: cell.column for cell in self.sheet[1]}

    def get(self, row, name):
        return self.sheet.cell(row, self.at[name]).value

    def set(self, row, **values):
        for name, value in values.items():
            self.sheet.cell(row, self.at[name]).value = value
        return self

    def save(self):
        file = io.BytesIO()
        self.book.save(file)
        return file.getvalue()


def test_the_sheet_holds_what_is_open_and_only_what_goes_can_be_typed(people, order):
    a_sent_notice(order, people["asha"], {"L10": 30}, at=NOW, ship_on=TODAY, delivery_on=TODAY)
    sheet = Sheet(signed_in(people["asha"]).get(reverse("shipment-sheet")))

    assert [
        (sheet.get(row, "order"), sheet.get(row, "line"), sheet.get(row, "open")) for row in (3, 4, 5)
    ] == [
        ("4500000001", 10, 70),
        ("4500000001", 20, 100),
        (None, None, None),
    ]
    locked = {name for name, column in sheet.at.items() if sheet.sheet.cell(3, column).protection.locked}
    assert {"order", "line", "item", "open"} <= locked
    assert not {"quantity", "number", "package", "sscc"} & locked
    assert not sheet.sheet.cell(7, sheet.at["order"]).protection.locked


def test_a_filled_sheet_becomes_a_draft_and_an_untouched_one_nothing(people, order):
    asha = people["asha"]
    sheet = Sheet(signed_in(asha).get(reverse("shipment-sheet"), {"order": order.key}))
    assert [row.outcome for row in plan(sheet.save(), asha).loose] == ["skipped", "skipped"]
    sheet.set(3, quantity=40, number="DN-7", ship_on=TODAY, package="1", lot="A1")
    sheet.set(5, order="4500000001", line="10", quantity=60, number="DN-7", package="2")

    take(sheet.save(), asha)

    assert made() == [("DN-7", "draft", [("L10", 100)])]
    assert packed("DN-7") == [("carton", None, [("L10", 40, "A1")]), ("carton", None, [("L10", 60, "")])]


def test_a_figure_beyond_all_bounds_is_told_at_its_row(people, order):
    asha = signed_in(people["asha"])
    filled = Sheet(asha.get(reverse("shipment-sheet"))).set(3, quantity=4711.5).save()
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(filled)) as book, zipfile.ZipFile(content, "w") as other:
        for entry in book.infolist():
            other.writestr(entry, book.read(entry).replace(b"<v>4711.5</v>", b"<v>1E999</v>"))

    answer = asha.post(reverse("shipment-upload"), {"file": SimpleUploadedFile("s.xlsx", content.getvalue())})

    assert answer.status_code == 303
    assert "This is no figure." in asha.get(answer["Location"]).content.decode()


def test_a_stranger_gets_no_sheet_of_ours(people, order):
    gil = signed_in(people["gil"])

    assert gil.get(reverse("shipment-sheet"), {"order": order.key}).status_code == 404


# --- what a file says ---------------------------------------------------------------------------------------


def test_several_notices_with_pallets_and_cartons_of_one_file(people, order):
    content = csv_of(
        f"4500000001,10,60,DN-1,{LEAVES},{ARRIVES},DHL,T1;T2,C1,,P1,,LOT1,",
        "4500000001,10,40,DN-1,,,,T3,C2,carton,P1,,,",
        ",,,DN-1,,,,,P1,,,,,",
        f"4500000001,20,2,DN-2,{LEAVES},,DPD,,1,box,,,,S1;S2",
    )

    take(content, people["asha"])

    assert made() == [("DN-1", "draft", [("L10", 100)]), ("DN-2", "draft", [("L20", 2)])]
    assert packed("DN-1") == [
        ("pallet", None, []),
        ("carton", 1, [("L10", 60, "LOT1")]),
        ("carton", 1, [("L10", 40, "")]),
    ]
    with acting(FEED):
        first, second = ShipNotice.objects.order_by("id")
        assert (first.carrier, first.tracking_numbers, first.delivery_on.isoformat()) == (
            "DHL",
            ["T1", "T2", "T3"],
            ARRIVES,
        )
        assert Package.objects.get(notice=second).contents.get().serials == ["S1", "S2"]
        assert Package.objects.filter(carton_number="").count() == 0


def test_a_german_file_of_its_own_program_is_understood(people, order):
    content = (
        "Lieferscheinnummer;Versanddatum;Bestell-Nr.;Pos.;Artikel-Nr.;Liefermenge;Packstück-Nr;Palette;NVE;Charge\n"
        f"LS 9;{TODAY:%d.%m.%Y};4500000001;0010;;12,5;1;;;\n"
    ).encode("cp1252")
    found = read_file(io.BytesIO(content), len(content))
    assert found.is_clear
    (row,) = read_rows(found.table, found.head, found.columns, "de")

    assert dict(row.said) == {
        "order": "4500000001",
        "line": "0010",
        "quantity": "12.5",
        "number": "LS 9",
        "ship_on": LEAVES,
        "package": "1",
    }


def test_an_unclear_column_is_asked_and_not_guessed():
    both = b"PO,Line,Qty,Quantity shipped\n1,10,5,5\n"
    none = b"Alpha,Beta,Gamma\n1,10,5\n"

    for content in (both, none):
        assert not read_file(io.BytesIO(content), len(content)).is_clear


def test_a_line_may_be_named_by_its_item_where_only_one_has_it(people):
    an_agreed_order(people["asha"], lines=[a_line(10), a_line(20, item_number="B-2"), a_line(30)])
    content = b"order,item,qty,asn\n4500000001,b-2,5,DN-1\n4500000001,VALVE-15,5,DN-1\n4500000001,X,5,DN-1\n"

    found = plan(content, people["asha"])

    assert [row.line.key for row in found.notices[0].taken] == ["L20"]
    assert [message for _row, _column, message in told(found)] == [
        "Order 4500000001 has 2 lines with this item. Say which line it is.",
        "Order 4500000001 has no such line. Its lines are 10, 20, 30.",
    ]


def test_an_item_that_is_not_the_lines_is_told(people, order):
    ((row, column, message),) = told(plan(b"order,line,item,qty\n4500000001,10,B-9,5\n", people["asha"]))

    assert (row, column, message) == (
        2,
        "item",
        "Line 10 of order 4500000001 is for VALVE-15. Is it another line?",
    )


# --- what is wrong is told, row by row ----------------------------------------------------------------------


def test_bad_rows_are_told_with_column_and_way_out_and_good_ones_go_on(people, order):
    content = csv_of(
        f"4500000001,10,60,DN-1,{LEAVES},,,,,,,,,",
        "4500000001,20,many,DN-1,,,,,,,,,,",
        "4711,10,5,DN-1,,,,,,,,,,",
        "4500000001,99,5,DN-1,,,,,,,,,,",
        "4500000001,20,5,DN-1,03/04/2030,,,,,,,,,",
        "4500000001,20,,DN-1,,,,,C1,,,,,",
        "4500000001,20,5,DN-1,,,,,C1,coffin,,,,",
        "4500000001,20,5,DN-1,,,,,C1,,,123456789012345678,,",
        f"4500000001,20,5,DN-1,,,,,C1,,,,{'L' * 21},",
        "4500000001,20,5,DN-1,,,,,C9,,P9,,,",
        ",,5,DN-1,,,,,,,,,,",
        "4500000001,20,-5,DN-1,,,,,,,,,,",
    )

    found = plan(content, people["asha"])

    assert [(row, column) for row, column, _message in told(found)] == [
        (3, "quantity"),
        (4, "order"),
        (5, "line"),
        (6, "ship_on"),
        (7, "quantity"),
        (8, "package_kind"),
        (9, "sscc"),
        (10, "lot"),
        (11, "parent"),
        (12, "order"),
        (13, "quantity"),
        (13, "quantity"),
    ]
    upload = take(content, people["asha"])
    assert made() == [("DN-1", "draft", [("L10", 60)])]
    assert upload.result["notices"][0]["is_short"]


def test_rows_of_one_notice_say_one_thing(people, order):
    later = (TODAY + timedelta(days=1)).isoformat()
    content = csv_of(
        f"4500000001,10,60,DN-1,{LEAVES},,DHL,,C1,,,,,", f"4500000001,20,5,dn 1,{later},,DHL,,C1,,,,,"
    )

    ((row, column, message),) = told(plan(content, people["asha"]))

    assert (row, column) == (3, "ship_on")
    assert f"Row 2 of the same ship notice says “{LEAVES}”" in message


def test_packages_in_a_ring_are_told(people, order):
    content = csv_of(
        "4500000001,10,60,DN-1,,,,,A,crate,B,,,",
        "4500000001,10,20,DN-1,,,,,B,crate,A,,,",
        "4500000001,20,5,DN-1,,,,,C,,,,,",
    )

    found = plan(content, people["asha"])

    assert {(row, column) for row, column, _message in told(found)} == {(2, "parent"), (3, "parent")}
    assert [row.row.row for row in found.notices[0].taken] == [4]


def test_what_only_the_notice_as_a_whole_shows_is_told_at_its_rows(people, order):
    content = csv_of(
        f"4500000001,10,60,DN-1,{ARRIVES},{LEAVES},,,,,,,,",
        "4500000001,20,5,DN-1,,,,,C,carton,,,,",
    )

    found = plan(content, people["asha"])

    assert told(found) == [
        (2, "delivery_on", "The goods cannot arrive before they leave. Change one of the days.")
    ]
    assert [row.row.row for row in found.notices[0].taken] == [3]


def test_packages_that_do_not_fit_together_are_told(people, order):
    sscc = build_sscc("5012345", serial=77)
    content = csv_of(
        f"4500000001,10,60,DN-1,,,,,P,pallet,C,{sscc},,",
        f"4500000001,20,5,DN-1,,,,,C,carton,,{sscc},,",
        "4500000001,20,5,DN-1,,,,,D,carton,,,,",
        "4500000001,20,5,DN-1,,,,,D,drum,,,,",
        "4500000001,20,5,DN-1,,,,,E,,D,,,",
    )

    found = told(plan(content, people["asha"]))

    assert [(row, column) for row, column, _message in found] == [
        (2, "parent"),
        (3, "sscc"),
        (5, "package_kind"),
    ]


def test_lines_to_another_place_need_a_number_of_their_own(people):
    an_agreed_order(people["asha"], lines=[a_line(10), a_line(20, ship_to="HULL")])
    content = csv_of("4500000001,10,6,DN-1,,,,,,,,,,", "4500000001,20,5,DN-1,,,,,,,,,,")

    ((row, column, message),) = told(plan(content, people["asha"]))

    assert (row, column) == (3, "number")
    assert "row 2 of the same ship notice" in message


def test_notices_without_a_number_are_drafts_by_place(people):
    an_agreed_order(people["asha"], lines=[a_line(10), a_line(20, ship_to="HULL")])
    content = csv_of("4500000001,10,6,,,,,,,,,,,", "4500000001,20,5,,,,,,,,,,,")

    take(content, people["asha"])

    assert made() == [("", "draft", [("L10", 6)]), ("", "draft", [("L20", 5)])]


def test_another_suppliers_order_is_as_good_as_none(people, order):
    found = plan(csv_of("4500000001,10,6,DN-1,,,,,,,,,,"), people["gil"])

    assert [(row, column) for row, column, _message in told(found)] == [(2, "order")]
    assert "no order 4500000001 of yours" in told(found)[0][2]


def test_more_than_is_open_is_told_in_the_preview_and_not_sent(people, order):
    content = csv_of(f"4500000001,10,150,DN-1,{LEAVES},{ARRIVES},,,,,,,,")

    found = plan(content, people["asha"])
    upload = take(content, people["asha"], send=True)

    assert any("150 pcs is more than the 100 pcs" in one.message for one in found.notices[0].findings)
    assert made() == [("DN-1", "draft", [("L10", 150)])]
    assert "150 pcs is more" in upload.result["notices"][0]["why_not"]


# --- made, sent, and never twice ----------------------------------------------------------------------------


def test_what_nothing_stops_can_be_sent_at_once(people, order):
    sscc = build_sscc("5012345", serial=77)
    content = csv_of(
        f"4500000001,10,60,DN-1,{LEAVES},{ARRIVES},DHL,T1,C1,,,{sscc},,",
        f"4500000001,20,5,DN-2,,{ARRIVES},,,,,,,,",
    )

    upload = take(content, people["asha"], send=True)

    assert [(number, state) for number, state, _lines in made()] == [("DN-1", "sent"), ("DN-2", "draft")]
    assert [one["outcome"] for one in upload.result["notices"]] == ["sent", "made"]
    with acting(FEED):
        sent = ShipNotice.objects.get(number="DN-1")
        assert (sent.channel, sent.sent_by) == ("file", "Asha Acme")
        assert Package.objects.get(notice=sent).sscc == sscc


def test_a_short_notice_is_not_sent_and_left_out_where_asked(people, order):
    content = csv_of(
        f"4500000001,10,60,DN-1,{LEAVES},{ARRIVES},DHL,T1,,,,,,", "4500000001,99,5,DN-1,,,,,,,,,,"
    )

    with pytest.raises(Invalid, match="No ship notice can be made"):
        take(content, people["asha"], only_whole=True)
    upload = take(content, people["asha"], send=True)

    assert [(number, state) for number, state, _lines in made()] == [("DN-1", "draft")]
    assert "waits as a draft" in upload.result["notices"][0]["why_not"]


def test_the_same_file_twice_makes_nothing_twice(people, order):
    content = csv_of(f"4500000001,10,60,DN-1,{LEAVES},,,,,,,,,")
    first = take(content, people["asha"])

    again, is_new = keep(content, people["asha"])
    assert (again.key, is_new) == (first.key, False)
    with acting(people["asha"].actor), pytest.raises(StaleDocument, match="nothing is made twice"):
        apply_upload(ApplySheet(first.key), actor=people["asha"].actor, at=NOW)

    # Typed anew, so that it is another file: its number gives it away.
    (notice,) = plan(content + b"\n", people["asha"]).notices
    assert (notice.outcome, notice.there.number) == ("there", "DN-1")
    assert len(made()) == 1


def test_a_colleagues_copy_of_the_file_makes_nothing_either(people, order):
    content = csv_of(f"4500000001,10,60,,{LEAVES},,,,,,,,,")
    hers, _is_new = keep(content, people["asha"])
    his, is_new = keep(content, people["olga"])
    assert is_new
    with acting(people["asha"].actor):
        apply_upload(ApplySheet(hers.key), actor=people["asha"].actor, at=NOW)

    with acting(people["olga"].actor), pytest.raises(StaleDocument):
        apply_upload(ApplySheet(his.key), actor=people["olga"].actor, at=NOW)

    assert len(made()) == 1


def test_what_was_thrown_away_can_be_uploaded_again(people, order):
    content = csv_of(f"4500000001,10,60,DN-1,{LEAVES},,,,,,,,,")
    take(content, people["asha"])
    with acting(FEED):
        draft = ShipNotice.objects.get()
    do(discard_notice, draft, people["asha"])

    take(content, people["asha"])

    assert [state for _number, state, _lines in made()] == ["discarded", "draft"]


def test_a_preview_leaves_nothing_behind(people, order):
    kept, _is_new = keep(csv_of(f"4500000001,10,60,DN-1,{LEAVES},,,,C1,,,,,"), people["asha"])

    with acting(people["asha"].actor):
        looked = look_at_upload(kept.key, actor=people["asha"].actor, at=NOW)

    assert [one["outcome"] for one in looked.plan["notices"]] == ["new"]
    assert made() == []
    with acting(FEED):
        assert not Package.objects.exists()


def test_a_buyer_writes_for_a_supplier_and_no_supplier_sees_the_file(people, order):
    take(csv_of(f"4500000001,10,60,DN-1,{LEAVES},,,,,,,,,"), people["bea"])

    with acting(FEED):
        assert ShipNotice.objects.get().on_behalf
    with acting(people["asha"].actor):
        assert not UploadedNotices.objects.exists()


def test_a_stranger_finds_no_upload_of_ours(people, order):
    kept, _is_new = keep(csv_of("4500000001,10,60,DN-1,,,,,,,,,,"), people["asha"])

    with acting(people["gil"].actor):
        assert not UploadedNotices.objects.exists()
        with pytest.raises(NotFound):
            apply_upload(ApplySheet(kept.key), actor=people["gil"].actor, at=NOW)


# --- through the doors --------------------------------------------------------------------------------------


def post(client, content, name="ship.csv"):
    return client.post(reverse("shipment-upload"), {"file": SimpleUploadedFile(name, content)})


def test_the_journey_upload_look_make(people, order):
    asha = signed_in(people["asha"])

    posted = post(
        asha, csv_of(f"4500000001,10,60,DN-1,{LEAVES},{ARRIVES},,,C1,,,,,", "4500000001,77,5,DN-1,,,,,,,,,,")
    )
    looked = asha.get(posted["Location"]).content.decode()
    assert "In package C1 of ship notice DN-1" in looked
    assert "Order 4500000001 has no such line. Its lines are 10, 20." in looked
    assert made() == []
    done = asha.post(posted["Location"], {"make": "1"}, follow=True).content.decode()

    assert "1 ship notice was made" in done
    assert "Its lines are 10, 20." in done
    assert made() == [("DN-1", "draft", [("L10", 60)])]
    again = asha.get(post(asha, b"\n".join([HEAD.encode(), b"4500000001,10,60,DN-1,,,,,,,,,,"]))["Location"])
    assert "There is a draft of this number already" in again.content.decode()


def test_the_same_file_through_the_door_says_so(people, order):
    asha, content = signed_in(people["asha"]), csv_of(f"4500000001,10,60,DN-1,{LEAVES},,,,,,,,,")
    first = post(asha, content)
    assert "was uploaded already" in asha.get(post(asha, content)["Location"]).content.decode()
    asha.post(first["Location"], {"make": "1"})

    second = asha.get(post(asha, content)["Location"]).content.decode()

    assert "This file was taken already. Nothing is made twice" in second


def test_columns_nobody_knows_are_asked_for_and_the_file_is_kept(people, order):
    asha = signed_in(people["asha"])
    posted = post(asha, b"Alpha,Beta,Gamma,Delta\n4500000001,10,60,DN-1\n")
    assert posted["Location"].endswith("/columns/")
    asked = asha.get(posted["Location"]).content.decode()
    assert "Alpha (4500000001)" in asked

    missing = asha.post(posted["Location"], {"head": "1", "column.order": "1", "column.quantity": "1"})
    assert missing.status_code == 422
    assert "chosen twice" in missing.content.decode()
    said = {
        "head": "1",
        "column.order": "1",
        "column.line": "2",
        "column.quantity": "3",
        "column.number": "4",
    }
    look = asha.post(posted["Location"], said)

    assert "In ship notice DN-1, not packed" in asha.get(look["Location"]).content.decode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "neither"),
        (b"order,line,quantity\n", "no rows"),
        (b"PK\x03\x04 no zip", "damaged"),
    ],
)
def test_a_file_that_is_none_comes_back_with_a_sentence(people, content, said):
    response = post(signed_in(people["asha"]), content)

    assert response.status_code == 422
    assert said in response.content.decode()


def test_a_preview_takes_as_many_queries_for_thirty_rows_as_for_one(people, order):
    asha = signed_in(people["asha"])
    counts = []
    for rows in (1, 30):
        content = csv_of(*(f"4500000001,10,1,DN-{rows},{LEAVES},,,,C{n},,,,," for n in range(rows)))
        url = post(asha, content)["Location"]
        for address in (url, f"{url}columns/"):
            with CaptureQueriesContext(
                connection,
            ) as seen:
                assert asha.get(address).status_code == 200
            counts.append(len(seen))
        asha.post(url, {"make": "1"})
        with CaptureQueriesContext(connection) as seen:
            asha.get(url)
        counts.append(len(seen))

    assert counts[:3] == counts[3:]


def test_a_notice_takes_up_to_ten_thousand_rows_and_no_more():
    row = "4500000001,10,1,DN-1,,,,,,,,,,"
    content = csv_of(*[row] * 10_001)

    with pytest.raises(Invalid, match="more than 10000 rows"):
        read_file(io.BytesIO(content), len(content))


def test_quantities_stay_exact(people, order):
    found = plan(
        csv_of("4500000001,10,0.1,DN-1,,,,,,,,,,", "4500000001,10,0.2,DN-1,,,,,,,,,,"), people["asha"]
    )

    assert found.notices[0].whole.lines[0].quantity == Decimal("0.3")


def test_the_page_on_file_formats_names_every_column():
    text = (Path(__file__).parents[3] / "docs" / "file-formats.md").read_text()
    section = text.partition("## Ship notices from a supplier's file")[2]

    assert [name for name in READ if f"`{name}`" not in section] == []
