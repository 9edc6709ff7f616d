"""A supplier answers: whole or in part, with what cannot be read told at its field, and taken back again."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.services import acknowledge_order
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
from tests.builders.world import fresh, fresh_line
from tests.people import signed_in

pytestmark = pytest.mark.django_db


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
