"""A second factor demanded of a role: reminded, then owed, and who says so."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.kernel.errors import Invalid, NotAllowed
from portal.kernel.scope import acting
from suppliers.models import FactorRule, User
from suppliers.signin.policies import Demand
from suppliers.signin.queries import DOORKEEPER
from suppliers.signin.services import set_factor_rules
from tests.builders.factors import give_app
from tests.builders.signing_in import browser, events
from tests.builders.world import MONDAY

pytestmark = pytest.mark.django_db


def test_a_role_that_needs_a_factor_is_reminded_and_after_its_days_only_sets_one_up(people):
    max_ = people["max"]
    client = browser(max_.user)
    assert "Your role needs a second factor" in client.get("/inbox/").content.decode()
    assert "Your role needs" not in client.get("/orders/").content.decode()  # once is enough, at first
    assert "Your role needs" not in browser(people["bea"].user).get("/inbox/").content.decode()

    with acting(DOORKEEPER):
        User.objects.filter(pk=max_.user.pk).update(date_joined=timezone.now() - timedelta(days=15))
    client = browser(max_.user)
    assert client.get("/orders/")["Location"] == "/accounts/2fa/"
    assert client.post("/orders/").status_code == 303
    assert client.get("/api/v1/orders").json()["code"] == "second_factor_required"
    assert "the rest of the portal opens then" in client.get("/accounts/2fa/").content.decode()
    give_app(max_.user)
    assert client.get("/orders/").status_code == 200
    assert "Your role needs" not in client.get("/inbox/").content.decode()


def test_rules_are_an_administrators_and_keep_their_beginning(people):
    root = people["root"].actor
    began = MONDAY - timedelta(days=40)

    def set_rules(*demands, actor=root, at=MONDAY):
        with acting(actor):
            return set_factor_rules(demands, actor=actor, at=at)

    assert set_rules(Demand("supplier", "administrator", True, 30), at=began) == 1
    assert set_rules(Demand("supplier", "administrator", True, 30)) == 0
    assert set_rules(Demand("supplier", "administrator", True, 60)) == 1
    assert FactorRule.objects.get().since_at == began
    assert set_rules(Demand("supplier", "administrator", False, 60)) == 1
    assert set_rules(Demand("supplier", "administrator", True, 60)) == 1
    assert FactorRule.objects.get().since_at == MONDAY
    with pytest.raises(Invalid):
        set_rules(Demand("company", "buyer", True, 91))
    with pytest.raises(NotAllowed):
        set_rules(Demand("company", "buyer", True, 1), actor=people["max"].actor)
    assert [event.facts["demanded"] for event in events("factor_rule.set")] == [True, True, False, True]
