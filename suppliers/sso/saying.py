"""What a provider said, in the shape in which allauth hands it on: nothing of it is kept in a table."""

from typing import Any

from allauth.socialaccount.models import SocialAccount, SocialLogin

from suppliers.models import User
from suppliers.sso.messages import Identity
from suppliers.sso.policies import uid_of


class Arrival(SocialLogin):
    """Somebody at the door. Whose the identity is, and that it came in, is for `services.admit` to say and to keep."""

    said: Identity
    nonce: Any = None

    def lookup(self) -> None:
        """Nothing: allauth would note a sign-in before anybody has let them in."""
        self._did_authenticate_by_email = None


def login_of(provider: Any, said: Identity) -> SocialLogin:
    """Somebody at the door, with what the provider said of them as `said`."""
    account = SocialAccount(provider=provider.sub_id, uid=uid_of(said.subject))
    login = Arrival(user=User(), account=account, provider=provider)
    login.said = said
    return login
