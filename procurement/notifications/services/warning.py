"""Security notices: what somebody must hear at once about their own account, by mail, and cannot switch off.

They are not gathered with other news and know no preference; NOTICES=0 does not stop them. A package adds what is to be
said of its own facts to `WARNINGS`; the fact names the person in `facts["user"]`. All addresses of the person that are
proven get the mail. Note [Once or twice]: a mail server that fails in between may be told twice, never not at all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from smtplib import SMTPException
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.services import RetryLater
from portal.kernel.scope import acting
from portal.kernel.templatetags.portal_ui import moment_text
from procurement.notifications.services.gathering import POSTMAN
from suppliers.models import User
from suppliers.signin.links import confirmation_url, stop_url


@dataclass(frozen=True, slots=True)
class WarningWords:
    """What a mail says: its subject, sentences, and where its one button leads."""

    subject: str
    sentences: tuple[str, ...]
    url: str = ""
    label: str = ""


Words = Callable[[AuditEvent], WarningWords]


def _new_place(event: AuditEvent) -> WarningWords:
    facts = event.facts
    where = _("Browser: %(program)s · address: %(address)s") % {
        "program": facts["program"] or "–",
        "address": facts["address"] or "–",
    }
    if facts.get("country"):
        where += " · " + _("country: %(country)s") % {"country": facts["country"]}
    return WarningWords(
        _("A new device signed in to your account"),
        (
            _("Somebody signed in as you on %(moment)s from where you never did.")
            % {"moment": moment_text(event.at)},
            where,
            _(
                "If it was you, there is nothing to do. If not, sign out everywhere else and change your password."
            ),
        ),
        _at("usersessions_list"),
        _("Where you are signed in"),
    )


def _half_way(event: AuditEvent) -> WarningWords:
    facts = event.facts
    return WarningWords(
        _("Somebody typed your password and a wrong code"),
        (
            _("It was on %(moment)s. Without the second step nobody came in.")
            % {"moment": moment_text(datetime.fromisoformat(facts["moment"]))},
            _("Browser: %(program)s · address: %(address)s")
            % {"program": facts["program"] or "–", "address": facts["address"] or "–"},
            _("If it was you, there is nothing to do. If not, somebody knows your password: change it now."),
        ),
        _at("account_change_password"),
        _("Change the password"),
    )


def _code_used(event: AuditEvent) -> WarningWords:
    left = int(event.facts["left"])
    return WarningWords(
        _("A recovery code of your account was used"),
        (
            _("It was used on %(moment)s in place of your second factor.")
            % {"moment": moment_text(event.at)},
            ngettext("%(left)d code is left.", "%(left)d codes are left.", left) % {"left": left},
            _("If it was not you, make new codes and change your password at once."),
        ),
        _at("mfa_index"),
        _("Second step at sign-in"),
    )


def _confirm(event: AuditEvent) -> WarningWords:
    facts = event.facts
    return WarningWords(
        _("Confirm your new second factor"),
        (
            _(
                "A second factor of your account was set up a short while ago and is to be used where money moves."
            ),
            _(
                "If you set it up, confirm it. If you did not, do not: somebody knows your password. Change it now."
            ),
            _("The link is good for ten minutes. Another one comes from the page that asked for this one."),
        ),
        confirmation_url(facts["user"], datetime.fromisoformat(facts["since"])),
        _("I set it up myself"),
    )


def _reset_asked(event: AuditEvent) -> WarningWords:
    facts = event.facts
    until = moment_text(datetime.fromisoformat(facts["takes_effect_at"]))
    return WarningWords(
        _("Your second factor is to be removed"),
        (
            _("%(who)s asked for it and gave this reason: %(reason)s")
            % {"who": event.actor_label, "reason": facts["reason"]},
            _("It takes effect on %(moment)s. Your password stays as it is.") % {"moment": until},
            _("If you did not ask for help, stop it now."),
        ),
        stop_url(UUID(facts["key"])),
        _("This was not me: stop it"),
    )


def _reset_stopped(event: AuditEvent) -> WarningWords:
    return WarningWords(
        _("Your second factor stays"),
        (_("Its removal was stopped on %(moment)s.") % {"moment": moment_text(event.at)},),
    )


def _reset_done(event: AuditEvent) -> WarningWords:
    return WarningWords(
        _("Your second factor was removed"),
        (
            _("It was removed on %(moment)s, and you were signed out everywhere.")
            % {"moment": moment_text(event.at)},
            _("Sign in with your password and set up a new one at once."),
        ),
        _at("mfa_index"),
        _("Set it up"),
    )


def _sessions_ended(event: AuditEvent) -> WarningWords:
    return WarningWords(
        _("You were signed out everywhere"),
        (
            _("%(who)s ended all your sessions on %(moment)s.")
            % {"who": event.actor_label, "moment": moment_text(event.at)},
            _("Sign in again as always. If a device of yours is lost, change your password."),
        ),
        _at("usersessions_list"),
        _("Where you are signed in"),
    )


def _impersonated(event: AuditEvent) -> WarningWords:
    facts = event.facts
    return WarningWords(
        _("%(who)s looks at the portal in your place") % {"who": event.actor_label},
        (
            _("Reason: %(reason)s") % {"reason": facts["reason"]},
            _(
                "It ends by itself on %(moment)s. What is done meanwhile is written down under both names. Bank "
                "details, approvals and your account cannot be touched."
            )
            % {"moment": moment_text(datetime.fromisoformat(facts["ends_at"]))},
            _("If nobody agreed this with you, tell your customer."),
        ),
    )


def _identity_joined(event: AuditEvent) -> WarningWords:
    return WarningWords(
        _("You can sign in through %(provider)s now") % {"provider": event.facts["provider"]},
        (
            _("Your account was joined with your company’s sign-in on %(moment)s.")
            % {"moment": moment_text(event.at)},
            _("If you did not sign in there at that time, tell your administrator at once."),
        ),
        _at("usersessions_list"),
        _("Where you are signed in"),
    )


WARNINGS: Mapping[str, Words] = {
    "sign_in.from_new_place": _new_place,
    "second_step.failed": _half_way,
    "recovery_code.used": _code_used,
    "factor.confirmation_asked": _confirm,
    "factor.reset_asked": _reset_asked,
    "factor.reset_stopped": _reset_stopped,
    "factor.reset_finished": _reset_done,
    "sessions.ended": _sessions_ended,
    "person.impersonated": _impersonated,
    "identity.joined": _identity_joined,
}


def warn(events: Sequence[AuditEvent], at: datetime) -> str:
    """Tell the people these facts are about. Called by the outbox, with no transaction open."""
    for event in events:
        with acting(POSTMAN):
            person = User.objects.filter(pk=event.facts.get("user"), is_active=True).first()
            addresses = _addresses_of(person) if person else []
        if person is None:
            continue
        with translation.override(person.language), timezone.override(ZoneInfo(person.time_zone)):
            send_warning(addresses, WARNINGS[event.kind](event))
    return "warned"


def send_warning(addresses: Sequence[str], words: WarningWords) -> None:
    """One mail to each address, in the language that is on. Raises `RetryLater` where the server does not take it."""
    context: dict[str, Any] = {"words": words}
    for address in addresses:
        mail = EmailMultiAlternatives(
            " ".join(words.subject.split()), render_to_string("mail/warning.txt", context), to=[address]
        )
        mail.attach_alternative(render_to_string("mail/warning.html", context), "text/html")
        try:
            mail.send()
        except (OSError, SMTPException) as error:
            raise RetryLater(f"The mail server did not take it: {error}") from error


def _addresses_of(person: User) -> list[str]:
    proven = EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)
    return list(dict.fromkeys([person.email, *proven]))


def _at(name: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name)}"
