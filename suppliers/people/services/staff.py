"""What our administrator does with the people of the buying side: another role, leave, come back."""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, NotFound, Problem
from portal.kernel.scope import acting, requires_scope
from suppliers.models import User
from suppliers.people.policies import leaves_an_administrator
from suppliers.people.queries import KEEPER, staff
from suppliers.people.services.inviting import LONGEST_NAME
from suppliers.people.services.members import LastAdministrator
from suppliers.people.services.sessions import end_presence
from suppliers.roles import CompanyRole, Permission


@requires_scope
def change_staff_role(pk: int, role: str, *, actor: Actor, at: datetime) -> User:
    """Give somebody of the buying side another role. Nobody changes their own.

    Raises `NotFound`, `Invalid` for a role there is not, `NotAllowed` for oneself, `LastAdministrator`.
    """
    if role not in CompanyRole.values:
        message = _("Choose what the person is to do.")
        raise Invalid(message, [Problem("role", message, role)])
    person = _held(pk, actor=actor, keeps=role == CompanyRole.ADMINISTRATOR)
    if person.company_role == role:
        return person
    User.objects.filter(pk=pk).update(company_role=role)
    _record("staff.role_changed", person, {"from": person.company_role, "to": role}, actor=actor, at=at)
    person.company_role = role
    return person


@requires_scope
def deactivate_staff(pk: int, *, actor: Actor, at: datetime) -> User:
    """Somebody leaves: nobody signs in to that account, its sessions end at once, and so do its own tokens.

    What they wrote stays under their name. Raises `NotFound`, `NotAllowed` for oneself, `LastAdministrator`.
    """
    person = _held(pk, actor=actor, keeps=False)
    if person.is_active:
        User.objects.filter(pk=pk).update(is_active=False, let_go_at=at)
        end_presence(person, actor=actor, at=at)
        _record("staff.deactivated", person, {"role": person.company_role}, actor=actor, at=at)
        person.is_active = False
    return person


@requires_scope
def reactivate_staff(pk: int, *, actor: Actor, at: datetime) -> User:
    """Somebody comes back, in the role they had."""
    person = _held(pk, actor=actor, keeps=True)
    if not person.is_active:
        User.objects.filter(pk=pk).update(is_active=True)
        _record("staff.reactivated", person, {"role": person.company_role}, actor=actor, at=at)
        person.is_active = True
    return person


@requires_scope
def join_staff(address: str, name: str, role: str, *, actor: Actor, at: datetime) -> User:
    """Somebody of our own comes for the first time whom the company's own sign-in knows (suppliers/sso): an account
    without a password. Raises `NotAllowed`, `Invalid` for a role there is not or an address that is somebody's.
    """
    if not actor.may(Permission.STAFF_MANAGE):
        raise NotAllowed(_("Only the supplier administrator manages our own people."))
    if role not in CompanyRole.values:
        message = _("Choose what the person is to do.")
        raise Invalid(message, [Problem("role", message, role)])
    called = " ".join(name.split())[:LONGEST_NAME] or address.partition("@")[0]
    taken = _("Somebody signs in at this address already.")
    try:
        with transaction.atomic():
            person = User.objects.create_user(
                address, None, name=called, company_role=role, time_zone=settings.TIME_ZONE
            )
    except IntegrityError as error:  # the same person, in another window
        raise Invalid(taken, [Problem("address", taken, address)]) from error
    _record("staff.joined", person, {"role": role}, actor=actor, at=at)
    return person


def _held(pk: int, *, actor: Actor, keeps: bool) -> User:
    """The person, with all administrators of the buying side locked, so that two never remove each other."""
    if not actor.may(Permission.STAFF_MANAGE):
        raise NotAllowed(_("Only the supplier administrator manages our own people."))
    if pk == actor.user_id:
        raise NotAllowed(_("Nobody changes this for oneself. Ask another administrator."))
    rows = staff().filter(Q(company_role=CompanyRole.ADMINISTRATOR) | Q(pk=pk))
    with acting(KEEPER):
        held = {one.pk: one for one in rows.select_for_update().order_by("id")}
    if pk not in held:
        raise NotFound(_("There is no such person."))
    administrators = [
        one.pk for one in held.values() if one.company_role == CompanyRole.ADMINISTRATOR and one.is_active
    ]
    if actor.is_company and actor.user_id is not None and actor.user_id not in administrators:
        raise NotAllowed(_("You are not an administrator here any more."))
    awake = [one for one in administrators if not held[one].asleep_at]
    loses_one = held[pk].company_role == CompanyRole.ADMINISTRATOR and held[pk].is_active and not keeps
    if loses_one and not leaves_an_administrator(awake, pk):
        raise LastAdministrator(
            _("%(name)s is the last administrator here. Make somebody else one first.")
            % {"name": held[pk].name}
        )
    return held[pk]


def _record(kind: str, person: User, facts: dict[str, str], *, actor: Actor, at: datetime) -> None:
    told = {"name": person.name, **facts}
    record(kind, f"person:{person.pk}", actor=actor, at=at, supplier_id=None, facts=told, internal=True)
