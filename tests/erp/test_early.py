"""Early payments on their way to the ERP: told once in effect, keyed in where they must be, taken back where told."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.erp.connectors.files import FilesConnector
from procurement.erp.delivery import carry
from procurement.erp.early import (
    BACK_BY_HAND,
    NOT_BY_MACHINE,
    early_command_of,
    take_up_early_payment,
)
from procurement.erp.inbound import take_papers
from procurement.erp.messages import early_payment_from_json, early_payment_to_json
from procurement.erp.models import EarlyPaymentWrite
from procurement.erp.ports import (
    CommandResult,
    Feed,
    Outcome,
    Sighting,
    Transient,
    Unsupported,
    WriteResult,
)
from procurement.erp.presenters_telling import telling_row, told_head
from procurement.erp.telling import call_it_keyed
from procurement.inbox.presenters.rows import title_of
from procurement.inbox.states import CaseKind
from tests.builders.changes import an_agreed_order
from tests.builders.early import a_discount_policy, agree, take_back
from tests.builders.inbox import review, the_case
from tests.builders.told_invoices import an_approved_invoice
from tests.builders.world import MONDAY
from tests.erp.scripted import ScriptedErp
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

DUE = date(2026, 4, 1)


@pytest.fixture
def invoice(people: Any) -> Any:
    a_discount_policy(people)
    return an_approved_invoice(an_agreed_order(people["asha"]), {"L10": 60}, pay_on=DUE)


def message() -> OutboxMessage:
    with acting(FEED):
        found: OutboxMessage = OutboxMessage.objects.filter(kind__startswith="invoice.early").latest("id")
        return found


def told(one: OutboxMessage, erp: Any) -> str:
    return carry(one, erp, lambda: MONDAY)


def states() -> list[str]:
    with acting(FEED):
        return list(EarlyPaymentWrite.objects.order_by("id").values_list("state", flat=True))


def the_write() -> EarlyPaymentWrite:
    with acting(FEED):
        found: EarlyPaymentWrite = EarlyPaymentWrite.objects.select_related("order").latest("id")
        return found


def test_it_is_told_with_its_day_and_figures_and_taken_back_where_it_was_told(
    people: Any, invoice: Any
) -> None:
    agree(invoice, people["asha"])
    agreed, erp = message(), ScriptedErp(Transient("busy"), WriteResult(Outcome.CONFIRMED, "R-1"))
    with pytest.raises(Exception, match="busy"):
        told(agreed, erp)
    assert told(agreed, erp) == "confirmed"
    assert told(agreed, erp) == "confirmed"  # at least once: told once

    command = erp.told[-1]
    assert (command.invoice, command.number, command.pay_on, command.due_on, command.ended) == (
        str(invoice.document),
        "R-2041",
        date(2026, 3, 4),
        DUE,
        False,
    )
    assert (command.total, command.discount, command.to_pay) == (
        Decimal("1313.76"),
        Decimal("12.26"),
        Decimal("1301.50"),
    )
    assert early_payment_from_json(early_payment_to_json(command), key=command.key) == command
    row = telling_row(the_write())
    assert (row.number, row.orders) == ("R-2041", "4500000001")
    assert row.what == "pay it on 4 Mar 2026, 12.26 EUR less"
    assert [one.label for one in told_head(the_write())][2:5] == ["Pay on", "Taken off", "To pay"]

    take_back(invoice, people["asha"])
    assert told(message(), ScriptedErp(WriteResult(Outcome.CONFIRMED))) == "confirmed"
    assert states() == ["confirmed", "confirmed"]
    assert telling_row(the_write()).what == "pay it in full when it was due"


def test_what_was_never_told_is_not_taken_back_and_a_task_is(people: Any, invoice: Any) -> None:
    agree(invoice, people["asha"])
    agreed = message()
    with acting(FEED):
        take_up_early_payment(agreed)  # and the call is put off
    take_back(invoice, people["asha"])
    assert told(message(), ScriptedErp()) == "superseded"

    agree(invoice, people["asha"])
    erp = ScriptedErp(plans_early_payments=False)
    assert told(message(), erp) == "to_key"
    take_back(invoice, people["asha"])
    assert told(message(), erp) == "to_key"  # somebody may have keyed it in, and not said so yet
    assert told(message(), erp) == "to_key"
    assert (states(), the_write().reason) == (["superseded"] * 3 + ["to_key"], BACK_BY_HAND)
    assert (
        told(message(), ScriptedErp(WriteResult(Outcome.CONFIRMED))) == "confirmed"
    )  # the connection learned it


def test_an_erp_that_cannot_plan_it_gets_a_task_with_the_figures_and_a_case(
    people: Any, invoice: Any
) -> None:
    agree(invoice, people["asha"])
    erp = ScriptedErp(plans_early_payments=False)

    assert told(message(), erp) == "to_key"
    assert (erp.told, the_write().reason) == ([], NOT_BY_MACHINE)
    review(the_write().order)
    case = the_case(kind=CaseKind.ERP_TO_KEY)
    assert title_of(case, MONDAY) == "Key into the ERP: invoice R-2041 is paid early, on 4 Mar 2026"

    with acting(people["otto"].actor):
        call_it_keyed(the_write(), actor=people["otto"].actor, at=MONDAY)
    take_back(invoice, people["asha"])
    assert told(message(), erp) == "to_key"
    assert the_write().reason == BACK_BY_HAND


def test_by_files_it_is_a_row_and_the_answer_comes_by_the_feed_of_results(
    people: Any, invoice: Any, tmp_path: Any
) -> None:
    agree(invoice, people["asha"])
    one = message()
    assert told(one, FilesConnector(tmp_path)) == "sent"

    header, row = (tmp_path / "out" / f"early-{one.key}.early_payments.csv").read_text().splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True)) == {
        "command_key": str(one.key),
        "invoice": str(invoice.document),
        "early_state": "agreed",
        "company": "NM",
        "supplier": "ACME",
        "reference": "R-2041",
        "due_on": "2026-04-01",
        "pay_on": "2026-03-04",
        "currency": "EUR",
        "total": "1313.76",
        "discount": "12.26",
        "to_pay": "1301.5",
    }
    with acting(FEED):
        result = CommandResult(str(one.key), Outcome.REFUSED, "No such invoice")
        take_papers(Feed.COMMAND_RESULTS, [Sighting(result, "")], MONDAY)
    assert (states(), the_write().reason) == (["person"], "No such invoice")


def test_tryton_says_that_it_cannot(people: Any, invoice: Any) -> None:
    from procurement.erp.connectors.tryton import TrytonConnector

    agree(invoice, people["asha"])
    told(message(), ScriptedErp(plans_early_payments=False))
    with pytest.raises(Unsupported):
        TrytonConnector.plan_early_payment(None, early_command_of(the_write()))  # type: ignore[arg-type]  # nothing of it is asked
