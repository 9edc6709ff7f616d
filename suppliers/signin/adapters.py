"""How second factors differ from allauth's: their names, how their secrets are kept, and who is spared them."""

from __future__ import annotations

import base64
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from portal.kernel.scope import acting
from suppliers.signin.devices import country_of, digest_of, give_secret, secret_of
from suppliers.signin.queries import DOORKEEPER, is_spared
from suppliers.signin.services import Seen, trust_device

SEALED = "sealed:"


class FactorAdapter(DefaultMFAAdapter):
    """Secrets of factors are sealed in the database; names are ours."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("That is not right, or it was used already. Try the next one."),
    }

    def encrypt(self, text: str) -> str:
        """Seal a secret with a key drawn from SECRET_KEY: a copy of the database alone makes no codes."""
        return SEALED + _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open what was sealed with this SECRET_KEY or one of SECRET_KEY_FALLBACKS; what is older stands as it is."""
        if not encrypted_text.startswith(SEALED):
            return encrypted_text
        try:
            return _seal().decrypt(encrypted_text.removeprefix(SEALED).encode()).decode()
        except InvalidToken as error:
            raise RuntimeError(
                "A second factor was sealed with a SECRET_KEY that is not known here."
            ) from error

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:  # noqa: A002 -- allauth calls it so
        """What a passkey is called until its owner names it."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return gettext("Passkey %(number)d") % {"number": count + 1}

    def _get_site_name(self) -> str:
        return str(settings.MFA_TOTP_ISSUER)


def _seal() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_drawn(key))) for key in keys])


def _drawn(key: str) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"quayside second factors")
    return kdf.derive(key.encode())


class SecondStep(AuthenticateStage):
    """The second step at sign-in, which a trusted device is spared (docs/sign-in.md)."""

    def _should_handle(self, request: HttpRequest) -> bool:
        if not super()._should_handle(request):
            return False
        digest = digest_of(secret_of(request))
        return not (digest and is_spared(self.login.user, digest, at=timezone.now()))

    def exit(self) -> Any:
        """The step was taken; whoever ticked it is spared it on this device from now on."""
        if self.request.POST.get("trust"):
            with acting(DOORKEEPER):
                trust_device(self.login.user, seen_in(self.request), at=timezone.now())
        return super().exit()


def seen_in(request: HttpRequest) -> Seen:
    """From where this request comes. A browser without a cookie of ours gets one."""
    adapter = get_adapter()
    return Seen(
        digest_of(give_secret(request)),
        request.headers.get("User-Agent", "")[:200],
        adapter.get_client_ip(request),
        country_of(request),
    )
