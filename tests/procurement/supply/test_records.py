"""The page of a supplier's record: the same figures and rows for both sides, and for nobody else."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder
from procurement.acknowledgments.services import acknowledge_order
from suppliers.models import Supplier
from tests.builders.facts import a_receipt, arrive
from tests.builders.world import a_line, an_order, fresh
from tests.people import FEED

pytestmark = pytest.mark.django_db


def delivered(person, number, *, days_late=0, in_time=100, agree=True):
    """100 pieces that were due thirty days ago: some of them in time, the rest so many days late."""
    now = timezone.now()
    due = now.date() - timedelta(days=30)
    placed = now - timedelta(days=90)
    order = an_order(
        number,
        [a_line(10, delivery_on=due, received_quantity=Decimal(0))],
        at=placed,
        ordered_on=placed.date(),
    )
    if agree:
        with acting(person.actor):
            command = AcknowledgeOrder(order.key, order.version, rest_as_asked=True)
            acknowledge_order(command, actor=person.actor, at=placed)
    papers = [a_receipt(f"{number}-1", order=number, quantity=Decimal(in_time), received_on=due)]
    if in_time < 100:
        late = due + timedelta(days=days_late)
        papers.append(
            a_receipt(f"{number}-2", order=number, quantity=Decimal(100 - in_time), received_on=late)
        )
    arrive(*papers)
    return fresh(number)


def at(person):
    client = Client()
    client.force_login(person.user)
    return client


def words(response):
    assert response.status_code == 200
    main = response.content.decode().partition("<main")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def record_of(number="ACME"):
    with acting(FEED):
        return reverse("supplier-record", args=[Supplier.objects.get(number=number).key])


def test_both_sides_see_the_same_figures_and_the_rows_behind_each(people):
    delivered(people["asha"], "4500000001")
    delivered(people["asha"], "4500000002", days_late=8, in_time=60)

    hers = words(at(people["asha"]).get(reverse("record-list"), {"figure": "filled"}))
    theirs = words(at(people["bea"]).get(record_of(), {"figure": "filled"}))

    for seen in (hers, theirs):
        assert "In time and in full, as agreed 1 of 2" in seen
        assert "Fill rate 80 % 2 deliveries" in seen
        assert "4500000001 line 10" in seen
        assert "100 pcs in time (100 %) met" in seen
        assert "60 pcs in time (60 %) missed" in seen


def test_what_was_missed_can_be_looked_at_alone(people):
    delivered(people["asha"], "4500000001")
    delivered(people["asha"], "4500000002", days_late=8, in_time=60)

    missed = words(at(people["asha"]).get(record_of(), {"figure": "as-agreed", "only": "missed"}))

    assert "4500000002 line 10" in missed
    assert "8 days late" in missed
    assert "4500000001" not in missed
    assert "1 to 1 of 1" in missed


def test_answers_open_as_well(people):
    delivered(people["asha"], "4500000001")

    answers = words(at(people["bea"]).get(record_of(), {"figure": "answers"}))

    assert "Answers in time 1 of 1" in answers
    assert "owed by" in answers


def test_a_figure_that_does_not_exist_shows_the_first_one(people):
    page = words(at(people["asha"]).get(record_of(), {"figure": "no-such", "cursor": "99999999"}))

    assert "In time and in full, as agreed" in page
    assert "Nothing here yet" in page


def test_another_suppliers_record_is_not_there(people):
    assert at(people["gil"]).get(record_of("ACME")).status_code == 404
    assert "Acme" not in words(at(people["gil"]).get(reverse("record-list")))


def test_the_buying_side_finds_a_supplier_by_name_or_number(people):
    bea = at(people["bea"])

    assert record_of("ACME") in bea.get(reverse("record-list"), {"q": "acme"}).content.decode()
    assert record_of("GLOBEX") not in bea.get(reverse("record-list"), {"q": "acme"}).content.decode()
    assert "No supplier like this" in words(bea.get(reverse("record-list"), {"q": "nobody at all"}))


def test_the_page_asks_the_same_questions_of_one_row_and_of_thirty(people, django_assert_num_queries):
    delivered(people["asha"], "4500000001")
    asha = at(people["asha"])
    asha.get(record_of())
    address = record_of()
    with CaptureQueriesContext(
        connection,
    ) as few:
        asha.get(address)
    for number in range(2, 61):
        delivered(people["asha"], f"45000000{number:02d}", agree=False)

    with django_assert_num_queries(len(few)):
        first = asha.get(address)
    assert "1 to 50 of 60" in words(first)
    assert "51 to 60 of 60" in words(asha.get(address, {"cursor": "50"}))
