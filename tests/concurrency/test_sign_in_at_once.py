"""Two administrators take away one person's factors, or one does while the person stops it: real threads."""

from collections import Counter
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.models import FactorReset, User
from suppliers.signin.queries import DOORKEEPER, find_reset
from suppliers.signin.services import ask_factor_reset, oneself, stop_factor_reset
from suppliers.signin.tasks import sweep_sign_in
from tests.builders.factors import give_app
from tests.concurrency.at_once import at_once, kinds

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_removals_one_waits_and_what_is_stopped_at_its_time_is_stopped_or_done(people):
    arun = people["arun"].user
    give_app(arun)

    def asking(by):
        def work():
            with acting(people[by].actor):
                person = User.objects.defer("password", "last_login").get(pk=arun.pk)
                return ask_factor_reset(person, "Called back.", actor=people[by].actor, at=timezone.now())

        return work

    assert kinds(at_once(asking("asha"), asking("root"))) == Counter({"FactorReset": 1, "Duplicate": 1})

    with acting(DOORKEEPER):
        reset = FactorReset.objects.get()
        past = timezone.now() - timedelta(days=2)
        FactorReset.objects.update(asked_at=past, takes_effect_at=past + timedelta(days=1))

    def stopping():
        with acting(DOORKEEPER):
            found = find_reset(reset.key)
            stop_factor_reset(found, actor=oneself(found.user), at=timezone.now())

    at_once(stopping, sweep_sign_in)
    with acting(DOORKEEPER):
        reset.refresh_from_db()
    assert (reset.state, Authenticator.objects.count()) in (("stopped", 1), ("done", 0))
