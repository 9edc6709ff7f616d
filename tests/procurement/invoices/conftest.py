"""The order that most invoices here are written about."""

import pytest

from tests.builders.changes import an_agreed_order


@pytest.fixture
def order(people):
    return an_agreed_order(people["asha"])
