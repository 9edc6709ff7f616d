"""What a provider said, in the shape in which allauth hands it on: nothing of it is kept in a table."""

from typing import Any

from allauth.socialaccount.models import SocialAccount, SocialLogin

from suppliers.models import User
from suppliers.sso.messages import Identity
from suppliers.sso.policies import uid_of


def login_of(provider: Any, said: Identity) -> SocialLogin:
    """Somebody at the door, with what the provider said of them as `said`."""
    account = SocialAccount(provider=provider.sub_id, uid=uid_of(said.subject))
    login = SocialLogin(user=User(), account=account, provider=provider)
    login.said = said
    login.nonce = None
    return login
