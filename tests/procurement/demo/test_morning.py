"""The demo's morning: an inbox as a buyer would find it, with the post on the table and colleagues at work."""

import io
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import F
from django.test import override_settings
from django.utils import timezone

from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.outbox.reactions import TOPIC
from portal.kernel.scope import acting
from procurement.clocks.models import Clock, StandIn
from procurement.demo.company import DemoCompany, make_company
from procurement.demo.loading import SET_UP
from procurement.demo.people import JOSH, LIAN_FENG, OMAR
from procurement.demo.story import Booked, OrderStory
from procurement.discounting.models import DiscountPolicy, EarlyPayment
from procurement.discounting.queries import offered_for
from procurement.docks.models import Appointment, DockPlan
from procurement.erp.models import InvoiceWrite
from procurement.gateways.models import GatewayEvent
from procurement.inbox.models import CaseNote, CaseQueue, CaseTask, ExceptionCase
from procurement.inbox.states import CaseKind, CaseState
from procurement.invoices.models import Invoice
from procurement.mailroom.models import InboundMail, MailDraft
from procurement.management.commands import seed_demo
from procurement.notifications.models import NoticeMail
from procurement.payables.models import Approval, InvoiceQuestion
from procurement.receipts.models import ReceivingSheet
from procurement.receipts.queries import unanswered_sheets
from procurement.shipments.models import Package, ShipNotice
from procurement.statements.models import SupplierStatement
from procurement.statements.queries import waiting_statements
from procurement.statements.states import ALIKE
from procurement.tolerances.messages import rule_label
from suppliers.models import User

pytestmark = pytest.mark.slow

CASTELLAN = "Castellan Pumps"
RULE = "What was received, at the agreed price"
INVOICING_KINDS = (
    CaseKind.MATCH_FAILED,
    CaseKind.DUPLICATE_SUSPECTED,
    CaseKind.INVOICE_WITHOUT_ORDER,
    CaseKind.INVOICE_DISPUTED,
    CaseKind.CREDIT_EXPECTED,
)

# Orders that are over or whose thousand lines wait far ahead bring no case, and take most of the time to load.
WITHOUT = {"history", "closed", "received", "cancelled", "kitting"}


def open_business() -> DemoCompany:
    """The demo company with every order on which something may still happen, and a few that are paid or to be paid."""
    company = make_company(timezone.now())
    lian_feng = next(one.number for one in company.suppliers if one.name == LIAN_FENG)
    closed = [one for one in company.orders if one.plot == "closed" and one.supplier == lian_feng]
    paid = [one for one in closed if _billed(one) == "paid"][-3:]
    others = [one for one in company.orders if one.plot == "received" and one.supplier != lian_feng]
    to_pay = [one for one in others if _billed(one) == "approved"][-8:]  # some have no account
    kept = [story for story in company.orders if story.plot not in WITHOUT]
    return replace(company, orders=(*paid, *to_pay, *kept))


def _billed(story: OrderStory) -> str:
    """Where the invoice of an order stands in the ERP."""
    bills = [bill for event in story.events if isinstance(event, Booked) for bill in event.invoices]
    return bills[-1].state if bills else ""


@pytest.fixture(scope="module")
def morning(django_db_setup, django_db_blocker, tmp_path_factory):
    """The demo, loaded once for all tests of this file, and rolled back after them."""
    with (
        pytest.MonkeyPatch.context() as patch,
        override_settings(ERP_FILES_ROOT=tmp_path_factory.mktemp("erp"), OUTBOX_WAKE="time.perf_counter"),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        patch.setattr(seed_demo, "make_company", lambda _today, _seed: open_business())
        call_command("seed_demo", crew=1, stdout=io.StringIO())
        with acting(SET_UP):
            yield
        transaction.set_rollback(True)


def test_some_goods_are_on_their_way_some_late_and_some_stand_at_the_dock(morning):
    states = Counter(ShipNotice.objects.values_list("state", flat=True))

    assert states == {"in_transit": 4, "arrived": 3, "sent": 1, "draft": 1}
    late = ShipNotice.objects.filter(state="in_transit", expected_on__gt=F("delivery_on"))
    assert late.count() == 2
    assert Package.objects.filter(is_live=True, sscc="", carton_number="").count() == 0
    assert Package.objects.filter(sscc__startswith="09521234").exists()


def test_times_at_the_docks_are_agreed_asked_for_and_one_was_missed(morning):
    plan = DockPlan.objects.select_related("site").get()
    times = Appointment.objects.order_by("id")

    assert (plan.doors, plan.written_by) == (2, "Tom Ackroyd")
    assert Counter(one.state for one in times) == {"confirmed": 2, "asked": 1, "proposed": 1, "missed": 1}
    assert times.filter(site=plan.site).exists()
    assert all(abs(one.starts_at - timezone.now()) < timedelta(days=14) for one in times)


def test_a_carrier_tells_through_its_gateway_and_one_number_is_not_placed(morning):
    assert Counter(GatewayEvent.objects.values_list("state", flat=True)) == {"taken": 2, "unplaced": 1}


def test_one_count_waits_for_mei_one_is_answered_and_one_goes_on(morning):
    sheets = ReceivingSheet.objects.all()

    assert Counter(sheet.state for sheet in sheets) == {"posted": 2, "counting": 1}
    (waiting,) = unanswered_sheets(SET_UP)
    assert waiting.supplier.name == LIAN_FENG


def test_invoices_stand_wherever_one_can_stand(morning):
    invoices = Invoice.objects.select_related("supplier", "company")

    assert Counter(one.state for one in invoices) == {
        "paid": 3,
        "scheduled": 2,
        "approved": 8,
        "held": 7,
        "disputed": 1,
        "replaced": 1,
        "draft": 1,
    }
    # Who acts on what is held, and why.
    assert Counter((one.acts, one.held_for["key"]) for one in invoices if one.state == "held") == {
        ("buyer", "match.price.over"): 1,
        ("buyer", "match.charge.not_agreed"): 1,
        ("supplier", "match.tax_id.company_other"): 1,
        ("payables", "match.duplicate.amount"): 1,
        ("payables", "match.mapping.without_order"): 1,
        ("receiver", "match.quantity.waits"): 2,
    }
    # None of these has been touched by a person, but for the one of which a part was approved.
    assert Counter(one.approved_by for one in invoices if one.approved_at) == {
        rule_label(RULE): 11,
        "Ana Ferreira": 2,
    }
    assert all(
        one.bill and one.paid_on and one.supplier.name == LIAN_FENG for one in invoices.filter(state="paid")
    )
    assert all(one.bill and not one.paid_on for one in invoices.filter(state="scheduled"))
    # A discount can still be had; on some days Lian Feng has one more.
    today = timezone.now().date()
    early = [one for one in invoices.filter(state="approved") if one.discount_percent]
    assert len(early) >= 2
    assert all(one.invoiced_on + timedelta(days=one.discount_days) > today for one in early)
    assert all(one.sent_at <= one.state_at <= timezone.now() for one in invoices if one.sent_at)


def test_accounts_payable_asked_sent_back_and_went_to_a_manager(morning):
    (question,) = InvoiceQuestion.objects.all()
    (approval,) = Approval.objects.all()
    credit = Invoice.objects.get(kind="credit_note", sheet__isnull=False)
    again = Invoice.objects.get(issue=2)

    assert (question.state, question.asked_by, question.invoice.acts) == (
        "answered",
        "Ana Ferreira",
        "payables",
    )
    assert (approval.state, approval.role, approval.asked_by) == ("asked", "manager", "Ana Ferreira")
    assert approval.invoice.held_for["key"] == "match.charge.not_agreed"
    assert (credit.sheet.state, credit.supplier.name, credit.corrects.acts) == (
        "posted",
        CASTELLAN,
        "receiver",
    )
    assert credit.lines.count() == 1
    assert (again.state, again.number) == ("approved", again.replaces.number)
    assert again.replaces.rejected_reason.startswith("Your prices include the freight.")
    assert again.total < again.replaces.total
    # What was booked and paid the ERP has confirmed; of the others it hears first.
    assert Counter(InvoiceWrite.objects.values_list("state", flat=True)) == {"confirmed": 5}
    assert OutboxMessage.objects.filter(kind="invoice.approved", state="waiting", topic="erp").count() == 8


def test_of_one_invoice_a_part_was_approved_with_its_credit_note(morning):
    note = Invoice.objects.get(kind="credit_note", on_behalf=True)
    (claimed,), (off,) = note.corrects.lines.all(), note.lines.all()

    assert (note.state, note.corrects.state, note.sent_by) == ("approved", "approved", "Ana Ferreira")
    assert (claimed.quantity, off.quantity, off.line_id) == (10, 2, claimed.line_id)
    assert off.unit_price == claimed.unit_price
    assert note.number == f"{note.corrects.number}-CN"


def test_a_supplier_is_paid_early_and_mei_can_be(morning):
    now = timezone.now()
    policies = DiscountPolicy.objects.all()
    (agreed,) = EarlyPayment.objects.select_related("invoice__supplier")
    hers = Invoice.objects.filter(supplier__name=LIAN_FENG, state="approved", kind="invoice")
    offered = offered_for(hers.select_related("supplier", "company"), now)

    assert Counter((one.state, one.currency, one.written_by, one.approved_by) for one in policies) == {
        ("active", "EUR", "Helen Marsh", "Kofi Mensah"): 2
    }
    assert (agreed.state, agreed.currency) == ("agreed", "EUR")
    assert agreed.invoice.supplier.name != LIAN_FENG
    assert (agreed.invoice.pay_on, agreed.invoice.early_discount) == (agreed.pay_on, agreed.discount)
    assert agreed.pay_on - agreed.agreed_at.date() >= timedelta(days=10)
    assert offered
    assert (
        OutboxMessage.objects.filter(kind="invoice.early_agreed", state="waiting", topic="erp").count() == 1
    )


def test_a_statement_of_mei_waits_for_accounts_payable(morning):
    statement = SupplierStatement.objects.select_related("supplier").get()
    rows = statement.rows.exclude(verdict__in=ALIKE)

    assert (statement.state, statement.supplier.name, statement.came_from) == (
        "compared",
        LIAN_FENG,
        "Mei Lin",
    )
    assert list(waiting_statements(SET_UP)) == [statement]
    assert statement.bad == []
    assert Counter(one.verdict for one in rows) == {"missing": 1, "paid": 1, "differs": 1}
    assert [one.difference for one in rows.filter(verdict="differs")] == [-85]
    assert rows.get(verdict="paid").invoice.state == "paid"
    assert statement.differing == 3
    assert statement.gap == sum(one.difference for one in rows)


@pytest.fixture
def cases(morning) -> list[ExceptionCase]:
    """The cases that somebody has to work on, asleep or awake."""
    return list(ExceptionCase.objects.exclude(state=CaseState.RESOLVED).order_by("-score"))


class TestTheInbox:
    def test_is_as_much_as_a_team_does_in_a_morning(self, cases):
        kinds = Counter(case.kind for case in cases)

        # Answers become overdue through the day, whenever the demo is loaded; the dock adds what it has counted, and
        # invoices those that our side is to act on.
        of_the_dock = kinds[CaseKind.GOODS_REJECTED] + kinds[CaseKind.RECEIPT_DIFFERS]
        of_invoices = {kind: kinds[kind] for kind in INVOICING_KINDS if kind in kinds}
        assert of_invoices == {
            CaseKind.MATCH_FAILED: 2,
            CaseKind.DUPLICATE_SUSPECTED: 1,
            CaseKind.INVOICE_WITHOUT_ORDER: 1,
            CaseKind.INVOICE_DISPUTED: 1,
        }
        apart = of_the_dock + sum(of_invoices.values())
        assert 25 <= len(cases) - kinds[CaseKind.ACKNOWLEDGMENT_OVERDUE] - apart <= 75
        assert kinds[CaseKind.ACKNOWLEDGMENT_OVERDUE] <= 25
        assert kinds[CaseKind.ASN_MISSING] <= 2
        assert len(kinds) >= 12

    def test_scores_go_from_hardly_anything_to_the_top(self, cases):
        scores = [case.score for case in cases]

        assert sum(score == 100 for score in scores) <= len(scores) * 0.15
        assert max(scores) >= 80
        assert min(scores) <= 10
        empty = [low for low in range(10, 90, 20) if not any(low <= score < low + 20 for score in scores)]
        assert len(empty) <= 1  # on some days nothing stands between the gravest and the rest

    def test_few_say_that_the_stock_runs_out(self, cases):
        assert 4 <= sum(case.kind == CaseKind.STOCK_OUT for case in cases) <= 10

    def test_some_are_in_somebodys_hands(self, cases):
        omar, josh = (User.objects.get(email=one.email) for one in (OMAR, JOSH))

        assert {case.state for case in cases} == {CaseState.OPEN, CaseState.SNOOZED}
        assert any(case.owner_id == josh.pk and case.holder_id == omar.pk for case in cases)
        assert any(case.owned_by == "person" for case in cases)
        assert 10 <= sum(case.holder_id == omar.pk for case in cases) <= 65
        assert any(case.holder_id == omar.pk and case.score >= 60 for case in cases)
        assert StandIn.objects.count() == 1
        assert CaseQueue.objects.count() == 2
        assert CaseNote.objects.count() == 2
        assert Counter(CaseTask.objects.values_list("state", flat=True)) == {"asked": 2, "answered": 1}

    def test_some_are_older_than_others_and_a_clock_is_overdue(self, cases):
        now = timezone.now()

        assert len({case.opened_at.date() for case in cases}) >= 3
        assert Clock.objects.filter(stream__startswith="case:", due_at__lt=now).exists()
        assert Clock.objects.filter(stream__startswith="order:", due_at__lt=now).exists()


class TestThePost:
    def test_every_way_a_mail_can_go_is_there(self, morning):
        assert Counter(InboundMail.objects.values_list("state", flat=True)) == {
            "drafted": 3,
            "threaded": 1,
            "unknown": 2,
            "automatic": 1,
        }
        assert Counter(MailDraft.objects.values_list("kind", "state")) == {
            ("answer", "open"): 2,
            ("change", "open"): 1,
        }

    def test_some_suppliers_are_mailed_of_their_orders(self, morning):
        to = [mail.address for mail in NoticeMail.objects.all()]

        assert 4 <= len(to) <= 10
        assert "mei@lianfeng.example" in to
        assert sum(address.startswith("orders@") for address in to) >= 3  # who has only mail


def test_nothing_of_the_past_is_left_to_be_told(morning):
    waiting = OutboxMessage.objects.filter(topic=TOPIC, state=MessageState.WAITING)

    assert set(waiting.values_list("kind", flat=True)) <= {"notices"}
