"""A change request on its way to each ERP that we speak to: agreed, waits for it, done when it was read back."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.catalogue.models import Company, Site
from procurement.changes.messages import Wish
from procurement.changes.models import OrderChange
from procurement.changes.services import Choice, accept_change, decide_changes
from procurement.erp import delivery
from procurement.erp.cases import mark_of
from procurement.erp.deciding import keep_theirs
from procurement.erp.inbound import read_feeds, take_papers
from procurement.erp.models import ErpCommand
from procurement.erp.ports import CurrentLine, Feed, Outcome, Sighting, WriteResult
from procurement.erp.queries import case_of
from procurement.erp.services import give_up_command, record_conflict, record_result, take_up_command
from procurement.orders.messages import OrderPaper
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import live_promises_by_line, lock_order, schedules_by_line
from procurement.orders.services.promise import tell_erp
from suppliers.models import Supplier
from suppliers.queries import actor_of
from suppliers.roles import CompanyRole, SupplierRole
from tests.builders import world
from tests.builders.changes import agree, an_agreed_order, piece, propose, say, stands, to
from tests.builders.world import MONDAY, fresh, fresh_line
from tests.erp.contract.harness import HARNESSES, ONE_OF_EACH, ConnectorHarness, FilesHarness
from tests.erp.papers import MASTER_DATA, a_line, an_order
from tests.people import FEED, PASSWORD, Person

pytestmark = pytest.mark.django_db(transaction=True)
LIVE = pytest.mark.slow  # a server of its own

NUMBER = "4500012345"
TODAY = datetime.now(UTC).date()
SOON, LATER, LAST = (TODAY + timedelta(days=days) for days in (20, 27, 41))


@pytest.fixture(params=[name if name == "files" else pytest.param(name, marks=LIVE) for name in ONE_OF_EACH])
def erp(
    request: pytest.FixtureRequest, db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ConnectorHarness]:
    with HARNESSES[request.param](tmp_path) as harness:
        monkeypatch.setattr(delivery, "connect", harness.connector)
        yield harness


def one_interval(erp: ConnectorHarness) -> None:
    """What the workers do within one interval: bring what waits, let the ERP work, hear of it."""
    deliver_due(worker=1, clock=timezone.now)
    erp.let_erp_work()
    with erp.connector() as connector:
        read_feeds(connector, clock=timezone.now)


def at_the_table(erp: ConnectorHarness) -> tuple[OrderPaper, Person, Person]:
    """An order of three lines that is agreed as asked, and the two who talk about it."""
    erp.put_master_data(MASTER_DATA)
    lines = tuple(a_line(10 * number, delivery_on=SOON) for number in (1, 2, 3))
    (order,) = erp.put_orders(an_order(NUMBER, lines, ordered_on=TODAY))
    with erp.connector() as connector:
        read_feeds(connector, clock=timezone.now)
    mei, bea = make_mei_and_bea()
    agree(fresh(NUMBER), mei, at=timezone.now())
    one_interval(erp)
    return order, mei, bea


def make_mei_and_bea() -> tuple[Person, Person]:
    from suppliers.models import Membership, User

    with acting(FEED):
        bea = User.objects.create_user(
            "bea@northmoor.example", PASSWORD, name="Bea", company_role=CompanyRole.BUYER
        )
        mei = User.objects.create_user("mei@acme.example", PASSWORD, name="Mei")
        Membership.objects.create(
            user=mei, supplier=Supplier.objects.get(number="70012"), role=SupplierRole.ORDERS
        )
    people = []
    for user in (mei, bea):
        actor = actor_of(user)
        assert actor is not None
        people.append(Person(user, actor))
    return people[0], people[1]


def key_of(number: int) -> str:
    return str(fresh_line(number, NUMBER).key)


def ask(person: Person, wish: Wish, number: int = 10, **words: str) -> OrderChange:
    return propose(fresh(NUMBER), person, wish, line=key_of(number), at=timezone.now(), **words)


def accept(change: OrderChange, person: Person) -> OrderChange:
    return say(accept_change, change, person, at=timezone.now())


def held(erp: ConnectorHarness, order: OrderPaper, number: int) -> Any:
    return next(line for line in erp.held(order).lines if line.number == number)


def deliveries(line: Any) -> list[tuple[Decimal, Any]]:
    if line.schedules:
        return sorted(((one.quantity, one.delivery_on) for one in line.schedules), key=lambda one: one[1])
    return [(line.quantity, line.delivery_on)]


def last_command() -> str:
    with acting(FEED):
        return str(ErpCommand.objects.latest("id").state)


def test_a_change_is_agreed_waits_for_the_erp_and_is_done(erp: ConnectorHarness) -> None:
    order, mei, bea = at_the_table(erp)
    quantity = fresh_line(10, NUMBER).quantity
    first, rest = quantity - 40, Decimal(60)

    # More of it, in two deliveries.
    asked = ask(mei, to(piece(str(first)), piece(str(rest), LATER)), reason="capacity")
    accept(asked, bea)

    assert stands(asked).state == "accepted"
    assert fresh_line(10, NUMBER).agreement == "agreed"

    one_interval(erp)

    assert stands(asked).state == "done"
    assert deliveries(held(erp, order, 10)) == [(first, SOON), (rest, LATER)]
    line = fresh_line(10, NUMBER)
    # The ERP says what was agreed: nobody is asked a second time.
    assert (line.agreement, line.turn, line.quantity, line.expected_on) == ("agreed", "", first + rest, LATER)
    # And the other lines stand as they were.
    assert deliveries(held(erp, order, 20)) == [(quantity, SOON)]
    assert {fresh_line(number, NUMBER).turn for number in (20, 30)} == {""}


def test_what_the_buyer_asks_for_is_done_too_price_and_less_of_it(erp: ConnectorHarness) -> None:
    order, mei, bea = at_the_table(erp)
    line = fresh_line(20, NUMBER)
    price = line.price + Decimal("0.50")

    asked = ask(bea, to(piece(str(line.quantity - 10), LATER, price=price)), 20)
    accept(asked, mei)
    one_interval(erp)

    assert stands(asked).state == "done"
    told = held(erp, order, 20)
    assert (told.quantity, told.price, told.delivery_on) == (line.quantity - 10, price, LATER)


def test_what_is_agreed_while_an_earlier_change_is_on_its_way_is_done_too(erp: ConnectorHarness) -> None:
    order, mei, bea = at_the_table(erp)
    first = ask(mei, Wish(move_days=7), 10)
    accept(first, bea)
    deliver_due(worker=1, clock=timezone.now)
    erp.let_erp_work()

    second = ask(mei, Wish(move_days=14), 10)
    accept(second, bea)
    for _interval in range(3):
        one_interval(erp)

    # The reading that showed the first asked nobody again.
    assert stands(first).state == "done"
    line = fresh_line(10, NUMBER)
    if not isinstance(erp, FilesHarness):
        # Tryton cannot tell our first write from somebody else's: a buyer looks at the second (docs/tryton.md).
        assert (stands(second).state, last_command()) == ("accepted", "conflict")
        assert (line.agreement, line.turn) == ("agreed", "")
        return
    assert stands(second).state == "done"
    assert (line.agreement, line.turn, line.expected_on) == ("agreed", "", SOON + timedelta(days=21))
    assert [day for _quantity, day in deliveries(held(erp, order, 10))] == [SOON + timedelta(days=21)]


def test_a_line_that_nobody_wants_any_more_is_cancelled(erp: ConnectorHarness) -> None:
    _order, mei, bea = at_the_table(erp)

    asked = ask(bea, Wish(cancel=True), 30, reason="obsolete_item")
    accept(asked, mei)
    one_interval(erp)

    assert stands(asked).state == "done"
    line = fresh_line(30, NUMBER)
    assert (line.agreement, line.turn) == ("refused", "")


def test_another_place_is_written_or_keyed_in(erp: ConnectorHarness) -> None:
    order, mei, bea = at_the_table(erp)
    with erp.connector() as connector:
        writes = "ship_to" in connector.capabilities.writes
    with acting(FEED):
        other, _made = Site.objects.get_or_create(
            code="KIEL", defaults={"company": Company.objects.get(), "name": "Kiel DC"}
        )

    asked = ask(bea, Wish(ship_to=other.code), 10)
    accept(asked, mei)
    one_interval(erp)

    if writes:
        assert stands(asked).state == "done"
        assert held(erp, order, 10).ship_to == other.code
    else:
        # A task with the exact values; what was agreed waits until it is seen to stand.
        assert (stands(asked).state, last_command()) == ("accepted", "to_key")


def test_what_the_erp_is_not_to_be_told_is_agreed_here_alone(erp: ConnectorHarness) -> None:
    order, mei, bea = at_the_table(erp)
    asked = ask(mei, Wish(move_days=7), 10)
    erp.change_line(order, key_of(10), quantity=Decimal(400))
    accept(asked, bea)
    deliver_due(worker=1, clock=timezone.now)
    erp.let_erp_work()

    with acting(bea.actor):
        command = ErpCommand.objects.select_related("order").latest("id")
        give_up_command(command, "Keyed in elsewhere.", actor=bea.actor, at=timezone.now())

    assert stands(asked).state == "kept"


def test_a_revision_of_the_line_overtakes_what_is_talked_about(erp: ConnectorHarness) -> None:
    order, mei, _bea = at_the_table(erp)
    asked, other = ask(mei, Wish(move_days=7), 10), ask(mei, Wish(move_days=7), 20)

    erp.change_line(order, key_of(10), quantity=Decimal(400))
    one_interval(erp)

    assert (stands(asked).state, stands(other).state) == ("superseded", "proposed")
    assert fresh_line(10, NUMBER).turn == "supplier"


def test_an_erp_that_moved_meanwhile_gets_a_case_and_its_values_overtake_the_agreement(
    erp: ConnectorHarness,
) -> None:
    order, mei, bea = at_the_table(erp)
    asked = ask(mei, Wish(move_days=7), 10)
    erp.change_line(order, key_of(10), quantity=Decimal(400))
    accept(asked, bea)  # nobody has read yet that the ERP moved
    one_interval(erp)
    assert last_command() == "conflict"

    with acting(bea.actor):
        command = ErpCommand.objects.select_related("order").latest("id")
        keep_theirs(command, mark=mark_of(case_of(command)), actor=bea.actor, at=timezone.now())

    assert stands(asked).state == "superseded"
    assert fresh_line(10, NUMBER).turn == "supplier"


# --- what becomes of a request when its command does not go the straight way


def a_conflict(order: PurchaseOrder) -> ErpCommand:
    """The last command was brought to the ERP, which holds something else on the first line."""
    told = OutboxMessage.objects.filter(topic="erp")
    command = take_up_command(told.latest("id"))
    told.update(state=MessageState.DELIVERED, delivered_at=MONDAY)
    now = CurrentLine("L10", Decimal(120), Decimal("6.85"), date(2026, 4, 1))
    record_conflict(command, "It moved.", [now], actor=FEED, at=MONDAY)
    return command


@pytest.mark.django_db
def test_what_a_later_command_puts_into_the_erp_is_done_though_its_own_got_stuck(people: Any) -> None:
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], Wish(move_days=7))
    say(accept_change, asked, people["bea"])

    with acting(FEED):
        stuck = a_conflict(order)
        order = lock_order(order.key, actor=FEED)
        lines = list(order.lines.filter(number=10))
        ids = [line.pk for line in lines]
        live, schedules = live_promises_by_line(ids), schedules_by_line(ids)
        tell_erp(order, lines, live, schedules, actor=FEED, at=MONDAY, again=True)
        again = take_up_command(OutboxMessage.objects.filter(topic="erp").latest("id"))
        record_result(again, WriteResult(Outcome.CONFIRMED), actor=FEED, at=MONDAY)
        stuck.refresh_from_db()

    assert (stuck.state, stands(asked).state) == ("superseded", "done")


@pytest.mark.django_db
def test_keeping_the_erps_values_ends_each_request_behind_the_command(people: Any) -> None:
    order = an_agreed_order(people["asha"])
    asked, other = (propose(order, people["asha"], Wish(move_days=7), line=key) for key in ("L10", "L20"))
    bea = people["bea"].actor
    with acting(bea):
        decide_changes([Choice(asked.key, 1), Choice(other.key, 1)], "accept", actor=bea, at=MONDAY)
    with acting(FEED):
        command = a_conflict(order)
    # The ERP closed the first line; on the second it holds what was agreed.
    lines = [world.a_line(10, closed=True), world.a_line(20, delivery_on=date(2026, 4, 8))]
    with acting(FEED):
        take_papers(Feed.ORDERS, [Sighting(world.a_paper(lines=lines, revision="2"), "")], MONDAY)

    with acting(bea):
        command.refresh_from_db()
        keep_theirs(command, mark=mark_of(case_of(command)), actor=bea, at=MONDAY)

    # Nobody is asked about a line that is closed, and yet nothing waits for the ERP any more.
    assert (stands(asked).state, stands(other).state) == ("superseded", "done")
