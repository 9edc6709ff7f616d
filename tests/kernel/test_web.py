"""Pages by keyset: a cursor is of one order of rows, and whatever else one sends is none."""

import base64
import json

import pytest

from portal.kernel.scope import acting
from portal.kernel.web import UnknownCursor, paginate
from procurement.orders.models import PurchaseOrder
from tests.builders.world import an_order

pytestmark = pytest.mark.django_db

BY_NUMBER = ("number", "id")
BY_TOTAL = ("total_amount", "id")


def a_cursor(order, values):
    """A cursor as one would forge it: with the sign of a real one."""
    with_sign = paginate(PurchaseOrder.objects.all(), "", order=order, size=1).next
    direction, sign, _values = json.loads(base64.urlsafe_b64decode(with_sign + "=="))
    return base64.urlsafe_b64encode(json.dumps([direction, sign, values]).encode()).decode().rstrip("=")


@pytest.fixture
def asha(people):
    an_order("1")
    an_order("2")
    with acting(people["asha"].actor) as actor:
        yield actor


def numbers(page):
    return [order.number for order in page.rows]


def test_next_and_previous_go_there_and_back(asha):
    first = paginate(PurchaseOrder.objects.all(), "", order=BY_NUMBER, size=1)
    second = paginate(PurchaseOrder.objects.all(), first.next, order=BY_NUMBER, size=1)
    back = paginate(PurchaseOrder.objects.all(), second.previous, order=BY_NUMBER, size=1)

    assert [numbers(first), numbers(second), numbers(back)] == [["1"], ["2"], ["1"]]


@pytest.mark.parametrize(
    ("order", "values"),
    [
        (BY_NUMBER, ["a\x00", 1]),
        (BY_NUMBER, ["1", 10**30]),
        (BY_TOTAL, ["1E+1000000", 1]),
        (BY_TOTAL, [1e999, 1]),
        (BY_TOTAL, ["NaN", "x"]),
    ],
    ids=str,
)
def test_values_that_no_column_holds_begin_at_the_first_page_and_break_nothing(asha, order, values):
    cursor = a_cursor(order, values)

    page = paginate(PurchaseOrder.objects.all(), cursor, order=order, size=1)

    assert len(page.rows) <= 1
    assert PurchaseOrder.objects.count() == 2  # the transaction goes on


@pytest.mark.parametrize("cursor", ["W" * 2900, "W1tb" * 900, "nonsense", "x" * 100_000])
def test_what_is_no_cursor_begins_at_the_first_page(asha, cursor):
    assert numbers(paginate(PurchaseOrder.objects.all(), cursor, order=BY_NUMBER, size=1)) == ["1"]


def test_a_program_is_told_that_a_cursor_is_of_another_list(asha):
    of_other = paginate(PurchaseOrder.objects.all(), "", order=BY_NUMBER, size=1).next

    with pytest.raises(UnknownCursor):
        paginate(PurchaseOrder.objects.all(), of_other, order=BY_TOTAL, size=1, strict=True)
