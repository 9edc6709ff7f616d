"""The outbox's topic "sign_in": the mail for a lost password.

The address somebody typed is looked up here, in a worker: the page that took it did the same for every address, in the
same time, and its answer says nothing about who has an account (ASVS 5.0, 6.3.8).
"""

from smtplib import SMTPException

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.utils import user_pk_to_url_str
from django.utils import timezone, translation

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import RetryLater
from portal.kernel.scope import acting, require_no_transaction
from suppliers.signin.links import RESET_ASKED_FOR
from suppliers.signin.queries import DOORKEEPER


def deliver(message: OutboxMessage) -> str:
    """Send the link by which a new password is chosen to whoever has this address; nobody else hears of anything."""
    require_no_transaction()
    if timezone.now() - message.created_at > RESET_ASKED_FOR:
        return "too old"
    return "mailed" if mail_new_password(str(message.payload["email"])) else "nobody"


def mail_new_password(email: str) -> int:
    """Mail whoever has this address a link. Returns how many mails left. Raises `RetryLater`."""
    with acting(DOORKEEPER):
        users = list(filter_users_by_email(email, is_active=True, prefer_verified=True, for_login=True))
    adapter = get_adapter()
    for user in users:
        uid, key = user_pk_to_url_str(user), default_token_generator.make_token(user)
        url = adapter.get_reset_password_from_key_url(f"{uid}-{key}")
        with translation.override(user.language):
            context = {"user": user, "password_reset_url": url, "uid": uid, "key": key}
            mail = adapter.render_mail("account/email/password_reset_key", email, context)
        try:
            mail.send()
        except (OSError, SMTPException) as error:
            raise RetryLater(f"The mail server did not take it: {error}") from error
    return len(users)
