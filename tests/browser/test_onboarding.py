"""Onboarding in a browser: 180 are invited from a sheet, one is followed on a phone through every usual step
to active; and every page."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from portal.kernel.scope import acting
from suppliers.banking.models import BankAccount, BankChange
from suppliers.banking.queries import OFFICE
from suppliers.banking.services import take_due_effect
from suppliers.messages import SupplierPaper
from suppliers.models import Supplier
from suppliers.onboarding.messages import (
    ExcludeSuppliers,
    InviteSuppliers,
    MarkSuppliers,
    Question,
    Step,
    Target,
    WriteInvitationText,
    WriteTemplate,
    WriteTerms,
)
from suppliers.onboarding.models import OnboardingChase, OnboardingRun
from suppliers.onboarding.policies import USUAL_STEPS
from suppliers.onboarding.services import (
    exclude_suppliers,
    invite_suppliers,
    keep_sheet,
    mark_suppliers,
    send_chase,
    write_invitation_text,
    write_template,
    write_terms,
)
from suppliers.registration.models import SupplierRequest
from suppliers.screening.messages import Listed
from suppliers.screening.models import ScreeningHit
from suppliers.screening.queries import SCREENER
from suppliers.screening.services import load_list, screen_suppliers
from suppliers.services import receive_suppliers
from tests.browser.axe import faults_in_every_look
from tests.builders.bank import NEW_IBAN, PAPER, SECRET, WHY, all_said, an_account_row, long_known
from tests.builders.documents import PDF, require
from tests.builders.factors import code_of
from tests.builders.notices import mailed
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = "quiet harbour at dawn"


def is_asked(root: Any) -> None:
    """What is usual, a certificate among it, and terms and a question besides."""
    at = timezone.now()
    require()
    steps = (*USUAL_STEPS, Step("terms", wants=("conduct",)), Step("questions"))
    question = Question("fleet", "How many lorries do you have?", "number")
    with acting(root):
        write_terms(WriteTerms("conduct", "Code of conduct", {"en": "Be kind."}), actor=root, at=at)
        write_template(WriteTemplate("all", "Everybody", steps, (question,)), actor=root, at=at)


def test_180_are_invited_from_a_sheet_and_one_is_followed_to_active(
    at: Any, people: dict[str, Any], browser: Any, live_server: Any, tmp_path: Path
) -> None:
    with acting(FEED):
        receive_suppliers(
            [
                SupplierPaper(
                    f"S{n:03}", f"Supplier {n:03}", "DE", "EUR", "en", "UTC", "core", f"s{n}@s.example"
                )
                for n in range(182)
            ]
        )
    admin = people["root"].actor
    is_asked(admin)
    with acting(admin):
        exclude_suppliers(ExcludeSuppliers(("S181",), "edi_only"), actor=admin, at=timezone.now())
    sheet = tmp_path / "suppliers.csv"
    good = ["S000;kim@kraft.example;Kim", *(f"S{n:03};;" for n in range(1, 180))]
    sheet.write_text("\n".join(["supplier;address;name", *good, "S180;at the gate;", "S181;;", "S999;;"]))
    root = at("root", java_script_enabled=False)

    root.goto("/onboarding/")
    root.get_by_role("link", name="Invite", exact=True).click()
    root.get_by_role("link", name="From a sheet").click()
    root.get_by_label("Sheet", exact=True).set_input_files(sheet)
    root.get_by_role("button", name="Read it").click()
    bad = root.get_by_role("region", name="Not invited").get_by_role("listitem")
    expect(bad).to_have_text(
        [
            re.compile(r"Row 182\s+S180\s*“at the gate” is no mail address\."),
            re.compile(r"Row 183\s+S181\s*Excluded: Reached by EDI alone\."),
            re.compile(r"Row 184\s+S999\s*There is no supplier of this number\."),
        ]
    )
    root.get_by_role("button", name="Invite all 180").click()
    expect(root.get_by_text("180 suppliers are invited.")).to_be_visible()
    letters = mailed()
    assert len(letters) == 180
    (letter,) = [one for one in letters if one.to == ["Kim <kim@kraft.example>"]]

    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}, java_script_enabled=False
    )
    phone = context.new_page()
    phone.goto(re.search(r"/join/[\w-]{46}/", letter.body)[0])  # type: ignore[index]
    phone.get_by_label("A password").fill(GOOD)
    phone.get_by_role("button", name="Accept and begin").click()
    phone.wait_for_url("**/")
    long_known()  # a year later, as far as factors, roles and the supplier's address are concerned
    fill_in_the_company(phone)
    max_ = at("max", java_script_enabled=False)
    for change in ("Legal name", "VAT number, Germany"):
        max_.goto("/suppliers/changes/")
        max_.get_by_role("link", name=change).click()
        max_.get_by_role("button", name="Approve").click()
        if change == "Legal name":  # then it was shown a moment ago
            max_.get_by_role("button", name="Show the second factor").click()
            show_the_factor(max_)
        expect(max_.get_by_text("In force.")).to_be_visible()
    supply_the_certificate(phone, root, tmp_path)
    ask_for_the_account(phone)
    (request,) = bank_changes()
    now = timezone.now()
    waiting = all_said(request, people, now)  # Otto calls, Max and Root approve
    assert take_due_effect(waiting.waits_until - timedelta(seconds=1)) == 0
    assert take_due_effect(waiting.waits_until) == 1

    phone.goto("/company/")
    phone.get_by_role("navigation", name="Company").get_by_role("link", name="Getting started").click()
    phone.get_by_role("link", name="Go on: Terms").click()
    phone.get_by_role("button", name="Accept: Code of conduct").click()
    expect(phone.get_by_text("Accepted by Kim")).to_be_visible()
    phone.goto("/getting-started/")
    phone.get_by_role("link", name="Go on: Questions").click()
    phone.get_by_label("How many lorries do you have?").fill("12")
    phone.get_by_role("button", name="Save").click()
    expect(phone.get_by_text("9 of 10 steps are done.")).to_be_visible()  # numbers for labels may be left out
    phone.get_by_role("button", name="Hand in").click()
    expect(phone.get_by_text("Somebody looks at it now")).to_be_visible()

    root.goto("/onboarding/?state=in_review")
    root.get_by_role("link", name="Supplier 000").click()
    expect(root.get_by_text("How many lorries do you have?")).to_be_visible()
    root.get_by_role("button", name="Approve").click()
    expect(root.get_by_text("Done.", exact=True)).to_be_visible()
    with acting(FEED):
        assert OnboardingRun.objects.get(supplier__number="S000").state == "active"
    context.close()


def fill_in_the_company(phone: Any) -> None:
    """Name, tax number, address, contact, and how orders arrive, each a small form of its own."""
    phone.get_by_role("link", name="Company", exact=True).click()
    phone.get_by_role("link", name="Change: Legal name").click()
    show_the_factor(phone)
    phone.get_by_role("textbox", name="Legal name").fill("Kraft GmbH")
    phone.get_by_label("Country of the registered seat").select_option("DE")
    phone.get_by_role("button", name="Ask for the change").click()
    phone.get_by_role("link", name="Add a number").click()
    phone.get_by_label("Which number").select_option("vat")
    phone.get_by_label("Country").select_option("DE")
    phone.get_by_label("Number", exact=True).fill("DE136695976")
    phone.get_by_role("button", name="Save").click()
    expect(phone.get_by_text("2 changes wait for approval")).to_be_visible()
    phone.get_by_role("link", name="Change: Registered address").click()
    for field, value in {"line1": "Kai 1", "postal_code": "20457", "city": "Hamburg"}.items():
        phone.locator(f"[name={field}]").fill(value)
    phone.get_by_role("button", name="Save").click()
    expect(phone.get_by_text("20457 Hamburg")).to_be_visible()
    phone.get_by_role("link", name="Add a contact").click()
    phone.get_by_role("textbox", name="Name", exact=True).fill("Kim Kraft")
    phone.get_by_role("checkbox", name="Orders").check()
    phone.get_by_role("checkbox", name="Invoices").check()
    phone.locator("[name=telephone]").fill("040 123456")
    phone.get_by_role("button", name="Save").click()
    said = {
        "Language, time zone and mail address": "Save",
        "How orders reach the supplier": "Ask for the change",  # it stands so: nobody is asked
    }
    for part, press in said.items():
        phone.get_by_role("link", name=f"Change: {part}").click()
        phone.get_by_role("button", name=press).click()
        expect(phone.get_by_text("Saved.")).to_be_visible()


def show_the_factor(page: Any) -> None:
    """What one is asked before what a fraud would begin with; within ten minutes not once more."""
    page.get_by_label("Six digits of your app").fill(code_of(SECRET))
    page.get_by_role("button", name="Go on").click()


def supply_the_certificate(phone: Any, root: Any, folder: Path) -> None:
    paper = folder / "iso.pdf"
    paper.write_bytes(PDF)
    phone.goto("/documents/")
    phone.get_by_role("link", name="Supply: ISO 9001").click()
    phone.get_by_label("File or picture").set_input_files(paper)
    phone.get_by_label("Valid until").fill("2099-12-31")
    phone.get_by_role("button", name="Supply it").click()
    root.goto("/documents/")
    root.get_by_role("link", name="ISO 9001").click()
    root.get_by_role("button", name="Accept").click()


def ask_for_the_account(phone: Any) -> None:
    phone.goto("/bank/")
    phone.get_by_role("link", name="Request a change").click()
    for label, value in {
        "Country of the bank": "DE",
        "IBAN, or account number": NEW_IBAN,
        "Holder of the account": "Supplier 000",
        "Currency": "EUR",
        "Why it changes": WHY,
    }.items():
        phone.get_by_label(label, exact=True).fill(value)
    paper = {"name": PAPER.name, "mimeType": "application/pdf", "buffer": PAPER.content}
    phone.get_by_label("A paper of the bank").set_input_files(paper)
    phone.get_by_role("button", name="Request the change").click()
    expect(phone.locator(".q-sub")).to_contain_text("It waits until a contact from before the request")


def bank_changes() -> list[BankChange]:
    with acting(OFFICE):
        return list(BankChange.objects.order_by("id"))


def test_whoever_is_stuck_is_chased_with_a_sentence_without_script_on_a_phone(
    at: Any, people: dict[str, Any], browser: Any, live_server: Any
) -> None:
    admin, now = people["root"].actor, timezone.now()
    with acting(FEED):
        receive_suppliers(
            [
                SupplierPaper(
                    f"S{n:03}", f"Supplier {n:03}", "DE", "EUR", "en", "UTC", "core", f"s{n}@s.example"
                )
                for n in range(60)
            ]
        )
    with acting(admin):
        numbers = ("ACME", *(f"S{n:03}" for n in range(60)))
        command = InviteSuppliers(tuple(Target(one) for one in numbers))
        invite_suppliers(command, actor=admin, at=now - timedelta(days=5))
    mailed()
    with acting(FEED):  # one was reminded an hour ago
        OnboardingRun.objects.filter(supplier__number="S007").update(reminded_at=now - timedelta(hours=1))
    root = at("root", java_script_enabled=False)
    root.set_viewport_size({"width": 390, "height": 844})

    root.goto("/onboarding/")
    root.get_by_text("Nothing moved for", exact=True).click()
    root.get_by_role("link", name="3 days or more").click()
    root.get_by_label("All 61 that match and have something to do").check()
    root.get_by_role("button", name="Remind …").click()
    expect(root.get_by_role("heading", name="60 suppliers get a mail")).to_be_visible()
    left = root.get_by_role("region", name="Gets no mail").get_by_role("listitem")
    expect(left).to_have_text([re.compile(r"It was written to less than a day ago\.\s+1\s*Supplier 007")])
    acme = root.get_by_role("row", name="Acme Valves")
    expect(acme).to_contain_text("asha@supplier.example")
    expect(acme).to_contain_text("Open still: Company data")
    assert mailed() == []
    root.get_by_label("A sentence of your own").fill("We would like to pay you by Friday.")
    root.get_by_role("button", name="Send all 60").click()
    expect(root.get_by_text("Root Admin wrote to 60 suppliers")).to_be_visible()
    letters = mailed()
    assert len(letters) == 60
    assert all("We would like to pay you by Friday." in one.body for one in letters)

    # With script the bar comes with the first that is ticked; whoever was written to is not written to again.
    with_script = at("root")
    with_script.goto("/onboarding/")
    bar = with_script.get_by_role("button", name="Remind …")
    expect(bar).to_be_hidden()
    with_script.get_by_role("checkbox", name="Tick Supplier 001").check()
    expect(with_script.get_by_text("1 suppliers ticked")).to_be_visible()
    bar.click()
    expect(with_script.get_by_text("Nobody gets a mail")).to_be_visible()
    expect(with_script.get_by_text("It was written to less than a day ago.")).to_be_visible()
    assert mailed() == []


def test_every_page_at_every_width(at: Any, people: dict[str, Any], tmp_path: Path) -> None:
    root, now = people["root"].actor, timezone.now()
    is_asked(root)
    with acting(root):
        (run,) = invite_suppliers(InviteSuppliers((Target("ACME"),)), actor=root, at=now).runs
        invite_suppliers(InviteSuppliers((Target("GLOBEX", "g@globex.example"),)), actor=root, at=now)
        umbra = Target("", "nia@umbra.example", company="Umbra Seals", country="AT")
        (won,) = invite_suppliers(InviteSuppliers((umbra,)), actor=root, at=now).runs
        exclude_suppliers(ExcludeSuppliers(("ACME",), "ending"), actor=root, at=now)
        write_invitation_text(WriteInvitationText("", "en", "Dear {person}"), actor=root, at=now)
        sheet = keep_sheet(
            "suppliers.csv",
            [
                Target("ACME", line="2"),
                Target("X", line="3"),
                Target("", "o@orb.example", line="4", company="Orb", country="DE"),
            ],
            actor=root,
            at=now,
        )
    with acting(FEED):
        asked = SupplierRequest.objects.create(
            address="nora@acme.example",
            state="received",
            person="Nora",
            company="Acme Valves",
            country="DE",
            tax_id="DE 123",
            why="Valves.",
            asked_at=now,
            mailed_at=now,
        )
        with acting(OFFICE):
            account = an_account_row(Supplier.objects.get(number="ACME"))
            BankAccount.objects.filter(pk=account.pk).update(holder="Acme Valves of Pune Private Limited")
        load_list("own", [Listed("9", ("Acme Valves",), "Named since March.")], b"1", actor=SCREENER, at=now)
        screen_suppliers(at=now)
        hit = ScreeningHit.objects.get()
    with acting(root):
        marked = MarkSuppliers((run.key,))
        chases = [mark_suppliers(marked, actor=root, at=now) for _each in range(3)]
        send_chase(chases[1].key, "Please.", actor=root, at=now)
    with acting(FEED):
        OnboardingChase.objects.filter(pk=chases[2].pk).update(sent_at=now)  # a worker has not come to it
    pages = {
        "chase": ("root", f"/onboarding/chases/{chases[0].key}/"),
        "chase done": ("root", f"/onboarding/chases/{chases[1].key}/"),
        "chase under way": ("root", f"/onboarding/chases/{chases[2].key}/"),
        "requests": ("root", "/registrations/"),
        "request": ("root", f"/registrations/{asked.key}/"),
        "screening": ("root", "/screening/"),
        "screening load": ("root", "/screening/load/"),
        "hit": ("root", f"/screening/{hit.key}/"),
        "list": ("root", "/onboarding/"),
        "run": ("root", f"/onboarding/{run.key}/"),
        "prospect": ("root", f"/onboarding/{won.key}/"),
        "invite": ("root", "/onboarding/invite/"),
        "candidates": ("root", "/onboarding/candidates/?days=0"),
        "sheet": ("root", f"/onboarding/sheets/{sheet.key}/"),
        "sheet new": ("root", "/onboarding/sheets/"),
        "first orders": ("root", "/onboarding/first-orders/"),
        "exclusions": ("root", "/onboarding/exclusions/"),
        "templates": ("root", "/onboarding/templates/"),
        "template": ("root", "/onboarding/templates/all/edit/"),
        "terms": ("root", "/onboarding/terms/?code=conduct"),
        "terms accepted": ("root", "/onboarding/terms/conduct/"),
        "texts": ("root", "/onboarding/texts/"),
        "own": ("asha", "/getting-started/"),
        "own terms": ("asha", "/getting-started/terms/"),
        "own questions": ("asha", "/getting-started/questions/"),
    }
    browsers = {name: at(name) for name in ("root", "asha")}
    found = []
    for name, (who, address) in pages.items():
        browsers[who].goto(address)
        found += faults_in_every_look(browsers[who], f"onboarding {name}", tmp_path)
    assert found == []
