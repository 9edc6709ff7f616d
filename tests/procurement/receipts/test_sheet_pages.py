"""Counting on the screen: begun, scanned, typed, posted, answered, settled; by plain forms, as without a script."""

import html
import json
import re
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.receipts.models import CountedRow, ReceivingSheet, SheetPhoto
from procurement.shipments.services import number_packages
from tests.builders import shipments
from tests.builders.changes import an_agreed_order
from tests.builders.counts import (
    GTIN,
    a_notice,
    a_picture,
    a_posted_sheet,
    answer,
    begin,
    count_row,
    fresh_sheet,
    post,
    scanned,
    sheet_line,
    whole_sheet,
)
from tests.builders.facts import a_receipt, arrive
from tests.builders.shipments import a_sent_notice
from tests.builders.world import a_line
from tests.people import FEED

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def at(people):
    """Somebody's browser, signed in."""

    def browser(name):
        client = Client()
        client.force_login(people[name].user)
        return client

    return browser


def page(response):
    return response.content.decode()


def words(response):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page(response))).split())


def url(name, sheet, *more):
    return reverse(name, args=[sheet.key, *more])


def the_sheet():
    with acting(FEED):
        return ReceivingSheet.objects.latest("id")


def numbers_of(notice):
    with acting(FEED):
        return [one.carton_number for one in notice.packages.order_by("position")]


# --- where a count begins -----------------------------------------------------------------------------------


def test_a_shipment_is_found_by_a_label_and_begun(people, at):
    notice = a_notice(people)
    rex = at("rex")

    found = rex.get(reverse("receiving-list"), {"q": numbers_of(notice)[2]})
    assert "DN-1" in words(found)
    begun = rex.post(reverse("receiving-begin"), {"notice": notice.key})

    assert begun.status_code == 303
    assert begun["Location"] == url("receiving-sheet", the_sheet())
    assert "DN-1" in words(rex.get(reverse("receiving-list"), {"view": "counting"}))


def test_each_list_says_what_to_do_where_nothing_is(people, at):
    rex, asha = at("rex"), at("asha")

    assert "Nothing stands at the dock" in words(rex.get(reverse("receiving-list")))
    assert "Nobody is counting" in words(rex.get(reverse("receiving-list"), {"view": "counting"}))
    assert "Nothing was counted here yet" in words(rex.get(reverse("receiving-list"), {"view": "posted"}))
    assert "Nothing was counted here yet" in words(asha.get(reverse("receiving-list")))
    assert "Nothing like this is awaited" in words(rex.get(reverse("receiving-list"), {"q": "DN-9"}))


def test_unannounced_goods_begin_with_their_paper_and_say_what_is_missing(people, at):
    an_agreed_order(people["asha"])
    rex = at("rex")
    address = reverse("receiving-new")

    assert "Acme Valves" in words(rex.get(address))
    bad = rex.post(address, {"supplier": "ACME", "delivery_note": " "})
    assert bad.status_code == 422
    assert "Write the number of the delivery note" in words(bad)
    begun = rex.post(address, {"supplier": "ACME", "site": "LEEDS", "delivery_note": "LS 77"})

    assert begun.status_code == 303
    assert "No line yet" in words(rex.get(begun["Location"]))


def test_a_line_is_chosen_for_unannounced_goods(people, at):
    order = an_agreed_order(people["asha"])
    rex = at("rex")
    rex.post(reverse("receiving-new"), {"supplier": "ACME", "delivery_note": "LS 77"})
    sheet = the_sheet()

    shown = rex.get(url("receiving-lines", sheet), {"q": "VALVE"})
    assert "4500000001 · 10" in words(shown)
    with acting(FEED):
        line = order.lines.get(number=10).pk
    chosen = rex.post(url("receiving-lines", sheet), {"line": line})

    assert chosen["Location"] == url("receiving-line", sheet, sheet_line(sheet).pk)


def test_a_line_that_is_here_in_full_is_no_open_line_but_can_be_found(people, at):
    order = an_agreed_order(people["asha"])
    rex = at("rex")
    rex.post(reverse("receiving-new"), {"supplier": "ACME", "delivery_note": "LS 77"})
    with acting(FEED):
        order.lines.filter(number=10).update(received_quantity=F("quantity"))

    assert "4500000001 · 10" not in words(rex.get(url("receiving-lines", the_sheet())))
    found = rex.get(url("receiving-lines", the_sheet()), {"q": "VALVE"})
    assert "4500000001 · 10" in words(found)


def test_a_notice_of_which_nothing_more_comes_stands_at_the_dock_no_longer(people, at):
    rex = at("rex")
    sheet = a_posted_sheet(people, 45, rest="follows")
    assert "DN-1" in words(rex.get(reverse("receiving-list")))

    second = begin(sheet.notice, people["rex"])
    count_row(second, people["rex"], 10)
    assert "DN-1" in words(rex.get(reverse("receiving-list")))
    post(second, people["rex"], "short")

    assert "Nothing stands at the dock" in words(rex.get(reverse("receiving-list")))
    assert "DN-1" in words(rex.get(reverse("receiving-list"), {"q": "DN-1"}))


# --- counting -----------------------------------------------------------------------------------------------


def test_a_scan_without_a_script_is_a_page_that_says_what_it_did(people, at):
    notice = a_notice(people)
    sheet = begin(notice, people["rex"])
    rex = at("rex")

    sent = rex.post(url("receiving-count", sheet), {"scan": numbers_of(notice)[0], "scan_now": "1"})
    assert sent.status_code == 303
    shown = words(rex.get(sent["Location"]))

    assert "Yes Package" in shown
    assert "15 of 60 pcs" in shown
    assert "1 of 4 packages seen" in shown
    assert "Ready The last scan" in words(rex.get(sent["Location"]))  # it is told once


def test_many_fast_scans_come_in_one_go(people, at):
    notice = a_notice(people)
    sheet = begin(notice, people["rex"])
    one, two, *_rest = numbers_of(notice)

    told = at("rex").post(
        url("receiving-count", sheet), {"scans": f"{one}\n{two}\n{one}\n", "scan": GTIN}, headers=HTMX
    )

    assert told.status_code == 200
    assert 'id="scan"' not in page(told)  # the field of the scanner stays as it is
    assert "31 of 60 pcs" in words(told)
    assert json.loads(told["HX-Trigger"])["announce"] == "VALVE-15: 1 pcs more."


def test_a_no_among_fast_scans_stays_until_somebody_has_seen_it(people, at):
    notice = a_notice(people)
    sheet = begin(notice, people["rex"])
    rex, address = at("rex"), url("receiving-count", sheet)
    one = numbers_of(notice)[0]

    told = rex.post(address, {"scans": f"NOPE-1\n{one}\n{one}\n", "scan": "NOPE-2"}, headers=HTMX)
    kept = re.findall(r'name="missed" value="([^"]+)"', page(told))
    assert "One scan before it was not counted" in words(told)
    assert [text.split()[0] for text in kept] == ["NOPE-1", "NOPE-2"]  # a carton twice is no such thing
    later = rex.post(address, {"scan": GTIN, "missed": kept}, headers=HTMX)
    assert "2 scans before it were not counted" in words(later)
    typed = rex.post(address, {"save": "1", "missed": kept})
    assert "2 scans before it were not counted" in words(rex.get(typed["Location"]))
    seen = rex.post(address, {"seen": "1", "missed": kept}, headers=HTMX)
    assert "not counted" not in words(seen)


def test_what_is_typed_is_kept_before_the_scan_counts(people, at):
    sheet = begin(a_notice(people), people["rex"])
    line = sheet_line(sheet).pk
    rex = at("rex")

    rex.post(url("receiving-count", sheet), {f"good.{line}.0": "20", f"was.{line}.0": "0", "scan": GTIN})
    bad = rex.post(url("receiving-count", sheet), {f"good.{line}.0": "many", f"was.{line}.0": "0"})

    assert bad.status_code == 422
    assert "“many” is no number" in words(bad)
    assert [one.tally.good for one in whole_sheet(sheet).lines] == [21]


def test_a_count_that_a_colleague_changed_is_told_and_stays_typed(people, at):
    sheet = begin(a_notice(people), people["rex"])
    scanned(sheet, people["max"], GTIN)
    with acting(FEED):
        row = CountedRow.objects.get()
    name = f"{row.sheet_line_id}.{row.pk}"

    told = at("rex").post(url("receiving-count", sheet), {f"good.{name}": "20", f"was.{name}": "0"})

    assert told.status_code == 422
    assert "Max Manager counts 1 now, you typed 20" in words(told)
    assert 'value="20"' in page(told)


def test_packages_are_ticked_by_hand_and_the_last_scan_is_taken_back(people, at):
    notice = a_notice(people)
    sheet = begin(notice, people["rex"])
    number = numbers_of(notice)[0]
    rex, address = at("rex"), url("receiving-count", sheet)

    rex.post(address, {"see": number})
    assert list(whole_sheet(sheet).seen) == [number]
    rex.post(address, {"unsee": number})
    rex.post(address, {"scan": GTIN})
    rex.post(address, {"back": f"{sheet_line(sheet).pk}:1"})

    assert list(whole_sheet(sheet).seen) == []
    assert [one.tally.good for one in whole_sheet(sheet).lines] == [0]


def test_damage_is_said_with_a_picture(people, at):
    sheet = begin(a_notice(people), people["rex"])
    line, rex = sheet_line(sheet).pk, at("rex")
    address = url("receiving-line", sheet, line)

    bad = rex.post(address, {"quantity": "50", "damaged": "4", "row": "new", "expires_on": "soon"})
    assert bad.status_code == 422
    assert "“soon” is no day" in words(bad)
    sent = {"quantity": "50", "damaged": "4", "wrong": "Wet.", "lot": "B7", "row": "new"}
    sent["photos"] = SimpleUploadedFile("wet.jpg", a_picture(), "image/jpeg")
    kept = rex.post(address, sent)

    assert kept.status_code == 303
    shown = words(rex.get(url("receiving-sheet", sheet)))
    assert "4 pcs damaged" in shown
    with acting(FEED):
        photo = SheetPhoto.objects.get()
    served = rex.get(reverse("receiving-photo", args=[photo.key]))
    assert (served["Content-Type"], served["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert "sandbox" in served["Content-Security-Policy"]


def test_what_is_no_picture_is_refused_before_anything_is_kept(people, at):
    sheet = begin(a_notice(people), people["rex"])
    sent = {"photos": SimpleUploadedFile("cat.jpg", b"MZ no picture", "image/jpeg")}

    refused = at("rex").post(url("receiving-photos", sheet), sent)

    assert refused.status_code == 422
    assert "cat.jpg is no picture" in words(refused)


def test_a_wrong_item_is_noted_and_taken_off(people, at):
    sheet = begin(a_notice(people), people["rex"])
    rex = at("rex")

    assert rex.post(url("receiving-wrong", sheet), {"text": "", "quantity": "x"}).status_code == 422
    rex.post(url("receiving-wrong", sheet), {"text": "A box of gloves", "quantity": "2"})
    shown = rex.get(url("receiving-sheet", sheet))
    assert "A box of gloves" in words(shown)
    item = re.search(r'name="drop_wrong" value="(\d+)"', page(shown))[1]
    rex.post(url("receiving-count", sheet), {"drop_wrong": item})

    assert whole_sheet(sheet).wrong == []


# --- posted -------------------------------------------------------------------------------------------------


def test_posting_asks_what_becomes_of_the_rest(people, at):
    sheet = begin(a_notice(people), people["rex"])
    count_row(sheet, people["rex"], 48)
    rex, line = at("rex"), sheet_line(sheet).pk
    address = url("receiving-post", sheet)
    version = fresh_sheet(sheet).version

    assert rex.post(url("receiving-count", sheet), {"check": "1"})["Location"] == address
    asked = rex.post(address, {"version": version})
    assert asked.status_code == 422
    assert "12 pcs of what was announced are not here" in words(asked)
    stale = rex.post(address, {"version": version - 1, f"rest.{line}": "short"})
    assert stale.status_code == 409
    posted = rex.post(address, {"version": version, f"rest.{line}": "short", "note": "Rain."})

    assert posted.status_code == 303
    shown = words(rex.get(posted["Location"]))
    assert "12 pcs missing" in shown
    assert "waits for the ERP" in shown


def test_a_count_is_taken_back_and_a_draft_thrown_away(people, at):
    sheet = a_posted_sheet(people, 60)
    rex = at("rex")
    address = url("receiving-reverse", sheet)

    assert rex.post(address, {"version": sheet.version, "reason": " "}).status_code == 422
    assert rex.post(address, {"version": sheet.version, "reason": "Twice."}).status_code == 303
    assert "Taken back by Rex Receiver: “Twice.”" in words(rex.get(url("receiving-sheet", sheet)))
    again = begin(fresh_sheet(sheet).notice, people["rex"])
    assert "Throw this count away?" in words(rex.get(url("receiving-discard", again)))
    assert rex.post(url("receiving-discard", again), {"version": again.version}).status_code == 303


def test_both_sides_say_their_word_on_the_sheet(people, at):
    sheet = a_posted_sheet(people, 50, 4, "short")
    asha, bea = at("asha"), at("bea")
    name = f"line-{sheet_line(sheet).pk}"
    address = url("receiving-say", sheet)

    silent = asha.post(address, {"difference": name, "word": "disputed", "text": ""})
    assert silent.status_code == 422
    assert "Say why you dispute it" in words(silent)
    sent = {"difference": name, "word": "disputed", "text": "We packed 60."}
    sent["photos"] = SimpleUploadedFile("packed.jpg", a_picture(), "image/jpeg")
    assert asha.post(address, sent).status_code == 303
    assert "Asha Acme: Disputed" in words(bea.get(url("receiving-sheet", sheet)))
    assert bea.post(address, {"difference": name, "word": "credit", "text": ""}).status_code == 422
    assert bea.post(address, {"difference": name, "word": "credit", "text": "Half."}).status_code == 303

    assert "Bea Buyer: Credit expected" in words(asha.get(url("receiving-sheet", sheet)))
    assert "All that differed is settled." in words(asha.get(url("receiving-sheet", sheet)))
    assert "The ERP is asked to book it" in words(bea.get(url("receiving-sheet", sheet)))


def test_a_sheet_says_of_the_rest_and_of_unannounced_goods_what_is_true(people, at):
    later = a_posted_sheet(people, 45, rest="follows")
    arrive(a_receipt(reference="DN-1", quantity=Decimal(45)))

    assert "the rest comes later" in words(at("asha").get(url("receiving-sheet", later)))
    assert "the rest comes later" in words(at("bea").get(url("receiving-sheet", later)))


def test_home_says_what_the_dock_asks_until_the_supplier_has_answered(people, at):
    sheet = a_posted_sheet(people, 50, 4, "short")
    asha, address = at("asha"), url("receiving-sheet", sheet)

    home = asha.get("/")
    assert "The dock asks you one thing." in words(home)
    assert "DN-1 came otherwise than announced" in words(home)
    assert f'href="{address}"' in page(home)
    assert "otherwise than announced" not in words(at("gil").get("/"))
    answer(sheet, people["asha"], "agreed")

    assert "otherwise than announced" not in words(asha.get("/"))
    assert reverse("receiving-list") in page(asha.get(reverse("shipment-list")))


def test_the_notice_shows_what_was_counted_of_it(people, at):
    sheet = a_posted_sheet(people, 50, 4, "short")
    asha = at("asha")
    notice = sheet.notice

    assert reverse("shipment-counted", args=[notice.key]) in page(
        asha.get(reverse("shipment", args=[notice.key]))
    )
    panel = asha.get(reverse("shipment-counted", args=[notice.key]), headers=HTMX)
    assert url("receiving-sheet", sheet) in page(panel)
    assert "damaged missing" in words(panel)
    assert "<html" not in page(panel)
    assert at("gil").get(reverse("shipment-counted", args=[notice.key])).status_code == 404


def test_a_count_in_progress_is_not_the_suppliers_to_see(people, at):
    sheet = begin(a_notice(people), people["rex"])

    assert at("asha").get(url("receiving-sheet", sheet)).status_code == 404
    assert "Rex Receiver is counting" in words(at("bea").get(url("receiving-sheet", sheet)))


# --- so many queries and no more ----------------------------------------------------------------------------


def asked_of(browser, address, **more):
    browser.get(address, **more)  # what is read once for a browser is read by now
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert browser.get(address, **more).status_code == 200
    return len(asked)


def a_sheet_of(people, count, number, order):
    lines = [a_line(n, supplier_part_number=f"P-{n}") for n in range(1, count + 1)]
    made = an_agreed_order(people["asha"], order, lines=lines)
    quantities = {f"L{n}": 60 for n in range(1, count + 1)}
    notice = shipments.begin(made, people["asha"], quantities)
    shipments.write(notice, people["asha"], number)
    for position in range(1, count + 1):
        shipments.pack(notice, people["asha"], 2, 30, position=position)
    shipments.do(number_packages, notice, people["asha"])
    return begin(shipments.send(notice, people["asha"]).notice, people["rex"])


def test_thirty_lines_ask_no_more_than_one(people, at):
    few = a_sheet_of(people, 1, "DN-1", "4500000001")
    many = a_sheet_of(people, 30, "DN-2", "4500000002")
    rex, bea = at("rex"), at("bea")
    for sheet in (few, many):
        with acting(FEED):
            for line in sheet.lines.all():
                CountedRow.objects.create(
                    supplier_id=sheet.supplier_id,
                    sheet_line=line,
                    quantity=50,
                    damaged=2,
                    wrong="Wet.",
                    counted_at=sheet.begun_at,
                    counted_by="Rex Receiver",
                )

    for name in ("receiving-sheet", "receiving-post", "receiving-lines"):
        assert asked_of(rex, url(name, few)) == asked_of(rex, url(name, many)), name
    for sheet in (few, many):
        post(sheet, people["rex"], "short")
    answer(few, people["asha"], "agreed", line=sheet_line(few, 1).pk)
    assert asked_of(bea, url("receiving-sheet", few)) == asked_of(bea, url("receiving-sheet", many))


def test_thirty_rows_of_a_list_ask_no_more_than_one(people, at):
    order = an_agreed_order(people["asha"], lines=[a_line(10, quantity=Decimal(5000))])
    rex, address = at("rex"), reverse("receiving-list")
    views = ({"q": "DN"}, {"view": "counting"})

    def some(first, last):
        for n in range(first, last):
            notice = a_sent_notice(order, people["asha"], {"L10": 10}, number=f"DN-{n}")
            begin(notice, people["rex"])

    some(0, 1)
    rex.get(address)
    few = [asked_of(rex, address, data=view) for view in views]
    some(1, 30)

    assert [asked_of(rex, address, data=view) for view in views] == few


def test_a_scan_whose_answer_was_lost_on_its_way_is_sent_again_and_counts_once(people, at):
    sheet = begin(a_notice(people, cartons=None), people["rex"])
    first = {"scans": f"mf4k2a9x-1q2w3e4r\t{GTIN}\n"}
    both = {"scans": f"{first['scans']}mf4k2b11-5t6z7u8i\t{GTIN}\n"}

    at("rex").post(url("receiving-count", sheet), first, headers=HTMX)
    page = at("rex").post(url("receiving-count", sheet), both, headers=HTMX)
    again = at("rex").post(url("receiving-count", sheet), both, headers=HTMX)

    assert page.status_code == 200
    assert "only the answer was lost" in again.content.decode()
    assert whole_sheet(sheet).lines[0].tally.good == 2


def test_of_many_scans_those_that_did_not_count_are_all_said(people, at):
    sheet = begin(a_notice(people, cartons=None), people["rex"])

    page = (
        at("rex")
        .post(
            url("receiving-count", sheet), {"scans": f"STRANGE-1\n{GTIN}\nSTRANGE-2\n{GTIN}\n"}, headers=HTMX
        )
        .content.decode()
    )

    assert "STRANGE-1 is not on this sheet" in page
    assert "STRANGE-2 is not on this sheet" in page
    assert whole_sheet(sheet).lines[0].tally.good == 2
