"""A factor asked for once more: which one is fresh, what is not lost on the way, and who has none."""

import time
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from allauth.account.internal.userkit import user_id_to_str
from allauth.mfa.models import Authenticator
from django.utils import timezone
from rest_framework.test import APIRequestFactory

from portal.kernel.errors import FreshFactorNeeded, NotAllowed
from portal.kernel.rest.doors import Doors, program_door
from suppliers.models import FactorRule
from suppliers.roles import Permission
from suppliers.signin.policies import Demand, default_demand, due_at, is_settled, way_of
from suppliers.signin.step_up import SETTLED, WayBack, require_fresh_factor, signed
from tests.builders.factors import code_of, give_app, letters, show_factor
from tests.builders.signing_in import DAY, RULES, browser, hidden_in, link_in, rules_typed, type_password
from tests.builders.world import MONDAY
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db


def asking(person, *records, settled=None, **actor):
    """A request as a door has it, of somebody who has shown these."""
    seen = {"impersonator_id": None, "token_id": None, "user_id": person.user.pk}
    session = {
        "account_authentication_methods": list(records),
        "account_authentication_methods_user": user_id_to_str(person.user),
        SETTLED: settled,
    }
    return SimpleNamespace(
        actor=SimpleNamespace(**(seen | actor)), user=person.user, session=session, at=timezone.now()
    )


def shown(ago, method="mfa"):
    return {"method": method, "type": "totp", "at": time.time() - ago}


def why(request, **asked):
    with pytest.raises(FreshFactorNeeded) as refusal:
        require_fresh_factor(request, **asked)
    return refusal.value.details["why"]


def test_only_a_factor_shown_a_moment_ago_by_this_very_person_is_fresh(people):
    asha = people["asha"]
    code, pk = shown(590), asha.user.pk

    require_fresh_factor(asking(asha, code, settled=[pk, code["at"]]), for_money=True)
    require_fresh_factor(asking(asha, shown(3000), code, shown(5, "password")))
    require_fresh_factor(asking(asha, shown(1500)), minutes=30)
    assert why(asking(asha)) == "stale"
    assert why(asking(asha, shown(5, "password"))) == "stale"
    assert why(asking(asha, shown(610))) == "stale"
    assert why(asking(asha, shown(130)), minutes=2) == "stale"
    assert why(asking(asha, shown(-60))) == "stale"  # from the future
    another = asking(asha, shown(5))
    another.user = people["gil"].user
    assert why(another) == "stale"
    assert why(asking(asha, code), for_money=True) == "young"
    assert (
        why(asking(asha, code, settled=[pk, code["at"] - 9]), for_money=True) == "young"
    )  # of another showing
    assert why(asking(asha, code, settled=[pk + 1, code["at"]]), for_money=True) == "young"
    assert why(asking(asha, code, token_id=7)) == "program"
    assert why(asking(asha, code, user_id=None)) == "program"
    with pytest.raises(NotAllowed):
        require_fresh_factor(asking(asha, code, impersonator_id=3))


def test_a_form_that_is_sent_too_late_asks_for_the_factor_and_loses_nothing(people):
    root = people["root"]
    secret = give_app(root.user)
    client = browser(root.user)
    typed = rules_typed(**{"company-buyer": "on", "company-buyer-days": "7"})

    asked = client.post(RULES, typed)
    assert (asked.status_code, FactorRule.objects.count()) == (409, 0)
    question = client.post("/step-up/", hidden_in(asked))
    assert question.status_code == 200
    wrong = client.post("/step-up/", hidden_in(question) | {"factor-code": "000000"})
    assert wrong.status_code == 422
    assert hidden_in(wrong).keys() == {*typed, "factor-to"}
    done = client.post("/step-up/", hidden_in(wrong) | {"factor-code": code_of(secret)}, follow=True)

    assert done.redirect_chain == [(RULES, 307), (RULES, 303)]
    rule = FactorRule.objects.get()
    assert (rule.side, rule.role, rule.demanded, rule.grace_days) == ("company", "buyer", True, 7)
    assert client.post(RULES, rules_typed(), follow=True).redirect_chain == [(RULES, 303)]  # fresh now


def test_who_has_a_factor_shows_it_before_the_password_is_changed(people):
    page, arun, bea = "/accounts/password/change/", people["arun"].user, people["bea"].user
    typed = {"oldpassword": PASSWORD, "password1": "a longer secret 77", "password2": "a longer secret 77"}
    assert browser(arun).post(page, typed).status_code == 302  # has none
    arun.refresh_from_db()
    assert arun.check_password("a longer secret 77")

    secret, client = give_app(bea), browser(bea)
    for answer, status in ((client.get(page), 302), (client.post(page, typed), 303)):
        assert answer.status_code == status
        assert answer["Location"].startswith("/step-up/?to=")
        asked = client.get(answer["Location"])
        assert "a longer secret 77" not in asked.content.decode()
    bea.refresh_from_db()
    assert bea.check_password(PASSWORD)
    hidden = hidden_in(asked) | {"factor-code": code_of(secret)}
    back = client.post("/step-up/", hidden)
    assert (back.status_code, back["Location"]) == (303, page)
    client.post(page, typed)
    bea.refresh_from_db()
    assert bea.check_password("a longer secret 77")
    later = browser(bea)
    show_factor(later, bea, ago=3600)
    assert later.get(page)["Location"].startswith("/step-up/?to=")


def test_neither_a_password_nor_somebody_elses_way_back_leads_on(people):
    root = people["root"]
    client = browser(root.user)
    assert "A second factor first" in client.post("/step-up/", {}).content.decode()

    secret = give_app(root.user)
    signed_in = browser()
    type_password(signed_in, root)
    signed_in.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    show_factor(signed_in, root.user, ago=3600)
    again = signed_in.get("/accounts/reauthenticate/?next=/preferences/")
    assert again["Location"].startswith("/accounts/2fa/reauthenticate/")
    signed_in.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert signed_in.post(RULES, rules_typed()).status_code == 409

    shown_again = signed_in.post(again["Location"], {"code": code_of(secret)})
    assert shown_again["Location"] == "/preferences/"
    assert signed_in.get("/accounts/2fa/webauthn/add/").status_code == 200  # allauth has seen the factor, too
    assert signed_in.post(RULES, rules_typed()).status_code == 303

    request = SimpleNamespace(user=people["bea"].user)
    theirs = signed(request, WayBack(RULES, sends=True))
    led = signed_in.post("/step-up/", {"factor-to": theirs, "factor-code": code_of(secret)})
    assert (led.status_code, led["Location"]) == (303, "/")
    forged = signed_in.get("/step-up/?to=https://evil.example/")
    assert 'href="/"' in forged.content.decode()


def test_a_new_factor_moves_money_once_its_address_has_confirmed_it_or_a_day_has_passed(people):
    root = people["root"].user
    secret = give_app(root)
    client = browser(root)
    back = signed(SimpleNamespace(user=root), WayBack(RULES, young=True))

    client.post("/step-up/", {"factor-to": back, "factor-code": code_of(secret)})
    assert SETTLED not in client.session
    young = client.get(f"/step-up/?to={quote(back)}").content.decode()
    assert "Your second factor is new" in young
    client.post("/step-up/mail/", {"factor-to": back})
    (letter,) = letters()
    assert (letter.to, letter.subject) == (["root@northmoor.example"], "Confirm your new second factor")
    anybody, link = browser(), link_in(letter, "confirm")
    assert "Did you set up" in anybody.get(link).content.decode()
    assert client.get(f"/step-up/?to={quote(back)}").status_code == 200  # looking confirms nothing
    assert "Confirmed" in anybody.post(link).content.decode()

    led = client.get(f"/step-up/?to={quote(back)}")
    assert (led.status_code, led["Location"], client.session[SETTLED][0]) == (303, RULES, root.pk)
    Authenticator.objects.all().delete()
    give_app(root)
    assert anybody.post(link).status_code == 410  # it spoke of other factors

    Authenticator.objects.update(created_at=timezone.now() - timedelta(hours=25))
    session = client.session
    del session[SETTLED]
    session.save()
    assert client.get(f"/step-up/?to={quote(back)}").status_code == 303
    assert client.session[SETTLED][0] == root.pk


def test_the_link_that_confirms_a_factor_lives_for_ten_minutes(people, monkeypatch):
    """ASVS 5.0, 6.5.5."""
    give_app(people["root"].user)
    client = browser(people["root"].user)
    client.post("/step-up/mail/", {"factor-to": ""})
    (letter,) = letters()
    link, began = link_in(letter, "confirm"), time.time()
    for seconds, status in ((599, 200), (602, 410)):
        monkeypatch.setattr("django.core.signing.time.time", lambda seconds=seconds: began + seconds)
        assert browser().get(link).status_code == status


def test_what_is_settled_and_until_when_a_factor_is_owed():
    at = MONDAY
    assert is_settled(at - DAY, None, at=at, waits=DAY)
    assert not is_settled(at - DAY + timedelta(seconds=1), None, at=at, waits=DAY)
    assert is_settled(at, at, at=at, waits=DAY)
    assert not is_settled(at, at - timedelta(seconds=1), at=at, waits=DAY)  # confirmed were others

    manager = default_demand("company", "manager")
    assert (manager.demanded, due_at(manager, at)) == (True, at + 14 * DAY)
    assert due_at(default_demand("company", "buyer"), at) is None
    assert due_at(default_demand("supplier", "administrator"), at) is None
    assert due_at(Demand("company", "buyer", True, 3, since_at=at), at - 100 * DAY) == at + 3 * DAY
    assert due_at(Demand("company", "buyer", True, 0, since_at=at), at + DAY) == at + DAY
    passkey = {"method": "mfa", "type": "webauthn", "passwordless": True}
    assert way_of([passkey]) == "passkey"
    code = {"method": "mfa", "type": "totp"}
    assert way_of([{"method": "password"}, code, {**code, "reauthenticated": True}]) == "password+totp"


def test_a_program_cannot_do_what_needs_a_person_with_a_factor(people, tokens):
    class Vault(Doors):
        @program_door(Permission.ORDER_VIEW, fresh=True)
        def read(self, request):
            raise AssertionError("nobody comes so far")

    secret = tokens("ACME").secret
    request = APIRequestFactory().get("/api/v1/vault", headers={"Authorization": f"Bearer {secret}"})
    view = Vault.as_view({"get": "read"})
    answer = view(request)

    assert (view.access.fresh, answer.status_code, answer.data["code"]) == (True, 403, "fresh_factor_needed")
    assert answer.data["detail"] == "A program has no second factor. Sign in and do this on the page."
