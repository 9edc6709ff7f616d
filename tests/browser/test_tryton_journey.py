"""A whole order between a live Tryton and two people in browsers: asked, promised otherwise, agreed, held, changed,
received."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.erp.models import ErpCommand
from procurement.orders.models import PurchaseOrder
from suppliers.models import Membership, Supplier, User
from suppliers.roles import CompanyRole, SupplierRole
from tests.browser.test_supplier_answers import day
from tests.browser.tryton import connected, one_interval, signed_in
from tests.builders.world import fresh, fresh_line
from tests.erp.papers import a_line, an_order
from tests.erp.tryton.harness import TrytonHarness
from tests.people import FEED, PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

NUMBER = "4500012345"
TODAY = datetime.now(UTC).date()
PLANNED = TODAY + timedelta(days=14)  # the suppliers' lead time in Tryton
LATER, FOLLOWING = PLANNED + timedelta(days=8), PLANNED + timedelta(days=21)


@pytest.fixture
def erp(tmp_path: Path, settings: Any) -> Iterator[TrytonHarness]:
    with connected(tmp_path, settings) as harness:
        yield harness


def make_bea_and_mei() -> None:
    """A buyer, and the order desk of the supplier that Tryton told."""
    with acting(FEED):
        User.objects.create_user(
            "bea@northmoor.example", PASSWORD, name="Bea", company_role=CompanyRole.BUYER
        )
        mei = User.objects.create_user("mei@acme.example", PASSWORD, name="Mei")
        acme = Supplier.objects.get(number="70012")
        Membership.objects.create(user=mei, supplier=acme, role=SupplierRole.ORDERS)


def typed(page: Any, line: Any, what: str, text: str, piece: int = 0) -> None:
    """Type into a field of a line and wait until it is kept."""
    with page.expect_response("**/answer/line/"):
        page.locator(f"[name='{what}.{line.key}.{piece}']").fill(text)
    page.locator(f"tbody[data-line='{line.key}'] .q-verdict b").first.wait_for()


def standing() -> dict[int, tuple[str, str]]:
    """Agreement and turn of every line."""
    with acting(FEED):
        lines = PurchaseOrder.objects.get(number=NUMBER).lines.order_by("number")
        return {line.number: (line.agreement, line.turn) for line in lines}


def commands() -> list[str]:
    with acting(FEED):
        return list(ErpCommand.objects.order_by("id").values_list("state", flat=True))


def in_tryton(erp: TrytonHarness, order: Any) -> dict[int, list[tuple[Decimal, date]]]:
    """What is to come when, from Tryton's own books: its moves."""
    return {
        line.number: [(one.quantity, one.delivery_on) for one in line.schedules]
        or [(line.quantity, line.delivery_on)]
        for line in erp.held(order).lines
    }


def test_from_confirmed_in_tryton_to_received(
    browser: Any, live_server: Any, transactional_db: None, erp: TrytonHarness
) -> None:
    one_interval()  # master data
    make_bea_and_mei()

    # Confirmed in Tryton: within one interval it stands first on the supplier's page, with a clock.
    items = ("V-2040", "V-2050", "V-2041", "V-2040")
    lines = tuple(a_line(10 * n, item_number=item) for n, item in enumerate(items, start=1))
    order = erp.order_as_planned(an_order(NUMBER, lines, ordered_on=TODAY))
    one_interval()
    mei = signed_in(browser, live_server, "mei@acme.example")
    expect(mei.locator("main")).to_contain_text(NUMBER)
    assert fresh(NUMBER).acknowledge_by_at is not None
    assert standing() == dict.fromkeys((10, 20, 30, 40), ("awaiting", "supplier"))
    assert {one.delivery_on for one in erp.held(order).lines} == {PLANNED}

    # Acknowledged: one line later, one split, one at another quantity, one as asked.
    mei.goto(f"/orders/{fresh(NUMBER).key}/")
    first, second, third = (fresh_line(number, NUMBER) for number in (10, 20, 30))
    typed(mei, first, "delivery_on", day(LATER))
    typed(mei, second, "quantity", "140")
    with mei.expect_response("**/answer/line/"):
        mei.get_by_role("button", name="Promise the other 100 EA on another day").click()
    typed(mei, second, "delivery_on", day(FOLLOWING), piece=1)
    typed(mei, third, "quantity", "200")
    with mei.expect_response("**/answer/line/"):
        mei.get_by_role("button", name="Promise the other 40 EA on another day").click()
    for name, chosen in (("kind", "refuse"), ("reason", "capacity")):
        with mei.expect_response("**/answer/line/"):
            mei.locator(f"[name='{name}.{third.key}.1']").select_option(chosen)
    mei.get_by_role("button", name="Send answer").click()
    mei.wait_for_selector(".q-toast")
    assert standing()[40] == ("agreed", "")
    assert [standing()[number][1] for number in (10, 20, 30)] == ["buyer"] * 3

    # The buyer agrees; it stands in Tryton, is read back, and its echo asks nobody.
    bea = signed_in(browser, live_server, "bea@northmoor.example")
    bea.goto(f"/orders/{fresh(NUMBER).key}/")
    bea.click("text=Accept all")
    bea.wait_for_selector(".q-toast")
    one_interval()
    agreed = {
        10: [(240, LATER)],
        20: [(140, PLANNED), (100, FOLLOWING)],
        30: [(200, PLANNED)],
        40: [(240, PLANNED)],
    }
    assert in_tryton(erp, order) == agreed
    assert set(commands()) == {"confirmed"}
    told = len(commands())
    one_interval()
    assert standing() == dict.fromkeys((10, 20, 30, 40), ("agreed", ""))
    assert len(commands()) == told

    # A buyer changes one line in Tryton, which forgets every day of the order: only that line is asked anew.
    erp.amend_and_leave(order, fresh_line(40, NUMBER).key, quantity=Decimal(260))
    assert in_tryton(erp, order)[20] == [(240, PLANNED)]  # forgotten, and in one piece again
    one_interval()
    assert standing() == {
        10: ("agreed", ""),
        20: ("agreed", ""),
        30: ("agreed", ""),
        40: ("awaiting", "supplier"),
    }
    assert in_tryton(erp, order) == agreed | {40: [(260, PLANNED)]}
    assert set(commands()) == {"confirmed"}
    mei.goto(f"/orders/{fresh(NUMBER).key}/")
    changed = mei.locator(f"tbody[data-line='{fresh_line(40, NUMBER).key}']")
    expect(changed.locator("del").first).to_contain_text("240")
    expect(changed.locator("ins").first).to_contain_text("260")
    mei.get_by_role("button", name="Confirm one line as asked").click()
    mei.wait_for_selector(".q-toast")
    one_interval()
    one_interval()
    assert standing() == dict.fromkeys((10, 20, 30, 40), ("agreed", ""))
    assert in_tryton(erp, order) == agreed | {40: [(260, PLANNED)]}
    assert set(commands()) == {"confirmed"}

    # The warehouse counts 100 of the first line.
    erp.receive(order, first.key, Decimal(100), "DN-4711")
    one_interval()  # Tryton plans the rest of the line anew, and is told again when it was agreed for
    one_interval()
    assert in_tryton(erp, order) == agreed | {40: [(260, PLANNED)]}
    received = fresh_line(10, NUMBER)
    assert (received.received_quantity, received.logistics) == (100, "partly_received")
    assert received.agreement == "agreed"
    bea.goto(f"/orders/{fresh(NUMBER).key}/")
    expect(bea.locator("#timeline")).to_contain_text("100")
    with acting(FEED):
        (came,) = AuditEvent.objects.filter(kind="order.goods_received")
    assert came.facts["lines"] == [{"line": 10, "received": "100", "unit": "EA"}]
