"""Somebody new may approve bank details: all who see to them hear of it at once, and cannot switch it off.

Whoever manages our people could make the two who approve a fraud. They judge nothing for some days
(suppliers.banking: `long_approvers`), and in that time the others can say that they know nothing of them.
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

HEARS = frozenset({"invitation.accepted", "staff.joined", "staff.role_changed", "staff.reactivated"})


def tell_watchers(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: tell everybody else who may approve. Called by the outbox, with no transaction open."""
    for event in events:
        with acting(POSTMAN):
            newcomer = _newcomer(event)
            readers = [one for one in company_watchers() if newcomer and one.pk != newcomer.pk]
        for reader in readers:
            with translation.override(reader.language), timezone.override(ZoneInfo(reader.time_zone)):
                send_warning([reader.email], _words(newcomer, event))
    return "told"


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


def _words(newcomer: User | None, event: AuditEvent) -> WarningWords:
    assert newcomer is not None  # else nobody is told
    said = {
        "name": newcomer.name,
        "address": newcomer.email,
        "role": newcomer.get_company_role_display(),
        "who": event.actor_label,
        "days": settings.BANK_CONTACT_DAYS,
    }
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
