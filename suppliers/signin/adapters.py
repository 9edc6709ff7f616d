"""How second factors differ from allauth's: their names, how their secrets are kept, and who is spared them."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from portal.kernel.scope import acting
from suppliers.signin.devices import country_of, digest_of, give_secret, secret_of
from suppliers.signin.middleware import FACTOR_ELSEWHERE
from suppliers.signin.queries import DOORKEEPER, is_spared
from suppliers.signin.sealing import seal, unseal
from suppliers.signin.services import Seen, trust_device


class FactorAdapter(DefaultMFAAdapter):
    """Secrets of factors are sealed in the database; names are ours."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("That is not right, or it was used already. Try the next one."),
    }

    def encrypt(self, text: str) -> str:
        """Seal a secret: a copy of the database alone makes no codes."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Open what was sealed."""
        return unseal(encrypted_text)

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:  # noqa: A002 -- allauth calls it so
        """What a passkey is called until its owner names it."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return gettext("Passkey %(number)d") % {"number": count + 1}

    def _get_site_name(self) -> str:
        return str(settings.MFA_TOTP_ISSUER)


class SecondStep(AuthenticateStage):
    """The second step at sign-in. A trusted device is spared it (docs/sign-in.md), and whoever showed a factor to a
    provider whose word for it counts (docs/sso.md).
    """

    def _should_handle(self, request: HttpRequest) -> bool:
        if not super()._should_handle(request):
            return False
        if request.session.get(FACTOR_ELSEWHERE) == self.login.user.pk:
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
