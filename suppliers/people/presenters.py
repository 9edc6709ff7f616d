"""What is said of people on their lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from suppliers.models import AddressChange, Invitation, Membership, User
from suppliers.people.policies import changes_at
from suppliers.people.queries import Standing, standing_of, wake_token


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody on a list: who, in which role, how they stand at sign-in, and whether it is the reader."""

    pk: int
    user: User
    role: str
    standing: Standing
    is_me: bool
    member: Membership | None = None

    @property
    def tone(self) -> str:
        """The tone of `word`."""
        if not self.user.is_active:
            return "stop"
        return "quiet" if self.standing.asleep_at else "done"

    @property
    def word(self) -> str:
        """Where the account stands, in a word."""
        if not self.user.is_active:
            return _("Closed")
        return _("Asleep") if self.standing.asleep_at else _("Active")


def member_rows(members: Sequence[Membership], reader: int | None) -> list[PersonRow]:
    """The people of a list, with how they stand: two more queries however many there are."""
    standing = standing_of(one.user_id for one in members)
    return [
        PersonRow(one.pk, one.user, one.get_role_display(), standing[one.user_id], one.user_id == reader, one)
        for one in members
    ]


def staff_rows(people: Sequence[User], reader: int | None) -> list[PersonRow]:
    """The people of the buying side, with how they stand."""
    standing: Mapping[int, Standing] = standing_of(one.pk for one in people)
    return [
        PersonRow(one.pk, one, one.get_company_role_display(), standing[one.pk], one.pk == reader)
        for one in people
    ]


def join_url(invitation: Invitation) -> str:
    """The address of an invitation, to be mailed to the invited. Never to be logged."""
    return f"{settings.PUBLIC_URL}{reverse('join', args=[invitation.token])}"


def confirm_url(change: AddressChange) -> str:
    """Where the new address confirms. To be mailed there, never to be logged."""
    return f"{settings.PUBLIC_URL}{reverse('address-new', args=[change.token_at_new])}"


def object_url(change: AddressChange) -> str:
    """Where the old address objects, or agrees. To be mailed there, never to be logged."""
    return f"{settings.PUBLIC_URL}{reverse('address-old', args=[change.token_at_old])}"


def wake_url(user: User) -> str:
    """Where somebody wakes their account. To be mailed to its address, never to be logged."""
    return f"{settings.PUBLIC_URL}{reverse('wake', args=[wake_token(user)])}"


def due_of(change: AddressChange) -> object:
    """When a change takes effect if nobody objects; None while the new address has not confirmed, or the old one's mail
    has not left."""
    return changes_at(
        told_at=change.told_at,
        confirmed_at=change.confirmed_at,
        agreed_at=change.agreed_at,
        wait=settings.ADDRESS_WAIT,
    )
