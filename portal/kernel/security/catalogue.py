"""Every kind of security event there is: what it means, how grave it is, and how many of them are an alarm.

docs/security/events.md is this table in words; a test compares the two. Source: ASVS 5.0 V16.2 and V16.3.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Severity(models.TextChoices):
    """How grave one event is by itself."""

    INFO = "info", _("For the record")
    NOTICE = "notice", _("Worth a look")
    WARNING = "warning", _("Warning")
    ALARM = "alarm", _("Alarm")


class Per(models.TextChoices):
    """What is counted together for an alarm."""

    ALL = "all", _("all together")
    PERSON = "person", _("for one person")
    ADDRESS = "address", _("from one address")
    ACCOUNT = "account", _("for one account")


@dataclass(frozen=True, slots=True)
class Alarm:
    """So many within so many minutes are an alarm."""

    count: int
    minutes: int
    per: Per = Per.ALL

    @property
    def within(self) -> timedelta:
        return timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event: a code for programs, a sentence for people."""

    code: str
    meaning: Promise
    severity: Severity
    alarm: Alarm | None = None


CATALOGUE = {
    kind.code: kind
    for kind in (
        Kind("signin.succeeded", _("Somebody signed in."), Severity.INFO),
        Kind(
            "signin.failed",
            _("A password was wrong, or nobody signs in with that address."),
            Severity.NOTICE,
            Alarm(20, 10, Per.ADDRESS),
        ),
        Kind("signin.ended", _("Somebody signed out."), Severity.INFO),
        Kind(
            "factor.failed",
            _("A second factor was wrong, after a password that was right."),
            Severity.WARNING,
            Alarm(5, 10, Per.PERSON),
        ),
        Kind("factor.used", _("Somebody showed a second factor."), Severity.INFO),
        Kind("factor.added", _("Somebody set up a second factor."), Severity.NOTICE),
        Kind(
            "factor.removed",
            _("Somebody’s second factor was removed."),
            Severity.WARNING,
            Alarm(5, 60, Per.ALL),
        ),
        Kind("factor.reset", _("Somebody made new recovery codes."), Severity.NOTICE, Alarm(5, 60, Per.ALL)),
        Kind(
            "factor.removal_asked",
            _("An administrator asked for all second factors of somebody to be removed."),
            Severity.WARNING,
            Alarm(3, 60, Per.PERSON),
        ),
        Kind(
            "factor.all_removed",
            _("All second factors of somebody were removed, as an administrator had asked."),
            Severity.WARNING,
            Alarm(3, 1440, Per.ALL),
        ),
        Kind("session.all_ended", _("An administrator ended all sessions of somebody."), Severity.WARNING),
        Kind(
            "password.reset_asked",
            _("Somebody asked for a mail to choose a new password."),
            Severity.NOTICE,
            Alarm(20, 10, Per.ALL),
        ),
        Kind("password.changed", _("Somebody changed a password."), Severity.NOTICE),
        Kind("password.reset", _("Somebody chose a new password through a mail."), Severity.WARNING),
        Kind(
            "sso.refused",
            _("Somebody did not come in through an identity provider."),
            Severity.WARNING,
            Alarm(20, 10, Per.ADDRESS),
        ),
        Kind(
            "sso.other_way_refused",
            _("A password or passkey was right, of somebody who must come in through a provider."),
            Severity.WARNING,
            Alarm(5, 10, Per.PERSON),
        ),
        Kind("sso.joined", _("An account was joined with an identity of a provider."), Severity.NOTICE),
        Kind(
            "sso.changed",
            _("An administrator changed an identity provider, or who is joined with it."),
            Severity.WARNING,
        ),
        Kind("session.moved", _("A session went on from another address or browser."), Severity.NOTICE),
        Kind("token.created", _("An access token for a program was made."), Severity.NOTICE),
        Kind("token.revoked", _("An access token was revoked."), Severity.NOTICE),
        Kind("token.first_used", _("An access token was used for the first time."), Severity.NOTICE),
        Kind(
            "token.refused",
            _("A program came with a token that is unknown, revoked, or has run out."),
            Severity.WARNING,
            Alarm(20, 10, Per.ADDRESS),
        ),
        Kind(
            "access.denied",
            _("Somebody asked for what that role may not do."),
            Severity.NOTICE,
            Alarm(20, 10, Per.PERSON),
        ),
        Kind(
            "access.probed",
            _("Somebody signed in asked for things that are not there, or are another’s."),
            Severity.NOTICE,
            Alarm(40, 10, Per.PERSON),
        ),
        Kind(
            "request.throttled",
            _("Too many requests came too fast and were turned away."),
            Severity.NOTICE,
            Alarm(50, 10, Per.ADDRESS),
        ),
        Kind(
            "request.forged",
            _("A form came without the mark of our own pages (CSRF)."),
            Severity.WARNING,
            Alarm(10, 10, Per.ADDRESS),
        ),
        Kind("request.refused", _("A request was not in a form we read at all."), Severity.NOTICE),
        Kind(
            "input.refused",
            _("Somebody signed in sent what is not valid: a value, a file, a method."),
            Severity.INFO,
            Alarm(200, 10, Per.PERSON),
        ),
        Kind(
            "rule.refused",
            _("Somebody signed in asked for what a rule of the business does not allow at that moment."),
            Severity.INFO,
            Alarm(100, 10, Per.PERSON),
        ),
        Kind(
            "data.downloaded",
            _("Somebody downloaded a file."),
            Severity.INFO,
            Alarm(100, 10, Per.PERSON),
        ),
        Kind(
            "malware.refused",
            _("A file that carried malware was refused."),
            Severity.WARNING,
            Alarm(1, 60, Per.ALL),
        ),
        Kind(
            "bank.told_otherwise",
            _("The ERP pays a supplier to an account that nobody here has approved."),
            Severity.WARNING,
            Alarm(1, 60, Per.ALL),
        ),
        Kind(
            "person.impersonated",
            _("An administrator began to act in another person’s place."),
            Severity.WARNING,
            Alarm(3, 60, Per.PERSON),
        ),
        Kind("person.exported", _("The data of a person were put together for download."), Severity.NOTICE),
        Kind("person.erased", _("A person’s name and sign-in were erased."), Severity.WARNING),
        Kind("audit.read", _("Somebody read the audit trail on a page."), Severity.INFO),
        Kind("audit.exported", _("The audit trail was exported."), Severity.NOTICE),
        Kind(
            "audit.verified",
            _("The whole chain of the audit trail was looked at, and is as it was sealed."),
            Severity.INFO,
        ),
        Kind(
            "audit.broken",
            _("The audit trail is not as it was sealed: somebody has changed it."),
            Severity.ALARM,
            Alarm(1, 1440, Per.ALL),
        ),
    )
}
