"""Recovery codes as they are kept: sealed until they were shown, hashed from then on. ASVS 5.0, 6.5.2.

Note [Shown, then hashed]: allauth draws the codes of a person from a seed, and can draw them again whenever it likes.
They are shown once; after that nobody needs them but to compare. So the seed goes with the showing, and what is left of
each code is its scrypt hash, one salt for them all: a code that is typed is hashed once and not ten times. Eight digits
can be guessed from a hash alone, so hashes are sealed as seeds are. They are where allauth has codes of other programs
(`migrated_codes`, of which a used one is dropped): a version of before, that meets them while it is being replaced,
finds no code right and breaks nothing.
"""

import hashlib
import hmac
import secrets
from functools import cache

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import auth, flows
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.utils import encrypt
from django.db import transaction

from portal.kernel.scope import acting
from suppliers.models import Device
from suppliers.signin.queries import DOORKEEPER, fingerprint_of

SCRYPT = "scrypt"
COST = {"n": 2**15, "r": 8, "p": 3}  # what ASVS 5.0, appendix C, asks of a stored secret at least
HIDDEN = "********"


class HashedCodes(RecoveryCodes):
    """Somebody's recovery codes, in the place of allauth's: see Note [Shown, then hashed]."""

    instance: Authenticator

    def __init__(self, instance: Authenticator) -> None:
        super().__init__(instance)
        self._shown: list[str] | None = None

    @property
    def is_hashed(self) -> bool:
        """Whether nobody, and not even we, can tell the codes any more."""
        kept = self._get_migrated_codes()
        return kept is not None and all(one.startswith(f"{SCRYPT}$") for one in kept)

    @transaction.atomic
    def mark_as_viewed(self) -> None:
        """The page that shows them is on its way: this object is the last that knows them."""
        self._lock()
        if self.did_view:
            return
        codes = self.get_unused_codes()
        super().mark_as_viewed()
        self.forget_seed()
        self._shown = codes

    def get_unused_codes(self) -> list[str]:
        """The codes, where they are being shown; elsewhere only how many there are."""
        if self._shown is not None:
            return self._shown
        if self.is_hashed:
            return [HIDDEN] * len(self.instance.data["migrated_codes"])
        codes: list[str] = super().get_unused_codes()
        return codes

    @transaction.atomic
    def validate_code(self, code: str) -> bool:
        """Whether it is one that is left; it is used up by this."""
        self._lock()
        if not self.is_hashed and not self.did_view:
            return bool(super().validate_code(code))
        typed = normalize_user_code(code)
        # The code of an app is not worth a hash, which takes its time.
        if len(typed) == app_settings.TOTP_DIGITS:
            return False
        self.forget_seed()
        matching = cache(_hashed)
        for place, kept in enumerate(self._get_migrated_codes() or []):
            recipe, _sign, _hash = kept.rpartition("$")
            if hmac.compare_digest(matching(typed, recipe), kept):
                self.instance.data["migrated_codes"].pop(place)
                self.instance.save(update_fields=["data"])
                return True
        return False

    def forget_seed(self) -> None:
        """Keep what is left of each code, and let the seed go. A device that is spared the second step stays so."""
        if self.is_hashed:
            return
        was = fingerprint_of(self.instance.user)
        cost = "$".join(str(COST[name]) for name in "nrp")
        recipe = f"{SCRYPT}${cost}${secrets.token_hex(16)}"
        kept = [encrypt(_hashed(normalize_user_code(code), recipe)) for code in self.get_unused_codes()]
        others = {name: value for name, value in self.instance.data.items() if name != "seed"}
        self.instance.data = others | {"migrated_codes": kept}
        self.instance.save(update_fields=["data"])
        now = fingerprint_of(self.instance.user)
        with acting(DOORKEEPER):
            Device.objects.filter(user_id=self.instance.user_id, fingerprint=was).update(fingerprint=now)

    def _lock(self) -> None:
        if self.instance.pk is not None:
            self.instance = Authenticator.objects.select_for_update().get(pk=self.instance.pk)


def _hashed(code: str, recipe: str) -> str:
    _name, n, r, p, salt = recipe.split("$")
    cost = {"n": int(n), "r": int(r), "p": int(p)}
    room = 256 * cost["n"] * cost["r"]
    made = hashlib.scrypt(code.encode(), salt=bytes.fromhex(salt), maxmem=room, dklen=32, **cost)
    return f"{recipe}${made.hex()}"


def take_their_place() -> None:
    """Let allauth keep codes our way. It has no setting for it: two modules of it know the class by its name."""
    auth.RecoveryCodes = HashedCodes
    flows.RecoveryCodes = HashedCodes
