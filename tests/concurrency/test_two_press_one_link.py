"""One link, pressed twice at the same moment: the first answers, the second is told so."""

import threading

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.acknowledgments.models import OrderAcknowledgment
from procurement.links.messages import Person
from procurement.links.models import SignedLink
from procurement.links.queries import actor_of_link
from procurement.links.services import hold_link, issue_link
from procurement.links.states import Purpose
from procurement.orders.queries import lock_order
from procurement.payables.services.approvals import accept_invoice
from tests.builders.invoices import fresh_invoice
from tests.builders.payables import a_link_to, a_rule, an_invoice_over_price, asked_for, desk
from tests.builders.world import an_order
from tests.concurrency.at_once import wait_for_a_lock
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def a_link():
    order = an_order(at=timezone.now())
    with acting(FEED):
        return order, issue_link(
            Person("clerk@acme.example", "Kiran"),
            supplier_id=order.supplier_id,
            stream=order.stream,
            order_id=order.pk,
            purpose=Purpose.ANSWER,
            actor=FEED,
            at=timezone.now(),
        )


def at_once(work, times=2):
    barrier, found = threading.Barrier(times), []

    def run(number):
        try:
            client = Client()
            barrier.wait()
            found.append(work(client, number))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(times)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return found


def test_two_answers_at_once_are_one(world):
    order, link = a_link()
    address = reverse("link-answer", args=[link.token])

    codes = at_once(
        lambda client, _n: client.post(address, {"send": "1", "version": order.version}).status_code
    )

    assert sorted(codes) == [303, 409]
    with acting(FEED):
        assert OrderAcknowledgment.objects.count() == 1
        assert SignedLink.objects.get().acted_on == ["answer"]


def test_yes_and_no_at_once_by_one_link_to_an_approval_are_one_word(people):
    a_rule(people, 1, role="buyer")
    invoice = an_invoice_over_price(people, at=timezone.now())
    desk(accept_invoice, invoice, people["otto"], "Agreed.", at=timezone.now())
    link = a_link_to(invoice, people["bea"])
    page = Client().get(reverse("approve", args=[link.token])).context
    words = ("approve", "decline")
    address = reverse("approve-say", args=[link.token])

    codes = at_once(
        lambda client, n: (
            client.post(address, {"word": words[n], "reason": "So be it.", "mark": page["mark"]}).status_code
        )
    )

    assert sorted(codes) == [303, 409]
    (one,) = asked_for(invoice)
    link.refresh_from_db()
    assert (one.state, link.used_for) in (("granted", "approve"), ("declined", "decline"))
    assert fresh_invoice(invoice).state == ("approved" if one.state == "granted" else "held")


def test_forwards_at_once_stay_within_the_limit(world):
    _order, link = a_link()
    address = reverse("link-forward", args=[link.token])

    codes = at_once(lambda client, n: client.post(address, {"address": f"n{n}@acme.example"}).status_code, 8)

    assert sorted(codes) == [303] * 5 + [422] * 3
    with acting(FEED):
        assert SignedLink.objects.filter(forwarded=True).count() == 5


def test_new_links_asked_for_at_once_stay_within_the_limit(world):
    _order, link = a_link()
    address = reverse("link-renew", args=[link.token])

    codes = at_once(lambda client, _n: client.post(address).status_code, 6)

    assert codes == [200] * 6
    with acting(FEED):
        assert len(SignedLink.objects.get().renewals) == 3


@pytest.mark.parametrize(
    ("door", "sent", "code"),
    [("link-seen", {}, 204), ("link-forward", {"address": "colleague@acme.example"}, 303)],
)
def test_who_waits_for_the_order_holds_no_link_meanwhile(world, door, sent, code):
    order, link = a_link()
    address, codes = reverse(door, args=[link.token]), []

    def press():
        try:
            codes.append(Client().post(address, sent).status_code)
        finally:
            connection.close()

    actor = actor_of_link(link)
    other = threading.Thread(target=press)
    with acting(actor):  # an answer on its way: first the order, then the link
        lock_order(order.key, actor=actor)
        other.start()
        wait_for_a_lock()
        hold_link(link, "answer", at=timezone.now())
    other.join()

    assert codes == [code]
