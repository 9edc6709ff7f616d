"""Many lines at once: one date for those that are ticked, and rows pasted from Excel."""

import pytest

from tests.builders.answer_page import ASKED, LATER, day, drafts, fields_of, look, order_of, press
from tests.people import signed_in

pytestmark = pytest.mark.django_db


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
