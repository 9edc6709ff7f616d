"""A buyer's morning with the keyboard alone, a colleague on the same case, and the pages as they look."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from portal.kernel.scope import acting
from procurement.inbox.services.ruling import WriteAbsence, save_queue, write_absence
from procurement.inbox.services.tasking import AskTask, ask_task, token_of
from procurement.inbox.services.working import write_note
from tests.browser.axe import WIDTHS, faults_in_every_look, sideways, violations
from tests.browser.held import without_htmx_yet
from tests.builders.changes import A_WEEK, an_agreed_order, propose
from tests.builders.inbox import answer, cases, decide, piece, refusal, review
from tests.builders.supply import a_demand, demand_comes, some_stock, stock_comes
from tests.builders.world import a_line, an_order, fresh

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = datetime.now(UTC).date()
SOON = TODAY + timedelta(days=20)


@pytest.fixture
def morning(people: dict[str, Any]) -> list[Any]:
    """Four cases: a late promise with customers who wait, a refusal, another price, a wish to move a line."""
    now, asha = timezone.now(), people["asha"]
    stock_comes(some_stock(on_hand=Decimal(100), as_of=now), at=now)
    demand_comes(
        a_demand("1", needed_on=SOON + timedelta(days=2), as_of=now, customer="Kelso Water"),
        a_demand("2", needed_on=SOON + timedelta(days=3), as_of=now, customer="Tyne Process"),
        at=now,
    )
    line = a_line(10, delivery_on=SOON)
    orders = [
        answer(
            an_order("4500000001", [line], at=now), asha, piece(delivery_on=SOON + timedelta(days=8)), at=now
        ),
        answer(an_order("4500000002", [line], at=now), asha, refusal(), at=now),
        answer(an_order("4500000003", [line], at=now), asha, piece(price=Decimal("7.15")), at=now),
        an_agreed_order(asha, "4500000004", [line]),
    ]
    propose(orders[-1], asha, A_WEEK, at=now)
    review(*orders, at=now)
    return cases()


# What stands closer than eight pixels to the edge of its panel, or beyond it, unless it may be pushed sideways.
PINCHED = """[...document.querySelectorAll(".q-panel :is(.q-compare, .q-list b, .q-kv)")].filter(one => {
  const panel = one.closest(".q-panel").getBoundingClientRect(), place = one.getBoundingClientRect();
  return place.width && !one.closest(".q-scroll") && (place.left < panel.left + 8 || place.right > panel.right - 8);
}).map(one => one.className + one.textContent)"""


def keep(page: Any, name: str) -> None:
    """Save a picture where INBOX_PICTURES names a folder."""
    if folder := os.environ.get("INBOX_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_morning_with_the_keyboard_alone(at: Any, morning: list[Any], people: dict[str, Any]) -> None:
    bea = at("bea")
    bea.goto("/inbox/")
    expect(bea.locator(".q-case")).to_have_count(4)
    titles = bea.locator(".q-case-a").all_inner_texts()
    keep(bea, "list-1440")

    bea.keyboard.press("j")
    expect(bea.locator("#case-title")).to_have_text(titles[0])
    bea.keyboard.press("j")
    expect(bea.locator("#case-title")).to_have_text(titles[1])
    expect(bea.locator(".q-case[aria-current] .q-case-a")).to_have_text(titles[1])
    bea.keyboard.press("k")
    expect(bea.locator("#case-title")).to_have_text(titles[0])
    expect(bea.locator(".q-case[aria-current] .q-case-a")).to_have_text(titles[0])
    keep(bea, "case-1440")

    bea.keyboard.press("?")
    keys = bea.locator("#keys")
    expect(keys).to_contain_text("Decline")
    expect(keys).to_contain_text("Snooze")
    expect(keys).to_contain_text("Delegate")
    expect(keys).to_contain_text("Tick case")
    bea.keyboard.press("Escape")

    bea.keyboard.press("x")
    expect(bea.locator("[data-pick-bar]")).to_be_visible()
    bea.keyboard.press("x")

    bea.keyboard.press("d")
    dialog = bea.locator("#dialog")
    dialog.get_by_label("In your words").fill("Too late for Kelso Water.")
    keep(bea, "decline-1440")
    dialog.get_by_role("button", name="Decline").click()
    expect(bea.locator("#case-title")).to_have_text(titles[1])
    expect(bea.locator(".q-actionbar--case kbd", has_text="A")).to_be_visible()
    bea.keyboard.press("a")
    expect(bea.locator("#case-title")).to_have_text(titles[2])
    bea.wait_for_load_state()  # with its scripts a page asks in a dialog
    bea.keyboard.press("s")
    dialog = bea.locator("#dialog")
    dialog.get_by_role("button", name="Snooze").click()
    expect(bea.locator("#case-title")).to_have_text(titles[3])

    assert [case.state for case in cases() if case.pk in {one.pk for one in morning}].count("open") == 1


def test_a_key_that_is_pressed_before_the_scripts_have_come_is_heard(at: Any, morning: list[Any]) -> None:
    refused = next(case for case in morning if case.order.number == "4500000002")
    bea = at("bea")
    without_htmx_yet(bea)
    bea.goto(f"/inbox/{refused.key}/", wait_until="commit")
    expect(bea.locator(".q-actionbar--case kbd", has_text="A")).to_be_visible()

    bea.keyboard.press("a")

    expect(bea.locator("#toasts .q-toast").first).to_be_visible()
    (case,) = [one for one in cases() if one.pk == refused.pk]
    assert case.state == "resolved"


def test_the_list_follows_while_one_looks_and_nothing_moves(
    at: Any, morning: list[Any], people: dict[str, Any]
) -> None:
    bea, max_ = at("bea"), at("max")
    bea.goto("/inbox/")
    bea.locator(".q-case-a").first.click()
    expect(bea.locator("#case-title")).to_be_visible()
    before = bea.locator(".q-case").evaluate_all("rows => rows.map(row => row.id)")
    max_.goto(bea.url)
    expect(max_.locator("#case-presence")).to_contain_text("Bea Buyer looks at this too")

    now = timezone.now()
    open_case = next(case for case in cases() if str(case.key) in bea.url)
    if open_case.cause == "answer":
        decide(open_case.order, people["max"], "accept", at=now)
    with acting(people["max"].actor):
        write_note(open_case.key, "Done with it.", actor=people["max"].actor, at=now)
    fifth = answer(an_order("4500000005", [a_line(10, delivery_on=SOON)]), people["asha"], refusal(), at=now)
    review(fresh(open_case.order.number), fifth, at=now)
    bea.evaluate("document.body.dispatchEvent(new CustomEvent('inbox:look'))")

    expect(bea.locator("#inbox-news")).to_contain_text("1 new")
    expect(bea.locator(f"#case-{open_case.key}")).to_have_class("q-case is-gone")
    expect(bea.locator("#case-presence")).to_contain_text("This case has changed since you opened it.")
    assert bea.locator(".q-case").evaluate_all("rows => rows.map(row => row.id)") == before


def test_the_inbox_fits_and_can_be_used_by_everyone(
    at: Any, morning: list[Any], people: dict[str, Any], tmp_path: Path
) -> None:
    bea = at("bea")
    case = max(cases(), key=lambda one: one.score)
    user, other = people["bea"].user.pk, people["max"].user.pk
    with acting(people["bea"].actor):
        away = WriteAbsence(other, user, TODAY, SOON)
        save_queue("Leeds", "view=mine", team=False, actor=people["bea"].actor, at=timezone.now())
    with acting(people["root"].actor):
        write_absence(away, actor=people["root"].actor, at=timezone.now())

    for name, url in {
        "list": "/inbox/",
        "case": f"/inbox/{case.key}/",
        "rules": "/inbox/rules/",
        "formulas": "/inbox/formulas/",
        "snooze": f"/inbox/{case.key}/snooze/",
        "filter": "/inbox/filter/",
    }.items():
        bea.goto(url)
        assert faults_in_every_look(bea, f"inbox {name}", tmp_path) == []
        for width in WIDTHS["light"]:
            bea.set_viewport_size({"width": width, "height": 900})
            assert bea.evaluate(PINCHED) == [], (url, width)


def test_who_is_asked_without_an_account_answers_on_a_phone(
    browser: Any, live_server: Any, morning: list[Any], people: dict[str, Any]
) -> None:
    with acting(people["bea"].actor):
        question = AskTask(morning[0].key, "Can the site wait?", email="site@kelso.example")
        task = ask_task(question, actor=people["bea"].actor, at=timezone.now())
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    phone = context.new_page()
    phone.goto(f"/asked/{token_of(task)}/")
    expect(phone.locator("main")).to_contain_text("Can the site wait?")
    assert sideways(phone) == 0
    assert violations(phone) == []

    phone.get_by_role("textbox").fill("Until Friday.")
    phone.locator("main form button").click()

    expect(phone.locator("main")).to_contain_text("Until Friday.")
    with acting(people["bea"].actor):
        task.refresh_from_db()
    assert (task.state, task.answer, task.answered_by) == ("answered", "Until Friday.", "site@kelso.example")
    context.close()
