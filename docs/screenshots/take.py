"""Take the pictures of the documentation from a running demo: `.venv/bin/python docs/screenshots/take.py [name …]`.

Without names it takes all of them, with 256 colours each, which is a third of the bytes and looks the same. Reads
var/demo.json for the address and the sign-ins. Needs a Chromium and the test environment (`make install`).
"""

import io
import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

HERE = Path(__file__).resolve().parent
DEMO = json.loads((HERE.parents[1] / "var" / "demo.json").read_text())
PEOPLE = {person["role"]: person for person in DEMO["people"]}
WIDTHS = {1440: 900, 390: 844}
# Somebody who gets our mails and never signs in.
MAIL_ONLY = "orders"
ORDER = re.compile(r"^/orders/[0-9a-f-]{36}/$")

# What an address leads on to: the first link in the page's main part that looks so.
LEADS = {
    "order": ORDER,
    "case": re.compile(r"^/inbox/[0-9a-f-]{36}/$"),
    "shipment": re.compile(r"^/shipments/[0-9a-f-]{36}/$"),
    "invoice": re.compile(r"^/invoices/[0-9a-f-]{36}/$"),
    "statement": re.compile(r"^/statements/[0-9a-f-]{36}/$"),
    "payable": re.compile(r"^/payables/[0-9a-f-]{36}/$"),
    "sheet": re.compile(r"^/receiving/[0-9a-f-]{36}/$"),
    "service": re.compile(r"^/service-levels/[0-9a-f-]{36}/$"),
    "onboarding": re.compile(r"^/onboarding/[0-9a-f-]{36}/$"),
    "document": re.compile(r"^/documents/[0-9a-f-]{36}/$"),
    "bank": re.compile(r"^/bank/changes/[0-9a-f-]{36}/$"),
    "person": re.compile(r"^/signin/people/[0-9]+/$"),
    "supplier": re.compile(r"^/suppliers/[0-9a-f-]{36}/$"),
    "provider": re.compile(r"^/signin/providers/[0-9a-f-]{36}/$"),
    "leaving": re.compile(r"^/suppliers/[0-9a-f-]{36}/offboarding/$"),
}
LINK = re.compile(r"https?://\S+?(/l/\S+)")
# What is mailed is in its reader's language, and the guides are in English.
OF_ORDERS = re.compile(r"orders? waits? for you$|^New order ")

# Name of the picture: who looks, at which address. What follows an arrow is the first (or last) of its kind that the
# address before lists; "mail" is the newest one about orders, "link" the signed link that it holds, "remind" ticks all
# that a list shows and looks at the mails before one goes, "later" promises the first line eight days late.
PICTURES = {
    "sign-in": ("", "/accounts/login/"),
    "supplier-home": ("supplier", "/"),
    "supplier-started": ("supplier", "/#g"),
    "supplier-orders": ("supplier", "/orders/"),
    "supplier-order": ("supplier", "/orders/?agreement=awaiting -> order -> later"),
    "supplier-shipments": ("supplier", "/shipments/?view=way"),
    "supplier-draft": ("supplier", "/shipments/?view=drafts -> shipment"),
    "supplier-invoices": ("supplier", "/invoices/?view=all"),
    "supplier-invoice-draft": ("supplier", "/invoices/?view=yours -> invoice"),
    "supplier-invoice": ("supplier", "/invoices/?view=open -> invoice"),
    "buyer-inbound": ("buyer", "/shipments/"),
    "buyer-shipment": ("buyer", "/shipments/ -> shipment"),
    "buyer-inbox": ("buyer", "/inbox/"),
    "buyer-case": ("buyer", "/inbox/ -> case"),
    "buyer-mails": ("buyer", "/mails/"),
    "buyer-decisions": ("buyer", "/decisions/"),
    "buyer-orders": ("buyer", "/orders/"),
    "buyer-order": ("buyer", "/decisions/ -> order"),
    "calendar": ("receiving", "/inbound/?view=week"),
    "receiving": ("receiving", "/receiving/"),
    "count": ("receiving", "/receiving/?view=counting -> sheet"),
    "counted": ("supplier", "/receiving/?view=posted -> sheet"),
    "payables": ("accounts_payable", "/payables/"),
    "payable": ("accounts_payable", "/payables/ -> payable"),
    "statement": ("accounts_payable", "/statements/ -> statement"),
    "payables-approvals": ("manager", "/payables/approvals/"),
    "record": ("supplier", "/records/?figure=answers"),
    "service-levels": ("administrator", "/service-levels/"),
    "mailbox": ("", f"/mailbox/?to={MAIL_ONLY}"),
    "mail": ("", f"/mailbox/?to={MAIL_ONLY} -> mail"),
    "link": ("", f"/mailbox/?to={MAIL_ONLY} -> mail -> link"),
    "integration": ("integration_owner", "/integration/"),
    "connection": ("integration_owner", "/integration/connection/"),
    "set-up": ("administrator", "/set-up/"),
    "onboarding": ("administrator", "/onboarding/"),
    "onboarding-invite": ("administrator", "/onboarding/candidates/"),
    "onboarding-run": ("administrator", "/onboarding/ -> onboarding"),
    "onboarding-remind": ("administrator", "/onboarding/ -> remind"),
    "onboarding-template": ("administrator", "/onboarding/templates/everybody/edit/#id_segments_0"),
    "terms": ("administrator", "/onboarding/terms/conduct/"),
    "supplier": ("administrator", "/suppliers/?q=100010 -> supplier"),
    "leaving": ("administrator", "/suppliers/offboardings/ -> leaving"),
    "trail": ("administrator", "/trail/?matter=bank"),
    "single-sign-on": ("administrator", "/signin/providers/ -> last provider"),
    "document-holders": ("administrator", "/documents/holders/"),
    "documents": ("administrator", "/documents/"),
    "document": ("administrator", "/documents/ -> document"),
    "bank-changes": ("accounts_payable", "/bank/"),
    "bank-change": ("accounts_payable", "/bank/?view=under-way -> bank"),
    "sign-in-person": ("administrator", "/signin/people/ -> person"),
    "getting-started": ("supplier", "/getting-started/"),
    "company-data": ("supplier", "/company/"),
    "supplier-documents": ("supplier", "/documents/"),
    "supplier-bank": ("supplier", "/bank/"),
    "supplier-people": ("supplier", "/people/"),
    "second-step": ("supplier", "/accounts/2fa/"),
}


@contextmanager
def looking(browser: Browser, width: int, theme: str, state: StorageState | None) -> Iterator[Page]:
    """A page of somebody's own, in one size and theme."""
    viewport = {"width": width, "height": WIDTHS[width]}
    context = browser.new_context(
        viewport=viewport, color_scheme=theme, storage_state=state, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


def sign_in(browser: Browser, role: str) -> StorageState:
    """Sign in once for all pictures of a role."""
    with looking(browser, 1440, "light", None) as page:
        page.goto(f"{DEMO['address']}/accounts/login/")
        page.fill("input[name=login]", PEOPLE[role]["email"])
        page.fill("input[name=password]", PEOPLE[role]["password"])
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda address: "/accounts/" not in address)
        return page.context.storage_state()


def go(page: Page, way: str) -> None:
    """Open an address, and what it leads on to."""
    address, *leads = way.split(" -> ")
    page.goto(DEMO["address"] + address)
    for lead in leads:
        if lead in DOES:
            DOES[lead](page)
        else:
            page.goto(DEMO["address"] + (FINDS[lead](page) if lead in FINDS else _found(page, lead)))
    page.wait_for_load_state("networkidle")
    if "#" in way:  # what was drawn before the page went there is still on its way
        page.wait_for_timeout(1000)


def _found(page: Page, lead: str) -> str:
    """The first link of the main part that looks so, or the last."""
    looks = LEADS[lead.removeprefix("last ")]
    links = (link.get_attribute("href") or "" for link in page.query_selector_all("main a[href]"))
    found = [link for link in (one.split("?")[0].split("#")[0] for one in links) if looks.match(link)]
    return found[-1] if lead.startswith("last ") else found[0]


def _remind(page: Page) -> None:
    """Tick the first supplier and all others that match, and see whom a reminder would go to. None goes."""
    page.locator("input[name=pick]").first.check()
    page.locator("input[name=every]").check()
    page.locator("button[name=what][value=remind]").click()
    page.wait_for_url("**/onboarding/chases/*/")


def _later(page: Page) -> None:
    """Type another day into the first line, once: it is kept as a draft. Nothing is sent."""
    if page.locator("tbody.is-touched").count():
        return
    field = page.locator("input[name^=delivery_on]").first
    day = datetime.strptime(field.input_value(), "%d %b %Y").replace(tzinfo=UTC) + timedelta(days=8)
    field.fill(f"{day.day} {day:%b %Y}")
    field.blur()
    page.wait_for_selector("tbody.is-touched")


def _mail(page: Page) -> str:
    """The newest mail of the list that is about orders, in English."""
    return page.locator("main a", has_text=OF_ORDERS).first.get_attribute("href") or ""


def _link(page: Page) -> str:
    """The address of the first signed link in the text of the mail that is open."""
    found = LINK.search(page.locator(".q-mailtext").first.inner_text())
    if found is None:
        sys.exit("The mail holds no signed link.")
    return found.group(1)


DOES = {"remind": _remind, "later": _later}
FINDS = {"mail": _mail, "link": _link}


def keep(picture: bytes, path: Path) -> None:
    """Write it with a palette of 256 colours."""
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> None:
    """All pictures, in both sizes; light on the desk, dark on the phone as well."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("No Chromium found. Install one first.")
    wanted = {name: PICTURES[name] for name in sys.argv[1:]} or PICTURES
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        states = {
            role: sign_in(browser, role) for role in sorted({role for role, _way in wanted.values() if role})
        }
        for width in WIDTHS:
            for theme in ("light", "dark"):
                for name, (role, way) in wanted.items():
                    with looking(browser, width, theme, states.get(role)) as page:
                        go(page, way)
                        keep(page.screenshot(), HERE / f"{name}-{theme}-{width}.png")
        browser.close()


if __name__ == "__main__":
    main()
