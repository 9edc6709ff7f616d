"""An order for the printer and as a PDF: the same for both sides, at once or by a worker."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse
from kombu.exceptions import OperationalError

from portal.kernel.pdf import PdfUnavailable
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.services import acknowledge_order
from procurement.orders import tasks
from procurement.orders.models import OrderDocument
from procurement.orders.views import paper
from tests.builders.world import MONDAY, a_line, an_order
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 a long order"


def address(order, name="order-pdf"):
    return reverse(name, kwargs={"key": order.key})


@pytest.fixture
def short_patience(monkeypatch):
    """Orders of more than two lines count as long."""
    monkeypatch.setattr(paper, "AT_ONCE", 2)


@pytest.fixture
def typesetter(monkeypatch):
    """A typesetter that is done at once, and remembers what it was given."""
    given = []

    def render(html, **_rest):
        given.append(html)
        return PDF

    monkeypatch.setattr(paper, "render_pdf", render)
    monkeypatch.setattr(tasks, "render_pdf", render)
    return given


@pytest.mark.parametrize("who", ["asha", "bea"])
def test_the_print_view_leaves_nothing_out(people, who):
    order = an_order("1", [a_line(10, note="Certificate 3.1"), a_line(20, item_number="VALVE-25")])
    with acting(people["asha"].actor):
        acknowledge_order(
            AcknowledgeOrder(order.key, 1, rest_as_asked=True),
            actor=people["asha"].actor,
            at=MONDAY + timedelta(hours=1),
        )

    page = signed_in(people[who]).get(address(order, "order-print")).content.decode()

    for said in (
        "Northmoor Supply",
        "Acme Valves",
        "VALVE-25",
        "Certificate 3.1",
        "6.85",
        "1,370.00",
        "FCA Pune",
        "Agreed",
    ):
        assert said in page, said


def test_a_printed_line_says_the_same_to_both_sides_and_in_the_pdf(people, typesetter):
    order = an_order("1", [a_line(10)])
    asha = people["asha"].actor
    later = AnswerPiece(delivery_on=date(2026, 4, 7))
    with acting(asha):
        acknowledge_order(
            AcknowledgeOrder(order.key, 1, (LineAnswer("L10", (later,)),)), actor=asha, at=MONDAY
        )

    printed = [
        signed_in(people[who]).get(address(order, "order-print")).content.decode() for who in ("asha", "bea")
    ]
    signed_in(people["bea"]).get(address(order))

    for page in (*printed, *typesetter):
        assert re.search(r"7 Apr 2026.*?<span>(.*?)</span>", page, re.S)[1] == "Answered"


def test_a_stranger_gets_neither_paper(people):
    order = an_order("1")

    for name in ("order-print", "order-pdf"):
        assert signed_in(people["gil"]).get(address(order, name)).status_code == 404


def test_printing_costs_the_same_queries_for_one_line_and_thirty(people, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    few, many = an_order("1", lines=1), an_order("2", lines=30)
    client = signed_in(people["asha"])
    client.get(address(few, "order-print"))
    with CaptureQueriesContext(connection) as asked:
        client.get(address(few, "order-print"))

    with django_assert_num_queries(len(asked)):
        client.get(address(many, "order-print"))


def test_a_short_order_is_a_pdf_at_once(people, typesetter):
    response = signed_in(people["asha"]).get(address(an_order("45/1")))

    assert (response.status_code, response.content) == (200, PDF)
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'inline; filename="order-45-1.pdf"'
    assert "Purchase order 45/1" in typesetter[0]


def test_the_real_typesetter_makes_a_pdf(people):
    response = signed_in(people["asha"]).get(address(an_order("1")))

    if response.status_code == 503:
        pytest.skip("this machine has no Pango")
    assert response.content.startswith(b"%PDF-")


def test_where_no_pdf_can_be_made_the_page_leads_to_the_print_view(people, monkeypatch):
    def render(html, **_rest):
        raise PdfUnavailable("Pango is missing on this machine.")

    monkeypatch.setattr(paper, "render_pdf", render)
    order = an_order("1")

    response = signed_in(people["asha"]).get(address(order))

    assert response.status_code == 503
    assert b"Pango is missing" in response.content
    assert address(order, "order-print").encode() in response.content


def test_a_long_order_is_made_by_a_worker_and_kept(
    people, short_patience, typesetter, monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    monkeypatch.setattr(
        paper.current_app, "send_task", lambda name, **told: sent.append((name, told["kwargs"]))
    )
    order = an_order("1", lines=3)
    asha = signed_in(people["asha"])

    offered = asha.get(address(order))
    with django_capture_on_commit_callbacks(execute=True):
        asked = asha.post(address(order))
    waiting = asha.get(address(order))
    with acting(FEED):
        document = OrderDocument.objects.get()
    made = tasks.make_document(document_id=document.pk)
    polled = asha.get(address(order), headers={"HX-Request": "true"})
    ready = asha.get(address(order))

    assert b"Make the PDF" in offered.content
    assert asked.status_code == 303
    assert sent == [("orders.make_document", {"document_id": document.pk})]
    assert b'hx-trigger="every 2s"' in waiting.content
    assert made
    assert b"Open the PDF" in polled.content
    assert (ready["Content-Type"], ready.content) == ("application/pdf", PDF)
    assert len(typesetter) == 1


def test_asking_twice_makes_one(people, short_patience, typesetter):
    order = an_order("1", lines=3)

    for who in ("asha", "bea"):
        signed_in(people[who]).post(address(order))

    with acting(FEED):
        assert OrderDocument.objects.count() == 1


def test_a_new_version_of_the_order_needs_a_new_pdf(people, short_patience, typesetter):
    order = an_order("1", lines=3)
    asha = signed_in(people["asha"])
    asha.post(address(order))
    with acting(FEED):
        tasks.make_document(document_id=OrderDocument.objects.get().pk)
    with acting(people["asha"].actor):
        acknowledge_order(
            AcknowledgeOrder(order.key, 1, rest_as_asked=True),
            actor=people["asha"].actor,
            at=MONDAY + timedelta(hours=1),
        )

    assert b"Make the PDF" in asha.get(address(order)).content


def test_a_failed_one_says_why_and_can_be_tried_again(people, short_patience, monkeypatch):
    def render(html, **_rest):
        raise PdfUnavailable("It was not ready after 180 seconds.")

    monkeypatch.setattr(tasks, "render_pdf", render)
    order = an_order("1", lines=3)
    asha = signed_in(people["asha"])
    asha.post(address(order))
    with acting(FEED):
        document = OrderDocument.objects.get()

    assert tasks.make_document(document_id=document.pk) is False

    page = asha.get(address(order)).content
    assert b"not ready after 180 seconds" in page
    assert b"Try again" in page


def test_without_a_broker_it_says_so(people, short_patience, monkeypatch, django_capture_on_commit_callbacks):
    def send_task(*_arguments, **_rest):
        raise OperationalError("no broker")

    monkeypatch.setattr(paper.current_app, "send_task", send_task)
    order = an_order("1", lines=3)
    asha = signed_in(people["asha"])

    with django_capture_on_commit_callbacks(execute=True):
        asha.post(address(order))

    assert b"No worker can be reached" in asha.get(address(order)).content


def test_a_stranger_finds_no_paper_of_ours(people, short_patience, typesetter):
    order = an_order("1", lines=3)
    signed_in(people["asha"]).post(address(order))

    with acting(people["gil"].actor):
        assert not OrderDocument.objects.exists()
