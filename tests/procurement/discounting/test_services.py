"""Early payment offered, agreed to, taken back, earned and lapsed; and on which invoices it never is."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from portal.kernel.templatetags.portal_ui import day_text, money_text
from procurement.bills.messages import BillLinePaper, BillPaper
from procurement.clocks.queries import Offices
from procurement.discounting.models import DiscountPolicy, EarlyPayment
from procurement.discounting.presenters import early_rows
from procurement.discounting.queries import PayDays, earned, offered_for, weeks_left
from procurement.discounting.services import (
    OwnPolicy,
    approve_discount_policy,
    lapse_early,
    retire_discount_policy,
)
from procurement.erp.connectors.files import FilesConnector
from procurement.erp.delivery import carry
from procurement.erp.inbound import take_papers
from procurement.erp.ports import CommandResult, Feed, Outcome, Sighting
from procurement.invoices.messages import Hold
from procurement.invoices.models import Invoice
from procurement.invoices.services import hold_invoice, mark_scheduled, reopen_invoice, void_invoice
from procurement.invoices.states import Acts
from procurement.payables.queries.desk import AtStake, at_stake
from procurement.payables.queries.forecast import forecast
from tests.builders.changes import an_agreed_order
from tests.builders.early import (
    LESS,
    SOONEST,
    a_discount_policy,
    agree,
    offered,
    take_back,
    the_early,
)
from tests.builders.invoices import fresh_invoice, settle
from tests.builders.notices import mailed, react
from tests.builders.told_invoices import an_approved_invoice
from tests.builders.world import MONDAY
from tests.people import FEED

pytestmark = pytest.mark.django_db
# What reactions do, they do in transactions of their own.
in_the_open = pytest.mark.django_db(transaction=True)

TOTAL, DUE = Decimal("1313.76"), date(2026, 4, 1)


@pytest.fixture
def order(people: Any) -> Any:
    return an_agreed_order(people["asha"])


@pytest.fixture
def invoice(people: Any, order: Any) -> Invoice:
    a_discount_policy(people)
    return an_approved_invoice(order, {"L10": 60}, pay_on=DUE)


def bill(order: Any, state: str, open_amount: str, **changed: Any) -> BillPaper:
    values: dict[str, Any] = {
        "company": "NM",
        "supplier": "ACME",
        "key": "5100088123",
        "reference": "R-2041",
        "state": state,
        "invoiced_on": date(2026, 3, 2),
        "currency": "EUR",
        "total": TOTAL,
        "open_amount": Decimal(open_amount),
        "due_on": DUE,
        "lines": (BillLinePaper(order.number, "L10", Decimal(60), Decimal(1104)),),
    }
    return BillPaper(**{**values, **changed})


def tells(paper: BillPaper, at: datetime = MONDAY) -> None:
    with acting(FEED):
        assert take_papers(Feed.INVOICES, [Sighting(paper, "")], at).refused == []
    react()


def promised() -> list[tuple[str, str, bool]]:
    with acting(FEED):
        found = OutboxMessage.objects.filter(topic="erp", kind__startswith="invoice.early").order_by("id")
        return [(one.kind, one.payload["pay_on"], one.payload["ended"]) for one in found]


def taken_over(folder: Any) -> None:
    """The ERP is told of what was agreed last, and says that it stands there."""
    with acting(FEED):
        message = OutboxMessage.objects.filter(kind="invoice.early_agreed").latest("id")
    assert carry(message, FilesConnector(folder), lambda: MONDAY) == "sent"
    with acting(FEED):
        result = CommandResult(str(message.key), Outcome.CONFIRMED)
        take_papers(Feed.COMMAND_RESULTS, [Sighting(result, "")], MONDAY)


def standing(invoice: Invoice) -> tuple[str, date | None, Decimal | None, str]:
    fresh = fresh_invoice(invoice)
    return fresh.state, fresh.pay_on, fresh.early_discount, the_early().state


# --- policies -----------------------------------------------------------------------------------------------


def test_a_policy_acts_by_two_pairs_of_eyes_and_offers_nothing_before(people, order):
    draft = a_discount_policy(people, acts=False)
    invoice = an_approved_invoice(order, {"L10": 60})
    assert offered(invoice) is None

    with pytest.raises(OwnPolicy), acting(people["max"].actor):
        approve_discount_policy(draft.key, draft.version, actor=people["max"].actor, at=MONDAY)
    with pytest.raises(StaleDocument), acting(people["root"].actor):
        approve_discount_policy(draft.key, 7, actor=people["root"].actor, at=MONDAY)
    with pytest.raises(NotAllowed), acting(people["otto"].actor):
        approve_discount_policy(draft.key, draft.version, actor=people["otto"].actor, at=MONDAY)
    assert offered(invoice) is None

    with acting(people["root"].actor):
        approve_discount_policy(draft.key, draft.version, actor=people["root"].actor, at=MONDAY)
    assert offered(invoice).best.discount == LESS


def test_who_wrote_a_version_before_approves_it_no_more_than_who_wrote_the_last(people):
    draft = a_discount_policy(people, acts=False)
    swapped = {**people, "max": people["root"], "root": people["max"]}
    with acting(FEED):
        again = DiscountPolicy.objects.get(pk=draft.pk)
    written = a_discount_policy(swapped, acts=False, key=again.key, version=again.version)
    for name in ("max", "root"):
        with pytest.raises(OwnPolicy), acting(people[name].actor):
            approve_discount_policy(draft.key, written.version, actor=people[name].actor, at=MONDAY)
    with acting(FEED):
        assert DiscountPolicy.objects.get(pk=draft.pk).state == "draft"


def test_who_may_write_a_policy_and_what_it_may_name(people):
    with pytest.raises(NotAllowed):
        a_discount_policy({**people, "max": people["otto"]})
    with pytest.raises(NotAllowed):
        a_discount_policy({**people, "max": people["bea"]})
    with pytest.raises(Invalid) as refusal:
        a_discount_policy(people, supplier="NOBODY", least_percent=Decimal(5))
    assert [one.field for one in refusal.value.problems] == ["least_percent", "supplier"]


# --- what is offered ----------------------------------------------------------------------------------------


def test_each_working_day_is_offered_from_the_first_pay_day_until_the_planned_one(invoice):
    found = offered(invoice)

    assert (found.planned_on, found.best.pay_on, found.best.days) == (DUE, SOONEST, 28)
    assert (found.best.discount, found.best.to_pay) == (LESS, Decimal("1301.50"))
    assert found.offers[-1].pay_on == date(2026, 3, 31)
    assert all(one.pay_on.weekday() < 5 for one in found.offers)
    assert len(found.offers) == 20


NEVER: list[dict[str, Any]] = [
    {"state": "held", "held_for": {"key": "x"}, "acts": "buyer", "held_at": MONDAY},
    {"state": "disputed"},
    {"state": "scheduled"},
    {"state": "paid"},
    {"kind": "debit_note"},
    {"kind": "credit_note"},
    {"due_on": None, "pay_on": None},
    {"due_on": date(2026, 3, 4), "pay_on": None},
    {"currency": "USD"},
    {"discount_percent": Decimal(2), "discount_days": 30},  # the terms come first
]


def test_on_which_invoices_nothing_is_offered(people, order):
    a_discount_policy(people)
    for n, changed in enumerate(NEVER):
        one = an_approved_invoice(order, {"L10": 60}, number=f"N{n}", **{"pay_on": DUE, **changed})

        assert offered(one) is None, changed
        with pytest.raises(IllegalTransition):
            agree(one, people["asha"])


def test_nothing_is_offered_with_a_note_or_for_another_segment(people, order):
    a_discount_policy(people, segment="strategic")  # ACME is not
    noted = an_approved_invoice(order, {"L10": 10}, number="NOTED")
    assert offered(noted) is None

    a_discount_policy(people, supplier="ACME", least_amount=Decimal(100))
    assert offered(noted) is not None
    an_approved_invoice(order, {"L10": 1}, number="C1", kind="credit_note", state="sent", corrects=noted)
    assert offered(noted) is None


def test_what_is_left_of_a_weeks_budget_decides_what_is_offered(people, order):
    pays = Decimal("1313.76") - LESS
    policy = a_discount_policy(people, weekly_budget=pays + 200)
    first = an_approved_invoice(order, {"L10": 60}, pay_on=DUE)
    second = an_approved_invoice(order, {"L10": 60}, number="R-2", pay_on=DUE)
    small = an_approved_invoice(order, {"L10": 1}, number="R-3", pay_on=DUE)
    shown = offered(second)
    assert (shown.best.pay_on, shown.best.discount) == (SOONEST, LESS)
    agree(first, people["asha"])

    # Nothing fits into that week any more but the small one; the next week has a budget of its own.
    assert offered(second).best.pay_on == date(2026, 3, 9)
    assert offered(small).best.pay_on == SOONEST
    with pytest.raises(StaleDocument, match="has moved"):
        agree(second, people["asha"])
    with acting(FEED):
        assert [(one.week, one.left) for one in weeks_left(policy, MONDAY.date())] == [
            (date(2026, 3, 2), Decimal(200))
        ]

    take_back(first, people["asha"])
    assert offered(second).best == shown.best


def test_a_policy_that_takes_anothers_place_goes_on_with_what_is_left(people, order):
    pays = Decimal("1313.76") - LESS
    a_discount_policy(people, weekly_budget=pays + 200)
    first = an_approved_invoice(order, {"L10": 60}, pay_on=DUE)
    second = an_approved_invoice(order, {"L10": 60}, number="R-2", pay_on=DUE)
    agree(first, people["asha"])

    again = a_discount_policy(people, weekly_budget=pays + 300)
    assert offered(second).best.pay_on == date(2026, 3, 9)
    own = a_discount_policy(people, supplier="ACME", weekly_budget=pays + 100)
    assert offered(second).best.pay_on == date(2026, 3, 9)
    others = a_discount_policy(people, supplier="GLOBEX", weekly_budget=pays)
    with acting(FEED):
        left = [weeks_left(one, MONDAY.date())[0].left for one in (again, own, others)]
    assert left == [Decimal(300), Decimal(100), pays]


def test_after_the_discount_of_the_terms_is_over_days_are_offered_again(people, order):
    a_discount_policy(people)
    terms = {"discount_percent": Decimal(2), "discount_days": 10, "discount_amount": Decimal("26.28")}

    invoice = an_approved_invoice(order, {"L10": 60}, **terms)

    best = offered(invoice).best
    assert best.pay_on == date(2026, 3, 13)  # the first working day after 12 March
    # At the desk one of the two is at stake, never both.
    until = AtStake(date(2026, 3, 12), invoice.discount_amount, "EUR")
    assert at_stake(fresh_invoice(invoice), MONDAY.date()) == until
    agree(invoice, people["asha"], best.pay_on, best.discount)
    assert at_stake(fresh_invoice(invoice), MONDAY.date()) is None


def test_what_is_asked_for_many_costs_as_many_queries_as_for_one(people, order):
    a_discount_policy(people)
    rows = [an_approved_invoice(order, {"L10": 60}, number=f"M{n}") for n in range(4)]
    many = [fresh_invoice(one) for one in rows]

    def queries(asked):
        with acting(people["asha"].actor), CaptureQueriesContext(connection) as caught:
            assert len(offered_for(asked, MONDAY)) == len(asked)
        return len(caught)

    assert queries(many) == queries(many[:1])


# --- agreed and taken back ----------------------------------------------------------------------------------


def test_what_is_agreed_is_kept_planned_told_to_the_erp_and_mailed(people, invoice):
    early = agree(invoice, people["asha"])

    assert standing(invoice) == ("approved", SOONEST, LESS, "agreed")
    assert fresh_invoice(invoice).to_pay == Decimal("1301.50")
    kept = (early.base_on, early.days, early.total, early.yearly_percent, early.day_count, early.agreed_by)
    assert kept == (DUE, 28, TOTAL, Decimal(12), 360, people["asha"].actor.label)
    assert promised() == [("invoice.early_agreed", "2026-03-04", False)]
    with acting(FEED):
        fact = AuditEvent.objects.get(kind="invoice.early_agreed")
        assert (fact.actor_side, fact.stream, fact.internal) == ("supplier", invoice.stream, False)
    assert offered(invoice) is None
    with pytest.raises(IllegalTransition, match="agreed already"):
        agree(invoice, people["asha"])


def test_only_exactly_what_was_shown_is_agreed_and_only_by_who_writes_the_suppliers_invoices(people, invoice):
    for day, less in ((SOONEST, Decimal("12.25")), (date(2026, 3, 7), LESS), (date(2026, 3, 3), LESS)):
        with pytest.raises(StaleDocument):
            agree(invoice, people["asha"], day, less)
    for name in ("olga", "arun", "otto", "max"):
        with pytest.raises(NotAllowed):
            agree(invoice, people[name])
    with pytest.raises(NotFound):
        agree(invoice, people["gil"])
    with pytest.raises(StaleDocument):  # two days later the soonest is another
        agree(invoice, people["asha"], at=MONDAY + timedelta(days=2))

    assert fresh_invoice(invoice).early_discount is None
    assert promised() == []
    with acting(FEED):
        assert not EarlyPayment.objects.exists()


def test_it_is_taken_back_until_it_is_scheduled_and_can_be_agreed_anew(people, invoice):
    with pytest.raises(IllegalTransition, match="not agreed"):
        take_back(invoice, people["asha"])
    agree(invoice, people["asha"])
    with pytest.raises(NotAllowed):
        take_back(invoice, people["otto"])

    take_back(invoice, people["asha"])
    assert standing(invoice) == ("approved", DUE, None, "taken_back")
    agree(invoice, people["asha"], date(2026, 3, 31), Decimal("0.44"))
    assert [kind for kind, _day, _ended in promised()] == [
        "invoice.early_agreed",
        "invoice.early_withdrawn",
        "invoice.early_agreed",
    ]

    settle(mark_scheduled, invoice, pay_on=DUE)
    assert standing(invoice) == ("scheduled", date(2026, 3, 31), Decimal("0.4400"), "agreed")
    with pytest.raises(IllegalTransition, match="scheduled"):
        take_back(invoice, people["asha"])


def test_what_was_agreed_stays_when_the_company_switches_it_off(people, order):
    policy = a_discount_policy(people)
    invoice = an_approved_invoice(order, {"L10": 60}, pay_on=DUE)
    other = an_approved_invoice(order, {"L10": 60}, number="R-2042")
    agree(invoice, people["asha"])

    with acting(people["max"].actor):
        retire_discount_policy(policy.key, policy.version, actor=people["max"].actor, at=MONDAY)

    assert offered(other) is None
    assert standing(invoice) == ("approved", SOONEST, LESS, "agreed")


@in_the_open
def test_it_ends_with_the_approval(people, order, invoice):
    other = an_approved_invoice(order, {"L10": 60}, number="R-2042", pay_on=DUE)
    for one in (invoice, other):
        agree(one, people["asha"])
    settle(reopen_invoice, invoice, Hold("desk.held", Acts.PAYABLES))
    settle(void_invoice, other, "Twice.")
    react()

    assert [fresh_invoice(one).early_discount for one in (invoice, other)] == [None, None]
    with acting(FEED):
        assert set(EarlyPayment.objects.values_list("state", flat=True)) == {"ended"}
    # What the ERP was told stays true there until it hears otherwise.
    assert [(kind, ended) for kind, _day, ended in promised()] == [
        *[("invoice.early_agreed", False)] * 2,
        *[("invoice.early_ended", True)] * 2,
    ]


def test_the_database_holds_what_the_rules_say(people, invoice):
    agree(invoice, people["asha"])

    for values in ({"early_discount": TOTAL}, {"early_discount": 0}, {"pay_on": None}, {"state": "held"}):
        with pytest.raises(DatabaseError), acting(FEED), transaction.atomic():
            Invoice.objects.filter(pk=invoice.pk).update(**values)
    for values in ({"discount": TOTAL}, {"pay_on": DUE}, {"state": "lapsed"}):
        with pytest.raises(DatabaseError), acting(FEED), transaction.atomic():
            EarlyPayment.objects.filter(invoice=invoice).update(**values)
    with pytest.raises(DatabaseError, match="never edited"), acting(FEED), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(discount_amount=3)
    with acting(people["gil"].actor):
        assert not EarlyPayment.objects.exists()
    with pytest.raises(IllegalTransition):
        settle(hold_invoice, invoice, Hold("desk.held", Acts.PAYABLES))


# --- paid, or not -------------------------------------------------------------------------------------------


@in_the_open
def test_paid_short_by_exactly_what_was_agreed_it_is_paid_and_earned(people, order, invoice, tmp_path):
    agree(invoice, people["asha"])
    tells(bill(order, "approved", "1313.76"))
    assert standing(invoice) == ("scheduled", SOONEST, LESS, "agreed")

    tells(bill(order, "partly_paid", "12.27"))
    assert standing(invoice)[0] == "scheduled"
    tells(bill(order, "partly_paid", "12.26", paid_on=SOONEST))
    assert standing(invoice) == ("paid", SOONEST, LESS, "paid")
    assert (fresh_invoice(invoice).paid_on, the_early().paid_on) == (SOONEST, SOONEST)
    tells(bill(order, "partly_paid", "12.26", paid_on=SOONEST, number="again"))
    assert standing(invoice)[0] == "paid"
    with acting(FEED):
        assert [(one.currency, one.agreed, one.earned) for one in earned(FEED)] == [("EUR", 0, LESS)]

    tells(bill(order, "approved", "1313.76"))  # the payment was taken back
    assert standing(invoice) == ("scheduled", SOONEST, LESS, "agreed")
    taken_over(tmp_path)
    tells(bill(order, "paid", "0", paid_on=SOONEST))  # with the discount booked there
    assert standing(invoice) == ("paid", SOONEST, LESS, "paid")


@in_the_open
@pytest.mark.parametrize("paid_on", [SOONEST, None])
def test_paid_with_nothing_open_and_never_taken_over_it_is_paid_in_full_and_not_earned(
    people, order, invoice, paid_on
):
    early = agree(invoice, people["asha"])
    tells(bill(order, "approved", "1313.76"))

    tells(bill(order, "paid", "0", paid_on=paid_on))

    assert standing(invoice) == ("paid", SOONEST, None, "lapsed")
    with acting(FEED):
        assert earned(FEED) == []
        assert (
            AuditEvent.objects.filter(stream=invoice.stream).latest("id").kind == "invoice.early_fully_paid"
        )
        (row,) = early_rows(list(EarlyPayment.objects.filter(pk=early.pk, paid_on=paid_on)))
    assert row.state == ("Paid in full" if paid_on else "Lapsed")
    assert [kind for kind, _day, _ended in promised()] == ["invoice.early_agreed"]


@in_the_open
def test_where_the_booking_was_rounded_otherwise_what_is_paid_may_differ_by_as_much(people, order, invoice):
    agree(invoice, people["asha"])
    booked = {"total": TOTAL + Decimal("0.01"), "paid_on": SOONEST}
    tells(bill(order, "approved", "1313.77", **booked))

    for open_amount, state in (("12.29", "scheduled"), ("12.25", "scheduled"), ("12.27", "paid")):
        tells(bill(order, "partly_paid", open_amount, **booked))
        assert (open_amount, fresh_invoice(invoice).state) == (open_amount, state)
    tells(bill(order, "partly_paid", "12.26", **booked))  # taken off the ERP's own total
    assert standing(invoice) == ("paid", SOONEST, LESS, "paid")


@in_the_open
def test_paid_after_its_day_nothing_is_earned(people, order, invoice):
    agree(invoice, people["asha"])
    tells(bill(order, "approved", "1313.76"))

    tells(bill(order, "partly_paid", "12.26", paid_on=SOONEST + timedelta(days=1)))
    assert standing(invoice) == ("scheduled", SOONEST, LESS, "agreed")
    tells(bill(order, "paid", "0", paid_on=SOONEST + timedelta(days=1)))

    assert standing(invoice) == ("paid", SOONEST, None, "lapsed")


@in_the_open
def test_a_day_that_passes_unpaid_lapses_and_both_sides_are_told(people, order):
    """At the time of now: what is long past is mailed to nobody."""
    now = timezone.now()
    start = now - timedelta(days=20)
    due = start.date() + timedelta(days=60)
    a_discount_policy(people, at=start)
    days = {"invoiced_on": start.date(), "due_on": due, "pay_on": due}
    invoice = an_approved_invoice(order, {"L10": 60}, **days)
    best = offered(invoice, start).best
    agree(invoice, people["asha"], best.pay_on, best.discount, at=start)
    # The ERP has moved its own day to the one it was told of.
    tells(bill(order, "approved", "1313.76", invoiced_on=start.date(), due_on=best.pay_on), now)
    mailed()
    with acting(FEED):
        told_until = PayDays.of(fresh_invoice(invoice).company, now, Offices()).told_until(best.pay_on)

    assert (
        lapse_early(datetime.combine(told_until, time(12), UTC)) == 0
    )  # the ERP may still tell that it has paid
    assert lapse_early(now) == 1
    assert lapse_early(now) == 0

    assert standing(invoice) == ("scheduled", due, None, "lapsed")
    assert promised()[-1] == ("invoice.early_lapsed", best.pay_on.isoformat(), True)
    asha, otto = "Asha Acme <asha@supplier.example>", "Otto Payer <otto@northmoor.example>"
    told = {letter.to[0]: letter for letter in mailed()}
    assert {to: letter.subject for to, letter in told.items()} == {
        asha: "Invoice R-2041 was not paid early as agreed",
        otto: "Not paid by the agreed day: invoice R-2041 of Acme Valves",
    }
    less, day, again = money_text(best.discount, "EUR"), day_text(best.pay_on), day_text(due)
    for letter in told.values():
        said = f"It was to be paid on {day} for {less} less. All of it is due on {again} again."
        assert said in " ".join(letter.body.split())
    tells(bill(order, "partly_paid", f"{best.discount}", invoiced_on=start.date(), due_on=due), now)
    assert standing(invoice)[0] == "scheduled"  # what has lapsed is over
    # But for a feed that was silent, and tells now that it was paid in time.
    late = {"invoiced_on": start.date(), "due_on": due, "paid_on": best.pay_on + timedelta(days=1)}
    tells(bill(order, "partly_paid", f"{best.discount}", **late), now)
    assert standing(invoice) == ("scheduled", due, None, "lapsed")
    tells(bill(order, "partly_paid", f"{best.discount}", **{**late, "paid_on": best.pay_on}), now)
    assert standing(invoice) == ("paid", best.pay_on, best.discount, "paid")
    assert (the_early().ended_at, the_early().paid_on) == (None, best.pay_on)
    assert promised()[-1] == ("invoice.early_honoured", best.pay_on.isoformat(), False)
    assert [letter.subject for letter in mailed()] == ["Invoice R-2041 is paid"]

    other = an_approved_invoice(order, {"L10": 60}, number="R-2042", **days)
    best = offered(other, now).best
    agree(other, people["asha"], best.pay_on, best.discount, at=now)
    (letter,) = mailed()
    assert (letter.to, letter.subject) == ([otto], "Acme Valves agrees to be paid early: invoice R-2042")
    less, day, pays = money_text(best.discount, "EUR"), day_text(best.pay_on), money_text(best.to_pay, "EUR")
    assert f"Pay it on {day}: {pays}, that is {less} less." in " ".join(letter.body.split())


def test_the_forecast_counts_the_agreed_day_and_amount_and_one_discount_alone(people, order):
    a_discount_policy(people)
    plain = an_approved_invoice(order, {"L10": 60}, pay_on=DUE)
    an_approved_invoice(
        order, {"L10": 1}, number="T", discount_percent=2, discount_days=20, discount_amount=Decimal("0.44")
    )
    agree(plain, people["asha"])

    with acting(FEED):
        rows = [(one.week, one.amount, one.discount) for one in forecast(FEED, MONDAY.date())]

    assert rows == [
        (date(2026, 3, 2), Decimal("1301.50"), 0),
        (date(2026, 3, 30), Decimal("21.90"), Decimal("0.44")),
    ]
