"""Accepting, asking for approval, answering, asking about, paying short: what happens, and what is refused."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.scope import acting
from procurement.clocks.models import StandIn
from procurement.invoices.messages import ChargeEntry
from procurement.invoices.models import Invoice
from procurement.invoices.services import (
    approve_invoice,
    entries_of,
    mark_scheduled,
    revise_invoice,
    start_credit_note,
    withdraw_invoice,
)
from procurement.invoices.services.withdraw import whose_to_take_back
from procurement.orders.models import PurchaseOrderLine
from procurement.payables.messages import (
    AnswerQuestion,
    InvoiceSaid,
    PayShort,
    ShortCharge,
    ShortLine,
    WriteLimit,
    WriteRule,
)
from procurement.payables.models import Approval, ApprovalRule, InvoiceQuestion
from procurement.payables.presenters.sentences import held_text
from procurement.payables.queries.approvals import waiting_for_me
from procurement.payables.queries.by_link import in_short
from procurement.payables.queries.forecast import due_in, forecast
from procurement.payables.services.approvals import (
    accept_invoice,
    approve_step,
    ask_approval,
    call_off,
    decline_step,
    lapse_approvals,
)
from procurement.payables.services.asking import answer_question
from procurement.payables.services.deciding import let_go, open_again, pay_short, put_on_hold, send_back
from procurement.payables.services.following import follow_invoices
from procurement.payables.services.parting import look_at_part
from procurement.payables.services.rules import end_rule, write_limit, write_rule
from procurement.threads.models import Message
from suppliers.models import Supplier, User
from suppliers.queries import actor_of
from suppliers.roles import CompanyRole
from tests.builders.invoices import a_draft_invoice, do, fresh_invoice, send, settle, write
from tests.builders.matching import a_match_policy
from tests.builders.payables import (
    a_limit,
    a_rule,
    an_invoice_over_price,
    answer,
    ask,
    asked_for,
    desk,
    matched,
)
from tests.builders.world import MONDAY, a_line, an_order
from tests.people import FEED, PASSWORD, Person

pytestmark = pytest.mark.django_db


def states(invoice):
    return [(one.step, one.state) for one in asked_for(invoice)]


def told(kind):
    with acting(FEED):
        return list(AuditEvent.objects.filter(kind=kind).order_by("id"))


def a_colleague(name, role):
    with acting(FEED):
        user = User.objects.create_user(
            f"{name}@northmoor.example", PASSWORD, name=name.title(), company_role=role
        )
        return Person(user, actor_of(user))


def test_within_ones_limit_an_invoice_is_accepted_at_once_and_the_reason_is_kept(people):
    invoice = an_invoice_over_price(people)
    assert (invoice.state, invoice.acts, invoice.held_for["key"]) == ("held", "buyer", "match.price.over")
    a_limit(people, 1000, role="accounts_payable")

    with pytest.raises(Invalid, match="Say why"):
        desk(accept_invoice, invoice, people["otto"], "  ")
    desk(accept_invoice, invoice, people["otto"], "Copper went up; agreed by phone.")

    invoice = fresh_invoice(invoice)
    assert (invoice.state, invoice.approved_by) == ("approved", "Otto Payer")
    assert invoice.approval_reason == "Copper went up; agreed by phone."
    assert asked_for(invoice) == []
    with pytest.raises(StaleDocument), acting(people["otto"].actor):
        accept_invoice(InvoiceSaid(invoice.key, 1, "Again."), actor=people["otto"].actor, at=MONDAY)


def test_beyond_the_limit_others_are_asked_step_by_step_and_never_one_twice(people):
    ida = a_colleague("ida", CompanyRole.ACCOUNTS_PAYABLE)
    a_limit(people, 500, role="accounts_payable")
    a_rule(people, 1, role="accounts_payable")
    a_rule(people, 2, role="manager", currency="EUR", amount_from=Decimal(800))
    a_rule(people, 2, role="buyer", currency="EUR", amount_from=Decimal(800), why="price")
    a_rule(people, 3, role="manager", currency="EUR", amount_from=Decimal(5000))
    invoice = an_invoice_over_price(people)  # 706.00 and 19 % of tax: 840.14

    accepted = desk(accept_invoice, invoice, people["otto"], "Agreed by phone.")

    assert len(accepted.asked) == 2
    # Of step 2 the rule on prices is the narrower one: the buyer, not the manager.
    assert [(one.step, one.role, one.state) for one in asked_for(invoice)] == [
        (1, "accounts_payable", "asked"),
        (2, "buyer", "waiting"),
    ]
    assert [event.internal for event in told("invoice.approval_asked")] == [True, True]
    first, second = asked_for(invoice)
    with pytest.raises(NotAllowed, match="Somebody else answers"):
        answer(approve_step, first, people["otto"])  # asked for it
    with pytest.raises(NotAllowed, match="asked of somebody else"):
        answer(approve_step, first, people["bea"])
    with pytest.raises(StaleDocument):
        answer(approve_step, second, people["bea"])  # not its turn yet
    with pytest.raises(IllegalTransition, match="already"):
        desk(ask_approval, invoice, ida, "Once more.")
    answer(approve_step, first, ida)
    assert states(invoice) == [(1, "granted"), (2, "asked")]
    assert fresh_invoice(invoice).state == "held"
    answer(approve_step, asked_for(invoice)[1], people["bea"], "Fine.")

    invoice = fresh_invoice(invoice)
    assert (invoice.state, invoice.approved_by, invoice.approval_reason) == (
        "approved",
        "Bea Buyer",
        "Agreed by phone.",
    )
    assert [one.answered_by for one in asked_for(invoice)] == ["Ida", "Bea Buyer"]


def test_one_no_ends_the_round_and_the_next_one_begins_anew(people):
    a_rule(people, 1, role="buyer")
    a_rule(people, 2, role="manager")
    invoice = an_invoice_over_price(people)
    desk(accept_invoice, invoice, people["otto"], "Please.")

    with pytest.raises(Invalid, match="Say why"):
        answer(decline_step, asked_for(invoice)[0], people["bea"])
    answer(decline_step, asked_for(invoice)[0], people["bea"], "6.85 was agreed.")

    assert states(invoice) == [(1, "declined"), (2, "lapsed")]
    assert fresh_invoice(invoice).state == "held"
    desk(accept_invoice, invoice, people["otto"], "They showed me the letter.")
    assert [(one.round, one.state) for one in asked_for(invoice)] == [(2, "asked"), (2, "waiting")]
    desk(call_off, invoice, people["otto"])
    assert states(invoice) == [(1, "lapsed"), (2, "lapsed")]


def test_who_wrote_it_for_the_supplier_never_approves_it_and_a_manager_takes_the_authors_place(people):
    made = an_order("4500000001", [a_line(10, received_quantity=Decimal(100))])
    draft = a_draft_invoice(made, people["otto"], {"L10": 100}, price=Decimal("7.06"))
    invoice = matched(send(draft, people["otto"]).invoice)
    assert invoice.on_behalf
    a_limit(people, 10_000, role="accounts_payable")
    a_rule(people, 1, person=people["otto"].user.pk)

    with pytest.raises(NotAllowed, match="You wrote this invoice"):
        desk(accept_invoice, invoice, people["otto"], "Mine.")
    desk(ask_approval, invoice, people["otto"], "Phoned in.")

    (one,) = asked_for(invoice)
    assert (one.role, one.person_id) == ("manager", None)
    answer(approve_step, one, people["max"])
    assert fresh_invoice(invoice).state == "approved"


def test_a_stand_in_answers_for_who_is_away_and_it_is_said_for_whom(people):
    bea, max_ = people["bea"], people["max"]
    a_rule(people, 1, person=bea.user.pk)
    invoice = an_invoice_over_price(people)
    desk(accept_invoice, invoice, people["otto"], "Please.")
    (one,) = asked_for(invoice)
    with acting(FEED):
        assert list(waiting_for_me(max_.actor, MONDAY)) == []
        StandIn.objects.create(
            person=bea.user,
            stand_in=max_.user,
            from_on=MONDAY.date(),
            until_on=MONDAY.date(),
            written_by="x",
            written_at=MONDAY,
        )
        assert list(waiting_for_me(max_.actor, MONDAY)) == [one]
        assert list(waiting_for_me(max_.actor, MONDAY + timedelta(days=1))) == []

    answer(approve_step, one, max_)

    (one,) = asked_for(invoice)
    assert (one.state, one.answered_by, one.for_person_id) == ("granted", "Max Manager", bea.user.pk)


def test_without_rules_one_other_person_of_accounts_payable_or_a_manager_approves(people):
    invoice = an_invoice_over_price(people)
    desk(accept_invoice, invoice, people["otto"], "Please.")
    (one,) = asked_for(invoice)
    assert (one.role, one.rule_id) == ("accounts_payable", None)
    with pytest.raises(NotAllowed):
        answer(approve_step, one, people["bea"])
    answer(approve_step, one, people["max"])
    assert fresh_invoice(invoice).state == "approved"


@pytest.mark.django_db(transaction=True)
def test_what_its_supplier_takes_back_is_approved_by_nobody_and_asked_of_nobody(people):
    invoice = an_invoice_over_price(people)
    ask(invoice, people["otto"], "buyer", "Did you agree to it?")
    desk(accept_invoice, invoice, people["otto"], "Please.")
    (one,) = asked_for(invoice)
    do(withdraw_invoice, invoice, people["asha"], "Wrong price.")

    with pytest.raises(IllegalTransition):
        answer(approve_step, one, people["max"])
    events = told("invoice.withdrawn")
    assert follow_invoices(events, MONDAY) == "lapsed 1, dropped 1"
    assert follow_invoices(events, MONDAY) == "unchanged"
    assert states(invoice) == [(1, "lapsed")]


def test_a_question_makes_it_disputed_and_the_answer_brings_it_back(people):
    invoice = an_invoice_over_price(people)
    question = ask(invoice, people["otto"])

    invoice = fresh_invoice(invoice)
    assert (invoice.state, invoice.acts, invoice.held_for["params"]["reason"]) == (
        "disputed",
        "supplier",
        "Why 7.06?",
    )
    # Two working days of the supplier from Monday 15:30 in Pune: Wednesday is Holi.
    assert question.due_at == MONDAY + timedelta(days=3)
    with pytest.raises(IllegalTransition, match="open already"):
        ask(invoice, people["otto"], question="And now?")
    reply = AnswerQuestion(question.key, question.version, "Copper went up.")
    for name, error in (("arun", NotAllowed), ("gil", NotFound), ("otto", IllegalTransition)):
        with pytest.raises(error), acting(people[name].actor):
            answer_question(reply, actor=people[name].actor, at=MONDAY)
    with acting(people["asha"].actor):
        answer_question(reply, actor=people["asha"].actor, at=MONDAY)
    with pytest.raises(StaleDocument), acting(people["asha"].actor):
        answer_question(reply, actor=people["asha"].actor, at=MONDAY)

    invoice = fresh_invoice(invoice)
    assert (invoice.state, invoice.acts) == ("disputed", "payables")
    assert held_text(invoice.held_for) == "Asha Acme answered: “Copper went up.”"
    with acting(FEED):
        said_there = list(Message.objects.order_by("id").values_list("author", "internal", "body"))
    assert said_there == [
        ("Otto Payer", False, "On invoice INV-1: Why 7.06?"),
        ("Asha Acme", False, "On invoice INV-1: Copper went up."),
    ]


def test_what_is_asked_of_a_colleague_reaches_no_supplier(people):
    invoice = an_invoice_over_price(people)
    question = ask(invoice, people["otto"], "buyer", "Did you agree to 7.06?")

    assert fresh_invoice(invoice).acts == "buyer"
    with acting(people["asha"].actor):
        assert InvoiceQuestion.objects.count() == 0
    with acting(people["bea"].actor):
        reply = AnswerQuestion(question.key, question.version, "No.")
        answer_question(reply, actor=people["bea"].actor, at=MONDAY)
    assert fresh_invoice(invoice).acts == "payables"
    with acting(FEED):
        assert set(Message.objects.values_list("internal", flat=True)) == {True}
    assert all(event.internal for event in told("invoice.colleague_answered"))


def test_less_is_paid_with_a_credit_note_over_exactly_that(people):
    a_limit(people, 1000, role="accounts_payable")
    invoice = an_invoice_over_price(people)

    def short(*lines, reason="6.85 was agreed"):
        command = PayShort(invoice.key, fresh_invoice(invoice).version, lines, reason)
        with acting(people["otto"].actor):
            return pay_short(command, actor=people["otto"].actor, at=MONDAY)

    for lines in (
        (),
        (ShortLine(1, Decimal("706.01")),),
        (ShortLine(9, Decimal(1)),),
        (ShortLine(1, Decimal("0.001")),),
    ):
        with pytest.raises(Invalid):
            short(*lines)
    done = short(ShortLine(1, Decimal(21)))

    note, whole = fresh_invoice(done.note), fresh_invoice(invoice)
    assert (note.kind, note.state, note.on_behalf, note.corrects_id) == (
        "credit_note",
        "approved",
        True,
        invoice.pk,
    )
    assert (note.number, note.total, whole.total) == ("INV-1-CN", Decimal("24.99"), Decimal("840.14"))
    assert whole.state == "approved"
    assert whole.approval_reason == (
        "6.85 was agreed.\n4500000001 · 10 VALVE-15: 21 EUR taken off. "
        "Credit note INV-1-CN takes off 24.99 EUR."
    )


def test_a_credit_note_of_ours_is_of_the_day_that_it_is_at_the_supplier(people):
    """Early in the morning here it is still yesterday in Los Angeles, and a note of today would be of a day to come."""
    a_limit(people, 1000, role="accounts_payable")
    invoice = an_invoice_over_price(people)
    with acting(FEED):
        Supplier.objects.filter(pk=invoice.supplier_id).update(time_zone="America/Los_Angeles")
    version, early = fresh_invoice(invoice).version, MONDAY + timedelta(hours=15)  # Tuesday, 1:00
    command = PayShort(invoice.key, version, (ShortLine(1, Decimal(21)),), "6.85 was agreed")

    with acting(people["otto"].actor):
        done = pay_short(command, actor=people["otto"].actor, at=early)

    assert fresh_invoice(done.note).invoiced_on == MONDAY.date()


def test_a_part_is_approved_line_by_line_and_both_papers_add_up_to_the_cent(people):
    a_limit(people, 10_000, role="accounts_payable")
    otto = people["otto"]
    made = an_order(
        "4500000001",
        [a_line(10 * n, received_quantity=Decimal(8), quantity=Decimal(10)) for n in (1, 2, 3)],
    )
    draft = a_draft_invoice(made, people["asha"], {"L10": 10, "L20": 10, "L30": 10})
    with acting(FEED):
        first, second, third = entries_of(draft)
    boxes = (
        ChargeEntry(code="PC", reason="Boxes", amount=Decimal("1.00")),
        ChargeEntry(is_allowance=True, code="95", percent=Decimal(10)),
    )
    whole = (
        ChargeEntry(code="FC", reason="Freight", amount=Decimal(40), category="S", tax_rate=Decimal(19)),
        ChargeEntry(is_allowance=True, code="95", percent=Decimal("2.5"), category="S", tax_rate=Decimal(19)),
    )
    lines = [
        replace(first, unit_price=Decimal("7.333"), charges=boxes),
        replace(second, unit_price=Decimal("6.85")),
        replace(third, unit_price=Decimal("99.99"), price_quantity=Decimal(3)),
    ]
    invoice = matched(send(write(draft, people["asha"], lines=lines, charges=whole), people["asha"]).invoice)
    # 73.33 + 1 - 7.33 = 67.00; 68.50; 333.30: 468.80, less 2.5 % (11.72), plus 40, and 19 % of 497.08: 591.53.
    assert (invoice.line_total, invoice.total) == (Decimal("468.80"), Decimal("591.53"))

    def part(*lines, reason="", charges=()):
        command = PayShort(invoice.key, fresh_invoice(invoice).version, lines, reason, charges=charges)
        with acting(otto.actor):
            looked = look_at_part(fresh_invoice(invoice), command)
            return looked, pay_short(command, actor=otto.actor, at=MONDAY)

    none, eight = Decimal(0), Decimal(8)
    for lines, charges, field in (
        ((ShortLine(1, quantity=Decimal(11)),), (), "quantity-1"),
        ((ShortLine(1, quantity=Decimal("7.5"), reason="No."),), (), "quantity-1"),
        ((ShortLine(1, unit_price=Decimal(8)),), (), "price-1"),
        ((ShortLine(1, quantity=eight),), (), "reason"),
        ((), (ShortCharge(1, Decimal(41)),), "charge-1"),
        ((), (ShortCharge(2, none),), "charge-2"),
        ((), (), "short"),
        (
            tuple(ShortLine(n, quantity=none, reason="No.") for n in (1, 2, 3)),
            (ShortCharge(1, none),),
            "reason",
        ),
    ):
        with pytest.raises(Invalid) as refused:
            part(*lines, charges=charges)
        assert [one.field for one in refused.value.problems] == [field]
    with pytest.raises(Invalid, match="Nothing of it would be paid"):
        part(*(ShortLine(n, quantity=none) for n in (1, 2, 3)), reason="No.", charges=(ShortCharge(1, none),))
    looked, done = part(
        ShortLine(1, quantity=eight, unit_price=Decimal("7.10"), reason="2 came damaged, 7.10 was agreed"),
        ShortLine(3, quantity=none, reason="Never came."),
        charges=(ShortCharge(1, Decimal(25)),),
        reason="Counted at the dock",
    )

    note = fresh_invoice(done.note)
    with acting(FEED):
        given = list(note.lines.order_by("position").values_list("quantity", "price_only", "amount"))
    assert given == [
        # 2 x 7.333 = 14.666, plus a fifth of the boxes, less 10 %: 1.47.
        (Decimal(2), False, Decimal("13.40")),
        # 8 x 0.233 = 1.864 less 10 %: 0.19.
        (Decimal(8), True, Decimal("1.67")),
        (Decimal(10), False, Decimal("333.30")),
    ]
    # 348.37, less 2.5 % (8.71), plus 15 of the freight: 354.66, and 19 %: 67.39.
    assert (note.total, looked.sums.total) == (Decimal("422.05"), Decimal("422.05"))
    assert looked.paid == Decimal("169.48")
    assert [(row.claimed, row.off, row.paid) for row in looked.rows] == [
        (Decimal("67.00"), Decimal("15.07"), Decimal("51.93")),
        (Decimal("333.30"), Decimal("333.30"), none),
    ]
    assert note.reason == (
        "Counted at the dock.\n"
        "4500000001 · 10 VALVE-15: 8 of 10 pcs are paid, paid at 7.1 instead of 7.333 EUR. "
        "2 came damaged, 7.10 was agreed.\n"
        "4500000001 · 30 VALVE-15: not paid. Never came.\n"
        "Freight: 25 of 40 EUR are paid."
    )
    assert {fresh_invoice(one).state for one in (invoice, note)} == {"approved"}
    with acting(FEED):
        # What counts against the order is what was approved: the rest can be claimed when it comes.
        left = dict(made.lines.values_list("key", "claimed_quantity"))
    assert left == {"L10": eight, "L20": Decimal(10), "L30": none}


def test_what_others_gave_back_is_not_taken_off_once_more(people):
    a_limit(people, 10_000, role="accounts_payable")
    otto, asha = people["otto"], people["asha"]
    invoice = an_invoice_over_price(people, received=98)
    with acting(asha.actor):
        theirs = start_credit_note(invoice.key, actor=asha.actor, at=MONDAY)
    with acting(FEED):
        (line,) = entries_of(theirs)
    two = write(theirs, asha, "CN-1", lines=[replace(line, quantity=Decimal(2))], reason="Two are missing")
    command = PayShort(
        invoice.key, fresh_invoice(invoice).version, (ShortLine(1, quantity=Decimal(90)),), "Only 90 are good"
    )

    def short(seen=""):
        with acting(otto.actor), transaction.atomic():
            return pay_short(replace(command, seen=seen), actor=otto.actor, at=MONDAY).note

    with acting(otto.actor):
        before = look_at_part(invoice, command).mark
    theirs = send(two, asha).invoice

    # Nobody knows yet whether it gives back anything.
    with pytest.raises(Invalid, match="Credit note CN-1 of the supplier is not settled"):
        short()
    settle(approve_invoice, theirs)
    # What was shown before, ten that are taken off, is not what is done now, though nobody changed the invoice.
    with pytest.raises(StaleDocument, match="changed since it was worked out"):
        short(before)
    with acting(otto.actor):
        now = look_at_part(invoice, command).mark
    note = short(now)
    with acting(FEED):
        assert note.lines.get().quantity == Decimal(8)


def test_a_line_is_cut_once_and_by_no_more_than_is_left_of_it_with_money_given_back_before(people):
    a_limit(people, 10_000, role="accounts_payable")
    otto, asha = people["otto"], people["asha"]
    made = an_order("4500000001", [a_line(number, received_quantity=Decimal(10)) for number in (10, 20)])
    draft = a_draft_invoice(made, asha, {"L10": 10, "L20": 10})
    freight = ChargeEntry(code="FC", amount=Decimal(40), category="S", tax_rate=Decimal(19))
    invoice = send(write(draft, asha, charges=[freight]), asha).invoice  # 68.50 each
    with acting(asha.actor):
        theirs = start_credit_note(invoice.key, actor=asha.actor, at=MONDAY)
    with acting(FEED):
        first = replace(entries_of(theirs)[0], unit_price=Decimal(1), price_only=True)
    theirs = write(theirs, asha, "CN-1", lines=[first], charges=(), reason="Too dear by 1.00")
    settle(approve_invoice, send(theirs, asha).invoice)

    def looked(*lines, charges=()):
        version = fresh_invoice(invoice).version
        with acting(otto.actor):
            return look_at_part(invoice, PayShort(invoice.key, version, lines, "No.", charges=charges))

    def refused(*lines, **more):
        with pytest.raises(Invalid) as found:
            looked(*lines, **more)
        return [(one.field, one.code) for one in found.value.problems]

    five, left = ShortLine(1, Decimal(5)), Decimal("58.50")
    twice = (ShortCharge(1, Decimal(10)), ShortCharge(1, Decimal(10)))
    assert refused(five, five, charges=twice) == [("short-1", "repeated"), ("charge-1", "repeated")]
    # 68.50 less 10.00 that was given back: no cent more, however it is said.
    for more in (ShortLine(1, left + Decimal("0.01")), ShortLine(1, quantity=Decimal(1))):
        assert refused(more) == [("short-1", "out_of_range")]
    (row,) = looked(ShortLine(1, left)).rows
    assert (row.claimed, row.given, row.off, row.paid) == (Decimal("68.50"), Decimal(10), left, Decimal(0))
    (row,) = looked(ShortLine(2, quantity=Decimal(0))).rows
    assert (row.given, row.off, row.paid) == (Decimal(0), Decimal("68.50"), Decimal(0))


def test_paying_short_needs_approval_of_the_whole_and_no_side_takes_the_note_back_alone(people):
    a_limit(people, 820, role="accounts_payable")  # 840.14 less 24.99 would be within it
    otto, asha, max_ = people["otto"], people["asha"], people["max"]
    invoice = an_invoice_over_price(people)

    def short():
        command = PayShort(
            invoice.key, fresh_invoice(invoice).version, (ShortLine(1, Decimal(21)),), "Agreed"
        )
        with acting(otto.actor):
            return pay_short(command, actor=otto.actor, at=MONDAY)

    note = short().note
    assert (note.state, states(invoice)) == ("sent", [(1, "asked")])
    with pytest.raises(IllegalTransition, match="sent this paper for you"):
        do(withdraw_invoice, note, asha, "Not so.")
    with pytest.raises(IllegalTransition, match="sent this paper for you"):
        do(revise_invoice, note, asha)
    # Its sender takes it back while nothing is approved; whoever was asked then approves nothing.
    do(withdraw_invoice, note, otto, "Wrong amount.")
    assert answer(approve_step, asked_for(invoice)[0], max_).state == "lapsed"
    assert (states(invoice), fresh_invoice(invoice).state) == ([(1, "lapsed")], "held")

    again = short().note
    with acting(FEED):
        Approval.objects.filter(state="asked").update(asked_at=MONDAY + timedelta(seconds=1))
    answer(approve_step, asked_for(invoice)[0], max_)
    assert {fresh_invoice(one).state for one in (invoice, again)} == {"approved"}
    assert fresh_invoice(again).approved_by == "Max Manager"
    # One that is sent afterwards is not its sender's alone any more.
    later = Invoice(on_behalf=True, state="held", corrects=Invoice(state="approved"))
    later.sent_by_user_id = otto.user.pk
    assert "colleague" in whose_to_take_back(later, otto.actor)
    assert whose_to_take_back(later, max_.actor) == ""


def test_a_credit_note_of_ours_stands_and_falls_with_the_round_of_its_invoice(people):
    a_match_policy(people)
    otto, max_ = people["otto"], people["max"]
    invoice = an_invoice_over_price(people)

    def short(minutes):
        at = MONDAY + timedelta(minutes=minutes)
        with acting(otto.actor):
            command = PayShort(
                invoice.key, fresh_invoice(invoice).version, (ShortLine(1, Decimal(21)),), "Agreed"
            )
            return pay_short(command, actor=otto.actor, at=at).note

    declined = short(0)
    assert matched(declined).state == "held"  # no rule approves it before its invoice
    answer(decline_step, asked_for(invoice)[0], max_, "6.80 was agreed.")
    note = fresh_invoice(declined)
    assert (note.state, fresh_invoice(invoice).state) == ("withdrawn", "held")
    assert "6.80" not in note.end_reason
    ends = (
        lambda: desk(call_off, invoice, otto),
        lambda: desk(put_on_hold, invoice, otto, "Bank details first."),
        lambda: ask(invoice, otto),
        lambda: desk(send_back, invoice, otto, "6.85 was agreed."),
    )
    for minutes, end in enumerate(ends, start=1):
        note = short(minutes)
        end()
        assert fresh_invoice(note).state == "withdrawn"
    assert fresh_invoice(invoice).state == "rejected"
    with acting(FEED):
        assert Invoice.objects.filter(kind="credit_note").exclude(state="withdrawn").count() == 0


def test_opening_again_takes_back_the_credit_note_that_was_approved_with_it(people):
    otto = people["otto"]
    a_limit(people, 1000, role="accounts_payable")
    invoice = an_invoice_over_price(people)

    def short(minutes):
        command = PayShort(
            invoice.key, fresh_invoice(invoice).version, (ShortLine(1, quantity=Decimal(90)),), "Ten broke"
        )
        with acting(otto.actor):
            return pay_short(command, actor=otto.actor, at=MONDAY + timedelta(minutes=minutes)).note

    def claimed():
        with acting(FEED):
            return invoice.lines.get().line.claimed_quantity

    note = short(0)
    assert (note.state, claimed()) == ("approved", Decimal(90))
    desk(open_again, invoice, otto, "Too early.", at=MONDAY + timedelta(minutes=1))
    assert (fresh_invoice(invoice).state, fresh_invoice(note).state) == ("held", "withdrawn")
    assert claimed() == Decimal(100)
    # The ERP, which was asked to book both, hears of both that they are not to be.
    assert [one.stream for one in told("invoice.reopened")] == [invoice.stream, note.stream]
    # What the ERP has booked of it is not taken back here, and then nothing is.
    booked = short(2)
    settle(mark_scheduled, booked)
    with pytest.raises(IllegalTransition, match="has booked credit note INV-1-CN"), transaction.atomic():
        desk(open_again, invoice, otto, "Once more.", at=MONDAY + timedelta(minutes=3))
    assert (fresh_invoice(invoice).state, fresh_invoice(booked).state) == ("approved", "scheduled")


def test_no_rule_approves_our_credit_note_behind_the_round_that_was_asked_about_it(people):
    a_match_policy(people)
    otto, later = people["otto"], MONDAY + timedelta(minutes=1)
    invoice = an_invoice_over_price(people)
    command = PayShort(invoice.key, fresh_invoice(invoice).version, (ShortLine(1, Decimal(21)),), "Agreed")
    with acting(otto.actor):
        note = pay_short(command, actor=otto.actor, at=MONDAY).note
    with acting(FEED):
        PurchaseOrderLine.objects.update(price=Decimal("7.06"))  # it was agreed after all
    assert matched(invoice, at=later).state == "approved"
    assert matched(note, at=later).held_for["key"] == "match.approval.person"
    with acting(FEED):
        assert lapse_approvals([invoice.document], actor=FEED, at=later) == 1
    assert fresh_invoice(note).state == "withdrawn"
    # One that is sent about what is approved is a note like any other.
    later += timedelta(minutes=1)
    with acting(otto.actor):
        two = start_credit_note(invoice.key, actor=otto.actor, at=later)
    with acting(FEED):
        (line,) = entries_of(two)
    two = write(two, otto, "CN-2", lines=[replace(line, quantity=Decimal(2))], reason="Two broke", at=later)
    assert matched(send(two, otto, at=later).invoice, at=later).state == "approved"


@pytest.mark.django_db(transaction=True)
def test_what_its_supplier_takes_back_takes_our_credit_note_with_it(people):
    invoice = an_invoice_over_price(people)
    command = PayShort(invoice.key, fresh_invoice(invoice).version, (ShortLine(1, Decimal(21)),), "Agreed")
    with acting(people["otto"].actor):
        note = pay_short(command, actor=people["otto"].actor, at=MONDAY).note
    do(withdraw_invoice, invoice, people["asha"], "Wrong price.")

    assert follow_invoices(told("invoice.withdrawn"), MONDAY) == "lapsed 1, dropped 0"
    assert fresh_invoice(note).state == "withdrawn"


def test_a_credit_note_about_an_earlier_version_is_never_approved_with_the_next(people):
    asha, max_ = people["asha"], people["max"]
    invoice = an_invoice_over_price(people)
    command = PayShort(invoice.key, fresh_invoice(invoice).version, (ShortLine(1, Decimal(21)),), "Agreed")
    with acting(people["otto"].actor):
        note = pay_short(command, actor=people["otto"].actor, at=MONDAY).note
    corrected = write(do(revise_invoice, invoice, asha), asha)
    corrected = matched(send(corrected, asha).invoice)  # and nobody has told the round of it yet
    assert (fresh_invoice(invoice).state, fresh_invoice(note).state) == ("replaced", "sent")
    with acting(max_.actor):
        assert list(in_short([corrected])[corrected.pk].notes) == []
    a_limit(people, 1000, role="manager")
    desk(accept_invoice, corrected, max_, "Fine.")
    assert (fresh_invoice(corrected).state, fresh_invoice(note).state) == ("approved", "withdrawn")
    (approved,) = told("invoice.approved")
    assert (approved.stream, approved.facts.get("less")) == (corrected.stream, None)
    with acting(FEED):
        assert corrected.lines.get().line.claimed_quantity == Decimal(100)


def test_what_happens_meanwhile_ends_the_round(people):
    otto, bea = people["otto"], people["bea"]
    a_rule(people, 1, role="buyer")
    invoice = an_invoice_over_price(people)
    desk(accept_invoice, invoice, otto, "Please.")
    stale = InvoiceSaid(invoice.key, 1)
    with pytest.raises(StaleDocument), acting(otto.actor):
        call_off(stale, actor=otto.actor, at=MONDAY)
    desk(put_on_hold, invoice, otto, "Bank details first.")
    assert states(invoice) == [(1, "lapsed")]
    desk(accept_invoice, invoice, otto, "They are right.")
    ask(invoice, otto)
    assert states(invoice) == [(1, "lapsed")]
    desk(accept_invoice, invoice, otto, "Please.")
    a_rule(people, 2, role="manager", why="price")
    assert answer(approve_step, asked_for(invoice)[0], bea).state == "lapsed"
    desk(accept_invoice, invoice, otto, "Please.")
    assert states(invoice) == [(1, "asked"), (2, "waiting")]
    assert answer(approve_step, asked_for(invoice)[0], bea).state == "granted"


def test_nobody_writes_how_much_the_own_role_or_oneself_approves(people):
    max_ = people["max"]
    for who in ({"role": "manager"}, {"person": max_.user.pk}):
        with acting(max_.actor), pytest.raises(NotAllowed, match="another role"):
            write_limit(WriteLimit("EUR", Decimal(10**6), **who), actor=max_.actor, at=MONDAY)
        with acting(max_.actor), pytest.raises(NotAllowed, match="another role"):
            write_rule(WriteRule(1, **who), actor=max_.actor, at=MONDAY)


def test_the_papers_of_a_week_are_those_of_its_row(people):
    planned, other = (an_invoice_over_price(people, f"INV-{one}", order=f"450000000{one}") for one in (1, 2))
    today, in_a_week = MONDAY.date(), MONDAY.date() + timedelta(days=7)
    with acting(FEED):
        Invoice.objects.filter(pk=planned.pk).update(pay_on=in_a_week)  # its due day stays where it was
    actor = people["otto"].actor
    with acting(actor):
        rows = {one.week: (one.count, list(due_in(actor, one.week, today))) for one in forecast(actor, today)}
    assert rows.pop(in_a_week) == (1, [planned])
    assert list(rows.values()) == [(1, [other])]


def test_held_by_hand_let_go_sent_back_and_opened_again(people):
    otto = people["otto"]
    a_limit(people, 1000, role="accounts_payable")
    invoice = an_invoice_over_price(people)
    desk(put_on_hold, invoice, otto, "Bank details first.")
    held = fresh_invoice(invoice)
    assert (held.held_for, held.acts) == (
        {"key": "desk.held", "params": {"reason": "Bank details first."}},
        "payables",
    )
    desk(let_go, invoice, otto)
    assert fresh_invoice(invoice).state == "sent"
    matched(invoice)
    desk(accept_invoice, invoice, otto, "Fine.")
    desk(open_again, invoice, otto, "Too early.")
    again = fresh_invoice(invoice)
    assert (again.state, again.approved_by, again.held_for["key"]) == ("held", "", "desk.reopened")
    desk(send_back, invoice, otto, "6.85 was agreed.")
    assert fresh_invoice(invoice).state == "rejected"
    for verb in (accept_invoice, put_on_hold, let_go, send_back, open_again, ask_approval):
        for name in ("asha", "rex", "ada"):
            with pytest.raises(NotAllowed):
                desk(verb, invoice, people[name], "No.")


def test_rules_and_limits_are_written_by_who_sets_up_and_end_without_being_rewritten(people):
    with acting(people["otto"].actor), pytest.raises(NotAllowed):
        write_rule(WriteRule(1, role="manager"), actor=people["otto"].actor, at=MONDAY)
    wrong = WriteRule(
        0,
        role="receiving",
        amount_from=Decimal(10),
        amount_below=Decimal(5),
        supplier="NOBODY",
        why="x",
        valid_from=date(2026, 3, 5),
        valid_to=date(2026, 3, 4),
    )
    with acting(people["max"].actor), pytest.raises(Invalid) as refused:
        write_rule(wrong, actor=people["max"].actor, at=MONDAY)
    assert {one.field for one in refused.value.problems} == {
        "role",
        "step",
        "currency",
        "amount_below",
        "why",
        "valid_to",
        "supplier",
    }
    with acting(people["max"].actor), pytest.raises(Invalid):
        write_limit(WriteLimit("eur", Decimal(-1), role="manager"), actor=people["max"].actor, at=MONDAY)
    rule = a_rule(people, 1, role="manager", supplier="ACME", company="NM")
    later = MONDAY + timedelta(days=3)
    with acting(people["max"].actor):
        ended = end_rule(rule.key, actor=people["max"].actor, at=later)
        assert (ended.valid_to, ended.ended_by) == (date(2026, 3, 4), "Max Manager")
        with pytest.raises(IllegalTransition):
            end_rule(rule.key, actor=people["max"].actor, at=later)
        new = write_rule(WriteRule(1, role="buyer"), actor=people["max"].actor, at=later)
        assert end_rule(new.key, actor=people["max"].actor, at=later) is None
        assert ApprovalRule.objects.count() == 1
    first = a_limit(people, 100, person=people["otto"].user.pk)
    assert a_limit(people, 200, person=people["otto"].user.pk).pk == first.pk


def test_a_supplier_reads_nothing_of_who_approves(people):
    invoice = an_invoice_over_price(people)
    desk(accept_invoice, invoice, people["otto"], "Please.")
    with acting(people["asha"].actor):
        assert Invoice.objects.count() == 1
        kinds = set(AuditEvent.objects.filter(stream=invoice.stream).values_list("kind", flat=True))
    assert not {kind for kind in kinds if "approval" in kind}
