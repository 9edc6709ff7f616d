"""Two invite the same prospect at one moment; its number is given while the ERP's reading brings it."""

import threading

import pytest
from django.db import connection
from django.utils import timezone

from portal.kernel.errors import Refusal
from portal.kernel.scope import acting
from suppliers.messages import SupplierPaper
from suppliers.models import Supplier
from suppliers.onboarding.messages import InviteSuppliers, Target
from suppliers.onboarding.services import invite_suppliers, number_prospect
from suppliers.services import receive_suppliers, set_here
from tests.concurrency.at_once import wait_for_a_lock
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

BROUGHT = SupplierPaper("70123", "Umbra Seals GmbH", "AT", language="de")
UMBRA = Target("", "nia@umbra.example", "Nia", company="Umbra Seals", country="AT")


def invite(root):
    with acting(root):
        return invite_suppliers(InviteSuppliers((UMBRA,)), actor=root, at=timezone.now())


def number(root, run, *, is_same):
    with acting(root):
        return number_prospect(run.key, "70123", is_same=is_same, actor=root, at=timezone.now())


def beside(work):
    """Begin something on a connection of its own; returns how to wait for what comes of it."""
    came = []

    def run():
        try:
            came.append(work())
        except Refusal as refusal:
            came.append(refusal)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()

    def outcome():
        thread.join(timeout=30)
        return came[0]

    return outcome


def test_two_who_invite_the_same_prospect_make_one_supplier(people):
    root = people["root"].actor
    with acting(root):
        first = invite_suppliers(InviteSuppliers((UMBRA,)), actor=root, at=timezone.now())
        second = beside(lambda: invite(root))
        wait_for_a_lock()
    assert [len(first.runs), second().runs] == [1, ()]
    assert [one.code for one in second().problems] == ["known"]
    with acting(FEED):
        assert Supplier.objects.filter(name="Umbra Seals").count() == 1


@pytest.mark.parametrize("is_same", [False, True])
def test_a_number_that_the_erp_brings_at_that_moment_is_taken_over_by_a_word(people, is_same):
    root = people["root"].actor
    (run,) = invite(root).runs

    with acting(FEED):
        receive_suppliers([BROUGHT])
        numbered = beside(lambda: number(root, run, is_same=is_same))
        wait_for_a_lock()
    if not is_same:
        assert [one.code for one in numbered().problems] == ["unsaid"]
    else:
        assert numbered().supplier.number == "70123"
    with acting(FEED):
        assert Supplier.objects.get(pk=run.supplier_id).is_prospect is not is_same


def test_what_a_prospect_has_set_stays_where_a_reading_brings_its_number_at_that_moment(people):
    root = people["root"].actor
    (run,) = invite(root).runs
    with acting(FEED):
        won = Supplier.objects.get(pk=run.supplier_id)
        set_here(won, language="fr")
        won.save()

    def read():
        with acting(FEED):
            return receive_suppliers([BROUGHT])

    with acting(root):
        number_prospect(run.key, "70123", actor=root, at=timezone.now())
        brought = beside(read)
        wait_for_a_lock()
    assert brought().stored == 1
    with acting(FEED):
        won.refresh_from_db()
        assert (won.number, won.name, won.is_prospect) == ("70123", "Umbra Seals GmbH", False)
        assert (won.language, won.erp_says) == ("fr", {"language": "de"})
