"""The page of an item in a real browser: nobody stumbles, on any screen, by day and by night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.services import acknowledge_order
from tests.browser.axe import faults_in_every_look
from tests.browser.test_account import sign_in
from tests.builders.facts import a_receipt, arrive
from tests.builders.supply import a_demand, demand_comes, some_stock, stock_comes
from tests.builders.world import a_line, a_paper, an_order, receive

NOW = datetime.now(UTC)


def on(days: int) -> Any:
    return NOW.date() + timedelta(days=days)


@pytest.fixture
def addresses(people: dict[str, Any]) -> dict[str, str]:
    """A promise eight days late, customers who wait for it, a past, and other sources."""
    stock_comes(
        some_stock(on_hand=Decimal(220), daily_demand=Decimal(5), as_of=NOW),
        some_stock(site="HULL", on_hand=Decimal(110), as_of=NOW),
        at=NOW,
    )
    customers = {
        "Kelso Water": 6,
        "Tyne Process": 10,
        "Northbeck Dairies": 21,
        "Hull site": 24,
        "Elbe Schiffstechnik": 60,
    }
    demand_comes(
        *(
            a_demand(f"SO-{day}", needed_on=on(day), customer=name, reference=f"SO-88{day}", as_of=NOW)
            for name, day in customers.items()
        ),
        at=NOW,
    )
    for number in range(6):
        due, late = on(-20 - 9 * number), 4 if number == 3 else 0
        done = a_line(10, delivery_on=due, received_quantity=Decimal(100))
        an_order(f"44000000{number:02}", [done], at=NOW - timedelta(days=200), ordered_on=on(-200))
        arrive(
            a_receipt(
                f"GR-{number}",
                order=f"44000000{number:02}",
                quantity=Decimal(100),
                received_on=due + timedelta(days=late),
            )
        )
    order = an_order(lines=[a_line(10, delivery_on=on(20), quantity=Decimal(240))], at=NOW, ordered_on=on(0))
    asha = people["asha"].actor
    late_piece = LineAnswer("L10", (AnswerPiece(Decimal(240), delivery_on=on(28)),))
    with acting(asha):
        acknowledge_order(AcknowledgeOrder(order.key, order.version, (late_piece,)), actor=asha, at=NOW)
    other = a_line(10, delivery_on=on(45), price=Decimal("7.10"), ship_to="HULL")
    receive(a_paper("4500000002", [other], supplier="GLOBEX", ordered_on=on(-9)), at=NOW)
    return {
        "item": "/items/VALVE-15/?site=LEEDS",
        "line": f"/items/VALVE-15/?order={order.key}&line=10",
        "empty": "/items/CABLE-3/",
    }


def test_nobody_stumbles(
    page: Any, people: dict[str, Any], addresses: dict[str, str], tmp_path: Path
) -> None:
    sign_in(page, people["bea"])
    found: list[str] = []
    for name, address in addresses.items():
        assert page.goto(address).status == 200
        page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
        found += faults_in_every_look(page, f"item {name}", tmp_path)
    assert found == []
