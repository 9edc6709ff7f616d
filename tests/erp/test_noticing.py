"""Ship notices on their way to the ERP: told once in effect, in order, and never lost sight of."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import PutBack, RetryLater
from portal.kernel.scope import acting
from procurement.erp.connectors.files import FilesConnector
from procurement.erp.delivery import carry
from procurement.erp.inbound import take_papers
from procurement.erp.models import ErpCommand, NoticeWrite
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
from procurement.inbox.presenters.rows import title_of
from procurement.inbox.states import CaseKind, CloseReason
from procurement.shipments.messages import notice_from_json, notice_to_json
from procurement.shipments.services import cancel_notice, correct_notice
from tests.builders.changes import an_agreed_order
from tests.builders.inbox import LATER, cases, review, the_case
from tests.builders.shipments import ARRIVES, LEAVES, a_sent_notice, do, send, write
from tests.builders.world import MONDAY, fresh
from tests.erp.scripted import SLOW, ScriptedErp
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


CONFIRMED = WriteResult(Outcome.CONFIRMED, reference="stock.shipment.in,1")


def messages() -> list[OutboxMessage]:
    with acting(FEED):
        kinds = ["shipment.sent", "shipment.cancelled"]
        return list(OutboxMessage.objects.filter(topic="erp", kind__in=kinds).order_by("id"))


def deliver(message: OutboxMessage, erp: Any, after: timedelta = timedelta(0)) -> str:
    return carry(message, erp, lambda: MONDAY + after)


def states() -> list[str]:
    with acting(FEED):
        return list(NoticeWrite.objects.order_by("id").values_list("state", flat=True))


def test_the_paper_says_what_is_on_the_way_and_survives_the_outbox(people: Any) -> None:
    a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": 60}, cartons=(3, 20))
    (message,) = messages()
    command = notice_from_json(message.payload, key=str(message.key))

    assert (command.number, command.company, command.supplier, command.ship_to) == (
        "DN-1",
        "NM",
        "ACME",
        "LEEDS",
    )
    assert (command.ship_on, command.expected_on, command.packages) == (LEAVES, ARRIVES, 3)
    (line,) = command.lines
    assert (line.order, line.key, line.quantity, line.unit) == ("4500000001", "L10", Decimal(60), "pcs")
    assert notice_to_json(command) == {**message.payload, "key": str(message.key)}


def test_a_notice_is_told_once_and_again_changes_nothing(people: Any) -> None:
    a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    (message,) = messages()
    erp = ScriptedErp(CONFIRMED)

    assert deliver(message, erp) == "confirmed"
    assert deliver(message, erp) == "confirmed"
    assert len(erp.told) == 1
    assert states() == ["confirmed"]


def test_a_correction_and_a_withdrawal_supersede_what_was_told_before(people: Any) -> None:
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    second = do(correct_notice, notice, people["asha"])
    write(second, people["asha"], "DN-2")
    send(second, people["asha"])
    do(cancel_notice, second, people["asha"], "The lorry broke down.")
    first, better, gone = messages()
    assert len({first.stream, better.stream, gone.stream}) == 1  # in order, whatever happens to one of them
    erp = ScriptedErp(ValidationRefused("Closed."), CONFIRMED, CONFIRMED)

    assert deliver(first, erp) == "person"
    assert deliver(better, erp) == "confirmed"
    assert deliver(gone, erp) == "confirmed"
    assert states() == ["superseded", "confirmed", "confirmed"]
    assert [(one.number, one.earlier_number, one.withdrawn) for one in erp.told] == [
        ("DN-1", "", False),
        ("DN-2", "DN-1", False),
        ("DN-2", "", True),
    ]
    assert deliver(first, erp) == "superseded"


def test_after_a_call_that_never_came_back_it_rests_and_is_told_again(people: Any) -> None:
    a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    (message,) = messages()
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


def test_a_disturbance_is_tried_again(people: Any) -> None:
    a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    (message,) = messages()
    erp = ScriptedErp(Transient("Restarting."), CONFIRMED)

    with pytest.raises(RetryLater):
        deliver(message, erp)
    assert deliver(message, erp, SLOW) == "confirmed"


def test_an_erp_that_cannot_be_told_makes_a_task_to_key(people: Any) -> None:
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    (message,) = messages()
    erp = ScriptedErp(takes_notices=False)

    assert deliver(message, erp) == "to_key"
    review(fresh())
    case = the_case()
    assert (case.kind, case.facts["lines"]) == (CaseKind.ERP_TO_KEY, [10])
    assert title_of(case, LATER) == "Key ship notice DN-1 into the ERP"

    do(cancel_notice, notice, people["asha"], "The lorry broke down.")
    assert deliver(messages()[-1], erp) == "to_key"
    review(fresh())
    assert title_of(the_case(), LATER) == "Take ship notice DN-1 out of the ERP"
    assert len(cases()) == 1


def test_a_refusal_is_a_case_until_it_is_delivered_again(people: Any) -> None:
    a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    (message,) = messages()
    erp = ScriptedErp(ValidationRefused("Less is open."), CONFIRMED)

    assert deliver(message, erp) == "person"
    review(fresh())
    assert (the_case().kind, the_case().facts["reason"]) == (CaseKind.ERP_FAILED, "Less is open.")
    assert deliver(message, erp) == "confirmed"
    review(fresh())
    assert the_case().closed_because == CloseReason.IN_ERP


def test_a_promise_under_way_on_the_same_order_goes_first(people: Any) -> None:
    a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    order = fresh()
    with acting(FEED):
        ErpCommand.objects.create(
            origin="00000000-0000-4000-8000-000000000001",
            supplier_id=order.supplier_id,
            order=order,
            payload={},
            queued_at=MONDAY,
            calling_since=MONDAY,
        )
    with pytest.raises(RetryLater, match="promise is being written"):
        deliver(messages()[0], ScriptedErp())


def test_what_a_folder_was_told_is_confirmed_or_refused_by_its_results(people: Any, tmp_path: Any) -> None:
    a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    (message,) = messages()
    connector = FilesConnector(tmp_path)
    assert deliver(message, connector) == "sent"
    name = f"notice-{message.key}.ship_notices.csv"
    text = (tmp_path / "out" / name).read_text()
    assert "announced" in text
    assert "DN-1" in text

    def answer(outcome: Outcome, reason: str = "") -> None:
        result = Sighting(CommandResult(str(message.key), outcome, reason), "")
        with acting(FEED):
            taken = take_papers(Feed.COMMAND_RESULTS, [result], MONDAY)
        assert (taken.stored, taken.refused) == (1, [])

    answer(Outcome.REFUSED, "Something of it has been received.")
    assert states() == ["person"]
    review(fresh())
    assert the_case().kind == CaseKind.ERP_FAILED
    answer(Outcome.SENT)
    assert states() == ["confirmed"]


def test_a_paused_connection_holds_notices_back(people: Any, monkeypatch: Any) -> None:
    from procurement.erp import telling

    def shut(*_args: Any, **_more: Any) -> None:
        raise telling.Shut

    a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    monkeypatch.setattr(telling, "begin_calling", shut)
    with pytest.raises(PutBack):
        deliver(messages()[0], ScriptedErp())
    assert states() == []  # as if it had not been taken up


def test_a_number_that_is_free_again_is_told_after_the_one_that_gave_it_back(people: Any) -> None:
    order = an_agreed_order(people["asha"])
    first = a_sent_notice(order, people["asha"], {"L10": 60})
    do(cancel_notice, first, people["asha"], "Another lorry.")
    a_sent_notice(order, people["asha"], {"L10": 60})
    told, gone, again = messages()
    assert told.stream == gone.stream != again.stream
    erp = ScriptedErp(CONFIRMED, CONFIRMED, CONFIRMED)
    deliver(told, erp)

    with pytest.raises(RetryLater, match="number is free again"):
        deliver(again, erp)

    deliver(gone, erp)
    assert deliver(again, erp) == "confirmed"
    assert [one.withdrawn for one in erp.told] == [False, True, False]


def test_a_number_that_a_correction_gave_up_is_told_after_the_correction(people: Any) -> None:
    order = an_agreed_order(people["asha"])
    first = a_sent_notice(order, people["asha"], {"L10": 60})
    better = do(correct_notice, first, people["asha"])
    write(better, people["asha"], "DN-2")
    send(better, people["asha"])
    a_sent_notice(order, people["asha"], {"L10": 40})
    told, corrected, again = messages()
    erp = ScriptedErp(CONFIRMED, CONFIRMED, CONFIRMED)
    deliver(told, erp)

    with pytest.raises(RetryLater, match="number is free again"):
        deliver(again, erp)

    deliver(corrected, erp)
    assert deliver(again, erp) == "confirmed"
