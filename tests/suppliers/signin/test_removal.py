"""All factors lost: who may take them away, what the person hears, and what stops it."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.utils import timezone

from portal.kernel.errors import Duplicate, Invalid, NotAllowed
from portal.kernel.scope import acting
from suppliers.models import FactorReset, Membership, Supplier, User
from suppliers.signin.queries import DOORKEEPER
from suppliers.signin.services import ask_factor_reset
from suppliers.signin.tasks import sweep_sign_in
from tests.builders.factors import give_app, give_codes, letters, show_factor
from tests.builders.signing_in import DAY, browser, is_signed_in, link_in, noted

pytestmark = pytest.mark.django_db


def ask_reset(person, by, reason="Called back on the number in our file."):
    with acting(by.actor):
        user = User.objects.defer("password", "last_login").get(pk=person.user.pk)
        return ask_factor_reset(user, reason, actor=by.actor, at=timezone.now())


def test_who_may_take_factors_away_and_whose(people):
    ask_reset(people["arun"], people["asha"])
    ask_reset(people["sam"], people["root"])
    for person, by, error in [
        ("arun", "root", Duplicate),
        ("sam", "asha", NotAllowed),  # acts for Globex too
        ("asha", "asha", NotAllowed),
        ("root", "root", NotAllowed),
        ("olga", "arun", NotAllowed),
        ("bea", "max", NotAllowed),
    ]:
        with pytest.raises(error):
            ask_reset(people[person], people[by])
    with pytest.raises(Invalid):
        ask_reset(people["olga"], people["asha"], reason="  ")
    with acting(people["asha"].actor):
        assert FactorReset.objects.count() == 1  # ours about Sam is not theirs to see


def test_the_removal_waits_is_told_at_once_and_then_leaves_no_factor_session_or_device(people):
    arun = people["arun"]
    give_app(arun.user)
    give_codes(arun.user)
    client = browser(arun.user)
    client.get("/preferences/")
    admin = browser(people["asha"].user)
    show_factor(admin, people["asha"].user)
    asked = admin.post(f"/signin/people/{arun.user.pk}/", {"reason": "Lost the phone; I called back."})
    assert asked.status_code == 303
    assert "It takes effect on" in admin.get(f"/signin/people/{arun.user.pk}/").content.decode()
    (letter,) = letters()
    assert (letter.to, letter.subject) == ([arun.email], "Your second factor is to be removed")
    assert "Asha Acme asked for it and gave this reason: Lost the phone; I called back." in letter.body

    assert sweep_sign_in() == 0
    assert Authenticator.objects.count() == 2
    with acting(DOORKEEPER):
        FactorReset.objects.update(
            asked_at=timezone.now() - 2 * DAY, takes_effect_at=timezone.now() - timedelta(seconds=1)
        )
    assert sweep_sign_in() == 1
    assert Authenticator.objects.count() == 0
    assert not is_signed_in(client)
    assert [one.subject for one in letters()] == ["Your second factor was removed"]
    assert noted("factor.removal_asked") == [(people["asha"].user.pk, {"person": arun.user.pk})]
    assert noted("factor.all_removed") == [(arun.user.pk, {"asked_by": people["asha"].user.pk})]
    assert "nothing to stop any more" in browser().get(link_in(letter, "stop")).content.decode()


@pytest.mark.parametrize(
    "meanwhile", ["the asker is gone", "the asker is no administrator", "acts for others"]
)
def test_a_removal_is_asked_again_when_it_takes_effect_and_stopped_where_it_would_be_refused(
    people, meanwhile
):
    arun, asha = people["arun"].user, people["asha"].user
    give_app(arun)
    reset = ask_reset(people["arun"], people["asha"])
    letters()
    with acting(DOORKEEPER):
        FactorReset.objects.update(
            asked_at=timezone.now() - 2 * DAY, takes_effect_at=timezone.now() - timedelta(seconds=1)
        )
        if meanwhile == "the asker is gone":
            User.objects.filter(pk=asha.pk).update(is_active=False)
        elif meanwhile == "the asker is no administrator":
            Membership.objects.filter(user=asha).update(role="orders")
        else:
            globex = Supplier.objects.get(number="GLOBEX")
            Membership.objects.create(user=arun, supplier=globex, role="orders")

    assert sweep_sign_in() == 0
    with acting(DOORKEEPER):
        reset.refresh_from_db()
        was, now = arun.session_round, User.objects.get(pk=arun.pk).session_round
    assert (reset.state, now, Authenticator.objects.filter(user=arun).count()) == ("stopped", was, 1)
    assert [(one.to, one.subject) for one in letters()] == [([arun.email], "Your second factor stays")]


def test_a_removal_by_ours_holds_as_long_as_they_may_and_ends_every_session_there_is(people):
    sam, bea = people["sam"].user, people["bea"].user
    give_app(sam)
    give_app(bea)
    client = browser(sam)
    with acting(DOORKEEPER):
        UserSession.objects.filter(user=sam).delete()  # one that nobody has on a list
    ask_reset(people["sam"], people["root"])
    with acting(DOORKEEPER):
        FactorReset.objects.update(
            asked_at=timezone.now() - 2 * DAY, takes_effect_at=timezone.now() - timedelta(seconds=1)
        )
    assert sweep_sign_in() == 1
    assert not is_signed_in(client)
    assert Authenticator.objects.filter(user=sam).count() == 0
    with acting(DOORKEEPER):
        assert User.objects.get(pk=sam.pk).session_round == sam.session_round + 1

    ask_reset(people["bea"], people["root"])
    with acting(DOORKEEPER):
        FactorReset.objects.filter(user=bea).update(
            asked_at=timezone.now() - 2 * DAY, takes_effect_at=timezone.now() - timedelta(seconds=1)
        )
        User.objects.filter(pk=people["root"].user.pk).update(company_role="buyer")
    assert sweep_sign_in() == 0
    assert Authenticator.objects.filter(user=bea).count() == 1


def test_the_person_stops_the_removal_by_the_link_and_looking_at_it_stops_nothing(people):
    give_app(people["arun"].user)
    reset = ask_reset(people["arun"], people["asha"])
    (letter,) = letters()
    anybody, link = browser(), link_in(letter, "stop")
    assert "Stop the removal" in anybody.get(link).content.decode()
    assert browser().get("/signin/stop/forged/").status_code == 410
    with acting(DOORKEEPER):
        assert FactorReset.objects.get().state == "waiting"
    assert "Your second factor stays" in anybody.post(link).content.decode()
    assert anybody.post(link).status_code == 410
    assert [one.subject for one in letters()] == ["Your second factor stays"]

    with acting(DOORKEEPER):
        reset.refresh_from_db()
        assert (reset.state, reset.ended_at is not None) == ("stopped", True)
        FactorReset.objects.update(
            asked_at=timezone.now() - 2 * DAY, takes_effect_at=timezone.now() - timedelta(seconds=1)
        )
    assert sweep_sign_in() == 0
    again = ask_reset(people["arun"], people["asha"])
    admin = browser(people["asha"].user)
    admin.post(f"/signin/people/{people['arun'].user.pk}/keep/")
    with acting(DOORKEEPER):
        again.refresh_from_db()
        assert again.state == "stopped"
