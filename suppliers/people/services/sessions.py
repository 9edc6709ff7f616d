"""Ending what somebody is signed in with."""

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.db.models import F

from portal.kernel.actors import Actor
from portal.kernel.scope import acting, requires_scope
from suppliers.models import User
from suppliers.people.queries import KEEPER
from suppliers.services import end_own_tokens
from suppliers.signin.services import distrust_devices


@requires_scope
def end_sessions(user: User) -> None:
    """End every session of a person at once, also one that nobody has on a list (`session_round`).

    Whoever acts in a session of theirs that is to go on calls `update_session_auth_hash` after it.
    """
    with acting(KEEPER):
        User.objects.filter(pk=user.pk).update(session_round=F("session_round") + 1)
        user.refresh_from_db(fields=["session_round"])
        for session in UserSession.objects.filter(user=user):
            session.end()


@requires_scope
def end_presence(user: User, *, actor: Actor, at: datetime) -> None:
    """End all sessions of a person, the tokens by which programs act in their name, and the trust in their devices."""
    with acting(KEEPER):
        end_sessions(user)
        end_own_tokens(user, actor=actor, at=at)
        distrust_devices(user, actor=actor, at=at)
