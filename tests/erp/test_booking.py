"""Counts on their way to the ERP: booked once in effect, taken back, keyed in by hand where it must be."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import IllegalTransition
from portal.kernel.outbox.services import RetryLater
from portal.kernel.scope import acting
from procurement.erp.connectors.files import FilesConnector
from procurement.erp.delivery import carry
from procurement.erp.inbound import take_papers
from procurement.erp.models import ErpCommand, NoticeWrite, ReceiptWrite
from procurement.erp.ports import (
    CommandResult,
    Feed,
    Outcome,
    Sighting,
    Transient,
    UnknownOutcome,
    ValidationRefused,
    WriteResult,
)
from procurement.erp.telling import call_it_keyed, tell_again
from procurement.inbox.presenters.rows import title_of
from procurement.inbox.services.review import about
from procurement.inbox.states import CaseKind, CloseReason
from procurement.receipts.messages import ReceiptCommand, receipt_from_json, receipt_to_json
from tests.builders.changes import an_agreed_order
from tests.builders.inbox import LATER, review, the_case
from tests.builders.shipments import a_sent_notice
from tests.builders.told_counts import a_count, tell
from tests.builders.world import MONDAY, fresh
from tests.erp.scripted import SLOW, ScriptedErp
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

CONFIRMED = WriteResult(Outcome.CONFIRMED, reference="stock.shipment.in,1")


def deliver(message: Any, erp: Any, after: timedelta = timedelta(0)) -> str:
    return carry(message, erp, lambda: MONDAY + after)


def states() -> list[str]:
    with acting(FEED):
        return list(ReceiptWrite.objects.order_by("id").values_list("state", flat=True))


def the_write() -> ReceiptWrite:
    with acting(FEED):
        return ReceiptWrite.objects.select_related("order").latest("id")


@pytest.fixture
def counted(people: Any) -> tuple[Any, ReceiptCommand]:
    """58 good pieces of the 60 that a notice announced."""
    order = an_agreed_order(people["asha"])
    notice = a_sent_notice(order, people["asha"], {"L10": 60})
    return order, a_count(order, {"L10": 58}, notice)


def test_the_paper_survives_the_outbox(counted: Any) -> None:
    order, command = counted
    message = tell(command, order)

    assert receipt_from_json(message.payload, key="") == command
    assert receipt_to_json(command) == message.payload


def test_a_count_is_booked_once_and_again_changes_nothing(counted: Any) -> None:
    order, command = counted
    message = tell(command, order)
    erp = ScriptedErp(CONFIRMED)

    assert deliver(message, erp) == "confirmed"
    assert deliver(message, erp) == "confirmed"

    assert erp.told == [replace(command, key=str(message.key))]
    write = the_write()
    assert (write.reference, write.stream, write.order_ids) == (
        "stock.shipment.in,1",
        f"shipment:{command.consignment}",
        [order.pk],
    )


def test_what_is_reversed_takes_the_place_of_what_was_posted(counted: Any) -> None:
    order, command = counted
    posted = tell(command, order)
    gone = tell(replace(command, reversed=True), order)
    erp = ScriptedErp(ValidationRefused("The period is closed."), CONFIRMED)

    assert deliver(posted, erp) == "person"
    assert deliver(gone, erp) == "confirmed"
    assert states() == ["superseded", "confirmed"]
    assert deliver(posted, erp) == "superseded"
    assert [one.reversed for one in erp.told] == [False, True]


def test_after_a_call_that_never_came_back_it_rests_and_is_told_again(counted: Any) -> None:
    order, command = counted
    message = tell(command, order)
    erp = ScriptedErp(UnknownOutcome("No answer."), CONFIRMED)

    with pytest.raises(RetryLater) as caught:
        deliver(message, erp)
    assert caught.value.wait == SLOW + timedelta(seconds=1)
    assert states() == ["unknown"]
    with pytest.raises(RetryLater, match="may still be at work"):
        deliver(message, erp, timedelta(seconds=10))
    assert len(erp.told) == 1
    review(fresh(), at=LATER)
    assert the_case().kind == CaseKind.ERP_UNKNOWN

    assert deliver(message, erp, SLOW) == "confirmed"
    review(fresh(), at=LATER)
    assert the_case().closed_because == CloseReason.IN_ERP


def test_a_disturbance_is_tried_again(counted: Any) -> None:
    order, command = counted
    message = tell(command, order)
    erp = ScriptedErp(Transient("Restarting."), CONFIRMED)

    with pytest.raises(RetryLater):
        deliver(message, erp)
    assert deliver(message, erp, SLOW) == "confirmed"


def test_an_erp_that_cannot_be_told_makes_a_task_to_key(counted: Any, people: Any) -> None:
    order, command = counted
    message = tell(command, order)

    assert deliver(message, ScriptedErp(books_receipts=False)) == "to_key"
    assert the_write().reason.endswith("Key in the receipt.")
    review(fresh())
    assert the_case().kind == CaseKind.ERP_TO_KEY
    assert title_of(the_case(), LATER) == "Key the receipt of DN-1 into the ERP"
    ines = people["ines"].actor
    with acting(ines):
        call_it_keyed(the_write(), actor=ines, at=LATER)
    review(fresh())
    assert the_case().closed_because == CloseReason.IN_ERP
    with acting(ines), pytest.raises(IllegalTransition, match="waits for nobody"):
        call_it_keyed(the_write(), actor=ines, at=LATER)

    gone = tell(replace(command, reversed=True), order)
    assert deliver(gone, ScriptedErp(books_receipts=False)) == "to_key"
    assert the_write().reason.endswith("If the receipt was keyed in, take it back there.")
    review(fresh())
    assert title_of(the_case(), LATER) == "Take the receipt of DN-1 out of the ERP"


def test_a_refusal_is_a_case_until_a_person_has_it_told_again(counted: Any, people: Any) -> None:
    order, command = counted
    message = tell(command, order)
    erp = ScriptedErp(ValidationRefused("The period is closed."), CONFIRMED)

    assert deliver(message, erp) == "person"
    review(fresh())
    assert (the_case().kind, the_case().facts["reason"]) == (CaseKind.ERP_FAILED, "The period is closed.")
    ines = people["ines"].actor
    with acting(ines):
        tell_again(the_write(), actor=ines, at=MONDAY)
    assert deliver(message, erp) == "confirmed"
    review(fresh())
    assert the_case().closed_because == CloseReason.IN_ERP


def test_goods_that_nobody_announced_have_a_story_of_their_own(people: Any) -> None:
    order = an_agreed_order(people["asha"])
    command = a_count(order, {"L10": 5, "L20": 7})

    assert deliver(tell(command, order), ScriptedErp(CONFIRMED)) == "confirmed"
    write = the_write()
    assert (write.stream, write.consignment) == (f"count:{command.count}", None)
    with acting(FEED):
        events = list(AuditEvent.objects.filter(kind="receipt.erp_confirmed"))
        assert about(events) == ({order.pk}, set())


def test_where_nothing_good_came_there_is_nothing_to_book(counted: Any) -> None:
    order, command = counted
    (line,) = command.lines
    erp = ScriptedErp()

    assert (
        deliver(tell(replace(command, lines=(replace(line, quantity=Decimal(0)),)), order), erp)
        == "confirmed"
    )
    assert deliver(tell(replace(command, count=str(order.key), lines=()), order), erp) == "confirmed"
    assert erp.told == []


def test_whatever_is_being_written_to_its_orders_goes_first(counted: Any) -> None:
    order, command = counted
    message = tell(command, order)
    with acting(FEED):
        promise = ErpCommand.objects.create(
            origin="00000000-0000-4000-8000-000000000001",
            supplier_id=order.supplier_id,
            order=order,
            payload={},
            queued_at=MONDAY,
            calling_since=MONDAY,
        )
    with pytest.raises(RetryLater, match="promise is being written"):
        deliver(message, ScriptedErp())
    with acting(FEED):
        ErpCommand.objects.filter(pk=promise.pk).update(state="given_up")
    other = a_count(order, {"L20": 1})
    with pytest.raises(RetryLater, match="No answer"):
        deliver(tell(other, order), ScriptedErp(UnknownOutcome("No answer.")))

    with pytest.raises(RetryLater, match="Another paper"):
        deliver(message, ScriptedErp())
    assert deliver(message, ScriptedErp(CONFIRMED), timedelta(hours=2)) == "confirmed"


def test_what_a_folder_was_told_is_confirmed_or_refused_by_its_results(counted: Any, tmp_path: Any) -> None:
    order, command = counted
    message = tell(command, order)
    assert deliver(message, FilesConnector(tmp_path)) == "sent"
    text = (tmp_path / "out" / f"count-{message.key}.counts.csv").read_text()
    assert "posted" in text
    assert "DN-1" in text
    assert (tmp_path / "out" / f"count-{message.key}.manifest.json").exists()

    def answer(outcome: Outcome, reason: str = "") -> None:
        result = Sighting(CommandResult(str(message.key), outcome, reason), "")
        with acting(FEED):
            taken = take_papers(Feed.COMMAND_RESULTS, [result], MONDAY)
        assert (taken.stored, taken.refused) == (1, [])

    answer(Outcome.REFUSED, "There is no such line.")
    assert states() == ["person"]
    answer(Outcome.SENT)
    assert states() == ["confirmed"]
    with acting(FEED):
        assert not NoticeWrite.objects.exists()
