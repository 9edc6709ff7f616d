"""What a provider said, in the shape in which allauth hands it on: nothing of it is kept in a table."""

import hashlib
from typing import Any

from allauth.socialaccount.models import SocialAccount, SocialLogin

from suppliers.models import User
from suppliers.sso.messages import Identity
from suppliers.sso.policies import LONGEST_SUBJECT


def login_of(provider: Any, said: Identity) -> SocialLogin:
    """Somebody at the door, with what the provider said of them as `said`."""
    uid = said.subject
    if len(uid) > LONGEST_SUBJECT:
        uid = f"sha256:{hashlib.sha256(uid.encode()).hexdigest()}"
    account = SocialAccount(provider=provider.sub_id, uid=uid)
    login = SocialLogin(user=User(), account=account, provider=provider)
    login.said = said
    login.nonce = None
    return login
