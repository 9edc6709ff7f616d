"""Who writes what in the demo: only those whose role may, each for the supplier it is about."""

import pytest

from portal.kernel.scope import acting
from procurement.demo.loading import SET_UP
from procurement.demo.members import actors_who, members_who
from suppliers.models import User
from suppliers.roles import Permission

pytestmark = pytest.mark.django_db


def who(world, permission):
    numbers = {supplier.pk: number for number, supplier in world.items()}
    with acting(SET_UP):
        return {numbers[of]: user.name for of, user in members_who(permission).items()}


def test_orders_are_answered_by_who_was_there_first(world, people):
    assert who(world, Permission.ORDER_ACKNOWLEDGE) == {"ACME": "Asha Acme", "GLOBEX": "Gil Globex"}


def test_the_next_does_it_where_the_first_is_gone(world, people):
    with acting(SET_UP):
        User.objects.filter(pk=people["asha"].user.pk).update(is_active=False)

    assert who(world, Permission.ORDER_ACKNOWLEDGE) == {"ACME": "Olga Acme", "GLOBEX": "Gil Globex"}


def test_nobody_invoices_whose_role_is_orders(world, people):
    with acting(SET_UP):
        User.objects.filter(pk=people["asha"].user.pk).update(is_active=False)

    assert who(world, Permission.INVOICE_WRITE) == {"GLOBEX": "Gil Globex"}


def test_who_is_there_for_two_acts_for_the_one_it_is_about(world, people):
    with acting(SET_UP):
        User.objects.filter(pk__in=[people[name].user.pk for name in ("asha", "arun", "olga")]).update(
            is_active=False
        )
        actors = actors_who(Permission.CHANGE_NEGOTIATE)

    assert {of: (actor.label, actor.supplier_ids) for of, actor in actors.items()} == {
        world["ACME"].pk: ("Sam Both", (world["ACME"].pk,)),
        world["GLOBEX"].pk: ("Gil Globex", (world["GLOBEX"].pk,)),
    }
