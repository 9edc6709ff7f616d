"""The demo's suppliers on their way in, and one on its way out."""

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.demo.leaving import part_with_one
from procurement.demo.onboarding import bring_some_in
from suppliers.messages import SupplierPaper
from suppliers.onboarding.models import OnboardingExclusion, OnboardingRun
from suppliers.onboarding.services import remind
from suppliers.services import receive_suppliers
from tests.people import FEED

pytestmark = pytest.mark.django_db


def test_some_are_invited_two_are_excluded_and_nobody_is_reminded_yet(people):
    with acting(FEED):
        receive_suppliers(
            [
                SupplierPaper(f"B{n}", f"B{n}", "DE", "EUR", "en", "UTC", "core", f"b{n}@b.example")
                for n in range(4)
            ]
        )
    assert bring_some_in(at=timezone.now()) == 3
    with acting(FEED):
        states = OnboardingRun.objects.order_by("supplier__number").values_list("supplier__number", "state")
        assert list(states) == [("ACME", "started"), ("B0", "invited"), ("B1", "invited")]
        excluded = OnboardingExclusion.objects.order_by("supplier__number")
        assert list(excluded.values_list("supplier__number", flat=True)) == ["B2", "B3"]
        assert remind(at=timezone.now()) == 0


def test_one_is_to_leave_in_six_weeks(people):
    row = part_with_one(at=timezone.now())
    assert row is not None
    assert (row.supplier.number, row.state, row.supplier.leaving_on) == ("GLOBEX", "begun", row.last_on)
