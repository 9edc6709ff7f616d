"""The people behind bank details: who is known from before, who may judge, from where somebody asks."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kernel.scope import requires_scope
from suppliers.approvers import standing_problem
from suppliers.banking.messages import Device, KnownContact
from suppliers.banking.models import BankChange, BankContact
from suppliers.banking.states import UNDECIDED
from suppliers.details.models import Contact
from suppliers.models import Membership, Supplier, User
from suppliers.roles import COMPANY_ROLES, SUPPLIER_ROLES, Permission
from suppliers.signin.models import Device as SeenDevice
from suppliers.signin.queries import factors_since

DEVICE_KNOWN_AFTER = timedelta(days=1)


@requires_scope
def known_contacts(supplier: Supplier) -> list[KnownContact]:
    """Through whom a supplier is, or was, reachable: the oldest first. In the office, two queries.

    Its people and its address in the ERP, and the contacts of its company data, each with since when its address and
    its telephone number belong together (details.models, Note [Never edited in place]).
    """
    people = [
        KnownContact(
            ref=f"person:{row.pk}",
            name=row.name,
            address=row.address,
            telephone="",
            since_at=row.since_at,
            until_at=row.until_at,
            language=row.language,
            user_id=row.user_id,
        )
        for row in BankContact.objects.filter(supplier=supplier).order_by("id")
    ]
    named = [
        KnownContact(
            ref=f"contact:{row.pk}",
            name=row.name,
            address=row.email,
            telephone=row.telephone,
            since_at=row.since_at,
            until_at=row.ended_at,
            language=row.language,
        )
        for row in Contact.objects.filter(supplier=supplier).order_by("id")
    ]
    return sorted([*people, *named], key=lambda one: one.since_at)


def is_told_of_a_change(user_id: int) -> bool:
    """Whether somebody is, or was, a contact of a supplier whose bank details are being changed. In the office."""
    mine = BankContact.objects.filter(user_id=user_id).values("supplier_id")
    return BankChange.objects.filter(supplier__in=mine, state__in=UNDECIDED).exists()


def company_watchers() -> list[User]:
    """The people of ours who see to bank details."""
    roles = [role for role, may in COMPANY_ROLES.items() if Permission.BANK_APPROVE in may]
    return list(User.objects.filter(company_role__in=roles, is_active=True).order_by("id"))


def judging_problem(user_id: int, before: datetime, at: datetime) -> str:
    """Why somebody of ours does not judge yet what began at a moment, as a sentence; empty for who may. In the office.

    By a role that is too new, or a second factor that is: whoever has got at somebody's mailbox sets up one of their
    own, and confirms it there, so that a mail makes none older here (signin: `is_settled`).
    """
    if problem := standing_problem(user_id, before):
        return problem
    since = factors_since(user_id)
    if since is None or at - since >= settings.NEW_FACTOR_WAITS:
        return ""
    hours = int(settings.NEW_FACTOR_WAITS.total_seconds() // 3600)
    return _(
        "Your second factor is new: in its first %(hours)d hours you judge no bank details. Wait, or somebody else "
        "does it."
    ) % {"hours": hours}


def may_still_approve(users: Iterable[User]) -> bool:
    """Whether each of these is with us and may approve, now."""
    return all(
        user.is_active and Permission.BANK_APPROVE in COMPANY_ROLES.get(user.company_role, frozenset())
        for user in users
    )


def may_still_request(change: BankChange) -> bool:
    """Whether who requested a change still may, now."""
    user = User.objects.filter(pk__in=[change.requested_by_user_id], is_active=True).first()
    if user is None:
        return False
    if change.on_behalf:
        return Permission.BANK_REQUEST in COMPANY_ROLES.get(user.company_role, frozenset())
    roles = Membership.objects.filter(user=user, supplier_id=change.supplier_id).values_list(
        "role", flat=True
    )
    return any(Permission.BANK_REQUEST in SUPPLIER_ROLES[role] for role in roles)


def is_known_device(user_id: int, device: Device, at: datetime) -> bool:
    """Whether somebody has signed in with this very browser before today. In the office."""
    mine = SeenDevice.objects.filter(user_id=user_id, digest=device.digest).exclude(digest="")
    return mine.filter(first_seen_at__lt=at - DEVICE_KNOWN_AFTER).exists()
