"""Somebody new may approve bank details, or come in as one who does: all who see to them hear of it at once, and cannot
switch it off.

Whoever manages our people could make the two who approve a fraud. They judge nothing for some days
(suppliers.banking: `long_approvers`), and in that time the others can say that they know nothing of them. Whoever says
by which provider our people come in, or takes a factor away, needs no new ones: those who are there could be somebody
else. Only a person's own factor approves, and that is in such a person's reach once the old one is gone.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.notifications.services.gathering import POSTMAN
from procurement.notifications.services.warning import WarningWords, send_warning
from suppliers.banking.queries import company_watchers
from suppliers.models import User
from suppliers.roles import COMPANY_ROLES, Permission

NEWCOMERS = frozenset({"invitation.accepted", "staff.joined", "staff.role_changed", "staff.reactivated"})
OUR_SIGN_IN = frozenset({"identity_provider.enabled", "identity_provider.changed"})
FACTOR_GOES = "factor.reset_asked"
HEARS = NEWCOMERS | OUR_SIGN_IN | {FACTOR_GOES}


def tell_watchers(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: tell everybody else who may approve. Called by the outbox, with no transaction open."""
    for event in events:
        with acting(POSTMAN):
            about = _whom(event)
            is_news = about is not None or _is_our_sign_in(event)
            readers = [one for one in company_watchers() if is_news and one != about]
        for reader in readers:
            with translation.override(reader.language), timezone.override(ZoneInfo(reader.time_zone)):
                send_warning([reader.email], _words(event, about))
    return "told"


def _is_our_sign_in(event: AuditEvent) -> bool:
    """Whether it is about the provider of our own people, and says something of whom it lets in."""
    is_changed = event.kind != "identity_provider.changed" or bool(event.facts["changed"])
    return event.kind in OUR_SIGN_IN and event.supplier_id is None and is_changed


def _whom(event: AuditEvent) -> User | None:
    """Whom a fact is about who approves, or will; they themselves are told by other mails."""
    if event.kind in NEWCOMERS:
        return _newcomer(event)
    if event.kind != FACTOR_GOES:
        return None
    found = User.objects.filter(pk=event.facts.get("user"), is_active=True).first()
    return found if found is not None and _approves(found.company_role) else None


def _newcomer(event: AuditEvent) -> User | None:
    """Who may approve by this fact, and could not before it."""
    if _approves(event.facts.get("from", "")):
        return None
    found: User | None = None
    if event.kind == "invitation.accepted":
        found = User.objects.filter(pk=event.actor_user_id or 0).first()
    else:
        found = User.objects.filter(pk=int(event.stream.removeprefix("person:"))).first()
    return found if found is not None and found.is_active and _approves(found.company_role) else None


def _approves(role: str) -> bool:
    return Permission.BANK_APPROVE in COMPANY_ROLES.get(role, frozenset())


def _words(event: AuditEvent, about: User | None) -> WarningWords:
    if about is None:
        return _sign_in_words(event)
    said = {
        "name": about.name,
        "address": about.email,
        "role": about.get_company_role_display(),
        "who": event.actor_label,
        "days": settings.BANK_CONTACT_DAYS,
        "reason": event.facts.get("reason", ""),
    }
    if event.kind == FACTOR_GOES:
        return WarningWords(
            _("The second factor of somebody who approves bank details is to be removed"),
            (
                _("%(who)s asked for it, for %(name)s (%(address)s), and gave this reason: %(reason)s")
                % said,
                _("After that whoever signs in under this name sets up another one.") % said,
                _("If you know nothing of it, ask %(name)s in person, and do not wait.") % said,
            ),
        )
    by = (
        _("%(name)s (%(address)s) accepted an invitation as %(role)s.")
        if event.kind == "invitation.accepted"
        else _("%(who)s let %(name)s (%(address)s) in as %(role)s.")
    )
    return WarningWords(
        _("Somebody new may approve bank details"),
        (
            by % said,
            _("In %(days)d days, and for what begins after that, they approve changes as you do.") % said,
            _("If you do not know them, ask a colleague whom you know, and do not wait."),
        ),
    )


def _sign_in_words(event: AuditEvent) -> WarningWords:
    said = {"who": event.actor_label, "provider": event.facts["name"]}
    what = (
        _("%(who)s changed the sign-in “%(provider)s”, by which our people come in.")
        if event.kind == "identity_provider.changed"
        else _("%(who)s switched on the sign-in “%(provider)s”, by which our people come in.")
    )
    return WarningWords(
        _("By which sign-in our people come in was changed"),
        (
            what % said,
            _("Whoever keeps that sign-in says who is who here: somebody could come in as you."),
            _("If you know nothing of it, ask a colleague whom you know, and do not wait."),
        ),
    )
