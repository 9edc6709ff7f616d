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
from procurement.links.services import issue_link
from procurement.links.states import Purpose
from tests.builders.world import an_order
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
