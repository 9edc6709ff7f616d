"""Loading the demo: orders stand where their stories end, the ERP can go on, nothing is ever half there."""

import asyncio
import io
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.test import override_settings
from django.utils import timezone

from portal.kernel.outbox.models import DeliveryAttempt, MessageState, OutboxMessage
from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.acknowledgments.models import DraftAnswer
from procurement.changes.models import OrderChange
from procurement.demo.changing import ASKED
from procurement.demo.company import DemoCompany, few_of, make_company
from procurement.demo.crew import CrewFailed, shares_of, work_together
from procurement.demo.loading import SET_UP, load_master_data
from procurement.demo.story import Sent
from procurement.discounting.models import EarlyPayment
from procurement.erp.connectors import connect
from procurement.erp.inbound import read_feeds
from procurement.erp.models import ErpCommand, FeedProblem, FeedRun, InvoiceWrite
from procurement.erp.pretend import PretendErp
from procurement.erp.states import CommandState
from procurement.invoices.models import Invoice
from procurement.management.commands import seed_demo
from procurement.orders.models import OrderRevision, PurchaseOrder
from procurement.orders.states import Agreement, Logistics, OrderState
from procurement.receipts.models import ReceivingSheet
from procurement.shipments.models import ShipNotice
from procurement.threads.models import Message
from procurement.tolerances.models import ToleranceDecision, TolerancePolicy
from suppliers.models import Supplier, User

pytestmark = pytest.mark.slow

PASSWORD = "of this test only"
TALES = 2


@cache
def few_orders() -> DemoCompany:
    """The demo company with a few orders of each plot, but without the thousand lines."""
    return few_of(make_company(timezone.now()), TALES)


@pytest.fixture(autouse=True)
def a_small_demo(monkeypatch, settings, tmp_path):
    monkeypatch.setattr(seed_demo, "make_company", lambda _today, _seed: few_orders())
    monkeypatch.setenv("QUAYSIDE_DEMO_PASSWORD", PASSWORD)
    settings.ERP_FILES_ROOT = tmp_path / "erp"
    settings.OUTBOX_WAKE = f"{__name__}.no_hint"


def no_hint() -> None:
    """Nobody listens here."""


def load(**options) -> None:
    call_command("seed_demo", crew=1, stdout=io.StringIO(), **options)


def order_of(plot: str) -> list[PurchaseOrder]:
    numbers = [story.number for story in few_orders().orders if story.plot == plot]
    return list(PurchaseOrder.objects.filter(number__in=numbers).order_by("number"))


def notices_sent() -> int:
    return ShipNotice.objects.filter(sent_at__isnull=False).count()


def counts_posted() -> int:
    return ReceivingSheet.objects.filter(state="posted").count()


@pytest.fixture(scope="class")
def loaded(django_db_setup, django_db_blocker, tmp_path_factory):
    """The demo, loaded once for all tests of a class, with the file of its people; rolled back after them.

    It is taken up where one was stopped before its orders: master data is there already.
    """
    elsewhere = tmp_path_factory.mktemp("erp")
    people = elsewhere / "var" / "people.json"
    with (
        pytest.MonkeyPatch.context() as patch,
        override_settings(ERP_FILES_ROOT=elsewhere, OUTBOX_WAKE=f"{__name__}.no_hint"),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        patch.setattr(seed_demo, "make_company", lambda _today, _seed: few_orders())
        patch.setenv("QUAYSIDE_DEMO_PASSWORD", PASSWORD)
        with acting(SET_UP):
            load_master_data(few_orders())
        load(people_file=people)
        with acting(SET_UP):
            yield people
        transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.usefixtures("loaded")
class TestLoaded:
    """What is there once the command has come to its end, and what it does then."""

    def test_every_order_is_there_with_all_its_lines(self):
        stories = few_orders().orders
        live = {story.number: [one for one in story.paper.lines if not one.cancelled] for story in stories}

        assert PurchaseOrder.objects.count() == len(stories)
        assert dict(PurchaseOrder.objects.values_list("number", "line_count")) == {
            number: len(lines) for number, lines in live.items()
        }

    @pytest.mark.parametrize(
        ("plot", "state", "agreement"),
        [
            ("history", OrderState.CLOSED, Agreement.AGREED),
            ("closed", OrderState.CLOSED, Agreement.AGREED),
            ("received", OrderState.ISSUED, Agreement.AGREED),
            ("late", OrderState.ISSUED, Agreement.AGREED),
            ("agreed", OrderState.ISSUED, Agreement.AGREED),
            ("awaiting", OrderState.ISSUED, Agreement.AWAITING),
            ("overdue", OrderState.ISSUED, Agreement.AWAITING),
            ("draft", OrderState.ISSUED, Agreement.AWAITING),
            ("draft_outdated", OrderState.ISSUED, Agreement.AWAITING),
            ("disputed", OrderState.ISSUED, Agreement.DISPUTED),
            ("stale", OrderState.ISSUED, Agreement.AWAITING),
            ("crossed", OrderState.ISSUED, Agreement.AWAITING),
            ("locked_in_erp", OrderState.ISSUED, Agreement.AGREED),
            ("framework", OrderState.ISSUED, Agreement.ANSWERED),
        ],
    )
    def test_state_and_agreement_are_as_the_plot_says(self, plot: str, state: str, agreement: str):
        assert {(order.state, order.agreement) for order in order_of(plot)} == {(state, agreement)}

    def test_what_waits_waits_for_the_right_side(self):
        assert all(order.lines_for_supplier for order in order_of("awaiting") + order_of("overdue"))
        assert all(order.lines_for_supplier for order in order_of("disputed") + order_of("stale"))
        assert all(order.lines_for_buyer for order in order_of("answered") + order_of("framework"))
        for plot in ("closed", "received", "agreed", "cancelled", "history"):
            assert {(order.lines_for_supplier, order.lines_for_buyer) for order in order_of(plot)} == {(0, 0)}

    def test_overdue_orders_are_overdue_and_stale_ones_stale(self):
        assert all(order.acknowledge_by_at < timezone.now() for order in order_of("overdue"))
        assert {order.revision_status for order in order_of("stale")} == {"stale"}

    def test_goods_are_where_the_plot_says(self):
        assert {order.logistics for order in order_of("received")} == {Logistics.RECEIVED}
        assert {order.logistics for order in order_of("late")} == {Logistics.NOTHING_SHIPPED}
        assert all(order.next_delivery_on < few_orders().today for order in order_of("late"))

    def test_drafts_and_messages_are_kept(self):
        drafted = {order.pk for order in order_of("draft") + order_of("draft_outdated")}

        assert set(DraftAnswer.objects.values_list("order_id", flat=True)) == drafted
        assert Message.objects.filter(internal=False).exists()

    def test_tolerances_are_written_and_wait_for_somebody_else_to_approve_them(self):
        policy = TolerancePolicy.objects.get()
        assert (policy.state, policy.asked_by, policy.rules.count()) == ("asked", "Omar Haddad", 10)
        assert ToleranceDecision.objects.count() == 0

    def test_nothing_happens_in_the_future(self):
        spoken = few_orders().now

        assert not OrderRevision.objects.filter(received_at__gt=spoken).exists()
        told = OutboxMessage.objects.filter(topic="erp", created_at__gt=spoken)
        assert not told.exclude(stream__startswith="invoice:").exists()
        # What people of today talk about, or approve, is told until a moment ago.
        assert not OutboxMessage.objects.filter(created_at__gt=timezone.now()).exists()

    def test_every_message_is_delivered_but_for_the_newest_and_the_one_that_never_gets_through(self):
        parked = OutboxMessage.objects.get(state=MessageState.PARKED)
        waiting = OutboxMessage.objects.filter(topic="erp", state=MessageState.WAITING)
        delivered = OutboxMessage.objects.filter(topic="erp", state=MessageState.DELIVERED)

        told = Counter(waiting.values_list("kind", flat=True))
        # What was counted the ERP books after it has heard of its notice.
        assert told == Counter(
            {
                "order.promise_agreed": 3,
                "shipment.sent": notices_sent(),
                "count.posted": counts_posted(),
                "invoice.approved": Invoice.objects.filter(state="approved").count(),
                "invoice.early_agreed": EarlyPayment.objects.count(),
            }
        )
        assert {order.stream for order in order_of("not_getting_through")} == {parked.stream}
        assert DeliveryAttempt.objects.filter(message=parked).count() == parked.attempts == 12
        assert DeliveryAttempt.objects.count() == delivered.count() + 12
        assert set(delivered.values_list("key", flat=True)) == set(
            ErpCommand.objects.values_list("origin", flat=True)
        ) | set(InvoiceWrite.objects.values_list("key", flat=True))

    def test_commands_are_confirmed_but_for_those_with_a_tale(self):
        unconfirmed = ErpCommand.objects.exclude(state=CommandState.CONFIRMED)
        crossed = {(order.pk, CommandState.CONFLICT) for order in order_of("crossed")}
        locked = {(order.pk, CommandState.NEEDS_PERSON) for order in order_of("locked_in_erp")}

        assert set(unconfirmed.values_list("order_id", "state")) == crossed | locked
        assert all(command.reason for command in unconfirmed)

    def test_confirmed_commands_are_told_in_the_order_of_time(self):
        for command in ErpCommand.objects.filter(state=CommandState.CONFIRMED):
            assert command.queued_at < command.sent_at <= command.confirmed_at < timezone.now()

    def test_the_monitor_shows_readings_with_two_rows_to_look_at(self):
        recent = {event.at for event in few_orders().events() if isinstance(event, Sent)}

        assert 0 < FeedRun.objects.count() <= len(recent)
        assert FeedProblem.objects.count() == FeedRun.objects.get(refused__gt=0).refused == 2
        assert all("{" not in problem.problem.explain() for problem in FeedProblem.objects.all())

    def test_people_talk_about_changes_each_on_a_line_that_is_agreed(self):
        changes = list(OrderChange.objects.select_related("line", "supplier").order_by("id"))

        assert changes
        assert len({change.supplier_id for change in changes}) == len(changes) <= len(ASKED)
        assert {change.state for change in changes} <= {"proposed", "countered", "declined"}
        assert all(change.line.agreement == Agreement.AGREED for change in changes)

    def test_says_who_can_sign_in_and_nobody_else_can_read_it(self, loaded):
        written = json.loads(loaded.read_text())

        assert [one["role"] for one in written] == [
            "supplier",
            "buyer",
            "accounts_payable",
            "administrator",
            "integration_owner",
            "receiving",
            "manager",
        ]
        assert loaded.stat().st_mode & 0o077 == 0
        assert User.objects.get(email=written[0]["email"]).check_password(PASSWORD)

    @pytest.mark.parametrize("quietly", [True, False])
    def test_a_second_time_changes_nothing(self, loaded, quietly: bool):
        before = loaded.read_text()

        load(people_file=loaded, if_empty=quietly)

        assert loaded.read_text() == before
        assert PurchaseOrder.objects.count() == len(few_orders().orders)

    def test_passwords_are_made_anew_for_every_installation(self, tmp_path, monkeypatch):
        monkeypatch.delenv("QUAYSIDE_DEMO_PASSWORD")
        people = tmp_path / "people.json"
        load(people_file=people)
        (first,) = {one["password"] for one in json.loads(people.read_text())}
        people.unlink()

        load(people_file=people)

        (second,) = {one["password"] for one in json.loads(people.read_text())}
        assert len(first) == len(second) == 16
        assert first != second
        assert User.objects.get(email="omar@northmoor.example").check_password(second)


@pytest.mark.django_db(transaction=True)
def test_the_pretend_erp_goes_on_with_the_same_orders(settings):
    load()
    with acting(SET_UP):
        stuck = set(ErpCommand.objects.exclude(state=CommandState.CONFIRMED).values_list("key", flat=True))
        notices, counts = notices_sent(), counts_posted()
        approved = Invoice.objects.filter(state="approved").count()
        early = EarlyPayment.objects.count()
    pretend = PretendErp(settings.ERP_FILES_ROOT)

    delivered = deliver_due(worker=1, clock=timezone.now, topics=["erp"])
    assert delivered == 3 + notices + counts + approved + early
    worked = pretend.work()
    with connect() as connector:
        runs = read_feeds(connector, clock=timezone.now)

    assert (len(worked.taken), len(pretend.inbound())) == (3, notices)
    assert not worked.refused + worked.conflicts
    assert sum(run.refused for run in runs) == 0
    with acting(SET_UP):
        assert set(ErpCommand.objects.exclude(state="confirmed").values_list("key", flat=True)) == stuck


@pytest.mark.django_db
class TestWhereItMayNot:
    def test_a_portal_with_suppliers_of_its_own_is_left_alone(self, world):
        with pytest.raises(CommandError, match="suppliers of its own"):
            load()

        with acting(SET_UP):
            assert Supplier.objects.count() == len(world)

    def test_production_is_left_alone(self, settings):
        settings.PRODUCTION = True

        with pytest.raises(CommandError, match="production"):
            load()


@pytest.mark.django_db(transaction=True)
class TestTheCrew:
    def test_shares_are_everything_and_about_equal(self):
        company = make_company(timezone.now())

        shares = shares_of(company, 3)

        assert sorted(one.number for share in shares for one in share.orders) == sorted(
            one.number for one in company.orders
        )
        suppliers = [{story.supplier for story in share.orders} for share in shares]
        assert not suppliers[0] & suppliers[1]
        assert max(len(share.orders) for share in shares) < 1.5 * min(len(share.orders) for share in shares)

    def test_two_processes_commit_together(self):
        load_master_data(few_orders())

        work_together(few_orders(), count_themselves, crew=2)

        with acting(SET_UP):
            assert Supplier.objects.filter(name__startswith="Counted").count() == 2

    def test_processes_of_a_program_with_a_running_loop_have_their_own_connections(self, monkeypatch):
        monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

        async def within() -> None:
            work_together(few_orders(), count_themselves, crew=2)

        def program() -> int:
            load_master_data(few_orders())  # outside of the loop, on a connection that stays open
            asyncio.run(within())
            with acting(SET_UP):
                counted = Supplier.objects.filter(name__startswith="Counted").count()
            connections.close_all()
            return counted

        # In a thread of its own: where a browser was started before, this one has a loop running already.
        with ThreadPoolExecutor(max_workers=1) as thread:
            assert thread.submit(program).result() == 2

    def test_when_one_fails_none_commits(self):
        load_master_data(few_orders())

        with pytest.raises(CrewFailed, match="one share too many"):
            work_together(few_orders(), one_share_fails, crew=2)

        with acting(SET_UP):
            assert not Supplier.objects.filter(name__startswith="Counted").exists()


def count_themselves(share: DemoCompany) -> None:
    with acting(SET_UP):
        first = min(story.supplier for story in share.orders)
        assert Supplier.objects.filter(number=first).update(name=f"Counted {first}") == 1


def one_share_fails(share: DemoCompany) -> None:
    count_themselves(share)
    if min(story.supplier for story in few_orders().orders) in {story.supplier for story in share.orders}:
        raise RuntimeError("one share too many")
