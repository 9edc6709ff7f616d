"""A line in pieces: split, fitted, refused, put off, replaced."""

from datetime import timedelta
from decimal import Decimal

import pytest

from portal.kernel.scope import acting
from procurement.orders.messages import SchedulePaper
from procurement.orders.models import Promise
from suppliers.messages import SupplierSitePaper
from suppliers.services import receive_supplier_sites
from tests.builders.answer_page import (
    ASKED,
    LATER,
    TODAY,
    answers,
    day,
    drafts,
    fields_of,
    look,
    order_of,
    press,
    promises,
)
from tests.builders.world import a_line, fresh_line
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db


def test_split_makes_a_second_piece_with_what_is_left(people):
    order = order_of(1)
    client = signed_in(people["asha"])

    response = press(client, order, "split", "L10", **{"quantity.L10.0": "60"})
    fields = fields_of(look(client, order))
    assert response["Location"].endswith(f"#line-{fresh_line(10).pk}")
    assert (fields["quantity.L10.0"], fields["quantity.L10.1"]) == ("60", "40")

    press(client, order, "send", **{"delivery_on.L10.1": LATER.isoformat()})

    assert promises(10) == [("accept", 60, ASKED, Decimal("6.85")), ("accept", 40, LATER, Decimal("6.85"))]


def test_pieces_that_hold_too_much_are_fitted_by_a_button(people):
    order = order_of(1)
    client = signed_in(people["asha"])
    press(client, order, "split", "L10")
    page = press(client, order, "save", **{"quantity.L10.1": "30"})
    assert page.status_code == 303
    assert "Take 30 pcs off" in look(client, order).content.decode()

    press(client, order, "fit", "L10")

    fields = fields_of(look(client, order))
    assert (fields["quantity.L10.0"], fields["quantity.L10.1"]) == ("70", "30")


def test_removing_a_piece_gives_the_rest_back(people):
    order = order_of(1)
    client = signed_in(people["asha"])
    press(client, order, "split", "L10", **{"quantity.L10.0": "60"})

    press(client, order, "drop", "L10.1")

    assert drafts() == {}
    assert fields_of(look(client, order))["quantity.L10.0"] == "100"


def test_the_rest_goes_on_backorder_without_a_day(people):
    order = order_of(1)
    client = signed_in(people["asha"])
    press(client, order, "backorder", "L10", **{"quantity.L10.0": "75"})

    press(client, order, "send")

    assert promises(10) == [("accept", 75, ASKED, Decimal("6.85")), ("backorder", 25, None, Decimal("6.85"))]


def test_a_refusal_owes_a_reason(people):
    order = order_of(1)
    client = signed_in(people["asha"])
    press(client, order, "refuse", "L10")

    without = press(client, order, "send")
    assert without.status_code == 422
    assert "Say why the line is refused" in without.content.decode()

    press(client, order, "send", **{"reason.L10.0": "obsolete_item"})
    assert (fresh_line(10).agreement, fresh_line(10).turn) == ("refused", "buyer")


def test_a_substitute_needs_its_name(people):
    order = order_of(1)
    client = signed_in(people["asha"])
    press(client, order, "sub", "L10")
    assert press(client, order, "send").status_code == 422

    press(client, order, "send", **{"item_number.L10.0": "A-15B"})

    assert promises(10) == [("substitute", 100, ASKED, Decimal("6.85"))]


def test_names_that_are_too_long_are_told_and_stay_in_their_fields(people):
    order = order_of(1)
    client = signed_in(people["asha"])
    press(client, order, "sub", "L10")
    texts = {"item_number.L10.0": "X" * 61, "item_description.L10.0": "Y" * 301}

    refused = press(client, order, "send", **texts, supplier_reference="S" * 61)

    html, fields = refused.content.decode(), fields_of(refused)
    assert refused.status_code == 422
    assert "Line 10: At most 60 characters fit here, and this has 61. Shorten it." in html
    assert "Line 10: At most 300 characters fit here, and this has 301. Shorten it." in html
    assert {name: fields[name] for name in texts} == texts
    assert 'name="item_number.L10.0" value="' + "X" * 61 + '" maxlength="60"' in html

    told = press(
        client,
        order,
        "send",
        **{"item_number.L10.0": "X", "item_description.L10.0": ""},
        supplier_reference="S" * 61,
    )

    assert told.status_code == 422
    assert 'href="#supplier_reference"' in told.content.decode()
    assert fields_of(told)["supplier_reference"] == "S" * 61
    assert promises(10) == []


def test_a_note_of_the_longest_length_is_kept_whole_however_its_lines_end(people):
    order = order_of(1)
    note = "\r\n".join(["Packed in two boxes."] * 90)
    assert len(note) == 1978

    press(signed_in(people["asha"]), order, "send", note=note + "\r\n" + "!" * 110)

    (paper,) = answers()
    assert paper.note == note.replace("\r\n", "\n") + "\n" + "!" * 110


def test_undo_brings_a_line_back_to_as_asked(people):
    order = order_of(1)
    client = signed_in(people["asha"])
    press(client, order, "refuse", "L10")

    press(client, order, "undo", "L10")

    assert drafts() == {}
    assert fields_of(look(client, order))["delivery_on.L10.0"] == day(ASKED)


def test_a_line_of_two_deliveries_keeps_both(people):
    deliveries = (SchedulePaper(Decimal(60), ASKED), SchedulePaper(Decimal(40), LATER))
    order = order_of([a_line(10, delivery_on=ASKED, schedules=deliveries)])
    client = signed_in(people["asha"])
    fields = fields_of(look(client, order))
    assert (fields["quantity.L10.0"], fields["quantity.L10.1"]) == ("60", "40")

    press(client, order, "send", **{"delivery_on.L10.1": (LATER + timedelta(days=5)).isoformat()})

    with acting(FEED):
        keys = list(Promise.objects.order_by("piece").values_list("schedule_key", "delivery_on"))
    assert keys == [(1, ASKED), (2, LATER + timedelta(days=5))]


def test_ship_date_gives_the_delivery_date(people):
    order = order_of(1)
    client = signed_in(people["asha"])
    press(client, order, "ship", "L10")
    fields = fields_of(look(client, order))
    assert fields["ship_on.L10.0"] == day(ASKED - timedelta(days=21))  # three weeks from Pune

    press(
        client,
        order,
        "send",
        **{"ship_on.L10.0": (TODAY + timedelta(days=30)).isoformat(), "delivery_on.L10.0": ""},
    )

    assert promises(10) == [("accept", 100, TODAY + timedelta(days=51), Decimal("6.85"))]


def test_a_ship_date_asks_for_its_place_where_there_are_several(people):
    order = order_of(1)
    with acting(FEED):
        receive_supplier_sites([SupplierSitePaper("ACME", "GOA", "Goa works", transit_days=30)])
    client = signed_in(people["asha"])
    typed = {"ship_on.L10.0": (TODAY + timedelta(days=30)).isoformat(), "delivery_on.L10.0": ""}

    refused = press(client, order, "send", **typed)

    html = refused.content.decode()
    assert refused.status_code == 422
    assert "name the place, or give the delivery date too." in html
    assert f'href="#ship_on-{fresh_line().pk}-0"' in html
    assert promises(10) == []

    press(client, order, "send", **typed, ship_from="GOA")

    assert promises(10) == [("accept", 100, TODAY + timedelta(days=60), Decimal("6.85"))]


def test_menu_of_a_line_opens_without_a_script(people):
    order = order_of(1)
    client = signed_in(people["asha"])

    response = press(client, order, "more", "L10", **{"price.L10.0": "7"})
    page = client.get(response["Location"]).content.decode()

    assert '<details class="q-menu" open>' in page
    assert drafts()["L10"][0]["price"] == "7"
