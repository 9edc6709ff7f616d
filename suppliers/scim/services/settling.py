"""What follows here of what a provider told: by the services of the pages, within what ADR 39 lets it do.

Note [What SCIM may]: it lets in by a role (a group of ours) or by an invitation (a supplier's people), as a page would,
and closes at once. It touches nobody but people of its side; who acts elsewhere too loses at most the membership at its
own supplier, as that supplier's administrator could take it. It opens again only what it has closed itself, and neither
closes nor demotes an administrator who keeps a password for the day the provider does not answer.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel, Side
from portal.kernel.errors import NotAllowed
from portal.kernel.scope import acting, requires_scope
from suppliers.models import Invitation, Membership, User
from suppliers.people.messages import InvitePerson
from suppliers.people.services import (
    change_staff_role,
    deactivate_staff,
    invite_person,
    join_staff,
    reactivate_staff,
    remove_member,
    revoke_invitation,
)
from suppliers.people.states import InvitationState
from suppliers.roles import Permission, SupplierRole
from suppliers.scim.messages import TellPerson
from suppliers.scim.models import ScimPerson
from suppliers.scim.policies import called, taken
from suppliers.scim.queries import words_of
from suppliers.services import add_member
from suppliers.sso.models import IdentityProvider, PasswordKeeper
from suppliers.sso.policies import role_of
from suppliers.sso.queries import is_of_side


class ClosedHere(NotAllowed):
    """Somebody was closed by a person here: a provider does not open that again."""

    code = "closed_here"


@requires_scope
def hold_provider(provider: IdentityProvider) -> IdentityProvider:
    """The provider, held: what its server tells at one moment is heard one after the other."""
    held: IdentityProvider = (
        IdentityProvider.objects.select_for_update(of=("self",), no_key=True)
        .select_related("supplier")
        .get(pk=provider.pk)
    )
    return held


def actor_of_provider(provider: IdentityProvider) -> Actor:
    """As whom a provider's server acts: on our side as the portal, at a supplier with what its administrator may do
    with people, and under that supplier's wall.
    """
    label = f"SCIM: {provider.name}"
    if provider.supplier_id is None:
        return Actor.system(label, Channel.API)
    ids = (provider.supplier_id,)
    may = frozenset({Permission.PEOPLE_VIEW, Permission.PEOPLE_MANAGE})
    return Actor(
        label,
        Channel.API,
        Side.SUPPLIER,
        role="scim",
        supplier_ids=ids,
        all_supplier_ids=ids,
        permissions=may,
    )


@requires_scope
def settle(person: ScimPerson, *, at: datetime, of_group: bool = False) -> None:
    """Bring an account into line with what its provider told of the person. See Note [What SCIM may].

    `of_group`: what was told is of a group, so whoever was closed here by a person is left as they are. Raises
    `ClosedHere`, `NotAllowed` for who keeps a password, `LastAdministrator`, and `ScimRefusal` where the address is
    somebody's of another side.
    """
    actor = actor_of_provider(person.provider)
    if person.provider.supplier_id is None:
        _settle_with_us(person, of_group=of_group, actor=actor, at=at)
    else:
        _settle_at_supplier(person, actor=actor, at=at)


# --- Our own people -----------------------------------------------------------------------------------------


def _settle_with_us(person: ScimPerson, *, of_group: bool, actor: Actor, at: datetime) -> None:
    role = role_of(words_of(person), person.provider.groups)
    if role and not person.has_groups:
        person.has_groups = True
    user = _ours(person)
    if user is None:
        if not person.active:
            _take_back(_open_invitation(person), actor=actor, at=at)
        elif role:
            user = _let_in(person, role, actor=actor, at=at)
    elif person.active and (role or not person.has_groups or not person.provider.groups):
        if user.is_active or not of_group or _was_closed_by_provider(person, user):
            _open_ours(person, user, role, actor=actor, at=at)
    elif user.is_active:
        _close_ours(person, user, actor=actor, at=at)
    person.user = user
    person.save(update_fields=["user", "has_groups", "closed_at"])


def _ours(person: ScimPerson) -> User | None:
    """Whose account it is on our side; None where there is none yet. Raises `ScimRefusal`: uniqueness."""
    # Not locked: the services lock people in their own order, and look again.
    if person.user_id is not None:
        user: User = User.objects.get(pk=person.user_id)
        return user
    found = User.objects.filter(email__iexact=person.address).first()
    if found is None:
        return None
    if not is_of_side(found, person.provider):
        raise taken(_("The account of this address is none of ours: it acts for a supplier, or for nobody."))
    if ScimPerson.objects.filter(provider=person.provider, user=found).exclude(pk=person.pk).exists():
        raise taken(_("Another user of yours has the account of this address."))
    return found


def _let_in(person: ScimPerson, role: str, *, actor: Actor, at: datetime) -> User:
    told = TellPerson(person.user_name, names=person.names)
    return join_staff(person.address, called(told), role, actor=actor, at=at)


def _open_ours(person: ScimPerson, user: User, role: str, *, actor: Actor, at: datetime) -> None:
    if not user.is_active:
        _require_closed_by_provider(person, user)
        reactivate_staff(user.pk, actor=actor, at=at)
    person.closed_at = None
    if role and role != user.company_role and not _keeps_password(person, user):
        change_staff_role(user.pk, role, actor=actor, at=at)


def _close_ours(person: ScimPerson, user: User, *, actor: Actor, at: datetime) -> None:
    if _keeps_password(person, user):
        if person.active:  # in no group any more: what is asked of groups is no word about this person
            return
        message = _(
            "%(name)s keeps a password for the day this provider does not answer. Close that account here by hand."
        )
        raise NotAllowed(message % {"name": user.name})
    deactivate_staff(user.pk, actor=actor, at=at)
    person.closed_at = at


def _keeps_password(person: ScimPerson, user: User) -> bool:
    return PasswordKeeper.objects.filter(provider=person.provider, user=user).exists()


def _was_closed_by_provider(person: ScimPerson, user: User) -> bool:
    return person.closed_at is not None and person.closed_at == user.let_go_at


def _require_closed_by_provider(person: ScimPerson, user: User) -> None:
    if not _was_closed_by_provider(person, user):
        raise ClosedHere(_("This account was closed here by a person. Open it again here first."))


# --- A supplier's people ------------------------------------------------------------------------------------


def _settle_at_supplier(person: ScimPerson, *, actor: Actor, at: datetime) -> None:
    member = _member(person)
    waiting = _open_invitation(person)
    if person.active and member is None and waiting is None:
        _bring_in(person, actor=actor, at=at)
    elif person.active and member is not None:
        person.closed_at = None
    elif person.active:
        person.invitation = waiting
    elif not person.active:
        if waiting is not None:
            _take_back(waiting, actor=actor, at=at)
            person.invitation = None
        if member is not None:
            person.role = member.role
            with acting(actor):
                remove_member(member.pk, actor=actor, at=at)
            person.closed_at = at
    person.save(update_fields=["user", "invitation", "role", "closed_at"])


def _member(person: ScimPerson) -> Membership | None:
    """What a person is at the supplier; found by the account once it is known, by the address before."""
    members = Membership.objects.filter(supplier=person.provider.supplier_id).select_related("user")
    if person.user_id is None and person.invitation_id is not None:
        accepted = Invitation.objects.filter(pk=person.invitation_id).values_list("accepted_by", flat=True)
        person.user_id = accepted.first()
    if person.user_id is not None:
        return members.filter(user=person.user_id).first()
    told_elsewhere = ScimPerson.objects.filter(provider=person.provider, user__isnull=False)
    found: Membership | None = (
        members.filter(user__email__iexact=person.address)
        .exclude(user__in=told_elsewhere.exclude(pk=person.pk).values("user"))
        .first()
    )
    if found is not None:
        person.user_id = found.user_id
    return found


def _open_invitation(person: ScimPerson) -> Invitation | None:
    found: Invitation | None = Invitation.objects.filter(
        supplier=person.provider.supplier_id, address__iexact=person.address, state=InvitationState.SENT
    ).first()
    return found


def _take_back(waiting: Invitation | None, *, actor: Actor, at: datetime) -> None:
    if waiting is not None:
        with acting(actor):
            revoke_invitation(waiting.key, actor=actor, at=at)


def _bring_in(person: ScimPerson, *, actor: Actor, at: datetime) -> None:
    supplier = person.provider.supplier
    assert supplier is not None  # the caller has looked
    role = person.role or SupplierRole.READ_ONLY
    if person.invitation is not None and person.invitation.state == InvitationState.REVOKED:
        raise ClosedHere(_("The invitation was taken back here by a person. Invite anew here first."))
    if person.user_id is not None:
        user = User.objects.get(pk=person.user_id)
        _require_closed_by_provider(person, user)
        person.closed_at = None
        acts_elsewhere = bool(user.company_role) or Membership.objects.filter(user=user).exists()
        if user.is_active and not acts_elsewhere:
            add_member(user, supplier, role, actor=actor, at=at)
            return
    told = TellPerson(person.user_name, names=person.names)
    paper = InvitePerson(address=person.address, name=called(told), role=role, supplier_id=supplier.pk)
    with acting(actor):
        person.invitation = invite_person(paper, actor=actor, at=at)
