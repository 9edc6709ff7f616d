"""How sign-in differs from allauth's: nobody signs up by themselves, people are invited; and a factor that somebody has
is what they show again, not their password."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.stagekit import clear_login
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.kernel.actors import Actor
from portal.kernel.scope import acting
from portal.kernel.security.requests import about
from portal.kernel.security.services import note
from portal.kernel.web import see_other
from suppliers.models import User
from suppliers.people.services import ask_to_wake
from suppliers.services import end_own_tokens
from suppliers.signin.adapters import seen_in
from suppliers.signin.middleware import FACTOR_ELSEWHERE, leave_place
from suppliers.signin.policies import way_of
from suppliers.signin.queries import DOORKEEPER
from suppliers.signin.services import distrust_devices, note_sign_in
from suppliers.signin.states import EndedHow
from suppliers.sso.middleware import CAME_BY
from suppliers.sso.queries import only_way_of

SECOND_STEP = "suppliers.signin.adapters.SecondStep"
logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are given, never taken."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The mail address or the password is not right. Please try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        # After the password and before the second step, whichever way somebody signs in.
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        if response is None and not (kwargs.get("signal_kwargs") or {}).get("sociallogin"):
            response = self._other_way(request, user)
        if response is None and user.asleep_at is not None:
            actor = Actor.system(user.name)
            with acting(actor):
                ask_to_wake(user, actor=actor, at=timezone.now())
            response = see_other("asleep")
        return response

    def _other_way(self, request: HttpRequest, user: User) -> HttpResponse | None:
        # By password or passkey: what an exchange with a provider left in this session counts no more.
        for name in (CAME_BY, FACTOR_ELSEWHERE):
            request.session.pop(name, None)
        provider = only_way_of(user)
        if provider is None:
            return None
        note("sso.other_way_refused", **about(request) | {"user_id": user.pk}, provider=str(provider.key))
        clear_login(request)
        response = see_other("sso-start", key=provider.key)
        response["Location"] += "?only=1"
        return response

    def set_password(self, user: User, password: str) -> None:
        # Changed, set or reset: all three come by here, and end what was made under the old one.
        actor = Actor.system(user.name)
        with acting(actor):
            super().set_password(user, password)
            end_own_tokens(user, actor=actor, at=timezone.now())
            distrust_devices(user, actor=actor, at=timezone.now())

    def get_reset_password_from_key_url(self, key: str) -> str:
        # Whoever asks for a mail to somebody else chooses the Host header, and with it where the link would lead.
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return f"{settings.PUBLIC_URL}{path.replace('UID-KEY', key)}"

    def get_login_stages(self) -> list[str]:
        """As allauth has them, but for the second step, which a trusted device is spared."""
        theirs = "allauth.mfa.stages.AuthenticateStage"
        return [SECOND_STEP if stage == theirs else stage for stage in super().get_login_stages()]

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Who has a second factor shows that: a password that somebody looked up must not change the factors."""
        methods = super().get_reauthentication_methods(user)
        return [one for one in methods if one["id"] != "reauthenticate"] or methods

    def may_show_password(self, user: Any) -> bool:
        """Whether this person can show a password here: not whoever may only come by a company's provider."""
        return bool(user.has_usable_password()) and only_way_of(user) is None

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Signed in: write down when, from where and how, and tell of a new device."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        way = way_of(get_authentication_records(request, user))
        with acting(DOORKEEPER):
            note_sign_in(user, seen_in(request), way, at=timezone.now())
        return response

    def logout(self, request: HttpRequest) -> None:
        """Whoever signs out acts in nobody's place any more."""
        if request.user.is_authenticated:
            leave_place(request, EndedHow.SIGN_OUT, at=timezone.now())
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """For who watches the log: from where, never which address or password."""
        logger.warning("sign-in failed", extra={"address": self.get_client_ip(request)})
