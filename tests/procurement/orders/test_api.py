"""Orders for programs, as stories."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from portal.kernel.scope import acting
from suppliers.services import create_token
from tests.builders.world import MONDAY, a_line, a_paper, an_order, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(world, tokens):
    return tokens("ACME")


def test_a_program_reads_a_whole_order(world, acme):
    order = an_order(lines=2)

    response = acme.get(f"/api/v1/orders/{order.key}")

    assert response.status_code == 200, response.content
    told = response.json()
    assert told["number"] == "4500000001"
