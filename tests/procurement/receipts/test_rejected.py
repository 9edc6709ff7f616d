"""What the dock did not accept and the ERP still calls received: worked examples on values alone."""

from datetime import date
from decimal import Decimal

import pytest

from procurement.receipts.policies import BookedGoods, CountedGoods, rejected_in

BEFORE, DAY, LATER = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 9)


def count(good, damaged, reference="DN1", day=DAY, before=0):
    return CountedGoods(reference, day, Decimal(good), Decimal(damaged), Decimal(before))


def booked(quantity, reference="DN1", day=DAY):
    return BookedGoods(reference, day, Decimal(quantity))


@pytest.mark.parametrize(
    ("received", "counts", "bookings", "rejected"),
    [
        # The ERP books what the dock asks it to: the two that are damaged are in no figure of its.
        (48, [count(48, 2)], [booked(48)], 0),
        # It has booked nothing yet, or a part: nothing is taken off what is not there.
        (0, [count(48, 2)], [], 0),
        (30, [count(48, 2)], [booked(30)], 0),
        # Somebody there booked the whole delivery under its number: the two are in it.
        (50, [count(48, 2)], [booked(50)], 2),
        # ... took one of them out again by changing the booking, or by a return that lessens the order's figure.
        (49, [count(48, 2)], [booked(49)], 1),
        (48, [count(48, 2)], [booked(50)], 0),
        (49, [count(48, 2)], [booked(50)], 1),
        # ... or booked it under the number of another paper, or under none, on that day or later.
        (50, [count(48, 2)], [booked(50, "LS99")], 2),
        (50, [count(48, 2)], [booked(50, "", LATER)], 2),
        # A delivery of another day and paper was never counted: what the ERP has of it is good.
        (98, [count(48, 2)], [booked(50, "LS1", BEFORE), booked(48)], 0),
        (50, [count(48, 2)], [booked(50, "LS1", BEFORE)], 0),
        (98, [count(48, 2)], [booked(48), booked(50, "LS2", LATER)], 0),
        # All of it came broken: nothing is asked to be booked; what is booked all the same is not paid.
        (0, [count(0, 5)], [], 0),
        (5, [count(0, 5)], [booked(5, "")], 5),
        (15, [count(0, 5), count(10, 0, "DN2", LATER)], [booked(10, "DN2", LATER)], 5),
        # Two counts of one delivery are one; each delivery is looked at by itself.
        (60, [count(30, 0), count(28, 2)], [booked(60)], 2),
        (108, [count(48, 2), count(58, 2, "DN2")], [booked(48), booked(60, "DN2")], 2),
        # An ERP that tells no bookings is taken at the order's word: the good first, then the damaged.
        (48, [count(48, 2)], [], 0),
        (50, [count(48, 2)], [], 2),
        (148, [count(48, 2, before=100)], [], 0),
        (150, [count(48, 2, before=100)], [], 2),
        # What the buyer accepted as it is was counted as good: see `rejected_by_line`.
        (50, [count(50, 0)], [booked(50)], 0),
    ],
)
def test_what_is_not_accepted_is_taken_off_once_and_only_where_the_erp_has_it(
    received, counts, bookings, rejected
):
    assert rejected_in(Decimal(received), counts, bookings) == Decimal(rejected)
