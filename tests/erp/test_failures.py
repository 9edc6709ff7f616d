"""What failed, grouped by reason, and a whole group tried again where that is sane."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.scope import acting
from procurement.erp.failures import Kind, failure_groups
from procurement.erp.models import ErpCommand, FeedProblem, FeedRun
from procurement.erp.services import record_conflict, record_refusal
from tests.builders.world import MONDAY, a_paper, receive
from tests.erp.test_monitor import a_command, monday, page, signed_in
from tests.people import FEED

pytestmark = pytest.mark.django_db
__all__ = ["monday"]


@pytest.fixture
def ines(people: Any) -> Client:
    return signed_in(people["ines"])


def refused(number: str, reason: str, days: int = 0) -> ErpCommand:
    command = a_command(number)
    with acting(FEED):
        record_refusal(command, reason, actor=FEED, at=MONDAY)
        ErpCommand.objects.filter(pk=command.pk).update(queued_at=MONDAY - timedelta(days=days))
    return command


def in_conflict(number: str) -> ErpCommand:
    command = a_command(number)
    with acting(FEED):
        record_conflict(command, "Changed meanwhile.", [], actor=FEED, at=MONDAY)
    return command


def a_problem(run: FeedRun, rule: str, column: str = "", reason: str = "") -> None:
    facts = {"reason": reason} if reason else {}
    FeedProblem.objects.create(
        run=run, rule=rule, severity="refused", source="orders.csv", row=2, column=column, facts=facts
    )


def groups() -> list[tuple[str, str, str, int]]:
    with acting(FEED):
        found = failure_groups(FEED, at=MONDAY, since=MONDAY - timedelta(days=1))
    return [(group.kind.value, group.state, group.words, group.count) for group in found]


def test_reasons_that_differ_in_figures_alone_are_one(world: Any) -> None:
    refused("45-1", "Line 10: the period 2026-02 is closed.", days=3)
    refused("45-2", "Line 20: the period 2026-03 is closed.", days=1)
    refused("45-3", "No such item.")
    in_conflict("45-4")

    largest, *others = groups()
    assert largest == ("commands", "person", "Line #: the period #-# is closed.", 2)
    assert sorted(others) == [
        ("commands", "conflict", "Changed meanwhile.", 1),
        ("commands", "person", "No such item.", 1),
    ]
    with acting(FEED):
        first = failure_groups(FEED, at=MONDAY, since=MONDAY)[0]
    assert (first.oldest, first.newest) == (MONDAY - timedelta(days=3), MONDAY - timedelta(days=1))


def test_records_that_were_not_taken_are_grouped_by_rule_and_those_the_portal_refused_by_reason(
    world: Any,
) -> None:
    with acting(FEED):
        run = FeedRun.objects.create(feed="orders", started_at=MONDAY)
        old = FeedRun.objects.create(feed="orders", started_at=MONDAY - timedelta(days=2))
        for column in ("quantity", "price", "delivery_on"):
            a_problem(run, "missing", column)
        a_problem(run, "refused_by_portal", reason="There is no supplier 70099.")
        a_problem(run, "refused_by_portal", reason="There is no supplier 70100.")
        a_problem(old, "missing", "quantity")

    assert groups() == [
        ("records", "orders", "missing", 3),
        ("records", "orders", "There is no supplier #.", 2),
    ]


def test_the_page_says_it_in_words_and_leads_to_the_rows(ines: Client, world: Any) -> None:
    refused("45-1", "Line 10: closed.")
    refused("45-2", "Line 20: closed.")
    with acting(FEED):
        run = FeedRun.objects.create(feed="orders", started_at=MONDAY)
        a_problem(run, "missing", "quantity")
        a_problem(run, "missing", "price")

    text = page(ines, "integration-failures")
    assert "Line …: closed." in text
    assert "“…” is empty." in text
    assert "Not taken: orders" in text
    assert "Line …: closed." in page(ines, "integration")

    (link,) = [part.split('"')[0] for part in text.split('href="') if "/failures/commands/" in part]
    rows = ines.get(link).content.decode()
    assert "45-1" in rows
    assert "45-2" in rows
    assert "Try all 2 again" in rows
    (link,) = [part.split('"')[0] for part in text.split('href="') if "/failures/records/" in part]
    rows = ines.get(link).content.decode()
    assert "“quantity” is empty." in rows
    assert "Read again" in rows


def group_of(kind: Kind) -> str:
    with acting(FEED):
        found = failure_groups(FEED, at=MONDAY, since=MONDAY - timedelta(days=1))
    return next(group.mark for group in found if group.kind is kind)


def retry(client: Client, kind: Kind, mark: str) -> int:
    return client.post(reverse("integration-failure-group-retry", args=[kind, mark])).status_code


def test_a_whole_group_is_sent_again_and_no_other(ines: Client, world: Any) -> None:
    same = [refused(f"45-{number}", f"Line {number}: closed.") for number in (1, 2)]
    other = refused("45-9", "No such item.")
    with acting(FEED):
        (mark,) = (
            group.mark
            for group in failure_groups(FEED, at=MONDAY, since=MONDAY)
            if group.words == "Line #: closed."
        )

    assert retry(ines, Kind.COMMANDS, mark) == 303

    with acting(FEED):
        states = dict(ErpCommand.objects.values_list("pk", "state"))
    assert [states[command.pk] for command in same] == ["queued", "queued"]
    assert states[other.pk] == "person"


def test_conflicts_are_never_written_over_by_the_hundred(ines: Client, world: Any) -> None:
    command = in_conflict("45-1")
    mark = group_of(Kind.COMMANDS)

    assert (
        "again"
        not in page(ines, "integration-failure-group", Kind.COMMANDS, mark).split("q-actions")[1][:400]
    )
    retry(ines, Kind.COMMANDS, mark)

    with acting(FEED):
        assert ErpCommand.objects.get(pk=command.pk).state == "conflict"


def test_what_somebody_changed_in_the_erp_since_the_refusal_is_left_for_a_person(
    ines: Client, world: Any
) -> None:
    untouched, moved = refused("45-1", "Closed."), refused("45-2", "Closed.")
    line = replace(a_paper("45-2").lines[0], quantity=Decimal(70))
    receive(a_paper("45-2", lines=[line, *a_paper("45-2").lines[1:]]), at=MONDAY + timedelta(hours=1))

    assert retry(ines, Kind.COMMANDS, group_of(Kind.COMMANDS)) == 303

    with acting(FEED):
        states = [ErpCommand.objects.get(pk=one.pk).state for one in (untouched, moved)]
    assert states == ["queued", "person"]


def test_parked_messages_of_one_reason_go_again_together(ines: Client, world: Any) -> None:
    commands = [a_command("45-1"), a_command("45-2")]
    with acting(FEED):
        for number, command in enumerate(commands):
            OutboxMessage.objects.filter(key=command.origin).update(
                state=MessageState.PARKED, last_error=f"Gave up after {12 + number} attempts."
            )

    assert retry(ines, Kind.MESSAGES, group_of(Kind.MESSAGES)) == 303

    with acting(FEED):
        told = OutboxMessage.objects.filter(topic="erp")
        assert set(told.values_list("state", flat=True)) == {"waiting"}


def test_a_group_that_is_gone_says_so(ines: Client, world: Any) -> None:
    assert "Nothing of it is left" in page(ines, "integration-failure-group", Kind.COMMANDS, "abc")
    assert retry(ines, Kind.COMMANDS, "abc") == 303
    assert ines.get(reverse("integration-failure-group", args=["nonsense", "abc"])).status_code == 404


def test_rows_cost_no_queries(ines: Client, world: Any) -> None:
    page(ines, "integration-failures")
    counts = []
    for numbers in (["45-1"], ["45-2", "45-3"]):
        for number in numbers:
            refused(number, "Closed.")
        mark = group_of(Kind.COMMANDS)
        with CaptureQueriesContext(connection) as captured:
            page(ines, "integration-failure-group", Kind.COMMANDS, mark)
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_an_auditor_looks_and_retries_nothing(people: Any, world: Any) -> None:
    refused("45-1", "Closed.")
    ada = signed_in(people["ada"])
    mark = group_of(Kind.COMMANDS)

    assert "Try it again" not in page(ada, "integration-failure-group", Kind.COMMANDS, mark)
    assert retry(ada, Kind.COMMANDS, mark) == 403
