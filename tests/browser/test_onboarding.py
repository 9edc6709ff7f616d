"""Onboarding in a browser: 180 are invited from a sheet, one is followed from its mail to active; and every page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from portal.kernel.scope import acting
from suppliers.messages import SupplierPaper
from suppliers.onboarding.messages import (
    ExcludeSuppliers,
    InviteSuppliers,
    Question,
    Step,
    Target,
    WriteInvitationText,
    WriteTemplate,
    WriteTerms,
)
from suppliers.onboarding.models import OnboardingRun
from suppliers.onboarding.services import (
    exclude_suppliers,
    invite_suppliers,
    keep_sheet,
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
from tests.browser.axe import faults
from tests.builders.notices import mailed
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = "quiet harbour at dawn"


def is_asked(root: Any) -> None:
    """Terms, a question and the mail address: what a supplier can give in a minute."""
    at = timezone.now()
    steps = (Step("terms", wants=("conduct",)), Step("questions"), Step("preferences"))
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
    phone.get_by_role("link", name="Company", exact=True).click()
    phone.get_by_role("navigation", name="Company").get_by_role("link", name="Getting started").click()
    phone.get_by_role("link", name="Go on: Terms").click()
    phone.get_by_role("button", name="Accept: Code of conduct").click()
    expect(phone.get_by_text("Accepted by Kim")).to_be_visible()
    phone.goto("/getting-started/")
    phone.get_by_role("link", name="Go on: Questions").click()
    phone.get_by_label("How many lorries do you have?").fill("12")
    phone.get_by_role("button", name="Save").click()
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


def test_every_page_at_every_width(at: Any, people: dict[str, Any], tmp_path: Path) -> None:
    root, now = people["root"].actor, timezone.now()
    is_asked(root)
    with acting(root):
        (run,) = invite_suppliers(InviteSuppliers((Target("ACME"),)), actor=root, at=now).runs
        invite_suppliers(InviteSuppliers((Target("GLOBEX", "g@globex.example"),)), actor=root, at=now)
        exclude_suppliers(ExcludeSuppliers(("ACME",), "ending"), actor=root, at=now)
        write_invitation_text(WriteInvitationText("", "en", "Dear {person}"), actor=root, at=now)
        sheet = keep_sheet(
            "suppliers.csv", [Target("ACME", line="2"), Target("X", line="3")], actor=root, at=now
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
        load_list("own", [Listed("9", ("Acme Valves",))], b"1", actor=SCREENER, at=now)
        screen_suppliers(at=now)
        hit = ScreeningHit.objects.get()
    pages = {
        "requests": ("root", "/registrations/"),
        "request": ("root", f"/registrations/{asked.key}/"),
        "screening": ("root", "/screening/"),
        "hit": ("root", f"/screening/{hit.key}/"),
        "list": ("root", "/onboarding/"),
        "run": ("root", f"/onboarding/{run.key}/"),
        "invite": ("root", "/onboarding/invite/"),
        "candidates": ("root", "/onboarding/candidates/?days=0"),
        "sheet": ("root", f"/onboarding/sheets/{sheet.key}/"),
        "sheet new": ("root", "/onboarding/sheets/"),
        "first orders": ("root", "/onboarding/first-orders/"),
        "exclusions": ("root", "/onboarding/exclusions/"),
        "templates": ("root", "/onboarding/templates/"),
        "template": ("root", "/onboarding/templates/all/edit/"),
        "terms": ("root", "/onboarding/terms/?code=conduct"),
        "texts": ("root", "/onboarding/texts/"),
        "own": ("asha", "/getting-started/"),
        "own terms": ("asha", "/getting-started/terms/"),
        "own questions": ("asha", "/getting-started/questions/"),
    }
    browsers = {name: at(name) for name in ("root", "asha")}
    found = []
    for width in (390, 1440):
        for name, (who, address) in pages.items():
            browsers[who].set_viewport_size({"width": width, "height": 900})
            browsers[who].goto(address)
            found += faults(browsers[who], f"onboarding {name} {width}", tmp_path)
    assert found == []
