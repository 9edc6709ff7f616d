"""A supplier on one page, the end of the business (begun on a phone without a script), and duplicates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from portal.kernel.scope import acting
from suppliers.details.models import Contact
from suppliers.merging.messages import AskMerge
from suppliers.merging.models import SupplierMerge
from suppliers.merging.services import ask_merge
from suppliers.messages import SupplierPaper
from suppliers.models import Supplier
from suppliers.offboarding.messages import BeginOffboarding
from suppliers.offboarding.queries import today_at
from suppliers.offboarding.services import begin_offboarding
from suppliers.services import receive_suppliers
from tests.browser.axe import faults_in_every_look
from tests.builders.facts import a_bill, bill
from tests.builders.world import MONDAY, an_order
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_the_page_of_a_supplier_to_the_end_and_every_page_in_every_look(
    at: Any, people: dict[str, Any], tmp_path: Any
) -> None:
    acme, globex = some_things()
    root = at("root", java_script_enabled=False)
    root.set_viewport_size({"width": 390, "height": 844})
    root.goto("/suppliers/")
    root.get_by_role("link", name="Acme Valves").click()
    expect(root.get_by_role("link", name="vera@acme.example")).to_be_visible()
    root.get_by_role("link", name="The figures of the last 90 days").click()
    expect(root.get_by_role("rowheader", name="Answers in time")).to_be_visible()
    root.go_back()
    root.get_by_role("link", name="End the business with this supplier").click()
    with acting(FEED):
        today = today_at(Supplier.objects.get(number="ACME"), timezone.now())
    root.get_by_label("Last day").fill(today.isoformat())
    root.get_by_label("Reason").fill("Another source.")
    root.get_by_role("button", name="Begin, and tell its people").click()
    expect(root.get_by_text("Begun. The supplier’s people are told the last day.")).to_be_visible()

    root.get_by_role("button", name="End the business").click()
    expect(root.get_by_text("Orders that are not there yet: 1 open.").first).to_be_visible()
    root.get_by_label("Orders that are not there yet: why they may be left").fill("The ERP closes it.")
    root.get_by_label("Invoices that only the ERP has: why they may be left").fill("Paid on Friday.")
    root.get_by_role("button", name="End the business").click()
    expect(root.get_by_role("heading", name="Left open, and why")).to_be_visible()
    expect(root.get_by_text("The ERP closes it.")).to_be_visible()

    asha = at("asha")
    asha.goto("/orders/")
    expect(asha.get_by_role("heading", name="Orders")).to_have_count(0)

    page = at("root")
    found: list[str] = []
    for name, address in (
        ("left", f"/suppliers/{acme}/"),
        ("ended", f"/suppliers/{acme}/offboarding/"),
        ("supplier", f"/suppliers/{globex}/"),
        ("health", f"/suppliers/{globex}/health/"),
        ("leaving", f"/suppliers/{globex}/offboarding/"),
        ("leavers", "/suppliers/offboardings/"),
        ("duplicates", "/suppliers/merges/"),
        ("compare", f"/suppliers/{acme}/merge/{globex}/"),
        ("merge", f"/suppliers/merges/{the_merge()}/"),
    ):
        page.goto(address)
        found += faults_in_every_look(page, f"partner-{name}", tmp_path)
    assert found == []


def the_merge() -> Any:
    with acting(FEED):
        return SupplierMerge.objects.get().key


def some_things() -> tuple[Any, Any]:
    """An order, a bill and a contact of Acme; Globex that leaves, with an order and people."""
    with acting(FEED):
        keys = {one.number: one.key for one in Supplier.objects.all()}
        Contact.objects.create(
            supplier=Supplier.objects.get(number="ACME"),
            name="Vera Verma",
            roles=["orders", "invoices"],
            email="vera@acme.example",
            telephone="+912026123456",
            since_at=MONDAY,
            begun_by="Asha Acme",
        )
    an_order("4500000001", at=timezone.now() - timedelta(days=1))
    an_order("4500000002", supplier="GLOBEX", at=timezone.now() - timedelta(days=1))
    bill(a_bill())
    with acting(FEED):
        receive_suppliers(
            [
                SupplierPaper(number, name, "SE", "SEK", "en", "UTC", email="x@nordic.example")
                for number, name in (("N-1", "Nordic Bolts AB"), ("N-2", "NORDIC BOLTS"))
            ]
        )
        command = AskMerge(
            keys["ACME"], keys["GLOBEX"], "One tax number, says the register.", preferences=True
        )
        ask_merge(command, actor=FEED, at=timezone.now())
    last_on = timezone.now().date() + timedelta(days=14)
    with acting(FEED):
        begin_offboarding(
            BeginOffboarding(keys["GLOBEX"], last_on, "The range is given up.", "Thank you for all."),
            actor=FEED,
            at=timezone.now(),
        )
    return keys["ACME"], keys["GLOBEX"]
