"""What is invoiced on the demo's morning, with the people of the tests in Mei's, Ana's and Helen's place."""

from decimal import Decimal

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.demo.invoicing import SELLERS, _invoiced_by, _take_taxes
from procurement.invoices.models import Invoice
from tests.builders.changes import an_agreed_order
from tests.builders.world import a_line
from tests.people import FEED

pytestmark = pytest.mark.django_db


def test_one_matches_one_is_dear_one_came_back_and_one_is_being_written(people):
    at = timezone.now()
    for number in range(1, 5):
        an_agreed_order(
            people["asha"], f"450000000{number}", [a_line(10, received_quantity=Decimal(60)), a_line(20)]
        )
    _take_taxes(people["max"].actor, at)

    count = _invoiced_by(SELLERS[0], people["asha"].actor, people["otto"].actor, at)

    with acting(FEED):
        told = [
            (one.state, one.acts, one.held_for.get("key", ""), one.total.normalize())
            for one in Invoice.objects.order_by("id")
        ]
    assert count == 4
    assert told == [
        ("held", "payables", "match.approval.person", Decimal(411)),
        ("held", "buyer", "match.price.over", Decimal("423.6")),
        ("rejected", "", "", Decimal(591)),
        ("draft", "", "", Decimal("423.6")),
    ]
