"""Counting at the dock: begun, scanned, typed, posted, taken back; by people and by a warehouse's program."""

import io
import uuid
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db.models import F
from PIL import Image

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Duplicate, IllegalTransition, Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.receipts.messages import (
    BeginCount,
    CountRow,
    NewPhoto,
    NewWrongItem,
    SheetNamed,
    Typed,
    WholeCountLine,
    receipt_from_json,
)
from procurement.receipts.models import CountedRow, ReceivingSheet
from procurement.receipts.queries import find_photo, find_sheet, visible_sheets
from procurement.receipts.services import (
    add_line,
    add_photos,
    begin_count,
    clean_photo,
    count_receipts,
    discard_sheet,
    drop_photo,
    drop_row,
    drop_wrong_item,
    note_wrong_item,
    save_counts,
    scan,
    see_package,
    take_back,
    unsee_package,
    write_row,
)
from procurement.shipments.queries import order_ids_of
from procurement.shipments.services import cancel_notice, correct_notice
from tests.builders.changes import an_agreed_order
from tests.builders.counts import (
    TODAY,
    a_notice,
    a_picture,
    a_posted_sheet,
    a_whole_count,
    answer,
    begin,
    count_row,
    fresh_sheet,
    post,
    reverse,
    scanned,
    settle,
    sheet_line,
    tell,
    whole_sheet,
)
from tests.builders.facts import a_receipt, arrive
from tests.builders.shipments import do, fresh_notice, send, write
from tests.builders.world import MONDAY, a_line, fresh_line
from tests.people import FEED


def facts(prefix="count."):
    with acting(FEED):
        return list(
            AuditEvent.objects.filter(kind__startswith=prefix).order_by("id").values_list("kind", flat=True)
        )


def told():
    with acting(FEED):
        return list(OutboxMessage.objects.filter(topic="erp", kind__startswith="count.").order_by("id"))


def package_numbers(notice):
    with acting(FEED):
        return [one.sscc or one.carton_number for one in notice.packages.order_by("position")]


def here(sheet, number=10):
    for one in whole_sheet(sheet).lines:
        if one.one.line.number == number:
            return one.tally.good, one.tally.damaged
    return None


# --- begun --------------------------------------------------------------------------------------------------


def test_the_first_sheet_of_a_notice_tells_that_it_has_arrived(people):
    notice = a_notice(people)

    sheet = begin(notice, people["rex"])

    assert fresh_notice(notice).state == "arrived"
    assert (sheet.site.code, sheet.supplier.number, sheet.reference) == ("LEEDS", "ACME", "DN-1")
    assert [one.tally.announced for one in whole_sheet(sheet).lines] == [60]
    assert facts() == ["count.begun"]


def test_who_begins_a_second_time_goes_on_with_the_sheet_that_is_there(people):
    notice = a_notice(people)

    assert begin(notice, people["rex"]).pk == begin(notice, people["max"]).pk


@pytest.mark.parametrize("name", ["bea", "ada", "asha"])
def test_counting_is_for_goods_receiving(people, name):
    notice = a_notice(people)

    with pytest.raises(NotAllowed):
        begin(notice, people[name])


def test_a_notice_that_was_taken_back_is_not_counted(people):
    notice = a_notice(people)
    do(cancel_notice, notice, people["asha"], "The lorry broke down.")

    with pytest.raises(IllegalTransition, match="DN-1 is cancelled"):
        begin(notice, people["rex"])


def test_unannounced_goods_need_a_supplier_and_a_paper(people):
    an_agreed_order(people["asha"])
    with acting(people["rex"].actor), pytest.raises(Invalid) as refused:
        begin_count(BeginCount(supplier="NOBODY"), actor=people["rex"].actor, at=MONDAY)

    assert [one.field for one in refused.value.problems] == ["supplier"]

    with acting(people["rex"].actor), pytest.raises(Invalid) as refused:
        begin_count(BeginCount(supplier="ACME"), actor=people["rex"].actor, at=MONDAY)

    assert [one.field for one in refused.value.problems] == ["delivery_note"]


def test_unannounced_goods_are_counted_against_open_lines(people):
    an_agreed_order(people["asha"], lines=[a_line(10, gtin="2012345678903")])
    with acting(people["rex"].actor):
        command = BeginCount(supplier="ACME", site="LEEDS", delivery_note="LS 77")
        sheet = begin_count(command, actor=people["rex"].actor, at=MONDAY)

    said = scanned(sheet, people["rex"], "2012345678903")

    assert (said.is_good, said.added, said.announced) == (True, 1, None)
    post(sheet, people["rex"])
    (message,) = told()
    assert message.stream == f"count:{sheet.key}"
    command = receipt_from_json(message.payload, key="x")
    assert (command.reference, command.consignment, command.site) == ("LS 77", "", "LEEDS")


def test_unannounced_goods_are_counted_for_a_line_that_waits_before_one_that_is_here(people):
    lines = [a_line(10, gtin="2012345678903"), a_line(20, gtin="2012345678903")]
    order = an_agreed_order(people["asha"], lines=lines)
    with acting(FEED):
        order.lines.filter(number=10).update(received_quantity=F("quantity"))
    with acting(people["rex"].actor):
        command = BeginCount(supplier="ACME", site="LEEDS", delivery_note="LS 77")
        sheet = begin_count(command, actor=people["rex"].actor, at=MONDAY)

    scanned(sheet, people["rex"], "2012345678903")

    assert [one.one.line.number for one in whole_sheet(sheet).lines] == [20]


# --- scanned ------------------------------------------------------------------------------------------------


def test_a_carton_counts_with_all_in_it_and_once(people):
    notice = a_notice(people)
    sheet = begin(notice, people["rex"])
    first = package_numbers(notice)[0]

    said = scanned(sheet, people["rex"], first)
    again = scanned(sheet, people["max"], first)

    assert (said.is_good, said.what, said.added, said.here, said.announced) == (True, "package", 15, 15, 60)
    assert (again.is_good, again.what) == (False, "again")
    assert "Rex Receiver" in again.text
    assert here(sheet) == (15, 0)


def test_a_tick_is_taken_off_with_what_it_brought(people):
    notice = a_notice(people)
    sheet = begin(notice, people["rex"])
    first, second, *_rest = package_numbers(notice)
    scanned(sheet, people["rex"], first)
    with acting(people["rex"].actor):
        see_package(sheet.key, second, actor=people["rex"].actor, at=MONDAY)
        unsee_package(sheet.key, first, actor=people["rex"].actor, at=MONDAY)
        unsee_package(sheet.key, first, actor=people["rex"].actor, at=MONDAY)

    assert here(sheet) == (15, 0)
    assert list(whole_sheet(sheet).seen) == [second]


def test_a_package_of_another_shipment_is_no(people):
    sheet = begin(a_notice(people), people["rex"])

    said = scanned(sheet, people["rex"], "(00)350123451234567894")

    assert (said.is_good, said.what) == (False, "unknown")
    assert here(sheet) == (0, 0)


@pytest.mark.parametrize(
    ("code", "added", "lot"),
    [
        pytest.param("VALVE-15", 1, "", id="our number"),
        pytest.param("a-15", 1, "", id="the supplier's number"),
        pytest.param("2012345678903", 1, "", id="GTIN"),
        pytest.param("(01)02012345678903(10)B7(37)12", 12, "B7", id="brackets"),
        pytest.param("]C1010201234567890310B7\x1d3712", 12, "B7", id="symbology"),
        pytest.param("010201234567890310B7", 1, "B7", id="no symbology"),
    ],
)
def test_an_item_counts_by_any_of_its_names(people, code, added, lot):
    sheet = begin(a_notice(people), people["rex"])

    said = scanned(sheet, people["rex"], code)

    assert (said.is_good, said.added) == (True, added)
    with acting(FEED):
        assert CountedRow.objects.get().lot == lot


def test_a_serial_number_counts_once(people):
    sheet = begin(a_notice(people), people["rex"])
    code = "(01)02012345678903(21)S-1"

    assert scanned(sheet, people["rex"], code).is_good
    assert scanned(sheet, people["rex"], code).what == "again"
    assert here(sheet) == (1, 0)


def test_what_nobody_knows_is_said_and_not_counted(people):
    sheet = begin(a_notice(people), people["rex"])

    said = [scanned(sheet, people["rex"], text) for text in ("", "NO-SUCH", "(99)x")]

    assert [one.is_good for one in said] == [False, False, False]
    assert here(sheet) == (0, 0)


def test_the_last_scan_is_taken_back(people):
    sheet = begin(a_notice(people), people["rex"])
    said = scanned(sheet, people["rex"], "(01)02012345678903(37)12")

    with acting(people["rex"].actor):
        take_back(sheet.key, said.line, said.added, actor=people["rex"].actor, at=MONDAY)

    assert here(sheet) == (0, 0)


def test_more_than_announced_counts_and_says_so(people):
    sheet = begin(a_notice(people), people["rex"])

    said = scanned(sheet, people["rex"], "(01)02012345678903(37)61")

    assert said.is_good
    assert "1 pcs more than announced" in said.text


# --- typed --------------------------------------------------------------------------------------------------


def test_two_who_type_on_one_sheet_keep_both_and_are_told_of_the_same_row(people):
    order = an_agreed_order(people["asha"], lines=[a_line(10), a_line(20)])
    notice = a_notice(people, order=order, cartons=None)
    sheet = begin(notice, people["rex"])
    with acting(people["rex"].actor):
        line = order.lines.get(number=20)
        other = add_line(sheet.key, line.pk, actor=people["rex"].actor, at=MONDAY)
    ten = sheet_line(sheet)

    with acting(people["rex"].actor):
        typed = [Typed(ten.pk, None, Decimal(20))]
        assert save_counts(sheet.key, typed, actor=people["rex"].actor, at=MONDAY)[1] == []
    with acting(people["max"].actor):
        typed = [Typed(ten.pk, None, Decimal(30)), Typed(other.pk, None, Decimal(5))]
        problems = save_counts(sheet.key, typed, actor=people["max"].actor, at=MONDAY)[1]

    assert [one.code for one in problems] == ["stale"]
    assert "Rex Receiver counts 20 now, you typed 30" in problems[0].message
    assert (here(sheet), here(sheet, 20)) == ((20, 0), (5, 0))


def test_a_count_obeys_its_unit(people):
    sheet = begin(a_notice(people), people["rex"])
    line = sheet_line(sheet).pk

    with acting(people["rex"].actor):
        for amount, code in ((Decimal("1.5"), "decimals"), (Decimal(-1), "below_zero")):
            typed = [Typed(line, None, amount)]
            problems = save_counts(sheet.key, typed, actor=people["rex"].actor, at=MONDAY)[1]
            assert [one.code for one in problems] == [code]


def test_damage_needs_a_word_that_the_supplier_can_act_on(people):
    sheet = begin(a_notice(people), people["rex"])

    with pytest.raises(Invalid) as refused:
        count_row(sheet, people["rex"], 50, 10, wrong=" ")

    assert [one.field for one in refused.value.problems] == ["wrong"]


def test_a_row_that_moved_meanwhile_is_told(people):
    sheet = begin(a_notice(people), people["rex"])
    scanned(sheet, people["rex"], "VALVE-15")
    with acting(FEED):
        row = CountedRow.objects.get()
    scanned(sheet, people["max"], "VALVE-15")

    late = CountRow(row.sheet_line_id, row.pk, Decimal(9), was=(Decimal(1), Decimal(0)))
    with acting(people["rex"].actor), pytest.raises(StaleDocument, match="Max Manager"):
        write_row(sheet.key, late, actor=people["rex"].actor, at=MONDAY)
    with acting(people["rex"].actor):
        now = replace(late, was=(Decimal(2), Decimal(0)))
        write_row(sheet.key, now, actor=people["rex"].actor, at=MONDAY)
        assert here(sheet) == (9, 0)
        drop_row(sheet.key, row.pk, actor=people["rex"].actor, at=MONDAY)
    assert here(sheet) == (0, 0)


def test_a_wrong_item_is_noted_and_taken_off_again(people):
    sheet = begin(a_notice(people), people["rex"])
    rex = people["rex"].actor
    with acting(rex):
        with pytest.raises(Invalid):
            note_wrong_item(sheet.key, NewWrongItem(" "), actor=rex, at=MONDAY)
        item = note_wrong_item(sheet.key, NewWrongItem("A box of gloves", Decimal(2)), actor=rex, at=MONDAY)
        photo = NewPhoto(a_picture(), "gloves.jpg", wrong_item=item.pk)
        add_photos(sheet.key, [photo], actor=rex, at=MONDAY)
        assert len(whole_sheet(sheet).photos) == 1
        drop_wrong_item(sheet.key, item.pk, actor=rex, at=MONDAY)
    assert (whole_sheet(sheet).wrong, whole_sheet(sheet).photos) == ([], [])


# --- pictures -----------------------------------------------------------------------------------------------


def test_a_picture_is_kept_without_what_the_camera_wrote_and_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    exif[0x010F] = "Phone of Rex"

    kept = clean_photo(a_picture(size=(60, 40), exif=exif), "p.jpg")

    with Image.open(io.BytesIO(kept)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (40, 60))
        assert not picture.getexif()


def test_a_large_picture_becomes_smaller():
    with Image.open(io.BytesIO(clean_photo(a_picture("PNG", (4000, 1000))))) as picture:
        assert picture.size == (2000, 500)


@pytest.mark.parametrize("content", [b"", b"MZ program", b"\xff\xd8\xff no picture at all", b"<svg/>"])
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(Invalid) as refused:
        clean_photo(content, "cat.jpg")

    assert "cat.jpg" in refused.value.message


def test_a_picture_of_a_count_in_progress_is_not_the_suppliers_to_see(people):
    sheet = begin(a_notice(people), people["rex"])
    rex, asha = people["rex"].actor, people["asha"].actor
    with acting(rex):
        (photo,) = add_photos(sheet.key, [NewPhoto(a_picture())], actor=rex, at=MONDAY)
    with acting(asha), pytest.raises(NotFound):
        find_photo(photo.key, actor=asha)

    count_row(sheet, people["rex"], 60)
    post(sheet, people["rex"])

    with acting(asha):
        assert find_photo(photo.key, actor=asha).content_type == "image/jpeg"
    with acting(people["gil"].actor), pytest.raises(NotFound):
        find_photo(photo.key, actor=people["gil"].actor)
    with acting(rex), pytest.raises(IllegalTransition):
        drop_photo(sheet.key, photo.key, actor=rex, at=MONDAY)


# --- posted -------------------------------------------------------------------------------------------------


def test_what_is_good_is_what_the_erp_is_asked_to_book(people):
    sheet = a_posted_sheet(people, 50, 4, "short")

    (message,) = told()
    command = receipt_from_json(message.payload, key="x")
    assert (message.kind, message.stream) == ("count.posted", f"shipment:{sheet.consignment}")
    assert (command.count, command.reference, command.received_on) == (str(sheet.key), "DN-1", TODAY)
    assert [(one.order, one.key, one.quantity) for one in command.lines] == [("4500000001", "L10", 50)]
    assert fresh_notice(sheet.notice).state == "arrived"  # it is received when the ERP says so
    assert facts() == ["count.begun", "count.posted"]
    assert facts("order.goods_counted") == ["order.goods_counted"]


def test_what_is_missing_is_said_and_never_assumed(people):
    sheet = begin(a_notice(people), people["rex"])
    count_row(sheet, people["rex"], 48)

    with pytest.raises(Invalid) as refused:
        post(sheet, people["rex"])

    assert "12 pcs of what was announced are not here" in refused.value.message
    assert post(sheet, people["rex"], "follows").state == "posted"


def test_nothing_counted_is_nothing_to_post(people):
    sheet = begin(a_notice(people), people["rex"])

    with pytest.raises(Invalid, match="Nothing was counted"):
        post(sheet, people["rex"], "follows")


def test_where_nothing_is_good_the_erp_is_asked_nothing(people):
    a_posted_sheet(people, 0, 60)

    assert told() == []


def test_a_scan_of_a_colleague_makes_the_last_look_stale(people):
    sheet = begin(a_notice(people), people["rex"])
    count_row(sheet, people["rex"], 60)
    seen = fresh_sheet(sheet)
    scanned(sheet, people["max"], "VALVE-15")

    with acting(people["rex"].actor), pytest.raises(StaleDocument, match="Max Manager"):
        discard_sheet(SheetNamed(sheet.key, seen.version), actor=people["rex"].actor, at=MONDAY)


def test_goods_do_not_come_tomorrow(people):
    sheet = begin(a_notice(people), people["rex"])
    count_row(sheet, people["rex"], 60)

    with pytest.raises(Invalid, match="after today"):
        post(sheet, people["rex"], received_on=TODAY + timedelta(days=1))


def test_a_posted_sheet_is_never_edited(people):
    sheet = a_posted_sheet(people, 60)

    for verb in (lambda: scanned(sheet, people["rex"], "VALVE-15"), lambda: post(sheet, people["rex"])):
        with pytest.raises(IllegalTransition):
            verb()


def test_the_rest_comes_on_another_sheet_which_knows_of_the_first(people):
    notice = a_notice(people)
    a_posted_sheet(people, 45, rest="follows", notice=notice)
    second = begin(notice, people["rex"])

    assert [(one.tally.before, one.tally.missing) for one in whole_sheet(second).lines] == [(45, 15)]
    count_row(second, people["rex"], 15)
    assert post(second, people["rex"]).state == "posted"


def test_a_carton_that_an_earlier_sheet_has_counted_counts_no_more(people):
    notice = a_notice(people)
    first = begin(notice, people["rex"])
    number = package_numbers(notice)[0]
    scanned(first, people["rex"], number)
    post(first, people["rex"], "follows")
    second = begin(notice, people["rex"])

    assert scanned(second, people["rex"], number).what == "again"


def test_what_the_erp_books_is_shown_beside_and_added_up_nowhere(people):
    sheet = a_posted_sheet(people, 60)
    arrive(a_receipt(reference="DN-1", quantity=Decimal(45)))

    (line,) = whole_sheet(sheet).lines
    assert (line.tally.good, line.booked) == (60, 45)
    assert fresh_line().received_quantity == 0  # the order's own total is the ERP's to say


def test_a_count_is_taken_back_with_a_reason_and_the_erp_is_asked_to(people):
    sheet = a_posted_sheet(people, 60)
    with pytest.raises(Invalid):
        reverse(sheet, people["rex"], " ")

    reverse(sheet, people["rex"])

    command = receipt_from_json(told()[-1].payload, key="x")
    assert (told()[-1].kind, command.reversed, command.count) == ("count.reversed", True, str(sheet.key))
    assert facts() == ["count.begun", "count.posted", "count.reversed"]
    with pytest.raises(IllegalTransition):
        reverse(sheet, people["rex"])


def test_a_count_that_is_thrown_away_tells_nobody(people):
    sheet = begin(a_notice(people), people["rex"])
    with acting(people["rex"].actor):
        named = SheetNamed(sheet.key, sheet.version)
        discard_sheet(named, actor=people["rex"].actor, at=MONDAY)

    assert told() == []
    assert begin(sheet.notice, people["rex"]).pk != sheet.pk


def test_a_sheet_goes_along_with_a_correction_of_its_notice(people):
    notice = a_notice(people, cartons=None)
    sheet = begin(notice, people["rex"])
    count_row(sheet, people["rex"], 60)
    newer = do(correct_notice, notice, people["asha"])
    write(newer, people["asha"], "DN-1B")
    send(newer, people["asha"])

    scanned(sheet, people["rex"], "VALVE-15")
    post(sheet, people["rex"])

    assert fresh_sheet(sheet).notice_id == newer.pk
    assert receipt_from_json(told()[-1].payload, key="x").reference == "DN-1B"


def test_a_supplier_sees_its_count_once_it_is_a_fact(people):
    sheet = begin(a_notice(people), people["rex"])
    asha, gil = people["asha"].actor, people["gil"].actor
    with acting(asha):
        assert list(visible_sheets(asha)) == []
        assert list(ReceivingSheet.objects.all()) == []  # the second wall

    count_row(sheet, people["rex"], 60)
    post(sheet, people["rex"])

    with acting(asha):
        assert find_sheet(sheet.key, actor=asha).pk == sheet.pk
    with acting(gil), pytest.raises(NotFound):
        find_sheet(sheet.key, actor=gil)


# --- a program's count --------------------------------------------------------------------------------------


def test_a_program_s_count_follows_the_same_rules_and_counts_once(people):
    notice = a_notice(people)

    sheet = tell(a_whole_count())
    again = tell(a_whole_count())

    assert (sheet.pk, sheet.state) == (again.pk, "posted")
    assert fresh_notice(notice).state == "arrived"
    assert len(told()) == 1
    assert here(sheet) == (60, 0)


def test_what_a_program_leaves_out_comes_later_unless_it_says_that_it_is_missing(people):
    a_notice(people)
    short = WholeCountLine("4500000001", "L10", Decimal(40), rest="short")

    follows = tell(a_whole_count(lines=(WholeCountLine("4500000001", "L10", Decimal(10)),)))
    missing = tell(a_whole_count("WMS-2", lines=(short,)))

    rests = [one.one.rest for sheet in (follows, missing) for one in whole_sheet(sheet).lines]
    assert rests == ["follows", "short"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"source": " "}, "source"),
        ({"supplier": "NOBODY"}, "supplier"),
        ({"company": "XX"}, "company"),
        ({"site": "MARS"}, "site"),
        ({"notice": "DN-9"}, "notice"),
        ({"lines": ()}, "lines"),
        ({"lines": (WholeCountLine("4500000001", "L99", Decimal(1)),)}, "lines"),
        ({"lines": (WholeCountLine("4500000001", "L10", Decimal("1.5")),)}, "quantity"),
        ({"lines": (WholeCountLine("4500000001", "L10", Decimal(1), Decimal(2)),)}, "wrong"),
        ({"lines": (WholeCountLine("4500000001", "L10", Decimal(1), rest="x"),)}, "rest"),
        ({"received_on": date(2027, 1, 1)}, "received_on"),
    ],
)
def test_what_is_wrong_with_a_programs_count_is_named(people, changed, field):
    a_notice(people)

    with pytest.raises(Invalid) as refused:
        tell(a_whole_count(**changed))

    assert field in [one.field for one in refused.value.problems]
    assert facts() == []


def test_a_program_waits_while_people_count_the_same_notice(people):
    begin(a_notice(people), people["rex"])

    with pytest.raises(IllegalTransition, match="Rex Receiver counts ship notice DN-1"):
        tell(a_whole_count())


# --- what both sides say ------------------------------------------------------------------------------------


def test_the_supplier_answers_and_the_buyer_settles(people):
    sheet = a_posted_sheet(people, 50, 4, "short")

    with pytest.raises(Invalid) as refused:
        answer(sheet, people["asha"], "disputed")
    assert [one.field for one in refused.value.problems] == ["text"]
    answer(sheet, people["asha"], "disputed", "We packed 60.", photos=(NewPhoto(a_picture()),))
    settle(sheet, people["bea"], "credit")

    (line,) = whole_sheet(sheet).differences
    assert (line.answer.word, line.settlement.word) == ("disputed", "credit")
    assert facts() == [
        "count.begun",
        "count.posted",
        "count.difference_answered",
        "count.difference_settled",
    ]
    with pytest.raises(IllegalTransition, match="settled"):
        answer(sheet, people["asha"], "agreed")


@pytest.mark.parametrize(
    ("name", "verb"), [("arun", answer), ("bea", answer), ("rex", settle), ("asha", settle)]
)
def test_each_side_says_its_own(people, name, verb):
    sheet = a_posted_sheet(people, 50, 4, "short")

    with pytest.raises(NotAllowed):
        verb(sheet, people[name], "agreed" if verb is answer else "credit", "x")


def test_only_a_difference_is_answered(people):
    sheet = a_posted_sheet(people, 60)

    with pytest.raises(NotFound):
        answer(sheet, people["asha"], "agreed")


def test_nobody_else_answers(people):
    sheet = a_posted_sheet(people, 50, 4, "short")

    with pytest.raises(NotFound):
        answer(sheet, people["gil"], "agreed")


def test_there_is_no_such_sheet(people):
    with acting(people["rex"].actor), pytest.raises(NotFound):
        scan(uuid.uuid4(), "x", actor=people["rex"].actor, at=MONDAY)


# --- what stands behind a count -----------------------------------------------------------------------------


def test_what_was_counted_is_not_taken_back_or_corrected_before_the_erp_has_booked_it(people):
    notice = a_notice(people, cartons=None)
    newer = do(correct_notice, notice, people["asha"])
    write(newer, people["asha"], "DN-1B")
    sheet = a_posted_sheet(people, 40, rest="short", notice=notice)

    assert fresh_notice(notice).state == "arrived"
    for tried in (
        lambda: do(cancel_notice, fresh_notice(notice), people["asha"], "Typed wrongly."),
        lambda: send(newer, people["asha"]),
    ):
        with pytest.raises(IllegalTransition, match="has been received"):
            tried()

    reverse(sheet, people["rex"])
    do(cancel_notice, fresh_notice(notice), people["asha"], "It never left.")

    assert fresh_notice(notice).state == "cancelled"


def test_a_notice_of_which_nothing_came_at_all_can_be_taken_back(people):
    notice = a_notice(people)
    post(begin(notice, people["rex"]), people["rex"], "short")

    do(cancel_notice, fresh_notice(notice), people["asha"], "The lorry was stolen.")

    assert fresh_notice(notice).state == "cancelled"


def test_a_count_with_which_a_later_one_reckons_is_not_taken_back_first(people):
    notice = a_notice(people, cartons=None)
    first = a_posted_sheet(people, 40, rest="follows", notice=notice)
    second = a_posted_sheet(people, 20, notice=notice)

    with pytest.raises(IllegalTransition, match="Take that one back first"):
        reverse(first, people["rex"])

    reverse(second, people["rex"])
    reverse(first, people["rex"])
    assert fresh_sheet(first).state == "reversed"


def test_a_program_counts_nothing_of_a_notice_that_is_through(people):
    notice = a_notice(people, cartons=None)
    arrive(a_receipt(quantity=Decimal(60), reference="DN-1"))
    with acting(FEED):
        count_receipts(order_ids_of([notice.pk]), actor=FEED, at=MONDAY)

    assert fresh_notice(notice).state == "received"
    with pytest.raises(IllegalTransition, match="nothing of it waits to be counted"):
        tell(a_whole_count())

    assert told() == []


@pytest.mark.parametrize(
    "changed",
    [
        {"lines": (WholeCountLine("4500000001", "L10", Decimal(50)),)},
        {"lines": (WholeCountLine("4500000001", "L10", Decimal(60), lot="A"),)},
        {"lines": (WholeCountLine("4500000001", "L10", Decimal(60), Decimal(1), note="Torn."),)},
        {"lines": (WholeCountLine("4500000001", "L20", Decimal(60)),)},
        {"received_on": TODAY - timedelta(days=1)},
        {"notice": "", "delivery_note": "DN-9"},
    ],
)
def test_another_count_under_a_source_that_was_told_is_refused_and_never_passed_over(people, changed):
    a_notice(people, cartons=None)
    tell(a_whole_count())

    assert tell(a_whole_count()).source == "WMS-1"
    with pytest.raises(Duplicate, match="another count"):
        tell(a_whole_count(**changed))

    assert len(told()) == 1
