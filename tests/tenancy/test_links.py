"""The matrix of signed links: every address behind one, with the link of one supplier and the objects of another.

A new address under `/l/<token>/` is red here until it says what it is asked for.
"""

import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.links.messages import Person
from procurement.links.models import SignedLink
from procurement.links.services import issue_link
from procurement.links.states import Purpose
from tests.builders.changes import A_WEEK, agree, propose
from tests.builders.matrix import by_mail
from tests.builders.world import a_line, a_paper, an_order, fresh, receive
from tests.people import FEED
from tests.tenancy.test_matrix import patterns

pytestmark = pytest.mark.django_db(transaction=True)

NEXT_MONTH = timezone.localdate() + timedelta(days=40)
# What stands in the address besides the token: an order of the supplier, a change request of the order, or what a
# mail about it promises.
SHOWS = {"link-open": "order", "link-change": "change", "link-draft": "draft"}


def links():
    return [one for one in patterns(get_resolver()) if str(one.pattern).startswith("l/<str:token>/")]


def names():
    return sorted(one.name for one in links())


@pytest.fixture
def objects(people):
    """An order, a change request and a draft of each supplier, and a link to Acme's order."""
    found = {}
    for number, supplier, seller in (("4500000001", "ACME", "asha"), ("9900000009", "GLOBEX", "gil")):
        receive(a_paper(number, [a_line(delivery_on=NEXT_MONTH)], supplier=supplier), at=timezone.now())
        agreed = agree(fresh(number), people[seller], at=timezone.now())
        change = propose(agreed, people["bea"], A_WEEK, at=timezone.now())
        with acting(FEED):
            _mail, draft = by_mail(agreed, agreed.supplier)
        found[supplier] = {"order": agreed.key, "change": change.key, "draft": draft.key}
    order = an_order("4500000002", at=timezone.now())
    with acting(FEED):
        link = issue_link(
            Person("clerk@acme.example", "Kiran"),
            supplier_id=order.supplier_id,
            stream=order.stream,
            order_id=order.pk,
            purpose=Purpose.ANSWER,
            actor=FEED,
            at=timezone.now(),
        )
    return found, link


def address(name, token, key):
    kwargs = {"token": token} | ({"key": key} if name in SHOWS else {})
    return reverse(name, kwargs=kwargs)


def everything():
    """How much there is of everything, and what was done with links: what is opened must leave it as it was."""
    with acting(FEED):
        counts = {
            model.__name__: model._default_manager.count()
            for name in ("kernel", "procurement")
            for model in apps.get_app_config(name).get_models()
        }
        marks = SignedLink.objects.values_list("opened_at", "used_at", "revoked_at", "renewals")
        return counts, list(marks.order_by("id"))


def test_every_address_behind_a_link_says_what_it_is_asked_for():
    wanted = {one.name for one in links() if set(one.pattern.converters) - {"token"}}
    assert wanted == set(SHOWS)


@pytest.mark.parametrize("name", sorted(SHOWS))
def test_another_suppliers_document_is_not_there(objects, name):
    found, link = objects
    response = Client().post(address(name, link.token, found["GLOBEX"][SHOWS[name]]))

    assert response.status_code == 404


@pytest.mark.parametrize("name", names())
def test_a_made_up_token_opens_nothing(objects, name):
    found, link = objects
    key = found["ACME"].get(SHOWS.get(name, ""), uuid.uuid4())
    before = everything()

    for token in ("A" * 46, link.token[:-1] + ("A" if link.token[-1] != "A" else "B")):
        for method in ("get", "post"):
            response = getattr(Client(), method)(address(name, token, key), {"send": "1", "verb": "accept"})
            assert response.status_code in (405, 410) or name == "link-renew"

    assert everything() == before


@pytest.mark.parametrize("name", names())
def test_opening_any_of_them_changes_nothing(objects, name):
    found, link = objects
    before = everything()

    response = Client().get(address(name, link.token, found["ACME"].get(SHOWS.get(name, ""), uuid.uuid4())))

    assert response.status_code == (200 if name == "link" else 405)
    assert everything() == before
