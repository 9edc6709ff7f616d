"""Ship notices on the screen: begun, typed, packed, sent, followed, by people on both sides; without a script too."""

import html
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.shipments.forms import read_scan
from procurement.shipments.messages import PackedContent, TellMilestone
from procurement.shipments.models import Package, ShipNotice
from procurement.shipments.services import number_packages, set_contents, tell_milestone
from procurement.shipments.views import documents
from suppliers.models import Supplier
from suppliers.onboarding.messages import InviteSuppliers, Step, Target, WriteTemplate
from suppliers.onboarding.models import OnboardingRun
from suppliers.onboarding.queries import sheet_of
from suppliers.onboarding.services import invite_suppliers, write_template
from tests.builders import shipments
from tests.builders.changes import an_agreed_order
from tests.builders.shipments import begin, do, fresh_notice, pack
from tests.builders.world import MONDAY, a_line
from tests.people import FEED

pytestmark = pytest.mark.django_db

TODAY = datetime.now(UTC).date()
SOON = TODAY + timedelta(days=10)
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
    """What a page says, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page(response))).split())


def typed(notice, **changed):
    """The editor's form as its page sends it, with some fields changed; `quantity_1` is that of the first line."""
    notice = fresh_notice(notice)
    sent = {
        "version": notice.version,
        "number": notice.number,
        "ship_on": notice.ship_on.isoformat() if notice.ship_on else "",
        "delivery_on": notice.delivery_on.isoformat() if notice.delivery_on else "",
        "carrier": notice.carrier,
    }
    with acting(FEED):
        for one in notice.lines.order_by("position"):
            sent[f"quantity.{one.pk}"] = changed.pop(f"quantity_{one.position}", str(one.quantity))
            sent[f"remainder.{one.pk}"] = changed.pop(f"remainder_{one.position}", one.remainder)
            sent[f"follows_on.{one.pk}"] = changed.pop(f"follows_on_{one.position}", "")
    return sent | changed


def url(name, notice, *more):
    return reverse(name, args=[notice.key, *more])


def the_notice():
    with acting(FEED):
        return ShipNotice.objects.select_related("supplier", "company", "ship_to").latest("id")


def packed(notice):
    with acting(FEED):
        return [
            (
                one.kind,
                [
                    (each.notice_line.position, each.quantity)
                    for each in one.contents.select_related("notice_line")
                ],
            )
            for one in Package.objects.filter(notice=notice).order_by("position")
        ]


def a_sent_notice(order, person, quantities=None, **more):
    return shipments.a_sent_notice(
        order, person, quantities, at=timezone.now(), ship_on=TODAY, **{"delivery_on": SOON, **more}
    )


# --- begun


def test_all_that_is_open_of_an_order_goes_with_one_press(people, at):
    order = an_agreed_order(people["asha"])
    asha = at("asha")
    assert "Ship all that is open" in page(asha.get(f"{reverse('shipment-new')}?order={order.key}"))

    posted = asha.post(reverse("shipment-new"), {"order": order.key})

    notice = the_notice()
    assert (posted.status_code, posted["Location"]) == (303, url("shipment", notice))
    with acting(FEED):
        assert list(notice.lines.values_list("line__key", "quantity")) == [("L10", 100), ("L20", 100)]
    assert "1. What goes" in page(asha.get(posted["Location"]))


def test_lines_of_many_orders_are_ticked_and_found(people, at):
    first = an_agreed_order(people["asha"])
    second = an_agreed_order(people["asha"], "4500000002")
    asha = at("asha")
    found = page(asha.get(reverse("shipment-new"), {"q": "4500000002"}))
    assert "4500000001" not in found

    asha.post(reverse("shipment-new"), {"pick": [f"{first.key}.L10", f"{second.key}.L20"]})

    with acting(FEED):
        assert set(the_notice().lines.values_list("order__number", "line__key")) == {
            ("4500000001", "L10"),
            ("4500000002", "L20"),
        }


def test_lines_to_two_places_become_two_drafts(people, at):
    order = an_agreed_order(people["asha"], lines=[a_line(10), a_line(20, ship_to="HULL")])

    posted = at("asha").post(reverse("shipment-new"), {"order": order.key}, follow=True)

    assert "2 drafts were begun: one for each place" in page(posted)


def test_nothing_ticked_is_told_with_the_list(people, at):
    an_agreed_order(people["asha"])

    posted = at("asha").post(reverse("shipment-new"), {})

    assert posted.status_code == 422
    assert "Choose at least one order line" in page(posted)
    assert "4500000001" in page(posted)


def test_more_lines_go_into_a_draft_and_what_was_typed_is_kept_first(people, at):
    order = an_agreed_order(people["asha"])
    notice = begin(order, people["asha"])
    asha = at("asha")

    pressed = asha.post(url("shipment-save", notice), typed(notice, number="DN-9", more="1"))
    assert pressed["Location"] == f"{reverse('shipment-new')}?notice={notice.key}"
    assert fresh_notice(notice).number == "DN-9"
    listed = page(asha.get(pressed["Location"]))
    assert f"{order.key}.L20" in listed
    assert f"{order.key}.L10" not in listed
    asha.post(pressed["Location"], {"notice": notice.key, "pick": f"{order.key}.L20"})

    with acting(FEED):
        assert notice.lines.count() == 2


# --- typed


def test_what_is_typed_is_kept_and_only_what_moved_comes_back(people, at):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])

    kept = at("asha").post(
        url("shipment-save", notice), typed(notice, number="DN-1", quantity_1="60"), headers=HTMX
    )

    assert (kept.status_code, kept["HX-Reswap"]) == (200, "none")
    assert 'id="version" name="version" value="2" hx-swap-oob="true"' in page(kept)
    assert "40 pcs stay open" in words(kept)
    assert "<html" not in page(kept)
    assert fresh_notice(notice).number == "DN-1"
    with acting(FEED):
        assert notice.lines.get().quantity == 60


def test_one_save_button_is_enough_without_a_script(people, at):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])

    kept = at("asha").post(
        url("shipment-save", notice),
        typed(notice, number="DN-1", carrier="DHL", tracking_numbers="A1, A2\r\nA3", save="1"),
        follow=True,
    )

    assert "The draft is saved." in page(kept)
    held = fresh_notice(notice)
    assert (held.number, held.carrier, held.tracking_numbers) == ("DN-1", "DHL", ["A1", "A2", "A3"])


def test_findings_stand_beside_what_they_speak_of(people, at):
    notice = begin(an_agreed_order(people["asha"]), people["asha"], {"L10": 101})

    shown = page(at("asha").get(url("shipment", notice)))

    def beside(name):
        return re.search(rf'id="say-{name}"[^>]*>(.*?)</div>', shown, re.S)[1]

    assert "your delivery note" in beside("number")
    assert "101 pcs is more than the 100 pcs still open" in beside("line-1")
    assert "No carrier is named" in beside("carrier")
    assert "Nothing is packed" in beside("packages")
    assert "things are to be mended before it can be sent" in shown


def test_what_cannot_be_read_is_told_and_the_rest_is_kept(people, at):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])

    kept = at("asha").post(
        url("shipment-save", notice),
        typed(notice, number="DN-1", quantity_1="sixty", delivery_on="soon", pieces="x", save="1"),
    )

    assert kept.status_code == 422
    shown = page(kept)
    for text in ("“sixty” is no number", "“soon” is no day", "“x” is no number of pieces"):
        assert text in shown
    assert 'value="sixty"' in shown
    assert 'value="soon"' in shown
    held = fresh_notice(notice)
    assert (held.number, held.delivery_on) == ("DN-1", notice.delivery_on)


def test_a_rule_that_is_broken_is_told_at_its_field_and_typing_comes_back(people, at):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    early = (MONDAY - timedelta(days=400)).date().isoformat()

    kept = at("asha").post(
        url("shipment-save", notice), typed(notice, carrier="DHL", delivery_on=early, gross_kg="-4", save="1")
    )

    assert kept.status_code == 422
    assert "The goods cannot arrive before they leave" in page(kept)
    assert 'href="#gross_kg"' in page(kept)
    assert 'value="DHL"' in page(kept)


def test_two_who_write_at_once_lose_nothing(people, at):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    asha, olga = at("asha"), at("olga")
    was = re.search(r'name="was" value="([^"]*)"', page(asha.get(url("shipment", notice))))[1]
    was = was.replace("&quot;", '"')
    assert json.loads(was)["carrier"] == ""
    mine = typed(notice, carrier="DHL", number="DN-1", was=was)
    olga.post(url("shipment-save", notice), typed(notice, carrier="UPS", seal="S-77", save="1"))

    told = asha.post(url("shipment-save", notice), mine, headers=HTMX)

    assert (told.status_code, told["HX-Retarget"]) == (409, "#editor")
    shown = page(told)
    assert "Olga Acme changed this ship notice" in shown
    assert "Carrier: Olga Acme wrote “UPS”, yours is in the field." in shown
    for mine_or_hers in ('value="DHL"', 'value="DN-1"', 'value="S-77"'):
        assert mine_or_hers in shown
    assert fresh_notice(notice).carrier == "UPS"
    again = {**mine, "version": fresh_notice(notice).version, "seal": "S-77", "save": "1"}
    asha.post(url("shipment-save", notice), again)
    held = fresh_notice(notice)
    assert (held.carrier, held.number, held.seal) == ("DHL", "DN-1", "S-77")


def test_a_line_is_taken_out_and_the_others_keep_what_was_typed(people, at):
    notice = begin(an_agreed_order(people["asha"]), people["asha"], {"L10": None, "L20": None})
    with acting(FEED):
        first = notice.lines.get(position=1)

    done = at("asha").post(
        url("shipment-save", notice), typed(notice, quantity_2="7", drop=first.pk), headers=HTMX
    )

    assert done["HX-Retarget"] == "#editor"
    with acting(FEED):
        assert [(one.position, one.quantity) for one in notice.lines.all()] == [(2, 7)]


# --- packed


def test_forty_cartons_of_twelve_are_one_line_and_one_row(people, at):
    order = an_agreed_order(people["asha"], lines=[a_line(10, quantity=Decimal(500))])
    notice = begin(order, people["asha"])

    done = at("asha").post(
        url("shipment-save", notice),
        typed(notice, **{"pack": "1", "count.1": "40", "kind.1": "carton", "each.1": "12", "lot.1": "B7"}),
        headers=HTMX,
    )

    assert done.status_code == 200
    assert "40 packages are packed." in page(done)
    assert "40 × Carton, 1–40" in page(done)
    assert "480 pcs of 500 pcs packed" in words(done)
    assert "lot B7" in page(done)
    assert packed(notice) == [("carton", [(1, 12)])] * 40


def test_the_rest_is_packed_where_no_count_is_given(people, at):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])

    done = at("asha").post(
        url("shipment-save", notice),
        typed(notice, **{"pack": "1", "each.1": "30", "kind.1": "crate"}),
        follow=True,
    )

    assert "4 packages are packed." in page(done)
    assert [each for _kind, ((_line, each),) in packed(notice)] == [30, 30, 30, 10]


def test_a_mistake_in_packing_is_told_in_its_row_and_what_else_was_typed_is_kept(people, at):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    asha = at("asha")
    for each, said in (
        ("", "Say how much goes into one package"),
        ("0", "more than zero"),
        ("x", "is no number"),
    ):
        told = asha.post(
            url("shipment-save", notice),
            typed(notice, **{"pack": "1", "count.1": "", "each.1": each, "number": "DN-5"}),
        )
        assert told.status_code == 422, each
        assert said in page(told)
        assert 'href="#each-1"' in page(told)
    assert fresh_notice(notice).number == "DN-5"
    assert packed(notice) == []


def test_cartons_are_ticked_and_put_onto_a_pallet_and_taken_apart(people, at):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    pack(notice, people["asha"], 4, 25)
    asha = at("asha")
    asha.post(url("shipment-save", notice), typed(notice, pallet="1"))

    done = asha.post(
        url("shipment-save", notice), typed(notice, move="1", tick=["1-3"], host="5"), headers=HTMX
    )
    assert "They stand there now." in page(done)
    with acting(FEED):
        parents = (
            Package.objects.filter(notice=notice)
            .order_by("position")
            .values_list("parent__position", flat=True)
        )
        assert list(parents) == [5, 5, 5, None, None]
    refused = asha.post(url("shipment-save", notice), typed(notice, move="1", tick=["5-5"], host="5"))
    assert refused.status_code in (303, 422)
    asha.post(url("shipment-save", notice), typed(notice, remove="1", tick=["5-5", "4"]))
    assert packed(notice) == []
    told = asha.post(url("shipment-save", notice), typed(notice, remove="1"))
    assert "Tick the packages first." in page(told)


def test_a_hand_scanner_packs_piece_by_piece(people, at):
    notice = begin(an_agreed_order(people["asha"]), people["asha"], {"L10": 3, "L20": 3})
    asha = at("asha")
    with acting(FEED):
        item = notice.lines.select_related("line").get(position=1).line.item_number

    def scan(text, **more):
        # Enter presses the first button of the form, which saves.
        return asha.post(url("shipment-save", notice), typed(notice, scan=text, save="1", **more))

    first = scan(item)
    assert first["Location"] == f"{url('shipment', notice)}?into=1#packing"
    assert "Packing into package 1" in page(asha.get(first["Location"]))
    scan(item.lower(), into="1")
    assert packed(notice) == [("carton", [(1, 2)])]
    do(number_packages, notice, people["asha"])
    with acting(FEED):
        label = Package.objects.get(notice=notice).carton_number
    assert scan(label)["Location"].endswith("?into=1#packing")
    unknown = scan("4711")
    assert unknown.status_code == 422
    assert "“4711” is no item of this ship notice" in page(unknown)


def test_what_lies_in_a_package_is_said_with_its_lot_and_size(people, at):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    pack(notice, people["asha"], 2, 50)
    asha = at("asha")
    address = f"{url('shipment-package', notice, 1)}?to=2"
    assert "2 × Carton, 1 to 2" in page(asha.get(address))
    sent = {
        "version": fresh_notice(notice).version,
        "line.0": "1",
        "quantity.0": "50",
        "lot.0": "B-1",
        "serials.0": "",
        "expires_on.0": "2031-01-31",
        "origin.0": "it",
        "dangerous_goods.0": "",
        "gross_kg": "12.5",
        "length_cm": "40",
        "width_cm": "30",
        "height_cm": "20",
        "tracking_number": "",
    }

    bad = asha.post(address, sent | {"quantity.0": "many", "origin.0": "Italy", "gross_kg": "heavy"})
    assert bad.status_code == 422
    assert "“many” is no number" in page(bad)
    refused = asha.post(address, sent | {"origin.0": "XYZ", "serials.0": "A\r\nA"})
    assert refused.status_code == 422
    assert 'href="#origin-0"' in page(refused)
    assert 'href="#serials-0"' in page(refused)
    done = asha.post(address, sent, follow=True)

    assert "lot B-1, use by" in page(done)
    assert "12.5 kg, 40 × 30 × 20 cm" in words(done)
    with acting(FEED):
        assert {(str(one.gross_kg), one.contents.get().origin) for one in notice.packages.all()} == {
            ("12.500", "IT")
        }
    stale = asha.post(address, sent)
    assert stale.status_code == 409
    assert 'value="B-1"' in page(stale)
    assert asha.get(url("shipment-package", notice, 9)).status_code == 404


def test_sixty_lots_in_one_package_are_sixty_when_only_its_weight_is_said(people, at):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    pack(notice, people["asha"], 1, 60)
    lots = [PackedContent(1, Decimal(1), f"B-{n}") for n in range(60)]
    do(set_contents, notice, people["asha"], 1, lots)
    asha = at("asha")
    address = url("shipment-package", notice, 1)
    shown = page(asha.get(address))
    fields = re.findall(r'<input[^>]* name="([^"]+)" value="([^"]*)"', shown)

    done = asha.post(address, {**dict(fields), **{f"line.{n}": "1" for n in range(61)}, "gross_kg": "3"})

    assert done.status_code == 303
    ((_kind, contents),) = packed(notice)
    assert len(contents) == 60


# --- sent


def ready(people, quantities=None):
    order = an_agreed_order(
        people["asha"], lines=[a_line(10, delivery_on=SOON), a_line(20, delivery_on=SOON)]
    )
    notice = begin(order, people["asha"], quantities, at=timezone.now())
    return shipments.write(
        notice, people["asha"], ship_on=TODAY, delivery_on=SOON, tracking_numbers=("JD01",), at=timezone.now()
    )


def test_it_is_looked_over_and_sent_and_both_sides_read_it(people, at):
    notice = ready(people)
    asha, bea = at("asha"), at("bea")
    assert bea.get(url("shipment", notice)).status_code == 404
    looked = asha.post(url("shipment-save", notice), typed(notice, check="1"), follow=True)
    assert "Send ship notice DN-1?" in page(looked)
    assert "Nothing is packed." in page(looked)

    sent = asha.post(url("shipment-send", notice), {"version": fresh_notice(notice).version}, follow=True)

    assert "knows what comes." in page(sent)
    assert fresh_notice(notice).state == "sent"
    there = page(bea.get(url("shipment", notice)))
    assert "Expected at" in there
    assert "Take it back" in there
    assert "Take it back" not in page(at("ada").get(url("shipment", notice)))
    assert at("gil").get(url("shipment", notice)).status_code == 404


def test_packages_without_numbers_are_told_before_and_after_it_is_sent(people, at):
    notice = ready(people)
    asha = at("asha")
    asha.post(
        url("shipment-save", notice), typed(notice, **{"pack": "1", "kind.1": "carton", "each.1": "30"})
    )

    looked = page(asha.get(url("shipment-send", notice)))
    assert "the dock cannot scan" in looked
    assert "Give numbers first" in looked
    asha.post(url("shipment-send", notice), {"version": fresh_notice(notice).version})
    assert "Correct the ship notice, and press “Give numbers” there." in page(
        asha.get(url("shipment-print", notice))
    )
    assert "Correct the ship notice" not in page(at("ada").get(url("shipment-print", notice)))


def test_a_packing_that_no_longer_fits_is_told_as_the_quantity_is_typed(people, at):
    notice = ready(people)
    asha = at("asha")
    asha.post(
        url("shipment-save", notice), typed(notice, **{"pack": "1", "kind.1": "carton", "each.1": "30"})
    )

    told = asha.post(url("shipment-save", notice), typed(notice, quantity_1="30"), headers=HTMX)

    assert "are packed, but only 30 go" in words(told)


def test_what_is_to_be_mended_is_told_before_it_is_sent(people, at):
    notice = begin(an_agreed_order(people["asha"]), people["asha"], {"L10": 200})
    asha = at("asha")

    shown = page(asha.get(url("shipment-send", notice)))
    assert "Not ready to be sent" in shown
    assert "Send it now" not in shown
    posted = asha.post(url("shipment-send", notice), {"version": fresh_notice(notice).version})
    assert posted.status_code == 422
    assert "200 pcs is more than" in page(posted)


def test_a_look_over_that_is_old_says_who_changed_it(people, at):
    notice = ready(people)
    version = fresh_notice(notice).version
    at("olga").post(url("shipment-save", notice), typed(notice, seal="S1"))

    posted = at("asha").post(url("shipment-send", notice), {"version": version})

    assert posted.status_code == 409
    assert "Olga Acme changed this ship notice" in page(posted)


def test_it_is_corrected_and_taken_back_with_a_reason(people, at):
    order = an_agreed_order(people["asha"])
    notice = a_sent_notice(order, people["asha"])
    asha = at("asha")

    corrected = asha.post(url("shipment-correct", notice), {"version": notice.version}, follow=True)
    assert "Correct ship notice DN-1: version 2" in page(corrected)
    asked = page(asha.get(url("shipment-cancel", notice)))
    assert "Take ship notice DN-1 back?" in asked
    told = asha.post(url("shipment-cancel", notice), {"version": fresh_notice(notice).version, "reason": " "})
    assert told.status_code == 422
    assert "Say why" in page(told)
    asha.post(
        url("shipment-cancel", notice), {"version": fresh_notice(notice).version, "reason": "No lorry."}
    )

    assert fresh_notice(notice).state == "cancelled"
    assert "“No lorry.”" in page(at("bea").get(url("shipment", notice)))


def test_a_buyer_closes_one_that_was_counted_short_and_says_why(people, at):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    bea = at("bea")
    assert "Close it" not in page(bea.get(url("shipment", notice)))
    do(tell_milestone_of(notice, "arrived"), notice, people["asha"])

    assert "Close it" in page(bea.get(url("shipment", notice)))
    assert "Close it" not in page(at("asha").get(url("shipment", notice)))
    told = bea.post(url("shipment-close", notice), {"version": fresh_notice(notice).version, "reason": ""})
    assert told.status_code == 422
    assert "Say why nothing more is awaited" in page(told)
    bea.post(
        url("shipment-close", notice), {"version": fresh_notice(notice).version, "reason": "Lost at sea."}
    )

    assert fresh_notice(notice).state == "closed"
    assert "“Lost at sea.”" in page(at("asha").get(url("shipment", notice)))


def tell_milestone_of(notice, kind):
    """A word about the way, told the way `do` tells things."""
    command = TellMilestone(notice.key, kind, timezone.now() - timedelta(hours=1))
    return lambda _named, *, actor, at: tell_milestone(command, actor=actor, at=timezone.now())


def test_a_draft_is_thrown_away(people, at):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    asha = at("asha")
    assert "Throw this draft away?" in page(asha.get(url("shipment-discard", notice), headers=HTMX))

    asha.post(url("shipment-discard", notice), {"version": notice.version})

    assert fresh_notice(notice).state == "discarded"


def test_last_times_notice_begins_the_next(people, at):
    order = an_agreed_order(people["asha"])
    notice = a_sent_notice(order, people["asha"], {"L10": 60})
    asha = at("asha")
    assert "Again like this" in page(asha.get(reverse("shipment-list"), {"view": "way"}))

    again = asha.post(url("shipment-repeat", notice), follow=True)

    assert 'value="40"' in page(again)
    assert 'value="Blue Line"' in page(again)


def test_a_milestone_moves_the_expected_day(people, at):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    asha = at("asha")
    later = (SOON + timedelta(days=3)).isoformat()
    form = {"kind": "estimated", "day": TODAY.isoformat(), "clock": "00:30", "place": "Hull", "note": "Storm"}

    missing = asha.post(url("shipment-milestone", notice), form)
    assert missing.status_code == 422
    assert 'href="#estimated_on"' in page(missing)
    assert 'value="Hull"' in page(missing)
    odd = asha.post(url("shipment-milestone", notice), form | {"day": "never", "clock": "25"})
    assert "“never” is no day" in page(odd)
    assert "“25” is no time of day" in page(odd)
    told = asha.post(url("shipment-milestone", notice), form | {"estimated_on": later}, follow=True)

    assert "New estimate, Hull, expected on" in page(told)
    assert fresh_notice(notice).expected_on.isoformat() == later


# --- lists


def test_each_tab_has_its_own(people, at):
    today = timezone.localdate()  # where Bea is, and not when the run began
    order = an_agreed_order(people["asha"])
    a_sent_notice(order, people["asha"], {"L10": 1}, number="DN-WAY")
    late = a_sent_notice(order, people["asha"], {"L10": 1}, number="DN-LATE", delivery_on=today)
    begin(order, people["asha"], {"L10": 1})
    with acting(FEED):
        ShipNotice.objects.filter(pk=late.pk).update(expected_on=today - timedelta(days=3))
    asha, bea = at("asha"), at("bea")

    drafts = page(asha.get(reverse("shipment-list")))
    assert "no number yet" in drafts
    assert "DN-WAY" not in drafts
    inbound = page(bea.get(reverse("shipment-list")))
    assert inbound.index("DN-LATE") < inbound.index("DN-WAY")
    assert "3 days late" in inbound
    assert "no number yet" not in inbound
    only = page(bea.get(reverse("shipment-list"), {"view": "late"}))
    assert "DN-LATE" in only
    assert "DN-WAY" not in only
    found = page(bea.get(reverse("shipment-list"), {"q": "dn way"}))
    assert "DN-WAY" in found
    assert "DN-LATE" not in found
    assert "DN-WAY" not in page(bea.get(reverse("shipment-list"), {"site": "HULL"}))
    assert "DN-WAY" not in page(at("gil").get(reverse("shipment-list"), {"view": "way"}))


def test_an_orders_page_says_what_of_it_has_left(people, at):
    order = an_agreed_order(people["asha"])
    notice = a_sent_notice(order, people["asha"], {"L10": 60})
    a_sent_notice(order, people["asha"], {"L20": None}, number="DN-2")
    address = reverse("order", args=[order.key])

    for name, may_ship in (("asha", True), ("arun", False), ("bea", True), ("ada", False)):
        shown = at(name).get(address)
        assert f'href="{url("shipment", notice)}"' in page(shown), name
        assert "2 of 2 lines begun" in words(shown)
        assert "line 10: 60 pcs" in words(shown)
        assert "Ship notice DN-2: one line leaves, expected" in words(shown)
        assert ("Ship all that is open" in page(shown)) is may_ship, name


def test_rows_ticked_in_the_lists_of_orders_are_shipped(people, at):
    order = an_agreed_order(people["asha"])
    asha = at("asha")
    assert reverse("shipment-new") in page(asha.get(reverse("line-list"), {"show": "all"}))
    with acting(FEED):
        line = order.lines.get(key="L20")

    asha.post(reverse("shipment-new"), {"what": "lines", "pick": f"{line.pk}.{order.version}"})
    with acting(FEED):
        assert [one.line.key for one in the_notice().lines.select_related("line")] == ["L20"]
    asha.post(reverse("shipment-new"), {"what": "orders", "pick": f"{order.key}.{order.version}"})
    with acting(FEED):
        assert the_notice().lines.count() == 2
    a_sent_notice(order, people["asha"], {"L10": None, "L20": None})
    told = asha.post(reverse("shipment-new"), {"what": "lines", "pick": f"{line.pk}.{order.version}"})
    assert told.status_code == 422
    assert "Nothing of what you ticked is left to ship." in page(told)


# --- papers and numbers


def a_packed_notice(people, cartons=2):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    return pack(notice, people["asha"], cartons, 100 // cartons)


def test_labels_need_numbers_and_come_as_files(people, at):
    notice = a_packed_notice(people)
    asha = at("asha")
    none = asha.get(url("shipment-document", notice, "a6"))
    assert none.status_code == 422
    assert "No package has a number yet" in page(none)
    numbered = asha.post(url("shipment-save", notice), typed(notice, numbers="1"), follow=True)
    assert "2 packages have their numbers now." in page(numbered)

    for what, begins in (
        ("a6", b"%PDF"),
        ("4x6", b"%PDF"),
        ("sheet-a4", b"%PDF"),
        ("sheet-letter", b"%PDF"),
        ("zpl-4x6-203", b"^XA"),
    ):
        got = asha.get(url("shipment-document", notice, what))
        assert got.status_code == 200, what
        assert got.content.startswith(begins), what
        assert got["Content-Disposition"].startswith(f'attachment; filename="labels-{what}-draft.')
    one = asha.get(url("shipment-document", notice, "zpl-4x6-300"), {"package": "2"})
    assert one.content.count(b"^XA") == 1
    for what in ("a5", "sheet-a5", "zpl-4x6-600", "zpl-b-203", "passport"):
        assert asha.get(url("shipment-document", notice, what)).status_code == 404


def test_delivery_note_and_packing_slip_are_files_with_safe_names(people, at):
    notice = a_packed_notice(people)
    shipments.write(notice, people["asha"], 'DN "1"\r\n/ü')
    for what in ("delivery-note", "packing-slip"):
        got = at("asha").get(url("shipment-document", notice, what))
        assert got.status_code in (200, 503)
        if got.status_code == 200:
            assert got.content.startswith(b"%PDF")
            assert got["Content-Disposition"] == f'attachment; filename="{what}-DN--1-----.pdf"'


def test_the_administrator_enters_the_gs1_prefix(people, at):
    asha = at("asha")
    numbers = reverse("package-numbers")
    for form, said in (
        ({"gs1_prefix": "12A", "extension": "0", "next_serial": "1"}, "not a GS1 company prefix"),
        (
            {"gs1_prefix": "4012345", "extension": "x", "next_serial": ""},
            "“x” is no whole number from 0 to 9",
        ),
        ({"gs1_prefix": "4012345", "extension": "11", "next_serial": "1"}, "0 to 9"),
    ):
        told = asha.post(numbers, form)
        assert told.status_code == 422
        assert said in page(told)
    saved = asha.post(numbers, {"gs1_prefix": "4012345", "extension": "0", "next_serial": "1"}, follow=True)
    assert "New packages get their numbers from here." in page(saved)
    assert "The next package gets" in page(saved)
    assert at("olga").get(numbers).status_code == 403
    assert at("root").get(numbers, {"supplier": "ACME"}).status_code == 200
    assert at("root").get(numbers, {"supplier": "NOBODY"}).status_code == 404


def test_the_prefix_a_supplier_gives_while_it_is_brought_in_is_on_its_labels(people, at):
    """Root asks for other numbers; Asha gives the prefix once, at that step, and prints."""
    asha, root = people["asha"], people["root"].actor
    with acting(root):
        steps = (Step("identifiers", wants=("gs1_prefix",)),)
        write_template(WriteTemplate("labels", "Labels", steps), actor=root, at=MONDAY)
        invite_suppliers(InviteSuppliers((Target("ACME"),), "one"), actor=root, at=MONDAY)
        key = Supplier.objects.get(number="ACME").key
    assert "GS1 prefix: for labels" in page(at("asha").get(reverse("getting-started")))
    entered = {"kind": "gs1_prefix", "country": "", "value": "4012345"}
    assert at("asha").post(reverse("company-part", args=[key, "number"]), entered).status_code == 303
    with acting(root):
        assert sheet_of(OnboardingRun.objects.get(), MONDAY).standing == {"identifiers": "done"}
    numbers = page(at("asha").get(reverse("package-numbers")))
    assert "0 4012345 000000001 6" in numbers
    assert "The company data has" not in numbers

    notice = begin(an_agreed_order(asha), asha)
    pack(notice, asha, 1, 100)
    do(number_packages, notice, asha)
    with acting(FEED):
        package = Package.objects.get(notice=notice)
    label = at("asha").get(url("shipment-document", notice, "zpl-4x6-203"))
    assert package.sscc == "040123450000000016"
    assert b"00040123450000000016" in label.content  # in its bars, behind the (00) that says what it is

    # The two are the same until somebody says otherwise for packages: then the page says which is which.
    asha_at = at("asha")
    asha_at.post(reverse("package-numbers"), {"gs1_prefix": "4012346", "extension": "0", "next_serial": "1"})
    differs = "The company data has the GS1 prefix 4012345; packages are numbered behind 4012346."
    assert differs in page(asha_at.get(reverse("package-numbers")))
    asha_at.post(reverse("package-numbers"), {"gs1_prefix": "", "extension": "0", "next_serial": "1"})
    differs = "The company data has the GS1 prefix 4012345; packages get carton numbers of ours."
    assert differs in page(at("root").get(reverse("package-numbers"), {"supplier": "ACME"}))


# --- so many queries and no more


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def many_lines(people, count, number="4500000001"):
    return an_agreed_order(people["asha"], number, [a_line(n) for n in range(1, count + 1)])


def test_thirty_lines_and_packages_cost_what_one_costs(people, at):
    few = begin(many_lines(people, 1), people["asha"], {"L1": 60})
    many_order = many_lines(people, 30, "4500000002")
    many = begin(many_order, people["asha"], {f"L{n}": 60 for n in range(1, 31)})
    for notice, lines in ((few, 1), (many, 30)):
        for position in range(1, lines + 1):
            pack(notice, people["asha"], 2, 30, position=position)
    asha = at("asha")
    for name in ("shipment", "shipment-send", "shipment-print"):
        assert queries(asha, url(name, few)) == queries(asha, url(name, many)), name
    assert queries(asha, url("shipment-package", few, 1)) == queries(asha, url("shipment-package", many, 1))


def test_thirty_notices_cost_what_one_costs(people, at):
    order = many_lines(people, 30)
    asha, bea = at("asha"), at("bea")
    address = f"{reverse('shipment-list')}?view=way"
    a_sent_notice(order, people["asha"], {"L1": 60}, cartons=(2, 30))
    one = (queries(asha, address), queries(bea, address))
    for n in range(2, 31):
        a_sent_notice(order, people["asha"], {f"L{n}": 60}, number=f"DN-{n}", cartons=(2, 30))
    assert (queries(asha, address), queries(bea, address)) == one
    sent = url("shipment", the_notice())
    assert queries(bea, sent) < 40
    assert queries(asha, reverse("shipment-new")) < 40


# --- scanned


def scan(client, notice, text, key=""):
    sent = typed(notice, scan=text, scan_now="1", scan_key=key)
    return client.post(url("shipment-save", notice), sent, headers=HTMX)


def test_a_scan_that_comes_twice_counts_once(people, at):
    notice, asha = begin(an_agreed_order(people["asha"]), people["asha"]), at("asha")

    answers = [scan(asha, notice, "VALVE-15", key) for key in ("1-a", "1-a", "2-b")]

    assert [answer["X-Scanned"] for answer in answers] == ["yes"] * 3
    assert packed(notice) == [("carton", [(1, 1)]), ("carton", [(1, 1)])]
    assert scan(asha, notice, "NO-SUCH", "3-c")["X-Scanned"] == "no"


@pytest.mark.parametrize(
    ("scanned", "read"),
    [
        ("]C10109501101530003", "09501101530003"),
        ("010950110153000310LOT-1\x1d3712", "09501101530003"),
        ("0109501101530009", "0109501101530009"),  # no GTIN: its check digit is another
        ("(00)123456789012345675", "123456789012345675"),
        ("VALVE-15", "VALVE-15"),
    ],
)
def test_a_gs1_symbol_is_read_for_what_it_names(scanned, read):
    assert read_scan(scanned) == read


def test_a_scan_that_could_not_be_looked_at_is_not_said_to_have_been(people, at):
    notice, asha = begin(an_agreed_order(people["asha"]), people["asha"]), at("asha")
    sent = typed(notice, scan="VALVE-15", scan_now="1", ship_on="someday")

    answer = asha.post(url("shipment-save", notice), sent, headers=HTMX)

    assert (answer.status_code, "X-Scanned" in answer) == (422, False)
    assert packed(notice) == []


def test_only_pages_on_which_one_scans_may_ask_for_the_camera(people, at):
    notice, asha = begin(an_agreed_order(people["asha"]), people["asha"]), at("asha")

    assert "camera=(self)" in asha.get(url("shipment", notice))["Permissions-Policy"]
    assert "camera=()" in asha.get(reverse("shipment-list"))["Permissions-Policy"]


def test_all_that_is_left_of_a_line_goes_into_a_package(people, at):
    notice, asha = begin(an_agreed_order(people["asha"]), people["asha"]), at("asha")
    pack(notice, people["asha"], 2, 30)

    done = asha.post(url("shipment-save", notice), typed(notice, fill="1", host="2"), headers=HTMX)
    again = asha.post(url("shipment-save", notice), typed(notice, fill="1", host="1"), headers=HTMX)

    assert packed(notice) == [("carton", [(1, 30)]), ("carton", [(1, 70)])]
    assert "Package 2: 70 of VALVE-15." in page(done)
    assert (again.status_code, "packed already" in page(again)) == (422, True)


# --- long papers


def test_what_would_take_minutes_is_printed_in_parts(people, at, monkeypatch):
    monkeypatch.setattr(documents, "MOST_SET", 2)
    monkeypatch.setattr(documents, "MOST_ROWS", 2)
    order = an_agreed_order(people["asha"], lines=[a_line(10, description="阀门", item_number="阀门-15")])
    notice = begin(order, people["asha"])
    for quantity in (10, 20, 30, 40):
        pack(notice, people["asha"], 1, quantity)
    do(number_packages, notice, people["asha"])
    asha = at("asha")

    for paper in ("a6", "sheet-a4", "packing-slip"):
        answer = asha.get(url("shipment-document", notice, paper))
        assert [answer.status_code, answer["Content-Type"]] == [200, "text/html; charset=utf-8"]
        assert 'package=1-2"' in page(answer)
        assert 'package=3-4"' in page(answer)
    some = asha.get(url("shipment-document", notice, "packing-slip"), {"package": "3-4"})
    assert some["Content-Type"] == "application/pdf"
    assert asha.get(url("shipment-document", notice, "zpl-4x6-203"))["Content-Type"].startswith("text/plain")
