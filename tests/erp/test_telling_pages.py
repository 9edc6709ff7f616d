"""What the ERP is told of goods, as pages: how it stands, what is told, and the ways out."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.scope import acting
from procurement.erp.booking import take_up_booking
from procurement.erp.invoicing import take_up_invoice
from procurement.erp.models import InvoiceWrite, NoticeWrite, ReceiptWrite
from procurement.erp.noticing import take_up_notice
from procurement.erp.states import Fault, TellingState
from procurement.erp.telling import Write
from procurement.inbox.presenters.pages import own_page
from tests.builders.changes import an_agreed_order
from tests.builders.inbox import review, the_case
from tests.builders.shipments import a_sent_notice
from tests.builders.told_counts import a_count, tell
from tests.builders.told_invoices import an_approved_invoice
from tests.builders.told_invoices import tell as tell_invoice
from tests.builders.world import fresh
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person.user)
    return client


def page(client: Client, name: str, *args: Any, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def stuck(write: Write, state: str, reason: str = "") -> Write:
    with acting(FEED):
        type(write).objects.filter(pk=write.pk).update(state=state, reason=reason, fault=Fault.VALIDATION)
    return write


def a_notice_told(people: Any, order: Any = None, number: str = "DN-1", quantity: int = 5) -> NoticeWrite:
    order = order or an_agreed_order(people["asha"])
    notice = a_sent_notice(order, people["asha"], {"L10": quantity}, number=number)
    with acting(FEED):
        return take_up_notice(OutboxMessage.objects.get(topic="erp", stream=notice.stream))[0]


def a_count_told(order: Any, quantity: int = 5, **changed: Any) -> ReceiptWrite:
    message = tell(a_count(order, {"L10": quantity}, **changed), order)
    with acting(FEED):
        return take_up_booking(message)[0]


def an_invoice_told(order: Any, number: str = "R-2041", quantity: int = 5) -> InvoiceWrite:
    message = tell_invoice(an_approved_invoice(order, {"L10": quantity}, number=number, freight="25.00"))
    with acting(FEED):
        return take_up_invoice(message)[0]


def test_empty_lists_say_what_will_be_there(people: Any) -> None:
    ines = signed_in(people["ines"])

    assert "What a supplier sends is told to the ERP" in page(ines, "integration-tellings")
    assert "which books it" in page(ines, "integration-tellings", what="counts", view="waiting")
    assert "approved to be paid" in page(ines, "integration-tellings", what="invoices", view="waiting")
    early = page(ines, "integration-tellings", what="early", view="waiting")
    assert "No such early payment" in early
    assert "Ship notices</h2>" not in early
    for what in ("notices", "counts", "invoices", "early"):
        assert re.search(
            r"<h1[^>]*>\s*Told to the ERP\s*</h1>", page(ines, "integration-tellings", what=what)
        )


def test_the_monitor_leads_to_the_list_and_the_list_to_each(people: Any) -> None:
    write = a_notice_told(people)
    ines = signed_in(people["ines"])

    assert re.search(
        rf'href="{reverse("integration-tellings")}">.*?Told to the ERP</a>', page(ines, "integration")
    )
    text = page(ines, "integration-tellings")
    assert reverse("integration-telling", args=[write.key]) in text
    assert "expect it on 31 Mar 2026" in text
    assert "DN-1" not in page(ines, "integration-tellings", view="waiting")


def test_what_is_stuck_is_said_on_the_monitor(people: Any) -> None:
    order = an_agreed_order(people["asha"])
    stuck(a_notice_told(people, order), TellingState.TO_KEY)
    stuck(a_count_told(order), TellingState.NEEDS_PERSON)
    stuck(an_invoice_told(order), TellingState.TO_KEY)
    ines = signed_in(people["ines"])

    text = page(ines, "integration")

    assert "1 ship notice is not in the ERP." in text
    assert "1 count is not in the ERP." in text
    assert "1 invoice is not in the ERP." in text
    assert "3 things need you" in text
    assert "R-2041" in page(ines, "integration-tellings", what="invoices", view="waiting")
    assert "DN-1" in page(ines, "integration-tellings", what="notices", view="waiting")


def test_a_count_is_shown_as_it_is_told_with_who_must_act(people: Any) -> None:
    order = an_agreed_order(people["asha"])
    write = stuck(a_count_told(order), TellingState.NEEDS_PERSON, "The period is closed.")

    text = page(signed_in(people["ines"]), "integration-telling", write.key)

    assert "LS-99" in text
    assert "book the receipt of 2 Mar 2026" in text
    assert "The period is closed." in text
    assert "Open the period in the ERP" in text
    assert "Tell again" in text


def test_an_invoice_is_shown_to_be_keyed_in_with_every_amount(people: Any) -> None:
    order = an_agreed_order(people["asha"])
    write = stuck(
        an_invoice_told(order), TellingState.TO_KEY, "This ERP cannot book this invoice by machine."
    )

    text = page(signed_in(people["bea"]), "integration-telling", write.key)

    assert "book an invoice of 139.23 EUR" in text
    assert "<b>Accounts payable.</b> Key in what stands below" in text
    for said in (order.number, "18.4", "92.00 EUR", "Freight", "25.00 EUR", "Tax S 19 %", "22.23 EUR"):
        assert said in text
    assert "1 Apr 2026" in text
    assert "It stands in the ERP" in text


def test_who_may_not_act_sees_no_buttons_and_is_refused(people: Any) -> None:
    write = stuck(a_notice_told(people), TellingState.TO_KEY)
    ada = signed_in(people["ada"])

    assert "It stands in the ERP" not in page(ada, "integration-telling", write.key)
    assert ada.post(reverse("integration-telling-keyed", args=[write.key])).status_code == 403


def test_a_person_has_it_told_again(people: Any) -> None:
    write = stuck(a_notice_told(people), TellingState.NEEDS_PERSON, "Less is open.")
    with acting(FEED):
        OutboxMessage.objects.filter(key=write.key).update(state="delivered", delivered_at=write.queued_at)

    response = signed_in(people["ines"]).post(reverse("integration-telling-again", args=[write.key]))

    assert response.status_code == 303
    with acting(FEED):
        assert OutboxMessage.objects.get(key=write.key).state == MessageState.WAITING


def test_a_buyer_says_that_it_was_keyed_in_and_a_second_press_is_told_so(people: Any) -> None:
    write = stuck(a_notice_told(people), TellingState.TO_KEY)
    bea = signed_in(people["bea"])

    assert bea.post(reverse("integration-telling-keyed", args=[write.key])).status_code == 303
    assert "It stands in the ERP" in page(bea, "integration-telling", write.key)
    again = bea.post(reverse("integration-telling-keyed", args=[write.key]))
    assert again.status_code == 409
    assert "waits for nobody" in again.content.decode()


def test_the_case_leads_to_it(people: Any) -> None:
    write = stuck(a_notice_told(people), TellingState.TO_KEY)
    review(fresh())

    address, _word = own_page(the_case())
    assert address == reverse("integration-telling", args=[write.key])


@pytest.mark.parametrize("what", ["notices", "counts", "invoices"])
def test_thirty_cost_as_many_queries_as_one(people: Any, what: str) -> None:
    order = an_agreed_order(people["asha"])
    ines = signed_in(people["ines"])

    def more(number: int) -> None:
        if what == "notices":
            a_notice_told(people, order, f"DN-{number}", 1)
        elif what == "invoices":
            an_invoice_told(order, f"R-{number}", 1)
        else:
            a_count_told(order, 1)

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page(ines, "integration-tellings", what=what)
        return len(queries)

    more(1)
    page(ines, "integration-tellings", what=what)
    one = asked()
    for number in range(2, 31):
        more(number)
    assert asked() == one


def test_one_of_many_lines_costs_no_more(people: Any) -> None:
    order = an_agreed_order(people["asha"], lines=30)
    ines = signed_in(people["ines"])

    def asked(*keys: str) -> int:
        message = tell(a_count(order, dict.fromkeys(keys, 1)), order)
        with acting(FEED):
            write = take_up_booking(message)[0]
        with CaptureQueriesContext(connection) as queries:
            page(ines, "integration-telling", write.key)
        return len(queries)

    page(ines, "integration-tellings")
    assert asked("L10") == asked(*(f"L{10 * number}" for number in range(1, 31)))
