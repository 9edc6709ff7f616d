"""Accounts payable in a browser: a price 3 % too high, from held to corrected and approved; every page, every width."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from portal.kernel.scope import acting
from procurement.invoices.messages import Hold
from procurement.invoices.models import Invoice
from procurement.invoices.services import entries_of, revise_invoice
from procurement.invoices.services.settle import hold_invoice
from procurement.invoices.states import Acts
from procurement.payables.services.approvals import accept_invoice
from procurement.payables.states import TOLD
from tests.browser.axe import faults_in_every_look
from tests.builders.invoices import do, send, write
from tests.builders.matching import a_match_policy
from tests.builders.payables import a_limit, a_link_to, a_rule, an_invoice_over_price, ask, desk, matched
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_price_too_high_is_held_asked_about_corrected_under_its_own_number_and_approved(
    at: Any, people: dict[str, Any]
) -> None:
    a_match_policy(people)
    invoice = an_invoice_over_price(people)
    payer, supplier = (at(name, java_script_enabled=False) for name in ("otto", "asha"))

    payer.goto("/payables/?view=inside")
    expect(payer.get_by_role("row", name="INV-1")).to_contain_text("7.06 EUR each is claimed")
    payer.get_by_role("link", name="INV-1").click()
    expect(payer.get_by_role("heading", name="Side by side")).to_be_visible()
    payer.locator("summary", has_text="Ask somebody").click()
    payer.get_by_label("Your question").fill("6.85 was agreed. Why 7.06?")
    payer.get_by_role("button", name="Ask", exact=True).click()
    expect(payer.get_by_text("Asked. It is theirs to answer now.")).to_be_visible()

    supplier.goto(f"/invoices/{invoice.key}/questions/")
    expect(supplier.get_by_text("6.85 was agreed. Why 7.06?").first).to_be_visible()
    supplier.get_by_label("Your answer").fill("You are right. A corrected one follows.")
    supplier.get_by_role("button", name="Answer").click()
    expect(supplier.get_by_text("Your answer is with accounts payable.")).to_be_visible()
    payer.goto("/payables/")
    expect(payer.get_by_role("row", name="INV-1")).to_contain_text("Accounts payable acts")

    draft = do(revise_invoice, invoice, people["asha"])
    corrected = correct(draft, people["asha"])
    assert (corrected.number, corrected.issue, corrected.state) == ("INV-1", 2, "approved")

    payer.goto("/payables/approved/")
    expect(payer.get_by_role("row", name="INV-1")).to_contain_text("Clean ones")
    payer.get_by_role("link", name="INV-1").first.click()
    expect(payer.get_by_text("version 1 of this paper")).to_be_visible()
    payer.goto("/payables/")
    expect(payer.get_by_text("Nothing waits here")).to_be_visible()


def test_a_part_is_approved_after_what_it_comes_to_was_shown(
    at: Any, people: dict[str, Any], tmp_path: Any
) -> None:
    a_limit(people, 1000, role="accounts_payable")
    invoice = an_invoice_over_price(people)

    def look(page: Any) -> None:
        page.goto(f"/payables/{invoice.key}/short/")
        page.get_by_label("Paid (pcs)").fill("98")
        page.get_by_label("At the price").fill("6.85")
        page.get_by_label("Why", exact=True).fill("Two came broken")
        page.get_by_role("button", name="Show what it comes to").click()
        expect(page.locator("#comes-to")).to_contain_text("798.85")

    page = at("otto")
    look(page)
    assert faults_in_every_look(page, "part", tmp_path) == []
    payer = at("otto", java_script_enabled=False)
    look(payer)
    payer.get_by_role("button", name="Approve 798.85 EUR").click()
    expect(payer.get_by_text("Approved less the credit note. The supplier is told.")).to_be_visible()


def correct(draft: Invoice, person: Any) -> Invoice:
    """The next version, at the price that was agreed."""
    with acting(FEED):
        lines = tuple(replace(one, unit_price=Decimal("6.85")) for one in entries_of(draft))
    write(draft, person, lines=lines)
    return matched(send(draft, person).invoice)


def test_the_pages_of_the_desk_are_clean_at_every_width(
    at: Any, people: dict[str, Any], tmp_path: Any
) -> None:
    today = timezone.now().date()
    a_rule(people, 1, role="buyer", currency="EUR", amount_from=Decimal(500), why="price", supplier="ACME")
    a_rule(people, 2, role="manager")
    a_limit(people, 100, role="accounts_payable")
    terms = {
        "invoiced_on": today,
        "payment_days": 30,
        "due_on": today + timedelta(days=30),
        "discount_percent": Decimal(2),
        "discount_days": 10,
    }
    asked = an_invoice_over_price(people, "INV-1")
    ask(asked, people["otto"])
    waiting = an_invoice_over_price(people, "INV-2", order="4500000002", at=timezone.now(), **terms)
    desk(accept_invoice, waiting, people["otto"], "Copper went up; agreed by phone with Bea.")
    link = a_link_to(waiting, people["bea"])
    with acting(FEED):
        hold_invoice(waiting.key, Hold(TOLD, Acts.PAYABLES), actor=FEED, at=timezone.now())
    ours = an_invoice_over_price(people, "INV-3", order="4500000003", received=60)
    a_match_policy(people)
    done = an_invoice_over_price(people, "INV-4", order="4500000004", price="6.85")
    assert done.state == "approved"
    pages = {
        "desk": ("otto", "/payables/?view=all"),
        "desk-empty": ("otto", "/payables/?view=waits"),
        "case-asked": ("otto", f"/payables/{asked.key}/"),
        "case-approver": ("bea", f"/payables/{waiting.key}/"),
        "case-ours": ("otto", f"/payables/{ours.key}/"),
        "case-done": ("otto", f"/payables/{done.key}/"),
        "approve-by-link": ("bea", f"/approve/{link.token}/"),
        "approve-closed": ("bea", f"/approve/{'A' * 46}/"),
        "programs-of-mine": ("bea", "/tokens/mine/"),
        "short": ("otto", f"/payables/{ours.key}/short/"),
        "approvals": ("bea", "/payables/approvals/"),
        "approved": ("otto", "/payables/approved/"),
        "due": ("otto", f"/payables/due/?week={today.isoformat()}"),
        "due-supplier": ("asha", "/payables/due/?week=2026-03-30"),
        "questions": ("asha", f"/invoices/{asked.key}/questions/"),
        "rules": ("root", "/payables/rules/"),
        "companies": ("root", "/payables/setup/"),
        "setup": ("root", "/payables/setup/NM/"),
    }
    found = []
    browsers = {name: at(name) for name in ("asha", "otto", "bea", "root")}
    for name, (person, address) in pages.items():
        page = browsers[person]
        page.goto(address)
        found += faults_in_every_look(page, name, tmp_path)
    assert found == []
