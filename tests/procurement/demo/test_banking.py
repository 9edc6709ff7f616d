"""Bank details of the demo: one of each kind, and not one mail to anybody."""

import pytest
from django.db import transaction
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.demo.banking import keep_bank_details
from procurement.demo.company import make_company
from procurement.demo.loading import SET_UP, load_master_data, load_people
from suppliers.banking.models import BankAccount, BankChange, BankFreeze, BankNotice, BankTold

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def test_an_account_is_in_force_a_change_waits_and_one_is_frozen():
    now = timezone.now()
    company = make_company(now)
    with transaction.atomic():
        load_master_data(company)
        load_people(company.people, "of this test only", at=now)

    keep_bank_details(at=now)

    with acting(SET_UP):
        account = BankAccount.objects.select_related("supplier", "by_change").get()
        assert (account.state, account.supplier.name, account.shown) == (
            "in_force",
            "Lian Feng Valve",
            "3456",
        )
        assert account.since_at < now
        changes = BankChange.objects.order_by("id").values_list("kind", "state", "origin")
        assert list(changes) == [
            ("add", "in_force", "portal"),
            ("replace", "first_approved", "portal"),
            ("add", "frozen", "portal"),
            ("add", "proposed", "erp"),
        ]
        swapped = BankChange.objects.get(origin="erp")
        assert (swapped.supplier.state, swapped.supplier.country, swapped.shown) == ("active", "DE", "6199")
        told = BankTold.objects.filter(supplier=swapped.supplier).order_by("id")
        assert [(one.shown, one.gone_at is None) for one in told] == [("3000", False), ("6199", True)]
        assert account.by_change.entered_how == "erp"
        assert BankFreeze.objects.get().thawed_at is None
        assert set(BankNotice.objects.values_list("state", flat=True)) == {"sent"}
