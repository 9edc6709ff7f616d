"""Policies in a real browser: nobody stumbles, and a buyer and a manager bring rules to act without a script."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.services import acknowledge_order
from procurement.tolerances.messages import Direction, Inside, Level, Measure, Outside, Scope
from procurement.tolerances.models import ToleranceDecision
from tests.browser.axe import faults_in_every_look
from tests.browser.test_account import sign_in
from tests.builders.tolerances import a_draft, a_rule, an_active_policy
from tests.builders.world import a_line, an_order
from tests.people import FEED

ASKED = datetime.now(UTC).date() + timedelta(days=20)
PICTURES = os.environ.get(
    "QUAYSIDE_PICTURES", ""
)  # a folder: what is looked at is kept there, for people to look at


def some_rules() -> tuple[Any, ...]:
    acme = Scope(Level.SUPPLIER, supplier="ACME")
    return (
        a_rule(absolute=5, inside=Inside.NOTIFY),
        a_rule(absolute=60, outside=Outside.REFUSE),
        a_rule(Measure.UNIT_PRICE, percent=2, absolute="0.05", unit="EUR"),
        a_rule(Measure.QUANTITY, absolute=0, direction=Direction.UNDER),
        replace(a_rule(direction=Direction.UNDER), scope=acme),
    )


@pytest.fixture
def policies(people: dict[str, Any]) -> dict[str, str]:
    """An active policy that has decided some lines, and a draft: their addresses."""
    now = datetime.now(UTC)
    active = an_active_policy(people, *some_rules(), at=now)
    draft = a_draft(
        people["bea"], *some_rules(), name="Promises 2027, with a name that is rather long", at=now
    )
    order = an_order(lines=[a_line(10 * n, delivery_on=ASKED) for n in range(1, 5)], at=now)
    asha = people["asha"].actor
    pieces = [
        AnswerPiece(Decimal(100), delivery_on=ASKED + timedelta(days=3)),
        AnswerPiece(Decimal(100), delivery_on=ASKED + timedelta(days=9)),
        AnswerPiece(Decimal(100), price=Decimal("6.90"), delivery_on=ASKED + timedelta(days=2)),
    ]
    answers = tuple(LineAnswer(f"L{10 * n}", (one,)) for n, one in enumerate(pieces, start=1))
    with acting(asha):
        acknowledge_order(AcknowledgeOrder(order.key, order.version, answers), actor=asha, at=now)
    with acting(FEED):
        decision = ToleranceDecision.objects.filter(outcome="accepted").first()
        rule = draft.rules.order_by("number").first()
    return {
        "list": "/tolerances/",
        "active": f"/tolerances/{active.key}/",
        "draft": f"/tolerances/{draft.key}/",
        "new": "/tolerances/new/",
        "rule": f"/tolerances/{draft.key}/rules/{rule.key}/",
        "dry-run": f"/tolerances/{draft.key}/dry-run/",
        "decisions": "/tolerances/decisions/?show=accepted",
        "decision": f"/tolerances/decisions/{decision.key}/",
        "reopen": f"/tolerances/decisions/{decision.key}/reopen/",
        "order": f"/orders/{order.key}/",
    }


@pytest.mark.parametrize("name", ["bea", "asha"])
def test_nobody_stumbles(
    page: Any, people: dict[str, Any], policies: dict[str, str], name: str, tmp_path: Path
) -> None:
    sign_in(page, people[name])
    both = ("decisions", "decision", "order")
    wanted = {key: policies[key] for key in (policies if name == "bea" else both)}

    found = []
    for key, address in wanted.items():
        assert page.goto(address).status == 200
        found += faults_in_every_look(page, f"{key} {name}", tmp_path)

    assert found == []


def test_without_a_script_rules_are_written_approved_and_stopped(
    browser: Any, live_server: Any, people: dict[str, Any]
) -> None:
    def somebody(name: str) -> Any:
        page = browser.new_context(base_url=live_server.url, java_script_enabled=False).new_page()
        sign_in(page, people[name])
        return page

    bea, boss = somebody("bea"), somebody("max")
    bea.goto("/tolerances/")
    bea.get_by_role("link", name="New policy").click()
    bea.get_by_label("Name").fill("Promises 2026")
    bea.get_by_role("button", name="Begin the draft").click()
    bea.get_by_role("link", name="Add a rule").first.click()
    bea.get_by_role("button", name="Write the rule").click()
    expect(bea.get_by_role("link", name="Limit: Give a limit here or in percent")).to_be_visible()
    bea.get_by_label("Limit", exact=True).fill("5")
    bea.get_by_role("button", name="Write the rule").click()
    expect(bea.get_by_text("up to 5 days").first).to_be_visible()
    bea.get_by_role("button", name="Ask for approval").click()

    boss.goto("/tolerances/")
    boss.get_by_role("link", name="Promises 2026").click()
    boss.get_by_role("link", name="Approve").click()
    boss.get_by_role("button", name="Approve").click()
    expect(boss.get_by_text("These rules act.")).to_be_visible()

    bea.goto("/tolerances/")
    bea.get_by_role("link", name="Stop everything").click()
    bea.get_by_label("Reason").fill("Audit.")
    bea.get_by_role("button", name="Stop them").click()
    expect(bea.get_by_text("“Audit.”")).to_be_visible()
