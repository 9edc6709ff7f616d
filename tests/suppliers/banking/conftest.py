"""Acme and its people, known for long, and the account it has; made once for a file."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from tests.builders.bank import an_account, long_known
from tests.builders.world import make_world
from tests.database import made_once
from tests.people import FEED, make_people


@pytest.fixture(scope="module")
def once(django_db_setup, django_db_blocker):
    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            made = make_people(suppliers)
        long_known()
        yield made, suppliers, timezone.now()


@pytest.fixture
def people(once, db):
    return once[0]


@pytest.fixture
def acme(once, db):
    return once[1]["ACME"]


@pytest.fixture
def now(once):
    return once[2] + timedelta(minutes=1)


@pytest.fixture
def account(people, now):
    return an_account(people, at=now)
