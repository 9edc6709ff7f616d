"""Conflicts, refusals and tasks as people decide them: with the drop folder and the pretend ERP behind it."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.queries import timeline_of
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.erp import delivery, inbound
from procurement.erp.connection import pause_connection, resume_connection, the_connection
from procurement.erp.models import ErpCommand
from procurement.erp.ports import (
    Capabilities,
    Conflict,
    CurrentLine,
    Deletions,
    ErpError,
    Feed,
    Outcome,
    PermissionRefused,
    ReadBack,
    Transient,
    UnknownOutcome,
    WriteField,
    WriteResult,
)
from procurement.orders.messages import OrderPaper
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine
from procurement.orders.policies import NewPiece
from procurement.orders.queries import lock_order
from procurement.orders.services import Decision, decide_promises, make_promises
from procurement.threads.models import Message
from suppliers.models import User
from tests.builders.world import MONDAY, a_line, a_paper, fresh_line
from tests.erp.scripted import ScriptedErp
from tests.erp.test_delivery import Clock, FilesWorld, agree, agreement_of, deliver, in_portal
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = "4500000001"
LATER, LATEST = date(2026, 4, 8), date(2026, 4, 15)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """One clock for the doors, the worker and the feeds."""
    clock = Clock()
    monkeypatch.setattr(delivery.timezone, "now", clock)
    monkeypatch.setattr("portal.kernel.access.timezone", SimpleNamespace(now=clock))
    return clock


@pytest.fixture
def files(people: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FilesWorld:
    return FilesWorld(tmp_path, clock, monkeypatch)


@pytest.fixture
def bea(people: Any) -> Client:
    return signed_in(people["bea"])


@pytest.fixture
def ines(people: Any) -> Client:
    return signed_in(people["ines"])


def the_command(**wanted: Any) -> ErpCommand:
    with acting(FEED):
        return ErpCommand.objects.select_related("order").get(**wanted)


def page(client: Client, command: ErpCommand) -> Any:
    response = client.get(reverse("integration-command", args=[command.origin]))
    assert response.status_code == 200
    return response


def ways(response: Any) -> dict[str, str]:
    """Each way out that the page offers, with what stands in its way."""
    return {way.choice: way.why_not for way in response.context["ways"]}


def decide(client: Client, command: ErpCommand, how: str, **typed: str) -> Any:
    """Open the page and press a button, as a person does."""
    mark = page(client, command).context["mark"]
    return client.post(reverse(f"integration-command-{how}", args=[command.origin]), {"mark": mark, **typed})


def facts_of_story() -> list[str]:
    with acting(FEED):
        found = AuditEvent.objects.filter(stream=in_portal().stream, kind__startswith="erp.")
        return [event.kind for event in found.order_by("id")]


def conflict_answered(files: FilesWorld, **changes: Any) -> ErpCommand:
    """Agreed later; meanwhile somebody changed the line in the ERP, which answers so. The order was not read since."""
    files.orders(a_paper())
    agree(in_portal(), delivery_on=LATER)
    files.erp.change_line("NM", NUMBER, "L10", **(changes or {"quantity": Decimal(70)}))
    files.round()
    command = the_command()
    assert command.state == "conflict"
    return command


def conflict_read(files: FilesWorld, **changes: Any) -> ErpCommand:
    """The same, and the order has been read with the new values since."""
    command = conflict_answered(files, **changes)
    files.erp.export_orders()
    files.read()
    return the_command(pk=command.pk)


# --- ours over theirs ---------------------------------------------------------------------------------------


def test_a_conflict_shows_what_the_erp_answered_before_any_reading_brought_it(files, bea) -> None:
    command = conflict_answered(files)

    response = page(bea, command)

    (row,) = response.context["lines"]
    assert [part.text for part in row.decided][:2] == ["100", "1 Apr 2026"]
    assert [(part.text, part.stressed) for part in row.now][:2] == [("70", True), ("1 Apr 2026", False)]
    assert [(part.text, part.stressed) for part in row.wanted][:2] == [("100", True), ("8 Apr 2026", True)]
    assert response.context["known_since"] == command.current_at
    assert ways(response)["write"] == ""
    assert "not been read with them yet" in ways(response)["keep"]


def test_writing_ours_goes_out_on_what_the_erp_holds_today_and_is_taken(files, bea) -> None:
    command = conflict_answered(files)

    assert decide(bea, command, "retry").status_code == 303
    files.round()

    assert the_command().state == "confirmed"
    line = files.erp.order("NM", NUMBER).lines[0]
    assert (line.quantity, line.delivery_on) == (Decimal(100), LATER)
    assert agreement_of()[10] == "agreed"


def test_writing_ours_after_the_reading_reopened_the_line_closes_it_again(files, bea) -> None:
    command = conflict_read(files)
    assert agreement_of()[10] == "awaiting"

    decide(bea, command, "retry")
    files.round()

    assert (the_command().state, agreement_of()[10]) == ("confirmed", "agreed")


def test_a_line_that_is_gone_there_cannot_be_written(files, bea) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=LATER)
    files.erp.delete_line("NM", NUMBER, "L10")
    files.round()
    command = the_command()

    response = page(bea, command)

    assert "line is gone" in response.content.decode()
    assert "gone in the ERP" in ways(response)["write"]
    assert "Nothing is left" in ways(response)["ask"] or ways(response)["ask"] == ""
    assert decide(bea, command, "retry").status_code == 409
    assert the_command().state == "conflict"


def test_a_closed_line_says_so_and_keeping_it_asks_nobody(files, bea) -> None:
    command = conflict_read(files, closed=True)

    response = page(bea, command)
    assert "closed in the ERP" in ways(response)["write"]
    assert decide(bea, command, "keep").status_code == 303

    assert the_command().state == "yielded"
    with acting(FEED):
        assert not AuditEvent.objects.filter(kind="order.asked_again").exists()


# --- theirs -------------------------------------------------------------------------------------------------


def test_keeping_the_erps_values_asks_the_supplier_about_them(files, bea, people) -> None:
    command = conflict_read(files)

    assert decide(bea, command, "keep").status_code == 303

    assert the_command().state == "yielded"
    with acting(FEED):
        line = PurchaseOrderLine.objects.get(order__number=NUMBER, number=10)
        assert (line.agreement, line.turn, line.quantity) == ("awaiting", "supplier", Decimal(70))
        assert not Promise.objects.filter(line=line, state="agreed").exists()
    text = signed_in(people["asha"]).get(reverse("order", args=[in_portal().key])).content.decode()
    assert "Asked again, what was agreed stands no longer: line 10" in text
    assert facts_of_story() == ["erp.command_sent", "erp.command_conflicted", "erp.command_yielded"]


def test_what_the_supplier_then_answers_as_asked_stands_in_the_erp_already(files, bea) -> None:
    command = conflict_read(files)
    decide(bea, command, "keep")

    agree(in_portal())
    files.round()

    with acting(FEED):
        states = list(ErpCommand.objects.order_by("id").values_list("state", flat=True))
    assert states == ["yielded", "confirmed"]
    assert files.erp.order("NM", NUMBER).lines[0].quantity == Decimal(70)


def test_first_promised_and_first_agreed_are_never_forgotten(files, bea) -> None:
    command = conflict_read(files, price=Decimal("6.95"))

    decide(bea, command, "keep")

    with acting(FEED):
        schedule = PurchaseOrderLine.objects.get(order__number=NUMBER, number=10).schedules.get()
        assert (schedule.first_promised_on, schedule.first_agreed_on) == (LATER, LATER)


def test_lines_that_nobody_moved_are_written_all_the_same(files, bea) -> None:
    files.orders(a_paper())
    order = in_portal()
    with acting(FEED):
        locked = lock_order(order.key, actor=FEED)
        pieces = {
            line.pk: [
                NewPiece(
                    schedule_key=1,
                    kind="accept",
                    quantity=line.quantity,
                    delivery_on=LATER,
                    price=line.price,
                    price_per=line.price_per,
                )
            ]
            for line in locked.lines.all()
        }
        made = make_promises(locked, pieces, origin=uuid4(), actor=FEED, at=MONDAY)
        assert made.waiting == (10, 20)
        waiting = frozenset(Promise.objects.filter(state="proposed").values_list("id", flat=True))
        decide_promises(locked, Decision(accept=waiting), actor=FEED, at=MONDAY)
    files.erp.change_line("NM", NUMBER, "L10", quantity=Decimal(70))
    files.round()
    files.erp.export_orders()
    files.read()

    decide(bea, the_command(), "keep")
    files.round()

    command = the_command()
    assert (command.state, [line["number"] for line in command.payload["lines"]]) == ("confirmed", [20])
    held = files.erp.order("NM", NUMBER).lines
    assert [(line.quantity, line.delivery_on) for line in held] == [
        (Decimal(70), date(2026, 4, 1)),
        (Decimal(100), LATER),
    ]
    assert agreement_of() == {10: "awaiting", 20: "agreed"}


# --- asking again -------------------------------------------------------------------------------------------


def test_asking_again_reaches_the_supplier_with_the_words(files, bea, people) -> None:
    command = conflict_answered(files)

    assert decide(bea, command, "ask", words="Can you do 70 on 8 April?").status_code == 303

    assert (the_command().state, agreement_of()[10]) == ("superseded", "awaiting")
    with acting(people["asha"].actor):
        (said,) = Message.objects.all()
        assert (said.body, said.internal, said.author) == ("Can you do 70 on 8 April?", False, "Bea Buyer")
    assert facts_of_story()[-1] == "erp.command_asked_again"


def test_asking_again_needs_words_and_keeps_the_command(files, bea) -> None:
    command = conflict_answered(files)

    response = decide(bea, command, "ask", words="  ")

    assert response.status_code == 422
    assert "Say what the supplier is to change" in response.content.decode()
    assert the_command().state == "conflict"


def test_after_a_refusal_the_supplier_can_be_asked(files, bea) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=LATER)
    files.erp.refuse_next("NM", NUMBER, "Period 2026-04 is closed.")
    files.round()
    command = the_command()

    text = page(bea, command).content.decode()
    assert "Whoever administers the ERP." in text
    assert "Open the period in the ERP" in text

    decide(bea, command, "ask", words="Please deliver in May.")
    assert (the_command().state, agreement_of()[10]) == ("superseded", "awaiting")


# --- what the page showed is what is decided ----------------------------------------------------------------


def test_a_decision_on_values_that_moved_is_refused_with_the_difference(files, bea) -> None:
    command = conflict_answered(files)
    mark = page(bea, command).context["mark"]
    files.erp.change_line("NM", NUMBER, "L10", quantity=Decimal(60))
    files.erp.export_orders()
    files.read()

    address = reverse("integration-command-ask", args=[command.origin])
    response = bea.post(address, {"mark": mark, "words": "Only 70 now?"})

    text = response.content.decode()
    assert response.status_code == 409
    assert "Line 10, quantity in the ERP: 70 → 60" in text
    assert "Only 70 now?" in text  # nothing typed is lost
    assert the_command().state == "conflict"
    assert decide(bea, command, "ask", words="Only 60 now?").status_code == 303


def test_what_was_agreed_anew_and_waits_to_go_out_is_not_taken_back(files, bea) -> None:
    command = conflict_read(files)
    agree(in_portal(), delivery_on=LATEST)  # nobody has taken it up yet, as while the connection is paused

    found = ways(page(bea, command))
    assert "not through yet" in found["keep"]
    assert "not through yet" in found["ask"]
    assert decide(bea, command, "keep").status_code == 409
    assert agreement_of()[10] == "agreed"

    files.round()
    assert the_command(pk=command.pk).state == "superseded"
    assert files.erp.order("NM", NUMBER).lines[0].delivery_on == LATEST


def test_a_decision_without_a_page_is_refused(files, bea) -> None:
    command = conflict_answered(files)

    response = bea.post(reverse("integration-command-retry", args=[command.origin]))

    assert response.status_code == 409
    assert the_command().state == "conflict"


def test_what_waits_for_a_person_is_kept_up_with_every_reading(files, bea) -> None:
    command = conflict_read(files)

    (row,) = page(bea, command).context["lines"]
    assert row.now[0].text == "70"
    files.erp.change_line("NM", NUMBER, "L10", quantity=Decimal(60), delivery_on=date(2026, 4, 2))
    files.erp.export_orders()
    files.read()

    response = page(bea, command)
    (row,) = response.context["lines"]
    assert [part.text for part in row.now][:2] == ["60", "2 Apr 2026"]
    assert response.context["known_since"] == files.clock.now


# --- who may ------------------------------------------------------------------------------------------------


def test_the_integration_owner_writes_and_gives_up_and_a_buyer_decides_what_was_agreed(files, ines) -> None:
    command = conflict_read(files)

    response = page(ines, command)
    offered = ways(response)
    assert (offered["write"], offered["give_up"]) == ("", "")
    assert "a buyer does that" in offered["keep"]
    for how in ("keep", "ask"):
        assert decide(ines, command, how, words="?").status_code == 403

    assert decide(ines, command, "give-up", reason="Agreed by phone to leave it.").status_code == 303
    assert (the_command().state, the_command().reason) == ("given_up", "Agreed by phone to leave it.")


def test_an_auditor_reads_and_a_planner_stays_outside(files, people) -> None:
    command = conflict_read(files)
    mark = {"mark": page(signed_in(people["ada"]), command).context["mark"]}

    for how in ("retry", "keep", "ask", "give-up", "assign"):
        address = reverse(f"integration-command-{how}", args=[command.origin])
        assert signed_in(people["ada"]).post(address, mark).status_code == 403
    for name in ("pia", "otto", "asha"):
        address = reverse("integration-command", args=[command.origin])
        assert signed_in(people[name]).get(address).status_code == 403, name


# --- tasks --------------------------------------------------------------------------------------------------


class ByHand(ScriptedErp):
    """An ERP whose connection writes prices and nothing else."""

    def __init__(self, writes: frozenset[WriteField] = frozenset({WriteField.PRICE})) -> None:
        super().__init__()
        self.capabilities = Capabilities(frozenset(Feed), writes, ReadBack.BY_FEED, False, Deletions.STATED)


def a_task(files: FilesWorld, **changes: Any) -> ErpCommand:
    files.orders(a_paper())
    agree(in_portal(), **(changes or {"delivery_on": LATER, "price": Decimal("7.10")}))
    deliver(ByHand(), files.clock, files.monkeypatch)
    command = the_command()
    assert command.state == "to_key"
    return command


def keying(response: Any) -> list[tuple[str, str, str, bool]]:
    return [(row.field, row.old, row.plain, row.is_done) for row in response.context["keying"]]


def test_a_task_names_every_value_and_is_the_buyers(files, bea) -> None:
    command = a_task(files)

    response = page(bea, command)

    assert keying(response) == [
        ("price", "6.85 EUR", "7.1", False),
        ("delivery date", "1 Apr 2026", "2026-04-08", False),
    ]
    with acting(FEED):
        assert command.assigned_to == User.objects.get(email="bea@northmoor.example")
    assert command.missing == ["promise_date"]


def test_a_task_that_is_keyed_in_half_shows_what_is_still_missing_and_then_closes(files, bea) -> None:
    command = a_task(files)
    files.erp.change_line("NM", NUMBER, "L10", price=Decimal("7.10"))
    files.erp.export_orders()
    files.read()

    response = page(bea, command)
    assert keying(response) == [
        ("price", "7.1 EUR", "7.1", True),
        ("delivery date", "1 Apr 2026", "2026-04-08", False),
    ]
    assert response.context["keying_left"] == 1

    files.erp.change_line("NM", NUMBER, "L10", delivery_on=LATER)
    files.erp.export_orders()
    files.read()
    assert the_command().state == "confirmed"
    assert agreement_of()[10] == "agreed"
    assert "Nothing is to be keyed in" in bea.get(reverse("integration-keying")).content.decode()


def test_what_the_erp_did_not_take_is_counted_where_the_buyer_looks_and_listed(files, bea) -> None:
    command = conflict_answered(files)

    assert "Not taken by the ERP: 1" in bea.get(reverse("decision-list")).content.decode()
    listed = bea.get(reverse("integration-commands"), {"state": "decide"}).content.decode()
    assert reverse("integration-command", args=[command.origin]) in listed
    assert f'href="{reverse("integration")}"' not in listed  # the monitor itself is not the buyer's


def test_tasks_are_counted_where_the_buyer_looks_and_listed(files, bea, people) -> None:
    a_task(files)

    assert "1 to key into the ERP" in bea.get(reverse("decision-list")).content.decode()
    mine = bea.get(reverse("integration-keying"), {"view": "mine"}).content.decode()
    assert NUMBER in mine
    theirs = signed_in(people["max"]).get(reverse("integration-keying"), {"view": "mine"})
    assert "Nothing is with you" in theirs.content.decode()
    assert NUMBER in signed_in(people["ines"]).get(reverse("integration")).content.decode()


def test_a_task_is_handed_to_somebody_and_back_to_all(files, bea, people) -> None:
    command = a_task(files)
    max_id = str(people["max"].user.pk)

    assert decide(bea, command, "assign", person=max_id).status_code == 303
    assert the_command().assigned_to_id == people["max"].user.pk
    assert decide(bea, command, "assign", person="").status_code == 303
    assert the_command().assigned_to_id is None
    assert decide(bea, command, "assign", person=str(people["asha"].user.pk)).status_code == 422
    assert facts_of_story()[-2:] == ["erp.command_assigned", "erp.command_assigned"]


def test_a_task_is_closed_by_hand_with_a_reason(files, bea) -> None:
    command = a_task(files)

    assert decide(bea, command, "give-up", reason="").status_code == 422
    assert decide(bea, command, "give-up", reason="Keyed in on the call-off.").status_code == 303

    assert (the_command().state, the_command().reason) == ("given_up", "Keyed in on the call-off.")


def test_a_task_is_replaced_when_something_else_is_agreed(files, bea, people) -> None:
    command = a_task(files)
    decide(bea, command, "ask", words="Is the 15th certain?")
    agree(in_portal(), delivery_on=LATEST)
    deliver(ByHand(), files.clock, files.monkeypatch)

    with acting(FEED):
        states = list(ErpCommand.objects.order_by("id").values_list("state", flat=True))
    assert states == ["superseded", "to_key"]


def test_a_task_whose_line_the_supplier_answers_anew_names_nothing_to_key(files, bea) -> None:
    command = a_task(files)
    files.erp.change_line("NM", NUMBER, "L10", quantity=Decimal(70))
    files.erp.export_orders()
    files.read()
    with acting(FEED):
        order = lock_order(in_portal().key, actor=FEED)
        line = order.lines.get(number=10)
        piece = NewPiece(
            schedule_key=1,
            kind="accept",
            quantity=line.quantity,
            delivery_on=LATEST,
            price=line.price,
            price_per=line.price_per,
        )
        make_promises(order, {line.pk: [piece]}, origin=uuid4(), actor=FEED, at=MONDAY)

    assert keying(page(bea, command)) == []
    with acting(FEED):
        waiting = frozenset(Promise.objects.filter(state="proposed").values_list("id", flat=True))
        order = lock_order(in_portal().key, actor=FEED)
        decide_promises(order, Decision(accept=waiting), actor=FEED, at=MONDAY)
    files.clock.forward(seconds=1)
    deliver(ByHand(), files.clock, files.monkeypatch)

    with acting(FEED):
        states = list(ErpCommand.objects.order_by("id").values_list("state", flat=True))
    assert states == ["superseded", "to_key"]


def test_what_a_connection_left_of_a_command_becomes_a_task(files, bea) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=LATER, price=Decimal("7.10"))
    left = frozenset({WriteField.PRICE})
    deliver(ScriptedErp(WriteResult(Outcome.CONFIRMED, left=left)), files.clock, files.monkeypatch)

    assert (the_command().state, the_command().missing) == ("to_key", ["price"])
    assert "The ERP took the rest of it." in page(bea, the_command()).content.decode()


def test_a_number_that_no_reading_shows_is_closed_by_hand_alone(files, bea) -> None:
    files.orders(a_paper())
    with acting(FEED):
        PurchaseOrder.objects.update(supplier_reference="SO-881")
    agree(in_portal(), delivery_on=LATER)
    deliver(ByHand(frozenset(WriteField) - {WriteField.SUPPLIER_REFERENCE}), files.clock, files.monkeypatch)
    files.erp.change_line("NM", NUMBER, "L10", delivery_on=LATER)
    files.erp.export_orders()
    files.read()

    response = page(bea, the_command())
    assert the_command().state == "to_key"
    assert [(row.plain, row.is_done, row.is_seen) for row in response.context["keying"]] == [
        ("2026-04-08", True, True),
        ("SO-881", False, False),
    ]


# --- unknown, refused, and waiting --------------------------------------------------------------------------


def test_the_page_says_what_is_known_of_an_unknown_outcome_and_when_it_is_searched(files, bea) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=LATER)
    erp = ScriptedErp(UnknownOutcome("The line went dead."))
    deliver(erp, files.clock, files.monkeypatch)

    response = page(bea, the_command())

    text = response.content.decode()
    assert "Nobody can say whether the ERP took it." in text
    assert "The line went dead." in text
    assert response.context["next_try"] == files.clock.now + timedelta(seconds=31)
    assert set(ways(response)) == {"give_up"}
    order_page = bea.get(reverse("order", args=[in_portal().key])).content.decode()
    assert "It is searched for, and sent again only if the ERP never saw it." in order_page


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionRefused("No right to amend orders."), "Whoever administers the ERP."),
        (Transient("A lock."), "Nobody, for now."),
    ],
)
def test_what_does_not_get_through_says_who_must_act(files, ines, error: ErpError, words: str) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=LATER)
    deliver(ScriptedErp(error), files.clock, files.monkeypatch)

    text = page(ines, the_command()).content.decode()

    assert error.reason in text
    assert words in text
    assert "The next attempt is at" in text


# --- read back on demand ------------------------------------------------------------------------------------


class Readable(ScriptedErp):
    """A live ERP that can be asked for one order."""

    def __init__(self, paper: OrderPaper | None, *script: Any) -> None:
        super().__init__(*script)
        self.paper = paper
        self.error: ErpError | None = None

    def read_back(self, company: str, number: str) -> OrderPaper | None:
        if self.error:
            raise self.error
        return self.paper


def test_a_person_looks_into_the_erp_before_deciding(files, bea, monkeypatch) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=LATER)
    current = CurrentLine("L10", Decimal(80), Decimal("6.85"), date(2026, 4, 1))
    moved = a_paper(lines=[a_line(10, quantity=Decimal(55)), a_line(20)], revision="2")
    erp = Readable(moved, Conflict("Changed.", current=[current]))
    deliver(erp, files.clock, files.monkeypatch)
    monkeypatch.setattr(inbound, "connect", lambda: erp)
    command = the_command()

    response = page(bea, command)
    assert response.context["can_read"]
    assert response.context["lines"][0].now[0].text == "80"
    address = reverse("integration-command-read", args=[command.origin])
    assert bea.post(address).status_code == 303

    response = page(bea, command)
    assert response.context["lines"][0].now[0].text == "55"
    assert ways(response)["keep"] == ""
    erp.error = Transient("Restarting.")
    assert "The ERP could not be asked: Restarting." in bea.post(address, follow=True).content.decode()


def test_nobody_looks_while_the_connection_is_paused_or_the_order_is_being_written(
    files, bea, monkeypatch
) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=LATER)
    erp = Readable(a_paper(lines=[a_line(10, quantity=Decimal(55)), a_line(20)], revision="2"))
    erp.script = [Conflict("Changed.", current=[])]
    deliver(erp, files.clock, files.monkeypatch)
    monkeypatch.setattr(inbound, "connect", lambda: erp)
    agree(in_portal(), 20, delivery_on=LATER)
    address = reverse("integration-command-read", args=[the_command().origin])
    looked: list[str] = []
    erp.script = [UnknownOutcome("No answer.")]

    with acting(FEED):
        pause_connection("Month end.", actor=FEED, at=files.clock())
    looked.append(bea.post(address, follow=True).content.decode())
    with acting(FEED):
        resume_connection("Done.", actor=FEED, at=files.clock())
    deliver(erp, files.clock, files.monkeypatch)  # it may still be at work there
    looked.append(bea.post(address, follow=True).content.decode())

    assert "The ERP could not be asked: The connection to the ERP is paused." in looked[0]
    assert "The ERP could not be asked: Something is being written to this order." in looked[1]
    assert agreement_of() == {10: "agreed", 20: "agreed"}


def test_while_the_connection_is_paused_nobody_looks_into_the_erp_either(files, bea, monkeypatch) -> None:
    command = conflict_answered(files)
    erp = Readable(a_paper(lines=[a_line(10, quantity=Decimal(55)), a_line(20)], revision="2"))
    monkeypatch.setattr(inbound, "connect", lambda: erp)
    with acting(FEED):
        pause_connection("The ERP is moved.", actor=FEED, at=MONDAY)
    address = reverse("integration-command-read", args=[command.origin])

    said = bea.post(address, follow=True).content.decode()

    assert "The ERP could not be asked: The connection to the ERP is paused." in said
    assert fresh_line().quantity == 100


def test_a_look_that_nobody_answers_counts_at_the_door(files, bea, monkeypatch) -> None:
    command = conflict_answered(files)
    erp = Readable(None)
    erp.error = Transient("Restarting.")
    monkeypatch.setattr(inbound, "connect", lambda: erp)

    bea.post(reverse("integration-command-read", args=[command.origin]))

    with acting(FEED):
        assert (the_connection().failures, the_connection().trouble) == (1, "Restarting.")


def test_where_the_erp_tells_by_feed_alone_there_is_no_button(files, bea, settings, tmp_path) -> None:
    settings.ERP_CONNECTOR, settings.ERP_FILES_ROOT = "files", tmp_path
    command = conflict_answered(files)

    assert "Look in the ERP now" not in page(bea, command).content.decode()


# --- what a supplier sees -----------------------------------------------------------------------------------


def test_a_supplier_sees_nothing_of_what_went_wrong(files, bea, people) -> None:
    command = conflict_answered(files)
    decide(bea, command, "retry")
    files.erp.refuse_next("NM", NUMBER, "Credit limit of ACME exceeded.")
    files.round()
    asha = people["asha"]

    with acting(asha.actor):
        kinds = [event.kind for event in timeline_of(in_portal().stream, actor=asha.actor)]
        assert not AuditEvent.objects.filter(kind__startswith="erp.").exists()
    text = signed_in(asha).get(reverse("order", args=[in_portal().key])).content.decode()
    assert [kind for kind in kinds if kind.startswith(("erp.", "outbox."))] == []
    for word in ("Credit limit", "onflict", "The ERP holds something else", "did not take it", "/story/"):
        assert word not in text, word


def test_a_supplier_hears_that_the_erp_holds_what_was_agreed(files, people) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=LATER)
    files.round()

    with acting(people["asha"].actor):
        found = timeline_of(in_portal().stream, actor=people["asha"].actor)
        assert [event.kind for event in found if event.kind.startswith("erp.")] == ["erp.command_confirmed"]


# --- the order's page and its story -------------------------------------------------------------------------


def test_the_order_says_since_when_it_stands_and_when_it_was_seen(files, bea) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=LATER)
    files.send()
    files.clock.forward(minutes=3)
    files.erp.work()
    files.read()
    command = the_command()

    text = bea.get(reverse("order", args=[in_portal().key]), {"show": "all"}).content.decode()

    assert command.sent_at == MONDAY + timedelta(seconds=2)
    assert command.confirmed_at == MONDAY + timedelta(minutes=3, seconds=3)
    assert "10:03</time>" in text[text.index("since <time") :]
    assert reverse("integration-command", args=[command.origin]) in text


def test_the_story_tells_both_systems_in_order_of_time(files, bea, ines) -> None:
    files.clock.forward(seconds=-5)  # read before it is promised
    files.orders(a_paper())
    files.clock.now = MONDAY
    agree(in_portal(), delivery_on=LATER)
    files.erp.change_line("NM", NUMBER, "L10", quantity=Decimal(70))
    files.round()
    files.erp.export_orders()
    files.read()
    command = the_command()
    decide(bea, command, "retry")
    files.round()

    response = ines.get(reverse("order-story", args=[in_portal().key]))
    entries = response.context["story"].entries
    texts = [entry.text for entry in reversed(entries)]

    def place(words: str) -> int:
        return next(number for number, text in enumerate(texts) if words in text)

    story = [
        "Read from the ERP: revision 1",
        "Promised on line 10: 100 · 8 Apr 2026 · 6.85",
        "Queued for the ERP: line 10",
        "Attempt 1: sent, waits for the read-back",
        "The ERP holds something else: line 10",
        "Read from the ERP: revision 2: line 10, quantity 100 → 70",
        "Sent to the ERP once more: line 10",
        "Let go to the ERP again",
        "In the ERP: line 10",
    ]
    assert [place(words) for words in story] == sorted(place(words) for words in story)
    assert all(entry.at for entry in entries)
    urls = {entry.url for entry in entries}
    assert reverse("integration-command", args=[command.origin]) in urls
    assert any(url.startswith("/integration/runs/") for url in urls)
    text = bea.get(reverse("order-story", args=[in_portal().key])).content.decode()
    assert "/integration/runs/" not in text


def test_the_story_costs_the_same_queries_whatever_happened(
    files, bea, django_assert_max_num_queries
) -> None:
    conflict_read(files)
    address = reverse("order-story", args=[in_portal().key])
    bea.get(address)

    with django_assert_max_num_queries(23):  # three of them for what the navigation counts of approvals
        bea.get(address)


def test_no_supplier_reads_the_story(files, people) -> None:
    conflict_read(files)
    address = reverse("order-story", args=[in_portal().key])

    assert signed_in(people["asha"]).get(address).status_code == 403
    with acting(FEED):
        assert OutboxMessage.objects.filter(topic="erp").count() == 1
