"""What is typed is kept: for the next time, for a colleague, and for two who type at once."""

from decimal import Decimal

import pytest
from django.urls import reverse

from tests.builders.answer_page import (
    ASKED,
    LATER,
    answers,
    day,
    drafts,
    fields_of,
    look,
    order_of,
    press,
    promises,
)
from tests.builders.world import fresh_line
from tests.people import signed_in

pytestmark = pytest.mark.django_db


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
