"""Cases agree with how things stand: they open, come back and close by themselves."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import record
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.acknowledgments.models import OrderAcknowledgment
from procurement.acknowledgments.services import withdraw_acknowledgment
from procurement.acknowledgments.services.clocks import MoveAnswerDue, move_answer_due
from procurement.changes.messages import Wish
from procurement.changes.services import accept_change, counter_change, decline_change
from procurement.erp.models import ErpCommand
from procurement.erp.reconciliation.models import Drift, ReconciliationRun
from procurement.erp.reconciliation.states import DriftState
from procurement.erp.services import ECHO_DIFFERS
from procurement.erp.states import CommandState, RunState
from procurement.inbox.models import ExceptionCase
from procurement.inbox.policies.kinds import LOOKS
from procurement.inbox.presenters.pages import part_words
from procurement.inbox.services.review import HEARS, INBOX, about, react, review_cases
from procurement.inbox.services.sweeping import sweep
from procurement.inbox.services.working import Seen, settle_case
from procurement.inbox.states import LATER as COMES_LATER
from procurement.inbox.states import CaseKind, CaseState, Cause, CloseReason
from tests.builders.changes import an_agreed_order, propose, revise, say
from tests.builders.facts import a_receipt, arrive
from tests.builders.inbox import (
    LATER,
    a_case,
    a_late_order,
    answer,
    cases,
    decide,
    late,
    piece,
    refusal,
    review,
    the_case,
    told,
)
from tests.builders.supply import some_stock, stock_comes
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
A_WEEK = Wish(move_days=7)


# --- an answer that waits -----------------------------------------------------------------------------------


def test_a_promise_later_than_need_is_a_case_with_its_facts(people):
    order = a_late_order(people["asha"])

    review(order)

    case = the_case()
    assert (case.kind, case.state, case.occurrences) == (CaseKind.PROMISE_LATE, CaseState.OPEN, 1)
    assert case.order_id == order.pk
    assert case.supplier_id == order.supplier_id
    assert (case.item_number, case.item_group) == ("VALVE-15", "valves")
    assert case.facts["asked_on"] == "2026-04-01"
    assert case.facts["promised_on"] == "2026-04-09"
    assert case.facts["value"] == "685"
    assert told(case) == ["case.opened"]


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        ([refusal()], CaseKind.LINE_REFUSED),
        ([piece(quantity=Decimal(60)), refusal(quantity=Decimal(40))], CaseKind.SHORTAGE),
        ([piece(kind="substitute", item_number="A-16")], CaseKind.SUBSTITUTE_OFFERED),
        ([piece(price=Decimal("7.15"))], CaseKind.PRICE_DIFFERS),
        ([piece(price=Decimal("7.15"), delivery_on=date(2026, 4, 9))], CaseKind.PROMISE_LATE),
        (
            [
                piece(quantity=Decimal(60), delivery_on=date(2026, 3, 25)),
                piece(quantity=Decimal(40), delivery_on=date(2026, 4, 1)),
            ],
            CaseKind.SPLIT_OFFERED,
        ),
        ([piece(delivery_on=date(2026, 3, 25))], CaseKind.OUTSIDE_TOLERANCE),
    ],
)
def test_the_gravest_difference_names_the_case(people, pieces, kind):
    order = answer(an_order(lines=1), people["asha"], *pieces)

    review(order)

    assert the_case().kind == kind


def test_a_line_with_several_differences_is_one_case(people):
    order = answer(
        an_order(lines=1), people["asha"], piece(price=Decimal("7.15"), delivery_on=date(2026, 4, 9))
    )

    review(order)

    assert the_case().facts["also"] == ["price_differs"]


def test_looking_twice_changes_nothing(people):
    case = a_case(people)

    done = review(fresh())

    assert (done.opened, done.recurred, done.closed) == (0, 0, 0)
    assert (the_case().version, told(case)) == (case.version, ["case.opened"])


def test_what_is_accepted_closes_and_says_so(people):
    case = a_case(people)

    decide(fresh(), people["bea"], "accept")
    review(fresh())

    closed = the_case()
    assert (closed.state, closed.closed_because) == (CaseState.RESOLVED, CloseReason.ACCEPTED)
    assert told(case) == ["case.opened", "case.closed"]


def test_what_is_declined_closes_and_comes_back_with_the_next_answer(people):
    case = a_case(people)
    decide(fresh(), people["bea"], "decline", "Too late.")
    review(fresh())
    assert the_case().closed_because == CloseReason.DECLINED

    answer(fresh(), people["asha"], late(6))
    review(fresh())

    back = the_case()
    assert (back.pk, back.state, back.occurrences) == (case.pk, CaseState.OPEN, 2)
    assert back.closed_at is None
    assert back.facts["promised_on"] == "2026-04-07"
    assert told(case) == ["case.opened", "case.closed", "case.recurred"]


def test_another_answer_brings_the_case_back_under_its_new_name(people):
    case = a_case(people)

    answer(fresh(), people["asha"], refusal())
    review(fresh())

    again = the_case()
    assert (again.pk, again.kind, again.occurrences) == (case.pk, CaseKind.LINE_REFUSED, 2)


def test_an_answer_taken_back_closes_its_case(people):
    a_case(people)
    with acting(people["asha"].actor):
        paper = OrderAcknowledgment.objects.get()
        withdraw_acknowledgment(paper.key, actor=people["asha"].actor, at=LATER)

    review(fresh())

    assert the_case().closed_because == CloseReason.WITHDRAWN


def test_a_revision_that_asks_anew_closes_the_case(people):
    a_case(people)
    receive(a_paper(lines=[a_line(10, quantity=Decimal(120))], revision="2"), at=LATER)

    review(fresh())

    assert the_case(state="resolved").closed_because == CloseReason.REVISED


def test_an_order_that_is_cancelled_closes_its_cases(people):
    a_case(people)
    receive(a_paper(lines=1, revision="2", status="cancelled"), at=LATER)

    review(fresh())

    assert the_case().closed_because == CloseReason.ORDER_OVER


def test_after_a_month_the_same_cause_is_another_case(people):
    first = a_case(people)
    decide(fresh(), people["bea"], "decline", "Too late.")
    review(fresh())

    answer(fresh(), people["asha"], late(60), at=LATER + 31 * DAY)
    review(fresh(), at=LATER + 31 * DAY)

    old, new = cases()
    assert (old.pk, old.state) == (first.pk, CaseState.RESOLVED)
    assert (new.state, new.occurrences) == (CaseState.OPEN, 1)


# --- time that is up ----------------------------------------------------------------------------------------


def test_an_answer_that_is_overdue_comes_with_the_clock_alone(people):
    order = an_order(lines=2)

    sweep(order.acknowledge_by_at - timedelta(minutes=1))
    assert cases() == []
    sweep(order.acknowledge_by_at)

    case = the_case()
    assert (case.kind, case.due_at) == (CaseKind.ACKNOWLEDGMENT_OVERDUE, order.acknowledge_by_at)
    answer(fresh(), people["asha"])
    answer(fresh(), people["asha"], line="L20")
    review(fresh(), at=order.acknowledge_by_at)
    assert the_case().closed_because == CloseReason.ANSWERED


def test_goods_that_did_not_come_are_a_case_on_the_next_day(people):
    an_agreed_order(people["asha"], lines=1)
    first = MONDAY.replace(month=4, day=1)

    sweep(first)
    assert cases() == []
    sweep(first + DAY)

    case = the_case()
    assert (case.kind, case.facts["missing"]) == (CaseKind.SHIPMENT_OVERDUE, "100")
    receive(a_paper(lines=[a_line(10, received_quantity=Decimal(100))], revision="2"), at=first + 2 * DAY)
    review(fresh(), at=first + 2 * DAY)
    assert the_case().closed_because == CloseReason.ARRIVED


def test_a_day_that_passes_does_not_bring_a_case_back(people):
    an_agreed_order(people["asha"], lines=1)
    sweep(MONDAY.replace(month=4, day=2))

    sweep(MONDAY.replace(month=4, day=3))
    review(fresh(), at=MONDAY.replace(month=4, day=3))

    assert the_case().occurrences == 1


def test_more_than_was_asked_for_is_a_case(people):
    an_agreed_order(people["asha"], lines=1)
    receive(a_paper(lines=[a_line(10, received_quantity=Decimal(120))], revision="2"), at=LATER)

    review(fresh())

    case = the_case()
    assert (case.kind, case.facts["surplus"]) == (CaseKind.OVER_RECEIPT, "20")


# --- change requests ----------------------------------------------------------------------------------------


def test_a_suppliers_wish_waits_for_the_buyer_and_the_buyers_own_does_not(people):
    order = an_agreed_order(people["asha"])
    propose(order, people["asha"], A_WEEK)
    propose(order, people["bea"], A_WEEK, line="L20")

    review(fresh())

    case = the_case()
    assert (case.kind, case.facts["promised_on"]) == (CaseKind.CHANGE_WAITS, "2026-04-08")
    assert case.due_at is not None


def test_a_counter_offer_goes_and_comes_back_in_its_round(people):
    change = propose(an_agreed_order(people["asha"]), people["asha"], A_WEEK)
    review(fresh())
    change = revise(counter_change, change, people["bea"], Wish(move_days=3))
    review(fresh())
    assert the_case().closed_because == CloseReason.COUNTERED

    revise(counter_change, change, people["asha"], Wish(move_days=5))
    review(fresh())

    case = the_case()
    assert (case.kind, case.occurrences, case.facts["round"]) == (CaseKind.COUNTER_OFFER, 2, 3)


def test_a_second_slip_is_called_one(people):
    change = propose(an_agreed_order(people["asha"], lines=1), people["asha"], A_WEEK)
    say(accept_change, change, people["bea"])
    propose(fresh(), people["asha"], A_WEEK)

    review(fresh())

    case = the_case()
    assert case.kind == CaseKind.SLIPPED_AGAIN
    assert case.inputs["slips"] == "1"


@pytest.mark.parametrize(
    ("verb", "words", "why"),
    [(accept_change, {}, CloseReason.ACCEPTED), (decline_change, {"note": "No."}, CloseReason.DECLINED)],
)
def test_a_request_that_is_answered_closes(people, verb, words, why):
    change = propose(an_agreed_order(people["asha"]), people["asha"], A_WEEK)
    review(fresh())

    say(verb, change, people["bea"], **words)
    review(fresh())

    assert the_case().closed_because == why


# --- the ERP ------------------------------------------------------------------------------------------------


def a_command(order, state, **more):
    payload = {"company": "NM", "number": order.number, "supplier": "ACME", "base_revision": "1", "lines": []}
    with acting(FEED):
        return ErpCommand.objects.create(
            origin=order.key,
            supplier_id=order.supplier_id,
            order=order,
            state=state,
            payload=payload,
            queued_at=MONDAY,
            **more,
        )


@pytest.mark.parametrize(
    ("state", "reason", "kind"),
    [
        (CommandState.CONFLICT, "Moved.", CaseKind.ERP_CONFLICT),
        (CommandState.CONFLICT, ECHO_DIFFERS, CaseKind.ERP_ECHO),
        (CommandState.NEEDS_PERSON, "Refused.", CaseKind.ERP_FAILED),
        (CommandState.TO_KEY, "", CaseKind.ERP_TO_KEY),
        (CommandState.UNKNOWN, "", CaseKind.ERP_UNKNOWN),
    ],
)
def test_what_the_erp_did_not_take_is_a_case_until_it_did(people, state, reason, kind):
    order = an_order()
    command = a_command(order, state, reason=reason)
    review(order)
    assert the_case().kind == kind

    with acting(FEED):
        ErpCommand.objects.filter(pk=command.pk).update(state=CommandState.CONFIRMED, confirmed_at=LATER)
    review(order)

    assert the_case().closed_because == CloseReason.IN_ERP


def test_a_drift_is_a_case_until_it_is_repaired(people):
    order = an_order()
    with acting(FEED):
        run = ReconciliationRun.objects.create(
            state=RunState.DONE, asked_by="Ines", started_at=MONDAY, finished_at=MONDAY
        )
        common = {"feed": "orders", "run": run, "seen_in": run, "found_at": MONDAY, "kind": "fields"}
        drift = Drift.objects.create(
            owner="NM",
            number=order.number,
            order=order,
            supplier_id=order.supplier_id,
            fingerprint="0" * 64,
            **common,
        )
        loose = Drift.objects.create(owner="", number="VALVE-15", fingerprint="1" * 64, **common)
        record("drift.found", drift.stream, actor=FEED, at=LATER, supplier_id=None, internal=True)
        record("drift.found", loose.stream, actor=FEED, at=LATER, supplier_id=None, internal=True)
        events = list(AuditEvent.objects.filter(kind="drift.found"))
    assert {case.subject for case in reviewed_by(events)} == {drift.stream, loose.stream}

    with acting(FEED):
        Drift.objects.update(state=DriftState.GONE, closed_at=LATER)
    assert {case.closed_because for case in reviewed_by(events)} == {CloseReason.REPAIRED}


def reviewed_by(events):
    """What the reaction to these facts leaves behind; it wants to open its transactions itself."""
    with acting(INBOX):
        orders, rest = about(events)
        review_cases(orders, actor=INBOX, at=LATER)
        review_cases((), rest, actor=INBOX, at=LATER)
    return cases()


# --- what only facts tell -----------------------------------------------------------------------------------


def tell(kind, stream, **facts):
    with acting(FEED):
        record(kind, stream, actor=FEED, at=LATER, supplier_id=None, facts=facts, internal=True)


def test_a_notice_that_did_not_arrive_is_a_case_until_one_does(people):
    order = an_order()
    tell("notice.failed", order.stream, to="sales@acme.example", reason="mailbox full")
    review(order)
    case = the_case()
    assert (case.kind, case.facts["told"]["to"]) == (CaseKind.NOTICE_FAILED, "sales@acme.example")

    tell("notice.sent", order.stream)
    review(order)

    assert the_case().state == CaseState.RESOLVED


def test_a_mail_of_an_unknown_sender_belongs_to_no_order(people):
    tell("mail.sender_unknown", "mail:1", sender="x@y.example", subject="Hello")

    with acting(INBOX):
        review_cases((), ["mail:1"], actor=INBOX, at=LATER)

    case = the_case()
    assert (case.kind, case.order_id, case.subject) == (CaseKind.MAIL_UNKNOWN, None, "mail:1")


# --- how ----------------------------------------------------------------------------------------------------


def test_facts_promise_the_inbox_to_look(people):
    a_late_order(people["asha"])

    with acting(FEED):
        promised = OutboxMessage.objects.filter(topic="reactions", kind="inbox").count()

    assert promised >= 2


@pytest.mark.django_db(transaction=True)
def test_the_reaction_reviews_what_facts_are_about(people):
    a_late_order(people["asha"])
    with acting(FEED):
        events = list(AuditEvent.objects.filter(kind="order.acknowledged"))

    assert react(events, LATER) == "opened 1, recurred 0, closed 0"
    assert react(events, LATER) == "opened 0, recurred 0, closed 0"


def queries_of_a_review(orders):
    with acting(INBOX), CaptureQueriesContext(connection) as told_of:
        review_cases([order.pk for order in orders], actor=INBOX, at=LATER)
    return len(told_of)


def test_a_review_asks_as_much_of_one_order_as_of_thirty(people):
    first = [a_late_order(people["asha"], f"46{n:08}") for n in range(2)]
    many = [a_late_order(people["asha"], f"45{n:08}") for n in range(30)]

    few = queries_of_a_review(first)

    assert queries_of_a_review(many) == few
    assert len(cases()) == 32


def test_no_supplier_sees_a_case(people):
    case = a_case(people)

    with acting(people["asha"].actor):
        assert not AuditEvent.objects.filter(stream=case.stream).exists()
    with pytest.raises(DatabaseError, match="permission denied"), acting(people["asha"].actor):
        type(case).objects.count()


def test_every_kind_is_either_known_now_or_named_for_later():
    assert set(LOOKS) | COMES_LATER == set(CaseKind)
    assert set(LOOKS) & COMES_LATER == set()


def test_receipts_heard_of_do_not_break_a_review(people):
    order = an_agreed_order(people["asha"], lines=1)
    arrive(a_receipt())

    assert str(review(order)) == "opened 0, recurred 0, closed 0"


# --- what a person has seen to hides nothing else -----------------------------------------------------------


def settle(case, person, reason="Seen to."):
    with acting(person.actor):
        settle_case(Seen(case.key, case.version), reason, actor=person.actor, at=LATER)


def test_a_refusal_settled_long_ago_hides_no_stock_out_of_its_line(people):
    order = a_late_order(people["asha"])
    review(order)
    settle(the_case(), people["bea"])
    decide(order, people["bea"], "accept")
    stock_comes(some_stock(on_hand=Decimal(8)))

    sweep(LATER)

    assert [case.kind for case in cases(state=CaseState.OPEN)] == [CaseKind.STOCK_OUT]


def test_a_stock_out_that_was_seen_to_stays_so(people):
    an_agreed_order(people["asha"], lines=1)
    stock_comes(some_stock(on_hand=Decimal(8)))
    sweep(LATER)
    settle(the_case(), people["bea"])

    sweep(LATER + DAY)

    assert the_case().state == CaseState.RESOLVED


def test_a_conflict_settled_hides_no_write_that_is_lost_afterwards(people):
    order = an_order()
    command = a_command(order, CommandState.CONFLICT, reason="Moved.")
    review(order)
    settle(the_case(), people["max"])
    with acting(FEED):
        ErpCommand.objects.filter(pk=command.pk).update(state=CommandState.UNKNOWN, reason="")

    sweep(LATER)

    assert (the_case().kind, the_case().state) == (CaseKind.ERP_UNKNOWN, CaseState.OPEN)


def test_more_time_closes_what_was_overdue_at_once(people):
    order = an_order(lines=1)
    at = order.acknowledge_by_at + timedelta(hours=1)
    review(order, at=at)
    bea = people["bea"].actor
    with acting(bea):
        move_answer_due(
            MoveAnswerDue(order.key, order.version, at + 5 * DAY, "Flood in Pune."), actor=bea, at=at
        )
    with acting(FEED):
        facts = list(AuditEvent.objects.filter(kind__in=HEARS, at=at))
        orders, streams = about(facts)
        review_cases(orders, streams, actor=INBOX, at=at)

    assert the_case().closed_because == CloseReason.MORE_TIME


# --- how much, and in which money ---------------------------------------------------------------------------


def test_what_is_to_come_later_is_not_missing_yet(people):
    pieces = [
        piece(quantity=Decimal(60), delivery_on=date(2026, 3, 25)),
        piece(quantity=Decimal(40), delivery_on=date(2026, 4, 20)),
    ]
    order = answer(an_order(lines=1), people["asha"], *pieces)
    decide(order, people["bea"], "accept")

    sweep(MONDAY.replace(day=27))
    assert the_case(cause=Cause.SHIPMENT).facts["missing"] == "60"

    receive(
        a_paper(lines=[a_line(10, received_quantity=Decimal(25))], revision="2"), at=MONDAY.replace(day=28)
    )
    review(fresh(), at=MONDAY.replace(day=28))
    assert the_case(cause=Cause.SHIPMENT).facts["missing"] == "35"


def test_what_has_no_rate_is_told_in_its_own_currency(people):
    review(answer(an_order(lines=1, currency="USD"), people["asha"], late()))

    with acting(FEED):
        assert (
            part_words("Value", ExceptionCase.objects.select_related("company").get()) == "Value 685.00 USD"
        )
