"""Two approve one invoice, or one approves what its supplier takes back, at one moment: real threads."""

from collections import Counter

import pytest

from portal.kernel.scope import acting
from procurement.invoices.services import withdraw_invoice
from procurement.payables.messages import ApprovalSaid
from procurement.payables.services.approvals import accept_invoice, approve_step, decline_step
from tests.builders.invoices import fresh_invoice, named
from tests.builders.payables import a_rule, an_invoice_over_price, asked_for, desk, said
from tests.builders.world import MONDAY
from tests.concurrency.at_once import at_once, kinds

pytestmark = pytest.mark.django_db(transaction=True)


def saying(verb, approval, person, reason="Yes."):
    def work():
        with acting(person.actor):
            command = ApprovalSaid(approval.key, approval.version, reason)
            return verb(command, actor=person.actor, at=MONDAY)

    return work


def asked(people, **rule):
    a_rule(people, 1, **rule)
    invoice = an_invoice_over_price(people)
    desk(accept_invoice, invoice, people["otto"], "Please.")
    return invoice


def test_of_two_who_answer_one_approval_the_second_is_told(people):
    invoice = asked(people, role="manager")
    a_rule(people, 1, role="buyer")  # speaks of what is asked from now on
    (one,) = asked_for(invoice)

    outcomes = at_once(
        saying(approve_step, one, people["max"]), saying(decline_step, one, people["max"], "No.")
    )

    assert kinds(outcomes) == Counter({"Approval": 1, "StaleDocument": 1})
    granted = asked_for(invoice)[0].state == "granted"
    assert fresh_invoice(invoice).state == ("approved" if granted else "held")


def test_two_who_give_the_two_approvals_of_one_step_approve_it_once(people):
    a_rule(people, 1, role="manager")
    invoice = asked(people, role="buyer")
    first, second = asked_for(invoice)

    outcomes = at_once(
        saying(approve_step, first, people["max" if first.role == "manager" else "bea"]),
        saying(approve_step, second, people["max" if second.role == "manager" else "bea"]),
    )

    assert kinds(outcomes) == Counter({"Approval": 2})
    assert fresh_invoice(invoice).state == "approved"


def test_what_is_taken_back_in_that_moment_is_approved_or_taken_back_and_never_both(people):
    invoice = asked(people, role="manager")
    (one,) = asked_for(invoice)
    seen = named(invoice)

    def take_back():
        with acting(people["asha"].actor):
            return withdraw_invoice(seen, "Wrong.", actor=people["asha"].actor, at=MONDAY)

    outcomes = kinds(at_once(saying(approve_step, one, people["max"]), take_back))

    state = fresh_invoice(invoice).state
    assert (state, outcomes["Approval"], outcomes["Invoice"]) in (("approved", 1, 0), ("withdrawn", 0, 1))


def test_two_who_ask_for_approval_ask_once(people):
    invoice = an_invoice_over_price(people)
    command = said(invoice, "Please.")

    def asking(person):
        def work():
            with acting(person.actor):
                return accept_invoice(command, actor=person.actor, at=MONDAY)

        return work

    outcomes = kinds(at_once(asking(people["otto"]), asking(people["max"])))

    assert outcomes == Counter({"Accepted": 1, "IllegalTransition": 1})
    assert len(asked_for(invoice)) == 1
