"""Hears what Django and allauth tell of signing in, second factors and sessions, and notes it as security events.

These are signals because their tellers know no other way; our own code calls `note` itself.
"""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.usersessions import signals as sessions
from django.contrib.auth import signals as auth
from django.http import HttpRequest

from portal.kernel.security.requests import about
from portal.kernel.security.services import account_of, note

ABOUT_FACTORS = {
    "factor.added": mfa.authenticator_added,
    "factor.removed": mfa.authenticator_removed,
    "factor.reset": mfa.authenticator_reset,
    "factor.used": mfa.authenticator_used,
    "factor.failed": mfa.authentication_failed,
}
ABOUT_PASSWORDS = {
    "password.changed": account.password_changed,
    "password.reset": account.password_reset,
}
WHERE_TYPED = ("email", "login", "username")


def listen() -> None:
    """Connect, once."""
    auth.user_logged_in.connect(_signed_in, dispatch_uid="security signed in")
    auth.user_logged_out.connect(_signed_out, dispatch_uid="security signed out")
    auth.user_login_failed.connect(_failed, dispatch_uid="security failed")
    sessions.session_client_changed.connect(_moved, dispatch_uid="security moved")
    for kind, signal in (ABOUT_FACTORS | ABOUT_PASSWORDS).items():
        signal.connect(_about_a_person(kind), weak=False, dispatch_uid=f"security {kind}")


def _of(request: HttpRequest | None, user: Any) -> dict[str, Any]:
    told = about(request) if request is not None else {}
    return told | {"user_id": user.pk if user is not None else None}


def _signed_in(sender: Any, user: Any, request: HttpRequest | None = None, **_kwargs: Any) -> None:
    note("signin.succeeded", **_of(request, user))


def _signed_out(sender: Any, user: Any, request: HttpRequest | None = None, **_kwargs: Any) -> None:
    if user is not None:
        note("signin.ended", **_of(request, user))


def _failed(sender: Any, credentials: Any, request: HttpRequest | None = None, **_kwargs: Any) -> None:
    # Whether there is such a person is not looked up: it would take time that tells.
    typed = next((str(credentials[name]) for name in WHERE_TYPED if credentials.get(name)), "")
    told = (about(request) if request is not None else {}) | {"account": account_of(typed) if typed else ""}
    note("signin.failed", **told)


def _moved(sender: Any, request: HttpRequest, to_session: Any, **_kwargs: Any) -> None:
    note("session.moved", **_of(request, to_session.user))


def _about_a_person(kind: str) -> Any:
    def heard(sender: Any, request: HttpRequest | None = None, user: Any = None, **kwargs: Any) -> None:
        authenticator = kwargs.get("authenticator")
        what = str(getattr(authenticator, "type", "") or "")
        told = _of(request, user) | ({"factor": what} if what else {})
        if kwargs.get("reauthentication"):  # somebody who is in already is asked once more
            told |= {"signed_in": True}
        note(kind, **told)

    return heard
