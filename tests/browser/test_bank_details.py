"""Bank details in a browser: requested with a second factor, told at once, and stopped by an earlier contact."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.utils import timezone
from playwright.sync_api import expect

from portal.kernel.scope import acting
from suppliers.banking.messages import AccountsPaper, PaidTo
from suppliers.banking.models import BankChange
from suppliers.banking.queries import OFFICE, notice_token
from suppliers.banking.services import hear_of_erp, tell_of_new_person
from suppliers.models import ApiToken, Supplier, User
from suppliers.services import create_token
from tests.browser.axe import LOOKS, faults
from tests.builders.bank import (
    NEW_IBAN,
    PAPER,
    SECRET,
    THIRD_IBAN,
    WHY,
    again,
    all_said,
    an_account,
    ask,
    call,
    long_known,
    notices_out,
    typed,
    wanted,
)
from tests.builders.factors import code_of
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)
ELSEWHERE = "BE68539007547034"


def test_a_change_is_requested_with_a_factor_and_stopped_by_an_earlier_contact(
    at: Any, people: dict[str, Any], browser: Any, live_server: Any
) -> None:
    long_known()
    account = an_account(people, at=timezone.now() - timedelta(days=10))
    asha = at("asha", java_script_enabled=False)

    asha.goto("/bank/")
    expect(asha.get_by_role("row", name="DE •••• 3000 Commerzbank")).to_contain_text("In force")
    asha.get_by_role("link", name="Request a change").click()
    asha.get_by_label("Six digits of your app").fill(code_of(SECRET))
    asha.get_by_role("button", name="Go on").click()
    asha.get_by_label("Another account in the place of one").check()
    asha.get_by_label("Which account").select_option(str(account.key))
    for label, value in {
        "Country of the bank": "DE",
        "IBAN, or account number": "DE12 5001 0517 0648 4898 91",
        "Holder of the account": "Acme Valves",
        "Currency": "EUR",
        "Why it changes": WHY,
    }.items():
        asha.get_by_label(label, exact=True).fill(value)
    paper = {"name": PAPER.name, "mimeType": "application/pdf", "buffer": PAPER.content}
    asha.get_by_label("A paper of the bank").set_input_files(paper)
    asha.get_by_role("button", name="Request the change").click()
    expect(asha.get_by_role("alert")).to_contain_text("The check digits of this IBAN do not fit")
    asha.get_by_label("IBAN, or account number", exact=True).fill(NEW_IBAN)
    asha.get_by_label("A paper of the bank").set_input_files(paper)
    asha.get_by_role("button", name="Request the change").click()
    expect(asha.get_by_role("heading", level=1)).to_have_text("DE •••• 3000 becomes DE •••• 9890")
    expect(asha.locator(".q-sub")).to_contain_text("It waits until a contact from before the request")

    outbox.outbox.clear()
    notices_out()
    letter = next(
        one for one in outbox.outbox if one.to == ["olga@supplier.example"] and "becomes" in one.body
    )
    link = re.search(r"/bank/not-me/[^/\s]+/", letter.body)
    assert link is not None
    stranger = browser.new_context(base_url=live_server.url, viewport={"width": 390, "height": 800})
    page = stranger.new_page()
    page.goto(link[0])
    page.get_by_role("button", name="This was not me: stop everything").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Stopped")
    stranger.close()

    asha.reload()
    expect(asha.locator(".q-sub")).to_contain_text("Frozen")
    max_ = at("max")
    max_.goto("/bank/?view=frozen")
    max_.get_by_role("link", name="Acme Valves").click()
    expect(max_.get_by_text("Olga Acme says: this was not me.").first).to_be_visible()
    expect(max_.get_by_role("button", name="Approve, as one of two")).to_have_count(0)


def test_every_page_of_bank_details_is_clean_at_every_width(
    at: Any, people: dict[str, Any], browser: Any, live_server: Any, tmp_path: Any
) -> None:
    long_known()
    now = timezone.now()
    account = an_account(people, at=now - timedelta(days=10))
    with acting(OFFICE):
        acme, globex = Supplier.objects.get(number="ACME"), Supplier.objects.get(number="GLOBEX")
    with acting(FEED):
        # The ERP pays to another one still: what is in force is to be entered there.
        hear_of_erp([AccountsPaper("ACME", (PaidTo(typed(ELSEWHERE), now.date()),))], actor=FEED, at=now)
        in_force = BankChange.objects.get(made=account)
    change = ask(wanted(acme, account=account.key), people["asha"], now)
    call(change, people["otto"], now, "not_reached")
    waiting = all_said(ask(wanted(acme, THIRD_IBAN), people["asha"], now), people, now)
    frozen = ask(wanted(globex, "FR1420041010050500013M02606"), people["gil"], now)
    call(frozen, people["otto"], now, "denied")
    assert again(frozen).state == "frozen"
    outbox.outbox.clear()
    notices_out()
    links = [re.search(r"/bank/not-me/[^/\s]+/", letter.body) for letter in outbox.outbox]
    link = next(one[0] for one in links if one)
    with acting(OFFICE):
        about = {
            "name": "Mallory Mule",
            "address": "mule@evil.example",
            "role": "read_only",
            "by": "Asha Acme",
        }
        (notice, *_more) = tell_of_new_person(acme, User(), about, before=now, actor=OFFICE, at=now)
    with acting(people["asha"].actor):
        left = create_token("Billing", "invoice", supplier=acme, actor=people["asha"].actor, at=now).token
    with acting(FEED):
        ApiToken.objects.filter(pk=left.pk).update(created_by_user_id=people["gil"].user.pk)
    pages = {
        "queue": ("otto", "/bank/"),
        "case": ("max", f"/bank/changes/{change.key}/"),
        "case-to-enter": ("otto", f"/bank/changes/{in_force.key}/"),
        "case-waiting": ("otto", f"/bank/changes/{waiting.key}/"),
        "case-frozen": ("root", f"/bank/changes/{frozen.key}/"),
        "of-supplier": ("otto", f"/bank/suppliers/{acme.key}/"),
        "of-frozen": ("max", f"/bank/suppliers/{globex.key}/"),
        "own": ("asha", "/bank/"),
        "own-frozen": ("gil", "/bank/"),
        "own-change": ("asha", f"/bank/changes/{waiting.key}/"),
        "not-me": ("asha", link),
        "new-person": ("asha", f"/bank/not-me/{notice_token(notice)}/"),
        "tokens": ("asha", "/tokens/"),
    }
    found = []
    for width, scheme in LOOKS:
        people_at = {who: at(who, width, color_scheme=scheme) for who, _address in pages.values()}
        for name, (who, address) in pages.items():
            people_at[who].goto(address)
            found += faults(people_at[who], f"bank-{name}-{scheme}", tmp_path)
    assert found == []
