"""Matching invoices: what is kept, what goes on by itself, and what is looked at again when something moves."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.test import Client
from django.urls import reverse as address_of

from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.catalogue.models import Company
from procurement.invoices.messages import InvoiceNamed
from procurement.invoices.models import Invoice
from procurement.invoices.presenters import approved_text
from procurement.invoices.queries import claimed_by_line
from procurement.invoices.services import approve_invoice, withdraw_invoice
from procurement.matching.engine import Kind, Outcome
from procurement.matching.messages import WriteMatchPolicy
from procurement.matching.models import Match, MatchCheck
from procurement.matching.presenters.policies import policy_row
from procurement.matching.presenters.sentences import check_sentence, held_sentence
from procurement.matching.queries import (
    checks_of,
    current_match,
    gather,
    match_figures,
    matches_of,
    visible_matches,
)
from procurement.matching.services import (
    approve_match_policy,
    dry_match,
    match_invoice,
    match_invoices,
    match_sent,
    rematch_claims,
    rematch_held,
    rematch_onboarding,
    rematch_orders,
    rematch_suppliers,
    retire_match_policy,
    write_match_policy,
)
from procurement.orders.models import PurchaseOrderLine
from procurement.payables.messages import InvoiceSaid
from procurement.payables.services.approvals import OnboardingOpen, accept_invoice
from procurement.receipts.queries import rejected_by_line
from procurement.tolerances.messages import Level, Measure, Scope
from procurement.tolerances.services import stop_rules
from suppliers.banking.models import BankAccount, BankFreeze
from suppliers.banking.services import Frozen
from suppliers.onboarding.messages import InviteSuppliers, Step, Target, WriteTemplate
from suppliers.onboarding.services import invite_suppliers, write_template
from tests.builders.bank import an_account_row
from tests.builders.counts import GTIN, a_notice, begin, count_row, post, reverse, settle
from tests.builders.invoices import a_sent_invoice as send
from tests.builders.matching import (
    a_match_policy,
    a_rule,
    a_sent_invoice,
    fresh_invoice,
    matched_now,
    order_lines,
)
from tests.builders.tolerances import an_active_policy
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_the_tests_transaction(monkeypatch):
    """Reactions refuse to run inside a transaction; `tests/concurrency` runs them as workers do."""
    monkeypatch.setattr("procurement.matching.services.reacting.require_no_transaction", lambda: None)


def lines(received=100, number="4500000001", **changed):
    """Two lines of 100 valves at 6.85, of each of which so many came."""
    made = [a_line(10, received_quantity=Decimal(received)), a_line(20, received_quantity=Decimal(received))]
    an_order(number, made, **changed)
    return order_lines(number)


def the_match(invoice):
    with acting(FEED):
        return current_match(invoice, actor=FEED)


def facts(kind):
    with acting(FEED):
        return list(AuditEvent.objects.filter(kind=kind).order_by("id"))


def react(reaction, kind, at=MONDAY):
    return reaction(facts(kind), at)


class TestWhatComesOfIt:
    def test_a_clean_invoice_is_approved_in_the_policys_name_and_the_erp_is_told(self, people):
        first, second = lines()
        a_match_policy(people)
        invoice = a_sent_invoice((first, 60, "6.85"), (second, 100, "6.85"))

        assert matched_now(invoice) == 1

        invoice, match = fresh_invoice(invoice), the_match(invoice)
        assert (invoice.state, invoice.approved_by, invoice.approval_reason) == (
            "approved",
            "by rule: Clean ones",
            "Clean ones",
        )
        assert (match.outcome, match.trigger, match.policy, match.approves_alone) == (
            "passed",
            "sent",
            "Clean ones",
            True,
        )
        assert approved_text(invoice) == "Approved by rule: Clean ones."
        assert [one.message for one in checks_of(match)][-1] == "approval.alone"
        assert facts("invoice.approved")[0].facts["by"] == "by rule: Clean ones"
        with acting(FEED):
            assert OutboxMessage.objects.get(topic="erp").kind == "invoice.approved"
            assert not MatchCheck.objects.exists()

    def test_without_a_policy_a_person_approves_what_passed(self, people):
        invoice = a_sent_invoice((lines()[0], 60, "6.85"))
        assert matched_now(invoice) == 0
        invoice = fresh_invoice(invoice)
        assert (invoice.state, invoice.acts, invoice.held_for["key"]) == (
            "held",
            "payables",
            "match.approval.person",
        )
        assert the_match(invoice).outcome == "passed"

    def test_who_stopped_the_rules_stopped_this_one_too(self, people):
        a_match_policy(people)
        with acting(people["max"].actor):
            stop_rules(Company.objects.get().pk, "Something is wrong", actor=people["max"].actor, at=MONDAY)
        invoice = a_sent_invoice((lines()[0], 60, "6.85"))
        assert matched_now(invoice) == 0
        assert fresh_invoice(invoice).acts == "payables"

    def test_it_is_held_for_the_gravest_reason_and_all_are_kept(self, people):
        a_match_policy(people)
        invoice = a_sent_invoice((lines(50)[0], 60, "7.00"))
        matched_now(invoice)
        invoice = fresh_invoice(invoice)
        assert (invoice.state, invoice.acts, invoice.held_at) == ("held", "buyer", MONDAY)
        assert invoice.held_for["key"] == "match.price.over"
        assert invoice.held_for["params"]["apart"] == "0.15"
        with acting(FEED):
            apart = list(MatchCheck.objects.order_by("id").values_list("kind", "result", "acts"))
        assert apart == [("price", "failed", "buyer"), ("quantity", "waits", "receiver")]

    def test_tolerances_of_invoices_count(self, people):
        an_active_policy(people, a_rule(Measure.UNIT_PRICE, percent=3), name="Invoices 2026")
        a_match_policy(people)
        first, second = lines()
        inside = a_sent_invoice((first, 10, "7.05"))
        outside = a_sent_invoice((second, 10, "7.06"), number="INV-2")
        assert matched_now(inside, outside) == 1
        assert fresh_invoice(outside).held_for["key"] == "match.price.over"
        assert the_match(outside).tolerances == "Invoices 2026"

    def test_a_person_holds_longer_than_the_match(self, people):
        a_match_policy(people)
        invoice = a_sent_invoice((lines()[0], 10, "6.85"))
        with acting(FEED):
            type(invoice).objects.filter(pk=invoice.pk).update(
                state="held", held_for={"key": "person", "params": {}}, held_at=MONDAY, acts="payables"
            )
        assert matched_now(invoice) == 0
        assert the_match(invoice) is None

    def test_the_same_again_is_not_kept_twice_and_what_is_new_is(self, people):
        invoice = a_sent_invoice((lines(50)[0], 60, "6.85"))
        matched_now(invoice)
        matched_now(invoice, at=MONDAY + timedelta(hours=1))
        assert fresh_invoice(invoice).held_at == MONDAY
        receive(a_paper(lines=[a_line(10, received_quantity=Decimal(55)), a_line(20)]))
        matched_now(invoice, at=MONDAY + timedelta(hours=2))
        with acting(FEED):
            kept = matches_of(invoice, actor=FEED)
        assert [one.is_current for one in kept] == [True, False]
        assert len(facts("invoice.held")) == 2

    def test_from_the_press_of_send_to_the_approval_and_back(self, people):
        """With the verbs of people: sent, matched, approved, reopened; and one that is withdrawn makes room."""
        lines()
        a_match_policy(people)
        sent = send(fresh(), people["otto"], {"L10": 60}, number="R-1")
        assert react(match_sent, "invoice.sent") == "matched 1, approved 1"
        assert fresh_invoice(sent).pay_on == fresh_invoice(sent).due_on
        other = send(fresh(), people["otto"], {"L20": 100}, number="R-2")
        third = a_sent_invoice((order_lines()[1], 70, "6.85"), number="R-3", at=MONDAY + timedelta(days=1))
        matched_now(third)
        assert fresh_invoice(third).held_for["key"] == "match.quantity.over_received"
        with acting(people["otto"].actor) as otto:
            named = InvoiceNamed(other.key, fresh_invoice(other).version)
            withdraw_invoice(named, "Sent too early", actor=otto, at=MONDAY)
        assert react(rematch_claims, "invoice.withdrawn") == "matched 1, approved 1"


class TestTogether:
    def test_earlier_ones_count_and_the_order_of_looking_does_not(self, people):
        a_match_policy(people)
        line = lines()[0]
        first = a_sent_invoice((line, 60, "6.85"))
        second = a_sent_invoice((line, 61, "6.85"), number="INV-2", at=MONDAY + timedelta(minutes=1))
        matched_now(second)
        matched_now(first)
        assert fresh_invoice(first).state == "approved"
        assert fresh_invoice(second).held_for["key"] == "match.quantity.over_received"

    def test_what_was_approved_counts_even_where_it_was_sent_later(self, people):
        a_match_policy(people)
        line = lines()[0]
        later = a_sent_invoice((line, 60, "6.85"), at=MONDAY + timedelta(minutes=1))
        matched_now(later)
        first = a_sent_invoice((line, 61, "6.85"), number="INV-2")  # its transaction was seen only now
        matched_now(first)
        assert fresh_invoice(first).held_for["params"]["claimed_before"] == "60"

    def test_a_credit_makes_room_once_it_is_approved(self, people):
        a_match_policy(people)
        line = lines(60)[0]
        invoice = a_sent_invoice((line, 100, "6.85"))
        matched_now(invoice)
        assert fresh_invoice(invoice).acts == "receiver"
        receive(a_paper(lines=[a_line(10, received_quantity=Decimal(60), closed=True), a_line(20)]))
        assert react(rematch_orders, "order.closed") in ("unchanged", "matched 1, approved 0")
        matched_now(invoice)
        assert fresh_invoice(invoice).held_for["key"] == "match.quantity.over_received"
        credit = a_sent_invoice((line, 40, "6.85"), number="CN-1", kind=Kind.CREDIT_NOTE, corrects=invoice)
        assert matched_now(credit) == 1
        assert react(rematch_claims, "invoice.approved") == "matched 1, approved 1"
        assert fresh_invoice(invoice).state == "approved"

    def test_a_credit_makes_no_room_once_nobody_claims_what_it_gives_back(self, people):
        """60 of 100 came. 40 of INV-1 are given back, then INV-1 is taken back: INV-2 over 100 has room for 60."""
        a_match_policy(people)
        line = lines(60)[0]
        freight = {"charges": [("FC", 10)]}
        invoice = a_sent_invoice((line, 100, "7.06"), **freight)
        matched_now(invoice)
        about = {"kind": Kind.CREDIT_NOTE, "corrects": invoice}
        credit = a_sent_invoice((line, 40, "7.06"), number="CN-1", **about, **freight)
        with acting(FEED):
            by = {"approved_at": MONDAY, "approved_by": "Max"}
            Invoice.objects.filter(pk=credit.pk).update(state="approved", **by)
        later = MONDAY + timedelta(minutes=1)
        second = a_sent_invoice((line, 100, "6.85"), number="INV-2", at=later, **freight)

        def before():
            with acting(FEED):
                grounds = gather([fresh_invoice(second)], at=MONDAY).grounds(fresh_invoice(second))
                noted = claimed_by_line([line.pk], besides=second.document)[line.pk]
            ground = grounds.lines[line.pk]
            assert (noted.quantity, noted.amount) == (ground.claimed_quantity, ground.claimed_amount)
            return ground.claimed_quantity, ground.claimed_amount, grounds.charged

        # 100 less 40; 706.00 less 282.40; 10 less 10 of freight.
        assert before() == (Decimal(60), Decimal("423.60"), {"FC": Decimal(0)})
        with acting(FEED):
            Invoice.objects.filter(pk=invoice.pk).update(state="withdrawn")
        assert before() == (Decimal(0), Decimal(0), {})
        assert matched_now(second) == 0
        with acting(FEED):
            assert MatchCheck.objects.get(match__invoice=second, kind="quantity").result == "waits"
        # Its next version claims the same again, and what was given back of it counts again.
        again = {"document": invoice.document, "issue": 2, "at": MONDAY}
        a_sent_invoice((line, 100, "7.06"), **again, **freight)
        assert before()[0] == Decimal(60)

    def test_a_credit_for_more_than_was_claimed_is_held(self, people):
        a_match_policy(people)
        line = lines()[0]
        matched_now(a_sent_invoice((line, 10, "6.85")))
        credit = a_sent_invoice((line, 11, "6.85"), number="CN-1", kind=Kind.CREDIT_NOTE)
        matched_now(credit)
        assert fresh_invoice(credit).held_for["key"] == "match.quantity.over_credited"

    def test_a_credit_gives_back_at_the_mean_of_the_prices_claimed(self, people):
        """10 at 5.00 and 30 at 6.85 are 6.3875 each, in whichever order they stand."""
        a_match_policy(people)
        line = lines()[0]
        invoice = a_sent_invoice((line, 10, "5.00"), (line, 30, "6.85"))
        matched_now(invoice)
        cheap = a_sent_invoice((line, 30, "5.00"), number="CN-1", kind=Kind.CREDIT_NOTE, corrects=invoice)
        assert matched_now(cheap) == 0
        held_for = fresh_invoice(cheap).held_for
        assert held_for["key"] == "match.price.credited_under"
        assert held_for["params"]["ordered_unit_price"] == "6.3875"
        fair = a_sent_invoice((line, 10, "6.3875"), number="CN-2", kind=Kind.CREDIT_NOTE, corrects=invoice)
        assert matched_now(fair) == 1

    def test_the_same_amount_again_is_asked_and_free_once_the_other_is_gone(self, people):
        a_match_policy(people)
        line = lines()[0]
        first = a_sent_invoice((line, 10, "6.85"))
        twin = a_sent_invoice((line, 10, "6.85"), number="INV-2", at=MONDAY + timedelta(minutes=1))
        assert matched_now(first, twin) == 1
        assert fresh_invoice(twin).held_for["params"]["other"] == "INV-1"
        with acting(FEED):
            type(first).objects.filter(pk=first.pk).update(state="voided")
            event = AuditEvent(kind="invoice.voided", stream=first.stream, facts={})
        assert rematch_claims([event], MONDAY) == "matched 1, approved 1"

    def test_charges_count_over_the_orders_invoices(self, people):
        an_active_policy(people, a_rule(Measure.CHARGE, absolute=50, code="FC"), name="Invoices")
        a_match_policy(people)
        first, second = lines()
        one = a_sent_invoice((first, 10, "6.85"), charges=[("FC", 15), ("FC", 15)])
        two = a_sent_invoice(
            (second, 10, "6.85"), number="INV-2", charges=[("FC", 30)], at=MONDAY + timedelta(days=10)
        )
        assert matched_now(one, two) == 1
        assert fresh_invoice(two).held_for["params"]["charged_in_all"] == "60"

    def test_a_whole_order_in_money(self, people):
        an_active_policy(
            people,
            a_rule(Measure.DOCUMENT_AMOUNT, absolute=10),
            a_rule(Measure.UNIT_PRICE),
            name="Invoices",
        )
        a_match_policy(people)
        first, second = lines()
        one = a_sent_invoice((first, 100, "6.93"))
        two = a_sent_invoice((second, 100, "6.93"), number="INV-2", at=MONDAY + timedelta(days=10))
        assert matched_now(one, two) == 1
        assert fresh_invoice(two).held_for["params"]["amount_over"] == "16"


class TestLookedAtAgain:
    def test_sent_ones_are_matched_when_the_fact_is_heard(self, people):
        a_match_policy(people)
        invoice = a_sent_invoice((lines()[0], 10, "6.85"))
        event = AuditEvent(kind="invoice.sent", stream=invoice.stream, facts={})
        assert match_sent([event], MONDAY) == "matched 1, approved 1"
        assert match_sent([event], MONDAY) == "unchanged"

    def test_goods_release_exactly_what_waited_for_them(self, people):
        a_match_policy(people)
        first, second = lines(0)
        waiting = a_sent_invoice((first, 100, "6.85"))
        dearer = a_sent_invoice((second, 100, "7.85"), number="INV-2")
        matched_now(waiting, dearer)
        receive(
            a_paper(lines=[a_line(10, received_quantity=Decimal(100)), a_line(20)]),
            at=MONDAY + timedelta(days=1),
        )
        assert fresh_invoice(waiting).state == "held"
        react(rematch_orders, "order.goods_received", at=MONDAY + timedelta(days=1))
        assert fresh_invoice(waiting).state == "approved"
        assert (fresh_invoice(dearer).state, fresh_invoice(dearer).held_at) == ("held", MONDAY)
        with acting(FEED):
            assert matches_of(waiting, actor=FEED)[0].trigger == "receipt"

    def test_a_price_that_the_order_takes_over_lets_it_go_on(self, people):
        a_match_policy(people)
        invoice = a_sent_invoice((lines()[0], 100, "7.85"))
        matched_now(invoice)
        receive(
            a_paper(
                lines=[a_line(10, price=Decimal("7.85"), received_quantity=Decimal(100)), a_line(20)],
                revision="2",
            )
        )
        react(rematch_orders, "order.revised")
        assert fresh_invoice(invoice).state == "approved"

    def test_rules_that_change_let_go_what_they_held_and_leave_what_a_person_holds(self, people):
        first, second = lines()
        dearer = a_sent_invoice((first, 10, "6.95"))
        clean = a_sent_invoice((second, 10, "6.85"), number="INV-2", at=MONDAY + timedelta(minutes=1))
        by_hand = a_sent_invoice((second, 11, "6.85"), number="INV-3", at=MONDAY + timedelta(minutes=2))
        matched_now(dearer, clean)
        with acting(FEED):
            type(by_hand).objects.filter(pk=by_hand.pk).update(
                state="held", held_for={"key": "person", "params": {}}, held_at=MONDAY, acts="payables"
            )
        a_match_policy(people)
        assert react(rematch_held, "matching.policy_approved") == "matched 2, approved 1"
        assert (fresh_invoice(clean).state, the_match(clean).trigger) == ("approved", "policy")
        an_active_policy(people, a_rule(Measure.UNIT_PRICE, percent=3), name="Invoices 2026")
        assert react(rematch_held, "tolerances.approved") == "matched 1, approved 1"
        assert react(rematch_held, "tolerances.approved") == "unchanged"
        assert (fresh_invoice(dearer).state, fresh_invoice(by_hand).state) == ("approved", "held")

    @pytest.mark.parametrize("count", [1, 30])
    def test_so_many_queries_however_many_invoices(self, people, count, django_assert_max_num_queries):
        a_match_policy(people)
        made = [a_line(10 * n, received_quantity=Decimal(100)) for n in range(1, count + 1)]
        an_order(lines=made)
        sent = [
            a_sent_invoice((line, 10 + n, "6.85"), number=f"INV-{n}") for n, line in enumerate(order_lines())
        ]
        with acting(FEED), django_assert_max_num_queries(48):
            assert match_invoices([one.pk for one in sent], trigger="sent", at=MONDAY) == count


class TestWhoseAccountItIs:
    """Nothing is paid by rule, or by anybody, while somebody says that a change of bank details was not theirs."""

    def test_a_freeze_holds_what_would_pass_and_when_it_goes_on_so_does_that(self, people):
        first, second = lines()
        a_match_policy(people)
        clean = a_sent_invoice((first, 10, "6.85"))
        credit = a_sent_invoice((second, 1, "6.85"), number="CN-1", kind=Kind.CREDIT_NOTE, reason="Too much.")
        with acting(FEED):
            freeze = BankFreeze.objects.create(
                supplier=clean.supplier, frozen_at=MONDAY, frozen_by="Olga", reason="Not mine."
            )
        assert matched_now(clean) == 0
        held = fresh_invoice(clean)
        assert (held.state, held.held_for["key"], held.acts) == (
            "held",
            "match.supplier.bank_frozen",
            "payables",
        )
        matched_now(credit)
        assert "supplier.bank_frozen" not in str(the_match(credit).checks)
        with pytest.raises(Frozen, match="Nothing is approved"), acting(people["otto"].actor):
            approve_invoice(clean.key, "They called.", actor=people["otto"].actor, at=MONDAY)

        with acting(FEED):
            record("bank.thawed", freeze.stream, actor=FEED, at=MONDAY, supplier_id=clean.supplier_id)
        assert react(rematch_suppliers, "bank.thawed") == "matched 2, approved 0"  # it is not thawed in truth
        with acting(FEED):
            BankFreeze.objects.update(
                thaw_asked_by_user_id=1, thawed_by_user_id=2, thaw_asked_at=MONDAY, thawed_at=MONDAY
            )
        assert react(rematch_suppliers, "bank.thawed") == "matched 2, approved 1"
        assert fresh_invoice(clean).state == "approved"

    def test_paying_waits_for_the_onboarding_and_goes_on_by_itself_when_it_is_done(self, people):
        first, second = lines()
        a_match_policy(people)
        with acting(FEED):
            step = WriteTemplate("all", "All", (Step("preferences"), Step("bank", paying_waits=True)))
            write_template(step, actor=FEED, at=MONDAY)
            invite_suppliers(InviteSuppliers((Target("ACME"),)), actor=FEED, at=MONDAY)
        clean = a_sent_invoice((first, 10, "6.85"))
        credit = a_sent_invoice((second, 1, "6.85"), number="CN-1", kind=Kind.CREDIT_NOTE, reason="Too much.")
        assert matched_now(clean, credit) == 0
        held = fresh_invoice(clean)
        assert (held.state, held.held_for["key"], held.held_for["params"], held.acts) == (
            "held",
            "match.supplier.onboarding_open",
            {"steps": "bank"},
            "supplier",
        )
        assert held_sentence(held.held_for) == (
            "Paying waits for the onboarding of the supplier: Bank details. It goes on by itself when that is done."
        )
        assert "onboarding" not in str(the_match(credit).checks)
        said = InvoiceSaid(clean.key, held.version, "They are old friends.")
        with pytest.raises(OnboardingOpen, match="Bank details"), acting(people["otto"].actor):
            accept_invoice(said, actor=people["otto"].actor, at=MONDAY)
        asha = Client()
        asha.force_login(people["asha"].user)
        page = asha.get(address_of("invoice", args=[clean.key])).content.decode()
        assert "What is still asked of you: Bank details." in page
        assert address_of("getting-started") in page

        # Somebody of the company lets its invoices go on meanwhile; then that policy ends.
        patient = a_match_policy(
            people,
            name="Acme goes on",
            waits_for_onboarding=False,
            scope=Scope(Level.SUPPLIER, supplier="ACME"),
        )
        assert policy_row(patient).onboarding == "Paying does not wait for it"
        other = a_sent_invoice((first, 5, "6.85"), number="INV-2")
        assert matched_now(other) == 1
        with acting(people["max"].actor):
            retire_match_policy(patient.key, patient.version, actor=people["max"].actor, at=MONDAY)

        assert react(rematch_onboarding, "onboarding.invited") == "matched 2, approved 0"
        with acting(FEED):
            an_account_row(clean.supplier)
            record("bank.account_opened", "bank:1", actor=FEED, at=MONDAY, supplier_id=clean.supplier_id)
        assert react(rematch_onboarding, "bank.account_opened") == "matched 1, approved 1"
        assert fresh_invoice(clean).state == "approved"

    def test_an_account_that_was_chosen_counts_while_it_is_in_force_and_the_erps_side_hears_which(
        self, people
    ):
        first, second = lines()
        a_match_policy(people)
        with acting(FEED):
            account = an_account_row(first.order.supplier)
        good = a_sent_invoice((first, 10, "6.85"), pay_to=account)
        assert matched_now(good) == 1
        with acting(FEED):
            told = OutboxMessage.objects.get(kind="invoice.approved").payload
            assert told["pay_to"] == {"key": str(account.key), "account": "DE •••• 3000"}
            BankAccount.objects.update(state="held")

        late = a_sent_invoice((second, 10, "6.85"), number="INV-2", pay_to=account)
        assert matched_now(late) == 0
        held = fresh_invoice(late)
        assert (held.state, held.held_for["key"], held.acts) == (
            "held",
            "match.supplier.account_over",
            "supplier",
        )
        otto = people["otto"].actor
        with (
            pytest.raises(IllegalTransition, match="DE •••• 3000, an account that is not in force"),
            acting(otto),
        ):
            approve_invoice(late.key, "They called.", actor=otto, at=MONDAY)


class TestDryMatch:
    def test_it_says_what_would_come_of_it_and_keeps_nothing(self, people):
        first, _second = lines(50)
        draft = a_sent_invoice((first, 60, "6.85"), state="draft", number="")
        with acting(people["asha"].actor):
            found = dry_match(draft, at=MONDAY)
            assert not Match.objects.exists()
        assert (found.outcome, found.reason.message) == (Outcome.WAITS, "quantity.waits")

    def test_a_correction_is_not_counted_beside_the_version_whose_place_it_takes(self, people):
        first, _second = lines(100)
        held = a_sent_invoice((first, 100, "7.85"))
        matched_now(held)
        assert fresh_invoice(held).state == "held"
        draft = a_sent_invoice(
            (first, 100, "6.85"), state="draft", number="INV-1", document=held.document, issue=2
        )
        with acting(people["asha"].actor):
            assert dry_match(draft, at=MONDAY).outcome == Outcome.PASSED

    def test_who_reads_orders_has_nothing_matched(self, people):
        invoice = a_sent_invoice((lines()[0], 10, "6.85"))
        for name in ("asha", "bea"):
            with pytest.raises(NotAllowed), acting(people[name].actor):
                match_invoice(invoice.key, actor=people[name].actor, at=MONDAY)
        with acting(people["max"].actor):
            assert match_invoice(invoice.key, actor=people["max"].actor, at=MONDAY).outcome == "passed"


class TestFigures:
    def test_first_pass_match_and_exception_rate(self, people):
        first, second = lines(50)
        clean = a_sent_invoice((first, 10, "6.85"))
        waits = a_sent_invoice((second, 60, "6.85"), number="INV-2")
        dearer = a_sent_invoice((first, 11, "7.85"), number="INV-3")
        matched_now(clean, waits, dearer)
        receive(a_paper(lines=[a_line(10), a_line(20, received_quantity=Decimal(100))]))
        matched_now(waits, at=MONDAY + timedelta(hours=1))
        with acting(FEED):
            found = match_figures(FEED, since=MONDAY, until=MONDAY + timedelta(minutes=1))
            none = match_figures(FEED, since=MONDAY + timedelta(minutes=1), until=MONDAY + timedelta(days=1))
        assert (found.invoices, found.first_pass, found.exceptions) == (3, 1, 1)
        assert (found.first_pass_rate, none.first_pass_rate) == (Fraction(1, 3), None)


class TestWalls:
    def test_a_supplier_reads_its_own_matches_and_nobody_elses(self, people):
        invoice = a_sent_invoice((lines()[0], 10, "6.85"))
        matched_now(invoice)
        with acting(people["asha"].actor) as asha:
            assert [one.invoice_id for one in visible_matches(asha)] == [invoice.pk]
            assert Match.objects.count() == 1
        with acting(people["gil"].actor) as gil:
            assert not visible_matches(gil).exists()
            assert not Match.objects.exists()


class TestPolicies:
    def test_who_wrote_it_does_not_approve_it_and_then_it_is_never_edited(self, people):
        max_, bea = people["max"].actor, people["bea"].actor
        with acting(max_):
            company = Company.objects.get().pk
            command = WriteMatchPolicy(
                company, "Acme", "two_way", scope=Scope(Level.SUPPLIER, supplier="ACME")
            )
            policy = write_match_policy(command, actor=max_, at=MONDAY)
            with pytest.raises(NotAllowed, match="Somebody else"):
                approve_match_policy(policy.key, 1, actor=max_, at=MONDAY)
        with pytest.raises(NotAllowed), acting(bea):
            approve_match_policy(policy.key, 1, actor=bea, at=MONDAY)
        with acting(bea):
            command = replace(command, key=policy.key, version=1)
            policy = write_match_policy(command, actor=bea, at=MONDAY)
        with acting(max_):
            policy = approve_match_policy(policy.key, 2, actor=max_, at=MONDAY)
            with pytest.raises(IllegalTransition):
                write_match_policy(replace(command, version=3), actor=max_, at=MONDAY)
        invoice = a_sent_invoice((lines(0)[0], 100, "6.85"))
        matched_now(invoice)
        assert the_match(invoice).outcome == "passed"
        with acting(bea):
            policy = retire_match_policy(policy.key, policy.version, actor=bea, at=MONDAY)
        assert policy.state == "retired"

    def test_everything_that_is_wrong_is_said_at_once(self, people):
        bea = people["bea"].actor
        command = WriteMatchPolicy(1, "", "sideways", duplicate_days=999, scope=Scope(Level.SUPPLIER))
        with pytest.raises(Invalid) as refused, acting(bea):
            write_match_policy(command, actor=bea, at=MONDAY)
        assert [one.field for one in refused.value.problems] == ["name", "way", "duplicate_days", "supplier"]
        asha = people["asha"].actor
        with pytest.raises(NotAllowed), acting(asha):
            write_match_policy(command, actor=asha, at=MONDAY)


def test_what_the_dock_did_not_accept_is_not_paid_until_that_is_settled_or_taken_back(people):
    a_match_policy(people)
    rex, bea = people["rex"], people["bea"]
    sheet = begin(a_notice(people), rex)
    count_row(sheet, rex, 55, 5)
    sheet = post(sheet, rex)
    # The ERP's people booked all sixty at the gate.
    paper = a_paper(lines=[a_line(10, gtin=GTIN, received_quantity=Decimal(60)), a_line(20)])
    receive(paper)
    line = order_lines()[0]
    good, more = a_sent_invoice((line, 55, "6.85")), a_sent_invoice((line, 5, "6.85"), number="INV-2")

    assert matched_now(good, more) == 1

    held = fresh_invoice(more)
    assert (fresh_invoice(good).state, held.state, held.held_for["key"]) == (
        "approved",
        "held",
        "match.quantity.waits",
    )
    (check,) = [one for one in checks_of(the_match(more)) if one.message == "quantity.waits"]
    assert check_sentence(check) == (
        "60 pcs of order 4500000001, line 10, are claimed, but only 60 pcs came yet, and 5 pcs of them were not "
        "accepted. It goes on by itself when good ones are booked."
    )
    with acting(FEED):
        assert rejected_by_line({line.pk: PurchaseOrderLine.objects.get(pk=line.pk)}) == {line.pk: Decimal(5)}
    settle(sheet, bea, "accepted", "Good enough for the workshop.")
    assert react(rematch_orders, "count.difference_settled") == "matched"
    assert fresh_invoice(more).state == "approved"


def test_a_count_that_is_taken_back_lets_go_on_what_it_stopped(people):
    a_match_policy(people)
    rex = people["rex"]
    sheet = begin(a_notice(people), rex)
    count_row(sheet, rex, 55, 5)
    sheet = post(sheet, rex)
    paper = a_paper(lines=[a_line(10, gtin=GTIN, received_quantity=Decimal(60)), a_line(20)])
    receive(paper)
    invoice = a_sent_invoice((order_lines()[0], 60, "6.85"))
    assert matched_now(invoice) == 0

    reverse(sheet, rex)

    assert react(rematch_orders, "count.reversed") == "matched"
    assert fresh_invoice(invoice).state == "approved"
