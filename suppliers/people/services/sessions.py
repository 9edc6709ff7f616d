"""Ending what somebody is signed in with."""

from datetime import datetime

from portal.kernel.actors import Actor
from portal.kernel.scope import acting, requires_scope
from suppliers.models import User
from suppliers.people.queries import KEEPER
from suppliers.services import end_own_tokens
from suppliers.signin.services import distrust_devices, end_sessions


@requires_scope
def end_presence(user: User, *, actor: Actor, at: datetime) -> None:
    """End all sessions of a person, the tokens by which programs act in their name, and the trust in their devices."""
    with acting(KEEPER):
        end_sessions(user)
        end_own_tokens(user, actor=actor, at=at)
        distrust_devices(user, actor=actor, at=at)
