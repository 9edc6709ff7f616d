"""What some files here need more than every test has."""

import pytest

from portal.kernel.scope import acting
from suppliers.messages import SupplierPaper
from suppliers.services import receive_suppliers
from tests.builders.world import make_world
from tests.database import made_once
from tests.people import FEED, make_people


@pytest.fixture(scope="module")
def crowd(django_db_setup, django_db_blocker):
    """Everybody, and sixty suppliers of one kind beside those of every test: made once for a file."""
    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            made = make_people(suppliers)
            receive_suppliers(
                [
                    SupplierPaper(
                        f"B{n:02}", f"Bolt {n:02}", "DE", "EUR", "en", "UTC", "core", f"b{n}@b.example"
                    )
                    for n in range(60)
                ]
            )
        yield made
