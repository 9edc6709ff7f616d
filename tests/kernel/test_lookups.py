"""Many ids go to the database as one array, and find what a written list finds."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.lookups import MANY
from portal.kernel.scope import acting
from suppliers.details.models import Contact
from suppliers.models import Supplier
from tests.builders.world import MONDAY, make_world
from tests.people import FEED

pytestmark = pytest.mark.django_db

FAR = range(1_000_000, 1_000_000 + MANY)


@pytest.fixture
def world(db):
    make_world()
    with acting(FEED):
        yield list(Supplier.objects.order_by("pk"))


def sql_of(rows):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = list(rows)
    return found, asked[-1]["sql"]


def test_many_ids_are_one_array_and_find_the_same(world):
    few, written = sql_of(Supplier.objects.filter(pk__in=[one.pk for one in world]).order_by("pk"))
    many, array = sql_of(Supplier.objects.filter(pk__in=[*FAR, *(one.pk for one in world)]).order_by("pk"))
    assert many == few == world
    assert " IN (" in written
    assert "= ANY(" in array
    assert "::bigint[])" in array


def test_keys_and_excluded_ones_as_well(world):
    keys = [*(uuid.UUID(int=n) for n in FAR), world[0].key]
    assert list(Supplier.objects.filter(key__in=keys)) == [world[0]]
    assert list(Supplier.objects.exclude(pk__in=[*FAR, world[0].pk]).order_by("pk")) == world[1:]


def test_rows_themselves_nothing_and_what_is_there_twice(world):
    one = world[0]
    contact = Contact.objects.create(
        supplier=one, name="Desk", roles=["orders"], email="desk@acme.example", since_at=MONDAY
    )
    strangers = [Supplier(pk=n) for n in FAR]
    assert list(Contact.objects.filter(supplier__in=[*strangers, one, one])) == [contact]
    assert list(Contact.objects.filter(supplier__in=[*FAR, None, one.pk])) == [contact]
    assert list(Contact.objects.filter(supplier__in=[None] * MANY)) == []
    assert list(Contact.objects.exclude(supplier__in=[None] * MANY)) == [contact]
    assert list(Contact.objects.filter(supplier__pk__in=[*FAR, one.pk])) == [contact]


def test_a_subquery_and_words_stay_what_they_are(world):
    names = [f"Nobody {n}" for n in FAR]
    found, written = sql_of(Supplier.objects.filter(number__in=[*names, world[0].number]))
    assert found == [world[0]]
    assert "ANY(" not in written
    inner = Supplier.objects.filter(pk__in=[*FAR, world[0].pk])
    assert list(Supplier.objects.filter(pk__in=inner.values("pk"))) == [world[0]]


IDS = st.one_of(st.none(), st.integers(-5, 20), st.integers(-(2**62), 2**62))


def test_any_list_finds_what_each_of_its_ids_finds(world):
    known = {one.pk for one in world}

    @given(st.lists(st.one_of(IDS, st.sampled_from(sorted(known))), max_size=3 * MANY))
    def it_does(ids):
        assert {one.pk for one in Supplier.objects.filter(pk__in=ids)} == known & set(ids)

    it_does()
