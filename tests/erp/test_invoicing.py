"""Approved invoices on their way to the ERP: booked once in effect, taken out, keyed in by hand where it must be; and
how far they are paid, as the ERP tells it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import RetryLater
from portal.kernel.scope import acting
from procurement.bills.messages import BillLinePaper, BillPaper
from procurement.erp.connection import the_connection
from procurement.erp.connectors.files import FilesConnector
from procurement.erp.delivery import carry
from procurement.erp.inbound import take_papers
from procurement.erp.invoicing import OTHERWISE, TOLD_ANEW, command_for, tell_anew
from procurement.erp.messages import Picture, invoice_from_json, invoice_to_json
from procurement.erp.models import InvoiceWrite
from procurement.erp.ports import (
    CommandResult,
    Feed,
    InvoicePart,
    Outcome,
    Sighting,
    Transient,
    UnknownOutcome,
    ValidationRefused,
    WriteResult,
)
from procurement.erp.telling import call_it_keyed, tell_again
from procurement.inbox.presenters.rows import title_of
from procurement.inbox.states import CaseKind, CloseReason
from procurement.invoices.models import Invoice
from procurement.invoices.services import approve_invoice
from procurement.payables.presenters.sentences import held_text
from tests.builders.changes import an_agreed_order
from tests.builders.inbox import LATER, review, the_case
from tests.builders.invoices import settle
from tests.builders.told_counts import a_count
from tests.builders.told_counts import tell as tell_count
from tests.builders.told_invoices import PDF, an_approved_invoice, tell
from tests.builders.world import MONDAY, fresh
from tests.erp.scripted import SLOW, ScriptedErp
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

EVERYTHING = frozenset(InvoicePart)
CONFIRMED = WriteResult(Outcome.CONFIRMED, reference="account.invoice,1")


def deliver(message: Any, erp: Any, after: timedelta = timedelta(0)) -> str:
    return carry(message, erp, lambda: MONDAY + after)


def states() -> list[str]:
    with acting(FEED):
        return list(InvoiceWrite.objects.order_by("id").values_list("state", flat=True))


def the_write() -> InvoiceWrite:
    with acting(FEED):
        return InvoiceWrite.objects.select_related("order", "invoice").latest("id")


@pytest.fixture
def order(people: Any) -> Any:
    return an_agreed_order(people["asha"])


def test_what_is_told_is_what_was_approved_and_it_survives_the_outbox(order: Any) -> None:
    invoice = an_approved_invoice(order, {"L10": 60, "L20": 5}, freight="25.00", picture=True)
    with acting(FEED):
        command = command_for(invoice)

    assert invoice_from_json(invoice_to_json(command), key="") == command
    assert (command.invoice, command.number, command.kind) == (str(invoice.document), "R-2041", "invoice")
    assert [(one.order, one.key, one.quantity, one.amount, one.tax_rate) for one in command.lines] == [
        (order.number, "L10", Decimal(60), Decimal(1104), Decimal(19)),
        (order.number, "L20", Decimal(5), Decimal(92), Decimal(19)),
    ]
    assert [(one.code, one.amount) for one in command.charges] == [("FC", Decimal(25))]
    assert [(one.base, one.amount) for one in command.taxes] == [(Decimal(1221), Decimal("231.99"))]
    assert (command.net, command.total) == (Decimal(1221), Decimal("1452.99"))
    assert (command.picture, command.due_on) == ("R-2041.pdf", date(2026, 4, 1))


def test_an_invoice_is_booked_once_with_its_picture_and_again_changes_nothing(order: Any) -> None:
    invoice = an_approved_invoice(order, {"L10": 60}, picture=True)
    message = tell(invoice)
    erp = ScriptedErp(CONFIRMED)

    assert deliver(message, erp) == "confirmed"
    assert deliver(message, erp) == "confirmed"

    with acting(FEED):
        assert erp.told == [replace(command_for(invoice), key=str(message.key))]
        facts = AuditEvent.objects.get(kind="invoice.erp_confirmed")
    assert erp.pictures == [Picture("R-2041.pdf", "application/pdf", PDF)]
    write = the_write()
    assert (write.reference, write.stream, write.order, write.order_ids) == (
        "account.invoice,1",
        f"invoice:{invoice.document}",
        order,
        [order.pk],
    )
    assert (facts.stream, facts.internal, facts.facts["number"]) == (write.stream, True, "R-2041")


def test_what_is_voided_or_reopened_takes_the_place_of_what_was_booked(order: Any) -> None:
    invoice = an_approved_invoice(order, {"L10": 60})
    booked, gone = tell(invoice), tell(invoice, "invoice.reopened")
    erp = ScriptedErp(ValidationRefused("The period is closed."), CONFIRMED, CONFIRMED)

    assert deliver(booked, erp) == "person"
    assert deliver(gone, erp) == "confirmed"
    assert states() == ["superseded", "confirmed"]
    assert deliver(booked, erp) == "superseded"
    assert deliver(tell(invoice), erp) == "confirmed"  # approved anew
    assert [one.voided for one in erp.told] == [False, True, False]
    assert len({one.invoice for one in erp.told}) == 1


def test_what_was_taken_back_before_the_erp_heard_of_it_is_never_booked(order: Any) -> None:
    invoice = an_approved_invoice(order, {"L10": 60})
    booked, gone = tell(invoice), tell(invoice, "invoice.voided")
    with acting(FEED):
        Invoice.objects.filter(pk=invoice.pk).update(state="voided")
    erp = ScriptedErp(CONFIRMED)

    assert deliver(booked, erp) == "superseded"
    assert deliver(gone, erp) == "confirmed"
    assert [one.voided for one in erp.told] == [True]


def test_after_a_call_that_never_came_back_it_rests_and_is_told_again(order: Any) -> None:
    message = tell(an_approved_invoice(order, {"L10": 60}))
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


def test_what_this_erp_cannot_book_is_a_task_with_exact_values(order: Any, people: Any) -> None:
    no_charges = ScriptedErp(invoices_out=EVERYTHING - {InvoicePart.CHARGES})
    message = tell(an_approved_invoice(order, {"L10": 60}, freight="25.00"))

    assert deliver(message, no_charges) == "to_key"
    assert the_write().reason.endswith("Key it in as it stands below.")
    review(fresh())
    assert the_case().kind == CaseKind.ERP_TO_KEY
    assert title_of(the_case(), LATER) == "Key invoice R-2041 into the ERP"
    ines = people["ines"].actor
    with acting(ines):
        call_it_keyed(the_write(), actor=ines, at=LATER)
    review(fresh())
    assert the_case().closed_because == CloseReason.IN_ERP

    gone = tell(the_write().invoice, "invoice.voided")
    assert deliver(gone, ScriptedErp(invoices_out=frozenset())) == "to_key"
    assert "take it out there" in the_write().reason
    review(fresh())
    assert title_of(the_case(), LATER) == "Take invoice R-2041 out of the ERP"


def test_a_refusal_is_a_case_until_a_person_has_it_told_again(order: Any, people: Any) -> None:
    message = tell(an_approved_invoice(order, {"L10": 60}))
    erp = ScriptedErp(Transient("Restarting."), ValidationRefused("The period is closed."), CONFIRMED)

    with pytest.raises(RetryLater):
        deliver(message, erp)
    assert deliver(message, erp, SLOW) == "person"
    review(fresh())
    assert (the_case().kind, the_case().facts["reason"]) == (CaseKind.ERP_FAILED, "The period is closed.")
    ines = people["ines"].actor
    with acting(ines):
        tell_again(the_write(), actor=ines, at=MONDAY)
    assert deliver(message, erp, SLOW) == "confirmed"
    review(fresh())
    assert the_case().closed_because == CloseReason.IN_ERP


def test_whatever_is_being_written_to_its_orders_goes_first(order: Any) -> None:
    count = tell_count(a_count(order, {"L20": 1}), order)
    with pytest.raises(RetryLater, match="No answer"):
        deliver(count, ScriptedErp(UnknownOutcome("No answer.")))
    message = tell(an_approved_invoice(order, {"L10": 60}))

    with pytest.raises(RetryLater, match="Another paper"):
        deliver(message, ScriptedErp())
    assert deliver(message, ScriptedErp(CONFIRMED), timedelta(hours=2)) == "confirmed"


def test_what_a_folder_was_told_is_confirmed_or_refused_by_its_results(order: Any, tmp_path: Any) -> None:
    message = tell(an_approved_invoice(order, {"L10": 60}, freight="25.00", picture=True))
    assert deliver(message, FilesConnector(tmp_path)) == "sent"
    text = (tmp_path / "out" / f"invoice-{message.key}.invoices_out.csv").read_text()
    assert [row.split(",")[15] for row in text.splitlines()] == ["row_kind", "line", "charge", "tax"]
    assert (tmp_path / "out" / f"invoice-{message.key}.manifest.json").exists()

    def answer(outcome: Outcome, reason: str = "") -> None:
        result = Sighting(CommandResult(str(message.key), outcome, reason), "")
        with acting(FEED):
            taken = take_papers(Feed.COMMAND_RESULTS, [result], MONDAY)
        assert (taken.stored, taken.refused) == (1, [])

    answer(Outcome.REFUSED, "There is no such line.")
    assert states() == ["person"]
    answer(Outcome.SENT)
    assert states() == ["confirmed"]


def test_what_is_not_posted_yet_is_told_anew_when_its_order_moves(order: Any) -> None:
    invoice = an_approved_invoice(order, {"L10": 60})
    assert deliver(tell(invoice), ScriptedErp(CONFIRMED)) == "confirmed"
    with acting(FEED):
        # Its worker was killed before it could note that it is delivered.
        OutboxMessage.objects.update(state="leased", leased_by=7)
        events = [AuditEvent(kind="order.revised", stream=order.stream)]
        connection = the_connection()
    assert tell_anew(events, MONDAY) == "nothing booked"  # an ERP that is told by files keeps what it took
    with acting(FEED):
        connection.found = {"read_back": "immediate"}
        connection.save(update_fields=["found"])

    assert tell_anew(events, MONDAY) == "told anew 1"
    assert tell_anew(events, MONDAY) == "told anew 1"  # and is on its way already

    with acting(FEED):
        message = OutboxMessage.objects.get(kind=TOLD_ANEW)
    erp = ScriptedErp(CONFIRMED)
    assert deliver(message, erp) == "confirmed"
    assert [(one.invoice, one.voided) for one in erp.told] == [(str(invoice.document), False)]


# --- the way back -------------------------------------------------------------------------------------------


def booked(order: Any, state: str, *, open_amount: str = "0", **changed: Any) -> BillPaper:
    """What the ERP tells of the invoice: 60 at 18.40 and 19 % of taxes."""
    values: dict[str, Any] = {
        "company": "NM",
        "supplier": "ACME",
        "key": "5100088123",
        "invoiced_on": date(2026, 3, 2),
        "currency": "EUR",
        "total": Decimal("1313.76"),
        "open_amount": Decimal(open_amount),
        "state": state,
        "number": "RE-1",
        "reference": "r 2041",
        "due_on": date(2026, 4, 1),
        "lines": (BillLinePaper(order.number, "L10", Decimal(60), Decimal(1104)),),
    }
    return BillPaper(**{**values, **changed})


def tells(paper: BillPaper, at: Any = MONDAY) -> None:
    with acting(FEED):
        taken = take_papers(Feed.INVOICES, [Sighting(paper, "")], at)
    assert taken.refused == []


def standing() -> tuple[str, str, date | None, date | None]:
    with acting(FEED):
        invoice = Invoice.objects.select_related("bill").get()
    return invoice.state, invoice.bill.key if invoice.bill else "", invoice.pay_on, invoice.paid_on


def test_how_far_it_is_paid_is_what_the_erp_tells_under_its_number(order: Any) -> None:
    deliver(tell(an_approved_invoice(order, {"L10": 60})), ScriptedErp(CONFIRMED))
    tells(booked(order, "entered", open_amount="1313.76", supplier="GLOBEX", key="other"))
    assert standing() == ("approved", "", None, None)

    tells(booked(order, "entered", open_amount="1313.76"))
    assert standing() == ("approved", "5100088123", None, None)
    tells(booked(order, "approved", open_amount="1313.76"))
    assert standing() == ("scheduled", "5100088123", date(2026, 4, 1), None)
    tells(booked(order, "partly_paid", open_amount="13.76"))
    assert standing() == ("scheduled", "5100088123", date(2026, 4, 1), None)
    tells(booked(order, "paid", paid_on=date(2026, 3, 30)))
    assert standing() == ("paid", "5100088123", date(2026, 4, 1), date(2026, 3, 30))
    tells(booked(order, "paid", paid_on=date(2026, 3, 30)), LATER)
    assert standing() == ("paid", "5100088123", date(2026, 4, 1), date(2026, 3, 30))
    tells(booked(order, "approved", open_amount="1313.76"), LATER)  # the bank gave it back
    assert standing()[0] == "scheduled"


def test_what_the_erp_held_before_it_was_told_is_joined_when_it_says_so(order: Any) -> None:
    tells(booked(order, "approved", open_amount="1313.76"))
    message = tell(an_approved_invoice(order, {"L10": 60}))
    assert standing()[:2] == ("approved", "")

    assert deliver(message, ScriptedErp(CONFIRMED)) == "confirmed"

    assert standing() == ("scheduled", "5100088123", date(2026, 4, 1), None)


def test_what_a_folder_has_told_of_before_is_not_asked_for_again(order: Any, tmp_path: Any) -> None:
    tells(booked(order, "approved", open_amount="1313.76"))
    first = tell(an_approved_invoice(order, {"L10": 60}))
    assert deliver(first, FilesConnector(tmp_path)) == "confirmed"
    assert standing() == ("scheduled", "5100088123", date(2026, 4, 1), None)

    lines = (BillLinePaper(order.number, "L10", Decimal(10), Decimal(1104)),)
    tells(booked(order, "approved", reference="R 7", key="5100088124", lines=lines))
    assert (
        deliver(tell(an_approved_invoice(order, {"L10": 60}, number="R-7")), FilesConnector(tmp_path))
        == "person"
    )
    assert the_write().reason == OTHERWISE
    tells(booked(order, "cancelled", reference="R-8", key="5100088125"))
    assert (
        deliver(tell(an_approved_invoice(order, {"L10": 60}, number="R-8")), FilesConnector(tmp_path))
        == "sent"
    )

    assert len(list((tmp_path / "out").glob("*.csv"))) == 1


def test_what_is_thrown_out_there_is_held_here_unless_another_stands_in_its_place(order: Any) -> None:
    deliver(tell(an_approved_invoice(order, {"L10": 60})), ScriptedErp(CONFIRMED))
    tells(booked(order, "approved", open_amount="1313.76"))
    tells(booked(order, "approved", open_amount="1313.76", key="5100088124", reference="R-02041"))
    tells(booked(order, "cancelled"))
    assert standing()[:2] == ("scheduled", "5100088124")

    tells(booked(order, "cancelled", key="5100088124"))

    # It goes back to accounts payable, is paid by nobody, and the ERP need not be told.
    assert standing() == ("held", "", None, None)
    with acting(FEED):
        invoice = Invoice.objects.get()
        assert (invoice.acts, invoice.approved_by) == ("payables", "")
        assert held_text(invoice.held_for).startswith("The ERP has cancelled its booking.")
        told = OutboxMessage.objects.filter(topic="erp", kind__startswith="invoice.")
        assert [one.kind for one in told] == ["invoice.approved"]
    # Told again, that changes nothing, before and after it is approved once more: then it is booked once more.
    tells(booked(order, "cancelled", key="5100088124", stamp=MONDAY + timedelta(hours=1)))
    assert standing()[0] == "held"
    settle(approve_invoice, invoice, "It was the wrong account.", at=MONDAY)
    tells(booked(order, "cancelled", key="5100088124", stamp=MONDAY + timedelta(hours=2)))
    assert standing()[:2] == ("approved", "")
    with acting(FEED):
        again = OutboxMessage.objects.filter(kind="invoice.approved").order_by("-id")[0]
    erp = ScriptedErp(CONFIRMED)
    assert deliver(again, erp) == "confirmed"
    assert (erp.told[0].cancelled, erp.told[0].voided) == (1, False)
    tells(booked(order, "approved", open_amount="1313.76", key="5100088126"))
    assert standing()[:2] == ("scheduled", "5100088126")
    tells(booked(order, "paid", open_amount="0", key="5100088126", paid_on=date(2026, 4, 2)))
    tells(booked(order, "cancelled", key="5100088126"))
    assert standing() == ("held", "", None, None)


def test_another_total_under_its_number_does_not_stand_in_the_place_of_what_was_thrown_out(
    order: Any,
) -> None:
    deliver(tell(an_approved_invoice(order, {"L10": 60})), ScriptedErp(CONFIRMED))
    tells(booked(order, "paid", paid_on=date(2026, 4, 2)))
    tells(booked(order, "approved", total=Decimal("1300.00"), open_amount="1300.00", key="5100088124"))
    assert standing()[:2] == ("paid", "5100088123")

    tells(booked(order, "cancelled"))

    assert standing() == ("held", "", None, None)


def test_what_waited_for_a_person_waits_no_more_once_its_booking_is_cancelled(order: Any) -> None:
    message = tell(an_approved_invoice(order, {"L10": 60}))
    assert deliver(message, ScriptedErp(ValidationRefused("It was cancelled."))) == "person"
    tells(booked(order, "cancelled"))
    assert (standing()[0], the_write().state) == ("held", "superseded")
