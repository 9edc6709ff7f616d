"""A statement in a browser, without a script: uploaded, looked at, compared, asked about; every page at two widths."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.axe import faults_in_every_look
from tests.builders.changes import an_agreed_order
from tests.builders.invoices import a_draft_invoice, a_sent_invoice
from tests.builders.matching import a_match_policy
from tests.builders.payables import an_invoice_over_price
from tests.builders.statements import a_statement, an_item, compared

pytestmark = pytest.mark.django_db(transaction=True)

OPEN = b"""Document no;Type;Date;Due;Open amount
INV-1;Invoice;2026-03-02;2026-04-01;840.14
R-2;Invoice;2026-03-02;;81.52
R-3;Invoice;2026-03-02;;120.00
R-3;Invoice;2026-03-02;;120.00
PAY-9;Payment;2026-03-01;;50.00
R-9;Invoice;somewhen;;12.00
R-10;Receipted;2026-03-01;;5.00
"""


def test_from_an_upload_to_the_answer_and_every_page_at_two_widths(
    at: Any, people: dict[str, Any], tmp_path: Any
) -> None:
    a_match_policy(people)
    an_invoice_over_price(people)
    order = an_agreed_order(people["asha"], "4500000002")
    a_sent_invoice(order, people["asha"], {"L10": 10}, number="R-2")
    a_draft_invoice(order, people["asha"], {"L10": 10}, number="R-3")
    a_sent_invoice(order, people["asha"], {"L10": 10}, number="R-20")
    asha, otto = (at(name, java_script_enabled=False) for name in ("asha", "otto"))
    file = tmp_path / "open items.csv"
    file.write_bytes(OPEN)

    asha.goto("/statements/")
    asha.get_by_role("link", name="Upload a statement").first.click()
    asha.get_by_label("File with what is open").set_input_files(file)
    asha.get_by_label("As of the end of").fill(timezone.now().date().isoformat())
    asha.get_by_role("button", name="Read the file").click()
    expect(asha.get_by_role("heading", name="What was read")).to_be_visible()
    expect(asha.get_by_text("1 row is left out")).to_be_visible()
    asha.get_by_role("button", name="Compare").click()
    expect(asha.get_by_role("row", name="R-3 Row 4")).to_contain_text(
        "It is a draft still: it was never sent."
    )
    expect(asha.get_by_role("row", name="R-3 Row 4").get_by_role("link")).to_have_text("Finish and send it")
    expect(asha.get_by_role("row", name="R-20")).to_contain_text(
        "Open with the customer, and not in your list."
    )

    otto.goto("/statements/")
    otto.get_by_role("link", name="Acme Valves").click()
    row = otto.get_by_role("row", name="R-3 Row 4")
    expect(row).to_contain_text("It never came to us")
    row.get_by_text("Ask the supplier").click()
    row.get_by_label("Your question").fill("When did you send it?")
    row.get_by_role("button", name="Ask", exact=True).click()
    asha.reload()
    asha.get_by_label("Your answer").fill("It goes out today.")
    asha.get_by_role("button", name="Answer", exact=True).click()
    otto.reload()
    expect(otto.get_by_text("It goes out today.")).to_be_visible()

    result = otto.url.partition("?")[0]
    read = a_statement(people["otto"], [an_item(2, "R-2", "81.52"), an_item(3, "R-30", 7)], currency="EUR")
    compared(a_statement(people["otto"], [an_item(2, "R-8", 7)], supplier="GLOBEX"), people["otto"])
    pages = {
        "list": "/statements/?view=all",
        "upload": "/statements/new/",
        "read": f"/statements/{read.key}/",
        "result": f"{result}?only=all",
    }
    found = []
    otto, asha = at("otto"), at("asha")  # axe is a script
    for name, address in pages.items():
        otto.goto(address)
        found += faults_in_every_look(otto, f"statement {name}", tmp_path)
    asha.goto(f"{result}?only=all")
    found += faults_in_every_look(asha, "statement of a supplier", tmp_path)
    assert found == []
