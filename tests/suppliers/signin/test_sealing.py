"""What is kept of factors: seeds that are sealed, codes that are hashed besides, and keys that are turned."""

import re
import time
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.signin.adapters import FactorAdapter
from suppliers.signin.codes import HashedCodes
from suppliers.signin.queries import DOORKEEPER, is_spared
from suppliers.signin.sealing import unseal
from suppliers.signin.services import Seen, trust_device
from suppliers.signin.tasks import forget_sign_ins
from tests.builders.factors import code_of, give_app, give_codes
from tests.builders.signing_in import browser, type_password
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db


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
