"""The integration owner's pages: what needs a person, both sides' values, and a way out of everything."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.scope import acting
from procurement.erp.connectors.files import FilesConnector
from procurement.erp.connectors.files.writing import orders_csv
from procurement.erp.inbound import take_page
from procurement.erp.models import ErpCommand, FeedCursor, FeedRun
from procurement.erp.ports import CurrentLine, Feed, Outcome, WriteResult
from procurement.erp.presenters import current_text, reason_text, shares, wanted_texts, words_of_fields
from procurement.erp.services import record_conflict, record_refusal, record_result, take_up_command
from procurement.erp.states import CommandState
from procurement.orders.messages import CommandLine, CommandPiece
from procurement.orders.queries import lock_order
from procurement.orders.services import make_promises
from tests.builders.world import MONDAY, a_paper, receive
from tests.erp.papers import a_line, a_piece
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday(monkeypatch: pytest.MonkeyPatch) -> None:
    """The doors' clock stands still."""
    monkeypatch.setattr("portal.kernel.access.timezone", SimpleNamespace(now=lambda: MONDAY))


@pytest.fixture
def ines(people: Any) -> Client:
    return signed_in(people["ines"])


def a_command(number: str = "4500000001") -> ErpCommand:
    """A promise as asked on one line, taken up and not yet called."""
    from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
    from procurement.orders.policies import NewPiece

    receive(a_paper(number))
    with acting(FEED):
        order = lock_order(PurchaseOrder.objects.get(number=number).key, actor=FEED)
        line = PurchaseOrderLine.objects.get(order=order, number=10)
        piece = NewPiece(
            schedule_key=1,
            kind="accept",
            quantity=line.quantity,
            delivery_on=line.delivery_on,
            price=line.price,
            price_per=line.price_per,
        )
        make_promises(order, {line.pk: [piece]}, origin=order.key, actor=FEED, at=MONDAY)
        return take_up_command(OutboxMessage.objects.get(topic="erp", stream=order.stream))


def in_conflict() -> ErpCommand:
    command = a_command()
    current = [CurrentLine("L10", Decimal(80), Decimal("6.85"), a_paper().lines[0].delivery_on)]
    with acting(FEED):
        record_conflict(command, "Changed by R. Vega.", current, actor=FEED, at=MONDAY)
    return command


def page(client: Client, name: str, *args: Any, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


# --- the monitor --------------------------------------------------------------------------------------------


def test_an_empty_monitor_teaches(ines: Client) -> None:
    text = page(ines, "integration")

    assert "No command needs a person" in text
    assert "Nothing was read yet" in text


def test_what_needs_a_person_stands_with_both_sides_values(ines: Client, world: Any) -> None:
    in_conflict()

    text = page(ines, "integration")

    assert "1 thing needs you" in text
    assert "Changed by R. Vega." in text
    assert "80, 1 Apr 2026" in text
    assert "100, 1 Apr 2026" in text


def test_what_is_through_is_counted(ines: Client, world: Any) -> None:
    with acting(FEED):
        record_result(a_command(), WriteResult(Outcome.SENT), actor=FEED, at=MONDAY)

    text = page(ines, "integration", window="month")

    assert "1 confirmed" in text


def test_what_was_agreed_long_ago_and_seen_in_the_erp_today_counts_as_through_today(
    ines: Client, world: Any
) -> None:
    command = a_command()
    with acting(FEED):
        ErpCommand.objects.filter(pk=command.pk).update(
            state=CommandState.CONFIRMED, queued_at=MONDAY - timedelta(days=3), confirmed_at=MONDAY
        )

    assert "<b>1 of 1</b> writes are confirmed" in page(ines, "integration")


def test_what_our_own_connector_says_is_said_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    german = {"Tryton did not answer within %(n)s s.": "Tryton schwieg %(n)s s."}
    monkeypatch.setattr("procurement.erp.presenters._", lambda text: german.get(text, text))

    assert reason_text("Tryton did not answer within 60 s.") == "Tryton schwieg 60 s."
    assert reason_text("Locked by R. Vega for 60 s.") == "Locked by R. Vega for 60 s."


def test_a_feed_that_does_not_get_through_is_said_on_top(ines: Client, world: Any) -> None:
    with acting(FEED):
        FeedRun.objects.create(
            feed=Feed.ORDERS,
            state="failed",
            started_at=MONDAY,
            finished_at=MONDAY,
            reason="The disk is full.",
        )
        FeedCursor.objects.create(feed=Feed.ORDERS, moved_at=MONDAY, failures=3)

    text = page(ines, "integration")

    assert "1 thing needs you" in text
    assert "Orders cannot be read since" in text
    assert "The disk is full." in text


def test_the_navigation_counts_what_the_page_counts(ines: Client, world: Any) -> None:
    in_conflict()
    overdue = a_command(number="4500000002")
    with acting(FEED):
        ErpCommand.objects.filter(pk=overdue.pk).update(state="sent", sent_at=MONDAY - timedelta(days=2))
        FeedCursor.objects.create(feed=Feed.ORDERS, moved_at=MONDAY, failures=3)

    response = ines.get(reverse("integration"))

    counts = [way["count"] for way in response.context["nav"] if way["icon"] == "plug-connected"]
    assert counts == [3]
    assert "3 things need you" in response.content.decode()


def test_rows_cost_no_queries(ines: Client, world: Any) -> None:
    page(ines, "integration")
    counts = []
    for numbers in (["45-1"], ["45-2", "45-3"]):
        for number in numbers:
            command = a_command(number)
            with acting(FEED):
                record_refusal(command, "Closed.", actor=FEED, at=MONDAY)
        with CaptureQueriesContext(connection) as captured:
            page(ines, "integration")
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_only_those_who_may_come_in(people: Any) -> None:
    for name, status in (("ines", 200), ("ada", 200), ("max", 200), ("bea", 403), ("asha", 403)):
        assert signed_in(people[name]).get(reverse("integration")).status_code == status, name


def shown(client: Client, command: ErpCommand) -> dict[str, str]:
    """What the command's page sends back with a decision."""
    return {"mark": client.get(reverse("integration-command", args=[command.origin])).context["mark"]}


# --- commands -----------------------------------------------------------------------------------------------


def test_a_command_shows_three_columns_and_its_story(ines: Client, world: Any) -> None:
    command = in_conflict()

    text = page(ines, "integration-command", command.origin)

    for word in (
        "Decided on",
        "In the ERP now",
        "Wanted",
        "The ERP moved after this was agreed.",
        "Write ours",
    ):
        assert word in text


def test_commands_are_listed_by_state(ines: Client, world: Any) -> None:
    in_conflict()

    assert "4500000001" in page(ines, "integration-commands")
    assert "4500000001" in page(ines, "integration-commands", state="conflict")
    assert "No such command" in page(ines, "integration-commands", state="sent")
    assert "4500000001" in page(ines, "integration-commands", state="nonsense")


def test_writing_ours_sends_it_again(ines: Client, world: Any) -> None:
    command = in_conflict()

    response = ines.post(reverse("integration-command-retry", args=[command.origin]), shown(ines, command))

    assert response.status_code == 303
    with acting(FEED):
        again = ErpCommand.objects.get(origin=command.origin)
        assert (again.state, again.current, again.key != command.key) == ("queued", [], True)
        assert OutboxMessage.objects.filter(kind="erp.command_released").count() == 1


def test_writing_ours_is_refused_where_nothing_is_wrong(ines: Client, world: Any) -> None:
    command = a_command()

    response = ines.post(reverse("integration-command-retry", args=[command.origin]))

    assert response.status_code == 409


def test_an_auditor_looks_and_does_nothing(people: Any, world: Any) -> None:
    command = in_conflict()
    ada = signed_in(people["ada"])

    assert "Write ours" not in page(ada, "integration-command", command.origin)
    assert ada.post(reverse("integration-command-retry", args=[command.origin])).status_code == 403


# --- parked messages ----------------------------------------------------------------------------------------


@pytest.fixture
def parked(world: Any) -> OutboxMessage:
    command = a_command()
    with acting(FEED):
        OutboxMessage.objects.filter(key=command.origin).update(
            state=MessageState.PARKED, attempts=12, last_error="Gave up after 12 attempts. The disk is full."
        )
        return OutboxMessage.objects.get(key=command.origin)


def test_a_parked_message_can_be_tried_again(ines: Client, parked: OutboxMessage) -> None:
    assert "The disk is full." in page(ines, "integration")

    response = ines.post(reverse("integration-message-replay", args=[parked.key]))

    assert response.status_code == 303
    with acting(FEED):
        assert OutboxMessage.objects.get(key=parked.key).state == MessageState.WAITING


def test_nothing_is_replayed_by_looking(ines: Client, parked: OutboxMessage) -> None:
    assert ines.get(reverse("integration-message-replay", args=[parked.key])).status_code == 405


def test_giving_up_takes_a_reason(ines: Client, parked: OutboxMessage) -> None:
    address = reverse("integration-message-skip", args=[parked.key])

    assert ines.get(address).status_code == 200
    assert ines.post(address, {"reason": " "}).status_code == 422
    assert ines.post(address, {"reason": "Keyed in by hand."}).status_code == 303
    with acting(FEED):
        message = OutboxMessage.objects.get(key=parked.key)
        assert (message.state, message.last_error) == (MessageState.SKIPPED, "Keyed in by hand.")
        command = ErpCommand.objects.get(origin=parked.key)
        assert (command.state, command.reason) == ("given_up", "Keyed in by hand.")


def test_a_conflict_is_left_as_the_erp_has_it_with_a_reason(ines: Client, world: Any) -> None:
    command = in_conflict()
    address = reverse("integration-command-give-up", args=[command.origin])

    mark = shown(ines, command)
    assert ines.post(address, mark | {"reason": ""}).status_code == 422
    assert ines.post(address, mark | {"reason": "The buyer keeps 80."}).status_code == 303

    text = page(ines, "integration-command", command.origin)
    assert "The ERP is not told." in text
    assert "The buyer keeps 80." in text
    assert "Write ours" not in text


# --- runs ---------------------------------------------------------------------------------------------------


def test_a_reading_lists_what_was_wrong_with_the_way_out(ines: Client, world: Any, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "orders.csv").write_text(orders_csv([a_paper()]).replace("2026-04-01", "TBD", 1))
    connector = FilesConnector(tmp_path, quiet=timedelta(0))
    with acting(FEED):
        run = FeedRun.objects.create(feed=Feed.ORDERS, started_at=MONDAY)
    for found in connector.read(Feed.ORDERS, None):
        take_page(run, found, at=MONDAY)

    text = page(ines, "integration-run", run.key)

    assert "NM / 4500000001" in text
    assert "“TBD” stands where “delivery_on” needs a date." in text
    assert "Put in the real date as YYYY-MM-DD" in text
    assert "row 2" in text


def test_a_reading_that_nobody_made_is_not_found(ines: Client) -> None:
    assert (
        ines.get(reverse("integration-run", args=["00000000-0000-0000-0000-000000000000"])).status_code == 404
    )


# --- words --------------------------------------------------------------------------------------------------


def test_words_for_what_the_erp_holds() -> None:
    assert current_text({"key": "10", "gone": True}) == "line is gone"
    assert current_text({"quantity": "80", "price": "", "delivery_on": "2026-04-01"}) == "80, 1 Apr 2026"


def test_words_for_what_was_wanted() -> None:
    line = a_line()
    base = {
        "key": line.key,
        "number": line.number,
        "base_quantity": line.quantity,
        "base_price": line.price,
        "base_delivery_on": line.delivery_on,
    }

    def told(*pieces: CommandPiece) -> list[str]:
        return wanted_texts(CommandLine(**base, pieces=pieces))

    assert told(a_piece(line)) == ["240, 11 May 2026"]
    assert told(a_piece(line, quantity=Decimal(60)), a_piece(line, quantity=Decimal(180))) == [
        "60, 11 May 2026",
        "180, 11 May 2026",
    ]
    assert told(a_piece(line, price=Decimal(19))) == ["240, 11 May 2026, at 19"]
    assert told(a_piece(line, kind="refuse")) == ["will not come"]
    assert words_of_fields({"quantity", "promise_date"}) == "delivery date, quantity"


def test_shares_of_a_bar_fill_it_and_can_be_seen() -> None:
    assert shares([("done", 999), ("wait", 0), ("stop", 1)]) == [
        ("done", "0.00", "99.90"),
        ("stop", "99.00", "1.00"),
    ]
    assert shares([("done", 0)]) == []


def test_every_state_of_a_command_has_its_looks() -> None:
    from portal.kernel.looks import STATES

    assert set(CommandState.values) <= set(STATES["erp"])
