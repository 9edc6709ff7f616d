"""A consignment of which all that differed is settled closes by itself, once the ERP has booked what is good."""

from decimal import Decimal

import pytest

from tests.builders.counts import a_notice, a_posted_sheet, begin, reverse, settle
from tests.builders.facts import a_receipt, arrive
from tests.builders.notices import react
from tests.builders.shipments import fresh_notice

pytestmark = pytest.mark.django_db(transaction=True)


def state(sheet):
    react()
    return fresh_notice(sheet.notice).state


def test_it_closes_when_the_last_is_settled_and_what_is_good_is_booked(people):
    sheet = a_posted_sheet(people, 44, 4, rest="short")
    arrive(a_receipt(reference="DN-1", quantity=Decimal(44)))
    assert state(sheet) == "partly_received"

    settle(sheet, people["bea"], "credit")

    assert state(sheet) == "closed"
    assert fresh_notice(sheet.notice).end_reason == "All that came otherwise is settled."
    assert state(sheet) == "closed"


def test_settled_first_it_waits_for_the_booking_of_the_erp(people):
    sheet = a_posted_sheet(people, 48, rest="short")
    settle(sheet, people["bea"], "closed")
    assert state(sheet) == "arrived"

    arrive(a_receipt(reference="DN-1", quantity=Decimal(40)))
    assert state(sheet) == "partly_received"
    arrive(a_receipt("GR-2", reference="DN-1", quantity=Decimal(8)))

    assert state(sheet) == "closed"


def test_what_still_comes_or_is_being_counted_keeps_it_open(people):
    notice = a_notice(people)
    sheet = a_posted_sheet(people, 40, 5, rest="follows", notice=notice)
    arrive(a_receipt(reference="DN-1", quantity=Decimal(40)))
    settle(sheet, people["bea"], "returned")
    assert state(sheet) == "partly_received"  # fifteen more come later

    begin(notice, people["rex"])
    assert state(sheet) == "partly_received"


def test_what_came_as_announced_stays_received_and_a_count_that_was_taken_back_closes_nothing(people):
    sheet = a_posted_sheet(people, 60)
    arrive(a_receipt(reference="DN-1", quantity=Decimal(60)))
    assert state(sheet) == "received"
    reverse(sheet, people["rex"])

    assert state(sheet) == "received"
