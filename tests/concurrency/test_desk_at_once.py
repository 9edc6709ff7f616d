"""The desk decides while a supplier, a colleague or the match does: real threads. One wins, the other is told, nothing
is approved twice, and nobody waits for the other for ever."""

import threading
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.invoices.models import Invoice
from procurement.invoices.services import withdraw_invoice
from procurement.matching.services import rematch_orders
from procurement.orders.models import PurchaseOrder
from procurement.payables.messages import AnswerQuestion, ApprovalSaid, PayShort, SayByLink, ShortLine
from procurement.payables.models import InvoiceQuestion
from procurement.payables.queries.by_link import actor_of_approval_link, in_short
from procurement.payables.services.approvals import accept_invoice, approve_step
from procurement.payables.services.asking import answer_question
from procurement.payables.services.by_link import say_by_link
from procurement.payables.services.deciding import pay_short, put_on_hold, send_back
from procurement.payables.services.following import follow_invoices
from suppliers.models import User
from suppliers.queries import actor_of
from suppliers.roles import CompanyRole
from tests.builders.invoices import fresh_invoice, named
from tests.builders.matching import a_match_policy
from tests.builders.payables import (
    a_limit,
    a_link_to,
    a_rule,
    an_invoice_over_price,
    ask,
    asked_for,
    desk,
    said,
)
from tests.builders.world import MONDAY, a_line, a_paper, receive
from tests.concurrency.at_once import at_once, kinds, wait_for_a_lock
from tests.people import FEED, PASSWORD, Person

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 3  # each on an invoice of its own: who is first is not always the same


@pytest.fixture(autouse=True)
def no_hints(settings):
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"


def ida(people):
    with acting(FEED):
        role = CompanyRole.ACCOUNTS_PAYABLE
        user = User.objects.create_user(
            "ida@northmoor.example", PASSWORD, name="Ida Payer", company_role=role
        )
        return Person(user, actor_of(user))


def saying(verb, invoice, person, reason="Because."):
    """Somebody of the desk does something with an invoice as it stands before both begin."""
    command = said(invoice, reason)

    def work():
        with acting(person.actor):
            return verb(command, actor=person.actor, at=MONDAY)

    return work


def short(invoice, person, quantity=98):
    line = ShortLine(1, quantity=Decimal(quantity), reason="Two came broken.")
    command = PayShort(invoice.key, fresh_invoice(invoice).version, (line,))

    def work():
        with acting(person.actor):
            return pay_short(command, actor=person.actor, at=MONDAY)

    return work


def taking_back(invoice, person):
    seen = named(invoice)

    def work():
        with acting(person.actor):
            return withdraw_invoice(seen, "Wrong.", actor=person.actor, at=MONDAY)

    return work


def over_price(people, turn, **more):
    return an_invoice_over_price(people, f"INV-{turn}", order=f"450000000{turn}", **more)


def told(kind, invoice):
    with acting(FEED):
        return AuditEvent.objects.filter(kind=kind, stream=invoice.stream).count()


def notes_of(invoice):
    with acting(FEED):
        return list(Invoice.objects.filter(corrects=invoice.pk).values_list("state", flat=True))


def test_what_its_supplier_takes_back_is_accepted_whole_or_in_part_or_taken_back(people):
    a_limit(people, 100_000, role="accounts_payable")
    otto, asha = people["otto"], people["asha"]
    for turn in range(1, 2 * ROUNDS + 1):
        invoice = over_price(people, turn)
        accept = short(invoice, otto) if turn % 2 else saying(accept_invoice, invoice, otto)

        outcomes = at_once(accept, taking_back(invoice, asha))

        refused = [one for one in outcomes if isinstance(one, Exception)]
        assert [type(one).__name__ for one in refused] in (["IllegalTransition"], ["StaleDocument"])
        state = fresh_invoice(invoice).state
        assert state == ("withdrawn" if isinstance(outcomes[0], Exception) else "approved")
        assert told("invoice.approved", invoice) + told("invoice.withdrawn", invoice) == 1
        assert notes_of(invoice) == (["approved"] if turn % 2 and state == "approved" else [])


def test_of_two_clerks_who_decide_one_case_the_second_is_told(people):
    a_limit(people, 100_000, role="accounts_payable")
    otto, other = people["otto"], ida(people)
    pairs = (
        (saying, accept_invoice, saying, send_back),
        (saying, accept_invoice, saying, put_on_hold),
        (saying, accept_invoice, saying, accept_invoice),
        (short, None, short, None),
        (short, None, saying, send_back),
        (short, None, saying, accept_invoice),
    )
    for turn, (first, verb, second, against) in enumerate(pairs, start=1):
        invoice = over_price(people, turn)
        one = first(verb, invoice, otto) if verb else first(invoice, otto)
        two = second(against, invoice, other) if against else second(invoice, other, 90)

        outcomes = at_once(one, two)

        assert len([each for each in outcomes if isinstance(each, Exception)]) == 1, (turn, outcomes)
        (refused,) = [each for each in outcomes if isinstance(each, Exception)]
        assert type(refused).__name__ in ("StaleDocument", "IllegalTransition", "Duplicate"), refused
        decided = (told("invoice.approved", invoice), fresh_invoice(invoice).state)
        assert decided in ((1, "approved"), (0, "rejected"), (0, "held"))
        is_cut = verb is None and not isinstance(outcomes[0], Exception)
        is_cut = is_cut or (against is None and not isinstance(outcomes[1], Exception))
        assert notes_of(invoice) == (["approved"] if is_cut else [])


def test_a_part_is_approved_or_the_whole_by_the_match_when_the_rest_comes_in_that_moment(people):
    a_match_policy(people)
    otto = people["otto"]
    for turn in range(1, ROUNDS + 1):
        invoice = over_price(people, turn, price="6.85", received=98)
        assert (invoice.state, invoice.held_for["key"]) == ("held", "match.quantity.waits")
        lines = [a_line(10, received_quantity=Decimal(100))]
        receive(a_paper(f"450000000{turn}", lines=lines))
        with acting(FEED):
            events = list(AuditEvent.objects.filter(kind="order.goods_received").order_by("-id")[:1])

        outcomes = at_once(short(invoice, otto), lambda heard=events: rematch_orders(heard, MONDAY))

        # Nobody has a limit: of the part approval is asked. The match passes in any case, before or after.
        if isinstance(outcomes[0], Exception):
            assert kinds(outcomes)["StaleDocument"] + kinds(outcomes)["IllegalTransition"] == 1, outcomes
            assert notes_of(invoice) == []
        assert (fresh_invoice(invoice).state, told("invoice.approved", invoice)) == ("approved", 1)
        with acting(FEED):
            approved = list(AuditEvent.objects.filter(kind="invoice.approved", stream=invoice.stream))
        follow_invoices(approved, MONDAY)
        assert notes_of(invoice) in ([], ["withdrawn"])
        assert {one.state for one in asked_for(invoice)} <= {"lapsed"}


def test_a_part_within_the_limit_and_a_match_in_that_moment_pay_for_it_once(people):
    a_match_policy(people)
    a_limit(people, 100_000, role="accounts_payable")
    for turn in range(1, ROUNDS + 1):
        invoice = over_price(people, turn, price="6.85", received=98)
        receive(a_paper(f"450000000{turn}", lines=[a_line(10, received_quantity=Decimal(100))]))
        with acting(FEED):
            events = list(AuditEvent.objects.filter(kind="order.goods_received").order_by("-id")[:1])

        outcomes = at_once(short(invoice, people["otto"]), lambda heard=events: rematch_orders(heard, MONDAY))

        won = not isinstance(outcomes[0], Exception)
        assert notes_of(invoice) == (["approved"] if won else [])
        assert (fresh_invoice(invoice).state, told("invoice.approved", invoice)) == ("approved", 1)


def test_an_approval_and_a_hold_in_one_moment(people):
    a_rule(people, 1, role="manager")
    otto, max_ = people["otto"], people["max"]
    for turn in range(1, ROUNDS + 1):
        invoice = over_price(people, turn)
        if turn % 2:
            desk(accept_invoice, invoice, otto, "Please.")
        else:
            short(invoice, otto)()  # with a credit note that stands and falls with it
        (asked,) = asked_for(invoice)
        command = ApprovalSaid(asked.key, asked.version, "Yes.")

        def approve(said=command):
            with acting(max_.actor):
                return approve_step(said, actor=max_.actor, at=MONDAY)

        outcomes = at_once(approve, saying(put_on_hold, invoice, otto))

        # Approved first, there is nothing to hold; held first, nobody is asked any more.
        assert len([one for one in outcomes if isinstance(one, Exception)]) == 1, outcomes
        was_approved = not isinstance(outcomes[0], Exception)
        state, note = ("approved", "approved") if was_approved else ("held", "withdrawn")
        assert fresh_invoice(invoice).state == state
        assert asked_for(invoice)[0].state == ("granted" if was_approved else "lapsed")
        assert notes_of(invoice) == ([] if turn % 2 else [note])
        assert kinds(outcomes) == (
            {"Approval": 1, "IllegalTransition": 1} if was_approved else {"Invoice": 1, "StaleDocument": 1}
        )


def by_link(invoice, person, word="approve"):
    """Somebody presses a button on the page that a mail led to, as the case stands before both begin."""
    link, at = a_link_to(invoice, person), timezone.now()
    actor = actor_of_approval_link(link)
    with acting(FEED):
        mark = in_short([fresh_invoice(invoice)])[invoice.pk].shown.mark

    def work():
        with acting(actor):
            return say_by_link(link, SayByLink(word, mark, "Yes."), actor=actor, at=at)

    return work


def answering(invoice, person):
    with acting(FEED):
        seen = InvoiceQuestion.objects.get(invoice=invoice.pk)

    def work():
        with acting(person.actor):
            command = AnswerQuestion(seen.key, seen.version, "Copper went up.")
            return answer_question(command, actor=person.actor, at=MONDAY)

    return work


@pytest.mark.parametrize("verb", ["by_link", "answer"])
def test_who_waits_for_an_order_holds_no_invoice(people, verb):
    a_rule(people, 1, role="manager")
    invoice = over_price(people, 1)
    if verb == "by_link":
        desk(accept_invoice, invoice, people["otto"], "Please.")
        work = by_link(invoice, people["max"])
    else:
        ask(invoice, people["otto"])
        work = answering(invoice, people["asha"])
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.extend(at_once(work)))

    with acting(FEED), transaction.atomic():
        # The match, and a supplier that takes its invoice back, hold the orders, then the invoice.
        list(PurchaseOrder.objects.select_for_update())
        thread.start()
        wait_for_a_lock()
        list(Invoice.objects.select_for_update(nowait=True))
    thread.join(timeout=30)

    (done,) = outcomes
    assert done.state == {"by_link": "granted", "answer": "answered"}[verb]
    assert fresh_invoice(invoice).state == {"by_link": "approved", "answer": "disputed"}[verb]


def test_what_its_supplier_takes_back_is_approved_or_declined_by_a_link_or_taken_back(people):
    a_rule(people, 1, role="manager")
    for turn in range(1, ROUNDS + 1):
        invoice = over_price(people, turn)
        desk(accept_invoice, invoice, people["otto"], "Please.")
        word = "decline" if turn == ROUNDS else "approve"

        outcomes = at_once(by_link(invoice, people["max"], word), taking_back(invoice, people["asha"]))

        said_first = not isinstance(outcomes[0], Exception)
        if word == "decline":  # what was declined is taken back all the same
            assert kinds(outcomes) == (
                {"Approval": 1, "Invoice": 1} if said_first else {"StaleDocument": 1, "Invoice": 1}
            )
            assert fresh_invoice(invoice).state == "withdrawn"
        else:
            assert kinds(outcomes) == (
                {"Approval": 1, "IllegalTransition": 1} if said_first else {"StaleDocument": 1, "Invoice": 1}
            )
            assert fresh_invoice(invoice).state == ("approved" if said_first else "withdrawn")
