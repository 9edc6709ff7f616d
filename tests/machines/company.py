"""Run beside the site as a program of its own: `company.py open|report`. Says what it did as JSON.

`open` makes a small company, three people and a token; `report` tells how every order stands.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import django

FIRST = 4_500_000_000


def paper(number: int) -> Any:
    """An order of two lines, in turns from each of the two suppliers."""
    from tests.builders.world import a_line, a_paper

    today = datetime.now(UTC).date()
    day = today + timedelta(days=60)
    return a_paper(
        str(FIRST + number),
        [a_line(10, delivery_on=day), a_line(20, delivery_on=day, supplier_part_number="")],
        supplier=("ACME", "GLOBEX")[number % 2],
        ordered_on=today,
        stamp=datetime.now(UTC),
    )


def open_company() -> dict[str, Any]:
    from portal.kernel.scope import acting
    from suppliers.models import Membership, User
    from suppliers.roles import CompanyRole, SupplierRole, TokenScope
    from suppliers.services import create_token
    from tests.builders.world import make_world
    from tests.people import FEED, PASSWORD

    suppliers = make_world()
    with acting(FEED):
        User.objects.create_user(
            "bea@northmoor.example", PASSWORD, name="Bea Buyer", company_role=CompanyRole.BUYER
        )
        asha = User.objects.create_user("asha@acme.example", PASSWORD, name="Asha Acme")
        Membership.objects.create(user=asha, supplier=suppliers["ACME"], role=SupplierRole.ADMINISTRATOR)
        made = create_token(
            "Order desk",
            TokenScope.ACKNOWLEDGE,
            supplier=suppliers["GLOBEX"],
            actor=FEED,
            at=datetime.now(UTC),
        )
    return {
        "buyer": "bea@northmoor.example",
        "page": "asha@acme.example",
        "password": PASSWORD,
        "token": made.secret,
    }


def report() -> dict[str, Any]:
    from portal.kernel.audit.models import AuditEvent
    from portal.kernel.outbox.models import OutboxMessage
    from portal.kernel.scope import acting
    from procurement.acknowledgments.models import OrderAcknowledgment
    from procurement.erp.models import ErpCommand
    from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
    from tests.people import FEED

    with acting(FEED):
        numbers = dict(PurchaseOrder.objects.values_list("pk", "number"))
        orders: dict[str, dict[str, Any]] = {
            number: {"acknowledgments": 0, "commands": [], "lines": {}, "told": Counter()}
            for number in numbers.values()
        }
        for pk in OrderAcknowledgment.objects.values_list("order_id", flat=True):
            orders[numbers[pk]]["acknowledgments"] += 1
        for pk, state in ErpCommand.objects.order_by("id").values_list("order_id", "state"):
            orders[numbers[pk]]["commands"].append(state)
        for line in PurchaseOrderLine.objects.all():
            held = {"pk": line.pk, "agreement": line.agreement, "delivery_on": line.delivery_on.isoformat()}
            orders[numbers[line.order_id]]["lines"][line.key] = held
        streams = {
            f"order:{key}": number for key, number in PurchaseOrder.objects.values_list("key", "number")
        }
        for stream, event in AuditEvent.objects.values_list("stream", "kind"):
            if stream in streams:
                orders[streams[stream]]["told"][event] += 1
        outbox = Counter(OutboxMessage.objects.values_list("state", flat=True))
    return {"orders": orders, "outbox": outbox}


if __name__ == "__main__":
    django.setup()
    print(json.dumps({"open": open_company, "report": report}[sys.argv[1]]()))
