"""The outbox's topic "sso": the mail that says by which page somebody's company signs in.

The address somebody typed is looked up here, in a worker: the page that took it did the same for every address, and
says nothing about who deals with us, or has an account (ASVS 5.0, 6.3.8).
"""

from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import RetryLater
from portal.kernel.scope import acting, require_no_transaction
from suppliers.models import User
from suppliers.signin.queries import DOORKEEPER
from suppliers.sso.queries import is_of_side, provider_of_domain

ASKED_FOR = timedelta(hours=1)  # a mail that could not leave for so long would surprise its reader


def deliver(message: OutboxMessage) -> str:
    """Send the way to whoever has an account that comes in by a provider; nobody else hears of anything."""
    require_no_transaction()
    if timezone.now() - message.created_at > ASKED_FOR:
        return "too old"
    return "mailed" if mail_way(str(message.payload["email"])) else "nobody"


def mail_way(address: str) -> bool:
    """Mail somebody where to sign in. Raises `RetryLater`."""
    with acting(DOORKEEPER):
        user = User.objects.filter(email__iexact=address, is_active=True).first()
        provider = provider_of_domain(address)
        if user is None or provider is None or not is_of_side(user, provider):
            return False
    url = f"{settings.PUBLIC_URL}{reverse('sso-start', kwargs={'key': provider.key})}"
    with translation.override(user.language):
        context = {"name": user.name, "provider": provider.name, "url": url}
        text = render_to_string("mail/sso_way.txt", context)
        mail = EmailMessage(_("Where you sign in"), text, to=[user.email])
    try:
        mail.send()
    except (OSError, SMTPException) as error:
        raise RetryLater(f"The mail server did not take it: {error}") from error
    return True
