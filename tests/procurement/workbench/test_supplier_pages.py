"""A supplier's home and order page through the real doors, without a script."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, DecideAnswer, LineAnswer
from procurement.acknowledgments.models import DraftAnswer, OrderAcknowledgment
from procurement.acknowledgments.services import acknowledge_order, decide_answer
from procurement.orders.messages import SchedulePaper
from procurement.orders.models import Promise
from suppliers.messages import SupplierSitePaper
from suppliers.services import receive_supplier_sites
from tests.builders.world import a_line, a_paper, an_order, fresh, fresh_line, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db

# Doors bring their own time, so these orders lie in the real future.
TODAY = datetime.now(UTC).date()
ASKED = TODAY + timedelta(days=40)
LATER = ASKED + timedelta(days=8)


def some_lines(count=2, **changed):
    return [a_line(10 * n, delivery_on=ASKED, **changed) for n in range(1, count + 1)]


def order_of(lines=2, number="4500000001", **changed):
    made = some_lines(lines) if isinstance(lines, int) else lines
    return an_order(number, made, at=datetime.now(UTC), **changed)


def signed_in(person):
    client = Client()
    client.force_login(person.user)
    return client


def fields_of(response):
    """Every field of the answer form as a browser would send it."""
    html = response.content.decode()
    data = {}
    for tag in re.findall(r"<input[^>]*>", html):
        if 'form="answer"' not in tag and 'name="version"' not in tag and 'name="revision"' not in tag:
            continue
        name = re.search(r'name="([^"]*)"', tag)
        if name is None or 'type="checkbox"' in tag:
            continue
        value = re.search(r' value="([^"]*)"', tag)
        data[name[1]] = value[1] if value else ""
    for select in re.findall(r"<select[^>]*form=\"answer\".*?</select>", html, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', select)
        data[re.search(r'name="([^"]*)"', select)[1]] = chosen[1] if chosen else ""
    for name, text in re.findall(r'<textarea[^>]*form="answer"[^>]*name="([^"]*)"[^>]*>([^<]*)<', html):
        data[name] = text
    return data


def look(client, order, **query):
    return client.get(reverse("order", args=[order.key]), query)


def press(client, order, button, value="1", **typed):
    """Open the page, type, press a button: what a browser without a script does."""
    data = fields_of(look(client, order)) | typed
    return client.post(reverse("order-answer", args=[order.key]), data | {button: value})


def drafts():
    with acting(FEED):
        return {draft.line_key: draft.pieces for draft in DraftAnswer.objects.order_by("line_key")}


def answers():
    with acting(FEED):
        return list(OrderAcknowledgment.objects.order_by("id"))


def promises(line=10, *states):
    with acting(FEED):
        found = Promise.objects.filter(line__number=line, state__in=states or ("proposed", "agreed"))
        return [
            (one.kind, int(one.quantity), one.delivery_on, one.price.normalize())
            for one in found.order_by("piece")
        ]


def day(value):
    return f"{value.day} {value:%b %Y}"


# --- the order page -----------------------------------------------------------------------------------------


def test_page_shows_what_is_asked_and_whose_turn_it_is(people):
    order = order_of(2)

    response = look(signed_in(people["asha"]), order)

    html = response.content.decode()
    assert response.status_code == 200
    assert "Your turn" in html
    assert "Confirm 2 lines as asked" in html
    fields = fields_of(response)
    assert (fields["quantity.L10.0"], fields["delivery_on.L10.0"], fields["price.L10.0"]) == (
        "100",
        day(ASKED),
        "6.85",
    )


def test_a_long_order_takes_as_many_queries_as_a_short_one(people):
    short, long = order_of(1), order_of(30, number="4500000002")
    client = signed_in(people["asha"])
    for order in (short, long):
        look(client, order)  # that it is seen for the first time is written down

    counts = []
    for order in (short, long):
        with CaptureQueriesContext(connection) as queries:
            look(client, order)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_words_of_a_line_are_escaped(people):
    nasty = "<script>alert(1)</script>"
    order = order_of(
        [a_line(10, delivery_on=ASKED, description=nasty), a_line(20, delivery_on=ASKED, note=nasty)]
    )

    html = look(signed_in(people["asha"]), order).content.decode()

    assert nasty not in html
    assert html.count("&lt;script&gt;") == 2


def test_clerk_reads_without_fields_and_may_not_send(people):
    order = order_of()
    client = signed_in(people["arun"])

    response = look(client, order)

    assert fields_of(response) == {}
    assert "Waits for an answer" in response.content.decode()
    assert client.post(reverse("order-answer", args=[order.key]), {"send": "1"}).status_code == 403
    assert answers() == []


def test_stranger_finds_nothing(people):
    order = order_of()
    client = signed_in(people["gil"])

    assert look(client, order).status_code == 404
    for name in ("order-answer", "answer-line", "answer-discard"):
        assert client.post(reverse(name, args=[order.key]), {"send": "1"}).status_code == 404


def test_nobody_is_asked_to_sign_in_and_comes_back_to_the_order(people):
    order = order_of()
    address = reverse("order", args=[order.key])

    headers = {"referer": f"http://testserver{address}"}
    response = Client().post(reverse("order-answer", args=[order.key]), {"send": "1"}, headers=headers)

    assert response.status_code == 302
    assert response["Location"].endswith(f"next={address}")


# --- sending ------------------------------------------------------------------------------------------------


def test_whole_order_as_asked_in_one_press(people):
    order = order_of(2)
    client = signed_in(people["asha"])

    response = press(client, order, "send", supplier_reference="SO-1")

    assert response.status_code == 303
    order = fresh()
    assert (order.agreement, order.supplier_reference) == ("agreed", "SO-1")
    assert "Everything is agreed." in look(client, order).content.decode()


def test_one_different_date_is_one_field(people):
    order = order_of(2)
    client = signed_in(people["asha"])

    press(client, order, "send", **{"delivery_on.L20.0": LATER.isoformat()})

    assert promises(10) == [("accept", 100, ASKED, Decimal("6.85"))]
    assert promises(20) == [("accept", 100, LATER, Decimal("6.85"))]
    assert (fresh_line(10).agreement, fresh_line(20).agreement) == ("agreed", "answered")
    assert "Bea decides" in look(client, order).content.decode()


def test_only_the_changed_lines_when_the_button_says_so(people):
    order = order_of(3)

    press(signed_in(people["asha"]), order, "changed", **{"price.L20.0": "7.10"})

    assert [fresh_line(number).agreement for number in (10, 20, 30)] == ["awaiting", "answered", "awaiting"]


def test_only_the_rest_as_asked_keeps_what_is_typed(people):
    order = order_of(2)

    press(signed_in(people["asha"]), order, "confirm", **{"price.L20.0": "7.10"})

    assert [fresh_line(number).agreement for number in (10, 20)] == ["agreed", "awaiting"]
    assert drafts()["L20"][0]["price"] == "7.1"


def test_what_cannot_be_read_comes_back_as_typed_with_a_link_to_its_field(people):
    order = order_of(2)

    response = press(
        signed_in(people["asha"]),
        order,
        "send",
        **{"quantity.L10.0": "about 80", "delivery_on.L20.0": "03/04/2027", "note": "See you"},
    )

    html = response.content.decode()
    fields = fields_of(response)
    line = fresh_line(10)
    assert response.status_code == 422
    assert fields["quantity.L10.0"] == "about 80"
    assert fields["delivery_on.L20.0"] == "03/04/2027"
    assert fields["note"] == "See you"
    assert f'<a href="#quantity-{line.pk}-0">Line 10: “about 80” is not a number.' in html
    assert re.search(rf'<input[^>]*id="quantity-{line.pk}-0"[^>]*aria-invalid="true"', html)
    assert answers() == []


SLIPS = [
    ("delivery_on", "2027-06-31", "There is no day “2027-06-31” in the calendar."),
    ("delivery_on", "0001-01-01", "“0001-01-01” is not a clear day. Write it as 2026-04-09."),
    ("ship_on", "9999-12-31", "“9999-12-31” is not a clear day. Write it as 2026-04-09."),
    (
        "quantity",
        "1" * 40,
        f"“{'1' * 40}” has too many digits: at most 12 before and 6 after the decimal sign.",
    ),
    ("price", "9" * 13, f"“{'9' * 13}” has too many digits: at most 12 before and 6 after the decimal sign."),
]


@pytest.mark.parametrize(("field", "slip", "said"), SLIPS)
def test_a_slip_of_the_keys_stays_in_its_field_for_everybody_until_it_is_put_right(people, field, slip, said):
    order = order_of(2)
    client, colleague = signed_in(people["asha"]), signed_in(people["olga"])
    name = f"{field}.L10.0"

    saved = press(client, order, "save", **{name: slip})

    assert saved.status_code == 303
    for somebody in (client, colleague):
        page = look(somebody, order)
        assert (page.status_code, fields_of(page)[name]) == (200, slip)
        assert said in page.content.decode()
    for button in ("split", "ship", "fit", "backorder"):
        assert press(client, order, button, "L10", **{name: slip}).status_code == 303
        assert look(client, order).status_code == 200
        press(client, order, "undo", "L10")
    sent = press(client, order, "send", **{name: slip})
    assert (sent.status_code, answers()) == (422, [])
    assert f"Line 10: {said}" in sent.content.decode()
    assert look(signed_in(people["arun"]), order).status_code == 200
    assert look(signed_in(people["bea"]), order).status_code == 200
    assert client.get("/").status_code == 200

    good = {"quantity": "100", "price": "6.85", "delivery_on": day(ASKED), "ship_on": ""}[field]
    assert press(colleague, order, "send", **{name: good}).status_code == 303

    assert fresh().agreement == "agreed"


@pytest.mark.parametrize(("field", "slip", "said"), SLIPS)
def test_a_slip_of_the_keys_is_kept_while_it_is_typed(people, field, slip, said):
    order = order_of(1)
    client = signed_in(people["asha"])
    typed = {**fields_of(look(client, order)), f"{field}.L10.0": slip}

    response = client.post(reverse("answer-line", args=[order.key]), typed, headers={"HX-Request": "true"})

    assert response.status_code == 200
    assert said in response.content.decode()
    assert drafts()["L10"][0][field] == slip


def test_a_slip_of_the_keys_of_a_buyer_who_answers_for_a_supplier_is_told_too(people):
    order = order_of(1)
    client = signed_in(people["bea"])
    address = reverse("order-answer", args=[order.key])
    typed = {**fields_of(client.get(address)), "delivery_on.L10.0": "2027-06-31"}

    assert client.post(address, {**typed, "save": "1"}).status_code == 303
    page = client.get(address)

    assert (page.status_code, fields_of(page)["delivery_on.L10.0"]) == (200, "2027-06-31")
    assert client.post(address, {**typed, "send": "1"}).status_code == 422


def test_a_pasted_day_that_does_not_exist_stands_in_its_field(people):
    order = order_of(1)
    client = signed_in(people["asha"])

    assert press(client, order, "fill", paste="Line\tDelivery\n10\t2027-06-31").status_code == 303

    page = look(client, order)
    assert (page.status_code, fields_of(page)["delivery_on.L10.0"]) == (200, "2027-06-31")


def test_a_day_that_does_not_exist_is_not_put_on_every_line(people):
    order = order_of(2)
    client = signed_in(people["asha"])

    response = press(client, order, "many", many_on="2027-06-31", pick="L10")

    assert response.status_code == 422
    assert "Give the date that the ticked lines are to get." in response.content.decode()
    assert drafts() == {}


def test_a_quantity_that_is_none_is_told_once(people):
    order = order_of(1)

    html = press(signed_in(people["asha"]), order, "send", **{"quantity.L10.0": "0"}).content.decode()

    assert html.count("A quantity must be more than zero.") == 2  # in the summary and at the field
    assert "is below the minimum" not in html


def test_a_slip_of_the_keys_is_told_as_what_it_is(people):
    order = order_of(2)
    typed = {"price.L10.0": "1.234,56", "delivery_on.L20.0": "31.2.2027"}

    html = press(signed_in(people["asha"]), order, "send", **typed).content.decode()

    assert "Line 10: “1.234,56” is not a price here. Write it as 1,234.56." in html
    assert "Line 20: There is no day “31.2.2027” in the calendar." in html


def test_rules_at_the_field_are_told_with_the_way_out(people):
    order = order_of(2)

    response = press(
        signed_in(people["asha"]),
        order,
        "send",
        **{"quantity.L10.0": "60", "delivery_on.L20.0": (TODAY - timedelta(days=3)).isoformat()},
    )

    html = response.content.decode()
    assert response.status_code == 422
    assert "The pieces add up to 60 of 100 pcs" in html
    assert "Promise the other 40 pcs on another day" in html
    assert "This day has passed. Promise today or a later day." in html


def test_answer_can_be_withdrawn_and_stands_in_the_fields_again(people):
    order = order_of(2)
    client = signed_in(people["asha"])
    press(client, order, "send", **{"delivery_on.L20.0": LATER.isoformat(), "price.L20.0": "7.1"})
    (paper,) = answers()
    page = look(client, order).content.decode()
    withdraw = reverse("answer-withdraw", args=[order.key, paper.key])
    assert page.count(withdraw) == 2  # in the head and in the toast

    client.post(withdraw)

    fields = fields_of(look(client, order))
    assert (fields["delivery_on.L20.0"], fields["price.L20.0"]) == (day(LATER), "7.10")
    assert "quantity.L10.0" not in fields
    assert fresh_line(20).agreement == "awaiting"


def priced_by_a_program(order, person, price, per):
    piece = AnswerPiece(Decimal(100), price=Decimal(price), price_per=Decimal(per))
    command = AcknowledgeOrder(order.key, order.version, (LineAnswer("L10", (piece,)),))
    with acting(person.actor):
        return acknowledge_order(command, actor=person.actor, at=datetime.now(UTC)).paper


def test_a_price_for_ten_units_is_shown_and_withdrawn_as_what_it_is(people):
    order = order_of(1)
    paper = priced_by_a_program(order, people["asha"], "70", 10)
    client = signed_in(people["asha"])
    page = look(client, order).content.decode()
    assert ">70.00 / 10<" in page
    assert "0.15 EUR more each" in page.replace("\xa0", " ")

    client.post(reverse("answer-withdraw", args=[order.key, paper.key]))

    assert fields_of(look(client, order))["price.L10.0"] == "7.00"
    press(client, order, "send")
    assert promises(10) == [("accept", 100, ASKED, Decimal(7))]


def test_a_withdrawn_price_that_has_no_figure_for_one_unit_is_to_be_typed_anew(people):
    order = order_of(1)
    paper = priced_by_a_program(order, people["asha"], "70", 3)
    client = signed_in(people["asha"])

    client.post(reverse("answer-withdraw", args=[order.key, paper.key]))

    assert fields_of(look(client, order))["price.L10.0"] == "70 per 3"
    refused = press(client, order, "send")
    assert refused.status_code == 422
    assert "“70 per 3” is not a price here." in refused.content.decode()
    assert promises(10) == []


# --- pieces -------------------------------------------------------------------------------------------------


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


# --- drafts -------------------------------------------------------------------------------------------------


def test_what_is_typed_is_there_the_next_time_for_a_colleague_too(people):
    order = order_of(2)
    press(signed_in(people["asha"]), order, "save", **{"quantity.L10.0": "1,00", "price.L20.0": "7.2"})

    fields = fields_of(look(signed_in(people["olga"]), order))

    assert (fields["quantity.L10.0"], fields["price.L20.0"]) == ("1", "7.20")


def test_typing_back_what_is_asked_removes_the_draft(people):
    order = order_of(1)
    client = signed_in(people["asha"])
    press(client, order, "save", **{"price.L10.0": "7.2"})

    press(client, order, "save", **{"price.L10.0": "6.850"})

    assert drafts() == {}


def test_throwing_away_what_was_typed(people):
    order = order_of(1)
    client = signed_in(people["asha"])
    press(client, order, "save", **{"price.L10.0": "7.2", "note": "later"})

    client.post(reverse("answer-discard", args=[order.key]), fields_of(look(client, order)))

    assert drafts() == {}
    assert fields_of(look(client, order))["note"] == ""


def test_one_field_is_kept_and_judged_while_typing(people):
    order = order_of(2)
    client = signed_in(people["asha"])
    line = fresh_line(10)
    fields = {
        "quantity.L10.0": "100",
        "delivery_on.L10.0": LATER.isoformat(),
        "price.L10.0": "6.85",
        "version": "1",
    }

    response = client.post(reverse("answer-line", args=[order.key]), fields, headers={"hx-request": "true"})

    html = response.content.decode()
    assert response.status_code == 200
    assert html.lstrip().startswith(f'<div class="q-verdict t-wait" id="verdict-{line.pk}"')
    assert "Goes to Bea" in html
    assert "8 days late" in html
    assert 'id="ball"' in html
    assert "Send answer: 1 changed, 1 as asked" in html
    assert "<tbody" not in html  # the row that holds the caret is never swapped
    assert drafts()["L10"][0]["delivery_on"] == LATER.isoformat()


def test_a_line_kept_without_a_script_leads_back_to_the_order(people):
    order = order_of(1)
    fields = {"quantity.L10.0": "90", "delivery_on.L10.0": ASKED.isoformat(), "price.L10.0": "6.85"}

    response = signed_in(people["asha"]).post(reverse("answer-line", args=[order.key]), fields)

    assert (response.status_code, response["Location"]) == (303, reverse("order", args=[order.key]))


# --- two windows, or two colleagues, on one draft ------------------------------------------------------------


def line_fields(number=10, **typed):
    """The fields of one untouched line, as the page sends them while one types in it."""
    asked = {"quantity": "100", "delivery_on": ASKED.isoformat(), "price": "6.85"} | typed
    return {f"{name}.L{number}.0": value for name, value in asked.items()}


def without_line(fields, number=10):
    """What a page with a script sends where nobody typed in this line: not its fields, but its mark."""
    return {name: value for name, value in fields.items() if f".L{number}." not in name}


@pytest.mark.parametrize("button", ["send", "confirm", "changed"])
@pytest.mark.parametrize("scripted", [True, False])
def test_nothing_is_sent_that_the_page_did_not_show(people, button, scripted):
    order = order_of(2)
    asha, olga = signed_in(people["asha"]), signed_in(people["olga"])
    shown = fields_of(look(asha, order))
    press(olga, order, "save", **{"delivery_on.L10.0": LATER.isoformat()})

    sent = (without_line(shown) if scripted else shown) | {button: "1"}
    response = asha.post(reverse("order-answer", args=[order.key]), sent)

    html = response.content.decode()
    assert response.status_code == 409
    assert "Nothing was sent: somebody typed on this order in another window meanwhile." in html
    assert f"Line 10: Olga Acme typed 100 pcs, {day(LATER)}, 6.85" in html
    assert fields_of(response)["delivery_on.L10.0"] == day(LATER)
    assert answers() == []

    again = asha.post(reverse("order-answer", args=[order.key]), fields_of(response) | {"send": "1"})
    assert again.status_code == 303
    assert promises(10) == [("accept", 100, LATER, Decimal("6.85"))]


def test_what_both_typed_is_told_and_the_page_that_is_sent_keeps_its_own(people):
    order = order_of(1)
    asha, olga = signed_in(people["asha"]), signed_in(people["olga"])
    shown = fields_of(look(asha, order)) | {"price.L10.0": "7.10"}
    press(olga, order, "save", **{"price.L10.0": "7.20"})

    response = asha.post(reverse("order-answer", args=[order.key]), shown | {"send": "1"})

    told = f"Line 10: what you typed took the place of what Olga Acme typed: 100 pcs, {day(ASKED)}, 7.20"
    assert response.status_code == 409
    assert told in response.content.decode()
    assert fields_of(response)["price.L10.0"] == "7.10"
    assert answers() == []


def test_what_a_colleague_took_back_is_not_sent(people):
    order = order_of(1)
    asha, olga = signed_in(people["asha"]), signed_in(people["olga"])
    press(asha, order, "save", **{"price.L10.0": "7.10"})
    shown = fields_of(look(asha, order))
    press(olga, order, "undo", "L10")

    response = asha.post(reverse("order-answer", args=[order.key]), shown | {"send": "1"})

    assert response.status_code == 409
    assert "Line 10: what was typed was taken back; it is as asked again" in response.content.decode()
    assert drafts() == {}
    assert answers() == []


def test_a_note_typed_in_another_window_is_not_sent_unseen(people):
    order = order_of(1)
    asha, olga = signed_in(people["asha"]), signed_in(people["olga"])
    shown = fields_of(look(asha, order))
    press(olga, order, "save", note="Castings come late")

    response = asha.post(reverse("order-answer", args=[order.key]), shown | {"send": "1"})

    assert response.status_code == 409
    assert "The order number, the place or the note was typed in another window." in response.content.decode()
    assert fields_of(response)["note"] == "Castings come late"
    assert answers() == []


def test_a_line_kept_from_an_older_window_says_what_it_replaced(people):
    order = order_of(1)
    asha, olga = signed_in(people["asha"]), signed_in(people["olga"])
    press(olga, order, "save", **{"price.L10.0": "7.20"})

    address, as_script = reverse("answer-line", args=[order.key]), {"hx-request": "true"}
    response = asha.post(address, line_fields(price="7.10") | {"version": "1"}, headers=as_script)

    assert "what you typed took the place of what Olga Acme typed" in response.content.decode()
    assert drafts()["L10"][0]["price"] == "7.1"


def test_a_button_of_a_line_works_on_what_a_colleague_typed(people):
    order = order_of(1)
    asha, olga = signed_in(people["asha"]), signed_in(people["olga"])
    shown = fields_of(look(asha, order))
    press(olga, order, "save", **{"quantity.L10.0": "60"})

    asha.post(reverse("order-answer", args=[order.key]), shown | {"split": "L10"})

    page = look(asha, order)
    fields = fields_of(page)
    assert (fields["quantity.L10.0"], fields["quantity.L10.1"]) == ("60", "40")
    assert "Olga Acme typed 60 pcs" in page.content.decode()


def test_a_page_throws_away_only_what_it_showed(people):
    order = order_of(1)
    asha, olga = signed_in(people["asha"]), signed_in(people["olga"])
    shown = fields_of(look(asha, order))
    press(olga, order, "save", **{"price.L10.0": "7.20"})

    response = asha.post(reverse("answer-discard", args=[order.key]), shown)

    assert response.status_code == 409
    assert drafts()["L10"][0]["price"] == "7.2"


def test_home_does_not_confirm_an_order_on_which_somebody_types_meanwhile(people):
    order = order_of(2)
    asha, olga = signed_in(people["asha"]), signed_in(people["olga"])
    pressed = {"confirm": "1", "version": str(order.version), "next": "/"}
    press(olga, order, "save", **{"price.L10.0": "7.20"})

    response = asha.post(reverse("order-answer", args=[order.key]), pressed)

    assert response.status_code == 409
    assert "Line 10: Olga Acme typed" in response.content.decode()
    assert answers() == []


def test_a_buyer_who_answers_for_the_supplier_sends_what_the_page_shows(people):
    order = order_of(1)
    bea, address = signed_in(people["bea"]), reverse("order-answer", args=[order.key])
    shown = fields_of(bea.get(address))
    bea.post(address, shown | {"price.L10.0": "9", "save": "1"})

    response = bea.post(address, without_line(shown) | {"send": "1"})

    assert response.status_code == 409
    assert answers() == []


# --- many lines at once -------------------------------------------------------------------------------------


def test_one_date_on_the_ticked_lines(people):
    order = order_of(3)
    client = signed_in(people["asha"])

    press(client, order, "many", many_on=LATER.isoformat(), pick=["L10", "L30"])

    fields = fields_of(look(client, order))
    assert [fields[f"delivery_on.L{n}.0"] for n in (10, 20, 30)] == [day(LATER), day(ASKED), day(LATER)]


def test_one_date_needs_lines_and_a_date(people):
    response = press(signed_in(people["asha"]), order_of(1), "many", many_on="soon")

    html = response.content.decode()
    assert response.status_code == 422
    assert "Tick the lines first" in html
    assert "Give the date" in html


def test_rows_pasted_from_excel_fill_the_lines(people):
    order = order_of(3)
    client = signed_in(people["asha"])
    rows = f"Pos\tTermin\tMenge\n10\t{LATER:%d.%m.%Y}\t80\n30\t{LATER:%d.%m.%Y}\t100\n"

    response = press(client, order, "fill", paste=rows)

    fields = fields_of(look(client, order))
    assert response.status_code == 303
    assert (fields["quantity.L10.0"], fields["delivery_on.L10.0"]) == ("80", day(LATER))
    assert (fields["quantity.L30.0"], fields["delivery_on.L30.0"]) == ("100", day(LATER))
    assert fields["delivery_on.L20.0"] == day(ASKED)


def test_a_single_column_goes_down_the_lines(people):
    order = order_of(2)
    client = signed_in(people["asha"])

    press(client, order, "fill", paste=f"{LATER:%d.%m.%Y}\n{ASKED:%d.%m.%Y}\n")

    fields = fields_of(look(client, order))
    assert [fields[f"delivery_on.L{n}.0"] for n in (10, 20)] == [day(LATER), day(ASKED)]
    assert set(drafts()) == {"L10"}


def test_rows_that_fit_nowhere_are_told_and_stay_in_the_box(people):
    order = order_of(1)

    response = press(signed_in(people["asha"]), order, "fill", paste="10\t80\n99\t5\n")

    html = response.content.decode()
    assert response.status_code == 422
    assert "Row 2 (99 · 5): no line of this number waits for an answer." in html
    assert "99\t5" in html
    assert drafts()["L10"][0]["quantity"] == "80"


# --- a newer revision ---------------------------------------------------------------------------------------


def revised(**changed):
    lines = [a_line(10, delivery_on=ASKED), a_line(20, delivery_on=ASKED, **changed)]
    receive(a_paper(lines=lines, revision="2"), at=datetime.now(UTC))


def test_a_newer_revision_keeps_what_was_typed_and_shows_the_difference(people):
    order = order_of(2)
    client = signed_in(people["asha"])
    typed = fields_of(look(client, order)) | {"price.L10.0": "7.10", "price.L20.0": "7.20"}
    revised(quantity=Decimal(80))

    response = client.post(reverse("order-answer", args=[order.key]), typed | {"send": "1"})

    html = response.content.decode()
    fields = fields_of(response)
    assert response.status_code == 409
    assert "Line 20 changed since you opened this order. Nothing you typed is lost" in html
    assert (fields["price.L10.0"], fields["price.L20.0"]) == ("7.10", "7.20")
    assert '<del class="q-old">100</del>' in html
    assert '<ins class="q-new">80</ins>' in html
    assert answers() == []


def test_untouched_fields_of_an_older_screen_are_not_taken_for_typing(people):
    order = order_of(2)
    client = signed_in(people["asha"])
    typed = fields_of(look(client, order)) | {"price.L10.0": "7.10"}
    revised(quantity=Decimal(80))

    response = client.post(reverse("order-answer", args=[order.key]), typed | {"send": "1"})

    assert set(drafts()) == {"L10"}
    assert fields_of(response)["quantity.L20.0"] == "80"
    again = client.post(reverse("order-answer", args=[order.key]), fields_of(response) | {"send": "1"})
    assert again.status_code == 303
    assert promises(20) == [("accept", 80, ASKED, Decimal("6.85"))]


def test_untouched_deliveries_of_an_older_screen_are_not_taken_for_a_split(people):
    def deliveries(each, first, second):
        days = [ASKED + timedelta(days=first), ASKED + timedelta(days=second)]
        asked = tuple(SchedulePaper(Decimal(each), on) for on in days)
        return [a_line(10, quantity=Decimal(2 * each), delivery_on=days[0], schedules=asked)]

    order = order_of(deliveries(50, 15, 45))
    receive(a_paper(lines=deliveries(50, 0, 15), revision="2"), at=datetime.now(UTC))
    client = signed_in(people["asha"])
    untouched = fields_of(look(client, order))
    receive(a_paper(lines=deliveries(60, 0, 15), revision="3"), at=datetime.now(UTC))

    response = client.post(reverse("order-answer", args=[order.key]), untouched | {"send": "1"})

    assert response.status_code == 409
    assert drafts() == {}
    again = client.post(reverse("order-answer", args=[order.key]), fields_of(response) | {"send": "1"})
    assert again.status_code == 303
    assert fresh_line(10).agreement == "agreed"


def test_typing_on_an_order_that_moved_is_told_at_once(people):
    order = order_of(2)
    client = signed_in(people["asha"])
    fields = {"quantity.L20.0": "50", "delivery_on.L20.0": ASKED.isoformat(), "price.L20.0": "6.85"}
    fields |= {"version": "1", "revision": "1"}
    revised(quantity=Decimal(80))

    response = client.post(reverse("answer-line", args=[order.key]), fields, headers={"hx-request": "true"})

    assert "This order changed while you were typing." in response.content.decode()
    assert drafts()["L20"][0]["quantity"] == "50"


# --- for the supplier, by the buyer -------------------------------------------------------------------------


def test_buyer_answers_for_the_supplier_and_it_stays_marked(people):
    order = order_of(1)
    client = signed_in(people["bea"])
    page = client.get(reverse("order-answer", args=[order.key]))
    assert "You answer for Acme Valves." in page.content.decode()

    assert "Order 4500000001 to Acme Valves" in page.content.decode()

    sent = client.post(reverse("order-answer", args=[order.key]), fields_of(page) | {"send": "1"})

    (paper,) = answers()
    assert (sent.status_code, sent["Location"]) == (303, reverse("order", args=[order.key]))
    assert (paper.on_behalf, paper.sent_by) == (True, "Bea Buyer")
    assert "answered by the buyer for the supplier" in look(signed_in(people["asha"]), order).content.decode()


def test_buyer_who_answered_otherwise_for_the_supplier_decides_next(people):
    order = order_of(1)
    client, address = signed_in(people["bea"]), reverse("order-answer", args=[order.key])
    typed = fields_of(client.get(address)) | {"price.L10.0": "9", "send": "1"}

    page = client.post(address, typed, follow=True).content.decode()
    again = client.get(address).content.decode()

    assert "Your turn" in page
    assert "There is nothing to do until then." not in page + again
    assert "One line answered otherwise than asked waits for a decision." in again


def test_others_of_the_buying_side_do_not(people):
    order = order_of(1)

    for name in ("otto", "ada", "root"):
        assert signed_in(people[name]).get(reverse("order-answer", args=[order.key])).status_code == 403


def test_what_a_buyer_types_is_not_the_suppliers_draft(people):
    order = order_of(1)
    buyer = signed_in(people["bea"])
    typed = fields_of(buyer.get(reverse("order-answer", args=[order.key]))) | {"price.L10.0": "9"}
    buyer.post(reverse("order-answer", args=[order.key]), typed | {"save": "1"})

    assert fields_of(look(signed_in(people["asha"]), order))["price.L10.0"] == "6.85"


# --- home ---------------------------------------------------------------------------------------------------


def test_home_shows_what_waits_and_confirms_in_one_press(people):
    order = order_of(12)
    client = signed_in(people["asha"])
    page = client.get("/").content.decode()
    assert "Confirm 12 lines as asked" in page

    fields = {"confirm": "1", "version": str(order.version), "next": "/"}
    response = client.post(reverse("order-answer", args=[order.key]), fields)

    assert (response.status_code, response["Location"]) == (303, "/")
    assert fresh().agreement == "agreed"
    assert "Nothing waits for you, Asha." in client.get("/").content.decode()


def test_home_puts_what_is_overdue_first(people):
    an_order("4500000001", some_lines(1), at=datetime.now(UTC))
    an_order("4500000002", some_lines(1), at=datetime.now(UTC) - timedelta(days=20))

    page = signed_in(people["asha"]).get("/").content.decode()

    titles = re.findall(r"Answer order (\d+)</a>", page)
    assert titles == ["4500000002", "4500000001"]
    assert "One answer is late." in page


def test_home_quotes_the_buyers_reason(people):
    order = order_of(1)
    client = signed_in(people["asha"])
    press(client, order, "send", **{"price.L10.0": "7.10"})
    decision = DecideAnswer(order.key, fresh().version, "decline", reason="Contract price is 6.85.")
    with acting(people["bea"].actor):
        decide_answer(decision, actor=people["bea"].actor, at=datetime.now(UTC))

    home = client.get("/").content.decode()
    page = look(client, order).content.decode()

    assert "Bea did not accept line 10 of order 4500000001" in home
    assert "“Contract price is 6.85.”" in home
    assert "<q>Contract price is 6.85.</q>" in page


def test_home_shows_what_a_revision_changed(people):
    order_of(2)
    revised(quantity=Decimal(80))

    page = signed_in(people["asha"]).get("/").content.decode()

    assert "Revision 2 of order 4500000001 changes line 20" in page
    assert '<del class="q-old">100</del>' in page


def test_home_tells_of_late_deliveries_and_of_those_due_soon(people):
    late = [
        a_line(10, delivery_on=TODAY - timedelta(days=3)),
        a_line(20, delivery_on=TODAY + timedelta(days=5)),
    ]
    order = order_of(late)
    client = signed_in(people["asha"])
    press(client, order, "send")

    page = client.get("/").content.decode()

    assert f"Delivery of order 4500000001 was due on {day(TODAY - timedelta(days=3))}" in page
    assert "Deliver by" in page


def test_home_counts_apart_what_waits_for_an_answer_and_what_is_late(people):
    client = signed_in(people["asha"])
    late = order_of([a_line(10, delivery_on=TODAY - timedelta(days=3))], number="4500000001")
    press(client, late, "send")
    assert "Asha. One order is late in delivery.</h1>" in client.get("/").content.decode()
    order_of(1, number="4500000002")
    order_of(1, number="4500000003")

    page = client.get("/").content.decode()

    assert "Asha. 2 orders wait for your answer. One order is late in delivery.</h1>" in page
    assert re.search(r'title="Home".*?<span class="q-count[^>]*>2<', page, re.S)  # the rail counts answers


def test_empty_home_teaches(people):
    page = signed_in(people["asha"]).get("/").content.decode()

    assert "All quiet on the quay" in page
    assert "confirm it with one press" in page


def test_home_takes_as_many_queries_for_many_orders_as_for_one(people):
    client = signed_in(people["asha"])
    counts = []
    for number in range(1, 4):
        order_of(2, number=f"450000000{number}")
        client.get("/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/")
        counts.append(len(queries))

    assert counts[0] == counts[1] == counts[2]


def test_a_supplier_sees_only_its_own_home(people):
    order_of(2)

    assert "4500000001" not in signed_in(people["gil"]).get("/").content.decode()


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("bea", "inbox"),
        ("max", "inbox"),
        ("ines", "integration"),
        ("otto", "payables"),
        ("root", "order-list"),
        ("ada", "order-list"),
        ("rex", "receiving-list"),
    ],
)
def test_the_buying_side_starts_with_what_each_can_do(people, name, page):
    response = signed_in(people[name]).get("/")

    assert (response.status_code, response["Location"]) == (302, reverse(page))
