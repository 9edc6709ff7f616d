"""Cases of invoices as long as our side is to act, and the mails to suppliers, approvers and who asked."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from portal.kernel.errors import Invalid
from portal.kernel.scope import acting
from procurement.inbox.models import ExceptionCase
from procurement.inbox.presenters.pages import own_page
from procurement.inbox.presenters.rows import title_of
from procurement.invoices.models import Invoice
from procurement.invoices.services import revise_invoice, start_credit_for_count
from procurement.payables.messages import AnswerQuestion, InvoiceSaid, PayShort, ShortLine
from procurement.payables.services.approvals import accept_invoice, approve_step, decline_step
from procurement.payables.services.asking import answer_question
from procurement.payables.services.deciding import pay_short, put_on_hold, send_back
from tests.builders.counts import a_posted_sheet, settle
from tests.builders.invoices import a_sent_invoice, do, fresh_invoice, send, write
from tests.builders.matching import a_match_policy
from tests.builders.notices import mailed, react
from tests.builders.payables import a_limit, a_rule, an_invoice_over_price, answer, ask, asked_for, desk
from tests.builders.world import MONDAY
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def cases(**wanted):
    react()
    with acting(FEED):
        return list(ExceptionCase.objects.filter(**wanted).order_by("id"))


def answered(question, person, text="Copper went up.", at=MONDAY):
    with acting(person.actor):
        answer_question(AnswerQuestion(question.key, 1, text), actor=person.actor, at=at)


def test_an_invoice_is_a_case_while_our_side_is_to_act_and_closes_by_itself(people):
    invoice = an_invoice_over_price(people)

    (case,) = cases(cause="invoice")
    assert (case.kind, case.state, case.facts["check"], case.facts["acts"]) == (
        "match_failed",
        "open",
        "price",
        "buyer",
    )
    assert case.subject == invoice.stream
    assert title_of(case, MONDAY).startswith("Invoice INV-1: 7.06 EUR each is claimed on order 4500000001")
    assert own_page(case) == (f"/payables/{invoice.key}/", "Open the invoice")

    question = ask(invoice, people["otto"])
    (case,) = cases(cause="invoice")
    assert (case.state, case.closed_because) == ("resolved", "supplier_acts")

    answered(question, people["asha"])
    (case,) = cases(cause="invoice")
    assert (case.kind, case.state, case.occurrences) == ("invoice_disputed", "open", 2)

    desk(send_back, invoice, people["otto"], "6.85 was agreed.")
    (case,) = cases(cause="invoice")
    assert (case.state, case.closed_because) == ("resolved", "rejected")


def test_a_case_whose_approval_is_asked_is_the_turn_of_who_is_asked_and_of_nobody_else(people, at):
    a_rule(people, 1, role="manager")
    invoice = an_invoice_over_price(people)
    (case,) = cases(cause="invoice")
    assert "Look at it side by side" in at("bea").get(f"/inbox/{case.key}/").content.decode()

    desk(accept_invoice, invoice, people["otto"], "Copper went up.")
    react()

    for name in ("bea", "otto"):
        page = at(name).get(f"/inbox/{case.key}/").content.decode()
        assert "Waits for approval by Manager." in page
        assert "Your turn" not in page
    assert "Approve or decline it." in at("max").get(f"/inbox/{case.key}/").content.decode()
    paper = f"/invoices/{invoice.key}/"
    assert "Waits for approval by Manager. 7.06 EUR each is claimed" in at("bea").get(paper).content.decode()
    assert "Waits for approval by Manager" in at("bea").get("/invoices/").content.decode()
    assert "The buyer acts" not in at("bea").get(f"{paper}match/").content.decode()
    theirs = at("asha").get(paper).content.decode()
    assert "The customer decides" in theirs
    assert "Waits for approval" not in theirs


def test_what_waits_for_goods_or_only_for_approval_is_no_case(people):
    an_invoice_over_price(people, "INV-1", price="6.85", received=40)
    an_invoice_over_price(people, "INV-2", price="6.85", order="4500000002")

    assert cases(cause="invoice") == []
    with acting(FEED):
        assert set(Invoice.objects.values_list("acts", flat=True)) == {"receiver", "payables"}


def test_a_duplicate_is_suspected_and_its_supplier_has_nothing_to_correct(people, at):
    a_match_policy(people)
    first = an_invoice_over_price(people, "INV-1", price="6.85")
    assert first.state == "approved"
    with acting(FEED):
        order = first.lines.get().order
    again = a_sent_invoice(order, people["asha"], {"L10": 100}, number="INV-9")

    (case,) = cases(cause="invoice")

    assert (case.kind, case.facts["number"]) == ("duplicate_suspected", "INV-9")
    assert fresh_invoice(again).state == "held"

    with acting(people["otto"].actor), pytest.raises(Invalid, match="knows no other invoice"):
        # Without the match's word nothing is the same as another.
        send_back(
            InvoiceSaid(first.key, first.version, "Twice.", is_same=True),
            actor=people["otto"].actor,
            at=MONDAY,
        )
    page = at("otto").get(f"/payables/{again.key}/").content.decode()
    assert "It is the same as invoice INV-1: the supplier has nothing to correct" in page
    mailed()
    said = {"version": fresh_invoice(again).version, "reason": "Paid with INV-1.", "is_same": "1"}
    assert at("otto").post(f"/payables/{again.key}/do/reject/", said).status_code == 303
    back = fresh_invoice(again)
    assert (back.state, back.held_for["params"]) == ("rejected", {"other": "INV-1"})
    (letter,) = [one for one in mailed() if "asha@" in one.to[0]]
    assert "It is the same as invoice INV-1: there is nothing to do." in letter.body
    assert "Correct it" not in letter.body
    asha = at("asha")
    assert (
        "same as invoice INV-1: there is nothing to do."
        in asha.get(f"/invoices/{again.key}/").content.decode()
    )
    assert "INV-9" not in asha.get("/invoices/?view=yours").content.decode()
    # It can be corrected all the same, by who knows better.
    assert do(revise_invoice, back, people["asha"]).issue == 2


def test_a_credit_is_expected_from_the_buyers_word_until_the_credit_note_comes(people):
    sheet = a_posted_sheet(people, 56, 4)
    settle(sheet, people["bea"], "credit")

    (case,) = cases(cause="credit")
    assert (case.kind, case.state) == ("credit_expected", "open")
    assert "A credit note is expected" in title_of(case, MONDAY)
    assert own_page(case)[0] == f"/receiving/{sheet.key}/"

    with acting(FEED):
        order = sheet.lines.first().order
    a_sent_invoice(order, people["asha"], {"L10": 60}, number="INV-1")
    with acting(people["asha"].actor):
        draft = start_credit_for_count(sheet.key, actor=people["asha"].actor, at=MONDAY)
    send(write(draft, people["asha"], "CN-1"), people["asha"])
    (case,) = cases(cause="credit")
    assert (case.state, case.closed_because) == ("resolved", "credited")


def test_suppliers_are_told_what_becomes_of_an_invoice_and_approvers_what_waits_for_them(people, settings):
    now = timezone.now()
    a_rule(people, 1, role="buyer")
    a_rule(people, 2, role="manager")
    invoice = an_invoice_over_price(people, at=now)
    mailed()

    def letters():
        found = {}
        for letter in mailed():
            found.setdefault(letter.to[0].split("<")[-1].rstrip(">"), []).append(letter)
        return found

    question = ask(invoice, people["otto"], at=now)
    told = letters()
    assert "otto@northmoor.example" not in told
    (letter,) = told["asha@supplier.example"]
    assert letter.subject == "A question about invoice INV-1"
    assert f"Answer the question: {settings.PUBLIC_URL}/invoices/{invoice.key}/questions/\n" in letter.body
    assert letter.body.count(question.question) == 1
    # It leads nowhere else: a reply would land in the order's thread and answer nothing.
    assert "just reply" not in letter.body
    assert not letter.reply_to

    answered(question, people["asha"], at=now)
    told = letters()
    assert any("answered about invoice INV-1" in one.body for one in told["otto@northmoor.example"])

    desk(accept_invoice, invoice, people["otto"], "Copper went up.", at=now)
    told = letters()
    assert set(told) == {"bea@northmoor.example"}
    (letter,) = told["bea@northmoor.example"]
    assert letter.subject.startswith("Your approval is asked: 840.14 EUR of Acme Valves, invoice INV-1")
    assert "Copper went up." in letter.body
    assert "/approve/" in letter.body

    first, second = asked_for(invoice)
    answer(approve_step, first, people["bea"], at=now)
    told = letters()
    assert set(told) == {"max@northmoor.example"}
    answer(decline_step, asked_for(invoice)[1], people["max"], "Not at this price.", at=now)
    told = letters()
    assert set(told) == {"otto@northmoor.example"}
    assert second.step == 2

    desk(put_on_hold, invoice, people["otto"], "We look into it.", at=now)
    assert "Invoice INV-1 is held" in letters()["asha@supplier.example"][0].subject
    desk(send_back, invoice, people["otto"], "6.85 was agreed.", at=now)
    (letter,) = letters()["asha@supplier.example"]
    assert "Invoice INV-1 is rejected" in letter.subject
    assert "6.85 was agreed." in letter.body


def test_what_was_answered_before_the_mail_left_is_mailed_to_nobody(people):
    now = timezone.now()
    a_rule(people, 1, role="buyer")
    invoice = an_invoice_over_price(people, at=now)
    mailed()
    desk(accept_invoice, invoice, people["otto"], "Agreed.", at=now)
    answer(approve_step, asked_for(invoice)[0], people["bea"], at=now + timedelta(seconds=1))

    told = mailed()

    assert [letter.to[0] for letter in told] == ["Asha Acme <asha@supplier.example>"]
    assert "Invoice INV-1 is approved" in told[0].subject
    assert fresh_invoice(invoice).total == Decimal("840.14")


def test_the_supplier_is_mailed_what_was_cut_and_why(people):
    now = timezone.now()
    a_limit(people, 1000, role="accounts_payable")
    invoice = an_invoice_over_price(people, at=now)
    mailed()
    command = PayShort(
        invoice.key,
        fresh_invoice(invoice).version,
        (ShortLine(1, quantity=Decimal(98), reason="Two came broken"),),
    )
    with acting(people["otto"].actor):
        pay_short(command, actor=people["otto"].actor, at=now)

    text = "\n".join(letter.body for letter in mailed() if "asha@" in letter.to[0])

    assert "Credit note INV-1-CN, written for you, takes off 16.80 EUR." in text
    assert "98 of 100 pcs are paid. Two came broken." in text
