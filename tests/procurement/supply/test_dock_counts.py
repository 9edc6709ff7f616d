"""How what a supplier sent was counted: package by package, and as the ERP then booked it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from portal.kernel.scope import acting
from procurement.shipments.models import Package
from procurement.supply.messages import Measure
from procurement.supply.presenters.panels import record_panel, record_rows
from procurement.supply.queries.counting import counts_of
from suppliers.models import Supplier
from tests.builders.counts import a_notice, a_posted_sheet, begin, count_row, post, reverse, scanned
from tests.builders.facts import a_receipt, arrive
from tests.builders.shipments import a_sent_notice
from tests.builders.world import MONDAY, fresh
from tests.people import FEED

pytestmark = pytest.mark.django_db

LATER = MONDAY + timedelta(hours=8)


def acme():
    with acting(FEED):
        return Supplier.objects.get(number="ACME")


def counted():
    with acting(FEED):
        return [
            (one.number, one.packages, one.seen, one.lines, one.booked)
            for one in counts_of(acme().pk, at=LATER)
        ]


def numbers_of(notice):
    with acting(FEED):
        return [
            one.sscc or one.carton_number
            for one in Package.objects.filter(notice=notice).order_by("position")
        ]


def three_of_four(people):
    notice = a_notice(people, "DN-7", cartons=(4, 15))
    sheet = begin(notice, people["rex"])
    for number in numbers_of(notice)[:3]:
        assert scanned(sheet, people["rex"], number).is_good
    return post(sheet, people["rex"], "short")


def test_packages_and_bookings_of_one_consignment(people):
    three_of_four(people)
    assert counted() == [("DN-7", 4, 3, 1, 0)]

    arrive(a_receipt("GR-1", quantity=Decimal(40), reference="DN-7"))
    assert counted() == [("DN-7", 4, 3, 1, 0)]
    arrive(a_receipt("GR-2", quantity=Decimal(5), reference="dn 7"))
    assert counted() == [("DN-7", 4, 3, 1, 1)]


def test_each_figure_opens_its_rows(people):
    three_of_four(people)

    with acting(FEED):
        figures = {one.measure: (one.value, one.rows) for one in record_panel(acme(), at=LATER).figures}
        packages = record_rows(acme(), Measure.PACKAGES, at=LATER)
        booked = record_rows(acme(), Measure.BOOKED, at=LATER)

    assert (figures[Measure.PACKAGES], figures[Measure.BOOKED]) == (("3 of 4", ""), ("0 of 1", ""))
    assert [(one.paper, one.measured, one.happened, one.is_met) for one in [*packages, *booked]] == [
        ("DN-7", "4 packages announced", "3 were there", False),
        ("DN-7", "1 line counted", "0 booked exactly so", False),
    ]


def test_who_counts_by_hand_has_no_figure_of_packages_and_a_count_taken_back_counts_nowhere(people):
    sheet = a_posted_sheet(people, 40, rest="follows")
    assert counted() == [("DN-1", None, None, 1, 0)]

    reverse(sheet, people["rex"])
    assert counted() == []


def test_it_takes_the_same_queries_however_many_there_are(people, django_assert_num_queries):
    three_of_four(people)
    supplier = acme()
    with acting(FEED), django_assert_num_queries(5):
        counts_of(supplier.pk, at=LATER)
    order = fresh()
    for number in range(3):
        notice = a_sent_notice(order, people["asha"], {"L20": 10}, number=f"DN-{number}")
        sheet = begin(notice, people["rex"])
        count_row(sheet, people["rex"], 10, number=20)
        post(sheet, people["rex"])

    with acting(FEED), django_assert_num_queries(5):
        counts_of(supplier.pk, at=LATER)
    assert len(counted()) == 4
