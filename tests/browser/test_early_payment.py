"""Early payment in a browser, without a script: let act by two, agreed to the cent by a supplier; every page of it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from portal.kernel.scope import acting
from portal.kernel.templatetags.portal_ui import day_text
from procurement.bills.messages import BillLinePaper, BillPaper
from procurement.discounting.services import lapse_early
from procurement.erp.inbound import take_papers
from procurement.erp.ports import Feed, Sighting
from procurement.invoices.models import Invoice
from procurement.payables.policies import week_of
from tests.browser.axe import faults_in_every_look
from tests.builders.changes import an_agreed_order
from tests.builders.early import a_discount_policy, agree, offered
from tests.builders.notices import react
from tests.builders.told_invoices import an_approved_invoice
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def a_friday() -> date:
    """Five weeks ahead at least: the Friday four weeks sooner is offered too, whatever day it is today."""
    far = timezone.now().date() + timedelta(days=35)
    return far + timedelta(days=(4 - far.weekday()) % 7)


def due_on(day: date, order: Any, number: str, **changed: Any) -> Invoice:
    """An approved invoice of 1,313.76 EUR: due in a while, and dated thirty days before."""
    days = {"invoiced_on": day - timedelta(days=30), "due_on": day, "pay_on": day}
    return an_approved_invoice(order, {"L10": 60}, number=number, **days, **changed)


def paid_by_the_erp(order: Any, invoice: Invoice, day: date, open_amount: Decimal) -> None:
    """The ERP tells that it has paid all but so much."""
    paper = BillPaper(
        company="NM",
        supplier="ACME",
        key="5100088123",
        reference=invoice.number,
        state="partly_paid",
        invoiced_on=invoice.invoiced_on,
        currency="EUR",
        total=invoice.total,
        open_amount=open_amount,
        due_on=invoice.due_on,
        paid_on=day,
        lines=(BillLinePaper(order.number, "L10", Decimal(60), Decimal(1104)),),
    )
    with acting(FEED):
        assert take_papers(Feed.INVOICES, [Sighting(paper, "")], timezone.now()).refused == []
    react()


def test_a_policy_is_let_act_by_another_and_a_supplier_agrees_to_a_day_to_the_cent(
    at: Any, people: dict[str, Any]
) -> None:
    due = a_friday()
    invoice = due_on(due, an_agreed_order(people["asha"]), "R-2041")
    max_, root, asha, otto = (at(name, java_script_enabled=False) for name in ("max", "root", "asha", "otto"))
    asha.goto(f"/invoices/{invoice.key}/")
    expect(asha.get_by_role("heading", name="Early payment")).to_have_count(0)

    max_.goto("/payables/due/")
    max_.get_by_role("link", name="Early payments").click()
    max_.get_by_role("link", name="Terms of early payment").first.click()
    max_.get_by_role("link", name="New policy").click()
    max_.get_by_label("Currency", exact=True).select_option("EUR")
    typed = {"Name": "Spring", "Yearly rate in percent": "12"}
    for label, value in typed.items():
        max_.get_by_label(label, exact=True).fill(value)
    max_.get_by_role("button", name="Keep the draft").click()
    expect(max_.get_by_role("alert")).to_contain_text("Say how much of an invoice may be taken off at most")
    max_.get_by_label("No discount above, in percent").fill("2")
    max_.get_by_role("button", name="Keep the draft").click()
    expect(max_.get_by_text("You wrote it: somebody else lets it act.")).to_be_visible()
    expect(max_.get_by_role("button", name="Let it act")).to_have_count(0)
    asha.reload()
    expect(asha.get_by_role("heading", name="Early payment")).to_have_count(0)

    root.goto("/early-payments/policies/")
    root.get_by_role("link", name="Spring").click()
    root.get_by_role("button", name="Let it act").click()
    expect(root.locator(".q-sub")).to_have_text("Active")

    day = due - timedelta(days=28)
    asha.goto(f"/payables/due/?week={week_of(due).isoformat()}")
    asha.get_by_role("row", name="R-2041").get_by_role("link", name="paid on").click()
    row = asha.get_by_role("row", name=day_text(day))
    assert re.sub(r"\s+", " ", row.inner_text()) == f"{day_text(day)} 28 12.26 EUR 1,301.50 EUR"
    asha.get_by_label("Be paid early").select_option(label=f"{day_text(day)}: 1,301.50 EUR (−12.26)")
    asha.get_by_role("button", name="Agree to this day").click()
    agreed = f"Agreed: it is paid on {day_text(day)} for 1,301.50 EUR, 12.26 EUR less."
    expect(asha.locator("#early")).to_contain_text(agreed)
    expect(asha.locator("#early")).to_contain_text("You can take that back until")

    otto.goto(f"/payables/due/?week={week_of(day).isoformat()}")
    row = otto.get_by_role("row", name="R-2041")
    expect(row).to_contain_text("12.26 EUR less, as agreed")
    expect(row).to_contain_text("1,301.50 EUR")
    otto.get_by_role("link", name="Early payments").click()
    expect(otto.locator(".q-facts")).to_contain_text("Agreed, not paid yet 12.26 EUR")
    row = otto.get_by_role("row", name="R-2041")
    expect(row).to_contain_text("28 days sooner")
    expect(row).to_contain_text("12.1 %")  # 12.26 on 1,301.50 for 28 days of 360
    row.get_by_role("link", name="R-2041").click()
    expect(otto.locator("#early")).to_contain_text(agreed)
    expect(otto.locator(".q-sums")).to_contain_text(
        re.compile(r"early payment\s*−12.26 EUR\s*To be paid\s*1,301.50 EUR")
    )

    asha.get_by_role("button", name="Take it back").click()
    expect(asha.get_by_text("Taken back. The invoice is paid in full when it is due.")).to_be_visible()
    expect(asha.get_by_label("Be paid early")).to_be_visible()


def test_every_page_of_early_payment_is_clean_at_every_width(
    at: Any, people: dict[str, Any], tmp_path: Any
) -> None:
    now, due, order = timezone.now(), a_friday(), an_agreed_order(people["asha"])
    begun = now - timedelta(days=20)
    acts = a_discount_policy(people, at=begun, note="As the board decided.", least_amount=Decimal(100))
    draft = a_discount_policy(people, acts=False, name="For Acme alone", supplier="ACME", valid_to=due)
    begun_on = begun.date() + timedelta(days=60)
    for number in ("R-2031", "R-2032"):
        one = due_on(begun_on, order, number)
        best = offered(one, begun).best
        agree(one, people["asha"], best.pay_on, best.discount, at=begun)
        if number == "R-2031":
            paid_by_the_erp(order, one, best.pay_on, best.discount)
    assert lapse_early(now) == 1
    free, agreed = due_on(due, order, "R-2041"), due_on(due, order, "R-2042")
    best = offered(agreed, now).best
    agree(agreed, people["asha"], best.pay_on, best.discount, at=now)
    terms = due_on(
        due, order, "R-2043", discount_percent=Decimal(2), discount_days=30, discount_amount=Decimal("26.28")
    )
    pages = {
        "policies": ("max", "/early-payments/policies/"),
        "policy-new": ("max", "/early-payments/policies/new/"),
        "policy-own-draft": ("max", f"/early-payments/policies/{draft.key}/"),
        "policy-draft": ("root", f"/early-payments/policies/{draft.key}/"),
        "policy": ("max", f"/early-payments/policies/{acts.key}/"),
        "list": ("otto", "/early-payments/"),
        "due": ("otto", f"/payables/due/?week={week_of(best.pay_on).isoformat()}"),
        "case-agreed": ("otto", f"/payables/{agreed.key}/"),
        "due-supplier": ("asha", f"/payables/due/?week={week_of(due).isoformat()}"),
        "invoice": ("asha", f"/invoices/{free.key}/"),
        "invoice-reader": ("arun", f"/invoices/{free.key}/"),
        "invoice-agreed": ("asha", f"/invoices/{agreed.key}/"),
        "days": ("asha", f"/invoices/{free.key}/early/"),
        "days-agreed": ("asha", f"/invoices/{agreed.key}/early/"),
        "days-none": ("asha", f"/invoices/{terms.key}/early/"),
    }
    found = []
    people_at = {who: at(who) for who, _address in pages.values()}
    for name, (who, address) in pages.items():
        people_at[who].goto(address)
        found += faults_in_every_look(people_at[who], f"early-{name}", tmp_path)
    writer, reader = people_at["max"], people_at["asha"]
    writer.goto("/early-payments/policies/new/")
    writer.get_by_role("button", name="Keep the draft").click()
    found += faults_in_every_look(writer, "early-policy-wrong", tmp_path)
    reader.goto(f"/invoices/{free.key}/early/")
    moved = "one => { one.querySelector('option').value = '2026-01-01/1.00' }"
    reader.get_by_label("Be paid early").evaluate(moved)
    reader.get_by_role("button", name="Agree to this day").click()
    expect(reader.get_by_text("has moved since you opened")).to_be_visible()
    found += faults_in_every_look(reader, "early-moved", tmp_path)
    assert found == []
