"""Reading people: who acts where, how they stand, who is invited, and whose a mailed link is.

Note [Keeper]: a supplier's scope may read who its people are and nothing of their sessions, second factors or other
suppliers, and it may write no role at all. What an administrator may know or do beyond that is read and written in the
keeper's scope, for people who were found in the administrator's own: `standing_of` and the services here are all of it.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core import signing
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from portal.kernel.link_keys import key_in, sealing_secrets
from portal.kernel.scope import acting
from suppliers.models import AddressChange, Invitation, Membership, Supplier, User
from suppliers.people.policies import INVITATION, WAKE_WITHIN
from suppliers.people.states import AddressState, InvitationState
from suppliers.roles import SUPPLIER_ROLES
from suppliers.signin.queries import having_factors

KEEPER = Actor.system("People")  # see Note [Keeper]
WAKE_SALT = "suppliers.people.wake"
OPEN_CHANGE = Q(state=AddressState.ASKED) | Q(state=AddressState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands at sign-in."""

    last_sign_in_at: datetime | None
    has_factor: bool
    asleep_at: datetime | None


# --- who acts where ------------------------------------------------------------------------------------------


def members(actor: Actor, *, supplier: str = "", words: str = "") -> QuerySet[Membership]:
    """Who acts for which supplier, of those this actor may see: with a supplier's number, or words of a name."""
    # Not all of a person: under a supplier's scope most columns are nobody's to read.
    found = Membership.objects.visible_to(actor).select_related("user", "supplier")
    found = found.only(
        "role",
        "user__name",
        "user__email",
        "user__is_active",
        "supplier__name",
        "supplier__number",
        "supplier__key",
    )
    if supplier:
        found = found.filter(supplier__number=supplier)
    if words:
        said = Q(user__name__icontains=words) | Q(user__email__icontains=words)
        found = found.filter(said | Q(supplier__name__icontains=words))
    return found


def who_may(supplier_ids: Iterable[int], permission: str) -> dict[int, list[User]]:
    """The active people of each supplier who may do something there, by its id. One query, in a scope of ours."""
    roles = [role for role, may in SUPPLIER_ROLES.items() if permission in may]
    found: dict[int, list[User]] = defaultdict(list)
    rows = Membership.objects.filter(supplier__in=supplier_ids, role__in=roles, user__is_active=True)
    for member in rows.select_related("user").order_by("supplier_id", "id"):
        found[member.supplier_id].append(member.user)
    return found


def find_member(pk: int, *, actor: Actor) -> Membership:
    """One person at one supplier. Raises `NotFound` for what is not there or not yours."""
    member: Membership | None = members(actor).filter(pk=pk).first()
    if member is None:
        raise NotFound(_("There is no such person."))
    return member


def staff() -> QuerySet[User]:
    """The people of the buying side, those who left included."""
    return User.objects.exclude(company_role="")


def find_staff(pk: int) -> User:
    """One person of the buying side. Raises `NotFound`."""
    person = staff().filter(pk=pk).first()
    if person is None:
        raise NotFound(_("There is no such person."))
    return person


def standing_of(ids: Iterable[int]) -> Mapping[int, Standing]:
    """How these people stand at sign-in. See Note [Keeper]: whoever asks has found them in a scope of their own."""
    wanted = list(ids)
    with acting(KEEPER):
        with_factor = having_factors(wanted)
        people = User.objects.filter(pk__in=wanted).values_list("pk", "last_login", "asleep_at")
        return {pk: Standing(last, pk in with_factor, asleep) for pk, last, asleep in people}


# --- invitations ---------------------------------------------------------------------------------------------


def invitations(actor: Actor) -> QuerySet[Invitation]:
    """Who was invited to act for a supplier, of those this actor may see."""
    found: QuerySet[Invitation] = Invitation.objects.visible_to(actor).filter(supplier__isnull=False)
    return found.select_related("supplier")


def staff_invitations() -> QuerySet[Invitation]:
    """Who was invited to the buying side."""
    return Invitation.objects.filter(supplier__isnull=True)


def open_invitations(found: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """Those that were neither accepted nor taken back."""
    return found.filter(Q(state=InvitationState.SENT) | Q(state=InvitationState.EXPIRED))


def find_invitation(key: uuid.UUID, *, actor: Actor) -> Invitation:
    """One invitation, to a supplier or to the buying side. Raises `NotFound` for what is not there or not yours."""
    found = Invitation.objects.visible_to(actor).select_related("supplier")
    invitation: Invitation | None = found.filter(key=key).first()
    if invitation is None:
        raise NotFound(_("There is no such invitation."))
    return invitation


def invitation_of(token: str) -> Invitation | None:
    """The invitation that a mailed link opens, whatever became of it. Runs before any scope."""
    key = key_in(token, sealing_secrets(), seal=INVITATION)
    if key is None:
        return None
    with acting(KEEPER):
        return Invitation.objects.select_related("supplier").filter(key=key).first()


def has_account(address: str) -> bool:
    """Whether somebody signs in at an address. Told to whoever reads that mailbox, and to nobody else."""
    with acting(KEEPER):
        return User.objects.filter(email__iexact=address).exists()


def supplier_named(number: str, *, actor: Actor) -> Supplier | None:
    """A supplier by its number, as the actor may see it."""
    found: Supplier | None = Supplier.objects.visible_to(actor).filter(number=number).first()
    return found


# --- one's own address, and waking up ------------------------------------------------------------------------


def change_of(token: str, seal: bytes) -> AddressChange | None:
    """The change of address that a mailed link speaks of, whatever became of it. Runs before any scope."""
    key = key_in(token, sealing_secrets(), seal=seal)
    if key is None:
        return None
    with acting(KEEPER):
        return AddressChange.objects.select_related("user").filter(key=key).first()


def open_change(user_id: int) -> AddressChange | None:
    """The change of address that somebody has asked for and that is not over."""
    with acting(KEEPER):
        return AddressChange.objects.filter(OPEN_CHANGE, user=user_id).first()


def wake_token(user: User) -> str:
    """What the address of a link holds that wakes an account, once: when it wakes, the moment it holds is gone."""
    asleep = user.asleep_at.isoformat() if user.asleep_at else ""
    return signing.dumps([user.pk, asleep], salt=WAKE_SALT, compress=False)


def sleeper_of(token: str) -> User | None:
    """Whom a link wakes; None where it is none of ours, too old, or they are awake. Runs before any scope."""
    try:
        pk, asleep = signing.loads(token, salt=WAKE_SALT, max_age=WAKE_WITHIN)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    found = User.objects.filter(pk=pk, is_active=True, asleep_at__isnull=False).first()
    return found if found and found.asleep_at and found.asleep_at.isoformat() == asleep else None
