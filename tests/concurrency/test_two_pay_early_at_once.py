"""Two agree to one early payment, or one agrees or takes back while the ERP books the invoice, at one moment: real
threads."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from portal.kernel.scope import acting
from procurement.discounting.messages import AgreeEarly
from procurement.discounting.models import EarlyPayment
from procurement.discounting.services import agree_early, take_early_back
from procurement.invoices.services import mark_scheduled
from tests.builders.changes import an_agreed_order
from tests.builders.early import LESS, SOONEST, a_discount_policy
from tests.builders.invoices import fresh_invoice
from tests.builders.told_invoices import an_approved_invoice
from tests.builders.world import MONDAY
from tests.concurrency.at_once import at_once, kinds
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)
DUE = date(2026, 4, 1)


@pytest.fixture
def invoice(people):
    a_discount_policy(people)
    return an_approved_invoice(an_agreed_order(people["asha"]), {"L10": 60}, pay_on=DUE)


def agreeing(invoice, person):
    def work():
        with acting(person.actor):
            command = AgreeEarly(invoice.key, SOONEST, LESS)
            return agree_early(command, actor=person.actor, at=MONDAY)

    return work


def booking(invoice):
    def work():
        with acting(FEED):
            return mark_scheduled(invoice.key, pay_on=DUE, actor=FEED, at=MONDAY)

    return work


def agreed():
    with acting(FEED):
        return list(EarlyPayment.objects.values_list("state", flat=True))


def test_of_two_who_agree_one_wins_and_of_agreeing_and_booking_what_came_first_stands(people, invoice):
    twice = kinds(at_once(agreeing(invoice, people["asha"]), agreeing(invoice, people["asha"])))
    assert twice == Counter({"EarlyPayment": 1, "IllegalTransition": 1})
    assert agreed() == ["agreed"]

    def taking_back():
        with acting(people["asha"].actor):
            return take_early_back(invoice.key, actor=people["asha"].actor, at=MONDAY)

    outcomes = kinds(at_once(taking_back, booking(invoice)))
    fresh = fresh_invoice(invoice)
    assert fresh.state == "scheduled"
    found = (tuple(agreed()), outcomes["EarlyPayment"], outcomes["IllegalTransition"], fresh.pay_on)
    assert found in ((("taken_back",), 1, 0, DUE), (("agreed",), 0, 1, SOONEST))


def test_agreed_or_booked_first_and_never_half_of_each(people, invoice):
    outcomes = kinds(at_once(agreeing(invoice, people["asha"]), booking(invoice)))

    fresh = fresh_invoice(invoice)
    assert fresh.state == "scheduled"
    found = (tuple(agreed()), outcomes["EarlyPayment"], fresh.pay_on, fresh.early_discount)
    assert found in ((("agreed",), 1, SOONEST, LESS), ((), 0, DUE, None))


def test_the_last_euro_of_a_week_is_spent_once(people):
    order = an_agreed_order(people["asha"])
    pays = Decimal("1313.76") - LESS
    a_discount_policy(people, supplier="ACME", weekly_budget=2 * pays - Decimal("0.01"))
    both = [an_approved_invoice(order, {"L10": 60}, number=f"E-{n}", pay_on=DUE) for n in (1, 2)]

    outcomes = kinds(at_once(*(agreeing(one, people["asha"]) for one in both)))

    assert outcomes == Counter({"EarlyPayment": 1, "StaleDocument": 1})
    assert agreed() == ["agreed"]
