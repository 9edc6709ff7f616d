"""The demo with a real Tryton: founded, ordered in, read, and answered by its suppliers."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.demo.tryton.founding import PORTAL
from procurement.demo.tryton.loading import load_from_tryton, order_in_tryton
from procurement.demo.tryton.northmoor import SUPPLIERS, northmoor, orders, people
from procurement.demo.tryton.serving import DATABASE, TrytonServer, founded
from procurement.orders.models import PurchaseOrder
from suppliers.models import Supplier
from tests.people import FEED

TODAY = datetime.now(UTC).date()


def test_the_orders_are_the_same_for_a_day_and_buy_what_is_sold() -> None:
    found = list(orders(TODAY))

    assert found == list(orders(TODAY))
    assert len(found) == 48
    sold = {
        (offer.supplier, article.number) for article in northmoor(TODAY).articles for offer in article.sold_by
    }
    assert {(order.supplier, line.item_number) for order in found for line in order.lines} <= sold
    assert all(line.quantity > 0 for order in found for line in order.lines)


def test_every_supplier_has_somebody_who_signs_in() -> None:
    assert {name for person in people() for name in person.acts_for} == set(SUPPLIERS)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_orders_made_in_tryton_stand_in_the_portal_and_some_are_answered(
    tmp_path: Path, settings: Any
) -> None:
    shutil.copyfile(founded("8.0", northmoor(TODAY)), tmp_path / f"{DATABASE}.sqlite")
    wanted = list(orders(TODAY))[:12]
    with TrytonServer("8.0", tmp_path) as server:
        settings.ERP_CONNECTOR = "tryton"
        settings.ERP_URL = urlsplit(f"http://{':'.join(PORTAL)}@127.0.0.1:{server.port}/{DATABASE}")

        assert order_in_tryton(settings.ERP_URL, wanted[:5]) == 5  # broken off here
        assert order_in_tryton(settings.ERP_URL, wanted) == 7
        assert load_from_tryton("a password of this demo", now=timezone.now()) == 12

    with acting(FEED):
        found = list(PurchaseOrder.objects.order_by("number").select_related("supplier"))
        assert [order.number for order in found] == [f"PO{number:05}" for number in range(1, 13)]
        assert [order.supplier.number for order in found] == [order.supplier for order in wanted]
        assert {order.agreement for order in found} >= {"awaiting", "agreed", "answered"}
        assert Supplier.objects.count() == len(SUPPLIERS)
