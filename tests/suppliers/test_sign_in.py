"""Second factors: asked for again, spared, lost, demanded; and acting in somebody's place."""

import re
import time
from datetime import UTC, datetime, timedelta
from io import StringIO
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from allauth.account.internal.userkit import user_id_to_str
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Duplicate, FreshFactorNeeded, Invalid, NotAllowed
from portal.kernel.scope import acting
from portal.kernel.security.models import SecurityEvent
from portal.kernel.security.services import GUARD
from suppliers.models import (
    Device,
    FactorReset,
    FactorRule,
    Impersonation,
    Membership,
    SignIn,
    Supplier,
    User,
)
from suppliers.roles import Permission
from suppliers.signin.adapters import FactorAdapter
from suppliers.signin.codes import HashedCodes
from suppliers.signin.policies import ORDINARY, Demand, default_demand, due_at, is_settled, way_of
from suppliers.signin.queries import DOORKEEPER, all_demands, is_spared
from suppliers.signin.sealing import unseal
from suppliers.signin.services import (
    Seen,
    ask_factor_reset,
    set_factor_rules,
    start_impersonation,
    trust_device,
)
from suppliers.signin.step_up import SETTLED, WayBack, require_fresh_factor, signed
from suppliers.signin.tasks import forget_sign_ins, sweep_sign_in
from tests.builders.factors import code_of, give_app, give_codes, letters, show_factor
from tests.builders.world import MONDAY
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db

RULES = "/signin/rules/"


@pytest.fixture(autouse=True)
def nobody_has_tried_yet():
    """What one test has tried in vain or asked for too often counts in no other."""
    cache.clear()
    yield
    cache.clear()


DAY = timedelta(days=1)
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


def browser(user=None):
    client = Client(headers={"user-agent": CHROME})
    if user is not None:
        client.force_login(user)
    return client


def type_password(client, person, **more):
    return client.post("/accounts/login/", {"login": person.email, "password": PASSWORD, **more})


def is_signed_in(client):
    return client.get("/preferences/").status_code == 200


def rules_typed(**changed):
    """The form of rules as it is shown, but for what is changed."""
    typed = {}
    for one in all_demands():
        typed[f"{one.side}-{one.role}-days"] = one.grace_days
        if one.demanded:
            typed[f"{one.side}-{one.role}"] = "on"
    return typed | changed


def hidden_in(page):
    """What a page carries along in hidden fields, and the way back."""
    text = page.content.decode()
    kept = dict(re.findall(r'<textarea name="([^"]+)" hidden>\n?([^<]*)</textarea>', text))
    return kept | {"factor-to": re.search(r'name="factor-to" value="([^"]+)"', text)[1]}


def link_in(letter, word):
    return re.search(rf"https?://[^/]+(/signin/{word}/\S+)", letter.body)[1]


def events(kind):
    with acting(DOORKEEPER):
        return list(AuditEvent.objects.filter(kind=kind).order_by("id"))


# --- Asked once more ----------------------------------------------------------------------------------------


def noted(kind):
    with acting(GUARD):
        return [(one.user_id, one.facts) for one in SecurityEvent.objects.filter(kind=kind)]


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
    from rest_framework.test import APIRequestFactory

    from portal.kernel.rest.doors import Doors, program_door

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


# --- At sign-in ---------------------------------------------------------------------------------------------


def test_a_device_may_be_spared_the_second_step_until_something_changes_and_never_the_question(people):
    root = people["root"]
    secret = give_app(root.user)
    client = browser()
    assert type_password(client, root)["Location"] == "/accounts/2fa/authenticate/"
    assert (
        "Do not ask on this device for 30 days" in client.get("/accounts/2fa/authenticate/").content.decode()
    )
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret), "trust": "on"})
    assert is_signed_in(client)
    assert client.post(RULES, rules_typed()).status_code == 303  # a factor was shown at sign-in

    def next_time():
        client.post("/accounts/logout/")
        type_password(client, root)
        return is_signed_in(client)

    assert next_time()
    assert client.post(RULES, rules_typed()).status_code == 409  # spared at sign-in, never here
    assert not is_signed_in_from_elsewhere(root)
    page = client.get("/accounts/sessions/").content.decode()
    device = Device.objects.get(user=root.user, trusted_until__isnull=False)
    assert f'name="device" value="{device.pk}"' in page

    client.post("/accounts/sessions/", {"device": device.pk})
    assert not next_time()
    for spoil in ("password", "factor", "time"):
        Device.objects.filter(pk=device.pk).update(trusted_until=None, fingerprint="")
        client.post("/accounts/logout/")
        type_password(client, root)
        client.post("/accounts/2fa/authenticate/", {"code": code_of(secret), "trust": "on"})
        assert next_time(), spoil
        if spoil == "password":
            typed = {"oldpassword": PASSWORD, "password1": PASSWORD + "!", "password2": PASSWORD + "!"}
            show_factor(client, root.user)
            client.post("/accounts/password/change/", typed)
            root.user.refresh_from_db()
            root.user.set_password(PASSWORD)
            root.user.save()
        elif spoil == "factor":
            give_codes(root.user)
        else:
            Device.objects.filter(pk=device.pk).update(trusted_until=timezone.now() - DAY)
        assert not next_time(), spoil


def is_signed_in_from_elsewhere(person):
    other = browser()
    type_password(other, person)
    return is_signed_in(other)


def test_a_recovery_code_works_once_and_its_use_is_told(people):
    bea = people["bea"]
    give_app(bea.user)
    code, *_rest = give_codes(bea.user)
    client = browser()
    type_password(client, bea)
    client.post("/accounts/2fa/authenticate/", {"code": code})
    assert is_signed_in(client)

    (letter,) = letters()
    assert letter.subject == "A recovery code of your account was used"
    assert "9 codes are left." in letter.body
    client.post("/accounts/logout/")
    type_password(client, bea)
    again = client.post("/accounts/2fa/authenticate/", {"code": code})
    assert "used already" in again.content.decode()
    assert not is_signed_in(client)


def test_whoever_runs_out_of_codes_is_told_in_time_and_then_whom_to_call(people):
    bea = people["bea"]
    give_app(bea.user)
    codes = give_codes(bea.user)
    more = "Make new ones while you still get in"
    said = []
    for code in codes[:8]:
        cache.clear()  # so many sign-ins in a minute are stopped elsewhere
        client = browser()
        type_password(client, bea)
        client.post("/accounts/2fa/authenticate/", {"code": code})
        said.append(
            (
                any(more in one.body for one in letters()),
                more in client.get("/accounts/2fa/").content.decode(),
            )
        )
    assert said == [(False, False)] * 7 + [(True, True)]
    second = browser()
    type_password(second, bea)
    page = second.get("/accounts/2fa/authenticate/").content.decode()
    assert "Call an administrator of your own company, or your customer" in page
    assert "Six digits of your app, or a recovery code" in page


def typed_wrong(person, code="00000", client=None):
    client = client or browser()
    type_password(client, person)
    client.post("/accounts/2fa/authenticate/", {"code": code})
    return client


def later(moment, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("suppliers.signin.tasks.timezone.now", lambda: moment)
        sweep_sign_in()
    return letters()


def test_a_password_that_was_right_without_the_second_step_is_told_once_a_day(people, monkeypatch):
    """ASVS 5.0, 6.3.5: whoever tried needs only the second factor now."""
    bea, wrong = people["bea"], "Somebody typed your password and a wrong code"
    give_app(bea.user)
    typed_wrong(bea)
    began = timezone.now()

    assert later(began + timedelta(minutes=9), monkeypatch) == []  # still looking for the phone, maybe
    (letter,) = later(began + timedelta(minutes=11), monkeypatch)
    assert (letter.to, letter.subject) == ([bea.email], wrong)
    assert CHROME in letter.body
    assert "127.0.0.1" in letter.body
    assert "/accounts/password/change/" in letter.body
    typed_wrong(bea)
    assert later(began + timedelta(minutes=30), monkeypatch) == []


def test_whoever_mistypes_and_then_gets_in_hears_nothing(people, monkeypatch):
    bea = people["bea"]
    secret = give_app(bea.user)
    client = typed_wrong(bea)
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert is_signed_in(client)
    client.post("/step-up/", {"factor-to": "", "factor-code": "00000"})  # signed in: another question

    assert later(timezone.now() + timedelta(minutes=11), monkeypatch) == []


def test_the_owner_who_comes_in_elsewhere_does_not_cover_who_did_not(people, monkeypatch):
    bea = people["bea"]
    secret = give_app(bea.user)
    typed_wrong(bea, client=Client(headers={"user-agent": "curl/8"}))
    own = browser()
    type_password(own, bea)
    own.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    letters()  # of the device that is new

    (letter,) = later(timezone.now() + timedelta(minutes=11), monkeypatch)
    assert letter.subject == "Somebody typed your password and a wrong code"
    assert "curl/8" in letter.body


def test_a_code_of_the_app_works_once(people):
    bea = people["bea"]
    secret = give_app(bea.user)
    code = code_of(secret)  # the cache that remembers it is emptied here, and not again
    here, there = browser(), browser()
    for client in (here, there):
        type_password(client, bea)
        again = client.post("/accounts/2fa/authenticate/", {"code": code})
    assert "used already" in again.content.decode()
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)

    asked = here.post("/step-up/", {"factor-to": "", "factor-code": code})
    assert asked.status_code == 422  # nor does the question for a factor take it


def test_a_code_that_the_app_shows_no_more_is_not_taken(people):
    bea = people["bea"]
    secret = give_app(bea.user)
    client = browser()
    type_password(client, bea)

    answer = client.post("/accounts/2fa/authenticate/", {"code": code_of(secret, before=1)})

    assert not is_signed_in(client)
    assert "That is not right" in answer.content.decode()


def test_recovery_codes_are_shown_once_and_secrets_are_sealed(people):
    bea = people["bea"]
    client = browser()
    type_password(client, bea)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.get("/accounts/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    first = client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)}, follow=True)

    shown = re.findall(r"<li>(\d{8})</li>", first.content.decode())
    assert len(shown) == 10
    assert "shown once" in client.get("/accounts/2fa/recovery-codes/").content.decode()
    assert client.get("/accounts/2fa/recovery-codes/download/").status_code == 403
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert stored.count("sealed:") == 1 + 10


def test_what_was_shown_is_kept_as_hashes_with_one_salt_and_told_by_nobody(people):
    """ASVS 5.0, 6.5.2. Sealed besides: eight digits are guessed from a hash in hours."""
    bea = people["bea"].user
    give_app(bea)
    codes = give_codes(bea)
    kept = Authenticator.objects.get(user=bea, type="recovery_codes")
    assert set(kept.data) == {"used_mask", "viewed_at", "migrated_codes"}
    hashes = [unseal(one) for one in kept.data["migrated_codes"]]
    assert len({one.rpartition("$")[2] for one in hashes}) == 10
    (recipe,) = {one.rpartition("$")[0] for one in hashes}
    assert recipe.startswith("scrypt$32768$8$3$")
    assert len(recipe.rpartition("$")[2]) == 32  # 128 bits of salt
    assert not [code for code in codes if code in str(hashes)]
    assert kept.wrap().get_unused_codes() == ["********"] * 10

    third = f"{codes[2][:4]}-{codes[2][4:]}"  # as people write what they copy from paper
    assert [kept.wrap().validate_code(one) for one in (third, codes[2], codes[2][:6], codes[3])] == [
        True,
        False,
        False,
        True,
    ]
    assert kept.wrap().validate_code("１２３４５６７８") is False
    assert len(Authenticator.objects.get(pk=kept.pk).data["migrated_codes"]) == 8


def test_codes_of_before_there_were_hashes_are_hashed_by_night_or_when_one_is_typed(people):
    """What was used stays used, and a device that is spared the second step stays so."""
    kept = {}
    for name in ("arun", "bea", "sam"):
        give_app(people[name].user)
        row = HashedCodes.activate(people[name].user).instance
        row.data |= {"viewed_at": time.time(), "used_mask": 1} if name != "sam" else {}
        row.save()
        kept[name] = row
    codes = {name: HashedCodes(row).generate_codes() for name, row in kept.items()}
    seen = Seen("a" * 64, "Chrome", "192.0.2.7")
    with acting(DOORKEEPER):
        trust_device(people["arun"].user, seen, at=timezone.now())

    assert kept["bea"].wrap().validate_code(codes["bea"][1])
    forget_sign_ins()

    rows = {name: Authenticator.objects.get(pk=row.pk) for name, row in kept.items()}
    assert {name: "seed" in row.data for name, row in rows.items()} == {
        "arun": False,
        "bea": False,
        "sam": True,  # whose codes nobody has seen yet
    }
    assert {name: len(row.wrap().get_unused_codes()) for name, row in rows.items()} == {
        "arun": 9,
        "bea": 8,
        "sam": 10,
    }
    assert [rows["arun"].wrap().validate_code(one) for one in codes["arun"][:2]] == [False, True]
    assert [rows["bea"].wrap().validate_code(one) for one in codes["bea"][:3]] == [False, False, True]
    with acting(DOORKEEPER):
        assert is_spared(people["arun"].user, seen.digest, at=timezone.now())


def test_codes_that_no_key_opens_hold_up_nobodys(people, settings):
    lost = HashedCodes.activate(people["arun"].user).instance
    settings.SECRET_KEY = "another key that is as long as keys of production must be 0123456789"
    found = HashedCodes.activate(people["bea"].user).instance
    for row in (lost, found):
        row.data |= {"viewed_at": time.time()}
        row.save()
    forget_sign_ins()
    assert ["seed" in Authenticator.objects.get(pk=row.pk).data for row in (lost, found)] == [True, False]


def test_secrets_open_with_an_older_key_and_old_ones_as_they_are(settings):
    sealed = FactorAdapter().encrypt("JBSWY3DP")
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "another key that is as long as keys of production must be 0123456789"
    settings.SECRET_KEY_FALLBACKS = [old]
    assert FactorAdapter().decrypt(sealed) == "JBSWY3DP"
    assert FactorAdapter().decrypt("JBSWY3DP") == "JBSWY3DP"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(RuntimeError, match="SECRET_KEY"):
        FactorAdapter().decrypt(sealed)


def test_a_command_seals_anew_and_then_nothing_hangs_on_the_former_key(people, settings):
    arun, bea, sam = people["arun"].user, people["bea"].user, people["sam"].user
    secret, codes = give_app(arun), give_codes(arun)
    plain = give_app(bea)
    Authenticator.objects.filter(user=bea).update(data={"secret": plain})  # of before there were seals
    assert Authenticator.objects.get(user=arun, type="recovery_codes").wrap().validate_code(codes[0])
    former, present = (
        settings.SECRET_KEY,
        "another key that is as long as keys of production must be 0123456789",
    )
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = present, [former]
    give_app(sam)  # of now: stays as it is
    stays = Authenticator.objects.get(user=sam).data
    seen = Seen("a" * 64, "Chrome", "192.0.2.7")
    with acting(DOORKEEPER):
        trust_device(arun, seen, at=timezone.now())
        assert is_spared(arun, seen.digest, at=timezone.now())

    told = StringIO()
    call_command("seal_factors", stdout=told)
    call_command("seal_factors", stdout=told)
    assert told.getvalue() == "3 sealed anew.\n0 sealed anew.\n"
    settings.SECRET_KEY_FALLBACKS = []
    app, left = (Authenticator.objects.get(user=arun, type=kind) for kind in ("totp", "recovery_codes"))
    assert app.wrap().validate_code(code_of(secret))
    assert [left.wrap().validate_code(code) for code in codes[:2]] == [False, True]
    assert Authenticator.objects.get(user=bea).data["secret"].startswith("sealed:")
    assert Authenticator.objects.get(user=bea).wrap().validate_code(code_of(plain))
    assert Authenticator.objects.get(user=sam).data == stays
    with acting(DOORKEEPER):
        assert is_spared(arun, seen.digest, at=timezone.now())


def test_what_no_key_opens_is_passed_over_counted_and_an_error(people, settings):
    give_app(people["arun"].user)
    settings.SECRET_KEY = "another key that is as long as keys of production must be 0123456789"
    secret = give_app(people["bea"].user)
    kept = Authenticator.objects.get(user=people["arun"].user).data
    Authenticator.objects.filter(user=people["bea"].user).update(data={"secret": secret})
    told = StringIO()
    with pytest.raises(CommandError, match=r"^1 were sealed with a key that is in neither"):
        call_command("seal_factors", stdout=told)
    assert told.getvalue() == "1 sealed anew.\n"
    assert Authenticator.objects.get(user=people["arun"].user).data == kept


def test_a_new_device_is_told_of_but_not_the_first(people, settings):
    settings.COUNTRY_HEADER = "CF-IPCountry"
    asha = people["asha"]
    home = browser()
    type_password(home, asha)
    home.post("/accounts/logout/")
    type_password(home, asha)
    assert letters() == []

    away = browser()
    away.post(
        "/accounts/login/",
        {"login": asha.email, "password": PASSWORD},
        headers={"cf-ipcountry": "BR", "user-agent": CHROME},
    )
    (letter,) = letters()
    assert (letter.to, letter.subject) == ([asha.email], "A new device signed in to your account")
    assert "country: BR" in letter.body
    told = list(SignIn.objects.order_by("id").values_list("way", "country", "is_new_device"))
    assert told == [("password", "", False), ("password", "", False), ("password", "BR", True)]
    home.post("/accounts/logout/")
    home.post(
        "/accounts/login/",
        {"login": asha.email, "password": PASSWORD},
        headers={"cf-ipcountry": "JP", "user-agent": CHROME},
    )
    assert [one.subject for one in letters()] == [
        "A new device signed in to your account"
    ]  # a known device, elsewhere
    assert "New then" in home.get("/accounts/sessions/").content.decode()

    SignIn.objects.update(at=timezone.now() - timedelta(days=181))
    Device.objects.update(last_seen_at=timezone.now() - timedelta(days=181))
    assert forget_sign_ins() == 6
    assert SignIn.objects.count() == 0


def test_one_session_is_ended_and_the_others_stay(people):
    asha = people["asha"]
    here, there = browser(), browser()
    type_password(here, asha)
    type_password(there, asha)
    mine, other = UserSession.objects.order_by("id").values_list("pk", flat=True)

    def end(client, session):
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        client.post("/accounts/sessions/", {"session": session})

    end(here, mine)  # never the one that asks
    end(here, other)
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    stranger = browser()
    type_password(stranger, people["gil"])
    end(stranger, mine)
    assert is_signed_in(here)


def test_who_ends_sessions_shows_who_one_is_first_and_what_was_pressed_is_done_then(people):
    """V7.5.2: the password where there is no factor, else the factor and never the password."""
    for name in ("asha", "gil"):
        cache.clear()
        person = people[name]
        secret = give_app(person.user) if name == "gil" else None
        here, there = browser(person.user), browser(person.user)
        assert (is_signed_in(here), is_signed_in(there)) == (True, True)
        for pressed in ({}, {"session": UserSession.objects.filter(user=person.user).last().pk}):
            asked = here.post("/accounts/sessions/", pressed)
            where = "/accounts/2fa/reauthenticate/" if secret else "/accounts/reauthenticate/"
            assert asked["Location"] == f"{where}?next=%2Faccounts%2Fsessions%2F"
            assert is_signed_in(there)
        shown = {"code": code_of(secret)} if secret else {"password": PASSWORD}
        done = here.post(asked["Location"], shown)
        assert done["Location"] == "/accounts/sessions/"
        assert (is_signed_in(here), is_signed_in(there)) == (True, False)


def test_an_administrator_ends_all_sessions_of_somebody_who_hears_of_it(people):
    """V7.4.5: our administrator for everybody, a supplier's for its own, nobody for oneself or without a factor."""
    asha, arun, root = people["asha"], people["arun"], people["root"]
    at = f"/signin/people/{arun.user.pk}/end/"
    secret, admin, own, theirs = (
        give_app(root.user),
        browser(root.user),
        browser(asha.user),
        browser(arun.user),
    )
    assert 'action="/signin/people/' in admin.get(f"/signin/people/{arun.user.pk}/").content.decode()
    assert is_signed_in(theirs)

    assert admin.post(at).status_code == 409  # the factor first
    show_factor(admin, root.user)
    with acting(DOORKEEPER):
        trust_device(arun.user, Seen("c" * 64, CHROME, "192.0.2.7"), at=timezone.now())
    assert admin.post(at)["Location"] == f"/signin/people/{arun.user.pk}/"
    assert not is_signed_in(theirs)
    assert not Device.objects.filter(user=arun.user, trusted_until__isnull=False).exists()
    (event,) = events("sessions.ended")
    assert (event.actor_label, event.facts["name"]) == ("Root Admin", "Arun Acme")
    (letter,) = letters()
    assert (letter.subject, letter.to) == ("You were signed out everywhere", [arun.email])
    assert "Root Admin ended all your sessions" in letter.body
    assert noted("session.all_ended") == [(root.user.pk, {"person": arun.user.pk})]

    assert secret
    give_app(asha.user)
    show_factor(own, asha.user)
    theirs = browser(arun.user)
    assert own.post(at)["Location"] == f"/signin/people/{arun.user.pk}/"
    assert not is_signed_in(theirs)
    for whose, status in (("gil", 404), ("bea", 404), ("asha", 403)):
        assert own.post(f"/signin/people/{people[whose].user.pk}/end/").status_code == status
    assert is_signed_in(own)


def test_a_browser_forgets_at_sign_out_what_it_kept(people):
    client = browser(people["bea"].user)
    assert "Clear-Site-Data" not in client.get("/accounts/logout/").headers
    assert client.post("/accounts/logout/").headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in client.get("/accounts/login/").headers


def test_neither_answer_nor_work_of_sign_in_and_reset_tell_who_has_an_account(people):
    def ask(address, **typed):
        client = Client()
        with CaptureQueriesContext(connection) as asked:
            answer = client.post(address, typed)
        words = re.sub(r'value="[^"]*"|csrf\S+', "", answer.content.decode())
        done = [re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in asked.captured_queries]
        return answer.status_code, answer.get("Location"), words, done

    known, unknown = "bea@northmoor.example", "eva@northmoor.example"
    reset = "/accounts/password/reset/"
    assert ask(reset, email=known) == ask(reset, email=unknown)
    assert mail.outbox == []  # the mail is a worker's to write
    assert [letter.to for letter in letters()] == [[known]]

    sign_in = "/accounts/login/"
    right, wrong = (ask(sign_in, login=one, password="not this one") for one in (known, unknown))
    assert right[:3] == wrong[:3]


def test_an_address_that_nobody_has_takes_as_long_as_a_wrong_password(people, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    bea = people["bea"].user
    bea.set_password(PASSWORD)
    bea.save()

    def takes(address):
        """Of the processor's time alone: what else a machine does in between is not the password's."""
        fastest = []
        for _again in range(3):
            began = time.thread_time()
            Client().post("/accounts/login/", {"login": address, "password": "not this one"})
            fastest.append(time.thread_time() - began)
        return min(fastest)

    known, unknown = takes("bea@northmoor.example"), takes("eva@northmoor.example")
    assert 0.5 < known / unknown < 2


def test_a_reset_of_the_password_takes_no_factor_away_and_signs_nobody_in(people):
    bea = people["bea"]
    give_app(bea.user)
    client = browser()
    client.post("/accounts/password/reset/", {"email": bea.email})
    (letter,) = letters()
    link = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", letter.body)[1]
    page = client.get(link, follow=True)
    words = {"password1": "a brand new pass phrase", "password2": "a brand new pass phrase"}
    client.post(page.redirect_chain[-1][0], words)

    assert not is_signed_in(client)
    asked = client.post("/accounts/login/", {"login": bea.email, "password": "a brand new pass phrase"})
    assert asked["Location"] == "/accounts/2fa/authenticate/"
    assert not is_signed_in(client)


# --- Demanded of a role -------------------------------------------------------------------------------------


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


# --- All factors lost ---------------------------------------------------------------------------------------


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


# --- In somebody's place ------------------------------------------------------------------------------------


def act_as(people, name="asha", supplier="ACME"):
    client = browser(people["root"].user)
    show_factor(client, people["root"].user)
    typed = {"supplier": supplier, "reason": "She cannot find her order."}
    return client, client.post(f"/signin/people/{people[name].user.pk}/act/", typed)


def test_in_anothers_place_one_does_the_daily_work_under_both_names(people):
    from tests.builders.world import an_order

    order = an_order()
    client, began = act_as(people)
    assert (began.status_code, began["Location"]) == (303, "/")
    page = client.get(f"/orders/{order.key}/").content.decode()
    assert "You act in the place of Asha Acme." in page
    client.post(f"/orders/{order.key}/messages/", {"body": "Found it for you."})
    (said,) = events("thread.message_sent")
    assert said.actor_label == "Root Admin for Asha Acme"
    assert said.actor_user_id == people["asha"].user.pk
    assert said.facts["impersonated_by"] == people["root"].user.pk

    (letter,) = [one for one in letters() if "in your place" in one.subject]
    assert letter.to == [people["asha"].email]
    assert "She cannot find her order." in letter.body
    assert client.get("/accounts/password/change/").status_code == 403
    assert client.get("/tokens/").status_code == 403
    assert client.post("/preferences/", {"theme": "dark"}).status_code == 403
    assert client.get(RULES).status_code == 403

    ((root, noted_of),) = noted("person.impersonated")
    assert (root, noted_of["person"]) == (people["root"].user.pk, people["asha"].user.pk)

    client.post("/signin/act/end/")
    assert client.get(RULES).status_code == 200
    with acting(DOORKEEPER):
        told = Impersonation.objects.get()
    assert (told.by_id, told.person_id, told.ended_how) == (
        people["root"].user.pk,
        people["asha"].user.pk,
        "button",
    )


def test_it_ends_by_time_by_sign_out_and_when_the_right_is_gone(people):
    client, _began = act_as(people)
    session = client.session
    session["stands in"]["ends"] = time.time() - 1
    session.save()
    assert client.get("/orders/")["Location"] == "/"
    assert "You act in the place" not in client.get("/orders/").content.decode()

    client, _began = act_as(people)
    client.post("/accounts/logout/")
    client, _began = act_as(people)
    with acting(DOORKEEPER):
        User.objects.filter(pk=people["root"].user.pk).update(company_role="auditor")
    assert client.get("/orders/")["Location"] == "/"
    with acting(DOORKEEPER):
        assert list(Impersonation.objects.order_by("id").values_list("ended_how", flat=True)) == [
            "time",
            "sign_out",
            "rights",
        ]
        Impersonation.objects.update(
            ended_at=None, ended_how="", ends_at=datetime.now(UTC), started_at=datetime.now(UTC) - DAY
        )
    assert sweep_sign_in() == 3


def test_in_whose_place_nobody_acts(people):
    _client, refused = act_as(people, "bea")
    assert refused.status_code in (403, 422)
    _client, refused = act_as(people, "asha", "GLOBEX")
    assert refused.status_code == 422
    stale = browser(people["root"].user)
    typed = {"supplier": "ACME", "reason": "No factor was shown."}
    assert stale.post(f"/signin/people/{people['asha'].user.pk}/act/", typed).status_code == 409
    with acting(DOORKEEPER):
        globex = Supplier.objects.get(number="GLOBEX")
    for by in ("max", "asha", "ines"):
        actor = people[by].actor
        with acting(actor), pytest.raises(NotAllowed):
            start_impersonation(people["gil"].user, globex, "Why not.", actor=actor, at=MONDAY)
    with acting(DOORKEEPER):
        assert Impersonation.objects.count() == 0
    assert not any(word in str(one) for one in ORDINARY for word in ("bank", "approve", "token", "manage"))


def test_pages_of_people_ask_as_much_for_thirty_as_for_one(people):
    client = browser(people["root"].user)
    client.get("/signin/people/")

    def asked():
        with CaptureQueriesContext(connection) as found:
            assert client.get("/signin/people/").status_code == 200
        return len(found)

    few = asked()
    with acting(DOORKEEPER):
        for number in range(30):
            User.objects.create_user(f"more{number}@northmoor.example", None, name=f"More {number}")
    assert asked() == few


def test_where_it_is_closed_the_banner_still_says_so_and_ends_it(people):
    client, _began = act_as(people)
    closed = client.get("/bank/")

    page = closed.content.decode()
    assert closed.status_code == 403
    assert "You act in the place of Asha Acme." in page
    assert 'action="/signin/act/end/"' in page
    assert "In another person’s place this stays closed" in page


def test_a_person_is_found_by_name_address_or_supplier(people):
    def found(words, name="root"):
        page = browser(people[name].user).get("/signin/people/", {"q": words})
        return {row["person"].email.partition("@")[0] for row in page.context["rows"]}

    assert found("ARUN") == {"arun"}
    assert "gil" in found("GLOBEX")
    assert "asha" not in found("GLOBEX")
    rows = browser(people["root"].user).get("/signin/people/").context["rows"]
    whom = {row["person"].name: row["acts_for"] for row in rows}
    assert (whom["Sam Both"], whom["Arun Acme"], whom["Bea Buyer"]) == (
        ["Acme Valves", "Globex"],
        ["Acme Valves"],
        [],
    )
    # A supplier's own administrator finds its own people, whatever the words.
    assert found("GLOBEX", "asha") == set()
    assert found("gil", "asha") == set()
