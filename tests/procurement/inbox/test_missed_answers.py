"""A question about an invoice that nobody answers in time: whose case it is, who is called, and how it ends."""

from datetime import timedelta

import pytest

from portal.kernel.scope import acting
from procurement.clocks.services import advance_clocks
from procurement.clocks.tasks import CLOCKS
from procurement.inbox.models import ExceptionCase
from procurement.inbox.presenters.pages import own_page
from procurement.inbox.presenters.rows import title_of
from procurement.inbox.services.clocks import call_people
from procurement.inbox.services.owning import change_hands
from procurement.inbox.services.review import INBOX, review_cases
from procurement.inbox.services.sweeping import sweep
from procurement.payables.messages import AnswerQuestion
from procurement.payables.services.asking import answer_question
from procurement.payables.services.deciding import send_back
from procurement.payables.services.following import drop_questions
from tests.builders.counts import a_posted_sheet
from tests.builders.invoices import a_sent_invoice
from tests.builders.payables import an_invoice_over_price, ask, desk
from tests.people import FEED
from tests.procurement.inbox.test_clocks import hear, keep, reminded

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def missed(**wanted):
    with acting(FEED):
        return list(ExceptionCase.objects.filter(cause="question", **wanted).order_by("id"))


def reviewed(invoice, at):
    with acting(INBOX):
        review_cases((), [invoice.stream], actor=INBOX, at=at)


def test_a_silent_supplier_becomes_a_case_of_who_asked_and_climbs_the_ladder(people):
    invoice = an_invoice_over_price(people)
    question = ask(invoice, people["otto"])
    reviewed(invoice, question.due_at - MINUTE)
    sweep(question.due_at - MINUTE)
    assert missed() == []
    at = question.due_at + MINUTE

    assert sweep(at)["due"] == 1
    assert sweep(at)["due"] == 0

    (case,) = missed()
    otto, boss = people["otto"].user.pk, people["max"].user.pk
    assert (case.kind, case.state, case.owner_id, case.holder_id, case.owned_by) == (
        "answer_missed",
        "open",
        otto,
        otto,
        "asked",
    )
    assert title_of(case, at) == "The supplier does not answer about invoice INV-1: “Why 7.06?”"
    assert own_page(case) == (f"/payables/{invoice.key}/", "Open the invoice")
    with acting(FEED):
        assert change_hands(at) == 0  # it stays with who asked
    keep(case, at)
    for hours in range(1, 24 * 10, 12):
        with acting(CLOCKS):
            advance_clocks(actor=CLOCKS, at=at + timedelta(hours=hours))
    hear(case, ["clock.step_reached"], call_people, at + timedelta(days=10))
    assert reminded(case) == [("remind", [otto]), ("manager", [boss]), ("stand_in", [boss])]

    with acting(people["asha"].actor):
        answer_question(AnswerQuestion(question.key, 1, "Copper went up."), actor=people["asha"].actor, at=at)
    reviewed(invoice, at + timedelta(days=10))
    (case,) = missed()
    assert (case.state, case.closed_because) == ("resolved", "told")


def test_a_colleague_who_does_not_answer_has_the_case_and_then_the_manager(people):
    invoice = an_invoice_over_price(people)
    buyer, receiver = ask(invoice, people["otto"], "buyer"), ask(invoice, people["otto"], "receiver")
    at = max(buyer.due_at, receiver.due_at) + MINUTE
    sweep(at)

    found = {case.facts["asked_of"]: case for case in missed()}
    assert found["buyer"].owner_id == people["bea"].user.pk
    assert found["buyer"].facts["people"] == [people["bea"].user.pk]
    assert found["receiver"].owner_id == people["rex"].user.pk
    assert "supplier" not in title_of(found["buyer"], at)

    desk(send_back, invoice, people["otto"], "6.85 was agreed.")
    with acting(FEED):
        drop_questions([invoice.document], actor=FEED, at=at)
    reviewed(invoice, at)
    assert [(case.state, case.closed_because) for case in missed()] == [("resolved", "not_asked")] * 2


def test_of_several_at_the_dock_it_is_whose_count_it_is_else_all_of_them_are_called(people):
    with acting(FEED):
        mia = type(people["max"].user).objects.create_user(
            "mia@northmoor.example", "x", name="Mia", company_role="receiving"
        )
    rex = people["rex"].user.pk
    uncounted = an_invoice_over_price(people, order="4500000009")
    sheet = a_posted_sheet(people, 60)
    with acting(FEED):
        order = sheet.lines.get().order
    counted = a_sent_invoice(order, people["asha"], {"L10": 10}, number="INV-2")
    questions = [ask(one, people["otto"], "receiver") for one in (uncounted, counted)]
    at = max(one.due_at for one in questions) + MINUTE
    sweep(at)

    found = {case.facts["number"]: case for case in missed()}
    assert (found["INV-2"].owner_id, found["INV-1"].owner_id) == (rex, None)
    both = sorted([rex, mia.pk])
    keep(found["INV-1"], at)
    for hours in range(1, 24 * 10, 12):
        with acting(CLOCKS):
            advance_clocks(actor=CLOCKS, at=at + timedelta(hours=hours))
    hear(found["INV-1"], ["clock.step_reached"], call_people, at + timedelta(days=10))
    assert reminded(found["INV-1"])[:2] == [("remind", both), ("manager", [people["max"].user.pk])]
