"""Orders that nobody sees, or that nobody can be told of."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.links.queries import person_of
from procurement.notifications.queries import orders_unseen, orders_without_reader
from procurement.notifications.services import keep_choices, see_order, watch_delivery
from procurement.notifications.services.gathering import POSTMAN
from procurement.notifications.states import NoticeKind
from tests.builders.changes import agree
from tests.builders.notices import LATER, mailed, post
from tests.builders.world import an_order, fresh

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = timezone.localdate()
A_WEEK = timedelta(days=7)


def new(number="4500000001", **changed):
    made = an_order(number, ordered_on=TODAY, at=timezone.now(), **changed)
    mailed()
    return made


def mailed_by(at):
    deliver_due(worker=1, clock=lambda: at, topics=["reactions"])
    post(at + LATER)
    return mailed()


def unseen(at):
    with acting(POSTMAN):
        return [order.number for order in orders_unseen(at)]


def watch(at):
    with acting(POSTMAN):
        return watch_delivery(at=at)


def test_an_order_is_unseen_once_working_hours_have_passed(people):
    new()

    assert unseen(timezone.now() + timedelta(minutes=10)) == []
    assert unseen(timezone.now() + A_WEEK) == ["4500000001"]


def test_one_that_was_looked_at_is_not(people, client):
    order = new()
    client.force_login(people["arun"].user)
    client.get(f"/orders/{order.key}/")
    client.get(f"/orders/{order.key}/")

    assert unseen(timezone.now() + A_WEEK) == []
    with acting(POSTMAN):
        assert AuditEvent.objects.filter(kind="order.seen").count() == 1


def test_a_buyer_who_looks_has_not_seen_it_for_the_supplier(people, client):
    order = new()
    client.force_login(people["bea"].user)
    client.get(f"/orders/{order.key}/")

    assert unseen(timezone.now() + A_WEEK) == ["4500000001"]


def test_one_that_was_answered_is_not(people):
    agree(new(), people["asha"], at=timezone.now())

    assert unseen(timezone.now() + A_WEEK) == []


def test_one_that_was_mailed_to_nobody_is_not(people, settings):
    settings.NOTICES = False
    new()

    assert unseen(timezone.now() + A_WEEK) == []


def test_each_revision_is_told_of_once(people):
    order = new()

    assert watch(timezone.now() + A_WEEK) == 1
    assert watch(timezone.now() + A_WEEK) == 0
    with acting(POSTMAN):
        told = AuditEvent.objects.get(kind="order.unseen")
    assert (told.stream, told.internal, told.facts["revision"]) == (order.stream, True, 1)


@pytest.mark.parametrize(
    ("channel", "new_orders", "failures"),
    [
        ("portal", 3, 0),
        ("mail", 4, 0),  # Asha, Olga and Sam, and the company's own address
        ("file", 0, 3),
        ("api", 0, 3),
        ("edi", 0, 3),
        ("mixed", 3, 3),
    ],
)
def test_what_is_mailed_of_an_order_follows_from_the_channel(people, world, channel, new_orders, failures):
    with acting(POSTMAN):
        world["ACME"].channel = channel
        world["ACME"].save(update_fields=["channel"])
    an_order("4500000001", ordered_on=TODAY, at=timezone.now())
    letters = mailed()
    assert len(letters) == new_orders
    assert [one.to for one in letters if one.to == ["Acme Valves <sales@acme.example>"]] == (
        [["Acme Valves <sales@acme.example>"]] if channel == "mail" else []
    )
    assert all(re.search(r"/l/[\w-]{40,}/", one.body) for one in letters)

    assert watch(timezone.now() + A_WEEK) == 1
    told = mailed_by(timezone.now() + A_WEEK + LATER)
    assert len(told) == failures
    assert all("Order 4500000001 has not been read" in one.subject for one in told)
    assert watch(timezone.now() + A_WEEK) == 0
    assert mailed_by(timezone.now() + A_WEEK + LATER) == []


def test_an_order_that_a_program_answered_is_no_failure(people, world):
    with acting(POSTMAN):
        world["ACME"].channel = "api"
        world["ACME"].save(update_fields=["channel"])
    agree(new(), people["asha"], at=timezone.now())

    assert watch(timezone.now() + A_WEEK) == 0
    with acting(POSTMAN):
        assert not AuditEvent.objects.filter(kind="order.unread").exists()


def test_where_nobody_can_be_written_to_it_is_told_of(world):
    new(supplier="GLOBEX")

    with acting(POSTMAN):
        assert [order.number for order in orders_without_reader(timezone.now())] == ["4500000001"]
    assert watch(timezone.now()) == 1
    assert watch(timezone.now()) == 0


def test_seeing_is_kept_once(people):
    order = new()
    asha = people["asha"].actor
    with acting(asha):
        assert see_order(fresh(), actor=asha, at=timezone.now())
        assert not see_order(order, actor=asha, at=timezone.now())


def test_one_that_nobody_wants_to_hear_of_is_unseen_too(people):
    for name in ("asha", "olga", "sam"):
        with acting(POSTMAN):
            keep_choices(person_of(people[name].user), {NoticeKind.ORDER_NEW: "never"}, at=timezone.now())
    new()

    assert unseen(timezone.now() + timedelta(minutes=10)) == []
    assert unseen(timezone.now() + A_WEEK) == ["4500000001"]


def test_one_that_waits_for_somebodys_digest_is_not(people):
    with acting(POSTMAN):
        keep_choices(person_of(people["asha"].user), {NoticeKind.ORDER_NEW: "weekly"}, at=timezone.now())
        for name in ("olga", "sam"):
            keep_choices(person_of(people[name].user), {NoticeKind.ORDER_NEW: "never"}, at=timezone.now())
    new()

    assert unseen(timezone.now() + A_WEEK) == []
