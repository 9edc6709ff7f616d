"""Saving many rows at once: the same rows as Django would write, and the same refusals."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DataError, transaction
from django.db.models import F

from portal.kernel.bulk import count_at_most, create_rows
from portal.kernel.scope import acting
from procurement.orders.models import OrderRevision, PurchaseOrder, PurchaseOrderLine
from procurement.orders.services import receive_orders
from tests.builders.world import MONDAY, a_paper
from tests.people import FEED

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(world):
    with acting(FEED):
        receive_orders([a_paper(lines=3)], actor=FEED, at=MONDAY)
        yield list(PurchaseOrderLine.objects.order_by("number"))


def test_every_kind_of_value_comes_back_as_it_was_written(lines):
    for place, line in enumerate(lines):
        line.quantity = Decimal("12.345678") + place
        line.delivery_on = date(2026, 5, 1 + place)
        line.note = "“Grüße”, 100 % \\ {,} NULL"
        line.agreed_revision = None if place else 7
        line.cancelled = place == 1
        line.ship_to_id = None

    names = ["quantity", "delivery_on", "note", "agreed_revision", "cancelled", "ship_to"]
    written = PurchaseOrderLine.objects.bulk_update(lines, names, batch_size=2)

    assert written == 3
    stored = PurchaseOrderLine.objects.order_by("number")
    assert [[getattr(line, name) for name in names] for line in stored] == [
        [getattr(line, name) for name in names] for line in lines
    ]


def test_other_fields_and_other_rows_are_left_alone(lines):
    first, second, _third = lines
    first.note = first.description = "changed"

    PurchaseOrderLine.objects.bulk_update([first], ["note"])

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.note, first.description, second.note) == ("changed", "Ball valve DN15", "")


def test_one_statement_however_many_rows(lines, django_assert_num_queries):
    with django_assert_num_queries(1):
        PurchaseOrderLine.objects.bulk_update(lines, ["note", "price", "quantity", "delivery_on"])


def test_nothing_to_write_writes_nothing(lines, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert PurchaseOrderLine.objects.bulk_update([], ["note"]) == 0


def test_a_text_too_long_is_refused_and_never_cut(lines):
    lines[0].item_number = "X" * 61

    with pytest.raises(DataError, match="too long"), transaction.atomic():
        PurchaseOrderLine.objects.bulk_update(lines, ["item_number"])


def test_what_arrays_cannot_carry_goes_djangos_way(lines):
    lines[0].asked_revision = F("asked_revision") + 4
    PurchaseOrderLine.objects.bulk_update(lines[:1], ["asked_revision"])
    lines[0].refresh_from_db()
    assert lines[0].asked_revision == 5

    order = PurchaseOrder.objects.get()
    with pytest.raises(ValueError, match="primary key"):
        PurchaseOrder.objects.bulk_update([PurchaseOrder(number="new")], ["number"])
    with pytest.raises(ValueError, match="Field names"):
        PurchaseOrder.objects.bulk_update([order], [])
    assert OrderRevision.objects.count() == 1


def test_many_new_rows_get_their_keys_in_their_order(world, django_assert_num_queries):
    with acting(FEED):
        receive_orders([a_paper(lines=1)], actor=FEED, at=MONDAY)
        order = PurchaseOrder.objects.get()
        revisions = [
            OrderRevision(
                supplier_id=order.supplier_id,
                order=order,
                number=number,
                erp_revision="“Ü”, \\ 'q'",
                received_at=MONDAY,
                content_hash="",
                paper={"lines": [number, None, "x"]},
                changes=[],
            )
            for number in range(2, 42)
        ]

        with django_assert_num_queries(1):
            create_rows(OrderRevision, revisions)

        stored = {
            one.pk: (one.number, one.erp_revision, one.paper)
            for one in OrderRevision.objects.filter(number__gt=1)
        }
    assert stored == {one.pk: (one.number, one.erp_revision, one.paper) for one in revisions}


def test_counts_end_one_beyond_what_matters(lines, django_assert_num_queries):
    rows = PurchaseOrderLine.objects.order_by("number")
    with acting(FEED), django_assert_num_queries(1):
        counts = count_at_most({"all": rows, "none": rows.none(), "two": rows.filter(number__lt=30)}, 1)
    assert counts == {"all": 2, "none": 0, "two": 2}
