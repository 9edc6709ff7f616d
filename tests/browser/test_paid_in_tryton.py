"""From an invoice to the money, between a live Tryton and two people in browsers: one that nobody touches, one under a
used number, and one that is 3 % too dear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.kernel.scope import acting
from procurement.invoices.messages import TaxOffered
from procurement.invoices.models import Invoice
from suppliers.models import Membership, Supplier, User
from suppliers.queries import actor_of
from suppliers.roles import CompanyRole, SupplierRole
from tests.browser.tryton import connected, one_interval, signed_in
from tests.builders.invoices import a_profile
from tests.builders.matching import a_match_policy
from tests.builders.world import fresh, fresh_line
from tests.erp.papers import a_line, an_order
from tests.erp.tryton.harness import TrytonHarness
from tests.people import FEED, PASSWORD, Person

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TODAY = datetime.now(UTC).date()
CLEAN, DEAR = "4500012345", "4500012346"
UNTAXED = TaxOffered(
    "O", Decimal(0), "Not subject to tax", exemption_reason="Outside the scope", is_usual=True
)


@pytest.fixture
def erp(tmp_path: Path, settings: Any) -> Iterator[TrytonHarness]:
    with connected(tmp_path, settings, "8.2") as harness:
        yield harness


def make_people() -> dict[str, Person]:
    """A buyer, a manager and accounts payable; and who does everything at the supplier that Tryton told."""
    with acting(FEED):
        users = {
            name: User.objects.create_user(
                f"{name}@northmoor.example", PASSWORD, name=name.title(), company_role=role
            )
            for name, role in (
                ("bea", CompanyRole.BUYER),
                ("max", CompanyRole.MANAGER),
                ("otto", CompanyRole.ACCOUNTS_PAYABLE),
            )
        }
        users["mei"] = User.objects.create_user("mei@acme.example", PASSWORD, name="Mei")
        acme = Supplier.objects.get(number="70012")
        Membership.objects.create(user=users["mei"], supplier=acme, role=SupplierRole.ADMINISTRATOR)
        return {name: Person(user, actor_of(user)) for name, user in users.items()}  # type: ignore[arg-type]  # all known


def ordered_and_received(erp: TrytonHarness, number: str) -> None:
    """240 valves at 18.40 euros, all of which came."""
    order = erp.order_as_planned(an_order(number, (a_line(10, item_number="V-2040"),), ordered_on=TODAY))
    one_interval()
    erp.receive(order, fresh_line(10, number).key, Decimal(240), f"DN-{number}")
    one_interval()


def invoice_of(page: Any, order: str, number: str) -> None:
    """One press at the order, and its number."""
    page.goto(f"/orders/{fresh(order).key}/")
    page.get_by_role("button", name="Invoice this order").click()
    page.get_by_label("Number", exact=True).fill(number)
    expect(page.locator("#say-number")).to_have_count(1)


def send(page: Any) -> None:
    page.get_by_role("button", name="Look over and send").click()
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_role("heading", name=re.compile("^Invoice "))).to_be_visible()


def book_post_and_pay(erp: TrytonHarness, number: str) -> None:
    """Tryton is told, its bookkeeping posts what stands there, and pays it."""
    one_interval()
    (invoice,) = [one for one in erp.invoices() if one["reference"] == number]
    erp.post(number)
    one_interval()
    erp.pay(invoice["id"], invoice["total_amount"], TODAY)
    one_interval()


def stands() -> list[tuple[str, int, str]]:
    with acting(FEED):
        return list(Invoice.objects.order_by("id").values_list("number", "issue", "state"))


def test_untouched_to_paid_and_too_dear_to_corrected_and_paid(
    browser: Any, live_server: Any, transactional_db: None, erp: TrytonHarness
) -> None:
    one_interval()  # master data
    people = make_people()
    a_profile(people["max"], UNTAXED)
    a_match_policy(people)
    mei = signed_in(browser, live_server, "mei@acme.example")
    otto = signed_in(browser, live_server, "otto@northmoor.example")

    # Clean: sent, matched, booked, posted and paid, and nobody touched it.
    ordered_and_received(erp, CLEAN)
    invoice_of(mei, CLEAN, "R-2041")
    expect(mei.locator("#match-said")).to_contain_text("If you send it now, it passes")
    send(mei)
    book_post_and_pay(erp, "R-2041")
    assert stands() == [("R-2041", 1, "paid")]
    mei.reload()
    expect(mei.locator("#ball")).to_contain_text("Paid")
    otto.goto("/payables/")
    expect(otto.get_by_text("Nothing waits here")).to_be_visible()

    # The number was used already, however it is written: refused before it is sent, and nothing typed is lost.
    ordered_and_received(erp, DEAR)
    invoice_of(mei, DEAR, "r 2041")
    mei.get_by_role("button", name="Look over and send").click()
    expect(mei.locator("main")).to_contain_text("has the number r 2041, written like this or nearly so")
    expect(mei.get_by_role("button", name="Send it now")).to_have_count(0)
    assert stands()[1:] == [("r 2041", 1, "draft")]

    # Another number, and 3 % too dear: held with its reason, asked about, answered.
    mei.get_by_role("link", name="Back to the draft").click()
    mei.get_by_label("Number", exact=True).fill("R-2042")
    mei.locator("#unit_price-1").fill("18.95")
    expect(mei.locator("#match-said")).to_contain_text("18.95")
    send(mei)
    one_interval()
    assert stands()[1:] == [("R-2042", 1, "held")]
    otto.goto("/payables/?view=inside")
    expect(otto.get_by_role("row", name="R-2042")).to_contain_text("18.95 EUR each is claimed")
    otto.get_by_role("link", name="R-2042").click()
    otto.locator("summary", has_text="Ask somebody").click()
    otto.get_by_label("Your question").fill("18.40 was agreed. Why 18.95?")
    otto.get_by_role("button", name="Ask", exact=True).click()
    mei.goto("/invoices/")
    mei.get_by_role("link", name="R-2042").click()
    expect(mei.locator("#ball")).to_contain_text("18.40 was agreed. Why 18.95?")
    mei.get_by_role("button", name="Correct and send again").click()
    mei.locator("#unit_price-1").fill("18.40")
    expect(mei.locator("#match-said")).to_contain_text("If you send it now, it passes")
    send(mei)
    book_post_and_pay(erp, "R-2042")
    assert stands()[1:] == [("R-2042", 1, "replaced"), ("R-2042", 2, "paid")]
    mei.reload()
    expect(mei.locator("#ball")).to_contain_text("Paid")
